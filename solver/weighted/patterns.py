"""The best set of rows that one column can hold: a knapsack of a few units."""

from typing import NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

from solver.kernels.pairs import Int32s, Int64s
from solver.weighted.lists import Lists

#: Of more than so many pairs of one weight that fit a column together, none is passed over.
SORTED_MAX = 32


class Pattern(NamedTuple):
    """A knapsack's arrays: what each pair of a column would gain, and the set that gains most."""

    gain: Int64s  # (most pairs of a column,) points, by place in the column; given
    item: Int32s  # (most pairs of a column,) places that may be in the set
    best: Int64s  # (most units + 1,) points gained within so many units
    taken: NDArray[np.int8]  # (most pairs of a column, most units + 1) whether the item is in
    chosen: Int32s  # (most pairs of a column,) pairs of the best set


def make_pattern(lists: Lists) -> Pattern:
    """Return arrays for the widest column of a problem."""
    pairs = int(np.diff(lists.column_ptr).max(initial=0))
    units = int(lists.capacity.max(initial=0))
    return Pattern(
        gain=np.zeros(pairs, dtype=np.int64),
        item=np.zeros(pairs, dtype=np.int32),
        best=np.zeros(units + 1, dtype=np.int64),
        taken=np.zeros((pairs, units + 1), dtype=np.int8),
        chosen=np.zeros(pairs, dtype=np.int32),
    )


@njit(cache=True, nogil=True, forceinline=True)  # handing over two bundles takes as long
def _shortlist(lists: Lists, pattern: Pattern, column: int, units: int) -> int:
    """List the places that can be in a best set; return how many.

    Of the pairs of one weight only as many as fit together matter: those that gain most.
    """
    start = lists.column_ptr[column]
    gain, item = pattern.gain, pattern.item
    count = 0
    for shelf in range(lists.first_shelf[column], lists.first_shelf[column + 1]):
        first, end = lists.shelf_ptr[shelf] - start, lists.shelf_ptr[shelf + 1] - start
        most = units // lists.weight[lists.shelf_ptr[shelf]]
        if most == 0:  # the lightest come first
            break
        base, ranked = count, most <= SORTED_MAX
        for place in range(first, end):
            gains = gain[place]
            if gains <= 0:
                continue
            slot = count
            if ranked and count - base == most:
                if gains <= gain[item[count - 1]]:
                    continue
                slot -= 1
            else:
                count += 1
            while ranked and base < slot and gains > gain[item[slot - 1]]:
                item[slot] = item[slot - 1]
                slot -= 1
            item[slot] = place
    return count


@njit(cache=True, nogil=True)
def best_pattern(lists: Lists, pattern: Pattern, column: int, units: int) -> int:
    r"""Fill ``pattern.best`` and ``pattern.chosen`` for ``column``; return how many are chosen.

    ``pattern.gain`` must hold what each pair of the column gains, by place in the column. Ties go
    to the set found first, so the same input gives the same set.

    Parameters
    ----------
    column
        int, index of the column.
    units
        int, units that may be filled.

    Returns
    -------
    count
        int: the set is ``pattern.chosen[:count]``, worth ``pattern.best[units]``.

    References
    ----------
    .. [1] Kellerer, H., Pferschy, U. and Pisinger, D. (2004). Knapsack Problems, 2.3 and 5.2.
       doi:10.1007/978-3-540-24777-7
    """
    start = lists.column_ptr[column]
    best, taken, item = pattern.best, pattern.taken, pattern.item
    items = _shortlist(lists, pattern, column, units)
    for filled in range(units + 1):
        best[filled] = 0
    for at in range(items):
        place = item[at]
        weight, gains = lists.weight[start + place], pattern.gain[place]
        for filled in range(weight):
            taken[at, filled] = 0
        for filled in range(units, weight - 1, -1):
            without, having = best[filled], best[filled - weight] + gains
            better = having > without
            best[filled] = having if better else without
            taken[at, filled] = better
    count, left = 0, units
    for at in range(items - 1, -1, -1):
        if taken[at, left]:
            pair = start + item[at]
            pattern.chosen[count] = pair
            count += 1
            left -= lists.weight[pair]
    return count
