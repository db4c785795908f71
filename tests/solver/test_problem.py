"""A problem is checked when it is made: what is wrong is named, with where and what to do."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from solver import limits
from solver.problem import Plan, Problem, ProblemError

GOOD: dict[str, Any] = {
    "row_ptr": [0, 2, 2, 3],
    "col": [0, 2, 1],
    "value": [5, -3, 8],
    "capacity": [1, 0, 4],
}

CLASSED = {"row_class": [0, 1, 1], "class_limit": [[1, -1], [0, 2], [3, 0]]}

BAD = {
    "a float": ({"value": [5.0, 1.0, 2.0]}, r"value\[0\] is 5.0 \(float64\); expected integers"),
    "NaN": ({"value": [5, float("nan"), 8]}, r"value\[1\] is nan \(float64\); expected integers"),
    "infinity": ({"capacity": [1, 2, float("inf")]}, r"capacity\[2\] is inf"),
    "text": ({"value": ["5", "x", "8"]}, r"value\[0\] is 5 \(<U1\); expected integers"),
    "truth": ({"value": [True, False, True]}, r"value\[0\] is True \(bool\)"),
    "too large for int64": ({"value": [5, 1 << 80, 8]}, r"value\[0\] is 5 \(object\)"),
    "value too high": (
        {"value": [5, 0, limits.VALUE_MAX + 1]},
        r"value\[2\] is 1048577; expected -1048576 to 1048576 points",
    ),
    "value too low": ({"value": [5, 0, -limits.VALUE_MAX - 1]}, r"value\[2\] is -1048577"),
    "an unsigned giant": (
        {"value": np.array([0, 0, 1 << 63], dtype=np.uint64)},
        r"value\[2\] is 9223372036854775808",
    ),
    "negative capacity": (
        {"capacity": [1, -1, 4]},
        r"capacity\[1\] is -1; expected 0 to 131072 units",
    ),
    "capacity too high": ({"capacity": [1, 1, 1 << 20]}, r"capacity\[2\] is 1048576"),
    "column out of range": (
        {"col": [0, 3, 1]},
        r"col\[1\] is 3; expected 0 to 2 as an index of capacity",
    ),
    "negative column": ({"col": [-1, 2, 1]}, r"col\[0\] is -1"),
    "columns out of order": (
        {"col": [2, 0, 1]},
        r"col\[1\] is 0 after 2; expected columns that rise within row 0, each once",
    ),
    "a column twice": ({"col": [2, 2, 1]}, r"col\[1\] is 2 twice; expected .* row 0"),
    "values too few": ({"value": [5, 3]}, r"value is 2 long; expected 3, the length of col"),
    "weights too many": ({"weight": [1, 1, 1, 1]}, r"weight is 4 long; expected 3"),
    "weight of nothing": ({"weight": [1, 0, 1]}, r"weight\[1\] is 0; expected 1 to 32768 units"),
    "two dimensions": ({"value": [[5, 3, 8]]}, r"value is 2-dimensional; expected 1 dimension"),
    "no row_ptr": ({"row_ptr": []}, r"row_ptr is empty; expected one entry more than"),
    "row_ptr starts late": ({"row_ptr": [1, 2, 2, 3]}, r"row_ptr\[0\] is 1; expected 0"),
    "row_ptr falls": ({"row_ptr": [0, 2, 1, 3]}, r"row_ptr\[2\] is 1; expected 2 or more"),
    "row_ptr ends early": ({"row_ptr": [0, 2, 2, 2]}, r"row_ptr\[3\] is 2; expected 3, the length"),
    "row_ptr ends late": ({"row_ptr": [0, 2, 2, 9]}, r"row_ptr\[3\] is 9; expected 3, the length"),
    "classes without limits": ({"row_class": [0, 0, 0]}, r"class_limit is absent; expected row_cl"),
    "limits without classes": ({"class_limit": [[1]] * 3}, r"row_class is absent"),
    "class out of range": (
        {**CLASSED, "row_class": [0, 2, 1]},
        r"row_class\[1\] is 2; expected 0 to 1 as a class",
    ),
    "classes too few": ({**CLASSED, "row_class": [0, 1]}, r"row_class is 2 long; expected 3"),
    "limit too low": (
        {**CLASSED, "class_limit": [[1, 1], [1, 1], [1, -2]]},
        r"class_limit\[2, 1\] is -2; expected -1 to 131072 rows",
    ),
    "limits too few": ({**CLASSED, "class_limit": [[1, 1]]}, r"class_limit is 1 long; expected 3"),
    "no classes": ({**CLASSED, "class_limit": np.zeros((3, 0))}, r"class_limit is 0 classes wide"),
    "classes too many": (
        {**CLASSED, "class_limit": np.zeros((3, 33), dtype=int)},
        r"class_limit is 33 classes wide; expected 1 to 32 classes",
    ),
}


@pytest.mark.parametrize("case", BAD)
def test_a_bad_problem_is_refused_by_name(case: str) -> None:
    """The error names the field, the place in it, the value found and what was expected."""
    change, message = BAD[case]
    with pytest.raises(ProblemError, match=message) as caught:
        Problem(**{**GOOD, **change})
    assert caught.value.field in {*GOOD, *CLASSED, "weight"}
    assert caught.value.expected


def test_a_good_problem_is_copied_and_frozen() -> None:
    """Later changes to the caller's arrays do not reach the problem, and nobody can write to it."""
    value = np.array([5, -3, 8], dtype=np.int32)
    problem = Problem(**{**GOOD, "value": value}, **CLASSED)
    value[0] = 99
    assert problem.value.tolist() == [5, -3, 8]
    assert problem.weight.tolist() == [1, 1, 1]
    assert (problem.rows, problem.columns, problem.classes) == (3, 3, 2)
    assert problem.row_of.tolist() == [0, 0, 2]
    for array in (*problem.pairs, *problem.limits):
        assert array.dtype == np.int32
        assert not array.flags.writeable
        with pytest.raises(ValueError, match="read-only"):
            array[...] = 0


def test_the_largest_values_are_accepted() -> None:
    """What the limits allow is allowed, at both ends."""
    problem = Problem(
        [0, 2], [0, 1], [-limits.VALUE_MAX, limits.VALUE_MAX], [limits.CAPACITY_MAX, 0]
    )
    assert problem.value.tolist() == [-limits.VALUE_MAX, limits.VALUE_MAX]


def test_an_empty_problem_is_a_problem() -> None:
    """No rows and no columns is a question with an answer."""
    problem = Problem([0], [], [], [])
    assert (problem.rows, problem.columns, problem.classes) == (0, 0, 0)


def test_a_plan_counts_its_gap_and_who_waits() -> None:
    """The gap is what another plan could bring at most; waiting rows are those without a column."""
    plan = Plan(
        "greedy",
        np.array([1, -1, -1], dtype=np.int32),
        primal=5,
        dual=9,
        prices=np.zeros(2, dtype=np.int64),
        class_prices=np.zeros((2, 0), dtype=np.int64),
    )
    assert (plan.gap, plan.waiting) == (4, 2)
