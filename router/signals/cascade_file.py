"""
A cascade as bytes: a magic word, the SHA-256 of the rest, and the rest in MessagePack.

Arrays lie in it as they lie in memory, little-endian; the head over n-grams is a model's file of its
own, with its own golden answers.
"""

import hashlib
from typing import Annotated, Final, NamedTuple

import msgspec
import numpy as np
from numpy.typing import NDArray

from router.signals.model_file import ModelError

MAGIC: Final = b"CBCAS\x00\x00\x02"
FILE_MAX: Final = 1 << 30
_PREFIX: Final = len(MAGIC) + 32
_ENCODER: Final = msgspec.msgpack.Encoder(order="deterministic")
_Count = Annotated[int, msgspec.Meta(ge=1, le=1 << 24)]


class Packed(msgspec.Struct, forbid_unknown_fields=True):
    """
    What a file holds; ``padded`` is how wide a vector of ``dimensions`` is in int8.

    ``golden_scores`` are what the cascade gives fixed texts with made-up vectors, ``golden_vectors`` what
    the encoder gave those texts when it was trained, empty where nobody asked.
    """

    words: bytes
    fingerprint: str
    threshold: float
    vote_weight: float
    metrics: dict[str, float]
    examples: _Count
    dimensions: _Count
    padded: _Count
    labels: _Count
    centre: bytes
    meaning: bytes
    vectors: bytes
    places: bytes
    golden_scores: bytes
    golden_vectors: bytes


class Arrays(NamedTuple):
    """
    What a cascade has besides its words.

    ``centre`` float32 (d,), ``meaning`` float32 (d, labels), and the examples: ``vectors`` int8
    (examples, padded d), ``places`` int32 (examples,) of their labels.
    """

    centre: NDArray[np.float32]
    meaning: NDArray[np.float32]
    vectors: NDArray[np.int8]
    places: NDArray[np.int32]


def pack(packed: Packed) -> bytes:
    """Return a cascade's file; the same cascade gives the same bytes."""
    body = _ENCODER.encode(packed)
    return MAGIC + hashlib.sha256(body).digest() + body


def digest(data: bytes) -> str:
    """Return the id of a cascade from its file."""
    return data[len(MAGIC) : _PREFIX].hex()


def unpack(data: bytes) -> tuple[Packed, Arrays]:
    """Return what is in a cascade's file; raise ``ModelError`` for one that is not whole and unaltered."""
    if data[: len(MAGIC)] != MAGIC:
        raise ModelError(f"magic: {data[: len(MAGIC)]!r}, expected {MAGIC!r}: not a cascade's file")
    if not _PREFIX < len(data) <= FILE_MAX:
        raise ModelError(f"file: {len(data)} bytes, expected {_PREFIX} to {FILE_MAX}: it was cut")
    body = data[_PREFIX:]
    found = hashlib.sha256(body).hexdigest()
    if found != digest(data):
        raise ModelError(f"sha256: {found}, expected {digest(data)}: it was cut or altered")
    try:
        packed = msgspec.msgpack.decode(body, type=Packed)
    except msgspec.MsgspecError as error:
        raise ModelError(f"body: {error}: it was altered") from error
    n, d, labels = packed.examples, packed.dimensions, packed.labels
    try:
        # Copied, as a kernel would be compiled once more for arrays that cannot be written to.
        arrays = Arrays(
            np.frombuffer(packed.centre, "<f4").reshape(d).copy(),
            np.frombuffer(packed.meaning, "<f4").reshape(d, labels).copy(),
            np.frombuffer(packed.vectors, np.int8).reshape(n, packed.padded).copy(),
            np.frombuffer(packed.places, "<i4").reshape(n).copy(),
        )
    except ValueError as error:
        raise ModelError(f"arrays: {error}, expected ({n}, {d}) and {labels} labels") from error
    if not (int(arrays.places.min()) >= 0 and int(arrays.places.max()) < labels):
        raise ModelError(f"places: some are outside 0 to {labels - 1}")
    return packed, arrays
