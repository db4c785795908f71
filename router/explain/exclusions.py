"""
What keeps agents from a ticket: every constraint of the core, checked for the whole floor at once.

Constraints come in the order in which people ask: what the agent is, then whether it is here, then
whether it has room, then what concerns the two alone, and last the ticket's queue.
"""

from collections.abc import Callable, Iterator
from types import MappingProxyType
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from router.core.codes import AVAILABLE, AWAY, DRAINING, OFFLINE
from router.core.limits import NEVER_US, WORKS_PER_AGENT_MAX
from router.explain.names import Names
from router.explain.sight import Sight
from router.wire.fields import instant_text

Mask = NDArray[np.bool_]

EXCLUSIONS: Final = MappingProxyType(
    {
        "not_configured": "The agent was removed from the floor.",
        "channel_never": "The agent never takes this channel, or has too few units for one ticket.",
        "not_in_queue": "The agent does not serve the queue.",
        "language_level": "The agent's level in the language is too low.",
        "skill_level": "The agent's level in a required skill is too low.",
        "not_in_group": "The agent is in none of the groups.",
        "not_in_region": "The agent is in none of the regions.",
        "offline": "The agent is offline.",
        "away": "The agent is away.",
        "draining": "The agent takes nothing new and goes offline when done.",
        "connection_lost": "The agent's desk is lost; it has some time to come back.",
        "units_full": "The agent has too few units free.",
        "channel_full": "The agent holds as many of this channel as it may.",
        "works_full": "The agent holds as many offers and tickets as anybody may.",
        "cooling_down": "The agent declined this ticket or did not answer a moment ago.",
        "queue_closed": "The queue is closed; its tickets wait.",
        "ticket_closed": "The ticket is closed; nobody is asked any more.",
    }
)
"""Every constraint by its code."""
ROOM_CODES: Final = frozenset({"units_full", "channel_full", "works_full"})
"""Those that one more slot of the agent would cure."""


class Reason(NamedTuple):
    """A constraint an agent does not meet, and by how much."""

    code: str
    detail: str


class Check(NamedTuple):
    """A constraint on the whole floor: who fails it, and what to say of one who does."""

    code: str
    subject: str
    """The skill meant; empty for constraints that come only once."""
    fails: Mask
    detail: Callable[[int], str]

    @property
    def name(self) -> str:
        """What failures are counted under."""
        return f"{self.code}:{self.subject}" if self.subject else self.code


def checks_of(sight: Sight, names: Names) -> list[Check]:
    """Return every constraint of the ticket that some agent fails."""
    if sight.is_closed:  # whatever else may be in the way does not matter any more
        everybody = np.ones(sight.agents, dtype=np.bool_)
        return [Check("ticket_closed", "", everybody, lambda _: sight.ending)]
    every = (*_is(sight, names), *_knows(sight, names), *_is_here(sight), *_has_room(sight, names),
             *_of_the_pair(sight, names))  # fmt: skip
    return [check for check in every if check.fails.any()]


def candidates_of(sight: Sight, checks: list[Check]) -> NDArray[np.int64]:
    """Return the rows of the agents that fail nothing, rising."""
    free = np.ones(sight.agents, dtype=np.bool_)
    for check in checks:
        free &= ~check.fails
    return np.flatnonzero(free).astype(np.int64)


def reasons_for(checks: list[Check], agent: int) -> list[Reason]:
    """Return everything that keeps one agent from the ticket."""
    return [Reason(check.code, check.detail(agent)) for check in checks if check.fails[agent]]


def counts_of(checks: list[Check]) -> dict[str, int]:
    """Count the excluded agents, each under the first constraint it fails."""
    counts: dict[str, int] = {}
    seen: Mask | None = None
    for check in checks:
        fresh = check.fails if seen is None else check.fails & ~seen
        seen = check.fails if seen is None else seen | check.fails
        if fresh.any():
            counts[check.name] = int(fresh.sum())
    return counts


def _is(sight: Sight, names: Names) -> Iterator[Check]:
    s, k, n = sight.arrays, sight.profile, sight.agents
    channel, queue = int(k["channel"]), int(k["queue"])
    units, cost = s.agents["units"][:n], s.agent_cost[:n, channel]
    named = names.channel(channel)
    yield Check(
        "not_configured", "", s.agents["configured"][:n] == 0, lambda _: "removed from the floor"
    )
    yield Check(
        "channel_never",
        "",
        (s.agent_max[:n, channel] == 0) | (cost > units),
        lambda a: f"{named}: never" if s.agent_max[a, channel] == 0
        else f"{named} takes {cost[a]} units, the agent has {units[a]}",
    )  # fmt: skip
    everywhere = s.agents["all_queues"][:n] != 0
    yield Check(
        "not_in_queue",
        "",
        ~everywhere & (s.agent_queue[:n, queue] == 0),
        lambda _: f"does not serve {names.queue(queue)}",
    )
    groups = k["group"][: int(k["groups"])]
    if len(groups):
        wanted = ", ".join(names.group(int(g)) for g in groups)
        outside = ~(s.agent_group[:n, groups] != 0).any(axis=1)
        yield Check("not_in_group", "", outside, lambda _: f"in none of {wanted}")
    regions = k["regions_any"][: int(k["regions"])]
    if len(regions):
        allowed = ", ".join(names.region(int(r)) for r in regions)
        abroad = ~np.isin(s.agents["region"][:n], regions)
        yield Check("not_in_region", "", abroad, lambda _: f"in none of {allowed}")


def _level(code: str, subject: str, least: int, levels: NDArray[np.uint8]) -> Check:
    name = subject if code == "skill_level" else ""
    return Check(
        code, name, levels < least, lambda a: f"{subject}: needs level {least}, has {levels[a]}"
    )


def _knows(sight: Sight, names: Names) -> Iterator[Check]:
    s, k, n = sight.arrays, sight.profile, sight.agents
    if k["language_min"] > 0:
        language = int(k["language"])
        levels = s.agent_language[:n, language]
        yield _level("language_level", names.language(language), int(k["language_min"]), levels)
    for i in range(int(k["skills"])):
        if k["skill_min"][i] > 0:
            skill = int(k["skill"][i])
            levels = s.agent_skill[:n, skill]
            yield _level("skill_level", names.skill(skill), int(k["skill_min"][i]), levels)


def _is_here(sight: Sight) -> Iterator[Check]:
    agents = sight.arrays.agents[: sight.agents]
    presence, then_us = agents["presence"], agents["until_us"]

    def detail(word: str) -> Callable[[int], str]:
        return lambda a: word if then_us[a] >= NEVER_US else f"{word} until {_at(then_us[a])}"

    words = {OFFLINE: "offline", AWAY: "away", DRAINING: "draining"}
    for code, word in words.items():
        yield Check(word, "", presence == code, detail(word))
    lost = (presence == AVAILABLE) & (agents["grace_us"] != NEVER_US)
    grace = agents["grace_us"]
    yield Check("connection_lost", "", lost, lambda a: f"may come back until {_at(grace[a])}")


def _has_room(sight: Sight, names: Names) -> Iterator[Check]:
    s, channel, n = sight.arrays, int(sight.profile["channel"]), sight.agents
    units = s.agents["units"][:n].astype(np.int64)
    taken = sight.used
    if s.channels[channel]["interrupts"]:
        taken = taken - sight.used_interruptible
    free, cost = units - taken, s.agent_cost[:n, channel]
    maximum, load = s.agent_max[:n, channel], sight.channel_load
    named = names.channel(channel)
    yield Check(
        "units_full",
        "",
        cost > free,
        lambda a: f"{named} takes {cost[a]} units, {free[a]} of {units[a]} are free",
    )
    yield Check(
        "channel_full",
        "",
        (maximum > 0) & (load >= maximum),
        lambda a: f"{named}: holds {load[a]} of at most {maximum[a]}",
    )
    yield Check(
        "works_full",
        "",
        sight.works >= WORKS_PER_AGENT_MAX,
        lambda a: f"holds {sight.works[a]} of at most {WORKS_PER_AGENT_MAX}",
    )


def _of_the_pair(sight: Sight, names: Names) -> Iterator[Check]:
    cooling = np.zeros(sight.agents, dtype=np.bool_)
    for a, tie in sight.ties.items():
        if tie.cooling_until_us and a < sight.agents:
            cooling[a] = True
    yield Check(
        "cooling_down", "", cooling, lambda a: f"until {_at(sight.ties[a].cooling_until_us)}"
    )
    queue = int(sight.profile["queue"])
    if not sight.arrays.queues[queue]["open"]:
        every = np.ones(sight.agents, dtype=np.bool_)
        yield Check("queue_closed", "", every, lambda _: f"{names.queue(queue)} is closed")


def _at(at_us: int) -> str:
    return instant_text(int(at_us))
