"""Blocks of pairs: each row's and each node's pairs lie together, in one pool of all blocks.

Rooms are multiples of ``LANES``, and a block is void from its last pair up to the next multiple, so
that vector code may read it to there.
"""

import numpy as np

from solver.standing.jit import kernel
from solver.standing.plain import LANES, LOW, NODE_VOID, ROW_VOID
from solver.standing.state import (
    BOTH_WAYS,
    LINKED,
    NOBODY,
    ONE_WAY,
    POOL_USED,
    ROWS,
    UNLINKED,
    Int64s,
    Standing,
)


@kernel
def room_for(size: int) -> int:
    """Return the index of the smallest room that holds so many pairs.

    Parameters
    ----------
    size
        int, pairs.
    """
    room = 0
    while room_size(room) < size:
        room += 1
    return room


@kernel
def room_size(room: int) -> int:
    """Return how many pairs a block of a room holds: 16, 32, 48, 64, 96, 128, 192 ...

    Parameters
    ----------
    room
        int, index of a room.
    """
    if room == 0:
        return LANES
    return (2 * LANES + LANES * ((room - 1) & 1)) << ((room - 1) >> 1)


@kernel
def padded(size: int) -> int:
    """Return up to where a block of so many pairs is read.

    Parameters
    ----------
    size
        int, pairs.
    """
    return (size + LANES - 1) & -LANES


@kernel
def grant(state: Standing, room: int) -> int:
    """Return where a block of a room begins: one given back, else fresh pool.

    Parameters
    ----------
    room
        int, index of a room.
    """
    at = state.free[room]
    if at != NOBODY:
        state.free[room] = state.entry[at]
        return int(at)
    fresh = state.head[POOL_USED]
    state.head[POOL_USED] = fresh + room_size(room)
    return int(fresh)


@kernel
def give_back(state: Standing, at: int, room: int) -> None:
    """Keep a block for the next that asks for its room.

    Parameters
    ----------
    at
        int, where the block begins.
    room
        int, index of its room.
    """
    state.entry[at] = state.free[room]
    state.free[room] = at


@kernel
def fits(state: Standing, nodes: Int64s, size: int) -> bool:
    """Return whether a row of the first ``size`` of ``nodes`` has room in the pool.

    Parameters
    ----------
    nodes
        int64 (candidates,), low halves name nodes by their complement. Read only.
    size
        int, pairs of the row.
    """
    if size > state.scratch.size:
        return False
    wanted = room_size(room_for(size))
    if state.head[LINKED] == BOTH_WAYS:
        node_size, node_room = state.node_size, state.node_room
        for at in range(size):
            node = ~nodes[at] & LOW
            room = node_room[node]
            if room == NOBODY:
                wanted += room_size(0)
            elif node_size[node] == room_size(room):
                wanted += room_size(room + 1)
    return bool(state.head[POOL_USED] + wanted <= state.entry.size)


@kernel
def _enlarge(state: Standing, node: int) -> None:
    """Move a node's block to one of the next room (in place)."""
    old_room, old_at = state.node_room[node], state.node_at[node]
    room = old_room + 1  # NOBODY + 1 is the smallest
    entry, twin = state.entry, state.twin
    at = grant(state, room)
    for step in range(state.node_size[node]):
        entry[at + step] = entry[old_at + step]
        twin[at + step] = twin[old_at + step]
        twin[twin[at + step]] = at + step
    if old_room != NOBODY:
        give_back(state, old_at, old_room)
    state.node_at[node], state.node_room[node] = at, room


@kernel
def link_row(state: Standing, row: int) -> None:
    """Enter the pairs of ``row`` in the blocks of its nodes."""
    entry, twin = state.entry, state.twin
    node_at, node_size, node_room = state.node_at, state.node_size, state.node_room
    begin = state.row_at[row]
    for at in range(begin, begin + state.row_size[row]):
        node = ~entry[at] & LOW
        size = node_size[node]
        if node_room[node] == NOBODY or size == room_size(node_room[node]):
            _enlarge(state, node)
        there = node_at[node] + size
        node_size[node] = size + 1
        if size % LANES == 0:
            for void in range(there + 1, there + LANES):
                entry[void] = NODE_VOID
        entry[there] = (entry[at] & ~LOW) | row
        twin[there], twin[at] = at, there


@kernel
def unlink_row(state: Standing, row: int) -> None:
    """Take the pairs of ``row`` out of the blocks of its nodes, and give its block back."""
    entry, twin = state.entry, state.twin
    node_at, node_size = state.node_at, state.node_size
    begin = state.row_at[row]
    if state.row_room[row] == NOBODY:
        return
    if state.head[LINKED] == BOTH_WAYS:
        for at in range(begin, begin + state.row_size[row]):
            node = ~entry[at] & LOW
            there = twin[at]
            node_size[node] -= 1
            last = node_at[node] + node_size[node]
            # The last pair of the node fills the gap.
            entry[there], twin[there] = entry[last], twin[last]
            twin[twin[there]] = there
            entry[last] = NODE_VOID
    give_back(state, begin, state.row_room[row])
    state.row_room[row], state.row_size[row] = NOBODY, 0


@kernel
def store_row(state: Standing, row: int, packed: Int64s, size: int) -> None:
    """Give ``row`` a block with its pairs.

    Parameters
    ----------
    packed
        int64 (candidates,), ``value << 32 | ~node`` of each pair. Read only.
    size
        int, how many of these are pairs of the row.
    """
    room = room_for(size)
    at = grant(state, room)
    state.row_at[row], state.row_size[row], state.row_room[row] = at, size, room
    for step in range(size):
        state.entry[at + step] = packed[step]
    for step in range(size, padded(size)):
        state.entry[at + step] = ROW_VOID


@kernel
def link_nodes(state: Standing) -> bool:
    """Lay out the blocks of all nodes at once, without twins; return if the pool has room."""
    entry, node_at, node_size = state.entry, state.node_at, state.node_size
    if state.head[LINKED] != UNLINKED:
        return True
    node_size[:] = 0
    for row in range(state.head[ROWS]):
        begin = state.row_at[row]
        for at in range(np.uint64(begin), np.uint64(begin + state.row_size[row])):
            node_size[np.uint32(~entry[at] & LOW)] += 1
    wanted = np.int64(0)
    for node in range(node_size.size):
        if node_size[node] > 0:
            wanted += room_size(room_for(node_size[node] + 1))
    fresh = state.head[POOL_USED]
    if fresh + wanted > entry.size:
        return False
    for node in range(node_size.size):
        node_at[node], state.node_room[node] = fresh, NOBODY
        if node_size[node] > 0:
            state.node_room[node] = room_for(node_size[node] + 1)
            fresh += room_size(state.node_room[node])
    state.head[POOL_USED] = fresh
    # While filling, ``node_at`` is where the next pair goes.
    for row in range(state.head[ROWS]):
        begin = state.row_at[row]
        for at in range(np.uint64(begin), np.uint64(begin + state.row_size[row])):
            spot = np.uint32(~entry[at] & LOW)
            there = np.uint32(node_at[spot])
            entry[there] = (entry[at] & ~LOW) | row
            node_at[spot] = there + 1
    for node in range(node_size.size):
        for void in range(node_at[node], node_at[node] + padded(node_size[node]) - node_size[node]):
            entry[void] = NODE_VOID
        node_at[node] -= node_size[node]
    state.head[LINKED] = ONE_WAY
    return True


@kernel
def link_all(state: Standing) -> bool:
    """Let pairs know their twins, after a load; return if the pool has room."""
    entry, twin = state.entry, state.twin
    node_at, node_size = state.node_at, state.node_size
    if state.head[LINKED] == BOTH_WAYS:
        return True
    if not link_nodes(state):
        return False
    node_size[:] = 0
    for row in range(state.head[ROWS]):
        begin = state.row_at[row]
        for at in range(begin, begin + state.row_size[row]):
            node = ~entry[at] & LOW
            there = node_at[node] + node_size[node]
            node_size[node] += 1
            entry[there] = (entry[at] & ~LOW) | row
            twin[there], twin[at] = at, there
    state.head[LINKED] = BOTH_WAYS
    return True
