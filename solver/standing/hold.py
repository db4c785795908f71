"""Who holds what: chains of the rows of each node, and queues of what is unsettled."""

from solver.standing.jit import kernel
from solver.standing.state import (
    CLASSES,
    NOBODY,
    NODE_COUNT,
    NODE_FIRST,
    NODES,
    QUEUED,
    ROW_COUNT,
    ROW_FIRST,
    Standing,
)


@kernel
def take(state: Standing, row: int, node: int) -> None:
    """Let ``row``, which holds nothing, hold a slot of ``node`` that is counted already."""
    first = state.first_row[node]
    state.next_row[row] = first
    state.previous_row[row] = NOBODY
    if first != NOBODY:
        state.previous_row[first] = row
    state.first_row[node] = row
    state.node_of[row] = node
    state.margin[row] = 0


@kernel
def release(state: Standing, row: int) -> int:
    """Let go of ``row``; return the node that it held, whose slot stays counted."""
    node = state.node_of[row]
    before, after = state.previous_row[row], state.next_row[row]
    if before == NOBODY:
        state.first_row[node] = after
    else:
        state.next_row[before] = after
    if after != NOBODY:
        state.previous_row[after] = before
    return int(node)


@kernel
def column_node(state: Standing, node: int) -> int:
    """Return the node above the class node ``node``: itself if there is one class."""
    classes = state.head[CLASSES]
    if classes == 1:
        return node
    return int(state.head[NODES] + node // classes)


@kernel
def is_open(state: Standing, node: int) -> bool:
    """Return whether the class node ``node`` has a slot that nobody holds, priced or not."""
    if state.vacant[node] > 0:
        return True
    if state.held[node] >= state.limit[node]:
        return False
    if state.head[CLASSES] == 1:
        return True
    above = column_node(state, node)
    return bool(state.held[above] < state.limit[above] or state.vacant[above] > 0)


@kernel
def count_in(state: Standing, node: int) -> None:
    """Count a slot of ``node``, which is open, as held; a vacant one first."""
    if state.vacant[node] > 0:
        state.vacant[node] -= 1
        return
    state.held[node] += 1
    if state.head[CLASSES] > 1:
        above = column_node(state, node)
        if state.vacant[above] > 0:
            state.vacant[above] -= 1
        else:
            state.held[above] += 1


@kernel
def vacate(state: Standing, node: int) -> None:
    """Note that a counted slot of ``node`` is held by nobody: free if it costs nothing."""
    if state.price[node] == 0:
        state.held[node] -= 1
        if state.head[CLASSES] > 1 and node < state.head[NODES]:
            state.held[column_node(state, node)] -= 1
        return
    state.vacant[node] += 1
    queue_node(state, node)


@kernel
def queue_node(state: Standing, node: int) -> None:
    """Have ``settle`` look at the vacant slots of ``node``."""
    if state.node_queued[node]:
        return
    state.node_queued[node] = 1
    ring, head = state.node_queue, state.head
    ring[(head[NODE_FIRST] + head[NODE_COUNT]) % ring.size] = node
    head[NODE_COUNT] += 1


@kernel
def queue_row(state: Standing, row: int) -> None:
    """Have ``settle`` find a place for ``row``, which holds nothing."""
    state.node_of[row] = QUEUED
    if state.row_queued[row]:
        return
    state.row_queued[row] = 1
    ring, head = state.row_queue, state.head
    ring[(head[ROW_FIRST] + head[ROW_COUNT]) % ring.size] = row
    head[ROW_COUNT] += 1


@kernel
def next_queued_row(state: Standing) -> int:
    """Take the first row out of the queue; return it, or NOBODY if it is not queued any more."""
    ring, head = state.row_queue, state.head
    row = ring[head[ROW_FIRST]]
    head[ROW_FIRST] = (head[ROW_FIRST] + 1) % ring.size
    head[ROW_COUNT] -= 1
    state.row_queued[row] = 0
    return int(row) if state.node_of[row] == QUEUED else NOBODY


@kernel
def next_queued_node(state: Standing) -> int:
    """Take the first node out of the queue and return it."""
    ring, head = state.node_queue, state.head
    node = ring[head[NODE_FIRST]]
    head[NODE_FIRST] = (head[NODE_FIRST] + 1) % ring.size
    head[NODE_COUNT] -= 1
    state.node_queued[node] = 0
    return int(node)
