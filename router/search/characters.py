"""
What a character is to the search: part of a word, half of a pair, nothing, or a gap.

Two tables over the basic plane say for each code point what it is folded to (lower case, full-width
forms made plain, the accents of Latin, Greek and Cyrillic letters dropped, for customers leave them
out) and which of the kinds below it is. Scripts written without spaces are cut into overlapping
pairs of characters, which find about as well as a dictionary does (Nie, Gao, Zhang and Zhou 2000,
On the use of words and n-grams for Chinese information retrieval, doi:10.1145/355214.355235).
"""

import unicodedata
from functools import cache
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

GAP: Final = 0
WORD: Final = 1
PAIR: Final = 2
NOTHING: Final = 3

PLANE = 1 << 16
PAIRED = (
    (0x0E01, 0x0EFF),  # Thai, Lao
    (0x1000, 0x109F),  # Myanmar
    (0x1780, 0x17FF),  # Khmer
    (0x2E80, 0x2FDF),  # radicals
    (0x3005, 0x3007),
    (0x3021, 0x30FA),  # Hiragana, Katakana
    (0x30FC, 0x312F),
    (0x3400, 0x9FFF),  # Han
    (0xF900, 0xFAFF),
    (0xFF66, 0xFF9F),  # half-width Katakana
)
UNWRITTEN = (
    (0x00AD, 0x00AD),  # soft hyphen
    (0x0300, 0x036F),  # accents that follow their letter
    (0x0591, 0x05C7),  # Hebrew points
    (0x0640, 0x0640),  # Arabic stretching
    (0x064B, 0x065F),  # Arabic vowels
    (0x0670, 0x0670),
    (0x200B, 0x200D),  # zero width
    (0xFE00, 0xFE0F),  # variation selectors
    (0xFEFF, 0xFEFF),
)
ACCENTED = ((0x00C0, 0x058F), (0x1E00, 0x1FFF))
STROKED = {"ø": "o", "ł": "l", "đ": "d", "ð": "d", "ħ": "h", "ı": "i", "ŧ": "t", "ς": "σ"}


class Characters(NamedTuple):
    """The tables: ``fold`` uint32 (65536,), the folded code point; ``kind`` uint8 (65536,)."""

    fold: NDArray[np.uint32]
    kind: NDArray[np.uint8]


@cache
def characters() -> Characters:
    """Return the tables, made once."""
    fold = np.arange(PLANE, dtype=np.uint32)
    kind = np.zeros(PLANE, np.uint8)
    for point in range(PLANE):
        category = unicodedata.category(chr(point))
        if category[0] in "LNM":
            fold[point] = ord(folded(chr(point)))
            kind[point] = WORD
    for lows, value in ((PAIRED, PAIR), (UNWRITTEN, NOTHING)):
        for low, high in lows:
            span = kind[low : high + 1]
            span[(span == WORD) | (value == NOTHING)] = value
    fold.setflags(write=False)
    kind.setflags(write=False)
    return Characters(fold, kind)


def folded(character: str) -> str:
    """Return the one character that stands for ``character`` in the index."""
    lower = character.lower()[:1]
    if "\uff01" <= lower <= "\uff5e":
        lower = unicodedata.normalize("NFKC", lower)
    if any(low <= ord(lower) <= high for low, high in ACCENTED):
        whole = unicodedata.normalize("NFD", lower)
        if all(unicodedata.category(mark) == "Mn" for mark in whole[1:]):
            lower = whole[0]
    return STROKED.get(lower, lower)
