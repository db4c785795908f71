"""What a replication's plan changes: shifts and breaks, opening hours, outages, staffing, prices."""

from router.core import codes as core
from router.core.jit import rule
from router.core.limits import NEVER_US
from router.core.state import Arrays
from simulator.kernel import codes as c
from simulator.kernel.accounts import happened
from simulator.kernel.acting import say
from simulator.kernel.state import Sim

PRICE_WORDS_MAX = 4_096
"""Words of prices in one command; the inbox has room for them from the start."""


@rule
def ask_presence(k: Sim, s: Arrays, a: int, presence: int) -> bool:
    """
    Tell the core that an agent comes, goes or pauses. Return whether there is a command.

    Parameters
    ----------
    presence : int
        A code of the core's.
    """
    if s.agents[a].presence == presence:
        return False
    happened(k, c.HAPPENED_PRESENCE, a, a)
    say(k, s, core.SET_PRESENCE)
    s.inbox[0].agent, s.inbox[0].aux = a, presence
    return True


@rule
def on_lost(k: Sim, s: Arrays, a: int) -> bool:
    """An agent's desk is cut off. Return whether there is a command."""
    k.agents[a].is_down = 1
    if s.agents[a].presence == core.OFFLINE:
        return False
    happened(k, c.HAPPENED_PRESENCE, a, a)
    say(k, s, core.LOSE_AGENT)
    s.inbox[0].agent = a
    return True


@rule
def on_back(k: Sim, s: Arrays, a: int) -> bool:
    """An agent's desk is back, in time or not. Return whether there is a command."""
    k.agents[a].is_down = 0
    if s.agents[a].grace_us == NEVER_US:
        return ask_presence(k, s, a, int(k.agents[a].wanted))
    happened(k, c.HAPPENED_PRESENCE, a, a)
    say(k, s, core.RETURN_AGENT)
    s.inbox[0].agent = a
    return True


@rule
def on_staff(k: Sim, s: Arrays) -> bool:
    """
    Bring the number of agents there to what is planned, one at a time; who is idle goes first.

    Who is busy finishes its work before it goes, and counts as gone; if more are wanted again, it stays. Return whether
    there is a command; the plan goes on when there is none.
    """
    z = k.scalars[0]
    plan = k.plan[z.planned]
    there, to_go, to_stay, to_come = 0, -1, -1, -1
    for a in range(plan.row, plan.until):
        presence = s.agents[a].presence
        if presence == core.AVAILABLE:
            there += 1
            if to_go < 0 or s.agents[a].used <= s.agents[to_go].used:
                to_go = a
        elif presence == core.DRAINING:
            to_stay = a if to_stay < 0 else to_stay
        elif to_come < 0:
            to_come = a
    if there < plan.value:
        a = to_stay if to_stay >= 0 else to_come
        if a >= 0:
            return ask_presence(k, s, a, core.AVAILABLE)
    elif there > plan.value:
        return ask_presence(k, s, to_go, core.DRAINING)
    z.planned += 1
    return False


@rule
def on_prices(k: Sim, s: Arrays) -> bool:
    """Tell the core all prices that the plan has for this instant, in one command. Return that there is one."""
    z = k.scalars[0]
    at_us, words = k.plan[z.planned].at_us, 0
    say(k, s, core.SET_PRICES)
    while z.planned < k.plan.shape[0] and words + 2 <= PRICE_WORDS_MAX:
        plan = k.plan[z.planned]
        if plan.kind != c.PLAN_PRICE or plan.at_us != at_us:
            break
        s.inbox_words[words], s.inbox_words[words + 1] = plan.row, plan.value
        words += 2
        z.planned += 1
    s.inbox[0].words = words
    return True


@rule
def on_plan(k: Sim, s: Arrays) -> bool:
    """Do what the plan says next. Return whether there is a command."""
    z = k.scalars[0]
    plan = k.plan[z.planned]
    kind, row, value = int(plan.kind), int(plan.row), int(plan.value)
    if kind == c.PLAN_STAFF:
        return on_staff(k, s)
    if kind == c.PLAN_PRICE:
        return on_prices(k, s)
    z.planned += 1
    if kind == c.PLAN_QUEUE:
        say(k, s, core.OPEN_QUEUE)
        s.inbox[0].aux, s.inbox[0].value = row, value
        return True
    if kind == c.PLAN_LOST:
        return on_lost(k, s, row)
    if kind == c.PLAN_BACK:
        return on_back(k, s, row)
    k.agents[row].wanted = value
    if k.agents[row].is_down:
        return False
    return ask_presence(k, s, row, value)


@rule
def on_return(k: Sim, s: Arrays, a: int) -> bool:
    """An agent who was sent away for not answering is back. Return whether there is a command."""
    agent = k.agents[a]
    if agent.is_down or s.agents[a].presence != core.AWAY or agent.wanted != core.AVAILABLE:
        return False
    return ask_presence(k, s, a, core.AVAILABLE)
