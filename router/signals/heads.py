"""
Linear heads over hashed features: int8 weights, int32 sums, the same bits on every machine.

A score is an exact integer. Floats appear only behind it, where scores become probabilities, and
these are rounded before anybody sees them.

Parameters
----------
ids
    uint32 (n,) or longer, what the pass hashed; pairs last.
cues
    int64 (CUES,), the counts of the pass: how many ids there are, and the squared length of the
    message's vector, which tells how many of them are pairs.
weights
    int8 (2**bits, width), C order; a row for each bucket, a column for each label, zeros up to
    a multiple of 16.
scores
    int32 (width,). Overwritten.
"""

from typing import Final

import numpy as np
from numba import njit
from numpy.typing import NDArray

from router.signals.features import PAIR_WEIGHT
from router.signals.lanes import IS_THERE, LANES, add_columns
from router.signals.letters import Int64s, UInt32s, Whole
from router.signals.scan import FEATURES, MASS
from router.signals.signal import PROBABILITY_STEPS

Int8s = NDArray[np.int8]
Int32s = NDArray[np.int32]
Floats = NDArray[np.float64]

BITS_MIN: Final = 8
BITS_MAX: Final = 20
TOP: Final = 3  # labels that a prediction names

#: Places in the result of ``judge``: three labels, then three probabilities, then two scores.
LABELS, CHANCES, STANDING, MARGIN = 0, TOP, 2 * TOP, 2 * TOP + 1
RESULT: Final = 2 * TOP + 2

#: Places in the parameters of ``judge``.
LABEL_COUNT, UNIT, SHARPNESS, SLOPE, OFFSET = range(5)
PARAMETERS: Final = 5

CHANCE_MIN: Final = 1e-9


def width_of(labels: int) -> int:
    """Return how many columns so many labels take."""
    return -(-labels // LANES) * LANES


@njit(cache=True, nogil=True)
def add_rows_plainly(
    ids: UInt32s, start: Whole, end: Whole, shift: Whole, weights: Int8s, scores: Int32s
) -> None:
    """
    Add the rows of some features to the scores, four at a time: that halves the stores.

    Parameters
    ----------
    ids, weights, scores
        See the file: uint32 (n,), int8 (2**bits, width), int32 (width,).
    start, end, shift : int64
        The features from ``start`` to ``end`` count; ``id >> shift`` is a row.
    """
    width = weights.shape[1]
    fours = start + (end - start) // 4 * 4
    for k in range(start, fours, 4):
        one = np.int64(ids[k]) >> shift
        two = np.int64(ids[k + 1]) >> shift
        three = np.int64(ids[k + 2]) >> shift
        four = np.int64(ids[k + 3]) >> shift
        for c in range(width):
            scores[c] += (
                np.int32(weights[one, c])
                + np.int32(weights[two, c])
                + np.int32(weights[three, c])
                + np.int32(weights[four, c])
            )
    for k in range(fours, end):
        row = np.int64(ids[k]) >> shift
        for c in range(width):
            scores[c] += np.int32(weights[row, c])


@njit(cache=True, nogil=True)
def add_rows(
    ids: UInt32s, start: Whole, end: Whole, shift: Whole, weights: Int8s, scores: Int32s
) -> None:
    """
    Add the rows of some features to the scores, by vector code where there is some.

    Parameters
    ----------
    ids, weights, scores
        See the file: uint32 (n,), int8 (2**bits, width), int32 (width,).
    start, end, shift : int64
        The features from ``start`` to ``end`` count; ``id >> shift`` is a row.
    """
    if IS_THERE:
        at = np.int64(0)
        while at < weights.shape[1]:
            at = add_columns(ids[start:end], shift, weights, at, scores)
    else:
        add_rows_plainly(ids, start, end, shift, weights, scores)


@njit(cache=True, nogil=True)
def add_scores(ids: UInt32s, cues: Int64s, weights: Int8s, scores: Int32s) -> None:
    """
    Sum the weights of a message's features.

    Parameters
    ----------
    ids, cues, weights, scores
        See the file: uint32 (n,), int64 (CUES,), int8 (2**bits, width), int32 (width,).
    """
    buckets, width = weights.shape
    shift = 32
    while buckets > 1:
        buckets >>= 1
        shift -= 1
    n = cues[FEATURES]
    single = n - (cues[MASS] - n) // (PAIR_WEIGHT * PAIR_WEIGHT - 1)
    for c in range(width):
        scores[c] = 0
    if single < n:
        add_rows(ids, single, n, shift, weights, scores)
        for c in range(width):
            scores[c] *= np.int32(PAIR_WEIGHT)
    add_rows(ids, 0, single, shift, weights, scores)


@njit(cache=True, nogil=True)
def _best_three(scores: Int32s, labels: Whole, result: Floats) -> None:
    """Write the places of the three highest scores; of equal ones the first comes first."""
    first, second, third = -1, -1, -1
    for c in range(labels):
        score = scores[c]
        if third >= 0 and score <= scores[third]:
            continue
        if first < 0 or score > scores[first]:
            first, second, third = c, first, second
        elif second < 0 or score > scores[second]:
            second, third = c, second
        else:
            third = c
    result[LABELS] = first
    result[LABELS + 1] = second
    result[LABELS + 2] = third


@njit(cache=True, nogil=True)
def judge(
    ids: UInt32s, cues: Int64s, weights: Int8s, parameters: Floats, scores: Int32s, result: Floats
) -> None:
    """
    Score a message and turn the scores into calibrated chances of the best three labels.

    A score divided by the length of the message's vector is what training saw. A softmax of these
    times a sharpness gives chances (Guo et al. 2017, arXiv:1706.04599); the highest is then moved
    by a slope and an offset on its logit (Platt 1999), and the others share what remains.

    Parameters
    ----------
    ids, cues, weights, scores
        See the file: uint32 (n,), int64 (CUES,), int8 (2**bits, width), int32 (width,).
    parameters : float64 (PARAMETERS,)
        How many labels there are, the weight of an integer, sharpness, slope and offset.
    result : float64 (RESULT,)
        Overwritten: ``LABELS`` (-1 beyond the last), ``CHANCES`` (rounded), ``STANDING`` (by how
        much the highest score stands above the mean, in training's units) and ``MARGIN`` (by how
        much it leads).
    """
    add_scores(ids, cues, weights, scores)
    labels = np.int64(parameters[LABEL_COUNT])
    _best_three(scores, labels, result)
    unit = parameters[UNIT] / np.sqrt(np.float64(max(cues[MASS], 1)))
    first = scores[np.int64(result[LABELS])] * unit
    second = scores[np.int64(result[LABELS + 1])] * unit
    total = 0.0
    for c in range(labels):
        total += np.exp((scores[c] * unit - first) * parameters[SHARPNESS])
    chance = min(max(1.0 / total, CHANCE_MIN), 1.0 - CHANCE_MIN)
    logit = parameters[SLOPE] * np.log(chance / (1.0 - chance)) + parameters[OFFSET]
    moved = 1.0 / (1.0 + np.exp(-logit))
    result[CHANCES] = np.rint(moved * PROBABILITY_STEPS) / PROBABILITY_STEPS
    for t in range(1, TOP):
        place = np.int64(result[LABELS + t])
        result[CHANCES + t] = 0.0
        if place >= 0:
            share = np.exp((scores[place] * unit - first) * parameters[SHARPNESS]) / total
            left = (1.0 - moved) * share / (1.0 - chance)
            result[CHANCES + t] = np.rint(left * PROBABILITY_STEPS) / PROBABILITY_STEPS
    whole = np.int64(0)
    for c in range(labels):
        whole += scores[c]
    result[STANDING] = first - np.float64(whole) / labels * unit
    result[MARGIN] = first - second
