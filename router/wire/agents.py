"""Agents: who they are, what they can do and whether they are there."""

from typing import Annotated

import msgspec
from msgspec import UNSET, Meta, UnsetType

from router.wire.fields import (
    REGISTRY_REFS_MAX,
    AgentKind,
    Body,
    Cursor,
    Instant,
    InstantText,
    Label,
    LanguageTag,
    Level,
    Presence,
    Ref,
    Units,
)
from router.wire.tickets import Warned

Name = Annotated[str, Meta(max_length=256)]
RefList = Annotated[
    tuple[Ref, ...], Meta(max_length=REGISTRY_REFS_MAX, extra_json_schema={"uniqueItems": True})
]
Cost = Annotated[int, Meta(ge=1, le=1_000, description="Capacity units one ticket takes.")]
Most = Annotated[
    int, Meta(ge=0, le=512, description="Tickets of the channel at once; 0: never, null: any.")
]


class AgentChannel(Body, frozen=True, kw_only=True):
    """What differs from the channel's defaults for this agent."""

    cost: Cost | None = None
    max: Most | None = None


class AgentBody(Body, frozen=True, kw_only=True):
    """An agent as configured; PUT replaces it, presence and work stay."""

    name: Name | None = None
    kind: AgentKind = "human"
    groups: RefList = ()
    queues: Annotated[RefList | None, Meta(description="Null: every queue.")] = None
    region: Ref | None = None
    skills: Annotated[
        dict[Ref, Level], Meta(max_length=REGISTRY_REFS_MAX, description="Level by skill.")
    ] = {}
    languages: Annotated[
        dict[LanguageTag, Level], Meta(max_length=64, description="Level by BCP 47 tag.")
    ] = {}
    units: Units = 4
    channels: Annotated[
        dict[Ref, AgentChannel],
        Meta(max_length=16, description="An absent channel has the channel's defaults."),
    ] = {}
    shift: Annotated[Ref | None, Meta(description="Calendar outside which the agent drains.")] = (
        None
    )


class AgentChannelPatch(Body, frozen=True, kw_only=True):
    """Changes to `AgentChannel`."""

    cost: Cost | UnsetType | None = UNSET
    max: Most | UnsetType | None = UNSET


class AgentPatch(Body, frozen=True, kw_only=True):
    """Changes to an agent (RFC 7396): absent keeps, null resets, objects merge, lists replace."""

    name: Name | UnsetType | None = UNSET
    kind: AgentKind | UnsetType | None = UNSET
    groups: RefList | UnsetType | None = UNSET
    queues: RefList | UnsetType | None = UNSET
    region: Ref | UnsetType | None = UNSET
    skills: (
        Annotated[dict[Ref, Level | None], Meta(max_length=REGISTRY_REFS_MAX)] | UnsetType | None
    ) = UNSET
    languages: (
        Annotated[dict[LanguageTag, Level | None], Meta(max_length=64)] | UnsetType | None
    ) = UNSET
    units: Units | UnsetType | None = UNSET
    channels: (
        Annotated[dict[Ref, AgentChannelPatch | None], Meta(max_length=16)] | UnsetType | None
    ) = UNSET
    shift: Ref | UnsetType | None = UNSET


class PresenceBody(Body, frozen=True, kw_only=True):
    """Whether the agent takes work, and what follows when."""

    presence: Presence
    activity: Annotated[Label | None, Meta(examples=["lunch"])] = None
    until: Annotated[Instant | None, Meta(description="When `then` begins.")] = None
    then: Annotated[
        Presence | None, Meta(description="Needs until; left out with it: available.")
    ] = None


class NoBody(Body, frozen=True, kw_only=True):
    """Nothing: an empty object, or no body at all."""


class Agent(msgspec.Struct, kw_only=True):
    """An agent as the server sees it."""

    id: str
    name: str | None
    kind: AgentKind
    groups: tuple[str, ...]
    queues: tuple[str, ...] | None
    region: str | None
    skills: dict[str, int]
    languages: dict[str, int]
    units: int
    channels: dict[str, AgentChannel]
    shift: str | None
    presence: Presence
    activity: str | None = None
    until: InstantText | None = None
    then: Presence | None = None
    busy: Annotated[bool, Meta(description="No unit is free.")] = False
    units_taken: int = 0
    offers: Annotated[list[str], Meta(description="Open offers.")] = []
    assignments: Annotated[list[str], Meta(description="Active or wrapping up.")] = []
    strikes: Annotated[int, Meta(description="Offers left unanswered in a row.")] = 0
    warnings: list[Warned] = []
    version: int
    seq: int


class AgentsPage(msgspec.Struct, kw_only=True):
    """Agents in the order of their ids, and where the next page starts."""

    items: list[Agent]
    next: str | None


class AgentsQuery(Body, frozen=True, kw_only=True):
    """Which agents to list."""

    group: Ref | None = None
    queue: Ref | None = None
    presence: Presence | None = None
    limit: Annotated[int, Meta(ge=1, le=1_000)] = 100
    cursor: Cursor | None = None
