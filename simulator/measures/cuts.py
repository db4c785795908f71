"""Take the measures of a replication: whole, and cut by what tickets, agents and hours are."""

from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import Final, NamedTuple

import numpy as np

from simulator.measures.day import TEXTS, Day, Floats, Ints, Setting, Tickets
from simulator.measures.table import (
    MEASURES,
    AgentRatio,
    AgentSpread,
    Measure,
    QueueMean,
    SpellRatio,
    TicketQuantile,
    TicketRatio,
    Values,
)

WHOLE: Final = "all"
CUTS: Final = MappingProxyType(
    {
        WHOLE: "everything together",
        **{name: f"by {name} of the ticket" for name in TEXTS},
        "hour": "by hour: of arrival, or of the clock for agents and queues",
        "agent": "by agent: who had the ticket last",
        "type_agent": "by type and agent: who served what",
        "queue_hour": "by queue and hour",
        "agent_hour": "by agent and hour",
    }
)


class Parts(NamedTuple):
    """A measure of one replication, by key of a cut: what is above and below the line."""

    above: Floats
    below: Floats


class Sizes(NamedTuple):
    """How many there are of what keys are made of."""

    slots: int
    agents: int
    names: Mapping[str, int]

    def keys(self, cut: str) -> int:
        """Return how many keys a cut has."""
        if cut == WHOLE:
            return 1
        total = 1
        for part in cut.split("_"):
            total *= {"hour": self.slots, "agent": self.agents}.get(part) or self.names[part]
        return total


def measured(
    day: Day, setting: Setting, wanted: Iterable[tuple[str, str]]
) -> dict[tuple[str, str], Parts]:
    """Return parts by measure and cut, for the wanted pairs that make sense.

    A measure of agents has no cut by queue, and one of queues none by agent; those are left out.

    Raises
    ------
    ValueError
        When a measure or a cut is not in its table.
    """
    tickets = Tickets(day, setting)
    sizes = sizes_of(day, setting)
    found = {}
    for name, cut in wanted:
        if name not in MEASURES:
            raise ValueError(f"measure is {name!r}, expected one of {', '.join(MEASURES)}")
        if cut not in CUTS:
            raise ValueError(f"cut is {cut!r}, expected one of {', '.join(CUTS)}")
        parts = _parts(MEASURES[name], cut, (day, tickets, setting), sizes)
        if parts is not None:
            found[name, cut] = parts
    return found


def sizes_of(day: Day, setting: Setting) -> Sizes:
    """Return how many slots, agents and names a day has."""
    agents, slots = day.agent_hours.shape
    return Sizes(slots, agents, {name: len(setting.names[name]) for name in TEXTS})


def key_names(cut: str, setting: Setting, slots: int) -> list[str]:
    """Return what the keys of a cut are called, in order."""
    if cut == WHOLE:
        return [WHOLE]
    made = [""]
    for part in cut.split("_"):
        own = [str(n) for n in range(slots)] if part == "hour" else list(setting.names[part])
        made = [f"{before} {each}".strip() for before in made for each in own]
    return made


def _parts(
    measure: Measure, cut: str, seen: tuple[Day, Tickets, Setting], sizes: Sizes
) -> Parts | None:
    day, tickets, setting = seen
    match measure:
        case TicketRatio():
            keys, counts = _ticket_keys(tickets, cut, sizes)
            many = sizes.keys(cut)
            above = _sums(keys, measure.above(tickets)[counts], many)
            if measure.below is None:
                return Parts(above, np.ones(many))
            return Parts(above, _sums(keys, measure.below(tickets)[counts], many))
        case TicketQuantile():
            return _quantiles(measure, tickets, cut, sizes)
        case AgentRatio() | AgentSpread():
            return _of_agents(measure, day, cut, setting)
        case QueueMean():
            return _of_queues(measure, day, cut, setting)
        case SpellRatio():
            return _of_spells(measure, day, cut, setting)


def _sums(keys: Ints, values: Values, many: int) -> Floats:
    return np.bincount(keys, values, many).astype(np.float64)


def _ticket_keys(tickets: Tickets, cut: str, sizes: Sizes) -> tuple[Ints, Ints]:
    """Return the keys of tickets under a cut, and which tickets have one."""
    keys = np.zeros(len(tickets.rows), np.int64)
    known = np.ones(len(keys), np.bool_)
    if cut != WHOLE:
        for part in cut.split("_"):
            own = tickets.slot if part == "hour" else tickets.rows[part].astype(np.int64)
            many = sizes.keys(part)
            known &= (own >= 0) & (own < many)
            keys = keys * many + own
    counts = np.flatnonzero(known)
    return keys[counts], counts


def _quantiles(measure: TicketQuantile, tickets: Tickets, cut: str, sizes: Sizes) -> Parts:
    """Return the quantile of each key, and 1 where there is one."""
    keys, counts = _ticket_keys(tickets, cut, sizes)
    chosen = measure.counts(tickets)[counts] > 0
    keys, values = keys[chosen], measure.value(tickets)[counts][chosen]
    order = np.lexsort((values, keys))
    keys, values = keys[order], values[order]
    edges = np.searchsorted(keys, np.arange(sizes.keys(cut) + 1))
    size = np.diff(edges)
    # Nearest rank: a wait that somebody had, also of few.
    rank = np.maximum(np.ceil(measure.share * size).astype(np.int64) - 1, 0)
    found = size > 0
    value = np.zeros(len(size), np.float64)
    value[found] = values[(edges[:-1] + rank)[found]]
    return Parts(value, found.astype(np.float64))


def _time_us(slots: int, setting: Setting) -> Floats:
    """Return how much of each slot is measured, float64 (slots,): all of it or nothing.

    An integral over a slot can't be taken apart, so only slots that lie within the window count;
    or those that begin in it, should the window be shorter than a slot.
    """
    starts = setting.start_us + setting.slot_us * np.arange(slots, dtype=np.int64)
    low, high = setting.window_us
    inside = (starts >= low) & (starts + setting.slot_us <= high)
    if not inside.any():
        inside = (starts >= low) & (starts < high)
    return np.where(inside, float(setting.slot_us), 0.0)


def _of_agents(
    measure: AgentRatio | AgentSpread, day: Day, cut: str, setting: Setting
) -> Parts | None:
    hours = day.agent_hours
    kept = (_time_us(hours.shape[1], setting) > 0) * 1.0
    above, below = measure.above(hours) * kept, measure.below(hours) * kept
    if isinstance(measure, AgentSpread):
        if cut != WHOLE:
            return None
        own = below.sum(axis=1)
        shares = above.sum(axis=1)[own > 0] / own[own > 0]
        found = len(shares) > 0
        value = measure.statistic(shares) if found else 0.0
        return Parts(np.array([value]), np.array([found * 1.0]))
    match cut:
        case "all":
            return Parts(above.sum(keepdims=True).ravel(), below.sum(keepdims=True).ravel())
        case "hour":
            return Parts(above.sum(axis=0), below.sum(axis=0))
        case "agent":
            return Parts(above.sum(axis=1), below.sum(axis=1))
        case "agent_hour":
            return Parts(above.ravel(), below.ravel())
        case _:
            return None


def _of_queues(measure: QueueMean, day: Day, cut: str, setting: Setting) -> Parts | None:
    hours = day.queue_hours
    time = np.broadcast_to(_time_us(hours.shape[1], setting), hours.shape)
    kept = (time > 0) * 1.0
    if measure.is_peak:
        peak = hours["waiting_peak"] * kept
        tops = {"queue": peak.max(axis=1), "queue_hour": peak.ravel()}.get(cut)
        return None if tops is None else Parts(tops, np.ones(len(tops)))
    waiting = hours["waiting_us"] * kept
    match cut:
        case "all":
            return Parts(waiting.sum(keepdims=True).ravel(), time[:1].sum(keepdims=True).ravel())
        case "hour":
            return Parts(waiting.sum(axis=0), time[0])
        case "queue":
            return Parts(waiting.sum(axis=1), time.sum(axis=1))
        case "queue_hour":
            return Parts(waiting.ravel(), time.ravel())
        case _:
            return None


def _of_spells(measure: SpellRatio, day: Day, cut: str, setting: Setting) -> Parts | None:
    hours = day.queue_hours
    kept = (_time_us(hours.shape[1], setting) > 0) * 1.0
    above = measure.above(hours) * kept
    # A count is divided by the replications: once, whatever the slots.
    below = None if measure.below is None else measure.below(hours) * kept
    match cut:
        case "all":
            sums = [each if each is None else np.array([each.sum()]) for each in (above, below)]
        case "hour":
            sums = [each if each is None else each.sum(axis=0) for each in (above, below)]
        case "queue":
            sums = [each if each is None else each.sum(axis=1) for each in (above, below)]
        case "queue_hour":
            sums = [each if each is None else each.ravel() for each in (above, below)]
        case _:
            return None
    top, bottom = sums
    assert top is not None
    return Parts(top, np.ones(len(top)) if bottom is None else bottom)
