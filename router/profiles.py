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
from router.core.limits import GROUPS_PER_PROFILE_MAX, SECOND_US
from router.core.machine import Machine
from router.directory import CHANNEL, GROUP, LANGUAGE, QUEUE, REGION, SKILL, Directory
from router.wire.problems import FieldError, wrong
from router.wire.registry import QueueBody
from router.wire.tickets import Language, RelaxStep, Requirement, TicketBody

STEP_PENALTY = 200
"""Thousandths of a point that each relaxation step makes a match dearer."""
PREFERRED_ONLY = 0


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
            self._by_demand[key] = profile
        return profile

    def learn(self, profile: int, words: tuple[int, ...]) -> None:
        """Take over a profile from a journal."""
        self._by_words[words] = profile

    def dump(self) -> list[tuple[int, ...]]:
        """Return the words of every profile, in the order of their numbers."""
        return list(self._by_words)

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
            language = d.intern(LANGUAGE, link.language.tag.lower())
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
            self._machine.push(c.SET_PROFILE, at_us, profile=profile, words=words)
            self._by_words[words] = profile
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
    errors: list[FieldError] = []

    def need(kind: int, what: str, id_: str | None, pointer: str) -> None:
        if id_ is not None and directory.document(kind, id_) is None:
            errors.append(wrong(pointer, f"Expected a {what} that exists.", id_))

    need(QUEUE, "queue", body.queue, "/queue")
    need(CHANNEL, "channel", body.channel, "/channel")
    need(REGION, "region", body.region, "/region")
    if body.language is not None and directory.index(LANGUAGE, body.language.tag.lower()) < 0:
        errors.append(
            wrong("/language/tag", "Expected a language that some agent speaks.", body.language.tag)
        )
    for i, group in enumerate(body.groups):
        need(GROUP, "group", group, f"/groups/{i}")
    for i, requirement in enumerate(body.requirements):
        need(SKILL, "skill", requirement.skill, f"/requirements/{i}/skill")
    for i, step in enumerate(body.relax or ()):
        need(QUEUE, "queue", step.queue, f"/relax/{i}/queue")
        for k, skill in enumerate(step.drop):
            need(SKILL, "skill", skill, f"/relax/{i}/drop/{k}")
        for skill in step.min_level:
            need(SKILL, "skill", skill, f"/relax/{i}/min_level/{skill}")
        for k, group in enumerate(step.groups_add):
            need(GROUP, "group", group, f"/relax/{i}/groups_add/{k}")
    return errors
