"""What each event may do, as the documents say: one rule for each type of event."""

from collections.abc import Callable, Iterator, Mapping
from types import MappingProxyType
from typing import Any, Final, Protocol

from simulator.auditor.books import OPEN_OFFER, Agent, Books, Offer, Ticket, instant_us
from simulator.auditor.fitting import unmet

Faults = Iterator[str]
MANUAL: Final = frozenset({"manual", "plan"})
EXPIRY_SLACK_US: Final = 2_000_000
"""So late an offer may end after its time at most: a busy server, never a forgotten timer."""


class Event(Protocol):
    """An event as clients read it."""

    @property
    def seq(self) -> int:
        """Its number in the one order of all events."""

    @property
    def type(self) -> str:
        """A row of the documents' table of types."""

    @property
    def at(self) -> str:
        """When it happened."""

    @property
    def ticket(self) -> Any:
        """What it is about, or anything that is no text."""

    @property
    def agent(self) -> Any:
        """Whom it is about."""

    @property
    def offer(self) -> Any:
        """Which offer it is about."""

    @property
    def data(self) -> Mapping[str, Any]:
        """The particulars of its type."""


def _wrong_state(ticket: Ticket, event: Event, *expected: str) -> Faults:
    if ticket.state not in expected:
        yield f"{event.type} of a ticket that is {ticket.state}; expected {' or '.join(expected)}"


def _ticket(books: Books, event: Event) -> Ticket:
    return books.tickets.setdefault(event.ticket, Ticket(event.ticket))


def on_added(books: Books, event: Event) -> Faults:
    """A ticket comes once."""
    ticket = _ticket(books, event)
    yield from _wrong_state(ticket, event, "absent")
    ticket.channel, ticket.queue = event.data["channel"], event.data["queue"]
    ticket.stage = event.data["relax_step"]
    is_later = bool(event.data.get("start_at")) and instant_us(event.data["start_at"]) > books.at_us
    ticket.state = "scheduled" if is_later else "queued"


def on_queued(books: Books, event: Event) -> Faults:
    """A ticket waits again only when nobody has it."""
    ticket = _ticket(books, event)
    yield from _wrong_state(
        ticket, event, "scheduled", "queued", "offered", "assigned", "suspended"
    )
    if ticket.holder is not None:
        yield f"queued again while {ticket.holder} holds it"
    if ticket.open_offers:
        yield f"queued again with open offers {sorted(ticket.open_offers)}"
    ticket.state = "queued"


def on_placed(books: Books, event: Event) -> Faults:
    """What a ticket asks for changes while it is alive."""
    ticket = _ticket(books, event)
    if ticket.state in ("absent", "ended"):
        yield f"{event.type} of a ticket that is {ticket.state}"
    ticket.channel, ticket.queue = event.data["channel"], event.data["queue"]
    ticket.stage = event.data["relax_step"]


def on_suspended(books: Books, event: Event) -> Faults:
    """Who is put aside is in nobody's hands."""
    ticket = _ticket(books, event)
    yield from _wrong_state(ticket, event, "queued", "offered")
    if ticket.open_offers:
        yield f"suspended with open offers {sorted(ticket.open_offers)}"
    ticket.state = "suspended"


def on_held(books: Books, event: Event) -> Faults:
    """A ticket is held back because nobody is worth taking yet."""
    ticket = _ticket(books, event)
    yield from _wrong_state(ticket, event, "queued")
    ticket.is_held = True


def on_closed(books: Books, event: Event) -> Faults:
    """A ticket ends once, and out of everybody's hands."""
    ticket = _ticket(books, event)
    if ticket.state in ("absent", "ended"):
        yield f"{event.type} of a ticket that is {ticket.state}"
    if ticket.holder is not None or ticket.open_offers:
        yield f"{event.type} while {ticket.holder or sorted(ticket.open_offers)} is open"
    ticket.state = "ended"


def on_forgotten(books: Books, event: Event) -> Faults:
    """Only what has ended is forgotten; the id may come again."""
    ticket = _ticket(books, event)
    yield from _wrong_state(ticket, event, "ended")
    del books.tickets[ticket.id]


def on_issued(books: Books, event: Event) -> Faults:
    """An offer goes to somebody who is there, able, not asked in vain a moment ago, and has room."""
    ticket = _ticket(books, event)
    is_manual = event.data.get("reason") in MANUAL
    expected = (
        ("queued", "offered", "assigned", "suspended") if is_manual else ("queued", "offered")
    )
    yield from _wrong_state(ticket, event, *expected)
    if event.offer in books.offers:
        yield f"offer {event.offer} was issued before"
    if ticket.holder is not None:
        yield f"offered while {ticket.holder} holds it"
    agent = books.agents.get(event.agent)
    if agent is None:
        yield f"offered to {event.agent}, who was not configured"
        return
    expires = event.data.get("expires_at")
    until_us = instant_us(expires) if expires else None
    if until_us is not None and until_us < books.at_us:
        yield f"{event.offer} was issued when its time is over"
    offer = Offer(
        event.offer, ticket.id, event.agent, ticket.channel, books.at_us, until_us, is_manual
    )
    if not is_manual:
        yield from may_be_offered(books, ticket, agent, offer)
    ticket.is_held = False
    books.offers[offer.id] = offer
    agent.offers.add(offer.id)
    ticket.open_offers.add(offer.id)
    ticket.state = "offered"
    most = books.parallel.get(ticket.queue, 1)
    if len(ticket.open_offers) > max(1, most):
        yield f"{len(ticket.open_offers)} offers are open; at most {most} may be"


def may_be_offered(books: Books, ticket: Ticket, agent: Agent, offer: Offer) -> Faults:
    """Yield whatever speaks against an offer: who is asked, what is asked for, and room."""
    yield from _may_be_asked(books, ticket, agent, offer)
    yield from _has_room(books, agent, offer)


def _may_be_asked(books: Books, ticket: Ticket, agent: Agent, offer: Offer) -> Faults:
    if agent.presence != "available" or agent.is_lost:
        yield f"offered to {offer.agent}, who is {'lost' if agent.is_lost else agent.presence}"
    until_us = ticket.cooling.get(offer.agent, 0)
    if until_us > books.at_us:
        yield f"offered to {offer.agent} again {(until_us - books.at_us) / 1e6:.3f} s too early"
    if any(books.offers[each].agent == offer.agent for each in ticket.open_offers):
        yield f"offered to {offer.agent} twice at once"
    if ticket.body is not None and ticket.stage == 0 and ticket.queue == ticket.body["queue"]:
        yield from (f"{offer.agent} {fault}" for fault in unmet(ticket.body, agent.body))


def _has_room(books: Books, agent: Agent, offer: Offer) -> Faults:
    cost, units = books.cost(agent, offer.channel), int(agent.body.get("units", 4))
    taken = books.units_taken(agent, by_whom=offer.channel)
    if taken + cost > units:
        yield f"{offer.agent} holds {taken} of {units} units; {offer.channel} takes {cost}"
    most = books.most(agent, offer.channel)
    held = sum(books.offers[each].channel == offer.channel for each in agent.offers)
    if most is not None and held + 1 > most:
        yield f"{offer.agent} holds {held} of channel {offer.channel}; at most {most} may be"


def on_accepted(books: Books, event: Event) -> Faults:
    """An offer is accepted while it is open, in time, and by nobody else."""
    offer, ticket = books.offers.get(event.offer), _ticket(books, event)
    if offer is None or offer.state != OPEN_OFFER:
        yield f"{event.offer} was accepted; it is {offer.state if offer else 'unknown'}"
        return
    if offer.expires_us is not None and books.at_us > offer.expires_us:
        yield f"{event.offer} was accepted {(books.at_us - offer.expires_us) / 1e6:.3f} s too late"
    if ticket.holder is not None:
        yield f"{event.offer} was accepted while {ticket.holder} holds the ticket"
    offer.state, ticket.state, ticket.holder = "accepted", "assigned", offer.id
    ticket.open_offers.discard(offer.id)


def _end_offer(books: Books, event: Event, state: str) -> Faults:
    offer, ticket = books.offers.get(event.offer), _ticket(books, event)
    if offer is None or offer.state != OPEN_OFFER:
        yield f"{event.offer} {state}; it is {offer.state if offer else 'unknown'}"
        return
    offer.state = state
    ticket.open_offers.discard(offer.id)
    books.agents[offer.agent].offers.discard(offer.id)
    until = event.data.get("until")
    if until:
        ticket.cooling[offer.agent] = instant_us(until)


def on_declined(books: Books, event: Event) -> Faults:
    """An open offer ends by a no."""
    yield from _end_offer(books, event, "declined")


def on_revoked(books: Books, event: Event) -> Faults:
    """An open offer is taken back."""
    yield from _end_offer(books, event, "revoked")


def on_offer_expired(books: Books, event: Event) -> Faults:
    """An offer ends when its time is over: not before, nor long after."""
    offer = books.offers.get(event.offer)
    if offer is not None and offer.expires_us is not None:
        late_us = books.at_us - offer.expires_us
        if late_us < 0:
            yield f"{event.offer} expired {-late_us / 1e6:.3f} s too early"
        if late_us > EXPIRY_SLACK_US:
            yield f"{event.offer} expired {late_us / 1e6:.3f} s too late"
    yield from _end_offer(books, event, "expired")


def _end_work(books: Books, event: Event, state: str) -> Faults:
    offer, ticket = books.offers.get(event.offer), _ticket(books, event)
    if offer is None or ticket.holder != offer.id:
        yield f"{event.type} of {event.offer}; {ticket.holder or 'nobody'} holds the ticket"
        return
    offer.state, ticket.holder = state, None
    books.agents[offer.agent].offers.discard(offer.id)
    if event.data.get("until"):
        ticket.cooling[offer.agent] = instant_us(event.data["until"])


def on_wrapping(books: Books, event: Event) -> Faults:
    """Wrap-up begins for who holds the ticket."""
    ticket = _ticket(books, event)
    yield from _wrong_state(ticket, event, "assigned")
    if ticket.holder != event.offer:
        yield f"{event.offer} wraps up; {ticket.holder or 'nobody'} holds the ticket"
    ticket.state = "wrapping"


def on_completed(books: Books, event: Event) -> Faults:
    """Work ends with the ticket."""
    yield from _end_work(books, event, "completed")
    _ticket(books, event).state = "ended"


def on_released(books: Books, event: Event) -> Faults:
    """The ticket leaves its agent's hands; what becomes of it is the next event."""
    yield from _end_work(books, event, "released")


def on_presence(books: Books, event: Event) -> Faults:
    """An agent comes or goes; who goes away keeps no open offer."""
    agent = books.agents.get(event.agent)
    if agent is None:
        yield f"presence of {event.agent}, who was not configured"
        return
    agent.presence = event.data["presence"]
    if agent.presence != "available":
        agent.is_lost = False


def on_lost(books: Books, event: Event) -> Faults:
    """A desk is lost."""
    books.agents[event.agent].is_lost = True
    yield from ()


def on_returned(books: Books, event: Event) -> Faults:
    """A desk is back."""
    books.agents[event.agent].is_lost = False
    yield from ()


def on_removed(books: Books, event: Event) -> Faults:
    """Who is removed holds nothing."""
    agent = books.agents.pop(event.agent, None)
    if agent is not None and agent.offers:
        yield f"{event.agent} was removed with {sorted(agent.offers)} in hand"


def on_breached(books: Books, event: Event) -> Faults:
    """A promise is called broken when its time is over, not before."""
    due = event.data.get("due_at")
    if due and instant_us(due) > books.at_us:
        yield f"{event.data['promise']} was called broken before {due}"


RULES: Final[Mapping[str, Callable[[Books, Event], Faults]]] = MappingProxyType(
    {
        "ticket.added": on_added,
        "ticket.queued": on_queued,
        "ticket.relaxed": on_placed,
        "ticket.updated": on_placed,
        "ticket.suspended": on_suspended,
        "ticket.held": on_held,
        "ticket.canceled": on_closed,
        "ticket.expired": on_closed,
        "ticket.abandoned": on_closed,
        "ticket.forgotten": on_forgotten,
        "ticket.sla_breached": on_breached,
        "offer.issued": on_issued,
        "offer.accepted": on_accepted,
        "offer.declined": on_declined,
        "offer.expired": on_offer_expired,
        "offer.revoked": on_revoked,
        "assignment.wrapping": on_wrapping,
        "assignment.completed": on_completed,
        "assignment.released": on_released,
        "agent.presence_changed": on_presence,
        "agent.lost": on_lost,
        "agent.returned": on_returned,
        "agent.removed": on_removed,
    }
)
"""The rule of each type; others may come at any time."""
