"""Worlds that no machine could play: too many tickets, messages without end, more slots than memory."""

import math
from collections.abc import Iterator
from typing import Final

from simulator.worlds.means import mean_of
from simulator.worlds.schema import Arrivals, World

ARRIVALS_MAX: Final = 20_000_000
"""First visits in a run; each leaves a record of 96 bytes."""
CELLS_MAX: Final = 20_000_000
"""Agents and queues times slots; each is a record of 32 bytes, and measures are taken of them."""
MESSAGES_S_MIN: Final = 0.1
WEEK_S: Final = 604_800

Found = Iterator[tuple[tuple[str, ...], str]]


def size_faults(world: World, days: float | None = None) -> Found:
    """Yield what of a world is too much; ``days`` other than its own may be given."""
    length = world.time.days if days is None else days
    yield from _slot_faults(world, length)
    if world.time.warm_up_s >= 86_400 * length:
        yield (
            ("time", "warm_up_s"),
            f"Expected less than the run of {length:g} days. It is {world.time.warm_up_s:g}: nothing is left.",
        )
    for n, burst in enumerate(world.bursts):
        if (burst.per_week or 0.0) * burst.lasts_s > WEEK_S:
            yield (
                ("bursts", str(n)),
                "Expected bursts that are over before the next begins; these fill more than the week.",
            )
    counts = {
        name: most_a_day(ticket.arrivals) * length * swelled(world, name, length)
        for name, ticket in world.tickets.items()
        if ticket.arrivals is not None
    }
    total = math.fsum(counts.values())
    if total > ARRIVALS_MAX:
        most = max(counts, key=counts.__getitem__)
        yield (
            ("tickets", most, "arrivals"),
            f"Expected at most {ARRIVALS_MAX:,} tickets in a run of {length:g} days. "
            f"There may be {total:,.0f}, {counts[most]:,.0f} of them of this kind.",
        )
    for name, ticket in world.tickets.items():
        law = ticket.messages
        if law is None:
            continue
        least_s = mean_of(law) if law.by_hour is None else _least(law.by_hour) * mean_of(law)
        if least_s < MESSAGES_S_MIN:
            yield (
                ("tickets", name, "messages"),
                f"Expected {MESSAGES_S_MIN:g} s or more between messages on average, at any hour. "
                f"It is {least_s:g}.",
            )


def swelled(world: World, kind: str, days: float) -> float:
    """Return how many times the usual arrivals of a kind its bursts may bring."""
    factor = 1.0
    for burst in world.bursts:
        if burst.factor > 1 and (not burst.tickets or kind in burst.tickets):
            often = burst.per_week * days / 7 if burst.per_week else 1.0
            factor *= 1 + (burst.factor - 1) * min(1.0, often * burst.lasts_s / (86_400 * days))
    return factor


def most_a_day(arrivals: Arrivals) -> float:
    """Return how many may be expected on the busiest weekday."""
    hours = arrivals.by_hour
    a_day = 24 * ((sum(hours) / len(hours) if hours else 0.0) + (arrivals.per_hour or 0.0))
    return a_day * max(arrivals.by_weekday or (1.0,))


def _least(by_hour: tuple[float, ...]) -> float:
    """Return the least factor of an hour as a share of the mean one."""
    total = sum(by_hour)
    return min(by_hour) * len(by_hour) / total if total else 0.0


def _slot_faults(world: World, days: float) -> Found:
    slots = (days * 86_400 + world.time.clear_s) / world.time.slot_s
    agents = sum(team.count for team in world.agents.values())
    cells = math.ceil(slots) * (agents + len(world.queues))
    if cells > CELLS_MAX:
        yield (
            ("time", "slot_s"),
            f"Expected at most {CELLS_MAX:,} slots of all agents and queues together. {days:g} days in slots of "
            f"{world.time.slot_s:g} s are {cells:,}; take longer slots or fewer days.",
        )
