"""The tally says what happened, counted from outside."""

from datetime import UTC, datetime

import pytest

from router.incidents.floor import Floor, Resource
from simulator.desks import heard
from simulator.tally import Tally, latency

START = datetime(2016, 3, 7, tzinfo=UTC)
SECOND = 1_000_000
FLOOR = Floor((Resource("queues.put", "q", {"service_level": {"target_s": 60, "share": 0.8}}),))


def tally_of(*tickets: str) -> Tally:
    """Return a tally with these tickets sent to queue q at the start."""
    tally = Tally(FLOOR, START, (len(tickets), len(tickets)))
    for ticket in tickets:
        tally.sending(ticket, "q", 0, 0.0)
    return tally


def hear(tally: Tally, kind: str, ticket: str, at_s: float = 0.0, **data: object) -> None:
    """Let the tally hear an event."""
    tally.hear(heard({"type": kind, "ticket": ticket, "data": data}), round(at_s * SECOND))


def test_service_level_counts_the_answered_and_the_late() -> None:
    """In time, too late, still waiting too long, not yet late: a third of three."""
    tally = tally_of("in_time", "late", "waiting")
    hear(tally, "offer.accepted", "in_time", 60)
    hear(tally, "offer.accepted", "late", 61)
    tally.sending("young", "q", 100 * SECOND, 1.0)
    assert tally.snapshot(120 * SECOND, 1.0).service_level == pytest.approx(1 / 3)
    assert tally_of("t").snapshot(0, 0.0).service_level is None


def test_a_second_agent_does_not_answer_again() -> None:
    """The first acceptance counts, even when the ticket goes back to its queue."""
    tally = tally_of("t")
    hear(tally, "offer.accepted", "t", 10)
    hear(tally, "assignment.released", "t", 20)
    assert tally.snapshot(30 * SECOND, 1.0).waiting == {"q": 1}
    hear(tally, "offer.accepted", "t", 500)
    snapshot = tally.snapshot(500 * SECOND, 1.0)
    assert (snapshot.service_level, snapshot.waiting) == (1.0, {})


def test_waiting_is_by_queue_and_moves_with_overflow() -> None:
    """A ticket waits until accepted, in the queue the events say it is in."""
    tally = tally_of("a", "b", "c")
    hear(tally, "offer.issued", "a")
    hear(tally, "ticket.queued", "b", queue="desk")
    hear(tally, "offer.accepted", "c")
    hear(tally, "offer.revoked", "c")
    assert tally.snapshot(0, 0.0).waiting == {"desk": 1, "q": 1}
    assert tally.open_tickets == 3


@pytest.mark.parametrize("end", ["assignment.completed", "ticket.canceled", "ticket.abandoned"])
def test_what_ended_stays_ended(end) -> None:
    """A ticket ends once, however many events say so, and no later event revives it."""
    tally = tally_of("t")
    hear(tally, end, "t")
    hear(tally, "ticket.closed", "t")
    hear(tally, "ticket.queued", "t")
    assert tally.open_tickets == 0
    assert tally.snapshot(0, 0.0).waiting == {}


def test_latencies_and_rate() -> None:
    """Tickets decided before their answer tell how long deciding takes; the rate is the latest."""
    tally = tally_of("a", "b")
    tally.acknowledged("a", "offered", 0.010)
    tally.acknowledged("b", "queued", 0.030)
    snapshot = tally.snapshot(0, 1.0)
    assert (snapshot.ack.samples, snapshot.decision.samples) == (2, 1)
    assert snapshot.decision.p99_ms == pytest.approx(10.0)
    assert snapshot.tickets_per_s == 2.0
    assert tally.snapshot(0, 10.0).tickets_per_s == 0.0


def test_refusals_and_gaps_are_kept() -> None:
    """A refused ticket is open no more; the gap is that of the latest joint decision."""
    tally = tally_of("t")
    tally.refused("overloaded", "t")
    tally.refused("state_conflict")
    for gap in (0.5, 0.125):
        hear(tally, "solver.batch", "", gap=gap)
    snapshot = tally.snapshot(0, 0.0)
    assert tally.open_tickets == 0
    assert snapshot.refused == {"overloaded": 1, "state_conflict": 1}
    assert snapshot.gap == 0.125


def test_percentiles_are_nearest_ranks() -> None:
    """Of 1..101 ms the median is 51 and the 99th percentile 100; of nothing there is none."""
    found = latency([value / 1000 for value in range(101, 0, -1)])
    assert (found.p50_ms, found.p99_ms, found.samples) == (
        pytest.approx(51),
        pytest.approx(100),
        101,
    )
    assert latency([]).samples == 0
