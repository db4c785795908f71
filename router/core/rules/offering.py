"""Offers going out, and coming back unaccepted."""

from router.core import codes as c
from router.core.apply.dispatch import commit
from router.core.decide.single import best_agent
from router.core.decide.values import ticket_urgency
from router.core.eligibility import refresh_ready
from router.core.emit import write_event
from router.core.jit import rule
from router.core.limits import NEVER_US, OFFERS_PARALLEL_MAX
from router.core.state import Arrays
from router.core.timers import arm_work
from solver.kernels.eligible import set_bit


@rule
def next_work_row(s: Arrays) -> int:
    """Return the row the next offer will take."""
    h = s.head[0]
    return int(h.work_free) if h.work_free >= 0 else int(h.work_top)


@rule
def offer(s: Arrays, t: int, a: int, value: int, reason: int) -> int:
    """Offer ticket ``t`` to agent ``a`` and return the work's row; channels that accept by themselves do so at once."""
    channel = int(s.profiles[s.tickets[t].profile].channel)
    row = next_work_row(s)
    ttl_us = s.channels[channel].offer_ttl_us
    i = write_event(s, c.E_OFFERED, reason)
    e = s.events[i]
    e.ticket, e.agent, e.work, e.value = t, a, row, value
    e.serial = s.head[0].next_serial
    e.until_us = e.at_us + ttl_us if ttl_us > 0 else NEVER_US
    commit(s, i)
    if s.channels[channel].auto_accept or reason == c.BECAUSE_MANUAL:
        accept(s, row, c.BECAUSE_MANUAL if reason == c.BECAUSE_MANUAL else c.BECAUSE_AUTO)
    else:
        arm_work(s, row)
    return row


@rule
def accept(s: Arrays, w: int, reason: int) -> None:
    """Turn a pending offer into an assignment; the ticket's other offers are withdrawn."""
    t = int(s.works[w].ticket)
    i = write_event(s, c.E_ACCEPTED, reason)
    e = s.events[i]
    e.ticket, e.agent, e.work, e.serial = t, s.works[w].agent, w, s.works[w].serial
    commit(s, i)
    revoke_pending(s, t, c.BECAUSE_TAKEN)


@rule
def revoke(s: Arrays, w: int, reason: int) -> None:
    """Withdraw one pending offer."""
    i = write_event(s, c.E_REVOKED, reason)
    e = s.events[i]
    e.ticket, e.agent, e.work, e.serial = s.works[w].ticket, s.works[w].agent, w, s.works[w].serial
    commit(s, i)
    after_close(s, int(e.agent))


@rule
def revoke_pending(s: Arrays, t: int, reason: int) -> None:
    """Withdraw all pending offers of a ticket; its state is the caller's business."""
    w = int(s.tickets[t].work)
    while w >= 0:
        following = int(s.works[w].next_of_ticket)
        if s.works[w].state == c.PENDING:
            revoke(s, w, reason)
        w = following


@rule
def queue_again(s: Arrays, t: int, reason: int, start_us: int) -> None:
    """Let a ticket wait again with its age; ``start_us`` other than 0 resets that."""
    i = write_event(s, c.E_QUEUED, reason)
    s.events[i].ticket, s.events[i].value = t, start_us
    commit(s, i)


@rule
def back_if_alone(s: Arrays, t: int, reason: int) -> None:
    """Let an offered ticket wait again once its last offer is gone."""
    if s.tickets[t].state == c.OFFERED and s.tickets[t].offers_open == 0:
        queue_again(s, t, reason, 0)


@rule
def after_close(s: Arrays, a: int) -> None:
    """A draining agent without work goes offline."""
    if s.agents[a].presence == c.DRAINING and s.agents[a].work < 0:
        set_presence(s, a, c.OFFLINE, c.BECAUSE_DRAINED)


@rule
def set_presence(s: Arrays, a: int, presence: int, reason: int) -> None:
    """Change an agent's presence with no end in sight."""
    i = write_event(s, c.E_PRESENCE, reason)
    e = s.events[i]
    e.agent, e.aux, e.until_us, e.value = a, presence, NEVER_US, c.OFFLINE
    commit(s, i)


@rule
def release(s: Arrays, w: int, reason: int) -> int:
    """
    Take an assignment from its agent; return the ticket, whose state is the caller's business.

    Who gave it back or fell silent cools down from it, or would be the next to get it.
    """
    t = int(s.works[w].ticket)
    i = write_event(s, c.E_RELEASED, reason)
    e = s.events[i]
    e.ticket, e.agent, e.work, e.serial = t, s.works[w].agent, w, s.works[w].serial
    if reason == c.BECAUSE_RELEASED:
        e.until_us = e.at_us + s.policy[0].cooldown_us
    elif reason == c.BECAUSE_NO_REPLY:
        e.until_us = e.at_us + s.policy[0].unanswered_us
    commit(s, i)
    after_close(s, int(e.agent))
    return t


@rule
def offer_widely(s: Arrays, t: int, a: int, value: int, reason: int) -> int:
    """
    Offer to the chosen agent and, where the queue asks for it, to the next best at the same time.

    Return how many.
    """
    k = s.profiles[s.tickets[t].profile]
    wanted = min(int(s.queues[k.queue].parallel), OFFERS_PARALLEL_MAX)
    channel = int(k.channel)
    pressing = ticket_urgency(s, t)
    offer(s, t, a, value, reason)
    sent = 1
    if s.channels[channel].auto_accept:
        return sent
    set_bit(s.ready[channel], a, False)
    while sent < wanted:
        other, other_value, _, _ = best_agent(s, t)
        if other < 0 or (s.policy[0].key == c.KEY_VALUE and other_value + pressing <= 0):
            break
        offer(s, t, other, other_value + pressing, reason)
        set_bit(s.ready[channel], other, False)
        sent += 1
    w = int(s.tickets[t].work)
    while w >= 0:
        refresh_ready(s, int(s.works[w].agent))
        w = int(s.works[w].next_of_ticket)
    return sent
