"""A row asks for a place, or a column loses a slot: the cheapest chain of moves, forwards."""

from solver.standing.hold import column_node, count_in, is_open, release, take
from solver.standing.jit import kernel
from solver.standing.labels import label, label_between, nearest_left, pass_on, settle_nearest
from solver.standing.plain import FARTHEST, LOW, WORD
from solver.standing.state import (
    BOUND,
    BOUNDLESS,
    CLASSES,
    END_NODE,
    END_ROW,
    HEAP_SIZE,
    HORIZON,
    MARGIN_MAX,
    NOBODY,
    NODE_SCANS,
    NODES,
    ROW_SCANS,
    SEARCHES,
    SETTLED,
    SETTLED_COUNT,
    UNSEEN,
    WAITS,
    Standing,
)
from solver.standing.trails import follow_ahead, place_in_row
from solver.standing.vectors import best_two, fetch, lowest_bit, near_in_row

#: Points that a search looks ahead at first, and how many times further when that was too near.
FIRST_HORIZON, WIDER = 1, 4


@kernel
def best_gain(state: Standing, row: int) -> tuple[int, int, int]:
    """Return what ``row`` gains at best at the present prices, an open node that gives it.

    The gain is at least what waiting is worth. The node is the lowest of the best ones; NOBODY if
    waiting is as good or that node is not open. Last comes what the row gains elsewhere.
    """
    waiting = int(state.waiting[row])
    best, other = best_two(
        state.entry, state.price, (state.row_at[row], state.row_size[row]), waiting
    )
    state.head[ROW_SCANS] += 1
    gain = int(best >> 32)
    node = int(~best & LOW)
    if gain <= waiting or not is_open(state, node):
        node = NOBODY
    return gain, node, int(other)


@kernel
def _look(state: Standing, row: int, node: int, base: int) -> int:
    """Look where ``row`` could go, ``base`` points into the search; it holds ``node`` or is new.

    Returns the least distance that was beyond the horizon.
    """
    search, margin, distance, place = state.search, state.margin, state.distance, state.place
    lost = base + int(state.profit[row])
    if lost - state.waiting[row] < search[BOUND]:
        search[BOUND] = lost - state.waiting[row]
        search[END_NODE], search[END_ROW] = NOBODY, row
    near = min(search[BOUND], search[HORIZON])
    if node != NOBODY and base + margin[row] >= near:
        return base + int(margin[row])
    state.head[ROW_SCANS] += 1
    entry, price, classes = state.entry, state.price, state.head[CLASSES]
    beyond, least = FARTHEST, FARTHEST
    size = int(state.row_size[row])
    for part in range(0, size, WORD):
        begin, count = state.row_at[row] + part, min(size - part, WORD)
        bits, further, nearest = near_in_row(entry, price, (begin, count), (lost, near), node)
        beyond, least = min(beyond, further), min(least, nearest)
        while bits != 0:
            at = begin + lowest_bit(bits)
            bits &= bits - 1
            spot = int(~entry[at] & LOW)
            seen = place[spot]
            if seen == SETTLED:
                continue
            far = lost - int(entry[at] >> 32) + int(price[spot])
            if far >= search[BOUND] or (seen != UNSEEN and far >= distance[spot]):
                continue
            distance[spot], state.from_row[spot], state.from_at[spot] = far, row, at
            state.from_node[spot] = NOBODY
            if state.vacant[spot] > 0 or state.held[spot] < state.limit[spot]:
                if classes == 1 or is_open(state, spot):
                    search[BOUND], search[END_NODE], search[END_ROW] = far, spot, NOBODY
                    continue
            first = state.first_row[spot]
            if seen == UNSEEN and first != NOBODY and far + margin[first] < near:
                fetch(entry, (state.row_at[first], state.row_size[first]))
            label(state, spot, far, base)
    if node != NOBODY:
        margin[row] = min(least - base, MARGIN_MAX)
    return beyond


@kernel
def _look_from(state: Standing, node: int) -> int:
    """Look where the rows of a settled node could go; return the least distance beyond."""
    base, beyond = int(state.distance[node]), FARTHEST
    row = state.first_row[node]
    while row != NOBODY:
        after = state.next_row[row]
        if after != NOBODY and base + state.margin[after] < state.search[HORIZON]:
            fetch(state.entry, (state.row_at[after], state.row_size[after]))
        beyond = min(beyond, _look(state, int(row), node, base))
        row = after
    return beyond


@kernel
def _search(state: Standing, source: int) -> None:
    """Find the cheapest chain of moves from a row, or from nodes in the heap (Dijkstra).

    The chain ends in an open node or in a row that is let go. Only pairs within a horizon are
    followed, and it widens when nothing is left in it: most chains are short, most pairs far.
    """
    search, settled, later, distance = state.search, state.settled, state.later, state.distance
    nodes, classes = state.head[NODES], state.head[CLASSES]
    search[BOUND], search[END_NODE], search[END_ROW] = BOUNDLESS, NOBODY, NOBODY
    search[SETTLED_COUNT], search[HORIZON] = 0, FIRST_HORIZON
    state.head[SEARCHES] += 1
    start = FARTHEST if source == NOBODY else _look(state, source, NOBODY, 0)
    turn, visited, base, beyond = 0, 0, 0, start
    while search[BOUND] > base:
        if turn == search[SETTLED_COUNT] and not settle_nearest(state):
            beyond = min(beyond, nearest_left(state))
            if beyond >= search[BOUND]:
                break
            # Look from everywhere again, further than before.
            search[HORIZON] = max(beyond + 1, WIDER * search[HORIZON])
            if start < search[HORIZON]:
                start = _look(state, source, NOBODY, 0)
            turn, base, beyond = 0, 0, start
            continue
        node = int(settled[turn])
        base = int(distance[node])
        turn += 1
        if turn > visited:
            visited, later[node] = turn, 0
            if classes > 1:
                if node < nodes and is_open(state, node):
                    # Reached from its column; no other end is cheaper.
                    search[BOUND], search[END_NODE], search[END_ROW] = base, node, NOBODY
                    return
                _spread(state, node)
            elif follow_ahead(state, node):
                return
        if later[node] < search[HORIZON]:
            later[node] = _look_from(state, node) if node < nodes else FARTHEST
        beyond = min(beyond, int(later[node]))


@kernel
def _spread(state: Standing, node: int) -> None:
    """Go on from a settled node to the one above or to those below.

    A class with room needs a slot of its column; a column's slot can be had from any class.
    """
    nodes, classes, base = state.head[NODES], state.head[CLASSES], int(state.distance[node])
    if node < nodes:
        if state.held[node] < state.limit[node]:
            label_between(state, column_node(state, node), base, node)
        return
    state.head[NODE_SCANS] += 1
    first = (node - nodes) * classes
    for below in range(first, first + classes):
        far = base + int(state.price[below]) - int(state.price[node])
        if far < state.search[BOUND]:
            label_between(state, below, far, node)


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
    state.search[HEAP_SIZE] = 0
    _search(state, row)
    pass_on(state, True)
    state.profit[row] -= state.search[BOUND]
    node, end_row = int(state.search[END_NODE]), int(state.search[END_ROW])
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
    state.search[HEAP_SIZE] = 0
    label_between(state, node, 0, NOBODY)
    _search(state, NOBODY)
    pass_on(state, True)
    end = int(state.search[END_NODE])
    if end != NOBODY:
        count_in(state, end)
    else:
        end = _let_go(state, int(state.search[END_ROW]))
    _walk_back(state, end, NOBODY)
    if node >= state.head[NODES]:
        state.held[node] -= 1
    state.limit[node] -= 1
