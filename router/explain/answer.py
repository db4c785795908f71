"""Cases as the API tells them."""

from collections.abc import Iterable

from router.explain.case import LISTED_MAX, Candidate, Case, Verdict, outcome_of
from router.explain.exclusions import Reason
from router.explain.joint import Slot
from router.explain.text import compare, difference, render, render_decision
from router.policies.terms import POINT
from router.wire import decisions as wire
from router.wire.fields import instant_text

TICKETS_MAX = 20
"""Tickets of one decision that a reply explains; the others can be asked for one by one."""


def answer(case: Case, agent: int | None = None) -> wire.Explanation:
    """Return the case as the API tells it; with the row of an agent: and why not this one."""
    verdict = case.decided.verdict
    listed = case.candidates()
    shown = sum(1 for each in listed if each.rank)
    winner = next(iter(case.chosen), None)
    explanation = wire.Explanation(
        id=f"d-{verdict.seq}" if verdict else None,
        ticket=case.ticket,
        at=instant_text(case.sight.at_us),
        outcome=outcome_of(case),
        agent=None if winner is None else case.names.agent(winner),
        offers=[f"o-{offer.serial}" for offer in case.chosen.values()],
        policy=case.policy,
        policy_revision=case.revision,
        relax_step=int(case.sight.profile["stage"]),
        candidates=[_candidate(case, each) for each in listed],
        left_out=len(case.rows) - shown,
        excluded=case.counts,
        excluded_agents=[
            wire.ExcludedAgent(agent=each.agent, excluded_by=_exclusions(each.reasons))
            for each in case.excluded(LISTED_MAX)
        ],
        text=render(case),
        seq=verdict.seq if verdict else int(case.sight.arrays.head[0]["seq"]),
    )
    if verdict:
        explanation.tickets_decided = verdict.tickets
        explanation.primal, explanation.dual = verdict.primal / POINT, verdict.dual / POINT
        explanation.gap = gap_of(verdict)
    if agent is not None:
        explanation.why_not = answer_why_not(case, agent)
    return explanation


def answer_why_not(case: Case, agent: int) -> wire.WhyNot:
    """Return why the agent in a row did not get the ticket, or would not."""
    other, winner, reasons = case.candidate(agent), case.winner(), case.reasons(agent)
    name = case.names.agent(agent)
    reply = wire.WhyNot(
        agent=name,
        excluded_by=_exclusions(reasons),
        candidate=_candidate(case, other) if other else None,
        text=compare(case, name, other, reasons),
    )
    if winner and winner.row != agent:
        reply.compared_with = winner.agent
        if other:
            reply.difference = _points(difference(other, winner))
    return reply


def answer_decision(cases: list[Case]) -> wire.Decision:
    """Return a decision, every ticket it offered explained; the cases are one decision's, and any."""
    first = cases[0]
    verdict = first.decided.verdict
    assert verdict is not None
    joint = first.decided.joint
    slots = joint.market.slots if joint and joint.market else ()
    return wire.Decision(
        id=f"d-{verdict.seq}",
        at=instant_text(first.sight.at_us),
        policy=first.policy,
        policy_revision=verdict.revision,
        tickets=verdict.tickets,
        pairs=verdict.pairs,
        offered=verdict.offered,
        primal=verdict.primal / POINT,
        dual=verdict.dual / POINT,
        gap=gap_of(verdict),
        solver=verdict.solver,
        scans=verdict.scans,
        looks=verdict.looks,
        scored=verdict.scored,
        slots=[_slot(first, slot) for slot in slots],
        text=render_decision(cases[:TICKETS_MAX]),
        explanations=[answer(case) for case in cases[:TICKETS_MAX]],
        left_out=max(0, len(cases) - TICKETS_MAX),
        seq=verdict.seq,
    )


def gap_of(verdict: Verdict) -> float:
    """Return the gap as a share of the bound; 0 proves that no decision was worth more."""
    return verdict.gap / verdict.dual if verdict.dual > 0 else 0.0


def _candidate(case: Case, each: Candidate) -> wire.Candidate:
    return wire.Candidate(
        agent=each.agent,
        rank=each.rank,
        value=each.value / POINT,
        terms=_points(each.terms),
        chosen=each.row in case.chosen,
        key=each.key,
        price=None if each.price is None else each.price / POINT,
        went_to=each.went_to,
        worth_there=None if each.worth_there is None else each.worth_there / POINT,
    )


def _slot(case: Case, slot: Slot) -> wire.SlotWorth:
    return wire.SlotWorth(
        kind=slot.kind, id=slot.id, agent=case.names.agent(slot.agent), value=slot.value / POINT
    )


def _points(terms: dict[str, int]) -> dict[str, float]:
    return {name: worth / POINT for name, worth in terms.items()}


def _exclusions(reasons: Iterable[Reason]) -> list[wire.Exclusion]:
    return [wire.Exclusion(code=each.code, detail=each.detail) for each in reasons]
