"""Measures that only anchors ask for: states at a moment of the day, and how counts of days vary."""

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Final, NamedTuple

import numpy as np

from router.core.limits import NEVER_US
from simulator.measures.cuts import Parts
from simulator.measures.day import ABANDONED, SERVED, Day, Floats, Ints, Records, Setting, Tickets
from simulator.worlds.schema import World


class Asked(NamedTuple):
    """What an extra measure looks at."""

    day: Day
    setting: Setting
    world: World
    cycle_us: int
    at_us: int
    """Moment of the cycle."""
    agents: tuple[str, ...]
    """The teams an expectation is about."""
    centre: float
    """Expected number of tickets in a cycle, for variances."""


class Extra(NamedTuple):
    """An extra measure: what it comes to in each cycle of a replication, and what that is a share of."""

    by_cycle: Callable[[Asked], tuple[Floats, Floats]]
    needs_at: bool
    about: str


def _starts(asked: Asked) -> Ints:
    """Return when each cycle begins that lies within the window, int64 (cycles,)."""
    low, high = asked.setting.window_us
    first = -((asked.setting.start_us - low) // asked.cycle_us)
    last = (high - asked.setting.start_us) // asked.cycle_us
    return asked.setting.start_us + asked.cycle_us * np.arange(first, last, dtype=np.int64)


def _each(values: Floats) -> tuple[Floats, Floats]:
    return values, np.ones(len(values))


def _passed(instants: Ints, moments: Ints) -> Floats:
    """Count how many instants lie at or before each moment."""
    return np.asarray(np.searchsorted(np.sort(instants), moments, side="right"), np.float64)


def _everybody(asked: Asked) -> Tickets:
    return Tickets(asked.day, asked.setting._replace(window_us=(-(1 << 62), 1 << 62)))


def _of_cycles(asked: Asked, at_us: Ints, weights: Records) -> tuple[Floats, Floats]:
    """Sum weights over the tickets of each cycle, by an instant of theirs."""
    starts = _starts(asked)
    if not len(starts):
        return np.zeros(0), np.zeros(0)
    cycle = (at_us - starts[0]) // asked.cycle_us
    inside = (cycle >= 0) & (cycle < len(starts))
    return _each(np.bincount(cycle[inside], weights[inside], len(starts)).astype(np.float64))


def _busy_at(asked: Asked) -> tuple[Floats, Floats]:
    rows = asked.day.tickets
    taken = rows[rows["answered_us"] != NEVER_US]  # the last ones may be open at the end of the run
    moments = _starts(asked) + asked.at_us
    return _each(_passed(taken["answered_us"], moments) - _passed(taken["left_us"], moments))


def _waiting_at(asked: Asked) -> tuple[Floats, Floats]:
    tickets = _everybody(asked)
    arrived = tickets.rows["arrived_us"]
    moments = _starts(asked) + asked.at_us
    return _each(_passed(arrived, moments) - _passed(arrived + tickets.wait_us, moments))


def _abandoned_before(asked: Asked) -> tuple[Floats, Floats]:
    rows = asked.day.tickets
    left = rows["left_us"][rows["outcome"] == ABANDONED]
    starts = _starts(asked)
    return _each(_passed(left, starts + asked.at_us) - _passed(left, starts))


def _tickets(asked: Asked) -> tuple[Floats, Floats]:
    arrived = asked.day.tickets["arrived_us"]
    return _of_cycles(asked, arrived, np.ones(len(arrived)))


def _abandoned(asked: Asked) -> tuple[Floats, Floats]:
    rows = asked.day.tickets
    return _of_cycles(asked, rows["arrived_us"], (rows["outcome"] == ABANDONED) * 1.0)


def _waits(asked: Asked) -> tuple[Floats, Floats]:
    tickets = _everybody(asked)
    return _of_cycles(asked, tickets.rows["arrived_us"], tickets.wait_us * 1e-6)


def _within(asked: Asked) -> tuple[Floats, Floats]:
    tickets = _everybody(asked)
    return _of_cycles(asked, tickets.rows["arrived_us"], tickets.within * 1.0)


def _variance(asked: Asked) -> tuple[Floats, Floats]:
    return _each((_tickets(asked)[0] - asked.centre) ** 2)


def _p_none(asked: Asked) -> tuple[Floats, Floats]:
    return _each((_tickets(asked)[0] == 0) * 1.0)


def _until_empty(asked: Asked) -> tuple[Floats, Floats]:
    """Sum a team's work, and its agents' time from a cycle's beginning until the last ticket left.

    Agents who finish beyond their schedule count while they do.
    """
    (team,) = asked.agents
    given, rows = asked.world.agents[team], asked.day.tickets
    names = asked.setting.names["agent"]
    mine = np.array([name.rpartition("-")[0] == team for name in names])
    served = rows.take(np.flatnonzero(rows["outcome"] == SERVED))
    served = served.take(np.argsort(served["arrived_us"], kind="stable"))
    is_own = mine[served["agent"]]
    starts, busy, present = _starts(asked), [], []
    step_us = round(given.staffing_s * 1e6)
    edges_of = np.searchsorted(
        served["arrived_us"], np.append(starts, starts[-1:] + asked.cycle_us)
    )
    for start, first, last in zip(starts.tolist(), edges_of[:-1], edges_of[1:], strict=True):
        until = int(served["left_us"][first:last].max(initial=start))
        here = served[first:last].take(np.flatnonzero(is_own[first:last]))
        taken, done = np.sort(here["answered_us"]), np.sort(here["left_us"])
        steps = np.arange(start, until, step_us)
        edges = np.unique(np.concatenate([taken, done, steps, np.array([start, until])]))
        at_work = _passed(taken, edges[:-1]) - _passed(done, edges[:-1])
        slot = (edges[:-1] - asked.setting.start_us) // step_us
        staff = (
            np.asarray(given.staffing, np.float64)[np.minimum(slot, len(given.staffing) - 1)]
            if given.staffing
            else np.full(len(slot), float(given.count))
        )
        length = np.diff(edges)
        busy.append(float(at_work @ length))
        present.append(float(np.maximum(staff, at_work) @ length))
    return np.array(busy), np.array(present)


EXTRAS: Final[Mapping[str, Extra]] = MappingProxyType(
    {
        "busy_at": Extra(_busy_at, True, "tickets being served at a moment of the day"),
        "waiting_at": Extra(_waiting_at, True, "tickets waiting at a moment of the day"),
        "abandoned_before": Extra(_abandoned_before, True, "customers gone by a moment of the day"),
        "tickets_of_day": Extra(_tickets, False, "arrivals of a day"),
        "abandoned_of_day": Extra(_abandoned, False, "customers of a day who gave up"),
        "waits_of_day": Extra(_waits, False, "waits of a day summed up, of the lost too"),
        "within_of_day": Extra(_within, False, "customers answered or gone within the target"),
        "variance": Extra(_variance, False, "variance of the arrivals of a day, the mean known"),
        "p_none": Extra(_p_none, False, "share of days without an arrival"),
        "occupancy_until_empty": Extra(
            _until_empty, False, "share of a team's time with work, until the last ticket of a day"
        ),
    }
)
"""Measures beside those of `simulator.measures`; each gives a value for every cycle of a run."""


def extra_parts(name: str, asked: Asked) -> Parts:
    """Return the sums over the cycles of a replication, above and below the line."""
    above, below = EXTRAS[name].by_cycle(asked)
    return Parts(np.array([above.sum()]), np.array([below.sum()]))
