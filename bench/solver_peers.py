"""
The exact backends beside the solvers of others: the same problems, answers equal to the last point.

``ours_ms`` is a whole call of the backend ``standing`` from Python on a problem's arrays, the
sorting of rows included. Of a peer ``NAME_ms`` is the solver's own call and ``NAME_build_ms``
turning the arrays into what it wants; ``ratio_NAME`` compares its call alone with all of ours.
Below 1 the peer is quicker. All of it is processor time on one thread: on a busy machine a clock
on the wall would flatter whoever fits between two slices of the neighbours. Peers take turns with
ours; one whose call takes longer than a second is run once. Whoever is absent or too slow for a
size has no row there, and is named.
"""

from __future__ import annotations

import statistics
from time import process_time
from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np

from bench.instances import SHAPES, Shape, unit_problem
from bench.peers import PEERS, absent
from bench.report import Peer as Against
from bench.report import Row, Suite
from solver.backends import solve
from solver.problem import Problem
from solver.verify import verify

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bench.peer_times import Timed

OURS: Final = "standing"
LONG_MS: Final = 1_000.0
#: Sizes of the plot: tickets, and agents before those without a slot are left out.
SIZES: Final = (100, 320, 1_000, 3_200, 10_000)
LOADS: Final = (0.5, 0.75, 1.0, 1.25, 1.5)
HOMOGS: Final = (0.0, 0.5, 0.8)
#: Seed of the floors; nothing was tuned on any from 30 to 99.
HELD_OUT: Final = 34
#: Who is measured in the sweep of loads and tastes: the quickest of the others.
SWEPT: Final = ("mcf", "pot", "lemon")


class Effort(NamedTuple):
    """How much is measured: sizes, named shapes, whether to sweep, and repeats."""

    sizes: tuple[int, ...]
    shapes: tuple[str, ...]
    squares: tuple[int, ...]
    sweep: bool
    repeats: int


FULL: Final = Effort(SIZES, ("1kx10k_light", "10k_light", "10kx5k_overload"), (200, 500), True, 3)
QUICK: Final = Effort((100,), ("100x1k_critical",), (20,), False, 1)


def run(effort: Effort = FULL) -> list[Row]:
    """Return the rows; raises if a peer's optimum is not ours."""
    rows: list[Row] = []
    for title, reason in absent().items():
        print(f"absent: {title}: {reason}")
    # Everything is imported, built and compiled before anything is timed.
    compare("warm", unit_problem(Shape(20, 20, skilled=1.0)), tuple(PEERS), 1)
    for case, problem in _cases(effort):
        rows += compare(case, problem, tuple(PEERS), effort.repeats)
    if effort.sweep:
        for load in LOADS:
            for homog in HOMOGS:
                case = f"load_{load * 100:03.0f}_homog_{homog * 100:02.0f}"
                problem = unit_problem(Shape(1_000, 1_000, load, homog, seed=HELD_OUT))
                rows += compare(case, problem, SWEPT, effort.repeats)
    return rows


def _cases(effort: Effort) -> Iterator[tuple[str, Problem]]:
    """Yield the names and problems on which everybody is measured."""
    for size in effort.sizes:
        # A small floor's agents can do more, or a ticket would have hardly a choice.
        skilled = max(0.14, min(1.0, 140 / size))
        yield f"size_{size}", unit_problem(Shape(size, size, skilled=skilled, seed=HELD_OUT))
    for name in effort.shapes:
        yield name, unit_problem(SHAPES[name]._replace(seed=HELD_OUT))
    for size in effort.squares:
        yield f"square_{size}", square(size)
    yield "10x1k", unit_problem(Shape(10, 1_000, 0.01, seed=HELD_OUT))


def square(size: int, seed: int = HELD_OUT) -> Problem:
    """Return a dense square problem: every row may take every column, values uniform."""
    chance = np.random.default_rng(seed)
    return Problem(
        row_ptr=(np.arange(size + 1) * size).astype(np.int32),
        col=np.tile(np.arange(size), size).astype(np.int32),
        value=chance.integers(1, 50_000, size * size).astype(np.int32),
        capacity=np.ones(size, dtype=np.int32),
    )


def compare(case: str, problem: Problem, names: tuple[str, ...], repeats: int) -> list[Row]:
    """Return the rows of one problem: ours, then each of these peers in its turn."""
    plan = solve(problem, OURS)
    faults = verify(problem, plan).faults
    if faults or plan.gap:
        message = f"{case}: {OURS} leaves a gap of {plan.gap}; {faults}"
        raise AssertionError(message)
    asked = {name: PEERS[name] for name in names if PEERS[name].refuses(problem) is None}
    ours: list[float] = []
    theirs: dict[str, list[Timed]] = {name: [] for name in asked}
    for turn in range(repeats):
        begun = process_time()
        solve(problem, OURS)
        ours.append((process_time() - begun) * 1e3)
        for name, peer in asked.items():
            if turn > 0 and theirs[name][0].solve_ms > LONG_MS:
                continue
            found = peer.run(problem)
            if found.value != plan.primal:
                message = f"{case}: {peer.title} says {found.value}, {OURS} {plan.primal}"
                raise AssertionError(message)
            theirs[name].append(found)
    suite = Suite("solver", case)
    rows = [
        suite.row("pairs", [float(problem.col.size)], "pairs"),
        suite.row("ours_ms", ours, "ms"),
    ]
    for name, runs in theirs.items():
        rows += _rows(suite, name, ours, runs)
    return rows


def _rows(suite: Suite, name: str, ours: list[float], runs: list[Timed]) -> list[Row]:
    """Return the rows of one peer."""
    took = [run.solve_ms for run in runs]
    ratio = statistics.median(took) / statistics.median(ours)
    against = Against(PEERS[name].title, statistics.median(took))
    return [
        suite.row(f"{name}_ms", took, "ms"),
        suite.row(f"{name}_build_ms", [run.build_ms for run in runs], "ms"),
        suite.row(f"ratio_{name}", [ratio], "x", n=len(took), peer=against),
    ]
