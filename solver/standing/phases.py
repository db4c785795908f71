"""Many rows at once: auctions forwards and backwards with falling slack, then exact prices.

With a slack of ``eps`` points a row may hold a pair that is up to ``eps`` worse than its best, so
bids rise in steps of at least ``eps`` and nobody fights over single points. Each phase begins from
the prices of the one before: rows bid (forwards), then columns with slots left over lower their
price to find takers (backwards), so that prices rise no higher than a phase of large steps drove
them. What the last phase leaves short of exact, ``settle`` mends by shortest paths. For states of
one class of rows.

References
----------
.. [1] Bertsekas, D. P. (1988). The auction algorithm: a distributed relaxation method for the
   assignment problem. doi:10.1007/BF02186476
.. [2] Bertsekas, D. P., Castanon, D. A. (1992). A forward/reverse auction algorithm for asymmetric
   assignment problems. doi:10.1007/BF00247653
.. [3] Goldberg, A. V., Kennedy, R. (1995). An efficient cost scaling algorithm for the assignment
   problem. doi:10.1007/BF01585996
"""

import numpy as np

from solver.standing.hold import next_queued_row, queue_node, queue_row, release, take
from solver.standing.jit import kernel
from solver.standing.plain import LOW
from solver.standing.state import (
    ABSENT,
    NOBODY,
    NODE_COUNT,
    NODE_FIRST,
    NODE_SCANS,
    PHASES,
    QUEUED,
    ROW_COUNT,
    ROW_SCANS,
    ROWS,
    WAITS,
    Standing,
)
from solver.standing.vectors import best_comers, best_two

#: The first slack is this part of the widest row's spread of values, and no less than that part of
#: the largest value: where all are alike, prices still have to climb that far.
SPREAD_PART, VALUE_PART = 5, 64
#: Parts of that slack that the phases have; where few rows are new, only the last is run.
PARTS = (1, 10, 256)
LAST_PHASE = len(PARTS) - 1
#: Scans that columns with slots left over take in a phase, for each row. Where prices have far to
#: fall, as after cheaper columns came, columns underbid each other in steps of the slack; shortest
#: paths end that sooner.
COMERS_PER_ROW = 8


@kernel
def _reopen(state: Standing, slack: int) -> int:
    """Let go of the rows that are more than ``slack`` short; return the head of their chain.

    Rows that stay get the most they would offer; rows that wait or are let go are chained by
    ``next_row``, lowest first.
    """
    entry, price, row_at, row_size = state.entry, state.price, state.row_at, state.row_size
    node_of, waiting, worth, offer = state.node_of, state.waiting, state.worth, state.profit
    asking = NOBODY
    for row in range(state.head[ROWS] - 1, -1, -1):
        node = node_of[row]
        if node < WAITS:
            if node == QUEUED:
                state.next_row[row], asking = asking, row
            continue
        floor = int(waiting[row])
        first, second = best_two(entry, price, (row_at[row], row_size[row]), floor)
        if node >= 0:
            gain = int(worth[row] - price[node])
            other = second if (~first & LOW) == node else int(first >> 32)
            if gain >= other - slack and gain > floor:
                offer[row] = min(worth[row] - other + slack, worth[row] - floor)
                continue
            release(state, row)
            state.held[node] -= 1
        elif (first >> 32) <= floor + slack:
            continue
        node_of[row] = QUEUED
        state.next_row[row], asking = asking, row
    state.head[ROW_SCANS] += state.head[ROWS]
    return asking


@kernel
def _forwards(state: Standing, asking: int, slack: int) -> None:
    """Let the rows of a chain bid until each holds a slot or prefers to wait.

    A full column keeps the highest offers; its price is the lowest of these.
    """
    entry, price, row_at, row_size = state.entry, state.price, state.row_at, state.row_size
    node_of, waiting, worth, offer = state.node_of, state.waiting, state.worth, state.profit
    first_row, next_row, held, limit = state.first_row, state.next_row, state.held, state.limit
    bids = 0
    while asking != NOBODY:
        row = asking
        asking = next_row[row]
        bids += 1
        floor = int(waiting[row])
        first, second = best_two(entry, price, (row_at[row], row_size[row]), floor)
        if (first >> 32) <= floor:
            node_of[row] = WAITS
            continue
        node = int(~first & LOW)
        value = int(first >> 32) + int(price[node])
        worth[row] = value
        offer[row] = min(value - second + slack, value - floor)
        if held[node] < limit[node]:
            held[node] += 1
        else:
            lowest = first_row[node]
            if lowest == NOBODY:
                # No slots at all: a price that nobody pays.
                price[node] = value - floor
                next_row[row], asking = asking, row
                continue
            other = next_row[lowest]
            while other != NOBODY:
                if offer[other] < offer[lowest]:
                    lowest = other
                other = next_row[other]
            release(state, lowest)
            node_of[lowest] = QUEUED
            next_row[lowest], asking = asking, lowest
        take(state, row, node)
        if held[node] == limit[node]:
            least = offer[row]
            other = next_row[row]
            while other != NOBODY:
                least = min(least, offer[other])
                other = next_row[other]
            price[node] = max(price[node], least)
    state.head[ROW_SCANS] += bids


@kernel
def _backwards(state: Standing, slack: int) -> None:
    """Let columns with slots left over lower their prices until somebody comes, or to 0."""
    entry, price, profit, worth = state.entry, state.price, state.profit, state.worth
    node_of, held, limit, todo = state.node_of, state.held, state.limit, state.settled
    node_at, node_size = state.node_at, state.node_size
    first_row, next_row = state.first_row, state.next_row
    for row in range(state.head[ROWS]):
        node = node_of[row]
        if node != ABSENT:
            profit[row] = worth[row] - price[node] if node >= 0 else state.waiting[row]
    count, scans = 0, 0
    for node in range(price.size):
        if held[node] < limit[node] and price[node] > 0:
            todo[count] = node
            count += 1
    most = COMERS_PER_ROW * state.head[ROWS]
    while count > 0 and scans < most:
        count -= 1
        node = todo[count]
        while held[node] < limit[node] and price[node] > 0 and scans < most:
            scans += 1
            first, second = best_comers(
                entry, profit, (node_at[node], node_size[node]), 0, (node_of, node)
            )
            least = 0
            if (first >> 32) >= slack:
                least = min(max(0, second - slack), int(price[node]))
                row = int(first & LOW)
                left = node_of[row]
                if left >= 0:
                    release(state, row)
                    if held[left] == limit[left] and price[left] > 0:
                        todo[count] = left
                        count += 1
                    held[left] -= 1
                worth[row] = (first >> 32) + profit[row]
                take(state, row, node)
                held[node] += 1
            price[node] = least
            row = first_row[node]
            while row != NOBODY:
                profit[row] = worth[row] - least
                row = next_row[row]
    state.head[NODE_SCANS] += scans


@kernel
def _yield(state: Standing, node: int, short: int) -> int:
    """Lower the price of ``node`` by up to ``short`` if nobody else would come; return by how much.

    Those who hold a slot of it gain as much.
    """
    price, profit = state.price, state.profit
    most = min(short, int(price[node]))
    begin = state.node_at[node]
    for at in range(np.uint64(begin), np.uint64(begin + state.node_size[node])):
        pair = state.entry[at]
        row = np.uint32(pair & LOW)
        spare = int(profit[row]) - int(pair >> 32) + int(price[node])
        if spare < most and state.node_of[row] != node:
            most = spare
    state.head[NODE_SCANS] += 1
    if most <= 0:
        return 0
    price[node] -= most
    row = state.first_row[node]
    while row != NOBODY:
        profit[row] = max(int(profit[row]), int(state.worth[row]) - int(price[node]))
        row = state.next_row[row]
    return most


@kernel
def _make_exact(state: Standing) -> None:
    """Keep the pairs that are exactly the best of their rows; queue the other rows.

    What a row is short of can often be had by a lower price at the column that it holds. Slots
    that still have a price and no holder become vacant.
    """
    entry, price, profit, node_of = state.entry, state.price, state.profit, state.node_of
    rows = state.head[ROWS]
    for row in range(rows):
        if node_of[row] != ABSENT:
            first, _ = best_two(
                entry, price, (state.row_at[row], state.row_size[row]), int(state.waiting[row])
            )
            profit[row] = first >> 32
            state.margin[row] = 0
    state.head[ROW_SCANS] += rows
    for row in range(rows):
        node = node_of[row]
        if node < 0:
            if node == WAITS and profit[row] > state.waiting[row]:
                queue_row(state, row)
            continue
        short = int(profit[row]) - int(state.worth[row]) + int(price[node])
        if short > 0:
            short -= _yield(state, node, short)
        if short > 0 or (price[node] == 0 and profit[row] == state.waiting[row]):
            release(state, row)
            state.held[node] -= 1
            queue_row(state, row)
    for node in range(price.size):
        left = state.limit[node] - state.held[node]
        if left > 0 and price[node] > 0:
            state.held[node] += left
            state.vacant[node] += left
            queue_node(state, node)


@kernel
def _first_slack(state: Standing) -> int:
    """Return the slack to begin with, from how far values lie apart."""
    entry, row_at, row_size = state.entry, state.row_at, state.row_size
    spread, largest = 0, 0
    for row in range(state.head[ROWS]):
        if row_size[row] > 0:
            begin, end = np.uint64(row_at[row]), np.uint64(row_at[row] + row_size[row])
            least, most = entry[begin], entry[begin]
            for at in range(begin, end):
                least, most = min(least, entry[at]), max(most, entry[at])
            floor = int(state.waiting[row])
            spread = max(spread, int(most >> 32) - max(int(least >> 32), floor))
            largest = max(largest, int(most >> 32) - floor)
    return max(spread // SPREAD_PART, largest // VALUE_PART, 1)


@kernel
def run_phases(state: Standing, begin: int) -> None:
    """Bring a state of one class, its nodes linked, close to an optimum; ``settle`` does the rest.

    Legal from any prices and any rows that hold something.

    Parameters
    ----------
    begin
        int, first phase: 0 for all of them.
    """
    head, price = state.head, state.price
    while head[ROW_COUNT] > 0:
        next_queued_row(state)
    state.node_queued[:] = 0
    head[NODE_FIRST], head[NODE_COUNT] = 0, 0
    for row in range(head[ROWS]):
        node = state.node_of[row]
        if node >= 0:
            state.worth[row] = state.profit[row] + price[node]
    for node in range(price.size):
        state.held[node] -= state.vacant[node]
        state.vacant[node] = 0
    first = _first_slack(state)
    slack = 0
    for phase in range(begin, len(PARTS)):
        if slack > 0:
            # Large steps drove prices too high; some of that back saves searching backwards.
            for node in range(price.size):
                price[node] = max(0, int(price[node]) - 2 * slack // 5)
        slack = max(1, first // PARTS[phase])
        asking = _reopen(state, slack)
        _forwards(state, asking, slack)
        _backwards(state, slack)
        head[PHASES] += 1
        if slack == 1:
            break
    _make_exact(state)
