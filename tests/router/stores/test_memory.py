"""The memory store fails as it is told to, in the ways a disk fails."""

from collections.abc import Callable

import pytest

from router.stores.errors import JournalDamaged, StoreClosed, StoreFailed, StoreFull
from router.stores.frames import Frame, Row, Store, verify_chain
from router.stores.memory import Fault, Faults, MemoryJournal, MemoryStore
from tests.router.stores.journals import frames_after, grow, resealed


@pytest.mark.parametrize(
    ("fault", "error", "stored"),
    [
        (Fault.FULL, StoreFull, 1),
        (Fault.FAILED, StoreFailed, 1),
        (Fault.FAILED_AFTER, StoreFailed, 2),
    ],
)
def test_the_second_append_fails_and_the_store_stays_broken(
    fault: Fault, error: type[Exception], stored: int
) -> None:
    """After the fault everything is refused until the store is opened again."""
    store = MemoryStore(faults=Faults(appends={2: fault}))
    store.open()
    grow(store, [b"one"])
    attempts: list[Callable[[Store], object]] = [
        lambda store: store.append([Frame(2, 2, 1, 0, b"two")], 1),
        lambda store: store.append([Frame(2, 2, 1, 0, b"two")], 1),
        lambda store: store.read(),
        lambda store: store.load_snapshot(),
        lambda store: store.save_snapshot(1, 2, b"state"),
        lambda store: store.tidy(idle=True),
        lambda store: store.tail,
    ]
    for attempt in attempts:
        with pytest.raises(error, match="told to"):
            attempt(store)
    store.close()
    assert store.open().number == stored
    grow(store, [b"goes on"])
    assert verify_chain(store).damage is None


@pytest.mark.parametrize(
    ("fault", "kept"), [(Fault.FULL, None), (Fault.FAILED_AFTER, (1, 2, b"s"))]
)
def test_a_snapshot_fails_when_told(fault: Fault, kept: object) -> None:
    """Snapshots have faults of their own."""
    store = MemoryStore(faults=Faults(snapshots={1: fault}))
    store.open()
    grow(store, [b"one"])
    with pytest.raises((StoreFull, StoreFailed)):
        store.save_snapshot(1, 2, b"s")
    store.close()
    store.open()
    assert store.load_snapshot() == kept


def test_a_slow_append_waits_and_succeeds() -> None:
    """A slow append is a wait and nothing else."""
    waits: list[float] = []
    store = MemoryStore(faults=Faults(appends={2: Fault.SLOW}, slow_s=0.2, pause=waits.append))
    store.open()
    frames = grow(store, [b"one", b"two", b"three"])
    assert waits == [0.2]
    assert list(store.read()) == frames


def test_a_named_journal_is_shared_and_a_nameless_one_is_private() -> None:
    """The name is the location; it lives as long as any store that has it."""
    first, second, private = MemoryStore("floor"), MemoryStore("floor"), MemoryStore()
    first.open()
    frames = grow(first, [b"one"])
    second.open()
    assert list(second.read()) == frames
    assert private.open().number == 0
    del first, second
    assert MemoryStore("floor").open().epoch == 1


def test_a_journal_can_be_handed_over() -> None:
    """A test or a simulation may hold the journal itself, and look into it."""
    journal = MemoryJournal()
    first = MemoryStore(journal=journal)
    first.append(frames_after(first.open(), [b"one"]), 0)
    assert [row.body for row in journal.rows] == [b"one"]
    assert MemoryStore(journal=journal).open().number == 1


@pytest.mark.parametrize("field", Row._fields)
@pytest.mark.parametrize("number", [1, 3, 4, 5])
def test_damage_to_any_field_of_a_row_is_named(field: str, number: int) -> None:
    """The memory store verifies what it yields as a disk's store does."""
    store = MemoryStore()
    store.open()
    frames = grow(store, [b"one", b"two", b"three", b"four", b"five"])
    row = store.journal.rows[number - 1]
    value = getattr(row, field)
    damaged = value ^ 1 if isinstance(value, int) else bytes([value[0] ^ 1]) + value[1:]
    store.journal.rows[number - 1] = row._replace(**{field: damaged})
    report = verify_chain(store)
    assert isinstance(report.damage, JournalDamaged)
    assert (report.damage.frame, report.frames) == (number, number - 1)
    assert report.events == sum(frame.events for frame in frames[: number - 1])


@pytest.mark.parametrize("number", [1, 2, 3])
def test_a_forged_frame_with_a_matching_checksum_breaks_the_chain(number: int) -> None:
    """Whoever rewrites history must rewrite every link after it, and the head shows that."""
    store = MemoryStore()
    store.open()
    grow(store, [b"one", b"two", b"three"])
    rows = store.journal.rows
    rows[number - 1] = resealed(rows[number - 1], b"forged")
    damage = verify_chain(store).damage
    assert damage is not None
    assert (damage.frame, damage.field) == (number, "chain")


def test_a_vanished_end_is_named() -> None:
    """Frames missing behind what the owner appended are missed."""
    store = MemoryStore()
    store.open()
    grow(store, [b"one", b"two", b"three"])
    del store.journal.rows[1:]
    with pytest.raises(JournalDamaged, match="Frame 2 .*is nothing, expected 2"):
        list(store.read())


def test_a_damaged_snapshot_is_skipped_and_named() -> None:
    """An older intact snapshot stands in for a damaged one."""
    store = MemoryStore()
    store.open()
    grow(store, [b"one", b"two"])
    store.save_snapshot(1, 2, b"older")
    store.save_snapshot(2, 3, b"newer")
    snapshot, crc = store.journal.snapshots[2]
    store.journal.snapshots[2] = (snapshot, crc ^ 1)
    assert store.load_snapshot() == (1, 2, b"older")
    assert store.damaged_snapshots == (2,)


def test_a_store_opened_to_read_does_not_write() -> None:
    """An onlooker is refused by name."""
    store = MemoryStore("floor")
    store.open_to_read()
    with pytest.raises(StoreClosed, match="memory journal 'floor' is open to read only"):
        store.append([], 0)
