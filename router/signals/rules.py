"""
The points of the rules in one compiled look at a message's words.

``urgency_reasons`` and ``sentiment_reasons`` say the same in words, slowly, for explanations; tests hold
the two against each other. Words and pairs are looked up by 64-bit FNV-1a hashes of their code points,
so no word is spelled out. Scripts without gaps are left to the slow rules: their terms may stand anywhere.
"""

from typing import Final, NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

from router.signals import sentiment as mood
from router.signals import urgency as haste
from router.signals.features import Reading
from router.signals.letters import GAP, Int64s, UInt32s, Whole
from router.signals.scan import CAPITALS, EXCLAMATIONS, LETTERS, PLAIN
from router.signals.wording import CAPITALS_MIN, UNSPACED_FROM, Terms, wording

UInt64s = NDArray[np.uint64]

FNV_PRIME: Final = np.uint64(0x100000001B3)
FNV_START: Final = np.uint64(0xCBF29CE484222325)
SPACE: Final = np.uint64(GAP)

#: What a word or a pair may be, as bits of its code.
KIND, GOOD, BAD, NEGATES, INTENSIFIES, OPENS_HASTE, OPENS_MOOD = 7, 8, 16, 32, 64, 128, 256
OPENS: Final = OPENS_HASTE | OPENS_MOOD
KINDS: Final = tuple(haste.KIND_POINTS)
KIND_POINTS: Final = np.array([0, *haste.KIND_POINTS.values()], dtype=np.int64)
assert len(KINDS) <= KIND

TERM_POINTS, INTENSE_POINTS = mood.TERM_POINTS, mood.INTENSE_POINTS
EMPHASIS_POINTS, MOOD_SHOUTED_POINTS = mood.EMPHASIS_POINTS, mood.SHOUTED_POINTS
NEGATION_REACH, MARKS_MAX = mood.NEGATION_REACH, mood.EXCLAMATIONS_MAX
EXCLAMATION_POINTS, EXCLAMATIONS_MAX = haste.EXCLAMATION_POINTS, haste.EXCLAMATIONS_MAX
HASTE_SHOUTED_POINTS: Final = haste.SHOUTED_POINTS
UNSPACED_CODE: Final = ord(UNSPACED_FROM)


class Points(NamedTuple):
    """How pressing and how content the rules find a message; earlier contacts are not in it."""

    urgency: int
    sentiment: int


@njit(cache=True, nogil=True)
def _step(value: Whole, code: Whole) -> Whole:
    """Return the hash with one more code point."""
    return (value ^ code) * FNV_PRIME


def hash_of(term: str) -> int:
    """Return the hash of a term, as the kernel finds it in a message."""
    value = int(FNV_START)
    for char in term:
        value = ((value ^ ord(char)) * int(FNV_PRIME)) & 0xFFFFFFFFFFFFFFFF
    return value


def _codes() -> dict[str, int]:
    """Return what every term is, by its spelling."""
    codes: dict[str, int] = {}

    def add(term: str, bits: int) -> None:
        codes[term] = codes.get(term, 0) | bits

    def add_all(known: Terms, meanings: dict[str, int], opens: int) -> None:
        for term, meaning in known.words.items():
            add(term, meanings[meaning])
        for first in known.firsts:
            add(first, opens)

    add_all(haste.TERMS, {kind: n for n, kind in enumerate(KINDS, 1)}, OPENS_HASTE)
    add_all(mood.TERMS, {"+": GOOD, "-": BAD}, OPENS_MOOD)
    for word in mood.NEGATING:
        add(word, NEGATES)
    for word in mood.INTENSIFYING:
        add(word, INTENSIFIES)
    return codes


TABLE_SIZE: Final = 4_096
PLACE_MASK: Final = np.uint64(TABLE_SIZE - 1)
FREE: Final = np.uint64(0)


def _tables() -> tuple[UInt64s, Int64s]:
    """Return an open table of hashes, and the codes beside it."""
    hashes = np.zeros(TABLE_SIZE, dtype=np.uint64)
    codes = np.zeros(TABLE_SIZE, dtype=np.int64)
    known = _codes()
    assert 2 * len(known) < TABLE_SIZE
    for term, code in known.items():
        value = hash_of(term)
        place = value & (TABLE_SIZE - 1)
        while hashes[place]:
            assert int(hashes[place]) != value, f"{term!r} shares its hash with another term"
            place = (place + 1) & (TABLE_SIZE - 1)
        hashes[place], codes[place] = value, code
    return hashes, codes


HASHES, CODES = _tables()


@njit(cache=True, nogil=True)
def _code_of(value: Whole) -> Whole:
    """Return what the word or pair with this hash is, 0 for nothing the rules know."""
    place = value & PLACE_MASK
    while HASHES[place] != FREE:
        if HASHES[place] == value:
            return CODES[place]
        place = (place + np.uint64(1)) & PLACE_MASK
    return 0


@njit(cache=True, nogil=True)
def _mood_of(code: Whole, before: Whole, is_negated: Whole) -> Whole:
    """Return the points of a term of mood; ``before`` is the code of the word before it."""
    points = TERM_POINTS
    if before & INTENSIFIES:
        points += INTENSE_POINTS
    if is_negated:
        points = points // 2
    return points if (code & GOOD != 0) != is_negated else -points


@njit(cache=True, nogil=True)
def weigh(plain: UInt32s, cues: Int64s) -> tuple[Whole, Whole, Whole]:
    """
    Return the points of urgency and of sentiment, and whether a script without gaps is in the message.

    Parameters
    ----------
    plain : uint32 (n,)
        What ``scan`` folded; ``cues[PLAIN]`` says how much of it counts. Read only.
    cues : int64 (CUES,)
        The counts of the pass. Read only.
    """
    haste_sum, mood_sum, kinds = 0, 0, 0
    word, pair = FNV_START, FNV_START
    held, before = 0, 0  # codes of the word that waits for the next one, and of the one before it
    place, negation = -1, -1 - NEGATION_REACH  # of the word that waits, and of the last negation
    haste_skip, mood_skip = -1, -1
    is_unspaced: Whole = False
    end = cues[PLAIN]
    for i in range(1, end + 1):
        code = np.uint64(plain[i]) if i < end else SPACE
        is_unspaced |= code >= UNSPACED_CODE
        if code != SPACE:
            word = _step(word, code)
            pair = _step(pair, code)
            continue
        # A word ends here; the one before it is looked at, now that its neighbour is known. Behind the
        # last word is the end of the stream: the second space in a row.
        both = _code_of(pair) if held & OPENS and word != FNV_START else 0
        if place >= 0:
            kind = 0
            if held & OPENS_HASTE and both & KIND and haste_skip != place:
                kind, haste_skip = both & KIND, place + 1
            elif haste_skip != place:
                kind = held & KIND
            if kind and not kinds >> kind & 1:
                kinds |= 1 << kind
                haste_sum += KIND_POINTS[kind]
            is_negated = place - negation <= NEGATION_REACH
            if held & OPENS_MOOD and both & (GOOD | BAD) and mood_skip != place:
                mood_sum += _mood_of(both, before, is_negated)
                mood_skip = place + 1
            elif mood_skip != place and held & (GOOD | BAD):
                mood_sum += _mood_of(held, before, is_negated)
            if held & NEGATES:
                negation = place
        before = held
        held = _code_of(word) if word != FNV_START else 0
        pair = _step(word, SPACE)
        word = FNV_START
        place += 1
    return _louder(haste_sum, mood_sum, cues, is_unspaced)


@njit(cache=True, nogil=True)
def _louder(
    haste_sum: Whole, mood_sum: Whole, cues: Int64s, is_unspaced: Whole
) -> tuple[Whole, Whole, Whole]:
    """Return the points with those of emphasis."""
    marks = cues[EXCLAMATIONS]
    haste_sum += EXCLAMATION_POINTS * min(marks, EXCLAMATIONS_MAX)
    emphasis = EMPHASIS_POINTS * min(marks, MARKS_MAX)
    if mood_sum != 0:
        mood_sum += emphasis if mood_sum > 0 else -emphasis
    if cues[CAPITALS] >= CAPITALS_MIN and 10 * cues[CAPITALS] > 7 * cues[LETTERS]:
        haste_sum += HASTE_SHOUTED_POINTS
        mood_sum += MOOD_SHOUTED_POINTS
    return haste_sum, mood_sum, is_unspaced


def points_of(reading: Reading) -> Points:
    """Return what the rules find in a message that was read."""
    urgency, sentiment, is_unspaced = weigh(reading.all_plain, reading.cues)
    return points_in_words(reading) if is_unspaced else Points(urgency, sentiment)


def points_in_words(reading: Reading) -> Points:
    """Return the same by the rules that name their reasons: slow."""
    said = wording(reading)
    return Points(
        sum(each.points for each in haste.urgency_reasons(said)),
        sum(each.points for each in mood.sentiment_reasons(said)),
    )
