"""
Whether compiled rules can follow a canonical state: every row it names is there, and every list ends.

Rules trust each other and look at no index twice, so a state that others wrote (a snapshot, events folded) is walked
once before they do. It takes about as long as arming the timers. ``check`` says far more, and far more slowly.
"""

from router.core.codes import ABANDONED, COMPLETED
from router.core.jit import entry, rule
from router.core.limits import (
    CHANNELS_MAX,
    GROUPS_PER_PROFILE_MAX,
    LEVEL_MAX,
    REGIONS_PER_PROFILE_MAX,
    SKILLS_PER_PROFILE_MAX,
)
from router.core.state import Arrays

SOUND, HEAD, PROFILES, TICKETS, WORKS, TIES, AGENTS, FREE = range(8)
PARTS = ("nothing", "head", "profiles", "tickets", "works", "ties", "agents", "free rows")


class DamagedError(ValueError):
    """A snapshot or a recorded event that cannot be; the message says what."""


@rule
def is_head_sound(s: Arrays) -> bool:
    """Return whether no count exceeds its table."""
    h = s.head[0]
    if not (0 <= h.ticket_top <= s.tickets.shape[0] and 0 <= h.work_top <= s.works.shape[0]):
        return False
    if not (0 <= h.tie_top <= s.ties.shape[0] and 0 <= h.agents <= s.agents.shape[0]):
        return False
    if not (0 <= h.queues <= s.queues.shape[0] and 0 <= h.profiles <= s.profiles.shape[0]):
        return False
    return bool(0 <= h.channels <= CHANNELS_MAX)


@rule
def is_profile_sound(s: Arrays, p: int) -> bool:
    """Return whether a profile asks for what there is, and its chain of relaxations ends."""
    k, profiles = s.profiles[p], int(s.head[0].profiles)
    if not (0 <= k.queue < s.queues.shape[0] and 0 <= k.channel < CHANNELS_MAX):
        return False
    if not (-1 <= k.region < s.region_bits.shape[0] and 0 <= k.language_min <= LEVEL_MAX):
        return False
    if not -1 <= k.language < s.agent_language.shape[1] or (k.language < 0 < k.language_min):
        return False
    if not (0 <= k.skills <= SKILLS_PER_PROFILE_MAX and 0 <= k.groups <= GROUPS_PER_PROFILE_MAX):
        return False
    if not (0 <= k.regions <= REGIONS_PER_PROFILE_MAX and -1 <= k.overflow < profiles):
        return False
    good = True
    for i in range(k.skills):
        good = good and 0 <= k.skill[i] < s.agent_skill.shape[1]
        good = good and 0 <= k.skill_min[i] <= LEVEL_MAX
    for i in range(k.groups):
        good = good and 0 <= k.group[i] < s.agent_group.shape[1]
    for i in range(k.regions):
        good = good and 0 <= k.regions_any[i] < s.region_bits.shape[0]
    steps, following = 0, int(k.next)
    while good and following >= 0:
        steps += 1
        good = following < profiles and steps <= profiles
        following = int(s.profiles[following].next) if good else -1
    return good


@rule
def works_of_ticket(s: Arrays, t: int) -> int:
    """Return how many works are in a ticket's list, -1 if one does not belong there."""
    h, found, w = s.head[0], 0, int(s.tickets[t].work)
    while w >= 0:
        if w >= h.work_top or s.works[w].state == 0 or s.works[w].ticket != t:
            return -1
        found += 1
        if found > h.work_top:
            return -1
        w = int(s.works[w].next_of_ticket)
    return found


@rule
def works_of_agent(s: Arrays, a: int) -> int:
    """Return how many works are in an agent's list, -1 if one does not belong there."""
    h, found, w = s.head[0], 0, int(s.agents[a].work)
    while w >= 0:
        if w >= h.work_top or s.works[w].state == 0 or s.works[w].agent != a:
            return -1
        found += 1
        if found > h.work_top:
            return -1
        w = int(s.works[w].next_of_agent)
    return found


@rule
def ties_of(s: Arrays, t: int) -> int:
    """Return how many ties a ticket has, -1 if one of them cannot be."""
    h, found, r = s.head[0], 0, int(s.tickets[t].tie)
    while r >= 0:
        found += 1
        if r >= h.tie_top or found > h.tie_top or not 0 <= s.ties[r].agent < h.agents:
            return -1
        r = int(s.ties[r].next)
    return found


@rule
def free_rows(s: Arrays) -> bool:
    """Return whether the lists of free rows have each row that is not in use, once."""
    h = s.head[0]
    free, row = 0, int(h.ticket_free)
    while row >= 0 and free <= h.ticket_top:
        if row >= h.ticket_top or s.tickets[row].state != 0:
            return False
        free, row = free + 1, int(s.tickets[row].next_free)
    if free != h.ticket_top - h.tickets_live:
        return False
    free, row = 0, int(h.work_free)
    while row >= 0 and free <= h.work_top:
        if row >= h.work_top or s.works[row].state != 0:
            return False
        free, row = free + 1, int(s.works[row].next_free)
    return bool(free == h.work_top - h.works_live)


@rule
def free_ties(s: Arrays) -> int:
    """Return how many ties are free, -1 if their list cannot be."""
    h, free, r = s.head[0], 0, int(s.head[0].tie_free)
    while r >= 0:
        free += 1
        if r >= h.tie_top or free > h.tie_top:
            return -1
        r = int(s.ties[r].next)
    return free


@rule
def are_tickets_sound(s: Arrays) -> int:
    """Return ``SOUND``, or which part of the tickets' lists is not."""
    h, live, works, ties = s.head[0], 0, 0, 0
    for t in range(h.ticket_top):
        k = s.tickets[t]
        if k.state == 0:
            continue
        live += 1
        if not (0 <= k.profile < h.profiles and 0 <= k.base_profile < h.profiles):
            return TICKETS
        if not 0 < k.state <= ABANDONED:
            return TICKETS
        own, tied = works_of_ticket(s, t), ties_of(s, t)
        if own < 0 or (k.state >= COMPLETED and own > 0) or not -1 <= k.agent < h.agents:
            return TICKETS
        if tied < 0:
            return TIES
        works, ties = works + own, ties + tied
    if live != h.tickets_live or works != h.works_live:
        return TICKETS
    free = free_ties(s)
    return SOUND if free >= 0 and free + ties == h.tie_top else TIES


@rule
def are_agents_sound(s: Arrays) -> int:
    """Return ``SOUND``, or which part of the agents and their works is not."""
    h, live, works = s.head[0], 0, 0
    for w in range(h.work_top):
        work = s.works[w]
        if work.state != 0:
            live += 1
            if not (0 <= work.ticket < h.ticket_top and 0 <= work.agent < h.agents):
                return WORKS
            if not 0 <= work.channel < CHANNELS_MAX:
                return WORKS
    for a in range(h.agents):
        agent = s.agents[a]
        if not -1 <= agent.region < s.region_bits.shape[0]:
            return AGENTS
        if agent.configured or agent.version:
            own = works_of_agent(s, a)
            if own < 0:
                return AGENTS
            works += own
    return SOUND if live == works == h.works_live else WORKS


@entry
def unsound(s: Arrays) -> int:
    """Return which part of the canonical state rules must not follow, ``SOUND`` if they may follow all of it."""
    if not is_head_sound(s):
        return HEAD
    for p in range(s.head[0].profiles):
        if not is_profile_sound(s, p):
            return PROFILES
    part = are_tickets_sound(s)
    if part == SOUND:
        part = are_agents_sound(s)
    if part == SOUND and not free_rows(s):
        part = FREE
    return int(part)


def refuse_damaged(s: Arrays) -> None:
    """Raise ``DamagedError`` if compiled rules cannot follow a canonical state."""
    part = unsound(s)
    if part != SOUND:
        raise DamagedError(
            f"The state's {PARTS[part]} name rows that are not there, or lists that do not end; "
            "expected a state that a core has left. Maybe its snapshot or its journal is damaged."
        )
