"""
What naive Bayes would say, added to a machine's weights.

A support vector machine looks at the messages near its borders, naive Bayes at all of them; both
are linear in the features, so their sum is one table of weights and costs nothing to serve. Wang
and Manning (2012, https://aclanthology.org/P12-2018/) interpolate the two on short messages. On
the validation parts of CLINC150 and BANKING77 (learned from the training parts, 2**16 buckets) the
machine alone is right on 93.7 and 91.0 %, Bayes alone on 91.4 and 90.0 %, their sum on 94.6 and
92.0 %; of messages out of scope it tells 92 % rather than 84 %. Smoothing of 0.0001 to 0.003 and
shares of 0.03 to 0.05 do alike.

Parameters
----------
counts
    float32 (buckets, width), how much of each bucket the messages of a label hold.
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
Floats = NDArray[np.float64]

SMOOTHING: Final = 0.0003  # counted of every label in every bucket before the first message
SHARE: Final = 0.04  # of Bayes' log odds in units of the machine's scores


@njit(cache=True, nogil=True)
def count_features(
    ptr: Int64s, ids: Int32s, values: Float32s, target: Float32s, counts: Float32s
) -> None:
    """
    Add up what the messages of each label hold; those of nobody are left out.

    Parameters
    ----------
    ptr : int64 (n + 1,)
        Where each message's features begin.
    ids : int32 (nnz,)
        Bucket of each feature.
    values : float32 (nnz,)
        Its value.
    target : float32 (n, 2)
        Each message's label, or ``svm.NOBODY``, and its weight.
    counts
        See the file: float32 (buckets, width). Zero before.
    """
    for i in range(ptr.size - 1):
        label = np.int64(target[i, 0])
        if label >= 0:
            for p in range(ptr[i], ptr[i + 1]):
                counts[ids[p], label] += values[p] * target[i, 1]


@njit(cache=True, nogil=True)
def add_log_odds(
    counts: Float32s, totals: Floats, labels: Whole, share: float, weights: Float32s
) -> None:
    """
    Add a share of each label's log odds against the mean label; buckets never seen say nothing.

    Parameters
    ----------
    counts, weights
        See the file: float32 (buckets, width).
    totals : float64 (width,)
        Sums of the columns of ``counts``.
    labels : int64
        How many columns stand for labels.
    share : float64
        What a unit of log odds is worth in the weights.
    """
    buckets = counts.shape[0]
    odds = np.zeros(labels)
    norms = np.log(totals[:labels] + SMOOTHING * buckets)
    for row in range(buckets):
        seen = np.float32(0.0)
        for c in range(labels):
            seen += counts[row, c]
        if seen == 0:
            continue
        mean = 0.0
        for c in range(labels):
            odds[c] = np.log(counts[row, c] + SMOOTHING) - norms[c]
            mean += odds[c]
        mean /= labels
        for c in range(labels):
            weights[row, c] += np.float32(share * (odds[c] - mean))
