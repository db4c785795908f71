"""A student taught by few labels and many messages nobody labelled."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from router.signals import distilling
from router.signals.distilling import DistilOptions, Unlabelled, distil, guess, lesson_of, teach
from router.signals.features import Pass
from router.signals.model import OUT_OF_SCOPE, Model
from router.signals.rows import Row, TrainingError
from router.signals.spreading import (
    NEIGHBOURS,
    RIDGE,
    STAY,
    STEPS,
    Graph,
    graph_of,
    shares_of,
    softmax_head,
    spread_labels,
)
from router.signals.training import Options, train
from tests.router.signals.cascades import DIMENSIONS, desk, vectors_of

EVERYTHING = desk()
VECTORS = vectors_of(EVERYTHING, noise=0.25)
FEW = [0, 5, 33, 40, 65, 70]  # two of each label
REST = [n for n in range(len(EVERYTHING)) if n not in FEW]
ROWS = [EVERYTHING[n] for n in FEW]
TRAFFIC = Unlabelled([EVERYTHING[n].text for n in REST], VECTORS[REST])
SMALL = DistilOptions(bits=10, passes=3, folds=2)


def right(model, rows):
    """Return the share of messages a model gets right."""
    reader = Pass()
    return np.mean([model.judge(reader.read(row.text)).label == row.label for row in rows])


def test_the_student_learns_from_messages_nobody_labelled():
    """With six labels and ninety unlabelled messages it knows more than with the six labels alone."""
    student = distil(ROWS, VECTORS[FEW], TRAFFIC, SMALL)
    others = [EVERYTHING[n] for n in REST]
    alone = train(ROWS, Options(bits=10, passes=3))
    assert right(student, others) > max(0.9, right(alone, others))
    assert student.recipe.data["unlabelled"] == student.recipe.data["taught"] == 90
    assert Model.from_bytes(student.to_bytes()).id == student.id
    assert distil(ROWS, VECTORS[FEW], TRAFFIC, SMALL).id == student.id


def test_guesses_are_what_the_messages_mean():
    """The teacher names the label of nearly every unlabelled message, and how likely it is."""
    guesses = guess(ROWS, VECTORS[FEW], TRAFFIC, SMALL)
    hits = [made.label == EVERYTHING[n].label for made, n in zip(guesses, REST, strict=True)]
    assert np.mean(hits) > 0.95
    assert all(1 / 3 <= made.probability <= 1 for made in guesses)


def test_unlikely_guesses_are_left_out():
    """With a high bar the student is taught fewer messages; with none it is an ordinary model."""
    student = distil(ROWS, VECTORS[FEW], TRAFFIC, SMALL._replace(least=0.9))
    assert 0 < student.recipe.data["taught"] < 90
    nothing = Unlabelled([], np.zeros((0, DIMENSIONS), np.float32))
    assert distil(ROWS, VECTORS[FEW], nothing, SMALL).recipe.data["taught"] == 0
    assert guess(ROWS, VECTORS[FEW], nothing, SMALL) == []


def test_the_teacher_is_told_only_what_it_may_know():
    """A held-out label changes nothing in what the teacher says."""
    lesson = lesson_of(ROWS, VECTORS[FEW], TRAFFIC, SMALL)
    known = np.array([0, 2, 4])
    before = teach(lesson, known, SMALL)
    wanted = lesson.training.wanted
    place = wanted.place.copy()
    place[1] = (place[1] + 1) % 3
    swapped = lesson._replace(
        training=lesson.training._replace(wanted=wanted._replace(place=place))
    )
    assert (teach(swapped, known, SMALL) == before).all()


def test_messages_out_of_scope_stay_nobodys():
    """A row out of scope is no label of the student, and teaches all labels what they are not."""
    outside = [Row("weather report number one", OUT_OF_SCOPE), Row("weather today", OUT_OF_SCOPE)]
    far = np.eye(DIMENSIONS, dtype=np.float32)[[5, 5]]
    student = distil(
        [*ROWS, *outside], np.concatenate([VECTORS[FEW], far]), TRAFFIC, SMALL._replace(reject=0.1)
    )
    assert OUT_OF_SCOPE not in student.labels
    assert student.calibration.scope is not None


@pytest.mark.parametrize(
    ("vectors", "traffic", "said"),
    [
        (np.zeros((5, 6)), TRAFFIC, r"vectors: shape \(5, 6\), expected \(6, d\)"),
        (np.zeros((6, 4)), TRAFFIC, r"unlabelled: shape \(90, 6\)"),
        (np.full((6, 6), np.inf), TRAFFIC, "vectors: some vectors are not finite"),
        (np.ones((6, 6)), Unlabelled(["x"], np.full((1, 6), np.nan)), "unlabelled: some vectors"),
        (np.ones((6, 6)), Unlabelled(["x"], np.ones(6)), r"unlabelled: shape \(6,\)"),
    ],
)
def test_what_cannot_be_taught_is_refused(vectors, traffic, said):
    """Vectors that are not one for each message, of one width and finite, are named."""
    with pytest.raises(TrainingError, match=said):
        distil(ROWS, vectors.astype(np.float32), traffic, SMALL)


def test_one_label_and_too_many_messages_are_refused(monkeypatch):
    """There must be something to tell apart, and the unlabelled have a limit."""
    with pytest.raises(TrainingError, match="expected two or more"):
        distil(ROWS[:2], VECTORS[FEW[:2]], TRAFFIC, SMALL)
    monkeypatch.setattr(distilling, "UNLABELLED_MAX", 10)
    with pytest.raises(TrainingError, match="90 messages, expected at most 10"):
        distil(ROWS, VECTORS[FEW], TRAFFIC, SMALL)


def test_the_graph_joins_the_nearest():
    """Each message's neighbours are those with the largest cosine, itself left out."""
    made = graph_of(VECTORS[:40])
    cosine = VECTORS[:40] @ VECTORS[:40].T
    np.fill_diagonal(cosine, -2)
    for row in range(40):
        found = made.other[row][made.weight[row] > 0]
        assert row not in found
        least = np.sort(cosine[row])[-NEIGHBOURS]
        assert (cosine[row][found] > least - 0.02).all()
    assert graph_of(VECTORS[:1]).weight.tolist() == [[0.0]]


@given(st.integers(2, 12), st.integers(0, 1000))
def test_spreading_equals_the_slow_one(count, seed):
    """Labels flow as the paper's matrix says: F = a S F + (1 - a) Y, each label with equal mass."""
    chance = np.random.default_rng(seed)
    other = np.stack([chance.permutation(count)[:2] for _ in range(count)]).astype(np.int32)
    weight = chance.random((count, 2)).astype(np.float32)
    seeds = np.zeros((count, 2))
    seeds[0, 0] = seeds[count - 1, 1] = 1.0
    dense = np.zeros((count, count))
    for i in range(count):
        for j, w in zip(other[i], weight[i], strict=True):
            dense[i, j] += w
            dense[j, i] += w
    root = np.sqrt(np.maximum(dense.sum(axis=1), 1e-12))
    smooth = dense / root[:, None] / root[None, :]
    shares = seeds.copy()
    for _ in range(STEPS):
        shares = STAY * (smooth @ shares) + (1 - STAY) * seeds
    shares /= shares.sum(axis=0) + 1e-12
    shares /= shares.sum(axis=1, keepdims=True) + 1e-12
    assert np.allclose(spread_labels(Graph(other, weight), seeds), shares, atol=1e-9)


def test_the_softmax_head_stands_where_the_slope_is_flat():
    """At the end neither more nor less of any weight would lower the loss much."""
    chance = np.random.default_rng(8)
    vectors = chance.standard_normal((60, 4)).astype(np.float32)
    shares = np.eye(3, dtype=np.float32)[chance.integers(0, 3, 60)]
    weight = np.ones(60, np.float32)
    head = softmax_head(vectors, shares, weight)
    given_rows = np.hstack([vectors, np.ones((60, 1), np.float32)])

    def loss(weights):
        chances = shares_of(given_rows, weights.astype(np.float32))
        fit = -(shares * np.log(chances)).sum(axis=1).mean()
        return fit + RIDGE / 2 * (weights**2).sum()

    for _ in range(20):
        step = 0.05 * chance.standard_normal(head.shape)
        assert loss(head) <= loss(head + step) + 1e-6
