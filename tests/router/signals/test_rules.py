"""Urgency and sentiment: rules that can be read, and hints that never gate."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from router.signals.features import Pass
from router.signals.language import Languages, Prior
from router.signals.rows import Row
from router.signals.sentiment import BOUNDS, SENTIMENTS, sentiment, sentiment_of
from router.signals.signal import level_of
from router.signals.table import SIGNALS, Analyzer
from router.signals.training import Options, train
from router.signals.urgency import Context, urgency, urgency_reasons
from router.signals.wording import wording
from tests.router.signals.excerpt import model
from tests.router.signals.shipped import shipped


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("What is your exchange rate?", "normal"),
        ("My card was stolen, block it immediately!", "urgent"),
        ("MY ACCOUNT IS HACKED!!! HELP", "urgent"),
        ("The app is not working", "soon"),
        ("The app is not working, but no rush", "normal"),
        ("Meine Karte wurde gestohlen, bitte sofort sperren", "urgent"),
        ("Me han robado la tarjeta, es urgente", "urgent"),
        ("カードが盗まれました、至急お願いします", "urgent"),
        ("我的卡被盗了，紧急", "urgent"),
        ("", "normal"),
    ],
)
def test_how_pressing_a_message_sounds(text: str, value: str) -> None:
    """What is spoken of and how loudly decide, in several languages and scripts."""
    assert urgency(Pass().read(text)).value == value


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("Where is my parcel?", "neutral"),
        ("Thanks, great service!", "very_positive"),
        ("This is not good", "negative"),
        ("Not bad", "positive"),
        ("Absolutely terrible, the worst support!!", "very_negative"),
        ("Das ist sehr schlecht", "very_negative"),
        ("Merci", "positive"),
        ("配送太慢，很失望", "negative"),
        ("😡😡", "very_negative"),
        ("", "neutral"),
    ],
)
def test_how_content_a_customer_sounds(text: str, value: str) -> None:
    """Words, negation, emphasis and pictographs decide."""
    assert sentiment(Pass().read(text)).value == value


def test_each_kind_of_matter_counts_once_and_contacts_add() -> None:
    """Saying urgent thrice is as urgent as saying it once; having asked before is more."""
    once = urgency_reasons(wording(Pass().read("urgent")))
    thrice = urgency_reasons(wording(Pass().read("urgent urgent asap")))
    assert [each.points for each in once] == [each.points for each in thrice] == [25]
    again = urgency_reasons(wording(Pass().read("hello")), Context(contacts=9))
    assert [each.points for each in again] == [32]


def test_a_head_speaks_where_it_is_sure_and_the_rules_otherwise() -> None:
    """A trained head replaces the rules, but not when its level is low."""
    rows = [Row(f"{word} stone {i}", "urgent") for i in range(15) for word in ("red", "big")]
    rows += [Row(f"{word} cloud {i}", "normal") for i in range(15) for word in ("soft", "far")]
    head = train(rows, Options(name="urgency", bits=10))
    told = urgency(Pass().read("red stone 3"), {"urgency": head})
    assert (told.value, told.model) == ("urgent", head.id)
    doubted = urgency(Pass().read("zzz"), {"urgency": head})
    assert (doubted.value, doubted.model) == ("normal", "rules/1")


@given(st.integers(-500, 500))
def test_sentiment_rises_with_the_points(points: int) -> None:
    """More points never sound less content, and the chance is one."""
    value, chance = sentiment_of(points)
    more, _ = sentiment_of(points + 1)
    assert SENTIMENTS.index(more) >= SENTIMENTS.index(value)
    assert 0.5 <= chance <= 1.0
    assert len(BOUNDS) == len(SENTIMENTS) - 1


@given(st.text(st.characters(), max_size=150))
def test_all_signals_of_any_text(text: str) -> None:
    """No text raises, and every signal has a value, a probability and a level."""
    models = {name: shipped(name) for name in ("language", "near")}
    analyzer = Analyzer(Languages(["en", "de"], models), {"intent": model()})
    told = analyzer.analyze(text, Prior(profile="de"))
    assert list(told) == list(SIGNALS)
    for signal in told.values():
        assert signal.source == "tier0"
        assert 0.0 <= signal.probability <= 1.0
        assert signal.level in {"high", "medium", "low"}


def test_without_a_model_there_is_no_intent() -> None:
    """Nothing can tell an intent until a model is trained."""
    before = Analyzer(Languages(["en"], {"language": shipped("language")}), {})
    after = Analyzer(Languages(["en"], {"language": shipped("language")}), {"intent": model()})
    text = "My card was stolen"
    assert "intent" not in before.analyze(text)
    assert after.analyze(text)["intent"].value == "lost_or_stolen_card"
    assert after.analyze(text)["intent"].model == model().id


@pytest.mark.parametrize(
    ("probability", "level"), [(1.0, "high"), (0.95, "high"), (0.94, "medium"), (0.69, "low")]
)
def test_levels_follow_the_cuts(probability: float, level: str) -> None:
    """A level is read off the probability."""
    assert level_of(probability) == level
