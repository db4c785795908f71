"""Decisions: why this agent, why not that one."""

from typing import Annotated, Literal

import msgspec
from msgspec import UNSET, Meta, UnsetType

from router.wire.fields import Body, InstantText, Ref


class ExplainBody(Body, frozen=True, kw_only=True):
    """The ticket to explain, as things are now; with an agent: why not this one."""

    ticket: Ref
    agent: Ref | None = None


class Exclusion(msgspec.Struct, frozen=True, kw_only=True):
    """A constraint that an agent does not meet."""

    code: Annotated[str, Meta(examples=["skill_level"])]
    detail: Annotated[str, Meta(examples=["billing: needs 3, has 2"])]


class Candidate(msgspec.Struct, kw_only=True):
    """An agent that was looked at: what it would have been worth, or why it could not be."""

    agent: str
    eligible: bool
    chosen: bool = False
    rank: int | None = None
    value: Annotated[float | None, Meta(description="Sum of the terms, in points.")] = None
    terms: Annotated[dict[str, float], Meta(description="Points by term of the score.")] = {}
    excluded_by: list[Exclusion] = []


class Explanation(msgspec.Struct, kw_only=True):
    """A decision about one ticket: who was looked at, what each was worth, what came of it."""

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
    tickets_decided: Annotated[int, Meta(description="Tickets decided jointly.")] = 1
    primal: Annotated[float | None, Meta(description="Worth of the joint decision.")] = None
    dual: Annotated[float | None, Meta(description="Bound no decision can exceed.")] = None
    gap: Annotated[float | None, Meta(description="(dual - primal) / dual; 0 is optimal.")] = None
    text: Annotated[str, Meta(description="The same in sentences.")]
    why_not: Annotated[str | UnsetType, Meta(description="Answer about the agent asked for.")] = (
        UNSET
    )
    seq: int


class DecisionsPage(msgspec.Struct, kw_only=True):
    """Decisions about one ticket, latest first."""

    items: list[Explanation]
    next: str | None
