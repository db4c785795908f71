"""
The loop: the next thing that happens, the command it makes of it, what the core does, and what follows.

Four sources say when: the core's own timers, the plan, recorded arrivals, and the heap. At one instant they go in that
order, as the core itself fires its timers before it looks at a command. So no timer ever fires unheard.
"""

from router.core import codes as core
from router.core.jit import entry, rule
from router.core.limits import NEVER_US
from router.core.run import fire_first_timer, run_inbox
from router.core.run import what_is_short as is_short
from router.core.state import Arrays
from router.core.timers import OF_TICKET, ROW_MASK, first_due_us, is_line_first
from simulator.kernel import codes as c
from simulator.kernel.accounts import close_accounts, happened, move_slot
from simulator.kernel.acting import (
    bring,
    on_answer,
    on_arrival,
    on_end,
    on_message,
    on_patience,
    on_shared_end,
    on_trace,
    on_visit,
    on_wrap_end,
)
from simulator.kernel.heap import pop, push
from simulator.kernel.hearing import hear
from simulator.kernel.laws import next_arrival_us
from simulator.kernel.planned import on_plan, on_return
from simulator.kernel.state import Sim
from simulator.kernel.visits import end_visit, leave_open

MARGIN = 4_096
"""Rows free in each table before a step; one step of the core frees or offers a few hundred works at most."""


@rule
def what_is_short(k: Sim, s: Arrays) -> int:
    """Return which table of the simulator's might overflow in the next step, 0 if none."""
    z = k.scalars[0]
    if z.heap + MARGIN > k.heap_at.shape[0] or z.entry_top + MARGIN > k.entries.shape[0]:
        return c.NEEDS_HEAP
    if z.ticket_top + 1 >= k.tickets.shape[0]:
        return c.NEEDS_TICKETS
    if z.keeps_records and z.records + z.live + MARGIN > k.records.shape[0]:
        return c.NEEDS_RECORDS
    if s.head[0].ticket_free < 0 and s.head[0].ticket_top + 1 >= s.tickets.shape[0]:
        return c.NEEDS_CORE_TICKETS
    return 0


@rule
def forgets_first(s: Arrays) -> bool:
    """Return whether the core's earliest timer is that of a finished ticket, which is forgotten."""
    if is_line_first(s):
        return True
    first = s.timers[0]
    kind, row = first.whose >> 32, first.whose & ROW_MASK
    return bool(kind == OF_TICKET and s.tickets[row].state >= core.COMPLETED)


@rule
def fire_timers(k: Sim, s: Arrays, until_us: int) -> bool:
    """
    Let the core's timers fire until one has consequences; return whether the core is to go on because of it.

    Most find that their deadline has moved away, or forget a ticket whose retention is over, and nobody need hear.
    """
    z = s.scratch[0]
    while True:
        due_us = first_due_us(s)
        if due_us > until_us or is_short(s) != core.RUN_DONE:
            return False
        is_forgotten = forgets_first(s)
        z.cursor, z.inbox, z.events, z.words = 0, 0, 0, 0
        move_slot(k, max(k.scalars[0].now_us, due_us))
        fire_first_timer(s)
        if z.events + z.dirty_agents + z.dirty_tickets > 0 and not is_forgotten:
            return True
        k.scalars[0].core_events += z.events


@rule
def on_entry(k: Sim, s: Arrays) -> bool:
    """Do what the heap says next. Return whether there is a command."""
    entry = pop(k)
    about = k.entries[entry]
    kind, row, mark = int(about.kind), int(about.row), int(about.mark)
    if kind == c.ON_ARRIVAL:
        return on_arrival(k, s, row)
    if kind == c.ON_ANSWER:
        return on_answer(k, s, entry, core.ACCEPT_OFFER)
    if kind == c.ON_DECLINE:
        return on_answer(k, s, entry, core.DECLINE_OFFER)
    if kind == c.ON_SHARED_END:
        return on_shared_end(k, s, row, mark)
    if kind == c.ON_RETURN:
        return on_return(k, s, row)
    if k.tickets[row].mark != mark:
        return False
    if kind == c.ON_END:
        return on_end(k, s, row)
    if kind == c.ON_PATIENCE:
        return on_patience(k, s, row, mark)
    if kind == c.ON_WRAP_END:
        return on_wrap_end(k, s, row)
    if kind == c.ON_MESSAGE:
        return on_message(k, s, row)
    if kind == c.ON_VISIT:
        return on_visit(k, s, row)
    return bring(k, s, row)


@rule
def next_us(k: Sim) -> int:
    """Return when the simulator's own next thing happens, ``NEVER_US`` if none does."""
    z = k.scalars[0]
    at_us = k.heap_at[0] if z.heap > 0 else NEVER_US
    if z.planned < k.plan.shape[0]:
        at_us = min(at_us, k.plan[z.planned].at_us)
    if z.traced < k.trace.shape[0]:
        at_us = min(at_us, k.trace[z.traced].at_us)
    return int(at_us)


@rule
def act(k: Sim, s: Arrays, at_us: int) -> bool:
    """Let time go on to what happens next and do it. Return whether there is a command."""
    z = k.scalars[0]
    move_slot(k, at_us)
    if z.planned < k.plan.shape[0] and k.plan[z.planned].at_us <= at_us:
        return on_plan(k, s)
    if z.traced < k.trace.shape[0] and k.trace[z.traced].at_us <= at_us:
        return on_trace(k, s)
    return on_entry(k, s)


@rule
def finish(k: Sim) -> None:
    """Close the books at the end of the run."""
    z = k.scalars[0]
    if z.live > 0:
        move_slot(k, z.stops_us)
    else:
        move_slot(k, max(z.now_us, z.closes_us))
    close_accounts(k)
    leave_open(k)


@rule
def begin(k: Sim) -> None:
    """Ask for the first arrival of each kind."""
    for kind in range(k.kinds.shape[0]):
        if k.kinds[kind].rates > 0:
            at_us = next_arrival_us(k, kind)
            if at_us < NEVER_US:
                k.arrivals[kind] += 1
                push(k, at_us, c.ON_ARRIVAL, kind, 0)


@rule
def take_refusal(k: Sim) -> None:
    """End the visit of a ticket that the core would not take."""
    z = k.scalars[0]
    row = int(z.current)
    if row >= 0 and k.tickets[row].core < 0:
        happened(k, c.HAPPENED_BLOCKED, k.tickets[row].entity, -1)
        end_visit(k, row, c.BLOCKED)
    z.current = -1


@rule
def play_on(k: Sim, s: Arrays) -> int:
    """Play until the world is over or a table is short; a rule, as rules count no references."""
    z = k.scalars[0]
    if z.sequence == 0:
        z.sequence = 1
        begin(k)
    pause_at = z.model_events + z.pause_after
    going_on = bool(z.waits)
    while True:
        short = what_is_short(k, s)
        if short != 0:
            return short
        if not z.waits:
            if z.pause_after > 0 and z.model_events >= pause_at:
                return c.PAUSED
            at_us = next_us(k)
            until_us = min(at_us, int(z.stops_us))
            going_on = fire_timers(k, s, until_us)
            if not going_on:
                if first_due_us(s) <= until_us:
                    return int(is_short(s))
                if at_us >= z.stops_us or (z.live == 0 and at_us >= z.closes_us):
                    finish(k)
                    return c.FINISHED
                if not act(k, s, at_us):
                    continue
                z.commands += 1
        short = run_inbox(s, -1 if going_on else 1)
        z.waits = short != core.RUN_DONE
        if z.waits:
            return short
        going_on = False
        hear(k, s)
        if z.current >= 0:
            take_refusal(k)
        if z.pause_after < 0:
            return c.STEPPED


@entry
def simulate(k: Sim, s: Arrays) -> int:
    """
    Play the world until it is over, or until a table is short.

    Returns ``FINISHED``, ``PAUSED`` (to show progress), ``STEPPED`` (after each run of the core, if asked to), or which
    table needs room before going on: one of the simulator's (below 0) or of the core's (``RUN_...``, above 0).
    """
    return play_on(k, s)
