"""
What is to happen when: a binary heap ordered by time, then by the order in which it was asked for.

A heap's row is two numbers, the time and the sequence number with the entry's row behind it; what it is about lies
beside, in a pool. Nothing is ever taken out of the middle: an entry whose mark is not its ticket's any more finds
nothing to do.
"""

from router.core.jit import rule
from simulator.kernel.state import Sim

ENTRY_BITS = 22
ENTRY_MASK = (1 << ENTRY_BITS) - 1


@rule
def push(k: Sim, at_us: int, kind: int, row: int, mark: int) -> None:
    """
    Let something happen at an instant.

    Parameters
    ----------
    row, mark : int
        Whom it is about, and the mark that must still be its own then.
    """
    z = k.scalars[0]
    entry = z.entry_free
    if entry >= 0:
        z.entry_free = k.entries[entry].free
    else:
        entry = z.entry_top
        z.entry_top += 1
    about = k.entries[entry]
    about.kind, about.row, about.mark = kind, row, mark
    z.sequence += 1
    order = (z.sequence << ENTRY_BITS) | entry
    at, orders = k.heap_at, k.heap_order
    i = z.heap
    z.heap += 1
    while i > 0:
        up = (i - 1) >> 1
        if at[up] < at_us or (at[up] == at_us and orders[up] < order):
            break
        at[i], orders[i] = at[up], orders[up]
        i = up
    at[i], orders[i] = at_us, order


@rule
def pop(k: Sim) -> int:
    """Take the first off the heap and return its entry's row, which stays readable until the next push."""
    z = k.scalars[0]
    at, orders = k.heap_at, k.heap_order
    entry = int(orders[0] & ENTRY_MASK)
    z.heap -= 1
    n = z.heap
    last_us, last = at[n], orders[n]
    i = 0
    while True:
        below = 2 * i + 1
        if below >= n:
            break
        right = below + 1
        if right < n and (
            at[right] < at[below] or (at[right] == at[below] and orders[right] < orders[below])
        ):
            below = right
        if last_us < at[below] or (last_us == at[below] and last < orders[below]):
            break
        at[i], orders[i] = at[below], orders[below]
        i = below
    at[i], orders[i] = last_us, last
    k.entries[entry].free = z.entry_free
    z.entry_free = entry
    return entry
