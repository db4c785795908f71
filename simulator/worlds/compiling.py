"""From a world to the tables that the kernel draws from; the same for all replications and policies."""

import math
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Final, NamedTuple
from zoneinfo import ZoneInfo

import numpy as np
from numpy.typing import NDArray

from simulator.kernel import codes as c
from simulator.kernel import layout
from simulator.kernel.draws import draw_uniform, streams
from simulator.kernel.quantiles import normal
from simulator.worlds.floor import Member, members
from simulator.worlds.schema import Law, Network, Team, World

DAY_US: Final = 86_400_000_000
HOUR_US: Final = 3_600_000_000
FINE_US: Final = 60_000_000
"""Slots of rates where bursts and outages begin at any minute."""
KIND_BITS: Final = 26
"""So many kinds of ticket keep apart in 63 bits with 2**36 arrivals each."""


class Names(NamedTuple):
    """What the numbers in records stand for."""

    types: tuple[str, ...]
    queues: tuple[str, ...]
    languages: tuple[str, ...]
    regions: tuple[str, ...]
    channels: tuple[str, ...]
    agents: tuple[str, ...]


class Span(NamedTuple):
    """The instants of a run, microseconds since 1970."""

    midnight_us: int
    opens_us: int
    closes_us: int
    stops_us: int


class Compiled(NamedTuple):
    """A world in tables; see ``simulator.kernel.layout`` for the records."""

    world: World
    span: Span
    names: Names
    members: list[Member]
    kinds: Any
    laws: Any
    tables: NDArray[np.float64]
    hours: NDArray[np.float64]
    transfers: Any
    pace: NDArray[np.float64]
    levels: NDArray[np.float64]
    agents: Any
    rate_us: int


def micros(moment: datetime) -> int:
    """Return an instant in microseconds since 1970."""
    return round((moment - datetime(1970, 1, 1, tzinfo=UTC)) / timedelta(microseconds=1))


def span_of(world: World, days: float | None = None) -> Span:
    """Return when a run of a world begins and ends; ``days`` other than the world's own may be given."""
    time = world.time
    zone = ZoneInfo(time.time_zone)
    midnight = datetime(time.start.year, time.start.month, time.start.day, tzinfo=zone)
    hour, minute = (int(part) for part in time.begin.split(":"))
    opens_us = micros(midnight.replace(hour=hour, minute=minute).astimezone(UTC))
    closes_us = opens_us + round((time.days if days is None else days) * DAY_US)
    stops_us = closes_us + round(time.clear_s * 1e6)
    return Span(micros(midnight.astimezone(UTC)), opens_us, closes_us, stops_us)


class Laws:
    """The laws of a world, each once."""

    def __init__(self) -> None:
        self.rows: list[tuple[Any, ...]] = []
        self.tables: list[tuple[float, float]] = []
        self.hours: list[float] = []
        self._known: dict[Law, int] = {}

    def add(self, law: Law | None) -> int:
        """Return the row of a law, -1 for none."""
        if law is None:
            return -1
        if law not in self._known:
            self._known[law] = len(self.rows)
            self.rows.append(self._row(law))
        return self._known[law]

    def _row(self, law: Law) -> tuple[Any, ...]:
        first, a, b = len(self.tables), 0.0, 0.0
        mean, sd = law.mean_s or 0.0, law.log_sd or 0.0
        if law.kind == "fixed":
            kind, a = c.FIXED, law.value_s or 0.0
        elif law.kind == "exponential":
            kind, a = c.EXPONENTIAL, mean
        elif law.kind == "lognormal":
            kind, b = c.LOGNORMAL, sd
            a = math.log(law.median_s) if law.median_s else math.log(mean) - sd * sd / 2
        elif law.kind == "uniform":
            kind, a, b = c.UNIFORM, law.low_s or 0.0, law.high_s or 0.0
        elif law.kind == "erlang":
            phases = law.phases or 1
            kind, a, b = c.GAMMA_WHOLE, mean / phases, float(phases)
        elif law.kind == "empirical":
            kind = c.TABLE
            shares = law.shares or tuple(np.linspace(0.0, 1.0, len(law.values_s)).tolist())
            self.tables += zip(shares, law.values_s, strict=True)
        else:
            kind = c.HAZARD
            rates = (rate / 60.0 for rate in law.per_minute)
            self.tables += zip(rates, law.from_s, strict=True)
        hours = -1
        if law.by_hour is not None:
            hours = len(self.hours)
            self.hours += law.by_hour
        # A law that never varies is FIXED for the kernel only if no share of it is nothing at all.
        if kind == c.FIXED and law.zero > 0:
            kind, b = c.UNIFORM, a
        return kind, first, len(self.tables) - first, hours, a, b, law.zero

    def add_network(self, network: Network | None) -> int:
        """Return the law of one way through the network, -1 where it takes no time."""
        if network is None or (network.latency_s == 0 and network.jitter_s == 0):
            return -1
        if network.jitter_s == 0:
            return self.add(Law(kind="fixed", value_s=network.latency_s))
        # A least time and an exponential more: its quantiles at steps fine enough for any figure.
        shares = [n / 256 for n in range(256)] + [1.0]
        over = [-math.log1p(-share) for share in shares[:-1]] + [-math.log(1 / 1024)]
        values = tuple(network.latency_s + network.jitter_s * each for each in over)
        return self.add(Law(kind="empirical", values_s=values, shares=tuple(shares)))


def factor_of(team: Team, world: World, kind: str) -> float:
    """Return the factor on the work of a kind of ticket that all agents of a team share."""
    speed = team.speed * team.speed_by_ticket.get(kind, 1.0)
    needs = world.tickets[kind].requirements
    if team.speed_by_level is not None and needs:
        level = team.skills.get(needs[0].skill, 1)
        speed *= team.speed_by_level[level - 1]
    return 1.0 / speed


def paces(world: World, crew: Sequence[Member]) -> NDArray[np.float64]:
    """Return the factor on the work for each agent and kind of ticket, float64 (agents, kinds)."""
    rows = {
        name: [factor_of(team, world, kind) for kind in world.tickets]
        for name, team in world.agents.items()
    }
    pace = np.array([rows[member.team] for member in crew], dtype=np.float64)
    key = streams(0, 0)[c.SPEED]  # who works here is the same in all replications
    for a, member in enumerate(crew):
        sd = world.agents[member.team].speed_log_sd
        if sd > 0:
            pace[a] *= math.exp(sd * normal(draw_uniform(key, a, 0)))
    return pace


def agent_rows(world: World, crew: Sequence[Member], laws: Laws) -> tuple[Any, list[float]]:
    """Return the kernel's record of each agent, and the speeds of tickets at once that they point to."""
    rows = np.zeros(len(crew), layout.AGENT)
    levels: list[float] = []
    first_of: dict[str, int] = {}
    for a, member in enumerate(crew):
        team = world.agents[member.team]
        if member.team not in first_of:
            first_of[member.team] = len(levels) if team.speed_at_once else -1
            levels += team.speed_at_once
        row = rows[a]
        row["units"], row["head"] = team.units, -1
        row["decline"], row["miss"] = team.acceptance.decline, team.acceptance.miss
        row["answer"], row["away"] = laws.add(team.acceptance.delay), laws.add(team.acceptance.back)
        row["lag"] = laws.add_network(world.network.get(team.region or ""))
        row["rates_from"], row["rates"] = first_of[member.team], len(team.speed_at_once)
        if team.learning is not None:
            row["learn_first"] = team.learning.first
            row["learn_tickets"] = team.learning.tickets
    return rows, levels


def kind_rows(world: World, laws: Laws) -> tuple[Any, Any]:
    """Return the kernel's record of each kind of ticket, without what the router decides, and all transfers."""
    rows = np.zeros(len(world.tickets), layout.KIND)
    numbers = {name: n for n, name in enumerate(world.tickets)}
    transfers: list[tuple[float, int, int]] = []
    for row, ticket in zip(rows, world.tickets.values(), strict=True):
        row["work"], row["wrap_up"] = laws.add(ticket.work), laws.add(ticket.wrap_up)
        row["patience"], row["message"] = laws.add(ticket.patience), laws.add(ticket.messages)
        for field, count, again in (
            ("redial", "redials", ticket.redial), ("reopen", "reopens", ticket.reopen),
        ):  # fmt: skip
            row[f"{field}_delay"] = laws.add(again.delay if again else None)
            row[count] = again.most if again else 0
            row[f"{field}_share"] = again.share if again else 0.0
        lines = world.lines.get(ticket.queue)
        for field in ("waiting_max", "lines_max"):
            limit = getattr(lines, field) if lines else None
            row[field] = -1 if limit is None else limit
        row["lag"] = laws.add_network(world.network.get(ticket.region or ""))
        row["within_us"] = round(world.queues[ticket.queue].service_level.target_s * 1e6)
        row["transfers_from"], row["transfers"] = len(transfers), len(ticket.transfers)
        transfers += [(each.share, numbers[each.to], 0) for each in ticket.transfers]
        row["day_from"] = -1
    return rows, np.array(transfers, layout.TRANSFER)


def rate_slot_us(world: World, span: Span) -> int:
    """Return how long the slots are in which all rates are constant."""
    if world.bursts or world.outages:
        return FINE_US
    arrivals = [t.arrivals for t in world.tickets.values() if t.arrivals is not None]
    if all(a.by_hour is None and a.by_weekday is None and a.busyness is None for a in arrivals):
        return max(1, span.closes_us - span.opens_us)
    if span.opens_us % (HOUR_US // 4):
        return FINE_US  # hours begin within slots of any other length
    finest = max(len(a.by_hour) if a.by_hour else 24 for a in arrivals)
    zones = {region.time_zone for region in world.regions.values()} | {world.time.time_zone}
    noon = datetime(
        world.time.start.year, world.time.start.month, world.time.start.day, 12, tzinfo=UTC
    )
    offsets = [noon.astimezone(ZoneInfo(zone)).utcoffset() or timedelta() for zone in zones]
    is_whole = all(offset % timedelta(hours=1) == timedelta() for offset in offsets)
    return DAY_US // max(finest, 24 if is_whole and span.opens_us % HOUR_US == 0 else 96)


def compile_world(world: World, days: float | None = None) -> Compiled:
    """Return a world's tables; ``days`` other than its own may be given."""
    span = span_of(world, days)
    crew = members(world)
    laws = Laws()
    kinds, transfers = kind_rows(world, laws)
    agents, levels = agent_rows(world, crew, laws)
    languages = dict.fromkeys(t.language.tag for t in world.tickets.values() if t.language)
    names = Names(
        tuple(world.tickets), tuple(world.queues), tuple(languages), tuple(world.regions), (),
        tuple(member.id for member in crew),
    )  # fmt: skip
    for row, ticket in zip(kinds, world.tickets.values(), strict=True):
        row["language"] = names.languages.index(ticket.language.tag) if ticket.language else -1
        row["region"] = names.regions.index(ticket.region) if ticket.region else -1
    return Compiled(
        world, span, names, crew, kinds, np.array(laws.rows, layout.LAW),
        np.array(laws.tables or [(0.0, 0.0)], np.float64), np.array(laws.hours, np.float64), transfers,
        paces(world, crew), np.array(levels, np.float64), agents, rate_slot_us(world, span),
    )  # fmt: skip
