"""A whole problem at once, and the sums that prove an assignment."""

import numpy as np

from solver.kernels.pairs import UNLIMITED, Int32s, Int64s, Limits, Pairs
from solver.standing.enter import best_gain
from solver.standing.hold import queue_row
from solver.standing.jit import kernel
from solver.standing.plain import LOW, ROW_VOID
from solver.standing.pool import padded, room_for, room_size
from solver.standing.state import (
    ABSENT,
    BOTH_WAYS,
    BOUNDLESS,
    BUDGET,
    CLASSES,
    LINKED,
    NOBODY,
    NODES,
    POOL_USED,
    QUEUED,
    ROWS,
    UNLINKED,
    UNSEEN,
    Standing,
)


@kernel
def clear(state: Standing) -> None:
    """Forget all rows, slots and prices, and begin the counters anew."""
    state.head[POOL_USED:BUDGET] = 0
    state.head[LINKED] = BOTH_WAYS
    state.free[:] = NOBODY
    state.row_room[:] = NOBODY
    state.row_size[:] = 0
    state.node_of[:] = ABSENT
    state.row_queued[:] = 0
    state.node_size[:] = 0
    state.node_room[:] = NOBODY
    state.first_row[:] = NOBODY
    state.price[:] = 0
    state.held[:] = 0
    state.vacant[:] = 0
    state.node_queued[:] = 0
    state.place[:] = UNSEEN
    state.ahead_row[:] = NOBODY
    state.back_row[:] = NOBODY
    state.limit[:] = 0
    if state.head[CLASSES] > 1:
        state.limit[: state.head[NODES]] = BOUNDLESS


@kernel
def load(state: Standing, pairs: Pairs, limits: Limits) -> bool:
    """Put a problem in place of whatever is there, all rows queued; return if the pool has room.

    Nodes are linked when a slot first asks who would like to come: a light problem never needs
    that.

    A state for problems with class limits has two classes or more, even if only one is used.

    Parameters
    ----------
    pairs
        ``Pairs``: int32 arrays for as many rows as the state has room for, or fewer. Read only.
    limits
        ``Limits``: int32 arrays, weights 1 (not read). Read only.
    """
    clear(state)
    classes, nodes = state.head[CLASSES], state.head[NODES]
    above = nodes if classes > 1 else 0
    for column in range(limits.capacity.size):
        state.limit[above + column] = limits.capacity[column]
        for kind in range(limits.class_limit.shape[1]):
            limit = limits.class_limit[column, kind]
            if limit != UNLIMITED:
                state.limit[column * classes + kind] = limit
    row_ptr, col, value = pairs.row_ptr, pairs.col, pairs.value
    entry = state.entry
    used = 0
    for row in range(row_ptr.size - 1):
        begin, size = row_ptr[row], row_ptr[row + 1] - row_ptr[row]
        room = room_for(size)
        if used + room_size(room) > entry.size or size > state.scratch.size:
            return False
        state.row_at[row], state.row_size[row], state.row_room[row] = used, size, room
        kind = limits.row_class[row] if classes > 1 else 0
        ahead = np.uint64(used - begin)  # rooms are never smaller than rows
        for at in range(np.uint64(begin), np.uint64(begin + size)):
            node = np.int64(col[at]) * classes + kind
            entry[at + ahead] = (np.int64(value[at]) << 32) | (~node & LOW)
        for at in range(used + size, used + padded(size)):
            entry[at] = ROW_VOID
        used += room_size(room)
        state.row_kind[row], state.waiting[row] = kind, 0
        queue_row(state, row)
    state.head[POOL_USED] = used
    state.head[LINKED] = UNLINKED
    return True


@kernel
def sums(state: Standing) -> tuple[np.int64, np.int64]:
    """Return what is held is worth over letting all rows wait, and what the prices prove at most.

    Both int64, points; equal if and only if the assignment is settled. Reads each row and each
    node once, and the pairs only of rows that are queued.
    """
    nodes, classes = state.head[NODES], state.head[CLASSES]
    primal, dual = np.int64(0), np.int64(0)
    for row in range(state.head[ROWS]):
        node = state.node_of[row]
        if node == ABSENT:
            continue
        gain = np.int64(state.profit[row])
        if node == QUEUED:
            gain = np.int64(best_gain(state, row)[0])
        dual += gain - state.waiting[row]
        if node >= 0:
            primal += gain + state.price[node] - state.waiting[row]
    for node in range(nodes):
        price = np.int64(state.price[node])
        if classes > 1:
            price -= state.price[nodes + node // classes]
        dual += price * state.limit[node]
    for node in range(nodes, state.price.size):
        dual += np.int64(state.price[node]) * state.limit[node]
    return primal, dual


@kernel
def read_out(
    state: Standing, out_column: Int32s, out_price: Int64s, out_class_price: Int64s
) -> None:
    """Copy who holds what, and the prices, into the form of a plan.

    Parameters
    ----------
    out_column
        int32 (rows or fewer,), column of each row, -1 where it waits. Overwritten.
    out_price
        int64 (columns or fewer,), points per slot. Overwritten.
    out_class_price
        int64 (columns, classes), points per slot of the class on top. Overwritten; may be
        (columns, 0).
    """
    nodes, classes = state.head[NODES], state.head[CLASSES]
    for row in range(out_column.size):
        node = state.node_of[row]
        out_column[row] = node // classes if node >= 0 else NOBODY
    for column in range(out_price.size):
        above = nodes + column if classes > 1 else column
        out_price[column] = state.price[above]
        for kind in range(out_class_price.shape[1]):
            below = column * classes + kind
            out_class_price[column, kind] = state.price[below] - state.price[above]
