"""What a world must fulfil that no single field shows: names that exist, laws that are complete, graphs that end."""

import math
from collections.abc import Callable, Iterator
from itertools import pairwise
from typing import Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import msgspec

from router.calendars import CalendarError, compile_calendar
from router.desk.registry import CHANNELS
from simulator.worlds.schema import Law, Ticket, World
from simulator.worlds.serving import asked_of, served_faults
from simulator.worlds.sizes import size_faults

Path = tuple[str, ...]
Found = Iterator[tuple[Path, str]]

TAKES: Final = {
    "fixed": ("value_s",),
    "exponential": ("mean_s",),
    "lognormal": ("mean_s", "median_s", "log_sd"),
    "uniform": ("low_s", "high_s"),
    "erlang": ("mean_s", "phases"),
    "empirical": ("values_s", "shares"),
    "hazard": ("from_s", "per_minute"),
}
"""The fields each kind of law takes, besides ``zero`` and ``by_hour``."""
BOOTSTRAPPED: Final = frozenset(CHANNELS)
"""Channels that every router has."""
SHARE_SLACK: Final = 1e-9


def law_faults(path: Path, law: Law) -> Found:
    """Yield what is wrong with a law."""
    takes = TAKES[law.kind]
    for field in {name for names in TAKES.values() for name in names}:
        value = getattr(law, field)
        if field not in takes and value not in (None, ()):
            yield (*path, field), f"{law.kind} does not take it; it takes {', '.join(takes)}."
    missing = [field for field in takes if getattr(law, field) in (None, ())]
    if law.kind == "lognormal":
        if (law.mean_s is None) == (law.median_s is None):
            yield path, "lognormal takes either mean_s or median_s."
        missing = [field for field in missing if field == "log_sd"]
    missing = [field for field in missing if field != "shares"]
    for field in missing:
        yield (*path, field), f"Missing; {law.kind} takes {', '.join(takes)}."
    if not missing:
        yield from _shape_faults(path, law)


def _shape_faults(path: Path, law: Law) -> Found:
    if law.kind == "uniform" and (law.low_s or 0) > (law.high_s or 0):
        yield (*path, "high_s"), f"Expected at least low_s ({law.low_s:g}). It is {law.high_s:g}."
    if law.kind == "empirical":
        yield from _table_faults(path, law)
    if law.kind == "hazard":
        if len(law.from_s) != len(law.per_minute):
            yield (*path, "per_minute"), "Expected as many rates as from_s has instants."
        elif law.from_s[0] != 0 or not _rises(law.from_s):
            yield (*path, "from_s"), "Expected rising instants, the first 0."


def _table_faults(path: Path, law: Law) -> Found:
    if len(law.values_s) < 2:
        yield (*path, "values_s"), "Expected at least two quantiles."
    if any(a > b for a, b in pairwise(law.values_s)):
        yield (*path, "values_s"), "Expected quantiles that rise."
    if law.shares:
        if len(law.shares) != len(law.values_s):
            yield (*path, "shares"), "Expected as many as values_s."
        elif law.shares[0] != 0 or law.shares[-1] != 1 or not _rises(law.shares):
            yield (*path, "shares"), "Expected rising shares from 0 to 1."


def _rises(values: tuple[float, ...]) -> bool:
    return all(a < b for a, b in pairwise(values))


def _unknown(path: Path, name: str | None, known: object, what: str) -> Found:
    """Yield a fault if a name is not among the known ones."""
    assert isinstance(known, dict | set | frozenset)
    if name is not None and name not in known:
        names = ", ".join(sorted(known)[:12]) or "none"
        yield path, f"There is no {what} {name!r}; there is {names}."


def laws_of(world: World) -> Iterator[tuple[Path, Law]]:
    """Yield every law of a world with its path."""
    for name, ticket in world.tickets.items():
        at = ("tickets", name)
        for field in ("work", "wrap_up", "patience", "messages"):
            law = getattr(ticket, field)
            if law is not None:
                yield (*at, field), law
        for field in ("redial", "reopen"):
            again = getattr(ticket, field)
            if again is not None:
                yield (*at, field, "delay"), again.delay
    for name, team in world.agents.items():
        if team.acceptance.delay is not None:
            yield ("agents", name, "acceptance", "delay"), team.acceptance.delay
        yield ("agents", name, "acceptance", "back"), team.acceptance.back


def ticket_faults(world: World) -> Found:
    """Yield what is wrong with the kinds of ticket: names, languages, rates, transfers."""
    teams = tuple(world.agents.values())
    for name, ticket in world.tickets.items():
        at = ("tickets", name)
        yield from _unknown((*at, "queue"), ticket.queue, world.queues, "queue")
        channels = BOOTSTRAPPED | set(world.channels)
        yield from _unknown((*at, "channel"), ticket.channel, channels, "channel")
        yield from _unknown((*at, "region"), ticket.region, world.regions, "region")
        for n, group in enumerate(ticket.groups):
            yield from _unknown((*at, "groups", str(n)), group, world.groups, "group")
        for n, need in enumerate(ticket.requirements):
            path = (*at, "requirements", str(n), "skill")
            yield from _unknown(path, need.skill, world.skills, "skill")
        if ticket.language is not None and asked_of(teams, ticket.language.tag) is None:
            yield (*at, "language"), f"No agent speaks {ticket.language.tag!r}."
        if ticket.arrivals is not None:
            yield from _arrival_faults(world, (*at, "arrivals"), ticket)
        yield from _transfer_faults(world, at, ticket)
    arrives = any(ticket.arrivals is not None for ticket in world.tickets.values())
    if not arrives:
        yield ("tickets",), "Nothing ever arrives: no kind of ticket has arrivals."


def _arrival_faults(world: World, at: Path, ticket: Ticket) -> Found:
    arrivals = ticket.arrivals
    assert arrivals is not None
    if (arrivals.per_hour is None) == (arrivals.by_hour is None):
        yield at, "Expected either per_hour or by_hour."
    if arrivals.by_hour is not None and len(arrivals.by_hour) not in (24, 48, 96):
        yield (*at, "by_hour"), f"Expected 24, 48 or 96 rates. There are {len(arrivals.by_hour)}."
    yield from _unknown((*at, "busyness"), arrivals.busyness, world.busyness, "busyness")


def _transfer_faults(world: World, at: Path, ticket: Ticket) -> Found:
    for n, transfer in enumerate(ticket.transfers):
        path = (*at, "transfers", str(n))
        yield from _unknown((*path, "to"), transfer.to, world.tickets, "kind of ticket")
    total = math.fsum(transfer.share for transfer in ticket.transfers)
    if total > 1 + SHARE_SLACK:
        yield (*at, "transfers"), f"Expected shares of at most 1 together. They are {total:g}."


def cycle_faults(world: World) -> Found:
    """Yield the first cycle of transfers, which a ticket might never leave."""
    done: set[str] = set()

    def walk(name: str, trail: tuple[str, ...]) -> tuple[str, ...] | None:
        if name in trail:
            return (*trail[trail.index(name) :], name)
        if name in done or name not in world.tickets:
            return None
        for transfer in world.tickets[name].transfers:
            found = walk(transfer.to, (*trail, name))
            if found:
                return found
        done.add(name)
        return None

    for name in world.tickets:
        cycle = walk(name, ())
        if cycle:
            yield (
                ("tickets", cycle[0], "transfers"),
                f"Transfers go in a circle: {' -> '.join(cycle)}.",
            )
            return


def team_faults(world: World) -> Found:
    """Yield what is wrong with the agents: names, shifts, shares."""
    for name, team in world.agents.items():
        at = ("agents", name)
        lists = (("groups", team.groups, world.groups, "group"),
                 ("queues", team.queues or (), world.queues, "queue"),
                 ("skills", team.skills, world.skills, "skill"),
                 ("channels", team.channels, BOOTSTRAPPED | set(world.channels), "channel"),
                 ("speed_by_ticket", team.speed_by_ticket, world.tickets, "kind of ticket"))  # fmt: skip
        for field, names, known, what in lists:
            for n, each in enumerate(names):
                path = (*at, field, each if isinstance(names, dict) else str(n))
                yield from _unknown(path, each, known, what)
        yield from _unknown((*at, "region"), team.region, world.regions, "region")
        yield from _unknown((*at, "shift"), team.shift, world.calendars, "calendar")
        if team.acceptance.decline + team.acceptance.miss > 1:
            yield (*at, "acceptance"), "Expected decline and miss of at most 1 together."
        if team.shift is not None and team.staffing:
            yield (*at, "staffing"), "Expected either a shift or staffing."
        for n, count in enumerate(team.staffing):
            if count > team.count:
                yield (
                    (*at, "staffing", str(n)),
                    f"Expected at most {team.count} agents. It is {count}.",
                )
        if team.breaks and team.shift is None:
            yield (*at, "breaks"), "Expected a shift for the breaks to lie in."
        for field, is_said in (("absence", team.absence is not None), ("sick", team.sick > 0)):
            if team.staffing and is_said:
                yield (
                    (*at, field),
                    "Staffing already says how many are there; take one or the other.",
                )


def other_faults(world: World) -> Found:
    """Yield what is wrong with regions, lines, bursts, outages and changes."""
    for name, region in world.regions.items():
        yield from _unknown(
            ("regions", name, "calendar"), region.calendar, world.calendars, "calendar"
        )
    for name, queue in world.queues.items():
        yield from _unknown(
            ("queues", name, "calendar"), queue.calendar, world.calendars, "calendar"
        )
        if queue.sla.clock == "calendar":
            yield (
                ("queues", name, "sla", "clock"),
                "Expected wall: the simulator counts promises on the wall.",
            )
        if queue.overflow is not None:
            path = ("queues", name, "overflow", "queue")
            yield from _unknown(path, queue.overflow.queue, world.queues, "queue")
    for name in world.lines:
        yield from _unknown(("lines", name), name, world.queues, "queue")
    for name in world.network:
        yield from _unknown(("network", name), name, world.regions, "region")
    for n, burst in enumerate(world.bursts):
        if (burst.at is None) == (burst.per_week is None):
            yield ("bursts", str(n)), "Expected either at or per_week."
        for m, kind in enumerate(burst.tickets):
            yield from _unknown(
                ("bursts", str(n), "tickets", str(m)), kind, world.tickets, "kind of ticket"
            )
    moments = [("outages", n, each.at) for n, each in enumerate(world.outages)]
    moments += [("changes", n, each.at) for n, each in enumerate(world.changes)]
    moments += [("bursts", n, each.at) for n, each in enumerate(world.bursts) if each.at]
    for what, n, at in moments:
        if _minutes(at) >= _minutes(f"0 {world.time.begin}") + 1_440 * world.time.days:
            yield (
                (what, str(n), "at"),
                f"Expected a moment before the end of {world.time.days:g} days from "
                f"{world.time.begin}. It is {at!r}.",
            )
    for n, outage in enumerate(world.outages):
        yield from _unknown(("outages", str(n), "region"), outage.region, world.regions, "region")
    for n, change in enumerate(world.changes):
        yield from _unknown(("changes", str(n), "team"), change.team, world.agents, "team")


def _minutes(moment: str) -> int:
    day, clock = moment.split()
    return 1_440 * int(day) + 60 * int(clock[:2]) + int(clock[3:])


def clock_faults(world: World) -> Found:
    """Yield what is wrong with time zones and calendars."""
    zones = [
        (("regions", name, "time_zone"), each.time_zone) for name, each in world.regions.items()
    ]
    for path, zone in [(("time", "time_zone"), world.time.time_zone), *zones]:
        try:
            ZoneInfo(zone)
        except (ZoneInfoNotFoundError, ValueError):
            yield path, f"There is no time zone {zone!r}."
    for name, calendar in world.calendars.items():
        try:
            compile_calendar(msgspec.to_builtins(calendar))
        except CalendarError as error:
            for fault in error.faults:
                parts = tuple(fault.pointer.strip("/").split("/"))
                yield ("calendars", name, *parts), f"{fault.detail}. It is {fault.value!r}."


CHECKS: Final[tuple[Callable[[World], Found], ...]] = (
    ticket_faults, served_faults, cycle_faults, team_faults, other_faults, clock_faults, size_faults,
)  # fmt: skip


def find_faults(world: World) -> list[tuple[Path, str]]:
    """Return everything wrong with a world whose fields are right one by one."""
    found = [fault for path, law in laws_of(world) for fault in law_faults(path, law)]
    if found:  # whatever looks at laws beyond this takes them to be whole
        return found + [
            fault for check in CHECKS if check is not size_faults for fault in check(world)
        ]
    return found + [fault for check in CHECKS for fault in check(world)]
