"""
How well each agent fits a set of requirements: the part of the score that time does not change.

One row per set of requirements, one column per agent, so it is computed once for all tickets that ask for the same.
"""

import numpy as np
from numba import njit
from numpy.typing import NDArray

from solver.kernels.terms import fit


@njit(cache=True, nogil=True)
def add_fit(
    out: NDArray[np.int32],
    levels: NDArray[np.uint8],
    column: int,
    weight: int,
    mask: NDArray[np.uint64],
) -> None:
    """
    Add one skill's or language's fit to a match row.

    Parameters
    ----------
    out
        int32 (agents,), thousandths of a point. Added to in place where ``mask`` has the agent; agents
        beside one in the same word of ``mask`` are left with numbers that mean nothing.
    levels
        uint8 (agents, abilities), level 0-5. Read only.
    column
        int, which ability.
    weight
        int, thousandths of a point that level 5 is worth.
    mask
        uint64 (words,), agents that count. Read only.

    Notes
    -----
    Source: ours; ``terms.fit`` summed left to right. Words without agents are skipped.
    """
    for w in range(mask.shape[0]):
        if mask[w] == np.uint64(0):
            continue
        for a in range(w * 64, min(w * 64 + 64, out.shape[0])):
            out[a] += np.int32(fit(int(levels[a, column]), weight))
