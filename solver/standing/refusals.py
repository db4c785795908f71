"""Codes of refused changes, in words: the field, its value, what was expected."""

from __future__ import annotations

from typing import Any, NoReturn

import numpy as np

from solver import limits
from solver.problem import ProblemError
from solver.standing import events

_POINTS = f"{-limits.VALUE_MAX} to {limits.VALUE_MAX} points"


def check_pairs(column: object, value: object) -> None:
    """Raise ``ProblemError`` unless both are int32 arrays of one dimension and one length."""
    for name, array in (("column", column), ("value", value)):
        if type(array) is not np.ndarray or array.dtype.char != "i" or array.ndim != 1:
            kind = f"{array.dtype} {array.shape}" if isinstance(array, np.ndarray) else repr(array)
            raise ProblemError(name, None, kind, "an int32 array of one dimension")
    assert isinstance(column, np.ndarray)
    assert isinstance(value, np.ndarray)
    if column.size != value.size:
        raise ProblemError("value", None, f"{value.size} long", f"{column.size}, as column")


def refuse(code: int, at: int, sizes: tuple[int, int], given: dict[str, Any]) -> NoReturn:
    """Raise ``ProblemError`` for the code of a kernel that changed nothing.

    Parameters
    ----------
    code
        What the kernel returned.
    at
        Row or column of the change.
    sizes
        How many columns and classes there are.
    given
        Other parameters of the change, by name.
    """
    columns, classes = sizes
    if code in (events.BAD_ROW, events.ROW_ABSENT):
        raise ProblemError("row", None, at, "a row that is there")
    if code == events.ROW_PRESENT:
        raise ProblemError("row", None, at, "a row that is not there yet")
    if code == events.BAD_WAIT_COST:
        raise ProblemError("wait_cost", None, given["wait_cost"], _POINTS)
    if code == events.BAD_CLASS:
        raise ProblemError("kind", None, given["kind"], f"0 to {classes - 1} as a class")
    if code == events.BAD_SLOTS:
        most = limits.CAPACITY_MAX
        raise ProblemError("slots", at, given["slots"], f"0 to {most} slots after the change")
    if code == events.BAD_COLUMN and "column" not in given:
        raise ProblemError("column", None, at, f"0 to {columns - 1} as a column")
    if code == events.BAD_VALUE:
        value = given["value"].astype(np.int64)
        wrong = int(np.argmax(np.abs(value) > limits.VALUE_MAX))
        raise ProblemError("value", wrong, value[wrong], _POINTS)
    column = given["column"]
    outside = (column < 0) | (column >= columns)
    if code == events.BAD_COLUMN:
        wrong = int(np.argmax(outside))
        raise ProblemError("column", wrong, column[wrong], f"0 to {columns - 1} as a column")
    assert code == events.COLUMN_TWICE, code
    _, first = np.unique(column, return_index=True)
    wrong = int(np.setdiff1d(np.arange(column.size), first)[0])
    raise ProblemError("column", wrong, f"{column[wrong]} twice", "each column once")
