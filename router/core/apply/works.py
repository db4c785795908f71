"""Works (offers and the assignments they become): rows, lists, and the capacity they hold."""

from router.core.codes import PENDING
from router.core.eligibility import refresh_ready
from router.core.jit import rule
from router.core.limits import NEVER_US
from router.core.state import Arrays


@rule
def mark_agent(s: Arrays, a: int) -> None:
    """Note that the agent gained room, so that the next decision looks at it."""
    z = s.scratch[0]
    if z.folding or s.agent_dirty[a]:
        return
    s.agent_dirty[a] = 1
    s.dirty_agents[z.dirty_agents] = a
    z.dirty_agents += 1


@rule
def hold_units(s: Arrays, w: int, sign: int) -> None:
    """Take the work's units from its agent (+1) or give them back (-1)."""
    work = s.works[w]
    agent = s.agents[work.agent]
    agent.used += sign * work.cost
    if work.interruptible:
        agent.used_interruptible += sign * work.cost
    s.agent_load[work.agent, work.channel] += sign
    refresh_ready(s, work.agent)


@rule
def open_work(s: Arrays, w: int, t: int, a: int) -> None:
    """Take row ``w`` for an offer of ticket ``t`` to agent ``a`` and reserve its units."""
    h = s.head[0]
    work = s.works[w]
    if w == h.work_free:
        h.work_free = work.next_free
    else:
        assert w == h.work_top
        h.work_top += 1
    h.works_live += 1
    channel = s.profiles[s.tickets[t].profile].channel
    work.state, work.ticket, work.agent, work.channel = PENDING, t, a, channel
    work.cost = s.agent_cost[a, channel]
    work.interruptible = s.channels[channel].interruptible
    work.accepted_us = 0
    work.next_of_ticket = s.tickets[t].work
    s.tickets[t].work = w
    work.next_of_agent = s.agents[a].work
    s.agents[a].work = w
    work.next_free = -1
    if not s.scratch[0].folding:
        s.work_wake[w] = NEVER_US
    s.agents[a].offers_open += 1
    s.tickets[t].offers_open += 1
    hold_units(s, w, 1)


@rule
def unlink_work(s: Arrays, w: int) -> None:
    """Take the work out of its ticket's and its agent's list."""
    work = s.works[w]
    ticket, agent = s.tickets[work.ticket], s.agents[work.agent]
    if ticket.work == w:
        ticket.work = work.next_of_ticket
    else:
        k = ticket.work
        while s.works[k].next_of_ticket != w:
            k = s.works[k].next_of_ticket
        s.works[k].next_of_ticket = work.next_of_ticket
    if agent.work == w:
        agent.work = work.next_of_agent
    else:
        k = agent.work
        while s.works[k].next_of_agent != w:
            k = s.works[k].next_of_agent
        s.works[k].next_of_agent = work.next_of_agent


@rule
def close_work(s: Arrays, w: int) -> None:
    """End an offer or an assignment: its units are free, its row is given back."""
    h, work = s.head[0], s.works[w]
    a = int(work.agent)
    if work.state == PENDING:
        s.agents[a].offers_open -= 1
        s.tickets[work.ticket].offers_open -= 1
    else:
        s.agents[a].held -= 1
    hold_units(s, w, -1)
    unlink_work(s, w)
    work.serial, work.offered_us, work.accepted_us, work.due_us, work.value = 0, 0, 0, 0, 0
    work.decision = 0
    work.state, work.ticket, work.agent, work.channel, work.cost = 0, 0, 0, 0, 0
    work.interruptible = 0
    work.next_of_ticket, work.next_of_agent = 0, 0
    work.next_free = h.work_free
    h.work_free = w
    h.works_live -= 1
    mark_agent(s, a)
