"""
Which commands make sense at all: every index and length is checked before a rule trusts it.

The edge refuses bad input with better words; here nothing may be read or written outside its table, whoever
the driver is.
"""

from typing import Final

import numpy as np

from router.core import codes as c
from router.core.jit import rule
from router.core.layout import AGENT_WORDS, TICKET_WORDS
from router.core.limits import (
    CHANNELS_MAX,
    GROUPS_PER_PROFILE_MAX,
    LEVEL_MAX,
    PRIORITY_MAX,
    REGIONS_PER_PROFILE_MAX,
    SKILLS_PER_PROFILE_MAX,
    VALUE_MAX,
)
from router.core.state import Arrays

_KINDS = np.zeros(128, dtype=np.bool_)
_KINDS[list(c.COMMANDS)] = True
CHANNEL_WORDS: Final = 8
QUEUE_WORDS: Final = 4
POLICY_WORDS: Final = 19
PROFILE_WORDS: Final = 14


@rule
def is_command(kind: int) -> bool:
    """Return whether there is a command of this kind."""
    return bool(0 <= kind < 128 and _KINDS[kind])


@rule
def is_list_below(s: Arrays, start: int, step: int, count: int, end: int) -> bool:
    """Return whether ``count`` inbox words, ``step`` apart, are indices from 0 to below ``end``."""
    good = True
    for k in range(count):
        good = good and 0 <= s.inbox_words[start + k * step] < end
    return good


@rule
def is_good_agent(s: Arrays, n: int) -> bool:
    """Return whether SET_AGENT names an agent, and levels, groups, queues and channels that exist."""
    command = s.inbox[n]
    if not 0 <= command.agent < s.agents.shape[0] or command.words < AGENT_WORDS:
        return False
    w = s.inbox_words[command.words_from : command.words_from + command.words]
    for k in range(4, 9):
        if not 0 <= w[k] <= command.words:
            return False
    if command.words != AGENT_WORDS + 2 * w[4] + 2 * w[5] + w[6] + w[7] + 3 * w[8]:
        return False
    if not -1 <= w[1] < s.region_bits.shape[0] or w[3] < 0:
        return False
    at = command.words_from + AGENT_WORDS
    if not is_list_below(s, at, 2, w[4], s.agent_skill.shape[1]):
        return False
    if not is_list_below(s, at + 1, 2, w[4] + w[5], LEVEL_MAX + 1):
        return False
    at += 2 * w[4]
    if not is_list_below(s, at, 2, w[5], s.agent_language.shape[1]):
        return False
    at += 2 * w[5]
    if not is_list_below(s, at, 1, w[6], s.agent_group.shape[1]):
        return False
    at += w[6]
    if not is_list_below(s, at, 1, w[7], s.agent_queue.shape[1]):
        return False
    return is_list_below(s, at + w[7], 3, w[8], CHANNELS_MAX) and is_list_below(
        s, at + w[7] + 1, 3, w[8], 2**31
    )


@rule
def ends(s: Arrays, p: int, following: int) -> bool:
    """Return whether the chain of relaxations still ends when profile ``p`` is followed by ``following``."""
    steps = 0
    while following >= 0:
        steps += 1
        if following == p or following >= s.head[0].profiles or steps > s.head[0].profiles:
            return False
        following = int(s.profiles[following].next)
    return True


@rule
def is_good_profile(s: Arrays, n: int) -> bool:
    """
    Return whether SET_PROFILE names tables' rows that exist and a chain of existing profiles that ends.

    A profile for which somebody waits keeps its queue, whose count of those who wait would be wrong.
    """
    command = s.inbox[n]
    p = int(command.profile)
    if not 0 <= p < s.profiles.shape[0] or command.words < PROFILE_WORDS:
        return False
    w = s.inbox_words[command.words_from : command.words_from + command.words]
    if not (0 <= w[7] <= SKILLS_PER_PROFILE_MAX and 0 <= w[8] <= GROUPS_PER_PROFILE_MAX):
        return False
    if not 0 <= w[9] <= REGIONS_PER_PROFILE_MAX or command.words != 14 + 3 * w[7] + w[8] + w[9]:
        return False
    if not (0 <= w[1] < s.queues.shape[0] and 0 <= w[2] < CHANNELS_MAX):
        return False
    if s.profile_lane[p] >= 0 and w[1] != s.profiles[p].queue:
        return False
    if not (-1 <= w[3] < s.region_bits.shape[0] and -1 <= w[4] < s.agent_language.shape[1]):
        return False
    if not 0 <= w[5] <= LEVEL_MAX or (w[4] < 0 and w[5] > 0):
        return False
    if not (-1 <= w[11] < s.head[0].profiles and ends(s, p, w[10])):
        return False
    at = command.words_from + PROFILE_WORDS
    if not is_list_below(s, at, 3, w[7], s.agent_skill.shape[1]):
        return False
    if not is_list_below(s, at + 1, 3, w[7], LEVEL_MAX + 1):
        return False
    at += 3 * w[7]
    if not is_list_below(s, at, 1, w[8], s.agent_group.shape[1]):
        return False
    return is_list_below(s, at + w[8], 1, w[9], s.region_bits.shape[0])


@rule
def is_good_registry(s: Arrays, n: int) -> bool:
    """Return whether a change of configuration is in range."""
    command = s.inbox[n]
    verb, start = command.kind, command.words_from
    if verb == c.SET_CHANNEL:
        return bool(0 <= command.aux < CHANNELS_MAX and command.words == CHANNEL_WORDS)
    if verb == c.SET_QUEUE:
        return bool(0 <= command.aux < s.queues.shape[0] and command.words == QUEUE_WORDS)
    if verb == c.OPEN_QUEUE:
        return bool(0 <= command.aux < s.head[0].queues and 0 <= command.value <= 1)
    if verb == c.SET_PROFILE:
        return is_good_profile(s, n)
    if verb == c.SET_POLICY:
        return bool(command.words == POLICY_WORDS)
    if verb == c.SET_PRICES:
        agents, pairs = int(s.head[0].agents), command.words // 2
        if command.words % 2 or not is_list_below(s, start, 2, pairs, agents):
            return False
        return is_list_below(s, start + 1, 2, pairs, VALUE_MAX + 1)  # nobody is paid to take work
    if verb == c.NOTE_MODEL:
        return bool(command.words == 0 and command.aux >= 0 and command.profile >= 0)
    regions = s.distance.shape[0]
    return (
        command.words % 3 == 0
        and is_list_below(s, start, 3, command.words // 3, regions)
        and is_list_below(s, start + 1, 3, command.words // 3, regions)
    )


@rule
def is_good_ticket(s: Arrays, n: int) -> bool:
    """Return whether ADD_TICKET or UPDATE_TICKET asks for a profile that exists, with as many words as it says."""
    command = s.inbox[n]
    if not 0 <= command.profile < s.head[0].profiles or command.words < TICKET_WORDS:
        return False
    w = s.inbox_words[command.words_from : command.words_from + command.words]
    if not 0 <= w[7] <= PRIORITY_MAX or not 0 <= w[8] <= command.words:
        return False
    return bool(command.words == TICKET_WORDS + 3 * w[8])
