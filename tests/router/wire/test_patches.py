"""Merge patches, and that patch bodies keep up with what they patch."""

import msgspec
import pytest

from router.wire.agents import AgentBody, AgentChannel, AgentPatch
from router.wire.codec import decode
from router.wire.negotiation import JSON
from router.wire.patches import merge
from router.wire.problems import Problem
from router.wire.tickets import (
    EscalateBody,
    Language,
    RelaxStep,
    Requirement,
    Sla,
    TicketBody,
    TicketPatch,
    TransferBody,
)

TICKET = TicketBody(
    queue="support",
    channel="chat",
    priority=3,
    language=Language(tag="pt-BR", min_level=3),
    requirements=(Requirement(skill="billing"),),
    attributes={"order": "A-19", "shop": "7"},
)


def patched(patch: dict[str, object], whole: TicketBody = TICKET) -> TicketBody | Problem:
    body = decode(msgspec.json.encode(patch), JSON, TicketPatch)
    assert isinstance(body, TicketPatch), body
    return merge(whole, body)


@pytest.mark.parametrize(
    ("patch", "changes"),
    [
        ({}, {}),
        ({"priority": 9}, {"priority": 9}),
        ({"priority": None}, {"priority": None}),
        ({"language": {"min_level": 5}}, {"language": Language(tag="pt-BR", min_level=5)}),
        ({"language": {"min_level": None}}, {"language": Language(tag="pt-BR")}),
        ({"language": None}, {"language": None}),
        ({"requirements": []}, {"requirements": ()}),
        ({"requirements": None}, {"requirements": ()}),
        ({"attributes": {"order": None, "new": "1"}}, {"attributes": {"shop": "7", "new": "1"}}),
        ({"attributes": None}, {"attributes": {}}),
        ({"sla": {"resolution_s": 60}}, {"sla": Sla(resolution_s=60.0)}),
        ({"relax": [{"after_s": 5}]}, {"relax": (RelaxStep(after_s=5.0),)}),
        ({"ttl_s": 60, "queue": "sales"}, {"ttl_s": 60.0, "queue": "sales"}),
    ],
)
def test_a_patch_changes_what_it_names(
    patch: dict[str, object], changes: dict[str, object]
) -> None:
    """Absent keeps, null resets, objects merge, lists replace."""
    assert patched(patch) == msgspec.structs.replace(TICKET, **changes)


def test_a_patch_that_leaves_something_invalid_is_refused() -> None:
    """What is merged is checked like a new body: here a language without a tag."""
    bare = TicketBody(queue="support", channel="chat")
    refused = patched({"language": {"min_level": 2}}, bare)
    assert isinstance(refused, Problem)
    assert [error.pointer for error in refused.errors] == ["/language/tag"]
    many = msgspec.structs.replace(TICKET, attributes={str(n): "" for n in range(32)})
    refused = patched({"attributes": {"one": "more"}}, many)
    assert isinstance(refused, Problem)
    assert [error.pointer for error in refused.errors] == ["/attributes"]


def test_agents_merge_by_member() -> None:
    """One skill can be taken away and one channel limited without repeating the others."""
    agent = AgentBody(
        skills={"billing": 3, "sales": 2}, channels={"chat": AgentChannel(cost=2, max=3)}
    )
    patch = decode(
        b'{"skills": {"billing": null}, "channels": {"chat": {"max": 1}, "voice": {"max": 0}}}',
        JSON,
        AgentPatch,
    )
    assert isinstance(patch, AgentPatch)
    assert merge(agent, patch) == AgentBody(
        skills={"sales": 2},
        channels={"chat": AgentChannel(cost=2, max=1), "voice": AgentChannel(max=0)},
    )


@pytest.mark.parametrize(("whole", "patch"), [(TicketBody, TicketPatch), (AgentBody, AgentPatch)])
def test_whatever_can_be_put_can_be_patched(
    whole: type[msgspec.Struct], patch: type[msgspec.Struct]
) -> None:
    """A field added to a body and forgotten in its patch would be found here."""
    assert whole.__struct_fields__ == patch.__struct_fields__


def test_transfers_change_a_subset() -> None:
    """Transfer and escalate merge into a ticket as patches do."""
    assert set(TransferBody.__struct_fields__) < set(TicketBody.__struct_fields__)
    moved = merge(TICKET, EscalateBody(queue="tier2", priority=9))
    assert moved == msgspec.structs.replace(TICKET, queue="tier2", priority=9)
