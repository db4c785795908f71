"""
A world as the router is told of it: the list of API calls that configure it.

The same list settles the simulator's shard and goes over HTTP in a load test.
"""

from collections.abc import Iterator
from typing import NamedTuple

import msgspec

from router.core.machine import Machine
from router.core.state import Sizes
from router.desk.registry import bootstrap
from router.shard import ComeAgain, Shard
from router.wire.agents import AgentBody
from router.wire.calls import Call
from router.wire.policies import Base, PolicyBody
from router.wire.tickets import TicketBody
from simulator.worlds.schema import Team, World


class FloorError(ValueError):
    """The router refuses a part of the floor; the message names it and why."""


class Member(NamedTuple):
    """An agent of a world."""

    id: str
    team: str
    place: int
    """In its team, from 0."""


def members(world: World) -> list[Member]:
    """Return every agent of a world, in the order of the core's rows."""
    return [
        Member(f"{name}-{place + 1}", name, place)
        for name, team in world.agents.items()
        for place in range(team.count)
    ]


def agent_body(team: Team) -> AgentBody:
    """Return the body that configures an agent of a team; shifts are the simulator's business."""
    return AgentBody(
        groups=team.groups,
        queues=team.queues,
        region=team.region,
        skills=team.skills,
        languages=team.languages,
        units=team.units,
        channels=team.channels,
    )


def ticket_body(world: World, kind: str) -> TicketBody:
    """Return the body with which a ticket of a kind is put."""
    ticket = world.tickets[kind]
    return TicketBody(
        queue=ticket.queue,
        channel=ticket.channel,
        priority=ticket.priority,
        language=ticket.language,
        region=ticket.region,
        groups=ticket.groups,
        requirements=ticket.requirements,
        relax=ticket.relax,
        sla=ticket.sla,
        ttl_s=ticket.ttl_s,
    )


def calls(world: World) -> Iterator[Call]:
    """Yield the calls that configure the floor, each after what it refers to."""
    for name, skill in world.skills.items():
        yield Call("skills.put", name, skill)
    for name, group in world.groups.items():
        yield Call("groups.put", name, group)
    for name, channel in world.channels.items():
        yield Call("channels.put", name, channel)
    for name, calendar in world.calendars.items():
        yield Call("calendars.put", name, calendar)
    for name, region in world.regions.items():
        yield Call("regions.put", name, msgspec.structs.replace(region, distance={}))
    for name, region in world.regions.items():
        if region.distance:
            yield Call("regions.put", name, region)
    for name, queue in world.queues.items():
        yield Call("queues.put", name, msgspec.structs.replace(queue, overflow=None, relax=()))
    for name, queue in world.queues.items():
        if queue.overflow is not None or queue.relax:
            yield Call("queues.put", name, queue)
    for member in members(world):
        yield Call("agents.put", member.id, agent_body(world.agents[member.team]))


def policy_body(world: World, base: Base | None = None) -> PolicyBody:
    """Return the world's policy, or another base with its own weights and the world's times."""
    if base is None or base == world.policy.base:
        return world.policy
    return msgspec.structs.replace(world.policy, base=base, weights={})


def open_floor(world: World, policy: PolicyBody, at_us: int) -> Shard:
    """
    Return a shard with the world's floor on it, everybody offline.

    Raises
    ------
    FloorError
        When the router refuses a part of it, naming it and why.
    """
    agents = sum(team.count for team in world.agents.values())
    shard = Shard(Machine(Sizes(agents=-(-agents // 64) * 64)))
    bootstrap(shard, at_us, policy)
    shard.settle(at_us)
    for call in calls(world):
        came = shard.admit(call, at_us)
        assert not isinstance(came, ComeAgain), "calls of a floor are settled one by one"
        _, replies = shard.settle(at_us)
        problem = (came or replies[0]).problem
        if problem is not None:
            reasons = "; ".join(f"{each.pointer} {each.detail}" for each in problem.errors or ())
            said = reasons or problem.detail or problem.title
            raise FloorError(f"{call.name} {call.id!r} is refused by the router: {said}")
    return shard
