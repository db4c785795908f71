"""Run a floor and a stream against a shard in this process, in virtual time.

No sockets, no asyncio, no clock: time jumps from one instant at which something is due to the next.
What is due is a call of the stream, a call of a desk that answers an event, or a timer of the core.
Calls of one instant are settled together in the order they fell due, so the same day and seed give
the same journal, to the byte.
"""

import heapq
import itertools
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

import msgspec
from msgspec import UNSET

from router.core import codes as c
from router.core.limits import NEVER_US
from router.desk.registry import bootstrap
from router.incidents.cutting import TICKET_CALL
from router.incidents.stream import US_PER_SECOND
from router.published import publish_sealed
from router.shard import ComeAgain, Sealed, Shard
from router.wire.calls import Call, Reply
from router.wire.codec import fit
from router.wire.events import Event
from router.wire.policies import Base, PolicyBody
from router.wire.problems import Problem
from router.wire.routes import BY_NAME
from simulator.desks import HEARD_BY_DESKS, Desks, Heard, Todo, handle_times
from simulator.ledger import Ledger, Service
from simulator.over_http import Day
from simulator.tally import STATES, service_targets_us

DRAIN_S: Final = 4 * 3600.0
"""How long a run goes on after the last call of the stream while tickets are open."""
FOLLOWED: Final = frozenset({*STATES, *HEARD_BY_DESKS, "ticket.sla_breached", "solver.batch"})
"""Types of events that a desk or the ledger does something about."""
ROUNDS_PER_INSTANT_MAX: Final = 10_000
SHOW_EVERY: Final = 1_000
"""Settlements between two reports of progress."""


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a run is."""

    day: datetime
    """The log's clock."""
    tickets: int
    tickets_total: int
    open_tickets: int
    settlements: int


@dataclass(frozen=True, slots=True)
class Result:
    """What a run came to."""

    whole: Service
    queues: Mapping[str, Service]
    """By the queue the tickets were put into."""
    reassignments: int
    breached: int
    """Promises broken."""
    occupancy_busy: float | None
    """Share of the agents' time on duty in which they held something."""
    occupancy_units: float | None
    """Share of the units on duty that were taken."""
    mean_gap: float | None
    decisions: int
    """Offers made: a ticket and an agent, chosen."""
    calls: int
    refused: Mapping[str, int]
    """Calls that were refused, by problem code."""
    settlements: int
    events: int
    ended_at: datetime
    """The log's clock when it ended."""
    digest: str
    """Of the core's state at the end."""


@dataclass(frozen=True, slots=True)
class Watch:
    """Who is told what while a run goes on."""

    keep: Callable[[Sealed], object] = lambda _: None
    """Hears every settlement that a journal must hold, in order."""
    show: Callable[[Progress], object] = lambda _: None
    """Hears of the progress every `SHOW_EVERY` settlements."""


def run_day(shard: Shard, day: Day, policy: Base = "ours", watch: Watch | None = None) -> Result:
    """Put the floor on a new shard, play the stream and the desks, and sum up.

    The run ends when the stream is over and no ticket is open, at the latest `DRAIN_S` after it.

    Raises
    ------
    ValueError
        When a part of the floor is refused, naming it and why.
    """
    run = _Run(shard, day, watch or Watch())
    run.prepare(policy)
    run.play()
    return run.result()


class _Run:
    def __init__(self, shard: Shard, day: Day, watch: Watch) -> None:
        self._shard, self._day, self._watch = shard, day, watch
        self._starts_us = round(day.stream.starts_at.timestamp()) * US_PER_SECOND
        self._now_us = self._starts_us
        self._ledger = Ledger(service_targets_us(day.floor))
        self._desks = Desks(handle_times(day.stream), day.seed, day.habits)
        self._duty = _Duty(shard)
        self._sequence = itertools.count()
        self._due: list[tuple[int, int, Todo]] = []
        self._fixed: dict[str, msgspec.Struct | Problem | None] = {}
        self._refused: Counter[str] = Counter()
        self._calls = self._settlements = self._events = 0
        calls = day.stream.calls
        for each in calls:
            self._push(Todo(each.at_us, each.call, each.id, each.body, about=""))
        self._from_stream = len(calls)
        self._tickets_total = sum(each.call == TICKET_CALL for each in calls)
        last_us = calls[-1].at_us if calls else 0
        self._ends_us = self._starts_us + last_us + round(DRAIN_S * US_PER_SECOND)

    def _push(self, todo: Todo) -> None:
        """Queue a call of a desk or of the stream; what falls due at one instant keeps its order."""
        heapq.heappush(self._due, (self._starts_us + todo.at_us, next(self._sequence), todo))

    # -- before the first ticket -------------------------------------------------------------------

    def prepare(self, policy: Base) -> None:
        """Begin as an empty journal does, then put the floor, one resource after the other."""
        bootstrap(self._shard, self._now_us, PolicyBody(base=policy))
        self._settle()
        for resource in self._day.floor.resources:
            self._insist(resource.call, resource.id, resource.body)

    def _insist(self, name: str, id_: str, body: Mapping[str, object]) -> None:
        """Make a call without which a run means nothing."""
        typed = self._typed(name, body)
        problem: Problem | None
        if isinstance(typed, Problem):
            problem = typed
        else:
            came = self._shard.admit(Call(name, id_, typed), self._now_us)
            replies = self._settle()
            assert not isinstance(came, ComeAgain), "calls of a floor are settled one by one"
            problem = (came or replies[0]).problem
        if problem is not None:
            reasons = "; ".join(f"{each.pointer} {each.detail}" for each in problem.errors or ())
            said = reasons or problem.detail or problem.title
            raise ValueError(f"{name} {id_!r} was refused: {said}")

    def _typed(self, name: str, body: Mapping[str, object]) -> msgspec.Struct | Problem | None:
        kind = BY_NAME[name].body
        return None if kind is None else fit(dict(body), kind)

    # -- playing -----------------------------------------------------------------------------------

    def play(self) -> None:
        """Go from instant to instant until nothing is left to do."""
        rounds = 0
        while self._from_stream or self._ledger.open:
            call_us = self._due[0][0] if self._due else NEVER_US
            at_us = min(call_us, self._shard.next_due_us())
            if at_us > self._ends_us:
                self._advance(self._ends_us)
                return
            rounds = rounds + 1 if at_us <= self._now_us else 0
            assert rounds < ROUNDS_PER_INSTANT_MAX, f"time stands still at {self._now_us} us"
            self._advance(max(at_us, self._now_us))
            self._instant()
            if self._settlements % SHOW_EVERY == 0:
                self._watch.show(self._progress())

    def _advance(self, at_us: int) -> None:
        self._duty.lasts(at_us - self._now_us)
        self._now_us = at_us

    def _instant(self) -> None:
        """Admit what is due now and settle it; what does not fit in comes right after."""
        pending: list[Todo] = []
        again: list[tuple[int, int, Todo]] = []
        while self._due and self._due[0][0] <= self._now_us:
            entry = heapq.heappop(self._due)
            todo = entry[2]
            if todo.about and not self._desks.wants(todo):
                continue
            came = self._admit(todo)
            if isinstance(came, ComeAgain):
                again.append(entry)
                continue
            self._calls += 1
            self._from_stream -= not todo.about
            if came is None:
                pending.append(todo)
            else:
                self._note(todo, came)
        for todo, reply in zip(pending, self._settle(), strict=True):
            self._note(todo, reply)
        for entry in again:
            heapq.heappush(self._due, entry)

    def _admit(self, todo: Todo) -> Reply | ComeAgain | None:
        """Take a call in; None when it waits for the settlement, else what came of it."""
        if todo.about:
            # A desk says the same of every offer, so its bodies are made once.
            if todo.call not in self._fixed:
                self._fixed[todo.call] = self._typed(todo.call, todo.body)
            body = self._fixed[todo.call]
        else:
            body = self._typed(todo.call, todo.body)
        if isinstance(body, Problem):
            return Reply(body.status, body)
        reply = self._shard.admit(Call(todo.call, todo.id, body), self._now_us)
        if todo.call == TICKET_CALL and reply is None:
            self._ledger.put(todo.id, str(todo.body.get("queue", "")), self._now_us)
        return reply

    def _note(self, todo: Todo, reply: Reply) -> None:
        """Count a refusal; a ticket that was refused waits for nobody."""
        if reply.problem is not None:
            self._refused[reply.problem.code] += 1
            if todo.call == TICKET_CALL:
                self._ledger.refuse(todo.id)

    def _settle(self) -> list[Reply]:
        """Settle, have it kept, and let the desks hear what happened."""
        sealed, replies = self._shard.settle(self._now_us)
        count = sealed.batch.count
        self._settlements += 1
        self._events += count
        if count or sealed.names or sealed.documents or sealed.answers:
            self._watch.keep(sealed)
        if count:
            now_us = self._now_us - self._starts_us
            moved = False
            for event in publish_sealed(self._shard.directory, sealed):
                moved |= event.agent is not UNSET
                if event.type not in FOLLOWED:
                    continue
                fact = heard_event(event)
                self._ledger.hear(fact, self._now_us)
                for todo in self._desks.hear(fact, now_us):
                    self._push(todo)
            if moved:
                self._duty.changed()
        return replies

    # -- summing up --------------------------------------------------------------------------------

    def _day_now(self) -> datetime:
        passed_us = self._now_us - self._starts_us
        return self._day.stream.starts_at + timedelta(microseconds=passed_us)

    def _progress(self) -> Progress:
        return Progress(
            self._day_now(),
            self._ledger.tickets,
            self._tickets_total,
            self._ledger.open,
            self._settlements,
        )

    def result(self) -> Result:
        """Sum up."""
        self._watch.show(self._progress())
        ledger = self._ledger
        return Result(
            whole=ledger.whole(self._now_us),
            queues=ledger.by_queue(self._now_us),
            reassignments=ledger.reassignments,
            breached=ledger.breached,
            occupancy_busy=self._duty.busy,
            occupancy_units=self._duty.units,
            mean_gap=ledger.mean_gap,
            decisions=ledger.offers,
            calls=self._calls,
            refused=dict(sorted(self._refused.items())),
            settlements=self._settlements,
            events=self._events,
            ended_at=self._day_now(),
            digest=self._shard.machine.digest(),
        )


class _Duty:
    """Integrates over time who is on duty and how much of them is taken, as the core has it."""

    def __init__(self, shard: Shard) -> None:
        self._shard = shard
        self._rates = (0, 0, 0, 0)
        self._sums = (0, 0, 0, 0)

    def changed(self) -> None:
        """Look at the agents anew."""
        arrays = self._shard.machine.arrays
        agents = arrays.agents[: int(arrays.head["agents"][0])]
        presence, used = agents["presence"], agents["used"]
        on_duty = (presence == c.AVAILABLE) | (presence == c.DRAINING)
        taken = used[on_duty]
        self._rates = (
            len(taken),
            int((taken > 0).sum()),
            int(agents["units"][on_duty].sum()),
            int(taken.sum()),
        )

    def lasts(self, span_us: int) -> None:
        """Note that it stays as it is for so long."""
        agents, busy, units, taken = self._rates
        sums = self._sums
        self._sums = (
            sums[0] + agents * span_us,
            sums[1] + busy * span_us,
            sums[2] + units * span_us,
            sums[3] + taken * span_us,
        )

    @property
    def busy(self) -> float | None:
        """Return the share of time on duty with something in hand; None without any time."""
        return self._sums[1] / self._sums[0] if self._sums[0] else None

    @property
    def units(self) -> float | None:
        """Return the share of units on duty that were taken; None without any."""
        return self._sums[3] / self._sums[2] if self._sums[2] else None


def heard_event(event: Event) -> Heard:
    """Reduce a published event to what a desk looks at; the same as `desks.heard` of its JSON."""
    data = event.data
    offer = event.offer if isinstance(event.offer, str) else ""
    gap = data.get("gap")
    return Heard(
        type=event.type,
        seq=event.seq,
        ticket=event.ticket if isinstance(event.ticket, str) else "",
        agent=event.agent if isinstance(event.agent, str) else "",
        offer=offer,
        assignment=f"a-{offer[2:]}" if offer else "",
        queue=str(data.get("queue", "")),
        gap=float(gap) if isinstance(gap, int | float) else None,
    )
