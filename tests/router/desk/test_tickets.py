"""What tickets ask for: put, patch, transfer, escalate, batches."""

from router.wire.codec import decode_body
from router.wire.routes import BY_NAME
from tests.router.desk.floors import Desk, pointers

CHAT = {"queue": "help", "channel": "chat"}
BILLING = {**CHAT, "requirements": [{"skill": "billing", "min_level": 2}]}


def test_a_ticket_is_made_and_offered_in_one_settlement():
    """The reply already says who was asked."""
    desk = Desk().furnish().staff("ann")
    made = desk.submit("tickets.put", "t1", BILLING)
    assert (made.status, made.location) == (201, "/v1/tickets/t1")
    assert (made.body.state, made.body.offers, made.body.agent) == ("offered", ["o-1"], None)
    assert made.version == made.body.version == 2
    assert desk.types() == ["profile.set", "ticket.added", "solver.batch", "offer.issued"]


def test_the_same_ticket_put_twice_is_one_ticket():
    """A client that repeats itself after a lost answer does no harm."""
    desk = Desk().furnish().staff("ann")
    first = desk.submit("tickets.put", "t1", BILLING)
    desk.events.clear()
    second = desk.submit("tickets.put", "t1", BILLING)
    assert (second.status, second.version, second.body) == (200, first.version, first.body)
    assert desk.types() == []


def test_put_replaces_what_a_live_ticket_asks_for_and_keeps_its_age():
    """A new description takes effect at once; the offer to who no longer fits is withdrawn."""
    desk = Desk().furnish().staff("ann")
    created = desk.do("tickets.put", "t1", BILLING).created_at
    desk.wait(5)
    body = {**CHAT, "requirements": [{"skill": "refunds"}], "priority": 7}
    replaced = desk.submit("tickets.put", "t1", body)
    assert replaced.status == 200
    assert (replaced.body.state, replaced.body.priority) == ("queued", 7)
    assert replaced.body.created_at == created
    assert int(desk.shard.machine.arrays.tickets[0]["start_us"]) == desk.at_us - 5_000_000
    assert desk.do("offers.get", "o-1").state == "revoked"


def test_conditions_on_versions_hold():
    """If-Match and If-None-Match keep writers from each other's way."""
    desk = Desk().furnish()
    assert desk.refuse("tickets.put", "t1", CHAT, if_match=1).code == "etag_mismatch"
    desk.do("tickets.put", "t1", CHAT, if_none_match=True)
    problem = desk.refuse("tickets.put", "t1", BILLING, if_none_match=True)
    assert (problem.code, problem.current_version) == ("already_exists", 1)
    for name, body in (("put", BILLING), ("patch", {"priority": 1}), ("cancel", {})):
        problem = desk.refuse(f"tickets.{name}", "t1", body, if_match=7)
        assert (problem.code, problem.current_version) == ("etag_mismatch", 1)
    assert desk.submit("tickets.patch", "t1", {"priority": 1}, if_match=1).version == 2


def test_every_unknown_name_of_a_ticket_is_told_at_once():
    """One round trip is enough to correct a body."""
    desk = Desk()
    body = {
        "queue": "q",
        "channel": "c",
        "region": "r",
        "language": {"tag": "fi"},
        "groups": ["g"],
        "requirements": [{"skill": "s"}],
        "relax": [{"after_s": 1, "drop": ["s"], "queue": "p"}],
        "preferred_agents": [{"agent": "a"}],
        "virtual_start": desk.at(60),
    }
    assert pointers(desk.refuse("tickets.put", "t1", body)) == [
        "/queue",
        "/channel",
        "/region",
        "/language/tag",
        "/groups/0",
        "/requirements/0/skill",
        "/relax/0/queue",
        "/relax/0/drop/0",
        "/virtual_start",
        "/preferred_agents/0/agent",
    ]


def test_a_replaced_ticket_is_checked_like_a_new_one():
    """Unknown names are refused whichever way they come, and the ticket stays as it was."""
    desk = Desk().furnish()
    desk.do("tickets.put", "t1", CHAT)
    body = {**CHAT, "queue": "q", "preferred_agents": [{"agent": "a"}]}
    assert pointers(desk.refuse("tickets.put", "t1", body)) == [
        "/queue",
        "/preferred_agents/0/agent",
    ]
    body = {**CHAT, "preferred_agents": [{"agent": "a"}]}
    assert pointers(desk.refuse("tickets.put", "t1", body)) == ["/preferred_agents/0/agent"]
    assert pointers(desk.refuse("tickets.patch", "t1", {"queue": "q"})) == ["/queue"]
    assert desk.do("tickets.get", "t1").version == 1


def test_what_nobody_can_ever_take_is_said_so():
    """A ticket that no configured agent matches is taken, with a warning."""
    desk = Desk().furnish().staff("ann")
    body = {**CHAT, "requirements": [{"skill": "refunds"}]}
    warnings = desk.do("tickets.put", "t1", body).warnings
    assert [warned.code for warned in warnings] == ["no_eligible_agent"]
    assert desk.do("tickets.put", "t2", CHAT).warnings == []


def test_a_preferred_agent_is_asked_first():
    """A preference outweighs that another has waited longer."""
    desk = Desk().furnish().staff("ann", "bo")
    body = {**CHAT, "preferred_agents": [{"agent": "bo", "ttl_s": 60}]}
    desk.do("tickets.put", "t1", body)
    assert desk.do("offers.get", "o-1").agent == "bo"


def test_a_scheduled_ticket_waits_for_its_start_which_can_be_moved():
    """start_at holds a ticket back; another PUT moves it."""
    desk = Desk().furnish().staff("ann")
    assert desk.do("tickets.put", "t1", {**CHAT, "start_at": desk.at(600)}).state == "scheduled"
    desk.do("tickets.patch", "t1", {"start_at": desk.at(60)})
    desk.wait(59)
    assert desk.do("tickets.get", "t1").state == "scheduled"
    desk.wait(1)
    assert desk.do("tickets.get", "t1").state == "offered"


def test_a_scheduled_ticket_whose_start_is_taken_back_starts_at_once():
    """null resets, as in any merge patch."""
    desk = Desk().furnish().staff("ann")
    desk.do("tickets.put", "t1", {**CHAT, "start_at": desk.at(600)})
    assert desk.do("tickets.patch", "t1", {"start_at": None}).state == "offered"


def test_a_back_dated_ticket_is_as_old_as_it_says():
    """The wait began before the ticket came here, so it goes first."""
    desk = Desk().furnish()
    desk.do("tickets.put", "t1", CHAT)
    desk.do("tickets.put", "t2", {**CHAT, "virtual_start": desk.at(-60)})
    assert [desk.do("tickets.position", t).position for t in ("t1", "t2")] == [2, 1]


def test_promises_come_from_the_queue_unless_the_ticket_brings_its_own():
    """A ticket's own promise counts; what it leaves out is the queue's."""
    desk = Desk().furnish()
    sla = {"first_response_s": 60, "resolution_s": 600}
    desk.do("queues.put", "help", {"sla": sla, "ticket_ttl_s": 3600, "default_priority": 2})
    desk.do("tickets.put", "t1", {**CHAT, "sla": {"first_response_s": 30}})
    t = desk.shard.machine.arrays.tickets[0]
    assert int(t["first_due_us"]) == desk.at_us + 30_000_000
    assert int(t["resolve_due_us"]) == desk.at_us + 600_000_000
    assert int(t["expire_us"]) == desk.at_us + 3_600_000_000
    assert int(t["priority"]) == 2


def test_promises_stand_still_while_the_queue_is_closed_if_it_says_so():
    """One hour promised at half past four falls due half an hour after the next opening."""
    desk = Desk().furnish()
    days = ["mon", "tue", "wed", "thu", "fri"]
    weekly = [{"days": days, "open": "09:00", "close": "17:00"}]
    desk.do("calendars.put", "hours", {"time_zone": "UTC", "weekly": weekly})
    sla = {"first_response_s": 3600, "clock": "calendar"}
    desk.do("queues.put", "help", {"calendar": "hours", "sla": sla})
    desk.wait(7.5 * 3600)
    desk.do("tickets.put", "t1", CHAT)
    due_us = int(desk.shard.machine.arrays.tickets[0]["first_due_us"])
    assert due_us == desk.at_us + 17 * 3_600_000_000


def test_patch_merges_and_a_wrong_result_is_refused():
    """What is left out stays; what results is checked as a whole."""
    desk = Desk().furnish().staff("ann", languages={"en": 5, "pt": 2})
    desk.do("tickets.put", "t1", {**BILLING, "language": {"tag": "pt", "min_level": 2}})
    ticket = desk.submit("tickets.patch", "t1", {"language": {"min_level": 4}, "priority": 9})
    assert (ticket.body.state, ticket.body.priority) == ("queued", 9)
    whole = desk.do("tickets.get", "t1")
    assert (whole.language.tag, whole.language.min_level) == ("pt", 4)
    assert whole.requirements[0].skill == "billing"
    desk.do("tickets.patch", "t1", {"language": None})
    problem = desk.refuse("tickets.patch", "t1", {"language": {"min_level": 3}})
    assert pointers(problem) == ["/language/tag"]


def test_transfer_sends_a_ticket_elsewhere_even_from_who_has_it():
    """The assignment ends, the ticket waits in the other queue with its age."""
    desk = Desk().furnish().staff("ann", queues=["help"])
    desk.do("tickets.put", "t1", CHAT)
    desk.do("offers.accept", "o-1")
    ticket = desk.do("tickets.transfer", "t1", {"queue": "sales"})
    assert (ticket.state, ticket.queue, ticket.agent) == ("queued", "sales", None)
    assert desk.do("assignments.get", "a-1").state == "released"
    bad = {"queue": "q"}
    assert pointers(desk.refuse("tickets.transfer", "t1", bad)) == ["/queue"]
    bad = {"language": {"min_level": 3}}
    assert pointers(desk.refuse("tickets.transfer", "t1", bad)) == ["/language/tag"]


def test_escalation_raises_the_priority_by_one_or_as_asked():
    """Without a priority it rises by one and stays at nine; the agent keeps the ticket."""
    desk = Desk().furnish().staff("ann")
    desk.do("tickets.put", "t1", CHAT)
    desk.do("offers.accept", "o-1")
    ticket = desk.do("tickets.escalate", "t1", {})
    assert (ticket.priority, ticket.state) == (6, "assigned")
    assert desk.do("tickets.escalate", "t1", {"priority": 9}).priority == 9
    assert desk.do("tickets.escalate", "t1", {}).priority == 9
    bad = {"language": {"min_level": 3}}
    assert pointers(desk.refuse("tickets.escalate", "t1", bad)) == ["/language/tag"]


def test_escalation_that_asks_for_more_lets_the_ticket_wait_again():
    """Who does not meet the new requirements loses the ticket."""
    desk = Desk().furnish().staff("ann")
    desk.do("tickets.put", "t1", CHAT)
    desk.do("offers.accept", "o-1")
    body = {"requirements": [{"skill": "billing", "min_level": 5}]}
    ticket = desk.do("tickets.escalate", "t1", body)
    assert (ticket.priority, ticket.state) == (6, "queued")


# -- batches -------------------------------------------------------------------------------------------


def batch(desk, *tickets):
    return desk.do("tickets.batch", body={"tickets": list(tickets)}).results


def test_each_ticket_of_a_batch_is_done_or_refused_by_itself():
    """New, replaced, unknown names, an unreadable one, one twice: each has its own result."""
    desk = Desk().furnish().staff("ann")
    desk.do("tickets.put", "old", CHAT)
    desk.do("tickets.put", "over", CHAT)
    desk.do("tickets.cancel", "over", {})
    results = batch(
        desk,
        {"id": "t1", **BILLING},
        {"id": "old", **CHAT, "priority": 9},
        {"id": "t2", **CHAT, "queue": "q"},
        {"id": "t3", **CHAT, "priority": 11},
        {"id": "over", **CHAT},
        {"id": "t4", **CHAT, "requirements": [{"skill": "refunds"}]},
    )
    found = [(r.id, r.status) for r in results]
    assert found == [
        ("t1", 201),
        ("old", 200),
        ("t2", 422),
        ("t3", 422),
        ("over", 409),
        ("t4", 201),
    ]
    assert (results[0].state, results[0].version) == ("offered", 2)
    assert results[1].version == 3
    assert pointers(results[2].problem) == ["/queue"]
    assert [warned.code for warned in results[5].warnings] == ["no_eligible_agent"]
    assert desk.do("tickets.get", "old").priority == 9


def test_a_ticket_that_a_batch_has_twice_is_made_once():
    """The second is refused, the first stands."""
    desk = Desk().furnish()
    results = batch(desk, {"id": "t1", **CHAT}, {"id": "t1", **CHAT, "priority": 9})
    assert [r.status for r in results] == [201, 422]
    assert len(desk.do("tickets.list").items) == 1


def test_tickets_of_a_batch_come_out_as_if_each_were_sent_alone():
    """Tickets that ask for the same share a command's words, and nothing else of what becomes of them."""
    asked = (
        CHAT,
        BILLING,
        {**CHAT, "priority": 9},
        {**CHAT, "ttl_s": 60.0},
        {**CHAT, "preferred_agents": [{"agent": "ann"}]},
        {**CHAT, "sla": {"first_response_s": 5.0}},
        {**CHAT, "start_at": "2100-01-01T00:00:00Z"},
    )
    tickets = [{"id": f"t{n}", "customer": f"c{n}", **asked[n % 7]} for n in range(21)]
    joint, alone = (Desk().furnish().staff("ann") for _ in range(2))
    batch(joint, *tickets)
    for ticket in tickets:
        batch(alone, ticket)
    for ticket in tickets:
        one, two = (desk.do("tickets.get", ticket["id"]) for desk in (joint, alone))
        assert one.state in ("queued", "offered", "scheduled")
        for field in ("priority", "customer", "start_at", "queue", "relax_step", "sla"):
            assert getattr(one, field) == getattr(two, field), (ticket, field)
    words = joint.sealed[-1].batch.command_words
    assert len(words) < 8 * 9 * 14, "two of three tickets brought no words of their own"


def test_a_full_shard_refuses_what_does_not_fit():
    """The tickets that fit are made; the others are refused, alone and in a batch."""
    desk = Desk().furnish()
    desk.shard.machine.tickets_max = 2
    results = batch(desk, *({"id": f"t{n}", **CHAT} for n in range(3)))
    assert [r.status for r in results] == [201, 201, 503]
    assert results[2].problem.code == "limit_reached"
    assert desk.refuse("tickets.put", "t9", CHAT).code == "limit_reached"


def test_a_batch_ticket_can_be_changed_like_any_other():
    """Where a ticket came from makes no difference later, not even after a restart."""
    desk = Desk().furnish()
    batch(desk, {"id": "t1", **CHAT})
    assert desk.do("tickets.patch", "t1", {"priority": 8}).priority == 8
    batch(desk, {"id": "t2", **CHAT, "customer": "c1"})
    shard = desk.recovered()
    assert shard.directory.documents[9]["t2"].body == decode_body(
        b'{"queue": "help", "channel": "chat", "customer": "c1"}',
        "application/json",
        BY_NAME["tickets.put"].body,
    )
