"""What clients saw of a server, put before the auditor: the stream of all events, the answers, and what desks heard."""

from collections.abc import Mapping
from typing import Any, Final

import msgspec

from router.wire.events import Event
from simulator.auditor.auditor import Auditor, Finding

ACKNOWLEDGED: Final = {
    "tickets.put": "ticket",
    "tickets.cancel": "canceled",
    "offers.accept": "accepted",
    "assignments.complete": "completed",
}
"""Calls whose acknowledgement is a promise, and what it is of."""
Heard = tuple[str, Any, Any, Any]
BEFORE: Final = "ticket.of_before"
"""A type that no event has, so no rule either."""


class Witness:
    """Tells an auditor what was configured, asked, acknowledged and heard, and compares desks with the one stream."""

    def __init__(self) -> None:
        self.auditor = Auditor()
        self._all: dict[int, Heard] = {}
        """Offers' events of the stream that no desk has heard yet, by number."""
        self._early: dict[int, tuple[str, Heard]] = {}
        """Events that a desk heard before the stream of all events had them."""
        self._last: dict[str, int] = {}
        self.findings: list[Finding] = []

    def laid(self, family: str, id_: str, body: Mapping[str, Any]) -> None:
        """Take in what was configured, or was there before."""
        self.auditor.configured(family, id_, body)
        if family == "agents" and "presence" in body:
            self.auditor.books.agents[id_].presence = body["presence"]

    def asked(self, ticket: str, body: Mapping[str, Any]) -> None:
        """Take in what is about to be asked for a ticket."""
        known = self.auditor.books.tickets.get(ticket)
        before = known.body if known is not None and known.body is not None else {}
        self.auditor.asked(ticket, {**before, **body})

    def acknowledged(self, name: str, id_: str) -> None:
        """Take in an answer that promises something."""
        verb = ACKNOWLEDGED.get(name)
        if verb is not None:
            self.auditor.acknowledged(verb, f"o-{id_[2:]}" if verb == "completed" else id_)

    def hear(self, event: Event) -> None:
        """Take in an event of the stream of all events."""
        self.auditor.hear((self._about_us(event),))
        if event.type.startswith("offer."):
            early = self._early.pop(event.seq, None)
            if early is None:
                self._all[event.seq] = heard(event)
            else:
                self._compare(event.seq, early[0], early[1], heard(event))

    def _about_us(self, event: Event) -> Event:
        """Return an event, or only its place in the order if it is about a ticket of before that nobody here put."""
        ticket = event.ticket
        if not isinstance(ticket, str) or ticket in self.auditor.books.tickets:
            return event
        return (
            event if event.type == "ticket.added" else msgspec.structs.replace(event, type=BEFORE)
        )

    def hear_at(self, desk: str, event: Event) -> None:
        """Take in an event that a desk heard."""
        last = self._last.get(desk, 0)
        if event.seq <= last:
            self._find(event.seq, f"desk {desk} heard event {event.seq} after {last}")
        self._last[desk] = max(last, event.seq)
        known = self._all.pop(event.seq, None)
        if known is not None:
            self._compare(event.seq, desk, heard(event), known)
        elif event.seq <= self.auditor.seq:
            self._find(
                event.seq,
                f"desk {desk} heard {told(heard(event))}; nobody else did, or another desk did",
            )
        else:
            self._early[event.seq] = (desk, heard(event))

    def _compare(self, seq: int, desk: str, mine: Heard, known: Heard) -> None:
        if mine != known:
            self._find(
                seq, f"desk {desk} heard {told(mine)}; the stream of all events has {told(known)}"
            )

    def _find(self, seq: int, what: str) -> None:
        self.findings.append(Finding(seq, what))

    def close(self, *, all_heard: bool) -> list[Finding]:
        """Return everything that should not have been; ``all_heard``: every event came, and to every desk."""
        if all_heard:
            for seq, (desk, mine) in sorted(self._early.items()):
                self._find(
                    seq,
                    f"desk {desk} heard {told(mine)}; the stream of all events does not have it",
                )
            for seq, known in sorted(self._all.items()):
                if known[0] == "offer.issued":
                    self._find(seq, f"no desk heard {told(known)}")
        return sorted([*self.auditor.close(all_heard=all_heard), *self.findings])


def heard(event: Event) -> Heard:
    """Return what an event says, as far as a desk and the stream must agree."""
    return event.type, event.ticket, event.agent, event.offer


def told(what: Heard) -> str:
    """Write it."""
    kind, ticket, agent, offer = what
    return f"{kind} of {offer} ({ticket} to {agent})"
