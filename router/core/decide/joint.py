"""
The joint decision: many tickets and agents at once, each agent taking one, optimal among the candidates and certified.

Rows are tickets, columns agents with room. A ticket with more candidates than fit keeps the better half by value and as
many more spread by a hash, and the best value it left out; the dual bound counts that value, so the reported gap holds
for the whole floor and not only for the candidates.
"""

import numpy as np

from router.core.codes import QUEUED
from router.core.decide.single import HEADS_TRIED_MAX, is_open_to
from router.core.decide.values import FORBIDDEN, pair_value, ticket_urgency
from router.core.eligibility import is_on_duty
from router.core.jit import rule
from router.core.lanes import after, weight_of
from router.core.limits import CANDIDATES_MAX, DECIDE_ROWS_MAX, VALUE_MAX
from router.core.state import Arrays
from solver.kernels.augment import augment
from solver.kernels.eligible import lowest_bit
from solver.kernels.pairs import Pairs

BETTER_HALF = CANDIDATES_MAX // 2


@rule
def sink(s: Arrays, base: int, size: int) -> None:
    """Restore the heap of the candidates from ``base`` on, least value on top, after its top changed."""
    i = 0
    while True:
        k = 2 * i + 1
        if k >= size:
            return
        if k + 1 < size and s.pair_value[base + k + 1] < s.pair_value[base + k]:
            k += 1
        if s.pair_value[base + k] >= s.pair_value[base + i]:
            return
        swap_pairs(s, base + i, base + k)
        i = k


@rule
def swap_pairs(s: Arrays, i: int, k: int) -> None:
    """Exchange two candidates."""
    s.pair_value[i], s.pair_value[k] = s.pair_value[k], s.pair_value[i]
    s.pair_col[i], s.pair_col[k] = s.pair_col[k], s.pair_col[i]


@rule
def sort_by_agent(s: Arrays, base: int, end: int) -> None:
    """Sort a row's candidates by agent; few and nearly sorted, so by insertion."""
    for i in range(base + 1, end):
        k = i
        while k > base and s.pair_col[k] < s.pair_col[k - 1]:
            swap_pairs(s, k, k - 1)
            k -= 1


@rule
def add_candidate(s: Arrays, base: int, a: int, value: int, spread: bool) -> tuple[int, int]:
    """Offer a candidate to the row that is being filled; return how many it has now and the value left out."""
    size = s.scratch[0].row_size
    if size < BETTER_HALF:
        s.pair_col[base + size], s.pair_value[base + size] = a, value
        i = size
        while i > 0 and s.pair_value[base + i] < s.pair_value[base + (i - 1) // 2]:
            swap_pairs(s, base + i, base + (i - 1) // 2)
            i = (i - 1) // 2
        return size + 1, 0
    if value > s.pair_value[base]:
        out_agent, out_value = int(s.pair_col[base]), int(s.pair_value[base])
        s.pair_col[base], s.pair_value[base] = a, value
        sink(s, base, BETTER_HALF)
    else:
        out_agent, out_value = a, value
    if spread and size < CANDIDATES_MAX:
        s.pair_col[base + size], s.pair_value[base + size] = out_agent, out_value
        return size + 1, 0
    return size, out_value


@rule
def fill_row(s: Arrays, r: int) -> None:
    """Find row ``r``'s candidates: its values with every agent that has room, urgency included."""
    t, base = int(s.row_ticket[r]), int(s.pair_ptr[r])
    k = s.tickets[t]
    eligible, ready = s.eligible[k.profile], s.ready[s.profiles[k.profile].channel]
    pressing, salt = ticket_urgency(s, t), int(k.serial)
    s.scratch[0].row_size = 0
    s.row_omitted[r] = 0
    for w in range(eligible.shape[0]):
        rest = eligible[w] & ready[w]
        while rest != np.uint64(0):
            a = w * 64 + lowest_bit(rest)
            rest &= rest - np.uint64(1)
            value = pair_value(s, t, a)
            if value == FORBIDDEN or value + pressing <= 0:
                continue
            spread = weight_of(salt + a) & 7 == 0
            size, omitted = add_candidate(s, base, a, min(value + pressing, VALUE_MAX), spread)
            s.scratch[0].row_size = size
            s.row_omitted[r] = max(s.row_omitted[r], omitted)
    end = base + int(s.scratch[0].row_size)
    sort_by_agent(s, base, end)
    s.pair_ptr[r + 1] = end


@rule
def add_row(s: Arrays, rows: int, t: int) -> int:
    """Make a waiting ticket a row, once; return how many rows there are."""
    k = s.tickets[t]
    if k.state != QUEUED or s.nodes[t].dirty & 2:
        return rows
    if not s.queues[s.profiles[k.profile].queue].open:
        return rows
    s.nodes[t].dirty |= 2
    s.row_ticket[rows] = t
    return rows + 1


@rule
def first_new_row(s: Arrays, lane: int, a: int) -> int:
    """Return the oldest ticket of the lane that is no row yet and that agent ``a`` may take now, or -1."""
    t = int(s.lanes[lane].head)
    tried = 0
    while t >= 0 and tried < HEADS_TRIED_MAX:
        if not s.nodes[t].dirty & 2:
            if s.tickets[t].tie < 0 or pair_value(s, t, a) != FORBIDDEN:
                return t
            tried += 1
        t = after(s, t)
    return -1


@rule
def unmark_rows(s: Arrays, rows: int) -> None:
    """Forget which tickets are rows."""
    for r in range(rows):
        s.nodes[s.row_ticket[r]].dirty &= ~2


@rule
def gather_rows(s: Arrays) -> int:
    """
    Collect the tickets this decision is about: the dirty ones, and the heads of lanes that dirty agents may serve.

    Returns how many rows there are, or -1 when the freed agents alone may serve more lanes than one decision holds.
    """
    z = s.scratch[0]
    rows = 0
    for i in range(z.dirty_agents):
        a = int(s.dirty_agents[i])
        if not is_on_duty(s, a):
            continue
        for n in range(z.lanes_active):
            lane = int(s.lanes_active[n])
            if not is_open_to(s, lane, a):
                continue
            t = first_new_row(s, lane, a)
            if t >= 0 and rows == DECIDE_ROWS_MAX:
                unmark_rows(s, rows)
                return -1
            if t >= 0:
                rows = add_row(s, rows, t)
    for i in range(z.dirty_tickets):
        if rows < DECIDE_ROWS_MAX:
            rows = add_row(s, rows, int(s.dirty_tickets[i]))
    unmark_rows(s, rows)
    return rows


@rule
def number_columns(s: Arrays, pairs: int) -> int:
    """Number the agents that are candidates, by rising index; return how many."""
    agents = int(s.head[0].agents)
    for i in range(pairs):
        s.agent_column[s.pair_col[i]] = 0
    columns = 0
    for a in range(agents):
        if s.agent_column[a] == 0:
            s.agent_column[a] = columns
            s.column_agent[columns] = a
            s.column_room[columns] = 1
            columns += 1
    for i in range(pairs):
        s.pair_col[i] = s.agent_column[s.pair_col[i]]
    for j in range(columns):
        s.agent_column[s.column_agent[j]] = -1
    return columns


@rule
def solve_rows(s: Arrays, rows: int) -> tuple[int, int, int]:
    """Assign the rows; return primal, certified dual over the whole floor, and how many pairs were looked at."""
    s.pair_ptr[0] = 0
    for r in range(rows):
        fill_row(s, r)
    pairs = int(s.pair_ptr[rows])
    columns = number_columns(s, pairs)
    graph = Pairs(s.pair_ptr[: rows + 1], s.pair_col[:pairs], s.pair_value[:pairs])
    primal, dual = augment(
        graph, s.column_room[:columns], s.search, s.row_column[:rows], s.column_price[:columns]
    )
    for r in range(rows):
        if s.row_omitted[r] > 0:
            profit = 0
            for i in range(s.pair_ptr[r], s.pair_ptr[r + 1]):
                profit = max(profit, int(s.pair_value[i]) - int(s.column_price[s.pair_col[i]]))
            dual += max(0, int(s.row_omitted[r]) - profit)
    return int(primal), int(dual), pairs
