"""The optimum over all feasible pairs of a dense floor, by column generation.

``edges_per_ticket`` is how many pairs the assignment was given at the end, ``passes`` how many were
scored as a multiple of all feasible ones, ``gap_after_1_round`` the certified gap over all feasible
pairs when missing ones had been looked for once after the first assignment. Prices come from an assignment of
earlier rows: ``dense_10k`` has four fifths of them in common, as many rows as before; ``_growing``
knew four fifths of the rows and nothing of the others; ``_cold`` begins at prices of 0; ``_alike``
is ``dense_10k`` with four fifths of all taste shared.
"""

from __future__ import annotations

from time import thread_time_ns
from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np

from bench.report import Peer, Row, Suite
from bench.scoring_floor import ScoringFloor, Shape, make
from solver.candidates.columns import Generated, generate
from solver.scoring.arrays import handle, make_work
from solver.scoring.select import select
from solver.scoring.vectors import VECTOR

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from solver.scoring.arrays import Asks

PASS = "one pass: feasibility, points, best 32"


class Size(NamedTuple):
    """How many rows and agents, which cases."""

    rows: int
    cases: tuple[str, ...]


FULL: Final = Size(10_000, ("", "_growing", "_cold", "_alike"))
QUICK: Final = Size(100, ("", "_alike"))
DENSITY = 0.64


def run(size: Size = FULL) -> list[Row]:
    """Return the rows of column generation; raises if a gap is left."""
    rows: list[Row] = []
    for case in size.cases:
        floor = make(
            Shape(size.rows * 6 // 5, size.rows, DENSITY, 0.8 if case == "_alike" else 0.5)
        )
        slots = np.zeros(floor.registry.agents, dtype=np.int64)
        slots[: size.rows] = 1
        chance = np.random.default_rng(3)
        order = chance.permutation(size.rows * 6 // 5)
        now = np.sort(order[: size.rows])
        before = np.sort(order[-size.rows :] if case != "_growing" else order[: size.rows * 4 // 5])
        prices = (
            None if case == "_cold" else generate(floor.registry, part(floor, before), slots).prices
        )
        rows += measure(Suite("solver", f"dense_10k{case}"), floor, now, slots, prices)
    return rows


def part(floor: ScoringFloor, rows: NDArray[np.int64]) -> Asks:
    """Return some of a floor's asks."""
    arrays = {
        name: np.ascontiguousarray(array[rows]) for name, array in floor.asks._asdict().items()
    }
    return floor.asks._replace(**arrays)


def measure(
    suite: Suite,
    floor: ScoringFloor,
    rows: NDArray[np.int64],
    slots: NDArray[np.int64],
    prices: NDArray[np.int64] | None,
) -> list[Row]:
    """Measure one run, beside one plain pass over the same rows."""
    asks = part(floor, rows)
    work = handle(make_work(rows.size, floor.registry.agents, 32))
    order = np.arange(rows.size, dtype=np.int32)
    begun = thread_time_ns()
    select(floor.registry.handle, handle(asks), work, order, VECTOR)
    one_ms = (thread_time_ns() - begun) / 1e6
    begun = thread_time_ns()
    found = generate(floor.registry, asks, slots, prices=prices)
    ms = (thread_time_ns() - begun) / 1e6
    if found.gap != 0:
        message = f"{suite.case}: a gap of {found.gap} is left"
        raise AssertionError(message)
    return [
        suite.row("edges_per_ticket", [found.problem.col.size / rows.size], "pairs"),
        suite.row("passes", [found.rounds[-1].passes], "x all feasible pairs"),
        suite.row("gap_after_1_round", [gap_after_1_round(found)], "share of value"),
        suite.row("gap", [found.gap], "points"),
        suite.row("rounds", [len(found.rounds)], "assignments"),
        suite.row("ms", [ms], "ms", peer=Peer(PASS, one_ms)),
    ]


def gap_after_1_round(found: Generated) -> float:
    """Return the certified gap, as a share of value, when pairs had been looked for once."""
    first = found.rounds[0]
    return (first.dual - first.primal) / max(1, first.primal)
