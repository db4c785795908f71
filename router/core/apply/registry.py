"""What configuration and presence events do."""

from router.core.apply.works import mark_agent
from router.core.codes import AVAILABLE, OFFLINE, QUEUED
from router.core.eligibility import refresh_agent, refresh_profile, refresh_ready
from router.core.jit import rule
from router.core.layout import AGENT_WORDS
from router.core.limits import CHANNELS_MAX, NEVER_US
from router.core.state import Arrays
from router.core.timers import arm_agent, arm_ticket
from solver.kernels.eligible import set_bit


@rule
def on_channel_set(s: Arrays, i: int) -> None:
    """Words: cost, maximum, offer_ttl_us, wrap_up_us, reply_return_us, auto_accept, interruptible, interrupts."""
    e = s.events[i]
    w = s.event_words[e.words_from : e.words_from + e.words]
    c = s.channels[e.aux]
    c.cost, c.maximum, c.offer_ttl_us, c.wrap_up_us = w[0], w[1], w[2], w[3]
    c.reply_return_us = w[4]
    c.auto_accept, c.interruptible, c.interrupts = w[5], w[6], w[7]
    s.head[0].channels = max(s.head[0].channels, e.aux + 1)
    if not s.scratch[0].folding:
        for a in range(s.head[0].agents):
            refresh_ready(s, a)
            if s.agents[a].configured:
                mark_agent(s, a)


@rule
def on_queue_set(s: Arrays, i: int) -> None:
    """Words: level_target_us, parallel, warn_permille, waiting_max; a new queue starts open."""
    e = s.events[i]
    q = int(e.aux)
    w = s.event_words[e.words_from : e.words_from + e.words]
    row = s.queues[q]
    row.level_target_us, row.parallel, row.warn_permille, row.waiting_max = w[0], w[1], w[2], w[3]
    for new in range(s.head[0].queues, q + 1):
        s.queues[new].open = 1
    s.head[0].queues = max(s.head[0].queues, q + 1)


@rule
def on_queue_opened(s: Arrays, i: int) -> None:
    """Opening hours of queue ``aux`` began (value 1) or ended (0); those who wait go on waiting."""
    e = s.events[i]
    s.queues[e.aux].open = e.value
    if e.value and not s.scratch[0].folding:
        for a in range(s.head[0].agents):
            if s.agents[a].configured:
                mark_agent(s, a)


@rule
def on_profile_set(s: Arrays, i: int) -> None:
    """Words: the fields of ``PROFILE`` in order, then skills, groups and regions."""
    e = s.events[i]
    p = int(e.profile)
    w = s.event_words[e.words_from : e.words_from + e.words]
    k = s.profiles[p]
    k.next_after_us, k.queue, k.channel, k.region, k.language = w[0], w[1], w[2], w[3], w[4]
    k.language_min, k.language_weight, k.skills, k.groups, k.regions = w[5], w[6], w[7], w[8], w[9]
    k.next, k.overflow, k.stage, k.penalty = w[10], w[11], w[12], w[13]
    at = 14
    for n in range(k.skills):
        k.skill[n], k.skill_min[n], k.skill_weight[n] = w[at], w[at + 1], w[at + 2]
        at += 3
    for n in range(k.groups):
        k.group[n] = w[at]
        at += 1
    for n in range(k.regions):
        k.regions_any[n] = w[at]
        at += 1
    is_new = p >= s.head[0].profiles
    for blank in range(s.head[0].profiles, p):
        s.profiles[blank].next, s.profiles[blank].overflow = -1, -1
    s.head[0].profiles = max(s.head[0].profiles, p + 1)
    if s.scratch[0].folding:
        return
    for a in range(s.head[0].agents):
        if s.agents[a].configured and s.agents[a].all_queues:
            set_bit(s.queue_bits[k.queue], a, True)  # the queue may be newer than the agent
    refresh_profile(s, p)
    if not is_new:
        for a in range(s.head[0].agents):
            if s.agents[a].configured:
                mark_agent(s, a)
        for t in range(s.head[0].ticket_top):  # the step after this one may be new
            if s.tickets[t].state == QUEUED and s.tickets[t].profile == p:
                arm_ticket(s, t)


@rule
def on_agent_set(s: Arrays, i: int) -> None:
    """
    Words: kind, region, all_queues, units, then how many skills, languages, groups, queues, channels, then these.

    Skills and languages come as (index, level), channels as (index, cost, maximum) for every channel.
    """
    e = s.events[i]
    a = int(e.agent)
    w = s.event_words[e.words_from : e.words_from + e.words]
    agent = s.agents[a]
    if agent.configured == 0:
        agent.until_us, agent.grace_us = NEVER_US, NEVER_US
        if not s.scratch[0].folding:
            s.agent_wake[a] = NEVER_US
        if agent.work == 0 and agent.held == 0 and agent.offers_open == 0:
            agent.work = -1
    s.head[0].agents = max(s.head[0].agents, a + 1)
    agent.configured = 1
    agent.kind, agent.region, agent.all_queues, agent.units = w[0], w[1], w[2], w[3]
    agent.version += 1
    s.agent_skill[a, :] = 0
    s.agent_language[a, :] = 0
    s.agent_group[a, :] = 0
    s.agent_queue[a, :] = 0
    at = AGENT_WORDS
    for _ in range(w[4]):
        s.agent_skill[a, w[at]] = w[at + 1]
        at += 2
    for _ in range(w[5]):
        s.agent_language[a, w[at]] = w[at + 1]
        at += 2
    for _ in range(w[6]):
        s.agent_group[a, w[at]] = 1
        at += 1
    for _ in range(w[7]):
        s.agent_queue[a, w[at]] = 1
        at += 1
    for _ in range(w[8]):
        s.agent_cost[a, w[at]] = w[at + 1]
        s.agent_max[a, w[at]] = w[at + 2]
        at += 3
    if not s.scratch[0].folding:
        refresh_agent(s, a)
        mark_agent(s, a)


@rule
def on_agent_removed(s: Arrays, i: int) -> None:
    """The agent is offline for good; its row stays its own."""
    a = int(s.events[i].agent)
    agent = s.agents[a]
    agent.configured, agent.presence = 0, 0
    agent.until_us, agent.grace_us, agent.strikes = NEVER_US, NEVER_US, 0
    agent.version += 1
    if not s.scratch[0].folding:
        refresh_agent(s, a)


@rule
def on_presence(s: Arrays, i: int) -> None:
    """The agent's presence changed (aux), until an instant, then to something else (value)."""
    e = s.events[i]
    a = int(e.agent)
    agent = s.agents[a]
    if agent.presence != AVAILABLE and e.aux == AVAILABLE:
        agent.idle_since_us = e.at_us
        agent.strikes = 0
    agent.presence, agent.until_us, agent.then = e.aux, e.until_us, e.value
    if e.aux == OFFLINE:
        agent.grace_us = NEVER_US
    agent.version += 1
    refresh_ready(s, a)
    if e.aux == AVAILABLE:
        mark_agent(s, a)
    arm_agent(s, a)


@rule
def on_connection(s: Arrays, i: int) -> None:
    """The agent's desk was lost (until the end of its grace) or is back (``NEVER_US``)."""
    e = s.events[i]
    a = int(e.agent)
    s.agents[a].grace_us = e.until_us
    s.agents[a].version += 1
    refresh_ready(s, a)
    mark_agent(s, a)
    arm_agent(s, a)


@rule
def refresh_floor(s: Arrays) -> None:
    """Compute every match anew and let every agent look again at who waits."""
    if s.scratch[0].folding:
        return
    for p in range(s.head[0].profiles):
        refresh_profile(s, p)
    for a in range(s.head[0].agents):
        if s.agents[a].configured:
            mark_agent(s, a)


@rule
def on_policy_set(s: Arrays, i: int) -> None:
    """Words: the fields of ``POLICY`` in order; every match row is computed anew."""
    e = s.events[i]
    w = s.event_words[e.words_from : e.words_from + e.words]
    k = s.policy[0]
    k.cooldown_us, k.unanswered_us, k.grace_us, k.hold_us = w[0], w[1], w[2], w[3]
    k.retention_us = w[4]
    k.revision, k.engine, k.order, k.key, k.no_answer_max = w[5], w[6], w[7], w[8], w[9]
    k.serve = w[10]
    k.w_skill, k.w_language, k.w_region, k.w_preferred = w[11], w[12], w[13], w[14]
    k.w_urgency, k.w_idle, k.w_load, k.w_price = w[15], w[16], w[17], w[18]
    refresh_floor(s)


@rule
def on_prices_set(s: Arrays, i: int) -> None:
    """Words: (agent, price) pairs."""
    e = s.events[i]
    for n in range(e.words // 2):
        s.agents[s.event_words[e.words_from + 2 * n]].price = s.event_words[
            e.words_from + 2 * n + 1
        ]


@rule
def on_distance_set(s: Arrays, i: int) -> None:
    """Words: (region, region, distance) triples; matches that used them are computed anew."""
    e = s.events[i]
    for n in range(e.words // 3):
        at = e.words_from + 3 * n
        s.distance[s.event_words[at], s.event_words[at + 1]] = s.event_words[at + 2]
    refresh_floor(s)


assert CHANNELS_MAX < 64
