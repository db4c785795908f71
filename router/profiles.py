"""
Profiles: from what a ticket asks for to the numbers the core matches by.

Everything that decides who may take a ticket and how well is its *demand*. Equal demands share a profile, so
the work of matching is done once for all tickets that ask for the same. Relaxation steps and overflow make a
chain: each step is a profile of its own that asks for less, costs more, and follows when the ticket has
waited long enough.
"""

from dataclasses import dataclass, replace

import msgspec

from router.core import codes as c
from router.core.limits import GROUPS_PER_PROFILE_MAX, PROFILES_MAX, SECOND_US
from router.core.machine import Machine
from router.desk.languages import look_up
from router.desk.references import missing, missing_of_steps
from router.directory import CHANNEL, GROUP, QUEUE, REGION, SKILL, Directory
from router.wire.problems import FieldError, wrong
from router.wire.registry import QueueBody
from router.wire.tickets import Language, RelaxStep, Requirement, TicketBody

STEP_PENALTY = 200
"""Thousandths of a point that each relaxation step makes a match dearer."""
PREFERRED_ONLY = 0
QUEUE_WORD, CHANNEL_WORD, STAGE_WORD = 1, 2, 12
"""Where the words of a profile have its queue, its channel and its stage of relaxation."""
DEMANDS_MAX = 2 * PROFILES_MAX
"""Demands remembered; different ones may share a profile."""


@dataclass(frozen=True, slots=True)
class Demand:
    """What one link of a chain asks for, by name."""

    queue: str
    channel: str
    language: Language | None
    region: str | None
    groups: tuple[str, ...]
    requirements: tuple[Requirement, ...]


class Profiles:
    """The profiles of one shard, made as they are needed."""

    def __init__(self, directory: Directory, machine: Machine) -> None:
        self._directory = directory
        self._machine = machine
        self._by_demand: dict[bytes, int] = {}
        self._by_words: dict[tuple[int, ...], int] = {}
        self.words = directory.profile_words
        self._encoder = msgspec.msgpack.Encoder()

    def forget_demands(self) -> None:
        """
        Compile demands anew from now on, as after a change of a queue.

        Profiles that are the same are found again.
        """
        self._by_demand.clear()

    def find(self, body: TicketBody, at_us: int) -> int | list[FieldError]:
        """Return the profile a ticket starts with, making its chain if it is new; or every unknown reference."""
        key = self._encoder.encode(
            (
                body.queue,
                body.channel,
                body.language,
                body.region,
                body.groups,
                body.requirements,
                body.relax,
            )
        )
        profile = self._by_demand.get(key)
        if profile is None:
            errors = unknown_references(self._directory, body)
            if errors:
                return errors
            profile = self._chain(body, at_us)
            if len(self._by_demand) >= DEMANDS_MAX:
                self.forget_demands()
            self._by_demand[key] = profile
        return profile

    def learn(self, profile: int, words: tuple[int, ...]) -> None:
        """Take over a profile from a journal."""
        assert profile == len(self.words), f"profile {profile} follows {len(self.words) - 1}"
        self._by_words[words] = profile
        self.words.append(words)

    def dump(self) -> list[tuple[int, ...]]:
        """Return the words of every profile, in the order of their numbers."""
        return self.words.copy()

    def _chain(self, body: TicketBody, at_us: int) -> int:
        """Make the links of a ticket's chain, last first, and return the first."""
        demand = Demand(
            body.queue, body.channel, body.language, body.region, body.groups, body.requirements
        )
        links = [(0.0, demand)]
        for step in sorted(self._steps(body), key=lambda step: step.after_s):
            links.append((step.after_s, relaxed(links[-1][1], step)))
        following, after_s = -1, 0.0
        for stage in range(len(links) - 1, -1, -1):
            starts_s, link = links[stage]
            overflow = self._overflow(link, at_us) if stage == 0 else -1
            following = self._intern(self._words(link, stage, following, after_s, overflow), at_us)
            after_s = starts_s
        return following

    def _steps(self, body: TicketBody) -> tuple[RelaxStep, ...]:
        """Return the ticket's own steps or its queue's, and the queue's overflow by time as one more."""
        queue = self._queue(body.queue)
        steps = queue.relax if body.relax is None else body.relax
        if queue.overflow is not None and queue.overflow.after_s is not None:
            steps = (*steps, RelaxStep(after_s=queue.overflow.after_s, queue=queue.overflow.queue))
        return steps

    def _queue(self, id_: str) -> QueueBody:
        """Return a queue's body."""
        document = self._directory.document(QUEUE, id_)
        assert document is not None, f"queue {id_!r} was checked before"
        body = document.body
        assert isinstance(body, QueueBody)
        return body

    def _overflow(self, link: Demand, at_us: int) -> int:
        """Return the profile that tickets get when the queue is full, or -1."""
        overflow = self._queue(link.queue).overflow
        if overflow is None or overflow.waiting_max is None:
            return -1
        return self._intern(self._words(replace(link, queue=overflow.queue), 1, -1, 0.0, -1), at_us)

    def _words(
        self, link: Demand, stage: int, following: int, after_s: float, overflow: int
    ) -> tuple[int, ...]:
        """Return the words of SET_PROFILE for one link; see ``apply.registry.on_profile_set``."""
        d = self._directory
        language, minimum = -1, PREFERRED_ONLY
        if link.language is not None:
            language = look_up(d, link.language.tag)
            minimum = (
                link.language.min_level if link.language.mode == "required" else PREFERRED_ONLY
            )
        head = (
            round(after_s * SECOND_US) if following >= 0 else 0, d.index(QUEUE, link.queue),
            d.index(CHANNEL, link.channel), d.index(REGION, link.region) if link.region else -1, language, minimum,
            1000 if language >= 0 else 0, len(link.requirements), len(link.groups), 0, following, overflow, stage,
            stage * STEP_PENALTY,
        )  # fmt: skip
        skills: tuple[int, ...] = ()
        for need in link.requirements:
            level = need.min_level if need.mode == "required" else PREFERRED_ONLY
            skills += (d.index(SKILL, need.skill), level, round(need.weight * 1000))
        return head + skills + tuple(d.index(GROUP, group) for group in link.groups)

    def _intern(self, words: tuple[int, ...], at_us: int) -> int:
        """Return the profile with these words, telling the core of it when it is new."""
        profile = self._by_words.get(words)
        if profile is None:
            profile = len(self._by_words)
            self._machine.push(c.SET_PROFILE, at_us, words, profile=profile)
            self.learn(profile, words)
        return profile


def relaxed(demand: Demand, step: RelaxStep) -> Demand:
    """Return what is asked for after a relaxation step."""
    requirements = tuple(
        msgspec.structs.replace(need, min_level=step.min_level.get(need.skill, need.min_level))
        for need in demand.requirements
        if need.skill not in step.drop
    )
    language = demand.language
    if step.language_drop:
        language = None
    elif language is not None and step.language_min_level is not None:
        language = msgspec.structs.replace(language, min_level=step.language_min_level)
    groups = demand.groups
    if step.groups_any:
        groups = ()
    elif groups:
        groups = tuple(dict.fromkeys((*groups, *step.groups_add)))[:GROUPS_PER_PROFILE_MAX]
    return replace(
        demand,
        queue=step.queue or demand.queue,
        region=None if step.region_any else demand.region,
        language=language,
        groups=groups,
        requirements=requirements,
    )


def unknown_references(directory: Directory, body: TicketBody) -> list[FieldError]:
    """Return an error for every name in a ticket that nobody configured."""
    errors = missing(directory, QUEUE, [("/queue", body.queue)])
    errors += missing(directory, CHANNEL, [("/channel", body.channel)])
    errors += missing(directory, REGION, [("/region", body.region)])
    if body.language is not None and look_up(directory, body.language.tag) < 0:
        detail = "Expected a language that some agent speaks."
        errors.append(wrong("/language/tag", detail, body.language.tag))
    errors += missing(directory, GROUP, [(f"/groups/{i}", g) for i, g in enumerate(body.groups)])
    needs = enumerate(body.requirements)
    errors += missing(directory, SKILL, [(f"/requirements/{i}/skill", n.skill) for i, n in needs])
    return errors + missing_of_steps(directory, body.relax)
