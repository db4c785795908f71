"""A journal on disk that is not what was written is noticed, and the error says where."""

from pathlib import Path
from typing import NamedTuple

import apsw
import hypothesis.strategies as st
import pytest
from hypothesis import example, given, settings

from router.stores import sqlite
from router.stores.errors import JournalDamaged, NotAJournal, SchemaTooNew, StoreError
from router.stores.frames import Frame, Row, Snapshot, verify_chain
from router.stores.sqlite import SqliteStore
from tests.router.stores.journals import body_of, frames_after, grow, resealed

FRAMES = 60
PARTS = ["file", "file and log", "log"]
COLUMNS = ["number", "first_seq", "events", "at_us", "crc", "chain", "body"]
WHERE = st.integers(0, (1 << 32) - 1)  # of a content of any length: see scaled


class Written(NamedTuple):
    """Hold what was written, the file of a clean end, and file and log of a sudden one."""

    frames: list[Frame]
    file: bytes
    torn_file: bytes
    log: bytes


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Written:
    """Write a journal once: half of it, a checkpoint, and the other half in the log."""
    path = tmp_path_factory.mktemp("written") / "journal.sqlite"
    store = SqliteStore(path)
    store.open()
    frames = grow(store, [body_of(number) for number in range(1, FRAMES // 2 + 1)], events=2)
    store.save_snapshot(20, 41, b"after twenty")
    store.close()
    store.open()
    frames += grow(store, [body_of(number) for number in range(FRAMES // 2 + 1, FRAMES)], events=2)
    frames += grow(store, [b"spills over pages" * 2_000], events=2)
    torn_file, log = path.read_bytes(), Path(f"{path}-wal").read_bytes()
    store.close()
    return Written(frames, path.read_bytes(), torn_file, log)


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Name a place where each example puts its damaged copy."""
    return tmp_path_factory.mktemp("damaged") / "journal.sqlite"


def put(path: Path, file: bytes, log: bytes | None = None) -> None:
    """Lay a journal's files down as if a process had left them."""
    for suffix in ("", "-wal", "-shm"):
        Path(f"{path}{suffix}").unlink(missing_ok=True)
    path.write_bytes(file)
    if log is not None:
        Path(f"{path}-wal").write_bytes(log)


def scaled(where: int, content: bytes) -> int:
    """Return the byte position that lies as far into the content as ``where`` into 32 bits."""
    return where * len(content) >> 32


def flipped(content: bytes, bit: int) -> bytes:
    """Return the content with one bit flipped."""
    changed = bytearray(content)
    changed[bit // 8] ^= 1 << bit % 8
    return bytes(changed)


def survivors(path: Path) -> tuple[list[Frame], StoreError | None]:
    """Open and read a journal; return the frames read and the error that ended it, if any."""
    store, frames = SqliteStore(path), []
    try:
        store.open()
        for frame in store.read():
            frames.append(frame)
        store.load_snapshot()
    except StoreError as error:
        return frames, error
    finally:
        store.close()
    return frames, None


def changed(value: int | bytes, bit: int) -> int | bytes:
    """Flip one bit of a column's value."""
    if isinstance(value, bytes):
        return flipped(value, bit % (8 * len(value)))
    bits = value % (1 << 64) ^ (1 << bit % 64)
    return bits - (1 << 64) if bits >> 63 else bits


@settings(max_examples=150)
@given(
    number=st.integers(1, FRAMES), column=st.sampled_from(COLUMNS), bit=st.integers(0, 8 * 34_000)
)
def test_a_flipped_bit_in_a_row_is_found_and_named(
    written: Written, path: Path, number: int, column: str, bit: int
) -> None:
    """Whatever bit of whatever column flips, the frames before are read and the frame is named."""
    put(path, written.file)
    connection = apsw.Connection(str(path))
    connection.execute("PRAGMA synchronous = OFF")
    query = f"SELECT {column} FROM frames WHERE number = ?"
    value = changed(connection.execute(query, (number,)).get, bit)
    if column == "number" and 1 <= value <= FRAMES:
        value = -value  # that number is taken
    connection.execute(f"UPDATE frames SET {column} = ? WHERE number = ?", (value, number))
    connection.close()

    frames, error = survivors(path)
    assert isinstance(error, JournalDamaged)
    assert frames == written.frames[: len(frames)]
    if column != "number":
        assert error.frame == number
        # The last two frames are checked at opening already.
        assert len(frames) == (number - 1 if number < FRAMES - 1 else 0)


@settings(max_examples=300)
@given(position=WHERE, bit=st.integers(0, 7))
def test_a_flipped_bit_in_the_file_loses_nothing_silently(
    written: Written, path: Path, position: int, bit: int
) -> None:
    """With any bit of the file flipped, all frames are read or an error is named."""
    put(path, flipped(written.file, scaled(position, written.file) * 8 + bit))
    frames, error = survivors(path)
    assert frames == written.frames[: len(frames)]
    assert error is not None or len(frames) == FRAMES


@settings(max_examples=200)
@given(position=WHERE, bit=st.integers(0, 7))
def test_a_flipped_bit_in_the_log_loses_only_the_last_commits_silently(
    written: Written, path: Path, position: int, bit: int
) -> None:
    """SQLite drops what follows a damaged log frame; more than a torn end is named."""
    put(path, written.torn_file, flipped(written.log, scaled(position, written.log) * 8 + bit))
    frames, error = survivors(path)
    assert frames == written.frames[: len(frames)]
    assert error is not None or len(frames) >= FRAMES - 2


@settings(max_examples=150)
@given(kept=WHERE, part=st.sampled_from(["file", "file and log", "log"]))
@example(kept=0, part="file")
@example(kept=0, part="file and log")
def test_a_journal_cut_anywhere_gives_a_prefix_or_an_error(
    written: Written, path: Path, kept: int, part: str
) -> None:
    """Cut at any byte, a file is refused by name, and a log gives a prefix of what it held."""
    if part == "log":
        put(path, written.torn_file, written.log[: scaled(kept, written.log)])
    else:
        log = written.log if part == "file and log" else None
        file = written.file if log is None else written.torn_file
        put(path, file[: scaled(kept, file)], log)
    frames, error = survivors(path)
    assert frames == written.frames[: len(frames)]
    if part == "log":
        assert error is None
        assert len(frames) >= FRAMES // 2
    elif part == "file":
        assert error is not None
        assert frames == []


@pytest.mark.parametrize(
    ("statement", "damage"),
    [
        ("DELETE FROM frames WHERE number = 17", "Frame 17 .*number is 18, expected 17"),
        ("DELETE FROM frames WHERE number > 50", "Frame 51 .*the end after 50.*up to 60"),
        ("DELETE FROM frames", "Frame 1 .*the end after 0"),
        ("UPDATE epochs SET stored = 50", "newest owner's row"),
        ("UPDATE frames SET number = -number WHERE number = 9", "Frame 9 .*expected 9"),
        ("DROP TABLE frames", "no such table: frames"),
    ],
)
def test_rows_that_went_missing_are_named(
    written: Written, path: Path, statement: str, damage: str
) -> None:
    """A row removed, exchanged or cut off at the end is found although every page is well."""
    put(path, written.file)
    connection = apsw.Connection(str(path))
    connection.execute(statement)
    connection.close()
    _frames, error = survivors(path)
    with pytest.raises(JournalDamaged, match=damage):
        raise error if error is not None else AssertionError("nothing was noticed")


def test_rows_missing_after_a_checkpoint_are_named_without_a_clean_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each copy of the log into the file notes how many frames the file must hold from then on."""
    monkeypatch.setattr(sqlite, "WAL_PAGES_IDLE", 1)
    left = tmp_path / "journal.sqlite"
    store = SqliteStore(left)
    store.open()
    grow(store, [b"frame"] * 20)
    store.tidy(idle=True)
    grow(store, [b"frame"] * 5)
    put(tmp_path / "copy.sqlite", left.read_bytes())  # its log went missing
    connection = apsw.Connection(str(tmp_path / "copy.sqlite"))
    connection.execute("DELETE FROM frames WHERE number > 12")
    connection.close()
    store.close()
    _frames, error = survivors(tmp_path / "copy.sqlite")
    assert isinstance(error, JournalDamaged)
    assert (error.frame, error.expected) == (13, "frames up to 20")


@pytest.mark.parametrize("number", [1, 30, FRAMES])
def test_a_forged_frame_with_a_matching_checksum_breaks_the_chain(
    written: Written, path: Path, number: int
) -> None:
    """Another body with a CRC32C to match is found by the chain, at opening or when read."""
    put(path, written.file)
    connection = apsw.Connection(str(path))
    query = "SELECT * FROM frames WHERE number = ?"
    forged = resealed(Row(*next(connection.execute(query, (number,)))), b"forged")
    connection.execute("REPLACE INTO frames VALUES (?, ?, ?, ?, ?, ?, ?)", forged)
    connection.close()
    _frames, error = survivors(path)
    assert isinstance(error, JournalDamaged)
    assert (error.frame, error.field) == (number, "chain")


def test_a_damaged_snapshot_is_skipped_and_reported(tmp_path: Path) -> None:
    """The newest intact snapshot is used; the verdict names the ones that were not."""
    store = SqliteStore(tmp_path / "journal.sqlite")
    store.open()
    for number in (1, 2, 3):
        grow(store, [b"frame"])
        store.save_snapshot(number, number + 1, b"state %d" % number)
    store.close()
    connection = apsw.Connection(str(tmp_path / "journal.sqlite"))
    connection.execute("UPDATE snapshots SET blob = x'00' WHERE number = 3")
    connection.execute("UPDATE snapshots SET next_seq = 7 WHERE number = 2")
    connection.close()
    store.open()
    assert store.load_snapshot() == Snapshot(1, 2, b"state 1")
    assert store.damaged_snapshots == (3, 2)
    assert verify_chain(store).damaged_snapshots == (3, 2)
    assert store.load_snapshot(1) == Snapshot(1, 2, b"state 1")
    assert store.damaged_snapshots == ()
    store.close()


def test_a_snapshot_behind_the_end_means_frames_are_missing(tmp_path: Path) -> None:
    """A snapshot of a frame the journal does not hold shows that acknowledged frames are gone."""
    path = tmp_path / "journal.sqlite"
    store = SqliteStore(path)
    store.open()
    grow(store, [b"frame"] * 5)
    store.save_snapshot(5, 6, b"state")
    connection = apsw.Connection(str(path))
    connection.execute("DELETE FROM frames WHERE number > 3")
    connection.close()
    store.close()
    with pytest.raises(JournalDamaged, match=r"Frame 4 .*expected frames up to 5"):
        store.open()


@pytest.mark.parametrize(
    ("statement", "error", "message"),
    [
        ("PRAGMA user_version = 2", SchemaTooNew, "schema version 2; .* up to 1"),
        ("PRAGMA user_version = 0", JournalDamaged, "user_version is 0, expected 1"),
        ("PRAGMA application_id = 7", NotAJournal, "its application_id is 7"),
        ("PRAGMA journal_mode = DELETE", JournalDamaged, "journal_mode is delete, expected wal"),
    ],
)
def test_a_file_of_another_kind_is_refused_by_name(
    tmp_path: Path, statement: str, error: type[StoreError], message: str
) -> None:
    """A journal of a later version, and a file that is no journal, are left as they are."""
    path = tmp_path / "journal.sqlite"
    store = SqliteStore(path)
    store.open()
    store.close()
    connection = apsw.Connection(str(path))
    connection.execute(statement)
    connection.close()
    before = path.read_bytes()
    for attempt in (store.open, store.open_to_read):
        with pytest.raises(error, match=message):
            attempt()
    assert path.read_bytes() == before


@pytest.mark.parametrize("content", [b"", b"not a database, just some text that somebody put here"])
def test_a_file_that_is_no_database_is_refused(tmp_path: Path, content: bytes) -> None:
    """An empty file is a journal that lost everything, not a new one."""
    path = tmp_path / "journal.sqlite"
    path.write_bytes(content)
    with pytest.raises(JournalDamaged):
        SqliteStore(path).open()
    assert path.read_bytes() == content


def test_frames_read_before_the_damage_are_yielded_also_from_the_middle(tmp_path: Path) -> None:
    """Reading from the middle checks the frame before, and stops at the damaged frame."""
    store = SqliteStore(tmp_path / "journal.sqlite")
    store.append(frames_after(store.open(), [b"a", b"b", b"c", b"d"]), 0)
    connection = apsw.Connection(str(tmp_path / "journal.sqlite"))
    connection.execute("UPDATE frames SET at_us = 1 WHERE number = 3")
    connection.close()
    reading = store.read(2)
    assert next(reading).body == b"b"
    with pytest.raises(JournalDamaged, match=r"Frame 3 .*crc32c"):
        next(reading)
    with pytest.raises(JournalDamaged, match=r"Frame 3 .*crc32c"):
        next(store.read(4))
    store.close()
