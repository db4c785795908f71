"""The points of a row and a block of agents, or of a row and the few agents that may take it.

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

from typing import NamedTuple

from solver.scoring.arrays import BLOCK, POOL_WIDTH, TERMS_MAX, Agents, Asks, Work
from solver.scoring.feasible import NONE, ONE, lowest_of
from solver.scoring.jit import inlined
from solver.scoring.plain import dot_pair, dot_rows, exceed, look_up, pour
from solver.scoring.pool import shrink
from solver.scoring.vectors import (
    FUSED,
    add_levels,
    append,
    dot_agent,
    dot_block,
    dot_group,
    fetch,
    finish,
)


class Pass(NamedTuple):
    """What one call works on."""

    agents: Agents
    asks: Asks
    work: Work


@inlined
def _finish(p: Pass, at: int, line: int, block: int, vector: bool) -> None:
    """Complete the scores of a block in line ``line`` and pool whoever exceeds the limit."""
    work, first, scores = p.work, block * BLOCK, p.work.scores
    row, limit, size = work.rows[at], work.pool_limit[at], work.pool_size[at]
    if vector:
        for k in range(FUSED, work.terms[at]):
            at_level = (line, work.place[at, k] + first, row * TERMS_MAX + k)
            add_levels(scores, p.agents.levels, p.asks.table, at_level)
        for k in range(FUSED):
            fetch(p.agents.levels, work.place[at, k] + first + BLOCK)
        own = p.asks.offset[row] * p.agents.price.size + first
        where = (
            work.place[at, 0] + first, work.place[at, 1] + first, work.place[at, 2] + first,
            row * TERMS_MAX, own, line, int(limit),
        )  # fmt: skip
        found = finish(scores, p.agents.levels, p.asks.table, p.agents.net, where)
        found &= work.words[at, block]
        if found == NONE:
            return
        end = (line, first, at * POOL_WIDTH + size)
        size += append(scores, found, (work.pool_value, work.pool_agent), end)
    else:
        for k in range(work.terms[at]):
            look_up(
                scores, line, p.agents.levels[p.asks.ability[row, k]], first, p.asks.table[row, k]
            )
        found = exceed(scores, line, p.agents.net[p.asks.offset[row]], first, limit)
        found &= work.words[at, block]
        if found == NONE:
            return
        value, number = work.pool_value[at, size:], work.pool_agent[at, size:]
        size += pour(scores, line, found, first, value, number)
    work.pool_size[at] = size
    if size > work.quota[2]:
        shrink(work, at, vector)


@inlined
def net_of(p: Pass, at: int, agent: int, vector: bool) -> int:
    """
    Return what an agent is worth to a row, less its price and the row's base.

    Parameters
    ----------
    agent
        int, which agent.
    """
    row = p.work.rows[at]
    if vector:
        points = int(dot_agent(p.agents.feature_row, agent, p.work.weights, at))
    else:
        points = dot_pair(p.agents.feature_row, agent, p.work.weights, at)
    for k in range(TERMS_MAX):
        ability = p.asks.ability[row, k]
        if ability < 0:
            break
        points += p.asks.table[row, k, p.agents.levels[ability, agent]]
    return int(points + p.agents.net[p.asks.offset[row], agent])


@inlined
def sweep(p: Pass, at: int, vector: bool) -> None:
    """
    Score the few feasible agents of a row one by one.

    One loop for each kind of number: short loops keep many loads in flight, and the agents of a
    row are far apart in memory.
    """
    work, row = p.work, p.work.rows[at]
    found, points, count = work.found, work.points, 0
    for block in range(work.words.shape[1]):
        rest = work.words[at, block]
        while rest != NONE:
            found[count] = block * BLOCK + lowest_of(rest, vector)
            rest &= rest - ONE
            count += 1
    for i in range(count):
        if vector:
            points[i] = dot_agent(p.agents.feature_row, found[i], work.weights, at)
        else:
            points[i] = dot_pair(p.agents.feature_row, found[i], work.weights, at)
    for k in range(TERMS_MAX):
        ability = p.asks.ability[row, k]
        if ability < 0:
            break
        for i in range(count):
            points[i] += p.asks.table[row, k, p.agents.levels[ability, found[i]]]
    offset = p.asks.offset[row]
    for i in range(count):
        points[i] += p.agents.net[offset, found[i]]
    size = 0
    for i in range(count):
        work.pool_value[at, size], work.pool_agent[at, size] = points[i], found[i]
        size += int(points[i] > work.pool_limit[at])
        if size > work.quota[2]:
            work.pool_size[at] = size
            shrink(work, at, vector)
            size = int(work.pool_size[at])
    work.pool_size[at] = size


@inlined
def score_group(p: Pass, first: int, rows: int, block: int, vector: bool) -> None:
    """
    Score one block for up to ``GROUP`` rows of the chunk.

    Parameters
    ----------
    first, rows
        int, the first row and how many.
    """
    work, some, last = p.work, 0, first
    for at in range(first, first + rows):
        if work.words[at, block] != NONE:
            some += 1
            last = at
    if some == 0:
        return
    if some == 1:
        if vector:
            dot_block(p.agents.features, block, work.weights, last, work.scores)
        else:
            dot_rows(p.agents.features, block, work.weights, last, work.scores, 1)
        _finish(p, last, 0, block, vector)
        return
    if vector:
        dot_group(p.agents.features, block, work.weights, first, work.scores)
    else:
        dot_rows(p.agents.features, block, work.weights, first, work.scores, rows)
    for line in range(rows):
        if work.words[first + line, block] != NONE:
            _finish(p, first + line, line, block, vector)
