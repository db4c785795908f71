"""What may be said to a ticket."""

from router.core import codes as c
from router.core.apply.dispatch import commit, refuse
from router.core.eligibility import has_room, is_able, is_eligible, is_matchable
from router.core.emit import copy_words, write_event
from router.core.jit import rule
from router.core.lifecycle import is_legal
from router.core.limits import NEVER_US, WORKS_PER_AGENT_MAX
from router.core.rules.offering import (
    after_close,
    back_if_alone,
    offer,
    queue_again,
    release,
    revoke_pending,
)
from router.core.rules.wellformed import is_good_ticket
from router.core.state import Arrays

REQUEUE_FLAG = 8
"""Flag of UPDATE_TICKET: let the ticket wait again even when an agent holds it (a transfer)."""


@rule
def free_ticket_row(s: Arrays) -> int:
    """Return the row the next ticket will take, or -1 when the table is full."""
    h = s.head[0]
    if h.ticket_free >= 0:
        return int(h.ticket_free)
    return int(h.ticket_top) if h.ticket_top < s.tickets.shape[0] else -1


@rule
def add_ticket(s: Arrays, n: int) -> None:
    """
    Admit a ticket; a full queue sends it to its overflow, a ticket nobody can ever match is marked.

    The command says how many tickets there may be (``aux``), 0 for as many as there is room for.
    """
    command = s.inbox[n]
    p = int(command.profile)
    if not is_good_ticket(s, s.inbox[n], s.inbox_words):
        refuse(s, c.R_BAD_COMMAND, p)
        return
    row = free_ticket_row(s)
    if row < 0 or 0 < command.aux <= s.head[0].tickets_live:
        refuse(s, c.R_TICKETS_FULL, command.aux)
        return
    k = s.profiles[p]
    q = s.queues[k.queue]
    reason = c.BECAUSE_NEW
    if k.overflow >= 0 and 0 < q.waiting_max <= q.waiting:
        p = int(k.overflow)
        reason = c.BECAUSE_FULL
    i = write_event(s, c.E_ADDED, reason)
    copy_words(s, i, n)
    e = s.events[i]
    e.ticket, e.profile, e.serial = row, p, s.head[0].next_ticket
    e.aux = 0 if is_matchable(s, p) else c.F_UNMATCHABLE
    commit(s, i)


@rule
def outdated_marks(s: Arrays, n: int, t: int) -> int:
    """Return the marks of promises that command ``n`` replaces: the new ones are not warned of nor broken yet."""
    k, at = s.tickets[t], s.inbox[n].words_from
    marks = 0
    if s.inbox_words[at + 4] != k.first_due_us:
        marks |= c.F_FIRST_WARNED | c.F_FIRST_BREACHED
    if s.inbox_words[at + 6] != k.resolve_due_us:
        marks |= c.F_RESOLVE_WARNED | c.F_RESOLVE_BREACHED
    return int(marks & k.marks)


@rule
def update_ticket(s: Arrays, n: int, t: int) -> None:
    """Change what a ticket asks for; offers to agents it does not suit any more are withdrawn."""
    command = s.inbox[n]
    p = int(command.profile)
    if not is_good_ticket(s, s.inbox[n], s.inbox_words):
        refuse(s, c.R_BAD_COMMAND, p)
        return
    k = s.tickets[t]
    is_new = p != k.base_profile
    again = command.options & REQUEUE_FLAG != 0
    if k.state == c.OFFERED and (is_new or again):
        revoke_pending(s, t, c.BECAUSE_UPDATED)
    if k.state == c.ASSIGNED and again:
        release(s, int(k.work), c.BECAUSE_REQUEUED)
    waits_again = k.agent < 0 and k.work < 0 and (k.state == c.OFFERED or k.state == c.ASSIGNED)
    i = write_event(s, c.E_UPDATED, c.BECAUSE_ASKED)
    copy_words(s, i, n)
    e = s.events[i]
    e.ticket, e.profile = t, p
    e.aux = 0 if is_matchable(s, p) else c.F_UNMATCHABLE
    e.value = outdated_marks(s, n, t)
    e.serial = 1 + (
        p if is_new else int(k.profile)
    )  # what it asks for from now on, for those who read events
    commit(s, i)
    if waits_again or (again and k.state == c.SUSPENDED):
        queue_again(s, t, c.BECAUSE_UPDATED, 0)


@rule
def close_ticket(s: Arrays, t: int, state: int, reason: int) -> None:
    """End a ticket that is not completed: offers are withdrawn, an assignment is taken back."""
    revoke_pending(s, t, reason)
    if s.tickets[t].work >= 0:
        release(s, int(s.tickets[t].work), reason)
    i = write_event(s, c.E_CLOSED, reason)
    s.events[i].ticket, s.events[i].aux = t, state
    commit(s, i)


@rule
def requeue_ticket(s: Arrays, n: int, t: int) -> None:
    """Let a ticket wait again, whoever has it, with its age or (value) a new one."""
    revoke_pending(s, t, c.BECAUSE_REQUEUED)
    if s.tickets[t].state == c.ASSIGNED:
        release(s, int(s.tickets[t].work), c.BECAUSE_REQUEUED)
    queue_again(s, t, c.BECAUSE_REQUEUED, int(s.inbox[n].value))


@rule
def suspend_ticket(s: Arrays, n: int, t: int) -> None:
    """Take a waiting ticket off the floor until it is resumed or an instant comes."""
    revoke_pending(s, t, c.BECAUSE_SUSPENDED)
    until_us = int(s.inbox[n].until_us)
    i = write_event(s, c.E_SUSPENDED, c.BECAUSE_ASKED)
    s.events[i].ticket, s.events[i].until_us = t, until_us if until_us > 0 else NEVER_US
    commit(s, i)


@rule
def assign_ticket(s: Arrays, n: int, t: int) -> None:
    """Give a ticket to a named agent by hand; ``C_FORCE`` overrides requirements and capacity, never configuration."""
    command = s.inbox[n]
    a = int(command.agent)
    if a < 0 or a >= s.head[0].agents or not s.agents[a].configured:
        refuse(s, c.R_AGENT_UNKNOWN, a)
        return
    k = s.tickets[t]
    forced = command.options & c.C_FORCE != 0
    channel = int(s.profiles[k.profile].channel)
    if not forced:
        if not is_eligible(s, k.profile, a):
            refuse(s, c.R_AGENT_NOT_ELIGIBLE, a)
            return
        if s.agents[a].presence == c.OFFLINE:
            refuse(s, c.R_AGENT_NOT_AVAILABLE, a)
            return
    if (
        not has_room(s, a, channel)
        and not (forced and is_able(s, a, channel))
        and not has_offer(s, t, a)
    ):
        refuse(s, c.R_CAPACITY, a)
        return
    if s.agents[a].held + s.agents[a].offers_open >= WORKS_PER_AGENT_MAX and not has_offer(s, t, a):
        refuse(s, c.R_WORKS_FULL, a)
        return
    revoke_pending(s, t, c.BECAUSE_MANUAL)
    if k.state == c.ASSIGNED:
        release(s, int(k.work), c.BECAUSE_MANUAL)
    offer(s, t, a, 0, c.BECAUSE_MANUAL)


@rule
def has_offer(s: Arrays, t: int, a: int) -> bool:
    """Return whether the agent holds an open offer or the assignment of the ticket, whose units it can reuse."""
    w = int(s.tickets[t].work)
    while w >= 0:
        if s.works[w].agent == a:
            return True
        w = int(s.works[w].next_of_ticket)
    return False


@rule
def record_reply(s: Arrays, n: int, t: int) -> None:
    """Somebody wrote; promises of a response are kept or begin."""
    i = write_event(s, c.E_REPLIED, c.BECAUSE_ASKED)
    s.events[i].ticket = t
    s.events[i].aux = 1 if s.inbox[n].options & c.C_BY_CUSTOMER else 0
    commit(s, i)


@rule
def relax_ticket(s: Arrays, t: int) -> None:
    """Move a waiting ticket to the next profile of its chain."""
    i = write_event(s, c.E_RELAXED, c.BECAUSE_NONE)
    s.events[i].ticket, s.events[i].profile = t, s.profiles[s.tickets[t].profile].next
    commit(s, i)


@rule
def forget_ticket(s: Arrays, t: int) -> None:
    """Give a finished ticket's row back."""
    i = write_event(s, c.E_FORGOTTEN, c.BECAUSE_NONE)
    s.events[i].ticket, s.events[i].serial = t, s.tickets[t].serial
    commit(s, i)


@rule
def on_ticket_command(s: Arrays, n: int) -> None:
    """
    Check that the ticket exists and its state allows the verb, then do it.

    A command may name the ticket by its serial plus one: then a row that was given to another ticket meanwhile
    is refused.
    """
    command = s.inbox[n]
    t, verb = int(command.ticket), int(command.kind)
    if t < 0 or t >= s.head[0].ticket_top or s.tickets[t].state == 0:
        refuse(s, c.R_TICKET_UNKNOWN, t)
        return
    if command.serial != 0 and command.serial != s.tickets[t].serial + 1:
        refuse(s, c.R_TICKET_UNKNOWN, t)
        return
    if not is_legal(verb, s.tickets[t].state):
        refuse(s, c.R_STATE, s.tickets[t].state)
        return
    if verb == c.UPDATE_TICKET:
        update_ticket(s, n, t)
    elif verb == c.CANCEL_TICKET:
        close_ticket(s, t, c.CANCELED, c.BECAUSE_CANCELED)
    elif verb == c.ABANDON_TICKET:
        close_ticket(s, t, c.ABANDONED, c.BECAUSE_ABANDONED)
    elif verb == c.REQUEUE_TICKET:
        requeue_ticket(s, n, t)
    elif verb == c.SUSPEND_TICKET:
        suspend_ticket(s, n, t)
    elif verb == c.RESUME_TICKET:
        queue_again(s, t, c.BECAUSE_RESUMED, 0)
    elif verb == c.ASSIGN_TICKET:
        assign_ticket(s, n, t)
    elif verb == c.RECORD_REPLY:
        record_reply(s, n, t)


@rule
def expire_offer(s: Arrays, w: int) -> None:
    """Nobody answered in time: a strike, the ticket waits again, and one strike too many sends the agent away."""
    t, a = int(s.works[w].ticket), int(s.works[w].agent)
    i = write_event(s, c.E_OFFER_EXPIRED, c.BECAUSE_NO_ANSWER)
    e = s.events[i]
    e.ticket, e.agent, e.work, e.serial = t, a, w, s.works[w].serial
    e.until_us = e.at_us + s.policy[0].unanswered_us
    commit(s, i)
    strike(s, a)
    after_close(s, a)
    back_if_alone(s, t, c.BECAUSE_EXPIRED)


@rule
def strike(s: Arrays, a: int) -> None:
    """Send an agent away who left too many offers unanswered in a row; never at the first."""
    from_now = s.agents[a].presence == c.AVAILABLE
    if from_now and s.agents[a].strikes >= max(2, s.policy[0].no_answer_max):
        i = write_event(s, c.E_PRESENCE, c.BECAUSE_NO_ANSWER)
        e = s.events[i]
        e.agent, e.aux, e.until_us = a, c.AWAY, NEVER_US
        commit(s, i)
        revoke_of_agent(s, a, c.BECAUSE_NO_ANSWER)


@rule
def revoke_of_agent(s: Arrays, a: int, reason: int) -> None:
    """Withdraw an agent's pending offers; their tickets wait again."""
    w = int(s.agents[a].work)
    while w >= 0:
        following = int(s.works[w].next_of_agent)
        if s.works[w].state == c.PENDING:
            revoke_and_requeue(s, w, reason)
        w = following


@rule
def revoke_and_requeue(s: Arrays, w: int, reason: int) -> None:
    """Withdraw one offer and let its ticket wait again if it was the last."""
    t = int(s.works[w].ticket)
    i = write_event(s, c.E_REVOKED, reason)
    e = s.events[i]
    e.ticket, e.agent, e.work, e.serial = t, s.works[w].agent, w, s.works[w].serial
    commit(s, i)
    back_if_alone(s, t, reason)
