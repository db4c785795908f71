"""A shard: calls admitted one after the other, settled together."""

import pytest

from router.core.limits import COMMANDS_PER_CALL_MAX, COMMANDS_PER_RUN_MAX
from router.journal import encode_portrait, portray
from router.shard import COME_AGAIN, SPAN_US, claims_of
from router.wire.calls import Call
from tests.router.desk.floors import START_US, Desk

CHAT = {"queue": "help", "channel": "chat"}


def admit(desk, *calls):
    return [desk.shard.admit(call, desk.at_us) for call in calls]


def test_calls_of_a_settlement_are_decided_jointly():
    """Two tickets, two agents: each gets the one who suits it, whoever came first."""
    desk = Desk().furnish()
    desk.staff("ann", skills={"billing": 5}, units=1)
    desk.staff("bo", skills={"billing": 1, "refunds": 5}, units=1)
    easy = {**CHAT, "requirements": [{"skill": "billing", "mode": "preferred"}]}
    hard = {**CHAT, "requirements": [{"skill": "refunds"}]}
    assert admit(
        desk, desk.call("tickets.put", "t1", easy), desk.call("tickets.put", "t2", hard)
    ) == [None, None]
    assert [reply.body.state for reply in desk.settle()] == ["offered", "offered"]
    assert desk.do("offers.get", "o-1").agent != desk.do("offers.get", "o-2").agent


@pytest.mark.parametrize(
    ("first", "second"),
    [
        (("tickets.put", "t1", CHAT), ("tickets.put", "t1", CHAT)),
        (("tickets.put", "t1", CHAT), ("tickets.cancel", "t1", {})),
        (("tickets.batch", "", {"tickets": [{"id": "t1", **CHAT}]}), ("tickets.put", "t1", CHAT)),
        (("tickets.put", "t1", CHAT), ("tickets.batch", "", {"tickets": [{"id": "t1", **CHAT}]})),
        (("agents.put", "ann", {}), ("agents.presence", "ann", {"presence": "away"})),
        (("skills.put", "s", {}), ("skills.put", "s", {"label": "x"})),
        (("offers.accept", "o-1", None), ("offers.decline", "o-1", {})),
    ],
)
def test_two_calls_about_the_same_thing_take_two_settlements(first, second):
    """The second comes again, and then is answered by what the first made."""
    desk = Desk().furnish().staff("zoe")
    desk.do("tickets.put", "t0", CHAT)
    one, other = desk.call(*first), desk.call(*second)
    assert admit(desk, one, other) == [None, COME_AGAIN]
    assert len(desk.settle()) == 1
    assert admit(desk, other) != [COME_AGAIN]


def test_revisions_and_their_policy_are_the_same_thing():
    """An activation and a rollback do not fit into one settlement."""
    desk = Desk()
    desk.do("revisions.put", "default", {"base": "round_robin"}, sub=2)
    activation = desk.call("revisions.activate", "default", sub=2)
    rollback = desk.call("policies.rollback", "default")
    assert admit(desk, activation, rollback) == [None, COME_AGAIN]


def test_a_refused_call_claims_nothing():
    """What came to nothing keeps nobody waiting."""
    desk = Desk().furnish()
    bad = desk.call("tickets.put", "t1", {**CHAT, "queue": "q"})
    good = desk.call("tickets.put", "t1", CHAT)
    refusal, pending = admit(desk, bad, good)
    assert refusal.problem.code == "validation_failed"
    assert pending is None


def test_calls_about_different_things_do_not_wait_for_each_other():
    """Families have their own ids."""
    desk = Desk().furnish()
    calls = [desk.call(f"{family}.put", "x", {}) for family in ("skills", "groups", "queues")]
    assert admit(desk, *calls) == [None, None, None]


def test_a_settlement_takes_only_as_many_commands_as_a_run():
    """Further calls come again before the core's inbox is full, whatever they bring."""
    desk = Desk()
    limit = COMMANDS_PER_RUN_MAX - COMMANDS_PER_CALL_MAX
    desk.shard.machine._count = limit + 1
    assert admit(desk, desk.call("skills.put", "s", {})) == [COME_AGAIN]


# -- time ----------------------------------------------------------------------------------------------


def test_time_never_goes_back():
    """A clock that is set back stands still instead."""
    desk = Desk()
    desk.shard.settle(START_US - 1_000_000)
    assert desk.shard.at_us == START_US
    desk.shard.query(desk.call("statistics.get"), START_US - 5)
    assert desk.shard.at_us == START_US


def test_time_goes_on_only_a_little_while_calls_are_pending():
    """A ticket whose life is short is still there when its reply is written."""
    desk = Desk().furnish()
    desk.do("revisions.put", "default", {"retention_s": 1}, sub=2)
    desk.do("revisions.activate", "default", sub=2)
    admit(desk, desk.call("tickets.put", "t1", {**CHAT, "ttl_s": 0.1}))
    desk.at_us += 3_600_000_000
    (reply,) = desk.settle()
    assert (reply.status, reply.body.state) == (201, "expired")
    assert desk.sealed[-1].at_us == START_US + SPAN_US
    assert desk.shard.next_due_us() < desk.at_us
    desk.settle()
    assert desk.refuse("tickets.get", "t1").code == "unknown_resource"


def test_a_row_that_was_given_to_another_ticket_meanwhile_is_not_mistaken():
    """A verb on a ticket that is forgotten in the same run does not hit the ticket that gets its row."""
    desk = Desk().furnish()
    desk.do("revisions.put", "default", {"retention_s": 1}, sub=2)
    desk.do("revisions.activate", "default", sub=2)
    desk.do("tickets.put", "old", {**CHAT, "ttl_s": 1})
    desk.at_us += 3_600_000_000  # nobody woke the shard
    admit(desk, desk.call("tickets.put", "new", CHAT), desk.call("tickets.cancel", "old", {}))
    made, canceled = desk.settle()
    assert (made.status, made.body.state) == (201, "queued")
    assert canceled.problem.code == "unknown_resource"
    assert desk.shard.directory.rows == {"new": 0}
    told = [(event.type, event.ticket) for event in desk.events if event.ticket]
    assert told[-3:] == [
        ("ticket.expired", "old"),
        ("ticket.forgotten", "old"),
        ("ticket.added", "new"),
    ]


# -- keys ----------------------------------------------------------------------------------------------


def test_a_repeated_request_with_a_key_gets_the_same_answer_and_does_nothing():
    """A verb is done once, however often it is sent."""
    desk = Desk().furnish()
    desk.do("tickets.put", "t1", CHAT)
    first = desk.submit("tickets.escalate", "t1", {}, idempotency_key="k")
    again = desk.submit("tickets.escalate", "t1", {}, idempotency_key="k")
    assert (again.status, again.replayed, again.version) == (200, True, first.version)
    assert b'"priority":6' in bytes(again.body)
    assert desk.do("tickets.get", "t1").version == first.version


def test_a_key_is_for_one_request():
    """Another request with the same key is refused."""
    desk = Desk().furnish()
    desk.do("tickets.put", "t1", CHAT)
    desk.do("tickets.escalate", "t1", {}, idempotency_key="k")
    problem = desk.refuse("tickets.escalate", "t1", {"priority": 9}, idempotency_key="k")
    assert problem.code == "idempotency_mismatch"


def test_the_same_key_twice_in_a_settlement_comes_again():
    """Even where the calls name no id: a batch is done once."""
    desk = Desk().furnish()
    body = {"tickets": [{"id": "t1", **CHAT}]}
    call = desk.call("tickets.batch", "", body, idempotency_key="k")
    other = desk.call("skills.put", "s", {}, idempotency_key="k")
    assert admit(desk, call, other) == [None, COME_AGAIN]
    desk.settle()
    assert desk.shard.admit(call, desk.at_us).replayed


def test_answers_outlive_a_restart():
    """A client that repeats itself after the server fell gets the answer it missed."""
    desk = Desk().furnish()
    desk.do("tickets.put", "t1", CHAT)
    desk.do("tickets.escalate", "t1", {}, idempotency_key="k")
    again = desk.call("tickets.escalate", "t1", {}, idempotency_key="k")
    assert desk.recovered().admit(again, desk.at_us).replayed


def test_refusals_of_the_core_are_answers_too():
    """Repeated, a refused request is refused in the same words."""
    desk = Desk().furnish()
    desk.do("tickets.put", "t1", CHAT)
    first = desk.submit("tickets.resume", "t1", {}, idempotency_key="k")
    again = desk.submit("tickets.resume", "t1", {}, idempotency_key="k")
    assert (first.status, again.status, again.replayed) == (409, 409, True)


# -- restarts ------------------------------------------------------------------------------------------


def test_a_shard_is_rebuilt_from_its_frames():
    """Names, documents, offers, sequence numbers and the core itself are what they were."""
    desk = Desk().furnish()
    calls = [
        desk.call("tickets.put", "t1", CHAT),
        desk.call("agents.put", "ann", {"languages": {"pt-BR": 3}}),
    ]
    assert admit(desk, *calls) == [None, None]
    desk.settle()
    desk.staff("ann", "bo")
    desk.do("tickets.put", "t2", {**CHAT, "language": {"tag": "en"}})
    desk.do("offers.accept", "o-1")
    desk.wait(40)
    old, new = desk.shard, desk.recovered()
    assert new.machine.digest() == old.machine.digest()
    assert new.directory.names[8].ids == old.directory.names[8].ids
    assert new.directory.documents == old.directory.documents
    assert new.directory.rows == old.directory.rows
    assert new.history.works == old.history.works
    assert new.history.decisions == old.history.decisions
    assert new.history.ticket_seq == old.history.ticket_seq
    assert new.profiles.words == old.profiles.words
    body = desk.call("tickets.put", "t3", CHAT)
    for shard in (old, new):
        assert shard.admit(body, desk.at_us) is None
        (reply,) = shard.settle(desk.at_us)[1]
        assert reply.status == 201
    assert new.machine.digest() == old.machine.digest()


def test_a_portrait_shows_one_moment_however_late_it_is_encoded():
    """A snapshot is encoded while the shard goes on: what follows must not get into it, or it would fold twice."""
    desk = Desk().furnish().staff("ann")
    desk.do("tickets.put", "t1", CHAT)
    portrait = portray(desk.shard)
    blob = encode_portrait(portrait)
    desk.do("offers.decline", "o-1")
    desk.do("tickets.cancel", "t1", {"reason": "nobody is left"})
    desk.do("agents.presence", "ann", {"presence": "away", "activity": "lunch"})
    desk.staff("bo")
    desk.do("tickets.put", "t2", CHAT)
    assert encode_portrait(portrait) == blob


def test_what_a_call_is_about():
    """Its id in its family, every ticket of a batch, and its key."""
    desk = Desk()
    batch = desk.call("tickets.batch", "", {"tickets": [{"id": "a", **CHAT}, {"id": "b", **CHAT}]})
    assert claims_of(batch) == [("tickets", "a"), ("tickets", "b")]
    assert claims_of(Call("offers.accept", id="o-1", idempotency_key="k")) == [
        ("offers", "o-1"),
        ("", "k"),
    ]
    assert claims_of(Call("agents.heartbeat", id="ann")) == []
