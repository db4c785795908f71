"""Problems told row by row to one state, which is as new after each."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from solver.backends import BACKENDS
from solver.problem import Problem
from solver.standing.events import put_row, replace_row
from solver.standing.rounds import forget, make_rounds, settle_up, tell
from solver.standing.solve import solve
from solver.standing.state import NODE_SCANS, UNBOUNDED, handle
from solver.standing.state import ROWS as ROW_COUNT_AT

ROWS, COLUMNS, WIDEST = 24, 40, 32
SETTINGS = settings(max_examples=40, deadline=None)
LEFT_OVER = {"entry", "twin", "row_at", "waiting", "profit", "worth", "node_at", "distance", "heap"} | {
    "from_row", "from_node", "settled", "next_row", "previous_row", "row_kind", "scratch", "row_queue",
    "node_queue", "margin", "from_at", "ahead_at", "back_at", "later", "search",
}  # fmt: skip
"""Arrays that mean nothing while there are no rows, no blocks and no search."""


def drawn(seed: int) -> list[tuple[np.ndarray, np.ndarray]]:
    """Return rows of a random problem: columns, each once, and points."""
    chance = np.random.default_rng(seed)
    most = int(chance.choice([3, 40, 5000]))
    width = int(chance.integers(1, WIDEST // 2))
    some = int(chance.integers(2, COLUMNS + 1))
    rows = []
    for _ in range(int(chance.integers(1, ROWS + 1))):
        size = int(chance.integers(0, min(width, some) + 1))
        column = chance.permutation(some)[:size].astype(np.int32)
        rows.append((column, chance.integers(1, most + 1, size).astype(np.int32)))
    return rows


def best_of(rows: list[tuple[np.ndarray, np.ndarray]]) -> int:
    """Return what OR-Tools finds the rows to be worth, one slot for each column."""
    problem = Problem(
        row_ptr=np.cumsum([0, *(column.size for column, _ in rows)]),
        col=np.concatenate([np.sort(column) for column, _ in rows]).astype(np.int64),
        value=np.concatenate([value[np.argsort(column)] for column, value in rows]).astype(
            np.int64
        ),
        capacity=np.ones(COLUMNS, dtype=np.int64),
    )
    return BACKENDS["min_cost_flow"].solve(problem).primal


@given(seeds=st.lists(st.integers(0, 2**32), min_size=1, max_size=3))
@SETTINGS
def test_each_problem_is_solved_as_if_it_were_the_first(seeds: list[int]) -> None:
    """Several problems on one state: each is worth what OR-Tools finds, and leaves the state as it was."""
    arrays = make_rounds(ROWS, COLUMNS, ROWS * WIDEST, WIDEST)
    state = handle(arrays)
    fresh = {name: getattr(arrays, name).copy() for name in arrays._fields}
    for seed in seeds:
        rows = drawn(seed)
        for row, (column, value) in enumerate(rows):
            if column.size:
                assert tell(state, row, column, value)
        assert solve(state, UNBOUNDED) == 0
        worth, gained = settle_up(state)
        assert worth == best_of(rows) == gained + forget(state)
        for name in set(arrays._fields) - LEFT_OVER:
            assert np.array_equal(getattr(arrays, name), fresh[name]), name


@given(seed=st.integers(0, 2**32))
@SETTINGS
def test_pairs_that_come_later_are_mended_in(seed: int) -> None:
    """Rows that begin with half of their pairs and get the others after a solve end with the best of all."""
    rows = drawn(seed)
    arrays = make_rounds(ROWS, COLUMNS, ROWS * WIDEST, WIDEST)
    state = handle(arrays)
    for row, (column, value) in enumerate(rows):
        half = column.size // 2
        if half:
            assert tell(state, row, column[:half], value[:half])
    assert solve(state, UNBOUNDED) == 0
    arrays.head[ROW_COUNT_AT] = len(rows)
    for row, (column, value) in enumerate(rows):
        if column.size:
            change = replace_row if column.size // 2 else put_row
            assert change(state, row, column, value, 0, 0) == 0
    assert solve(state, UNBOUNDED) == 0
    worth, gained = settle_up(state)
    assert worth == best_of(rows) == gained + forget(state)


@given(seed=st.integers(0, 2**32), scans=st.integers(1, 40))
@SETTINGS
def test_what_a_budget_cuts_short_keeps_an_honest_bound(seed: int, scans: int) -> None:
    """However few scans are allowed, the plan is worth no more than the best and the bound no less."""
    rows = drawn(seed)
    state = handle(make_rounds(ROWS, COLUMNS, ROWS * WIDEST, WIDEST))
    for row, (column, value) in enumerate(rows):
        if column.size:
            assert tell(state, row, column, value)
    solve(state, scans)
    worth, gained = settle_up(state)
    assert worth <= best_of(rows) <= gained + forget(state)


def test_columns_that_come_cheap_start_no_war_of_prices() -> None:
    """Scarce columns whose rows find new ones underbid each other in few scans, not in single points."""
    rows, old, new = 100, 95, 60
    for seed in range(12):
        chance = np.random.default_rng(seed)
        arrays = make_rounds(rows, old + new, rows * 64, 64)
        state = handle(arrays)
        told = []
        for row in range(rows):
            column = chance.choice(old, 16, replace=False).astype(np.int32)
            told.append((column, (3000 + chance.integers(0, 600, 16)).astype(np.int32)))
            assert tell(state, row, *told[row])
        assert solve(state, UNBOUNDED) == 0
        for row in chance.choice(rows, 45, replace=False).tolist():
            more = (old + chance.choice(new, 8, replace=False)).astype(np.int32)
            value = (2900 + chance.integers(0, 600, 8)).astype(np.int32)
            wider = (np.concatenate(both) for both in zip(told[row], (more, value), strict=True))
            assert replace_row(state, row, *wider, 0, 0) == 0
        assert solve(state, UNBOUNDED) == 0
        assert arrays.head[NODE_SCANS] < 40 * rows
        worth, gained = settle_up(state)
        assert worth == gained + forget(state)


def test_a_row_that_does_not_fit_is_not_taken() -> None:
    """A pool that is full says so, and what was told before stays."""
    state = handle(make_rounds(2, 4, 0, 4))
    wide = np.arange(4, dtype=np.int32)
    told = [tell(state, row, wide, wide + 1) for row in (0, 1)]
    assert tell(state, 2, wide, wide + 1) is False
    assert tell(state, 0, np.arange(5, dtype=np.int32), np.ones(5, np.int32)) is False
    assert told[0]
    assert solve(state, UNBOUNDED) == 0
    assert settle_up(state)[0] in {4, 7}
