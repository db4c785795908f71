"""Who may take a row: an intersection of bitmaps, 64 agents a word.

Parameters
----------
p
    ``Pass``: what one call works on.
at
    int, which row of the chunk.
row
    int, which row of the asks.
block
    int, which 64 agents.
vector
    bool, whether to use ``vectors.py`` or ``plain.py``; the picks are the same.
"""

import numpy as np
from numpy.typing import NDArray

from solver.kernels.eligible import keep_common, lowest_bit, set_bit
from solver.scoring.arrays import ANY_MAX, NEEDS_MAX, Agents, Asks
from solver.scoring.jit import inlined, inner
from solver.scoring.plain import count_word
from solver.scoring.vectors import lowest_in, ones_in

NONE = np.uint64(0)
ONE = np.uint64(1)


@inlined
def count_of(word: np.uint64, vector: bool) -> int:
    """
    Return how many bits of a word are set.

    Parameters
    ----------
    word
        uint64.
    """
    return int(ones_in(word)) if vector else count_word(word)


@inlined
def lowest_of(word: np.uint64, vector: bool) -> int:
    """
    Return the position of the lowest set bit of a word.

    Parameters
    ----------
    word
        uint64, not 0.
    """
    return int(lowest_in(word)) if vector else lowest_bit(word)


@inner
def fill_words(
    agents: Agents, asks: Asks, row: int, words: NDArray[np.uint64], union: NDArray[np.uint64]
) -> None:
    """
    Set ``words`` to the agents that are feasible for a row.

    Parameters
    ----------
    agents, asks
        ``Agents`` and ``Asks``. Read only.
    row
        int, which row of ``asks``.
    words
        uint64 (blocks,), one bit for each agent. Overwritten.
    union
        uint64 (blocks,). Scratch.
    """
    for w in range(words.size):
        words[w] = agents.sets[0, w]
    for k in range(NEEDS_MAX):
        if asks.need[row, k] < 0:
            break
        keep_common(words, agents.sets[asks.need[row, k]])
    if asks.within[row] >= 0:
        keep_common(words, agents.sets[asks.within[row]])
    if asks.any_of[row, 0] >= 0:
        for w in range(words.size):
            union[w] = agents.sets[asks.any_of[row, 0], w]
        for k in range(1, ANY_MAX):
            chosen = asks.any_of[row, k]
            if chosen < 0:
                break
            for w in range(words.size):
                union[w] |= agents.sets[chosen, w]
        keep_common(words, union)
    for k in range(asks.barred.shape[1]):
        if asks.barred[row, k] < 0:
            break
        set_bit(words, asks.barred[row, k], False)
