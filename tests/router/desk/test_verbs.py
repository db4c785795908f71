"""What is said to tickets besides what they ask for."""

import pytest

from router.core import codes as c
from router.core.lifecycle import TICKET_VERBS
from router.core.machine import Machine
from router.desk.calls import ENGINE_CALLS
from router.desk.verbs import SAID_AS, allowed_in
from router.desk.views import ticket_view
from router.journal import encode_portrait, portray, restore
from router.wire.routes import BY_NAME
from tests.router.desk.floors import Desk, pointers

CHAT = {"queue": "help", "channel": "chat"}
BILLING = {**CHAT, "requirements": [{"skill": "billing", "min_level": 2}]}


def test_verbs_end_tickets():
    """Canceled and abandoned tickets are over, and can be read for a while."""
    desk = Desk().furnish().staff("ann")
    for id_, verb, state in (("t1", "cancel", "canceled"), ("t2", "abandon", "abandoned")):
        desk.do("tickets.put", id_, CHAT)
        ticket = desk.do(f"tickets.{verb}", id_, {})
        assert (ticket.state, ticket.closed_at) == (state, desk.at())
    told = [event.type for event in desk.events if event.type.startswith("ticket.")]
    assert told == ["ticket.added", "ticket.canceled", "ticket.added", "ticket.abandoned"]


def test_when_a_ticket_ended_does_not_change_with_the_retention():
    """One ended by hand, one completed: a policy that keeps tickets longer moves neither, nor does a restart."""
    desk = Desk().furnish().staff("ann")
    desk.do("tickets.put", "t1", CHAT)
    desk.do("tickets.cancel", "t1", {})
    desk.do("tickets.put", "t2", CHAT)
    desk.do("offers.accept", "o-2")
    desk.wait(5)
    desk.do("assignments.complete", "a-2", {})
    ended = [desk.do("tickets.get", id_).closed_at for id_ in ("t1", "t2")]
    assert ended == [desk.at(-5), desk.at()]
    desk.do("revisions.put", "default", {"retention_s": 999_999}, sub=2)
    desk.do("revisions.activate", "default", sub=2)
    desk.wait(60)
    again = restore(encode_portrait(portray(desk.shard)), Machine())
    for shard in (desk.shard, desk.recovered(), again):
        views = [ticket_view(shard, id_, shard.directory.rows[id_]) for id_ in ("t1", "t2")]
        assert [view.closed_at for view in views] == ended


def test_why_a_ticket_was_canceled_is_kept():
    """The reason is journalled with the ticket."""
    desk = Desk().furnish()
    desk.do("tickets.put", "t1", CHAT)
    desk.do("tickets.cancel", "t1", {"reason": "duplicate"})
    assert desk.sealed[-1].documents[0][2].note == "duplicate"
    assert desk.recovered().directory.documents[9]["t1"].note == "duplicate"


@pytest.mark.parametrize("route", [r for r in BY_NAME.values() if r.resource == "tickets"])
def test_nothing_can_be_said_to_an_unknown_or_a_finished_ticket(route):
    """Every verb refuses both, and says which; what is learned of a finished ticket is taken all the same."""
    if route.method == "GET" or "{id}" not in route.path or route.name in ENGINE_CALLS:
        return
    bodies = {"assign": {"agent": "ann"}, "reply": {"by": "agent"}, "put": BILLING}
    body = bodies.get(route.name.partition(".")[2], {})
    desk = Desk().furnish().staff("ann")
    if route.method != "PUT":
        assert desk.refuse(route.name, "t1", body).code == "unknown_resource"
    desk.do("tickets.put", "t1", CHAT)
    desk.do("tickets.cancel", "t1", {})
    if route.name in ("tickets.correct", "tickets.inform"):
        assert desk.submit(route.name, "t1", body).body.state == "canceled"
        return
    problem = desk.refuse(route.name, "t1", body)
    assert (problem.code, problem.state) == ("state_conflict", "canceled")


def test_a_verb_that_the_state_forbids_is_refused_with_those_it_allows():
    """The client learns the state, what it may do, and which event says so."""
    desk = Desk().furnish()
    desk.do("tickets.put", "t1", CHAT)
    problem = desk.refuse("tickets.resume", "t1", {})
    assert (problem.code, problem.state) == ("state_conflict", "queued")
    assert problem.allowed == allowed_in(c.QUEUED)
    assert {"cancel", "patch", "suspend"} < set(problem.allowed)
    assert "resume" not in problem.allowed
    assert desk.events[-1].type == "command.refused"
    assert desk.events[-1].seq == problem.seq


def test_every_verb_of_the_core_is_one_of_the_interface():
    """What a refusal allows can be asked for."""
    verbs = {verb for verbs in SAID_AS.values() for verb in verbs}
    known = {name.partition(".")[2] for name in BY_NAME}
    assert SAID_AS.keys() == TICKET_VERBS.keys()
    assert verbs <= known


def test_suspension_lasts_until_its_end_or_until_resumed():
    """A ticket put aside is not offered."""
    desk = Desk().furnish()
    desk.do("tickets.put", "t1", CHAT)
    assert desk.do("tickets.suspend", "t1", {"until": desk.at(60)}).state == "suspended"
    desk.staff("ann")
    desk.wait(59)
    assert desk.do("tickets.get", "t1").state == "suspended"
    desk.wait(1)
    assert desk.do("tickets.get", "t1").state == "offered"
    assert desk.do("tickets.suspend", "t1", {}).state == "suspended"
    assert desk.do("tickets.resume", "t1", {}).state == "offered"
    bad = {"until": desk.at(-1)}
    assert pointers(desk.refuse("tickets.suspend", "t1", bad)) == ["/until"]


def test_a_ticket_can_be_given_to_somebody_by_hand():
    """Requirements and room count, unless it is forced."""
    desk = Desk().furnish().staff("ann").staff("bo", skills={}, units=1)
    desk.do("tickets.put", "t1", BILLING)
    bad = {"agent": "cy"}
    assert pointers(desk.refuse("tickets.assign", "t1", bad)) == ["/agent"]
    problem = desk.refuse("tickets.assign", "t1", {"agent": "bo"})
    assert problem.code == "not_eligible"
    assert "'bo'" in (problem.detail or "")
    ticket = desk.do("tickets.assign", "t1", {"agent": "bo", "force": True})
    assert (ticket.state, ticket.agent) == ("assigned", "bo")
    desk.do("tickets.put", "t2", CHAT)
    assert desk.refuse("tickets.assign", "t2", {"agent": "bo"}).code == "capacity_exceeded"
    desk.do("agents.presence", "ann", {"presence": "offline"})
    assert desk.refuse("tickets.assign", "t2", {"agent": "ann"}).code == "state_conflict"
    desk.do("agents.delete", "ann")
    assert pointers(desk.refuse("tickets.assign", "t2", {"agent": "ann"})) == ["/agent"]


def test_replies_keep_promises_and_begin_new_ones():
    """The agent's reply meets the first promise; the customer's starts the next."""
    desk = Desk().furnish().staff("ann")
    desk.do("tickets.put", "t1", {**CHAT, "sla": {"first_response_s": 60, "next_response_s": 30}})
    desk.do("offers.accept", "o-1")
    desk.do("tickets.reply", "t1", {"by": "agent"})
    desk.wait(61)
    desk.do("tickets.reply", "t1", {"by": "customer"})
    desk.wait(31)
    told = [(e.type, e.data) for e in desk.events if e.type.startswith("ticket.sla")]
    assert [(kind, data["promise"]) for kind, data in told] == [
        ("ticket.sla_warning", "next_response"),
        ("ticket.sla_breached", "next_response"),
    ]


def test_requeue_takes_a_ticket_back_with_its_age():
    """Whoever has it, it waits again."""
    desk = Desk().furnish().staff("ann")
    desk.do("tickets.put", "t1", CHAT)
    desk.do("offers.accept", "o-1")
    desk.do("agents.presence", "ann", {"presence": "away"})
    ticket = desk.do("tickets.requeue", "t1", {})
    assert (ticket.state, ticket.agent, ticket.position) == ("queued", None, 1)
