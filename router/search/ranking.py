"""
The best of many scores, and one ranking from two.

Rankings by words and by meaning are fused by their ranks alone, since their scores have no common
unit (Cormack, Clarke and Büttcher 2009, Reciprocal rank fusion outperforms Condorcet and individual
rank learning methods, doi:10.1145/1571941.1572114).
"""

from collections.abc import Sequence
from itertools import repeat
from typing import NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

from router.search.limits import FUSED_DEPTH
from router.search.postings import BLOCK

#: The constant of Cormack et al.; the paper found the results to depend little on it.
RANK_OFFSET = 60
#: Points of a first rank times its offset: ranks give whole numbers, equal on every machine.
RANK_POINTS = 1_000_000
#: What each rank gives, from the first on.
POINTS = tuple(RANK_POINTS // (RANK_OFFSET + rank) for rank in range(1, FUSED_DEPTH + 2))
RANKS = range(1, FUSED_DEPTH + 2)
#: A place is a segment above these many bits of a row.
ROW_BITS = 32
PLACE_BITS = 48
PLACE_MASK = (1 << PLACE_BITS) - 1


@njit(cache=True, nogil=True)
def insert(
    row: int, score: int, count: int, rows: NDArray[np.int32], best: NDArray[np.int32]
) -> int:
    """
    Put a document into its place among the best; return how many there are now.

    Parameters
    ----------
    row, score
        int, the document; it comes after all that are there and have the same score.
    count
        int, how many there are.
    rows, best
        int32 (most,), documents and scores, the best first. Changed in place.
    """
    most = len(best)
    at = count if count < most else most - 1
    while at > 0 and best[at - 1] < score:
        best[at] = best[at - 1]
        rows[at] = rows[at - 1]
        at -= 1
    best[at] = score
    rows[at] = row
    return min(count + 1, most)


@njit(cache=True, nogil=True)
def top_of(scores: NDArray[np.uint16]) -> int:
    """
    Return the largest of some scores.

    Parameters
    ----------
    scores
        uint16 (n,). Read only.
    """
    # A loop from zero, so that LLVM sees that no index is negative and takes many at a time.
    top = np.uint16(0)
    for i in range(scores.shape[0]):
        if scores[i] > top:
            top = scores[i]
    return int(top)


@njit(cache=True, nogil=True)
def best_words(
    scores: NDArray[np.uint16],
    flags: NDArray[np.uint8],
    wanted: int,
    rows: NDArray[np.int32],
    best: NDArray[np.int32],
) -> int:
    """
    Choose the best documents, earlier ones first among equals; return how many there are.

    Parameters
    ----------
    scores
        uint16 (padded,), whole blocks; those beyond the documents are 0. Read only.
    flags
        uint8 (documents,), a bit for the kind of each; 0 for one that was removed. Read only.
    wanted
        int, the bits of the kinds that are wanted.
    rows, best
        int32 (most,), most >= 1. Overwritten up to the number returned.
    """
    count, bar = 0, 0
    for start in range(0, scores.shape[0], BLOCK):
        if top_of(scores[start : start + BLOCK]) <= bar:
            continue
        for i in range(start, start + BLOCK):
            if scores[i] > bar and flags[i] & wanted:
                count = insert(i, int(scores[i]), count, rows, best)
                if count == best.shape[0]:
                    bar = best[count - 1]
    return count


class Ranking(NamedTuple):
    """Documents, the best first: their places in the snapshot, and their scores in this ranking."""

    places: list[int]
    scores: list[int]


NONE = Ranking([], [])


def place_in(segment: int, row: int) -> int:
    """Return the one number of a row of a segment; numbers rise in the order documents came."""
    return segment << ROW_BITS | row


def merged(rankings: Sequence[Ranking], most: int) -> Ranking:
    """Return one ranking of several segments: by score, then by place."""
    if len(rankings) == 1:
        return rankings[0]
    found = sorted(
        (-score, place)
        for ranking in rankings
        for place, score in zip(ranking.places, ranking.scores, strict=True)
    )[:most]
    return Ranking([place for _, place in found], [-score for score, _ in found])


#: A document that one or both rankings have: its place, the points of its ranks, and its rank by words
#: and by meaning, counted from 1.
Choice = tuple[int, int, int | None, int | None]


def ranked(words: Ranking) -> list[Choice]:
    """Return one ranking alone as choices."""
    return list(zip(words.places, POINTS, RANKS, repeat(None), strict=False))


def fused(words: Ranking, meanings: Ranking, most: int) -> list[Choice]:
    """Return the best of two rankings by the points of their ranks, then by place."""
    points = dict(zip(words.places, POINTS, strict=False))
    for place, more in zip(meanings.places, POINTS, strict=False):
        points[place] = points.get(place, 0) + more
    # One number for each, so that sorting compares no tuples: points above, then the place.
    ordered = sorted(place - (value << PLACE_BITS) for place, value in points.items())[:most]
    word_rank = {place: rank for rank, place in enumerate(words.places, 1)}
    meaning_rank = {place: rank for rank, place in enumerate(meanings.places, 1)}
    chosen = [each & PLACE_MASK for each in ordered]
    return [(each, points[each], word_rank.get(each), meaning_rank.get(each)) for each in chosen]
