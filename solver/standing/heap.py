"""A binary heap of nodes by (distance, index): one number each, distance above index."""

import numpy as np

from solver.standing.jit import kernel
from solver.standing.plain import LOW
from solver.standing.state import SETTLED, UNSEEN, Int32s, Int64s


@kernel
def reach(heap: Int64s, place: Int32s, size: int, node: int, distance: int) -> int:
    """Enter ``node`` at ``distance``, or move it up to there; return the new size of the heap.

    Parameters
    ----------
    heap
        int64 (nodes,), ``distance << 32 | node``. Changed in place.
    place
        int32 (nodes,), where in the heap, ``UNSEEN`` if not. Changed in place.
    size
        int, nodes in the heap.
    node
        int, not settled; if in the heap, farther than ``distance``.
    distance
        int, points, 0 or more.
    """
    at = place[node]
    if at == UNSEEN:
        at = size
        size += 1
    key = (np.int64(distance) << 32) | node
    while at > 0:
        above = (at - 1) >> 1
        other = heap[above]
        if other < key:
            break
        heap[at] = other
        place[other & LOW] = at
        at = above
    heap[at] = key
    place[node] = at
    return size


@kernel
def pop(heap: Int64s, place: Int32s, size: int) -> int:
    """Take the nearest node out and mark it settled; return it.

    Parameters
    ----------
    heap
        int64 (nodes,), ``distance << 32 | node``. Changed in place.
    place
        int32 (nodes,), where in the heap. Changed in place.
    size
        int, nodes in the heap, 1 or more; one less afterwards.
    """
    nearest = heap[0] & LOW
    place[nearest] = SETTLED
    size -= 1
    if size > 0:
        key = heap[size]
        at = 0
        below = 1
        while below < size:
            least = heap[below]
            if below + 1 < size and heap[below + 1] < least:
                below += 1
                least = heap[below]
            if key < least:
                break
            heap[at] = least
            place[least & LOW] = at
            at = below
            below = 2 * at + 1
        heap[at] = key
        place[key & LOW] = at
    return int(nearest)
