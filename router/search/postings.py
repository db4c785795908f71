"""
BM25 over quantised impacts: what a term adds to each document, computed once, summed as integers.

The impact of a term in a document is its whole BM25 contribution in 8 bits (Anh, de Kretser and
Moffat 2001, Vector-space ranking with effective early termination, doi:10.1145/383952.383957), with
the weights of Lucene: idf = ln(1 + (n - df + 0.5) / (df + 0.5)), tf / (tf + k1 (1 - b + b len / mean)).
Postings of rare terms are lists; a term in every sixteenth document or more has a dense row of
impacts instead, one byte for each document, which adds thirty-two documents an instruction and makes
common words cheap without leaving any out. So no pruning is needed, and every score is exact.
"""

import math
from typing import NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

from router.search.limits import IMPACT_MAX

K1 = 1.2
B = 0.75
DENSE_SHARE = 16
#: Documents a row is padded to; a block of the choice has as many.
BLOCK = 256
NO_TERM = np.uint64(0)


class Postings(NamedTuple):
    """
    One segment's index of words.

    ``keys`` uint64 (2^k,) is an open hash table of terms, 0 where free; ``places`` int32 (2^k,) has the
    term's number. ``start`` int64 (terms + 1,) says where its list begins in ``rows`` uint32 (postings,),
    documents in rising order, and ``impacts`` uint8 (postings,). ``dense`` int32 (terms,) is its row in
    ``table`` uint8 (dense, padded), or -1. A term with a dense row keeps its list too.
    """

    keys: NDArray[np.uint64]
    places: NDArray[np.int32]
    start: NDArray[np.int64]
    rows: NDArray[np.uint32]
    impacts: NDArray[np.uint8]
    dense: NDArray[np.int32]
    table: NDArray[np.uint8]

    @property
    def bytes(self) -> int:
        """Return the memory of all arrays."""
        return sum(array.nbytes for array in self)


class Forward(NamedTuple):
    """
    The terms of each document: what an index is built from, and built anew when segments merge.

    ``start`` int64 (documents + 1,), ``terms`` uint64 and ``counts`` uint16 (postings,), ``lengths``
    int32 (documents,) in terms.
    """

    start: NDArray[np.int64]
    terms: NDArray[np.uint64]
    counts: NDArray[np.uint16]
    lengths: NDArray[np.int32]


class Weighing(NamedTuple):
    """What impacts are made with: documents counted, their mean length, points a unit of BM25."""

    documents: int
    mean_length: float
    points: float


def weighing(documents: int, mean_length: float) -> Weighing:
    """Return the weighing under which the rarest term fills the 8 bits."""
    largest = math.log(1.0 + (documents - 0.5) / 1.5) if documents > 1 else math.log(4 / 3)
    return Weighing(documents, max(mean_length, 1.0), IMPACT_MAX / largest)


@njit(cache=True, nogil=True)
def place_of(term: np.uint64, keys: NDArray[np.uint64]) -> int:
    """
    Return where a term is in the table, or the free place where it would be.

    Parameters
    ----------
    term
        uint64, not 0.
    keys
        uint64 (2^k,), 0 where free; never full. Read only.
    """
    mask = np.uint64(keys.shape[0] - 1)
    at = term & mask
    while keys[at] != NO_TERM and keys[at] != term:
        at = (at + np.uint64(1)) & mask
    return int(at)


@njit(cache=True, nogil=True)
def number_terms(
    terms: NDArray[np.uint64],
    keys: NDArray[np.uint64],
    places: NDArray[np.int32],
    out: NDArray[np.int32],
) -> int:
    """
    Number the different terms in the order they come; return how many, -1 if the table is too small.

    Parameters
    ----------
    terms
        uint64 (postings,). Read only.
    keys, places
        uint64 (2^k,) zeros, int32 (2^k,). Overwritten: the hash table.
    out
        int32 (postings,), each posting's number. Overwritten.
    """
    found = 0
    for i in range(terms.shape[0]):
        at = place_of(terms[i], keys)
        if keys[at] == NO_TERM:
            if 2 * (found + 1) > keys.shape[0]:
                return -1
            keys[at] = terms[i]
            places[at] = found
            found += 1
        out[i] = places[at]
    return found


@njit(cache=True, nogil=True)
def fill_lists(
    forward: tuple[NDArray[np.int64], NDArray[np.int32], NDArray[np.uint16], NDArray[np.float64]],
    weights: NDArray[np.float64],
    start: NDArray[np.int64],
    rows: NDArray[np.uint32],
    impacts: NDArray[np.uint8],
) -> None:
    """
    Fill the lists of all terms.

    Parameters
    ----------
    forward
        (int64 (documents + 1,), int32 (postings,), uint16 (postings,), float64 (documents,)): where each
        document's terms begin, their numbers, their counts, k1 (1 - b + b len / mean). Read only.
    weights
        float64 (terms,), points of each term: its idf times the points of a unit. Read only.
    start
        int64 (terms + 1,), where lists begin. Moved to where they end: start[t] becomes start[t + 1].
    rows, impacts
        uint32 (postings,), uint8 (postings,). Overwritten.
    """
    begins, numbers, counts, norms = forward
    for document in range(norms.shape[0]):
        for i in range(begins[document], begins[document + 1]):
            term = numbers[i]
            tf = float(counts[i])
            points = weights[term] * tf / (tf + norms[document])
            at = start[term]
            rows[at] = np.uint32(document)
            impacts[at] = np.uint8(min(float(IMPACT_MAX), max(1.0, math.floor(points + 0.5))))
            start[term] = at + 1


def build(
    forward: Forward, weigh: Weighing, elsewhere: NDArray[np.int64] | None = None
) -> Postings:
    """
    Return the index of some documents.

    ``elsewhere`` int64 (postings,) counts for each posting the documents of other segments that have
    its term, so that a small segment weighs words as the whole collection does.
    """
    keys, places, numbers, terms = _numbered(forward.terms)
    start = np.zeros(terms + 1, np.int64)
    np.cumsum(np.bincount(numbers, minlength=terms)[:terms], out=start[1:])
    df = np.diff(start).astype(np.float64)
    if elsewhere is not None:
        others = np.zeros(terms, np.int64)
        others[numbers] = elsewhere
        df += others
    n = max(float(weigh.documents), float(df.max(initial=0.0)))
    idf = np.log(1.0 + (n - df + 0.5) / (df + 0.5))
    norms = (K1 * (1.0 - B + B * forward.lengths / weigh.mean_length)).astype(np.float64)
    rows = np.empty(numbers.size, np.uint32)
    impacts = np.empty(numbers.size, np.uint8)
    source = (forward.start, numbers, forward.counts, norms)
    fill_lists(source, idf * weigh.points, start[:-1].copy(), rows, impacts)
    dense, table = _dense(start, rows, impacts, forward.lengths.size)
    return Postings(keys, places, start, rows, impacts, dense, table)


def padded(documents: int) -> int:
    """Return the length of a row of scores: whole blocks."""
    return -(-documents // BLOCK) * BLOCK


def _numbered(
    terms: NDArray[np.uint64],
) -> tuple[NDArray[np.uint64], NDArray[np.int32], NDArray[np.int32], int]:
    """Return the hash table of the terms, each posting's number, and how many terms there are."""
    size = 1 << max(4, int(terms.size // 8).bit_length())
    numbers = np.empty(terms.size, np.int32)
    while True:
        keys, places = np.zeros(size, np.uint64), np.full(size, -1, np.int32)
        found = number_terms(terms, keys, places, numbers)
        if found >= 0:
            return keys, places, numbers, found
        size *= 4


def _dense(
    start: NDArray[np.int64], rows: NDArray[np.uint32], impacts: NDArray[np.uint8], documents: int
) -> tuple[NDArray[np.int32], NDArray[np.uint8]]:
    """Return the dense rows of the terms that many documents have."""
    df = np.diff(start)
    common = np.flatnonzero(df * DENSE_SHARE >= max(documents, BLOCK))
    dense = np.full(df.size, -1, np.int32)
    dense[common] = np.arange(common.size)
    table = np.zeros((common.size, padded(documents)), np.uint8)
    for row, term in enumerate(common):
        span = slice(start[term], start[term + 1])
        table[row, rows[span]] = impacts[span]
    return dense, table


@njit(cache=True, nogil=True)
def find_terms(
    terms: NDArray[np.uint64],
    keys: NDArray[np.uint64],
    places: NDArray[np.int32],
    out: NDArray[np.int32],
) -> None:
    """
    Fill in the number of each term, -1 where the segment has none.

    Parameters
    ----------
    terms
        uint64 (q,), not 0. Read only.
    keys, places
        uint64 (2^k,), int32 (2^k,), the hash table. Read only.
    out
        int32 (q,). Overwritten.
    """
    for i in range(terms.shape[0]):
        at = place_of(terms[i], keys)
        out[i] = places[at] if keys[at] == terms[i] else -1


@njit(cache=True, nogil=True)
def add_row(row: NDArray[np.uint8], scores: NDArray[np.uint16]) -> None:
    """
    Add a dense row of impacts to the scores.

    Parameters
    ----------
    row
        uint8 (padded,). Read only.
    scores
        uint16 (padded,). Changed in place; the caller sees to it that no sum passes 16 bits.
    """
    for i in range(row.shape[0]):
        scores[i] += np.uint16(row[i])


@njit(cache=True, nogil=True)
def add_four(
    one: NDArray[np.uint8],
    two: NDArray[np.uint8],
    three: NDArray[np.uint8],
    four: NDArray[np.uint8],
    scores: NDArray[np.uint16],
) -> None:
    """
    Add four dense rows at once, so that the scores are read and written once for all.

    Parameters
    ----------
    one, two, three, four
        uint8 (padded,). Read only.
    scores
        uint16 (padded,). Changed in place.
    """
    for i in range(scores.shape[0]):
        pair = np.uint16(np.uint16(one[i]) + np.uint16(two[i]))
        other = np.uint16(np.uint16(three[i]) + np.uint16(four[i]))
        scores[i] = np.uint16(scores[i] + np.uint16(pair + other))


@njit(cache=True, nogil=True)
def score_words(
    numbers: NDArray[np.int32],
    lists: tuple[NDArray[np.int64], NDArray[np.uint32], NDArray[np.uint8]],
    dense: NDArray[np.int32],
    table: NDArray[np.uint8],
    scores: NDArray[np.uint16],
) -> None:
    """
    Fill in the BM25 score of every document.

    Parameters
    ----------
    numbers
        int32 (q,), the query's terms, -1 where there is none; q <= QUERY_TERMS_MAX. Read only.
    lists
        (int64 (terms + 1,), uint32 (postings,), uint8 (postings,)): starts, rows, impacts. Read only.
    dense, table
        int32 (terms,), uint8 (dense, padded): the dense rows. Read only.
    scores
        uint16 (padded,). Overwritten.
    """
    start, rows, impacts = lists
    scores[:] = np.uint16(0)
    held, waiting = np.empty(4, np.int64), 0
    for i in range(numbers.shape[0]):
        term = numbers[i]
        if term < 0:
            continue
        if dense[term] >= 0:
            held[waiting] = dense[term]
            waiting += 1
            if waiting == 4:
                waiting = 0
                first, second = table[held[0]], table[held[1]]
                add_four(first, second, table[held[2]], table[held[3]], scores)
        else:
            for at in range(start[term], start[term + 1]):
                scores[rows[at]] += np.uint16(impacts[at])
    for i in range(waiting):
        add_row(table[held[i]], scores)


@njit(cache=True, nogil=True)
def impact_in(
    number: int,
    document: int,
    start: NDArray[np.int64],
    rows: NDArray[np.uint32],
    impacts: NDArray[np.uint8],
) -> int:
    """
    Return what a term adds to one document, by halving its list; 0 if it is not in it.

    Parameters
    ----------
    number, document
        int, a term's number (-1 is none) and a document's row.
    start, rows, impacts
        int64 (terms + 1,), uint32 (postings,), uint8 (postings,). Read only.
    """
    if number < 0:
        return 0
    low, high = start[number], start[number + 1]
    while low < high:
        middle = (low + high) >> 1
        if rows[middle] < document:
            low = middle + 1
        else:
            high = middle
    if low < start[number + 1] and rows[low] == document:
        return int(impacts[low])
    return 0
