"""The useful pairs of a problem, column by column and row by row, and who holds what."""

from typing import NamedTuple

import numpy as np
from numba import njit

from solver.kernels.pairs import WAITS, Int32s, Int64s
from solver.problem import Problem

#: Not a pair: the row waits, the list ends.
NONE = -1


class Lists(NamedTuple):
    """Pairs worth something that fit an empty column; read only.

    Pairs are numbered column by column, by weight within a column, then best first.
    """

    column_ptr: Int32s  # (columns + 1,) the pairs of each column
    row: Int32s  # (pairs,) row of each pair
    col: Int32s  # (pairs,) and its column
    value: Int64s  # (pairs,) points
    weight: Int64s  # (pairs,) units
    row_ptr: Int32s  # (rows + 1,) the places of each row in ``row_pair``
    row_pair: Int32s  # (pairs,) pairs of each row, best first
    row_value: Int64s  # (pairs,) and what they are worth, points
    row_shelf: Int32s  # (pairs,) and where they stand
    capacity: Int64s  # (columns,) units, no more than all pairs of the column weigh
    shelf: Int32s  # (pairs,) shelf of each pair: a column's pairs of one weight are a shelf
    shelf_ptr: Int32s  # (shelves + 1,) the pairs of each shelf
    first_shelf: Int32s  # (columns + 1,) the shelves of each column, lightest first


class Held(NamedTuple):
    """Which pair each row holds, and the rows on each shelf as linked lists."""

    pair: Int32s  # (rows,) or NONE where the row waits
    room: Int64s  # (columns,) units left
    first: Int32s  # (shelves,) first row on the shelf, or NONE
    after: Int32s  # (rows,) next row on the same shelf, or NONE
    before: Int32s  # (rows,) row before it, or NONE
    total: Int64s  # (1,) points of all pairs held


def make_lists(problem: Problem) -> Lists:
    """Return the lists of a problem."""
    row_of = problem.row_of
    useful = np.flatnonzero((problem.value > 0) & (problem.weight <= problem.capacity[problem.col]))
    row, col = row_of[useful], problem.col[useful]
    value, weight = problem.value[useful], problem.weight[useful]
    order = np.lexsort((row, -value, weight, col))
    row, col, value, weight = row[order], col[order], value[order], weight[order]
    column_ptr = np.searchsorted(col, np.arange(problem.columns + 1))
    row_pair = np.lexsort((col, -value, row))
    row_ptr = np.searchsorted(row[row_pair], np.arange(problem.rows + 1))
    begins = np.ones(col.size, dtype=np.bool_)
    begins[1:] = (col[1:] != col[:-1]) | (weight[1:] != weight[:-1])
    shelf_ptr = np.append(np.flatnonzero(begins), col.size)
    most = np.bincount(col, weights=weight, minlength=problem.columns).astype(np.int64)
    shelf = (np.cumsum(begins) - 1).astype(np.int32)
    return Lists(
        column_ptr=column_ptr.astype(np.int32),
        row=row,
        col=col,
        value=value.astype(np.int64),
        weight=weight.astype(np.int64),
        row_ptr=row_ptr.astype(np.int32),
        row_pair=row_pair.astype(np.int32),
        row_value=value[row_pair].astype(np.int64),
        row_shelf=shelf[row_pair],
        capacity=np.minimum(problem.capacity, most),
        shelf=shelf,
        shelf_ptr=shelf_ptr.astype(np.int32),
        first_shelf=np.searchsorted(shelf_ptr[:-1], column_ptr).astype(np.int32),
    )


def make_held(lists: Lists) -> Held:
    """Return a state in which every row waits."""
    rows, shelves = lists.row_ptr.size - 1, lists.shelf_ptr.size - 1
    return Held(
        pair=np.full(rows, NONE, dtype=np.int32),
        room=lists.capacity.copy(),
        first=np.full(shelves, NONE, dtype=np.int32),
        after=np.full(rows, NONE, dtype=np.int32),
        before=np.full(rows, NONE, dtype=np.int32),
        total=np.zeros(1, dtype=np.int64),
    )


def columns_of(lists: Lists, held: Held) -> Int32s:
    """Return the column of each row, int32 (rows,), ``WAITS`` where it waits."""
    column = np.full(held.pair.size, WAITS, dtype=np.int32)
    taken = held.pair != NONE
    column[taken] = lists.col[held.pair[taken]]
    return column


@njit(cache=True, nogil=True)
def release(lists: Lists, held: Held, row: int) -> None:
    """Let ``row`` wait (in place); nothing happens if it does already.

    Parameters
    ----------
    row
        int, index of the row.
    """
    pair = held.pair[row]
    if pair == NONE:
        return
    shelf = lists.shelf[pair]
    before, after = held.before[row], held.after[row]
    if before == NONE:
        held.first[shelf] = after
    else:
        held.after[before] = after
    if after != NONE:
        held.before[after] = before
    held.pair[row] = NONE
    held.room[lists.col[pair]] += lists.weight[pair]
    held.total[0] -= lists.value[pair]


@njit(cache=True, nogil=True)
def take(lists: Lists, held: Held, pair: int) -> None:
    """Give ``pair`` to its row, which must be waiting (in place); room is not checked.

    Parameters
    ----------
    pair
        int, index of the pair.
    """
    row, shelf = lists.row[pair], lists.shelf[pair]
    first = held.first[shelf]
    held.before[row] = NONE
    held.after[row] = first
    if first != NONE:
        held.before[first] = row
    held.first[shelf] = row
    held.pair[row] = pair
    held.room[lists.col[pair]] -= lists.weight[pair]
    held.total[0] += lists.value[pair]


@njit(cache=True, nogil=True)
def hold(lists: Lists, held: Held, column: Int32s) -> None:
    """Hold a plan, if all rows wait as yet (in place).

    Parameters
    ----------
    column
        int32 (rows,): column of each row, -1 where it waits. Pairs that are not listed are
        passed over.
    """
    for row in range(column.size):
        for place in range(lists.row_ptr[row], lists.row_ptr[row + 1]):
            if lists.col[lists.row_pair[place]] == column[row]:
                take(lists, held, lists.row_pair[place])
                break


@njit(cache=True, nogil=True)
def copy_held(source: Held, target: Held) -> None:
    """Make ``target`` what ``source`` is.

    Parameters
    ----------
    source, target
        ``Held`` of the same problem; ``target`` is overwritten.
    """
    target.pair[:] = source.pair
    target.room[:] = source.room
    target.first[:] = source.first
    target.after[:] = source.after
    target.before[:] = source.before
    target.total[:] = source.total
