"""Replay a floor and a stream against a running server, with desks that answer its offers.

Time is the log's, scaled: at speed 600 a day takes 2 min 24 s. The server's own clock should run
at the same speed, for its offers, promises and relaxation steps count its seconds. Without a speed
the replay goes as fast as the server does: time then moves in steps, and a step ends when the
server has answered everything in it and the events of those answers were heard.
"""

import asyncio
import contextlib
import heapq
import itertools
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Final, Protocol

from router.incidents.cutting import TICKET_CALL
from router.incidents.floor import Floor, Resource
from router.incidents.stream import US_PER_SECOND, Stream
from simulator.desks import Desks, Habits, Todo, handle_times, heard
from simulator.tally import Snapshot, Tally

ONE_BY_ONE: Final = frozenset({"regions.put", "queues.put"})
"""Calls whose resources may name others of their own kind."""
SETTLE_S: Final = 0.25
"""Real seconds without an event after which nothing more is expected of a finished step."""


class Client(Protocol):
    """What a replay needs of a client; `router.client.Client` is one."""

    async def call(self, name: str, id: str = "", body: object = None) -> Mapping[str, object]:
        """Make one call and return the body of its answer; raise when the server refuses it."""
        ...

    def events(self, after: int) -> AsyncIterator[Mapping[str, object]]:
        """Yield events in order, the first one after number `after`, and wait for new ones."""
        ...


@dataclass(frozen=True, slots=True)
class Pace:
    """How fast to go, and when to stop."""

    speed: float | None = None
    """The log's seconds per real second; None: as fast as the server goes."""
    in_flight_max: int = 64
    """Calls that may wait for their answer at once."""
    step_s: float = 5.0
    """Without a speed: how far time moves at once, in the log's seconds."""
    drain_s: float = 4 * 3600.0
    """How long to go on after the last call of the stream while tickets are open, log's seconds."""
    show_every_s: float = 0.25
    """Real seconds between two snapshots."""


@dataclass(frozen=True, slots=True)
class Server:
    """The server side of a replay: its client, and the exception by which it says no."""

    client: Client
    refusal: type[Exception]
    """Raised for a refused call. Its `code` names the problem."""


@dataclass(frozen=True, slots=True)
class Day:
    """What to replay: the floor, the stream, and how the agents behave."""

    floor: Floor
    stream: Stream
    seed: int
    habits: Habits = field(default_factory=Habits)


async def replay(
    server: Server,
    day: Day,
    pace: Pace,
    show: Callable[[Snapshot], None],
    begin: Callable[[], Awaitable[object]] | None = None,
) -> Snapshot:
    """Put the floor, play the stream and answer the offers; return the last snapshot.

    `begin` is awaited between the floor and the stream: whoever keeps the server's clock says when
    the stream's first instant has come.

    Raises
    ------
    server.refusal
        When the server refuses a part of the floor. Later refusals are counted instead.
    """
    last_seq = await put_floor(server, day.floor, pace.in_flight_max)
    if begin is not None:
        await begin()
    return await _Replay(server, day, pace, show).run(last_seq)


async def put_floor(server: Server, floor: Floor, in_flight_max: int) -> int:
    """Put the floor and return the number of the last event of it.

    Resources of one kind go together, so that one sync of the journal makes many of them durable;
    regions and queues go one by one, because they name each other.

    Raises
    ------
    server.refusal
        When the server refuses a resource; which, is noted on it.
    """
    slots = asyncio.Semaphore(in_flight_max)

    async def put(resource: Resource) -> int:
        async with slots:
            try:
                reply = await server.client.call(resource.call, resource.id, resource.body)
            except server.refusal as refusal:
                refusal.add_note(f"while putting {resource.call} {resource.id}")
                raise
            return _seq(reply)

    last_seq = 0
    for call, resources in itertools.groupby(floor.resources, key=lambda each: each.call):
        if call in ONE_BY_ONE:
            seqs = [await put(each) for each in resources]
        else:
            seqs = await asyncio.gather(*map(put, resources))
        last_seq = max(last_seq, *seqs)
    return last_seq


class _Replay:
    def __init__(
        self, server: Server, day: Day, pace: Pace, show: Callable[[Snapshot], None]
    ) -> None:
        self._server, self._pace, self._show = server, pace, show
        calls = day.stream.calls
        tickets = sum(each.call == TICKET_CALL for each in calls)
        self._tally = Tally(day.floor, day.stream.starts_at, (len(calls), tickets))
        self._desks = Desks(handle_times(day.stream), day.seed, day.habits)
        self._sequence = itertools.count()
        self._due: list[tuple[int, int, Todo]] = []
        for each in calls:
            self._push(Todo(each.at_us, each.call, each.id, each.body, about=""))
        self._ends_us = (calls[-1].at_us if calls else 0) + round(pace.drain_s * US_PER_SECOND)
        self._from_stream = len(calls)
        self._now_us = 0
        self._heard_seq = 0
        self._woken = asyncio.Event()
        self._slots = asyncio.Semaphore(pace.in_flight_max)
        self._started_s = 0.0

    async def run(self, after: int) -> Snapshot:
        self._heard_seq = after
        self._started_s = self._clock()
        async with asyncio.TaskGroup() as group:
            helpers = [group.create_task(self._listen(after)), group.create_task(self._report())]
            await self._play(group)
            for helper in helpers:
                helper.cancel()
        final = self._tally.snapshot(self._now_us, self._clock())
        self._show(final)
        return final

    def _clock(self) -> float:
        return asyncio.get_running_loop().time()

    def _push(self, todo: Todo) -> None:
        heapq.heappush(self._due, (todo.at_us, next(self._sequence), todo))

    async def _listen(self, after: int) -> None:
        async for event in self._server.client.events(after):
            fact = heard(event)
            now_us = self._advance()
            self._tally.hear(fact, now_us)
            for todo in self._desks.hear(fact, now_us):
                self._push(todo)
            self._heard_seq = max(self._heard_seq, fact.seq)
            self._woken.set()
        raise ConnectionError(f"The event stream ended after event {self._heard_seq}.")

    async def _report(self) -> None:
        while True:
            self._show(self._tally.snapshot(self._advance(), self._clock()))
            await asyncio.sleep(self._pace.show_every_s)

    def _advance(self) -> int:
        """Return the log's time now: from the clock at a given speed, else where the steps are."""
        if self._pace.speed is not None:
            scale = self._pace.speed * US_PER_SECOND
            self._now_us = max(self._now_us, round((self._clock() - self._started_s) * scale))
        return self._now_us

    async def _play(self, senders: asyncio.TaskGroup) -> None:
        while self._from_stream or (self._tally.open_tickets and self._now_us < self._ends_us):
            next_us = self._due[0][0] if self._due else self._ends_us
            if self._pace.speed is not None:
                early_us = next_us - self._advance()
                if early_us > 0:
                    await self._hears_within(early_us / US_PER_SECOND / self._pace.speed)
                else:
                    await self._issue(self._now_us, senders, promised=[])
            elif self._due:
                await self._step(next_us + round(self._pace.step_s * US_PER_SECOND))
            elif not await self._hears_within(SETTLE_S):
                return

    async def _hears_within(self, real_s: float) -> bool:
        """Wait for an event, at most so many real seconds; tell whether one came."""
        self._woken.clear()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(real_s):
                await self._woken.wait()
                return True
        return False

    async def _step(self, until_us: int) -> None:
        """Make every call due until then, and wait until the events of the answers were heard."""
        promised = [0]
        async with asyncio.TaskGroup() as senders:
            await self._issue(until_us, senders, promised)
        while self._heard_seq < max(promised):
            if not await self._hears_within(SETTLE_S):
                return

    async def _issue(self, until_us: int, senders: asyncio.TaskGroup, promised: list[int]) -> None:
        """Start every call due until then; waits only while too many are on their way."""
        while self._due and self._due[0][0] <= until_us:
            at_us, _, todo = heapq.heappop(self._due)
            if todo.about and not self._desks.wants(todo):
                continue
            await self._slots.acquire()
            if self._pace.speed is None:
                self._now_us = max(self._now_us, at_us)
            if todo.call == TICKET_CALL:
                queue = str(todo.body.get("queue", ""))
                self._tally.sending(todo.id, queue, self._advance(), self._clock())
            self._from_stream -= not todo.about
            senders.create_task(self._make(todo, promised))

    async def _make(self, todo: Todo, promised: list[int]) -> None:
        ticket = todo.id if todo.call == TICKET_CALL else ""
        try:
            reply = await self._server.client.call(todo.call, todo.id, todo.body)
        except self._server.refusal as refusal:
            self._tally.refused(str(getattr(refusal, "code", "") or "unknown"), ticket)
        else:
            promised.append(_seq(reply))
            if ticket:
                self._tally.acknowledged(ticket, str(reply.get("state", "")), self._clock())
        finally:
            self._slots.release()
            if not todo.about:
                self._tally.call_done()


def _seq(reply: Mapping[str, object]) -> int:
    seq = reply.get("seq")
    return seq if isinstance(seq, int) else 0
