"""A slot became vacant: who had better move there, and so on, backwards, or what price falls."""

from solver.standing.enter import FIRST_HORIZON, WIDER
from solver.standing.hold import column_node, release, take
from solver.standing.jit import kernel
from solver.standing.labels import label, label_between, nearest_left, pass_on, settle_nearest
from solver.standing.plain import FARTHEST, LOW, WORD
from solver.standing.state import (
    BOTH_WAYS,
    BOUND,
    BOUNDLESS,
    CLASSES,
    END_NODE,
    END_ROW,
    HEAP_SIZE,
    HORIZON,
    LINKED,
    NOBODY,
    NODE_SCANS,
    NODES,
    PULLS,
    SETTLED,
    SETTLED_COUNT,
    UNSEEN,
    WAITS,
    Standing,
)
from solver.standing.trails import follow_back, place_in_row
from solver.standing.vectors import fetch, lowest_bit, near_in_node


@kernel
def _look(state: Standing, node: int) -> int:
    """Look who could come to a settled node; return the least distance beyond the horizon."""
    search, distance, place, node_of = state.search, state.distance, state.place, state.node_of
    entry, profit, linked = state.entry, state.profit, state.head[LINKED] == BOTH_WAYS
    base = int(distance[node])
    lost = base + int(state.price[node])
    near = min(search[BOUND], search[HORIZON])
    state.head[NODE_SCANS] += 1
    beyond, size = FARTHEST, int(state.node_size[node])
    for part in range(0, size, WORD):
        begin, count = state.node_at[node] + part, min(size - part, WORD)
        bits, further = near_in_node(entry, profit, (begin, count), (lost, near))
        beyond = min(beyond, further)
        while bits != 0:
            at = begin + lowest_bit(bits)
            bits &= bits - 1
            row = int(entry[at] & LOW)
            other = int(node_of[row])
            if other >= 0 and place[other] == SETTLED:
                continue
            far = lost - int(entry[at] >> 32) + int(profit[row])
            if far >= search[BOUND] or other < WAITS:
                continue
            if other == WAITS:
                search[BOUND], search[END_NODE], search[END_ROW] = far, node, row
                continue
            if place[other] == UNSEEN:
                fetch(entry, (state.node_at[other], state.node_size[other]))
            elif far >= distance[other]:
                continue
            distance[other], state.from_row[other], state.from_node[other] = far, row, node
            state.from_at[other] = state.twin[at] if linked else NOBODY
            label(state, other, far, base)
    return beyond


@kernel
def _search(state: Standing, source: int) -> None:
    """Find the cheapest way to fill or to free the vacant slot of ``source`` (Dijkstra, backwards).

    Ends in a row that waits and comes in, or (NOBODY) in a node whose price falls to 0. Looks
    ahead no further than it must, as the search forwards.
    """
    search, settled, later, distance = state.search, state.settled, state.later, state.distance
    nodes, classes = state.head[NODES], state.head[CLASSES]
    search[BOUND], search[END_NODE], search[END_ROW] = BOUNDLESS, NOBODY, NOBODY
    search[SETTLED_COUNT], search[HEAP_SIZE], search[HORIZON] = 0, 0, FIRST_HORIZON
    label_between(state, source, 0, NOBODY)
    turn, visited, base, beyond = 0, 0, 0, FARTHEST
    while search[BOUND] > base:
        if turn == search[SETTLED_COUNT] and not settle_nearest(state):
            beyond = min(beyond, nearest_left(state))
            if beyond >= search[BOUND]:
                break
            # Look from everywhere again, further than before.
            search[HORIZON] = max(beyond + 1, WIDER * search[HORIZON])
            turn, base, beyond = 0, 0, FARTHEST
            continue
        node = int(settled[turn])
        base = int(distance[node])
        turn += 1
        if turn > visited:
            visited, later[node] = turn, 0
            if base + state.price[node] < search[BOUND]:
                search[BOUND] = base + state.price[node]
                search[END_NODE], search[END_ROW] = node, NOBODY
            if classes > 1:
                _spread(state, node)
            elif follow_back(state, node):
                return
        if later[node] < search[HORIZON]:
            later[node] = _look(state, node) if node < nodes else FARTHEST
        beyond = min(beyond, int(later[node]))


@kernel
def _spread(state: Standing, node: int) -> None:
    """Go on from a class to its column, or from a column to its classes.

    A slot that a class lets go can serve another class of the column, if that class has room.
    """
    nodes, classes, base = state.head[NODES], state.head[CLASSES], int(state.distance[node])
    if node < nodes:
        above = column_node(state, node)
        far = base + int(state.price[node]) - int(state.price[above])
        if far < state.search[BOUND]:
            label_between(state, above, far, node)
        return
    first = (node - nodes) * classes
    for below in range(first, first + classes):
        if state.held[below] < state.limit[below]:
            label_between(state, below, base, node)


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
    _search(state, node)
    pass_on(state, False)
    _walk_back(state, int(state.search[END_NODE]), int(state.search[END_ROW]))
