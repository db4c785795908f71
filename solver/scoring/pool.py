"""A row's pool of picks: cut back to the best whenever it is full, by counting and not by sorting.

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

References
----------
.. [1] Johnson, J., Douze, M., Jegou, H. (2021). Billion-scale similarity search with GPUs (a pool
   with a threshold in place of a heap). doi:10.1109/TBDATA.2019.2921572
"""

import numpy as np
from numpy.typing import NDArray

from solver.scoring.arrays import POOL_WIDTH, Work
from solver.scoring.jit import inlined, inner
from solver.scoring.vectors import STRIDE, count_from, squeeze

LOWEST = np.int32(-(1 << 31))


@inner
def _kth(value: NDArray[np.int32], at: int, size: int, k: int, vector: bool) -> int:
    """Return the ``k``-th largest of a pool, halving the range of values: counting is quick."""
    low, high = value[at, 0], value[at, 0]
    for i in range(size):
        low = min(low, value[at, i])
        high = max(high, value[at, i])
    while low < high:
        middle = np.int32(high - (high - low) // 2)
        count = 0
        if vector:
            for i in range(0, size, STRIDE):
                count += count_from(value, at * POOL_WIDTH + i, middle)
        else:
            for i in range(size):
                count += int(value[at, i] >= middle)
        if count >= k:
            low = middle
        else:
            high = np.int32(middle - 1)
    return int(low)


@inner
def _cut_back(
    value: NDArray[np.int32], number: NDArray[np.int32], at: int, size: int, best: int, vector: bool
) -> int:
    """Keep only the best picks of a pool, the lower agent among equals; return the points of the last."""
    for i in range(size, size + STRIDE):
        value[at, i] = LOWEST
    last = np.int32(_kth(value, at, size, best, vector))
    kept = 0
    if vector:
        first = at * POOL_WIDTH
        for i in range(0, size, STRIDE):
            kept += squeeze((value, number), first + i, first + kept, last)
    else:
        for i in range(size):
            value[at, kept], number[at, kept] = value[at, i], number[at, i]
            kept += int(value[at, i] >= last)
    # Of those equal to the last the first ones stay, so the surplus goes from the end.
    to, surplus = kept, kept - best
    while surplus > 0:
        to -= 1
        surplus -= int(value[at, to] == last)
    for i in range(to, kept):
        value[at, to], number[at, to] = value[at, i], number[at, i]
        to += int(value[at, i] > last)
    return int(last)


@inlined
def shrink(work: Work, at: int, vector: bool) -> None:
    """
    Cut a pool back to the quota, and let the last of it be the limit.

    Parameters
    ----------
    work
        ``Work``. The pool of row ``at`` and its limit are changed.
    """
    best, size = int(work.quota[0]), int(work.pool_size[at])
    last = _cut_back(work.pool_value, work.pool_agent, at, size, best, vector)
    work.pool_limit[at] = last
    work.pool_size[at] = best
