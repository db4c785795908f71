"""
The nearest of many vectors, exactly: int8 components, 32-bit sums, no index to train or to go stale.

Vectors have length one, so their product is the cosine. A component is about 1 / sqrt(d); four and a
half times that fills the 8 bits and what lies beyond is cut, so a vector is rounded alike in whichever
segment it lands.
"""

import math

import numpy as np
from numba import njit
from numpy.typing import NDArray

from router.search.limits import DIMENSIONS_MAX
from router.search.ranking import insert

SPREAD = 4.5
COMPONENT_MAX = 127
#: Components a row is padded to, a whole number of 64-byte lines.
LANES = 64


class VectorError(ValueError):
    """An array is no set of vectors."""


def padded(dimensions: int) -> int:
    """Return how wide a row of so many components is."""
    return -(-dimensions // LANES) * LANES


def rounded(vectors: NDArray[np.float32]) -> NDArray[np.int8]:
    """
    Return vectors (n, d) of any length as unit vectors in int8 (n, padded d).

    A vector that is zero or not finite becomes zero, so it is near nothing. Raises ``VectorError`` for
    an array of another shape.
    """
    if vectors.ndim != 2 or not 1 <= vectors.shape[1] <= DIMENSIONS_MAX:
        raise VectorError(
            f"vectors have shape {vectors.shape}; expected (n, 1 to {DIMENSIONS_MAX})"
        )
    count, dimensions = vectors.shape
    wide = vectors.astype(np.float64)
    wide[~np.isfinite(wide).all(axis=1)] = 0.0
    lengths = np.sqrt((wide * wide).sum(axis=1, keepdims=True))
    unit = np.divide(wide, lengths, out=np.zeros_like(wide), where=lengths > 0)
    scaled = np.rint(unit * (COMPONENT_MAX * math.sqrt(dimensions) / SPREAD))
    out = np.zeros((count, padded(dimensions)), np.int8)
    out[:, :dimensions] = np.clip(scaled, -COMPONENT_MAX, COMPONENT_MAX)
    return out


@njit(cache=True, nogil=True)
def product(vectors: NDArray[np.int8], row: int, query: NDArray[np.int8]) -> np.int32:
    """
    Return the product of a row and a query.

    Parameters
    ----------
    vectors
        int8 (n, d). Read only.
    row
        int, which row.
    query
        int8 (d,). Read only.
    """
    total = np.int32(0)
    for j in range(query.shape[0]):
        # Numba widens to 64 bits; cut back at each step, LLVM multiplies and adds pairs of 16 bits.
        total = np.int32(total + np.int32(np.int32(vectors[row, j]) * np.int32(query[j])))
    return total


@njit(cache=True, nogil=True)
def best_meanings(
    vectors: NDArray[np.int8],
    query: NDArray[np.int8],
    flags: NDArray[np.uint8],
    wanted: int,
    rows: NDArray[np.int32],
    best: NDArray[np.int32],
) -> int:
    """
    Choose the nearest documents with a product above 0, earlier ones first among equals; return how many.

    Parameters
    ----------
    vectors, query
        int8 (documents, d), int8 (d,). Read only.
    flags
        uint8 (documents,), a bit for the kind of each; 0 for one that was removed. Read only.
    wanted
        int, the bits of the kinds that are wanted.
    rows, best
        int32 (most,), most >= 1. Overwritten up to the number returned.
    """
    count, bar = 0, 0
    for row in range(vectors.shape[0]):
        score = product(vectors, row, query)
        if score > bar and flags[row] & wanted:
            count = insert(row, int(score), count, rows, best)
            if count == best.shape[0]:
                bar = best[count - 1]
    return count
