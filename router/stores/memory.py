"""Keep a journal in memory: the same contract as on disk, and it fails when told to.

Stores with the same name share one journal as long as any of them lives, so two owners can
compete for it and a store can be opened again.
"""

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from copy import copy
from dataclasses import dataclass, field
from enum import Enum
from threading import Lock
from weakref import WeakValueDictionary

from router.stores.errors import Fenced, JournalDamaged, StoreClosed, StoreFailed, StoreFull
from router.stores.frames import (
    GENESIS,
    SNAPSHOTS_KEPT,
    Frame,
    Row,
    Snapshot,
    Tail,
    check_frames,
    check_row,
    check_snapshot,
    crc_of_snapshot,
    follow,
    seal,
)

_PAGE_ROWS = 256


class Fault(Enum):
    """Name what a memory store can be told to suffer."""

    FULL = "full"  # no room: nothing is stored
    FAILED = "failed"  # the device fails before anything is stored
    FAILED_AFTER = "failed after storing"  # as when an fsync fails: stored, never acknowledged
    SLOW = "slow"  # stored after ``Faults.slow_s``


@dataclass(frozen=True, slots=True)
class Faults:
    """Say which append and which snapshot of one store suffers what, both counted from 1.

    ``pause`` waits for ``slow_s`` seconds; a test passes its own.
    """

    appends: Mapping[int, Fault] = field(default_factory=dict)
    snapshots: Mapping[int, Fault] = field(default_factory=dict)
    slow_s: float = 0.0
    pause: Callable[[float], None] = time.sleep


@dataclass(slots=True, weakref_slot=True)
class MemoryJournal:
    """Hold what competing memory stores share; ``snapshots`` maps number to (snapshot, CRC32C)."""

    rows: list[Row] = field(default_factory=list)
    snapshots: dict[int, tuple[Snapshot, int]] = field(default_factory=dict)
    epoch: int = 0
    lock: Lock = field(default_factory=Lock)


_named: WeakValueDictionary[str, MemoryJournal] = WeakValueDictionary()
_named_lock = Lock()


class MemoryStore:
    """Keep frames in memory; the journal called ``name`` is shared, the one without is private."""

    def __init__(
        self, name: str = "", *, journal: MemoryJournal | None = None, faults: Faults | None = None
    ) -> None:
        self.journal = journal if journal is not None else _journal(name)
        self._title = f"The memory journal {name!r}"
        self._faults = faults if faults is not None else Faults()
        self._tail: Tail | None = None
        self._writing = False
        self._broken: StoreFull | StoreFailed | None = None
        self._appends = 0
        self._snapshots = 0
        self.damaged_snapshots: tuple[int, ...] = ()

    @property
    def tail(self) -> Tail:
        """Return where the journal goes on, as this owner knows it."""
        return self._opened()

    def open(self) -> Tail:
        """Claim the next epoch and verify the tail."""
        self._refuse_open()
        with self.journal.lock:
            tail = self._stored_tail()
            self.journal.epoch += 1
            self._tail = tail._replace(epoch=self.journal.epoch)
        self._writing = True
        return self._tail

    def open_to_read(self) -> Tail:
        """Open beside a living owner without claiming anything."""
        self._refuse_open()
        with self.journal.lock:
            self._tail = self._stored_tail()
        return self._tail

    def append(self, frames: Sequence[Frame], expected: int) -> None:
        """Store all frames or none."""
        tail = self._to_write()
        check_frames(frames, expected, tail)
        self._appends += 1
        fault = self._faults.appends.get(self._appends)
        rows, new_tail = seal(frames, tail)
        with self.journal.lock:
            self._refuse_fenced(tail)
            self._suffer_before(fault)
            self.journal.rows.extend(rows)
        self._suffer_after(fault)
        self._tail = new_tail

    def read(self, from_number: int = 1) -> Iterator[Frame]:
        """Yield the stored frames from ``from_number`` on, each verified."""
        if from_number < 1:
            raise ValueError(f"from_number is {from_number}, expected 1 or more")
        self._opened()
        return self._read(from_number)

    def save_snapshot(self, number: int, next_seq: int, blob: bytes) -> None:
        """Keep a state beside the frames; the oldest of more than three goes."""
        tail = self._to_write()
        snapshot = Snapshot(number, next_seq, blob)
        check_snapshot(snapshot, tail, self._next_seq_after)
        self._snapshots += 1
        fault = self._faults.snapshots.get(self._snapshots)
        with self.journal.lock:
            self._refuse_fenced(tail)
            self._suffer_before(fault)
            self.journal.snapshots[number] = (snapshot, crc_of_snapshot(number, next_seq, blob))
            for old in sorted(self.journal.snapshots)[:-SNAPSHOTS_KEPT]:
                del self.journal.snapshots[old]
        self._suffer_after(fault)

    def load_snapshot(self, at_most_number: int | None = None) -> Snapshot | None:
        """Return the newest intact snapshot; see ``damaged_snapshots`` for those skipped."""
        self._opened()
        self.damaged_snapshots = ()
        with self.journal.lock:
            newest_first = sorted(self.journal.snapshots.items(), reverse=True)
        for number, (snapshot, crc) in newest_first:
            if at_most_number is not None and number > at_most_number:
                continue
            if crc == crc_of_snapshot(*snapshot):
                return snapshot
            self.damaged_snapshots += (number,)
        return None

    def tidy(self, *, idle: bool) -> None:
        """Do nothing: memory needs no housekeeping."""
        self._opened()

    def close(self) -> None:
        """Let go of the journal."""
        self._tail = self._broken = None
        self._writing = False

    def _read(self, from_number: int) -> Iterator[Frame]:
        at = from_number - 1
        while True:
            with self.journal.lock:
                page = self.journal.rows[max(at - 1, 0) : at + _PAGE_ROWS]
            previous = page.pop(0) if at and page else None
            if previous is not None:
                check_row(previous)
            if not page:
                if at < self._opened().number:
                    raise JournalDamaged(at + 1, "number", f"{at + 1}", "nothing")
                return
            yield from (Frame(*row[:4], row.body) for row in follow(page, previous))
            at += len(page)

    def _stored_tail(self) -> Tail:
        rows, epoch = self.journal.rows, self.journal.epoch
        if not rows:
            return Tail(0, 1, GENESIS, epoch)
        *_, last = follow(rows[-1:], rows[-2] if len(rows) > 1 else None)
        return Tail(last.number, last.first_seq + last.events, last.chain, epoch)

    def _next_seq_after(self, number: int) -> int:
        if number == 0:
            return 1
        row = self.journal.rows[number - 1]
        return row.first_seq + row.events

    def _opened(self) -> Tail:
        if self._tail is None:
            raise StoreClosed(self._title, "not open")
        if self._broken is not None:
            raise copy(self._broken)
        return self._tail

    def _to_write(self) -> Tail:
        tail = self._opened()
        if not self._writing:
            raise StoreClosed(self._title, "open to read only")
        return tail

    def _refuse_open(self) -> None:
        if self._tail is not None:
            raise StoreClosed(self._title, "open already")

    def _refuse_fenced(self, tail: Tail) -> None:
        if self.journal.epoch != tail.epoch:
            raise Fenced(tail.epoch, self.journal.epoch)

    def _suffer_before(self, fault: Fault | None) -> None:
        if fault is Fault.SLOW:
            self._faults.pause(self._faults.slow_s)
        if fault is Fault.FULL:
            self._broken = StoreFull(self._title, "it was told to be full")
            raise copy(self._broken)
        if fault is Fault.FAILED:
            self._broken = StoreFailed(self._title, "it was told to fail")
            raise copy(self._broken)

    def _suffer_after(self, fault: Fault | None) -> None:
        if fault is Fault.FAILED_AFTER:
            self._broken = StoreFailed(self._title, "it was told to fail after storing")
            raise copy(self._broken)


def _journal(name: str) -> MemoryJournal:
    if not name:
        return MemoryJournal()
    with _named_lock:
        return _named.setdefault(name, MemoryJournal())
