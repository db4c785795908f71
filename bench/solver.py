"""How fast each backend is, how far greedy stays behind, and how honest its bound is.

``augment`` and ``greedy`` are timed inside Python's call of the kernel, scratch arrays reused, as
the core uses them; OR-Tools' flow by its ``solve`` alone (building it is a row of its own), since
its arrays could be kept as well. Floors are seeded and synthetic: ``alike`` is the share of taste
that all rows have in common. Where the peer wins, the row says so: ``ratio`` is below 1.
"""

from __future__ import annotations

import statistics
from time import perf_counter
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from solver.backends.min_cost_flow import build_flow
from solver.kernels.augment import augment, make_augment_work
from solver.kernels.greedy import greedy_assign, make_greedy_work
from solver.limits import VALUE_MAX
from solver.problem import Problem

if TYPE_CHECKING:
    from collections.abc import Callable

Row = dict[str, object]
REPEATS = 7
PEER_REPEATS = 3
MCF = "OR-Tools SimpleMinCostFlow, solve only"


class Floor(NamedTuple):
    """One seeded problem: so many rows, columns, slots a column, pairs a row, common taste."""

    rows: int
    columns: int
    slots: int
    choices: int
    alike: float


FLOORS = {
    "one_row": Floor(1, 200, 1, 32, 0.5),
    "rows_20": Floor(20, 30, 1, 16, 0.5),
    "rows_100_critical": Floor(100, 100, 1, 32, 0.5),
    "rows_500_light": Floor(500, 2000, 1, 32, 0.5),
    "rows_500_critical": Floor(500, 500, 1, 32, 0.5),
    "rows_500_critical_alike": Floor(500, 500, 1, 32, 0.8),
    "rows_500_overload": Floor(500, 100, 3, 32, 0.5),
    "rows_4096_light": Floor(4096, 1500, 10, 32, 0.5),
    "rows_4096_critical": Floor(4096, 4096, 1, 32, 0.5),
    "rows_4096_critical_alike": Floor(4096, 4096, 1, 32, 0.8),
    "rows_4096_overload": Floor(4096, 500, 2, 32, 0.5),
}


def run() -> list[Row]:
    """Return the rows of the suite ``solver``; raises if two backends disagree on an optimum."""
    rows: list[Row] = []
    for case, floor in FLOORS.items():
        rows += _exact(case, make(floor))
    return rows


def make(floor: Floor, *, seed: int = 20) -> Problem:
    """Return the seeded problem of a floor."""
    chance = np.random.default_rng(seed)
    col = np.concatenate(
        [
            np.sort(chance.choice(floor.columns, floor.choices, replace=False))
            for _ in range(floor.rows)
        ]
    ).astype(np.int32)
    own, common = chance.random(col.size), chance.random(floor.columns)[col]
    value = ((1 - floor.alike) * own + floor.alike * common) * VALUE_MAX
    return Problem(
        row_ptr=(np.arange(floor.rows + 1) * floor.choices).astype(np.int32),
        col=col,
        value=value.astype(np.int32),
        capacity=np.full(floor.columns, floor.slots, dtype=np.int32),
    )


def _exact(case: str, problem: Problem) -> list[Row]:
    """Measure ``augment`` and ``greedy`` against OR-Tools' flow on pairs of one unit."""
    column = np.zeros(problem.rows, dtype=np.int32)
    price = np.zeros(problem.columns, dtype=np.int64)
    work = make_augment_work(problem.rows, problem.columns)
    scratch = make_greedy_work(problem.rows, problem.columns, problem.col.size)
    primal, dual = augment(problem.pairs, problem.capacity, work, column, price)
    taken, bound = greedy_assign(problem.pairs, problem.limits, scratch, column, price)
    pairs, limits = problem.pairs, problem.limits
    ours = _times(lambda: augment(pairs, problem.capacity, work, column, price), REPEATS)
    quick = _times(lambda: greedy_assign(pairs, limits, scratch, column, price), REPEATS)
    build = _times(lambda: build_flow(problem), PEER_REPEATS)
    flows = [build_flow(problem) for _ in range(PEER_REPEATS)]
    peer = [_times(flow.solve, 1)[0] for flow in flows]
    optimum = -flows[0].optimal_cost()
    if not primal == dual == optimum:
        message = f"{case}: augment says {primal} to {dual}, OR-Tools {optimum}"
        raise AssertionError(message)
    rival = statistics.median(peer)
    return [
        _row(case, "augment_ms", ours, peer=(MCF, rival)),
        _row(case, "greedy_ms", quick, peer=(MCF, rival)),
        _row(case, "mcf_build_ms", build),
        _share(case, "ratio_mcf", rival / statistics.median(ours), "x"),
        _share(case, "greedy_loss", (optimum - int(taken)) / optimum, "share of optimum"),
        _share(case, "greedy_bound_excess", (int(bound) - optimum) / optimum, "share of optimum"),
    ]


def _times(call: Callable[[], object], repeats: int) -> list[float]:
    """Return how long each call took, in milliseconds."""
    times = []
    for _ in range(repeats):
        begun = perf_counter()
        call()
        times.append((perf_counter() - begun) * 1e3)
    return times


def _row(
    case: str, metric: str, times: list[float], *, peer: tuple[str, float] | None = None
) -> Row:
    """Return a result row of times in milliseconds: median, and range as spread."""
    return {
        **_share(case, metric, statistics.median(times), "ms"),
        "n": len(times),
        "spread": max(times) - min(times),
        "peer": peer[0] if peer else None,
        "peer_value": peer[1] if peer else None,
    }


def _share(case: str, metric: str, value: float, unit: str) -> Row:
    """Return a result row of a single number."""
    return {
        "suite": "solver",
        "case": case,
        "metric": metric,
        "value": value,
        "unit": unit,
        "n": 1,
        "spread": 0.0,
        "peer": None,
        "peer_value": None,
    }
