"""Hear what is told and what happens, and write down what should not have."""

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any, Final, NamedTuple

from simulator.auditor.books import (
    OPEN_OFFER,
    Agent,
    Books,
    Channel,
    Offer,
    Ticket,
    instant_us,
)
from simulator.auditor.rules import EXPIRY_SLACK_US, RULES, Event, may_be_offered

FINDINGS_MAX: Final = 1_000
"""So many findings are kept; more are counted."""
DONE: Final = {
    "accepted": frozenset({"accepted", "wrapping", "completed", "released"}),
    "completed": frozenset({"completed"}),
}
"""What an offer may be at the end that was acknowledged as accepted or completed."""


class Finding(NamedTuple):
    """Something that should not have happened: the event it was seen at, and what."""

    seq: int
    what: str


class Auditor:
    """
    Checks a router from outside: ``configured`` and ``acknowledged`` tell, ``hear`` takes each event in order.

    What is acknowledged may be told before or after its event is heard. ``findings`` has what was wrong so far;
    ``close`` adds what is missing at the end.
    """

    def __init__(self) -> None:
        self.books = Books()
        self.findings: list[Finding] = []
        self.found = 0
        self.heard: Counter[str] = Counter()
        self.seq = 0
        self._tickets: set[str] = set()
        self._offers: dict[str, str] = {}
        self._canceled: set[str] = set()
        self._seen_tickets: set[str] = set()
        self._seen_canceled: set[str] = set()

    # -- told ------------------------------------------------------------------------------------

    def configured(self, family: str, id_: str, body: Mapping[str, Any]) -> None:
        """Take in what was put and acknowledged: ``channels``, ``queues`` or ``agents``; others say nothing here."""
        if family == "channels":
            self.books.channels[id_] = Channel(
                body.get("cost", 1), body.get("max_per_agent"), body.get("auto_accept", False),
                body.get("interruptible", False), body.get("interrupts", False),
            )  # fmt: skip
        elif family == "queues":
            self.books.parallel[id_] = body.get("offers_parallel", 1)
        elif family == "agents":
            known = self.books.agents.get(id_)
            if known is None:
                self.books.agents[id_] = Agent(body)
            else:
                known.body = body

    def asked(self, ticket: str, body: Mapping[str, Any]) -> None:
        """Take in what is asked for a ticket, before the call is sent."""
        self.books.tickets.setdefault(ticket, Ticket(ticket)).body = body

    def acknowledged(self, verb: str, id_: str) -> None:
        """Take in what a router said it did: ``ticket`` put or ``canceled``, offer ``accepted`` or ``completed``."""
        if verb == "ticket":
            self._tickets.add(id_)
        elif verb == "canceled":
            self._canceled.add(id_)
        elif self._offers.get(id_) != "completed":
            self._offers[id_] = verb

    # -- heard -----------------------------------------------------------------------------------

    def hear(self, events: Iterable[Event]) -> None:
        """Take in events in their order."""
        for event in events:
            if self.seq and event.seq != self.seq + 1:
                self._find(event.seq, f"event {event.seq} follows {self.seq}; none may be left out")
            self.seq = event.seq
            at_us = instant_us(event.at)
            if at_us < self.books.at_us:
                self._find(event.seq, f"time went back by {(self.books.at_us - at_us) / 1e6} s")
            self.books.at_us = max(self.books.at_us, at_us)
            self.heard[event.type] += 1
            self._note(event)
            rule = RULES.get(event.type)
            for fault in rule(self.books, event) if rule else ():
                about = f"{event.ticket}: " if isinstance(event.ticket, str) else ""
                self._find(event.seq, about + fault)

    def _note(self, event: Event) -> None:
        if event.type == "ticket.added":
            self._seen_tickets.add(event.ticket)
        elif event.type == "ticket.canceled":
            self._seen_canceled.add(event.ticket)

    def _find(self, seq: int, what: str) -> None:
        self.found += 1
        if len(self.findings) < FINDINGS_MAX:
            self.findings.append(Finding(seq, what))

    def stranded(self) -> list[tuple[str, str]]:
        """Return tickets that wait, and an agent each who is there, fits, has room and was not asked in vain lately.

        Tickets that ask for less than they did, sit in another queue or are held back are left out: what they ask
        for now is not known here.
        """
        found = []
        for ticket in self.books.tickets.values():
            is_plain = ticket.state == "queued" and ticket.stage == 0 and not ticket.is_held
            if not is_plain or ticket.body is None or ticket.queue != ticket.body["queue"]:
                continue
            for id_, agent in self.books.agents.items():
                offer = Offer("", ticket.id, id_, ticket.channel, self.books.at_us, None, False)
                if not any(may_be_offered(self.books, ticket, agent, offer)):
                    found.append((ticket.id, id_))
                    break
        return found

    # -- at the end ------------------------------------------------------------------------------

    def close(self, *, all_heard: bool = True) -> list[Finding]:
        """Check that everything acknowledged happened, and return all findings; ``all_heard``: every event came."""
        if all_heard:
            for id_ in sorted(self._tickets - self._seen_tickets):
                self._find(self.seq, f"{id_}: acknowledged, and never came")
            for id_ in sorted(self._canceled - self._seen_canceled):
                self._find(self.seq, f"{id_}: acknowledged as canceled, and never was")
            for id_, verb in sorted(self._offers.items()):
                offer = self.books.offers.get(id_)
                if offer is None or offer.state not in DONE[verb]:
                    is_now = "unknown" if offer is None else offer.state
                    self._find(self.seq, f"{id_}: acknowledged as {verb}, and is {is_now}")
            for offer in self.books.offers.values():
                late_us = self.books.at_us - (offer.expires_us or self.books.at_us)
                if offer.state == OPEN_OFFER and late_us > EXPIRY_SLACK_US:
                    self._find(self.seq, f"{offer.id} is open {late_us / 1e6:.3f} s after its time")
        return self.findings
