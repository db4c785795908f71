"""The ledger knows who waited how long, whoever they were offered to on the way."""

import pytest

from simulator.desks import Heard
from simulator.ledger import Ledger, quantile
from simulator.report import aligned, duration, refusals, share

SECOND = 1_000_000


def event(kind: str, ticket: str = "t1", gap: float | None = None) -> Heard:
    """Make an event about a ticket."""
    return Heard(kind, 1, ticket, "ann", "o-1", "a-1", "", gap)


def ledger(*kinds: tuple[float, str]) -> Ledger:
    """Put one ticket at 0 s into a queue with a target of 60 s, and let it hear events."""
    book = Ledger({"q": 60 * SECOND})
    book.put("t1", "q", 0)
    for at_s, kind in kinds:
        book.hear(event(kind), round(at_s * SECOND))
    return book


@pytest.mark.parametrize(
    ("kinds", "now_s", "answered", "waiting", "level"),
    [
        ((), 59, 0, 1, None),
        ((), 61, 0, 1, 0.0),
        (((10, "offer.issued"),), 61, 0, 1, 0.0),
        (((60, "offer.accepted"),), 61, 1, 0, 1.0),
        (((61, "offer.accepted"),), 61, 1, 0, 0.0),
        (((5, "offer.accepted"), (9, "offer.revoked")), 99, 1, 0, 1.0),
        (((5, "offer.accepted"), (9, "assignment.released")), 99, 1, 1, 1.0),
        (((5, "offer.declined"),), 99, 0, 1, 0.0),
        (((5, "ticket.abandoned"),), 99, 0, 0, None),
        (
            ((5, "offer.accepted"), (9, "assignment.completed"), (10, "offer.revoked")),
            99,
            1,
            0,
            1.0,
        ),
    ],
)
def test_a_ticket_counts_by_its_first_answer(kinds, now_s, answered, waiting, level) -> None:
    """In time, late, waiting too long, given back, taken back: each counts as it should."""
    book = ledger(*kinds)
    whole = book.whole(now_s * SECOND)
    assert (whole.tickets, whole.answered, whole.waiting) == (1, answered, waiting)
    assert whole.service_level == level
    assert book.by_queue(now_s * SECOND) == {"q": whole}


def test_a_second_answer_is_a_reassignment_and_keeps_the_first_wait() -> None:
    """The wait ends with the first agent; each one after it is counted."""
    book = ledger((30, "offer.accepted"), (40, "assignment.released"), (90, "offer.accepted"))
    assert book.reassignments == 1
    assert book.whole(99 * SECOND).asa_s == 30.0
    assert book.open == 1
    book.hear(event("assignment.completed"), 99 * SECOND)
    assert book.open == 0
    assert book.whole(99 * SECOND).completed == 1


def test_refused_and_unknown_tickets_do_not_count() -> None:
    """A ticket that was refused is gone; events about others change nothing."""
    book = ledger()
    book.hear(event("offer.accepted", "stranger"), SECOND)
    book.refuse("t1")
    book.refuse("t1")
    assert (book.tickets, book.open) == (0, 0)
    assert book.whole(99 * SECOND).service_level is None


def test_gaps_offers_and_broken_promises_are_counted() -> None:
    """The mean gap is over decisions that reported one."""
    book = ledger((1, "offer.issued"), (2, "ticket.sla_breached"))
    book.hear(event("solver.batch", "", 0.02), SECOND)
    book.hear(event("solver.batch", "", 0.0), SECOND)
    assert (book.offers, book.breached, book.mean_gap) == (1, 1, 0.01)
    assert ledger().mean_gap is None


def test_quantiles_are_of_the_nearest_rank() -> None:
    """One value is all its quantiles; nothing has none."""
    assert quantile([], 0.5) is None
    assert quantile([3.0], 0.99) == 3.0
    assert quantile([1.0, 2.0, 3.0, 4.0, 5.0], 0.5) == 3.0
    assert quantile([1.0, 2.0, 3.0, 4.0, 5.0], 0.9) == 5.0


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (None, "-"), (0, "0.0 s"), (9.94, "9.9 s"), (42.4, "42 s"), (59.6, "1:00 min"),
        (185, "3:05 min"), (7_800, "2:10 h"), (302_400, "3.5 d"),
    ],
)  # fmt: skip
def test_durations_are_written_as_people_do(seconds, text) -> None:
    """Seconds, minutes, hours, days."""
    assert duration(seconds) == text


def test_columns_line_up() -> None:
    """The first column stands left, figures right."""
    assert aligned([("queue", "n"), ("q", "100")]) == ["queue    n", "q      100"]
    assert share(0.125) == "12.5%"
    assert share(None) == "-"
    assert refusals([]) == "none"
    assert refusals([("a", 2), ("b", 1)]) == "2 a, 1 b"
