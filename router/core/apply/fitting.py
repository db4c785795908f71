"""
Which recorded events fit the state they are folded into.

A journal's frames are checked as bytes when they are read; here they are checked as a story. After a frame that is
missing, there twice, or of another journal, an event speaks of rows that are not what it takes them for, and rules that
followed it would leave their tables. Live, no event is looked at: a rule has just made it.
"""

from router.core import codes as c
from router.core.jit import rule
from router.core.rules.wellformed import is_good_agent, is_good_registry, is_good_ticket
from router.core.state import Arrays


@rule
def is_live(s: Arrays, t: int) -> bool:
    """Return whether a row of the tickets is in use."""
    return bool(0 <= t < s.head[0].ticket_top and s.tickets[t].state != 0)


@rule
def fits_ticket(s: Arrays, i: int, kind: int) -> bool:
    """Return whether a ticket's event is about a ticket there is, or a new one's about the next free row."""
    h, e = s.head[0], s.events[i]
    t = int(e.ticket)
    if kind == c.E_ADDED:
        is_next = t == h.ticket_free or (t == h.ticket_top and t < s.tickets.shape[0])
        return t >= 0 and is_next and is_good_ticket(s, e, s.event_words)
    if not is_live(s, t):
        return False
    if kind == c.E_RELAXED:
        return bool(0 <= e.profile < h.profiles)
    if kind == c.E_UPDATED:
        return is_good_ticket(s, e, s.event_words)
    if kind == c.E_CLOSED:
        return bool(c.COMPLETED <= e.aux <= c.ABANDONED)
    if kind == c.E_FORGOTTEN:
        return bool(s.tickets[t].state >= c.COMPLETED and s.tickets[t].work < 0)
    return True


@rule
def fits_work(s: Arrays, i: int, kind: int) -> bool:
    """Return whether an offer's event is about an offer there is, of this ticket to this agent."""
    h, e = s.head[0], s.events[i]
    a, w = int(e.agent), int(e.work)
    if not is_live(s, int(e.ticket)) or not 0 <= a < h.agents or w < 0:
        return False
    if kind == c.E_OFFERED:
        is_next = w == h.work_free or (w == h.work_top and w < s.works.shape[0])
        return bool(is_next and s.agents[a].configured)
    if w >= h.work_top:
        return False
    work = s.works[w]
    return bool(work.state != 0 and work.ticket == e.ticket and work.agent == a)


@rule
def fits_registry(s: Arrays, i: int, kind: int) -> bool:
    """Return whether a change of configuration names rows there are."""
    e = s.events[i]
    if kind == c.E_AGENT_SET:
        return is_good_agent(s, e, s.event_words)
    if kind == c.E_AGENT_REMOVED or kind >= c.E_PRESENCE:
        return bool(0 <= e.agent < s.head[0].agents)
    return is_good_registry(s, e, s.event_words)


@rule
def fits(s: Arrays, i: int) -> bool:
    """Return whether event ``i`` can follow on the present state."""
    e = s.events[i]
    kind = int(e.kind)
    if e.words < 0 or not 0 <= e.words_from <= s.event_words.shape[0] - e.words:
        return False
    if kind == c.E_REFUSED or kind == c.E_DECIDED:
        return True
    if kind >= c.E_OFFERED:
        return fits_work(s, i, kind)
    if kind >= c.E_ADDED:
        return fits_ticket(s, i, kind)
    return fits_registry(s, i, kind)
