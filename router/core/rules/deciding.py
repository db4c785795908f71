"""
Decisions: what follows from what became possible.

Rules mark tickets that began to wait and agents that gained room. A round settles as many of them as one joint decision
holds; rounds follow until nothing is left, so an agent with room never faces a ticket it should have.
"""

from router.core import codes as c
from router.core.apply.dispatch import commit
from router.core.apply.tickets import keep_all_waiting, keep_waiting, mark_next
from router.core.decide.joint import is_spent, solve_rows
from router.core.decide.lists import NOTHING
from router.core.decide.rows import IS_ROW, NO_ROOM, TOO_MANY, gather_rows, what_is_short_for
from router.core.decide.single import best_agent, best_ticket, first_for, is_open_to
from router.core.decide.values import FORBIDDEN, goes_first, pair_value, ticket_urgency
from router.core.eligibility import has_room
from router.core.emit import write_event
from router.core.jit import rule
from router.core.layout import DECISION_WORDS, JOINT_WORDS, SOLVER
from router.core.limits import HOLD_US_MIN, OFFERS_PARALLEL_MAX, TURN_ROWS_MAX
from router.core.rules.offering import offer_widely
from router.core.state import Arrays
from solver.kernels.eligible import has_bit

DECISION_WORDS_COUNT, JOINT_WORDS_COUNT = len(DECISION_WORDS), len(JOINT_WORDS)


@rule
def note_decision(s: Arrays, tickets: int, agents: int, pairs: int, primal: int, dual: int) -> int:
    """Write down a decision before its offers; return the event's index, so that the offers can be counted."""
    z = s.scratch[0]
    i = write_event(s, c.E_DECIDED, c.BECAUSE_NONE)
    e = s.events[i]
    at = int(z.words)
    w = s.event_words
    w[at], w[at + 1], w[at + 2], w[at + 3], w[at + 4] = tickets, agents, pairs, primal, dual
    w[at + 5], w[at + 6] = s.policy[0].revision, 0
    e.words_from, e.words = at, DECISION_WORDS_COUNT
    z.words += DECISION_WORDS_COUNT
    commit(s, i)
    return i


@rule
def note_joint(s: Arrays, rows: int) -> int:
    """Write down a joint decision, with what it took; return the event's index."""
    z = s.scratch[0]
    i = note_decision(s, rows, int(z.taken), int(z.pairs), int(z.worth), int(z.dual))
    e, at, w = s.events[i], int(z.words), s.event_words
    w[at], w[at + 1], w[at + 2] = z.scans, z.looks, z.scored
    e.aux = SOLVER
    e.words += JOINT_WORDS_COUNT
    z.words += JOINT_WORDS_COUNT
    return i


@rule
def count_offer(s: Arrays, i: int, sent: int) -> None:
    """Add to the number of offers a decision led to; the words are part of the event until the batch is sealed."""
    s.event_words[s.events[i].words_from + 6] += sent


@rule
def hold_back(s: Arrays, t: int) -> int:
    """Keep a ticket waiting because it is not worth any agent's time yet; return how many events that took."""
    if s.tickets[t].marks & c.F_HELD and s.tickets[t].hold_us > s.scratch[0].now_us:
        return 0
    i = write_event(s, c.E_HELD, c.BECAUSE_NONE)
    e = s.events[i]
    e.ticket, e.until_us = t, e.at_us + max(s.policy[0].hold_us, HOLD_US_MIN)
    commit(s, i)
    return 1


@rule
def hold_heads(s: Arrays, a: int) -> bool:
    """
    Hold back the oldest ticket of each lane the agent may serve: none is worth its time yet.

    Those behind are worth less; they are looked at when the head goes (``leave_queue``). Returns whether there were
    more than one round may hold.
    """
    held = 0
    for n in range(s.scratch[0].lanes_active):
        lane = int(s.lanes_active[n])
        t = first_for(s, lane, a) if is_open_to(s, lane, a) else -1
        if t < 0:
            continue
        if held == TURN_ROWS_MAX:
            return True
        held += hold_back(s, t)
    return False


@rule
def settle_ticket(s: Arrays, t: int) -> None:
    """Decide about one waiting ticket."""
    k = s.tickets[t]
    if k.state != c.QUEUED or not s.queues[s.profiles[k.profile].queue].open:
        return
    a, value, top, seen = best_agent(s, t)
    if a < 0:
        if k.tie >= 0:
            mark_next(s, t)  # who may be free for others, as its ties are its own
        return
    pressing = ticket_urgency(s, t)
    if s.policy[0].key == c.KEY_VALUE and value + pressing <= 0:
        hold_back(s, t)
        return
    i = note_decision(s, 1, seen, seen, value + pressing, max(0, top + pressing))
    count_offer(s, i, offer_widely(s, t, a, value + pressing, c.BECAUSE_NONE))


@rule
def settle_agent(s: Arrays, a: int) -> bool:
    """Decide about one agent with room; return whether it has to be looked at again."""
    t, value, top, seen = best_ticket(s, a)
    if t < 0:
        return False
    pressing = ticket_urgency(s, t)
    if s.policy[0].key == c.KEY_VALUE and value + pressing <= 0:
        return hold_heads(s, a)
    i = note_decision(s, seen, 1, seen, value + pressing, max(0, value + pressing, top))
    count_offer(s, i, offer_widely(s, t, a, value + pressing, c.BECAUSE_NONE))
    return True


@rule
def has_any_room(s: Arrays, a: int) -> bool:
    """Return whether the agent could take something of some channel now."""
    for channel in range(s.head[0].channels):  # noqa: SIM110  (Numba has no generators)
        if has_bit(s.ready[channel], a):
            return True
    return False


@rule
def drop_agents(s: Arrays, count: int) -> None:
    """Take the first ``count`` agents off the list of those that gained room."""
    z = s.scratch[0]
    for n in range(count):
        s.agent_dirty[s.dirty_agents[n]] = 0
    for n in range(count, z.dirty_agents):
        s.dirty_agents[n - count] = s.dirty_agents[n]
    z.dirty_agents -= count


@rule
def drop_tickets(s: Arrays, count: int) -> None:
    """Take the first ``count`` tickets off the list of those that began to wait."""
    z = s.scratch[0]
    for n in range(count):
        t = int(s.dirty_tickets[n])
        s.nodes[t].dirty = 0
        keep_waiting(s, t)
    for n in range(count, z.dirty_tickets):
        s.dirty_tickets[n - count] = s.dirty_tickets[n]
    z.dirty_tickets -= count


@rule
def drop_rows(s: Arrays, rows: int) -> None:
    """Take the tickets of a decision off the list of those that began to wait."""
    z = s.scratch[0]
    for r in range(rows):
        s.nodes[s.row_ticket[r]].dirty |= IS_ROW
    kept = 0
    for n in range(z.dirty_tickets):
        t = int(s.dirty_tickets[n])
        if s.nodes[t].dirty & IS_ROW:
            s.nodes[t].dirty = 0
            keep_waiting(s, t)
        else:
            s.dirty_tickets[kept] = t
            kept += 1
    z.dirty_tickets = kept
    for r in range(rows):
        s.nodes[s.row_ticket[r]].dirty &= ~IS_ROW


@rule
def settle_agents_in_turn(s: Arrays) -> None:
    """Fill agents that gained room, one after the other, each until it is full or nobody waits for it."""
    z = s.scratch[0]
    most = z.events + TURN_ROWS_MAX * OFFERS_PARALLEL_MAX
    done = 0
    while done < z.dirty_agents and z.events < most:
        if not settle_agent(s, int(s.dirty_agents[done])):
            done += 1
    drop_agents(s, done)


@rule
def settle_tickets_in_turn(s: Arrays) -> None:
    """
    Decide about tickets that began to wait, in the policy's order.

    Where joint decisions left some over, for their effort is bounded, only those of this round are put in order.
    """
    z = s.scratch[0]
    n = int(z.dirty_tickets)
    if s.policy[0].engine == c.ENGINE_EXACT:
        n = min(n, TURN_ROWS_MAX)
    for i in range(1, n):
        k = i
        while k > 0 and goes_first(s, s.dirty_tickets[k], s.dirty_tickets[k - 1]):
            s.dirty_tickets[k], s.dirty_tickets[k - 1] = s.dirty_tickets[k - 1], s.dirty_tickets[k]
            k -= 1
    n = min(n, TURN_ROWS_MAX)
    for i in range(n):
        settle_ticket(s, int(s.dirty_tickets[i]))
    drop_tickets(s, n)


@rule
def settle_jointly(s: Arrays) -> int:
    """
    Decide about everything marked at once; one agent after the other when even one may serve too many lanes.

    Returns ``RUN_DONE``, or which buffer needs room before anything is decided.
    """
    z = s.scratch[0]
    rows = gather_rows(s)
    if rows == NO_ROOM:
        return c.RUN_ROWS
    if rows == TOO_MANY:
        settle_agents_in_turn(s)
        return c.RUN_DONE
    short = what_is_short_for(s, rows)
    if short == c.RUN_DONE:
        short = solve_rows(s, rows)
    if short != c.RUN_DONE:
        return short
    i, offered = -1, 0
    for r in range(rows):
        if s.row_agent[r] < 0:
            continue
        t, a = int(s.row_ticket[r]), int(s.row_agent[r])
        if i < 0:
            i = note_joint(s, rows)
        if s.tickets[t].state != c.QUEUED or not has_room(
            s, a, s.profiles[s.tickets[t].profile].channel
        ):
            continue  # a parallel offer of an earlier row took the agent
        value = pair_value(s, t, a)
        if value != FORBIDDEN:
            count_offer(s, i, offer_widely(s, t, a, value + ticket_urgency(s, t), c.BECAUSE_NONE))
            offered += 1
    if offered == 0:
        leave_waiting(s, rows)
        drop_agents(s, int(z.taken))
        drop_rows(s, rows)
    return c.RUN_DONE


@rule
def leave_waiting(s: Arrays, rows: int) -> None:
    """Hold those back who are not worth the time of anybody who could take them."""
    for r in range(rows):
        t = int(s.row_ticket[r])
        if s.tickets[t].tie >= 0:
            settle_ticket(s, t)  # its agents differ from those of its profile
        elif s.row_best[r] > NOTHING and s.row_best[r] + s.row_urgency[r] <= 0:
            hold_back(s, t)


@rule
def decide_round(s: Arrays) -> int:
    """Settle one round of what is marked; return ``RUN_DONE``, or which buffer needs room before."""
    z = s.scratch[0]
    z.cause = c.BY_DECISION
    forget_settled(s)
    if z.dirty_agents + z.dirty_tickets == 0:
        return c.RUN_DONE
    is_joint = s.policy[0].engine == c.ENGINE_EXACT and z.dirty_agents + z.dirty_tickets > 1
    if is_joint and not is_spent(s):
        return settle_jointly(s)
    if z.dirty_agents > 0:
        settle_agents_in_turn(s)
    else:
        settle_tickets_in_turn(s)
    return c.RUN_DONE


@rule
def forget_settled(s: Arrays) -> None:
    """Unmark tickets that do not wait any more and agents without room."""
    z = s.scratch[0]
    if z.dirty_agents > 0:
        keep_all_waiting(s)
    kept = 0
    for n in range(z.dirty_tickets):
        t = int(s.dirty_tickets[n])
        if s.tickets[t].state == c.QUEUED and s.queues[s.profiles[s.tickets[t].profile].queue].open:
            s.dirty_tickets[kept] = t
            kept += 1
        else:
            s.nodes[t].dirty = 0
            keep_waiting(s, t)
    z.dirty_tickets = kept
    kept = 0
    for n in range(z.dirty_agents):
        a = int(s.dirty_agents[n])
        if z.lanes_active > 0 and has_any_room(s, a):
            s.dirty_agents[kept] = a
            kept += 1
        else:
            s.agent_dirty[a] = 0
    z.dirty_agents = kept
