"""Agents at work: services that begin, go on, are interrupted and end; alone or several at once."""

import math

from router.core.jit import rule
from router.core.limits import NEVER_US
from router.core.state import Arrays
from simulator.kernel import codes as c
from simulator.kernel.accounts import end_spell, happened
from simulator.kernel.heap import push
from simulator.kernel.laws import DURATION_S_MAX, duration_us
from simulator.kernel.state import Sim

STAGES = 64
"""Counts of draws kept for the stages of one visit."""


@rule
def stage_of(k: Sim, row: int) -> int:
    """Return the count of the draws of a visit's present stage: after redials, reopenings and transfers."""
    t = k.tickets[row]
    return int((t.attempt + t.reopens) * STAGES + t.stage)


@rule
def speed_of(k: Sim, a: int) -> float:
    """Return how fast each of an agent's tickets goes on, a float64, with as many as it has at once."""
    agent = k.agents[a]
    n = min(agent.count, agent.rates)
    return float(k.levels[agent.rates_from + n - 1]) if n > 0 else 1.0


@rule
def go_on(k: Sim, a: int) -> None:
    """Bring an agent's virtual time, in which all of its tickets go on alike, up to now."""
    agent = k.agents[a]
    now_us = k.scalars[0].now_us
    agent.virtual += (now_us - agent.virtual_us) * speed_of(k, a)
    agent.virtual_us = now_us


@rule
def first_to_end(k: Sim, a: int) -> int:
    """Return the row of the agent's ticket that ends first as things are, -1 if it has none."""
    best = -1
    row = k.agents[a].head
    while row >= 0:
        if best < 0 or k.tickets[row].finish < k.tickets[best].finish:
            best = row
        row = k.tickets[row].after
    return int(best)


@rule
def arm_agent(k: Sim, a: int) -> None:
    """Ask for the instant at which the first of the agent's tickets ends; earlier askings are void."""
    agent = k.agents[a]
    agent.mark += 1
    row = first_to_end(k, a)
    if row >= 0:
        left = max(0.0, k.tickets[row].finish - agent.virtual) / speed_of(k, a)
        push(k, k.scalars[0].now_us + math.ceil(left), c.ON_SHARED_END, a, agent.mark)


@rule
def join_shared(k: Sim, row: int, a: int, work_us: float) -> None:
    """
    Begin a service beside others; all slow down.

    Parameters
    ----------
    work_us : float
        Its length, were it alone.
    """
    go_on(k, a)
    agent = k.agents[a]
    k.tickets[row].finish = agent.virtual + work_us
    k.tickets[row].after = agent.head
    agent.head = row
    agent.count += 1
    arm_agent(k, a)


@rule
def leave_shared(k: Sim, row: int, a: int) -> None:
    """End a service beside others; all go on faster."""
    go_on(k, a)
    agent = k.agents[a]
    if agent.head == row:
        agent.head = k.tickets[row].after
    else:
        other = agent.head
        while k.tickets[other].after != row:
            other = k.tickets[other].after
        k.tickets[other].after = k.tickets[row].after
    agent.count -= 1
    arm_agent(k, a)


@rule
def lag_us(k: Sim, law: int, entity: int, count: int) -> int:
    """Return how long a message takes through the network, 0 where none is described."""
    return int(duration_us(k, law, c.LATENCY, entity, count)) if law >= 0 else 0


@rule
def work_of(k: Sim, row: int, a: int) -> float:
    """Return how long, in microseconds as float64, this agent will work on this ticket if not interrupted."""
    t, agent = k.tickets[row], k.agents[a]
    if t.left_us >= 0:
        return float(t.left_us)
    if t.given_work_us >= 0:
        work_us = float(t.given_work_us)
    else:
        work_us = duration_us(k, k.kinds[t.kind].work, c.WORK, t.entity, stage_of(k, row))
        work_us *= k.pace[a, t.kind]
        if agent.learn_tickets > 0:
            left = math.exp(-agent.served / agent.learn_tickets)
            work_us *= 1.0 + (agent.learn_first - 1.0) * left
        work_us = min(work_us, DURATION_S_MAX * 1e6)  # however slow the agent
    t.work_us += int(work_us)
    return work_us


@rule
def begin_service(k: Sim, s: Arrays, row: int, i: int) -> None:
    """An agent took the ticket, as event ``i`` says."""
    e, z = s.events[i], k.scalars[0]
    t, a = k.tickets[row], int(e.agent)
    end_spell(k, row, True)
    t.state, t.agent, t.work, t.serial = c.IN_SERVICE, a, e.work, e.serial
    t.mark += 1
    t.armed = 0
    if t.answered_us == NEVER_US:
        t.answered_us = z.now_us
        t.match = s.match[s.tickets[e.ticket].profile, a]
    happened(k, c.HAPPENED_ANSWER, t.entity, a)
    work_us = work_of(k, row, a)
    t.left_us = -1
    kind = k.kinds[t.kind]
    agent = k.agents[a]
    if agent.rates_from >= 0:
        join_shared(k, row, a, work_us)
    else:
        t.ends_us = z.now_us + int(work_us)
        if kind.auto_accept and agent.lag >= 0:  # who accepts by hand has heard of it before
            count = stage_of(k, row) * 4
            t.ends_us += lag_us(k, agent.lag, t.entity, count) + lag_us(
                k, agent.lag, t.entity, count + 1
            )
        push(k, t.ends_us, c.ON_END, row, t.mark)
    if kind.message >= 0:
        next_message(k, row)


@rule
def next_message(k: Sim, row: int) -> None:
    """Ask for the instant at which somebody writes next."""
    t = k.tickets[row]
    count = stage_of(k, row) * 65_536 + t.messages
    gap_us = duration_us(k, k.kinds[t.kind].message, c.MESSAGE, t.entity, count)
    push(k, k.scalars[0].now_us + max(1, int(gap_us)), c.ON_MESSAGE, row, t.mark)


@rule
def interrupt_service(k: Sim, row: int) -> None:
    """The agent lost the ticket while working on it; what is left of the work stays."""
    t, z = k.tickets[row], k.scalars[0]
    if t.state != c.IN_SERVICE:
        return
    a = int(t.agent)
    if k.agents[a].rates_from >= 0:
        leave_shared(k, row, a)
        t.left_us = max(0, int(t.finish - k.agents[a].virtual))
    else:
        t.left_us = max(0, t.ends_us - z.now_us)
    t.state, t.asked_us = c.WAITING, z.now_us
    t.mark += 1
