"""
Who may take what, and how well it fits: bitmaps and match rows kept up to date as agents and profiles change.

Derived. A profile's row is computed by whole words when the profile is made; when one agent changes, only that agent's
bit and match in each profile are touched. ``may_take`` states the same rule pair by pair.
"""

import numpy as np

from router.core.codes import AVAILABLE
from router.core.jit import rule
from router.core.limits import LEVEL_MAX, NEVER_US, WORKS_PER_AGENT_MAX
from router.core.state import Arrays
from solver.kernels.eligible import fill_bits, has_bit, keep_any, keep_common, lowest_bit, set_bit
from solver.kernels.match import add_fit
from solver.kernels.terms import fit


@rule
def free_units(s: Arrays, a: int, channel: int) -> int:
    """Return the capacity units agent ``a`` has left for this channel; interruptible load does not count for some."""
    agent = s.agents[a]
    used = int(agent.used)
    if s.channels[channel].interrupts:
        used -= int(agent.used_interruptible)
    return int(agent.units) - used


@rule
def has_room(s: Arrays, a: int, channel: int) -> bool:
    """Return whether one more ticket of this channel fits."""
    maximum = s.agent_max[a, channel]
    if maximum >= 0 and s.agent_load[a, channel] >= maximum:
        return False
    if s.agents[a].held + s.agents[a].offers_open >= WORKS_PER_AGENT_MAX:
        return False
    return bool(s.agent_cost[a, channel] <= free_units(s, a, channel))


@rule
def is_on_duty(s: Arrays, a: int) -> bool:
    """Return whether the agent may be offered anything at all."""
    agent = s.agents[a]
    return bool(agent.configured and agent.presence == AVAILABLE and agent.grace_us == NEVER_US)


@rule
def refresh_ready(s: Arrays, a: int) -> None:
    """Bring the agent's bits in the rows of ready agents up to date."""
    if s.scratch[0].folding:
        return
    duty = is_on_duty(s, a)
    for c in range(s.head[0].channels):
        set_bit(s.ready[c], a, duty and has_room(s, a, c))


@rule
def is_able(s: Arrays, a: int, channel: int) -> bool:
    """Return whether the agent could ever hold a ticket of this channel."""
    return bool(
        s.agents[a].configured
        and s.agent_max[a, channel] != 0
        and s.agent_cost[a, channel] <= s.agents[a].units
    )


@rule
def may_take(s: Arrays, p: int, a: int) -> bool:
    """Return whether agent ``a`` meets every requirement of profile ``p``; load and presence aside."""
    k, agent = s.profiles[p], s.agents[a]
    if not is_able(s, a, k.channel):
        return False
    if not agent.all_queues and s.agent_queue[a, k.queue] == 0:
        return False
    if k.language_min > 0 and s.agent_language[a, k.language] < k.language_min:
        return False
    for i in range(k.skills):
        if k.skill_min[i] > 0 and s.agent_skill[a, k.skill[i]] < k.skill_min[i]:
            return False
    if k.groups > 0:
        found = False
        for i in range(k.groups):
            found = found or s.agent_group[a, k.group[i]] != 0
        if not found:
            return False
    if k.regions > 0:
        found = False
        for i in range(k.regions):
            found = found or agent.region == k.regions_any[i]
        if not found:
            return False
    return True


@rule
def skill_share(s: Arrays, p: int, i: int) -> int:
    """Return what level 5 in the profile's ``i``-th skill is worth: its share of the policy's weight for skills."""
    k = s.profiles[p]
    total = 0
    for n in range(k.skills):
        total += int(k.skill_weight[n])
    return int(s.policy[0].w_skill) * int(k.skill_weight[i]) // max(1000, total)


@rule
def flat_match(s: Arrays, p: int, a: int) -> int:
    """Return the part of the match that is not skill or language: nearness, less what relaxing costs."""
    k = s.profiles[p]
    value = -int(k.penalty)
    home = int(s.agents[a].region)
    if k.region >= 0 and home >= 0:
        value -= int(s.policy[0].w_region) * int(s.distance[home, k.region]) // 100
    return value


@rule
def match_pair(s: Arrays, p: int, a: int) -> int:
    """Return the match of profile ``p`` and agent ``a``, thousandths of a point."""
    k = s.profiles[p]
    value = flat_match(s, p, a)
    for i in range(k.skills):
        value += fit(int(s.agent_skill[a, k.skill[i]]), skill_share(s, p, i))
    if k.language >= 0:
        weight = int(s.policy[0].w_language) * int(k.language_weight) // 1000
        value += fit(int(s.agent_language[a, k.language]), weight)
    return value


@rule
def refresh_profile(s: Arrays, p: int) -> None:
    """Compute a profile's row of eligible agents and of matches, 64 agents at a time."""
    k, row, match = s.profiles[p], s.eligible[p], s.match[p]
    agents = int(s.head[0].agents)
    fill_bits(row, agents)
    keep_common(row, s.queue_bits[k.queue])
    if k.language_min > 0:
        keep_common(row, s.language_bits[k.language * LEVEL_MAX + k.language_min - 1])
    for i in range(k.skills):
        if k.skill_min[i] > 0:
            keep_common(row, s.skill_bits[k.skill[i] * LEVEL_MAX + k.skill_min[i] - 1])
    if k.groups > 0:
        keep_any(row, s.group_bits, k.group, k.groups)
    if k.regions > 0:
        keep_any(row, s.region_bits, k.regions_any, k.regions)
    for w in range(row.shape[0]):
        rest = row[w]
        while rest != np.uint64(0):
            a = w * 64 + lowest_bit(rest)
            rest &= rest - np.uint64(1)
            if is_able(s, a, k.channel):
                match[a] = flat_match(s, p, a)
            else:
                set_bit(row, a, False)
    for i in range(k.skills):
        add_fit(match, s.agent_skill, k.skill[i], skill_share(s, p, i), row)
    if k.language >= 0:
        add_fit(
            match,
            s.agent_language,
            k.language,
            int(s.policy[0].w_language) * int(k.language_weight) // 1000,
            row,
        )


@rule
def refresh_agent(s: Arrays, a: int) -> None:
    """Bring one agent's bits and matches up to date after its configuration changed."""
    agent = s.agents[a]
    on = agent.configured != 0
    for i in range(s.agent_skill.shape[1]):
        for level in range(LEVEL_MAX):
            set_bit(s.skill_bits[i * LEVEL_MAX + level], a, on and s.agent_skill[a, i] > level)
    for i in range(s.agent_language.shape[1]):
        for level in range(LEVEL_MAX):
            set_bit(
                s.language_bits[i * LEVEL_MAX + level], a, on and s.agent_language[a, i] > level
            )
    for i in range(s.agent_group.shape[1]):
        set_bit(s.group_bits[i], a, on and s.agent_group[a, i] != 0)
    for i in range(s.region_bits.shape[0]):
        set_bit(s.region_bits[i], a, on and agent.region == i)
    for i in range(s.agent_queue.shape[1]):
        set_bit(s.queue_bits[i], a, on and (agent.all_queues != 0 or s.agent_queue[a, i] != 0))
    for p in range(s.head[0].profiles):
        can = may_take(s, p, a)
        set_bit(s.eligible[p], a, can)
        if can:
            s.match[p, a] = match_pair(s, p, a)
    refresh_ready(s, a)


@rule
def is_matchable(s: Arrays, p: int) -> bool:
    """Return whether any configured agent may take the profile now or after relaxing."""
    while p >= 0:
        row = s.eligible[p]
        for w in range(row.shape[0]):
            if row[w] != np.uint64(0):
                return True
        p = s.profiles[p].next
    return False


@rule
def is_eligible(s: Arrays, p: int, a: int) -> bool:
    """Return whether agent ``a`` may take profile ``p``, from the bitmap."""
    return has_bit(s.eligible[p], a)
