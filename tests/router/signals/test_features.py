"""The pass: what is masked, what is folded, and that the compiled features are those spelled out."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from router.signals import features as pass_
from router.signals.features import FEATURES_MAX, PLAIN_MAX, Pass, mask
from router.signals.letters import TEXT_MAX, code_points, spelled
from router.signals.ngrams import ngrams
from router.signals.scan import EXCLAMATIONS, LETTERS, MASKED, SYMBOLS, scan

ANY_TEXT = st.text(st.characters(), max_size=120)  # lone surrogates and controls included
WORDY = st.lists(
    st.sampled_from(
        ["card", "the", "a.b@c.de", "10€", "www.x.org", "@ann", "注文", "😡", "can't", "\n"]
    )
).map(" ".join)


@given(ANY_TEXT | WORDY)
def test_the_compiled_features_are_those_spelled_out(text: str) -> None:
    """Hashes, their order and the vector's length agree with the slow twin on any text."""
    reading = Pass().read(text)
    slow = ngrams(text)
    assert reading.ids.tolist() == [each.value for each in slow]
    assert reading.mass == sum(each.weight**2 for each in slow)


@given(st.lists(ANY_TEXT, min_size=2, max_size=4))
def test_a_reading_does_not_depend_on_what_was_read_before(texts: list[str]) -> None:
    """A pass that is used again gives what a fresh one gives."""
    reader = Pass()
    for text in texts:
        assert reader.read(text).ids.tolist() == Pass().read(text).ids.tolist()


@pytest.mark.parametrize(
    ("text", "plain", "clean"),
    [
        ("Hi, I can't PAY!", " hi i cant pay ", "Hi, I can't PAY!"),
        ("mail ann@example.org now", " mail \x02 now ", "mail   now"),
        ("see https://x.example/a?b=1.", " see \x01 ", "see  "),
        ("see www.example.org", " see \x01 ", "see  "),
        ("@ann order AB-12345", " \x03 order \x04 ", "  order  "),
        ("my 401k and w2", " my 000k and w0 ", "my   and  "),
        ("注文12345が来ない", " 注文 \x04 が来ない ", "注文 が来ない"),
        ("so 😡😡", " so 😡 😡 ", "so 😡😡"),
        ("", " ", ""),
        ("\x00\ud800\x07", " ", "   "),
        ("ＨＥＬＬＯ", " hello ", "ＨＥＬＬＯ"),
    ],
)
def test_what_identifies_is_masked_and_the_rest_is_folded(
    text: str, plain: str, clean: str
) -> None:
    """Addresses, handles and ids leave no trace in either stream; numbers only in the folded one."""
    reading = Pass().read(text)
    assert spelled(reading.plain) == plain
    assert mask(text) == spelled(reading.clean) == clean


def test_cues_are_counted() -> None:
    """Letters, exclamation marks, masks and pictographs are counted on the way."""
    cues = Pass().read("Help! My order 12345 😡!!").cues
    assert [cues[each] for each in (LETTERS, EXCLAMATIONS, MASKED, SYMBOLS)] == [11, 3, 1, 1]


@pytest.mark.parametrize("piece", ["a", "ab ", "😡", "@a私", "\ud800", "word1 "])
def test_a_megabyte_is_cut(piece: str) -> None:
    """However long and odd a text is, the first ``TEXT_MAX`` code points are all that counts."""
    text = piece * (1_000_000 // len(piece))
    reading = Pass().read(text)
    assert reading.plain.size <= PLAIN_MAX
    assert reading.ids.size <= FEATURES_MAX
    assert reading.ids.tolist() == Pass().read(text[:TEXT_MAX]).ids.tolist()


def test_the_round_that_overflows_starts_anew() -> None:
    """After two thousand million messages the table of what was seen is emptied, and all is well."""
    reader = Pass()
    expected = reader.read("my card").ids.tolist()
    reader.read("").cues[pass_.ROUND] = 0x7FFFFFFE
    assert reader.read("my card").ids.tolist() == expected


@pytest.mark.parametrize(
    "text", ["", "My card 1234!", "注文 @ann 😡 can't", "a@b.c \ud800 www.x.y"]
)
def test_compiled_or_not_the_bits_are_the_same(text: str) -> None:
    """The pass gives the same codes, counts and hashes as machine code and as Python."""
    compiled, plain = Pass(), Pass()
    pure = getattr(pass_.hash_features, "py_func", pass_.hash_features)
    pure_scan = getattr(scan, "py_func", scan)
    expected = compiled.read(text)
    folded, clean, cues, ids, seen = plain._arrays
    pure_scan(code_points(text), folded, clean, cues)
    pure(folded, cues, ids, seen)
    assert cues.tolist() == expected.cues.tolist()
    assert ids[: cues[pass_.FEATURES]].tolist() == expected.ids.tolist()
