"""
Cut a text into terms: one pass that folds, cuts, stems and hashes, compiled.

A term is the 64-bit hash of a stemmed word or of a pair of characters. Two different words of one
collection share a hash with a probability below 1e-7 up to a million words, so words need not be kept.
"""

import numpy as np
from numba import njit
from numpy.typing import NDArray

from router.search.characters import GAP, NOTHING, PAIR, PLANE, WORD, characters
from router.search.limits import DOCUMENT_TERMS_MAX, QUERY_TERMS_MAX, TEXT_CHARS_MAX
from router.search.stems import STEM_MIN, row_of, stems

#: Which terms a text has; stored ones of another version would be found by nothing.
TERMS_VERSION = 1
HASH_START = np.uint64(0xCBF29CE484222325)
HASH_FACTOR = np.uint64(0x100000001B3)
MIX_1 = np.uint64(0xBF58476D1CE4E5B9)
MIX_2 = np.uint64(0x94D049BB133111EB)
SHIFTS = (np.uint64(30), np.uint64(27), np.uint64(31))
SEEN_SIZE = 4 * DOCUMENT_TERMS_MAX
SEEN_MASK = np.uint64(SEEN_SIZE - 1)
LETTER_A, LETTER_Z = np.uint32(97), np.uint32(122)
LETTER_S, LETTER_Y, LETTER_I = np.uint32(115), np.uint32(121), np.uint32(105)
KEPT_DOUBLE = (np.uint32(108), np.uint32(115), np.uint32(122))  # l, s, z: call, miss, buzz
VOWELS = (np.uint32(97), np.uint32(101), np.uint32(105), np.uint32(111))  # a e i o
ASTRAL_HAN, ASTRAL_SIGNS = np.uint32(0x20000), np.uint32(0x1F000)

assert SEEN_SIZE & (SEEN_SIZE - 1) == 0


@njit(cache=True, nogil=True)
def hash_of(points: NDArray[np.uint32], start: int, end: int) -> np.uint64:
    """
    Return the hash of some code points, never 0: FNV-1a, then the mix of splitmix64.

    Parameters
    ----------
    points
        uint32 (n,), folded code points. Read only.
    start, end
        int, which of them: ``start <= i < end``.
    """
    value = HASH_START
    for i in range(start, end):
        value = (value ^ np.uint64(points[i])) * HASH_FACTOR
    value = (value ^ (value >> SHIFTS[0])) * MIX_1
    value = (value ^ (value >> SHIFTS[1])) * MIX_2
    value = value ^ (value >> SHIFTS[2])
    return value if value != np.uint64(0) else np.uint64(1)


@njit(cache=True, nogil=True)
def stemmed_end(
    points: NDArray[np.uint32], start: int, end: int, ending: NDArray[np.uint32]
) -> int:
    """
    Return where the stem of a word ends; a last y becomes i.

    Parameters
    ----------
    points
        uint32 (n,), folded code points. Changed in place.
    start, end
        int, where the word is: ``start <= i < end``.
    ending
        uint32 (2, most, longest), the endings of a language; 0 where none is. Read only.
    """
    if ending[0, 0, 0] == 0:
        return end
    for which in range(2):
        for place in range(ending.shape[1]):
            size = 0
            while size < ending.shape[2] and ending[which, place, size] != 0:
                size += 1
            if size == 0:
                break
            if end - start - size < STEM_MIN:
                continue
            same = True
            for i in range(size):
                same = same and points[end - size + i] == ending[which, place, i]
            if same and size == 1 and points[end - 1] == LETTER_S:
                # "address", "status" and "this" are no plurals.
                before = points[end - 2]
                same = before != LETTER_S and before != np.uint32(117) and before != LETTER_I
            if same:
                end -= size
                break
    last = points[end - 1]
    if end - start > STEM_MIN and LETTER_A <= last <= LETTER_Z:
        if last == points[end - 2]:
            if last not in KEPT_DOUBLE:
                end -= 1
        elif last in VOWELS:
            end -= 1
    if points[end - 1] == LETTER_Y:
        points[end - 1] = LETTER_I
    return end


@njit(cache=True, nogil=True)
def kind_of(point: np.uint32, kind: NDArray[np.uint8]) -> int:
    """
    Return what a code point is to the search.

    Parameters
    ----------
    point
        uint32, a code point; those that are none are gaps.
    kind
        uint8 (65536,), the kinds of the basic plane. Read only.
    """
    if point < PLANE:
        return int(kind[point])
    if point >= ASTRAL_HAN:
        return PAIR if point < np.uint32(0x40000) else GAP
    return WORD if point < ASTRAL_SIGNS else GAP


@njit(cache=True, nogil=True)
def note_term(
    term: np.uint64,
    terms: NDArray[np.uint64],
    counts: NDArray[np.uint16],
    found: int,
    seen: NDArray[np.int64],
) -> int:
    """
    Count a term; return how many different ones there are now.

    Parameters
    ----------
    term
        uint64, the term.
    terms
        uint64 (most,), the terms so far. A new one is added unless there is no room.
    counts
        uint16 (most,), how often each was seen, at most 65535. Changed in place.
    found
        int, how many there are so far.
    seen
        int64 (SEEN_SIZE + 1,), a hash table of places, each tagged with the number of the text, which is
        the last entry. Changed in place.
    """
    tag = seen[SEEN_SIZE] << 16
    at = term & SEEN_MASK
    while seen[at] >> 16 == seen[SEEN_SIZE]:
        place = seen[at] & 0xFFFF
        if terms[place] == term:
            if counts[place] < 0xFFFF:
                counts[place] += 1
            return found
        at = (at + np.uint64(1)) & SEEN_MASK
    if found == terms.shape[0]:
        return found
    seen[at] = tag | found
    terms[found] = term
    counts[found] = 1
    return found + 1


@njit(cache=True, nogil=True)
def cut(
    points: NDArray[np.uint32],
    tables: tuple[NDArray[np.uint32], NDArray[np.uint8], NDArray[np.uint32]],
    terms: NDArray[np.uint64],
    counts: NDArray[np.uint16],
    spans: NDArray[np.int32],
    seen: NDArray[np.int64],
) -> tuple[int, int]:
    """
    Fill in the different terms of a text, in the order they come; return how many, and how long it is.

    The length counts repeated terms too. A word of one letter is no term.

    Parameters
    ----------
    points
        uint32 (n,), the code points. Overwritten with the folded ones.
    tables
        (uint32 (65536,), uint8 (65536,), uint32 (2, most, longest)): folds, kinds, endings. Read only.
    terms, counts
        uint64 (most,), uint16 (most,). Overwritten.
    spans
        int32 (most, 2), where each term was seen first. Overwritten.
    seen
        int64 (SEEN_SIZE + 1,), scratch: as it was left, zero before the first text.
    """
    fold, kind, ending = tables
    seen[SEEN_SIZE] += 1
    found, length, at, n = 0, 0, 0, points.shape[0]
    while at < n:
        what = kind_of(points[at], kind)
        if what in (GAP, NOTHING):
            at += 1
            continue
        start, size = at, 0
        while at < n:  # a run of one kind, moved together over what is nothing
            now = kind_of(points[at], kind)
            if now not in (what, NOTHING):
                break
            if now == what:
                points[start + size] = fold[points[at]] if points[at] < PLANE else points[at]
                size += 1
            at += 1
        if what == PAIR:
            for i in range(max(1, size - 1)):
                last = start + min(i + 2, size)
                before = found
                found = note_term(hash_of(points, start + i, last), terms, counts, found, seen)
                if found > before:
                    spans[before, 0], spans[before, 1] = start + i, last
                length += 1
        elif size > 1:
            end = stemmed_end(points, start, start + size, ending)
            before = found
            found = note_term(hash_of(points, start, end), terms, counts, found, seen)
            if found > before:
                spans[before, 0], spans[before, 1] = start, at
            length += 1
    return found, length


class Cutter:
    """Cut texts, one after the other: a cutter belongs to one thread at a time."""

    def __init__(self) -> None:
        self._terms = np.zeros(DOCUMENT_TERMS_MAX, np.uint64)
        self._counts = np.zeros(DOCUMENT_TERMS_MAX, np.uint16)
        self._spans = np.zeros((DOCUMENT_TERMS_MAX, 2), np.int32)
        self._seen = np.zeros(SEEN_SIZE + 1, np.int64)
        made = characters()
        self._tables = [(made.fold, made.kind, ending) for ending in stems().ending]

    def cut(
        self, text: str, language: str = "", default: str = ""
    ) -> tuple[NDArray[np.uint64], NDArray[np.uint16], NDArray[np.int32], int]:
        """
        Return terms (n,), counts (n,), spans (n, 2) in the text, and the number of terms with repeats.

        The arrays are views that the next text overwrites. Surrogates without a partner are gaps.
        """
        found, length = self._cut(text, language, default)
        return self._terms[:found], self._counts[:found], self._spans[:found], length

    def cut_query(
        self, text: str, language: str = "", default: str = ""
    ) -> tuple[NDArray[np.uint64], NDArray[np.int32]]:
        """Return the first ``QUERY_TERMS_MAX`` terms (n,), and their spans (n or more, 2), as views."""
        found, _ = self._cut(text, language, default)
        return self._terms[: min(found, QUERY_TERMS_MAX)], self._spans

    def _cut(self, text: str, language: str, default: str) -> tuple[int, int]:
        # Encoded before it is made writable: bytearray's own encoding takes twice as long.
        data = bytearray(text[:TEXT_CHARS_MAX].encode("utf-32-le", "surrogatepass"))
        points = np.frombuffer(data, np.uint32)
        tables = self._tables[row_of(language, default)]
        return cut(points, tables, self._terms, self._counts, self._spans, self._seen)
