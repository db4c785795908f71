"""
The loop: commands in their order, timers between them, decisions as soon as time would move on.

What timers brought is decided about before a command of their own instant is looked at: a driver who wakes the core for
a timer and one who lets it find the timer with the next command get the same decisions.

``run`` stops when a buffer might overflow and says which; its caller makes room and calls again. Nothing is
lost or done twice: the loop stops only between units of work.
"""

from router.core import codes as c
from router.core.apply.dispatch import commit, refuse
from router.core.apply.tickets import mark_ticket
from router.core.emit import write_event
from router.core.jit import entry, rule
from router.core.limits import EVENTS_MARGIN, NEVER_US, WORDS_PER_COMMAND_MAX
from router.core.rules.agents import fire_agent, on_agent_command
from router.core.rules.deciding import decide_round
from router.core.rules.offering import queue_again, release
from router.core.rules.plans import apply_plan, on_registry_command
from router.core.rules.tickets import (
    add_ticket,
    close_ticket,
    expire_offer,
    forget_ticket,
    on_ticket_command,
    relax_ticket,
)
from router.core.rules.wellformed import is_command
from router.core.rules.works import complete, on_work_command
from router.core.state import Arrays
from router.core.timers import (
    FINISHED_LINE,
    OF_AGENT,
    OF_TICKET,
    OF_WORK,
    ROW_MASK,
    arm_agent,
    arm_ticket,
    arm_work,
    drop_first_timer,
    ends_cooling,
    first_due_us,
    is_line_first,
    promise_deadline,
    relax_deadline,
    step_out,
    ticket_deadline,
    work_deadline,
)


@rule
def warn_or_breach(s: Arrays, t: int, which: int, warn_us: int, due_us: int) -> bool:
    """Write a warning or a breach of one promise down if its time has come."""
    flags = s.tickets[t].marks >> (2 * which)
    if promise_deadline(warn_us, due_us, flags & 1 != 0, flags & 2 != 0) > s.scratch[0].now_us:
        return False
    kind = c.E_WARNED if not flags & 1 and warn_us < due_us else c.E_BREACHED
    i = write_event(s, kind, c.BECAUSE_NONE)
    e = s.events[i]
    e.ticket, e.aux, e.until_us = t, which, due_us
    commit(s, i)
    return True


@rule
def fire_promises(s: Arrays, t: int) -> bool:
    """See to the ticket's promises; return whether anything was written."""
    k = s.tickets[t]
    if warn_or_breach(s, t, c.SLA_FIRST, int(k.first_warn_us), int(k.first_due_us)):
        return True
    if warn_or_breach(s, t, c.SLA_NEXT, int(k.next_warn_us), int(k.next_due_us)):
        return True
    return warn_or_breach(s, t, c.SLA_RESOLUTION, int(k.resolve_warn_us), int(k.resolve_due_us))


@rule
def fire_ticket_once(s: Arrays, t: int) -> bool:
    """Do the one thing whose time has come for this ticket; return whether there was any."""
    k = s.tickets[t]
    now_us = s.scratch[0].now_us
    state = k.state
    if state >= c.COMPLETED:
        if k.forget_us <= now_us:
            forget_ticket(s, t)
        return False
    waits = state == c.QUEUED or state == c.SCHEDULED or state == c.SUSPENDED
    if waits and k.expire_us <= now_us:
        close_ticket(s, t, c.EXPIRED, c.BECAUSE_TTL)
        return True
    if (state == c.SCHEDULED or state == c.SUSPENDED) and k.start_at_us <= now_us:
        queue_again(s, t, c.BECAUSE_SCHEDULE if state == c.SCHEDULED else c.BECAUSE_RESUMED, 0)
        return True
    if state != c.SCHEDULED and fire_promises(s, t):
        return True
    if state == c.QUEUED and relax_deadline(s, t) <= now_us:
        relax_ticket(s, t)
        return True
    if state == c.ASSIGNED and k.reply_return_us <= now_us:
        queue_again(s, release(s, int(k.work), c.BECAUSE_NO_REPLY), c.BECAUSE_NO_REPLY, 0)
        return True
    return False


@rule
def fire_ticket(s: Arrays, t: int) -> None:
    """
    Do all that is due for a ticket; a waiting one is looked at again when a cool-down or a hold ends.

    A wake-up left over from a deadline that moved away changes nothing, so a restart, which has no such wake-ups,
    goes on alike.
    """
    k = s.tickets[t]
    if k.state == c.QUEUED and (k.hold_us == s.scratch[0].now_us or ends_cooling(s, t)):
        mark_ticket(s, t)
    while s.tickets[t].state != 0 and ticket_deadline(s, t) <= s.scratch[0].now_us:
        if not fire_ticket_once(s, t):
            break


@rule
def fire_work(s: Arrays, w: int) -> None:
    """An offer's time is up, or a wrap-up's."""
    if work_deadline(s, w) > s.scratch[0].now_us:
        return
    if s.works[w].state == c.PENDING:
        expire_offer(s, w)
    else:
        complete(s, w, c.BECAUSE_WRAP_UP)


@rule
def forget_first(s: Arrays) -> None:
    """Forget the first finished ticket in line, as its retention is over."""
    z, t = s.scratch[0], step_out(s)
    z.cause = c.BY_TIMER
    z.now_us = max(z.now_us, s.nodes[t].wake_us)
    s.nodes[t].wake_us = NEVER_US
    forget_ticket(s, t)


@rule
def fire_first_timer(s: Arrays) -> None:
    """Take the earliest timer and, unless its entity has since armed another, see to it."""
    z = s.scratch[0]
    if is_line_first(s):
        forget_first(s)
        return
    first = s.timers[0]
    kind, row, due_us = first.whose >> 32, first.whose & ROW_MASK, int(first.due_us)
    drop_first_timer(s)
    z.cause = c.BY_TIMER
    if kind == OF_TICKET and s.nodes[row].lane == FINISHED_LINE:
        return  # a deadline of its life that fell on the instant it is forgotten; its turn comes in line
    if kind == OF_TICKET and s.nodes[row].wake_us == due_us:
        s.nodes[row].wake_us = NEVER_US
        z.now_us = max(z.now_us, due_us)
        fire_ticket(s, row)
        if s.tickets[row].state != 0:
            arm_ticket(s, row)
    elif kind == OF_AGENT and s.agent_wake[row] == due_us:
        s.agent_wake[row] = NEVER_US
        z.now_us = max(z.now_us, due_us)
        fire_agent(s, row)
        arm_agent(s, row)
    elif kind == OF_WORK and s.work_wake[row] == due_us:
        s.work_wake[row] = NEVER_US
        z.now_us = max(z.now_us, due_us)
        fire_work(s, row)
        arm_work(s, row)


@rule
def handle(s: Arrays, n: int) -> None:
    """Do what command ``n`` says."""
    s.scratch[0].cause = n
    kind = int(s.inbox[n].kind)
    if kind == c.TICK:
        return
    if not is_command(kind):
        refuse(s, c.R_BAD_COMMAND, kind)
    elif kind == c.ADD_TICKET:
        add_ticket(s, n)
    elif kind >= c.APPLY_PLAN:
        apply_plan(s, n)
    elif kind >= c.ACCEPT_OFFER:
        on_work_command(s, n)
    elif kind > c.ADD_TICKET:
        on_ticket_command(s, n)
    elif kind >= c.SET_PRESENCE or kind == c.SET_AGENT or kind == c.REMOVE_AGENT:
        on_agent_command(s, n)
    else:
        on_registry_command(s, n)


@rule
def what_is_short(s: Arrays) -> int:
    """Return which buffer might overflow in the next unit of work, or ``RUN_DONE``."""
    z, h = s.scratch[0], s.head[0]
    if z.events + EVENTS_MARGIN > s.events.shape[0]:
        return c.RUN_EVENTS
    if z.words + EVENTS_MARGIN + WORDS_PER_COMMAND_MAX > s.event_words.shape[0]:
        return c.RUN_EVENTS
    if h.works_live + EVENTS_MARGIN > s.works.shape[0]:
        return c.RUN_WORKS
    if z.timers + EVENTS_MARGIN > s.timers.shape[0]:
        return c.RUN_TIMERS
    if z.lanes_top + z.dirty_tickets + EVENTS_MARGIN > s.lanes.shape[0]:
        return c.RUN_LANES
    if h.tie_top + EVENTS_MARGIN > s.ties.shape[0]:
        return c.RUN_TIES
    return c.RUN_DONE


@rule
def run_inbox(s: Arrays, commands: int) -> int:
    """
    Work through an inbox of so many commands, or go on (-1) after room was made.

    Returns ``RUN_DONE``, or which buffer needs room before going on. A rule, so that the simulator's own loop can
    have it inside.
    """
    z = s.scratch[0]
    if commands >= 0:
        z.cursor, z.inbox, z.events, z.words, z.cause = 0, commands, 0, 0, 0
    while True:
        short = what_is_short(s)
        if short != c.RUN_DONE:
            return short
        at_us = z.now_us
        if z.cursor < z.inbox:
            at_us = max(z.now_us, s.inbox[z.cursor].at_us)
        is_marked = z.dirty_agents + z.dirty_tickets > 0
        if first_due_us(s) <= (z.now_us if is_marked else at_us):
            fire_first_timer(s)
        elif is_marked and (at_us > z.now_us or z.cursor >= z.inbox or z.cause < 0):
            short = decide_round(s)
            if short != c.RUN_DONE:
                return short
        elif z.cursor < z.inbox:
            z.now_us = at_us
            handle(s, int(z.cursor))
            z.cursor += 1
        else:
            return c.RUN_DONE


@entry
def run(s: Arrays, commands: int) -> int:
    """Work through an inbox as ``run_inbox`` does, for drivers that are Python."""
    return run_inbox(s, commands)
