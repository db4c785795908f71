"""What an encoder of sentences is, whoever computes it."""

from typing import Protocol

import numpy as np
from numpy.typing import NDArray


class Encoder(Protocol):
    """
    Turn texts into vectors, on whatever thread it is called on.

    ``fingerprint`` is a sha256 of everything that shapes a vector: heads trained with one encoder must
    not be fed by another. The same text gives the same vector, whatever stands beside it in the list.
    """

    @property
    def fingerprint(self) -> str:
        """Return 64 hexadecimal digits."""
        ...

    @property
    def dimensions(self) -> int:
        """Return the components of a vector."""
        ...

    def encode(self, texts: list[str]) -> NDArray[np.float32]:
        """Return unit vectors (texts, dimensions)."""
        ...


class EncoderError(ValueError):
    """An encoder cannot be had, or did not give what it should."""


def checked(vectors: object, count: int, dimensions: int) -> NDArray[np.float32]:
    """Return what an encoder gave as vectors; raise ``EncoderError`` if it is anything else."""
    made = np.asarray(vectors)
    if made.shape != (count, dimensions):
        raise EncoderError(f"vectors have shape {made.shape}; expected ({count}, {dimensions})")
    if made.dtype.kind != "f" or not np.isfinite(made).all():
        raise EncoderError(f"vectors of {made.dtype} are not all finite; expected finite floats")
    return np.ascontiguousarray(made, np.float32)
