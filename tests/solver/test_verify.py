"""The checker finds what is wrong with a plan, whoever made it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from solver.backends import solve
from solver.problem import Plan, Problem
from solver.verify import verify
from tests.naive_solver import naive_bound, naive_row_bound
from tests.solver_problems import problems

#: Three rows, two columns; row 2 is of the class of which column 0 takes none.
PROBLEM = Problem(
    row_ptr=[0, 2, 4, 6],
    col=[0, 1, 0, 1, 0, 1],
    value=[10, 4, 9, 5, 8, -1],
    capacity=[2, 3],
    weight=[2, 1, 1, 2, 1, 1],
    row_class=[0, 0, 1],
    class_limit=[[1, 0], [-1, -1]],
)


def plan(**changes: Any) -> Plan:
    """Return a plan that stands (row 0 to column 0, row 1 to column 1), or a change of it."""
    good = Plan(
        backend="by hand",
        column=np.array([0, 1, -1], dtype=np.int32),
        primal=15,
        dual=19,
        prices=np.zeros(2, dtype=np.int64),
        class_prices=np.zeros((2, 2), dtype=np.int64),
    )
    return replace(good, **changes)


def columns(*taken: int) -> dict[str, Any]:
    """Return the change that lets rows take these columns."""
    return {"column": np.array(taken, dtype=np.int32)}


def test_a_good_plan_has_no_faults() -> None:
    """The checker adds up the pairs and the bound by itself and finds nothing to say."""
    report = verify(PROBLEM, plan())
    assert report.ok
    assert (report.faults, report.primal, report.dual) == ((), 15, 19)


BAD = {
    "too many rows": (columns(0, 1, -1, -1), "column has shape (4,); expected (3,)"),
    "float columns": ({"column": np.zeros(3)}, "column holds float64; expected integers"),
    "no such column": (columns(0, 7, -1), "row 1 takes column 7, which is none of its pairs"),
    "below -1": (columns(0, -2, -1), "row 1 takes column -2, which is none of its pairs"),
    "worth nothing": (columns(0, 1, 1), "row 2 takes column 1 for -1; expected more than 0"),
    "too heavy": (columns(0, 0, -1), "column 0 holds 3 units; its capacity is 2"),
    "too many of a class": (columns(0, 0, -1), "column 0 holds 2 rows of class 0; its limit is 1"),
    "none of a class": (columns(-1, 1, 0), "column 0 holds 1 rows of class 1; its limit is 0"),
    "boasts": ({"primal": 16}, "primal is 16; its pairs add up to 15"),
    "bound too low": ({"dual": 14}, "dual is 14, less than primal, 15"),
    "bound not from its prices": ({"dual": 18}, "dual is 18; its prices give 19"),
    "a needless bound": (
        {"dual": 20, "bound_from": "solver"},
        "dual is 20; its prices alone prove 19",
    ),
    "prices too few": (
        {"prices": np.zeros(1, dtype=np.int64)},
        "prices has shape (1,); expected (2,)",
    ),
    "float prices": ({"prices": np.zeros(2)}, "prices holds float64; expected integers"),
    "a negative price": (
        {"prices": np.array([0, -1])},
        "prices[1] is -1; expected 0 to 1048576 points",
    ),
    "a price beyond value": (
        {"prices": np.array([1 << 40, 0])},
        "prices[0] is 1099511627776; expected 0 to 1048576 points",
    ),
    "row prices too few": (
        {"row_prices": np.zeros(2, dtype=np.int64)},
        "row_prices has shape (2,); expected (3,)",
    ),
    "no row prices": (
        {"bound_from": "rows"},
        "row_prices has shape (0,); expected (3,)",
    ),
    "a negative row price": (
        {"row_prices": np.array([0, -2, 0])},
        "row_prices[1] is -2; expected 0 to 1048576 points",
    ),
    "bound not from its row prices": (
        {"row_prices": np.array([4, 3, 0]), "dual": 16, "bound_from": "rows"},
        "dual is 16; its prices give 15",
    ),
    "a class price of no limit": (
        {"class_prices": np.array([[0, 0], [1, 0]])},
        "class_prices has a price where there is no limit",
    ),
}


@pytest.mark.parametrize("case", BAD)
def test_a_bad_plan_is_found_out(case: str) -> None:
    """Each kind of fault is reported in words that name the row or column and both numbers."""
    change, fault = BAD[case]
    report = verify(PROBLEM, plan(**change))
    assert fault in report.faults
    assert not report.ok


def test_a_solver_s_own_bound_may_be_tighter_than_its_prices() -> None:
    """A bound proved by search need not follow from the prices, but says so."""
    assert verify(PROBLEM, plan(dual=18, bound_from="solver")).ok


def test_row_prices_may_prove_more_than_prices() -> None:
    """Columns that fill themselves exactly leave no gap here, where prices by the unit leave 4."""
    proved = plan(row_prices=np.array([4, 3, 0]), dual=15, bound_from="rows")
    report = verify(PROBLEM, proved)
    assert (report.faults, report.dual) == ((), 15)


@given(problem=problems(weighted=True, classes_max=2), data=st.data())
def test_the_row_bound_is_the_slow_one(problem: Problem, data: st.DataObject) -> None:
    """For any row prices the checker's bound is what trying every set of rows gives."""
    prices = [data.draw(st.integers(0, 900)) for _ in range(problem.rows)]
    made = replace(
        solve(problem, "greedy"), row_prices=np.array(prices, dtype=np.int64), bound_from="rows"
    )
    assert verify(problem, made).dual == naive_row_bound(problem, prices)


@given(problem=problems(weighted=True, classes_max=2), data=st.data())
def test_the_bound_is_the_slow_one(problem: Problem, data: st.DataObject) -> None:
    """For any prices the checker's bound is what the definition gives, entry by entry."""
    some = st.integers(0, 6)
    prices = [data.draw(some) for _ in range(problem.columns)]
    class_prices = [
        [data.draw(some) if limit >= 0 else 0 for limit in row]
        for row in problem.class_limit.tolist()
    ]
    made = replace(
        solve(problem, "greedy"),
        prices=np.array(prices, dtype=np.int64),
        class_prices=np.array(class_prices, dtype=np.int64).reshape(problem.class_limit.shape),
    )
    assert verify(problem, made).dual == naive_bound(problem, prices, class_prices)
