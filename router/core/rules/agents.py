"""What may be said of agents: configuration, presence, and desks that are lost and come back."""

from router.core import codes as c
from router.core.apply.dispatch import commit, refuse
from router.core.emit import copy_words, write_event
from router.core.jit import rule
from router.core.limits import NEVER_US
from router.core.rules.offering import after_close, queue_again, release, set_presence
from router.core.rules.tickets import revoke_of_agent
from router.core.rules.wellformed import is_good_agent
from router.core.state import Arrays


@rule
def is_known(s: Arrays, a: int) -> bool:
    """Return whether the agent is configured."""
    return bool(0 <= a < s.head[0].agents and s.agents[a].configured)


@rule
def set_agent(s: Arrays, n: int) -> None:
    """Configure an agent; what it holds it keeps."""
    command = s.inbox[n]
    if not is_good_agent(s, s.inbox[n], s.inbox_words):
        refuse(s, c.R_BAD_COMMAND, command.agent)
        return
    i = write_event(s, c.E_AGENT_SET, c.BECAUSE_ASKED)
    copy_words(s, i, n)
    s.events[i].agent = command.agent
    commit(s, i)


@rule
def return_all(s: Arrays, a: int, reason: int) -> None:
    """Take everything from an agent: offers and assignments go back to the queue with their age, wrap-ups are done."""
    revoke_of_agent(s, a, reason)
    w = int(s.agents[a].work)
    while w >= 0:
        following = int(s.works[w].next_of_agent)
        if s.works[w].state == c.ACTIVE:
            queue_again(s, release(s, w, reason), reason, 0)
        elif s.works[w].state == c.WRAPUP:
            i = write_event(s, c.E_COMPLETED, reason)
            e = s.events[i]
            e.ticket, e.agent, e.work, e.serial = s.works[w].ticket, a, w, s.works[w].serial
            commit(s, i)
        w = following


@rule
def remove_agent(s: Arrays, a: int) -> None:
    """Take an agent off the floor for good."""
    return_all(s, a, c.BECAUSE_OFFLINE)
    i = write_event(s, c.E_AGENT_REMOVED, c.BECAUSE_ASKED)
    s.events[i].agent = a
    commit(s, i)


@rule
def change_presence(s: Arrays, n: int, a: int) -> None:
    """Set presence, with an end and what follows it; who is not available gets no offers and loses the open ones."""
    command = s.inbox[n]
    if not (0 <= command.aux <= c.DRAINING and 0 <= command.value <= c.DRAINING):
        refuse(s, c.R_BAD_COMMAND, command.aux)
        return
    put_presence(s, a, int(command.aux), int(command.until_us), int(command.value))


@rule
def put_presence(s: Arrays, a: int, presence: int, until_us: int, then: int) -> None:
    """Write the presence down and see to the agent's offers."""
    i = write_event(s, c.E_PRESENCE, c.BECAUSE_ASKED)
    e = s.events[i]
    e.agent, e.aux, e.value = a, presence, then
    e.until_us = until_us if until_us > 0 else NEVER_US
    commit(s, i)
    if presence == c.OFFLINE or presence == c.AWAY:
        revoke_of_agent(s, a, c.BECAUSE_OFFLINE)
    after_close(s, a)


@rule
def connection(s: Arrays, a: int, until_us: int) -> None:
    """Note that an agent's desk is lost until the end of its grace, or back."""
    kind = c.E_AGENT_RETURNED if until_us == NEVER_US else c.E_AGENT_LOST
    i = write_event(s, kind, c.BECAUSE_NONE)
    s.events[i].agent, s.events[i].until_us = a, until_us
    commit(s, i)


@rule
def fire_agent(s: Arrays, a: int) -> None:
    """An agent's deadline came: a presence ended, or the grace of a lost desk."""
    agent = s.agents[a]
    now_us = s.scratch[0].now_us
    if agent.grace_us <= now_us:
        set_presence(s, a, c.OFFLINE, c.BECAUSE_GRACE)
        return_all(s, a, c.BECAUSE_AGENT_LOST)
    elif agent.until_us <= now_us:
        put_presence(s, a, int(agent.then), 0, c.OFFLINE)


@rule
def on_agent_command(s: Arrays, n: int) -> None:
    """Check that the agent is known, then do what was said of it."""
    command = s.inbox[n]
    a, verb = int(command.agent), int(command.kind)
    if verb == c.SET_AGENT:
        set_agent(s, n)
    elif not is_known(s, a):
        refuse(s, c.R_AGENT_UNKNOWN, a)
    elif verb == c.REMOVE_AGENT:
        remove_agent(s, a)
    elif verb == c.SET_PRESENCE:
        change_presence(s, n, a)
    elif verb == c.LOSE_AGENT:
        if s.agents[a].grace_us == NEVER_US and s.agents[a].presence != c.OFFLINE:
            connection(s, a, s.scratch[0].now_us + s.policy[0].grace_us)
    elif s.agents[a].grace_us != NEVER_US:
        connection(s, a, NEVER_US)
