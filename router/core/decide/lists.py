"""
Candidates by profile: one list for all tickets of a joint decision that ask for the same.

What differs between such tickets is their urgency, the same whoever takes them, and their ties to a few agents; so
one list of the best agents serves them all. What is the same for all tickets, an agent's rest and load, is worked out
once a decision. A list keeps the best, some spread over the others, and a bound on what it leaves out.

Parameters
----------
g
    int, which list.
width
    int, how many agents are wanted.
least
    int, thousandths of a point that an agent has to exceed.
stamp
    int, mark of the agents that are left aside.
"""

import numpy as np

from router.core.decide.values import agent_value
from router.core.jit import rule
from router.core.lanes import weight_of
from router.core.limits import CANDIDATES_LEAST, CANDIDATES_SPREAD
from router.core.state import Arrays
from solver.scoring.feasible import count_of, lowest_of
from solver.scoring.sums import above
from solver.scoring.vectors import VECTOR

NOTHING = -(2**30)
"""Less than anybody's worth, which is bounded by this; with a match it still fits into 32 bits."""
NOW_LEAST = -(2**29)


@rule
def worth_now(s: Arrays, p: int, a: int) -> int:
    """Return what agent ``a`` is worth to any ticket of profile ``p``, its urgency and ties aside."""
    channel, z = int(s.profiles[p].channel), s.scratch[0]
    if s.agent_now_of[channel, a] != z.decision:
        s.agent_now_of[channel, a] = z.decision
        s.agent_now[channel, a] = max(
            NOW_LEAST, agent_value(s, a, channel) + int(s.policy[0].serve)
        )
    return int(s.match[p, a]) + int(s.agent_now[channel, a])


@rule
def most_beyond_match(s: Arrays) -> int:
    """Return what any agent's worth exceeds its match by at most."""
    policy = s.policy[0]
    if policy.w_load < 0 or policy.w_price < 0:
        return 2**40
    return int(policy.serve) + max(0, int(policy.w_idle))


@rule
def new_list(s: Arrays, p: int) -> int:
    """Begin the list of a profile and return its number."""
    z = s.scratch[0]
    g = int(z.lists)
    z.lists += 1
    s.profile_list[p] = g
    s.list_profile[g], s.list_rows[g], s.list_size[g], s.list_feasible[g] = p, 0, 0, 0
    s.list_left_out[g] = NOTHING
    return g


@rule
def forget_lists(s: Arrays) -> None:
    """Let no profile have a list."""
    z = s.scratch[0]
    for g in range(z.lists):
        s.profile_list[s.list_profile[g]] = -1
    z.lists, z.listed = 0, 0


@rule
def sink(s: Arrays, base: int, size: int) -> None:
    """Restore the heap of candidates from ``base`` on, least worth on top, after its top changed."""
    worth, agent = s.list_worth[base], s.list_agent[base]
    i = 0
    while True:
        k = 2 * i + 1
        if k >= size:
            break
        if k + 1 < size and s.list_worth[base + k + 1] < s.list_worth[base + k]:
            k += 1
        if s.list_worth[base + k] >= worth:
            break
        s.list_worth[base + i] = s.list_worth[base + k]
        s.list_agent[base + i] = s.list_agent[base + k]
        i = k
    s.list_worth[base + i], s.list_agent[base + i] = worth, agent


@rule
def rise(s: Arrays, base: int, i: int) -> None:
    """Restore that heap after its last candidate was put in."""
    worth, agent = s.list_worth[base + i], s.list_agent[base + i]
    while i > 0 and worth < s.list_worth[base + (i - 1) // 2]:
        k = (i - 1) // 2
        s.list_worth[base + i] = s.list_worth[base + k]
        s.list_agent[base + i] = s.list_agent[base + k]
        i = k
    s.list_worth[base + i], s.list_agent[base + i] = worth, agent


@rule
def know_all(s: Arrays, channel: int) -> None:
    """Work out the rest and load of all agents with room for a channel, so that whole words can be compared."""
    z, ready, serve = s.scratch[0], s.ready[channel], int(s.policy[0].serve)
    if s.channel_known[channel] == z.decision:
        return
    s.channel_known[channel] = z.decision
    for w in range(ready.shape[0]):
        rest = ready[w]
        while rest != np.uint64(0):
            a = w * 64 + lowest_of(rest, VECTOR)
            rest &= rest - np.uint64(1)
            s.agent_now_of[channel, a] = z.decision
            s.agent_now[channel, a] = max(NOW_LEAST, agent_value(s, a, channel) + serve)


@rule
def keep_best(s: Arrays, g: int, width: int, least: int, stamp: int) -> tuple[int, int]:
    """
    Append the ``width`` agents who gain a list most, price paid and beyond ``least``, those with ``stamp`` left aside.

    Returns how many, and what the best of them gains (``least`` if there is none).
    """
    p = int(s.list_profile[g])
    channel, is_known = int(s.profiles[p].channel), s.scratch[0].knows_all != 0
    eligible, ready, match, now = s.eligible[p], s.ready[channel], s.match[p], s.agent_now[channel]
    price, marked = s.standing.price, s.agent_stamp
    base, size, best = int(s.list_from[g] + s.list_size[g]), 0, least
    most, bar = most_beyond_match(s), least
    for w in range(eligible.shape[0]):
        rest = eligible[w] & ready[w]
        if rest != np.uint64(0) and is_known and bar > NOTHING:
            rest = above(match, now, w * 64, bar, rest)
        while rest != np.uint64(0):
            a = w * 64 + lowest_of(rest, VECTOR)
            rest &= rest - np.uint64(1)
            if marked[a] == stamp or (not is_known and int(match[a]) + most <= bar):
                continue
            gain = worth_now(s, p, a) - int(price[a])
            if gain <= bar:
                continue
            best = max(best, gain)
            if size < width:
                s.list_agent[base + size], s.list_worth[base + size] = a, gain
                size += 1
                rise(s, base, size - 1)
            else:
                s.list_agent[base], s.list_worth[base] = a, gain
                sink(s, base, size)
            if size == width:
                bar = max(bar, int(s.list_worth[base]))
    for i in range(base, base + size):
        s.list_worth[i] += int(price[s.list_agent[i]])
    return size, best


@rule
def stamp_list(s: Arrays, g: int) -> int:
    """Mark the agents of a list with a stamp that nobody else has, and return it."""
    z = s.scratch[0]
    z.stamp += 1
    for i in range(s.list_from[g], s.list_from[g] + s.list_size[g]):
        s.agent_stamp[s.list_agent[i]] = z.stamp
    return int(z.stamp)


@rule
def spread_out(s: Arrays, g: int) -> None:
    """Append some agents that a list left out, one of each equal part of those who may take it."""
    p, feasible = int(s.list_profile[g]), int(s.list_feasible[g])
    eligible, ready = s.eligible[p], s.ready[s.profiles[p].channel]
    stamp = stamp_list(s, g)
    w, seen, rest = -1, 0, np.uint64(0)
    for k in range(CANDIDATES_SPREAD):
        low, high = k * feasible // CANDIDATES_SPREAD, (k + 1) * feasible // CANDIDATES_SPREAD
        pick = low + weight_of(p * CANDIDATES_SPREAD + k) % (high - low)
        while seen + count_of(rest, VECTOR) <= pick:
            seen += count_of(rest, VECTOR)
            w += 1
            rest = eligible[w] & ready[w]
        while seen < pick:
            rest &= rest - np.uint64(1)
            seen += 1
        a = w * 64 + lowest_of(rest, VECTOR)
        if s.agent_stamp[a] != stamp:
            at = int(s.list_from[g] + s.list_size[g])
            s.list_agent[at], s.list_worth[at] = a, worth_now(s, p, a)
            s.list_size[g] += 1


@rule
def count_feasible(s: Arrays, g: int) -> int:
    """Count the agents who may take a list's tickets now."""
    p = int(s.list_profile[g])
    eligible, ready, feasible = s.eligible[p], s.ready[s.profiles[p].channel], 0
    for w in range(eligible.shape[0]):
        feasible += count_of(eligible[w] & ready[w], VECTOR)
    s.list_feasible[g] = feasible
    return feasible


@rule
def fill_list(s: Arrays, g: int, width: int) -> None:
    """Find a list's candidates; ``list_left_out`` is what those left out are worth at most."""
    z, feasible = s.scratch[0], int(s.list_feasible[g])
    s.list_from[g] = z.listed
    s.list_size[g], s.list_best[g] = keep_best(s, g, width, NOTHING, -1)
    if feasible > s.list_size[g]:
        s.list_left_out[g] = s.list_worth[s.list_from[g]]
        if feasible > s.list_size[g] + CANDIDATES_SPREAD:
            spread_out(s, g)
    z.listed += s.list_size[g]


@rule
def look_again(s: Arrays, g: int, least: int) -> tuple[int, int]:
    """
    Add the best agents that a list left out and that gain its tickets more than ``least``, urgency aside.

    Returns how many, and what the best of them gains at the present prices (``least`` if there is none).
    """
    z = s.scratch[0]
    stamp, begin, size = stamp_list(s, g), int(s.list_from[g]), int(s.list_size[g])
    if begin + size != z.listed:  # others came behind it
        for i in range(size):
            s.list_agent[z.listed + i] = s.list_agent[begin + i]
            s.list_worth[z.listed + i] = s.list_worth[begin + i]
        s.list_from[g] = z.listed
        z.listed += size
    z.scored += s.list_feasible[g]
    added, best = keep_best(s, g, CANDIDATES_LEAST, least, stamp)
    s.list_size[g] += added
    z.listed += added
    return added, best
