"""What searches leave behind: from a node, a pair that is exactly best and leads on to an end.

After a search all nodes that it settled lie on a tree of pairs that cost nothing, and the chain of
moves, walked the other way, joins that tree to an end: a row let in can be let go again, a slot
freed can be taken again. So each such node gets a *trail*: a row and the place of a pair in its
block. A later search that comes to a node with a trail follows it, one step for each node, instead
of looking at everything around. Nothing is taken on trust: each step is checked (the row still
holds the node, the pair is still there and still best), and a trail that broke is forgotten.

*Ahead* a row of the node moves on, to make room; *back* a row elsewhere moves to the node, to fill
it. For states of one class of rows.

Parameters
----------
start
    int, a settled node.
"""

from solver.standing.jit import kernel
from solver.standing.plain import LOW
from solver.standing.state import (
    BOUND,
    END_NODE,
    END_ROW,
    NOBODY,
    SETTLED,
    SETTLED_COUNT,
    WAITS,
    Standing,
)

#: Steps after which a trail is taken to go in a circle.
STEPS_MAX = 128


@kernel
def place_in_row(state: Standing, row: int, node: int) -> int:
    """Return where in the pool ``row`` has its pair with ``node``, or NOBODY."""
    begin = state.row_at[row]
    for at in range(begin, begin + state.row_size[row]):
        if (~state.entry[at] & LOW) == node:
            return int(at)
    return NOBODY


@kernel
def _is_best(state: Standing, row: int, at: int) -> bool:
    """Return whether ``row`` has a pair at ``at`` in the pool that none of its others exceeds."""
    begin = state.row_at[row]
    if at < begin or at >= begin + state.row_size[row]:
        return False
    pair = state.entry[at]
    return bool(state.profit[row] == int(pair >> 32) - state.price[~pair & LOW])


@kernel
def _gives_way(state: Standing, node: int) -> int:
    """Return a row of ``node`` that loses nothing by waiting, or NOBODY."""
    row = state.first_row[node]
    while row != NOBODY and state.profit[row] != state.waiting[row]:
        row = state.next_row[row]
    return int(row)


@kernel
def follow_ahead(state: Standing, start: int) -> bool:
    """Follow the trail from a settled node to a node with room or a row that may go.

    If there is such an end it becomes the search's, and nodes on the trail are settled at the same
    distance. Returns whether there is.
    """
    node, row, steps = start, NOBODY, 0
    while True:
        mover = state.ahead_row[node]
        if mover == NOBODY or steps == STEPS_MAX or state.node_of[mover] != node:
            break
        at = state.ahead_at[node]
        if not _is_best(state, mover, at):
            break
        node = int(~state.entry[at] & LOW)
        steps += 1
        roomy = state.vacant[node] > 0 or state.held[node] < state.limit[node]
        if not roomy:
            row = _gives_way(state, node)
        if roomy or row != NOBODY:
            _settle_ahead(state, start, steps)
            search = state.search
            search[BOUND], search[END_NODE], search[END_ROW] = state.distance[start], node, NOBODY
            if not roomy:
                search[END_NODE], search[END_ROW] = NOBODY, row
            return True
    node = start
    for _ in range(steps + 1):
        mover = state.ahead_row[node]
        state.ahead_row[node] = NOBODY
        if mover == NOBODY:
            break
        node = int(~state.entry[state.ahead_at[node]] & LOW)
    return False


@kernel
def _settle_ahead(state: Standing, start: int, steps: int) -> None:
    """Label the nodes of a trail ahead that were not settled, and settle them."""
    node, base = start, state.distance[start]
    for _ in range(steps):
        mover, at = state.ahead_row[node], state.ahead_at[node]
        node = int(~state.entry[at] & LOW)
        if state.place[node] != SETTLED:
            state.place[node], state.distance[node] = SETTLED, base
            state.from_row[node], state.from_at[node], state.from_node[node] = mover, at, NOBODY
            state.settled[state.search[SETTLED_COUNT]] = node
            state.search[SETTLED_COUNT] += 1


@kernel
def follow_back(state: Standing, start: int) -> bool:
    """Follow the trail from a settled node to a row that waits or a node without a price.

    If there is such an end it becomes the search's, and nodes on the trail are settled at the same
    distance. Returns whether there is.
    """
    node, steps = start, 0
    while True:
        mover = state.back_row[node]
        if mover == NOBODY or steps == STEPS_MAX:
            break
        at, left = state.back_at[node], int(state.node_of[mover])
        if left < WAITS or not _is_best(state, mover, at) or (~state.entry[at] & LOW) != node:
            break
        if left != WAITS:
            steps += 1
            node = left
        if left == WAITS or state.price[node] == 0:
            _settle_back(state, start, steps)
            search = state.search
            search[BOUND], search[END_NODE], search[END_ROW] = state.distance[start], node, NOBODY
            if left == WAITS:
                search[END_ROW] = mover
            return True
    node = start
    for _ in range(steps + 1):
        mover = state.back_row[node]
        state.back_row[node] = NOBODY
        if mover == NOBODY or state.node_of[mover] < 0:
            break
        node = int(state.node_of[mover])
    return False


@kernel
def _settle_back(state: Standing, start: int, steps: int) -> None:
    """Label the nodes of a trail back that were not settled, and settle them."""
    node, base = start, state.distance[start]
    for _ in range(steps):
        mover, at, before = state.back_row[node], state.back_at[node], node
        node = int(state.node_of[mover])
        if state.place[node] != SETTLED:
            state.place[node], state.distance[node] = SETTLED, base
            state.from_row[node], state.from_at[node], state.from_node[node] = mover, at, before
            state.settled[state.search[SETTLED_COUNT]] = node
            state.search[SETTLED_COUNT] += 1
