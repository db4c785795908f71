"""A problem told row by row, settled, and forgotten again, at the cost of what it touched.

Whoever decides many small problems over one large set of columns keeps one state for all of them:
every column has one slot, ``tell`` gives a row its pairs, ``solve`` settles them, ``forget`` leaves
the state as it was. None of it looks at columns without pairs, and nothing of one problem is left for
the next, so that a plan follows from its pairs alone.
"""

import numpy as np

from solver.standing.enter import best_gain
from solver.standing.hold import queue_row
from solver.standing.jit import kernel
from solver.standing.plain import LANES, LOW
from solver.standing.pool import room_for, room_size, store_row
from solver.standing.state import (
    ABSENT,
    BUDGET,
    COLUMNS,
    LINKED,
    NOBODY,
    POOL_USED,
    QUEUED,
    ROWS,
    UNLINKED,
    UNSEEN,
    Int32s,
    Sizes,
    Standing,
    empty,
)


def make_rounds(rows: int, columns: int, pairs: int, widest: int) -> Standing:
    """Return the arrays for problems of up to so many rows and pairs; each column has one slot.

    There is room for pairs that come later, and for the columns' side of all of them.
    """
    sizes = Sizes(rows, columns, 1, 4 * pairs + LANES * (rows + columns + 4), widest)
    arrays = empty(sizes)
    arrays.limit[:] = 1
    arrays.head[ROWS] = 0
    arrays.head[LINKED] = UNLINKED
    return arrays


@kernel
def tell(state: Standing, row: int, column: Int32s, value: Int32s) -> bool:
    """Give ``row``, the next one, its pairs, to be settled; return whether the pool has room.

    Parameters
    ----------
    column
        int32 (candidates,), each column once. Read only.
    value
        int32 (candidates,), points of each pair over waiting. Read only.
    """
    size = column.size
    if size > state.scratch.size or row >= state.node_of.size:
        return False
    if state.head[POOL_USED] + room_size(room_for(size)) > state.entry.size:
        return False
    for at in range(size):
        state.scratch[at] = (np.int64(value[at]) << 32) | (~np.int64(column[at]) & LOW)
    store_row(state, row, state.scratch, size)
    state.row_kind[row], state.waiting[row], state.profit[row] = 0, 0, 0
    queue_row(state, row)
    state.head[ROWS] = max(state.head[ROWS], row + 1)
    return True


@kernel
def settle_up(state: Standing) -> tuple[np.int64, np.int64]:
    """Return what is held is worth, and what rows gain beyond their prices: two sums in points.

    The second, with the prices of all columns, bounds what any plan over these pairs is worth. Rows
    that a budget left queued are brought up to date and count as waiting.
    """
    worth, gained = np.int64(0), np.int64(0)
    for row in range(state.head[ROWS]):
        node = state.node_of[row]
        if node == ABSENT:
            continue
        if node == QUEUED:
            state.profit[row] = best_gain(state, row)[0]
        gained += state.profit[row]
        if node >= 0:
            worth += np.int64(state.profit[row]) + state.price[node]
    return worth, gained


@kernel
def forget(state: Standing) -> np.int64:
    """Forget all rows, prices and counters; return the sum of the prices, in points."""
    head = state.head
    prices, pairs = np.int64(0), np.int64(0)
    for row in range(head[ROWS]):
        pairs += state.row_size[row]
    if pairs < head[COLUMNS]:
        for row in range(head[ROWS]):
            begin = state.row_at[row]
            for at in range(begin, begin + state.row_size[row]):
                node = ~state.entry[at] & LOW
                prices += state.price[node]
                _forget_node(state, node)
    else:
        for node in range(head[COLUMNS]):
            prices += state.price[node]
            _forget_node(state, node)
    for row in range(head[ROWS]):
        state.node_of[row], state.row_room[row] = ABSENT, NOBODY
        state.row_size[row], state.row_queued[row] = 0, 0
    state.free[:] = NOBODY
    head[POOL_USED:BUDGET] = 0
    head[ROWS], head[LINKED] = 0, UNLINKED
    return prices


@kernel
def _forget_node(state: Standing, node: int) -> None:
    state.price[node], state.held[node], state.vacant[node] = 0, 0, 0
    state.first_row[node], state.node_size[node], state.node_room[node] = NOBODY, 0, NOBODY
    state.node_queued[node], state.place[node] = 0, UNSEEN
    state.ahead_row[node], state.back_row[node] = NOBODY, NOBODY
