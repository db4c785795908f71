"""Which event does what; and how a rule commits one, or replay folds many."""

from router.core import codes as c
from router.core.apply import offers, registry, tickets
from router.core.apply.fitting import fits
from router.core.emit import write_event
from router.core.jit import entry, rule
from router.core.state import Arrays
from router.core.timers import arm_ticket


@rule
def on_sla(s: Arrays, i: int) -> None:
    """A promise is about to be broken, or was."""
    e = s.events[i]
    t = int(e.ticket)
    q = s.queues[s.profiles[s.tickets[t].profile].queue]
    if e.kind == c.E_WARNED:
        s.tickets[t].marks |= 1 << (2 * e.aux)
        q.warned += 1
    else:
        s.tickets[t].marks |= 3 << (2 * e.aux)
        q.breached += 1
    arm_ticket(s, t)


@rule
def on_held(s: Arrays, i: int) -> None:
    """No pair was worth its price; look again later."""
    e = s.events[i]
    s.tickets[e.ticket].hold_us = e.until_us
    s.tickets[e.ticket].marks |= c.F_HELD
    arm_ticket(s, int(e.ticket))


@rule
def apply_ticket(s: Arrays, i: int, kind: int) -> None:
    """Apply a ticket's event."""
    if kind == c.E_ADDED:
        tickets.on_added(s, i)
    elif kind == c.E_QUEUED:
        tickets.on_queued(s, i)
    elif kind == c.E_RELAXED:
        tickets.on_relaxed(s, i)
    elif kind == c.E_UPDATED:
        tickets.on_updated(s, i)
    elif kind == c.E_SUSPENDED:
        tickets.on_suspended(s, i)
    elif kind == c.E_REPLIED:
        tickets.on_replied(s, i)
    elif kind == c.E_CLOSED:
        count_end(s, i)
        tickets.on_closed(s, i)
    elif kind == c.E_FORGOTTEN:
        tickets.on_forgotten(s, i)
    elif kind == c.E_HELD:
        on_held(s, i)
    else:
        on_sla(s, i)


@rule
def count_end(s: Arrays, i: int) -> None:
    """Count how a ticket ended, for the queue's statistics."""
    e = s.events[i]
    k = s.tickets[e.ticket]
    q = s.queues[s.profiles[k.profile].queue]
    if e.aux == c.ABANDONED:
        q.abandoned += 1
        if not k.marks & c.F_ANSWERED and e.at_us - k.start_us <= q.level_target_us:
            q.abandoned_in_target += 1
    elif e.aux == c.CANCELED:
        q.canceled += 1
    elif e.aux == c.EXPIRED:
        q.expired += 1


@rule
def apply_work(s: Arrays, i: int, kind: int) -> None:
    """Apply an offer's or an assignment's event."""
    if kind == c.E_OFFERED:
        offers.on_offered(s, i)
    elif kind == c.E_ACCEPTED:
        offers.on_accepted(s, i)
    elif kind == c.E_DECLINED:
        offers.on_declined(s, i)
    elif kind == c.E_OFFER_EXPIRED:
        offers.on_offer_expired(s, i)
    elif kind == c.E_REVOKED:
        offers.on_revoked(s, i)
    elif kind == c.E_WRAPPING:
        offers.on_wrapping(s, i)
    elif kind == c.E_COMPLETED:
        offers.on_completed(s, i)
    elif kind == c.E_RELEASED:
        offers.on_released(s, i)


@rule
def apply_registry(s: Arrays, i: int, kind: int) -> None:
    """Apply a configuration or presence event."""
    if kind == c.E_CHANNEL_SET:
        registry.on_channel_set(s, i)
    elif kind == c.E_QUEUE_SET:
        registry.on_queue_set(s, i)
    elif kind == c.E_PROFILE_SET:
        registry.on_profile_set(s, i)
    elif kind == c.E_AGENT_SET:
        registry.on_agent_set(s, i)
    elif kind == c.E_AGENT_REMOVED:
        registry.on_agent_removed(s, i)
    elif kind == c.E_POLICY_SET:
        registry.on_policy_set(s, i)
    elif kind == c.E_PRICES_SET:
        registry.on_prices_set(s, i)
    elif kind == c.E_QUEUE_OPENED:
        registry.on_queue_opened(s, i)
    elif kind == c.E_DISTANCE_SET:
        registry.on_distance_set(s, i)
    elif kind == c.E_PRESENCE:
        registry.on_presence(s, i)
    elif kind == c.E_AGENT_LOST or kind == c.E_AGENT_RETURNED:
        registry.on_connection(s, i)


@rule
def apply_event(s: Arrays, i: int) -> None:
    """Apply event ``i``; the one door through which canonical state changes."""
    h, e = s.head[0], s.events[i]
    h.seq += 1
    h.now_us = e.at_us
    kind = int(e.kind)
    if kind >= c.E_OFFERED:
        if kind == c.E_DECIDED:
            h.decided_seq = h.seq
        else:
            apply_work(s, i, kind)
    elif kind >= c.E_ADDED:
        apply_ticket(s, i, kind)
    elif kind != c.E_REFUSED:
        apply_registry(s, i, kind)


@rule
def commit(s: Arrays, i: int) -> None:
    """Make event ``i``, just written, a fact."""
    s.scratch[0].events += 1
    apply_event(s, i)


@rule
def refuse(s: Arrays, refusal: int, aux: int) -> None:
    """Say no: an event that changes nothing but the sequence number."""
    i = write_event(s, c.E_REFUSED, c.BECAUSE_NONE)
    s.events[i].value, s.events[i].aux = refusal, aux
    commit(s, i)


@entry
def fold(s: Arrays, count: int) -> int:
    """
    Apply the first ``count`` events of the buffer without deciding anything.

    Returns how many were applied: fewer when one does not fit into the state it comes to.
    """
    for i in range(count):
        if not fits(s, i):
            return i
        apply_event(s, i)
    return count
