"""Tickets: what they ask for, the verbs on them, and what is said about them."""

from typing import Annotated, Literal

import msgspec
from msgspec import UNSET, Meta, UnsetType

from router.wire.fields import (
    ATTRIBUTES_MAX,
    RELAX_STEPS_MAX,
    REQUIREMENTS_MAX,
    TICKETS_PER_BATCH_MAX,
    Body,
    Cursor,
    Delay,
    Duration,
    Estimate,
    Id,
    Instant,
    InstantText,
    LanguageTag,
    Level,
    Mode,
    Priority,
    Ref,
    Text,
    TicketState,
    Weight,
)
from router.wire.found import FoundSignal, MessageText
from router.wire.problems import Problem

GROUPS_MAX = 16
PREFERRED_AGENTS_MAX = 8

AttributeName = Annotated[str, Meta(min_length=1, max_length=64)]
AttributeValue = Annotated[str, Meta(max_length=1_024)]
SignalNumber = Annotated[float, Meta(ge=-1e15, le=1e15)]
SignalText = Annotated[str, Meta(max_length=256)]
Attributes = Annotated[
    dict[AttributeName, AttributeValue],
    Meta(max_length=ATTRIBUTES_MAX, description="Free text the client wants back; has no effect."),
]
Signals = Annotated[
    dict[AttributeName, SignalNumber | SignalText],
    Meta(max_length=ATTRIBUTES_MAX, description="What the client knows about the content."),
]
Groups = Annotated[
    tuple[Ref, ...],
    Meta(
        max_length=GROUPS_MAX,
        description="The agent must be in one of these; empty: any.",
        extra_json_schema={"uniqueItems": True},
    ),
]


class Requirement(Body, frozen=True, kw_only=True):
    """A skill the ticket asks for."""

    skill: Ref
    min_level: Level = 1
    mode: Annotated[
        Mode, Meta(description="A required skill excludes agents without it; a preferred one adds.")
    ] = "required"
    weight: Weight = 1.0


class Language(Body, frozen=True, kw_only=True):
    """The language the ticket asks for."""

    tag: LanguageTag
    min_level: Level = 1
    mode: Mode = "required"


class RelaxStep(Body, frozen=True, kw_only=True):
    """What is asked less of an agent once the ticket has waited so long."""

    after_s: Annotated[
        Delay, Meta(description="Seconds since it began to wait; each step later than the last.")
    ]
    drop: Annotated[
        tuple[Ref, ...],
        Meta(
            max_length=REQUIREMENTS_MAX,
            description="Skills no longer asked for.",
            extra_json_schema={"uniqueItems": True},
        ),
    ] = ()
    min_level: Annotated[
        dict[Ref, Level],
        Meta(max_length=REQUIREMENTS_MAX, description="New least level by skill."),
    ] = {}
    language_min_level: Level | None = None
    language_drop: bool = False
    groups_add: Groups = ()
    groups_any: Annotated[bool, Meta(description="Any group will do.")] = False
    region_any: Annotated[bool, Meta(description="Distance no longer counts.")] = False
    queue: Annotated[Ref | None, Meta(description="Moves the ticket to this queue.")] = None


class PreferredAgent(Body, frozen=True, kw_only=True):
    """An agent the ticket should go to, or with a negative weight rather not."""

    agent: Ref
    weight: Annotated[float, Meta(ge=-1, le=1)] = 1.0
    ttl_s: Annotated[
        Duration | None, Meta(description="Forgotten after so many seconds; null: never.")
    ] = None


class Sla(Body, frozen=True, kw_only=True):
    """Promises in seconds; one left out is taken from the queue."""

    first_response_s: Duration | None = None
    next_response_s: Duration | None = None
    resolution_s: Duration | None = None


Requirements = Annotated[tuple[Requirement, ...], Meta(max_length=REQUIREMENTS_MAX)]
Relax = Annotated[
    tuple[RelaxStep, ...],
    Meta(max_length=RELAX_STEPS_MAX, description="Null or left out: the queue's own steps."),
]
PreferredAgents = Annotated[tuple[PreferredAgent, ...], Meta(max_length=PREFERRED_AGENTS_MAX)]


class TicketBody(Body, frozen=True, kw_only=True, omit_defaults=True):
    """A ticket as its helpdesk describes it; PUT replaces the whole description."""

    # Journals leave out what has its default, so a default means "not said" and must never change.

    queue: Ref
    channel: Ref
    priority: Annotated[
        Priority | None, Meta(description="0 to 9; null or left out: the queue's default.")
    ] = None
    language: Language | None = None
    region: Annotated[Ref | None, Meta(description="Where the customer is.")] = None
    groups: Groups = ()
    requirements: Requirements = ()
    relax: Relax | None = None
    preferred_agents: PreferredAgents = ()
    sla: Sla | None = None
    virtual_start: Annotated[
        Instant | None, Meta(description="When the wait began, if before the ticket came here.")
    ] = None
    start_at: Annotated[Instant | None, Meta(description="Not routed before.")] = None
    ttl_s: Annotated[
        Duration | None, Meta(description="Expires unassigned after so many seconds.")
    ] = None
    customer: Annotated[str, Meta(min_length=1, max_length=256)] | None = None
    signals: Signals = {}
    attributes: Attributes = {}
    subject: MessageText | UnsetType = UNSET
    text: MessageText | UnsetType = UNSET


class BatchTicket(TicketBody, frozen=True, kw_only=True, omit_defaults=True):
    """A ticket of a batch: its description and its id."""

    id: Id


class TicketsBatch(Body, frozen=True, kw_only=True):
    """Up to 1,000 tickets; each is done or refused by itself."""

    tickets: Annotated[
        tuple[BatchTicket, ...], Meta(min_length=1, max_length=TICKETS_PER_BATCH_MAX)
    ]


class RefusedTicket(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """A ticket of a batch that could not be read: its id as far as it could be made out."""

    id: str
    problem: Problem


class Batch(msgspec.Struct, frozen=True):
    """A batch as the server handles it: each item is a ticket or the reason why it is none."""

    items: tuple[BatchTicket | RefusedTicket, ...]


class LanguagePatch(Body, frozen=True, kw_only=True):
    """Changes to `Language`."""

    tag: LanguageTag | UnsetType = UNSET
    min_level: Level | UnsetType | None = UNSET
    mode: Mode | UnsetType | None = UNSET


class SlaPatch(Body, frozen=True, kw_only=True):
    """Changes to `Sla`."""

    first_response_s: Duration | UnsetType | None = UNSET
    next_response_s: Duration | UnsetType | None = UNSET
    resolution_s: Duration | UnsetType | None = UNSET


class TicketPatch(Body, frozen=True, kw_only=True):
    """Changes to a ticket (RFC 7396): absent keeps, null resets, objects merge, lists replace."""

    queue: Ref | UnsetType = UNSET
    channel: Ref | UnsetType = UNSET
    priority: Priority | UnsetType | None = UNSET
    language: LanguagePatch | UnsetType | None = UNSET
    region: Ref | UnsetType | None = UNSET
    groups: Groups | UnsetType | None = UNSET
    requirements: Requirements | UnsetType | None = UNSET
    relax: Relax | UnsetType | None = UNSET
    preferred_agents: PreferredAgents | UnsetType | None = UNSET
    sla: SlaPatch | UnsetType | None = UNSET
    virtual_start: Instant | UnsetType | None = UNSET
    start_at: Instant | UnsetType | None = UNSET
    ttl_s: Duration | UnsetType | None = UNSET
    customer: Annotated[str, Meta(min_length=1, max_length=256)] | UnsetType | None = UNSET
    signals: (
        Annotated[
            dict[AttributeName, SignalNumber | SignalText | None], Meta(max_length=ATTRIBUTES_MAX)
        ]
        | UnsetType
        | None
    ) = UNSET
    attributes: (
        Annotated[dict[AttributeName, AttributeValue | None], Meta(max_length=ATTRIBUTES_MAX)]
        | UnsetType
        | None
    ) = UNSET
    subject: MessageText | UnsetType | None = UNSET
    text: MessageText | UnsetType | None = UNSET


class CancelBody(Body, frozen=True, kw_only=True):
    """Why the ticket is canceled."""

    reason: Text | None = None


class TransferBody(Body, frozen=True, kw_only=True):
    """What is asked for from now on; what is left out stays. The ticket keeps its age."""

    queue: Ref | UnsetType = UNSET
    channel: Ref | UnsetType = UNSET
    language: LanguagePatch | UnsetType | None = UNSET
    region: Ref | UnsetType | None = UNSET
    groups: Groups | UnsetType | None = UNSET
    requirements: Requirements | UnsetType | None = UNSET
    relax: Relax | UnsetType | None = UNSET
    preferred_agents: PreferredAgents | UnsetType | None = UNSET


class EscalateBody(TransferBody, frozen=True, kw_only=True):
    """A transfer that may raise the priority; without one, the priority rises by one."""

    priority: Priority | UnsetType = UNSET


class SuspendBody(Body, frozen=True, kw_only=True):
    """Until when the ticket is put aside; null: until it is resumed."""

    until: Instant | None = None


class AssignBody(Body, frozen=True, kw_only=True):
    """Who gets the ticket, by hand."""

    agent: Ref
    force: Annotated[
        bool, Meta(description="Even if the agent is full, away or does not match.")
    ] = False


class ReplyBody(Body, frozen=True, kw_only=True):
    """Who wrote: an agent's reply meets a promise, a customer's starts the next one."""

    by: Literal["agent", "customer"]


class Warned(msgspec.Struct, frozen=True, kw_only=True):
    """Something that was accepted but will hardly do what was meant."""

    code: str
    detail: str


class Ticket(msgspec.Struct, kw_only=True):
    """A ticket as the server sees it."""

    id: str
    state: TicketState
    queue: str
    channel: str
    priority: int
    position: Annotated[int | None, Meta(description="1 is next in its queue; null: not waiting.")]
    ewt: Annotated[Estimate | None, Meta(description="Estimated wait; null: not waiting.")]
    agent: str | None
    assignment: str | None = None
    offers: Annotated[list[str], Meta(description="Open offers.")]
    warnings: list[Warned]
    created_at: InstantText
    version: Annotated[int, Meta(description="Rises with each change; the ETag.")]
    seq: Annotated[int, Meta(description="Number of the last event about it.")]
    relax_step: Annotated[int, Meta(description="Relaxation steps taken so far.")] = 0
    queued_at: InstantText | None = None
    closed_at: InstantText | None = None
    language: Language | UnsetType | None = UNSET
    region: str | UnsetType | None = UNSET
    groups: tuple[str, ...] | UnsetType = UNSET
    requirements: tuple[Requirement, ...] | UnsetType = UNSET
    relax: tuple[RelaxStep, ...] | UnsetType | None = UNSET
    preferred_agents: tuple[PreferredAgent, ...] | UnsetType = UNSET
    sla: Sla | UnsetType | None = UNSET
    virtual_start: InstantText | UnsetType | None = UNSET
    start_at: InstantText | UnsetType | None = UNSET
    ttl_s: float | UnsetType | None = UNSET
    customer: str | UnsetType | None = UNSET
    signals: dict[str, float | str] | UnsetType = UNSET
    attributes: dict[str, str] | UnsetType = UNSET
    found: Annotated[
        list[FoundSignal] | UnsetType,
        Meta(description="What its message says, whoever is believed first; absent: not known."),
    ] = UNSET


class TicketsPage(msgspec.Struct, kw_only=True):
    """Tickets in the order of their ids, and where the next page starts."""

    items: list[Ticket]
    next: str | None


class Position(msgspec.Struct, kw_only=True):
    """Where the ticket stands among those that wait in its queue."""

    ticket: str
    queue: str
    state: TicketState
    position: int | None
    waiting: Annotated[int, Meta(description="How many wait in the queue.")]
    ewt: Estimate | None
    seq: int


class BatchResult(msgspec.Struct, kw_only=True, gc=False):
    """What came of one ticket of a batch."""

    id: str
    status: Annotated[int, Meta(description="As if the ticket had been PUT alone.")]
    state: TicketState | UnsetType = UNSET
    version: int | UnsetType = UNSET
    warnings: list[Warned] | UnsetType = UNSET
    problem: Problem | UnsetType = UNSET


class BatchReply(msgspec.Struct, kw_only=True):
    """One result a ticket, in the order of the request."""

    results: list[BatchResult]


class TicketsQuery(Body, frozen=True, kw_only=True):
    """Which tickets to list."""

    queue: Ref | None = None
    state: TicketState | None = None
    agent: Annotated[Ref | None, Meta(description="Assigned to this agent.")] = None
    limit: Annotated[int, Meta(ge=1, le=1_000)] = 100
    cursor: Cursor | None = None
