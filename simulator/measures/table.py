"""The table of measures: what is divided by what, in which unit, and whether more is better."""

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from simulator.measures.day import ABANDONED, BLOCKED, SERVED, Floats, Records, Tickets

SECOND: Final = 1e-6
SHARE, SECONDS, COUNT, NUMBER = "share", "s", "tickets", "number"

Values = NDArray[Any]
"""One for each ticket, a number of any kind."""
OfTickets = Callable[[Tickets], Values]
OfHours = Callable[[Records], Floats]


class TicketRatio(NamedTuple):
    """A sum over tickets divided by another; without `below`, by the replications."""

    above: OfTickets
    below: OfTickets | None
    unit: str
    about: str
    is_good: bool | None = None
    """Whether more is better; None when it is neither."""


class TicketQuantile(NamedTuple):
    """A quantile over the tickets that `counts` picks: of each replication, then their mean."""

    value: OfTickets
    counts: OfTickets
    share: float
    unit: str
    about: str
    is_good: bool | None = None


class AgentRatio(NamedTuple):
    """A sum over agents and hours divided by another."""

    above: OfHours
    below: OfHours
    unit: str
    about: str
    is_good: bool | None = None


class AgentSpread(NamedTuple):
    """How evenly agents share something: a statistic of each agent's ratio, of each replication."""

    statistic: Callable[[Floats], float]
    above: OfHours
    below: OfHours
    unit: str
    about: str
    is_good: bool | None = None


class QueueMean(NamedTuple):
    """A queue's length over time: its integral by time, or its peak."""

    is_peak: bool
    unit: str
    about: str
    is_good: bool | None = None


class SpellRatio(NamedTuple):
    """A sum over queues and hours divided by another; without `below`, by the replications."""

    above: OfHours
    below: OfHours | None
    unit: str
    about: str
    is_good: bool | None = None


Measure = SpellRatio | TicketRatio | TicketQuantile | AgentRatio | AgentSpread | QueueMean


def _field(name: str, factor: float = 1.0) -> OfTickets:
    return lambda t: t.rows[name] * factor


def _hours(name: str, factor: float = 1.0) -> OfHours:
    return lambda hours: hours[name] * factor


def _wait_s(t: Tickets) -> Values:
    return t.wait_us * SECOND


def _every(t: Tickets) -> Values:
    return np.ones(len(t.rows))


def _answered(t: Tickets) -> Values:
    return t.answered * 1.0


def _let_in(t: Tickets) -> Values:
    return ~t.outcome(BLOCKED) * 1.0


def _good(t: Tickets) -> Values:
    return (t.answered & t.within) * 1.0


def _due(t: Tickets) -> Values:
    """Count whom the second service level judges: the answered, and who waited beyond the target, however it ended."""
    return (t.answered | (~t.outcome(BLOCKED) & ~t.within)) * 1.0


def _unanswered(t: Tickets) -> Values:
    return (~t.answered & ~t.outcome(ABANDONED) & ~t.outcome(BLOCKED)) * 1.0


def jain(shares: Floats) -> float:
    """Return Jain's index of fairness: 1 when all are equal, 1/n when one has everything.

    Source: Jain, Chiu and Hawe, A quantitative measure of fairness (1984), arXiv cs/9809099.
    """
    squares = float(shares @ shares)
    return float(shares.sum() ** 2 / (len(shares) * squares)) if squares else 1.0


def gini(shares: Floats) -> float:
    """Return Gini's coefficient: 0 when all are equal, near 1 when one has everything."""
    ordered = np.sort(shares)
    total = float(ordered.sum())
    n = len(ordered)
    return float((2 * np.arange(1, n + 1) - n - 1) @ ordered) / (n * total) if total else 0.0


def _count(name: OfTickets, about: str, is_good: bool | None = None) -> TicketRatio:
    return TicketRatio(name, None, COUNT, about, is_good)


def _waits(share: float) -> TicketQuantile:
    about = f"the wait that {share:.0%} of the answered stay below"
    return TicketQuantile(_wait_s, _answered, share, SECONDS, about, False)


MEASURES: Final[Mapping[str, Measure]] = MappingProxyType(
    {
        "tickets": _count(_every, "arrivals, redials and reopenings included"),
        "answered": _count(_answered, "tickets that an agent took"),
        "in_target": _count(_good, "tickets that an agent took within the queue's target", True),
        "abandoned": _count(lambda t: t.outcome(ABANDONED) * 1.0, "customers who gave up", False),
        "unanswered": _count(
            _unanswered, "neither answered nor lost: expired, or still waiting at the end", False
        ),
        "blocked": _count(lambda t: t.outcome(BLOCKED) * 1.0, "turned away, no room", False),
        "service_level_answered": TicketRatio(
            _good, _answered, SHARE, "answered within the target, of the answered", True
        ),
        "service_level_offered": TicketRatio(
            _good, _due, SHARE,
            "answered within the target, of the answered and all who waited longer in vain", True,
        ),
        "service_level_all": TicketRatio(
            _good, _every, SHARE, "answered within the target, of all arrivals", True
        ),
        "waited_within": TicketRatio(
            lambda t: (t.within & ~t.outcome(BLOCKED)) * 1.0, _every, SHARE,
            "answered or gone within the target, of all arrivals",
        ),
        "waited": TicketRatio(
            lambda t: ((t.wait_us > 0) & ~t.outcome(BLOCKED)) * 1.0, _every, SHARE,
            "had to wait at all, of all arrivals", False,
        ),
        "asa_s": TicketRatio(
            lambda t: t.answered * _wait_s(t), _answered, SECONDS,
            "average speed of answer: mean wait of the answered", False,
        ),
        "wait_s": TicketRatio(
            lambda t: _let_in(t) * _wait_s(t), _let_in, SECONDS,
            "mean wait until the answer or the loss, of all who were let in", False,
        ),
        "wait_p50_s": _waits(0.5),
        "wait_p90_s": _waits(0.9),
        "wait_p95_s": _waits(0.95),
        "wait_p99_s": _waits(0.99),
        "abandonment": TicketRatio(
            lambda t: t.outcome(ABANDONED) * 1.0, _every, SHARE, "gave up, of all arrivals", False
        ),
        "blocking": TicketRatio(
            lambda t: t.outcome(BLOCKED) * 1.0, _every, SHARE, "turned away, of all arrivals", False
        ),
        "aht_s": TicketRatio(
            lambda t: t.outcome(SERVED) * (t.rows["work_us"] + t.rows["wrap_us"]) * SECOND,
            lambda t: t.outcome(SERVED) * 1.0, SECONDS,
            "average handle time: work, as it takes alone, and wrap-up of the served",
        ),
        "occupancy": AgentRatio(
            _hours("busy_us"), _hours("on_duty_us"), SHARE, "of time on duty, with any work at hand"
        ),
        "occupancy_units": AgentRatio(
            _hours("units_us"), _hours("room_us"), SHARE, "of the units on duty, taken"
        ),
        "match_quality": TicketRatio(
            lambda t: t.answered * t.rows["match"] * 1e-3, _answered, NUMBER,
            "mean match of ticket and agent, in points", True,
        ),
        "fairness_jain": AgentSpread(
            jain, _hours("busy_us"), _hours("on_duty_us"), NUMBER,
            "Jain's index of the agents' occupancy: 1 is equal", True,
        ),
        "fairness_gini": AgentSpread(
            gini, _hours("busy_us"), _hours("on_duty_us"), NUMBER,
            "Gini's coefficient of the agents' occupancy: 0 is equal", False,
        ),
        "sla_breached": TicketRatio(
            _field("breached"), _every, NUMBER, "promises broken, by ticket", False
        ),
        "transfers": TicketRatio(_field("transfers"), _every, NUMBER, "transfers, by ticket"),
        "reopened": TicketRatio(
            lambda t: (t.rows["reopens"] > 0) * 1.0, _every, SHARE, "arrivals that are reopenings"
        ),
        "redialled": TicketRatio(
            lambda t: (t.rows["attempt"] > 0) * 1.0, _every, SHARE, "arrivals that are redials"
        ),
        "offers_declined": TicketRatio(
            _field("declines"), _field("offers"), SHARE, "offers not taken, of all offers", False
        ),
        "queue_taken": SpellRatio(
            _hours("taken"), None, COUNT, "waits in a queue that an agent ended, after transfers too"
        ),
        "queue_service_level": SpellRatio(
            _hours("taken_within"), lambda hours: 1.0 * hours["taken"] + hours["lost_late"], SHARE,
            "waits that an agent ended within the target, of those and all that were longer", True,
        ),
        "queue_wait_s": SpellRatio(
            _hours("taken_us", SECOND), _hours("taken"), SECONDS,
            "mean wait in a queue until an agent ended it, after transfers too", False,
        ),
        "queue_lost": SpellRatio(
            _hours("lost"), lambda hours: 1.0 * hours["taken"] + hours["lost"], SHARE,
            "waits in a queue that no agent ended", False,
        ),
        "queue_length": QueueMean(False, NUMBER, "tickets waiting, mean over time", False),
        "queue_peak": QueueMean(True, NUMBER, "most tickets waiting at once", False),
    }
)  # fmt: skip
"""Each measure of a replication. A new row is cut, summed up, compared and documented by being here."""
