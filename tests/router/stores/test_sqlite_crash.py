"""What a SQLite store acknowledged survives a kill at any moment and the loss of power."""

import random
import subprocess
import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from router.stores.errors import StoreFailed
from router.stores.frames import verify_chain
from router.stores.sqlite import SqliteStore
from tests.router.stores.files import FaultyFiles
from tests.router.stores.journals import body_of, grow

PROGRAM = "tests.router.stores.journal_writer"
ROOT = Path(__file__).parents[3]


def killed_after(path: Path, acks: int) -> int:
    """Let a process append, kill it after so many commits; return the last number it told."""
    command = [sys.executable, "-m", PROGRAM, f"sqlite:{path}"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, cwd=ROOT) as process:
        assert process.stdout is not None
        told = process.stdout.read(4 * acks)
        process.kill()  # SIGKILL: no handler runs, nothing is flushed
        told += process.stdout.read()
    return int.from_bytes(told[-4 - len(told) % 4 :][:4], "little")


@pytest.mark.slow
@pytest.mark.parametrize("first_seed", range(0, 30, 10))
def test_a_killed_writer_loses_nothing_it_acknowledged(tmp_path: Path, first_seed: int) -> None:
    """Ten lives on one journal, each killed at a seeded moment: all it told is there, intact."""
    path = tmp_path / "journal.sqlite"
    for seed in range(first_seed, first_seed + 10):
        told = killed_after(path, 1 + int(random.Random(seed).expovariate(1 / 120)))
        store = SqliteStore(path)
        tail = store.open()
        assert tail.number >= told
        bodies = [frame.body for frame in store.read()]
        assert bodies == [body_of(number) for number in range(1, tail.number + 1)]
        assert store.load_snapshot() is not None or tail.number < 105
        assert store.damaged_snapshots == ()
        store.close()


@pytest.fixture
def files() -> Iterator[FaultyFiles]:
    """Register a file layer that can fail and can lose what was not synced."""
    layer = FaultyFiles()
    yield layer
    layer.unregister()


def append_until_it_fails(store: SqliteStore, bodies: list[bytes], chance: random.Random) -> int:
    """Append random bodies, with snapshots and tidying; return how many frames were told durable.

    The body of a frame that failed is in ``bodies`` too: it may be on the disk or not.
    """
    acknowledged = len(bodies)
    try:
        while True:
            bodies.append(chance.randbytes(chance.randrange(12_000)))
            grow(store, bodies[-1:])
            acknowledged += 1
            if chance.random() < 0.1:
                store.save_snapshot(store.tail.number, store.tail.next_seq, bodies[-1])
            if chance.random() < 0.1:
                store.tidy(idle=True)
    except StoreFailed:
        return acknowledged


@pytest.mark.parametrize("seed", range(40))
def test_power_loss_keeps_every_acknowledged_frame(
    tmp_path: Path, files: FaultyFiles, seed: int
) -> None:
    """The power goes at a seeded write; any part of what was not synced may be on the disk."""
    chance = random.Random(seed)
    path = tmp_path / "journal.sqlite"
    bodies: list[bytes] = []
    for life in range(4):
        store = SqliteStore(path, exclusive=True, vfs=files.name)
        acknowledged = len(bodies)
        if life and chance.random() < 0.3:  # the power goes while the journal is being opened
            files.stop_after_writes(chance.randrange(1, 12))
        with suppress(StoreFailed):
            assert store.open().number == len(bodies)
            assert [frame.body for frame in store.read()] == bodies
            files.stop_after_writes(chance.randrange(1, 200))
            acknowledged = append_until_it_fails(store, bodies, chance)
        store.close()
        files.lose_power(chance)
        survivor = SqliteStore(path)
        number = survivor.open().number
        assert acknowledged <= number <= len(bodies)
        assert verify_chain(survivor).damage is None
        survivor.close()
        del bodies[number:]


def test_a_failed_fsync_is_never_tried_again(tmp_path: Path, files: FaultyFiles) -> None:
    """After one failed fsync nothing is acknowledged or synced until the store is opened again."""
    store = SqliteStore(tmp_path / "journal.sqlite", exclusive=True, vfs=files.name)
    store.open()
    frames = grow(store, [b"one", b"two"])
    files.sync_fails = True
    with pytest.raises(StoreFailed, match="SQLITE_IOERR_FSYNC: the disk says no"):
        grow(store, [b"three"])
    files.sync_fails, syncs = False, files.syncs
    for refused in (
        lambda: store.append([], 2),
        lambda: store.save_snapshot(2, 3, b"state"),
        store.read,
        store.load_snapshot,
        lambda: store.tidy(idle=True),
        lambda: store.tail,
    ):
        with pytest.raises(StoreFailed, match="SQLITE_IOERR_FSYNC: the disk says no"):
            refused()
    store.close()
    assert files.syncs == syncs
    store.open()
    assert list(store.read())[:2] == frames
    assert store.tail.number in {2, 3}  # never acknowledged: may have reached the disk or not
    grow(store, [b"four"])
    assert verify_chain(store).damage is None
    store.close()


def test_a_failed_checkpoint_loses_nothing_and_stops_the_store(
    tmp_path: Path, files: FaultyFiles
) -> None:
    """What cannot be copied into the file is still in the log when the store is opened again."""
    store = SqliteStore(tmp_path / "journal.sqlite", exclusive=True, vfs=files.name)
    store.open()
    frames = grow(store, [b"x" * 1_000_000] * 5)
    files.sync_fails = True
    with pytest.raises(StoreFailed):
        store.tidy(idle=True)
    with pytest.raises(StoreFailed):
        grow(store, [b"more"])
    files.sync_fails = False
    store.close()
    store.open()
    assert list(store.read()) == frames
    store.close()


@pytest.mark.parametrize("seed", range(5))
def test_what_a_failed_fsync_left_in_the_cache_is_written_anew(
    tmp_path: Path, files: FaultyFiles, seed: int
) -> None:
    """A frame that is readable only because the kernel still caches it must not carry others."""
    path = tmp_path / "journal.sqlite"
    store = SqliteStore(path, exclusive=True, vfs=files.name)
    store.open()
    grow(store, [b"one"])
    files.sync_fails = True
    with pytest.raises(StoreFailed):
        grow(store, [b"two"])
    files.sync_fails = False
    store.close()
    assert store.open().number == 2  # found in the cache
    grow(store, [b"three"])
    frames = list(store.read())
    files.stop_after_writes(0)
    with pytest.raises(StoreFailed):
        store.close()
    files.lose_power(random.Random(seed))
    survivor = SqliteStore(path)
    survivor.open()
    assert list(survivor.read()) == frames
    survivor.close()
