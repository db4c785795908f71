"""What is particular to the SQLite store: its file, its locks, its readers, its checkpoints."""

import threading
from pathlib import Path

import apsw
import pytest

from router.stores import sqlite, sqlite_file
from router.stores.errors import SqliteTooOld, StoreBusy, StoreFailed
from router.stores.sqlite import SqliteStore
from router.stores.sqlite_file import refuse_old_sqlite
from tests.router.stores.journals import body_of, grow


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Name a journal that does not exist yet."""
    return tmp_path / "journal.sqlite"


def test_every_commit_is_synced_to_a_write_ahead_log(path: Path) -> None:
    """The settings durability depends on are those in force, not only those asked for."""
    store = SqliteStore(path)
    store.open()
    connection = store._connection
    assert connection is not None
    assert connection.pragma("journal_mode") == "wal"
    assert connection.pragma("synchronous") == 2  # FULL
    assert connection.pragma("wal_autocheckpoint") == 0
    assert connection.pragma("application_id") == int.from_bytes(b"Cord")
    store.close()


def test_a_clean_end_leaves_one_file(path: Path) -> None:
    """After closing, the journal is one file that can be copied; nothing is left of its birth."""
    store = SqliteStore(path)
    store.open()
    grow(store, [b"frame"])
    store.close()
    assert [each.name for each in path.parent.iterdir()] == [path.name]


@pytest.mark.parametrize("version", ["3.40.1", "3.51.2", "3.7.17"])
def test_sqlite_with_the_reset_bug_takes_one_connection_only(
    path: Path, monkeypatch: pytest.MonkeyPatch, version: str
) -> None:
    """SQLite before 3.51.3 may lose a commit with two connections: exclusive, or not at all."""
    monkeypatch.setattr(apsw, "sqlite_lib_version", lambda: version)
    with pytest.raises(SqliteTooOld, match=rf"SQLite {version} .* 3\.51\.3 .*exclusive=True"):
        SqliteStore(path).open()
    store = SqliteStore(path, exclusive=True)
    store.open()
    frames = grow(store, [b"one", b"two"])
    store.save_snapshot(1, 2, b"state")
    reading = store.read()
    assert next(reading) == frames[0]
    frames += grow(store, [b"three"])
    assert list(reading) == frames[1:]
    assert store.load_snapshot() == (1, 2, b"state")
    store.close()


@pytest.mark.parametrize("version", ["3.51.3", "3.54.1", "3.60", "4.0.0"])
def test_sqlite_without_the_bug_is_taken(version: str) -> None:
    """Later versions may have several connections."""
    refuse_old_sqlite(version)


def test_an_exclusive_owner_keeps_everyone_out(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever comes to an exclusive journal hears that it is busy, and the owner goes on."""
    monkeypatch.setattr(sqlite_file, "BUSY_MS", 1)
    owner = SqliteStore(path, exclusive=True)
    owner.open()
    for late in (SqliteStore(path), SqliteStore(path, exclusive=True)):
        with pytest.raises(StoreBusy, match="held by another process"):
            late.open()
        with pytest.raises(StoreBusy):
            late.open_to_read()
    grow(owner, [b"frame"])
    owner.close()


def test_a_foreign_lock_delays_an_append_but_does_not_break_the_store(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """While somebody else holds the lock an append is refused; afterwards it works."""
    monkeypatch.setattr(sqlite, "BUSY_MS", 1)
    store = SqliteStore(path)
    store.open()
    stranger = apsw.Connection(str(path))
    stranger.execute("BEGIN IMMEDIATE")
    with pytest.raises(StoreBusy):
        grow(store, [b"frame"])
    stranger.execute("ROLLBACK")
    frames = grow(store, [b"frame"])
    assert list(store.read()) == frames
    stranger.close()
    store.close()


def test_a_frame_somebody_else_slipped_in_breaks_the_store(path: Path) -> None:
    """A number that is taken cannot come from an owner: the store stops instead of guessing."""
    store = SqliteStore(path)
    store.open()
    grow(store, [b"one"])
    stranger = apsw.Connection(str(path))
    stranger.execute("INSERT INTO frames VALUES (2, 2, 0, 0, 0, x'', x'')")
    stranger.close()
    for _ in range(2):
        with pytest.raises(StoreFailed, match="SQLITE_CONSTRAINT"):
            grow(store, [b"two"])
    store.close()


def test_others_read_while_the_owner_appends(path: Path) -> None:
    """A reader in another thread sees a prefix of the journal, each frame verified."""
    store = SqliteStore(path)
    store.open()
    seen: list[int] = []
    halfway = threading.Event()

    def look() -> None:
        halfway.wait()
        seen.extend(frame.number for frame in store.read())

    reader = threading.Thread(target=look)
    reader.start()
    for number in range(1, 201):
        grow(store, [body_of(number)])
        if number == 100:
            halfway.set()
    reader.join()
    assert seen == list(range(1, len(seen) + 1))
    assert len(seen) >= 100
    store.close()


def test_an_onlooker_does_not_fence_the_owner(path: Path) -> None:
    """Tools can look into the journal of a running server."""
    owner, onlooker = SqliteStore(path), SqliteStore(path)
    owner.open()
    frames = grow(owner, [b"one"])
    assert onlooker.open_to_read() == owner.tail
    frames += grow(owner, [b"two"])
    assert list(onlooker.read()) == frames
    onlooker.close()
    owner.close()


def test_the_log_is_copied_in_an_idle_moment_and_before_it_grows_without_bound(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A short log waits for an idle moment, a long one for none, and an untidied one for nobody."""
    monkeypatch.setattr(sqlite, "WAL_PAGES_IDLE", 10)
    monkeypatch.setattr(sqlite, "WAL_PAGES_BUSY", 20)
    monkeypatch.setattr(sqlite, "WAL_PAGES_MAX", 40)
    store = SqliteStore(path)
    store.open()
    born_bytes = path.stat().st_size
    grow(store, [bytes(50_000)])
    assert 10 <= store._log_pages < 20
    store.tidy(idle=False)
    assert path.stat().st_size == born_bytes
    store.tidy(idle=True)
    assert path.stat().st_size >= 50_000
    assert store._log_pages == 0
    grow(store, [bytes(100_000)])
    store.tidy(idle=False)
    assert path.stat().st_size >= 150_000
    grow(store, [bytes(200_000)])
    assert path.stat().st_size >= 350_000
    store.close()


def test_two_openers_at_once_give_birth_to_one_journal(path: Path) -> None:
    """Openers that race for a missing file share one journal and get different epochs."""
    stores = [SqliteStore(path) for _ in range(4)]
    together = threading.Barrier(len(stores))

    def open_one(store: SqliteStore) -> None:
        together.wait()
        store.open()

    openers = [threading.Thread(target=open_one, args=[store]) for store in stores]
    for opener in openers:
        opener.start()
    for opener in openers:
        opener.join()
    assert sorted(store.tail.epoch for store in stores) == [1, 2, 3, 4]
    for store in stores:
        store.close()
    assert [each.name for each in path.parent.glob("*.new*")] == []
