"""From the core's rows to what clients read: tickets, offers, assignments."""

from typing import TYPE_CHECKING, Any, Final, cast

from router.core import codes as c
from router.core import layout
from router.core.estimate import place_of
from router.core.lifecycle import FINAL
from router.core.limits import NEVER_US
from router.directory import AGENT, CHANNEL, QUEUE, TICKET
from router.history import Work
from router.profiles import CHANNEL_WORD, QUEUE_WORD, STAGE_WORD
from router.wire.fields import Estimate, instant_text, microseconds
from router.wire.found import FoundSignal, Statement
from router.wire.offers import Assignment, Offer
from router.wire.tickets import Ticket, TicketBody, Warned

if TYPE_CHECKING:
    from router.shard import Shard

UNMATCHABLE = Warned(
    code="no_eligible_agent",
    detail="No configured agent can ever match this, not even after relaxing. Maybe a skill or language is missing.",
)


def instant_or_none(at_us: int) -> str | None:
    """Return an instant as text, or None for one that does not come."""
    return instant_text(at_us) if 0 < at_us < NEVER_US else None


def expected_wait(gap_us: int, position: int) -> Estimate | None:
    """
    Return the median and the 90 % quantile of the wait at a position, None while nothing is known.

    The wait is the sum of ``position`` gaps between departures, taken as exponential: a gamma distribution, its
    quantiles by Wilson and Hilferty (1931), doi:10.1073/pnas.17.12.684.
    """
    if gap_us <= 0 or position <= 0:
        return None
    scale = gap_us * position / 1e6
    base, spread = 1 - 1 / (9 * position), 1 / (3 * position**0.5)
    return Estimate(
        p50_s=round(scale * base**3, 1), p90_s=round(scale * (base + 1.2816 * spread) ** 3, 1)
    )


def place(shard: "Shard", row: int) -> tuple[int, int]:
    """Return a waiting ticket's position in its queue and how many wait there."""
    position, waiting = place_of(shard.machine.handle, row)
    return int(position), int(waiting)


def open_offers(shard: "Shard", row: int) -> list[str]:
    """Return the ids of a ticket's open offers."""
    works = shard.machine.arrays.works
    found = []
    w = int(shard.machine.arrays.tickets[row]["work"])
    while w >= 0:
        work = works[w]
        if work["state"] == c.PENDING:
            found.append(f"o-{work['serial']}")
        w = int(work["next_of_ticket"])
    return found


_FIELDS: Final = {name: i for i, name in enumerate(layout.TICKET.names or ())}
CREATED, QUEUED_AT, FORGET, STATE, PROFILE, PRIORITY, MARKS, HOLDER, WORK, VERSION = (
    _FIELDS[name]
    for name in (
        "created_us", "queued_us", "forget_us", "state", "profile", "priority", "marks", "agent", "work", "version",
    )
)  # fmt: skip


def ticket_view(shard: "Shard", id_: str, row: int, *, whole: bool = False) -> Ticket:
    """Return a ticket as clients see it; ``whole`` repeats what it asks for."""
    arrays, directory = shard.machine.arrays, shard.directory
    t = arrays.tickets[row].item()  # one tuple: a field at a time would take four times as long
    words = directory.profile_words[t[PROFILE]]
    state, queue, agent = t[STATE], words[QUEUE_WORD], t[HOLDER]
    position, estimate = None, None
    if state == c.QUEUED:
        position, _ = place(shard, row)
        estimate = expected_wait(int(arrays.queues["gap_us"][queue]), position)
    document = directory.document(TICKET, id_)
    is_held = state in (c.ASSIGNED, c.WRAPPING)
    ticket = Ticket(
        id=id_,
        state=cast("Any", c.TICKET_STATES[state]),
        queue=directory.id_of(QUEUE, queue),
        channel=directory.id_of(CHANNEL, words[CHANNEL_WORD]),
        priority=t[PRIORITY],
        position=position,
        ewt=estimate,
        agent=directory.id_of(AGENT, agent) if agent >= 0 else None,
        offers=open_offers(shard, row) if state == c.OFFERED else [],
        assignment=f"a-{arrays.works['serial'][t[WORK]]}" if is_held else None,
        warnings=[UNMATCHABLE] if t[MARKS] & c.F_UNMATCHABLE else [],
        created_at=instant_text(document.created_us if document else t[CREATED]),
        version=t[VERSION],
        seq=shard.history.ticket_seq.find(row) or 0,
        relax_step=words[STAGE_WORD],
        queued_at=instant_or_none(t[QUEUED_AT]),
    )
    if document is not None and document.found:
        ticket.found = [found_view(statement) for statement in document.found]
    if state in FINAL:
        closed_us = shard.history.closed_us.find(row)
        if closed_us is None:  # a snapshot of old did not say
            closed_us = t[FORGET] - int(arrays.policy["retention_us"][0])
        ticket.closed_at = instant_or_none(closed_us)
    if whole and document is not None:
        add_description(ticket, document.body)
    return ticket


def found_view(statement: Statement) -> FoundSignal:
    """Return a signal of a ticket as clients see it."""
    return FoundSignal(
        name=statement.name,
        value=statement.value,
        probability=round(statement.probability, 4),
        level=cast("Any", statement.level),
        source=cast("Any", statement.source),
        model=statement.model,
        at=instant_text(statement.at_us),
        applied=statement.applied,
    )


def add_description(ticket: Ticket, body: TicketBody) -> None:
    """Repeat what the client said the ticket asks for."""
    for field in (
        "language", "region", "groups", "requirements", "relax", "preferred_agents", "sla", "ttl_s", "customer",
        "signals", "attributes",
    ):  # fmt: skip
        setattr(ticket, field, getattr(body, field))
    for field in ("virtual_start", "start_at"):
        moment = getattr(body, field)
        setattr(ticket, field, None if moment is None else instant_text(microseconds(moment)))


def offer_view(work: Work) -> Offer:
    """Return an offer as clients see it, open or ended."""
    state = (
        work.state if work.state in ("pending", "declined", "expired", "revoked") else "accepted"
    )
    offer = Offer(
        id=f"o-{work.serial}",
        ticket=work.ticket,
        agent=work.agent,
        state=cast("Any", state),
        offered_at=instant_text(work.offered_us),
        expires_at=instant_or_none(work.expires_us),
        decision=f"d-{work.decision}" if work.decision else None,
        seq=work.seq,
    )
    if state == "accepted":
        offer.assignment = f"a-{work.serial}"
    return offer


def assignment_view(work: Work) -> Assignment:
    """Return an assignment as clients see it."""
    return Assignment(
        id=f"a-{work.serial}",
        ticket=work.ticket,
        agent=work.agent,
        state=cast("Any", work.state),
        offer=f"o-{work.serial}",
        accepted_at=instant_text(work.accepted_us),
        wrap_up_ends_at=instant_or_none(work.wrap_up_ends_us) if work.state == "wrapping" else None,
        ended_at=instant_or_none(work.ended_us),
        disposition=work.disposition,
        seq=work.seq,
    )
