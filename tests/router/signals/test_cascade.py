"""Tier 1: n-grams and meaning together, asked where tier 0 is unsure, kept in a file that proves itself."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from router.search.nearest import COMPONENT_MAX, SPREAD, rounded
from router.signals import cascade_training
from router.signals.calibration import Calibration
from router.signals.cascade import (
    VOTE_WEIGHTS,
    VOTE_WIDTH,
    VOTES,
    Cascade,
    centred,
    prediction_of,
    votes,
)
from router.signals.cascade_file import Arrays
from router.signals.cascade_training import (
    MEANING_WEIGHT,
    CascadeOptions,
    side_by_side,
    train_cascade,
)
from router.signals.features import Pass
from router.signals.model import OUT_OF_SCOPE
from router.signals.model_file import ModelError
from router.signals.rows import Row, TrainingError
from router.signals.training import Options, matrix, train
from tests.router.signals.cascades import DIMENSIONS, desk, vectors_of

ROWS = desk()
VECTORS = vectors_of(ROWS)
SMALL = CascadeOptions(bits=10, passes=3, folds=3, share=0.25, fingerprint="f" * 64)


@pytest.fixture(scope="module")
def cascade():
    """Train a cascade once."""
    return train_cascade(ROWS, VECTORS, SMALL)


def test_meaning_decides_what_words_cannot(cascade):
    """A message without a known word goes where its vector points, and words count as well."""
    reader = Pass()
    for place, label in enumerate(cascade.labels):
        vector = np.eye(DIMENSIONS, dtype=np.float32)[place]
        found = cascade.judge(reader.read("zzz"), vector)
        assert found.label == label
        assert found.top[0] == (label, found.probability)
        assert 0 < sum(chance for _, chance in found.top) <= 1.001
    between = vectors_of([Row("", "lost_card"), Row("", "refund")], noise=0).mean(axis=0)
    shown = cascade.judge(reader.read("money back please refund"), between.astype(np.float32))
    assert shown.label == "refund"


def test_the_unsure_share_is_what_was_asked_for(cascade):
    """The threshold is a quantile of held-out margins, so a sure message is not encoded."""
    model = train(ROWS, Options(bits=10, passes=3))
    asked = sum(cascade.wants(model.predict(row.text)) for row in ROWS)
    assert asked < len(ROWS) / 2
    assert cascade.metrics["share"] == 0.25
    sure = model.predict("my card is lost")
    assert cascade.wants(sure._replace(margin=cascade.rule.threshold - 1e-6))
    assert not cascade.wants(sure._replace(margin=cascade.rule.threshold))
    assert cascade.signal(sure).source == "tier1"
    assert cascade.signal(sure).model == cascade.id


def test_scores_are_the_sum_of_the_three_views(cascade):
    """The score is that of the slow twin: words, meaning and votes, each computed by hand."""
    reading, vector = Pass().read("card lost again"), VECTORS[7]
    words = cascade.words.floats()[reading.ids >> np.uint32(32 - cascade.words.bits)].astype(float)
    weight = np.ones(reading.ids.size)
    pairs = (reading.mass - reading.ids.size) // 8
    weight[reading.ids.size - pairs :] = 3
    expected = (words * weight[:, None]).sum(axis=0) / np.sqrt(reading.mass)
    moved = vector - cascade.arrays.centre
    moved = moved / np.linalg.norm(moved)
    expected = expected + moved @ cascade.arrays.meaning
    assert cascade.rule.vote_weight in VOTE_WEIGHTS
    expected = expected + cascade.rule.vote_weight * slow_votes(
        cascade.arrays, moved, len(cascade.labels)
    )
    assert np.allclose(cascade.scores(reading, vector), expected, atol=1e-4)


def test_the_votes_weight_is_measured():
    """Where vectors say nothing the neighbours' vote gets no say; the weight is kept in the file."""
    noise = np.random.default_rng(2).standard_normal(VECTORS.shape).astype(np.float32)
    made = train_cascade(ROWS, noise, SMALL)
    assert made.rule.vote_weight == 0.0
    weighed = Cascade(made.words, made.arrays, made.rule._replace(vote_weight=1.0))
    assert weighed.id != made.id
    reading, vector = Pass().read("card lost again"), noise[7]
    moved = centred(vector[None], made.arrays.centre)[0]
    assert np.allclose(
        weighed.scores(reading, vector) - made.scores(reading, vector),
        slow_votes(made.arrays, moved, 3),
        atol=1e-6,
    )


def slow_votes(arrays, vector, labels):
    """Return the vote by looking at every example."""
    query = rounded(vector[None].astype(np.float32))[0].astype(int)
    products = [int(row.astype(int) @ query) for row in arrays.vectors]
    nearest = sorted((n for n, p in enumerate(products) if p > 0), key=lambda n: (-products[n], n))
    scale = (COMPONENT_MAX * np.sqrt(vector.size) / SPREAD) ** 2
    share = np.zeros(labels)
    for n in nearest[:VOTES]:
        share[arrays.places[n]] += np.exp((products[n] - products[nearest[0]]) / scale / VOTE_WIDTH)
    return share / share.sum() if share.sum() else share


@given(st.integers(1, 30), st.integers(0, 10_000))
def test_votes_equal_the_slow_ones(count, seed):
    """The nearest vote by their cosine; with nothing near nobody votes."""
    chance = np.random.default_rng(seed)
    vectors = chance.standard_normal((count + 1, 5)).astype(np.float32)
    places = chance.integers(0, 3, count).astype(np.int32)
    nothing = np.zeros(0, np.float32)
    arrays = Arrays(nothing, nothing, rounded(vectors[1:]), places)
    asked = vectors[0] / np.linalg.norm(vectors[0])
    assert np.allclose(votes(arrays, asked, 3), slow_votes(arrays, asked, 3))
    assert not votes(arrays, np.zeros(5, np.float32), 3).any()


def test_rows_lie_side_by_side():
    """Each joint row is the words' features, then each component of the vector as a feature of its own."""
    given_rows = matrix(["card lost", "", "refund"], 10)
    joint = side_by_side(given_rows, VECTORS[:3], 10)
    for n in range(3):
        words = slice(given_rows.ptr[n], given_rows.ptr[n + 1])
        own = slice(joint.ptr[n], joint.ptr[n + 1])
        components = 1024 + np.arange(DIMENSIONS)
        assert joint.ids[own].tolist() == [*given_rows.ids[words].tolist(), *components.tolist()]
        assert np.allclose(
            joint.values[own],
            np.concatenate([given_rows.values[words], VECTORS[n] * MEANING_WEIGHT]),
        )


def test_centring_takes_away_what_all_share():
    """What is left has length one, and a vector that is the centre itself becomes zero."""
    centre = np.array([1, 1], np.float32)
    made = centred(np.array([[2, 1], [1, 1], [1, -3]], np.float32), centre)
    assert made.tolist() == [[1, 0], [0, 0], [0, -1]]


def test_the_same_rows_give_the_same_file(cascade):
    """Training is repeatable, and a file read back judges alike."""
    again = train_cascade(ROWS, VECTORS, SMALL)
    assert again.id == cascade.id
    read = Cascade.from_bytes(cascade.to_bytes())
    assert read.to_bytes() == cascade.to_bytes()
    assert (read.rule, read.fingerprint) == (cascade.rule, "f" * 64)
    reading = Pass().read("card gone")
    assert read.judge(reading, VECTORS[0]) == cascade.judge(reading, VECTORS[0])


@given(st.data())
def test_a_cut_or_altered_file_is_refused(cascade, data):
    """Any byte changed, any end missing: a clear refusal, never another cascade."""
    whole = cascade.to_bytes()
    if data.draw(st.booleans()):
        broken = whole[: data.draw(st.integers(0, len(whole) - 1))]
    else:
        at = data.draw(st.integers(0, len(whole) - 1))
        broken = whole[:at] + bytes([whole[at] ^ data.draw(st.integers(1, 255))]) + whole[at + 1 :]
    with pytest.raises(ModelError):
        Cascade.from_bytes(broken)


def test_messages_out_of_scope_teach_every_label(cascade):
    """With messages of nobody's and a rejected share, a message like them is out of scope."""
    outside = [Row(f"weather is number {n}", OUT_OF_SCOPE) for n in range(30)]
    far = np.eye(DIMENSIONS, dtype=np.float32)[[5] * 30]
    options = SMALL._replace(reject=0.05)
    made = train_cascade([*ROWS, *outside], np.concatenate([VECTORS, far]), options)
    assert made.labels == cascade.labels
    found = made.judge(Pass().read("weather is number"), far[0])
    assert (found.label, found.in_scope, found.level) == (OUT_OF_SCOPE, False, "low")
    assert made.metrics["out_of_scope_recall"] > 0.9


@pytest.mark.parametrize(
    ("rows", "vectors", "said"),
    [
        ([], np.zeros((0, 4)), "rows: 0, expected 1 to"),
        (ROWS[:5], np.zeros((4, 4)), r"expected \(5, d\)"),
        (ROWS[:5], np.zeros(5), r"expected \(5, d\)"),
        (ROWS[:5], np.full((5, 4), np.nan), "not finite"),
        (ROWS[:5], np.ones((5, 4)), "expected two or more"),
    ],
)
def test_what_cannot_be_trained_is_refused(rows, vectors, said):
    """No rows, too few vectors, broken ones, one label: each is named."""
    with pytest.raises(TrainingError, match=said):
        train_cascade(rows, vectors.astype(np.float32), SMALL)


def test_too_many_rows_are_refused(monkeypatch):
    """The limit on examples is said before memory is taken."""
    monkeypatch.setattr(cascade_training, "EXAMPLES_MAX", 10)
    with pytest.raises(TrainingError, match="rows: 96, expected 1 to 10"):
        train_cascade(ROWS, VECTORS, SMALL)


def test_a_vector_of_another_encoder_is_refused(cascade):
    """A vector of another width is an error of the caller, said with both widths."""
    with pytest.raises(ModelError, match=r"vector: \(7,\), expected \(6,\)"):
        cascade.judge(Pass().read("x"), np.zeros(7, np.float32))


def test_two_labels_make_a_prediction():
    """With two labels the top has two, and chances add up to one."""
    found = prediction_of(np.array([0.1, 0.9]), ("a", "b"), Calibration(sharpness=3.0))
    assert found.label == "b"
    assert [label for label, _ in found.top] == ["b", "a"]
    assert abs(sum(chance for _, chance in found.top) - 1) < 1e-3
    assert abs(found.margin - 0.8) < 1e-9
