"""Prices of rows by which columns bid for them, and the bound that follows."""

from typing import NamedTuple

import numpy as np
from numba import njit

from solver.kernels.pairs import Int64s
from solver.weighted.lists import Lists
from solver.weighted.patterns import Pattern, best_pattern

#: Prices move in fractions of a point while they are sought: a row's price falls by a share of
#: a step for each column it could go to.
FRACTION_BITS = 6
#: The step begins at this share of a row's best value and shrinks by a sixteenth a pass. Tried on
#: 12 floors of 1,000 rows: a quarter as long or as short leaves a worse bound after 100 passes.
STEP_SHARE = 8
SHRINK_SHIFT = 4
#: The bound is looked at in every so many passes: that costs as much as a pass.
LOOK_EVERY = 4


class Bids(NamedTuple):
    """The arrays in which row prices are sought."""

    order: Int64s  # (columns,) in which columns are asked
    fine: Int64s  # (rows,) points in 2**6ths
    trial: Int64s  # (rows,) points: prices being looked at; within a pass, what a bid takes off
    price: Int64s  # (rows,) points, the best prices so far


def make_bids(lists: Lists) -> Bids:
    """Return arrays for a problem."""
    rows = lists.row_ptr.size - 1
    return Bids(
        order=np.zeros(lists.capacity.size, dtype=np.int64),
        fine=np.zeros(rows, dtype=np.int64),
        trial=np.zeros(rows, dtype=np.int64),
        price=np.zeros(rows, dtype=np.int64),
    )


@njit(cache=True, nogil=True)
def shuffle(order: Int64s, seed: int) -> int:
    """Shuffle in place (Fisher and Yates); return the next seed.

    Parameters
    ----------
    order
        int64 (n,): shuffled in place.
    seed
        int, below 2**31: state of a linear congruential generator.
    """
    for at in range(order.size - 1, 0, -1):
        seed = (seed * 1103515245 + 12345) & 0x7FFFFFFF
        other = (seed >> 8) % (at + 1)
        kept = order[at]
        order[at] = order[other]
        order[other] = kept
    return seed


@njit(cache=True, nogil=True)
def bound(lists: Lists, pattern: Pattern, price: Int64s) -> np.int64:
    """Return what row prices prove: no plan is worth more points.

    That is all prices, plus what each column gains by the best set it can hold if it pays them.

    Parameters
    ----------
    price
        int64 (rows,), points, 0 or more.
    """
    sum_ = np.int64(0)
    for row in range(price.size):
        sum_ += price[row]
    for column in range(lists.capacity.size):
        start = lists.column_ptr[column]
        for pair in range(start, lists.column_ptr[column + 1]):
            pattern.gain[pair - start] = lists.value[pair] - price[lists.row[pair]]
        best_pattern(lists, pattern, column, lists.capacity[column])
        sum_ += pattern.best[lists.capacity[column]]
    return sum_


@njit(cache=True, nogil=True)
def _best_value(lists: Lists, row: int) -> np.int64:
    """Return what a row's best pair is worth, points; 0 if no pair fits."""
    if lists.row_ptr[row] == lists.row_ptr[row + 1]:
        return np.int64(0)
    return np.int64(lists.value[lists.row_pair[lists.row_ptr[row]]])


@njit(cache=True, nogil=True)
def _pass(lists: Lists, pattern: Pattern, bids: Bids, step: np.int64) -> None:
    """Let each column pick its best set at the present prices and move them at once (in place).

    Rows it could pick become cheaper, by a share of the step; those it does pick dearer by the
    step. A row picked by exactly one column ends a pass where it began.
    """
    fine, share = bids.fine, bids.trial
    for row in range(fine.size):
        share[row] = step // max(lists.row_ptr[row + 1] - lists.row_ptr[row], 1)
    for at in range(bids.order.size):
        column = bids.order[at]
        start, end = lists.column_ptr[column], lists.column_ptr[column + 1]
        for pair in range(start, end):
            worth = lists.value[pair] << FRACTION_BITS
            pattern.gain[pair - start] = worth - fine[lists.row[pair]]
        count = best_pattern(lists, pattern, column, lists.capacity[column])
        for pair in range(start, end):
            row = lists.row[pair]
            fine[row] = max(fine[row] - share[row], 0)
        for at_chosen in range(count):
            fine[lists.row[pattern.chosen[at_chosen]]] += step


@njit(cache=True, nogil=True)
def price_rows(lists: Lists, pattern: Pattern, bids: Bids, passes: int) -> np.int64:
    r"""Seek row prices that bound plans closely, by incremental subgradients; return the bound.

    The function is ``sum_i price_i + sum_j max over sets S that fit column j of
    sum_{i in S} (value_ij - price_i)``; its least value over prices of 0 or more is Dantzig and
    Wolfe's bound. Prices move after each column instead of after all of them, which is
    several times quicker while they are far off [1]_. The best prices seen end in ``bids.price``.

    Parameters
    ----------
    bids
        ``Bids`` with room for the problem. Overwritten.
    passes
        int, how many times all columns are asked.

    Returns
    -------
    dual
        int64, points: the bound those prices prove.

    References
    ----------
    .. [1] Nedic, A. and Bertsekas, D. P. (2001). Incremental subgradient methods for
       nondifferentiable optimization. doi:10.1137/S1052623499362111
    .. [2] Savelsbergh, M. (1997). A branch-and-price algorithm for the generalized assignment
       problem. doi:10.1287/opre.45.6.831
    """
    rows, sum_ = bids.fine.size, np.int64(0)
    for row in range(rows):
        value = _best_value(lists, row)
        sum_ += value
        bids.price[row] = value
        bids.fine[row] = (value << FRACTION_BITS) >> 1
    dual = bound(lists, pattern, bids.price)
    step = max((sum_ << FRACTION_BITS) // (STEP_SHARE * max(rows, 1)), np.int64(1))
    for column in range(bids.order.size):
        bids.order[column] = column
    seed = 1
    for turn in range(1, passes + 1):
        seed = shuffle(bids.order, seed)
        _pass(lists, pattern, bids, step)
        step = max(step - (step >> SHRINK_SHIFT), np.int64(1))
        if turn % LOOK_EVERY == 0 or turn == passes:
            for row in range(rows):
                # A step may go beyond a row's best value. There no pair gains anything, as at that
                # value itself, so the lower price proves a bound that is lower by the difference.
                price = bids.fine[row] >> FRACTION_BITS
                bids.trial[row] = min(price, _best_value(lists, row))
            found = bound(lists, pattern, bids.trial)
            if found < dual:
                dual = found
                bids.price[:] = bids.trial
    return dual


@njit(cache=True, nogil=True)
def unit_prices(lists: Lists, price: Int64s, out_price: Int64s) -> None:
    """Set for each column the least price of a unit at which it is not wanted too much.

    Parameters
    ----------
    price
        int64 (rows,), points: what each row is expected to be worth elsewhere.
    out_price
        int64 (columns,), points per unit. Overwritten.
    """
    for column in range(out_price.size):
        start, end = lists.column_ptr[column], lists.column_ptr[column + 1]
        low, high = np.int64(0), np.int64(0)
        for pair in range(start, end):
            gain = lists.value[pair] - price[lists.row[pair]]
            high = max(high, gain // lists.weight[pair])
        while low < high:
            middle = (low + high) >> 1
            units = np.int64(0)
            for pair in range(start, end):
                gain = lists.value[pair] - price[lists.row[pair]]
                if gain > middle * lists.weight[pair]:
                    units += lists.weight[pair]
            if units <= lists.capacity[column]:
                high = middle
            else:
                low = middle + 1
        out_price[column] = low
