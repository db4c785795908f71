"""
Training of linear heads: dual coordinate descent, all labels at once.

One-against-rest support vector machines with squared hinge loss, solved in the dual (Hsieh et al.
2008, doi:10.1145/1390156.1390208, the algorithm of LIBLINEAR). A row of the weights holds one
feature's weight for every label, so one look at a message serves all labels and the inner loops
are vector instructions. A message without a label (``NOBODY``) is a negative example for all.

Parameters
----------
ptr
    int64 (n + 1,), where each message's features begin.
ids
    int32 (nnz,), bucket of each feature.
values
    float32 (nnz,), its value; a message's squares sum to 1.
weights
    float32 (buckets, width), C order.
"""

from typing import Final

import numpy as np
from numba import njit
from numpy.typing import NDArray

from router.signals.letters import Whole

Int32s = NDArray[np.int32]
Int64s = NDArray[np.int64]
Float32s = NDArray[np.float32]

NOBODY: Final = -1


@njit(cache=True, nogil=True)
def add_products(
    start: Whole, end: Whole, ids: Int32s, values: Float32s, weights: Float32s, out: Float32s
) -> np.float32:
    """
    Set ``out`` to the scores of one message; return the squared length of its vector.

    Parameters
    ----------
    start, end : int64
        Where its features lie.
    ids, values, weights
        See the file: int32 (nnz,), float32 (nnz,), float32 (buckets, width).
    out : float32 (width,)
        Overwritten.
    """
    width = weights.shape[1]
    square = np.float32(0.0)
    for c in range(width):
        out[c] = np.float32(0.0)
    for p in range(start, end):
        value = values[p]
        square += value * value
        row = ids[p]
        for c in range(width):
            out[c] += value * weights[row, c]
    return square


@njit(cache=True, nogil=True)
def _steps(
    label: Whole, cost: np.float32, square: np.float32, alpha: Float32s, scores: Float32s
) -> bool:
    """Take the exact step in each label's dual variable; ``scores`` become the steps.

    Return whether any is not zero.
    """
    ridge = np.float32(0.5) / cost
    inverse = np.float32(1.0) / (square + ridge)
    moved = False
    for c in range(alpha.size):
        sign = np.float32(1.0) if c == label else np.float32(-1.0)
        old = alpha[c]
        slope = sign * scores[c] - np.float32(1.0) + ridge * old
        new = max(old - slope * inverse, np.float32(0.0))
        alpha[c] = new
        scores[c] = (new - old) * sign
        moved |= new != old
    return moved


@njit(cache=True, nogil=True)
def descend(
    ptr: Int64s, ids: Int32s, values: Float32s, target: Float32s, order: Int32s, weights: Float32s
) -> None:
    """
    Fit the weights, a pass over all messages for each row of ``order``.

    Parameters
    ----------
    ptr, ids, values, weights
        See the file: int64 (n + 1,), int32 (nnz,), float32 (nnz,), float32 (buckets, width).
        The weights are zero before; they become the solution.
    target : float32 (n, 2)
        Each message's label, or ``NOBODY``, and its cost: how dear an error on it is.
    order : int32 (passes, n)
        In which order each pass visits the messages.
    """
    n = ptr.size - 1
    width = weights.shape[1]
    alpha = np.zeros((n, width), dtype=np.float32)
    scores = np.zeros(width, dtype=np.float32)
    for t in range(order.shape[0]):
        for k in range(n):
            i = order[t, k]
            start, end = ptr[i], ptr[i + 1]
            square = add_products(start, end, ids, values, weights, scores)
            if not _steps(np.int64(target[i, 0]), target[i, 1], square, alpha[i], scores):
                continue
            for p in range(start, end):
                value = values[p]
                row = ids[p]
                for c in range(width):
                    weights[row, c] += value * scores[c]


@njit(cache=True, nogil=True)
def score_all(ptr: Int64s, ids: Int32s, values: Float32s, weights: Float32s, out: Float32s) -> None:
    """
    Fill ``out`` with the scores of every message.

    Parameters
    ----------
    ptr, ids, values, weights
        See the file: int64 (n + 1,), int32 (nnz,), float32 (nnz,), float32 (buckets, width).
    out : float32 (n, width)
        Overwritten.
    """
    for i in range(ptr.size - 1):
        add_products(ptr[i], ptr[i + 1], ids, values, weights, out[i])
