"""
What a pair is worth now, and what a policy looks at.

The value of a pair is the sum of named terms (``router.core.terms`` lists them for explanations). Policies that do not
weigh values look at one key of the agent instead: how long idle, how long since the last offer, how loaded.
"""

from router.core.codes import (
    KEY_IDLE,
    KEY_LOAD,
    KEY_RECENT,
    KEY_VALUE,
    ORDER_AGE,
    ORDER_PRIORITY_AGE,
)
from router.core.jit import rule
from router.core.limits import VALUE_MAX
from router.core.state import Arrays
from solver.kernels.terms import idle, load, urgency

FORBIDDEN = -(2**62)
"""The value of a pair that is not allowed now."""
PREFERRED_KEY = 2**60
"""Under policies that look at one key, a preferred agent comes before all others."""


@rule
def bonus_of(s: Arrays, t: int, a: int) -> int:
    """Return the ticket's preference for the agent now, thousandths; ``FORBIDDEN`` while the pair cools down."""
    now_us = s.scratch[0].now_us
    bonus = 0
    r = s.tickets[t].tie
    while r >= 0:
        tie = s.ties[r]
        if tie.agent == a and tie.until_us > now_us:
            if tie.cooling:
                return FORBIDDEN
            bonus += int(tie.bonus)
        r = tie.next
    return bonus


@rule
def agent_value(s: Arrays, a: int, channel: int) -> int:
    """Return the part of a pair's value that depends on the agent only: rest, load, and what its time is worth."""
    agent, policy = s.agents[a], s.policy[0]
    cost = int(s.agent_cost[a, channel])
    value = int(policy.w_idle) * idle(max(0, s.scratch[0].now_us - agent.idle_since_us)) // 1000
    value -= int(policy.w_load) * load(int(agent.used), cost, max(1, int(agent.units))) // 1000
    return value - int(policy.w_price) * int(agent.price) * cost // 1000


@rule
def pair_value(s: Arrays, t: int, a: int) -> int:
    """Return what giving ticket ``t`` to agent ``a`` is worth, its urgency aside; ``FORBIDDEN`` while cooling down."""
    p = s.tickets[t].profile
    value = int(s.policy[0].serve) + int(s.match[p, a]) + agent_value(s, a, s.profiles[p].channel)
    if s.tickets[t].tie >= 0:
        bonus = bonus_of(s, t, a)
        if bonus == FORBIDDEN:
            return FORBIDDEN
        value += int(s.policy[0].w_preferred) * bonus // 1000
    return min(value, VALUE_MAX // 2)


@rule
def ticket_urgency(s: Arrays, t: int) -> int:
    """Return how pressing the ticket is, thousandths of a point; the same whoever takes it."""
    k = s.tickets[t]
    wait_us = max(0, s.scratch[0].now_us - k.start_us)
    return (
        int(s.policy[0].w_urgency)
        * urgency(wait_us, max(1, int(k.target_us)), int(k.priority))
        // 1000
    )


@rule
def choice_key(s: Arrays, t: int, a: int, value: int) -> int:
    """Return what the policy compares agents by for this ticket: the larger the better."""
    key = int(s.policy[0].key)
    if key == KEY_VALUE:
        return value
    agent = s.agents[a]
    if key == KEY_IDLE:
        rank = -int(agent.idle_since_us)
    elif key == KEY_RECENT:
        rank = -int(agent.last_serial)
    elif key == KEY_LOAD:
        rank = -(int(agent.used) * 1_000_000 // max(1, int(agent.units)))
    else:
        rank = 0
    if s.tickets[t].tie >= 0:
        bonus = bonus_of(s, t, a)
        if bonus != 0:
            rank += PREFERRED_KEY if bonus > 0 else -PREFERRED_KEY
    return rank


@rule
def goes_first(s: Arrays, t: int, other: int) -> bool:
    """Return whether the policy serves ticket ``t`` before ``other``, by age or by priority and age."""
    k, o = s.tickets[t], s.tickets[other]
    if s.policy[0].order == ORDER_PRIORITY_AGE and k.priority != o.priority:
        return bool(k.priority > o.priority)
    if k.start_us != o.start_us:
        return bool(k.start_us < o.start_us)
    return bool(k.serial < o.serial)


assert ORDER_AGE == 0
