"""What a standing assignment refuses, by name, and that a refusal changes nothing."""

from __future__ import annotations

import numpy as np
import pytest

from solver.limits import CAPACITY_MAX, ROWS_MAX, VALUE_MAX
from solver.problem import Problem, ProblemError
from solver.standing.assignment import StandingAssignment

HERE, GONE = 3, 4


def ints(*numbers: int) -> np.ndarray:
    return np.array(numbers, dtype=np.int32)


def assignment() -> StandingAssignment:
    """Return one of three columns and two classes; row 3 is there."""
    made = StandingAssignment.empty(ints(1, 1, 0), [[1, -1]] * 3)
    made.add_ticket(HERE, ints(0, 1), ints(5, 7))
    return made


REFUSED = {
    "row twice": (
        lambda a: a.add_ticket(HERE, ints(0), ints(5)),
        "row is 3; expected .* not there",
    ),
    "row below 0": (lambda a: a.add_ticket(-1, ints(0), ints(5)), "row is -1"),
    "row too far": (lambda a: a.add_ticket(ROWS_MAX, ints(0), ints(5)), f"row is {ROWS_MAX}"),
    "row gone": (lambda a: a.drop_ticket(GONE), "row is 4; expected a row that is there"),
    "row to change gone": (lambda a: a.change_row(GONE, ints(0), ints(5)), "row is 4"),
    "row to wait gone": (lambda a: a.change_wait_cost(GONE, 1), "row is 4"),
    "no such column": (
        lambda a: a.add_ticket(GONE, ints(0, 3), ints(5, 5)),
        r"column\[1\] is 3; expected 0 to 2",
    ),
    "column below 0": (
        lambda a: a.change_row(HERE, ints(-1), ints(5)),
        r"column\[0\] is -1; expected 0 to 2",
    ),
    "column twice": (
        lambda a: a.add_ticket(GONE, ints(1, 0, 1), ints(5, 5, 5)),
        r"column\[2\] is 1 twice; expected each column once",
    ),
    "value too large": (
        lambda a: a.add_ticket(GONE, ints(0, 1), ints(5, VALUE_MAX + 1)),
        r"value\[1\] is 1048577; expected -1048576 to 1048576 points",
    ),
    "wait cost too large": (
        lambda a: a.add_ticket(GONE, ints(0), ints(5), VALUE_MAX + 1),
        "wait_cost is 1048577",
    ),
    "wait cost too small": (
        lambda a: a.change_wait_cost(HERE, -VALUE_MAX - 1),
        "wait_cost is -1048577",
    ),
    "no such class": (
        lambda a: a.add_ticket(GONE, ints(0), ints(5), kind=2),
        "kind is 2; expected 0 to 1 as a class",
    ),
    "not int32": (
        lambda a: a.add_ticket(GONE, np.array([0]), ints(5)),
        "column is int64 .*; expected an int32 array",
    ),
    "no array": (lambda a: a.add_ticket(GONE, ints(0), [5]), r"value is \[5\]; expected an int32"),
    "not NaN": (
        lambda a: a.add_ticket(GONE, ints(0), np.array([np.nan])),
        "value is float64 .*; expected an int32 array",
    ),
    "of two lengths": (
        lambda a: a.add_ticket(GONE, ints(0, 1), ints(5)),
        "value is 1 long; expected 2, as column",
    ),
    "slots of no column": (lambda a: a.add_slot(3), "column is 3; expected 0 to 2"),
    "no slots": (lambda a: a.add_slot(0, 0), r"slots\[0\] is 0"),
    "too many slots": (lambda a: a.add_slot(0, CAPACITY_MAX), r"slots\[0\] is 131072"),
    "a slot too few": (lambda a: a.drop_slot(2), r"slots\[2\] is -1; expected 0 to 131072 slots"),
    "a slot of no column": (lambda a: a.drop_slot(-1), "column is -1; expected 0 to 2"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_a_bad_change_is_refused_and_changes_nothing(case: str) -> None:
    """The message names field, value and what was expected; the optimum still stands."""
    act, said = REFUSED[case]
    standing = assignment()
    with pytest.raises(ProblemError, match=said):
        act(standing)
    assert standing.column_of(HERE) == 1
    assert standing.certificate == (7, 7)
    standing.add_ticket(GONE, ints(0, 1), ints(5, 5))
    assert standing.certificate == (12, 12)


def test_pairs_of_several_units_are_refused() -> None:
    """Different weights are another problem; the message says where the first is."""
    problem = Problem([0, 2], [0, 1], [5, 5], [3, 3], weight=[1, 2])
    with pytest.raises(ProblemError, match=r"weight\[1\] is 2; expected 1 unit"):
        StandingAssignment(problem)


def test_ties_go_to_waiting_and_to_the_lower_column() -> None:
    """A pair that is worth nothing over waiting is never taken; equals go to the lower index."""
    standing = StandingAssignment.empty(ints(1, 1))
    standing.add_ticket(0, ints(1, 0), ints(5, 5))
    standing.add_ticket(1, ints(1), ints(-4), wait_cost=4)
    assert (standing.column_of(0), standing.column_of(1)) == (0, None)
    standing.change_wait_cost(1, 5)
    assert standing.column_of(1) == 1
    assert standing.certificate == (6, 6)
