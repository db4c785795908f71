"""
Teach tier 0 what tier 1 knows: a student at n-gram cost from a few labels and many unlabelled messages.

A teacher over meaning and n-grams guesses the label of every unlabelled message. It starts from what a
few labels say through the encoder (a softmax head, and labels spread over a graph of neighbours), then
trains itself on its own guesses, with n-grams and meaning side by side, so that each view mends the
other's faults (Blum and Mitchell 1998, doi:10.1145/279943.279962, on views; Hinton, Vinyals and Dean
2015, arXiv:1503.02531, on students). The student is a model like any other, trained on labels and
guesses, calibrated on held-out labels only. It is a candidate: shadow and gate decide about it.
"""

from collections.abc import Sequence
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from router.signals import svm
from router.signals.cascade import Float32s, Floats, centred
from router.signals.cascade_training import CascadeOptions, Training, fit_both, scores_of
from router.signals.model import Model, Recipe, make_model
from router.signals.rows import Row, TrainingError, fingerprint
from router.signals.signal import Cuts
from router.signals.spreading import Graph, graph_of, shares_of, softmax_head, spread_labels
from router.signals.training import (
    Options,
    Targets,
    calibrate,
    fit,
    held_out_metrics,
    matrix,
    targets,
)

Int64s = NDArray[np.int64]

UNLABELLED_MAX: Final = 50_000
#: Chosen on CLINC150, as those of ``spreading`` are.
ROUNDS: Final = 1
LABELLED_WEIGHT: Final = 2.0
TEACHER_COST: Final = 0.25
TEACHER_PASSES: Final = 5
STUDENT_COST: Final = 1.0
SHARPNESS: Final = 5.0
FLOOR: Final = 1e-4


class DistilOptions(NamedTuple):
    """How a student is taught; guesses less likely than ``least`` are left out."""

    name: str = "intent"
    bits: int = 16
    passes: int = 10
    folds: int = 3
    least: float = 0.0
    reject: float | None = None
    cuts: Cuts = Cuts()
    seed: int = 1
    fingerprint: str = ""


class Unlabelled(NamedTuple):
    """Messages nobody labelled, and the encoder's vectors float32 (n, d) of them."""

    texts: Sequence[str]
    vectors: Float32s


class Guess(NamedTuple):
    """What the teacher takes a message for, and how likely it finds that."""

    label: str
    probability: float


class Lesson(NamedTuple):
    """
    Everything a teacher looks at: the labelled messages, ``labelled`` of them, and behind them the others.

    Nobody's label (``svm.NOBODY``) is what an unlabelled message has, and one out of scope.
    """

    training: Training
    graph: Graph
    labelled: int

    @property
    def known(self) -> Int64s:
        """Return the messages whose label is one of the teacher's."""
        return np.flatnonzero(self.training.wanted.place != svm.NOBODY)


def distil(
    rows: Sequence[Row],
    vectors: Float32s,
    unlabelled: Unlabelled,
    options: DistilOptions = DistilOptions(),
) -> Model:
    """
    Return a tier-0 model taught by labelled rows, their vectors (n, d), and unlabelled messages.

    Raises ``TrainingError`` for fewer than two labels, more unlabelled messages than ``UNLABELLED_MAX``,
    or vectors that are not one for each message, of one width and finite.
    """
    lesson = lesson_of(rows, vectors, unlabelled, options)
    wanted = lesson.training.wanted
    scores = _held_out(lesson, options)
    place = wanted.place[: lesson.labelled]
    calibration = calibrate(scores, place, options.reject, options.cuts)
    shares = teach(lesson, lesson.known, options)
    recipe = Recipe(
        name=options.name,
        labels=wanted.labels,
        calibration=calibration,
        metrics=held_out_metrics(scores, place, calibration),
        data={
            "rows": len(rows),
            "rows_sha256": fingerprint(rows),
            "unlabelled": len(unlabelled.texts),
            "taught": int(
                (shares[lesson.labelled :].max(axis=1, initial=0) >= options.least).sum()
            ),
            "encoder": options.fingerprint,
            "seed": options.seed,
        },
    )
    return make_model(_student(lesson, np.arange(lesson.labelled), shares, options), recipe)


def guess(
    rows: Sequence[Row],
    vectors: Float32s,
    unlabelled: Unlabelled,
    options: DistilOptions = DistilOptions(),
) -> list[Guess]:
    """Return what the teacher takes each unlabelled message for; raises as ``distil`` does."""
    lesson = lesson_of(rows, vectors, unlabelled, options)
    shares = teach(lesson, lesson.known, options)[lesson.labelled :]
    labels = lesson.training.wanted.labels
    return [Guess(labels[place], float(shares[n, place])) for n, place in enumerate(_best(shares))]


def lesson_of(
    rows: Sequence[Row], vectors: Float32s, unlabelled: Unlabelled, options: DistilOptions
) -> Lesson:
    """Return what the teacher looks at; raises as ``distil`` does."""
    _check(len(rows), vectors, unlabelled)
    wanted = targets(rows)
    others = len(unlabelled.texts)
    both = np.concatenate([vectors, unlabelled.vectors]).astype(np.float32)
    meaning = centred(both, both.mean(axis=0, dtype=np.float64).astype(np.float32))
    given = matrix([*(row.text for row in rows), *unlabelled.texts], options.bits)
    place = np.concatenate([wanted.place, np.full(others, svm.NOBODY, np.int64)])
    weight = np.concatenate([LABELLED_WEIGHT * wanted.weight, np.ones(others)])
    training = Training(given, meaning, Targets(wanted.labels, place, weight))
    return Lesson(training, graph_of(meaning), len(rows))


def teach(lesson: Lesson, known: Int64s, options: DistilOptions) -> Floats:
    """Return the teacher's shares (messages, labels) when it is told the labels of ``known`` only."""
    given, meaning, wanted = lesson.training
    seeds = np.zeros((len(given), len(wanted.labels)))
    seeds[known, wanted.place[known]] = 1.0
    told = wanted.weight[known].astype(np.float32)
    head = softmax_head(meaning[known], seeds[known].astype(np.float32), told)
    first = shares_of(np.hstack([meaning, np.ones((len(given), 1), np.float32)]), head)
    spread = spread_labels(lesson.graph, seeds)
    shares = _blend([(spread, 1.0), (first, 1.0)])
    how = CascadeOptions(
        bits=options.bits, cost=TEACHER_COST, passes=TEACHER_PASSES, seed=options.seed
    )
    outside = np.arange(len(given)) < lesson.labelled  # labelled as nobody's
    outside[lesson.known] = False
    for _ in range(ROUNDS):
        place = _best(shares)
        place[known], place[outside] = wanted.place[known], svm.NOBODY
        guessed = lesson.training._replace(wanted=wanted._replace(place=place))
        weights = fit_both(guessed, how)
        scores = scores_of(given, meaning, weights, options.bits)
        raised = np.exp((scores - scores.max(axis=1, keepdims=True)) * SHARPNESS)
        joint = raised / raised.sum(axis=1, keepdims=True)
        shares = _blend([(joint, 1.0), (first, 0.5), (spread, 0.5), (shares, 0.5)])
    return shares


def _student(lesson: Lesson, told: Int64s, shares: Floats, options: DistilOptions) -> Float32s:
    """Return the weights of a student of some labelled messages and all guesses that are likely enough."""
    wanted = lesson.training.wanted
    likely = np.flatnonzero(shares.max(axis=1) >= options.least)
    rows = np.concatenate([told, likely[likely >= lesson.labelled]])
    place = _best(shares)
    place[: lesson.labelled] = wanted.place[: lesson.labelled]
    part = Targets(wanted.labels, place[rows], wanted.weight[rows])
    return fit(lesson.training.given.rows(rows), part, _how(options))


def _held_out(lesson: Lesson, options: DistilOptions) -> Floats:
    """
    Return the scores (labelled, labels) of students that were not told the message, nor was their teacher.

    Guesses would flatter: a teacher that was told a label says it of all that is near.
    """
    place = lesson.training.wanted.place[: lesson.labelled]
    chance = np.random.Generator(np.random.PCG64(options.seed + 1))
    fold = np.empty(place.size, np.int64)
    fold[np.lexsort((chance.random(place.size), place))] = np.arange(place.size) % options.folds
    scores = np.zeros((place.size, len(lesson.training.wanted.labels)), np.float32)
    for k in range(options.folds):
        told, rest = np.flatnonzero(fold != k), np.flatnonzero(fold == k)
        known = told[place[told] != svm.NOBODY]
        weights = np.ascontiguousarray(
            _student(lesson, told, teach(lesson, known, options), options)
        )
        asked = lesson.training.given.rows(rest)
        out = np.zeros((rest.size, scores.shape[1]), np.float32)
        svm.score_all(asked.ptr, asked.ids, asked.values, weights, out)
        scores[rest] = out
    return scores.astype(np.float64)


def _how(options: DistilOptions) -> Options:
    return Options(
        name=options.name, bits=options.bits, cost=STUDENT_COST, passes=options.passes,
        seed=options.seed,
    )  # fmt: skip


def _best(shares: Floats) -> Int64s:
    return np.asarray(shares.argmax(axis=1), np.int64)


def _blend(views: Sequence[tuple[NDArray[np.floating], float]]) -> Floats:
    """Return the weighted geometric mean of shares (n, labels), rows adding up to 1."""
    logs = np.zeros(views[0][0].shape)
    for shares, weight in views:
        logs += weight * np.log(shares.astype(np.float64) + FLOOR)
    logs /= sum(weight for _, weight in views)
    raised = np.exp(logs)
    return np.asarray(raised / raised.sum(axis=1, keepdims=True))


def _check(count: int, vectors: Float32s, unlabelled: Unlabelled) -> None:
    texts, others = unlabelled
    if len(texts) > UNLABELLED_MAX:
        raise TrainingError(f"unlabelled: {len(texts)} messages, expected at most {UNLABELLED_MAX}")
    for name, given, wanted in (("vectors", vectors, count), ("unlabelled", others, len(texts))):
        if given.ndim != 2 or given.shape != (wanted, vectors.shape[-1]) or given.shape[1] < 2:
            raise TrainingError(f"{name}: shape {given.shape}, expected ({wanted}, d)")
        if not np.isfinite(given).all():
            raise TrainingError(f"{name}: some vectors are not finite")
