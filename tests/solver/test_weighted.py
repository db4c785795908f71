"""Pairs of different weights: every move leaves a plan that fits, and every bound holds."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bench.instances import WEIGHTED, Shape, weighted_problem
from solver.backends import UnsupportedError, solve, weighted
from solver.limits import VALUE_MAX, WEIGHT_MAX
from solver.problem import Problem
from solver.verify import verify
from solver.weighted import search as searches
from solver.weighted.exchange import Prices, exchange
from solver.weighted.lists import Held, Lists, columns_of, hold, make_held, make_lists, release
from solver.weighted.patterns import best_pattern
from solver.weighted.row_prices import bound, price_rows, unit_prices
from tests.naive_solver import naive_fits, naive_optimum, naive_value
from tests.solver_problems import problems

SMALL = settings(max_examples=60, deadline=None)


def floors(
    *, rows_max: int = 12, columns_max: int = 5, skilled: float = 0.7
) -> st.SearchStrategy[Problem]:
    """Draw floors of chats, mails and calls, from nearly empty to overloaded."""
    return st.builds(
        lambda rows, agents, load, homog, seed: weighted_problem(
            Shape(rows, agents, load, homog, 32, seed, skilled)
        ),
        st.integers(1, rows_max), st.integers(1, columns_max), st.sampled_from([0.3, 1.0, 1.5, 4.0]),
        st.sampled_from([0.0, 0.5, 1.0]), st.integers(0, 1_000),
    )  # fmt: skip


def check_held(problem: Problem, lists: Lists, held: Held) -> None:
    """Assert that what is held fits, and that room, lists and total say so."""
    column = columns_of(lists, held).tolist()
    used = np.zeros(problem.columns, dtype=np.int64)
    for row, pair in enumerate(held.pair.tolist()):
        if pair >= 0:
            assert lists.row[pair] == row
            used[lists.col[pair]] += lists.weight[pair]
    assert (lists.capacity - used).tolist() == held.room.tolist()
    assert (held.room >= 0).all()
    assert naive_fits(problem, column)
    assert naive_value(problem, column) == held.total[0]
    on_shelf = {int(lists.shelf[pair]): 0 for pair in held.pair[held.pair >= 0].tolist()}
    for shelf in on_shelf:
        row, before = int(held.first[shelf]), -1
        while row >= 0:
            assert (lists.shelf[held.pair[row]], held.before[row]) == (shelf, before)
            row, before = int(held.after[row]), row
            on_shelf[shelf] += 1
    assert sum(on_shelf.values()) == sum(pair >= 0 for pair in held.pair.tolist())


def check_prices(lists: Lists, held: Held, prices: Prices) -> None:
    """Assert that prices prove the slots well given: tight where held, never worth more."""
    assert (prices.price >= 0).all()
    assert (prices.profit >= 0).all()
    for pair in range(lists.row.size):
        row, shelf = lists.row[pair], lists.shelf[pair]
        assert prices.profit[row] + prices.price[shelf] >= lists.value[pair]
    for row, pair in enumerate(held.pair.tolist()):
        if pair >= 0:
            assert prices.profit[row] + prices.price[lists.shelf[pair]] == lists.value[pair]
        else:
            assert prices.profit[row] == 0
    for shelf in range(lists.shelf_ptr.size - 1):
        first = lists.shelf_ptr[shelf]
        if held.room[lists.col[first]] >= lists.weight[first]:
            assert prices.price[shelf] == 0


@SMALL
@given(problem=floors(rows_max=8, columns_max=2), units=st.integers(0, 12))
def test_a_column_finds_its_best_set(problem: Problem, units: int) -> None:
    """The table's set is worth as much as the best of all subsets, and fits."""
    lists = make_lists(problem)
    pattern = searches.make_search(lists).pattern
    for column in range(problem.columns):
        start, end = lists.column_ptr[column : column + 2].tolist()
        within = min(units, int(lists.capacity[column]))
        gain = {pair: int(lists.value[pair]) - 9_000 for pair in range(start, end)}
        pattern.gain[: end - start] = list(gain.values())
        count = best_pattern(lists, pattern, column, within)
        chosen = pattern.chosen[:count].tolist()
        best = max(
            sum(gain[pair] for pair in group)
            for size in range(end - start + 1)
            for group in combinations(range(start, end), size)
            if sum(lists.weight[pair] for pair in group) <= within
        )
        assert len(set(chosen)) == count
        assert sum(lists.weight[pair] for pair in chosen) <= within
        assert sum(gain[pair] for pair in chosen) == pattern.best[within] == best


@SMALL
@given(problem=problems(weighted=True), prices=st.lists(st.integers(0, 1_000), min_size=5))
def test_any_row_prices_bound_every_plan(problem: Problem, prices: list[int]) -> None:
    """Whatever the prices of rows, they prove no less than the best plan is worth."""
    lists = make_lists(problem)
    price = np.array(prices[: problem.rows], dtype=np.int64)
    pattern = searches.make_search(lists).pattern
    assert bound(lists, pattern, price) >= naive_optimum(problem)


@SMALL
@given(problem=problems(weighted=True), passes=st.integers(0, 12))
def test_prices_that_are_sought_bound_every_plan(problem: Problem, passes: int) -> None:
    """The bound holds after any number of passes, is that of the prices kept, and units' prices are sound."""
    lists = make_lists(problem)
    search = searches.make_search(lists)
    dual = price_rows(lists, search.pattern, search.bids, passes)
    assert dual == bound(lists, search.pattern, search.bids.price)
    assert dual >= naive_optimum(problem)
    out = np.zeros(problem.columns, dtype=np.int64)
    unit_prices(lists, search.bids.price, out)
    assert (out >= 0).all()


@SMALL
@given(problem=problems(weighted=True, rows_max=6), seed=st.integers(0, 99))
def test_an_exchange_is_exact_for_its_slots(problem: Problem, seed: int) -> None:
    """Whatever was held and whatever prices are guessed: it fits, is worth no less, and prices prove it."""
    chance = np.random.default_rng(seed)
    lists = make_lists(problem)
    search = searches.make_search(lists)
    order = chance.permutation(problem.columns).astype(np.int64)
    guess = chance.integers(0, 1_200, problem.rows)
    searches.construct(lists, search.held, search.pattern, order, guess)
    for row in chance.integers(0, max(problem.rows, 1), 2 if problem.rows else 0).tolist():
        release(lists, search.held, row)
    before = int(search.held.total[0])
    search.prices.profit[:] = guess
    exchange(lists, search.held, search.prices, search.paths)
    assert search.held.total[0] >= before
    check_held(problem, lists, search.held)
    check_prices(lists, search.held, search.prices)


@SMALL
@given(problem=floors())
def test_every_adopted_set_leaves_a_plan_that_fits(problem: Problem) -> None:
    """Column after column takes its best set, at whatever price: the plan fits and prices fit it."""
    lists = make_lists(problem)
    search = searches.make_search(lists)
    searches.run(lists, search, (3, 1, 0))
    check_prices(lists, search.best, search.best_prices)
    for column in range(problem.columns):
        missed, count = searches.regret(lists, search, column)
        assert missed >= 0
        search.paths.sizes[searches.BUDGET] = 1 << 50
        searches.adopt(lists, search, column, count)
        check_held(problem, lists, search.held)
        check_prices(lists, search.held, search.prices)


@SMALL
@given(problem=floors(), passes=st.integers(0, 10), plans=st.integers(0, 2))
def test_effort_only_ever_helps(problem: Problem, passes: int, plans: int) -> None:
    """More sets tried give no worse a plan; the plan given is a floor below which none falls."""
    lists = make_lists(problem)
    greedy = solve(problem, "greedy")
    worth = []
    for tries in (0, 1, 5, 100):
        search = searches.make_search(lists)
        hold(lists, search.best, greedy.column)
        dual = searches.run(lists, search, (passes, plans, tries))
        check_held(problem, lists, search.best)
        check_prices(lists, search.best, search.best_prices)
        worth.append(int(search.best.total[0]))
        assert greedy.primal <= worth[-1] <= dual
    assert worth == sorted(worth)


@pytest.mark.parametrize("load", [0.5, 1.0, 1.5, 3.0])
@pytest.mark.parametrize("homog", [0.0, 0.8])
def test_it_agrees_with_cp_sat_on_small_floors(load: float, homog: float) -> None:
    """The exact value lies between the plan's and its bound, and the plan misses 1 % at most here."""
    for seed in range(3):
        problem = weighted_problem(Shape(24, 24, load, homog, 12, seed, 0.6))
        ours, exact = solve(problem, "weighted"), solve(problem, "cp_sat")
        assert verify(problem, ours).faults == ()
        assert exact.gap == 0
        assert solve(problem, "greedy").primal <= ours.primal <= exact.primal <= ours.dual
        assert exact.primal - ours.primal <= 0.01 * exact.primal


@pytest.mark.parametrize("case", ["weighted_100_load10", "weighted_100_load15"])
def test_the_row_bound_is_the_tighter_one(case: str) -> None:
    """Where calls compete with chats, filling columns exactly proves more than pricing by the unit."""
    problem = weighted_problem(WEIGHTED[case])
    plan = weighted.solve(problem)
    report = verify(problem, plan)
    assert report.ok
    assert (plan.bound_from, report.dual) == ("rows", plan.dual)
    assert plan.gap <= 0.02 * plan.primal
    assert plan.work["sets_tried"] <= weighted.EFFORT[2]


def test_weights_may_differ_within_a_row_and_reach_their_limits() -> None:
    """One row may weigh 1 here and the most there; values at their limit do not overflow."""
    heavy = WEIGHT_MAX
    problem = Problem(
        row_ptr=np.array([0, 2, 4, 5], dtype=np.int32),
        col=np.array([0, 1, 0, 1, 0], dtype=np.int32),
        value=np.array([VALUE_MAX, VALUE_MAX - 1, VALUE_MAX, 1, VALUE_MAX], dtype=np.int32),
        capacity=np.array([heavy, 1], dtype=np.int32),
        weight=np.array([heavy, 1, heavy - 1, 1, 1], dtype=np.int32),
    )
    plan = solve(problem, "weighted")
    assert verify(problem, plan).faults == ()
    assert plan.column.tolist() == [1, 0, 0]
    assert plan.primal == 3 * VALUE_MAX - 1 == naive_optimum(problem)


def test_problems_out_of_reach_are_refused() -> None:
    """Class limits, and columns of so many units that their tables would fill memory, are named."""
    classed = Problem([0, 1], [0], [5], [3], row_class=[0], class_limit=[[1]])
    with pytest.raises(UnsupportedError, match="weighted knows no class limits"):
        solve(classed, "weighted")
    rows = 1_000
    wide = Problem(np.arange(rows + 1), np.zeros(rows, int), np.ones(rows, int), [1 << 17])
    with pytest.raises(UnsupportedError, match=r"131073000 cells of pairs and units; at most"):
        solve(wide, "weighted")


def test_rows_that_wait_stay_so_without_a_pair() -> None:
    """A state in which all wait is what it starts from, and releasing a waiting row does nothing."""
    problem = weighted_problem(Shape(5, 3, seed=2, skilled=1.0))
    lists = make_lists(problem)
    held = make_held(lists)
    release(lists, held, 0)
    check_held(problem, lists, held)
    assert held.total[0] == 0
