"""A slot became vacant: who had better move there, and so on, backwards, or what price falls."""

import numpy as np

from solver.standing.enter import FIRST_HORIZON, WIDER
from solver.standing.heap import pop, reach
from solver.standing.hold import column_node, release, take
from solver.standing.jit import kernel
from solver.standing.prices import pass_on
from solver.standing.state import (
    BOTH_WAYS,
    BOUNDLESS,
    CLASSES,
    LINKED,
    NOBODY,
    NODE_SCANS,
    NODES,
    PULLS,
    SETTLED,
    UNSEEN,
    WAITS,
    Standing,
)
from solver.standing.trails import follow_back, place_in_row
from solver.standing.vectors import LOW, WORD, fetch, lowest_bit, near_in_node


@kernel
def _search(state: Standing, source: int) -> tuple[int, int, int, int, int]:
    """Find the cheapest way to fill or to free the vacant slot of ``source`` (Dijkstra, backwards).

    Ends in a row that waits and comes in, or (NOBODY) in a node whose price falls to 0. Returns
    the cost in points, the end node, the end row, nodes settled and nodes left in the heap.
    """
    entry, price, profit, node_of = state.entry, state.price, state.profit, state.node_of
    node_at, node_size, place = state.node_at, state.node_size, state.place
    distance, from_row, from_node = state.distance, state.from_row, state.from_node
    heap, settled, twin, from_at = state.heap, state.settled, state.twin, state.from_at
    linked = state.head[LINKED] == BOTH_WAYS
    nodes, classes = state.head[NODES], state.head[CLASSES]
    bound, end_node, end_row = BOUNDLESS, NOBODY, NOBODY
    settled_count, scans, size, turn, base = 1, 0, 0, 0, 0
    horizon, beyond = FIRST_HORIZON, BOUNDLESS
    distance[source], place[source], settled[0] = 0, SETTLED, source
    from_row[source], from_node[source] = NOBODY, NOBODY
    while bound > base:
        if turn == settled_count:
            if size > 0 and (heap[0] >> 32) < min(bound, horizon):
                settled[settled_count] = pop(heap, place, size)
                settled_count += 1
                size -= 1
            else:
                if size > 0:
                    beyond = min(beyond, int(heap[0] >> 32))
                if beyond >= bound:
                    break
                # Look at all nodes again, further than before.
                horizon, beyond, turn = max(beyond + 1, WIDER * horizon), BOUNDLESS, 0
        node = settled[turn]
        turn += 1
        base = int(distance[node])
        lost = base + int(price[node])
        if lost < bound:
            bound, end_node, end_row = lost, node, NOBODY
        if classes > 1:
            size = _spread(state, node, size, bound)
            if node >= nodes:
                continue
        else:
            end, comer, settled_count = follow_back(state, node, settled_count)
            if end != NOBODY:
                bound, end_node, end_row = base, end, comer
                break
        scans += 1
        for part in range(0, node_size[node], WORD):
            begin, count = node_at[node] + part, min(node_size[node] - part, WORD)
            bits, least = near_in_node(entry, profit, begin, count, lost, min(bound, horizon))
            beyond = min(beyond, least)
            while bits != 0:
                at = begin + lowest_bit(bits)
                pair = entry[at]
                bits &= bits - 1
                row = np.uint32(pair & LOW)
                other = int(node_of[row])
                if other >= 0 and place[other] == SETTLED:
                    continue
                far = lost - int(pair >> 32) + int(profit[row])
                if far >= bound:
                    continue
                if other < 0:
                    if other == WAITS:
                        bound, end_node, end_row = far, node, int(row)
                    continue
                seen = place[other]
                if seen != UNSEEN and far >= distance[other]:
                    continue
                if seen == UNSEEN and other < nodes:
                    fetch(entry, node_at[other], node_size[other])
                distance[other] = far
                from_row[other], from_node[other] = row, node
                from_at[other] = twin[at] if linked else NOBODY
                if seen == UNSEEN and far == base:
                    # No node is nearer than this one, so there is no need for the heap.
                    place[other] = SETTLED
                    settled[settled_count] = other
                    settled_count += 1
                else:
                    size = reach(heap, place, size, other, far)
    state.head[NODE_SCANS] += scans
    return bound, end_node, end_row, settled_count, size


@kernel
def _spread(state: Standing, node: int, size: int, bound: int) -> int:
    """Go on from a class to its column, or from a column to its classes; return the heap's size.

    A slot that a class lets go can serve another class of the column, if that class has room.
    """
    nodes, classes = state.head[NODES], state.head[CLASSES]
    base = int(state.distance[node])
    if node < nodes:
        above = column_node(state, node)
        far = base + int(state.price[node]) - int(state.price[above])
        if far < bound:
            size = _label(state, above, node, far, size)
        return size
    first = (node - nodes) * classes
    for below in range(first, first + classes):
        if state.held[below] < state.limit[below]:
            size = _label(state, below, node, base, size)
    return size


@kernel
def _label(state: Standing, node: int, before: int, far: int, size: int) -> int:
    seen = state.place[node]
    if seen == SETTLED or (seen != UNSEEN and far >= state.distance[node]):
        return size
    state.distance[node] = far
    state.from_row[node], state.from_node[node] = NOBODY, before
    return int(reach(state.heap, state.place, size, node, far))


@kernel
def _walk_back(state: Standing, node: int, entering: int) -> None:
    """Move the rows of the chain, from its end to the slot that was vacant (in place).

    ``entering`` takes a slot of ``node``; if it is NOBODY, a slot of ``node`` becomes free.
    """
    nodes = state.head[NODES]
    if entering == NOBODY:
        state.held[node] -= 1
        if node < nodes and state.head[CLASSES] > 1:
            state.held[column_node(state, node)] -= 1
    else:
        take(state, entering, node)
    while node != NOBODY:
        before, row = state.from_node[node], state.from_row[node]
        if row != NOBODY:
            release(state, row)
            take(state, row, before)
            # It may go back as well as it came.
            state.ahead_row[before], state.ahead_at[before] = row, place_in_row(state, row, node)
        elif before != NOBODY:
            # A slot goes from a class to its column, or from a column to a class.
            if node < nodes:
                state.held[node] += 1
            else:
                state.held[before] -= 1
        node = before


@kernel
def refill(state: Standing, node: int) -> None:
    """Fill one vacant slot of ``node`` or free it, whichever is worth more.

    A shortest path backwards, over the rows that would like to come. Ties go to freeing the slot,
    then to the row met first.

    References
    ----------
    .. [1] Bertsekas, D. P., Castanon, D. A. (1992). A forward/reverse auction algorithm for
       asymmetric assignment problems. doi:10.1007/BF00247653
    """
    state.head[PULLS] += 1
    state.vacant[node] -= 1
    bound, end_node, end_row, settled_count, size = _search(state, node)
    pass_on(state, bound, settled_count, size, False)
    _walk_back(state, end_node, end_row)
