"""Decisions: why this agent, why not that one."""

from typing import Annotated, Literal

import msgspec
from msgspec import UNSET, Meta, UnsetType

from router.wire.fields import Body, InstantText, Ref
from router.wire.found import FoundSignal


class ExplainBody(Body, frozen=True, kw_only=True):
    """The ticket to explain, as things are now; with an agent: why not this one."""

    ticket: Ref
    agent: Ref | None = None


class Exclusion(msgspec.Struct, frozen=True, kw_only=True):
    """A constraint that an agent does not meet."""

    code: Annotated[str, Meta(examples=["skill_level"])]
    detail: Annotated[str, Meta(examples=["billing: needs level 3, has 2"])]


Terms = Annotated[
    dict[str, float],
    Meta(
        description="Points by term of the score; a skill's is `skill:ID`.",
        examples=[{"serve": 4.0, "skill:billing": 0.8, "load": -0.075}],
    ),
]


class Candidate(msgspec.Struct, kw_only=True, omit_defaults=True):
    """An agent that could take the ticket, and what that would have been worth."""

    agent: str
    rank: Annotated[
        int, Meta(description="1: the policy's first choice for this ticket; 0: none any more.")
    ]
    value: Annotated[float, Meta(description="Sum of the terms, in points.")]
    terms: Terms
    chosen: bool = False
    key: Annotated[
        str | None, Meta(description="What the policy compares by, when not by value.")
    ] = None
    price: Annotated[
        float | None,
        Meta(description="Points the agent was worth to other tickets of a joint decision."),
    ] = None
    went_to: Annotated[
        str | None, Meta(description="The ticket that the same decision gave the agent.")
    ] = None
    worth_there: Annotated[
        float | None, Meta(description="Points the agent is worth to that ticket.")
    ] = None


class ExcludedAgent(msgspec.Struct, kw_only=True):
    """An agent that cannot take the ticket, and everything that is in the way."""

    agent: str
    excluded_by: list[Exclusion]


class WhyNot(msgspec.Struct, kw_only=True):
    """The answer about one agent: what excludes it, or how it compares with the chosen one."""

    agent: str
    excluded_by: list[Exclusion] = []
    candidate: Candidate | None = None
    compared_with: Annotated[
        str | None, Meta(description="Who was chosen, or is the first choice.")
    ] = None
    difference: Annotated[
        dict[str, float], Meta(description="Points by term, this agent less the chosen one.")
    ] = {}
    text: str


class Explanation(msgspec.Struct, kw_only=True):
    """One ticket: who was looked at, what each was worth, what came of it."""

    id: Annotated[str | None, Meta(description="d-<seq>; null for a question asked now.")]
    ticket: str
    at: InstantText
    outcome: Literal["offered", "assigned", "waiting", "closed"]
    agent: Annotated[str | None, Meta(description="Who was chosen.")]
    offers: list[str] = []
    policy: str
    policy_revision: int
    relax_step: int
    candidates: Annotated[list[Candidate], Meta(description="Best first; see `left_out`.")]
    left_out: Annotated[int, Meta(description="Further candidates that are not listed.")] = 0
    excluded: Annotated[
        dict[str, int], Meta(description="Agents excluded, by constraint met first.")
    ] = {}
    excluded_agents: Annotated[
        list[ExcludedAgent], Meta(description="The first of them by name.")
    ] = []
    tickets_decided: Annotated[int, Meta(description="Tickets decided jointly.")] = 1
    primal: Annotated[float | None, Meta(description="Worth of the joint decision.")] = None
    dual: Annotated[float | None, Meta(description="Bound no decision can exceed.")] = None
    gap: Annotated[float | None, Meta(description="(dual - primal) / dual; 0 is optimal.")] = None
    text: Annotated[str, Meta(description="The same in sentences.")]
    why_not: Annotated[WhyNot | UnsetType, Meta(description="About the agent asked for.")] = UNSET
    signals: Annotated[
        list[FoundSignal], Meta(description="What was known of its message by then.")
    ] = []
    seq: int


class SlotWorth(msgspec.Struct, kw_only=True):
    """What one more slot for tickets that ask for something would have brought a joint decision."""

    kind: Annotated[str, Meta(description="What is asked for: `language`, `skill` or `queue`.")]
    id: str
    agent: Annotated[
        str, Meta(description="Whose slot brings most, of those who lack nothing but room.")
    ]
    value: Annotated[float, Meta(description="Points the whole decision would have gained.")]


class Decision(msgspec.Struct, kw_only=True):
    """A decision about one ticket or many, each explained."""

    id: Annotated[str, Meta(examples=["d-918273"])]
    at: InstantText
    policy: str
    policy_revision: int
    tickets: Annotated[int, Meta(description="Tickets that were looked at.")]
    pairs: Annotated[
        int,
        Meta(description="Pairs of a ticket and an agent that were weighed against each other."),
    ]
    offered: Annotated[int, Meta(description="Offers that came of it.")]
    primal: Annotated[float, Meta(description="Worth of the decision, in points.")]
    dual: Annotated[float, Meta(description="Bound no decision can exceed, in points.")]
    gap: Annotated[float, Meta(description="(dual - primal) / dual; 0 is optimal.")]
    solver: Annotated[
        int, Meta(description="Number of the joint solver; 0: one ticket, one agent, or older.")
    ] = 0
    scans: Annotated[int, Meta(description="Tickets and agents its searches looked at.")] = 0
    looks: Annotated[int, Meta(description="How often it looked for better pairs.")] = 0
    scored: Annotated[int, Meta(description="Feasible pairs whose worth it looked at.")] = 0
    slots: Annotated[
        list[SlotWorth],
        Meta(description="What one more slot would have brought; none when prices prove nothing."),
    ] = []
    text: Annotated[str, Meta(description="The same in sentences.")]
    explanations: Annotated[list[Explanation], Meta(description="One for each ticket offered.")]
    left_out: Annotated[int, Meta(description="Further tickets that are not listed.")] = 0
    seq: int


class DecisionsPage(msgspec.Struct, kw_only=True):
    """Decisions about one ticket, latest first."""

    items: list[Explanation]
    next: str | None
