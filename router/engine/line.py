"""
A line: one shard at work. Calls come in, are settled together, and are answered once their frame is durable.

What is in the inbox when the loop gets round to it is admitted and settled at once; while the disk syncs, the
next calls gather. Nothing leaves before it is durable: an answer waits for its frame, and a question for
every frame it may show.
"""

import asyncio
from collections import deque
from collections.abc import Callable
from functools import partial
from typing import Final, Protocol

import structlog

from router.core.limits import COMMANDS_PER_CALL_MAX, COMMANDS_PER_RUN_MAX, NEVER_US
from router.desk.later import Later
from router.engine.archive import load_events, loader
from router.engine.feed import Feed, Lazy
from router.engine.hindsight import Hindsight
from router.journal import encode, encode_portrait, portray
from router.published import publish_sealed
from router.shard import ComeAgain, Sealed, Shard
from router.stores.errors import StoreError, StoreFull
from router.stores.frames import Frame, Store, Tail
from router.stores.writer import GroupCommit
from router.wire.calls import Call, Reply, refused
from router.wire.events import Event
from router.wire.routes import BY_NAME

INBOX_MAX: Final = 20_000
"""Calls that may wait for the loop; more are told to come back."""
CALLS_PER_SETTLEMENT_MAX: Final = 512
GATHERED_MAX: Final = 16
"""So many calls are settled though a frame is on its way to the disk; fewer wait for it, as their own frame would:
settled together they take a settlement and a frame between them instead of one each."""
COMMANDS_ROOM: Final = COMMANDS_PER_RUN_MAX - COMMANDS_PER_CALL_MAX
"""No further call is admitted above so many commands: any call must still fit."""
LONGEST_SLEEP_S: Final = 60.0
LULL_S: Final = 0.1
"""So long without a call, and a snapshot that is due is taken."""
SNAPSHOT_PUT_OFF_MAX: Final = 20
"""A snapshot waits for a lull during so many times the events after which it was due, not longer."""

LOG = structlog.get_logger("cordboard.engine")

Answer = tuple[asyncio.Future[Reply], Reply]


class Clock(Protocol):
    """Where the time comes from; ``speed`` is how many of its seconds pass in a real one."""

    @property
    def speed(self) -> float:
        """Return how fast the wall time runs."""

    def now_us(self) -> int:
        """Return microseconds since 1970."""

    def monotonic_ns(self) -> int:
        """Return nanoseconds that never go back."""


class Line:
    """One tenant's shard with its inbox, journal and feed. Build it in a running loop; use it from there only."""

    writer_type = GroupCommit

    def __init__(
        self, shard: Shard, store: Store, tail: Tail, clock: Clock, *, snapshot_every: int = 200_000
    ) -> None:
        self.shard = shard
        self._store = store
        self._clock = clock
        self._loop = asyncio.get_running_loop()
        self._inbox: deque[tuple[Call, asyncio.Future[Reply]]] = deque()
        self._answers: deque[tuple[int, list[Answer]]] = deque()
        self._unpublished: deque[tuple[int, Lazy]] = deque()
        self._number = tail.number
        self._snapshot_every = snapshot_every
        self._snapshot_seq = tail.next_seq
        self._saving: asyncio.Task[None] | None = None
        self._lull: asyncio.TimerHandle | None = None
        self._is_scheduled = False
        self._is_closing = False
        self._timer: asyncio.TimerHandle | None = None
        self.bug: Exception | None = None
        self.on_settled: list[Callable[[Sealed], None]] = []
        """Told of each settlement that is to be journalled, before it is durable."""
        self.settlements = 0
        self.calls = 0
        self.writer = self.writer_type(
            store, tail, clock.monotonic_ns, self._on_durable, self._on_failure
        )
        self._hindsight = Hindsight(self.writer)
        shard.rewinder = loader(store, lambda: self.writer.durable_number)
        self.feed = Feed(tail.next_seq, self._load_events)
        self._sleep()

    @property
    def waiting(self) -> int:
        """Return how many calls wait for the loop."""
        return len(self._inbox)

    async def start(self, prepare: Callable[[], None]) -> None:
        """Settle and make durable what ``prepare`` tells the shard: how an empty journal begins."""
        prepare()
        self._work()
        await self.writer.wait_durable(self._number)

    # -- calls ---------------------------------------------------------------------------------------------------------

    def submit(self, call: Call) -> "asyncio.Future[Reply]":
        """Take a call; the future holds the reply once it is durable."""
        answer: asyncio.Future[Reply] = self._loop.create_future()
        route = BY_NAME.get(call.name)
        refusal = self._why_not()
        if refusal is not None:
            answer.set_result(refusal)
        elif route is not None and route.is_query:
            self._ask(call, answer)
        elif len(self._inbox) >= INBOX_MAX or self.writer.is_backed_up:
            answer.set_result(
                refused("overloaded", "Too much waits for the disk.", retry_after_s=1)
            )
        else:
            self._inbox.append((call, answer))
            if not (self._is_committing and len(self._inbox) < GATHERED_MAX):
                self._schedule()
        return answer

    def set_prices(self, words: list[int]) -> None:
        """Enter prices of agents' time, agent and price in turn, unless the line is stopped."""
        if words and self._why_not() is None:
            self.shard.set_prices(words, self._clock.now_us())
            self._schedule()

    @property
    def _is_committing(self) -> bool:
        """Whether frames are on their way to the disk."""
        return self.writer.durable_number < self._number

    def _schedule(self) -> None:
        """Settle what is in the inbox when the loop gets round to it."""
        if not self._is_scheduled:
            self._is_scheduled = True
            self._loop.call_soon(self._work)

    def _why_stopped(self) -> Exception | None:
        """Return what stopped the line: a bug, or its journal; None while it works."""
        return self.bug or self.writer.failure

    def _why_not(self) -> Reply | None:
        """Return the refusal of every call while the line is stopped, None while it works."""
        if self.bug is not None:
            return refused("not_ready", "The server met a bug and waits to be started anew.")
        failure = self.writer.failure
        if failure is not None:
            code = "store_full" if isinstance(failure, StoreFull) else "not_ready"
            return refused(code, f"The journal stopped: {failure}")
        if self._is_closing:
            return refused("not_ready", "The server is stopping.", retry_after_s=5)
        return None

    def _ask(self, call: Call, answer: "asyncio.Future[Reply]") -> None:
        """Answer a question as things are now, once all that shows is durable."""
        reply = self.shard.ask(call, self._clock.now_us())
        if isinstance(reply, Later):
            self._hindsight.ask(reply, self._number, answer)
        elif self.writer.durable_number >= self._number:
            answer.set_result(reply)
        else:
            self._hold(self._number, [(answer, reply)])

    def _hold(self, number: int, answers: list[Answer]) -> None:
        """Keep answers until a frame is durable."""
        if self._answers and self._answers[-1][0] == number:
            self._answers[-1][1].extend(answers)
        else:
            self._answers.append((number, answers))

    # -- settling ------------------------------------------------------------------------------------------------------

    def _work(self) -> None:
        """Admit what is in the inbox and settle it."""
        self._is_scheduled = False
        if self._why_stopped() is not None:
            self._refuse_inbox()
            return
        done: list[Answer] = []
        waiting: list[asyncio.Future[Reply]] = []
        try:
            sealed, replies = self._settle(done, waiting)
        except Exception as error:
            self._break(error, [*waiting, *(answer for answer, _ in done)])
            raise
        done += zip(waiting, replies, strict=True)
        self._write(sealed, done)
        if self._inbox:
            self._schedule()
        self._sleep()

    def _settle(
        self, done: list[Answer], waiting: list[asyncio.Future[Reply]]
    ) -> tuple[Sealed, list[Reply]]:
        """Admit what fits into one settlement and settle it; who is refused at once goes to ``done``."""
        now_us = self._clock.now_us()
        while (
            self._inbox
            and len(waiting) < CALLS_PER_SETTLEMENT_MAX
            and self.shard.machine.pending < COMMANDS_ROOM
        ):
            call, answer = self._inbox[0]
            reply = self.shard.admit(call, now_us)
            if isinstance(reply, ComeAgain):
                break
            self._inbox.popleft()
            self.calls += 1
            if reply is None:
                waiting.append(answer)
            else:
                done.append((answer, reply))
        return self.shard.settle(now_us)

    def _break(self, error: Exception, waiting: list[asyncio.Future[Reply]]) -> None:
        """
        Stop for good after a bug: the shard may be half changed, the journal is not.

        Everything is refused until the process is started anew and recovers from the journal.
        """
        self.bug = error
        for answer in waiting:
            resolve(
                answer, refused("internal", "The server met a bug and stops; the journal is whole.")
            )
        self._refuse_inbox()

    def _write(self, sealed: Sealed, done: list[Answer]) -> None:
        """Journal a settlement and keep its answers until it is durable."""
        self.settlements += 1
        if sealed.batch.count or sealed.names or sealed.documents or sealed.answers:
            frame = Frame(
                self._number + 1,
                sealed.batch.first_seq,
                sealed.batch.count,
                sealed.at_us,
                encode(sealed),
            )
            try:
                self.writer.append_nowait(frame)
            except StoreError as error:
                self._give_up(done, error)
                return
            self._number += 1
            make = partial(publish_sealed, self.shard.directory, sealed)
            self._unpublished.append((self._number, Lazy(sealed.batch.count, make)))
            for listener in self.on_settled:
                try:
                    listener(sealed)
                except Exception:  # it only listens: callers are answered all the same
                    LOG.exception("listener_failed")
        if self.writer.durable_number >= self._number:
            for answer, reply in done:
                resolve(answer, reply)
        elif done:
            self._hold(self._number, done)

    def _sleep(self) -> None:
        """Set the alarm for what is next due."""
        if self._timer is not None:
            self._timer.cancel()
        due_us = self.shard.next_due_us()
        wait_s = (
            LONGEST_SLEEP_S
            if due_us >= NEVER_US
            else (due_us - self._clock.now_us()) / 1e6 / self._clock.speed
        )
        self._timer = self._loop.call_later(min(LONGEST_SLEEP_S, max(0.0, wait_s)), self._wake)

    def _wake(self) -> None:
        """Settle what is due."""
        if self._is_closing or self._why_stopped() is not None:
            return
        self._work()

    # -- the disk ------------------------------------------------------------------------------------------------------

    def _on_durable(self, number: int) -> None:
        """Answer and publish what is durable now."""
        while self._unpublished and self._unpublished[0][0] <= number:
            self.feed.add(self._unpublished.popleft()[1])
        while self._answers and self._answers[0][0] <= number:
            for answer, reply in self._answers.popleft()[1]:
                resolve(answer, reply)
        if self._inbox and not self._is_committing:
            self._schedule()
        if self.feed.last_seq - self._snapshot_seq >= self._snapshot_every:
            self._plan_snapshot()

    def _plan_snapshot(self) -> None:
        """
        Save a snapshot when the line falls quiet, or now if that has been put off for too long.

        Copying the state keeps the loop for some 2 us a ticket: 0.4 s with 200,000 tickets, under load too long for
        those who wait, and nobody's loss in a lull.
        """
        if self._saving is not None or self._is_closing:
            return
        put_off = (self.feed.last_seq - self._snapshot_seq) // self._snapshot_every
        if put_off >= SNAPSHOT_PUT_OFF_MAX:
            self._begin_snapshot()
        elif self._lull is None:
            self._lull = self._loop.call_later(LULL_S, self._snapshot_if_quiet, self.calls)

    def _snapshot_if_quiet(self, calls: int) -> None:
        """Save a snapshot if no call came since ``calls`` were counted; else wait for the next lull."""
        self._lull = None
        if self._saving is not None or self._is_closing or self._why_stopped() is not None:
            return
        if self.calls == calls and not self._inbox:
            self._begin_snapshot()
        else:
            self._plan_snapshot()

    def _begin_snapshot(self) -> None:
        """Save a snapshot beside the work."""
        self._saving = self._loop.create_task(self.save_snapshot())
        self._saving.add_done_callback(self._saved)

    def _saved(self, task: "asyncio.Task[None]") -> None:
        """Note the end of a snapshot; one that failed is tried again later, the journal is complete without it."""
        self._saving = None
        if not task.cancelled():
            task.exception()

    async def save_snapshot(self) -> None:
        """Save the present state beside the journal; the loop goes on while it is encoded and written."""
        portrait = portray(self.shard)
        number = self._number
        self._snapshot_seq = portrait.seq
        blob = await self._loop.run_in_executor(None, encode_portrait, portrait)
        await self.writer.save_snapshot(number, portrait.seq + 1, blob)

    def _on_failure(self, failure: Exception) -> None:
        """Refuse everything that is not durable: it is not known to be lost, but nobody may count on it."""
        LOG.error("journal_stopped", why=str(failure))
        self._refuse_inbox()
        while self._answers:
            self._give_up(self._answers.popleft()[1], failure)
        self._unpublished.clear()

    def _give_up(self, done: list[Answer], failure: Exception) -> None:
        """Refuse answers whose frame will not become durable."""
        code = "store_full" if isinstance(failure, StoreFull) else "not_ready"
        for answer, _ in done:
            resolve(
                answer, refused(code, f"The journal stopped before this was durable: {failure}")
            )

    def _refuse_inbox(self) -> None:
        """Refuse calls that were not admitted."""
        refusal = self._why_not() or refused("not_ready", "The journal stopped.")
        while self._inbox:
            resolve(self._inbox.popleft()[1], refusal)

    def _load_events(self, first: int, most: int) -> list[Event]:
        """Read older events from the journal."""
        return load_events(
            self._store, self.shard.directory, self.writer.durable_number, (first, most)
        )

    async def close(self) -> None:
        """Settle what is in the inbox, make it durable, save a snapshot and let go of the journal."""
        while self._inbox and self._why_stopped() is None:
            self._work()
        self._is_closing = True
        for alarm in (self._timer, self._lull):
            if alarm is not None:
                alarm.cancel()
        if self.writer.failure is None:
            await self.writer.wait_durable(self._number)
            if self._saving is not None:
                await asyncio.wait([self._saving])
            if self.bug is None and self.feed.last_seq >= self._snapshot_seq:
                await self.save_snapshot()
        await self._hindsight.close()
        try:
            await self.writer.close()
        finally:
            self._store.close()


def resolve(answer: "asyncio.Future[Reply]", reply: Reply) -> None:
    """Give an answer unless the caller has left."""
    if not answer.done():
        answer.set_result(reply)
