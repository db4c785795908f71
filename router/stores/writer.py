"""Make frames durable in groups: one thread commits whatever waits, the event loop never does.

While one commit is on its way to the disk the next frames gather, so a slow disk makes the groups
larger and not the queue longer. The loop hears of each commit by one call.
"""

import asyncio
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from copy import copy
from heapq import heappop, heappush
from itertools import count
from typing import NamedTuple

from router.stores.committer import Committed, Committer, Ended, Failed, Report, Stop
from router.stores.errors import BacklogFull, OutOfOrder, StoreClosed
from router.stores.frames import Frame, Snapshot, Store, Tail

NS_PER_S = 1_000_000_000
# A loop that always finds something to do gives up the interpreter often, but for too short a time
# for a waiting thread to wake up and take it, and the switch interval does not help, because each
# try starts it anew: the thread starved for 0.3 to 1 s (bench/stores.py, busy_loop). So when frames
# wait and nothing was heard for a while the loop stands still for one commit.
STARVED_AFTER_S = 0.004
LEND_S = 0.002  # a slow disk may cost the loop a third of its time, no more
assert LEND_S <= STARVED_AFTER_S / 2


class BacklogLimits(NamedTuple):
    """Bound what may wait for the disk; a frame that arrives above either bound is refused."""

    frames: int = 4_096
    body_bytes: int = 64 << 20


DEFAULT_LIMITS = BacklogLimits()


class WriterStatistics(NamedTuple):
    """Count what a writer has done; a commit's seconds are those of writing and syncing it."""

    commits: int = 0
    frames: int = 0
    body_bytes: int = 0
    snapshots: int = 0
    frames_last_commit: int = 0
    frames_largest_commit: int = 0
    last_commit_s: float = 0.0
    total_commit_s: float = 0.0
    slowest_commit_s: float = 0.0
    under_way_s: float = 0.0  # how long the thread has been at its present work
    waiting_frames: int = 0
    waiting_bytes: int = 0
    durable_number: int = 0


class GroupCommit:
    """Append frames to an open store from one thread of its own.

    Build it in a running loop and call it from that loop only; nobody else may write to the store
    until ``close`` has returned. ``on_durable`` hears the number of the last durable frame once a
    commit, ``on_failure`` the first failure; both run in the loop. ``clock_ns`` counts nanoseconds
    from any start, never goes back and is called from the thread too.
    """

    committer_type = Committer
    """What owns the store; another driver brings one that commits when it is told to."""

    def __init__(
        self,
        store: Store,
        tail: Tail,
        clock_ns: Callable[[], int],
        on_durable: Callable[[int], object] | None = None,
        on_failure: Callable[[Exception], object] | None = None,
        limits: BacklogLimits = DEFAULT_LIMITS,
    ) -> None:
        self._clock_ns = clock_ns
        self._on_durable = on_durable
        self._on_failure = on_failure
        self._limits = limits
        self._loop = asyncio.get_running_loop()
        self._waiters: list[tuple[int, int, asyncio.Future[None]]] = []  # a heap by number
        self._order = count()
        self._snapshots: deque[asyncio.Future[None]] = deque()
        self._failure: Exception | None = None
        self._closing = False
        self._ended: asyncio.Future[None] = self._loop.create_future()
        self._appended = self._durable = tail.number
        self._waiting_frames = self._waiting_bytes = 0
        self._counts = WriterStatistics()
        self._watch: asyncio.TimerHandle | None = None
        self._committer = self.committer_type(store, clock_ns, self._tell)

    @property
    def durable_number(self) -> int:
        """Return the number of the last frame that is durable."""
        return self._durable

    @property
    def is_backed_up(self) -> bool:
        """Return whether so much waits for the disk that the next frame would be refused."""
        return (
            self._waiting_frames >= self._limits.frames
            or self._waiting_bytes >= self._limits.body_bytes
        )

    @property
    def failure(self) -> Exception | None:
        """Return what stopped the writer, None as long as it works."""
        return self._failure

    def append_nowait(self, frame: Frame) -> None:
        """Hand over the next frame without waiting for the disk.

        Raises
        ------
        BacklogFull, OutOfOrder, StoreClosed
            The frame was not taken.
        StoreError
            The copy of an earlier failure: the frame was not taken, and no more ever will be.
        """
        self._refuse_stopped()
        if frame.number != self._appended + 1:
            raise OutOfOrder("number", frame.number, self._appended + 1)
        if self.is_backed_up:
            raise BacklogFull(self._waiting_frames, self._waiting_bytes)
        self._appended = frame.number
        self._waiting_frames += 1
        self._waiting_bytes += len(frame.body)
        self._committer.work.put(frame)
        if self._watch is None:
            self._watch_from(self._durable)

    async def wait_durable(self, number: int) -> None:
        """Wait until frame ``number`` is durable; raise what kept it from becoming so."""
        if number <= self._durable:
            return
        self._raise_failure()
        if number > self._appended:
            raise OutOfOrder("number to wait for", number, self._appended)
        waiter: asyncio.Future[None] = self._loop.create_future()
        heappush(self._waiters, (number, next(self._order), waiter))
        await waiter

    async def save_snapshot(self, number: int, next_seq: int, blob: bytes) -> None:
        """Save a snapshot behind the frames that wait now; return when it is durable."""
        self._refuse_stopped()
        saved: asyncio.Future[None] = self._loop.create_future()
        self._snapshots.append(saved)
        self._committer.work.put(Snapshot(number, next_seq, blob))
        await saved

    def statistics(self) -> WriterStatistics:
        """Return what has been done so far."""
        since_ns = self._committer.busy_since_ns
        under_way_s = 0.0 if since_ns is None else (self._clock_ns() - since_ns) / NS_PER_S
        return self._counts._replace(
            under_way_s=under_way_s,
            waiting_frames=self._waiting_frames,
            waiting_bytes=self._waiting_bytes,
            durable_number=self._durable,
        )

    async def close(self) -> None:
        """Make durable what waits, then end the thread; the store stays open.

        Raises
        ------
        StoreError
            What kept the last frames from becoming durable.
        """
        if not self._closing:
            self._closing = True
            self._committer.work.put(Stop())
        await asyncio.shield(self._ended)
        self._committer.join()
        if self._watch is not None:
            self._watch.cancel()
        self._raise_failure()

    def _refuse_stopped(self) -> None:
        self._raise_failure()
        if self._closing:
            raise StoreClosed("The journal's writer", "closing")

    def _raise_failure(self) -> None:
        if self._failure is not None:
            raise copy(self._failure)

    def _watch_from(self, durable: int) -> None:
        self._watch = self._loop.call_later(STARVED_AFTER_S, self._lend, durable)

    def _lend(self, durable_before: int) -> None:
        self._watch = None
        if self._waiting_frames and self._failure is None:
            if self._durable == durable_before:
                self._committer.let_commit(LEND_S)
            self._watch_from(self._durable)

    def _tell(self, report: Report) -> None:
        # Called from the thread. Without a loop nobody is left to tell; the work goes on.
        with suppress(RuntimeError):
            self._loop.call_soon_threadsafe(self._hear, report)

    def _hear(self, report: Report) -> None:
        if isinstance(report, Committed):
            self._note(report)
        elif isinstance(report, Failed):
            self._fail(report.failure)
        elif isinstance(report, Ended):
            _settle(self._ended)
        else:
            if report.refusal is None:
                self._counts = self._counts._replace(snapshots=self._counts.snapshots + 1)
            _settle(self._snapshots.popleft(), report.refusal)

    def _note(self, commit: Committed) -> None:
        self._durable = commit.number
        self._waiting_frames -= commit.frames
        self._waiting_bytes -= commit.body_bytes
        counts, took_s = self._counts, commit.took_ns / NS_PER_S
        self._counts = counts._replace(
            commits=counts.commits + 1,
            frames=counts.frames + commit.frames,
            body_bytes=counts.body_bytes + commit.body_bytes,
            frames_last_commit=commit.frames,
            frames_largest_commit=max(counts.frames_largest_commit, commit.frames),
            last_commit_s=took_s,
            total_commit_s=counts.total_commit_s + took_s,
            slowest_commit_s=max(counts.slowest_commit_s, took_s),
        )
        while self._waiters and self._waiters[0][0] <= commit.number:
            _settle(heappop(self._waiters)[2])
        if self._on_durable is not None:
            self._on_durable(commit.number)

    def _fail(self, failure: Exception) -> None:
        self._failure = failure
        while self._waiters:
            _settle(heappop(self._waiters)[2], copy(failure))
        while self._snapshots:
            _settle(self._snapshots.popleft(), copy(failure))
        if self._on_failure is not None:
            self._on_failure(failure)


def _settle(future: "asyncio.Future[None]", failure: Exception | None = None) -> None:
    if future.done():  # who waited was cancelled
        return
    if failure is None:
        future.set_result(None)
    else:
        future.set_exception(failure)
