"""Keep a journal in one SQLite file: one row per frame, one connection that writes, WAL, FULL.

The hot path is one statement that checks the epoch, stores every frame and commits. A statement
gives up the interpreter once while SQLite writes and syncs; BEGIN, INSERT, COMMIT give it up three
times, and beside a busy event loop each return costs up to a switch interval.
"""

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from copy import copy
from pathlib import Path

import apsw

from router.stores.errors import (
    Fenced,
    JournalDamaged,
    StoreBusy,
    StoreClosed,
    StoreError,
    StoreFailed,
)
from router.stores.frames import Frame, Snapshot, Tail, check_frames, check_snapshot, follow, seal
from router.stores.sqlite_file import (
    BUSY_MS,
    connect,
    create_if_missing,
    named_errors,
    recognize,
    refuse_nothing,
    refuse_old_sqlite,
)
from router.stores.sqlite_rows import (
    claim_epoch,
    insert_rows,
    intact_snapshot,
    newest_epoch,
    next_seq_after,
    note_stored,
    page_of_rows,
    pages_of,
    row_before,
    save_snapshot,
    snapshot_numbers,
    stored_tail,
)
from router.stores.wal import lost_commits

# SQLite's own autocheckpoint is off: it runs inside a commit and hides its errors. The writer
# calls ``tidy`` instead, after it has told who waits. A WAL hook would count the log's pages, but
# a call from SQLite into Python has to wait for the interpreter: so the pages are estimated.
WAL_PAGES_IDLE = 400  # 1.6 MB: worth a checkpoint when nothing waits; 2 ms, 4 MB took 6
WAL_PAGES_BUSY = 4_000  # 16 MB: a checkpoint runs though frames wait
WAL_PAGES_MAX = 8_000  # nobody tidies: the append does it
_LOOKS_AT_LOG = 3
assert WAL_PAGES_IDLE < WAL_PAGES_BUSY < WAL_PAGES_MAX


class SqliteStore:
    """Keep frames in the SQLite file at ``path``, which is created if nothing is there.

    By default others may read, and take over, while this store is open. ``exclusive`` keeps
    everyone else out (they get ``StoreBusy``) and reads on the writing connection, so everything
    must come from one thread. ``vfs`` names a file layer registered with SQLite.
    """

    def __init__(
        self, path: str | os.PathLike[str], *, exclusive: bool = False, vfs: str | None = None
    ) -> None:
        self._path = Path(path)
        self._title = f"The journal {self._path}"
        self._exclusive = exclusive
        self._vfs = vfs
        self._connection: apsw.Connection | None = None
        self._tail: Tail | None = None
        self._writing = False
        self._fenced = False
        self._broken: StoreError | None = None
        self._log_pages = 0  # at most so many since the log was last copied into the file
        self.damaged_snapshots: tuple[int, ...] = ()

    @property
    def tail(self) -> Tail:
        """Return where the journal goes on, as this owner knows it."""
        return self._opened()[1]

    def open(self) -> Tail:
        """Claim the next epoch, verify the tail and empty the log into the file."""
        with named_errors(self._title):
            if self._connection is None:
                create_if_missing(self._path, self._vfs)
            connection = self._connect(reading=False)
            try:
                self._refuse_lost_commits(connection)
                tail = claim_epoch(connection)
                # What recovery found may be in the page cache only, if an fsync failed before:
                # copying it into the file writes and syncs it anew.
                with suppress(apsw.BusyError):  # an older owner or a reader still uses the log
                    connection.set_busy_timeout(0)
                    connection.wal_checkpoint(mode=apsw.SQLITE_CHECKPOINT_TRUNCATE)
                connection.set_busy_timeout(BUSY_MS)
            except BaseException:
                connection.close()
                raise
        self._connection, self._tail, self._writing = connection, tail, True
        return tail

    def open_to_read(self) -> Tail:
        """Open beside a living owner without claiming anything."""
        with named_errors(self._title):
            refuse_nothing(self._path)
            connection = self._connect(reading=True)
            try:
                tail = stored_tail(connection)
            except BaseException:
                connection.close()
                raise
        self._connection, self._tail = connection, tail
        return tail

    def append(self, frames: Sequence[Frame], expected: int) -> None:
        """Store all frames or none; they are durable on return."""
        connection, tail = self._to_write()
        check_frames(frames, expected, tail)
        rows, new_tail = seal(frames, tail)
        with self._breaking():
            stored = insert_rows(connection, rows, tail.epoch)
        if not stored:
            self._refuse(connection, tail)
        self._tail = new_tail
        self._log_pages += pages_of(sum(len(row.body) for row in rows), len(rows))
        if self._log_pages >= WAL_PAGES_MAX:
            # The frames are durable, so what fails here is for the next call to say.
            with suppress(StoreError):
                self._checkpoint()

    def read(self, from_number: int = 1) -> Iterator[Frame]:
        """Yield the stored frames from ``from_number`` on, each verified."""
        if from_number < 1:
            raise ValueError(f"from_number is {from_number}, expected 1 or more")
        self._opened()
        return self._read(from_number)

    def save_snapshot(self, number: int, next_seq: int, blob: bytes) -> None:
        """Keep a state durably beside the frames; the oldest of more than three goes."""
        connection, tail = self._to_write()
        snapshot = Snapshot(number, next_seq, blob)
        with named_errors(self._title):
            check_snapshot(snapshot, tail, lambda frame: next_seq_after(connection, frame))
        with self._breaking():
            stored = save_snapshot(connection, snapshot, tail.epoch)
        if not stored:
            self._refuse(connection, tail)
        self._log_pages += pages_of(len(blob), 1)

    def load_snapshot(self, at_most_number: int | None = None) -> Snapshot | None:
        """Return the newest intact snapshot; see ``damaged_snapshots`` for those skipped."""
        limit = self._opened()[1].number if at_most_number is None else at_most_number
        self.damaged_snapshots = ()
        with self._reading() as connection, named_errors(self._title):
            for number in snapshot_numbers(connection, limit):
                if (snapshot := intact_snapshot(connection, number)) is not None:
                    return snapshot
                self.damaged_snapshots += (number,)
        return None

    def tidy(self, *, idle: bool) -> None:
        """Copy the log into the file when it is long, or when nothing waits and it is not short.

        Raises
        ------
        StoreFull, StoreFailed
            What was appended stays durable in the log, but nothing more is taken.
        """
        self._to_write()
        if self._log_pages >= (WAL_PAGES_IDLE if idle else WAL_PAGES_BUSY):
            self._checkpoint()

    def close(self) -> None:
        """Empty the log into the file and let go; after a failure just let go."""
        connection, tail = self._connection, self._tail
        healthy = self._writing and not self._fenced and self._broken is None
        self._connection = self._tail = self._broken = None
        self._writing = self._fenced = False
        if connection is None:
            return
        try:
            if healthy and tail is not None:
                self._empty_log(connection, tail)
        finally:
            connection.close()

    def _empty_log(self, connection: apsw.Connection, tail: Tail) -> None:
        with named_errors(self._title):
            note_stored(connection, tail)
            with suppress(apsw.BusyError):  # a reader or a newer owner still uses the log
                connection.set_busy_timeout(0)
                connection.wal_checkpoint(mode=apsw.SQLITE_CHECKPOINT_TRUNCATE)
                # Nothing is left to copy, so closing may remove the log.
                connection.config(apsw.SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 0)

    def _connect(self, *, reading: bool) -> apsw.Connection:
        if self._connection is not None:
            raise StoreClosed(self._title, "open already")
        if not self._exclusive:
            refuse_old_sqlite(apsw.sqlite_lib_version())
        connection = connect(self._path, exclusive=self._exclusive, reading=reading, vfs=self._vfs)
        try:
            recognize(connection, self._path)
        except BaseException:
            connection.close()
            raise
        return connection

    def _refuse_lost_commits(self, connection: apsw.Connection) -> None:
        # A living older owner may write between SQLite's look at the log and ours; damage stays.
        log = Path(f"{self._path}-wal")
        looks = set()
        for _ in range(_LOOKS_AT_LOG):
            newest_epoch(connection)  # the first statement recovers the log
            valid, _copied = connection.wal_checkpoint(mode=apsw.SQLITE_CHECKPOINT_NOOP)
            looks.add((valid, lost_commits(log, max(valid, 0))))
        (_, loss), *others = looks
        if loss is not None and not others:
            raise JournalDamaged(None, "the write-ahead log", "an end after its last commit", loss)

    def _read(self, from_number: int) -> Iterator[Frame]:
        number = from_number
        with self._reading() as connection:
            while True:
                stored = self.tail.number
                with named_errors(self._title):
                    page = page_of_rows(connection, number)
                    previous = row_before(connection, number) if page else None
                if not page:
                    if number <= stored:
                        raise JournalDamaged(number, "number", str(number), "nothing")
                    return
                yield from (Frame(*row[:4], row.body) for row in follow(page, previous))
                number += len(page)

    @contextmanager
    def _reading(self) -> Iterator[apsw.Connection]:
        """Lend a connection of its own to a reader, who may be in any thread."""
        own, _tail = self._opened()
        if self._exclusive:
            yield own
            return
        with named_errors(self._title):
            connection = connect(self._path, exclusive=False, reading=True, vfs=self._vfs)
        try:
            yield connection
        finally:
            connection.close()

    @contextmanager
    def _breaking(self) -> Iterator[None]:
        """Remember a failure: after it this store does nothing more until it is opened again."""
        try:
            with named_errors(self._title):
                yield
        except StoreBusy:
            raise
        except StoreError as error:
            self._broken = copy(error)
            raise
        except BaseException as error:
            # Interrupted between SQLite and our tail: they may not agree any more.
            self._broken = StoreFailed(self._title, f"{type(error).__name__} while writing")
            raise

    def _checkpoint(self) -> None:
        connection, tail = self._to_write()
        with self._breaking():
            note_stored(connection, tail)
            with suppress(apsw.BusyError):  # someone else copies; the next time will do
                connection.wal_checkpoint(mode=apsw.SQLITE_CHECKPOINT_PASSIVE)
        self._log_pages = 0

    def _refuse(self, connection: apsw.Connection, tail: Tail) -> None:
        self._fenced = True
        with named_errors(self._title):
            raise Fenced(tail.epoch, newest_epoch(connection))

    def _opened(self) -> tuple[apsw.Connection, Tail]:
        if self._connection is None or self._tail is None:
            raise StoreClosed(self._title, "not open")
        if self._broken is not None:
            raise copy(self._broken)
        return self._connection, self._tail

    def _to_write(self) -> tuple[apsw.Connection, Tail]:
        opened = self._opened()
        if not self._writing:
            raise StoreClosed(self._title, "open to read only")
        return opened
