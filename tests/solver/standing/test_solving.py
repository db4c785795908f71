"""Solving at once, cold or after many changes: exact by either way, within a budget, bit for bit."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from solver.backends import solve
from solver.problem import Problem
from solver.standing.assignment import StandingAssignment
from solver.standing.phases import run_phases
from solver.standing.pool import link_nodes
from solver.verify import verify
from tests.solver_problems import floor, problems


def check(problem: Problem, standing: StandingAssignment) -> None:
    """Hold a solved assignment against the checker and OR-Tools."""
    plan = standing.plan(problem.rows)
    assert verify(problem, plan).faults == ()
    assert plan.gap == 0
    assert plan.primal == solve(problem, "min_cost_flow").primal


def random_problem(seed: int) -> Problem:
    """Return one of many kinds: ties, all alike, no slots, rows without pairs, extreme values."""
    chance = np.random.default_rng(seed)
    rows, columns = int(chance.integers(0, 40)), int(chance.integers(1, 30))
    value_max = (1, 3, 100, 5_000, 1 << 20)[chance.integers(5)]
    value_min = value_max if chance.random() < 0.2 else -value_max // 4
    width = min(columns, 8)
    of_row = [
        np.sort(chance.choice(columns, int(chance.integers(width + 1)), replace=False))
        for _ in range(rows)
    ]
    col = np.concatenate([*of_row, np.zeros(0, dtype=np.int64)])
    value = chance.integers(value_min, value_max + 1, col.size)
    row_ptr = np.cumsum([0, *map(len, of_row)])
    return Problem(row_ptr, col, value, chance.integers(0, 4, columns))


def test_hundreds_of_random_problems() -> None:
    """Shortest paths and phases both reach OR-Tools' optimum to the last point."""
    for seed in range(400):
        problem = random_problem(seed)
        standing = StandingAssignment(problem, rows=problem.rows)
        if seed % 2:
            assert link_nodes(standing.state)
            run_phases(standing.state, seed // 2 % 3)
        assert standing.solve() == 0
        check(problem, standing)


@pytest.mark.soak
def test_thousands_of_random_problems() -> None:
    """The same for thousands more."""
    for seed in range(400, 6_000):
        problem = random_problem(seed)
        standing = StandingAssignment(problem, rows=problem.rows)
        assert link_nodes(standing.state)
        run_phases(standing.state, seed % 3)
        assert standing.solve() == 0
        check(problem, standing)


@settings(max_examples=40, deadline=None)
@given(problem=problems(rows_max=6, columns_max=5), cut=st.integers(1, 12))
def test_phases_may_begin_anywhere(problem: Problem, cut: int) -> None:
    """From a solve that was cut short, phases lead to the optimum too."""
    standing = StandingAssignment(problem, rows=problem.rows)
    standing.solve(cut)
    assert link_nodes(standing.state)
    run_phases(standing.state, 0)
    assert standing.solve() == 0
    check(problem, standing)


@pytest.mark.parametrize("alike", [0.0, 0.5, 1.0])
@pytest.mark.parametrize(("rows", "columns", "slots"), [(600, 600, 1), (600, 60, 5), (600, 900, 2)])
def test_large_floors_go_through_phases(rows: int, columns: int, slots: int, alike: float) -> None:
    """Critical, overloaded and light floors, from all tastes apart to all alike."""
    problem = floor(3, rows, columns, slots=slots, choices=16, alike=alike)
    standing = StandingAssignment(problem, rows=problem.rows)
    assert standing.solve() == 0
    check(problem, standing)
    assert alike == 1.0 or (standing.work["phases"] > 0) == (columns <= rows)


def test_a_changed_share_is_solved_from_where_it_stands() -> None:
    """After a tenth of a floor changed in one go the optimum is that of the changed floor."""
    problem = floor(4, 600, 500, choices=16)
    standing = StandingAssignment(problem, rows=problem.rows)
    standing.solve()
    capacity, value = problem.capacity.copy(), problem.value.copy()
    standing.scans_max = 0
    for row in range(0, 600, 10):
        pairs = slice(problem.row_ptr[row], problem.row_ptr[row + 1])
        value[pairs] = value[pairs][::-1]
        standing.drop_ticket(row)
        standing.add_ticket(row, problem.col[pairs].copy(), value[pairs].copy())
    for column in range(0, 500, 10):
        standing.add_slot(column)
        standing.drop_slot(column + 1)
        capacity[column] += 1
        capacity[column + 1] -= 1
    assert standing.certificate.gap > 0
    assert standing.solve() == 0
    check(Problem(problem.row_ptr, problem.col, value, capacity), standing)


WARS = {
    "all alike and scarce": (300, 5, lambda n: np.full(n, 1 << 20)),
    "one point apart": (300, 5, lambda n: (1 << 20) - np.arange(n) % 3),
    "two levels": (300, 40, lambda n: np.where(np.arange(n) % 7, 1, 1 << 20)),
    "all alike, slots for all": (300, 300, lambda n: np.full(n, 7)),
}


@pytest.mark.parametrize("war", WARS)
def test_price_wars_are_short(war: str) -> None:
    """Where single points are fought over, each row is scanned some dozen times, not millions."""
    rows, columns, values = WARS[war]
    problem = Problem(
        *(np.arange(rows + 1) * columns, np.tile(np.arange(columns), rows)),
        *(values(rows * columns), np.ones(columns, dtype=np.int64)),
    )
    for forced in (False, True):
        standing = StandingAssignment(problem, rows=rows)
        if forced:
            assert link_nodes(standing.state)
            run_phases(standing.state, 0)
        assert standing.solve() == 0
        check(problem, standing)
        assert standing.work["row_scans"] + standing.work["node_scans"] < 200 * rows


def test_a_budget_ends_the_work_and_a_second_call_goes_on() -> None:
    """Cut short the gap is honest, and going on reaches the same optimum; counts repeat."""
    problem = floor(5, 200, 150, choices=10)
    counts = []
    for _ in range(2):
        standing = StandingAssignment(problem, rows=200)
        left = [standing.solve(50) for _ in range(3)]
        assert left[0] > 0
        primal, dual = standing.certificate
        assert primal <= solve(problem, "min_cost_flow").primal <= dual
        counts.append((left, standing.work, standing.plan(200).column.tobytes()))
        assert standing.solve() == 0
        check(problem, standing)
    assert counts[0] == counts[1]


def test_room_grows_while_rows_and_columns_stay() -> None:
    """From room for one row to a hundred rows of a hundred pairs, classes included."""
    for classes in (0, 2):
        limit = np.full((100, classes), 1) if classes else None
        standing = StandingAssignment.empty(np.ones(100, dtype=np.int32), limit, rows=1)
        column = np.arange(100, dtype=np.int32)
        for row in range(100):
            value = ((column * 37 + row * 11) % 97 + 1).astype(np.int32)
            standing.scans_max = 0 if row % 3 else 1 << 60
            standing.add_ticket(row, column, value, kind=row % max(1, classes))
        assert standing.solve() == 0
        assert standing.certificate.gap == 0
        assert sorted(standing.column_of(row) for row in range(100)) == list(range(100))
