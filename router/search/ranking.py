"""
The best of many scores, and one ranking from two.

Rankings by words and by meaning are fused by their ranks alone, since their scores have no common
unit (Cormack, Clarke and Büttcher 2009, Reciprocal rank fusion outperforms Condorcet and individual
rank learning methods, doi:10.1145/1571941.1572114).
"""

from collections.abc import Sequence
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
#: What each rank gives, nothing for no rank.
POINTS = (0, *(RANK_POINTS // (RANK_OFFSET + rank) for rank in range(1, FUSED_DEPTH + 1)))


class Ranked(NamedTuple):
    """A document of a ranking: its place in the snapshot (segment, row), and its score there."""

    segment: int
    row: int
    score: int


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


def merged(rankings: Sequence[list[Ranked]], most: int) -> list[Ranked]:
    """Return one ranking of several segments: by score, then by place."""
    if len(rankings) == 1:
        return rankings[0][:most]
    found = [each for ranking in rankings for each in ranking]
    found.sort(key=lambda each: (-each.score, each.segment, each.row))
    return found[:most]


class Choice(NamedTuple):
    """A document that one or both rankings have; ranks count from 1."""

    place: Ranked
    word_rank: int | None
    meaning_rank: int | None

    @property
    def points(self) -> int:
        """Return the sum of what its ranks give."""
        return POINTS[self.word_rank or 0] + POINTS[self.meaning_rank or 0]


def fused(words: Sequence[Ranked], meanings: Sequence[Ranked], most: int) -> list[Choice]:
    """Return the best of two rankings by the points of their ranks, then by place."""
    found = {
        (each.segment, each.row): Choice(each, rank, None) for rank, each in enumerate(words, 1)
    }
    for rank, each in enumerate(meanings, 1):
        place = (each.segment, each.row)
        known = found.get(place)
        word_rank = None if known is None else known.word_rank
        found[place] = Choice(each if known is None else known.place, word_rank, rank)
    ordered = sorted(found.items(), key=lambda item: (-item[1].points, item[0]))
    return [choice for _, choice in ordered[:most]]
