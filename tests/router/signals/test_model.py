"""A model: the same integers as its slow twin, calibrated chances, and a file that proves itself."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from router.signals.calibration import Calibration, calibration_error, fit_calibration
from router.signals.features import FEATURE_VERSION, Pass
from router.signals.model import OUT_OF_SCOPE, Model, Recipe, make_model
from router.signals.model_file import MAGIC, ModelError, pack
from tests.router.signals.excerpt import STRANGE, model, parts
from tests.router.signals.naive_head import naive_chances, naive_scores

ANY_TEXT = st.text(st.characters(), max_size=60) | st.sampled_from([row.text for row in parts()[1]])


@given(ANY_TEXT)
def test_scores_are_those_of_the_slow_twin(text: str) -> None:
    """Every label's integer score is the sum over the features spelled out."""
    assert model().scores(Pass().read(text)).tolist() == naive_scores(model(), text)


@given(ANY_TEXT)
def test_chances_follow_from_the_scores(text: str) -> None:
    """The best label has the chance that calibration gives it; the others share what remains."""
    told = model().predict(text)
    slow = naive_chances(model(), text)
    assert told.probability == pytest.approx(slow[0][1], abs=1e-4)
    assert [chance for _, chance in told.top] == pytest.approx([c for _, c in slow[:3]], abs=1e-4)
    assert told.level == "low" or told.in_scope


def test_a_text_of_nothing_is_out_of_scope() -> None:
    """Without a word there is nothing to go by, whatever the weights say of empty messages."""
    for text in ("", "\x00", "\ud800", "...", "\n\n"):
        told = model().predict(text)
        assert (told.label, told.level, told.in_scope) == (OUT_OF_SCOPE, "low", False)


def test_messages_of_the_excerpt_are_understood() -> None:
    """Of the messages kept apart at least nine of ten are right, and strangers mostly fall out."""
    known = [model().predict(row.text).top[0][0] == row.label for row in parts()[1]]
    assert sum(known) >= 0.9 * len(known)
    assert sum(not model().predict(text).in_scope for text in STRANGE) >= 2


def test_an_explanation_adds_up() -> None:
    """The points of all pieces of a text sum to the label's score, and the best come first."""
    text = "My card was stolen, please block it"
    reasons = model().explain(text, "lost_or_stolen_card", top=10_000)
    column = model().labels.index("lost_or_stolen_card")
    assert sum(each.points for each in reasons) == naive_scores(model(), text)[column]
    assert [each.points for each in reasons] == sorted((r.points for r in reasons), reverse=True)
    assert model().explain(text)[0] in reasons
    with pytest.raises(ModelError, match="'weather' is not among the 8 labels"):
        model().explain(text, "weather")


def test_a_file_gives_back_the_same_model() -> None:
    """The same model gives the same bytes, and the bytes give the same model."""
    data = model().to_bytes()
    again = Model.from_bytes(data)
    assert again.to_bytes() == data
    assert again.id == model().id
    assert again.recipe == model().recipe
    text = parts()[1][0].text
    assert again.predict(text) == model().predict(text)


@pytest.mark.parametrize(
    ("cut", "said"),
    [
        (slice(0, 3), "magic"),
        (slice(0, 11), "head"),
        (slice(0, 40), "head"),
        (slice(0, -1), "weights"),
        (slice(1, None), "magic"),
    ],
)
def test_a_cut_file_is_refused(cut: slice, said: str) -> None:
    """Wherever a file was cut, the refusal says what is missing."""
    with pytest.raises(ModelError, match=f"^{said}"):
        Model.from_bytes(model().to_bytes()[cut])


@given(st.data())
def test_an_altered_byte_is_refused(data: st.DataObject) -> None:
    """No single byte can be changed unnoticed."""
    whole = bytearray(model().to_bytes())
    place = data.draw(st.integers(0, len(whole) - 1) | st.integers(0, 400))
    whole[place] ^= data.draw(st.integers(1, 255))
    with pytest.raises(ModelError):
        Model.from_bytes(bytes(whole))


def test_another_feature_version_and_a_failed_golden_check_are_refused() -> None:
    """A model of other features, or one that scores the fixed texts otherwise here, never serves."""
    manifest = {**model().manifest(), "feature_version": FEATURE_VERSION + 1}
    with pytest.raises(ModelError, match="feature_version: 2, expected 1"):
        Model.from_bytes(pack(manifest, model().golden(), model().weights))
    golden = model().golden()
    golden[1][0] += 1
    with pytest.raises(ModelError, match="^golden"):
        Model.from_bytes(pack(model().manifest(), golden, model().weights))
    with pytest.raises(ModelError, match="^manifest"):
        Model.from_bytes(pack({"feature_version": 1}, [], model().weights))
    assert model().to_bytes().startswith(MAGIC)


@pytest.mark.parametrize(
    ("labels", "shape", "said"),
    [
        (("one",), (256, 1), "labels: 1, expected 2"),
        (("one", "one"), (256, 2), "labels: 2, expected"),
        (("one", "two"), (100, 2), "weights: shape"),
    ],
)
def test_what_is_no_model_is_refused(
    labels: tuple[str, ...], shape: tuple[int, int], said: str
) -> None:
    """One label, a label twice, or rows that are no power of two make no model."""
    with pytest.raises(ModelError, match=said):
        make_model(np.ones(shape, dtype=np.float32), Recipe("x", labels))


def test_a_model_of_some_labels_scores_them_alike() -> None:
    """Reduced to some labels, a model gives these the scores they had."""
    kept = ("age_limit", "pin_blocked")
    part = model().only(Recipe("part", kept))
    reading = Pass().read("my pin is blocked")
    whole = dict(zip(model().labels, model().scores(reading).tolist(), strict=True))
    assert part.scores(reading).tolist() == [whole[label] for label in kept]


def test_weights_survive_quantising() -> None:
    """An int8 weight is within half a step of the float it stands for."""
    floats = np.random.default_rng(3).normal(size=(256, 5)).astype(np.float32)
    made = make_model(floats, Recipe("x", tuple("abcde")))
    assert np.abs(made.floats() - floats).max() <= made.unit * 0.5001


def test_calibration_finds_the_chances_behind_the_scores() -> None:
    """Scores whose truth was drawn by a known softmax are calibrated to it."""
    chance = np.random.default_rng(5)
    scores = chance.normal(size=(4_000, 4))
    raised = np.exp(3.0 * scores)
    truth = np.array([chance.choice(4, p=row / row.sum()) for row in raised])
    fitted = fit_calibration(scores, truth)
    assert fitted.sharpness == pytest.approx(3.0, rel=0.2)
    assert (fitted.slope, fitted.offset) == (
        pytest.approx(1.0, abs=0.2),
        pytest.approx(0.0, abs=0.2),
    )


def test_the_calibration_error_of_hand_worked_numbers() -> None:
    """Two sure and right, two half sure of which one is right: no error; all sure and half right: half."""
    right = np.array([True, True, True, False])
    assert calibration_error(np.array([1.0, 1.0, 0.5, 0.5]), right) == pytest.approx(0.25)
    assert calibration_error(np.ones(4), np.array([True, True, False, False])) == pytest.approx(0.5)
    assert calibration_error(np.array([]), np.array([], dtype=bool)) == 0.0
    assert Calibration().scope is None
