"""
The pass: one look at a message, from which every head of tier 0 reads.

Features are hashed (Weinberger et al. 2009, doi:10.1145/1553374.1553516) to 32 bits, so that no
dictionary is kept and each head takes as many bits as it wants. There are four kinds:

* runs of 2 to 5 codes of the folded stream, gaps included (Cavnar and Trenkle 1994);
* words, and pairs of neighbours, the ends of the message included;
* unordered pairs of *content words*, wherever in the message they stand, each by its first four
  letters. They let a linear head see that "card" and "arrive" come together. A pair weighs
  ``PAIR_WEIGHT`` as much as another feature.

Each feature counts once a message. ``FEATURE_VERSION`` names all of this: a model trained on one
version refuses another.
"""

from typing import Final

import numpy as np
from numba import njit

from router.signals.letters import TEXT_MAX, Int64s, UInt32s, Whole, code_points, spelled
from router.signals.scan import CLEAN, CUES, FEATURES, MASS, PLAIN, ROUND, scan
from router.signals.stop_words import STOP_WORDS

FEATURE_VERSION: Final = 1

RUN_MAX: Final = 5  # codes of the longest run
PAIR_WEIGHT: Final = 3
CONTENT_MAX: Final = 24  # content words that are paired: 276 pairs
STEM: Final = 4  # letters of a content word that count in a pair
CONTENT_LETTERS_MIN: Final = 2

PLAIN_MAX: Final = 2 * TEXT_MAX + 3
WORDS_MAX: Final = PLAIN_MAX // 2
FEATURES_MAX: Final = (RUN_MAX - 1) * PLAIN_MAX + 2 * WORDS_MAX + CONTENT_MAX * CONTENT_MAX // 2 + 1
SEEN_SIZE: Final = 1 << 16
SCRATCH: Final = SEEN_SIZE + CONTENT_MAX  # what was seen, then the stems of content words
assert FEATURES_MAX < SEEN_SIZE // 2  # the table of what was seen stays half empty
Mark = tuple[Whole, Whole]  # the number of this message, and the last place of its table

MASK32: Final = 0xFFFFFFFF
FNV_PRIME: Final = 16_777_619
FNV_START: Final = 2_166_136_261
WORD_START: Final = 0x5B1CE51
PAIR_START: Final = 0x1F3D5B79
NEIGHBOUR_START: Final = 0x7A2C9E1D
EDGE: Final = 1  # what stands before the first word and behind the last


@njit(cache=True, nogil=True)
def mixed(value: Whole) -> Whole:
    """
    Return 32 well-mixed bits of a 32-bit value, so that any of them may choose a bucket.

    Two rounds of multiply and shift, with the constants Wellons found by search
    (https://nullprogram.com/blog/2018/07/31/).

    Parameters
    ----------
    value : int64
        0 to 2**32 - 1.
    """
    value ^= value >> 15
    value = (value * 0x2C1B3C6D) & 0xFFFFFFFF
    value ^= value >> 12
    value = (value * 0x297A2D39) & 0xFFFFFFFF
    return value ^ (value >> 15)


@njit(cache=True, nogil=True)
def joined(first: Whole, second: Whole, start: Whole) -> Whole:
    """
    Return the hash of two hashes in order.

    Parameters
    ----------
    first, second, start : int64
        0 to 2**32 - 1; ``start`` tells kinds of features apart.
    """
    value = ((first ^ start) * 16_777_619) & 0xFFFFFFFF
    value ^= value >> 13
    return ((value ^ second) * 16_777_619) & 0xFFFFFFFF


def _stop_table() -> Int64s:
    """Return the hashes of all stop words in an open table of a power of two."""
    words = {word for words in STOP_WORDS.values() for word in words.split()}
    table = np.full(2048, -1, dtype=np.int64)
    assert len(words) < table.size // 2
    for word in sorted(words):
        value: Whole = WORD_START
        for char in word:
            value = ((value ^ ord(char)) * FNV_PRIME) & MASK32
        place = value & (table.size - 1)
        while table[place] >= 0:
            place = (place + 1) & (table.size - 1)
        table[place] = value
    return table


STOPS: Final = _stop_table()


@njit(cache=True, nogil=True)
def _is_stop(word: Whole) -> bool:
    place = word & (STOPS.size - 1)
    while STOPS[place] >= 0:
        if STOPS[place] == word:
            return True
        place = (place + 1) & (STOPS.size - 1)
    return False


@njit(cache=True, nogil=True)
def _put(value: Whole, ids: UInt32s, n: Whole, seen: Int64s, mark: Mark) -> Whole:
    """Append the hash unless this message has it already; return how many there are now."""
    value = mixed(value)
    mask = mark[1]
    place = value & mask
    entry = (mark[0] << 32) | value
    while seen[place] >> 32 == mark[0]:
        if seen[place] == entry:
            return n
        place = (place + 1) & mask
    seen[place] = entry
    ids[n] = value
    return n + 1


@njit(cache=True, nogil=True)
def _runs(plain: UInt32s, end: Whole, ids: UInt32s, seen: Int64s, mark: Mark) -> Whole:
    """Put the hashes of all runs of 2 to ``RUN_MAX`` codes; return how many features there are."""
    n = 0
    for i in range(end - 1):
        value = ((FNV_START ^ np.int64(plain[i])) * FNV_PRIME) & MASK32
        for j in range(i + 1, min(i + RUN_MAX, end)):
            value = ((value ^ np.int64(plain[j])) * FNV_PRIME) & MASK32
            n = _put(value, ids, n, seen, mark)
    return n


@njit(cache=True, nogil=True)
def _words(
    plain: UInt32s,
    end: Whole,
    ids: UInt32s,
    n: Whole,
    seen: Int64s,
    mark: Mark,
) -> tuple[Whole, Whole]:
    """Put words and neighbours, list the stems of content words; return both counts."""
    held = 0
    before: Whole = EDGE
    value: Whole = WORD_START
    stem: Whole = WORD_START
    letters = 0
    for i in range(1, end):
        code = np.int64(plain[i])
        if code != 32:
            value = ((value ^ code) * FNV_PRIME) & MASK32
            letters += 1
            if letters <= STEM:
                stem = value
            continue
        if letters > 0:
            n = _put(value, ids, n, seen, mark)
            n = _put(joined(before, value, NEIGHBOUR_START), ids, n, seen, mark)
            if letters >= CONTENT_LETTERS_MIN and held < CONTENT_MAX and not _is_stop(value):
                seen[SEEN_SIZE + held] = stem
                held += 1
            before = value
        value = WORD_START
        letters = 0
    n = _put(joined(before, EDGE, NEIGHBOUR_START), ids, n, seen, mark)
    return n, held


@njit(cache=True, nogil=True)
def _pairs(held: Whole, ids: UInt32s, n: Whole, seen: Int64s, mark: Mark) -> Whole:
    """Put all unordered pairs of different stems; return how many features there are."""
    for i in range(held):
        for j in range(i + 1, held):
            low = min(seen[SEEN_SIZE + i], seen[SEEN_SIZE + j])
            high = max(seen[SEEN_SIZE + i], seen[SEEN_SIZE + j])
            if low != high:
                n = _put(joined(low, high, PAIR_START), ids, n, seen, mark)
    return n


@njit(cache=True, nogil=True)
def _last_place(end: Whole) -> Whole:
    """Return the last place of a table that is half empty at worst: a small one stays in the inner caches."""
    most = RUN_MAX * end + CONTENT_MAX * CONTENT_MAX // 2 + 1
    size = 1024
    while size < 2 * most:
        size <<= 1
    return size - 1


@njit(cache=True, nogil=True)
def hash_features(plain: UInt32s, cues: Int64s, ids: UInt32s, seen: Int64s) -> None:
    """
    Hash the features of a scanned message.

    Parameters
    ----------
    plain : uint32 (n,)
        What ``scan`` folded; ``cues[PLAIN]`` says how much of it counts.
    cues : int64 (CUES,)
        Gets ``FEATURES``, how many there are; ``MASS``, the sum of their squared weights; and
        ``ROUND``, one more than before.
    ids : uint32 (FEATURES_MAX,)
        Overwritten: the hashes, those of pairs last.
    seen : int64 (SCRATCH,)
        Scratch of this function, zero before the first message and then left alone.
    """
    end = cues[PLAIN]
    if cues[ROUND] >= 0x7FFFFFFE:
        seen[:] = 0
        cues[ROUND] = 0
    cues[ROUND] += 1
    mark = (cues[ROUND], _last_place(end))
    n = _runs(plain, end, ids, seen, mark)
    n, held = _words(plain, end, ids, n, seen, mark)
    single = n
    n = _pairs(held, ids, n, seen, mark)
    cues[FEATURES] = n
    cues[MASS] = single + (n - single) * (PAIR_WEIGHT * PAIR_WEIGHT)


@njit(cache=True, nogil=True)
def read_message(
    points: UInt32s,
    plain: UInt32s,
    clean: UInt32s,
    cues: Int64s,
    ids: UInt32s,
    seen: Int64s,
) -> None:
    """
    Scan a message and hash its features: the whole pass in one call.

    Parameters
    ----------
    points : uint32 (n,)
        The code points, ``TEXT_MAX`` at most.
    plain, clean, ids : uint32 (PLAIN_MAX,), (TEXT_MAX + 1,), (FEATURES_MAX,)
        Overwritten.
    cues, seen : int64 (CUES,), (SCRATCH,)
        Counts, and the scratch of ``hash_features``.
    """
    scan(points, plain, clean, cues)
    hash_features(plain, cues, ids, seen)


class Reading:
    """
    What the pass found in a message: views of the pass's own arrays, valid until its next read.

    Properties
    ----------
    ids
        uint32 (n,), hashes, each once; those of pairs last.
    plain
        uint32 (m,), masked and folded code points.
    clean
        uint32 (k,), masked code points in their own case.
    cues
        int64 (CUES,), counts, by the places in ``scan``.
    """

    __slots__ = ("_clean", "all_ids", "all_plain", "cues")

    def __init__(self) -> None:
        self.all_ids = np.zeros(FEATURES_MAX, dtype=np.uint32)
        self.cues = np.zeros(CUES, dtype=np.int64)
        self.all_plain = np.zeros(PLAIN_MAX, dtype=np.uint32)
        self._clean = np.zeros(TEXT_MAX + 1, dtype=np.uint32)

    @property
    def ids(self) -> UInt32s:
        """Return the hashes."""
        return self.all_ids[: self.cues[FEATURES]]

    @property
    def plain(self) -> UInt32s:
        """Return what was folded."""
        return self.all_plain[: self.cues[PLAIN]]

    @property
    def clean(self) -> UInt32s:
        """Return what is left of the message."""
        return self._clean[: self.cues[CLEAN]]

    @property
    def mass(self) -> int:
        """Return the squared length of the message's vector."""
        return int(self.cues[MASS])

    @property
    def is_empty(self) -> bool:
        """Tell whether there is no word in the message."""
        return bool(self.cues[PLAIN] <= 1)


class Pass:
    """The arrays that a pass needs. One thread at a time may read with it."""

    __slots__ = ("_arrays", "_reading")

    def __init__(self) -> None:
        found = self._reading = Reading()
        seen = np.zeros(SCRATCH, dtype=np.int64)
        self._arrays = (found.all_plain, found._clean, found.cues, found.all_ids, seen)  # noqa: SLF001

    def read(self, text: str) -> Reading:
        """Return what any text says; it is valid until the next read."""
        read_message(code_points(text), *self._arrays)
        return self._reading


def features(text: str) -> UInt32s:
    """Return the hashes of a text in an array of their own; for training and tests."""
    return Pass().read(text).ids.copy()


def mask(text: str) -> str:
    """Return the text without addresses, handles, numbers and ids, in its own case."""
    return spelled(Pass().read(text).clean)
