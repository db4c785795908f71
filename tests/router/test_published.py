"""Events as clients read them."""

from router.core import codes as c
from router.core import layout
from router.journal import decode
from router.published import CLOSED_AS, DATA, TYPES, publish_recorded
from router.wire.events import EVENT_TYPES
from tests.router.desk.floors import Desk

CHAT = {"queue": "help", "channel": "chat"}


def test_every_event_of_the_core_is_published_and_no_type_is_made_up():
    """The interface's types are those that come, each with its particulars."""
    assert DATA.keys() == c.EVENTS.keys()
    assert EVENT_TYPES.keys() == TYPES
    assert CLOSED_AS.keys() == {c.CANCELED, c.EXPIRED, c.ABANDONED}


def test_the_story_of_a_ticket_reads_well():
    """Names, levels and instants, in the order things happened."""
    desk = Desk().furnish().staff("ann")
    desk.do("tickets.put", "t1", {**CHAT, "priority": 7})
    desk.do("offers.accept", "o-1")
    desk.do("tickets.reply", "t1", {"by": "agent"})
    desk.do("assignments.wrap_up", "a-1")
    desk.do("assignments.complete", "a-1", {})
    told = [
        (e.type, e.ticket or None, e.agent or None, e.offer or None, e.data) for e in desk.events
    ]
    place = {"queue": "help", "channel": "chat", "relax_step": 0}
    decision = f"d-{desk.events[2].seq}"
    worth = desk.events[2].data["primal"]
    asked = {"reason": "asked"}
    fresh = {"priority": 7, "start_at": None, "matchable": True, "reason": "new"}
    offered = {"value": worth, "expires_at": desk.at(30), "decision": decision}
    held = {"assignment": "a-1", **asked}
    assert told == [
        ("profile.set", None, None, None, {"profile": 0, **place, **asked}),
        ("ticket.added", "t1", None, None, {**place, **fresh}),
        ("solver.batch", None, None, None, desk.events[2].data),
        ("offer.issued", "t1", "ann", "o-1", offered),
        ("offer.accepted", "t1", "ann", "o-1", held),
        ("ticket.replied", "t1", None, None, {"by": "agent", **asked}),
        ("assignment.wrapping", "t1", "ann", "o-1", {**held, "until": desk.at(30)}),
        ("assignment.completed", "t1", "ann", "o-1", held),
    ]
    assert desk.events[2].data == {
        "decision": decision,
        "tickets": 1,
        "agents": 1,
        "pairs": 1,
        "revision": 1,
        "offered": 1,
        "primal": worth,
        "dual": worth,
        "gap": 0.0,
    }


def test_numbers_are_dense():
    """No number is left out, whatever happens."""
    desk = Desk().furnish().staff("ann")
    desk.do("tickets.put", "t1", CHAT)
    desk.wait(7200)
    found = [event.seq for event in desk.events]
    assert found == list(range(found[0], found[0] + len(found)))
    assert found[-1] == int(desk.shard.machine.arrays.head[0]["seq"])


def test_a_frame_read_back_says_the_same_long_after():
    """Rows of tickets are used again and names are not lost by it."""
    desk = Desk().furnish().staff("ann")
    desk.do("revisions.put", "default", {"retention_s": 1}, sub=2)
    desk.do("revisions.activate", "default", sub=2)
    for n in range(3):
        desk.do("tickets.put", f"t{n}", {**CHAT, "ttl_s": 1})
        desk.do("agents.presence", "ann", {"presence": "away"})
        desk.wait(5)
        desk.do("agents.presence", "ann", {"presence": "available"})
    events = desk.events
    again = [
        event
        for frame in desk.frames
        for event in publish_recorded(desk.shard.directory, decode(frame))
    ]
    assert again[-len(events) :] == events
    assert {event.ticket for event in events if event.ticket} == {"t0", "t1", "t2"}


def test_configuration_and_prices_are_told_by_name():
    """Prices come in points, doors with their queue."""
    desk = Desk().furnish().staff("ann")
    desk.shard.machine.push(c.SET_PRICES, desk.at_us, [0, 1500])
    desk.do("agents.presence", "ann", {"presence": "away", "until": desk.at(60)})
    desk.do("agents.delete", "ann")
    told = [(event.type, event.agent or None, event.data) for event in desk.events]
    assert told == [
        ("prices.set", None, {"prices": {"ann": 1.5}, "reason": "asked"}),
        (
            "agent.presence_changed",
            "ann",
            {"presence": "away", "until": desk.at(60), "then": "available", "reason": "asked"},
        ),
        ("agent.removed", "ann", {"reason": "asked"}),
    ]


def test_the_fields_are_the_cores():
    """A field added to the core's record is noticed here."""
    assert len(layout.EVENT.names) == 14
