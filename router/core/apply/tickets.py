"""What ticket events do."""

from router.core.apply.works import close_work
from router.core.codes import (
    BECAUSE_NEW,
    BECAUSE_SCHEDULE,
    F_ANSWERED,
    F_HELD,
    F_NEXT_BREACHED,
    F_NEXT_WARNED,
    F_REPLIED,
    F_UNMATCHABLE,
    QUEUED,
    SCHEDULED,
    SUSPENDED,
)
from router.core.jit import rule
from router.core.lanes import after, join_lane, leave_lane
from router.core.layout import TICKET_WORDS
from router.core.limits import NEVER_US, TIES_PER_TICKET_MAX
from router.core.state import Arrays
from router.core.timers import arm_ticket


@rule
def mark_ticket(s: Arrays, t: int) -> None:
    """Note that the ticket wants a decision."""
    z = s.scratch[0]
    if z.folding or s.nodes[t].dirty:
        return
    s.nodes[t].dirty = 1
    s.dirty_tickets[z.dirty_tickets] = t
    z.dirty_tickets += 1


@rule
def keep_waiting(s: Arrays, t: int) -> None:
    """Put a ticket in its lane, if it waits and is not there yet."""
    if s.tickets[t].state == QUEUED and s.nodes[t].lane < 0:
        join_lane(s, t)


@rule
def mark_next(s: Arrays, t: int) -> None:
    """Note that whoever stands behind a waiting ticket in its lane wants a decision."""
    keep_waiting(s, t)
    behind = after(s, t)
    if behind >= 0:
        mark_ticket(s, behind)


@rule
def keep_all_waiting(s: Arrays) -> None:
    """Put the marked tickets in their lanes, as lanes are about to be looked at."""
    for n in range(s.scratch[0].dirty_tickets):
        keep_waiting(s, int(s.dirty_tickets[n]))


@rule
def enter_queue(s: Arrays, t: int, at_us: int) -> None:
    """Begin to wait; in a lane once the next decision has not offered it (``keep_waiting``)."""
    k = s.tickets[t]
    k.state, k.queued_us, k.start_at_us = QUEUED, at_us, NEVER_US
    s.queues[s.profiles[k.profile].queue].waiting += 1
    mark_ticket(s, t)


@rule
def leave_queue(s: Arrays, t: int) -> None:
    """
    Stop waiting; who stands behind one that was held back, or looked at, wants a decision.

    One that is held back speaks for those behind it, and nothing else would wake them.
    """
    k = s.tickets[t]
    spoke = k.marks & F_HELD != 0 or s.nodes[t].dirty != 0
    s.queues[s.profiles[k.profile].queue].waiting -= 1
    k.hold_us = NEVER_US
    k.marks &= ~F_HELD
    if not s.scratch[0].folding and s.nodes[t].lane >= 0:
        if spoke:
            mark_next(s, t)
        leave_lane(s, t)


@rule
def warning_of(s: Arrays, t: int, base_us: int, due_us: int) -> int:
    """Return when to warn of a promise made at ``base_us`` and due at ``due_us``."""
    if due_us >= NEVER_US:
        return NEVER_US
    permille = s.queues[s.profiles[s.tickets[t].profile].queue].warn_permille
    return int(base_us + (due_us - base_us) // 1000 * permille)


@rule
def add_tie(s: Arrays, t: int, a: int, until_us: int) -> int:
    """Take a tie row and put it at the head of the ticket's list; the caller says what kind it is."""
    h = s.head[0]
    r = int(h.tie_free)
    if r >= 0:
        h.tie_free = s.ties[r].next
    else:
        r = int(h.tie_top)
        h.tie_top += 1
    tie = s.ties[r]
    tie.agent, tie.until_us, tie.bonus, tie.cooling, tie.next = a, until_us, 0, 0, s.tickets[t].tie
    s.tickets[t].tie = r
    return r


@rule
def drop_ties(s: Arrays, t: int) -> None:
    """Give all of a ticket's ties back."""
    h = s.head[0]
    r = int(s.tickets[t].tie)
    while r >= 0:
        tie = s.ties[r]
        following = int(tie.next)
        tie.agent, tie.until_us, tie.bonus, tie.cooling, tie.next = 0, 0, 0, 0, h.tie_free
        h.tie_free = r
        r = following
    s.tickets[t].tie = -1


@rule
def drop_preferences(s: Arrays, t: int) -> None:
    """Give the ticket's preferred agents back and keep its cool-downs, in their order."""
    h = s.head[0]
    r, kept = int(s.tickets[t].tie), -1
    while r >= 0:
        tie = s.ties[r]
        following = int(tie.next)
        if tie.cooling:
            kept = r
        else:
            if kept < 0:
                s.tickets[t].tie = following
            else:
                s.ties[kept].next = following
            tie.agent, tie.until_us, tie.bonus, tie.next = 0, 0, 0, h.tie_free
            h.tie_free = r
        r = following


@rule
def cool_down(s: Arrays, t: int, a: int, until_us: int) -> None:
    """Keep the ticket from the agent until then; of too many cool-downs the one that ends first makes room."""
    r = int(s.tickets[t].tie)
    cooling, first = 0, -1
    while r >= 0:
        tie = s.ties[r]
        if tie.cooling:
            if tie.agent == a:
                tie.until_us = until_us
                return
            cooling += 1
            if first < 0 or tie.until_us < s.ties[first].until_us:
                first = r
        r = int(tie.next)
    if cooling >= TIES_PER_TICKET_MAX:
        s.ties[first].agent, s.ties[first].until_us = a, until_us
        return
    r = add_tie(s, t, a, until_us)
    s.ties[r].cooling = 1


@rule
def read_promises(s: Arrays, t: int, i: int) -> None:
    """Set the ticket's age, promises and ties from the words of event ``i``."""
    e, k = s.events[i], s.tickets[t]
    w = s.event_words[e.words_from : e.words_from + e.words]
    k.start_us, k.expire_us, k.target_us = w[0], w[2], w[3]
    k.first_due_us, k.next_target_us, k.resolve_due_us, k.priority = w[4], w[5], w[6], w[7]
    if k.marks & F_REPLIED:
        k.first_due_us = NEVER_US  # that promise is kept
    k.first_warn_us = warning_of(s, t, k.start_us, k.first_due_us)
    k.resolve_warn_us = warning_of(s, t, k.start_us, k.resolve_due_us)
    drop_preferences(s, t)
    for n in range(w[8]):
        at = TICKET_WORDS + 3 * n
        r = add_tie(s, t, w[at], w[at + 2])
        s.ties[r].bonus = w[at + 1]


@rule
def on_added(s: Arrays, i: int) -> None:
    """A ticket came in, to wait now or later."""
    h, e = s.head[0], s.events[i]
    t = int(e.ticket)
    k = s.tickets[t]
    if t == h.ticket_free:
        h.ticket_free = k.next_free
    else:
        assert t == h.ticket_top
        h.ticket_top += 1
    h.tickets_live += 1
    h.next_ticket = e.serial + 1
    k.serial, k.created_us, k.asked_us, k.next_free = e.serial, e.at_us, e.at_us, -1
    k.profile, k.base_profile, k.marks = e.profile, e.profile, e.aux
    k.agent, k.work, k.tie, k.offers_open, k.declines, k.requeues = -1, -1, -1, 0, 0, 0
    k.next_due_us, k.next_warn_us, k.reply_return_us = NEVER_US, NEVER_US, NEVER_US
    k.hold_us = NEVER_US
    k.answered_us, k.forget_us, k.version = 0, NEVER_US, 1
    if not s.scratch[0].folding:
        s.nodes[t].wake_us, s.nodes[t].lane = NEVER_US, -1
    read_promises(s, t, i)
    k.start_at_us = s.event_words[e.words_from + 1]
    if k.start_at_us > e.at_us:
        k.state, k.relax_us, k.queued_us = SCHEDULED, NEVER_US, 0
    else:
        first_queued(s, t, e.at_us)
    arm_ticket(s, t)


@rule
def first_queued(s: Arrays, t: int, at_us: int) -> None:
    """Start the relaxation clock and wait."""
    k = s.tickets[t]
    k.asked_us = at_us
    p = s.profiles[k.profile]
    k.relax_us = at_us + p.next_after_us if p.next >= 0 else NEVER_US
    s.queues[p.queue].entered += 1
    enter_queue(s, t, at_us)


@rule
def on_queued(s: Arrays, i: int) -> None:
    """A ticket waits (again), with the age it had."""
    e = s.events[i]
    t = int(e.ticket)
    k = s.tickets[t]
    k.version += 1
    k.agent = -1
    if e.reason == BECAUSE_SCHEDULE:
        first_queued(s, t, e.at_us)
    else:
        k.requeues += 1
        if e.reason != BECAUSE_NEW:
            s.queues[s.profiles[k.profile].queue].returned += 1
        if k.state == QUEUED:
            leave_queue(s, t)
        if e.value:
            k.start_us = e.value
        enter_queue(s, t, e.at_us)
    arm_ticket(s, t)


@rule
def on_relaxed(s: Arrays, i: int) -> None:
    """A waiting ticket asks for less, or overflows to another queue."""
    e = s.events[i]
    t = int(e.ticket)
    k = s.tickets[t]
    leave_queue(s, t)
    s.queues[s.profiles[k.profile].queue].relaxed += 1
    k.profile = e.profile
    k.version += 1
    p = s.profiles[k.profile]
    k.relax_us = k.asked_us + p.next_after_us if p.next >= 0 else NEVER_US
    enter_queue(s, t, k.queued_us)
    arm_ticket(s, t)


@rule
def on_updated(s: Arrays, i: int) -> None:
    """A ticket's requirements, priority or promises were changed from outside."""
    e = s.events[i]
    t = int(e.ticket)
    k = s.tickets[t]
    is_waiting = k.state == QUEUED
    if is_waiting:
        leave_queue(s, t)
    k.version += 1
    if e.profile != k.base_profile:
        k.profile, k.base_profile, k.asked_us = e.profile, e.profile, e.at_us
        p = s.profiles[e.profile]
        k.relax_us = e.at_us + p.next_after_us if p.next >= 0 else NEVER_US
    k.marks = (k.marks & ~F_UNMATCHABLE) | e.aux
    k.marks &= ~int(e.value)
    read_promises(s, t, i)
    if k.state == SCHEDULED:
        k.start_at_us = max(e.at_us, s.event_words[e.words_from + 1])
    if is_waiting:
        enter_queue(s, t, k.queued_us)
    arm_ticket(s, t)


@rule
def on_suspended(s: Arrays, i: int) -> None:
    """A ticket waits for nobody until it is resumed."""
    e = s.events[i]
    t = int(e.ticket)
    k = s.tickets[t]
    if k.state == QUEUED:
        leave_queue(s, t)
    k.state, k.start_at_us, k.agent = SUSPENDED, e.until_us, -1
    k.version += 1
    arm_ticket(s, t)


@rule
def on_replied(s: Arrays, i: int) -> None:
    """Somebody wrote: the agent keeps a promise, the customer starts the next."""
    e = s.events[i]
    t = int(e.ticket)
    k = s.tickets[t]
    k.version += 1
    if e.aux == 0:
        k.marks |= F_REPLIED
        k.first_due_us, k.first_warn_us, k.next_due_us = NEVER_US, NEVER_US, NEVER_US
        k.next_warn_us = NEVER_US
        k.reply_return_us = NEVER_US
    elif k.marks & F_REPLIED and k.next_target_us > 0 and k.next_due_us == NEVER_US:
        k.next_due_us = e.at_us + k.next_target_us
        k.next_warn_us = warning_of(s, t, e.at_us, k.next_due_us)
        k.marks &= ~(F_NEXT_WARNED | F_NEXT_BREACHED)
    arm_ticket(s, t)


@rule
def on_closed(s: Arrays, i: int) -> None:
    """A ticket ended without being completed."""
    e = s.events[i]
    t = int(e.ticket)
    if s.tickets[t].state == QUEUED:
        leave_queue(s, t)
    end_ticket(s, t, e.aux, e.at_us)


@rule
def end_ticket(s: Arrays, t: int, state: int, at_us: int) -> None:
    """Put a ticket into a final state and start its retention."""
    k = s.tickets[t]
    k.state, k.forget_us = state, at_us + s.policy[0].retention_us
    k.version += 1
    drop_ties(s, t)
    arm_ticket(s, t)


@rule
def on_forgotten(s: Arrays, i: int) -> None:
    """A finished ticket's row is given back."""
    h, t = s.head[0], int(s.events[i].ticket)
    k = s.tickets[t]
    k.serial, k.created_us, k.start_us, k.queued_us, k.start_at_us, k.relax_us = 0, 0, 0, 0, 0, 0
    k.expire_us, k.target_us, k.first_due_us, k.first_warn_us, k.next_due_us = 0, 0, 0, 0, 0
    k.next_warn_us = 0
    k.next_target_us, k.resolve_due_us, k.resolve_warn_us, k.reply_return_us = 0, 0, 0, 0
    k.hold_us = 0
    k.answered_us, k.forget_us, k.state, k.profile, k.base_profile, k.priority = 0, 0, 0, 0, 0, 0
    k.marks = 0
    k.asked_us = 0
    k.agent, k.work, k.offers_open, k.declines, k.requeues, k.tie, k.version = 0, 0, 0, 0, 0, 0, 0
    k.next_free = h.ticket_free
    h.ticket_free = t
    h.tickets_live -= 1


@rule
def note_answer(s: Arrays, t: int, at_us: int) -> None:
    """Count the first answer of a ticket for the service level and the estimated wait."""
    k = s.tickets[t]
    if k.marks & F_ANSWERED:
        return
    k.marks |= F_ANSWERED
    k.answered_us = at_us
    q = s.queues[s.profiles[k.profile].queue]
    wait_us = at_us - k.start_us
    q.answered += 1
    q.wait_sum_us += wait_us
    if wait_us <= q.level_target_us:
        q.answered_in_target += 1
    if q.departed_us > 0:
        gap_us = at_us - q.departed_us
        q.gap_us = gap_us if q.gap_us == 0 else q.gap_us + (gap_us - q.gap_us) // 16
    q.departed_us = at_us


@rule
def close_assignment(s: Arrays, w: int, at_us: int) -> None:
    """End an assignment; the agent's idle time starts anew."""
    s.agents[s.works[w].agent].idle_since_us = at_us
    close_work(s, w)
