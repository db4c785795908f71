"""
The joint decision: many tickets and agents at once, each agent taking one, optimal over all pairs and certified.

Rows are tickets, columns agents with room. Tickets begin with the candidates of their profile's list; the standing
assignment makes them exact; then each list is asked, by the prices found, whether an agent it left out would gain one
of its tickets more than the ticket gains now, and takes in those who would (column generation). When none would, the
decision is the best of the whole floor. Effort is counted in scans, pairs scored and looks, and shared by all rounds of
an instant; what it leaves open is in the bound.

References
----------
.. [1] Gilmore, Gomory (1961). A linear programming approach to the cutting-stock problem.
   doi:10.1287/opre.9.6.849
"""

from router.core.codes import RUN_DONE, RUN_PAIRS
from router.core.decide.lists import (
    count_feasible,
    fill_list,
    forget_lists,
    know_all,
    look_again,
    new_list,
    stamp_list,
)
from router.core.decide.values import FORBIDDEN, pair_value, ticket_urgency
from router.core.eligibility import is_eligible
from router.core.jit import linked, rule
from router.core.limits import (
    CANDIDATES_LEAST,
    CANDIDATES_MAX,
    CANDIDATES_SPREAD,
    DECIDE_PAIRS_MAX,
    DECIDE_SCANS_LEAST,
    DECIDE_SCANS_MAX,
    LOOKS_MAX,
    SCORED_PER_SCAN,
    VALUE_MAX,
)
from router.core.state import Arrays, Rows
from solver.kernels.eligible import has_bit
from solver.standing import events, rounds
from solver.standing import solve as solving
from solver.standing.state import ABSENT, NODE_SCANS, ROW_SCANS, ROWS

tell, settle_up, forget = linked(rounds.tell), linked(rounds.settle_up), linked(rounds.forget)
solve, put_row, replace_row = (
    linked(solving.solve),
    linked(events.put_row),
    linked(events.replace_row),
)
URGENCY_LEAST = 2**23
DENSE_PART = 2
"""From so many pairs for each agent on, rest and load are worked out for everybody first."""
NOT_TOLD, HOPELESS = -1, -2
"""What ``row_size`` says of a row that has no pairs yet, and of one that gets none."""
WIDEST = 2 * CANDIDATES_MAX
"""Agents in a list, at most, however often it is looked for more."""


@rule
def list_rows(s: Arrays, rows: int) -> bool:
    """Give each row the list of its profile, and fill these; return whether there was room."""
    z = s.scratch[0]
    for r in range(rows):
        t = int(s.row_ticket[r])
        g = int(s.profile_list[s.tickets[t].profile])
        if g < 0:
            g = new_list(s, int(s.tickets[t].profile))
        s.row_list[r], s.row_urgency[r], s.row_size[r] = g, ticket_urgency(s, t), NOT_TOLD
        s.list_rows[g] += 1
    pairs = 0
    for g in range(z.lists):
        pairs += count_feasible(s, g)
    z.scored = pairs
    z.knows_all = int(pairs > DENSE_PART * s.head[0].agents)
    most = min(CANDIDATES_MAX, DECIDE_PAIRS_MAX // max(1, rows) - CANDIDATES_SPREAD)
    for g in range(z.lists):
        width = min(most, max(CANDIDATES_LEAST, int(s.list_rows[g]) + CANDIDATES_LEAST // 2))
        if z.listed + width + CANDIDATES_SPREAD > s.list_agent.shape[0]:
            return False
        if z.knows_all:
            know_all(s, int(s.profiles[s.list_profile[g]].channel))
        fill_list(s, g, width)
    return True


@rule
def rank_rows(s: Arrays, rows: int) -> None:
    """Sort the rows' keys: by list, the most urgent first (heapsort, so that the worst case is bounded)."""
    key = s.row_key
    for r in range(rows):
        urgency = min(URGENCY_LEAST, max(-URGENCY_LEAST, int(s.row_urgency[r])))
        key[r] = (int(s.row_list[r]) << 40) | ((URGENCY_LEAST - urgency) << 14) | r
    for top in range(rows // 2 - 1, -1, -1):
        sift(key, top, rows)
    for end in range(rows - 1, 0, -1):
        key[0], key[end] = key[end], key[0]
        sift(key, 0, end)


@rule
def sift(key: Rows, top: int, size: int) -> None:
    """
    Let a key sink in a heap whose largest is first.

    Parameters
    ----------
    key
        int64 (rows,), the heap. Changed in place.
    top, size
        int, where the key is, and how many there are.
    """
    last = key[top]
    i = top
    while 2 * i + 1 < size:
        k = 2 * i + 1
        if k + 1 < size and key[k + 1] > key[k]:
            k += 1
        if key[k] <= last:
            break
        key[i] = key[k]
        i = k
    key[i] = last


@rule
def leave_hopeless(s: Arrays, rows: int) -> None:
    """
    Leave aside tickets that nobody would be left for: those behind as many as there are agents for their list.

    One more of them stays, so that prices rise to what it would pay; those left aside would pay no more.
    """
    crowded = False
    for g in range(s.scratch[0].lists):
        crowded = crowded or s.list_rows[g] > s.list_feasible[g] + 1
    if not crowded:
        return
    rank_rows(s, rows)
    before, ahead = -1, 0
    for i in range(rows):
        r = int(s.row_key[i] & 0x3FFF)
        g = int(s.row_list[r])
        if g != before:
            before, ahead = g, 0
        if s.tickets[s.row_ticket[r]].tie < 0:
            if ahead > s.list_feasible[g]:
                s.row_size[r] = HOPELESS
            ahead += 1


@rule
def add_pair(s: Arrays, size: int, a: int, value: int) -> int:
    """Append a pair to the row in hand if it is worth something; return the row's size."""
    if value <= 0:
        return size
    s.pair_agent[size], s.pair_value[size] = a, min(value, VALUE_MAX)
    return size + 1


@rule
def pack_row(s: Arrays, r: int) -> int:
    """Collect a row's pairs: its list's, and those of agents it is tied to; return how many."""
    t, g, urgency, size = int(s.row_ticket[r]), int(s.row_list[r]), int(s.row_urgency[r]), 0
    begin, end = int(s.list_from[g]), int(s.list_from[g] + s.list_size[g])
    if s.tickets[t].tie < 0:
        for i in range(begin, end):
            value = min(int(s.list_worth[i]), VALUE_MAX // 2) + urgency
            size = add_pair(s, size, int(s.list_agent[i]), value)
        return size
    for i in range(begin, end):
        value = pair_value(s, t, int(s.list_agent[i]))
        if value != FORBIDDEN:
            size = add_pair(s, size, int(s.list_agent[i]), value + urgency)
    stamp, p = stamp_list(s, g), int(s.tickets[t].profile)
    tie = int(s.tickets[t].tie)
    while tie >= 0:
        a = int(s.ties[tie].agent)
        if s.agent_stamp[a] != stamp and is_eligible(s, p, a):
            s.agent_stamp[a] = stamp
            value = pair_value(s, t, a)
            if value != FORBIDDEN and has_bit(s.ready[s.profiles[p].channel], a):
                size = add_pair(s, size, a, value + urgency)
        tie = int(s.ties[tie].next)
    return size


@rule
def tell_rows(s: Arrays, rows: int) -> bool:
    """Tell the assignment of all rows that may have somebody; return whether there was room."""
    for r in range(rows):
        if s.row_size[r] == HOPELESS:
            continue
        size = pack_row(s, r)
        s.row_size[r] = size
        if size > 0 and not tell(s.standing, r, s.pair_agent[:size], s.pair_value[:size]):
            return False
    return True


@rule
def retell_rows(s: Arrays, rows: int) -> bool:
    """Tell the assignment of rows whose lists have grown; return whether there was room."""
    for r in range(rows):
        if not s.list_grew[s.row_list[r]] or s.row_size[r] == HOPELESS:
            continue
        size = pack_row(s, r)
        if size == 0:
            continue
        agents, values = s.pair_agent[:size], s.pair_value[:size]
        s.row_size[r] = size
        if s.standing.node_of[r] == ABSENT:
            s.standing.head[ROWS] = max(s.standing.head[ROWS], r + 1)
            code = put_row(s.standing, r, agents, values, 0, 0)
        else:
            code = replace_row(s.standing, r, agents, values, 0, 0)
        if code < 0:
            return False
    return True


@rule
def gain_of(s: Arrays, r: int) -> int:
    """Return what a ticket gains over waiting, at the present prices."""
    return int(s.standing.profit[r]) if s.standing.node_of[r] != ABSENT else 0


@rule
def find_least(s: Arrays, rows: int) -> None:
    """Set what the tickets of each list gain at least, urgency aside: an agent has to be worth more to matter."""
    for g in range(s.scratch[0].lists):
        s.list_least[g], s.list_excess[g], s.list_grew[g] = 2**62, 0, 0
    for r in range(rows):
        if s.row_size[r] != HOPELESS:
            g = s.row_list[r]
            s.list_least[g] = min(s.list_least[g], gain_of(s, r) - int(s.row_urgency[r]))


@rule
def effort_spent(s: Arrays) -> int:
    """Return what the decision in hand and those before it at this instant took, in scans."""
    z, head = s.scratch[0], s.standing.head
    return int(z.spent + head[ROW_SCANS] + head[NODE_SCANS] + z.scored // SCORED_PER_SCAN)


@rule
def is_spent(s: Arrays) -> bool:
    """Return whether the joint decisions of this instant took all they may."""
    z = s.scratch[0]
    if z.spent_us != z.now_us:
        z.spent_us, z.spent = z.now_us, 0
    return bool(z.spent >= DECIDE_SCANS_MAX)


@rule
def look_round(s: Arrays) -> int:
    """Ask each list for agents it left out and who are missed; return how many lists grew, or -1 without room."""
    z, grown = s.scratch[0], 0
    for g in range(z.lists):
        least = int(s.list_least[g])
        if int(s.list_left_out[g]) <= least:
            continue
        if effort_spent(s) >= DECIDE_SCANS_MAX:  # prices aside, nobody left out is worth more
            s.list_excess[g] = s.list_left_out[g] - least
            continue
        if z.listed + s.list_size[g] + CANDIDATES_LEAST > s.list_agent.shape[0]:
            return -1
        added, best = look_again(s, g, least)
        s.list_excess[g] = best - least
        if s.list_size[g] > WIDEST:
            s.list_size[g] -= added
            z.listed -= added
        elif added > 0:
            s.list_grew[g] = 1
            grown += 1
    return grown


@rule
def assign(s: Arrays, rows: int) -> bool:
    """Settle the rows, look for what was left out, and so on until nothing is missed; return whether there was room."""
    z = s.scratch[0]
    z.looks = 0
    while True:
        if solve(s.standing, max(DECIDE_SCANS_LEAST, DECIDE_SCANS_MAX - effort_spent(s))) < 0:
            return False
        z.worth, z.gained = settle_up(s.standing)
        find_least(s, rows)
        z.looks += 1
        grown = look_round(s)
        is_short = effort_spent(s) + DECIDE_SCANS_LEAST > DECIDE_SCANS_MAX
        if grown <= 0 or z.looks > LOOKS_MAX or is_short:
            return grown >= 0
        if not retell_rows(s, rows):
            return False


@rule
def missed(s: Arrays, rows: int) -> int:
    """Return by how much pairs that were left out may raise the bound: 0 when the last look found none."""
    total = 0
    for r in range(rows):
        g = int(s.row_list[r])
        if s.list_excess[g] > 0 or s.row_size[r] == HOPELESS:
            best = int(s.list_least[g] + s.list_excess[g] + s.row_urgency[r])
            total += max(0, best - gain_of(s, r))
    return total


@rule
def solve_rows(s: Arrays, rows: int) -> int:
    """
    Assign the rows: ``row_agent`` says to whom, ``scratch`` what it is worth, and what at most any decision would be.

    Returns ``RUN_DONE``, or ``RUN_PAIRS`` when nothing was decided for want of room.
    """
    z, standing = s.scratch[0], s.standing
    z.decision += 1
    z.pairs = 0
    has_room = list_rows(s, rows)
    if has_room:
        leave_hopeless(s, rows)
        has_room = tell_rows(s, rows) and assign(s, rows)
    if has_room:
        z.scans = int(standing.head[ROW_SCANS] + standing.head[NODE_SCANS])
        z.spent = effort_spent(s)
        z.dual = int(z.gained) + missed(s, rows)
        for r in range(rows):
            node = int(standing.node_of[r])
            s.row_agent[r] = node if node >= 0 else -1
            s.row_best[r] = s.list_best[s.row_list[r]]
            z.pairs += max(0, s.row_size[r])
    prices = int(forget(standing))
    forget_lists(s)
    if not has_room:
        return RUN_PAIRS
    z.dual += prices
    return RUN_DONE
