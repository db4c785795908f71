"""What a solver is asked (``Problem``) and what it answers (``Plan``)."""

from __future__ import annotations

from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from solver import limits
from solver.kernels.pairs import UNLIMITED, WAITS, Int32s, Int64s, Limits, Pairs

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

Position = int | tuple[int, int] | None


class ProblemError(ValueError):
    """A problem that no solver may see; says which field, where in it, and what was expected."""

    def __init__(self, name: str, position: Position, value: object, expected: str) -> None:
        """Say that ``name`` holds ``value`` at ``position`` where ``expected`` should be."""
        self.field = name
        self.position = position
        self.value = value
        self.expected = expected
        where = "" if position is None else str([position]).replace("(", "").replace(")", "")
        super().__init__(f"{name}{where} is {value}; expected {expected}.")


#: Stands for "one unit for each pair" and for "no classes"; recognized by identity.
_NOT_GIVEN: Int32s = np.zeros(0, dtype=np.int32)


def _not_given() -> Int32s:
    return _NOT_GIVEN


@dataclass(frozen=True, slots=True, eq=False)
class Problem:
    """Rows to be paired with columns: at most one column a row, within what columns can hold.

    Rows are stored compressed: the pairs of row ``i`` are ``row_ptr[i]`` up to ``row_ptr[i + 1]``.
    The arrays are copied, checked and frozen; a bad one raises ``ProblemError``.

    Parameters
    ----------
    row_ptr
        int32 (rows + 1,), from 0 to the number of pairs, never falling.
    col
        int32 (pairs,), column of each pair, rising within a row.
    value
        int32 (pairs,), points: worth of the pair over leaving its row waiting. Only pairs worth
        more than 0 are ever taken.
    capacity
        int32 (columns,), units each column can hold, 0 or more.
    weight
        int32 (pairs,), units the pair takes of its column, 1 or more; one for each if not given.
    row_class
        int32 (rows,), class of each row; given together with ``class_limit``.
    class_limit
        int32 (columns, classes), how many rows of each class a column may take, -1 for any number.
    """

    row_ptr: Int32s
    col: Int32s
    value: Int32s
    capacity: Int32s
    weight: Int32s = field(default_factory=_not_given)
    row_class: Int32s = field(default_factory=_not_given)
    class_limit: Int32s = field(default_factory=_not_given)

    def __post_init__(self) -> None:
        """Check every array and keep a frozen copy of it."""
        pairs_max, value_max = limits.PAIRS_MAX, limits.VALUE_MAX
        capacity = _checked("capacity", self.capacity, (0, limits.CAPACITY_MAX), "units")
        row_ptr = _checked("row_ptr", self.row_ptr, (0, pairs_max), "pairs")
        col = _checked("col", self.col, (0, capacity.size - 1), "as an index of capacity")
        value = _checked("value", self.value, (-value_max, value_max), "points")
        _same_length("value", value, "col", col.size)
        if self.weight is _NOT_GIVEN:
            weight = _frozen(np.ones(col.size, dtype=np.int32))
        else:
            weight = _checked("weight", self.weight, (1, limits.WEIGHT_MAX), "units")
        _same_length("weight", weight, "col", col.size)
        _check_size("capacity", capacity.size, limits.COLUMNS_MAX)
        _check_size("col", col.size, pairs_max)
        _check_row_ptr(row_ptr, col.size)
        _check_rising(row_ptr, col)
        row_class, class_limit = self._classes(row_ptr.size - 1, capacity.size)
        for name, array in (
            *(("row_ptr", row_ptr), ("col", col), ("value", value), ("capacity", capacity)),
            *(("weight", weight), ("row_class", row_class), ("class_limit", class_limit)),
        ):
            object.__setattr__(self, name, array)

    def _classes(self, rows: int, columns: int) -> tuple[Int32s, Int32s]:
        """Return the checked class arrays: all rows in class 0 of no classes if none are given."""
        if self.row_class is _NOT_GIVEN and self.class_limit is _NOT_GIVEN:
            return (
                _frozen(np.zeros(rows, dtype=np.int32)),
                _frozen(np.zeros((columns, 0), dtype=np.int32)),
            )
        if self.row_class is _NOT_GIVEN or self.class_limit is _NOT_GIVEN:
            absent = "row_class" if self.row_class is _NOT_GIVEN else "class_limit"
            raise ProblemError(absent, None, "absent", "row_class and class_limit together")
        bounds = (UNLIMITED, limits.CAPACITY_MAX)
        class_limit = _checked("class_limit", self.class_limit, bounds, "rows", dimensions=2)
        _same_length("class_limit", class_limit, "capacity", columns)
        classes = class_limit.shape[1]
        if not 1 <= classes <= limits.CLASSES_MAX:
            expected = f"1 to {limits.CLASSES_MAX} classes"
            raise ProblemError("class_limit", None, f"{classes} classes wide", expected)
        row_class = _checked("row_class", self.row_class, (0, classes - 1), "as a class")
        _same_length("row_class", row_class, "row_ptr less one", rows)
        return row_class, class_limit

    @property
    def rows(self) -> int:
        """How many rows there are."""
        return int(self.row_ptr.size - 1)

    @property
    def columns(self) -> int:
        """How many columns there are."""
        return int(self.capacity.size)

    @property
    def classes(self) -> int:
        """How many classes of rows have limits of their own."""
        return int(self.class_limit.shape[1])

    @property
    def row_of(self) -> Int32s:
        """Row of each pair, int32 (pairs,)."""
        return np.repeat(np.arange(self.rows, dtype=np.int32), np.diff(self.row_ptr))

    @property
    def pairs(self) -> Pairs:
        """The pairs as kernels read them."""
        return Pairs(self.row_ptr, self.col, self.value)

    @property
    def limits(self) -> Limits:
        """The limits as kernels read them."""
        return Limits(self.weight, self.capacity, self.row_class, self.class_limit)


@dataclass(frozen=True, slots=True, eq=False)
class Plan:
    """Who takes what, what that is worth, and a bound on what any plan could be worth.

    Parameters
    ----------
    backend
        Name of the row of ``BACKENDS`` that made it.
    column
        int32 (rows,), column taken by each row, -1 where it waits.
    primal
        Points: value of the pairs taken.
    dual
        Points: no plan is worth more.
    prices
        int64 (columns,), points per unit, 0 or more: what one unit more would bring at most.
    class_prices
        int64 (columns, classes), points per row: the same for one row more of a class.
    bound_from
        ``prices`` if ``dual`` follows from the prices, ``rows`` if from the row prices, so that
        anyone can check it; ``solver`` if the backend's own search proved it and the prices give
        only a weaker bound.
    work
        Counters of what the solution took; the same problem gives the same counts.
    row_prices
        int64 (rows,), points, 0 or more: what each row is worth to columns that bid for whole
        sets of rows. Empty where the backend has none.
    """

    backend: str
    column: Int32s
    primal: int
    dual: int
    prices: Int64s
    class_prices: Int64s
    bound_from: Literal["prices", "rows", "solver"] = "prices"
    work: Mapping[str, int] = field(default_factory=lambda: MappingProxyType({}))
    row_prices: Int64s = field(default_factory=lambda: np.zeros(0, dtype=np.int64))

    @property
    def gap(self) -> int:
        """Points that a better plan could bring at most: 0 proves that there is none."""
        return self.dual - self.primal

    @property
    def waiting(self) -> int:
        """How many rows wait."""
        return int(np.count_nonzero(self.column == WAITS))


def _frozen(array: Int32s) -> Int32s:
    array.setflags(write=False)
    return array


def _checked(
    name: str, given: object, bounds: tuple[int, int], unit: str, dimensions: int = 1
) -> Int32s:
    """Return a frozen int32 copy of ``given``, all of whose entries lie within ``bounds``."""
    array: NDArray[Any] = np.asarray(given)
    if array.ndim != dimensions:
        raise ProblemError(name, None, f"{array.ndim}-dimensional", f"{dimensions} dimension(s)")
    if array.size == 0:
        return _frozen(np.zeros(array.shape, dtype=np.int32))
    if array.dtype.kind not in "iu":
        at = 0
        if array.dtype.kind == "f" and not np.isfinite(array).all():
            at = int(np.argmin(np.isfinite(array)))
        position = _position(array, at)
        raise ProblemError(name, position, f"{array.flat[at]} ({array.dtype})", "integers")
    low, high = bounds
    wrong = (array < low) | (array > high)
    if wrong.any():
        at = int(np.argmax(wrong))
        expected = f"{low} to {high} {unit}"
        raise ProblemError(name, _position(array, at), array.flat[at], expected)
    return _frozen(np.array(array, dtype=np.int32, order="C", copy=True))


def _position(array: NDArray[Any], at: int) -> Position:
    if array.ndim == 1:
        return at
    return divmod(at, int(array.shape[1]))


def _same_length(name: str, array: Int32s, other: str, length: int) -> None:
    if len(array) != length:
        raise ProblemError(name, None, f"{len(array)} long", f"{length}, the length of {other}")


def _check_size(name: str, size: int, size_max: int) -> None:
    if size > size_max:
        raise ProblemError(name, None, f"{size} long", f"at most {size_max}")


def _check_row_ptr(row_ptr: Int32s, pairs: int) -> None:
    _check_size("row_ptr", row_ptr.size, limits.ROWS_MAX + 1)
    if row_ptr.size == 0:
        raise ProblemError("row_ptr", None, "empty", "one entry more than there are rows")
    if row_ptr[0] != 0:
        raise ProblemError("row_ptr", 0, row_ptr[0], "0, the first pair")
    falls = np.flatnonzero(np.diff(row_ptr) < 0)
    if falls.size:
        at = int(falls[0]) + 1
        raise ProblemError("row_ptr", at, row_ptr[at], f"{row_ptr[at - 1]} or more, as before")
    if row_ptr[-1] != pairs:
        last = row_ptr.size - 1
        raise ProblemError("row_ptr", last, row_ptr[-1], f"{pairs}, the length of col")


def _check_rising(row_ptr: Int32s, col: Int32s) -> None:
    step = np.diff(col)
    starts = row_ptr[1:-1]
    step[starts[(starts > 0) & (starts < col.size)] - 1] = 1
    falls = np.flatnonzero(step <= 0)
    if falls.size:
        at = int(falls[0]) + 1
        row = int(np.searchsorted(row_ptr, at, side="right")) - 1
        fault = "twice" if col[at] == col[at - 1] else f"after {col[at - 1]}"
        expected = f"columns that rise within row {row}, each once"
        raise ProblemError("col", at, f"{col[at]} {fault}", expected)
