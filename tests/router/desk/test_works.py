"""Offers and assignments: what agents answer, and what becomes of it."""

import pytest

from tests.router.desk.floors import Desk

CHAT = {"queue": "help", "channel": "chat"}


def test_an_agent_accepts_wraps_up_and_completes():
    """The way of most tickets, seen from all sides."""
    desk = Desk().furnish().staff("ann")
    desk.do("tickets.put", "t1", CHAT)
    offer = desk.do("offers.get", "o-1")
    assert (offer.state, offer.ticket, offer.agent) == ("pending", "t1", "ann")
    assert offer.expires_at == desk.at(30)
    assert desk.refuse("assignments.get", "a-1").code == "unknown_resource"
    assert desk.refuse("assignments.complete", "a-1", {}).code == "unknown_resource"
    desk.wait(10)
    accepted = desk.do("offers.accept", "o-1")
    assert (accepted.state, accepted.assignment) == ("accepted", "a-1")
    assert desk.do("tickets.get", "t1").assignment == "a-1"
    wrapping = desk.do("assignments.wrap_up", "a-1")
    assert (wrapping.state, wrapping.wrap_up_ends_at) == ("wrapping", desk.at(30))
    assert desk.do("tickets.get", "t1").state == "wrapping"
    done = desk.do("assignments.complete", "a-1", {"disposition": "solved"})
    assert (done.state, done.disposition, done.ended_at) == ("completed", "solved", desk.at())
    assert desk.do("assignments.get", "a-1") == done
    assert desk.do("tickets.get", "t1").state == "completed"
    assert desk.do("agents.get", "ann").units_taken == 0


def test_wrap_up_ends_by_itself():
    """Who forgets to complete is free again after the channel's time."""
    desk = Desk().furnish().staff("ann")
    desk.do("tickets.put", "t1", CHAT)
    desk.do("offers.accept", "o-1")
    desk.do("assignments.wrap_up", "a-1")
    desk.wait(30)
    assert desk.do("assignments.get", "a-1").state == "completed"
    completed = [event for event in desk.events if event.type == "assignment.completed"]
    assert completed[0].data == {"assignment": "a-1", "reason": "wrap_up_over"}


def test_a_declined_offer_goes_to_somebody_else():
    """Who declined is not asked again at once; the reason is kept with the ticket."""
    desk = Desk().furnish().staff("ann", "bo")
    desk.do("tickets.put", "t1", CHAT)
    first = desk.do("offers.get", "o-1").agent
    offer = desk.do("offers.decline", "o-1", {"reason": "not mine"})
    assert offer.state == "declined"
    assert desk.shard.directory.documents[9]["t1"].note == "not mine"
    assert {first, desk.do("offers.get", "o-2").agent} == {"ann", "bo"}
    assert desk.do("tickets.get", "t1").offers == ["o-2"]


@pytest.mark.parametrize(
    ("verb", "body", "wait_s"),
    [("decline", {"retry_after_s": 40}, 40), ("defer", {"for_s": 50}, 50), ("decline", {}, 300)],
)
def test_an_agent_is_left_in_peace_as_long_as_asked(verb, body, wait_s):
    """The only agent gets the ticket back when its time is over, not before."""
    desk = Desk().furnish().staff("ann")
    desk.do("tickets.put", "t1", CHAT)
    desk.do(f"offers.{verb}", "o-1", body)
    desk.wait(wait_s - 1)
    assert desk.do("tickets.get", "t1").state == "queued"
    desk.wait(1)
    assert desk.do("tickets.get", "t1").offers == ["o-2"]


@pytest.mark.parametrize("verb", ["accept", "decline", "defer"])
def test_an_answer_that_comes_too_late_learns_what_became_of_the_offer(verb):
    """The refusal says which state the offer is in, why and since when."""
    body = {"for_s": 5} if verb == "defer" else {}
    desk = Desk().furnish().staff("ann")
    desk.do("tickets.put", "t1", CHAT)
    desk.wait(30)
    ended_at = desk.at()
    desk.wait(5)
    problem = desk.refuse(f"offers.{verb}", "o-1", body)
    assert (problem.code, problem.state) == ("offer_not_open", "expired")
    assert problem.detail == f"The offer was expired (no_answer) at {ended_at}."
    assert problem.seq == desk.do("offers.get", "o-1").seq


def test_of_two_who_accept_at_once_one_wins():
    """Offers in parallel: in one settlement the first gets the ticket, the other is told so."""
    desk = Desk().furnish()
    desk.do("queues.put", "help", {"offers_parallel": 2})
    desk.staff("ann", "bo")
    assert desk.do("tickets.put", "t1", CHAT).offers == ["o-2", "o-1"]
    for offer in ("o-1", "o-2"):
        assert desk.shard.admit(desk.call("offers.accept", offer), desk.at_us) is None
    won, lost = desk.settle()
    assert won.body.state == "accepted"
    assert (lost.problem.code, lost.problem.state) == ("offer_not_open", "revoked")
    assert "taken_by_another" in lost.problem.detail


def test_an_offer_of_a_canceled_ticket_is_gone_within_the_same_settlement():
    """Cancel came first, so accepting comes too late, and nothing is half done."""
    desk = Desk().furnish().staff("ann")
    desk.do("tickets.put", "t1", CHAT)
    for call in (desk.call("tickets.cancel", "t1", {}), desk.call("offers.accept", "o-1")):
        assert desk.shard.admit(call, desk.at_us) is None
    canceled, late = desk.settle()
    assert canceled.body.state == "canceled"
    assert (late.problem.code, late.problem.state) == ("offer_not_open", "revoked")


def test_a_released_ticket_waits_again():
    """The assignment ends, the ticket goes back with its age and the reason given."""
    desk = Desk().furnish().staff("ann")
    desk.do("tickets.put", "t1", CHAT)
    desk.do("offers.accept", "o-1")
    desk.staff("bo")
    released = desk.do("assignments.release", "a-1", {"reason": "wrong team"})
    assert (released.state, released.ended_at) == ("released", desk.at())
    assert desk.shard.directory.documents[9]["t1"].note == "wrong team"
    assert desk.do("tickets.get", "t1").offers == ["o-2"]


@pytest.mark.parametrize("verb", ["wrap_up", "complete", "release"])
def test_an_ended_assignment_stays_ended(verb):
    """The refusal says how and when it ended."""
    desk = Desk().furnish().staff("ann")
    desk.do("tickets.put", "t1", CHAT)
    desk.do("offers.accept", "o-1")
    desk.do("assignments.complete", "a-1", {})
    problem = desk.refuse(f"assignments.{verb}", "a-1", {})
    assert (problem.code, problem.state) == ("state_conflict", "completed")


def test_a_wrapping_assignment_is_not_released():
    """The talk is over: it can only be completed."""
    desk = Desk().furnish().staff("ann")
    desk.do("tickets.put", "t1", CHAT)
    desk.do("offers.accept", "o-1")
    desk.do("assignments.wrap_up", "a-1")
    problem = desk.refuse("assignments.release", "a-1", {})
    assert (problem.code, problem.state) == ("state_conflict", "wrapping")
    assert "complete" in problem.allowed


@pytest.mark.parametrize(
    ("name", "id_"),
    [
        ("offers.get", "o-9"),
        ("offers.accept", "o-9"),
        ("offers.decline", "o-9"),
        ("assignments.get", "a-9"),
        ("assignments.wrap_up", "a-9"),
        ("assignments.release", "a-9"),
    ],
)
def test_unknown_offers_and_assignments_are_refused(name, id_):
    """A number that was never given is no offer's."""
    body = {} if name.endswith(("decline", "release")) else None
    assert Desk().refuse(name, id_, body).code == "unknown_resource"


def test_a_disposition_outlives_a_restart():
    """How an assignment ended is journalled with its ticket."""
    desk = Desk().furnish().staff("ann")
    desk.do("tickets.put", "t1", CHAT)
    desk.do("offers.accept", "o-1")
    done = desk.do("assignments.complete", "a-1", {"disposition": "solved"})
    again = Desk(is_begun=False)
    again.shard = desk.recovered()
    assert again.do("assignments.get", "a-1") == done
