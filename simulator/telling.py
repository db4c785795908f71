"""From what was played to the story that the report's page tells."""

from collections.abc import Sequence
from datetime import datetime
from typing import Final
from zoneinfo import ZoneInfo

from simulator.accounts_text import Told, days_of
from simulator.charts.page import WANTED as PAGE_WANTED
from simulator.charts.page import Account, Story
from simulator.measures.summary import Key
from simulator.worlds.compiling import Compiled
from simulator.worlds.floor import members

WANTED: Final[tuple[Key, ...]] = PAGE_WANTED
"""What is measured of every replication: all that the page or the table shows."""


def hour_names(compiled: Compiled) -> list[str]:
    """Return what the slots of a run are called: clock times where the world is, with the day if there are more."""
    span, zone = compiled.span, ZoneInfo(compiled.world.time.time_zone)
    slot_us = round(compiled.world.time.slot_s * 1e6)
    count = max(1, -(-(span.stops_us - span.opens_us) // slot_us))
    days = (span.stops_us - span.opens_us) / 86_400e6
    # A weekday and the day of the month name a moment once for four weeks.
    look = "%H:%M" if days_of(compiled) <= 1 else "%a %d %H:%M" if days <= 27 else "%m-%d %H:%M"
    return [
        datetime.fromtimestamp((span.opens_us + n * slot_us) / 1e6, zone).strftime(look)
        for n in range(count)
    ]


def keys_of(told: Told) -> dict[str, Sequence[str]]:
    """Return what the keys of cuts are called, by the part of a cut."""
    names = told.compiled.names
    return {
        "queue": names.queues, "language": names.languages, "region": names.regions, "type": names.types,
        "channel": channel_names(told), "hour": hour_names(told.compiled), "agent": names.agents,
    }  # fmt: skip


def story_of(told: Told, command: str) -> Story:
    """Return what the page tells; ``command`` is what repeats it."""
    compiled = told.compiled
    world, names = compiled.world, compiled.names
    first = told.of(told.policies()[0])
    facts = [
        ("replications", str(len(first))),
        ("days", f"{days_of(told.compiled):g}"),
        ("seed", str(told.seed)),
        ("agents", str(len(names.agents))),
    ]
    return Story(
        world=world.name,
        about=" ".join(world.about.split()),
        facts=facts,
        command=command,
        accounts=[Account(name, told.series(name)) for name in told.policies()],
        keys=keys_of(told),
        teams=[member.team for member in members(world)],
        days=days_of(told.compiled),
        notes=[*world.assumptions, *world.sources],
        partial=told.partial,
    )


def channel_names(told: Told) -> tuple[str, ...]:
    """Return the router's channels in the order of their numbers."""
    from simulator.many import prepared_of  # noqa: PLC0415  (settled only if a page is asked for)

    task = told.played[0].task
    return prepared_of(task.text, task.source, task.days, task.policy).names.channels
