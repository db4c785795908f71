"""Plans from row prices, improved column by column as long as that gains or the effort lasts."""

from typing import NamedTuple

import numpy as np
from numba import njit

from solver.kernels.pairs import Int64s
from solver.weighted.exchange import (
    BUDGET,
    CLOSED,
    Paths,
    Prices,
    exchange,
    find_place,
    make_paths,
    make_prices,
    mend,
    vacate,
)
from solver.weighted.lists import NONE, Held, Lists, copy_held, make_held, release, take
from solver.weighted.patterns import Pattern, best_pattern, make_pattern
from solver.weighted.row_prices import Bids, make_bids, price_rows, shuffle

#: Places in ``Search.counters``.
COLUMNS_ASKED, SETS_TRIED, SETS_KEPT, COUNTERS = 0, 1, 2, 3


class Search(NamedTuple):
    """All arrays of a search; ``best`` and ``best_prices`` are what it found."""

    held: Held
    prices: Prices
    best: Held
    best_prices: Prices
    pattern: Pattern
    paths: Paths
    bids: Bids
    nothing: Int64s  # (rows,) zeros: the prices of rows nobody else wants
    failed: Int64s  # (columns,) points a column missed when adopting its best set did not gain
    counters: Int64s  # (COUNTERS,) columns asked, sets tried, sets kept


def make_search(lists: Lists) -> Search:
    """Return arrays for a problem, every row waiting."""
    return Search(
        held=make_held(lists),
        prices=make_prices(lists),
        best=make_held(lists),
        best_prices=make_prices(lists),
        pattern=make_pattern(lists),
        paths=make_paths(lists),
        bids=make_bids(lists),
        nothing=np.zeros(lists.row_ptr.size - 1, dtype=np.int64),
        failed=np.zeros(lists.capacity.size, dtype=np.int64),
        counters=np.zeros(COUNTERS, dtype=np.int64),
    )


@njit(cache=True, nogil=True)
def construct(lists: Lists, held: Held, pattern: Pattern, order: Int64s, price: Int64s) -> None:
    """Let one column after the other fill its room from waiting rows at row prices (in place).

    Parameters
    ----------
    order
        int64 (n,): columns, the first to choose first.
    price
        int64 (rows,), points: what each row is expected to be worth elsewhere.
    """
    for at in range(order.size):
        column = order[at]
        start = lists.column_ptr[column]
        for pair in range(start, lists.column_ptr[column + 1]):
            row = lists.row[pair]
            waits = held.pair[row] == NONE
            pattern.gain[pair - start] = lists.value[pair] - price[row] if waits else 0
        count = best_pattern(lists, pattern, column, held.room[column])
        for place in range(count):
            take(lists, held, pattern.chosen[place])


@njit(cache=True, nogil=True)
def regret(lists: Lists, search: Search, column: int) -> tuple[np.int64, int]:
    """Return what ``column`` misses at the present prices, and how many rows its best set has.

    Nothing can gain more that changes the slots of this column only.

    Parameters
    ----------
    search
        ``Search`` whose prices fit what is held. ``pattern`` is overwritten.
    column
        int, index of the column.

    Returns
    -------
    missed
        int64, points, 0 or more.
    count
        int: the best set is ``search.pattern.chosen[:count]``.
    """
    pattern, pair_of, profit = search.pattern, search.held.pair, search.prices.profit
    start = lists.column_ptr[column]
    present = np.int64(0)
    for pair in range(start, lists.column_ptr[column + 1]):
        row = lists.row[pair]
        gain = lists.value[pair] - profit[row]
        pattern.gain[pair - start] = gain
        if pair_of[row] == pair:
            present += gain
    count = best_pattern(lists, pattern, column, lists.capacity[column])
    return pattern.best[lists.capacity[column]] - present, count


@njit(cache=True, nogil=True)
def adopt(lists: Lists, search: Search, column: int, count: int) -> None:
    """Let ``column`` hold the set that ``regret`` found, and mend what that breaks (in place).

    Parameters
    ----------
    search
        ``Search`` just after ``regret``. ``held`` and ``prices`` are changed in place.
    column
        int, index of the column.
    count
        int: the set is ``search.pattern.chosen[:count]``.
    """
    held, prices, paths = search.held, search.prices, search.paths
    first, end = lists.first_shelf[column], lists.first_shelf[column + 1]
    pending = 0
    for shelf in range(first, end):
        row = held.first[shelf]
        while row != NONE:
            after = held.after[row]
            release(lists, held, row)
            paths.pending[pending] = row
            pending += 1
            row = after
    for at in range(count):
        pair = search.pattern.chosen[at]
        before = held.pair[lists.row[pair]]
        if before != NONE:
            vacate(paths, lists.col[before])
            paths.freed[lists.shelf[before]] += 1
            release(lists, held, lists.row[pair])
        take(lists, held, pair)
    for shelf in range(first, end):
        # A best set has the best rows of each weight, so its least is a price for all of them.
        least = np.int64(CLOSED)
        row = held.first[shelf]
        while row != NONE:
            least = min(least, lists.value[held.pair[row]] - prices.profit[row])
            row = held.after[row]
        if held.room[column] >= lists.weight[lists.shelf_ptr[shelf]]:
            least = np.int64(0)
        prices.price[shelf] = least
        row = held.first[shelf]
        while row != NONE:
            prices.profit[row] = lists.value[held.pair[row]] - least
            row = held.after[row]
    mend(lists, held, prices, paths)
    for at in range(pending):
        if held.pair[paths.pending[at]] == NONE and paths.sizes[BUDGET] > 0:
            find_place(lists, held, prices, paths, paths.pending[at])


@njit(cache=True, nogil=True)
def _keep(search: Search) -> None:
    """Remember what is held as the best so far."""
    copy_held(search.held, search.best)
    search.best_prices.price[:] = search.prices.price
    search.best_prices.profit[:] = search.prices.profit


@njit(cache=True, nogil=True)
def _return(search: Search) -> None:
    """Go back to the best so far."""
    copy_held(search.best, search.held)
    search.prices.price[:] = search.best_prices.price
    search.prices.profit[:] = search.best_prices.profit


@njit(cache=True, nogil=True)
def improve(lists: Lists, search: Search, tries_max: int) -> None:
    """Let columns adopt their best sets as long as that gains, from ``best`` on (in place).

    Prices fit what is held, so all that the plan may miss lies in columns whose best set is
    another than the one they hold. A set that is adopted has the others exchange their rows
    exactly; searches end as soon as they lost what the set could gain.

    Parameters
    ----------
    search
        ``Search`` with a plan in ``best`` and prices that fit it. Changed in place.
    tries_max
        int, sets to adopt at most.

    References
    ----------
    .. [1] Yagiura, M., Ibaraki, T. and Glover, F. (2004). An ejection chain approach for the
       generalized assignment problem. doi:10.1287/ijoc.1030.0036
    """
    columns, tried, since, at = lists.capacity.size, 0, 0, 0
    search.failed[:] = 0
    _return(search)
    while since < columns and tried < tries_max:
        column = search.bids.order[at]
        at = at + 1 if at + 1 < columns else 0
        since += 1
        search.counters[COLUMNS_ASKED] += 1
        missed, count = regret(lists, search, column)
        # What failed at the same prices would fail again, but for what is far off.
        if missed == search.failed[column] or missed <= 0:
            continue
        tried += 1
        search.paths.sizes[BUDGET] = missed
        adopt(lists, search, column, count)
        if search.held.total[0] > search.best.total[0]:
            search.counters[SETS_KEPT] += 1
            since = 0
            _keep(search)
        else:
            search.failed[column] = missed
            _return(search)
    search.counters[SETS_TRIED] += tried


@njit(cache=True, nogil=True)
def run(lists: Lists, search: Search, effort: tuple[int, int, int]) -> np.int64:
    """Price rows, then make plans from the prices and improve the best; return the bound.

    Parameters
    ----------
    search
        ``Search`` for the problem; if ``best`` holds a plan, nothing worse replaces it. Changed
        in place: the plan is ``best``, the row prices that prove the bound are ``bids.price``.
    effort
        tuple of int: passes over all columns to find prices, plans to make, sets to try.

    Returns
    -------
    dual
        int64, points: no plan is worth more.
    """
    passes, plans, tries_max = effort
    dual = price_rows(lists, search.pattern, search.bids, passes)
    seed, fitting = 1, False
    for _ in range(plans):
        for row in range(search.held.pair.size):
            release(lists, search.held, row)
        seed = shuffle(search.bids.order, seed)
        construct(lists, search.held, search.pattern, search.bids.order, search.bids.price)
        construct(lists, search.held, search.pattern, search.bids.order, search.nothing)
        search.prices.profit[:] = search.bids.price
        exchange(lists, search.held, search.prices, search.paths)
        if search.held.total[0] > search.best.total[0]:
            _keep(search)
            fitting = True
    if not fitting:  # the plan given is the best yet, and has no prices
        copy_held(search.best, search.held)
        search.prices.profit[:] = search.bids.price
        exchange(lists, search.held, search.prices, search.paths)
        _keep(search)
    improve(lists, search, tries_max)
    return dual
