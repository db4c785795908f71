"""
What a frame and a snapshot hold, as bytes.

A frame is one settlement: the commands as the core was told them, the events they caused, and what the
directory learned. Recovery folds the events; ``verify`` tells the core the commands again and compares. Both
read the numbers of the core's records, so a change of ``layout`` changes ``FORMAT``.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final, NamedTuple

import msgpack
import msgspec
import numpy as np
from numpy.typing import NDArray

from router.core import layout
from router.core.machine import Machine
from router.core.recovery import used
from router.core.sound import DamagedError
from router.core.state import CANONICAL, Sizes, canonical_shapes
from router.history import Remembered
from router.shard import Sealed, Shard

FORMAT: Final = 1
_encoder: Final = msgspec.msgpack.Encoder()
_Names = list[tuple[int, str, int]]
_Documents = list[tuple[int, str, msgspec.Raw]]  # read when somebody asks for them
_FRAME: Final = tuple[
    int, int, int, bytes, bytes, bytes, bytes, _Names, _Documents, list[tuple[int, str]],
    list[tuple[str, bytes, int, bytes]],
]  # fmt: skip
_format_of: Final = msgspec.msgpack.Decoder().decode
_decode_frame: Final = msgspec.msgpack.Decoder(_FRAME).decode
_decode_rest: Final = msgspec.msgpack.Decoder(
    tuple[_Names, _Documents, list[tuple[int, ...]], Remembered]
).decode


class FormatError(ValueError):
    """A frame or a snapshot is of another format, or not one at all; the message says which and what was expected."""


class Recorded(NamedTuple):
    """A frame read back."""

    at_us: int
    first_seq: int
    commands: bytes
    command_words: bytes
    event_bytes: bytes
    word_bytes: bytes
    names: list[tuple[int, str, int]]
    documents: list[tuple[int, str, msgspec.Raw]]
    tickets: list[tuple[int, str]]
    answers: list[tuple[str, bytes, int, bytes]]

    @property
    def events(self) -> NDArray[Any]:
        """Return the events as EVENT records, read only."""
        return np.frombuffer(self.event_bytes, layout.EVENT)

    @property
    def words(self) -> NDArray[np.int64]:
        """Return the words of the events, read only."""
        return np.frombuffer(self.word_bytes, np.int64)


def encode(sealed: Sealed) -> bytes:
    """Return a settlement as the body of a frame."""
    batch = sealed.batch
    return _encoder.encode(
        (
            FORMAT, sealed.at_us, batch.first_seq, batch.commands, batch.command_words, batch.event_bytes,
            batch.word_bytes, sealed.names, sealed.documents, sealed.tickets, sealed.answers,
        )
    )  # fmt: skip


def decode(body: bytes) -> Recorded:
    """Return the settlement that a frame's body holds. Raises ``FormatError``."""
    try:
        found = _decode_frame(body)
    except msgspec.DecodeError as error:
        raise FormatError(_what_is_wrong(body, error)) from error
    if found[0] != FORMAT:
        raise FormatError(f"A frame's body has format {found[0]!r}; expected {FORMAT}.")
    return Recorded(*found[1:])


def _what_is_wrong(body: bytes, error: msgspec.DecodeError) -> str:
    """Say why a frame's body could not be read."""
    try:
        plain = _format_of(body)
    except msgspec.DecodeError:
        return f"A frame's body is not MessagePack: {error}."
    found = plain[0] if isinstance(plain, list) and plain else type(plain).__name__
    return f"A frame's body has format {found!r}; expected {FORMAT}: {error}."


class Portrait(NamedTuple):
    """A shard's state at one moment, copied, so that it can be encoded while the shard goes on."""

    seq: int
    at_us: int
    arrays: dict[str, NDArray[Any]]
    names: list[Any]
    documents: list[Any]
    profiles: list[tuple[int, ...]]
    history: Remembered


def copied(array: NDArray[Any]) -> NDArray[Any]:
    """Return a copy, as bytes: NumPy's own copies records field by field and leaves chance between the fields."""
    return np.frombuffer(array.tobytes(), array.dtype).reshape(array.shape)


def portray(shard: Shard) -> Portrait:
    """Copy a settled shard's state."""
    assert not shard.is_pending, "a snapshot between admission and settlement would lose calls"
    arrays = {name: copied(used(shard.machine.arrays, name)) for name in CANONICAL}
    names, documents = shard.directory.dump()
    return Portrait(
        int(arrays["head"]["seq"][0]),
        shard.at_us,
        arrays,
        names,
        documents,
        shard.profiles.dump(),
        shard.history.dump(),
    )


def encode_portrait(portrait: Portrait) -> bytes:
    """Return a state as the blob of a snapshot."""
    arrays = {name: (list(a.shape), a.tobytes()) for name, a in portrait.arrays.items()}
    text = _encoder.encode(
        (portrait.names, portrait.documents, portrait.profiles, portrait.history)
    )
    head = {"format": FORMAT, "seq": portrait.seq, "at_us": portrait.at_us, "arrays": arrays}
    return bytes(msgpack.packb(head)) + text


class Shown(NamedTuple):
    """A snapshot read back: the core's canonical arrays, and where the directory's part begins."""

    at_us: int
    arrays: dict[str, NDArray[Any]]
    rest: memoryview


def read_snapshot(blob: bytes) -> Shown:
    """Return what a snapshot shows of the core. Raises ``FormatError``."""
    unpacker = msgpack.Unpacker(max_buffer_size=0, max_bin_len=2**31 - 1)
    unpacker.feed(blob)
    head = unpacker.unpack()
    found = head.get("format") if isinstance(head, dict) else type(head).__name__
    if found != FORMAT:
        raise FormatError(f"The snapshot has format {found!r}; expected {FORMAT}.")
    dtypes = {name: dtype for name, (_, dtype) in canonical_shapes(Sizes()).items()}
    arrays = {
        name: np.frombuffer(raw, dtypes[name]).reshape(shape)
        for name, (shape, raw) in head["arrays"].items()
    }
    return Shown(head["at_us"], arrays, memoryview(blob)[unpacker.tell() :])


@contextmanager
def told_as_format() -> Iterator[None]:
    """Raise ``FormatError`` for what the core says cannot be."""
    try:
        yield
    except DamagedError as error:
        raise FormatError(str(error)) from error


def restore(blob: bytes, machine: Machine) -> Shard:
    """Return the shard that a snapshot shows. Raises ``FormatError``."""
    shown = read_snapshot(blob)
    try:
        names, documents, profiles, history = _decode_rest(shown.rest)
    except msgspec.DecodeError as error:
        raise FormatError(f"The snapshot's directory cannot be read: {error}.") from error
    with told_as_format():
        machine.load(shown.arrays)
    shard = Shard(machine)
    shard.at_us = shown.at_us
    shard.directory.learn(names, documents)
    for number, words in enumerate(profiles):
        shard.profiles.learn(number, tuple(words))
    shard.history.load(history)
    return shard
