"""The choice for one ticket among agents, and for one agent among waiting tickets."""

import numpy as np

from router.core.codes import KEY_VALUE, ORDER_VALUE
from router.core.decide.values import FORBIDDEN, choice_key, goes_first, pair_value, ticket_urgency
from router.core.eligibility import has_room, is_eligible, is_on_duty
from router.core.jit import rule
from router.core.lanes import after
from router.core.state import Arrays
from solver.kernels.eligible import lowest_bit

HEADS_TRIED_MAX = 64
"""How far down a lane a freed agent looks for a ticket it is not cooling down from."""


@rule
def best_agent(s: Arrays, t: int) -> tuple[int, int, int, int]:
    """Return the agent the policy chooses for a ticket (-1: nobody), its value, the best value, how many were seen."""
    p = s.tickets[t].profile
    eligible, ready, match = s.eligible[p], s.ready[s.profiles[p].channel], s.match[p]
    policy = s.policy[0]
    # Rest adds w_idle at most, load and price add nothing: whose match is too small even so cannot win, and
    # the agent's record need not be fetched. The larger part of a large floor goes that way.
    skips = policy.key == KEY_VALUE and s.tickets[t].tie < 0 and policy.w_load >= 0
    skips = skips and policy.w_price >= 0
    most = int(policy.serve) + max(0, int(policy.w_idle))
    best, best_key, best_value, top_value, seen = -1, FORBIDDEN, FORBIDDEN, FORBIDDEN, 0
    for w in range(eligible.shape[0]):
        rest = eligible[w] & ready[w]
        while rest != np.uint64(0):
            a = w * 64 + lowest_bit(rest)
            rest &= rest - np.uint64(1)
            if skips and int(match[a]) + most <= best_value:
                seen += 1
                continue
            value = pair_value(s, t, a)
            if value == FORBIDDEN:
                continue
            seen += 1
            top_value = max(top_value, value)
            key = choice_key(s, t, a, value)
            if best < 0 or key > best_key:
                best, best_key, best_value = a, key, value
    return best, best_value, top_value, seen


@rule
def first_for(s: Arrays, lane: int, a: int) -> int:
    """Return the oldest ticket of the lane that agent ``a`` may take now, or -1."""
    t = int(s.lanes[lane].head)
    tried = 0
    while t >= 0 and tried < HEADS_TRIED_MAX:
        if s.tickets[t].tie < 0 or pair_value(s, t, a) != FORBIDDEN:
            return t
        t = after(s, t)
        tried += 1
    return -1


@rule
def is_open_to(s: Arrays, lane: int, a: int) -> bool:
    """Return whether agent ``a`` may take a ticket of the lane now: open queue, requirements met, room left."""
    k = s.profiles[s.lanes[lane].profile]
    if not s.queues[k.queue].open or not is_eligible(s, s.lanes[lane].profile, a):
        return False
    return has_room(s, a, k.channel)


@rule
def best_ticket(s: Arrays, a: int) -> tuple[int, int, int, int]:
    """Return the ticket the policy chooses for an agent (-1: none), its value, the best worth, how many were seen."""
    best, best_value, best_total, top_total, seen = -1, FORBIDDEN, FORBIDDEN, FORBIDDEN, 0
    if not is_on_duty(s, a):
        return best, best_value, top_total, seen
    by_value = s.policy[0].order == ORDER_VALUE
    by_key, best_worth = s.policy[0].key == KEY_VALUE, False
    for i in range(s.scratch[0].lanes_active):
        lane = int(s.lanes_active[i])
        if not is_open_to(s, lane, a):
            continue
        t = first_for(s, lane, a)
        if t < 0:
            continue
        seen += 1
        value = pair_value(s, t, a)
        total = value + ticket_urgency(s, t)
        top_total = max(top_total, total)
        worth = not by_key or total > 0
        if best < 0 or worth != best_worth:
            better = best < 0 or worth  # what is worth its price never waits behind what is not
        elif by_value:
            better = total > best_total or (total == best_total and goes_first(s, t, best))
        else:
            better = goes_first(s, t, best)
        if better:
            best, best_value, best_total, best_worth = t, value, total, worth
    return best, best_value, top_total, seen
