"""The points of the rules, compiled, against the rules that name their reasons."""

from hypothesis import given
from hypothesis import strategies as st

from router.signals.features import Pass
from router.signals.lexicon import CALMING, INTENSIFIERS, NEGATIONS, NEGATIVE, POSITIVE, URGENCY
from router.signals.rules import points_in_words, points_of

TERMS = " ".join((*URGENCY.values(), CALMING, POSITIVE, NEGATIVE, NEGATIONS, INTENSIFIERS)).split()
WORDS = sorted({word for term in TERMS for word in (*term.split("_"), term.replace("_", " "))})
PASS = Pass()


@given(
    st.lists(st.sampled_from([*WORDS, "the", "Card", "!", "!!", "12", "DHL", "ist"]), max_size=14)
)
def test_a_message_made_of_terms_has_the_points_of_its_reasons(words: list[str]) -> None:
    """Terms, pairs, negations and emphasis in any order weigh alike, compiled and in words."""
    reading = PASS.read(" ".join(words))
    assert points_of(reading) == points_in_words(reading)


@given(st.text(max_size=80))
def test_any_text_has_the_points_of_its_reasons(text: str) -> None:
    """Whatever characters there are, both say the same."""
    reading = PASS.read(text)
    assert points_of(reading) == points_in_words(reading)


def test_a_shouted_message_weighs_more_and_pleases_less() -> None:
    """Capitals and marks are counted once each, in both."""
    for text in ("NOT WORKING AT ALL!!!", "THANKS SO MUCH!", "not working", "", "!!!!"):
        reading = PASS.read(text)
        assert points_of(reading) == points_in_words(reading)
    assert points_of(PASS.read("THIS IS NOT WORKING!!!")).urgency > 20
