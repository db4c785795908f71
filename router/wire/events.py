"""Events: what happened, in one dense order, as a page or as a stream."""

from types import MappingProxyType
from typing import Annotated, Any

import msgspec
from msgspec import UNSET, Meta, UnsetType

from router.wire.fields import Body, InstantText

EVENT_TYPES = MappingProxyType(
    {
        "ticket.added": "A ticket arrived, or a scheduled one was taken down.",
        "ticket.queued": "It began to wait, or waits again.",
        "ticket.updated": "What it asks for changed.",
        "ticket.relaxed": "It asks for less, having waited.",
        "ticket.held": "No free agent was worth taking; it is looked at again.",
        "ticket.replied": "The agent or the customer wrote.",
        "ticket.suspended": "It was put aside.",
        "ticket.canceled": "It was taken back.",
        "ticket.expired": "Its time to live passed.",
        "ticket.abandoned": "The customer left.",
        "ticket.forgotten": "It can no longer be read.",
        "ticket.sla_warning": "A promise is in danger.",
        "ticket.sla_breached": "A promise was broken.",
        "offer.issued": "An agent was asked.",
        "offer.accepted": "The agent took it.",
        "offer.declined": "The agent did not want it.",
        "offer.expired": "The agent did not answer.",
        "offer.revoked": "It was taken back before an answer.",
        "assignment.wrapping": "Work ended, wrap-up began.",
        "assignment.completed": "Wrap-up ended.",
        "assignment.released": "The ticket went back to its queue.",
        "agent.set": "An agent was configured.",
        "agent.removed": "An agent was removed.",
        "agent.presence_changed": "An agent came, went or changed.",
        "agent.lost": "The connection to an agent was lost.",
        "agent.returned": "A lost agent came back in time.",
        "policy.activated": "Another policy is at work.",
        "prices.set": "Agents' time was priced anew.",
        "channel.set": "A channel was configured.",
        "queue.set": "A queue was configured.",
        "queue.opened": "A queue opened or closed.",
        "region.distance_set": "The distance of two regions was set.",
        "model.changed": "A model that reads messages was registered, put to work, taken back or doubted.",
        "profile.set": "A new combination of requirements was seen.",
        "command.refused": "A command changed nothing.",
        "solver.batch": "Tickets were decided jointly.",
    }
)
"""Every type of event and what it says."""


class Event(msgspec.Struct, kw_only=True):
    """A fact: its place in the order, what it is about, and the particulars of its type."""

    seq: Annotated[int, Meta(description="Dense from 1: no number is left out.")]
    type: Annotated[str, Meta(examples=["offer.issued"])]
    at: InstantText
    ticket: str | UnsetType = UNSET
    agent: str | UnsetType = UNSET
    offer: str | UnsetType = UNSET
    data: dict[str, Any] = {}


class EventsPage(msgspec.Struct, kw_only=True):
    """Events in order; `next` is what to ask for `after` next time."""

    events: list[Event]
    next: int
    last_seq: Annotated[int, Meta(description="Number of the newest event there is.")]


class EventsQuery(Body, frozen=True, kw_only=True):
    """From where, and how many."""

    after: Annotated[
        int, Meta(ge=0, le=2**53, description="Events after this number; 0: from the first.")
    ] = 0
    limit: Annotated[int, Meta(ge=1, le=10_000)] = 1_000
