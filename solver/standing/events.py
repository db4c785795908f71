"""What can happen to a standing assignment: each kernel here leaves it settled or to be settled.

The kernels without ``settle`` in them only note the change; any number of them may come before one
``settle``. All return OK or a code below 0 that says why nothing was changed; none allocates.
"""

import numpy as np

from solver.limits import CAPACITY_MAX, VALUE_MAX
from solver.standing.enter import best_gain, enter_row, shrink
from solver.standing.hold import (
    column_node,
    next_queued_node,
    next_queued_row,
    queue_node,
    queue_row,
    release,
    vacate,
)
from solver.standing.jit import kernel
from solver.standing.plain import LOW
from solver.standing.pool import fits, link_all, link_nodes, link_row, store_row, unlink_row
from solver.standing.refill import refill
from solver.standing.state import (
    ABSENT,
    BOTH_WAYS,
    CLASSES,
    COLUMNS,
    LINKED,
    NODE_COUNT,
    NODE_SCANS,
    QUEUED,
    ROW_COUNT,
    ROW_SCANS,
    ROWS,
    WAITS,
    Int32s,
    Standing,
)

OK = 0
#: Why nothing was changed.
SHORT_OF_ROOM, BAD_ROW, ROW_PRESENT, ROW_ABSENT = -1, -2, -3, -4
BAD_COLUMN, BAD_VALUE, COLUMN_TWICE, BAD_WAIT_COST, BAD_CLASS = -5, -6, -7, -8, -9
BAD_SLOTS, BAD_LIMIT = -10, -11


@kernel
def _pack(state: Standing, column: Int32s, value: Int32s, kind: int) -> int:
    """Check the pairs of a row and pack them into ``scratch``; return OK or what is wrong."""
    columns, classes = state.head[COLUMNS], state.head[CLASSES]
    if column.size > state.scratch.size:
        return SHORT_OF_ROOM
    mark = state.distance
    for at in range(column.size):
        if column[at] < 0 or column[at] >= columns:
            return BAD_COLUMN
        if value[at] < -VALUE_MAX or value[at] > VALUE_MAX:
            return BAD_VALUE
        # Outside searches ``distance`` is free: 0 or more is a distance, below 0 a mark.
        mark[column[at] * classes + kind] = -1 - at
    for at in range(column.size):
        node = np.int64(column[at]) * classes + kind
        if mark[node] != -1 - at:
            return COLUMN_TWICE
        state.scratch[at] = (np.int64(value[at]) << 32) | (~node & LOW)
    return OK


@kernel
def put_row(
    state: Standing, row: int, column: Int32s, value: Int32s, wait_cost: int, kind: int
) -> int:
    """Let ``row`` ask for one of these columns, without settling.

    Parameters
    ----------
    column
        int32 (candidates,), each column once, in any order. Read only.
    value
        int32 (candidates,), points of each pair. Read only.
    wait_cost
        int, points lost while the row waits; a pair is worth its value plus this.
    kind
        int, class of the row, 0 if there is one only.
    """
    if row < 0 or row >= state.head[ROWS]:
        return BAD_ROW
    if state.node_of[row] != ABSENT:
        return ROW_PRESENT
    if kind < 0 or kind >= state.head[CLASSES]:
        return BAD_CLASS
    if wait_cost < -VALUE_MAX or wait_cost > VALUE_MAX:
        return BAD_WAIT_COST
    if state.head[LINKED] != BOTH_WAYS and not link_all(state):
        return SHORT_OF_ROOM
    code = _pack(state, column, value, kind)
    if code != OK:
        return code
    if not fits(state, state.scratch, column.size):
        return SHORT_OF_ROOM
    store_row(state, row, state.scratch, column.size)
    link_row(state, row)
    state.row_kind[row] = kind
    state.waiting[row] = -wait_cost
    queue_row(state, row)
    return OK


@kernel
def remove_row(state: Standing, row: int) -> int:
    """Let ``row`` go for good, without settling."""
    if row < 0 or row >= state.head[ROWS]:
        return BAD_ROW
    if state.node_of[row] == ABSENT:
        return ROW_ABSENT
    if state.head[LINKED] != BOTH_WAYS and not link_all(state):
        return SHORT_OF_ROOM
    if state.node_of[row] >= 0:
        vacate(state, release(state, row))
    unlink_row(state, row)
    state.node_of[row] = ABSENT
    return OK


@kernel
def replace_row(
    state: Standing, row: int, column: Int32s, value: Int32s, wait_cost: int, kind: int
) -> int:
    """Give ``row`` other pairs, wait cost and class, without settling.

    It stays where it is if that is still its best pair at the present prices.

    Parameters
    ----------
    column, value
        int32 (candidates,), as for ``put_row``. Read only.
    wait_cost
        int, points.
    kind
        int, class of the row.
    """
    if row < 0 or row >= state.head[ROWS]:
        return BAD_ROW
    if state.node_of[row] == ABSENT:
        return ROW_ABSENT
    if kind < 0 or kind >= state.head[CLASSES]:
        return BAD_CLASS
    if wait_cost < -VALUE_MAX or wait_cost > VALUE_MAX:
        return BAD_WAIT_COST
    if state.head[LINKED] != BOTH_WAYS and not link_all(state):
        return SHORT_OF_ROOM
    code = _pack(state, column, value, kind)
    if code != OK:
        return code
    if not fits(state, state.scratch, column.size):
        return SHORT_OF_ROOM
    unlink_row(state, row)
    store_row(state, row, state.scratch, column.size)
    link_row(state, row)
    state.row_kind[row] = kind
    state.waiting[row] = -wait_cost
    node = state.node_of[row]
    if node >= 0:
        gain, _, _ = best_gain(state, row)
        begin = state.row_at[row]
        for at in range(begin, begin + state.row_size[row]):
            if ~state.entry[at] & LOW != node:
                continue
            value_now = state.entry[at] >> 32
            if value_now - state.price[node] == gain and value_now + wait_cost > 0:
                state.profit[row], state.margin[row] = gain, 0
                return OK
        vacate(state, release(state, row))
    queue_row(state, row)
    return OK


@kernel
def reprice_row(state: Standing, row: int, wait_cost: int) -> int:
    """Change what waiting costs ``row``, without settling.

    Parameters
    ----------
    wait_cost
        int, points lost while the row waits.
    """
    if row < 0 or row >= state.head[ROWS]:
        return BAD_ROW
    if state.node_of[row] == ABSENT:
        return ROW_ABSENT
    if wait_cost < -VALUE_MAX or wait_cost > VALUE_MAX:
        return BAD_WAIT_COST
    node, before = state.node_of[row], state.waiting[row]
    state.waiting[row] = -wait_cost
    if node >= 0:
        if state.profit[row] < -wait_cost or (
            state.profit[row] == -wait_cost and state.price[node] == 0
        ):
            # None of its pairs is worth as much as waiting now, at prices that stay.
            vacate(state, release(state, row))
            state.node_of[row] = WAITS
            state.profit[row] = -wait_cost
    elif node == WAITS:
        if -wait_cost < before:
            queue_row(state, row)
        else:
            state.profit[row] = -wait_cost
    return OK


@kernel
def gain_slots(state: Standing, column: int, slots: int) -> int:
    """Give ``column`` more slots, without settling.

    Parameters
    ----------
    slots
        int, how many, 1 or more.
    """
    if column < 0 or column >= state.head[COLUMNS]:
        return BAD_COLUMN
    node = column_node(state, column * state.head[CLASSES])
    if slots < 1 or state.limit[node] + slots > CAPACITY_MAX:
        return BAD_SLOTS
    state.limit[node] += slots
    if state.price[node] > 0:
        state.held[node] += slots
        state.vacant[node] += slots
        queue_node(state, node)
    return OK


@kernel
def lose_slot(state: Standing, column: int) -> int:
    """Take one slot from ``column``; if all are held, the row that goes is let go for the best.

    Needs no vacant slots at this column in an assignment with classes; settles these first.
    """
    if column < 0 or column >= state.head[COLUMNS]:
        return BAD_COLUMN
    classes = state.head[CLASSES]
    node = column_node(state, column * classes)
    if state.limit[node] < 1:
        return BAD_SLOTS
    if classes > 1:
        for below in range(column * classes, (column + 1) * classes):
            while state.vacant[below] > 0:
                refill(state, below)
    if state.vacant[node] > 0:
        state.vacant[node] -= 1
        state.held[node] -= 1
        state.limit[node] -= 1
    elif state.held[node] < state.limit[node]:
        state.limit[node] -= 1
    else:
        shrink(state, node)
    return OK


@kernel
def unsettled(state: Standing) -> int:
    """Return how many rows and nodes are still to be looked at: 0 after a finished ``settle``."""
    return int(state.head[ROW_COUNT] + state.head[NODE_COUNT])


@kernel
def settle(state: Standing, scans_max: int) -> int:
    """Mend what changes left unsettled, row by row and slot by slot; return what is left to do.

    Parameters
    ----------
    scans_max
        int, budget: no new search begins once so many rows and nodes were scanned in this call.
        At 0 left to do the assignment is an exact optimum.
    """
    head = state.head
    begun = head[ROW_SCANS] + head[NODE_SCANS]
    while head[ROW_COUNT] > 0 and head[ROW_SCANS] + head[NODE_SCANS] - begun < scans_max:
        row = next_queued_row(state)
        if row >= 0 and state.node_of[row] == QUEUED:
            enter_row(state, row)
    if head[NODE_COUNT] > 0 and not link_nodes(state):
        return SHORT_OF_ROOM
    while head[NODE_COUNT] > 0 and head[ROW_SCANS] + head[NODE_SCANS] - begun < scans_max:
        node = next_queued_node(state)
        if state.vacant[node] > 0:
            refill(state, node)
            if state.vacant[node] > 0:
                queue_node(state, node)
    return unsettled(state)
