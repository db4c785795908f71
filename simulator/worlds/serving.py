"""Whether anybody in a world can ever serve a kind of ticket, once it has waited as long as its steps say."""

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from router.desk.languages import parts_of
from router.desk.registry import CHANNELS
from router.wire.tickets import RelaxStep
from simulator.worlds.schema import Team, Ticket, World


class Need(NamedTuple):
    """What a kind of ticket asks for at least, after all of its steps."""

    skills: dict[str, int]
    """Least level by skill."""
    language: tuple[str, int] | None
    """What the router asks for of its tag, and the least level."""
    groups: frozenset[str]
    """One of these; empty: any."""
    queues: frozenset[str]
    """Its own, and where it flows over to."""
    channel: str
    units: int
    """What a ticket of the channel takes of an agent."""


def need_of(world: World, ticket: Ticket) -> Need:
    """Return what a kind of ticket asks for at least."""
    queue = world.queues.get(ticket.queue)
    steps: tuple[RelaxStep, ...] = queue.relax if queue is not None else ()
    steps = steps if ticket.relax is None else ticket.relax
    skills = {each.skill: each.min_level for each in ticket.requirements if each.mode == "required"}
    asked = ticket.language if ticket.language and ticket.language.mode == "required" else None
    language = None
    if asked is not None:
        tag = asked_of(world.agents.values(), asked.tag)
        language = (tag or asked.tag.lower(), asked.min_level)
    groups = set(ticket.groups)
    for step in steps:
        for skill in step.drop:
            skills.pop(skill, None)
        for skill, level in step.min_level.items():
            if skill in skills:
                skills[skill] = min(level, skills[skill])
        if step.language_drop:
            language = None
        if language is not None and step.language_min_level is not None:
            language = (language[0], min(language[1], step.language_min_level))
        groups = set() if step.groups_any else groups | set(step.groups_add) if groups else groups
    queues = {ticket.queue}
    if queue is not None and queue.overflow is not None:
        queues.add(queue.overflow.queue)
    channel = world.channels.get(ticket.channel) or CHANNELS.get(ticket.channel)
    units = 1 if channel is None else channel.cost
    return Need(skills, language, frozenset(groups), frozenset(queues), ticket.channel, units)


def asked_of(teams: Iterable[Team], tag: str) -> str | None:
    """Return the longest part of a tag that anybody lists, as the router asks for; None: nobody speaks it."""
    listed = {part for team in teams for own in team.languages for part in parts_of(own)}
    return next((part for part in parts_of(tag) if part in listed), None)


def level_in(team: Team, asked: str) -> int:
    """Return how well a team speaks a language by the router's rules, 0 for not at all."""
    own: dict[str, int] = {}
    for tag, level in team.languages.items():
        own[tag.lower()] = max(level, own.get(tag.lower(), 0))
    level = next((own[part] for part in parts_of(asked) if part in own), 0)
    return level or max((own[tag] for tag in own if tag.startswith(f"{asked}-")), default=0)


def has_room(team: Team, need: Need) -> bool:
    """Return whether an agent of a team with nothing else to do could hold such a ticket."""
    own = team.channels.get(need.channel)
    units = need.units if own is None or own.cost is None else own.cost
    return team.units >= units and (own is None or own.max != 0)


def can_serve(team: Team, need: Need) -> bool:
    """Return whether the agents of a team have all that is asked for."""
    return (
        has_room(team, need)
        and all(team.skills.get(skill, 0) >= level for skill, level in need.skills.items())
        and (need.language is None or level_in(team, need.language[0]) >= need.language[1])
        and (not need.groups or not need.groups.isdisjoint(team.groups))
        and (team.queues is None or not need.queues.isdisjoint(team.queues))
    )


def served_faults(world: World) -> Iterator[tuple[tuple[str, ...], str]]:
    """Yield the kinds of ticket that would wait for ever, each with what nobody has."""
    teams = list(world.agents.values())
    for name, ticket in world.tickets.items():
        need = need_of(world, ticket)
        if any(can_serve(team, need) for team in teams):
            continue
        faults = list(_lacking(ticket, need, teams))
        for field, reason in faults or [
            ((), "No team has all that it asks for; some of it each team lacks.")
        ]:
            yield ("tickets", name, *field), reason


def _lacking(
    ticket: Ticket, need: Need, teams: list[Team]
) -> Iterator[tuple[tuple[str, ...], str]]:
    for n, each in enumerate(ticket.requirements):
        level = need.skills.get(each.skill)
        best = max(team.skills.get(each.skill, 0) for team in teams)
        if level is not None and best < level:
            had = f"; the best has {best}" if best else ""
            yield (
                ("requirements", str(n), "skill"),
                f"No agent has {each.skill!r} at level {level} or above{had}.",
            )
    if need.language is not None:
        tag, level = need.language
        best = max(level_in(team, tag) for team in teams)
        if 0 < best < level:  # that nobody speaks it at all is said elsewhere
            yield (
                ("language", "min_level"),
                f"No agent speaks {tag!r} at level {level} or above; the best has {best}.",
            )
    if need.groups and all(need.groups.isdisjoint(team.groups) for team in teams):
        yield ("groups",), f"No agent is in {' or '.join(sorted(need.groups))}."
    if all(team.queues is not None and need.queues.isdisjoint(team.queues) for team in teams):
        yield ("queue",), f"No agent serves {ticket.queue!r}."
    if not any(has_room(team, need) for team in teams):
        most = max(team.units for team in teams)
        yield (
            ("channel",),
            f"No agent has room for {need.channel!r}: it takes {need.units} units, agents have {most} at most.",
        )
