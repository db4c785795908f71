"""The agents' side of a replay: look at an offer, accept it, reply, work, write notes, complete.

A desk hears events and answers with calls due later. What it draws depends on the ticket, the agent
and how often they met, never on the order of events, so two policies meet the same agents.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from router.incidents.stream import HANDLE_ATTRIBUTE, US_PER_SECOND, Stream
from simulator.streams import stream

REPLY_MEDIAN_S, REPLY_LOG_SD = 60.0, 0.6
WRAP_UP_MEDIAN_S, WRAP_UP_LOG_SD, WRAP_UP_MAX_S = 25.0, 0.5, 55.0
ACCEPT_LOG_SD, ACCEPT_MAX_S = 0.5, 15.0

# Plain dicts, because encoders know no other mapping; nobody writes to them.
NO_BODY: Final[Mapping[str, object]] = {}
BY_AGENT: Final[Mapping[str, object]] = {"by": "agent"}
RESOLVED: Final[Mapping[str, object]] = {"disposition": "resolved"}
BUSY: Final[Mapping[str, object]] = {"reason": "busy"}


HEARD_BY_DESKS: Final = frozenset(
    {
        "offer.issued",
        "offer.accepted",
        "offer.declined",
        "offer.expired",
        "offer.revoked",
        "assignment.wrapping",
        "assignment.completed",
        "assignment.released",
    }
)
"""Types of events that make a desk do something, or not do it any more."""


@dataclass(frozen=True, slots=True)
class Habits:
    """How the agents behave. All of it is assumed: no public log says it."""

    accept_median_s: float = 4.0
    decline_share: float = 0.03
    handle_s: float = 600.0
    """Work on a ticket that does not say how long it takes."""


@dataclass(frozen=True, slots=True)
class Heard:
    """An event, reduced to what a desk looks at."""

    type: str
    seq: int
    ticket: str
    agent: str
    offer: str
    assignment: str
    queue: str
    gap: float | None
    """Of a joint decision: its distance from the bound, a share."""


@dataclass(frozen=True, slots=True)
class Todo:
    """A call a desk wants to make at `at_us`, as long as what it is about is still open."""

    at_us: int
    call: str
    id: str
    body: Mapping[str, object]
    about: str
    """The offer or assignment it belongs to."""


def heard(event: Mapping[str, object]) -> Heard:
    """Reduce an event. Members may stand beside `type` or inside `data`; missing ones are empty."""
    data = event.get("data")
    members = {**event, **data} if isinstance(data, Mapping) else event

    def text(name: str) -> str:
        value = members.get(name)
        return value if isinstance(value, str) else ""

    seq, gap = event.get("seq"), members.get("gap")
    offer = text("offer")
    # An accepted offer becomes the assignment of the same number.
    assignment = text("assignment") or (f"a-{offer[2:]}" if offer.startswith("o-") else "")
    return Heard(
        type=text("type"),
        seq=seq if isinstance(seq, int) else 0,
        ticket=text("ticket"),
        agent=text("agent"),
        offer=offer or (f"o-{assignment[2:]}" if assignment.startswith("a-") else ""),
        assignment=assignment,
        queue=text("queue"),
        gap=float(gap) if isinstance(gap, int | float) else None,
    )


def handle_times(calls: Stream) -> dict[str, float]:
    """Return the seconds of work by ticket, as the stream's tickets carry them.

    Raises
    ------
    ValueError
        When a ticket's attribute is not a number of seconds above 0.
    """
    found: dict[str, float] = {}
    for each in calls.calls:
        attributes = each.body.get("attributes")
        text = attributes.get(HANDLE_ATTRIBUTE) if isinstance(attributes, Mapping) else None
        if text is not None:
            found[each.id] = _seconds(each.id, text)
    return found


def _seconds(ticket: str, text: object) -> float:
    try:
        seconds = float(str(text))
    except ValueError:
        seconds = 0.0
    if not 0.0 < seconds < 1e9:
        expected = "expected seconds above 0"
        raise ValueError(f"{ticket}: attributes.{HANDLE_ATTRIBUTE} is {text!r}, {expected}")
    return seconds


class Desks:
    """All the desks at once. Not safe to share between tasks that hear events concurrently."""

    def __init__(
        self, handle_s: Mapping[str, float], seed: int, habits: Habits | None = None
    ) -> None:
        self._handle_s = handle_s
        self._habits = habits or Habits()
        self._accept = stream("accept_delay", seed)
        self._decline = stream("decline", seed)
        self._reply = stream("reply_delay", seed)
        self._wrap_up = stream("wrap_up", seed)
        self._open: set[str] = set()
        self._met: dict[str, int] = {}
        self._rules = {
            "offer.issued": self._offered,
            "offer.accepted": self._accepted,
            "offer.declined": self._gone,
            "offer.expired": self._gone,
            "offer.revoked": self._gone,
            "assignment.wrapping": self._wrapping,
            "assignment.completed": self._gone,
            "assignment.released": self._gone,
        }
        assert self._rules.keys() == HEARD_BY_DESKS

    def hear(self, event: Heard, now_us: int) -> Iterable[Todo]:
        """Return what the agents will do because of this event, heard at `now_us`."""
        rule = self._rules.get(event.type)
        return rule(event, now_us) if rule else ()

    def wants(self, todo: Todo) -> bool:
        """Tell whether what the call is about is still open; answering a gone offer is no use."""
        return todo.about in self._open

    def _offered(self, event: Heard, now_us: int) -> Iterable[Todo]:
        pair = f"{event.ticket} {event.agent}"
        meeting = self._met[pair] = self._met.get(pair, -1) + 1
        delay_s = self._accept.lognormal(self._habits.accept_median_s, ACCEPT_LOG_SD, pair, meeting)
        declines = self._decline.uniform(pair, meeting) < self._habits.decline_share
        call, body = ("offers.decline", BUSY) if declines else ("offers.accept", NO_BODY)
        self._open.add(event.offer)
        at_us = now_us + _us(min(delay_s, ACCEPT_MAX_S))
        return (Todo(at_us, call, event.offer, body, event.offer),)

    def _accepted(self, event: Heard, now_us: int) -> Iterable[Todo]:
        self._open.discard(event.offer)
        self._open.add(event.assignment)
        handle_s = self._handle_s.get(event.ticket, self._habits.handle_s)
        reply_s = self._reply.lognormal(REPLY_MEDIAN_S, REPLY_LOG_SD, event.ticket)
        done_us = now_us + _us(handle_s)
        replied_us = now_us + _us(min(reply_s, handle_s / 2))
        return (
            Todo(replied_us, "tickets.reply", event.ticket, BY_AGENT, event.assignment),
            Todo(done_us, "assignments.wrap_up", event.assignment, NO_BODY, event.assignment),
        )

    def _wrapping(self, event: Heard, now_us: int) -> Iterable[Todo]:
        drawn_s = self._wrap_up.lognormal(WRAP_UP_MEDIAN_S, WRAP_UP_LOG_SD, event.ticket)
        at_us = now_us + _us(min(drawn_s, WRAP_UP_MAX_S))
        return (Todo(at_us, "assignments.complete", event.assignment, RESOLVED, event.assignment),)

    def _gone(self, event: Heard, _now_us: int) -> Iterable[Todo]:
        self._open.discard(event.offer)
        if event.type.startswith("assignment."):
            self._open.discard(event.assignment)
        return ()


def _us(seconds: float) -> int:
    return round(seconds * US_PER_SECOND)
