"""
Named inputs: seeded floors and streams of tickets, the same for measurements and tests.

Skills, languages and what tickets ask for follow Zipf's law, as on real floors: a few are had and
asked for by many. A ``Floor`` drives a machine as a helpdesk would: tickets come, agents accept,
work, and complete, so that there is room as long as tickets do not come faster than they go.
"""

from collections import deque
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from router.core import codes as c
from router.core.limits import NEVER_US, SECOND_US
from router.core.machine import Batch, Machine
from router.policies.compiling import compile_policy
from router.wire.policies import Base, PolicyBody

CHAT: Final = 0
MAJORITY: Final = 0
"""The group that six of ten agents are in."""
PUSHED_AT_ONCE: Final = 2_000
TARGET_US: Final = 120 * SECOND_US


class Shape(NamedTuple):
    """How large a floor is and how it is made."""

    agents: int
    skills: int = 256
    skills_of_agent: tuple[int, int] = (26, 60)
    languages: int = 24
    languages_of_agent: tuple[int, int] = (2, 8)
    queues: int = 8
    units: int = 4
    profiles: int = 500
    skew: float = 0.25
    """Zipf's exponent for skills and languages: how much commoner the first is than the last."""
    asked_skew: float = 0.5
    """Zipf's exponent for what tickets ask for; much more would ask for what few agents have."""


SHAPES: Final = {
    "canonical": Shape(1_000, 60, (6, 20), 8, (1, 4), profiles=300),
    "large": Shape(10_000),
    "joint": Shape(1_000, units=1, profiles=200),
    "small": Shape(64, 12, (3, 8), 4, (1, 3), profiles=20),
}
"""Every floor by its name."""


def popularity(count: int, skew: float) -> NDArray[np.float64]:
    """Return the shares of ``count`` things under Zipf's law; they add up to 1."""
    weight = np.arange(1, count + 1, dtype=np.float64) ** -skew
    share: NDArray[np.float64] = weight / weight.sum()
    return share


def drawn(
    chance: np.random.Generator, share: NDArray[np.float64], counts: NDArray[np.int64]
) -> list[list[int]]:
    """Draw ``counts[i]`` different things for each ``i``, the popular ones more often (Gumbel's top k)."""
    keys = np.log(share) + chance.gumbel(size=(len(counts), len(share)))
    order = np.argsort(-keys, axis=1)
    return [row[:n].tolist() for row, n in zip(order, counts, strict=True)]


class Hired(NamedTuple):
    """What an agent can do."""

    units: int
    skills: list[int]
    languages: list[int]
    is_of_majority: bool


def agent_words(agent: Hired, chance: np.random.Generator) -> list[int]:
    """Return the words of SET_AGENT for somebody who serves every queue and every channel."""
    units, skills, languages, is_of_majority = agent
    groups = [MAJORITY] if is_of_majority else []
    levels = chance.integers(1, 6, len(skills) + len(languages)).tolist()
    pairs: list[int] = []
    for thing, level in zip((*skills, *languages), levels, strict=True):
        pairs += (thing, level)
    lists = [len(skills), len(languages), len(groups), 0, 1]
    return [c.HUMAN, -1, 1, units, *lists, *pairs, *groups, CHAT, 1, -1]


def profile_words(
    queue: int, language: tuple[int, int], skills: list[tuple[int, int]], groups: list[int]
) -> list[int]:
    """Return the words of SET_PROFILE: a language and skills with least levels (0: preferred), any of the groups."""
    number, least = language
    weight = 1000 if number >= 0 else 0
    lists = [len(skills), len(groups), 0]
    words = [0, queue, CHAT, -1, number, least, weight, *lists, -1, -1, 0, 0]
    for skill, level in skills:
        words += (skill, level, 1000)
    return [*words, *groups]


def ticket_words(at_us: int, priority: int = 5) -> list[int]:
    """Return the words of ADD_TICKET: asked for now, promised within two minutes."""
    return [at_us, 0, NEVER_US, TARGET_US, at_us + TARGET_US, 0, NEVER_US, priority, 0]


def policy_words(base: Base, revision: int = 1) -> list[int]:
    """Return the words of SET_POLICY for a row of the table of policies, closed tickets kept for 10 s."""
    words = compile_policy(PolicyBody(base=base, retention_s=10.0), revision)
    return [word for word in words if isinstance(word, int)]


class Floor:
    """A machine with agents on duty and what tickets may ask of them."""

    def __init__(self, shape: Shape, *, seed: int = 1, tape: list[Batch] | None = None) -> None:
        self.shape = shape
        self._tape = tape
        self.chance = np.random.default_rng(seed)
        self.machine = Machine()
        self.now_us = SECOND_US
        self.works: deque[tuple[int, int, int]] = deque()
        """Serial, row and ticket of what agents work on, oldest first."""
        self._skill_share = popularity(shape.skills, shape.skew)
        self._language_share = popularity(shape.languages, shape.skew)
        self._configure()
        self._hire()
        for number in range(shape.profiles):
            self.machine.push(c.SET_PROFILE, self.now_us, profile=number, words=self.demand())
            self._run_when_full()
        self.run()
        self.asked = popularity(shape.profiles, shape.asked_skew)

    def _configure(self) -> None:
        push, at_us = self.machine.push, self.now_us
        channel = [1, -1, 30 * SECOND_US, 30 * SECOND_US, 0, 0, 0, 0]
        push(c.SET_CHANNEL, at_us, aux=CHAT, words=channel)
        push(c.SET_POLICY, at_us, words=policy_words("ours"))
        for queue in range(self.shape.queues):
            push(c.SET_QUEUE, at_us, aux=queue, words=[20 * SECOND_US, 1, 800, 0])

    def _hire(self) -> None:
        shape, chance = self.shape, self.chance
        counts = [
            chance.integers(low, high + 1, shape.agents)
            for low, high in (shape.skills_of_agent, shape.languages_of_agent)
        ]
        skills = drawn(chance, self._skill_share, counts[0])
        languages = drawn(chance, self._language_share, counts[1])
        majority = chance.random(shape.agents) < 0.6
        for agent in range(shape.agents):
            hired = Hired(shape.units, skills[agent], languages[agent], bool(majority[agent]))
            words = agent_words(hired, chance)
            self.machine.push(c.SET_AGENT, self.now_us, agent=agent, words=words)
            self.machine.push(c.SET_PRESENCE, self.now_us, agent=agent, aux=c.AVAILABLE)
            self._run_when_full()

    def run(self) -> Batch:
        """Run what the machine was told, and keep the batch on the tape if there is one."""
        batch = self.machine.run()
        if self._tape is not None:
            self._tape.append(batch)
        return batch

    def _run_when_full(self) -> None:
        if self.machine.pending >= PUSHED_AT_ONCE:
            self.run()

    def person(self) -> list[int]:
        """Draw somebody new: the words of SET_AGENT."""
        shape, chance = self.shape, self.chance
        counts = [
            chance.integers(*shape.skills_of_agent, 1),
            chance.integers(*shape.languages_of_agent, 1),
        ]
        skills = drawn(chance, self._skill_share, counts[0])[0]
        languages = drawn(chance, self._language_share, counts[1])[0]
        return agent_words(Hired(shape.units, skills, languages, True), chance)

    # -- what tickets ask for ----------------------------------------------------------------------

    def demand(self) -> list[int]:
        """Draw what a ticket asks for: a language at some level, one skill or two, required or preferred."""
        chance, shape = self.chance, self.shape
        skills = drawn(chance, self._skill_share, np.array([chance.choice((1, 1, 2))]))[0]
        levels = chance.choice((0, 1, 2), len(skills)).tolist()
        language = int(chance.choice(shape.languages, p=self._language_share))
        queue = int(chance.integers(shape.queues))
        needs = list(zip(skills, levels, strict=True))
        return profile_words(queue, (language, int(chance.integers(1, 4))), needs, [])

    def stream(self, tickets: int) -> list[int]:
        """Draw the profiles of so many tickets, the popular ones more often."""
        drawn: list[int] = self.chance.choice(self.shape.profiles, tickets, p=self.asked).tolist()
        return drawn

    def add_profile(self, words: list[int]) -> int:
        """Make a profile and return its number."""
        number = int(self.machine.arrays.head[0]["profiles"])
        self.machine.push(c.SET_PROFILE, self.now_us, profile=number, words=words)
        self.run()
        return number

    def eligible(self, profile: int) -> int:
        """Return how many agents meet a profile's requirements."""
        return int(np.bitwise_count(self.machine.arrays.eligible[profile]).sum())

    # -- work --------------------------------------------------------------------------------------

    def push_ticket(self, profile: int) -> int:
        """Tell the machine of a ticket that comes now; return the command's index."""
        words = ticket_words(self.now_us)
        return self.machine.push(c.ADD_TICKET, self.now_us, profile=profile, words=words)

    def accept(self, batch: Batch) -> Batch | None:
        """Let every agent accept what a run offered; returns None when nothing was offered."""
        events = batch.events
        offers = events[events["kind"] == c.E_OFFERED]
        if not len(offers):
            return None
        for serial, work, ticket in zip(
            *(offers[f].tolist() for f in ("serial", "work", "ticket")), strict=True
        ):
            self.machine.push(c.ACCEPT_OFFER, self.now_us, serial=serial, aux=work)
            self.works.append((serial, work, ticket))
            self._run_when_full()
        return self.run()

    def ease(self, works: int) -> None:
        """Complete the longest works until no more than ``works`` are left, and accept what that leads to."""
        while len(self.works) > works:
            for _ in range(min(PUSHED_AT_ONCE, len(self.works) - works)):
                self.push_complete()
            self.accept(self.run())

    def leave(self, agent: int) -> None:
        """Let an agent go off duty."""
        self.machine.push(c.SET_PRESENCE, self.now_us, agent=agent, aux=c.OFFLINE)

    def push_complete(self) -> None:
        """Let the longest work be completed, wrap-up and all."""
        serial, work, _ = self.works.popleft()
        self.machine.push(c.COMPLETE, self.now_us, serial=serial, aux=work)

    def fill(self, works: int) -> None:
        """Bring tickets until agents work on so many, 100 at a time."""
        stalled = 0
        while len(self.works) < works and stalled < 50:
            before = len(self.works)
            for profile in self.stream(min(100, works - before)):
                self.push_ticket(profile)
            self.now_us += SECOND_US // 100
            self.accept(self.run())
            stalled = stalled + 1 if len(self.works) == before else 0
