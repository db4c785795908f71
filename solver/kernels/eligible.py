"""
Who may take what: feasibility as bitmaps, one bit per agent.

A set of agents is a row of ``uint64`` words; agent ``a`` is bit ``a & 63`` of word ``a >> 6``. Requiring
something is an AND of 64 agents at a time, being in any of several groups is an OR. The slow twins are in
``tests/naive.py``.
"""

import numpy as np
from numba import njit
from numpy.typing import NDArray

ONE = np.uint64(1)


@njit(cache=True, nogil=True)
def set_bit(row: NDArray[np.uint64], agent: int, on: bool) -> None:
    """
    Put ``agent`` into a set or take it out.

    Parameters
    ----------
    row
        uint64 (words,), one bit per agent. Changed in place.
    agent
        int, index of the agent, 0 <= agent < 64 * words.
    on
        bool, whether the agent belongs to the set afterwards.
    """
    bit = ONE << np.uint64(agent & 63)
    if on:
        row[agent >> 6] |= bit
    else:
        row[agent >> 6] &= ~bit


@njit(cache=True, nogil=True)
def has_bit(row: NDArray[np.uint64], agent: int) -> bool:
    """
    Return whether ``agent`` is in the set.

    Parameters
    ----------
    row
        uint64 (words,), one bit per agent. Read only.
    agent
        int, index of the agent, 0 <= agent < 64 * words.
    """
    return bool((row[agent >> 6] >> np.uint64(agent & 63)) & ONE != np.uint64(0))


@njit(cache=True, nogil=True)
def fill_bits(row: NDArray[np.uint64], agents: int) -> None:
    """
    Make ``row`` the set of the first ``agents`` agents.

    Parameters
    ----------
    row
        uint64 (words,), one bit per agent. Overwritten.
    agents
        int, how many agents there are, 0 <= agents <= 64 * words.
    """
    full = agents >> 6
    for w in range(row.shape[0]):
        if w < full:
            row[w] = ~np.uint64(0)
        elif w == full and agents & 63:
            row[w] = (ONE << np.uint64(agents & 63)) - ONE
        else:
            row[w] = np.uint64(0)


@njit(cache=True, nogil=True)
def keep_common(row: NDArray[np.uint64], other: NDArray[np.uint64]) -> None:
    """
    Keep only the agents that are in ``other`` too.

    Parameters
    ----------
    row
        uint64 (words,), one bit per agent. Changed in place.
    other
        uint64 (words,), one bit per agent. Read only.
    """
    for w in range(row.shape[0]):
        row[w] &= other[w]


@njit(cache=True, nogil=True)
def keep_any(
    row: NDArray[np.uint64], bits: NDArray[np.uint64], members: NDArray[np.int32], count: int
) -> None:
    """
    Keep only the agents that are in at least one of the named sets.

    Parameters
    ----------
    row
        uint64 (words,), one bit per agent. Changed in place.
    bits
        uint64 (sets, words), the sets to choose from. Read only.
    members
        int32 (>= count,), which rows of ``bits`` count. Read only.
    count
        int, how many of ``members`` count; with 0 nobody is kept.
    """
    for w in range(row.shape[0]):
        union = np.uint64(0)
        for k in range(count):
            union |= bits[members[k], w]
        row[w] &= union


@njit(cache=True, nogil=True)
def lowest_bit(word: np.uint64) -> int:
    """
    Return the position of the lowest set bit of a non-zero word.

    Parameters
    ----------
    word
        uint64, non-zero.

    References
    ----------
    .. [1] Leiserson, Prokop, Randall (1998). Using de Bruijn sequences to index a 1 in a computer word.
    """
    position = 0
    if word & np.uint64(0xFFFFFFFF) == np.uint64(0):
        position += 32
        word >>= np.uint64(32)
    if word & np.uint64(0xFFFF) == np.uint64(0):
        position += 16
        word >>= np.uint64(16)
    if word & np.uint64(0xFF) == np.uint64(0):
        position += 8
        word >>= np.uint64(8)
    if word & np.uint64(0xF) == np.uint64(0):
        position += 4
        word >>= np.uint64(4)
    if word & np.uint64(0x3) == np.uint64(0):
        position += 2
        word >>= np.uint64(2)
    if word & ONE == np.uint64(0):
        position += 1
    return position


@njit(cache=True, nogil=True)
def count_bits(row: NDArray[np.uint64]) -> int:
    """
    Return how many agents are in the set.

    Parameters
    ----------
    row
        uint64 (words,), one bit per agent. Read only.

    References
    ----------
    .. [1] Warren (2012). Hacker's Delight, 2nd ed., section 5-1.
    """
    total = 0
    for w in range(row.shape[0]):
        x = row[w]
        x = x - ((x >> ONE) & np.uint64(0x5555555555555555))
        x = (x & np.uint64(0x3333333333333333)) + (
            (x >> np.uint64(2)) & np.uint64(0x3333333333333333)
        )
        x = (x + (x >> np.uint64(4))) & np.uint64(0x0F0F0F0F0F0F0F0F)
        x += x >> np.uint64(8)
        x += x >> np.uint64(16)
        x += x >> np.uint64(32)
        total += int(x & np.uint64(0x7F))
    return total
