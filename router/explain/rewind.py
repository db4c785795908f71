"""
Back to just before a decision: fold the journal up to it, decide nothing, and look.

A loader gives the latest snapshot before a sequence number and the batches after it. Whole batches
are folded, of the last one only the events before the one asked for; so the state is to the bit the
one the core decided in.
"""

from collections.abc import Callable, Iterable, Mapping
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from router.core import codes as c
from router.core.layout import DECISION_WORDS, JOINT_WORDS
from router.core.machine import Batch, Machine
from router.explain.case import Case, Chosen, Decided, Joint, Verdict, open_case
from router.explain.joint import is_joint, market_of
from router.explain.names import Names
from router.explain.sight import Sight, look
from router.explain.terms import terms_of, totals_of

Snapshot = Mapping[str, NDArray[Any]]
Loader = Callable[[int], tuple[Snapshot | None, Iterable[Batch]]]
"""From a sequence number to the canonical arrays of a snapshot taken before that event (None: from
the beginning) and the batches that follow it, in order; batches after the event are not read."""


class UnknownDecisionError(LookupError):
    """The journal has no decision with that number."""


class Moment(NamedTuple):
    """The core just before an event, and the batch that holds the event."""

    machine: Machine
    batch: Batch
    position: int
    """Where in the batch the event is."""

    @property
    def event(self) -> Any:
        """The event's record."""
        return self.batch.events[self.position]


class Offer(NamedTuple):
    """An offer a decision made."""

    seq: int
    ticket: int
    agent: int
    chosen: Chosen


def rewind(load: Loader, seq: int) -> Moment:
    """
    Return the core as it was just before event ``seq``.

    Raises UnknownDecisionError when the journal does not reach it or no longer holds what led to it.
    """
    snapshot, batches = load(seq)
    machine = Machine()
    if snapshot is not None:
        machine.load(dict(snapshot))
    for batch in batches:
        expected = int(machine.arrays.head[0]["seq"]) + 1
        if batch.first_seq != expected:
            raise UnknownDecisionError(
                f"the journal goes on with {batch.first_seq}; expected {expected}"
            )
        index = seq - batch.first_seq
        if index < 0:
            break
        if index >= batch.count:
            machine.fold(batch.events, batch.words)
            continue
        machine.fold(batch.events[:index], batch.words)
        machine.settle_fold()
        machine.arrays.scratch["now_us"] = batch.events[index]["at_us"]
        return Moment(machine, batch, index)
    raise UnknownDecisionError(f"event {seq} is not in the journal")


def verdict_of(moment: Moment) -> Verdict:
    """Return what the core wrote down of the decision; raises UnknownDecisionError for another event."""
    event = moment.event
    seq = moment.batch.first_seq + moment.position
    if event["kind"] != c.E_DECIDED:
        raise UnknownDecisionError(
            f"event {seq} is {c.EVENTS[int(event['kind'])]}; expected a decision"
        )
    start = int(event["words_from"])
    names = DECISION_WORDS + (JOINT_WORDS if event["aux"] else ())
    words = moment.batch.words[start : start + len(names)]
    said = dict(zip(names, map(int, words), strict=True))
    return Verdict(seq, solver=int(event["aux"]), **said)


def offers_of(moment: Moment, verdict: Verdict) -> list[Offer]:
    """Return the offers that a decision made, in order."""
    found: list[Offer] = []
    for i in range(moment.position + 1, moment.batch.count):
        if len(found) == verdict.offered:
            break
        e = moment.batch.events[i]
        if e["kind"] == c.E_OFFERED:
            chosen = Chosen(int(e["serial"]), int(e["value"]))
            seq = moment.batch.first_seq + i
            found.append(Offer(seq, int(e["ticket"]), int(e["agent"]), chosen))
    return found


def explain_decision(load: Loader, seq: int, names: Names, ticket: int | None = None) -> list[Case]:
    """
    Explain what decision ``seq`` did for each ticket it offered, or only for the one in a row.

    Raises UnknownDecisionError when there is no such decision, or it did not offer that ticket.
    """
    moment = rewind(load, seq)
    verdict = verdict_of(moment)
    offers = offers_of(moment, verdict)
    arrays, at_us = moment.machine.arrays, int(moment.event["at_us"])
    given: dict[int, int] = {}
    for offer in offers:  # of parallel offers the first is the decision's own
        given.setdefault(offer.ticket, offer.agent)
    market = None
    if is_joint(arrays, verdict.tickets):
        market = market_of(arrays, given, names, at_us)
    tickets = [each for each in given if ticket in {None, each}]
    if ticket is not None and not tickets:
        raise UnknownDecisionError(f"decision {seq} did not offer the ticket in row {ticket}")
    cases = []
    for each in tickets:
        sight = look(arrays, each, at_us)
        own = [_as_offered(load, offer, (sight, names)) for offer in offers if offer.ticket == each]
        chosen = {offer.agent: offer.chosen for offer in own}
        went = {a: names.ticket(t) for t, a in given.items() if t != each}
        decided = Decided(chosen, verdict, Joint(went, market))
        cases.append(open_case(sight, names, decided))
    return cases


def _as_offered(load: Loader, offer: Offer, context: tuple[Sight, Names]) -> Offer:
    """
    Return the offer with the terms it had at its instant, if they differ from those before.

    A parallel offer of an earlier ticket of the same decision may have loaded the agent meanwhile.
    """
    sight, names = context
    row = np.array([offer.agent])
    if int(totals_of(terms_of(sight, row))[0]) == offer.chosen.value:
        return offer
    then = rewind(load, offer.seq)
    later = look(then.machine, offer.ticket, int(then.event["at_us"]))
    terms = {name: int(worth[0]) for name, worth in terms_of(later, row, names).items()}
    return offer._replace(chosen=offer.chosen._replace(terms=terms))
