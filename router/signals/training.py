"""
From labelled messages to a model, with Numba alone, in seconds.

Weights are those of ``svm`` and a share of ``bayes``; the calibration comes from messages that each
fold was not trained on, so no test set is touched. Everything is seeded: the same rows and options
give the same model, up to the last bits of float sums on another machine (the integers that are
then served are fixed by its file).
"""

from collections.abc import Sequence
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from router.signals import bayes, heads, svm
from router.signals.calibration import (
    Calibration,
    calibration_error,
    chances,
    fit_calibration,
    standing,
)
from router.signals.features import PAIR_WEIGHT, Pass
from router.signals.model import LABELS_MAX, OUT_OF_SCOPE, Float32s, Model, Recipe, make_model
from router.signals.rows import Row, TrainingError, fingerprint
from router.signals.signal import Cuts

Int32s = NDArray[np.int32]
Int64s = NDArray[np.int64]
Floats = NDArray[np.float64]

FOLDS_MIN_ROWS: Final = 20  # with fewer, a fold says nothing and the calibration stays the default


class Options(NamedTuple):
    """How a model is trained. The defaults were chosen on validation parts, never on a test."""

    name: str = "intent"
    bits: int = 16
    cost: float = 2.0  # what an error costs against the size of the weights
    passes: int = 10
    bayes: float = bayes.SHARE  # what naive Bayes' log odds count beside the machine's scores
    folds: int = 4
    reject: float | None = None  # share of held-out messages in scope that may fall out of it
    cuts: Cuts = Cuts()
    seed: int = 1


class Matrix(NamedTuple):
    """Messages as sparse rows of unit length: what ``svm`` reads."""

    ptr: Int64s  # (n + 1,)
    ids: Int32s  # (nnz,) buckets
    values: Float32s  # (nnz,)

    def __len__(self) -> int:
        return len(self.ptr) - 1

    def rows(self, wanted: Int64s) -> "Matrix":
        """Return some of the rows, in the order given."""
        sizes = np.diff(self.ptr)[wanted]
        ptr = np.concatenate([[0], np.cumsum(sizes)]).astype(np.int64)
        places = np.repeat(self.ptr[wanted] - ptr[:-1], sizes) + np.arange(ptr[-1])
        return Matrix(ptr, self.ids[places], self.values[places])


class Targets(NamedTuple):
    """The labels of a training set, and each message's place among them."""

    labels: tuple[str, ...]
    place: Int64s  # (n,) or svm.NOBODY
    weight: Floats  # (n,)


def matrix(texts: Sequence[str], bits: int) -> Matrix:
    """Return the messages as rows over 2**bits buckets."""
    reader = Pass()
    ids: list[Int32s] = []
    values: list[Float32s] = []
    sizes = [0]
    for text in texts:
        reading = reader.read(text)
        n, mass = reading.ids.size, reading.mass
        pairs = (mass - n) // (PAIR_WEIGHT * PAIR_WEIGHT - 1)
        weight = np.ones(n, dtype=np.float32)
        weight[n - pairs :] = PAIR_WEIGHT
        ids.append((reading.ids >> np.uint32(32 - bits)).astype(np.int32))
        values.append(weight / np.float32(np.sqrt(mass)))
        sizes.append(n)
    ptr = np.cumsum(sizes).astype(np.int64)
    return Matrix(ptr, np.concatenate(ids), np.concatenate(values))


def targets(rows: Sequence[Row]) -> Targets:
    """
    Return labels in alphabetical order and each row's place; ``OUT_OF_SCOPE`` is nobody's.

    Raises ``TrainingError`` when there is nothing to tell apart.
    """
    labels = tuple(sorted({row.label for row in rows} - {OUT_OF_SCOPE}))
    if not rows:
        raise TrainingError("rows: none, expected messages with labels")
    if len(labels) < 2:
        raise TrainingError(f"label: only {labels!r} in {len(rows)} rows, expected two or more")
    if len(labels) > LABELS_MAX:
        raise TrainingError(f"label: {len(labels)} different ones, expected at most {LABELS_MAX}")
    place = {label: i for i, label in enumerate(labels)}
    return Targets(
        labels,
        np.array([place.get(row.label, svm.NOBODY) for row in rows], dtype=np.int64),
        np.array([row.weight for row in rows]),
    )


def fit(given: Matrix, wanted: Targets, options: Options) -> Float32s:
    """Return weights (2**bits, labels) of a head for these messages."""
    weights = np.zeros((1 << options.bits, heads.width_of(len(wanted.labels))), dtype=np.float32)
    chance = np.random.Generator(np.random.PCG64(options.seed))
    order = np.stack([chance.permutation(len(given)) for _ in range(options.passes)])
    target = np.stack([wanted.place, wanted.weight * options.cost], axis=1).astype(np.float32)
    svm.descend(given.ptr, given.ids, given.values, target, order.astype(np.int32), weights)
    if options.bayes:
        counts = np.zeros_like(weights)
        target[:, 1] = wanted.weight
        bayes.count_features(given.ptr, given.ids, given.values, target, counts)
        totals = counts.sum(axis=0, dtype=np.float64)
        bayes.add_log_odds(counts, totals, len(wanted.labels), options.bayes, weights)
    return weights[:, : len(wanted.labels)]


def held_out_scores(given: Matrix, wanted: Targets, options: Options) -> Floats:
    """Return the scores (n, labels) of every message by a head that has not seen it."""
    chance = np.random.Generator(np.random.PCG64(options.seed + 1))
    fold = np.empty(len(given), dtype=np.int64)
    fold[_spread(wanted.place, chance)] = np.arange(len(given)) % options.folds
    scores = np.zeros((len(given), len(wanted.labels)))
    for k in range(options.folds):
        inside, outside = np.flatnonzero(fold != k), np.flatnonzero(fold == k)
        part = Targets(wanted.labels, wanted.place[inside], wanted.weight[inside])
        scores[outside] = _scores(given.rows(outside), fit(given.rows(inside), part, options))
    return scores


def _spread(place: Int64s, chance: np.random.Generator) -> Int64s:
    """Return the messages sorted by label, at random within one, so that folds share each label."""
    return np.lexsort((chance.random(place.size), place))


def _scores(given: Matrix, weights: Float32s) -> Floats:
    out = np.zeros((len(given), weights.shape[1]), dtype=np.float32)
    svm.score_all(given.ptr, given.ids, given.values, np.ascontiguousarray(weights), out)
    return out.astype(np.float64)


def train(rows: Sequence[Row], options: Options = Options()) -> Model:
    """
    Return a model of the rows, calibrated on held-out folds of them.

    Rows labelled ``OUT_OF_SCOPE`` teach every label what it is not. Raises ``TrainingError`` for
    fewer than two labels.
    """
    wanted = targets(rows)
    given = matrix([row.text for row in rows], options.bits)
    calibration, metrics = Calibration(cuts=options.cuts), {}
    if len(rows) >= FOLDS_MIN_ROWS:
        scores = held_out_scores(given, wanted, options)
        calibration = calibrate(scores, wanted.place, options.reject, options.cuts)
        metrics = held_out_metrics(scores, wanted.place, calibration)
    recipe = Recipe(
        name=options.name,
        labels=wanted.labels,
        calibration=calibration,
        metrics=metrics,
        data={
            "rows": len(rows),
            "rows_sha256": fingerprint(rows),
            "out_of_scope": int((wanted.place == svm.NOBODY).sum()),
            "languages": " ".join(sorted({row.language for row in rows} - {""})),
            "cost": options.cost,
            "bayes": options.bayes,
            "passes": options.passes,
            "folds": options.folds,
            "seed": options.seed,
        },
    )
    return make_model(fit(given, wanted, options), recipe)


def calibrate(scores: Floats, place: Int64s, reject: float | None, cuts: Cuts) -> Calibration:
    """
    Return the calibration of scores (n, labels) of messages whose labels are known.

    With ``reject``, the standing below which a message is out of scope is set so that this share
    of the messages in scope falls below it.
    """
    inside = place != svm.NOBODY
    fitted = fit_calibration(scores[inside], place[inside])._replace(cuts=cuts)
    if reject is None:
        return fitted
    return fitted._replace(scope=float(np.quantile(standing(scores[inside]), reject)))


def rescoped(model: Model, rows: Sequence[Row], reject: float) -> Model:
    """Return the model with the scope at which it rejects this share of other messages in scope."""
    reader = Pass()
    known = [model.judge(reader.read(row.text)).score for row in rows if row.label != OUT_OF_SCOPE]
    if not known:
        raise TrainingError("rows: none in scope, expected messages with labels")
    fitted = model.calibration._replace(scope=float(np.quantile(known, reject)))
    return Model(model.recipe._replace(calibration=fitted), model.weights, model.unit)


def held_out_metrics(scores: Floats, place: Int64s, fitted: Calibration) -> dict[str, float]:
    """Return how good held-out scores are: in scope by accuracy, out of it by recall."""
    inside = place != svm.NOBODY
    truth, known = place[inside], scores[inside]
    order = np.argsort(-known, axis=1, kind="stable")[:, : heads.TOP]
    right = order[:, 0] == truth
    best = np.clip(chances(known, fitted.sharpness).max(axis=1), 1e-9, 1 - 1e-9)
    logit = fitted.slope * np.log(best / (1 - best)) + fitted.offset
    chance = 1 / (1 + np.exp(-logit))
    found = {
        "accuracy": float(right.mean()),
        "top3": float((order == truth[:, None]).any(axis=1).mean()),
        "ece": calibration_error(chance, right),
        "high_share": float((chance >= fitted.cuts.high).mean()),
    }
    if fitted.scope is not None:
        kept = standing(known) >= fitted.scope
        found["accuracy_in_scope"] = float((right & kept).mean())
        if not inside.all():
            found["out_of_scope_recall"] = float((standing(scores[~inside]) < fitted.scope).mean())
    return {name: round(value, 6) for name, value in found.items()}
