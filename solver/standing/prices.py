"""What a search found is passed on to the prices, and the search forgotten."""

import numpy as np

from solver.standing.jit import kernel
from solver.standing.state import MARGIN_MAX, NOBODY, NODES, UNSEEN, Standing
from solver.standing.vectors import LOW, WORD, lowest_bit, near_in_node


@kernel
def _narrow(state: Standing, node: int, bound: int) -> None:
    """Note how much nearer to their best pairs with ``node`` come as its price falls."""
    entry, profit, margin, node_of = state.entry, state.profit, state.margin, state.node_of
    lost = int(state.distance[node]) + int(state.price[node]) - bound
    size = int(state.node_size[node])
    for part in range(0, size, WORD):
        begin, count = state.node_at[node] + part, min(size - part, WORD)
        bits, _ = near_in_node(entry, profit, begin, count, lost, MARGIN_MAX)
        while bits != 0:
            pair = entry[begin + lowest_bit(bits)]
            bits &= bits - 1
            row = np.uint32(pair & LOW)
            short = max(0, lost - int(pair >> 32) + int(profit[row]))
            if short < margin[row] and node_of[row] != node:
                margin[row] = short


@kernel
def pass_on(state: Standing, bound: int, settled_count: int, size: int, rising: bool) -> None:
    """Move the prices of settled nodes by what the way from them to the end costs (in place).

    Then every pair of the search's tree is a best one, so its nodes get trails.

    Parameters
    ----------
    bound
        int, points: what the whole chain costs.
    settled_count, size
        int, nodes settled and nodes left in the heap.
    rising
        bool, whether prices rise, for a search forwards, or fall, for one backwards.
    """
    nodes, settled, place, heap = state.head[NODES], state.settled, state.place, state.heap
    distance, price, profit, margin = state.distance, state.price, state.profit, state.margin
    first_row, next_row = state.first_row, state.next_row
    trail_row, trail_at = state.ahead_row, state.ahead_at
    if rising:
        trail_row, trail_at = state.back_row, state.back_at
    for at in range(settled_count):
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
    for at in range(size):
        place[heap[at] & LOW] = UNSEEN
