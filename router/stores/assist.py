"""
What agent assist remembers of a tenant's tickets, in a SQLite file beside its models.

A ticket's message is reduced to the hashes of its words and, where an encoder is there, to a vector; the
text itself is nowhere. A row is open until its ticket is solved, and only then is it looked through. It
is no journal: it can be deleted from, at once and in part, which a chained journal cannot. Deleted
content is overwritten with zeros, in the file and in its log.

A commit survives the end of the process, however it ends; when the machine loses power the newest ones
may be missing, and the file is whole all the same (WAL, ``synchronous = NORMAL``).
"""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, Final, NamedTuple

import apsw
import numpy as np
from numpy.typing import NDArray

from router.search.kept import Kept
from router.search.tokens import TERMS_VERSION
from router.stores.errors import StoreError
from router.stores.sqlite_rows import transaction

APPLICATION_ID: Final = 0x43424173  # "CBAs"
SCHEMA_VERSION: Final = 1
VERSION: Final = 1_000 * SCHEMA_VERSION + TERMS_VERSION
FILE_NAME: Final = "assist.sqlite"
ASIDE: Final = ".damaged"
"""What is added to the name of a file that was set aside."""
PATIENCE_MS: Final = 2_000
"""How long the lock of another process is waited for."""
_FILES: Final = ("", "-wal", "-shm")

SCHEMA: Final = """
CREATE TABLE tickets (
    id         TEXT PRIMARY KEY,
    seen_us    INTEGER NOT NULL,   -- when its message was read last
    solved_us  INTEGER,            -- NULL while it is open
    length     INTEGER NOT NULL,
    terms      BLOB NOT NULL,      -- uint64, little-endian
    counts     BLOB NOT NULL CHECK (4 * length(counts) = length(terms)),  -- uint16, little-endian
    encoder    TEXT NOT NULL,      -- fingerprint of who made the vector, '' without one
    dimensions INTEGER NOT NULL,
    vector     BLOB CHECK (length(vector) >= dimensions)                  -- int8, padded
) STRICT;
CREATE INDEX solved ON tickets (solved_us) WHERE solved_us IS NOT NULL;
CREATE TABLE meanings (            -- vectors of articles, so that a start need not encode them again
    digest     BLOB NOT NULL,      -- SHA-256 of the article's text
    encoder    TEXT NOT NULL,
    vector     BLOB NOT NULL,      -- float32, little-endian
    PRIMARY KEY (digest, encoder)
) STRICT, WITHOUT ROWID;
"""
_COLUMNS: Final = "id, length, terms, counts, encoder, dimensions, vector"
_PUT: Final = """
INSERT INTO tickets (id, seen_us, solved_us, length, terms, counts, encoder, dimensions, vector)
VALUES (?, ?, NULL, ?, ?, ?, '', 0, NULL)
ON CONFLICT (id) DO UPDATE SET seen_us = excluded.seen_us, solved_us = NULL, length = excluded.length,
terms = excluded.terms, counts = excluded.counts, encoder = '', dimensions = 0, vector = NULL
"""


class AssistStoreError(StoreError):
    """Say that the file cannot be used, and why."""


class AssistDamagedError(AssistStoreError):
    """Say that the file is no whole database any more, and why."""


class AssistForeignError(AssistStoreError):
    """Say that the file is a database of somebody else."""


class Remembered(NamedTuple):
    """How many tickets are kept, and how many of them are solved."""

    tickets: int
    solved: int


@contextmanager
def named(where: str) -> Iterator[None]:
    """Turn what SQLite and the system raise into one error with the file's name."""
    try:
        yield
    except (apsw.CorruptError, apsw.NotADBError) as error:
        raise AssistDamagedError(f"{where} is damaged: {error}") from error
    except (apsw.Error, OSError, UnicodeDecodeError, ValueError) as error:
        raise AssistStoreError(f"{where} cannot be used: {error}") from error


class AssistStore:
    """The rows of one tenant; one thread at a time may use it. ``folder`` None keeps them in memory."""

    def __init__(self, folder: Path | None) -> None:
        self.where = ":memory:" if folder is None else str(folder / FILE_NAME)
        self._folder = folder
        self._connection: apsw.Connection | None = None

    @property
    def is_there(self) -> bool:
        """Return whether there is anything to open: a file that was written before."""
        return self._folder is not None and is_there(Path(self.where))

    @property
    def leaves_bytes(self) -> bool:
        """Return whether anything of the file is there: itself, its log, or what was set aside."""
        names = [self.where + aside + end for aside in ("", ASIDE) for end in _FILES]
        return self._folder is not None and any(is_there(Path(name)) for name in names)

    @property
    def _db(self) -> apsw.Connection:
        assert self._connection is not None, "the store is not open"
        return self._connection

    def open(self, patience_ms: int = PATIENCE_MS) -> None:
        """
        Open the file, or create it; what another version of the words wrote is dropped.

        ``patience_ms`` is how long the opening waits for a lock. Raises ``AssistDamagedError`` for a file
        that is no whole database, ``AssistForeignError`` for one of somebody else, ``AssistStoreError``
        for one that cannot be had.
        """
        with named(self.where):
            if self._folder is not None:
                self._folder.mkdir(parents=True, exist_ok=True)
            connection = apsw.Connection(self.where)
            try:
                connection.set_busy_timeout(patience_ms)
                self._prepare(connection)
                connection.set_busy_timeout(PATIENCE_MS)
            except BaseException:
                connection.close()
                raise
            self._connection = connection

    def _prepare(self, connection: apsw.Connection) -> None:
        application, version = (
            connection.pragma("application_id"),
            connection.pragma("user_version"),
        )
        found = connection.execute("SELECT count(*) FROM sqlite_schema").get
        if application != APPLICATION_ID and found:
            why = f"its application_id is {application}, expected {APPLICATION_ID}"
            raise AssistForeignError(f"{self.where} cannot be used: {why}")
        for pragma in ("secure_delete = ON", "journal_mode = WAL", "synchronous = NORMAL"):
            connection.execute(f"PRAGMA {pragma}")
        said = connection.execute("PRAGMA quick_check(1)").get
        if said != "ok":
            raise AssistDamagedError(f"{self.where} is damaged: {said}")
        if version == VERSION:
            return
        with transaction(connection):
            for table in ("tickets", "meanings"):
                connection.execute(f"DROP TABLE IF EXISTS {table}")
            connection.execute(SCHEMA)
            connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
            connection.execute(f"PRAGMA user_version = {VERSION}")

    def set_aside(self) -> str:
        """
        Move a damaged file and its log out of the way, over those of the last time; return where to.

        The store must not be open. Raises ``AssistStoreError`` where the system does not let us.
        """
        with named(self.where):
            for end in _FILES:
                with suppress(FileNotFoundError):
                    Path(self.where + end).replace(f"{self.where}{ASIDE}{end}")
        return self.where + ASIDE

    def close(self) -> None:
        """Let go of the file."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    @contextmanager
    def changing(self) -> Iterator[None]:
        """Make all changes until the end of the block at once, or none of them."""
        with named(self.where), transaction(self._db):
            yield

    # -- tickets ----------------------------------------------------------------------------------------------------

    def put(self, documents: Iterable[Kept], at_us: int) -> None:
        """Keep the messages of open tickets, in place of those before; vectors come by ``mean``."""
        rows = ((d.id, at_us, d.length, _bytes(d.terms), _bytes(d.counts)) for d in documents)
        with named(self.where):
            self._db.executemany(_PUT, rows)

    def mean(self, id_: str, encoder: str, document: Kept) -> None:
        """Keep the vector of a ticket's message, if the ticket is there still."""
        assert document.vector is not None
        values = (encoder, document.dimensions, document.vector.tobytes(), id_)
        statement = "UPDATE tickets SET encoder = ?, dimensions = ?, vector = ? WHERE id = ?"
        with named(self.where):
            self._db.execute(statement, values)

    def solve(self, ids: Iterable[str], at_us: int) -> None:
        """Mark tickets as solved; those that are not there are passed over."""
        with named(self.where):
            self._db.executemany(
                "UPDATE tickets SET solved_us = ? WHERE id = ?", ((at_us, id_) for id_ in ids)
            )

    def drop(self, ids: Iterable[str]) -> None:
        """Forget tickets."""
        with named(self.where):
            self._db.executemany("DELETE FROM tickets WHERE id = ?", ((id_,) for id_ in ids))

    def erase(self, id_: str) -> bool:
        """
        Forget a ticket and leave no byte of it, in the log neither; return whether it was there.

        What was set aside goes too, as no single ticket can be deleted from a damaged file. Raises
        ``AssistStoreError`` where another process reads the log: then bytes are left in it, and the
        ticket can be erased again.
        """
        with named(self.where):
            self._db.execute("DELETE FROM tickets WHERE id = ?", (id_,))
            was_there = self._db.changes() > 0
            is_busy = self._db.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()[0][0]
            if is_busy:
                raise ValueError("another process is reading it, so its log cannot be emptied")
        self.forget_aside()
        return was_there

    def forget_aside(self) -> None:
        """Delete what was set aside."""
        with named(self.where):
            for end in _FILES if self._folder is not None else ():
                Path(f"{self.where}{ASIDE}{end}").unlink(missing_ok=True)

    def take_over(self, other: "AssistStore") -> None:
        """Keep what another open store has, in place of what is here of the same tickets and articles."""
        with self.changing():
            for table, columns in (("tickets", 9), ("meanings", 3)):
                into = f"INSERT OR REPLACE INTO {table} VALUES ({', '.join('?' * columns)})"
                self._db.executemany(into, other.rows(table))

    def rows(self, table: str) -> Iterator[Sequence[Any]]:
        """Yield the rows of a table as they are."""
        yield from self._db.execute(f"SELECT * FROM {table}")

    def shorten(self, most: int, before_us: int) -> list[str]:
        """Forget what was solved before an instant, and all but the newest ``most``; return which."""
        with named(self.where):
            old = "SELECT id FROM tickets WHERE solved_us < ?"
            many = "SELECT id FROM tickets WHERE solved_us IS NOT NULL ORDER BY solved_us DESC, id LIMIT -1 OFFSET ?"
            gone = {row[0] for row in self._db.execute(old, (before_us,))}
            gone |= {row[0] for row in self._db.execute(many, (most,))}
            self.drop(gone)
        return sorted(gone)

    def open_ids(self) -> list[str]:
        """Return the tickets that are not solved."""
        with named(self.where):
            rows = self._db.execute("SELECT id FROM tickets WHERE solved_us IS NULL")
            return [row[0] for row in rows]

    def count(self) -> Remembered:
        """Return how many there are."""
        with named(self.where):
            row = self._db.execute("SELECT count(*), count(solved_us) FROM tickets").fetchone()
        assert row is not None
        return Remembered(*row)

    def get(self, ids: Iterable[str], encoder: str, *, only_solved: bool = False) -> list[Kept]:
        """Return what is kept of tickets, vectors only of this encoder; those that are not there are left out."""
        found = []
        also = " AND solved_us IS NOT NULL" if only_solved else ""
        statement = f"SELECT {_COLUMNS} FROM tickets WHERE id = ?{also}"
        with named(self.where):
            for id_ in ids:
                found += [_kept(row, encoder) for row in self._db.execute(statement, (id_,))]
        return found

    def solved(self, encoder: str) -> list[Kept]:
        """Return all solved tickets, the oldest first."""
        statement = (
            f"SELECT {_COLUMNS} FROM tickets WHERE solved_us IS NOT NULL ORDER BY solved_us, id"
        )
        with named(self.where):
            return [_kept(row, encoder) for row in self._db.execute(statement)]

    # -- articles ---------------------------------------------------------------------------------------------------

    def meanings(self, encoder: str) -> dict[bytes, NDArray[np.float32]]:
        """Return the vectors of articles by the digest of their text."""
        with named(self.where):
            rows = self._db.execute(
                "SELECT digest, vector FROM meanings WHERE encoder = ?", (encoder,)
            )
            return {bytes(digest): np.frombuffer(vector, "<f4") for digest, vector in rows}

    def put_meanings(
        self, encoder: str, found: Iterable[tuple[bytes, NDArray[np.float32]]]
    ) -> None:
        """Keep vectors of articles."""
        rows = ((digest, encoder, vector.astype("<f4").tobytes()) for digest, vector in found)
        with named(self.where):
            self._db.executemany("INSERT OR REPLACE INTO meanings VALUES (?, ?, ?)", rows)

    def keep_meanings(self, digests: set[bytes]) -> None:
        """Forget the vectors of all other articles, and those of other encoders with them."""
        with named(self.where):
            rows = self._db.execute("SELECT DISTINCT digest FROM meanings")
            gone = [(row[0],) for row in rows if bytes(row[0]) not in digests]
            self._db.executemany("DELETE FROM meanings WHERE digest = ?", gone)


def is_there(path: Path) -> bool:
    """Return whether there is a file; one that nobody may look for is taken to be there."""
    try:
        return path.exists()
    except OSError:
        return True


def _bytes(array: NDArray[Any]) -> bytes:
    return array.astype(array.dtype.newbyteorder("<"), copy=False).tobytes()


def _kept(row: Sequence[Any], encoder: str) -> Kept:
    id_, length, terms, counts, made_by, dimensions, vector = row
    document = Kept(
        id_, "", "ticket", np.frombuffer(terms, "<u8"), np.frombuffer(counts, "<u2"), length
    )
    if not encoder or made_by != encoder or vector is None:
        return document
    return document._replace(vector=np.frombuffer(vector, np.int8), dimensions=dimensions)
