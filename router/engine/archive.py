"""Reading back: events by number, and a shard as it was at any frame."""

import gc
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from numpy.typing import NDArray

from router.core.machine import Batch, Machine
from router.directory import Directory
from router.explain.rewind import Loader
from router.journal import Recorded, decode, read_snapshot, restore
from router.published import publish_recorded
from router.recover import Folder
from router.shard import Shard
from router.stores.frames import Frame, Store
from router.wire.events import Event


def first_of(store: Store, number: int) -> Frame:
    """Return one frame by its number."""
    return next(iter(store.read(number)))


def frame_with(store: Store, last: int, seq: int) -> int:
    """Return the number of the frame that holds event ``seq``, by halving; ``last`` is the newest frame."""
    low, high = 1, last
    while low < high:
        middle = (low + high + 1) // 2
        if first_of(store, middle).first_seq <= seq:
            low = middle
        else:
            high = middle - 1
    return low


def load_events(
    store: Store, directory: Directory, last: int, span: tuple[int, int]
) -> list[Event]:
    """Return up to ``span[1]`` durable events from number ``span[0]`` on."""
    first, most = span
    if last == 0:
        return []
    found: list[Event] = []
    for frame in store.read(frame_with(store, last, first)):
        if frame.number > last:
            break
        events = publish_recorded(directory, decode(frame.body))
        found += [event for event in events if event.seq >= first]
        if len(found) >= most:
            break
    return found[:most]


@contextmanager
def unwatched() -> Iterator[None]:
    """
    Let the garbage collector rest while what comes to be is there to stay.

    It would look through a hundred thousand tickets again and again and find nothing: more than half of a restart.
    """
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


@unwatched()
def shard_at(store: Store, number: int, machine: Machine) -> Shard:
    """Return the shard as it was after frame ``number``, from the newest snapshot before it."""
    snapshot = store.load_snapshot(number)
    shard = Shard(machine) if snapshot is None else restore(snapshot.blob, machine)
    folder = Folder(shard)
    start = 1 if snapshot is None else snapshot.number + 1
    if start <= number:
        for frame in store.read(start):
            if frame.number > number:
                break
            folder.add(decode(frame.body))
    return folder.finish()


def loader(store: Store, last: Callable[[], int]) -> Loader:
    """Return what finds the way back to an event: the snapshot before it, and the batches after that."""

    def load(seq: int) -> tuple[dict[str, NDArray[Any]] | None, Iterator[Batch]]:
        if last() == 0:
            return None, iter(())
        number = frame_with(store, last(), seq)
        snapshot = store.load_snapshot(number - 1) if number > 1 else None
        start = 1 if snapshot is None else snapshot.number + 1
        arrays = None if snapshot is None else read_snapshot(snapshot.blob).arrays
        return arrays, batches_between(store, start, number)

    return load


def batches_between(store: Store, start: int, end: int) -> Iterator[Batch]:
    """Yield the batches of frames ``start`` to ``end``."""
    for frame in store.read(start):
        if frame.number > end:
            return
        recorded = decode(frame.body)
        came = (recorded.event_bytes, recorded.word_bytes)
        yield Batch(recorded.first_seq, (recorded.commands, recorded.command_words), came)


def recorded_from(store: Store, number: int) -> Iterator[tuple[int, Recorded]]:
    """Yield frames from ``number`` on, decoded."""
    for frame in store.read(number):
        yield frame.number, decode(frame.body)
