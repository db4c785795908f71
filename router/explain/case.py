"""
The case of one ticket: who could take it, what each was worth, and what keeps the others away.

A case looks at the core's own memory: it holds until the core goes on.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, NamedTuple

import numpy as np

from router.core import codes as c
from router.explain.exclusions import (
    Check,
    Reason,
    candidates_of,
    checks_of,
    counts_of,
    reasons_for,
)
from router.explain.joint import Market, Slot, wants_of
from router.explain.names import Names
from router.explain.sight import Int64s, Sight
from router.explain.terms import key_text, keys_of, terms_of, totals_of
from router.policies import policy_with

Outcome = Literal["offered", "assigned", "waiting", "closed"]
LISTED_MAX = 50
"""Candidates, and excluded agents, that an explanation names; the others are counted."""


class Candidate(NamedTuple):
    """An agent that could take the ticket; values in thousandths of a point."""

    row: int
    agent: str
    rank: int
    """1 is the policy's first choice for this ticket alone."""
    value: int
    """Sum of the terms."""
    terms: dict[str, int]
    key: str | None
    """What the policy compares by, when that is not the value."""
    price: int | None = None
    """What the agent was worth to the other tickets of a joint decision, at least."""
    went_to: str | None = None
    """The ticket the same decision gave the agent instead."""
    worth_there: int | None = None
    """What the agent is worth to that one."""


class Excluded(NamedTuple):
    """An agent that cannot take the ticket, and everything that is in the way."""

    row: int
    agent: str
    reasons: list[Reason]


class Chosen(NamedTuple):
    """An offer that was made: its serial, the value the core wrote down, its terms if they moved."""

    serial: int
    value: int
    terms: dict[str, int] | None = None
    """Terms at the instant of the offer, when an earlier offer of the same decision changed them."""


class Verdict(NamedTuple):
    """What the core wrote down of a decision; worths in thousandths of a point."""

    seq: int
    tickets: int
    agents: int
    pairs: int
    primal: int
    dual: int
    revision: int
    offered: int
    solver: int = 0
    """Which joint decision it was; 0: of one ticket or one agent, or from before these had numbers."""
    scans: int = 0
    looks: int = 0
    scored: int = 0

    @property
    def gap(self) -> int:
        """Thousandths of a point that a better decision could have brought at most."""
        return self.dual - self.primal


class Joint(NamedTuple):
    """What the other tickets of a joint decision mean for this one, by row of the agent."""

    went_to: Mapping[int, str]
    market: Market | None
    """Least prices that prove the decision best; None when they do not prove it."""


class Decided(NamedTuple):
    """What came of it: the offers by row of the agent, and the decision they are of, if known."""

    chosen: Mapping[int, Chosen]
    verdict: Verdict | None = None
    joint: Joint | None = None
    ended_by: str = ""
    """Who completed the ticket, if that is remembered."""


@dataclass(frozen=True, slots=True)
class Case:
    """
    A ticket, the floor, and what was decided.

    ``rows`` are the candidates, best first; ``terms`` and ``totals`` go with them. ``counts`` says
    how many agents are excluded by which constraint, ``excluded`` names some of them.
    """

    sight: Sight
    names: Names
    rows: Int64s
    terms: Mapping[str, Int64s]
    totals: Int64s
    checks: list[Check]
    decided: Decided
    ranks: Mapping[int, int]

    @property
    def ticket(self) -> str:
        """The ticket's id."""
        return self.names.ticket(self.sight.ticket)

    @property
    def policy(self) -> str:
        """The name of the policy in force, ``unnamed`` when it is none of the table."""
        p = self.sight.policy
        known = policy_with(int(p["engine"]), int(p["order"]), int(p["key"]))
        return known.name if known else "unnamed"

    @property
    def revision(self) -> int:
        """The number of the policy's revision."""
        return int(self.sight.policy["revision"])

    @property
    def chosen(self) -> Mapping[int, Chosen]:
        """The offers, by row of the agent, first made first."""
        return self.decided.chosen

    @property
    def counts(self) -> dict[str, int]:
        """How many agents are excluded, each by the first constraint it fails."""
        return counts_of(self.checks)

    @property
    def slots(self) -> list[Slot]:
        """What one more slot for what the ticket asks for would have brought the decision."""
        joint, wants = self.decided.joint, set(wants_of(self.sight, self.names))
        every = joint.market.slots if joint and joint.market else ()
        return [slot for slot in every if (slot.kind, slot.id) in wants]

    def candidate(self, agent: int) -> Candidate | None:
        """Return the candidate in a row, or None when the agent is excluded."""
        rank = self.ranks.get(agent, 0)
        offer = self.chosen.get(agent)
        if offer is not None and offer.terms is not None:
            terms = offer.terms
        elif rank:
            terms = {name: int(values[rank - 1]) for name, values in self.terms.items()}
        elif offer is not None:
            alone = terms_of(self.sight, np.array([agent]), self.names)
            terms = {name: int(values[0]) for name, values in alone.items()}
        else:
            return None
        joint = self.decided.joint
        market = joint.market if joint else None
        went_to = joint.went_to.get(agent) if joint else None
        return Candidate(
            row=agent,
            agent=self.names.agent(agent),
            rank=rank,
            value=sum(terms.values()),
            terms=terms,
            key=key_text(self.sight, agent),
            price=market.prices.get(agent, 0) if market else None,
            went_to=went_to,
            worth_there=market.worths.get(agent) if market and went_to else None,
        )

    def candidates(self, most: int = LISTED_MAX) -> list[Candidate]:
        """Return the best candidates, and the chosen ones whatever their rank."""
        listed = self.rows[:most].tolist()
        listed += [a for a in self.chosen if not 0 < self.ranks.get(a, 0) <= most]
        found = (self.candidate(int(a)) for a in listed)
        return [each for each in found if each is not None]

    def excluded(self, most: int = LISTED_MAX) -> list[Excluded]:
        """Return the first agents that cannot take the ticket, those never configured left out."""
        barred = np.setdiff1d(np.arange(self.sight.agents), self.rows)
        known = barred[self.sight.of_agents("configured")[barred] != 0][:most].tolist()
        return [Excluded(a, self.names.agent(a), reasons_for(self.checks, a)) for a in known]

    def winner(self) -> Candidate | None:
        """Return whom the ticket went to; without an offer, the policy's first choice."""
        for agent in self.chosen:
            return self.candidate(agent)
        return self.candidate(int(self.rows[0])) if len(self.rows) else None

    def reasons(self, agent: int) -> list[Reason]:
        """Return everything that keeps an agent from the ticket; empty for a candidate."""
        if agent in self.ranks:
            return []
        if not 0 <= agent < self.sight.agents:
            return [Reason("not_configured", "not known on this floor")]
        return reasons_for(self.checks, agent)


def open_case(
    sight: Sight, names: Names, decided: Decided | None = None, *, ended_by: str = ""
) -> Case:
    """Weigh every agent of the floor for one ticket; without ``decided``, who holds it has it."""
    checks = checks_of(sight, names)
    rows = candidates_of(sight, checks)
    terms = terms_of(sight, rows, names)
    totals = totals_of(terms)
    order = np.argsort(-keys_of(sight, rows, totals), kind="stable")
    return Case(
        sight=sight,
        names=names,
        rows=rows[order],
        terms={name: values[order] for name, values in terms.items()},
        totals=totals[order],
        checks=checks,
        decided=decided or Decided(_held(sight), ended_by=ended_by),
        ranks={int(a): rank for rank, a in enumerate(rows[order].tolist(), 1)},
    )


def _held(sight: Sight) -> dict[int, Chosen]:
    """Return the offers and the assignment that the ticket has now, first made first."""
    works = sight.arrays.works
    found = {
        a: Chosen(int(works[w]["serial"]), int(works[w]["value"])) for a, w in sight.holders.items()
    }
    return dict(sorted(found.items(), key=lambda item: item[1].serial))


def outcome_of(case: Case) -> Outcome:
    """Return what came of it, in the API's words."""
    if case.sight.is_closed:
        return "closed"
    if int(case.sight.row["state"]) in {c.ASSIGNED, c.WRAPPING}:
        return "assigned"
    return "offered" if case.chosen else "waiting"
