"""A slow, obvious player of the simplest worlds: first come, first served, until patience ends."""

import heapq
from typing import Any

from simulator.kernel import codes as c
from simulator.worlds.planning import Chance


def arrivals(chance: Chance, kind: int, per_s: float, opens_us: int, closes_us: int) -> list[int]:
    """Return the instants of arrivals of a kind with a constant rate."""
    found: list[int] = []
    reached = 0.0
    while True:
        reached += chance.exponential(c.ARRIVAL, (kind << 36) | len(found), 0)
        at_us = opens_us + int(reached / per_s * 1e6)
        if at_us >= closes_us:
            return found
        found.append(at_us)


def play(
    arrived: list[list[int]], agents: int, mean_s: float, patience_s: float, chance: Chance
) -> list[Any]:
    """Return (arrived, answered or None, left) of every ticket, in the order of arrival."""
    events = [(at, 0, kind, n) for kind, mine in enumerate(arrived) for n, at in enumerate(mine)]
    heapq.heapify(events)
    idle = [(0, a) for a in range(agents)]
    waiting: list[tuple[int, int]] = []
    found: dict[tuple[int, int], list[Any]] = {}

    def start(now: int, kind: int, n: int) -> None:
        work_us = int(mean_s * chance.exponential(c.WORK, (kind << 36) | n, 0) * 1e6)
        found[kind, n][1] = now
        heapq.heappush(events, (now + work_us, 1, kind, n))

    while events:
        now, what, kind, n = heapq.heappop(events)
        if what == 0:
            found[kind, n] = [now, None, None]
            if idle:
                idle.pop()
                start(now, kind, n)
            else:
                waiting.append((kind, n))
                gives_up = now + int(
                    patience_s * chance.exponential(c.PATIENCE, (kind << 36) | n, 0) * 1e6
                )
                heapq.heappush(events, (gives_up, 2, kind, n))
        elif what == 1:
            found[kind, n][2] = now
            if waiting:
                start(now, *waiting.pop(0))
            else:
                idle.append((now, 0))
        elif (kind, n) in waiting:
            waiting.remove((kind, n))
            found[kind, n][2] = now
    return sorted(map(tuple, found.values()), key=lambda row: row[0])
