"""What follows from the core's events: agents look at offers and begin to work, customers wait or are done."""

from router.core import codes as core
from router.core.jit import rule
from router.core.state import Arrays
from simulator.kernel import codes as c
from simulator.kernel.accounts import end_spell, happened, look_at_agent, look_at_queue
from simulator.kernel.draws import uniform
from simulator.kernel.heap import push
from simulator.kernel.laws import duration_us
from simulator.kernel.service import begin_service, interrupt_service, lag_us, stage_of
from simulator.kernel.state import Sim
from simulator.kernel.visits import arm_patience, end_visit


@rule
def hear_offer(k: Sim, s: Arrays, row: int, i: int) -> None:
    """An agent was asked: it will accept, decline or not notice."""
    t, e = k.tickets[row], s.events[i]
    a = int(e.agent)
    agent = k.agents[a]
    k.scalars[0].offers += 1
    t.offers += 1
    if k.kinds[t.kind].auto_accept:
        return
    count = stage_of(k, row) * 1024 + t.offers
    u = uniform(k.streams[c.ANSWER], t.entity, count)
    if u < agent.miss:
        return
    verb = c.ON_DECLINE if u < agent.miss + agent.decline else c.ON_ANSWER
    delay_us = lag_us(k, agent.lag, t.entity, 2 * count) + lag_us(
        k, agent.lag, t.entity, 2 * count + 1
    )
    if agent.answer >= 0:
        delay_us += int(duration_us(k, agent.answer, c.ANSWER_DELAY, t.entity, count))
    push(k, k.scalars[0].now_us + delay_us, verb, e.work, e.serial)


@rule
def hear_added(k: Sim, s: Arrays, i: int) -> None:
    """The core took the ticket that was brought."""
    z = k.scalars[0]
    row = int(z.current)
    t = k.tickets[row]
    t.core, t.state = s.events[i].ticket, c.WAITING
    k.ticket_of[t.core] = row
    k.queues[t.queue].present += 1
    z.unarmed = row


@rule
def hear_end(k: Sim, s: Arrays, row: int, i: int) -> None:
    """A ticket is over for the core."""
    e = s.events[i]
    if e.kind == core.E_COMPLETED:
        k.agents[e.agent].served += 1
        end_visit(k, row, c.SERVED)
        return
    if k.tickets[row].state == c.WAITING:
        end_spell(k, row, False)
    interrupt_service(k, row)
    entity = k.tickets[row].entity
    if e.aux == core.ABANDONED:
        happened(k, c.HAPPENED_ABANDONMENT, entity, -1)
        end_visit(k, row, c.ABANDONED)
    else:
        end_visit(k, row, c.EXPIRED if e.aux == core.EXPIRED else c.CANCELED)


@rule
def hear_of_work(k: Sim, s: Arrays, row: int, i: int) -> None:
    """An offer or an assignment of a ticket changed."""
    e = s.events[i]
    kind = e.kind
    if kind == core.E_OFFERED:
        hear_offer(k, s, row, i)
    elif kind == core.E_ACCEPTED:
        begin_service(k, s, row, i)
    elif kind == core.E_COMPLETED:
        hear_end(k, s, row, i)
    elif kind == core.E_DECLINED or kind == core.E_OFFER_EXPIRED:
        k.tickets[row].declines += 1
        happened(k, c.HAPPENED_REFUSAL, k.tickets[row].entity, int(e.agent))
    elif kind == core.E_RELEASED:
        interrupt_service(k, row)


@rule
def hear_of_ticket(k: Sim, s: Arrays, row: int, i: int) -> None:
    """A ticket changed."""
    kind = s.events[i].kind
    if kind == core.E_CLOSED:
        hear_end(k, s, row, i)
    elif kind == core.E_QUEUED:
        arm_patience(k, row)
    elif kind == core.E_BREACHED:
        k.tickets[row].breached += 1


@rule
def hear_of_agent(k: Sim, s: Arrays, i: int) -> None:
    """An agent's presence changed; who was sent away for not answering comes back after a while."""
    e, a = s.events[i], int(s.events[i].agent)
    agent = k.agents[a]
    if e.reason == core.BECAUSE_NO_ANSWER and agent.away >= 0:
        agent.answered += 1
        away_us = int(duration_us(k, agent.away, c.AWAY, a, agent.answered))
        push(k, k.scalars[0].now_us + away_us, c.ON_RETURN, a, 0)


@rule
def hear_decision(k: Sim, s: Arrays, i: int) -> None:
    """The core decided; note how far from the best it may be."""
    z, at = k.scalars[0], s.events[i].words_from
    z.decisions += 1
    z.worth += s.event_words[at + 3]
    z.gap += s.event_words[at + 4] - s.event_words[at + 3]


@rule
def hear_one(k: Sim, s: Arrays, i: int) -> None:
    """Hear one event."""
    e = s.events[i]
    kind = int(e.kind)
    if kind == core.E_DECIDED:
        hear_decision(k, s, i)
        return
    if kind == core.E_ADDED:
        hear_added(k, s, i)
    elif kind == core.E_PRESENCE:
        hear_of_agent(k, s, i)
    elif kind == core.E_REFUSED:
        k.scalars[0].refusals += 1
    t = int(e.ticket)
    if t >= 0:
        row = int(k.ticket_of[t])
        if row >= 0:
            queue = int(k.tickets[row].queue)
            if kind >= core.E_OFFERED:
                hear_of_work(k, s, row, i)
            else:
                hear_of_ticket(k, s, row, i)
            if kind <= core.E_OFFERED:  # who waits no longer is offered, or gone
                look_at_queue(k, s, queue)
                now_in = int(s.profiles[s.tickets[t].profile].queue)
                if now_in != queue:
                    look_at_queue(k, s, now_in)
    if e.agent >= 0:
        look_at_agent(k, s, int(e.agent))


@rule
def hear(k: Sim, s: Arrays) -> None:
    """Hear all that the core just did, in its order."""
    z = k.scalars[0]
    n = int(s.scratch[0].events)
    z.core_events += n
    z.unarmed = -1
    for i in range(n):
        hear_one(k, s, i)
    if z.unarmed >= 0:
        arm_patience(k, int(z.unarmed))
