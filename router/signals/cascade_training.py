"""
Train a cascade from labelled messages and their vectors, with Numba alone.

The head over n-grams and the head over meanings are one support vector machine whose rows are the two
side by side (``svm``), the vector stretched by ``MEANING_WEIGHT``. Threshold and calibration come
from messages that each fold was not trained on.
"""

from collections.abc import Sequence
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from router.search.nearest import rounded
from router.signals import heads, svm
from router.signals.cascade import (
    VOTE_WEIGHTS,
    Cascade,
    Float32s,
    Floats,
    Rule,
    centred,
    votes,
)
from router.signals.cascade_file import Arrays
from router.signals.model import Recipe, make_model
from router.signals.rows import Row, TrainingError, fingerprint
from router.signals.signal import Cuts
from router.signals.training import (
    Matrix,
    Options,
    Targets,
    calibrate,
    held_out_metrics,
    held_out_scores,
    matrix,
    targets,
)

EXAMPLES_MAX: Final = 50_000
#: Chosen on a fifth of BANKING77's training messages, as VOTES is.
MEANING_WEIGHT: Final = 2.0


class CascadeOptions(NamedTuple):
    """
    How a cascade is trained; ``share`` of the messages are to be worth encoding.

    ``golden_vectors`` (texts, d) are the encoder's of ``model.GOLDEN_TEXTS``, kept to know it again.
    """

    name: str = "intent"
    bits: int = 16
    cost: float = 1.0
    passes: int = 10
    folds: int = 4
    share: float = 0.2
    reject: float | None = None
    cuts: Cuts = Cuts()
    seed: int = 1
    fingerprint: str = ""
    golden_vectors: NDArray[np.float32] | None = None


class Training(NamedTuple):
    """Labelled messages as both heads read them: ``vectors`` float32 (n, d) centred, at length one."""

    given: Matrix
    vectors: Float32s
    wanted: Targets


def train_cascade(
    rows: Sequence[Row],
    vectors: Float32s,
    options: CascadeOptions = CascadeOptions(),
) -> Cascade:
    """
    Return a cascade of the rows and the encoder's vectors (n, d) of their texts.

    Raises ``TrainingError`` for fewer than two labels, more rows than ``EXAMPLES_MAX``, vectors that are
    not one for each row, finite and at least two wide.
    """
    _check(rows, vectors)
    wanted = targets(rows)
    given = matrix([row.text for row in rows], options.bits)
    inside = wanted.place != svm.NOBODY
    centre = vectors.mean(axis=0, dtype=np.float64).astype(np.float32)
    training = Training(given, centred(vectors.astype(np.float32), centre), wanted)
    scores, vote_weight = _held_out(training, options)
    tier0 = held_out_scores(given, wanted, Options(bits=options.bits, folds=options.folds))
    known = np.sort(tier0[inside], axis=1)
    threshold = float(np.quantile(known[:, -1] - known[:, -2], options.share))
    calibration = calibrate(scores, wanted.place, options.reject, options.cuts)
    metrics = held_out_metrics(scores, wanted.place, calibration)
    metrics |= {"share": options.share, "vote_weight": vote_weight}
    unsure = known[:, -1] - known[:, -2] < threshold
    both = np.where(unsure, scores[inside].argmax(axis=1), tier0[inside].argmax(axis=1))
    metrics["accuracy_cascade"] = round(float((both == wanted.place[inside]).mean()), 6)
    weights = fit_both(training, options)
    buckets = 1 << options.bits
    recipe = Recipe(
        name=options.name,
        labels=wanted.labels,
        calibration=calibration,
        metrics=metrics,
        data={"rows": len(rows), "rows_sha256": fingerprint(rows), "seed": options.seed},
    )
    words = make_model(weights[:buckets], recipe)
    arrays = _arrays(training, centre, weights[buckets:] * np.float32(MEANING_WEIGHT))
    rule = Rule(options.fingerprint, threshold, vote_weight)
    return Cascade(words, arrays, rule, metrics, options.golden_vectors)


def side_by_side(given: Matrix, vectors: Float32s, bits: int) -> Matrix:
    """Return rows of n-grams with the vectors behind them, each component a feature of its own."""
    d = vectors.shape[1]
    sizes = np.diff(given.ptr)
    ptr = np.concatenate([[0], np.cumsum(sizes + d)]).astype(np.int64)
    ids = np.empty(int(ptr[-1]), np.int32)
    values = np.empty(int(ptr[-1]), np.float32)
    words = np.repeat(ptr[:-1] - given.ptr[:-1], sizes) + np.arange(given.ids.size)
    meaning = (ptr[1:] - d)[:, None] + np.arange(d)
    ids[words], values[words] = given.ids, given.values
    ids[meaning] = (1 << bits) + np.arange(d, dtype=np.int32)
    values[meaning] = vectors * np.float32(MEANING_WEIGHT)
    return Matrix(ptr, ids, values)


def fit_both(training: Training, options: CascadeOptions) -> Float32s:
    """Return the weights (2**bits + d, labels) of both heads, trained as one."""
    given, vectors, wanted = training
    joint = side_by_side(given, vectors, options.bits)
    width = heads.width_of(len(wanted.labels))
    weights = np.zeros(((1 << options.bits) + vectors.shape[1], width), np.float32)
    chance = np.random.Generator(np.random.PCG64(options.seed))
    order = np.stack([chance.permutation(len(joint)) for _ in range(options.passes)])
    target = np.stack([wanted.place, wanted.weight * options.cost], axis=1).astype(np.float32)
    svm.descend(joint.ptr, joint.ids, joint.values, target, order.astype(np.int32), weights)
    return weights[:, : len(wanted.labels)]


def scores_of(given: Matrix, vectors: Float32s, weights: Float32s, bits: int) -> Float32s:
    """Return what both heads together give each message (n, labels)."""
    joint = side_by_side(given, vectors, bits)
    out = np.zeros((len(given), weights.shape[1]), np.float32)
    held = np.ascontiguousarray(weights)
    svm.score_all(joint.ptr, joint.ids, joint.values, held, out)
    return out


def part_of(training: Training, rows: NDArray[np.int64]) -> Training:
    """Return some of the messages."""
    wanted = training.wanted
    part = Targets(wanted.labels, wanted.place[rows], wanted.weight[rows])
    return Training(training.given.rows(rows), training.vectors[rows], part)


def _held_out(training: Training, options: CascadeOptions) -> tuple[Floats, float]:
    """
    Return the scores (n, labels) of every message by a cascade that has not seen it, and the vote's weight.

    How much neighbours help depends on how alike messages of one label are, so it is measured.
    """
    place = training.wanted.place
    labels = len(training.wanted.labels)
    chance = np.random.Generator(np.random.PCG64(options.seed + 1))
    fold = np.empty(place.size, np.int64)
    spread = np.lexsort((chance.random(place.size), place))
    fold[spread] = np.arange(place.size) % options.folds
    scores, shares = np.zeros((place.size, labels)), np.zeros((place.size, labels))
    for k in range(options.folds):
        inside, outside = np.flatnonzero(fold != k), np.flatnonzero(fold == k)
        part = part_of(training, inside)
        weights = fit_both(part, options)
        rest = part_of(training, outside)
        scores[outside] = scores_of(rest.given, rest.vectors, weights, options.bits)
        arrays = _arrays(part, np.zeros(0, np.float32), weights)
        for row in outside:
            shares[row] = votes(arrays, training.vectors[row], labels)
    right = [
        int(((scores + weight * shares).argmax(axis=1) == place).sum()) for weight in VOTE_WEIGHTS
    ]
    weight = VOTE_WEIGHTS[int(np.argmax(right))]
    return scores + weight * shares, weight


def _arrays(training: Training, centre: Float32s, meaning: Float32s) -> Arrays:
    known = training.wanted.place != svm.NOBODY
    return Arrays(
        centre,
        np.ascontiguousarray(meaning),
        rounded(training.vectors[known]),
        training.wanted.place[known].astype(np.int32),
    )


def _check(rows: Sequence[Row], vectors: Float32s) -> None:
    if not 0 < len(rows) <= EXAMPLES_MAX:
        raise TrainingError(f"rows: {len(rows)}, expected 1 to {EXAMPLES_MAX}")
    if vectors.ndim != 2 or vectors.shape[0] != len(rows) or vectors.shape[1] < 2:
        raise TrainingError(f"vectors: shape {vectors.shape}, expected ({len(rows)}, d)")
    if not np.isfinite(vectors).all():
        raise TrainingError("vectors: some are not finite")
