"""A segment: some documents with their index of words and their vectors, never changed once built."""

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

from router.search.nearest import best_meanings
from router.search.postings import (
    BLOCK,
    Forward,
    Postings,
    find_terms,
    impact_in,
    score_words,
)
from router.search.ranking import NONE, Ranking, best_words, place_in

Arrays = tuple[NDArray[Any], ...]
NO_FORWARD = Forward(
    np.zeros(1, np.int64), np.zeros(0, np.uint64), np.zeros(0, np.uint16), np.zeros(0, np.int32)
)


class Segment(NamedTuple):
    """
    Documents in the order they came.

    ``flags`` uint8 (documents,) has a bit for the kind of each and is 0 for one that was removed; a
    removal makes a new array. ``vectors`` int8 (documents, d) is None where nothing was encoded, a
    row of zeros where this one was not.
    """

    ids: tuple[str, ...]
    titles: tuple[str, ...]
    flags: NDArray[np.uint8]
    forward: Forward
    postings: Postings
    vectors: NDArray[np.int8] | None = None

    @property
    def bytes(self) -> int:
        """Return the memory it takes, ids and titles included, as near as matters."""
        named = sum(2 * len(text) + 58 for texts in (self.ids, self.titles) for text in texts)
        arrays = sum(array.nbytes for array in (*self.forward, *self.postings, self.flags))
        return named + arrays + (0 if self.vectors is None else self.vectors.nbytes)


@njit(cache=True, nogil=True)
def rank_words(
    terms: NDArray[np.uint64],
    postings: Arrays,
    flags: NDArray[np.uint8],
    wanted: int,
    most: int,
) -> NDArray[np.int32]:
    """
    Rank a segment's documents by the words of a query; return rows and scores (2, found).

    What it needs it takes from the heap itself: that is cheaper than handing arrays over.

    Parameters
    ----------
    terms
        uint64 (q,), q <= QUERY_TERMS_MAX. Read only.
    postings
        The arrays of ``Postings`` in their order, as a plain tuple: Numba takes twice as long to tell the
        types in a named one. Read only.
    flags
        uint8 (documents,), a bit for the kind of each; 0 for one that was removed. Read only.
    wanted
        int, the bits of the kinds that are wanted.
    most
        int, how many are wanted, at least 1.
    """
    numbers = np.empty(terms.shape[0], np.int32)
    keys, places, start, docs, impacts, dense, table = postings
    find_terms(terms, keys, places, numbers)
    scores = np.empty(-(-flags.shape[0] // BLOCK) * BLOCK, np.uint16)
    score_words(numbers, (start, docs, impacts), dense, table, scores)
    found = np.empty((2, most), np.int32)
    count = best_words(scores, flags, wanted, found[0], found[1])
    return found[:, :count]


@njit(cache=True, nogil=True)
def explain_words(terms: NDArray[np.uint64], row: int, postings: Postings) -> NDArray[np.int32]:
    """
    Return what each term of a query adds to one document (q,).

    Parameters
    ----------
    terms
        uint64 (q,). Read only.
    row
        int, the document.
    postings
        ``Postings``, the segment's index. Read only.
    """
    out = np.empty(terms.shape[0], np.int32)
    find_terms(terms, postings.keys, postings.places, out)
    for i in range(terms.shape[0]):
        number = out[i]
        out[i] = impact_in(number, row, postings.start, postings.rows, postings.impacts)
    return out


def by_words(
    number: int, segment: Segment, terms: NDArray[np.uint64], asked: tuple[int, int]
) -> Ranking:
    """Return the ranking of a segment by words; ``asked`` is the kinds wanted and how many."""
    rows, scores = rank_words(terms, tuple(segment.postings), segment.flags, *asked).tolist()
    return _ranking(number, rows, scores)


def by_meaning(
    number: int, segment: Segment, query: NDArray[np.int8], asked: tuple[int, int]
) -> Ranking:
    """Return the ranking of a segment by meaning; nothing where nothing was encoded."""
    if segment.vectors is None:
        return NONE
    wanted, most = asked
    rows, best = np.empty(most, np.int32), np.empty(most, np.int32)
    count = best_meanings(segment.vectors, query, segment.flags, wanted, rows, best)
    return _ranking(number, rows[:count].tolist(), best[:count].tolist())


def _ranking(number: int, rows: list[int], scores: list[int]) -> Ranking:
    return Ranking([place_in(number, row) for row in rows] if number else rows, scores)


def joined(segments: Sequence[Segment]) -> tuple[tuple[str, ...], tuple[str, ...], Segment]:
    """Return ids, titles and the rest of what is left of some segments; the index is the first one's."""
    kept = [np.flatnonzero(segment.flags) for segment in segments]
    ids = tuple(s.ids[row] for s, rows in zip(segments, kept, strict=True) for row in rows.tolist())
    titles = tuple(
        s.titles[row] for s, rows in zip(segments, kept, strict=True) for row in rows.tolist()
    )
    flags = np.concatenate([s.flags[rows] for s, rows in zip(segments, kept, strict=True)])
    forward = _joined_forward(segments, kept)
    vectors = _joined_vectors(segments, kept)
    return ids, titles, Segment(ids, titles, flags, forward, segments[0].postings, vectors)


def _joined_forward(segments: Sequence[Segment], kept: Sequence[NDArray[np.int64]]) -> Forward:
    sizes, terms, counts, lengths = [], [], [], []
    for segment, rows in zip(segments, kept, strict=True):
        source = segment.forward
        size = np.diff(source.start)
        alive = np.zeros(size.size, np.bool_)
        alive[rows] = True
        mask = np.repeat(alive, size)
        sizes.append(size[rows])
        terms.append(source.terms[mask])
        counts.append(source.counts[mask])
        lengths.append(source.lengths[rows])
    start = np.concatenate([np.zeros(1, np.int64), np.cumsum(np.concatenate(sizes))])
    return Forward(start, np.concatenate(terms), np.concatenate(counts), np.concatenate(lengths))


def _joined_vectors(
    segments: Sequence[Segment], kept: Sequence[NDArray[np.int64]]
) -> NDArray[np.int8] | None:
    widths = {s.vectors.shape[1] for s in segments if s.vectors is not None}
    if not widths:
        return None
    width = widths.pop()
    return np.concatenate(
        [
            np.zeros((rows.size, width), np.int8) if s.vectors is None else s.vectors[rows]
            for s, rows in zip(segments, kept, strict=True)
        ]
    )
