"""
Rows exchanged on the shelves they stand on: a neighbourhood of exponential size, searched exactly.

A shelf is what a column gives to pairs of one weight; how many stand there is its slots. While the
slots stay as they are, who takes them is a transport problem, whatever the weights: a row that
leaves makes room for exactly one other. Shelves have prices and rows have profits, so that a
held pair's value is the sum of both (*tight*) and no pair is worth more. What breaks this is a
row without a place that had a profit, or a free slot that had a price; each is mended by one
shortest path.
"""

from typing import NamedTuple

import numpy as np
from numba import njit

from solver.kernels.pairs import Int32s, Int64s
from solver.weighted.lists import NONE, Held, Lists, release, take

#: Price of a shelf without a slot: more than any row could pay.
CLOSED = 1 << 40
FAR = 1 << 50

#: Places in ``Paths.sizes`` and ``Paths.counters``.
HEAP, SETTLED, REACHED, VACANT, BUDGET = 0, 1, 2, 3, 4
ROWS_SCANNED, SEARCHES = 0, 1


class Prices(NamedTuple):
    """What shelves cost and rows keep."""

    price: Int64s  # (shelves,) points for a slot, or CLOSED
    profit: Int64s  # (rows,) points; before prices are opened, what a row may be worth elsewhere


class Paths(NamedTuple):
    """The arrays of a shortest path search, and columns that may have room to fill."""

    distance: Int64s  # (shelves,) least cost of a path that reaches the shelf, or FAR
    via: Int32s  # (shelves,) last pair of that path
    heap: Int32s  # (shelves,) shelves reached, the nearest first
    place: Int32s  # (shelves,) where a shelf stands in the heap, or NONE
    settled: Int32s  # (shelves,) shelves whose distance is final
    reached: Int32s  # (shelves,) shelves with a distance
    pending: Int32s  # (rows,) rows that may gain by a place
    vacant: Int32s  # (columns,) columns whose room grew
    listed: Int32s  # (columns,) 1 where a column is among them
    freed: Int32s  # (shelves,) slots that lost their row since the shelf was last mended
    sizes: Int64s  # (5,) of heap, settled, reached and vacant; points that searches may still lose
    counters: Int64s  # (2,) rows scanned, searches


def make_prices(lists: Lists) -> Prices:
    """Return prices for a problem, all 0."""
    rows, shelves = lists.row_ptr.size - 1, lists.shelf_ptr.size - 1
    return Prices(np.zeros(shelves, dtype=np.int64), np.zeros(rows, dtype=np.int64))


def make_paths(lists: Lists) -> Paths:
    """Return arrays for a problem."""
    rows, shelves = lists.row_ptr.size - 1, lists.shelf_ptr.size - 1
    return Paths(
        distance=np.full(shelves, FAR, dtype=np.int64),
        via=np.zeros(shelves, dtype=np.int32),
        heap=np.zeros(shelves, dtype=np.int32),
        place=np.full(shelves, NONE, dtype=np.int32),
        settled=np.zeros(shelves, dtype=np.int32),
        reached=np.zeros(shelves, dtype=np.int32),
        pending=np.zeros(rows, dtype=np.int32),
        vacant=np.zeros(lists.capacity.size, dtype=np.int32),
        listed=np.zeros(lists.capacity.size, dtype=np.int32),
        freed=np.zeros(shelves, dtype=np.int32),
        sizes=np.zeros(5, dtype=np.int64),
        counters=np.zeros(2, dtype=np.int64),
    )


@njit(cache=True, nogil=True)
def _reach(paths: Paths, shelf: int, distance: np.int64, pair: int) -> None:
    """Note a shorter path to ``shelf`` and move it up the heap (in place)."""
    heap, place = paths.heap, paths.place
    at = place[shelf]
    if at == NONE:
        at = paths.sizes[HEAP]
        paths.sizes[HEAP] += 1
        paths.reached[paths.sizes[REACHED]] = shelf
        paths.sizes[REACHED] += 1
    paths.distance[shelf] = distance
    paths.via[shelf] = pair
    while at > 0:
        above = (at - 1) >> 1
        other = heap[above]
        if paths.distance[other] <= distance:
            break
        heap[at] = other
        place[other] = at
        at = above
    heap[at] = shelf
    place[shelf] = at


@njit(cache=True, nogil=True)
def _nearest(paths: Paths) -> int:
    """Take the nearest shelf from the heap and settle it."""
    heap, place, distance = paths.heap, paths.place, paths.distance
    shelf: int = heap[0]
    paths.settled[paths.sizes[SETTLED]] = shelf
    paths.sizes[SETTLED] += 1
    paths.sizes[HEAP] -= 1
    size = paths.sizes[HEAP]
    if size > 0:
        moved = heap[size]
        at, below = 0, 1
        while below < size:
            if below + 1 < size and distance[heap[below + 1]] < distance[heap[below]]:
                below += 1
            if distance[moved] <= distance[heap[below]]:
                break
            heap[at] = heap[below]
            place[heap[at]] = at
            at = below
            below = 2 * at + 1
        heap[at] = moved
        place[moved] = at
    return shelf


@njit(cache=True, nogil=True)
def _forget(paths: Paths) -> None:
    """Make every shelf unreached again."""
    for at in range(paths.sizes[REACHED]):
        shelf = paths.reached[at]
        paths.distance[shelf] = FAR
        paths.place[shelf] = NONE
    paths.sizes[HEAP] = 0
    paths.sizes[SETTLED] = 0
    paths.sizes[REACHED] = 0


@njit(cache=True, nogil=True)
def _reprice(held: Held, prices: Prices, paths: Paths, length: np.int64, sign: int) -> None:
    """Move prices of settled shelves by what they lie nearer than ``length``, up or down."""
    for at in range(paths.sizes[SETTLED]):
        shelf = paths.settled[at]
        change = length - paths.distance[shelf]
        if change <= 0:
            continue
        prices.price[shelf] += sign * change
        row = held.first[shelf]
        while row != NONE:
            prices.profit[row] -= sign * change
            row = held.after[row]


@njit(cache=True, nogil=True)
def best_profit(lists: Lists, prices: Prices, row: int) -> np.int64:
    """Return what ``row`` would keep on its best shelf at the present prices, 0 if it waits.

    Parameters
    ----------
    prices
        ``Prices`` of the problem. Read only.
    row
        int, index of the row.
    """
    best = np.int64(0)
    for place in range(lists.row_ptr[row], lists.row_ptr[row + 1]):
        value = lists.row_value[place]
        if value <= best:
            break  # best first, and prices are not negative
        best = max(best, value - prices.price[lists.row_shelf[place]])
    return best


@njit(cache=True, nogil=True)
def vacate(paths: Paths, column: int) -> None:
    """Have ``column`` looked at by ``mend``: its room grew (in place).

    Parameters
    ----------
    paths
        ``Paths`` with room for the problem. Changed in place.
    column
        int, index of the column.
    """
    if paths.listed[column] == 0:
        paths.listed[column] = 1
        paths.vacant[paths.sizes[VACANT]] = column
        paths.sizes[VACANT] += 1


@njit(cache=True, nogil=True)
def _scan(
    lists: Lists, prices: Prices, paths: Paths, row: int, span: tuple[np.int64, np.int64]
) -> None:
    """Reach shelves from ``row``, at distance ``span[0]``, by paths shorter than ``span[1]``."""
    paths.counters[ROWS_SCANNED] += 1
    base = span[0] + prices.profit[row]
    for place in range(lists.row_ptr[row], lists.row_ptr[row + 1]):
        found = base - lists.row_value[place]
        if found >= span[1]:
            break
        shelf = lists.row_shelf[place]
        found += prices.price[shelf]
        if found < span[1] and found < paths.distance[shelf]:
            _reach(paths, shelf, found, lists.row_pair[place])


@njit(cache=True, nogil=True)
def find_place(lists: Lists, held: Held, prices: Prices, paths: Paths, start: int) -> None:
    """Find the waiting row ``start`` a place, moving others, if that gains (in place).

    What the search loses of all prices and profits is taken off the budget; once that is used up
    nothing is searched any more, and what is held is good for nothing.

    Parameters
    ----------
    prices
        ``Prices`` of the problem. Changed in place.
    paths
        ``Paths`` with room for the problem. Overwritten.
    start
        int, index of the row.
    """
    prices.profit[start] = best_profit(lists, prices, start)
    length = min(prices.profit[start], paths.sizes[BUDGET])
    if length == 0:
        return
    paths.counters[SEARCHES] += 1
    leaves, free = start, NONE
    _scan(lists, prices, paths, start, (np.int64(0), length))
    while paths.sizes[HEAP] > 0 and paths.distance[paths.heap[0]] < length:
        shelf = _nearest(paths)
        distance = paths.distance[shelf]
        pair = lists.shelf_ptr[shelf]
        if held.room[lists.col[pair]] >= lists.weight[pair]:
            length, free = distance, shelf
            break
        row = held.first[shelf]
        while row != NONE:
            if distance + prices.profit[row] < length:
                length, leaves = distance + prices.profit[row], row
            _scan(lists, prices, paths, row, (distance, length))
            row = held.after[row]
    _reprice(held, prices, paths, length, 1)
    prices.profit[start] -= length
    paths.sizes[BUDGET] -= length
    shelf = free
    if free == NONE and leaves != start:
        shelf = lists.shelf[held.pair[leaves]]
        release(lists, held, leaves)
    while shelf != NONE:
        pair = paths.via[shelf]
        row = lists.row[pair]
        before = held.pair[row]
        shelf = NONE if before == NONE else lists.shelf[before]
        release(lists, held, row)
        take(lists, held, pair)
    _forget(paths)


@njit(cache=True, nogil=True)
def _fill_slot(lists: Lists, held: Held, prices: Prices, paths: Paths, start: int) -> None:
    """Fill a free slot of a shelf that has a price, or lower the price to what fills it."""
    paths.counters[SEARCHES] += 1
    length, last, comes = min(prices.price[start], paths.sizes[BUDGET]), start, NONE
    _reach(paths, start, np.int64(0), NONE)
    while paths.sizes[HEAP] > 0 and paths.distance[paths.heap[0]] < length:
        shelf = _nearest(paths)
        distance, price = paths.distance[shelf], prices.price[shelf]
        if distance + price < length:
            length, last, comes = distance + price, shelf, NONE
        for pair in range(lists.shelf_ptr[shelf], lists.shelf_ptr[shelf + 1]):
            if distance + price - lists.value[pair] >= length:
                break  # best first, and profits are not negative
            row = lists.row[pair]
            other = held.pair[row]
            found = distance + prices.profit[row] - lists.value[pair] + price
            if other == pair or found >= length:
                continue
            if other == NONE:
                length, last, comes = found, shelf, pair
            elif found < paths.distance[lists.shelf[other]]:
                _reach(paths, lists.shelf[other], found, pair)
    _reprice(held, prices, paths, length, -1)
    paths.sizes[BUDGET] -= length
    if comes != NONE:
        prices.profit[lists.row[comes]] = lists.value[comes] - prices.price[last]
        take(lists, held, comes)
    else:
        vacate(paths, lists.col[lists.shelf_ptr[last]])
    while last != start:
        pair = paths.via[last]
        release(lists, held, lists.row[pair])
        take(lists, held, pair)
        last = lists.shelf[pair]
    _forget(paths)


@njit(cache=True, nogil=True)
def _worth(lists: Lists, prices: Prices, shelf: int) -> np.int64:
    """Return the most that any row would pay for a slot of a shelf that has none."""
    most = np.int64(0)
    for pair in range(lists.shelf_ptr[shelf], lists.shelf_ptr[shelf + 1]):
        most = max(most, lists.value[pair] - prices.profit[lists.row[pair]])
    return most


@njit(cache=True, nogil=True)
def mend(lists: Lists, held: Held, prices: Prices, paths: Paths) -> None:
    """Fill what room vacant columns have, or lower their prices until nobody wants it (in place).

    Parameters
    ----------
    prices
        ``Prices`` of the problem. Changed in place.
    paths
        ``Paths`` of the problem. Changed in place.
    """
    while paths.sizes[VACANT] > 0:
        paths.sizes[VACANT] -= 1
        column = paths.vacant[paths.sizes[VACANT]]
        paths.listed[column] = 0
        for shelf in range(lists.first_shelf[column + 1] - 1, lists.first_shelf[column] - 1, -1):
            weight = lists.weight[lists.shelf_ptr[shelf]]
            free, freed = held.room[column] // weight, paths.freed[shelf]
            paths.freed[shelf] = 0
            if free > 0 and prices.price[shelf] == CLOSED:
                prices.price[shelf] = _worth(lists, prices, shelf)
            # What rows of one shelf leave may become slots of another, which no price has counted
            # yet, and be lost to the first.
            if free != freed and paths.sizes[BUDGET] > 0 and prices.price[shelf] < CLOSED:
                paths.sizes[BUDGET] += prices.price[shelf] * (free - freed)
            while held.room[column] >= weight and prices.price[shelf] > 0 < paths.sizes[BUDGET]:
                _fill_slot(lists, held, prices, paths, shelf)


@njit(cache=True, nogil=True)
def exchange(lists: Lists, held: Held, prices: Prices, paths: Paths) -> None:
    r"""Give all slots to those rows who make the most of them, exactly (in place).

    Starts from ``prices.profit``, what each row may be worth elsewhere: the closer that is, the
    fewer paths are searched. It holds the profits found afterwards, and ``prices.price`` the
    prices of the slots.

    Parameters
    ----------
    prices
        ``Prices`` of the problem. Changed in place.
    paths
        ``Paths`` with room for the problem. Overwritten.

    References
    ----------
    .. [1] Ahuja, R. K., Ergun, O., Orlin, J. B. and Punnen, A. P. (2002). A survey of very
       large-scale neighborhood search techniques. doi:10.1016/S0166-218X(01)00338-9
    .. [2] Jonker, R. and Volgenant, A. (1987). A shortest augmenting path algorithm for dense and
       sparse linear assignment problems. doi:10.1007/BF02278710
    """
    paths.sizes[BUDGET] = FAR
    for shelf in range(prices.price.size):
        first = lists.shelf_ptr[shelf]
        least = np.int64(CLOSED)
        row = held.first[shelf]
        while row != NONE:
            least = min(least, lists.value[held.pair[row]] - prices.profit[row])
            row = held.after[row]
        if held.room[lists.col[first]] >= lists.weight[first]:
            least = np.int64(0)
        prices.price[shelf] = max(least, np.int64(0))
    pending = 0
    for row in range(prices.profit.size):
        pair = held.pair[row]
        profit = best_profit(lists, prices, row)
        prices.profit[row] = profit
        if pair != NONE and lists.value[pair] - prices.price[lists.shelf[pair]] != profit:
            vacate(paths, lists.col[pair])
            release(lists, held, row)
            pair = NONE
        if pair == NONE and profit > 0:
            paths.pending[pending] = row
            pending += 1
    for at in range(pending):
        find_place(lists, held, prices, paths, paths.pending[at])
    mend(lists, held, prices, paths)
