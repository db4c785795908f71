"""Skill graphs under FCFS-ALIS, exactly, in product form."""

from collections.abc import Iterable, Sequence
from itertools import permutations
from typing import Final, NamedTuple

import numpy as np

SERVERS_MAX: Final = 8


class SkillGraph(NamedTuple):
    """Types of customers, servers, and who may serve whom."""

    rates: Sequence[float]
    """Arrivals of each type."""
    service_rates: Sequence[float]
    """Of each server, the same for all types."""
    serves: Sequence[Sequence[int]]
    """For each type, the servers that may serve it, from 0."""

    def checked(self) -> "SkillGraph":
        """Return the graph.

        Raises
        ------
        ValueError
            When lengths do not fit, a rate is not above 0, or some types overload their servers.
        """
        if len(self.rates) != len(self.serves):
            raise ValueError(f"serves has {len(self.serves)} rows, expected {len(self.rates)}")
        if not 1 <= len(self.service_rates) <= SERVERS_MAX:
            raise ValueError(
                f"service_rates has {len(self.service_rates)}, expected 1 to {SERVERS_MAX}"
            )
        if min(*self.rates, *self.service_rates) <= 0.0:
            raise ValueError("a rate is not above 0")
        for servers in _subsets(len(self.service_rates)):
            only = sum(r for r, s in zip(self.rates, self.serves, strict=True) if set(s) <= servers)
            if only and only >= sum(self.service_rates[j] for j in servers):
                raise ValueError(f"servers {sorted(servers)} have more work than they can do")
        return self


class Matched(NamedTuple):
    """What a skill graph comes to in the long run."""

    p_wait: list[float]
    """By type: share of customers that find no server of theirs idle."""
    wait: list[float]
    """By type: mean over everybody."""
    busy: list[float]
    """By server: share of time."""


def longest_idle(graph: SkillGraph) -> Matched:
    """Return waits and busyness under FCFS-ALIS, for any skill graph.

    A server that becomes free takes the customer who has waited longest of those it may serve; a
    customer who comes goes to the server that has been idle longest of those that may serve.
    Arrivals are Poisson, work exponential with the server's rate.

    States are ordered lists of the busy servers, counts of those waiting between them, and the
    idle servers in order; the counts are summed as geometric series. A customer between the j-th
    and the next busy server may be served by the first j only.

    Source: Adan and Weiss, A skill based parallel service system under FCFS-ALIS - steady state,
    overloads, and abandonments, Stochastic Systems 4 (2014), doi:10.1287/13-SSY117.
    """
    graph = graph.checked()
    types, servers = len(graph.rates), len(graph.service_rates)
    rates = np.asarray(graph.rates, np.float64)
    serves = [sum(1 << j for j in each) for each in graph.serves]
    total = 0.0
    waits, queue, busy = np.zeros(types), np.zeros(types), np.zeros(servers)
    for order in permutations(range(servers)):
        for many in range(servers + 1):
            weight, lengths, sets = _state(graph, serves, order, many)
            total += weight
            working = sum(1 << j for j in order[:many])
            busy[list(order[:many])] += weight
            for i in range(types):
                if serves[i] & ~working == 0:
                    waits[i] += weight
                queue[i] += weight * sum(
                    length * rates[i] / only
                    for length, (held, only) in zip(lengths, sets, strict=True)
                    if only and serves[i] & ~held == 0
                )
    queue /= total
    return Matched((waits / total).tolist(), (queue / rates).tolist(), (busy / total).tolist())


def _state(
    graph: SkillGraph, serves: Sequence[int], order: Sequence[int], many: int
) -> tuple[float, list[float], list[tuple[int, float]]]:
    """Return the weight of `many` busy servers in this order, idle ones after them, counts summed.

    Also the mean count in each gap, and for each gap its servers and the rate of those types that
    only they serve.
    """
    weight, held, speed = 1.0, 0, 0.0
    lengths, sets = [], []
    for j in order[:many]:
        held |= 1 << j
        speed += graph.service_rates[j]
        only = sum(r for r, s in zip(graph.rates, serves, strict=True) if s & ~held == 0)
        weight /= speed - only
        lengths.append(only / (speed - only))
        sets.append((held, only))
    free = 0
    for j in reversed(order[many:]):
        free |= 1 << j
        weight /= sum(r for r, s in zip(graph.rates, serves, strict=True) if s & free)
    return weight, lengths, sets


def _subsets(n: int) -> Iterable[set[int]]:
    for mask in range(1, 1 << n):
        yield {j for j in range(n) if mask >> j & 1}
