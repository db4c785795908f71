"""A full disk stops a SQLite store at once; nothing is half stored and nothing stored is lost."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from router.stores.errors import NoJournal, StoreFailed, StoreFull
from router.stores.frames import Frame, verify_chain
from router.stores.sqlite import SqliteStore
from tests.router.stores.journals import body_of, frames_after, grow

SMALL_BYTES = 2 << 20


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """Mount a disk of 2 MiB, or skip where that is not allowed."""
    disk = tmp_path / "disk"
    disk.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", f"size={SMALL_BYTES}", "tmpfs", str(disk)]
    if os.geteuid() != 0 or subprocess.run(mount, capture_output=True, check=False).returncode:
        pytest.skip("mounting a small disk takes the rights of root")
    yield disk
    subprocess.run(["umount", "--lazy", str(disk)], check=True)


def grow_until_full(store: SqliteStore, body: bytes) -> list[Frame]:
    """Append until the store fails; return the frames it acknowledged."""
    kept: list[Frame] = []
    try:
        while True:
            kept += grow(store, [body])
    except StoreFull:
        return kept


def test_a_full_disk_keeps_what_was_acknowledged(small_disk: Path) -> None:
    """On a disk that really is full the store refuses everything until there is room again."""
    ballast = small_disk / "ballast"
    ballast.write_bytes(bytes(SMALL_BYTES // 2))
    store = SqliteStore(small_disk / "journal.sqlite")
    store.open()
    kept = grow_until_full(store, bytes(30_000))
    assert len(kept) > 10
    for _ in range(2):
        with pytest.raises(StoreFull, match="Make room, then open it again"):
            grow(store, [b"small enough to fit"])
    store.close()

    onlooker = SqliteStore(small_disk / "journal.sqlite")
    ballast.unlink()
    onlooker.open_to_read()
    assert list(onlooker.read()) == kept
    onlooker.close()
    store.open()
    assert list(store.read()) == kept
    grow(store, [b"goes on"])
    assert verify_chain(store).damage is None
    store.close()


def test_a_snapshot_that_does_not_fit_leaves_the_older_one(small_disk: Path) -> None:
    """A snapshot is stored whole or not at all, and the frames stay."""
    store = SqliteStore(small_disk / "journal.sqlite")
    store.open()
    kept = grow(store, [b"one", b"two"])
    store.save_snapshot(1, 2, b"state")
    with pytest.raises(StoreFull):
        store.save_snapshot(2, 3, bytes(2 * SMALL_BYTES))
    with pytest.raises(StoreFull):
        store.load_snapshot()
    store.close()
    store.open()
    snapshot = store.load_snapshot()
    assert snapshot is not None
    assert (snapshot.number, snapshot.blob) == (1, b"state")
    assert list(store.read()) == kept
    store.close()


def test_a_journal_cannot_be_born_on_a_full_disk(small_disk: Path) -> None:
    """Without room for an empty journal nothing is left behind."""
    (small_disk / "ballast").write_bytes(bytes(SMALL_BYTES))
    with pytest.raises((StoreFull, StoreFailed)):
        SqliteStore(small_disk / "journal.sqlite").open()
    assert [path.name for path in small_disk.iterdir()] == ["ballast"]


LIMITED = """
import resource, sys
from router.stores.errors import StoreError
from router.stores.sqlite import SqliteStore
from tests.router.stores.journals import body_of, grow
store = SqliteStore(sys.argv[1])
store.open()
resource.setrlimit(resource.RLIMIT_FSIZE, (300_000, 300_000))
number = 0
try:
    while True:
        grow(store, [body_of(number + 1)])
        number += 1
except StoreError as error:
    print(number, type(error).__name__)
"""


def test_a_file_that_may_not_grow_keeps_what_was_acknowledged(tmp_path: Path) -> None:
    """Where a limit on the size of files stands for the full disk, the same holds."""
    path = tmp_path / "journal.sqlite"
    ended = subprocess.run(
        [sys.executable, "-c", LIMITED, str(path)],
        cwd=Path(__file__).parents[3],
        capture_output=True,
        text=True,
        check=True,
    )
    number, error = ended.stdout.split()
    assert error in {"StoreFull", "StoreFailed"}
    store = SqliteStore(path)
    store.open()
    bodies = [frame.body for frame in store.read()]
    assert bodies[: int(number)] == [body_of(at) for at in range(1, int(number) + 1)]
    assert len(bodies) - int(number) in {0, 1}
    store.close()


def test_a_place_where_nothing_can_be_written_is_named(tmp_path: Path) -> None:
    """A folder that is not there, or a folder instead of a file, is told apart from damage."""
    with pytest.raises(NoJournal, match="nowhere does not exist"):
        SqliteStore(tmp_path / "nowhere" / "journal.sqlite").open()
    with pytest.raises(StoreFailed, match="unable to open"):
        SqliteStore(tmp_path).open()
    with pytest.raises(NoJournal, match=r"nothing\.sqlite: no such file"):
        SqliteStore(tmp_path / "nothing.sqlite").open_to_read()


def test_a_commit_that_fails_half_way_leaves_none_of_its_frames(small_disk: Path) -> None:
    """A commit of many statements that runs out of room is undone as a whole."""
    store = SqliteStore(small_disk / "journal.sqlite")
    store.open()
    kept = grow(store, [b"one"])
    with pytest.raises(StoreFull):
        store.append(frames_after(store.tail, [bytes(20_000)] * 200), 1)
    store.close()
    store.open()
    assert list(store.read()) == kept
    store.close()
