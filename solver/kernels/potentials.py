"""Prices that prove a plan optimal, worked out from the plan alone."""

from typing import NamedTuple

import numpy as np
from numba import njit

from solver.kernels.pairs import WAITS, Int32s, Int64s, Limits, Pairs
from solver.limits import VALUE_MAX

NOBODY = -1


class PotentialWork(NamedTuple):
    """Scratch arrays of ``recover_prices``: overwritten by each call, reusable by the next."""

    room: Int32s  # (columns,) units left
    class_room: Int32s  # (columns, classes) rows left, or below 0 where there is no limit
    first_row: Int32s  # (columns,) head of the chain of rows the column holds
    next_row: Int32s  # (rows,) that chain
    worth: Int64s  # (rows,) points of the pair the row takes
    queue: Int32s  # (rows,) ring of rows whose profit fell
    queued: Int32s  # (rows,) 1 while in the ring
    level: Int64s  # (columns, classes) price of a column with that of the class on top


def make_potential_work(rows: int, columns: int, classes: int = 0) -> PotentialWork:
    """Return scratch arrays for a problem of just so many rows, columns and classes."""
    return PotentialWork(
        room=np.zeros(columns, dtype=np.int32),
        class_room=np.zeros((columns, classes), dtype=np.int32),
        first_row=np.full(columns, NOBODY, dtype=np.int32),
        next_row=np.full(rows, NOBODY, dtype=np.int32),
        worth=np.zeros(rows, dtype=np.int64),
        queue=np.zeros(rows, dtype=np.int32),
        queued=np.zeros(rows, dtype=np.int32),
        level=np.zeros((columns, classes), dtype=np.int64),
    )


@njit(cache=True, nogil=True)
def _seat(
    pairs: Pairs, limits: Limits, columns_of: Int32s, work: PotentialWork, price: Int64s
) -> None:
    """Chain the rows to the columns that hold them, at price 0 (in place)."""
    price[:] = 0
    work.level[:] = 0
    work.room[:] = limits.capacity
    work.class_room[:] = limits.class_limit
    work.first_row[:] = NOBODY
    for row in range(columns_of.size):
        work.queue[row] = row
        work.queued[row] = 1
        work.worth[row] = 0
        column = columns_of[row]
        if column == WAITS:
            continue
        for pair in range(pairs.row_ptr[row], pairs.row_ptr[row + 1]):
            if pairs.col[pair] == column:
                work.worth[row] = pairs.value[pair]
        work.room[column] -= 1
        if work.class_room.shape[1] > 0 and work.class_room[column, limits.row_class[row]] > 0:
            work.class_room[column, limits.row_class[row]] -= 1
        work.next_row[row] = work.first_row[column]
        work.first_row[column] = row


@njit(cache=True, nogil=True)
def _lift(work: PotentialWork, price: Int64s, column: int, kind: int, need: np.int64) -> bool:
    """Raise what ``column`` costs a row of class ``kind`` to ``need``; return if it may rise."""
    if work.class_room.shape[1] > 0 and work.class_room[column, kind] == 0:
        work.level[column, kind] = need
        return True
    if work.room[column] > 0:
        return False
    price[column] = need
    for other in range(work.class_room.shape[1]):
        work.level[column, other] = max(work.level[column, other], need)
    return True


@njit(cache=True, nogil=True)
def _cost(work: PotentialWork, price: Int64s, column: int, kind: int) -> np.int64:
    """Return what ``column`` costs a row of class ``kind``, in points."""
    if work.class_room.shape[1] > 0 and work.class_room[column, kind] == 0:
        return np.int64(max(work.level[column, kind], price[column]))
    return np.int64(price[column])


@njit(cache=True, nogil=True)
def recover_prices(
    pairs: Pairs,
    limits: Limits,
    columns_of: Int32s,
    work: PotentialWork,
    out_price: Int64s,
    out_class_price: Int64s,
) -> bool:
    r"""Find the least prices at which no row envies another column, for pairs of one unit each.

    Shortest paths in the residual graph of the plan, by label correcting from price 0: whenever a
    row would gain more elsewhere, that column's price rises until it would not. Only columns and
    classes that are full may have a price, so the prices make primal and dual equal
    (complementary slackness). They exist if and only if the plan is optimal.

    Parameters
    ----------
    pairs, limits
        ``Pairs`` and ``Limits``: int32 arrays, values in points, all weights 1. Read only.
    columns_of
        int32 (rows,): the plan, -1 for a row that waits. Read only.
    work
        ``PotentialWork`` of the problem's size. Overwritten; owned by the caller.
    out_price
        int64 (columns,), points per unit. Overwritten.
    out_class_price
        int64 (columns, classes), points per row, on top of ``out_price``. Overwritten.

    Returns
    -------
    found
        bool: whether such prices exist. If not, the plan is not optimal, and the arrays hold
        prices of 0.

    References
    ----------
    .. [1] Ford, L. R., Fulkerson, D. R. (1962). Flows in Networks. doi:10.1515/9781400875184
    .. [2] Demange, G., Gale, D., Sotomayor, M. (1986). Multi-item auctions (least prices).
       doi:10.1086/261411
    """
    _seat(pairs, limits, columns_of, work, out_price)
    out_class_price[:] = 0
    rows = columns_of.size
    classes = work.class_room.shape[1]
    first, waiting, found = 0, rows, True
    while waiting > 0 and found:
        row = work.queue[first]
        first = (first + 1) % rows
        waiting -= 1
        work.queued[row] = 0
        kind = limits.row_class[row]
        own, profit = columns_of[row], np.int64(0)
        if own != WAITS:
            profit = work.worth[row] - _cost(work, out_price, own, kind)
        if profit < 0:
            # It pays more than it gains and had better wait: the plan is not optimal.
            found = False
            break
        for pair in range(pairs.row_ptr[row], pairs.row_ptr[row + 1]):
            column = pairs.col[pair]
            need = pairs.value[pair] - profit
            if column == own or need <= _cost(work, out_price, column, kind):
                continue
            if limits.capacity[column] == 0:
                continue
            if classes > 0 and limits.class_limit[column, kind] == 0:
                continue
            if need > VALUE_MAX or not _lift(work, out_price, column, kind, need):
                found = False
                break
            held = work.first_row[column]
            while held != NOBODY:
                if work.queued[held] == 0:
                    work.queued[held] = 1
                    work.queue[(first + waiting) % rows] = held
                    waiting += 1
                held = work.next_row[held]
    if not found:
        out_price[:] = 0
        return False
    for column in range(out_price.size):
        for kind in range(classes):
            if limits.class_limit[column, kind] > 0 and work.class_room[column, kind] == 0:
                out_class_price[column, kind] = max(
                    np.int64(0), work.level[column, kind] - out_price[column]
                )
    return True
