"""The two bundles of arrays that every assignment kernel reads."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Int32s = NDArray[np.int32]
Int64s = NDArray[np.int64]

#: What ``out_column`` holds for a row that waits.
WAITS = -1
#: What ``class_limit`` holds where a column takes any number of rows of a class.
UNLIMITED = -1


class Pairs(NamedTuple):
    """The pairs that may be taken, row by row (compressed sparse rows); read only.

    Parameters
    ----------
    row_ptr
        int32 (rows + 1,): the pairs of row ``i`` are ``row_ptr[i]`` up to ``row_ptr[i + 1]``.
    col
        int32 (pairs,): column of each pair, rising within a row.
    value
        int32 (pairs,), points: worth of the pair over letting its row wait. Pairs of value 0 or
        less are never taken.
    """

    row_ptr: Int32s
    col: Int32s
    value: Int32s


class Limits(NamedTuple):
    """What columns can hold, and what pairs take of it; read only.

    Parameters
    ----------
    weight
        int32 (pairs,), capacity units: what each pair takes of its column.
    capacity
        int32 (columns,), capacity units: what each column can hold in all.
    row_class
        int32 (rows,): class of each row. Not read when there are no classes.
    class_limit
        int32 (columns, classes), rows: how many rows of a class a column may take, ``UNLIMITED``
        where any number. ``classes`` may be 0.
    """

    weight: Int32s
    capacity: Int32s
    row_class: Int32s
    class_limit: Int32s
