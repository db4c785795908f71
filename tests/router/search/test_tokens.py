"""How texts are cut into terms."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from router.search.characters import PAIR, WORD, characters, folded
from router.search.limits import DOCUMENT_TERMS_MAX, TEXT_CHARS_MAX
from router.search.stems import ENDINGS, row_of
from router.search.tokens import Cutter

CUTTER = Cutter()


def words(text, language=""):
    """Return the pieces of a text that made its terms, in the order they came first."""
    _, _, spans, _ = CUTTER.cut(text, language)
    return [text[start:end] for start, end in spans.tolist()]


def same(one, other, language="en"):
    """Return whether two words are the same term."""
    return CUTTER.cut(one, language)[0].tolist() == CUTTER.cut(other, language)[0].tolist()


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("I want my money back!", ["want", "my", "money", "back"]),
        ("e-mail me: ann@example.com", ["mail", "me", "ann", "example", "com"]),
        ("返金して", ["返金", "金し", "して"]),
        ("我", ["我"]),
        ("ขอเงิน", ["ขอ", "อเ", "เง", "งิ", "ิน"]),
        ("iPhone 15の返金", ["iPhone", "15", "の返", "返金"]),
        ("हिन्दी में", ["हिन्दी", "में"]),
        ("مرحباً بك", ["مرحباً", "بك"]),
        ("\U00020000\U00020001", ["\U00020000\U00020001"]),
        ("😀 🎉", []),
        ("", []),
        ("\ud800 lone \udfff", ["lone"]),
        ("a b c", []),
        ("\x00null\x00byte", ["null", "byte"]),
    ],
)
def test_words_and_pairs(text, expected):
    """Words are cut at gaps, scripts without spaces into pairs, and signs and lone letters are dropped."""
    assert words(text) == expected


@pytest.mark.parametrize(
    ("language", "one", "other"),
    [
        ("en", "charges", "charging"),
        ("en", "city", "cities"),
        ("en", "Stopped", "stop"),
        ("en", "CAFÉ", "cafe"),
        ("en", "cafe\u0301", "café"),
        ("en", "Ｆｕｌｌ", "full"),
        ("de", "Rechnungen", "rechnung"),
        ("fr", "remboursements", "remboursement"),
        ("es", "tarjetas", "tarjeta"),
        ("pt-BR", "cartões", "cartoes"),
        ("it", "pagamenti", "pagamento"),
        ("nl", "betalingen", "betaling"),
        ("sv", "kunderna", "kund"),
        ("nb", "kundene", "kund"),
        ("ru", "Счёт", "счет"),
    ],
)
def test_forms_of_a_word_are_one_term(language, one, other):
    """Case, accents, width and light inflection make no difference."""
    assert same(one, other, language)


@pytest.mark.parametrize(
    ("one", "other"),
    [("status", "statu"), ("address", "addres"), ("2000", "200"), ("card", "care"), ("sing", "s")],
)
def test_different_words_stay_apart(one, other):
    """Not every s is a plural, and numbers have no stem."""
    assert not same(one, other)


def test_a_language_without_a_row_keeps_words_whole():
    """Without endings for a language nothing is cut; an unknown one takes the default."""
    assert not same("charges", "charge", "fi")
    assert row_of("xx") == 0
    assert row_of("", "en") == row_of("EN_us") == 1
    assert row_of("nn") == row_of("no")


@pytest.mark.parametrize("language", ENDINGS)
def test_endings_stand_longest_first(language):
    """The first ending that fits is the longest that does."""
    for endings in ENDINGS[language]:
        fits = [(a, b) for i, a in enumerate(endings) for b in endings[i + 1 :] if b.endswith(a)]
        assert fits == []


@given(st.text(max_size=80), st.text(max_size=40))
def test_counts_add_up_whatever_the_text(one, other):
    """Counts sum to the length; a text said twice has the same terms twice as often."""
    terms, counts, spans, length = CUTTER.cut(one, "en")
    assert int(counts.sum()) == length
    assert len(set(terms.tolist())) == terms.size
    assert all(0 <= start < end <= len(one) for start, end in spans.tolist())
    before = terms.tolist(), counts.tolist()
    CUTTER.cut(other)
    twice, often, _, _ = CUTTER.cut(f"{one} \n {one}", "en")
    assert (twice.tolist(), (often // 2).tolist()) == before


def test_a_huge_text_is_read_up_to_its_limit():
    """A megabyte of different words ends at the limits, and the next text is none the worse."""
    huge = " ".join(f"word{number}" for number in range(150_000))
    terms, _, spans, _ = CUTTER.cut(huge)
    assert terms.size <= DOCUMENT_TERMS_MAX
    assert int(spans.max()) <= TEXT_CHARS_MAX
    assert words("still here") == ["still", "here"]


def test_more_different_terms_than_there_is_room_for():
    """Pairs of Han characters can be more than the limit; the first ones count."""
    text = "".join(chr(0x4E00 + (i * 7919) % 20_000) for i in range(TEXT_CHARS_MAX))
    terms, counts, _, length = CUTTER.cut(text)
    assert terms.size == DOCUMENT_TERMS_MAX
    assert int(counts.sum()) <= length


def test_the_tables_fold_letters_and_know_scripts():
    """A table entry is what its rule says, for every letter of the plane."""
    made = characters()
    assert chr(made.fold[ord("Ç")]) == "c" == folded("Ç")
    assert made.kind[ord("の")] == PAIR
    assert made.kind[ord("ß")] == WORD
    assert made.kind[ord("_")] == 0
    assert made.fold.dtype == np.uint32
    assert all(made.kind[made.fold[point]] == made.kind[point] for point in range(0x250))
