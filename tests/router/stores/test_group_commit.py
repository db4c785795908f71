"""Frames handed over in the loop become durable in order, in groups, or fail as one."""

import asyncio
import threading
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path

import pytest

from router.stores import STORES, store_at
from router.stores.committer import COMMIT_MAX, Committer
from router.stores.errors import (
    BacklogFull,
    Fenced,
    OutOfOrder,
    StoreClosed,
    StoreError,
    StoreFailed,
    StoreFull,
)
from router.stores.frames import Frame, verify_chain
from router.stores.memory import Fault, Faults, MemoryJournal, MemoryStore
from router.stores.sqlite_rows import ROWS_PER_STATEMENT
from router.stores.writer import LEND_S, STARVED_AFTER_S, BacklogLimits, GroupCommit
from tests.router.stores.journals import body_of, clock_ns


class Gate:
    """Hold up the slow appends of a memory store until the test lets them through."""

    def __init__(self) -> None:
        self.reached = threading.Event()
        self.open = threading.Event()

    def __call__(self, _seconds: float) -> None:
        self.reached.set()
        assert self.open.wait(30)

    async def wait_reached(self) -> None:
        """Wait until an append is held up."""
        assert await asyncio.to_thread(self.reached.wait, 30)


def frame(number: int) -> Frame:
    """Return the frame of this number, of one event."""
    return Frame(number, number, 1, number, body_of(number))


def slow_store() -> tuple[MemoryStore, Gate]:
    """Return a store whose first append is held up at a gate."""
    gate = Gate()
    return MemoryStore(faults=Faults(appends={1: Fault.SLOW}, pause=gate)), gate


@pytest.mark.parametrize("kind", STORES)
def test_frames_become_durable_in_order_whatever_the_store(kind: str, tmp_path: Path) -> None:
    """Five hundred frames in bursts: each is told durable once, in order, and is stored."""

    async def play() -> None:
        store = store_at(f"{kind}:{tmp_path / 'journal.sqlite'}")
        told: list[int] = []
        writer = GroupCommit(store, store.open(), clock_ns, told.append)
        for number in range(1, 501):
            writer.append_nowait(frame(number))
            if number % 50 == 0:
                await writer.wait_durable(number - 20)
                assert writer.durable_number >= number - 20
                assert store.tail.number >= writer.durable_number
        await writer.close()
        assert told == sorted(set(told))
        assert told[-1] == writer.durable_number == 500
        counts = writer.statistics()
        assert (counts.frames, counts.commits) == (500, len(told))
        assert counts.waiting_frames == counts.waiting_bytes == 0
        assert counts.body_bytes == sum(len(body_of(number)) for number in range(1, 501))
        assert list(store.read()) == [frame(number) for number in range(1, 501)]
        assert verify_chain(store).damage is None
        store.close()

    asyncio.run(play())


def test_what_waits_during_a_slow_commit_goes_out_as_one_group() -> None:
    """A slow disk makes larger groups, and the statistics say how large and how slow."""

    async def play() -> None:
        store, gate = slow_store()
        now_ns = [0]
        told: list[int] = []
        writer = GroupCommit(store, store.open(), lambda: now_ns[0], told.append)
        writer.append_nowait(frame(1))
        await gate.wait_reached()
        for number in range(2, 12):
            writer.append_nowait(frame(number))
        now_ns[0] = 3_000_000_000
        during = writer.statistics()
        assert (during.under_way_s, during.waiting_frames, during.durable_number) == (3.0, 11, 0)
        assert not told
        gate.open.set()
        await writer.wait_durable(11)
        assert told == [1, 11]
        counts = writer.statistics()
        assert (counts.commits, counts.frames_last_commit, counts.frames_largest_commit) == (
            2,
            10,
            10,
        )
        assert (counts.slowest_commit_s, counts.last_commit_s) == (3.0, 0.0)
        await writer.close()
        assert writer.statistics().under_way_s == 0.0

    asyncio.run(play())


@pytest.mark.parametrize(
    ("limits", "taken"), [(BacklogLimits(frames=5), 5), (BacklogLimits(body_bytes=500), 4)]
)
def test_a_backlog_is_bounded_and_visible(limits: BacklogLimits, taken: int) -> None:
    """When too many frames or bytes wait, the next frame is refused and none is lost."""

    async def play() -> None:
        store, gate = slow_store()
        writer = GroupCommit(store, store.open(), clock_ns, limits=limits)
        for number in range(1, taken + 1):
            assert not writer.is_backed_up
            writer.append_nowait(Frame(number, number, 1, 0, bytes(130)))
        assert writer.is_backed_up
        for _ in range(2):
            with pytest.raises(BacklogFull, match=f"{taken} frames of {taken * 130} bytes wait"):
                writer.append_nowait(Frame(taken + 1, taken + 1, 1, 0, b""))
        gate.open.set()
        await writer.wait_durable(taken)
        assert not writer.is_backed_up
        writer.append_nowait(Frame(taken + 1, taken + 1, 1, 0, b""))
        await writer.close()
        assert store.tail.number == taken + 1

    asyncio.run(play())


@pytest.mark.parametrize(
    ("fault", "error"), [(Fault.FULL, StoreFull), (Fault.FAILED_AFTER, StoreFailed)]
)
def test_a_failure_reaches_everyone_who_waits_and_ends_the_writing(
    fault: Fault, error: type[StoreError]
) -> None:
    """All waiters get the failure, each its own copy; what was durable before stays so."""

    async def play() -> None:
        gate = Gate()
        journal = MemoryJournal()
        faults = Faults(appends={1: Fault.SLOW, 2: fault}, pause=gate)
        store = MemoryStore(journal=journal, faults=faults)
        told: list[int] = []
        failures: list[Exception] = []
        writer = GroupCommit(store, store.open(), clock_ns, told.append, failures.append)
        writer.append_nowait(frame(1))
        await gate.wait_reached()
        writer.append_nowait(frame(2))
        writer.append_nowait(frame(3))
        snapshot = writer.save_snapshot(2, 3, b"state")
        waits = [writer.wait_durable(1), writer.wait_durable(2), writer.wait_durable(3), snapshot]
        gathered = asyncio.gather(*waits, return_exceptions=True)
        await asyncio.sleep(0)
        gate.open.set()
        durable, *lost = await gathered
        assert durable is None
        assert [type(each) for each in lost] == [error] * 3
        assert len({id(each) for each in lost}) == 3
        assert [type(each) for each in failures] == [error]
        assert type(writer.failure) is error
        assert (told, writer.durable_number) == ([1], 1)
        await writer.wait_durable(1)
        later: list[Callable[[], Awaitable[object]]] = [
            lambda: writer.wait_durable(3),
            lambda: writer.save_snapshot(1, 2, b"state"),
            writer.close,
            writer.close,
        ]
        for each in later:
            with pytest.raises(error):
                await each()
        with pytest.raises(error):
            writer.append_nowait(frame(4))

    asyncio.run(play())


def test_a_fenced_writer_fails_without_storing() -> None:
    """A newer owner ends the older one's writing at its next commit."""

    async def play() -> None:
        journal = MemoryJournal()
        older, newer = MemoryStore(journal=journal), MemoryStore(journal=journal)
        writer = GroupCommit(older, older.open(), clock_ns)
        writer.append_nowait(frame(1))
        await writer.wait_durable(1)
        newer.open()
        writer.append_nowait(frame(2))
        with pytest.raises(Fenced):
            await writer.wait_durable(2)
        with pytest.raises(Fenced):
            await writer.close()
        assert newer.tail.number == len(journal.rows) == 1

    asyncio.run(play())


def test_an_unexpected_error_in_the_thread_is_told_too() -> None:
    """Whatever goes wrong in the thread, nobody waits for ever."""

    def burst(_seconds: float) -> None:
        raise ZeroDivisionError

    async def play() -> None:
        store = MemoryStore(faults=Faults(appends={1: Fault.SLOW}, pause=burst))
        writer = GroupCommit(store, store.open(), clock_ns)
        writer.append_nowait(frame(1))
        with pytest.raises(ZeroDivisionError):
            await writer.wait_durable(1)
        with pytest.raises(ZeroDivisionError):
            await writer.close()

    asyncio.run(play())


def test_a_gap_is_refused_before_anything_waits() -> None:
    """Frames come in order, and nobody waits for a frame that was never handed over."""

    async def play() -> None:
        store = MemoryStore()
        writer = GroupCommit(store, store.open(), clock_ns)
        writer.append_nowait(frame(1))
        for wrong in (1, 3):
            with pytest.raises(OutOfOrder, match=f"number is {wrong}, expected 2"):
                writer.append_nowait(frame(wrong))
        with pytest.raises(OutOfOrder, match="number to wait for is 2, expected 1"):
            await writer.wait_durable(2)
        await writer.close()
        assert store.tail.number == 1

    asyncio.run(play())


def test_closing_makes_durable_what_waits_and_refuses_more() -> None:
    """Closing is a barrier: whatever was taken is durable when it returns."""

    async def play() -> None:
        store, gate = slow_store()
        writer = GroupCommit(store, store.open(), clock_ns)
        for number in range(1, 8):
            writer.append_nowait(frame(number))
        closing = asyncio.gather(writer.close(), writer.close())
        await gate.wait_reached()
        with pytest.raises(StoreClosed, match="closing"):
            writer.append_nowait(frame(8))
        with pytest.raises(StoreClosed, match="closing"):
            await writer.save_snapshot(7, 8, b"state")
        gate.open.set()
        await closing
        assert writer.durable_number == store.tail.number == 7
        grown = store.tail
        store.append([frame(8)], grown.number)  # the store is the caller's again

    asyncio.run(play())


def test_who_stops_waiting_does_no_harm() -> None:
    """A cancelled waiter is forgotten; the frame and the other waiters are not."""

    async def play() -> None:
        store, gate = slow_store()
        writer = GroupCommit(store, store.open(), clock_ns)
        writer.append_nowait(frame(1))
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(writer.wait_durable(1), 0.001)
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(writer.close(), 0.001)
        gate.open.set()
        await writer.wait_durable(1)
        await writer.close()
        assert store.tail.number == 1

    asyncio.run(play())


def test_a_snapshot_is_saved_behind_the_frames_before_it() -> None:
    """The frame a snapshot stands for is stored first, although both waited together."""

    async def play() -> None:
        store, gate = slow_store()
        writer = GroupCommit(store, store.open(), clock_ns)
        for number in (1, 2):
            writer.append_nowait(frame(number))
        saving = asyncio.gather(writer.save_snapshot(2, 3, b"state"))
        await asyncio.sleep(0)
        writer.append_nowait(frame(3))
        gate.open.set()
        await saving
        await writer.wait_durable(3)
        assert writer.statistics().snapshots == 1
        assert store.load_snapshot() == (2, 3, b"state")
        await writer.close()

    asyncio.run(play())


def test_a_snapshot_that_does_not_fit_the_journal_is_the_callers_mistake() -> None:
    """A wrong number refuses that snapshot only; the writing goes on."""

    async def play() -> None:
        store = MemoryStore()
        writer = GroupCommit(store, store.open(), clock_ns)
        with pytest.raises(OutOfOrder, match="snapshot number is 9"):
            await writer.save_snapshot(9, 10, b"state")
        writer.append_nowait(frame(1))
        await writer.close()
        assert writer.durable_number == 1

    asyncio.run(play())


def test_an_idle_moment_is_used_for_housekeeping() -> None:
    """The store hears after each commit whether a frame waits: then only what is urgent is to be done."""
    asked: list[bool] = []
    taken, second_waits, rested = (threading.Event() for _ in range(3))

    class Tidied(MemoryStore):
        def append(self, frames: Sequence[Frame], expected: int) -> None:
            taken.set()
            assert second_waits.wait(30)
            super().append(frames, expected)

        def tidy(self, *, idle: bool) -> None:
            asked.append(idle)
            if idle:
                rested.set()

    async def play() -> None:
        store = Tidied()
        writer = GroupCommit(store, store.open(), clock_ns)
        writer.append_nowait(frame(1))
        assert await asyncio.to_thread(taken.wait, 30)
        writer.append_nowait(frame(2))
        second_waits.set()
        assert await asyncio.to_thread(rested.wait, 30)
        await writer.close()
        assert asked[:2] == [False, True]

    asyncio.run(play())


def test_a_loop_stands_still_for_a_commit_that_makes_no_progress(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """While frames wait and none becomes durable, the loop lends its time, and only then."""
    lent: list[float] = []
    let_commit = Committer.let_commit

    def counted(committer: Committer, at_most_s: float) -> None:
        lent.append(at_most_s)
        if len(lent) == 3:
            gate.open.set()
        let_commit(committer, at_most_s)

    monkeypatch.setattr(Committer, "let_commit", counted)
    store, gate = slow_store()

    async def play() -> None:
        writer = GroupCommit(store, store.open(), clock_ns)
        writer.append_nowait(frame(1))
        await writer.wait_durable(1)
        assert lent[:3] == [LEND_S] * 3
        await asyncio.sleep(3 * STARVED_AFTER_S)
        settled = len(lent)
        await asyncio.sleep(3 * STARVED_AFTER_S)
        assert len(lent) == settled
        await writer.close()

    asyncio.run(play())


def test_a_group_is_no_larger_than_one_statement() -> None:
    """A long backlog becomes several commits, so that the first of it is not held up by the rest."""

    async def play() -> None:
        store, gate = slow_store()
        writer = GroupCommit(store, store.open(), clock_ns)
        for number in range(1, 2 * COMMIT_MAX + 1):
            writer.append_nowait(frame(number))
        gate.open.set()
        await writer.close()
        assert writer.statistics().frames_largest_commit <= COMMIT_MAX <= ROWS_PER_STATEMENT
        assert store.tail.number == 2 * COMMIT_MAX

    asyncio.run(play())
