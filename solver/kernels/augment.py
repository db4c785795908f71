"""Exact assignment by shortest augmenting paths, one row after the other, in integers."""

from typing import NamedTuple

import numpy as np
from numba import njit

from solver.kernels.pairs import WAITS, Int32s, Int64s, Pairs

UNSEEN = -1
SETTLED = -2
NOBODY = -1

#: Places in ``AugmentWork.counters``.
ROWS_SCANNED, COLUMNS_SETTLED, SEARCHES, COUNTERS = 0, 1, 2, 3


class AugmentWork(NamedTuple):
    """Scratch arrays of ``augment``: overwritten by each call, reusable by the next.

    May be larger than the problem. ``counters`` says afterwards how much work the call did:
    rows scanned, columns settled, searches begun.
    """

    profit: Int64s  # (rows,) points each row gains over waiting, at the present prices
    pair_of: Int32s  # (rows,) index of the pair taken, or -1
    next_row: Int32s  # (rows,) chain of the rows held by the same column
    previous_row: Int32s  # (rows,)
    first_row: Int32s  # (columns,) head of that chain
    taken: Int32s  # (columns,) how many rows the column holds
    distance: Int64s  # (columns,) points lost on the way to the column
    from_row: Int32s  # (columns,) last row on the way to the column
    from_pair: Int32s  # (columns,) pair by which that row reached it
    place: Int32s  # (columns,) where in the heap, or UNSEEN or SETTLED
    heap: Int32s  # (columns,) columns by (distance, index), least first
    settled: Int32s  # (columns,) columns whose distance is final, in that order
    counters: Int64s  # (COUNTERS,)


def make_augment_work(rows: int, columns: int) -> AugmentWork:
    """Return scratch arrays for problems of up to ``rows`` rows and ``columns`` columns."""
    return AugmentWork(
        profit=np.zeros(rows, dtype=np.int64),
        pair_of=np.full(rows, WAITS, dtype=np.int32),
        next_row=np.full(rows, NOBODY, dtype=np.int32),
        previous_row=np.full(rows, NOBODY, dtype=np.int32),
        first_row=np.full(columns, NOBODY, dtype=np.int32),
        taken=np.zeros(columns, dtype=np.int32),
        distance=np.zeros(columns, dtype=np.int64),
        from_row=np.full(columns, NOBODY, dtype=np.int32),
        from_pair=np.full(columns, WAITS, dtype=np.int32),
        place=np.full(columns, UNSEEN, dtype=np.int32),
        heap=np.zeros(columns, dtype=np.int32),
        settled=np.zeros(columns, dtype=np.int32),
        counters=np.zeros(COUNTERS, dtype=np.int64),
    )


@njit(cache=True, nogil=True)
def _rise(heap: Int32s, place: Int32s, distance: Int64s, at: int) -> None:
    """Move the column at heap position ``at`` up to where it belongs (in place)."""
    column = heap[at]
    key = distance[column]
    while at > 0:
        above = (at - 1) >> 1
        other = heap[above]
        if distance[other] < key or (distance[other] == key and other < column):
            break
        heap[at] = other
        place[other] = at
        at = above
    heap[at] = column
    place[column] = at


@njit(cache=True, nogil=True)
def _pop(heap: Int32s, place: Int32s, distance: Int64s, size: int) -> int:
    """Take the nearest column out of a heap of ``size`` columns and settle it (in place)."""
    nearest = heap[0]
    place[nearest] = SETTLED
    size -= 1
    if size > 0:
        column = heap[size]
        key = distance[column]
        at = 0
        below = 1
        while below < size:
            left = heap[below]
            if below + 1 < size:
                right = heap[below + 1]
                gap = distance[right] - distance[left]
                if gap < 0 or (gap == 0 and right < left):
                    below += 1
                    left = right
            if key < distance[left] or (key == distance[left] and column < left):
                break
            heap[at] = left
            place[left] = at
            at = below
            below = 2 * at + 1
        heap[at] = column
        place[column] = at
    return int(nearest)


@njit(cache=True, nogil=True)
def _take(work: AugmentWork, out_column: Int32s, row: int, pair: int, column: int) -> None:
    """Let ``column`` hold ``row``, which no column holds now (in place)."""
    first = work.first_row[column]
    work.next_row[row] = first
    work.previous_row[row] = NOBODY
    if first != NOBODY:
        work.previous_row[first] = row
    work.first_row[column] = row
    work.pair_of[row] = pair
    out_column[row] = column


@njit(cache=True, nogil=True)
def _release(work: AugmentWork, out_column: Int32s, row: int) -> int:
    """Let go of ``row`` and return the column that held it (in place)."""
    column = out_column[row]
    before, after = work.previous_row[row], work.next_row[row]
    if before == NOBODY:
        work.first_row[column] = after
    else:
        work.next_row[before] = after
    if after != NOBODY:
        work.previous_row[after] = before
    work.pair_of[row] = WAITS
    out_column[row] = WAITS
    return int(column)


@njit(cache=True, nogil=True)
def _open(pairs: Pairs, room: Int32s, work: AugmentWork, price: Int64s, row: int) -> int:
    """Set ``row``'s profit at the present prices; return a pair that has it and room, or -1."""
    col, value, taken = pairs.col, pairs.value, work.taken
    best = np.int64(0)
    open_pair = WAITS
    for pair in range(pairs.row_ptr[row], pairs.row_ptr[row + 1]):
        column = col[pair]
        gain = value[pair] - price[column]
        if gain < best or gain <= 0:
            continue
        if gain > best:
            best = gain
            open_pair = WAITS
        if open_pair == WAITS and taken[column] < room[column]:
            open_pair = pair
    work.profit[row] = best
    return open_pair


@njit(cache=True, nogil=True)
def _search(
    pairs: Pairs, room: Int32s, work: AugmentWork, price: Int64s, row: int
) -> tuple[np.int64, int, int, int, int]:
    """Find the cheapest way to make room for ``row`` (Dijkstra, bounded by the best end so far).

    A way ends in a column with room, or in a row that is let go; in the worst case ``row`` itself
    waits. Returns its cost in points, the end column (or -1), the end row, and how many columns
    are settled and left in the heap.
    """
    row_ptr, col, value = pairs.row_ptr, pairs.col, pairs.value
    profit, next_row, taken = work.profit, work.next_row, work.taken
    distance, from_row, from_pair = work.distance, work.from_row, work.from_pair
    heap, place, settled = work.heap, work.place, work.settled
    bound = profit[row]
    end_column, end_row = NOBODY, row
    size, settled_count = 0, 0
    scanned, base = row, np.int64(0)
    while True:
        letting_go = base + profit[scanned]
        if letting_go < bound:
            bound, end_row, end_column = letting_go, scanned, NOBODY
        work.counters[ROWS_SCANNED] += 1
        for pair in range(row_ptr[scanned], row_ptr[scanned + 1]):
            column = col[pair]
            reach = letting_go - value[pair] + price[column]
            if reach >= bound:
                continue
            seen = place[column]
            if seen == SETTLED or (seen != UNSEEN and reach >= distance[column]):
                continue
            from_row[column], from_pair[column] = scanned, pair
            if taken[column] < room[column]:
                bound, end_column = reach, column
                continue
            distance[column] = reach
            if seen == UNSEEN:
                seen = size
                heap[size] = column
                size += 1
            _rise(heap, place, distance, seen)
        # The next row of the same column; else the rows of the next column that has any.
        holder = next_row[scanned]
        while holder == NOBODY and size > 0 and distance[heap[0]] < bound:
            column = _pop(heap, place, distance, size)
            size -= 1
            settled[settled_count] = column
            settled_count += 1
            base = distance[column]
            holder = work.first_row[column]
        if holder == NOBODY:
            return bound, end_column, end_row, settled_count, size
        scanned = holder


@njit(cache=True, nogil=True)
def _raise_prices(
    work: AugmentWork, price: Int64s, bound: np.int64, settled_count: int, size: int
) -> None:
    """Pass the cost of the way on to the prices, and forget the search (in place)."""
    for at in range(settled_count):
        column = work.settled[at]
        rise = bound - work.distance[column]
        price[column] += rise
        held = work.first_row[column]
        while held != NOBODY:
            work.profit[held] -= rise
            held = work.next_row[held]
        work.place[column] = UNSEEN
    work.counters[COLUMNS_SETTLED] += settled_count
    for at in range(size):
        work.place[work.heap[at]] = UNSEEN


@njit(cache=True, nogil=True)
def _clear(work: AugmentWork, out_column: Int32s, out_price: Int64s) -> None:
    """Let nobody hold anything, at price 0 (in place)."""
    out_column[:] = WAITS
    out_price[:] = 0
    work.pair_of[: out_column.size] = WAITS
    work.next_row[: out_column.size] = NOBODY
    work.first_row[: out_price.size] = NOBODY
    work.taken[: out_price.size] = 0
    work.place[: out_price.size] = UNSEEN
    work.counters[:] = 0


@njit(cache=True, nogil=True)
def augment(
    pairs: Pairs, capacity: Int32s, work: AugmentWork, out_column: Int32s, out_price: Int64s
) -> tuple[np.int64, np.int64]:
    r"""Find the plan of greatest value and the prices that prove it, each pair taking one unit.

    Maximizes the sum of ``value`` over the pairs taken, at most one pair a row and
    ``capacity[j]`` pairs in column ``j``. Rows enter in order; each takes the shortest augmenting
    path under reduced costs. Ties in each search are broken by index, so the same input gives the
    same bits; which of several optimal plans that is follows from the order of the rows.

    Parameters
    ----------
    pairs
        ``Pairs``: int32 arrays for ``rows`` rows, values in points up to 2**20. Read only.
    capacity
        int32 (columns,), rows: how many rows each column can hold, 0 or more. Read only.
    work
        ``AugmentWork`` with room for as many rows and columns or more. Overwritten; owned by the
        caller, who may use it again.
    out_column
        int32 (rows,): column taken by each row, or -1 where it waits. Overwritten. Its length
        says how many rows there are.
    out_price
        int64 (columns,), points per unit: 0 or more, 0 where a column has room left. Overwritten.

    Returns
    -------
    primal
        int64, points: value of the plan.
    dual
        int64, points: upper bound from the prices, sum of price x capacity plus, for each row,
        its best value less price (0 at least). Equal to ``primal``.

    References
    ----------
    .. [1] Jonker, R., Volgenant, A. (1987). A shortest augmenting path algorithm for dense and
       sparse linear assignment problems. doi:10.1007/BF02278710
    .. [2] Edmonds, J., Karp, R. M. (1972). Theoretical improvements in algorithmic efficiency for
       network flow problems (potentials in path searches). doi:10.1145/321694.321699
    """
    _clear(work, out_column, out_price)
    for row in range(out_column.size):
        pair = _open(pairs, capacity, work, out_price, row)
        if pair == WAITS:
            if work.profit[row] == 0:
                continue
            work.counters[SEARCHES] += 1
            bound, column, end_row, settled_count, size = _search(
                pairs, capacity, work, out_price, row
            )
            _raise_prices(work, out_price, bound, settled_count, size)
            work.profit[row] -= bound
            if column == NOBODY:
                if end_row == row:
                    continue
                column = _release(work, out_column, end_row)
            else:
                work.taken[column] += 1
            # Walk the way back: each row moves to the column it reached, the new row comes last.
            while work.from_row[column] != row:
                moved = work.from_row[column]
                left = _release(work, out_column, moved)
                _take(work, out_column, moved, work.from_pair[column], column)
                column = left
            pair = work.from_pair[column]
        else:
            column = pairs.col[pair]
            work.taken[column] += 1
        _take(work, out_column, row, pair, column)
    primal, dual = np.int64(0), np.int64(0)
    for row in range(out_column.size):
        dual += work.profit[row]
        if out_column[row] != WAITS:
            primal += pairs.value[work.pair_of[row]]
    for column in range(out_price.size):
        dual += out_price[column] * capacity[column]
    return primal, dual
