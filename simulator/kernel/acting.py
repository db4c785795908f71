"""What customers and agents do when their time has come: each writes one command to the core, or none."""

from router.core import codes as core
from router.core.jit import rule
from router.core.limits import NEVER_US
from router.core.rules.tickets import REQUEUE_FLAG
from router.core.state import Arrays
from simulator.kernel import codes as c
from simulator.kernel.accounts import happened
from simulator.kernel.draws import uniform
from simulator.kernel.heap import push
from simulator.kernel.laws import duration_us, next_arrival_us
from simulator.kernel.service import (
    first_to_end,
    go_on,
    lag_us,
    leave_shared,
    next_message,
    stage_of,
)
from simulator.kernel.state import Sim
from simulator.kernel.visits import begin_visit, end_visit, new_ticket

TICKET_WORDS = 9


@rule
def say(k: Sim, s: Arrays, verb: int) -> None:
    """
    Write a blank command to the inbox; the caller fills in what it is about.

    Parameters
    ----------
    verb : int
        A code of the core's commands.
    """
    command = s.inbox[0]
    command.at_us, command.kind = k.scalars[0].now_us, verb
    command.serial, command.until_us, command.value, command.options = 0, 0, 0, 0
    command.ticket, command.agent, command.profile, command.aux = -1, -1, -1, 0
    command.words_from, command.words = 0, 0


@rule
def describe(k: Sim, s: Arrays, row: int) -> None:
    """Give the command the words of a ticket: its age, promises and priority."""
    t = k.tickets[row]
    kind, now_us = k.kinds[t.kind], k.scalars[0].now_us
    w, start_us = s.inbox_words, t.arrived_us
    w[0], w[1] = start_us, 0
    w[2] = NEVER_US if kind.ttl_us == NEVER_US else now_us + kind.ttl_us
    w[3] = kind.target_us
    w[4] = NEVER_US if kind.first_us == NEVER_US else start_us + kind.first_us
    w[5] = kind.next_us
    w[6] = NEVER_US if kind.whole_us == NEVER_US else start_us + kind.whole_us
    w[7], w[8] = kind.priority, 0
    s.inbox[0].profile, s.inbox[0].words = kind.profile, TICKET_WORDS


@rule
def bring(k: Sim, s: Arrays, row: int) -> bool:
    """Bring a ticket to the core, unless the line is busy; return whether there is a command."""
    t = k.tickets[row]
    kind = k.kinds[t.kind]
    is_full = 0 <= kind.waiting_max <= s.queues[t.queue].waiting
    if is_full or 0 <= kind.lines_max <= k.queues[t.queue].present:
        happened(k, c.HAPPENED_BLOCKED, t.entity, -1)
        end_visit(k, row, c.BLOCKED)
        return False
    say(k, s, core.ADD_TICKET)
    describe(k, s, row)
    k.scalars[0].current = row
    return True


@rule
def travel(k: Sim, s: Arrays, row: int) -> bool:
    """Bring a ticket to the core as soon as the network lets it; return whether there is a command now."""
    t = k.tickets[row]
    lag = k.kinds[t.kind].lag
    if lag < 0:
        return bring(k, s, row)
    arrives_us = t.arrived_us + lag_us(k, lag, t.entity, -1 - stage_of(k, row))
    push(k, arrives_us, c.ON_TRAVEL, row, t.mark)
    return False


@rule
def on_arrival(k: Sim, s: Arrays, kind: int) -> bool:
    """A customer asks for something; the next one is due. Return whether there is a command."""
    entity = (kind << 36) | (k.arrivals[kind] - 1)
    at_us = next_arrival_us(k, kind)
    if at_us < NEVER_US:
        k.arrivals[kind] += 1
        push(k, at_us, c.ON_ARRIVAL, kind, 0)
    return travel(k, s, new_ticket(k, kind, entity))


@rule
def on_trace(k: Sim, s: Arrays) -> bool:
    """A recorded customer asks for something. Return whether there is a command."""
    z = k.scalars[0]
    at = int(z.traced)
    z.traced += 1
    given = k.trace[at]
    kind = int(given.kind)
    row = new_ticket(k, kind, (kind << 36) | at)
    k.tickets[row].given_work_us, k.tickets[row].patience_us = given.work_us, given.patience_us
    return travel(k, s, row)


@rule
def on_visit(k: Sim, s: Arrays, row: int) -> bool:
    """A customer comes again. Return whether there is a command."""
    begin_visit(k, row)
    return travel(k, s, row)


@rule
def on_answer(k: Sim, s: Arrays, entry: int, verb: int) -> bool:
    """
    An agent answers an offer, if it still stands for all the agent knows. Return whether there is a command.

    Parameters
    ----------
    entry, verb : int
        Row of the heap's pool; which command of the core it is.
    """
    about = k.entries[entry]
    if s.works[about.row].serial != about.mark or s.works[about.row].state != core.PENDING:
        return False
    say(k, s, verb)
    s.inbox[0].serial, s.inbox[0].aux = about.mark, about.row
    return True


@rule
def on_patience(k: Sim, s: Arrays, row: int, mark: int) -> bool:
    """
    A customer gives up, unless served by now. Return whether there is a command.

    Parameters
    ----------
    mark : int
        Which wait was meant.
    """
    t = k.tickets[row]
    if t.mark != mark or t.state != c.WAITING:
        return False
    say(k, s, core.ABANDON_TICKET)
    s.inbox[0].ticket = t.core
    return True


@rule
def transfer_of(k: Sim, row: int) -> int:
    """Return the kind a ticket becomes now that its work here is done, -1 if it is done altogether."""
    t = k.tickets[row]
    kind = k.kinds[t.kind]
    if kind.transfers == 0:
        return -1
    u = uniform(k.streams[c.TRANSFER], t.entity, stage_of(k, row))
    for n in range(kind.transfers):
        u -= k.transfers[kind.transfers_from + n].share
        if u < 0:
            return int(k.transfers[kind.transfers_from + n].to)
    return -1


@rule
def on_end(k: Sim, s: Arrays, row: int) -> bool:
    """Work on a ticket ends: it goes on to others, into wrap-up, or is complete. Return whether there is a command."""
    t, z = k.tickets[row], k.scalars[0]
    happened(k, c.HAPPENED_END, t.entity, int(t.agent))
    t.mark += 1
    k.queues[t.queue].present -= 1
    to = transfer_of(k, row)
    if to >= 0:
        k.agents[t.agent].served += 1
        happened(k, c.HAPPENED_TRANSFER, t.entity, int(t.agent))
        t.kind, t.queue, t.asked_us, t.state = to, k.kinds[to].queue, z.now_us, c.WAITING
        t.stage += 1
        k.queues[t.queue].present += 1
        say(k, s, core.UPDATE_TICKET)
        describe(k, s, row)
        s.inbox[0].ticket, s.inbox[0].options = t.core, REQUEUE_FLAG
        return True
    t.state = c.IN_WRAP_UP
    wrap_up = k.kinds[t.kind].wrap_up
    if wrap_up >= 0:
        t.wrap_us = int(duration_us(k, wrap_up, c.WRAP_UP, t.entity, stage_of(k, row)))
        if t.wrap_us > 0:
            push(k, z.now_us + t.wrap_us, c.ON_WRAP_END, row, t.mark)
            say(k, s, core.WRAP_UP)
            s.inbox[0].until_us = NEVER_US
            s.inbox[0].serial, s.inbox[0].aux = t.serial, t.work
            return True
    return complete(k, s, row)


@rule
def complete(k: Sim, s: Arrays, row: int) -> bool:
    """Tell the core that a ticket is done; return that there is a command."""
    say(k, s, core.COMPLETE)
    s.inbox[0].serial, s.inbox[0].aux = k.tickets[row].serial, k.tickets[row].work
    return True


@rule
def on_shared_end(k: Sim, s: Arrays, a: int, mark: int) -> bool:
    """
    The first of an agent's tickets ends. Return whether there is a command.

    Parameters
    ----------
    mark : int
        Which state of the agent's tickets was meant.
    """
    if k.agents[a].mark != mark:
        return False
    go_on(k, a)
    row = first_to_end(k, a)
    leave_shared(k, row, a)
    return on_end(k, s, row)


@rule
def on_wrap_end(k: Sim, s: Arrays, row: int) -> bool:
    """An agent's notes are done. Return that there is a command."""
    t = k.tickets[row]
    happened(k, c.HAPPENED_WRAP_END, t.entity, int(t.agent))
    return complete(k, s, row)


@rule
def on_message(k: Sim, s: Arrays, row: int) -> bool:
    """Agent and customer write in turn, the agent first. Return that there is a command."""
    t = k.tickets[row]
    happened(k, c.HAPPENED_MESSAGE, t.entity, int(t.agent))
    say(k, s, core.RECORD_REPLY)
    s.inbox[0].ticket = t.core
    s.inbox[0].options = core.C_BY_CUSTOMER if t.messages & 1 else 0
    t.messages += 1
    next_message(k, row)
    return True
