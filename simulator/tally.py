"""What a replay sees of a server: counts, latencies, waiting and service level, from outside."""

from collections import Counter, deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from router.incidents.floor import Floor
from router.incidents.stream import US_PER_SECOND
from simulator.desks import Heard

RECENT: Final = 2_000
"""Latencies kept; percentiles are of these latest ones."""
RATE_WINDOW_S: Final = 2.0
TARGET_US: Final = 300 * US_PER_SECOND
"""Service level target of a queue the floor does not name."""

WAITING, OFFERED, WORKING, DONE = "waiting", "offered", "working", "done"
STATES: Final[Mapping[str, str]] = {
    "ticket.queued": WAITING,
    "offer.issued": OFFERED,
    "offer.accepted": WORKING,
    "offer.declined": WAITING,
    "offer.expired": WAITING,
    "offer.revoked": WAITING,
    "assignment.released": WAITING,
    "assignment.completed": DONE,
    "ticket.closed": DONE,
    "ticket.canceled": DONE,
    "ticket.expired": DONE,
    "ticket.abandoned": DONE,
}
"""State of a ticket after an event about it. Waiting is whatever has no agent's promise yet."""


DECIDED: Final = frozenset({"offered", "assigned"})
"""States in an acknowledgement that say the ticket was decided before it was acknowledged."""


@dataclass(frozen=True, slots=True)
class Latency:
    """Real milliseconds: median, 99th percentile and how many they are of."""

    p50_ms: float
    p99_ms: float
    samples: int


@dataclass(frozen=True, slots=True)
class Snapshot:
    """The state of a replay at one moment; everything a view shows."""

    day: datetime
    """The log's clock."""
    elapsed_s: float
    """Real seconds since the first ticket."""
    calls_done: int
    calls_total: int
    tickets_sent: int
    tickets_total: int
    tickets_per_s: float
    """Tickets acknowledged in the last two real seconds, per second."""
    offers: int
    declined: int
    accepted: int
    completed: int
    breached: int
    refused: Mapping[str, int]
    """Calls the server refused, by problem code."""
    ack: Latency
    """From sending a ticket to its acknowledgement."""
    decision: Latency
    """The same for tickets whose acknowledgement says that an agent was found at once."""
    service_level: float | None
    """Share accepted within the queue's target, of all accepted or waiting longer."""
    waiting: Mapping[str, int]
    """Tickets without an agent, by queue; queues with none are left out."""
    gap: float | None
    """Gap to the bound that the latest decision reported, a share; None when none did."""


@dataclass(slots=True)
class _Ticket:
    queue: str
    put_us: int
    sent_s: float
    state: str = WAITING
    accepted_us: int | None = None


class Tally:
    """Counts what was sent and heard. Times in microseconds are the log's, in seconds real ones."""

    def __init__(self, floor: Floor, starts_at: datetime, totals: tuple[int, int]) -> None:
        self._starts_at = starts_at
        self._calls_total, self._tickets_total = totals
        self._targets_us = service_targets_us(floor)
        self._tickets: dict[str, _Ticket] = {}
        self._counts: Counter[str] = Counter()
        self._refused: Counter[str] = Counter()
        self._calls_done = 0
        self._ack_s: deque[float] = deque(maxlen=RECENT)
        self._decision_s: deque[float] = deque(maxlen=RECENT)
        self._acknowledged_s: deque[float] = deque()
        self._acknowledged = 0
        self._gap: float | None = None
        self._started_s: float | None = None
        self._open = 0

    @property
    def open_tickets(self) -> int:
        """Return how many tickets were sent and are not done."""
        return self._open

    def sending(self, ticket: str, queue: str, at_us: int, now_s: float) -> None:
        """Note that a ticket goes out."""
        if self._started_s is None:
            self._started_s = now_s
        self._tickets[ticket] = _Ticket(queue, at_us, now_s)
        self._open += 1

    def acknowledged(self, ticket: str, state: str, now_s: float) -> None:
        """Note that the server has the ticket for good, and in which state it says it is."""
        took_s = now_s - self._tickets[ticket].sent_s
        self._ack_s.append(took_s)
        if state in DECIDED:
            self._decision_s.append(took_s)
        self._acknowledged += 1
        self._acknowledged_s.append(now_s)

    def call_done(self) -> None:
        """Note that one call of the stream is done, whatever the answer."""
        self._calls_done += 1

    def refused(self, code: str, ticket: str = "") -> None:
        """Note a refusal; a ticket that was refused waits for nobody."""
        self._refused[code] += 1
        if self._tickets.pop(ticket, None):
            self._open -= 1

    def hear(self, event: Heard, now_us: int) -> None:
        """Count an event heard at this time."""
        self._counts[event.type] += 1
        if event.gap is not None:
            self._gap = event.gap
        ticket = self._tickets.get(event.ticket)
        if ticket is None:
            return
        if event.queue:
            ticket.queue = event.queue
        if event.type == "offer.accepted" and ticket.accepted_us is None:
            ticket.accepted_us = now_us
        state = STATES.get(event.type)
        # A rival offer that is revoked after another was accepted puts nobody back to waiting.
        rival = ticket.state == WORKING and event.type.startswith("offer.")
        if state and ticket.state != DONE and not rival:
            ticket.state = state
            self._open -= state == DONE

    def snapshot(self, now_us: int, now_s: float) -> Snapshot:
        """Return the state of the replay now."""
        while self._acknowledged_s and self._acknowledged_s[0] < now_s - RATE_WINDOW_S:
            self._acknowledged_s.popleft()
        elapsed_s = now_s - self._started_s if self._started_s is not None else 0.0
        window_s = min(RATE_WINDOW_S, elapsed_s)
        waiting = Counter(
            each.queue for each in self._tickets.values() if each.state in {WAITING, OFFERED}
        )
        return Snapshot(
            day=self._starts_at + timedelta(microseconds=now_us),
            elapsed_s=elapsed_s,
            calls_done=self._calls_done,
            calls_total=self._calls_total,
            tickets_sent=self._acknowledged,
            tickets_total=self._tickets_total,
            tickets_per_s=len(self._acknowledged_s) / window_s if window_s > 0 else 0.0,
            offers=self._counts["offer.issued"],
            declined=self._counts["offer.declined"],
            accepted=self._counts["offer.accepted"],
            completed=self._counts["assignment.completed"],
            breached=self._counts["ticket.sla_breached"],
            refused=dict(sorted(self._refused.items())),
            ack=latency(self._ack_s),
            decision=latency(self._decision_s),
            service_level=self._service_level(now_us),
            waiting=dict(sorted(waiting.items())),
            gap=self._gap,
        )

    def _service_level(self, now_us: int) -> float | None:
        met = missed = 0
        for each in self._tickets.values():
            limit_us = each.put_us + self._targets_us.get(each.queue, TARGET_US)
            if each.accepted_us is not None:
                met += each.accepted_us <= limit_us
                missed += each.accepted_us > limit_us
            else:
                missed += each.state != DONE and now_us > limit_us
        return met / (met + missed) if met + missed else None


def latency(seconds: Sequence[float] | deque[float]) -> Latency:
    """Return the percentiles (nearest rank) of these latencies; zeros when there are none."""
    if not seconds:
        return Latency(0.0, 0.0, 0)
    ordered = sorted(seconds)
    last = len(ordered) - 1
    return Latency(
        1e3 * ordered[round(0.50 * last)], 1e3 * ordered[round(0.99 * last)], len(ordered)
    )


def service_targets_us(floor: Floor) -> dict[str, int]:
    """Return the service level target of each queue that the floor names, microseconds."""
    return {each.id: _target_us(each.body) for each in floor.of("queues.put")}


def _target_us(body: Mapping[str, object]) -> int:
    level = body.get("service_level")
    target_s = level.get("target_s") if isinstance(level, Mapping) else None
    return _us(float(target_s)) if isinstance(target_s, int | float) else TARGET_US


def _us(seconds: float) -> int:
    return round(seconds * US_PER_SECOND)
