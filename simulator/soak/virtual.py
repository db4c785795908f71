"""A loop whose time passes when it has nothing to do, and a disk that writes when it is told to."""

import asyncio
import selectors
from collections import deque
from collections.abc import Callable
from typing import Any

from router.stores.committer import Committed, Ended, Failed, Report, SnapshotDone, Stop, Work
from router.stores.errors import FrameInvalid, OutOfOrder
from router.stores.frames import Frame, Snapshot, Store
from router.stores.writer import GroupCommit


class DeadlockError(RuntimeError):
    """Everybody waits and nothing will ever happen."""


class VirtualLoop(asyncio.SelectorEventLoop):
    """An event loop in virtual time: waiting for a timer takes none, and threads are run at once."""

    def __init__(self, begins_s: float = 0.0) -> None:
        self.now_s = begins_s
        super().__init__(_Instant(self))

    def time(self) -> float:
        """Return virtual seconds."""
        return self.now_s

    def run_in_executor(  # type: ignore[override]
        self, _executor: Any, func: Callable[..., Any], *args: Any
    ) -> "asyncio.Future[Any]":
        """Do it now, here: what threads would race for has one order."""
        done: asyncio.Future[Any] = self.create_future()
        try:
            done.set_result(func(*args))
        except Exception as error:
            done.set_exception(error)
        return done


class _Instant(selectors.DefaultSelector):
    """Looks for what is ready, and lets time pass instead of waiting."""

    def __init__(self, loop: VirtualLoop) -> None:
        super().__init__()
        self._loop = loop

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        """Return what is ready; when nothing is, it is later."""
        ready: list[tuple[selectors.SelectorKey, int]] = super().select(0)
        if ready:
            return ready
        if timeout is None:
            raise DeadlockError("everybody waits and nothing will ever happen")
        self._loop.now_s += max(0.0, timeout)
        return []


class SteppedCommitter:
    """Owns the writing side of a store, and does as much as it is told to, when it is told to."""

    latest: "SteppedCommitter"
    """The one made last: the rig's."""

    def __init__(
        self, store: Store, _clock_ns: Callable[[], int], tell: Callable[[Report], object]
    ) -> None:
        self.store = store
        self.tell = tell
        self.waiting: deque[Work] = deque()
        self.busy_since_ns: int | None = None
        self.has_failed = False
        self.is_dead = False
        type(self).latest = self

    @property
    def work(self) -> "SteppedCommitter":
        """The queue, as ``Committer`` has one."""
        return self

    def put(self, item: Work) -> None:
        """Keep work until the next step."""
        self.waiting.append(item)

    def let_commit(self, _at_most_s: float) -> None:
        """Nobody waits for a thread here."""

    def join(self) -> None:
        """There is no thread."""

    def step(self, most: int, *, is_told: bool = True) -> int:
        """Do up to ``most`` of what waits; unless ``is_told``, nobody hears of it. Return how much was done."""
        done = 0
        while self.waiting and done < most and not self.is_dead:
            frames: list[Frame] = []
            while self.waiting and isinstance(first := self.waiting[0], Frame) and done < most:
                frames.append(first)
                self.waiting.popleft()
                done += 1
            if frames:
                self._append(frames, is_told=is_told)
                continue
            first = self.waiting.popleft()
            done += 1
            if isinstance(first, Snapshot):
                self._save(first)
            elif isinstance(first, Stop):
                self.tell(Ended())
        return done

    def _append(self, frames: list[Frame], *, is_told: bool) -> None:
        if self.has_failed:
            return
        try:
            self.store.append(frames, frames[0].number - 1)
        except Exception as failure:
            self.has_failed = True
            if is_told:
                self.tell(Failed(failure))
            return
        if is_told:
            body_bytes = sum(len(frame.body) for frame in frames)
            self.tell(Committed(frames[-1].number, len(frames), body_bytes, 0))

    def _save(self, snapshot: Snapshot) -> None:
        if self.has_failed:
            return
        refusal = None
        try:
            self.store.save_snapshot(*snapshot)
        except (OutOfOrder, FrameInvalid) as error:
            refusal = error
        except Exception as failure:
            self.has_failed = True
            self.tell(Failed(failure))
            return
        self.tell(SnapshotDone(refusal))


class SteppedCommit(GroupCommit):
    """The engine's writer, with a disk in the rig's hands."""

    committer_type = SteppedCommitter  # type: ignore[assignment]
