"""The table of backends: whatever takes a ``Problem`` and returns a ``Plan``."""

from __future__ import annotations

from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING

from solver.backends import augment, cp_sat, greedy, min_cost_flow, standing, weighted

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from solver.problem import Plan, Problem


class UnsupportedError(ValueError):
    """A problem that the chosen backend cannot solve; says why and what to try."""


@dataclass(frozen=True, slots=True)
class Backend:
    """One way to solve a problem.

    Parameters
    ----------
    solve
        Returns a plan for a problem it supports.
    supports
        Returns why a problem is out of reach, or ``None``.
    exact
        Whether its plans are optimal and their gap is 0 (``cp_sat``: within its effort).
    holds_gil
        Whether other threads of the process stand still while it solves.
    """

    solve: Callable[[Problem], Plan]
    supports: Callable[[Problem], str | None]
    exact: bool
    holds_gil: bool


BACKENDS: Mapping[str, Backend] = MappingProxyType(
    {
        "greedy": Backend(greedy.solve, greedy.supports, exact=False, holds_gil=False),
        "augment": Backend(augment.solve, augment.supports, exact=True, holds_gil=False),
        "standing": Backend(standing.solve, standing.supports, exact=True, holds_gil=False),
        "min_cost_flow": Backend(
            min_cost_flow.solve, min_cost_flow.supports, exact=True, holds_gil=True
        ),
        "weighted": Backend(weighted.solve, weighted.supports, exact=False, holds_gil=False),
        "cp_sat": Backend(cp_sat.solve, cp_sat.supports, exact=True, holds_gil=False),
    }
)


def solve(problem: Problem, name: str) -> Plan:
    """Return the plan of the backend called ``name``; raises ``UnsupportedError`` if it cannot."""
    backend = BACKENDS.get(name)
    if backend is None:
        raise UnsupportedError(f"No backend is called {name!r}. There are {', '.join(BACKENDS)}.")
    reason = backend.supports(problem)
    if reason is not None:
        raise UnsupportedError(reason)
    return backend.solve(problem)
