"""Desks answer what they hear, when they would, the same way every time."""

from datetime import UTC, datetime

import pytest

from router.incidents.stream import Stream, Timed
from simulator.desks import Desks, Habits, handle_times, heard

NEVER_DECLINES = Habits(decline_share=0.0)
ALWAYS_DECLINES = Habits(decline_share=1.0)


def event(kind: str, ticket: str = "t1", agent: str = "ann", offer: str = "o-1") -> dict:
    """Make an event as the server sends it."""
    return {"seq": 1, "type": kind, "ticket": ticket, "agent": agent, "offer": offer, "data": {}}


def hear(desks: Desks, kind: str, now_us: int = 0, **about: str) -> list:
    """Let the desks hear an event."""
    return list(desks.hear(heard(event(kind, **about)), now_us))


def test_an_offer_is_accepted_replied_to_worked_and_completed() -> None:
    """The whole life of an assignment, each call later than the one before."""
    desks = Desks({"t1": 600.0}, seed=1, habits=NEVER_DECLINES)
    (accept,) = hear(desks, "offer.issued", 1_000)
    assert (accept.call, accept.id) == ("offers.accept", "o-1")
    assert 1_000 < accept.at_us <= 15_001_000
    assert desks.wants(accept)
    reply, wrap_up = hear(desks, "offer.accepted", 5_000_000)
    assert (reply.call, reply.id, reply.body) == ("tickets.reply", "t1", {"by": "agent"})
    assert (wrap_up.call, wrap_up.id) == ("assignments.wrap_up", "a-1")
    assert 5_000_000 < reply.at_us <= 305_000_000
    assert wrap_up.at_us == 605_000_000
    (complete,) = hear(desks, "assignment.wrapping", wrap_up.at_us)
    assert (complete.call, complete.id) == ("assignments.complete", "a-1")
    assert wrap_up.at_us < complete.at_us <= wrap_up.at_us + 55_000_000
    assert desks.wants(complete)
    assert hear(desks, "assignment.completed", complete.at_us) == []
    assert not desks.wants(complete)


def test_an_assignment_without_an_offer_is_worked_too() -> None:
    """On channels that accept by themselves the first a desk hears is that it has the ticket."""
    desks = Desks({}, seed=1)
    reply, wrap_up = hear(desks, "offer.accepted", 0)
    assert wrap_up.at_us == 600_000_000
    assert desks.wants(reply)


@pytest.mark.parametrize("kind", ["offer.expired", "offer.revoked", "offer.declined"])
def test_a_gone_offer_is_not_answered(kind) -> None:
    """What was planned for an offer is no longer wanted once it is gone."""
    desks = Desks({}, seed=1, habits=NEVER_DECLINES)
    (accept,) = hear(desks, "offer.issued")
    hear(desks, kind)
    assert not desks.wants(accept)


def test_a_released_assignment_is_put_down() -> None:
    """Work on a ticket that went back to its queue stops."""
    desks = Desks({}, seed=1)
    _, wrap_up = hear(desks, "offer.accepted")
    hear(desks, "assignment.released")
    assert not desks.wants(wrap_up)


def test_a_rival_offer_that_is_revoked_leaves_the_work_alone() -> None:
    """Of two parallel offers the other one's end does not touch the accepted one."""
    desks = Desks({}, seed=1)
    _, wrap_up = hear(desks, "offer.accepted", offer="o-1")
    hear(desks, "offer.revoked", offer="o-2", agent="bo")
    assert desks.wants(wrap_up)


def test_desks_decide_by_who_meets_what() -> None:
    """The same meeting is answered alike in any order of events; a second meeting is drawn anew."""
    one, two = (Desks({}, seed=3, habits=Habits(decline_share=0.5)) for _ in range(2))
    tickets = [f"t{number}" for number in range(50)]
    forward = {t: hear(one, "offer.issued", ticket=t, offer=f"o-{t}") for t in tickets}
    backward = {t: hear(two, "offer.issued", ticket=t, offer=f"o-{t}") for t in reversed(tickets)}
    assert forward == backward
    again = {t: hear(one, "offer.issued", ticket=t, offer=f"o-{t}") for t in tickets}
    assert again != forward
    declined = sum(todo.call == "offers.decline" for (todo,) in forward.values())
    assert 12 < declined < 38


def test_a_decline_says_why() -> None:
    """Who never accepts declines with a reason."""
    (todo,) = hear(Desks({}, seed=1, habits=ALWAYS_DECLINES), "offer.issued")
    assert (todo.call, todo.body) == ("offers.decline", {"reason": "busy"})


@pytest.mark.parametrize("kind", ["ticket.queued", "solver.batch", "nobody.knows", ""])
def test_other_events_concern_no_desk(kind) -> None:
    """Events about something else, and unknown ones, lead to nothing."""
    assert hear(Desks({}, seed=1), kind) == []


def test_events_are_read_flat_or_nested() -> None:
    """Particulars may stand in data; an assignment has its offer's number, and the other way."""
    flat = heard({"seq": 4, "type": "offer.accepted", "ticket": "t", "agent": "a", "offer": "o-9"})
    assert (flat.seq, flat.assignment, flat.gap) == (4, "a-9", None)
    nested = heard({"seq": 5, "type": "assignment.wrapping", "data": {"assignment": "a-9"}})
    assert (nested.offer, nested.ticket) == ("o-9", "")
    assert heard({"type": "solver.batch", "seq": 6, "data": {"gap": 0.25}}).gap == 0.25


def test_handle_times_come_with_the_tickets() -> None:
    """They are read from the attribute, and one that is no number is named."""

    def put(text: object) -> Stream:
        body = {"attributes": {"assumed_handle_s": text}}
        return Stream(datetime(2016, 3, 7, tzinfo=UTC), (Timed(0, "tickets.put", "t1", body),))

    assert handle_times(put("12.5")) == {"t1": 12.5}
    for text in ("soon", "-1", "nan", "inf"):
        with pytest.raises(ValueError, match="t1: attributes.assumed_handle_s is"):
            handle_times(put(text))
