"""A row asks for a place, or a column loses a slot: the cheapest chain of moves, forwards."""

import numpy as np

from solver.standing.heap import pop, reach
from solver.standing.hold import column_node, count_in, is_open, release, take
from solver.standing.jit import kernel
from solver.standing.prices import pass_on
from solver.standing.state import (
    BOUNDLESS,
    CLASSES,
    MARGIN_MAX,
    NOBODY,
    NODE_SCANS,
    NODES,
    ROW_SCANS,
    SEARCHES,
    SETTLED,
    UNSEEN,
    WAITS,
    Standing,
)
from solver.standing.trails import follow_ahead, place_in_row
from solver.standing.vectors import FARTHEST, LOW, WORD, best_two, fetch, lowest_bit, near_in_row

#: Points that a search looks ahead at first, and how many times further when that was too near.
FIRST_HORIZON, WIDER = 1, 4


@kernel
def best_gain(state: Standing, row: int) -> tuple[int, int, int]:
    """Return what ``row`` gains at best at the present prices, an open node that gives it, and more.

    The last is what it gains elsewhere. The gain is at least what waiting is worth. The node is the lowest of the best ones; NOBODY if
    waiting is as good or that node is not open.
    """
    waiting = int(state.waiting[row])
    best, other = best_two(state.entry, state.price, state.row_at[row], state.row_size[row], waiting)
    state.head[ROW_SCANS] += 1
    gain = int(best >> 32)
    node = int(~best & LOW)
    if gain <= waiting or not is_open(state, node):
        node = NOBODY
    return gain, node, int(other)


@kernel
def _search(state: Standing, source: int, size: int) -> tuple[int, int, int, int, int]:
    """Find the cheapest chain of moves from a row, or from nodes in the heap (Dijkstra).

    The chain ends in an open node or in a row that is let go. Only pairs within a horizon are
    followed, and it widens when nothing is left in it: most chains are short, most pairs far.
    Returns its cost in points, the end node (or NOBODY), the end row, and how many nodes are
    settled and left in the heap.
    """
    entry, price, profit, waiting = state.entry, state.price, state.profit, state.waiting
    row_at, row_size, next_row = state.row_at, state.row_size, state.next_row
    distance, from_row, from_node = state.distance, state.from_row, state.from_node
    from_at, place, heap, first_row, settled = state.from_at, state.place, state.heap, state.first_row, state.settled
    margin, vacant, held, limit = state.margin, state.vacant, state.held, state.limit
    nodes, classes = state.head[NODES], state.head[CLASSES]
    bound, end_node, end_row = BOUNDLESS, NOBODY, NOBODY
    settled_count, row_scans, base, row, node = 0, 0, 0, source, NOBODY
    horizon, beyond, turn = FIRST_HORIZON, BOUNDLESS, 0
    while True:
        while row != NOBODY:
            after = next_row[row] if row != source else NOBODY
            if after != NOBODY and base + margin[after] < min(bound, horizon):
                fetch(entry, row_at[after], row_size[after])
            lost = base + int(profit[row])
            if lost - waiting[row] < bound:
                bound, end_row, end_node = lost - int(waiting[row]), row, NOBODY
            if row != source and base + margin[row] >= min(bound, horizon):
                beyond = min(beyond, base + int(margin[row]))
                row = after
                continue
            row_scans += 1
            nearest = FARTHEST
            for part in range(0, row_size[row], WORD):
                begin, count = row_at[row] + part, min(row_size[row] - part, WORD)
                bits, further, least = near_in_row(
                    entry, price, begin, count, lost, min(bound, horizon), node
                )
                beyond, nearest = min(beyond, further), min(nearest, least)
                while bits != 0:
                    at = begin + lowest_bit(bits)
                    pair = entry[at]
                    bits &= bits - 1
                    spot = np.uint32(~pair & LOW)
                    seen = place[spot]
                    if seen == SETTLED:
                        continue
                    far = lost - int(pair >> 32) + int(price[spot])
                    if far >= bound or (seen != UNSEEN and far >= distance[spot]):
                        continue
                    if vacant[spot] > 0 or held[spot] < limit[spot]:
                        if classes == 1 or is_open(state, int(spot)):
                            bound, end_node, from_row[spot] = far, int(spot), row
                            from_at[spot] = at
                            continue
                    if seen == UNSEEN:
                        first = first_row[spot]
                        if first != NOBODY and far + margin[first] < min(bound, horizon):
                            fetch(entry, row_at[first], row_size[first])
                    distance[spot], from_row[spot], from_node[spot] = far, row, NOBODY
                    from_at[spot] = at
                    if seen == UNSEEN and far == base:
                        # No node is nearer than this one, so there is no need for the heap.
                        place[spot] = SETTLED
                        settled[settled_count] = spot
                        settled_count += 1
                    else:
                        size = reach(heap, place, size, int(spot), far)
            if row != source:
                margin[row] = min(nearest - base, MARGIN_MAX)
            row = after
        # The rows of the next node, nearest first.
        if bound <= base:
            break
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
                # Look at all rows again, further than before.
                horizon, beyond, turn = max(beyond + 1, WIDER * horizon), BOUNDLESS, 0
                row, base, node = source, 0, NOBODY
                continue
        node = int(settled[turn])
        turn += 1
        base = int(distance[node])
        if classes > 1:
            if node < nodes and is_open(state, node):
                # Reached from its column; no other end is cheaper, so the search is over.
                bound, end_node, end_row = base, node, NOBODY
                break
            size = _spread(state, node, size, bound)
        else:
            end, leaver, settled_count = follow_ahead(state, node, settled_count)
            if end != NOBODY or leaver != NOBODY:
                bound, end_node, end_row = base, end, leaver
                break
        if node < nodes:
            row = first_row[node]
    state.head[ROW_SCANS] += row_scans
    state.head[SEARCHES] += 1
    return bound, end_node, end_row, settled_count, size


@kernel
def _spread(state: Standing, node: int, size: int, bound: int) -> int:
    """Go on from a settled node to the one above or to those below; return the heap's size.

    A class with room needs a slot of its column; a column's slot can be had from any class.
    """
    nodes, classes = state.head[NODES], state.head[CLASSES]
    base = int(state.distance[node])
    if node < nodes:
        if state.held[node] < state.limit[node]:
            above = column_node(state, node)
            if _nearer(state, above, base):
                state.distance[above], state.from_node[above] = base, node
                size = reach(state.heap, state.place, size, above, base)
        return size
    state.head[NODE_SCANS] += 1
    first = (node - nodes) * classes
    for below in range(first, first + classes):
        far = base + int(state.price[below]) - int(state.price[node])
        if far < bound and _nearer(state, below, far):
            state.distance[below] = far
            state.from_row[below], state.from_node[below] = NOBODY, node
            size = reach(state.heap, state.place, size, below, far)
    return size


@kernel
def _nearer(state: Standing, node: int, far: int) -> bool:
    seen = state.place[node]
    return bool(seen == UNSEEN or (seen != SETTLED and far < state.distance[node]))


@kernel
def _walk_back(state: Standing, node: int, source: int) -> None:
    """Move the rows of the chain that makes room at ``node``, last one first (in place).

    Ends at row ``source``, which takes its place, or (NOBODY) at the column that loses a slot.
    """
    nodes = state.head[NODES]
    while node != NOBODY:
        row = state.from_row[node] if node < nodes else NOBODY
        if row == NOBODY:
            # Between a column and one of its classes: the slot changes its class.
            before = state.from_node[node]
            if node < nodes:
                state.held[node] -= 1
            elif before != NOBODY:
                state.held[before] += 1
            node = before
            continue
        left = NOBODY
        if row != source:
            left = release(state, row)
            # It may come back as well as it went.
            state.back_row[left], state.back_at[left] = row, place_in_row(state, row, left)
        take(state, row, node)
        node = left


@kernel
def _let_go(state: Standing, row: int) -> int:
    """Let ``row`` wait; return the node that it held."""
    node = release(state, row)
    state.node_of[row] = WAITS
    state.back_row[node], state.back_at[node] = row, place_in_row(state, row, node)
    return int(node)


@kernel
def enter_row(state: Standing, row: int) -> None:
    """Find the best place for ``row``, which holds nothing; others move if that is better for all.

    A shortest augmenting path under reduced costs. Ties go to waiting, then to the node met first:
    higher value, then lower index.

    References
    ----------
    .. [1] Jonker, R., Volgenant, A. (1987). A shortest augmenting path algorithm for dense and
       sparse linear assignment problems. doi:10.1007/BF02278710
    .. [2] Mills-Tettey, G. A., Stentz, A., Dias, M. B. (2007). The dynamic Hungarian algorithm for
       the assignment problem with changing costs. CMU-RI-TR-07-27.
    """
    gain, node, other = best_gain(state, row)
    state.profit[row] = gain
    if node != NOBODY:
        count_in(state, node)
        take(state, row, node)
        state.margin[row] = min(gain - other, MARGIN_MAX)
        return
    state.node_of[row] = WAITS
    if gain == state.waiting[row]:
        return
    bound, node, end_row, settled_count, size = _search(state, row, 0)
    pass_on(state, bound, settled_count, size, True)
    state.profit[row] -= bound
    if node != NOBODY:
        count_in(state, node)
    elif end_row != row:
        node = _let_go(state, end_row)
    _walk_back(state, node, row)


@kernel
def shrink(state: Standing, node: int) -> None:
    """Take one slot from the column node ``node``, all of whose slots are held: one row goes.

    The row that leaves is the one whose leaving, with all moves that follow, costs least.
    """
    state.distance[node] = 0
    state.from_row[node], state.from_node[node] = NOBODY, NOBODY
    size = reach(state.heap, state.place, 0, node, 0)
    bound, end, end_row, settled_count, size = _search(state, NOBODY, size)
    pass_on(state, bound, settled_count, size, True)
    if end != NOBODY:
        count_in(state, end)
    else:
        end = _let_go(state, end_row)
    _walk_back(state, end, NOBODY)
    if node >= state.head[NODES]:
        state.held[node] -= 1
    state.limit[node] -= 1
