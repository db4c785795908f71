"""
One pass: the best agents for each row by worth less price, and some spread over all who are feasible.

Feasible agents are an intersection of bitmaps, 64 a word. Where many bits of a word are set, all 64
agents are scored as a block, four rows at a time; where few are, agent by agent. Whoever exceeds
the row's limit enters its pool; a full pool is cut back to the best, and the worst of these becomes
the limit. So the limit is seeded by what a row gains by waiting or already has, and rises.

Parameters
----------
p
    ``Pass``: what one call works on.
at
    int, which row of the chunk.
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
from numba import njit
from numpy.typing import NDArray

from solver.kernels.eligible import set_bit
from solver.scoring.arrays import BLOCK, CHUNK, FEATURES, GROUP, TERMS_MAX, Agents, Asks, Work
from solver.scoring.blocks import Pass, net_of, score_group, sweep
from solver.scoring.feasible import ONE, count_of, fill_words, lowest_of
from solver.scoring.jit import inlined, inner
from solver.scoring.pool import shrink

#: Feasible agents a word, on average, up to which a row is scored by itself; others wait for company.
SWEEP_MAX = 4
NONE = np.uint64(0)
MASK = (1 << 32) - 1


@inlined
def _open(p: Pass, at: int, row: int, vector: bool) -> int:
    """Begin a row: who is feasible, its weights, an empty pool; return how many are feasible."""
    p.work.rows[at] = row
    fill_words(p.agents, p.asks, row, p.work.words[at], p.work.union)
    for k in range(FEATURES):
        p.work.weights[at, k] = p.asks.weight[row, k]
    p.work.pool_size[at] = 0
    p.work.pool_limit[at] = p.asks.limit[row] - p.asks.base[row]
    terms, agents = 0, p.agents.price.size
    for k in range(TERMS_MAX):
        ability = p.asks.ability[row, k]
        p.work.place[at, k] = max(0, ability) * agents
        terms += int(ability >= 0)
    p.work.terms[at] = terms
    feasible = 0
    for block in range(p.work.words.shape[1]):
        feasible += count_of(p.work.words[at, block], vector)
    return feasible


@inner
def _mixed(salt: int, k: int) -> int:
    """Return 32 bits that look like chance but follow from ``salt`` and ``k`` (prospector's hash)."""
    x = (salt + k * 0x9E3779B9) & MASK
    x = ((x ^ (x >> 16)) * 0x21F0AAAD) & MASK
    x = ((x ^ (x >> 15)) * 0x735A2D97) & MASK
    return int(x ^ (x >> 15))


@inlined
def _spread(p: Pass, at: int, feasible: int, vector: bool) -> None:
    """Append picks that are spread over the feasible agents: one out of each equal part of them."""
    work, wanted = p.work, int(p.work.quota[1])
    row, size = p.work.rows[at], int(p.work.pool_size[at])
    least = -int(p.asks.base[row])
    seen, block, rest = 0, -1, NONE
    here = 0
    for k in range(wanted):
        low, high = k * feasible // wanted, (k + 1) * feasible // wanted
        if low == high:
            continue
        pick = low + _mixed(int(p.asks.salt[row]), k) % (high - low)
        while seen + here <= pick:
            seen += here
            block += 1
            rest = work.words[at, block]
            here = count_of(rest, vector)
        while seen < pick:
            rest &= rest - ONE
            seen += 1
            here -= 1
        agent = block * BLOCK + lowest_of(rest, vector)
        points = net_of(p, at, agent, vector)
        if points + p.agents.price[agent] > least:
            work.pool_value[at, size] = points
            work.pool_agent[at, size] = agent
            size += 1
    work.pool_size[at] = size


@inlined
def _close(p: Pass, at: int, vector: bool) -> None:
    """End a row: its best picks and the spread ones, by rising agent, and what was left out at most."""
    work, row = p.work, p.work.rows[at]
    if work.pool_size[at] > work.quota[0]:
        shrink(work, at, vector)
    work.bound[row] = work.pool_limit[at] + p.asks.base[row]
    best = int(work.pool_size[at])
    if work.quota[1] > 0:
        feasible = 0
        for k in range(best):
            set_bit(work.words[at], work.pool_agent[at, k], False)
        for block in range(work.words.shape[1]):
            feasible += count_of(work.words[at, block], vector)
        _spread(p, at, feasible, vector)
    size = int(work.pool_size[at])
    i, k = 0, best
    for n in range(size):
        if k == size or (i < best and work.pool_agent[at, i] < work.pool_agent[at, k]):
            taken = i
            i += 1
        else:
            taken = k
            k += 1
        agent = work.pool_agent[at, taken]
        work.agent[row, n] = agent
        work.value[row, n] = work.pool_value[at, taken] + p.asks.base[row] + p.agents.price[agent]
    work.picks[row] = size


@inner
def _pass(agents: Agents, asks: Asks, work: Work, rows: NDArray[np.int32], vector: bool) -> None:
    """Do all of ``select``: below here nothing owns memory, so nothing is counted."""
    p = Pass(agents, asks, work)
    blocks = agents.sets.shape[1]
    held = 0
    for n in range(rows.size):
        feasible = _open(p, held, rows[n], vector)
        work.scored[0] += feasible
        if feasible < SWEEP_MAX * blocks:
            sweep(p, held, vector)
            _close(p, held, vector)
        else:
            held += 1
        if held == CHUNK or n + 1 == rows.size:
            for block in range(blocks):
                for first in range(0, held, GROUP):
                    score_group(p, first, min(GROUP, held - first), block, vector)
            for at in range(held):
                _close(p, at, vector)
            held = 0


@njit(cache=True, nogil=True)
def select(agents: Agents, asks: Asks, work: Work, rows: NDArray[np.int32], vector: bool) -> None:
    """
    Find the picks of each of ``rows``, in any order; equal asks side by side are fastest.

    Parameters
    ----------
    agents, asks
        ``Agents`` and ``Asks``, through ``handle``. Read only.
    work
        ``Work``, through ``handle``, for as many rows and agents. ``agent``, ``value``, ``picks``
        and ``bound`` are overwritten at ``rows``; where ``picks`` falls short of the quota all
        that exceeds the limit was picked.
    rows
        int32 (any,), rows of ``asks``, each once. Read only.
    """
    seen = Agents(
        agents.features, agents.feature_row, agents.levels, agents.sets,
        agents.offset, agents.price, agents.net,
    )  # fmt: skip
    wanted = Asks(
        asks.need, asks.any_of, asks.weight, asks.ability, asks.table,
        asks.offset, asks.base, asks.limit, asks.salt, asks.within, asks.barred,
    )  # fmt: skip
    done = Work(
        work.quota, work.agent, work.value, work.picks, work.bound, work.scored,
        work.rows, work.terms, work.place, work.weights, work.words, work.union, work.scores,
        work.found, work.points, work.pool_value, work.pool_agent, work.pool_size, work.pool_limit,
    )  # fmt: skip
    _pass(seen, wanted, done, rows, vector)
