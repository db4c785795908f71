"""
A model as bytes: a magic word, a head in MessagePack, the weights as they lie in memory.

::

    8 bytes   MAGIC
    4 bytes   length of the head, little-endian
    head      {"manifest", "golden", "shape", "weights_sha256", "id"}
    rest      int8 weights, C order

``id`` is the SHA-256 of the manifest and of the weights' own SHA-256. The golden scores follow
from both, and are checked by scoring. Rows of zeros are not left out: a model is read as it lies.
"""

import hashlib
from typing import Any, Final

import msgspec
import numpy as np
from numpy.typing import NDArray

MAGIC: Final = b"CBSIG\x00\x00\x01"
HEAD_MAX: Final = 8 << 20  # bytes; labels and golden scores of 4,096 labels take less

_PREFIX: Final = len(MAGIC) + 4
_ENCODER: Final = msgspec.msgpack.Encoder(order="deterministic")


class ModelError(ValueError):
    """A model cannot be made, read or asked so; the message names what and what was expected."""


class _Head(msgspec.Struct, forbid_unknown_fields=True):
    manifest: dict[str, Any]
    golden: list[list[int]]
    shape: tuple[int, int]
    weights_sha256: str
    id: str


def digest(manifest: dict[str, object], weights: NDArray[np.int8]) -> str:
    """Return the id of a model: the SHA-256, in hexadecimal, of all that it is."""
    inner = hashlib.sha256(weights.tobytes()).hexdigest()
    return hashlib.sha256(_ENCODER.encode([manifest, inner])).hexdigest()


def pack(manifest: dict[str, object], golden: list[list[int]], weights: NDArray[np.int8]) -> bytes:
    """Return a model's file; the same model gives the same bytes."""
    head = _Head(
        manifest=manifest,
        golden=golden,
        shape=(weights.shape[0], weights.shape[1]),
        weights_sha256=hashlib.sha256(weights.tobytes()).hexdigest(),
        id=digest(manifest, weights),
    )
    coded = _ENCODER.encode(head)
    return MAGIC + len(coded).to_bytes(4, "little") + coded + weights.tobytes()


def unpack(data: bytes) -> tuple[dict[str, Any], list[list[int]], NDArray[np.int8]]:
    """
    Return manifest, golden scores and weights (a view of ``data``) of a model's file.

    Raises ``ModelError`` for anything that is not whole and unaltered.
    """
    if data[: len(MAGIC)] != MAGIC:
        raise ModelError(f"magic: {data[: len(MAGIC)]!r}, expected {MAGIC!r}: not a model's file")
    size = int.from_bytes(data[len(MAGIC) : _PREFIX], "little")
    if size > HEAD_MAX or len(data) < _PREFIX + size:
        raise ModelError(f"head: {len(data)} bytes in all, expected a head of {size}: it was cut")
    try:
        head = msgspec.msgpack.decode(data[_PREFIX : _PREFIX + size], type=_Head)
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise ModelError(f"head: {error}: it was altered") from error
    rows, width = head.shape
    found = len(data) - _PREFIX - size
    if rows < 0 or width < 0 or found != rows * width:
        raise ModelError(f"weights: {found} bytes, expected {rows} × {width}: cut or lengthened")
    raw = data[_PREFIX + size :]
    if hashlib.sha256(raw).hexdigest() != head.weights_sha256:
        raise ModelError("weights: their SHA-256 is not the one in the head: altered")
    weights = np.frombuffer(raw, dtype=np.int8).reshape(rows, width)
    if digest(head.manifest, weights) != head.id:
        raise ModelError("manifest: its SHA-256 is not the id in the head: altered")
    return head.manifest, head.golden, weights
