"""What agents and queues did: integrals over time, slot by slot, brought up to date when something changes."""

from router.core import codes as core
from router.core.jit import rule
from router.core.state import Arrays
from simulator.kernel.state import Sim


@rule
def move_slot(k: Sim, now_us: int) -> None:
    """Let time go on to an instant and find its slot."""
    z = k.scalars[0]
    z.now_us = now_us
    if now_us >= z.slot_from_us + z.slot_us:
        last = k.agent_hours.shape[1] - 1
        z.slot = min((now_us - z.opens_us) // z.slot_us, last)
        z.slot_from_us = z.opens_us + z.slot * z.slot_us


@rule
def add_agent_time(k: Sim, a: int, slot: int, length_us: int) -> None:
    """
    Add a stretch of time in which nothing changed for an agent.

    Parameters
    ----------
    slot, length_us : int
        Which slot it lies in, and how long it is.
    """
    agent = k.agents[a]
    used = agent.used
    on_duty = agent.presence == core.AVAILABLE or agent.presence == core.DRAINING or used > 0
    if on_duty:
        hour = k.agent_hours[a, slot]
        hour.on_duty_us += length_us
        hour.room_us += length_us * agent.units
        hour.units_us += length_us * used
        if used > 0:
            hour.busy_us += length_us


@rule
def settle_agent_time(k: Sim, a: int) -> None:
    """Bring the integrals of an agent up to now."""
    z = k.scalars[0]
    from_us, now_us = k.agents[a].since_us, z.now_us
    k.agents[a].since_us = now_us
    if from_us >= z.slot_from_us:
        add_agent_time(k, a, z.slot, now_us - from_us)
        return
    last = k.agent_hours.shape[1] - 1
    while from_us < now_us:
        slot = min((from_us - z.opens_us) // z.slot_us, last)
        until_us = now_us if slot == last else min(now_us, z.opens_us + (slot + 1) * z.slot_us)
        add_agent_time(k, a, slot, until_us - from_us)
        from_us = until_us


@rule
def look_at_agent(k: Sim, s: Arrays, a: int) -> None:
    """Note what the core says of an agent now, if it changed."""
    agent, known = s.agents[a], k.agents[a]
    if agent.used != known.used or agent.presence != known.presence:
        settle_agent_time(k, a)
        known.used, known.presence = agent.used, agent.presence


@rule
def settle_queue_time(k: Sim, q: int) -> None:
    """Bring the integral of those who wait in a queue up to now."""
    z = k.scalars[0]
    queue = k.queues[q]
    from_us, now_us = queue.since_us, z.now_us
    queue.since_us = now_us
    last = k.queue_hours.shape[1] - 1
    while from_us < now_us:
        slot, until_us = z.slot, now_us
        if from_us < z.slot_from_us:
            slot = min((from_us - z.opens_us) // z.slot_us, last)
            if slot < last:
                until_us = min(now_us, z.opens_us + (slot + 1) * z.slot_us)
        hour = k.queue_hours[q, slot]
        hour.waiting_us += queue.waiting * (until_us - from_us)
        hour.waiting_peak = max(hour.waiting_peak, queue.waiting)
        from_us = until_us


@rule
def look_at_queue(k: Sim, s: Arrays, q: int) -> None:
    """Note how many wait in a queue now, if that changed."""
    waiting = s.queues[q].waiting
    if waiting != k.queues[q].waiting:
        settle_queue_time(k, q)
        k.queues[q].waiting = waiting
        hour = k.queue_hours[q, k.scalars[0].slot]
        hour.waiting_peak = max(hour.waiting_peak, waiting)


@rule
def end_spell(k: Sim, row: int, is_taken: bool) -> None:
    """
    Count a wait that ends now, in the queue that was asked for last.

    Parameters
    ----------
    is_taken : bool
        Whether an agent ends it, or the customer.
    """
    t, z = k.tickets[row], k.scalars[0]
    hour = k.queue_hours[t.queue, z.slot]
    wait_us = z.now_us - t.asked_us
    within = wait_us <= k.kinds[t.kind].within_us
    if is_taken:
        hour.taken += 1
        hour.taken_us += wait_us
        hour.taken_within += within
    else:
        hour.lost += 1
        hour.lost_late += not within


@rule
def close_accounts(k: Sim) -> None:
    """Bring everybody's integrals up to the end of the run."""
    for a in range(k.agents.shape[0]):
        settle_agent_time(k, a)
    for q in range(k.queues.shape[0]):
        settle_queue_time(k, q)


@rule
def happened(k: Sim, kind: int, entity: int, a: int) -> None:
    """Count a model event and let the digest know of it: what, when, to whom."""
    z = k.scalars[0]
    z.model_events += 1
    k.happenings[kind] += 1
    z.digest = (z.digest ^ (z.now_us * 31 + kind)) * 1099511628211
    z.digest = (z.digest ^ (entity * 65_537 + a)) * 1099511628211
