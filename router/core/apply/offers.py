"""What offer and assignment events do."""

from router.core.apply.tickets import (
    close_assignment,
    cool_down,
    end_ticket,
    leave_queue,
    note_answer,
)
from router.core.apply.works import close_work, open_work
from router.core.codes import (
    ACTIVE,
    ASSIGNED,
    BECAUSE_MANUAL,
    COMPLETED,
    F_REPLIED,
    OFFERED,
    QUEUED,
    WRAPPING,
    WRAPUP,
)
from router.core.jit import rule
from router.core.limits import NEVER_US
from router.core.state import Arrays
from router.core.timers import arm_ticket, arm_work


@rule
def on_offered(s: Arrays, i: int) -> None:
    """An offer went out; it holds the agent's units from now on."""
    h, e = s.head[0], s.events[i]
    t, a, w = int(e.ticket), int(e.agent), int(e.work)
    if s.tickets[t].state == QUEUED:
        leave_queue(s, t)
    s.tickets[t].state = OFFERED
    s.tickets[t].version += 1
    open_work(s, w, t, a)
    work = s.works[w]
    work.serial, work.offered_us, work.due_us, work.value = e.serial, e.at_us, e.until_us, e.value
    work.decision = 0 if e.reason == BECAUSE_MANUAL else h.decided_seq
    h.next_serial = e.serial + 1
    s.agents[a].last_serial = e.serial
    s.agents[a].version += 1
    s.queues[s.profiles[s.tickets[t].profile].queue].offers += 1


@rule
def on_accepted(s: Arrays, i: int) -> None:
    """The agent took the ticket: the offer is an assignment."""
    e = s.events[i]
    t, a, w = int(e.ticket), int(e.agent), int(e.work)
    work, k, agent = s.works[w], s.tickets[t], s.agents[a]
    work.state, work.accepted_us, work.due_us = ACTIVE, e.at_us, NEVER_US
    agent.offers_open -= 1
    agent.held += 1
    agent.strikes = 0
    agent.idle_since_us = e.at_us
    agent.version += 1
    k.state, k.agent = ASSIGNED, a
    k.offers_open -= 1
    k.version += 1
    back_us = s.channels[work.channel].reply_return_us
    k.reply_return_us = e.at_us + back_us if back_us > 0 and not k.marks & F_REPLIED else NEVER_US
    note_answer(s, t, e.at_us)
    arm_ticket(s, t)


@rule
def on_declined(s: Arrays, i: int) -> None:
    """The agent said no: the pair cools down."""
    e = s.events[i]
    t, a = int(e.ticket), int(e.agent)
    s.tickets[t].declines += 1
    s.tickets[t].version += 1
    s.agents[a].version += 1
    s.agents[a].strikes = 0
    s.queues[s.profiles[s.tickets[t].profile].queue].declined += 1
    cool_down(s, t, a, e.until_us)
    close_work(s, int(e.work))


@rule
def on_offer_expired(s: Arrays, i: int) -> None:
    """Nobody answered: a strike, and the pair cools down."""
    e = s.events[i]
    t, a = int(e.ticket), int(e.agent)
    s.tickets[t].version += 1
    s.agents[a].version += 1
    s.agents[a].strikes += 1
    s.queues[s.profiles[s.tickets[t].profile].queue].unanswered += 1
    cool_down(s, t, a, e.until_us)
    close_work(s, int(e.work))


@rule
def on_revoked(s: Arrays, i: int) -> None:
    """The offer was withdrawn; nobody is to blame."""
    e = s.events[i]
    s.tickets[e.ticket].version += 1
    s.agents[e.agent].version += 1
    close_work(s, int(e.work))


@rule
def on_wrapping(s: Arrays, i: int) -> None:
    """The talk is over, the notes are not."""
    e = s.events[i]
    t, w = int(e.ticket), int(e.work)
    s.works[w].state, s.works[w].due_us = WRAPUP, e.until_us
    s.tickets[t].state = WRAPPING
    s.tickets[t].reply_return_us = NEVER_US
    s.tickets[t].version += 1
    arm_work(s, w)
    arm_ticket(s, t)


@rule
def on_completed(s: Arrays, i: int) -> None:
    """The ticket is done and the agent free of it."""
    e = s.events[i]
    t, a = int(e.ticket), int(e.agent)
    s.agents[a].served += 1
    s.agents[a].version += 1
    s.queues[s.profiles[s.tickets[t].profile].queue].completed += 1
    close_assignment(s, int(e.work), e.at_us)
    end_ticket(s, t, COMPLETED, e.at_us)


@rule
def on_released(s: Arrays, i: int) -> None:
    """The agent gave the ticket back or lost it; what becomes of the ticket is the next event."""
    e = s.events[i]
    t = int(e.ticket)
    s.tickets[t].agent = -1
    s.tickets[t].reply_return_us = NEVER_US
    if e.until_us > 0:
        cool_down(s, t, int(e.agent), e.until_us)
    s.tickets[t].version += 1
    s.agents[e.agent].version += 1
    close_assignment(s, int(e.work), e.at_us)
