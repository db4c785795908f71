"""Run the one thread that writes to a store: it commits whatever waits, and reports to the loop."""

from collections.abc import Callable
from contextlib import suppress
from queue import Empty, SimpleQueue
from threading import Event, Thread
from typing import NamedTuple

from router.stores.errors import FrameInvalid, OutOfOrder
from router.stores.frames import Frame, Snapshot, Store

TIDY_AFTER_S = 0.05  # so long without work is an idle moment
COMMIT_MAX = 512  # frames and snapshots: what SQLite stores in one statement


class Stop(NamedTuple):
    """Ask the thread to end when everything before is done."""


class Committed(NamedTuple):
    """Report that frames up to ``number`` are durable, and what that took."""

    number: int
    frames: int
    body_bytes: int
    took_ns: int


class SnapshotDone(NamedTuple):
    """Report what became of the oldest snapshot not yet reported: saved, or refused."""

    refusal: Exception | None


class Failed(NamedTuple):
    """Report that nothing more will become durable, and why."""

    failure: Exception


class Ended(NamedTuple):
    """Report that the thread is about to end."""


Work = Frame | Snapshot | Stop
Report = Committed | SnapshotDone | Failed | Ended


class Committer:
    """Own the writing side of an open store.

    ``tell`` is called from the thread, once for each report. After the first failure the store is
    left alone and whatever else is handed over is dropped: only ``Failed`` speaks for it.
    """

    def __init__(
        self, store: Store, clock_ns: Callable[[], int], tell: Callable[[Report], object]
    ) -> None:
        self.work: SimpleQueue[Work] = SimpleQueue()
        self.busy_since_ns: int | None = None
        self._committed = Event()
        self._store = store
        self._clock_ns = clock_ns
        self._tell = tell
        self._untidy = False
        self._stopping = False
        # A daemon: whoever forgets to stop it must not keep the process alive, and a commit that
        # the end of the process cuts short was not acknowledged.
        self._thread = Thread(target=self._run, name="journal writer", daemon=True)
        self._thread.start()

    def let_commit(self, at_most_s: float) -> None:
        """Block the caller, who gives up the interpreter by that, until a commit is done."""
        self._committed.clear()
        self._committed.wait(at_most_s)

    def join(self) -> None:
        """Wait for the thread, which ends after a ``Stop``."""
        self._thread.join()

    def _run(self) -> None:
        try:
            while not self._stopping:
                batch = self._take()
                self.busy_since_ns = self._clock_ns()
                self._do(batch)
                self._store.tidy(idle=self.work.empty())
                self._untidy = bool(batch)
                self.busy_since_ns = None
        except Exception as failure:  # whatever it is, who waits must hear it
            self.busy_since_ns = None
            self._tell(Failed(failure))
            while not self._stopping:
                self._take()
        self._tell(Ended())

    def _take(self) -> list[Frame | Snapshot]:
        """Wait for work and take what there is; nothing when an idle moment has come."""
        batch: list[Frame | Snapshot] = []
        with suppress(Empty):
            item = self.work.get(timeout=TIDY_AFTER_S if self._untidy else None)
            while not isinstance(item, Stop):
                batch.append(item)
                if len(batch) == COMMIT_MAX:
                    return batch
                item = self.work.get_nowait()
            self._stopping = True
        return batch

    def _do(self, batch: list[Frame | Snapshot]) -> None:
        frames: list[Frame] = []
        for item in batch:
            if isinstance(item, Frame):
                frames.append(item)
                continue
            self._append(frames)
            frames = []
            self._save(item)
        self._append(frames)

    def _append(self, frames: list[Frame]) -> None:
        if not frames:
            return
        began_ns = self._clock_ns()
        self._store.append(frames, frames[0].number - 1)
        self._committed.set()
        took_ns = self._clock_ns() - began_ns
        body_bytes = sum(len(frame.body) for frame in frames)
        self._tell(Committed(frames[-1].number, len(frames), body_bytes, took_ns))

    def _save(self, snapshot: Snapshot) -> None:
        refusal = None
        try:
            self._store.save_snapshot(*snapshot)
        except (OutOfOrder, FrameInvalid) as error:  # the caller's mistake: the store is well
            refusal = error
        self._tell(SnapshotDone(refusal))
