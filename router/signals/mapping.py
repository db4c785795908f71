"""What an intent asks of a ticket: skills, a queue, a priority, by the tenant's own table."""

from collections.abc import Mapping
from typing import NamedTuple

import msgspec

from router.signals.signal import Level, Signal

LEVELS: tuple[Level, ...] = ("low", "medium", "high")
SKILLS_MAX = 8


class SkillNeed(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A skill that an intent needs; ``preferred`` adds worth, ``required`` excludes."""

    skill: str
    min_level: int = 1
    mode: str = "preferred"
    weight: float = 1.0


class IntentRule(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What to ask of tickets with an intent, told at least so surely."""

    skills: tuple[SkillNeed, ...] = ()
    queue: str | None = None
    priority: int | None = None
    level: Level = "medium"


class Needs(NamedTuple):
    """What a ticket asks for on top of what it brought."""

    skills: tuple[SkillNeed, ...] = ()
    queue: str | None = None
    priority: int | None = None


class MappingError(ValueError):
    """A table of intents has an entry that cannot be; the message names field, value, expected."""


def checked(rules: Mapping[str, IntentRule], skills: set[str], queues: set[str]) -> None:
    """Raise ``MappingError`` listing every rule that names what is not there or out of range."""
    faults: list[str] = []
    for intent, rule in rules.items():
        where = f"intents.{intent}"
        if rule.queue is not None and rule.queue not in queues:
            faults.append(f"{where}.queue: {rule.queue!r}, expected a known queue")
        if rule.priority is not None and not 0 <= rule.priority <= 9:
            faults.append(f"{where}.priority: {rule.priority}, expected 0 to 9")
        if len(rule.skills) > SKILLS_MAX:
            faults.append(f"{where}.skills: {len(rule.skills)}, expected at most {SKILLS_MAX}")
        for need in rule.skills:
            faults += [f"{where}.skills.{fault}" for fault in _need_faults(need, skills)]
    if faults:
        raise MappingError("\n".join(faults))


def _need_faults(need: SkillNeed, skills: set[str]) -> list[str]:
    faults = []
    if need.skill not in skills:
        faults.append(f"skill: {need.skill!r}, expected a known skill")
    if not 1 <= need.min_level <= 5:
        faults.append(f"min_level: {need.min_level}, expected 1 to 5")
    if need.mode not in ("required", "preferred"):
        faults.append(f"mode: {need.mode!r}, expected required or preferred")
    return faults


def needs(intent: Signal | None, rules: Mapping[str, IntentRule]) -> Needs:
    """
    Return what an intent asks of its ticket; nothing where it is unknown or not sure enough.

    A correction counts whatever its level. A skill is never *required* on a guess below high: a
    wrong guess must not make a ticket unmatchable.
    """
    rule = None if intent is None else rules.get(intent.value)
    if rule is None or intent is None:
        return Needs()
    is_certain = intent.source == "correction"
    if not is_certain and LEVELS.index(intent.level) < LEVELS.index(rule.level):
        return Needs()
    skills = rule.skills
    if not is_certain and intent.level != "high":
        skills = tuple(msgspec.structs.replace(need, mode="preferred") for need in skills)
    return Needs(skills, rule.queue, rule.priority)
