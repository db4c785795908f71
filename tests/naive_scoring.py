"""Slow, obvious scoring: every pair one by one, and sorting them all."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from solver.scoring.arrays import Agents, Asks


def naive_is_feasible(agents: Agents, asks: Asks, row: int, agent: int) -> bool:
    """Return whether an agent is in every set the row needs, in one of those it may choose from, and not barred."""

    def inside(chosen: int) -> bool:
        return bool(int(agents.sets[chosen, agent // 64]) >> (agent % 64) & 1)

    needs = [int(k) for k in asks.need[row] if k >= 0]
    choices = [int(k) for k in asks.any_of[row] if k >= 0]
    if agent in asks.barred[row].tolist() or not inside(0):
        return False
    return all(map(inside, needs)) and (not choices or any(map(inside, choices)))


def naive_worth(agents: Agents, asks: Asks, row: int, agent: int) -> int:
    """Return the points of a pair, its price not paid."""
    product = sum(
        int(weight) * int(feature)
        for weight, feature in zip(asks.weight[row], agents.feature_row[agent], strict=True)
    )
    points = int(asks.base[row]) + (product + 2048) // 4096
    for ability, table in zip(asks.ability[row], asks.table[row], strict=True):
        if ability >= 0:
            points += int(table[agents.levels[ability, agent]])
    return points + int(agents.offset[asks.offset[row], agent])


def naive_feasible(agents: Agents, asks: Asks, row: int) -> list[int]:
    """Return all feasible agents of a row, rising."""
    return [a for a in range(agents.price.size) if naive_is_feasible(agents, asks, row, a)]


def naive_best(agents: Agents, asks: Asks, row: int, best: int) -> list[int]:
    """Return the best agents above the row's limit by points less price, the lower among equals; rising."""
    nets = {
        a: naive_worth(agents, asks, row, a) - int(agents.price[a])
        for a in naive_feasible(agents, asks, row)
    }
    above = [a for a, net in nets.items() if net > asks.limit[row]]
    return sorted(sorted(above, key=lambda a: (-nets[a], a))[:best])


def naive_parts(rest: Sequence[int], parts: int) -> list[list[int]]:
    """Return the agents cut into so many parts of equal size, as near as can be."""
    cuts = [k * len(rest) // parts for k in range(parts + 1)]
    return [list(rest[low:high]) for low, high in pairwise(cuts)]
