"""
What is known before a replication begins: who is on shift when, rates of arrivals with bursts and outages, busy days.

All of it is drawn from the counter-based streams, so it is the same for every policy.
"""

import math
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from itertools import pairwise
from typing import Any, Final, NamedTuple
from zoneinfo import ZoneInfo

import msgspec
import numpy as np
from numpy.typing import NDArray

from router.calendars import Calendar, compile_calendar
from router.core import codes as core
from simulator.kernel import codes as c
from simulator.kernel import layout
from simulator.kernel.draws import draw_uniform, streams
from simulator.kernel.quantiles import gamma_quantile
from simulator.worlds.compiling import DAY_US, Compiled, micros
from simulator.worlds.schema import Team

WEEK_US: Final = 7 * DAY_US
DAYS_FROM_BIT: Final = 16
"""Counts of draws: of the shift below this bit, of the day of a shift that lasts for days from it on."""
PRESENCE: Final = {
    "available": core.AVAILABLE,
    "away": core.AWAY,
    "offline": core.OFFLINE,
    "draining": core.DRAINING,
}
Interval = tuple[int, int]


class Plan(NamedTuple):
    """A replication before it begins."""

    changes: Any  # PLAN records, in order
    rates: NDArray[np.float64]  # per second, kind after kind
    days: NDArray[np.float64]  # factor by day, one busyness after the other
    kinds: Any  # KIND records with their places in the two above


class Chance:
    """The streams of one replication, for Python."""

    def __init__(self, seed: int, replication: int) -> None:
        self.keys = streams(seed, replication)

    def uniform(self, purpose: int, entity: int, count: int) -> float:
        """Return a draw from (0, 1)."""
        return float(draw_uniform(self.keys[purpose], entity, count))

    def exponential(self, purpose: int, entity: int, count: int) -> float:
        """Return a draw from the exponential law with mean 1."""
        return -math.log(self.uniform(purpose, entity, count))


def moment_us(compiled: Compiled, text: str, zone: str | None = None) -> int:
    """Return the instant that ``"DAY HH:MM"`` means in a time zone, the world's unless given."""
    day, clock = text.split()
    hour, minute = (int(part) for part in clock.split(":"))
    start = compiled.world.time.start + timedelta(days=int(day))
    tz = ZoneInfo(zone or compiled.world.time.time_zone)
    wall = datetime(start.year, start.month, start.day, hour, minute, tzinfo=tz)
    return micros(wall.astimezone(UTC))


def calendar_of(compiled: Compiled, name: str) -> Calendar:
    """Return one of the world's calendars, ready to be asked."""
    return compile_calendar(msgspec.to_builtins(compiled.world.calendars[name]))


# -- agents ------------------------------------------------------------------------------------------------------------


def shifts(compiled: Compiled, team: Team) -> list[Interval]:
    """Return when a team is on shift."""
    span = compiled.span
    if team.shift is None:
        return [(span.opens_us, span.stops_us)]
    spans = calendar_of(compiled, team.shift).open_spans(span.opens_us, span.stops_us)
    return [(each.open_us, each.close_us) for each in spans]


def breaks(compiled: Compiled, team: Team, shift: Interval, place: int) -> list[Interval]:
    """Return when an agent pauses in a shift; ``place`` in its team says how late in the spread."""
    if not team.breaks or team.shift is None:
        return []
    zone = ZoneInfo(compiled.world.calendars[team.shift].time_zone)
    first, last = (datetime.fromtimestamp(at / 1e6, zone).date() for at in shift)
    found = []
    for each in team.breaks:
        hour, minute = (int(part) for part in each.at.split(":"))
        for n in range((last - first).days + 1):
            day = first + timedelta(days=n)
            wall = datetime(day.year, day.month, day.day, hour, minute, tzinfo=zone)
            late_s = each.spread_s * place / max(1, team.count - 1)
            from_us = micros(wall.astimezone(UTC)) + round(late_s * 1e6)
            if shift[0] <= from_us < shift[1]:
                found.append((from_us, min(shift[1], from_us + round(each.lasts_s * 1e6))))
    return found


def days_in(compiled: Compiled, team: Team, shift: Interval) -> list[Interval]:
    """Return the local days of a shift that goes on for more than one, or the shift itself."""
    if shift[1] - shift[0] <= DAY_US:
        return [shift]
    world = compiled.world
    zone = ZoneInfo(world.calendars[team.shift].time_zone if team.shift else world.time.time_zone)
    day, edges = datetime.fromtimestamp(shift[0] / 1e6, zone).date(), [shift[0]]
    while edges[-1] < shift[1]:
        day += timedelta(days=1)
        midnight = datetime(day.year, day.month, day.day, tzinfo=zone)
        edges.append(min(shift[1], micros(midnight.astimezone(UTC))))
    return list(pairwise(edges))


def absences(team: Team, chance: Chance, agent: int, shift: Interval, count: int) -> list[Interval]:
    """Return when an agent is missing for no planned reason: an alternating renewal process over its shift."""
    if team.absence is None or team.absence.share == 0:
        return []
    away_s = team.absence.lasts_s
    there_s = away_s * (1 - team.absence.share) / team.absence.share
    found: list[Interval] = []
    at_us, n = float(shift[0]), count << 20
    while True:
        at_us += 1e6 * there_s * chance.exponential(c.ABSENCE, agent, n)
        until_us = at_us + 1e6 * away_s * chance.exponential(c.ABSENCE, agent, n + 1)
        if at_us >= shift[1]:
            return found
        found.append((round(at_us), min(shift[1], round(until_us))))
        at_us, n = until_us, n + 2


def united(intervals: Iterable[Interval]) -> list[Interval]:
    """Return intervals in order, those that touch or overlap as one."""
    found: list[Interval] = []
    for from_us, until_us in sorted(intervals):
        if found and from_us <= found[-1][1]:
            found[-1] = (found[-1][0], max(found[-1][1], until_us))
        else:
            found.append((from_us, until_us))
    return found


Row = tuple[int, int, int, int, int]


def presences(agent: int, shift: Interval, away: Iterable[Interval]) -> Iterator[Row]:
    """Yield how an agent comes, pauses and goes in a shift."""
    yield shift[0], c.PLAN_PRESENCE, agent, core.AVAILABLE, 0
    for from_us, until_us in away:
        yield from_us, c.PLAN_PRESENCE, agent, core.AWAY, 0
        if until_us < shift[1]:
            yield until_us, c.PLAN_PRESENCE, agent, core.AVAILABLE, 0
    yield shift[1], c.PLAN_PRESENCE, agent, core.DRAINING, 0


def agent_changes(compiled: Compiled, chance: Chance) -> list[Row]:
    """Return all changes of presence that shifts, breaks, absences and illness bring."""
    rows: list[Row] = []
    spans = {
        name: shifts(compiled, team)
        for name, team in compiled.world.agents.items()
        if not team.staffing
    }
    for a, member in enumerate(compiled.members):
        team = compiled.world.agents[member.team]
        for number, shift in enumerate(spans.get(member.team, ())):
            worked = [
                part
                for n, part in enumerate(days_in(compiled, team, shift) if team.sick else [shift])
                if chance.uniform(c.SICK, a, number + (n << DAYS_FROM_BIT)) >= team.sick
            ]
            for n, part in enumerate(united(worked)):
                away = united(
                    breaks(compiled, team, part, member.place)
                    + absences(team, chance, a, part, number + (n << DAYS_FROM_BIT))
                )
                rows += presences(a, part, away)
    return rows


def begins_anew(team: Team) -> bool:
    """Return whether a team's staffing is that of whole days, and so that of the days that follow too."""
    return round(len(team.staffing) * team.staffing_s * 1e6) % DAY_US == 0


def staffing_changes(compiled: Compiled) -> list[Row]:
    """Return how many of each staffed team are to be there, from when."""
    rows, first = [], 0
    for team in compiled.world.agents.values():
        slots = len(team.staffing)
        if slots and begins_anew(team):
            length_us = compiled.span.closes_us - compiled.span.opens_us
            slots = max(slots, math.ceil(length_us / (team.staffing_s * 1e6)))
        for n in range(slots):
            at_us = compiled.span.opens_us + round(n * team.staffing_s * 1e6)
            count = team.staffing[n % len(team.staffing)]
            rows.append((at_us, c.PLAN_STAFF, first, count, first + team.count))
        first += team.count
    return rows


def other_changes(compiled: Compiled) -> list[Row]:
    """Return opening hours, outages, and changes of the schedule."""
    world, span = compiled.world, compiled.span
    rows: list[Row] = []
    for q, queue in enumerate(world.queues.values()):
        if queue.calendar is not None:
            for each in calendar_of(compiled, queue.calendar).open_spans(
                span.opens_us, span.stops_us
            ):
                rows.append((each.open_us, c.PLAN_QUEUE, q, 1, 0))
                rows.append((each.close_us, c.PLAN_QUEUE, q, 0, 0))
    for outage in world.outages:
        from_us = moment_us(compiled, outage.at)
        until_us = from_us + round(outage.lasts_s * 1e6)
        for a, member in enumerate(compiled.members):
            if world.agents[member.team].region == outage.region:
                rows.append((max(span.opens_us, from_us), c.PLAN_LOST, a, 0, 0))
                rows.append((max(span.opens_us, until_us), c.PLAN_BACK, a, 0, 0))
    for change in world.changes:
        # What changed before the run begins holds when it begins; time must not go back for it.
        at_us = max(span.opens_us, moment_us(compiled, change.at))
        for a, member in enumerate(compiled.members):
            if member.team == change.team and (change.count is None or member.place < change.count):
                rows.append((at_us, c.PLAN_PRESENCE, a, PRESENCE[change.presence], 0))
    return rows


def changes(compiled: Compiled, chance: Chance) -> Any:
    """Return everything known beforehand, PLAN records in the order of time."""
    rows = agent_changes(compiled, chance) + staffing_changes(compiled) + other_changes(compiled)
    rows = [row for row in rows if row[0] < compiled.span.stops_us]
    rows.sort(key=lambda row: row[0])
    return np.array(rows, layout.PLAN)


# -- arrivals ----------------------------------------------------------------------------------------------------------


@lru_cache(maxsize=32)
def wall_slots(
    opens_us: int, closes_us: int, step_us: int, zone: str
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """
    Return weekday and quarter of the hour since local midnight of every slot of rates, int64 (slots,).

    For reading only: they are the same in every replication, and of every kind of a region.
    """
    starts = np.arange(opens_us, closes_us, step_us, dtype=np.int64)
    tz = ZoneInfo(zone)
    hours, where = np.unique(starts // 3_600_000_000, return_inverse=True)
    offsets = [
        datetime.fromtimestamp(int(hour) * 3_600, UTC).astimezone(tz).utcoffset() or timedelta()
        for hour in hours
    ]
    shift_us = np.array([round(each.total_seconds() * 1e6) for each in offsets], np.int64)[where]
    local = starts + shift_us
    day = local // DAY_US
    weekday = (day + 3) % 7  # 1970 began on a Thursday
    quarter = (local % DAY_US) // 900_000_000
    weekday.flags.writeable = quarter.flags.writeable = False
    return weekday, quarter


def rates_of(compiled: Compiled, kind: str) -> NDArray[np.float64]:
    """Return arrivals per second of a kind of ticket in each slot, before bursts; float64 (slots,)."""
    world = compiled.world
    ticket = world.tickets[kind]
    arrivals = ticket.arrivals
    if arrivals is None:
        return np.zeros(0)
    region = world.regions.get(ticket.region or "")
    zone = region.time_zone if region else world.time.time_zone
    span = compiled.span
    weekday, quarter = wall_slots(span.opens_us, span.closes_us, compiled.rate_us, zone)
    if arrivals.by_hour is None:
        rate = np.full(len(weekday), arrivals.per_hour or 0.0)
    else:
        rate = np.array(arrivals.by_hour)[quarter * len(arrivals.by_hour) // 96]
    if arrivals.by_weekday is not None:
        rate = rate * np.array(arrivals.by_weekday)[weekday]
    return rate / 3_600.0


def stretch(compiled: Compiled, rate: NDArray[np.float64], times: Interval, factor: float) -> None:
    """Multiply a rate by a factor in the slots that begin between two instants."""
    step_us = compiled.rate_us
    first, last = (max(0, -(-(at - compiled.span.opens_us) // step_us)) for at in times)
    rate[first:last] *= factor


def burst_times(compiled: Compiled, chance: Chance, number: int) -> list[Interval]:
    """Return when a burst happens in this replication."""
    burst = compiled.world.bursts[number]
    length_us = round(burst.lasts_s * 1e6)
    if burst.at is not None:
        from_us = moment_us(compiled, burst.at)
        return [(from_us, from_us + length_us)]
    found: list[Interval] = []
    at_us, n = float(compiled.span.opens_us), 0
    while True:
        at_us += WEEK_US / (burst.per_week or 1.0) * chance.exponential(c.BURST, number, n)
        if at_us >= compiled.span.closes_us:
            return found
        found.append((round(at_us), round(at_us) + length_us))
        n += 1


def add_bursts(compiled: Compiled, chance: Chance, rates: Sequence[NDArray[np.float64]]) -> None:
    """Multiply rates by bursts and outages."""
    world = compiled.world
    for number, burst in enumerate(world.bursts):
        for times in burst_times(compiled, chance, number):
            for name, rate in zip(world.tickets, rates, strict=True):
                if not burst.tickets or name in burst.tickets:
                    stretch(compiled, rate, times, burst.factor)
    for outage in world.outages:
        from_us = moment_us(compiled, outage.at)
        until_us = from_us + round(outage.lasts_s * 1e6)
        for ticket, rate in zip(world.tickets.values(), rates, strict=True):
            if ticket.region == outage.region:
                stretch(compiled, rate, (from_us, until_us), outage.arrivals)
                again = (until_us, 2 * until_us - from_us)
                stretch(compiled, rate, again, outage.after)


def busy_days(
    compiled: Compiled, chance: Chance, stratum: tuple[int, int] | None
) -> NDArray[np.float64]:
    """
    Return the factor of each day for each busyness, float64 (sets * days,).

    ``stratum`` (n of N) draws the first day's from the n-th of N equally likely parts.
    """
    days = -(-(compiled.span.closes_us - compiled.span.midnight_us) // DAY_US)
    found = []
    for number, busyness in enumerate(compiled.world.busyness.values()):
        for day in range(days):
            u = chance.uniform(c.BUSYNESS, number, day)
            if stratum is not None and day == 0:
                u = (stratum[0] + u) / stratum[1]
            found.append(gamma_quantile(busyness.shape, u) / busyness.shape)
    return np.array(found, np.float64)


def plan_replication(
    compiled: Compiled, seed: int, replication: int, stratum: tuple[int, int] | None = None
) -> Plan:
    """
    Return what is known of a replication before it begins.

    Parameters
    ----------
    seed, replication
        Which family of streams, and which of its independent copies.
    stratum
        Which of how many equally likely parts the first day's busyness comes from; None: any.
    """
    chance = Chance(seed, replication)
    rates = [rates_of(compiled, kind) for kind in compiled.world.tickets]
    add_bursts(compiled, chance, rates)
    kinds = compiled.kinds.copy()
    days = -(-(compiled.span.closes_us - compiled.span.midnight_us) // DAY_US)
    places = {name: n * days for n, name in enumerate(compiled.world.busyness)}
    first = 0
    for row, rate, ticket in zip(kinds, rates, compiled.world.tickets.values(), strict=True):
        row["rates_from"], row["rates"] = first, len(rate)
        first += len(rate)
        if ticket.arrivals is not None and ticket.arrivals.busyness is not None:
            row["day_from"] = places[ticket.arrivals.busyness]
    all_rates = np.concatenate([*rates, np.zeros(1)])
    return Plan(changes(compiled, chance), all_rates, busy_days(compiled, chance, stratum), kinds)
