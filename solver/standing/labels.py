"""Labels of a search: how far nodes are, in what order they are settled, what they leave behind.

Parameters
----------
far
    int, points: distance of a node.
base
    int, points: distance of the node that it is reached from, which is the last one settled.
before
    int, the node that it is reached from, or NOBODY.
"""

from solver.standing.heap import pop, reach
from solver.standing.jit import kernel
from solver.standing.plain import FARTHEST, LOW, WORD
from solver.standing.state import (
    BOUND,
    HEAP_SIZE,
    HORIZON,
    MARGIN_MAX,
    NOBODY,
    NODES,
    SETTLED,
    SETTLED_COUNT,
    UNSEEN,
    Standing,
)
from solver.standing.vectors import lowest_bit, near_in_node


@kernel
def label(state: Standing, node: int, far: int, base: int) -> None:
    """Note that ``node``, whose distance is ``far`` now, can be had from one at ``base``."""
    search = state.search
    if far == base and state.place[node] == UNSEEN:
        # No node is nearer than this one, so there is no need for the heap.
        state.place[node] = SETTLED
        state.settled[search[SETTLED_COUNT]] = node
        search[SETTLED_COUNT] += 1
        return
    search[HEAP_SIZE] = reach(state.heap, state.place, search[HEAP_SIZE], node, far)


@kernel
def label_between(state: Standing, node: int, far: int, before: int) -> None:
    """Note that ``node`` can be had from node ``before`` at ``far``, no row moving, if nearer."""
    seen = state.place[node]
    if seen == SETTLED or (seen != UNSEEN and far >= state.distance[node]):
        return
    state.distance[node] = far
    state.from_row[node], state.from_at[node], state.from_node[node] = NOBODY, NOBODY, before
    search = state.search
    search[HEAP_SIZE] = reach(state.heap, state.place, search[HEAP_SIZE], node, far)


@kernel
def settle_nearest(state: Standing) -> bool:
    """Settle the nearest node in the heap; return False if there is none within the horizon."""
    search = state.search
    size = search[HEAP_SIZE]
    if size == 0 or (state.heap[0] >> 32) >= min(search[BOUND], search[HORIZON]):
        return False
    state.settled[search[SETTLED_COUNT]] = pop(state.heap, state.place, size)
    search[SETTLED_COUNT] += 1
    search[HEAP_SIZE] = size - 1
    return True


@kernel
def nearest_left(state: Standing) -> int:
    """Return how far the nearest node in the heap is."""
    return int(state.heap[0] >> 32) if state.search[HEAP_SIZE] > 0 else FARTHEST


@kernel
def _narrow(state: Standing, node: int, bound: int) -> None:
    """Note how much nearer to their best pairs with ``node`` come as its price falls."""
    entry, profit, margin, node_of = state.entry, state.profit, state.margin, state.node_of
    lost = int(state.distance[node]) + int(state.price[node]) - bound
    size = int(state.node_size[node])
    for part in range(0, size, WORD):
        begin, count = state.node_at[node] + part, min(size - part, WORD)
        bits, _ = near_in_node(entry, profit, (begin, count), (lost, MARGIN_MAX))
        while bits != 0:
            pair = entry[begin + lowest_bit(bits)]
            bits &= bits - 1
            row = int(pair & LOW)
            short = max(0, lost - int(pair >> 32) + int(profit[row]))
            if short < margin[row] and node_of[row] != node:
                margin[row] = short


@kernel
def pass_on(state: Standing, rising: bool) -> None:
    """Move the prices of settled nodes by what the way from them to the end costs (in place).

    Then every pair of the search's tree is a best one, so its nodes get trails.

    Parameters
    ----------
    rising
        bool, whether prices rise, for a search forwards, or fall, for one backwards.
    """
    nodes, settled, place, heap = state.head[NODES], state.settled, state.place, state.heap
    distance, price, profit, margin = state.distance, state.price, state.profit, state.margin
    first_row, next_row = state.first_row, state.next_row
    trail_row, trail_at = state.ahead_row, state.ahead_at
    if rising:
        trail_row, trail_at = state.back_row, state.back_at
    bound = int(state.search[BOUND])
    for at in range(state.search[SETTLED_COUNT]):
        node = settled[at]
        place[node] = UNSEEN
        trail_row[node], trail_at[node] = state.from_row[node], state.from_at[node]
        change = bound - distance[node]
        if change <= 0:
            continue
        if node < nodes:
            if not rising:
                _narrow(state, node, bound)
            row = first_row[node]
            while row != NOBODY:
                profit[row] -= change if rising else -change
                if rising:
                    margin[row] = max(0, margin[row] - change)
                row = next_row[row]
        price[node] += change if rising else -change
    for at in range(state.search[HEAP_SIZE]):
        place[heap[at] & LOW] = UNSEEN
