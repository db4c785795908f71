"""
The solvers of others that ours are measured against, by name.

All but OR-Tools are optional (the dependency group ``bench``); who is absent says why. Each runs on
one thread and tells apart what it took to build its input and to solve it. Those with a limit
would take minutes or many gigabytes beyond it.
"""

import importlib
import importlib.util
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Final, NamedTuple

from bench import peers_apart, peers_matching, peers_ortools
from bench.peer_forms import cells
from bench.peer_times import Timed
from solver.problem import Problem

NO_LIMIT: Final = 1 << 62


class Peer(NamedTuple):
    """One solver of others.

    Parameters
    ----------
    title
        What it is called in reports.
    run
        Solves a problem once and says what it took.
    absent
        Returns why it cannot run here, or None.
    pairs_max, cells_max
        Pairs, and rows times slots, of the largest problem anybody would wait for.
    """

    title: str
    run: Callable[[Problem], Timed]
    absent: Callable[[], str | None]
    pairs_max: int = NO_LIMIT
    cells_max: int = NO_LIMIT

    def refuses(self, problem: Problem) -> str | None:
        """Return why this peer is not asked to solve a problem, or None."""
        reason = self.absent()
        if reason is None and problem.col.size > self.pairs_max:
            reason = f"slow beyond {self.pairs_max:,} pairs"
        if reason is None and cells(problem) > self.cells_max:
            reason = f"slow beyond {self.cells_max:,} cells of rows and slots"
        return reason


def _needs(*modules: str) -> Callable[[], str | None]:
    """Return a check that says which of these modules cannot be imported, and why."""

    def absent() -> str | None:
        for name in modules:
            try:
                importlib.import_module(name)
            except ImportError as error:
                return f"{name} cannot be imported: {error}"
        return None

    return absent


def _needs_beside(module: str) -> Callable[[], str | None]:
    """Return the same check for a module that must not be imported into this process."""

    def absent() -> str | None:
        if importlib.util.find_spec(module) is None:
            return f"{module} is not installed"
        return None

    return absent


PEERS: Final[Mapping[str, Peer]] = MappingProxyType(
    {
        "mcf": Peer("OR-Tools SimpleMinCostFlow", peers_ortools.min_cost_flow, _needs()),
        "lsa": Peer(
            "OR-Tools SimpleLinearSumAssignment", peers_ortools.linear_sum, _needs(),
            pairs_max=400_000,
        ),
        "glop": Peer("OR-Tools GLOP", peers_ortools.glop, _needs("scipy"), pairs_max=50_000),
        "cp_sat": Peer(
            "OR-Tools CP-SAT, 1 worker", peers_ortools.satisfiability, _needs(), pairs_max=3_000
        ),
        "scipy": Peer(
            "scipy linear_sum_assignment", peers_matching.scipy_dense, _needs("scipy"),
            cells_max=26_000_000,
        ),
        "scipy_sparse": Peer(
            "scipy min_weight_full_bipartite_matching", peers_matching.scipy_sparse,
            _needs("scipy"), pairs_max=400_000,
        ),
        "lapjv": Peer(
            "lapx lapjv", peers_matching.lapx_dense, _needs("lap"), cells_max=4_000_000
        ),
        "lapmod": Peer(
            "lapx lapmod", peers_matching.lapx_sparse, _needs("lap"), pairs_max=400_000
        ),
        "pot": Peer("POT emd, sparse", peers_matching.pot_sparse, _needs("scipy", "ot")),
        "highs": Peer(
            "HiGHS simplex", peers_apart.highs_simplex, _needs_beside("highspy"), pairs_max=50_000
        ),
        "highs_ipm": Peer(
            "HiGHS IPM", peers_apart.highs_ipm, _needs_beside("highspy"), pairs_max=50_000
        ),
        "lemon": Peer("LEMON NetworkSimplex", peers_apart.lemon_simplex, peers_apart.lemon_absent),
        "lemon_scaling": Peer(
            "LEMON CostScaling", peers_apart.lemon_scaling, peers_apart.lemon_absent
        ),
    }
)  # fmt: skip
"""Every peer by the name that metrics use: ``ratio_mcf``, ``pot_solve_ms``."""


def absent() -> dict[str, str]:
    """Return the peers that cannot run here, by title, each with the reason."""
    reasons = {peer.title: peer.absent() for peer in PEERS.values()}
    return {title: reason for title, reason in reasons.items() if reason is not None}
