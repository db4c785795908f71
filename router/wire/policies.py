"""Policies: how tickets and agents are matched, in numbered revisions."""

from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from router.wire.fields import Body, Delay, Duration, InstantText, Label
from router.wire.tickets import Warned

Base = Literal[
    "ours", "longest_idle", "round_robin", "least_loaded", "best_match", "priority_then_age"
]
REVISIONS_MAX = 1_000_000
"""The highest number a revision may have."""
RevisionState = Literal["draft", "active", "retired"]


class PolicyBody(Body, frozen=True, kw_only=True):
    """A revision of a policy; once made it never changes."""

    base: Base = "ours"
    weights: Annotated[
        dict[
            Annotated[str, Meta(min_length=1, max_length=32)],
            Annotated[float, Meta(ge=-1_000, le=1_000)],
        ],
        Meta(max_length=32, description="Weight by term of the score; absent: the base's."),
    ] = {}
    decline_cooldown_s: Annotated[
        Delay, Meta(description="An agent who declined is not asked again so soon.")
    ] = 300.0
    unanswered_cooldown_s: Annotated[
        Delay, Meta(description="An agent who did not answer is not asked again so soon.")
    ] = 60.0
    no_answer_max: Annotated[
        int, Meta(ge=1, le=100, description="So many unanswered offers in a row: away.")
    ] = 3
    reconnect_grace_s: Annotated[
        Delay, Meta(description="A lost agent goes offline after so many seconds.")
    ] = 30.0
    hold_s: Annotated[
        Duration, Meta(description="A ticket no free agent is worth to is looked at again then.")
    ] = 5.0
    retention_s: Annotated[
        Delay, Meta(description="Closed tickets can be read for so many seconds.")
    ] = 3_600.0
    label: Label | None = None


class PolicyRevision(PolicyBody, frozen=True, kw_only=True, forbid_unknown_fields=False):
    """A revision as stored."""

    policy: str
    revision: int
    state: RevisionState
    created_at: InstantText
    activated_at: InstantText | None
    seq: int


class Policy(msgspec.Struct, kw_only=True):
    """A policy: its revisions, and which of them is at work."""

    id: str
    active_revision: Annotated[int | None, Meta(description="Null: this policy is not at work.")]
    previous_revision: Annotated[int | None, Meta(description="Where :rollback leads.")] = None
    revisions: list[int]
    version: int
    seq: int


class PoliciesPage(msgspec.Struct, kw_only=True):
    """Policies in the order of their ids."""

    items: list[Policy]
    next: str | None


class Validation(msgspec.Struct, kw_only=True):
    """What is to be said about a revision before it is activated."""

    policy: str
    revision: int
    valid: bool
    warnings: list[Warned]
