"""Each assignment kernel against its slow twin, and its promises about the arrays it is given."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from solver.kernels.augment import SEARCHES, augment, make_augment_work
from solver.kernels.greedy import greedy_assign, make_greedy_work
from solver.kernels.pairs import WAITS, Pairs
from solver.kernels.potentials import make_potential_work, recover_prices
from solver.problem import Problem
from tests.naive_solver import (
    naive_bound,
    naive_fits,
    naive_greedy,
    naive_least_prices,
    naive_optimum,
    naive_value,
)
from tests.solver_problems import floor, problems

MANY = settings(max_examples=150, deadline=None)


def outputs(problem: Problem) -> tuple[np.ndarray, np.ndarray]:
    """Return arrays for plan and prices, filled with nonsense that a kernel must overwrite."""
    return np.full(problem.rows, 99, dtype=np.int32), np.full(problem.columns, -99, dtype=np.int64)


@MANY
@given(problem=problems(rows_max=6))
def test_augment_finds_the_optimum_and_proves_it(problem: Problem) -> None:
    """The plan is worth what the best of all plans is, and the prices add up to the same."""
    column, price = outputs(problem)
    work = make_augment_work(problem.rows, problem.columns)
    primal, dual = augment(problem.pairs, problem.capacity, work, column, price)
    assert naive_fits(problem, column.tolist())
    assert primal == dual == naive_value(problem, column.tolist()) == naive_optimum(problem)
    assert naive_bound(problem, price.tolist(), [[]] * problem.columns) == dual


@MANY
@given(problem=problems(rows_max=6))
def test_augment_prices_only_full_columns(problem: Problem) -> None:
    """A column with room left has price 0 (complementary slackness)."""
    column, price = outputs(problem)
    augment(
        *(problem.pairs, problem.capacity, make_augment_work(problem.rows, problem.columns)),
        *(column, price),
    )
    held = np.bincount(column[column != WAITS], minlength=problem.columns)
    assert not price[held < problem.capacity].any()
    assert (price >= 0).all()


@settings(max_examples=40, deadline=None)
@given(sequence=st.lists(problems(), min_size=2, max_size=4))
def test_augment_may_use_its_arrays_again(sequence: list[Problem]) -> None:
    """Scratch arrays that are too large and full of an earlier call give the same bits."""
    shared = make_augment_work(9, 9)
    for problem in sequence:
        answers = []
        for work in (shared, make_augment_work(problem.rows, problem.columns)):
            column, price = outputs(problem)
            sums = augment(problem.pairs, problem.capacity, work, column, price)
            answers.append((sums, column.tolist(), price.tolist(), work.counters.tolist()))
        assert answers[0] == answers[1]


def test_augment_breaks_ties_by_index() -> None:
    """Among equals the earlier row and the lower column win."""
    problem = Problem([0, 2, 4, 6], [0, 1, 0, 1, 0, 1], [5] * 6, [1, 1])
    column, price = outputs(problem)
    work = make_augment_work(problem.rows, problem.columns)
    assert augment(problem.pairs, problem.capacity, work, column, price) == (10, 10)
    assert column.tolist() == [0, 1, WAITS]
    assert price.tolist() == [5, 5]


def test_augment_does_not_search_where_there_is_room() -> None:
    """With a slot for everybody no path is searched at all: one look at each pair."""
    problem = floor(1, 50, 20, slots=50)
    column, price = outputs(problem)
    work = make_augment_work(problem.rows, problem.columns)
    augment(problem.pairs, problem.capacity, work, column, price)
    assert work.counters[SEARCHES] == 0
    assert not price.any()


def test_augment_survives_a_price_war() -> None:
    """Many rows, few columns, values one point apart at the top: rows scanned stay few."""
    rows, columns = 200, 5
    value = (1 << 20) - np.arange(rows * columns) % 3
    problem = Problem(
        np.arange(rows + 1) * columns, np.tile(np.arange(columns), rows), value, [3] * columns
    )
    column, price = outputs(problem)
    work = make_augment_work(rows, columns)
    primal, dual = augment(problem.pairs, problem.capacity, work, column, price)
    assert primal == dual == 15 << 20
    assert work.counters[0] <= 4 * rows * columns


@MANY
@given(problem=problems(rows_max=6, weighted=True, classes_max=2))
def test_greedy_takes_what_sorting_all_pairs_takes(problem: Problem) -> None:
    """The heap of rows gives the plan of the slow twin, ties included, and a sound bound."""
    column, price = outputs(problem)
    work = make_greedy_work(problem.rows, problem.columns, problem.col.size, problem.classes)
    primal, dual = greedy_assign(problem.pairs, problem.limits, work, column, price)
    assert column.tolist() == naive_greedy(problem)
    assert primal == naive_value(problem, column.tolist())
    nothing = [[0] * problem.classes] * problem.columns
    assert dual == naive_bound(problem, price.tolist(), nothing)
    assert (price >= 0).all()


@pytest.mark.parametrize("seed", range(6))
def test_greedy_keeps_the_order_of_ties_among_many_rows(seed: int) -> None:
    """With three distinct values over sixty rows, every tie still goes to the lower row."""
    chance = np.random.default_rng(seed)
    rows, columns = 60, 6
    problem = Problem(
        *(np.arange(rows + 1) * columns, np.tile(np.arange(columns), rows)),
        *(chance.integers(1, 4, rows * columns), chance.integers(2, 7, columns)),
    )
    column, price = outputs(problem)
    work = make_greedy_work(rows, columns, problem.col.size)
    greedy_assign(problem.pairs, problem.limits, work, column, price)
    assert column.tolist() == naive_greedy(problem)


@settings(max_examples=40, deadline=None)
@given(sequence=st.lists(problems(weighted=True), min_size=2, max_size=4))
def test_greedy_may_use_its_arrays_again(sequence: list[Problem]) -> None:
    """Scratch arrays that are too large and full of an earlier call give the same bits."""
    shared = make_greedy_work(9, 9, 99)
    for problem in sequence:
        answers = []
        for work in (shared, make_greedy_work(problem.rows, problem.columns, problem.col.size)):
            column, price = outputs(problem)
            sums = greedy_assign(problem.pairs, problem.limits, work, column, price)
            answers.append((sums, column.tolist(), price.tolist(), work.counters.tolist()))
        assert answers[0] == answers[1]


@MANY
@given(problem=problems(rows_max=5).filter(lambda p: abs(p.value).max(initial=0) <= 1000))
def test_recovered_prices_are_the_least_ones(problem: Problem) -> None:
    """From an optimal plan alone come the prices that raising one point at a time gives."""
    plan, _ = outputs(problem)
    work = make_augment_work(problem.rows, problem.columns)
    primal, _ = augment(
        problem.pairs, problem.capacity, work, plan, np.zeros(problem.columns, dtype=np.int64)
    )
    found, price, _ = recovered(problem, plan)
    assert found
    assert price.tolist() == naive_least_prices(problem, plan.tolist(), 1000)
    assert naive_bound(problem, price.tolist(), [[]] * problem.columns) == primal


@pytest.mark.parametrize("plan", [[WAITS, WAITS], [0, WAITS], [1, 0], [WAITS, 1]])
def test_no_prices_prove_a_plan_that_is_not_optimal(plan: list[int]) -> None:
    """Whoever could do better is found out, and the prices are left at 0."""
    problem = Problem([0, 2, 4], [0, 1, 0, 1], [9, 4, 7, 5], [1, 1])
    found, price, class_price = recovered(problem, np.array(plan, dtype=np.int32))
    assert not found
    assert not price.any()
    assert not class_price.any()


def recovered(problem: Problem, plan: np.ndarray) -> tuple[bool, np.ndarray, np.ndarray]:
    """Return what ``recover_prices`` says about ``plan``."""
    _, price = outputs(problem)
    class_price = np.full(problem.class_limit.shape, -99, dtype=np.int64)
    work = make_potential_work(problem.rows, problem.columns, problem.classes)
    found = recover_prices(problem.pairs, problem.limits, plan, work, price, class_price)
    return found, price, class_price


def test_kernels_read_only_the_rows_they_are_given() -> None:
    """A caller may pass the front part of larger arrays: the length of the plan decides."""
    problem = floor(2, 20, 10, choices=5)
    part = Pairs(problem.row_ptr[:8], problem.col, problem.value)
    column, price = outputs(problem)
    work = make_augment_work(problem.rows, problem.columns)
    augment(part, problem.capacity, work, column[:7], price)
    assert (column[:7] != 99).all()
    assert (column[7:] == 99).all()
