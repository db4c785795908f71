"""Define what every journal holds, the contract of a store, and how a frame is sealed and checked.

A journal is a dense row of frames. Each is sealed twice: a chain (BLAKE2b-256 of the previous
link, the header and the body) finds a frame that is missing, moved or exchanged, and a CRC32C over
header, link and body tells which row is damaged when two do not fit. The chain depends on the
frames alone, so the same frames have the same last link in every store.
"""

import struct
from collections.abc import Callable, Iterable, Iterator, Sequence
from hashlib import blake2b
from typing import NamedTuple, Protocol

import google_crc32c

from router.stores.errors import FrameInvalid, JournalDamaged, OutOfOrder

BODY_BYTES_MAX = 64 << 20
SNAPSHOT_BYTES_MAX = 512 << 20  # SQLite takes blobs of up to 1,000,000,000 bytes
SNAPSHOTS_KEPT = 3
NUMBER_MAX = (1 << 63) - 1
GENESIS = bytes(32)  # the link before the first frame

_HEADER = struct.Struct("<qqqq")  # number, first_seq, events, at_us
_SNAPSHOT_HEADER = struct.Struct("<qq")  # number, next_seq
_CHAIN_NAME = b"cordboard frames"  # personalization: 16 bytes at most
# hashlib lets go of the interpreter for inputs of 2,048 bytes and more. To get it back from a busy
# event loop takes up to the switch interval (5 ms), hashing 64 KiB takes 0.08 ms: so small bodies
# are hashed in slices below that size.
_SLICE_BYTES = 2047
_SLICED_BYTES_MAX = 64 << 10


class Frame(NamedTuple):
    """Hold what one decision batch wrote: the unit of durability.

    ``number`` counts frames and ``first_seq`` events, both dense from 1; ``events`` may be 0.
    ``at_us`` is the router's time in microseconds; ``body`` is opaque to the store.
    """

    number: int
    first_seq: int
    events: int
    at_us: int
    body: bytes


class Tail(NamedTuple):
    """Say where a journal goes on: last frame's number, next event, last link, owner's epoch."""

    number: int
    next_seq: int
    chain: bytes
    epoch: int


class Snapshot(NamedTuple):
    """Hold a state (opaque) as it was after frame ``number``, before event ``next_seq``."""

    number: int
    next_seq: int
    blob: bytes


class Row(NamedTuple):
    """Hold a frame as stored, with its two seals."""

    number: int
    first_seq: int
    events: int
    at_us: int
    crc: int
    chain: bytes
    body: bytes


class ChainReport(NamedTuple):
    """Say how far a journal is intact, and what the first damage is."""

    frames: int
    events: int
    chain: bytes
    damage: JournalDamaged | None
    damaged_snapshots: tuple[int, ...]


class Store(Protocol):
    """Keep frames in order and snapshots beside them; every store passes the same tests.

    Only ``read`` and ``load_snapshot`` may be called beside the one thread that writes. Checks
    come in this order: open, not failed before, ``OutOfOrder`` and ``FrameInvalid``, ``Fenced``.
    After ``StoreFull`` or ``StoreFailed`` everything but ``close`` raises the same error again.
    """

    @property
    def tail(self) -> Tail:
        """Return where the journal goes on, as this owner knows it."""

    @property
    def damaged_snapshots(self) -> tuple[int, ...]:
        """Return the numbers of the snapshots the last ``load_snapshot`` had to skip."""

    def open(self) -> Tail:
        """Claim the next epoch, which fences every older owner, and verify the tail.

        Raises
        ------
        JournalDamaged, NotAJournal, SchemaTooNew, StoreBusy
            Nothing was claimed; the store stays closed.
        StoreFull, StoreFailed
            The store stays closed; older owners may be fenced all the same.
        """

    def open_to_read(self) -> Tail:
        """Open beside a living owner without claiming anything; appends are refused."""

    def append(self, frames: Sequence[Frame], expected: int) -> None:
        """Store all frames or none; they are durable on return.

        ``expected`` is the number of the last frame already stored.

        Raises
        ------
        Fenced, OutOfOrder, FrameInvalid, StoreBusy
            Nothing was stored.
        StoreFull, StoreFailed
            Nothing was acknowledged: after opening again, the frames are all there or all absent.
        """

    def read(self, from_number: int = 1) -> Iterator[Frame]:
        """Yield the stored frames from ``from_number`` on, each verified.

        Raises
        ------
        JournalDamaged
            At the first frame that is not what was written; the frames before it were yielded.
        """

    def save_snapshot(self, number: int, next_seq: int, blob: bytes) -> None:
        """Keep a state durably beside the frames; the oldest of more than three goes."""

    def load_snapshot(self, at_most_number: int | None = None) -> Snapshot | None:
        """Return the newest intact snapshot; see ``damaged_snapshots`` for those skipped."""

    def tidy(self, *, idle: bool) -> None:
        """Do housekeeping that is due: little of it must wait for an idle moment."""

    def close(self) -> None:
        """Let go of the journal; ``open`` may be called again."""


def check_frames(frames: Sequence[Frame], expected: int, tail: Tail) -> None:
    """Refuse frames that do not go on exactly where the journal ends.

    Raises
    ------
    OutOfOrder, FrameInvalid
        Naming the field, its value and what was expected.
    """
    if expected != tail.number:
        raise OutOfOrder("expected", expected, tail.number)
    number, next_seq = tail.number + 1, tail.next_seq
    for frame in frames:
        if frame.number != number:
            raise OutOfOrder("number", frame.number, number)
        if frame.first_seq != next_seq:
            raise OutOfOrder("first_seq", frame.first_seq, next_seq)
        if not 0 <= frame.events <= NUMBER_MAX - next_seq:
            raise FrameInvalid("events", str(frame.events), "0 or more, in 63 bits")
        if not -NUMBER_MAX <= frame.at_us <= NUMBER_MAX:
            raise FrameInvalid("at_us", str(frame.at_us), "microseconds in 64 bits")
        _check_bytes("body", frame.body, BODY_BYTES_MAX)
        number += 1
        next_seq += frame.events


def check_snapshot(snapshot: Snapshot, tail: Tail, next_seq_after: Callable[[int], int]) -> None:
    """Refuse a snapshot that does not belong to a stored frame.

    ``next_seq_after`` says which event follows a stored frame.
    """
    if not 0 <= snapshot.number <= tail.number:
        raise OutOfOrder("snapshot number", snapshot.number, tail.number)
    _check_bytes("blob", snapshot.blob, SNAPSHOT_BYTES_MAX)
    next_seq = tail.next_seq
    if snapshot.number < tail.number:
        next_seq = next_seq_after(snapshot.number)
    if snapshot.next_seq != next_seq:
        raise OutOfOrder("snapshot next_seq", snapshot.next_seq, next_seq)


def _check_bytes(field: str, value: bytes, bytes_max: int) -> None:
    if not isinstance(value, bytes):
        raise FrameInvalid(field, type(value).__name__, "bytes")
    if len(value) > bytes_max:
        raise FrameInvalid(field, f"{len(value)} bytes long", f"at most {bytes_max} bytes")


def seal(frames: Sequence[Frame], tail: Tail) -> tuple[list[Row], Tail]:
    """Return the frames with their seals, and the tail after them."""
    chain = tail.chain
    rows: list[Row] = []
    for number, first_seq, events, at_us, body in frames:
        header = _HEADER.pack(number, first_seq, events, at_us)
        chain = _link(chain, header, body)
        crc = google_crc32c.extend(google_crc32c.value(header + chain), body)
        rows.append(Row(number, first_seq, events, at_us, crc, chain, body))
    if not rows:
        return rows, tail
    last = rows[-1]
    return rows, Tail(last.number, last.first_seq + last.events, chain, tail.epoch)


def follow(rows: Iterable[Row], previous: Row | None) -> Iterator[Row]:
    """Yield rows as long as each is intact and continues ``previous`` (None: the very start).

    Raises
    ------
    JournalDamaged
        Naming the first frame that is not what was written, the field, and both values.
    """
    number, first_seq, chain = 1, 1, GENESIS
    if previous is not None:
        number, first_seq = previous.number + 1, previous.first_seq + previous.events
        chain = previous.chain
    for row in rows:
        _expect(number, "number", number, row.number)
        check_row(row)
        _expect(number, "first_seq", first_seq, row.first_seq)
        chain = _link(chain, _HEADER.pack(*row[:4]), row.body)
        if row.chain != chain:
            raise JournalDamaged(number, "chain", chain.hex(), row.chain.hex())
        yield row
        number += 1
        first_seq += row.events


def check_row(row: Row) -> None:
    """Raise ``JournalDamaged`` unless the row's values have their types and match its CRC32C."""
    integers = (row.number, row.first_seq, row.events, row.at_us, row.crc)
    blobs = (row.chain, row.body)
    # A flipped bit may turn an integer into text or nothing: SQLite keeps a type with each value.
    if not all(type(value) is int for value in integers):
        raise JournalDamaged(row.number, "its header", "integers", f"{integers}")
    if not all(type(value) is bytes for value in blobs):
        types = ", ".join(type(value).__name__ for value in blobs)
        raise JournalDamaged(row.number, "its chain and body", "bytes", types)
    header = _HEADER.pack(*row[:4])
    crc = google_crc32c.extend(google_crc32c.value(header + row.chain), row.body)
    if row.crc != crc:
        raise JournalDamaged(row.number, "its crc32c", f"{row.crc:08x}", f"{crc:08x}")


def crc_of_snapshot(number: int, next_seq: int, blob: bytes) -> int:
    """Return the CRC32C over a snapshot's header and blob."""
    header = _SNAPSHOT_HEADER.pack(number, next_seq)
    return int(google_crc32c.extend(google_crc32c.value(header), blob))


def crc_of_numbers(*numbers: int) -> int:
    """Return the CRC32C over a few 64-bit integers."""
    return int(google_crc32c.value(struct.pack(f"<{len(numbers)}q", *numbers)))


def verify_chain(store: Store) -> ChainReport:
    """Read an open store from the first frame to the last and report the first damage."""
    frames = events = 0
    chain = GENESIS
    damage = None
    try:
        for frame in store.read():
            chain = _link(chain, _HEADER.pack(*frame[:4]), frame.body)
            frames += 1
            events += frame.events
            # A living owner may append behind the tail that an onlooker saw when it opened.
            if frames == store.tail.number and chain != store.tail.chain:
                raise JournalDamaged(frames, "chain", store.tail.chain.hex(), chain.hex())
    except JournalDamaged as error:
        damage = error
    damaged_snapshots: tuple[int, ...] = ()
    number: int | None = None
    while (snapshot := store.load_snapshot(number)) is not None:
        damaged_snapshots += store.damaged_snapshots
        number = snapshot.number - 1
    damaged_snapshots += store.damaged_snapshots
    return ChainReport(frames, events, chain, damage, damaged_snapshots)


def _expect(frame: int, field: str, expected: int, found: int) -> None:
    if found != expected:
        raise JournalDamaged(frame, field, str(expected), str(found))


def _link(previous: bytes, header: bytes, body: bytes) -> bytes:
    link = blake2b(previous, digest_size=32, person=_CHAIN_NAME)
    link.update(header)
    if len(body) > _SLICED_BYTES_MAX:
        link.update(body)
        return link.digest()
    for at in range(0, len(body), _SLICE_BYTES):
        link.update(body[at : at + _SLICE_BYTES])
    return link.digest()
