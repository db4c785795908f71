"""Offers, and the assignments they become: an assignment bears the number of its offer."""

from typing import Annotated

import msgspec
from msgspec import UNSET, Meta, UnsetType

from router.wire.fields import (
    AssignmentState,
    Body,
    Delay,
    Duration,
    InstantText,
    Label,
    OfferState,
    Text,
)


class DeclineBody(Body, frozen=True, kw_only=True):
    """Why the agent declines, and when the ticket may be offered to the same agent again."""

    reason: Text | None = None
    retry_after_s: Annotated[
        Delay | None, Meta(description="Null or left out: the policy's cool-down.")
    ] = None


class DeferBody(Body, frozen=True, kw_only=True):
    """How long the agent asks to be left in peace with this ticket."""

    for_s: Duration


class CompleteBody(Body, frozen=True, kw_only=True):
    """How it ended."""

    disposition: Label | None = None


class ReleaseBody(Body, frozen=True, kw_only=True):
    """Why the ticket goes back to its queue, with its age."""

    reason: Text | None = None


class Offer(msgspec.Struct, kw_only=True):
    """A ticket proposed to an agent."""

    id: Annotated[str, Meta(examples=["o-17"])]
    ticket: str
    agent: str
    state: OfferState
    channel: str | UnsetType = UNSET
    queue: str | UnsetType = UNSET
    offered_at: InstantText | UnsetType = UNSET
    expires_at: Annotated[
        InstantText | None, Meta(description="Null: it does not expire by itself.")
    ]
    decision: Annotated[str | None, Meta(description="Null: assigned by hand.")]
    assignment: Annotated[str | UnsetType, Meta(description="Once accepted.")] = UNSET
    seq: int


class OffersPage(msgspec.Struct, kw_only=True):
    """Open offers, oldest first."""

    items: list[Offer]
    next: str | None


class Assignment(msgspec.Struct, kw_only=True):
    """A ticket an agent works on."""

    id: Annotated[str, Meta(examples=["a-17"])]
    ticket: str
    agent: str
    state: AssignmentState
    channel: str | UnsetType = UNSET
    queue: str | UnsetType = UNSET
    offer: str | UnsetType = UNSET
    accepted_at: InstantText | UnsetType = UNSET
    wrap_up_ends_at: InstantText | None = None
    ended_at: InstantText | None = None
    disposition: str | None = None
    seq: int
