"""The pairs known of each row: some are handed to the assignment, the others are held in reserve.

Parameters
----------
known
    ``Known``: pairs of all rows.
rows
    int64 (any,), some rows, each once. Read only.
prices
    int64 (agents,), points. Read only.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

from solver.problem import Problem

if TYPE_CHECKING:
    from solver.scoring.arrays import Work

Int32s = NDArray[np.int32]
Int64s = NDArray[np.int64]


class Known(NamedTuple):
    """Pairs by row; ``kept`` says which of them the assignment has."""

    agent: Int32s  # (rows, width)
    value: Int32s  # (rows, width) points
    size: Int32s  # (rows,) how many a row has
    kept: NDArray[np.bool_]  # (rows, width)


def make_known(rows: int, width: int) -> Known:
    """Return room for so many pairs a row."""
    shape, i4 = (rows, width), np.int32
    return Known(
        np.zeros(shape, i4), np.zeros(shape, i4), np.zeros(rows, i4), np.zeros(shape, np.bool_)
    )


def widened(known: Known, width: int) -> Known:
    """Return the same pairs with room for more."""
    more = ((0, 0), (0, max(0, width - known.agent.shape[1])))
    return known._replace(
        agent=np.pad(known.agent, more),
        value=np.pad(known.value, more),
        kept=np.pad(known.kept, more),
    )


def learn(known: Known, rows: Int64s, work: Work) -> Known:
    """Return the pairs with what a pass picked for some rows, all of it held in reserve for now."""
    width = int((known.size[rows] + work.picks[rows]).max(initial=0))
    known = widened(known, width)
    _append(known, rows, work.agent, work.value, work.picks)
    return known


@njit(cache=True, nogil=True)
def _append(known: Known, rows: Int64s, agent: Int32s, value: Int32s, picks: Int32s) -> None:
    """Append picks to rows; agents a row knows already are not appended again."""
    for row in rows:
        size = known.size[row]
        for k in range(picks[row]):
            seen = False
            for n in range(known.size[row]):
                seen = seen or known.agent[row, n] == agent[row, k]
            if not seen:
                known.agent[row, size], known.value[row, size] = agent[row, k], value[row, k]
                known.kept[row, size] = False
                size += 1
        known.size[row] = size


@njit(cache=True, nogil=True)
def gains(known: Known, prices: Int64s, of_kept: Int64s, of_all: Int64s) -> None:
    """
    Set what each row gains by the best of its pairs, or 0 by waiting.

    Parameters
    ----------
    of_kept, of_all
        int64 (rows,), points: by pairs that are kept, and by any known. Overwritten.
    """
    for row in range(known.size.size):
        best, any_best = np.int64(0), np.int64(0)
        for k in range(known.size[row]):
            gain = known.value[row, k] - prices[known.agent[row, k]]
            any_best = max(any_best, gain)
            if known.kept[row, k]:
                best = max(best, gain)
        of_kept[row], of_all[row] = best, any_best


@njit(cache=True, nogil=True)
def keep_best(known: Known, prices: Int64s, least: Int64s, more: int) -> int:
    """
    Keep those in reserve that gain a row more than ``least``, the best ones first; return how many rows got some.

    Parameters
    ----------
    least
        int64 (rows,), points.
    more
        int, pairs a row may get.
    """
    grown = 0
    for row in range(known.size.size):
        for added in range(more):
            best, best_gain = -1, least[row]
            for k in range(known.size[row]):
                gain = known.value[row, k] - prices[known.agent[row, k]]
                if not known.kept[row, k] and gain > best_gain:
                    best, best_gain = k, gain
            if best < 0:
                break
            known.kept[row, best] = True
            grown += int(added == 0)
    return grown


def pairs_of(known: Known, row: int) -> tuple[Int32s, Int32s]:
    """Return the agents and points of the pairs a row keeps."""
    kept = known.kept[row]
    return known.agent[row][kept], known.value[row][kept]


def problem_of(known: Known, slots: Int32s) -> Problem:
    """Return the pairs kept as a problem."""
    order = np.where(known.kept, known.agent, np.iinfo(np.int32).max).argsort(axis=1)
    kept = np.take_along_axis(known.kept, order, axis=1)
    agent = np.take_along_axis(known.agent, order, axis=1)[kept]
    value = np.take_along_axis(known.value, order, axis=1)[kept]
    row_ptr = np.append(0, np.cumsum(known.kept.sum(axis=1)))
    return Problem(row_ptr, agent, value, slots)
