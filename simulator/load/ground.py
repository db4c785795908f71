"""The floor of a load test: look whether a server's tenant is empty, and put the world's floor there."""

from collections.abc import AsyncIterator, Mapping
from typing import Any, Final

import msgspec

from router.client import ClientProblem
from simulator.caller import Caller
from simulator.load.calls import plain
from simulator.worlds.floor import calls, members
from simulator.worlds.schema import World

LOOKED_AT: Final = ("skills", "groups", "regions", "calendars", "queues", "agents")
"""Families in which anything that is not the world's means that somebody else's floor is there."""
NAMED_MAX: Final = 5
PAGE: Final = 1_000
POLICY: Final = "default"
ENDED: Final = frozenset({404, 409})
"""Answers to the canceling of a ticket that ended a moment before."""
ABSENT: Final = "offline"


class GroundError(RuntimeError):
    """The world cannot be played there; the message says why and what to try."""


async def listed(client: Caller, family: str) -> AsyncIterator[Mapping[str, Any]]:
    """Yield everything of a family that is there."""
    cursor = None
    while True:
        query = {"limit": PAGE} | ({"cursor": cursor} if cursor else {})
        page = await client.call(f"{family}.list", query=query)
        if not (isinstance(page, Mapping) and "items" in page and "next" in page):
            raise GroundError(
                f"what answers there is no Cordboard server: {family}.list has no items"
            )
        for item in page["items"]:
            yield item
        cursor = page["next"]
        if cursor is None:
            return


async def look(client: Caller, told: World, *, is_onto: bool) -> None:
    """
    Look whether the world may be played on a server.

    Raises
    ------
    GroundError
        When another floor, or an open ticket, is there and ``is_onto`` does not say to go on all the same.
    """
    ours: dict[str, set[str]] = {}
    for call in calls(told):
        ours.setdefault(call.name.partition(".")[0], set()).add(call.id)
    strangers = []
    for family in LOOKED_AT:
        known = ours.get(family, set())
        found = [each["id"] async for each in listed(client, family) if each["id"] not in known]
        if found:
            more = f" and {len(found) - NAMED_MAX} more" if len(found) > NAMED_MAX else ""
            strangers.append(f"{family} {', '.join(found[:NAMED_MAX])}{more}")
    if is_onto:
        return
    if strangers:
        raise GroundError(
            f"the server has another floor: {'; '.join(strangers)}. Give it an empty tenant, "
            "or say --onto to play on this one all the same"
        )
    statistics = await client.call("statistics.get")
    there = {
        state: count
        for state, count in statistics["tickets"].items()
        if count
        and state in ("scheduled", "queued", "offered", "assigned", "wrapping", "suspended")
    }
    if there:
        said = ", ".join(f"{count} {state}" for state, count in there.items())
        raise GroundError(
            f"the server has open tickets: {said}. Finish or cancel them, or say --onto to play all the same"
        )


async def lay(client: Caller, told: World) -> list[tuple[str, str, dict[str, Any]]]:
    """
    Put the world's floor and policy, its agents offline; return what is there: family, id, body with its defaults.

    Channels and agents that were there already are among it.
    """
    ours = {member.id for member in members(told)}
    laid = [("channels", str(each["id"]), dict(each)) async for each in listed(client, "channels")]
    async for agent in listed(client, "agents"):
        if agent["id"] not in ours:
            laid.append(("agents", str(agent["id"]), dict(agent)))
        elif agent["presence"] != ABSENT:
            await client.call("agents.presence", agent["id"], {"presence": ABSENT})
    for call in calls(told):
        family = call.name.partition(".")[0]
        assert isinstance(call.body, msgspec.Struct), f"{call.name} has a body"
        try:
            await client.call(call.name, call.id, plain(call.body))
        except Exception as refusal:
            refusal.add_note(f"while putting {call.name} {call.id}")
            raise
        laid.append((family, call.id, msgspec.to_builtins(call.body)))
    policy = await client.call("policies.get", POLICY)
    revision = max(policy["revisions"], default=0) + 1
    body = plain(told.policy)
    await client.call("revisions.put", POLICY, body, sub=str(revision))
    await client.call("revisions.activate", POLICY, sub=str(revision))
    return laid


async def clear(client: Caller, told: World, tickets: list[str]) -> int:
    """
    Leave the floor as it was found: nobody there, no ticket open; return how many tickets had to be canceled.

    Raises
    ------
    ClientProblem
        The first that was refused for another reason than that the ticket had just ended; all else is done before.
    """
    canceled, refusals = 0, []
    for id_ in tickets:
        try:
            await client.call("tickets.cancel", id_, {"reason": "The load test is over."})
            canceled += 1
        except ClientProblem as refusal:
            if refusal.status not in ENDED:
                refusals.append(refusal)
    for member in members(told):
        try:
            await client.call("agents.presence", member.id, {"presence": ABSENT})
        except ClientProblem as refusal:
            refusals.append(refusal)
    if refusals:
        raise refusals[0]
    return canceled
