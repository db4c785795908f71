"""The inner loops of scoring without vector code: the slow, obvious form of ``vectors.py``.

What runs on processors without AVX2 and with the JIT switched off, and what the vector code is
tested against. All of it is whole numbers, so both give the same.

Parameters
----------
features
    int16 (blocks, FEATURES / 2, 64, 2), as in ``Agents``. Read only.
weights
    int16 (rows, FEATURES), points for a whole feature. Read only.
scores
    int32 (GROUP, 64), points of a block of agents for each row of a group. Changed in place.
at
    int, which row of ``scores``.
"""

import numpy as np
from numpy.typing import NDArray

from solver.kernels.eligible import lowest_bit
from solver.scoring.arrays import BLOCK, FEATURE_BITS, FEATURES
from solver.scoring.jit import inner

HALF = 1 << (FEATURE_BITS - 1)


@inner
def dot_rows(
    features: NDArray[np.int16],
    block: int,
    weights: NDArray[np.int16],
    first: int,
    scores: NDArray[np.int32],
    rows: int,
) -> None:
    """
    Set the first rows of ``scores`` to weights times features, rounded to the nearest point.

    Parameters
    ----------
    block
        int, which 64 agents.
    first, rows
        int, the first row of ``weights`` and how many.
    """
    for row in range(rows):
        for a in range(BLOCK):
            scores[row, a] = HALF
        for pair in range(FEATURES // 2):
            left = np.int32(weights[first + row, 2 * pair])
            right = np.int32(weights[first + row, 2 * pair + 1])
            for a in range(BLOCK):
                scores[row, a] += np.int32(
                    left * np.int32(features[block, pair, a, 0])
                    + right * np.int32(features[block, pair, a, 1])
                )
        for a in range(BLOCK):
            scores[row, a] >>= FEATURE_BITS


@inner
def dot_pair(
    feature_row: NDArray[np.int16], agent: int, weights: NDArray[np.int16], row: int
) -> int:
    """
    Return one row's weights times one agent's features, rounded to the nearest point.

    Parameters
    ----------
    feature_row
        int16 (agents, FEATURES), as in ``Agents``. Read only.
    agent, row
        int, which agent and which row of ``weights``.
    """
    total = HALF
    for k in range(FEATURES):
        total += int(np.int32(feature_row[agent, k]) * np.int32(weights[row, k]))
    return int(total >> FEATURE_BITS)


@inner
def look_up(
    scores: NDArray[np.int32],
    at: int,
    levels: NDArray[np.uint8],
    first: int,
    table: NDArray[np.int32],
) -> None:
    """
    Add the points of an ability's level to a block of scores.

    Parameters
    ----------
    levels
        uint8 (agents,), level of each agent. Read only.
    first
        int, the first agent of the block.
    table
        int32 (LEVELS,), points for each level. Read only.
    """
    for a in range(BLOCK):
        scores[at, a] += table[levels[first + a]]


@inner
def exceed(
    scores: NDArray[np.int32], at: int, net: NDArray[np.int32], first: int, limit: int
) -> np.uint64:
    """
    Add the agents' own points to a block of scores; return whose exceed ``limit``, as bits.

    Parameters
    ----------
    net
        int32 (agents,), points of each agent. Read only.
    first
        int, the first agent of the block.
    limit
        int, points to exceed.
    """
    found = np.uint64(0)
    for a in range(BLOCK):
        scores[at, a] += net[first + a]
        if scores[at, a] > limit:
            found |= np.uint64(1) << np.uint64(a)
    return found


@inner
def pour(
    scores: NDArray[np.int32],
    at: int,
    mask: np.uint64,
    agent: int,
    value: NDArray[np.int32],
    number: NDArray[np.int32],
) -> int:
    """
    Append the scores and agents of the bits in ``mask`` to a pool; return how many.

    Parameters
    ----------
    mask
        uint64, which of the 64 agents.
    agent
        int, the first of them.
    value, number
        int32 (any,), where values and agents go. Overwritten from the front.
    """
    count = 0
    while mask != np.uint64(0):
        a = lowest_bit(mask)
        mask &= mask - np.uint64(1)
        value[count] = scores[at, a]
        number[count] = agent + a
        count += 1
    return count


@inner
def count_word(word: np.uint64) -> int:
    """
    Return how many bits of a word are set.

    Parameters
    ----------
    word
        uint64.
    """
    count = 0
    while word != np.uint64(0):
        word &= word - np.uint64(1)
        count += 1
    return count
