"""Visits: a customer's ticket from its arrival to its end, and what comes of it afterwards."""

from router.core.jit import rule
from router.core.limits import NEVER_US
from simulator.kernel import codes as c
from simulator.kernel.accounts import happened
from simulator.kernel.draws import uniform
from simulator.kernel.heap import push
from simulator.kernel.laws import duration_us
from simulator.kernel.service import stage_of
from simulator.kernel.state import Sim


@rule
def take_row(k: Sim) -> int:
    """Return a free row of the pool of tickets; there is one."""
    z = k.scalars[0]
    row = z.ticket_free
    if row >= 0:
        z.ticket_free = k.tickets[row].after
    else:
        row = z.ticket_top
        z.ticket_top += 1
    z.live += 1
    return int(row)


@rule
def give_row(k: Sim, row: int) -> None:
    """Give a row back to the pool; timers that still name it have an old mark."""
    z = k.scalars[0]
    k.tickets[row].state = c.FREE
    k.tickets[row].after = z.ticket_free
    z.ticket_free = row
    z.live -= 1


@rule
def new_ticket(k: Sim, kind: int, entity: int) -> int:
    """Take a row for a ticket that has never been here."""
    row = take_row(k)
    t = k.tickets[row]
    t.entity, t.attempt, t.reopens, t.given_work_us, t.patience_us = entity, 0, 0, -1, -1
    t.first_kind = kind
    begin_visit(k, row)
    return row


@rule
def begin_visit(k: Sim, row: int) -> None:
    """Begin a visit at its first stage."""
    t, now_us = k.tickets[row], k.scalars[0].now_us
    t.mark += 1
    t.kind, t.queue = t.first_kind, k.kinds[t.first_kind].queue
    t.arrived_us, t.asked_us, t.answered_us = now_us, now_us, NEVER_US
    t.left_us, t.work_us, t.wrap_us, t.serial = -1, 0, 0, 0
    t.core, t.work, t.agent, t.stage, t.messages, t.armed = -1, -1, -1, 0, 0, 0
    t.offers, t.declines, t.breached, t.match, t.after = 0, 0, 0, 0, -1
    t.state = c.DORMANT
    happened(k, c.HAPPENED_ARRIVAL, t.entity, -1)


@rule
def arm_patience(k: Sim, row: int) -> None:
    """Let a waiting customer give up when the patience is over; it is drawn anew for each stage."""
    t = k.tickets[row]
    law = k.kinds[t.kind].patience
    if t.armed or t.state != c.WAITING or (law < 0 and t.patience_us < 0):
        return
    if t.patience_us >= 0:  # recorded
        length_us = t.patience_us
    else:
        length_us = int(duration_us(k, law, c.PATIENCE, t.entity, stage_of(k, row)))
    t.armed = 1
    push(k, max(k.scalars[0].now_us, t.asked_us + length_us), c.ON_PATIENCE, row, t.mark)


@rule
def write_record(k: Sim, row: int, outcome: int) -> None:
    """
    Write down how a visit went, if records are kept.

    Parameters
    ----------
    outcome : int
        How it ended.
    """
    z = k.scalars[0]
    if not z.keeps_records:
        return
    t, r = k.tickets[row], k.records[z.records]
    kind = k.kinds[t.first_kind]
    z.records += 1
    r.arrived_us, r.answered_us, r.left_us = t.arrived_us, t.answered_us, z.now_us
    r.work_us, r.wrap_us, r.type, r.queue = t.work_us, t.wrap_us, t.first_kind, kind.queue
    r.language, r.region, r.channel, r.agent = kind.language, kind.region, kind.channel, t.agent
    r.outcome, r.transfers, r.reopens, r.attempt = outcome, t.stage, t.reopens, t.attempt
    r.offers, r.declines, r.breached, r.match = t.offers, t.declines, t.breached, t.match


@rule
def fold_visit(k: Sim, row: int, outcome: int) -> None:
    """
    Add a finished visit to the sums of its kind and of the slot it arrived in.

    Parameters
    ----------
    outcome : int
        How it ended.
    """
    z, t = k.scalars[0], k.tickets[row]
    slot = min((t.arrived_us - z.opens_us) // z.slot_us, k.folds.shape[1] - 1)
    f = k.folds[t.first_kind, slot]
    answered = t.answered_us < NEVER_US
    wait_us = (t.answered_us if answered else z.now_us) - t.arrived_us
    within = wait_us <= k.kinds[t.first_kind].within_us
    f.arrived += 1
    f.wait_us += wait_us
    f.wait_sq += (wait_us * 1e-6) * (wait_us * 1e-6)
    f.work_us += t.work_us
    f.wrap_us += t.wrap_us
    f.transfers += t.stage
    f.offers += t.offers
    f.declines += t.declines
    f.breached += t.breached != 0
    f.waited += wait_us > 0
    if answered:
        f.answered += 1
        f.answer_wait_us += wait_us
        f.match += t.match
        f.within += within
    if outcome == c.SERVED:
        f.served += 1
    elif outcome == c.ABANDONED:
        f.abandoned += 1
        f.lost_within += within and not answered
    elif outcome == c.BLOCKED:
        f.blocked += 1
    else:
        f.expired += 1


@rule
def end_visit(k: Sim, row: int, outcome: int) -> None:
    """
    End a visit; its customer may come again.

    Parameters
    ----------
    outcome : int
        How it ended.
    """
    t = k.tickets[row]
    if t.core >= 0:
        k.ticket_of[t.core] = -1
    if t.state == c.WAITING or t.state == c.IN_SERVICE:
        k.queues[t.queue].present -= 1
    write_record(k, row, outcome)
    fold_visit(k, row, outcome)
    t.mark += 1
    t.state = c.DORMANT
    kind = k.kinds[t.first_kind]
    stage = stage_of(k, row)
    if outcome == c.ABANDONED or outcome == c.BLOCKED:
        if t.attempt < kind.redials:
            if uniform(k.streams[c.REDIAL], t.entity, stage) < kind.redial_share:
                t.attempt += 1
                come_again(k, row, kind.redial_delay, c.REDIAL_DELAY)
                return
    elif outcome == c.SERVED and t.reopens < kind.reopens:
        if uniform(k.streams[c.REOPEN], t.entity, stage) < kind.reopen_share:
            t.reopens += 1
            come_again(k, row, kind.reopen_delay, c.REOPEN_DELAY)
            return
    give_row(k, row)


@rule
def come_again(k: Sim, row: int, law: int, purpose: int) -> None:
    """Let a customer come again after a while."""
    delay_us = duration_us(k, law, purpose, k.tickets[row].entity, stage_of(k, row))
    push(k, k.scalars[0].now_us + int(delay_us), c.ON_VISIT, row, k.tickets[row].mark)


@rule
def leave_open(k: Sim) -> None:
    """Write a record of every visit that the end of the run cut short; sums hold finished visits only."""
    for row in range(k.scalars[0].ticket_top):
        state = k.tickets[row].state
        if state != c.FREE and state != c.DORMANT:
            write_record(k, row, c.OPEN)
