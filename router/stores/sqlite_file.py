"""Create, connect to and recognize the SQLite file of a journal, and name SQLite's errors."""

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

import apsw

from router.stores.errors import (
    JournalDamaged,
    NoJournal,
    NotAJournal,
    SchemaTooNew,
    SqliteTooOld,
    StoreBusy,
    StoreFailed,
    StoreFull,
)

APPLICATION_ID: Final = 0x436F7264  # "Cord", shown by file(1)
SCHEMA_VERSION: Final = 1
# 3.7.0 to 3.51.2 may lose a committed transaction when one connection writes while another resets
# the log: https://www.sqlite.org/wal.html#walresetbug
CONNECTIONS_VERSION_MIN: Final = (3, 51, 3)
BUSY_MS: Final = 2_000

# What a damaged file makes SQLite raise. Our statements are fixed, so what they miss (SQLError) is
# missing from the file; and a flipped type makes text of bytes, which seldom is UTF-8.
DAMAGES: Final = (
    apsw.CorruptError,
    apsw.FormatError,
    apsw.NotADBError,
    apsw.SQLError,
    UnicodeDecodeError,
)

SCHEMA: Final = """
CREATE TABLE frames (            -- one row is one frame
    number    INTEGER PRIMARY KEY,
    first_seq INTEGER NOT NULL,
    events    INTEGER NOT NULL,
    at_us     INTEGER NOT NULL,
    crc       INTEGER NOT NULL,  -- CRC32C of header, chain and body
    chain     BLOB NOT NULL,     -- BLAKE2b-256 of previous chain, header and body
    body      BLOB NOT NULL
) STRICT;
CREATE TABLE epochs (            -- one row is one owner; the newest may write
    epoch         INTEGER PRIMARY KEY,
    claimed_after INTEGER NOT NULL,  -- number of the last frame of the owners before
    stored        INTEGER NOT NULL,  -- frames that are in the file itself, not only in its log
    crc           INTEGER NOT NULL
) STRICT;
CREATE TABLE snapshots (
    number   INTEGER PRIMARY KEY,
    next_seq INTEGER NOT NULL,
    crc      INTEGER NOT NULL,   -- CRC32C of number, next_seq and blob
    blob     BLOB NOT NULL
) STRICT;
"""


def refuse_old_sqlite(version: str) -> None:
    """Raise ``SqliteTooOld`` if this version could corrupt a journal with several connections."""
    if tuple(int(part) for part in version.split(".")) < CONNECTIONS_VERSION_MIN:
        needed = ".".join(map(str, CONNECTIONS_VERSION_MIN))
        raise SqliteTooOld(version, needed)


def refuse_nothing(path: Path) -> None:
    """Raise ``NoJournal`` or ``NotAJournal`` unless there is a file to read at this path."""
    if not path.exists():
        raise NoJournal(str(path), "no such file")
    if not path.is_file():
        raise NotAJournal(str(path), "it is no regular file")


def create_if_missing(path: Path, vfs: str | None) -> None:
    """Put an empty journal at ``path`` in one step, unless something is there already.

    It grows under another name and is linked into place when it is durable: so an empty or half
    written file found later is damage, never a crash while being born.
    """
    if path.exists():
        return
    if not path.parent.is_dir():
        raise NoJournal(str(path), f"the folder {path.parent} does not exist")
    handle, name = tempfile.mkstemp(prefix=f".{path.name}.", suffix=".new", dir=path.parent)
    os.close(handle)
    embryo = Path(name)
    try:
        connection = apsw.Connection(name, vfs=vfs)
        try:
            _write_schema(connection)
        finally:
            connection.close()
        with suppress(FileExistsError):  # another opener was faster: its journal is as empty
            path.hardlink_to(embryo)
    finally:
        for leftover in (embryo, Path(f"{name}-wal"), Path(f"{name}-journal")):
            leftover.unlink(missing_ok=True)
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def connect(path: Path, *, exclusive: bool, reading: bool, vfs: str | None) -> apsw.Connection:
    """Return a connection that syncs each commit and never checkpoints by itself."""
    flags = apsw.SQLITE_OPEN_READONLY if reading else apsw.SQLITE_OPEN_READWRITE
    connection = apsw.Connection(str(path), flags=flags, vfs=vfs)
    if exclusive:
        connection.execute("PRAGMA locking_mode = EXCLUSIVE")
    connection.set_busy_timeout(BUSY_MS)
    connection.execute("PRAGMA temp_store = MEMORY")
    connection.execute("PRAGMA cell_size_check = ON")  # notices a damaged page where it can
    connection.execute("PRAGMA synchronous = FULL")
    connection.wal_autocheckpoint(0)
    # Closing after a failed fsync must not sync again and call it success.
    connection.config(apsw.SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1)
    return connection


def recognize(connection: apsw.Connection, path: Path) -> None:
    """Raise unless the file is a journal this version understands.

    Raises
    ------
    NotAJournal, SchemaTooNew, JournalDamaged
        Naming what was found and what was expected.
    """
    if path.stat().st_size == 0:
        raise JournalDamaged(None, "the file", "a journal, which is never empty", "0 bytes long")
    application = connection.pragma("application_id")
    if application != APPLICATION_ID:
        raise NotAJournal(str(path), f"its application_id is {application}")
    version = connection.pragma("user_version")
    if not isinstance(version, int) or version > SCHEMA_VERSION:
        raise SchemaTooNew(str(path), int(str(version)), SCHEMA_VERSION)
    if version != SCHEMA_VERSION:
        raise JournalDamaged(None, "user_version", str(SCHEMA_VERSION), str(version))
    mode = connection.pragma("journal_mode")
    if mode != "wal":
        raise JournalDamaged(None, "journal_mode", "wal", str(mode))


@contextmanager
def named_errors(journal: str) -> Iterator[None]:
    """Turn what SQLite and the system raise into the errors of a store."""
    try:
        yield
    except apsw.FullError as error:
        raise StoreFull(journal, str(error)) from error
    except (apsw.BusyError, apsw.LockedError) as error:
        raise StoreBusy(journal, str(error)) from error
    except DAMAGES as error:
        raise JournalDamaged(None, "SQLite's file", "a readable one", f"not ({error})") from error
    except apsw.IOError as error:
        if _code(error) == apsw.SQLITE_IOERR_SHORT_READ:
            raise JournalDamaged(None, "SQLite's file", "whole pages", "cut short") from error
        raise StoreFailed(journal, _reason(error)) from error
    except apsw.Error as error:
        raise StoreFailed(journal, _reason(error)) from error
    except OSError as error:
        raise StoreFailed(journal, str(error)) from error


def _code(error: apsw.Error) -> int:
    return int(getattr(error, "extendedresult", apsw.SQLITE_ERROR))


def _reason(error: apsw.Error) -> str:
    name = apsw.mapping_extended_result_codes.get(_code(error), type(error).__name__)
    return f"{name}: {error}"


def _write_schema(connection: apsw.Connection) -> None:
    connection.execute("PRAGMA page_size = 4096")
    connection.execute("PRAGMA locking_mode = EXCLUSIVE")
    connection.execute("PRAGMA synchronous = FULL")
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute(f"BEGIN; {SCHEMA}")
    connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
    connection.execute(f"PRAGMA user_version = {SCHEMA_VERSION}; COMMIT")
