"""Hold the statements of a SQLite journal: what is asked of a connection, and what comes back."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from functools import cache
from itertools import chain
from typing import Final

import apsw

from router.stores.errors import JournalDamaged
from router.stores.frames import (
    GENESIS,
    SNAPSHOTS_KEPT,
    Row,
    Snapshot,
    Tail,
    check_row,
    crc_of_numbers,
    crc_of_snapshot,
    follow,
)
from router.stores.sqlite_file import DAMAGES

# Statements for 1, 2, 4, ... rows, the rest filled with nothing: few enough to stay prepared.
ROWS_PER_STATEMENT: Final = 512
_NO_ROW: Final = (None,) * len(Row._fields)
PAGE_ROWS: Final = 256
PAGE_BYTES: Final = 4 << 20

_NEWEST_EPOCH: Final = "(SELECT max(epoch) FROM epochs)"
_SAVE_SNAPSHOT: Final = (
    f"INSERT OR REPLACE INTO snapshots SELECT ?, ?, ?, ? WHERE ? = {_NEWEST_EPOCH}"
)
_PRUNE_SNAPSHOTS: Final = (
    "DELETE FROM snapshots WHERE number NOT IN "
    "(SELECT number FROM snapshots ORDER BY number DESC LIMIT ?)"
)
_SELECT_ROWS: Final = "SELECT number, first_seq, events, at_us, crc, chain, body FROM frames "


@contextmanager
def transaction(connection: apsw.Connection) -> Iterator[None]:
    """Take the lock for writing at once; commit at the end, undo everything on any error."""
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield
        connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:
            with suppress(apsw.Error):  # SQLite may have rolled back already
                connection.execute("ROLLBACK")
        raise


def insert_rows(connection: apsw.Connection, rows: Sequence[Row], epoch: int) -> bool:
    """Store all rows durably if ``epoch`` is the newest; return whether it was."""
    if len(rows) <= ROWS_PER_STATEMENT:
        with suppress(apsw.BusyError):  # a rival wrote in between: wait for the lock below
            return _insert(connection, rows, epoch)
    with transaction(connection):
        return all(
            _insert(connection, rows[at : at + ROWS_PER_STATEMENT], epoch)
            for at in range(0, len(rows), ROWS_PER_STATEMENT)
        )


def newest_epoch(connection: apsw.Connection) -> int:
    """Return the epoch of the newest owner, 0 if there was none."""
    newest = connection.execute("SELECT max(epoch) FROM epochs").get
    return newest if isinstance(newest, int) else 0


def claim_epoch(connection: apsw.Connection) -> Tail:
    """Become the newest owner of a journal whose tail is intact."""
    with transaction(connection):
        tail = stored_tail(connection)
        tail = tail._replace(epoch=tail.epoch + 1)
        crc = crc_of_numbers(tail.epoch, tail.number, tail.number)
        connection.execute(
            "INSERT INTO epochs VALUES (?, ?, ?, ?)", (tail.epoch, tail.number, tail.number, crc)
        )
    return tail


def note_stored(connection: apsw.Connection, tail: Tail) -> None:
    """Write down how many frames there are, before a checkpoint copies them into the file.

    Recovery checks the log by itself; this number makes rows missing at the file's end visible.
    """
    claimed_after = connection.execute(
        "SELECT claimed_after FROM epochs WHERE epoch = ?", (tail.epoch,)
    ).get
    crc = crc_of_numbers(tail.epoch, claimed_after, tail.number)
    connection.execute(
        "UPDATE epochs SET stored = ?, crc = ? WHERE epoch = ?", (tail.number, crc, tail.epoch)
    )


def stored_tail(connection: apsw.Connection) -> Tail:
    """Verify the last frame and return the tail with the newest owner's epoch.

    Raises
    ------
    JournalDamaged
        If the last frame is not what was written, or frames are missing behind it.
    """
    newest = connection.execute(_SELECT_ROWS + "ORDER BY number DESC LIMIT 2")
    rows = [Row(*values) for values in newest]
    epoch, at_least = _owner(connection)
    tail = Tail(0, 1, GENESIS, epoch)
    if rows:
        for row in rows[1:]:
            check_row(row)
        *_, last = follow(rows[:1], rows[1] if len(rows) > 1 else None)
        tail = Tail(last.number, last.first_seq + last.events, last.chain, epoch)
    snapshot = connection.execute("SELECT max(number) FROM snapshots").get
    at_least = max(at_least, snapshot if isinstance(snapshot, int) else 0)
    if tail.number < at_least:
        raise JournalDamaged(
            tail.number + 1, "number", f"frames up to {at_least}", f"the end after {tail.number}"
        )
    return tail


def page_of_rows(connection: apsw.Connection, number: int) -> list[Row]:
    """Return rows from ``number`` on: some hundred, or fewer if they are large."""
    rows: list[Row] = []
    size_bytes = 0
    cursor = connection.execute(
        _SELECT_ROWS + "WHERE number >= ? ORDER BY number LIMIT ?", (number, PAGE_ROWS)
    )
    try:
        for values in cursor:
            row = Row(*values)
            rows.append(row)
            size_bytes += len(row.body) if isinstance(row.body, bytes) else 0
            if size_bytes >= PAGE_BYTES:
                break
    except DAMAGES:
        if not rows:  # else what was found goes out first, and the next page stumbles again
            raise
    cursor.close()
    return rows


def pages_of(size_bytes: int, rows: int) -> int:
    """Return at most how many pages of log it takes to store so many rows of so many bytes."""
    # A page of 4,096 bytes takes 4,092 of a long value; each row may fill a page of its own.
    return size_bytes // 4_092 + 2 * rows + 2


def row_before(connection: apsw.Connection, number: int) -> Row | None:
    """Return the row before frame ``number``, None before the first."""
    if number == 1:
        return None
    for values in connection.execute(_SELECT_ROWS + "WHERE number = ?", (number - 1,)):
        row = Row(*values)
        check_row(row)
        return row
    raise JournalDamaged(number - 1, "number", str(number - 1), "nothing")


def next_seq_after(connection: apsw.Connection, number: int) -> int:
    """Return the number of the event that follows a stored frame."""
    if number == 0:
        return 1
    row = row_before(connection, number + 1)
    assert row is not None  # only the first frame has none before it
    return row.first_seq + row.events


def save_snapshot(connection: apsw.Connection, snapshot: Snapshot, epoch: int) -> bool:
    """Store a snapshot durably if ``epoch`` is the newest; return whether it was."""
    number, next_seq, blob = snapshot
    crc = crc_of_snapshot(*snapshot)
    with transaction(connection):
        connection.execute(_SAVE_SNAPSHOT, (number, next_seq, crc, blob, epoch))
        stored = connection.changes() == 1
        if stored:
            connection.execute(_PRUNE_SNAPSHOTS, (SNAPSHOTS_KEPT,))
    return stored


def snapshot_numbers(connection: apsw.Connection, at_most: int) -> list[int]:
    """Return the numbers of the snapshots up to ``at_most``, newest first."""
    query = "SELECT number FROM snapshots WHERE number <= ? ORDER BY number DESC"
    return [number for (number,) in connection.execute(query, (at_most,))]


def intact_snapshot(connection: apsw.Connection, number: int) -> Snapshot | None:
    """Return the snapshot, None if it is not what was written or does not fit the frames."""
    with suppress(JournalDamaged, *DAMAGES):
        for next_seq, crc, blob in connection.execute(
            "SELECT next_seq, crc, blob FROM snapshots WHERE number = ?", (number,)
        ).fetchall():
            if not (type(next_seq) is type(crc) is int and type(blob) is bytes):
                return None
            if crc != crc_of_snapshot(number, next_seq, blob):
                return None
            if next_seq == next_seq_after(connection, number):
                return Snapshot(number, next_seq, blob)
    return None


def _owner(connection: apsw.Connection) -> tuple[int, int]:
    """Return the newest epoch and how many frames the file must hold at least."""
    rows = connection.execute("SELECT * FROM epochs ORDER BY epoch DESC LIMIT 1").fetchall()
    if not rows:
        return 0, 0
    *numbers, crc = (value if isinstance(value, int) else -1 for value in rows[0])
    if crc_of_numbers(*numbers) != crc:
        raise JournalDamaged(None, "the newest owner's row", "a row with its crc32c", f"{rows[0]}")
    epoch, _claimed_after, stored = numbers
    return epoch, stored


def _insert(connection: apsw.Connection, rows: Sequence[Row], epoch: int) -> bool:
    if not rows:
        return newest_epoch(connection) == epoch
    capacity = 1 << (len(rows) - 1).bit_length()
    padding = _NO_ROW * (capacity - len(rows))
    connection.execute(_insert_statement(capacity), (*chain.from_iterable(rows), *padding, epoch))
    return connection.changes() == len(rows)


@cache
def _insert_statement(capacity: int) -> str:
    values = ", ".join(["(?, ?, ?, ?, ?, ?, ?)"] * capacity)
    return (
        f"INSERT INTO frames SELECT * FROM (VALUES {values}) "
        f"WHERE column1 IS NOT NULL AND ? = {_NEWEST_EPOCH}"
    )
