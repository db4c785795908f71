"""
Which commands make sense at all: every index and length is checked before a rule trusts it.

The edge refuses bad input with better words; here nothing may be read or written outside its table, whoever
the driver is. A recorded event that repeats what a command said is looked at alike, before it is folded.

Parameters
----------
said
    COMMAND or EVENT record.
words
    int64 (any,), where its words lie: the inbox's or the events'.
"""

from typing import Any, Final

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
from router.core.state import Arrays, Rows

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
def is_list_below(words: Rows, start: int, step: int, count: int, end: int) -> bool:
    """
    Return whether words are indices from 0 to below ``end``.

    Parameters
    ----------
    words
        int64 (any,).
    start, step, count, end
        int; the words at ``start``, ``start + step`` and so on are meant, ``count`` of them.
    """
    good = True
    for k in range(count):
        good = good and 0 <= words[start + k * step] < end
    return good


@rule
def is_good_agent(s: Arrays, said: Any, words: Rows) -> bool:
    """Return whether SET_AGENT names an agent, and levels, groups, queues and channels that exist."""
    if not 0 <= said.agent < s.agents.shape[0] or said.words < AGENT_WORDS:
        return False
    w = words[said.words_from : said.words_from + said.words]
    for k in range(4, 9):
        if not 0 <= w[k] <= said.words:
            return False
    if said.words != AGENT_WORDS + 2 * w[4] + 2 * w[5] + w[6] + w[7] + 3 * w[8]:
        return False
    if not -1 <= w[1] < s.region_bits.shape[0] or w[3] < 0:
        return False
    at = said.words_from + AGENT_WORDS
    if not is_list_below(words, at, 2, w[4], s.agent_skill.shape[1]):
        return False
    if not is_list_below(words, at + 1, 2, w[4] + w[5], LEVEL_MAX + 1):
        return False
    at += 2 * w[4]
    if not is_list_below(words, at, 2, w[5], s.agent_language.shape[1]):
        return False
    at += 2 * w[5]
    if not is_list_below(words, at, 1, w[6], s.agent_group.shape[1]):
        return False
    at += w[6]
    if not is_list_below(words, at, 1, w[7], s.agent_queue.shape[1]):
        return False
    return is_list_below(words, at + w[7], 3, w[8], CHANNELS_MAX) and is_list_below(
        words, at + w[7] + 1, 3, w[8], 2**31
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
def is_good_profile(s: Arrays, said: Any, words: Rows) -> bool:
    """
    Return whether SET_PROFILE names tables' rows that exist and a chain of existing profiles that ends.

    A profile for which somebody waits keeps its queue, whose count of those who wait would be wrong.
    """
    p = int(said.profile)
    if not 0 <= p < s.profiles.shape[0] or said.words < PROFILE_WORDS:
        return False
    w = words[said.words_from : said.words_from + said.words]
    if not (0 <= w[7] <= SKILLS_PER_PROFILE_MAX and 0 <= w[8] <= GROUPS_PER_PROFILE_MAX):
        return False
    if not 0 <= w[9] <= REGIONS_PER_PROFILE_MAX or said.words != 14 + 3 * w[7] + w[8] + w[9]:
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
    at = said.words_from + PROFILE_WORDS
    if not is_list_below(words, at, 3, w[7], s.agent_skill.shape[1]):
        return False
    if not is_list_below(words, at + 1, 3, w[7], LEVEL_MAX + 1):
        return False
    at += 3 * w[7]
    if not is_list_below(words, at, 1, w[8], s.agent_group.shape[1]):
        return False
    return is_list_below(words, at + w[8], 1, w[9], s.region_bits.shape[0])


@rule
def is_good_registry(s: Arrays, said: Any, words: Rows) -> bool:
    """Return whether a change of configuration is in range."""
    verb, start = said.kind, said.words_from
    if verb == c.SET_CHANNEL:
        return bool(0 <= said.aux < CHANNELS_MAX and said.words == CHANNEL_WORDS)
    if verb == c.SET_QUEUE:
        return bool(0 <= said.aux < s.queues.shape[0] and said.words == QUEUE_WORDS)
    if verb == c.OPEN_QUEUE:
        return bool(0 <= said.aux < s.head[0].queues and 0 <= said.value <= 1)
    if verb == c.SET_PROFILE:
        return is_good_profile(s, said, words)
    if verb == c.SET_POLICY:
        return bool(said.words == POLICY_WORDS)
    if verb == c.SET_PRICES:
        agents, pairs = int(s.head[0].agents), said.words // 2
        if said.words % 2 or not is_list_below(words, start, 2, pairs, agents):
            return False
        return is_list_below(
            words, start + 1, 2, pairs, VALUE_MAX + 1
        )  # nobody is paid to take work
    if verb == c.NOTE_MODEL:
        return bool(said.words == 0 and said.aux >= 0 and said.profile >= 0)
    regions = s.distance.shape[0]
    return (
        said.words % 3 == 0
        and is_list_below(words, start, 3, said.words // 3, regions)
        and is_list_below(words, start + 1, 3, said.words // 3, regions)
    )


@rule
def is_good_ticket(s: Arrays, said: Any, words: Rows) -> bool:
    """Return whether ADD_TICKET or UPDATE_TICKET names a profile and agents there are, in as many words as it says."""
    if not 0 <= said.profile < s.head[0].profiles or said.words < TICKET_WORDS:
        return False
    w = words[said.words_from : said.words_from + said.words]
    if not 0 <= w[7] <= PRIORITY_MAX or not 0 <= w[8] <= said.words:
        return False
    if said.words != TICKET_WORDS + 3 * w[8]:
        return False
    ties_from = said.words_from + TICKET_WORDS
    return is_list_below(words, ties_from, 3, w[8], int(s.head[0].agents))
