"""Skills, groups, channels, calendars, regions and queues."""

import pytest

from router.core import codes as c
from router.desk.registry import CHANNELS, FAMILIES
from tests.router.desk.floors import Desk, pointers

CALENDAR = {
    "time_zone": "Europe/Lisbon",
    "weekly": [{"days": ["mon"], "open": "09:00", "close": "17:00"}],
}
BODIES = {
    "skills": ({"label": "Bills"}, {"label": "Money"}),
    "groups": ({"label": "VIP"}, {}),
    "channels": ({"cost": 2}, {"cost": 3, "max_per_agent": 1}),
    "calendars": (CALENDAR, {"time_zone": "UTC"}),
    "regions": ({"time_zone": "Asia/Tokyo"}, {"time_zone": "UTC"}),
    "queues": ({"label": "Help"}, {"offers_parallel": 2}),
}


def test_every_family_is_tried():
    """The bodies below are of all families there are."""
    assert BODIES.keys() == FAMILIES.keys()


@pytest.mark.parametrize("family", FAMILIES)
def test_one_is_made_changed_read_listed_and_removed(family):
    """The four verbs agree with each other, and versions tell changes."""
    first, second = BODIES[family]
    desk = Desk()
    made = desk.submit(f"{family}.put", "x", first)
    assert (made.status, made.version, made.location) == (201, 1, f"/v1/{family}/x")
    changed = desk.submit(f"{family}.put", "x", second)
    assert (changed.status, changed.version) == (200, 2)
    read = desk.submit(f"{family}.get", "x")
    assert (read.body, read.version) == (changed.body, 2)
    assert changed.body in desk.do(f"{family}.list").items
    assert desk.submit(f"{family}.delete", "x").status == 204
    assert desk.refuse(f"{family}.get", "x").code == "unknown_resource"
    assert desk.refuse(f"{family}.delete", "x").code == "unknown_resource"
    assert changed.body not in desk.do(f"{family}.list").items


@pytest.mark.parametrize("family", FAMILIES)
def test_the_same_again_changes_nothing(family):
    """A repeated request is harmless: no new version, no event, nothing to journal."""
    desk = Desk()
    desk.do(f"{family}.put", "x", BODIES[family][0])
    desk.events.clear()
    again = desk.submit(f"{family}.put", "x", BODIES[family][0])
    assert (again.status, again.version) == (200, 1)
    assert desk.types() == []
    assert desk.sealed[-1].documents == []


@pytest.mark.parametrize("family", FAMILIES)
def test_conditions_on_versions_hold(family):
    """If-Match and If-None-Match keep writers from each other's way."""
    first, second = BODIES[family]
    desk = Desk()
    assert desk.refuse(f"{family}.put", "x", first, if_match=1).code == "etag_mismatch"
    desk.do(f"{family}.put", "x", first, if_none_match=True)
    problem = desk.refuse(f"{family}.put", "x", second, if_none_match=True)
    assert (problem.code, problem.current_version) == ("already_exists", 1)
    problem = desk.refuse(f"{family}.put", "x", second, if_match=7)
    assert (problem.code, problem.current_version) == ("etag_mismatch", 1)
    desk.do(f"{family}.put", "x", second, if_match=1)
    assert desk.refuse(f"{family}.delete", "x", if_match=1).code == "etag_mismatch"
    assert desk.submit(f"{family}.delete", "x", if_match=2).status == 204


def test_lists_come_in_pages():
    """Following the cursors gives every id once, in order."""
    desk = Desk()
    for n in range(7):
        desk.do("skills.put", f"s{n}", {})
    found, cursor = [], None
    while True:
        query = {"limit": 3} if cursor is None else {"limit": 3, "cursor": cursor}
        page = desk.do("skills.list", query=query)
        found += [item.id for item in page.items]
        cursor = page.next
        if cursor is None:
            break
    assert found == [f"s{n}" for n in range(7)]


def test_a_cursor_that_is_none_is_refused():
    """A made-up cursor is an error of the request, not of the server."""
    problem = Desk().refuse("skills.list", query={"cursor": "a"})
    assert pointers(problem) == ["?cursor"]


def test_the_default_channels_exist_from_the_start():
    """A fresh floor can take chats, mails, calls, messages, tasks and call-backs."""
    desk = Desk()
    listed = {item.id: item for item in desk.do("channels.list").items}
    assert listed.keys() == CHANNELS.keys()
    assert (listed["voice"].cost, listed["voice"].interrupts) == (4, True)
    rows = desk.shard.machine.arrays.channels
    assert [int(rows[i]["cost"]) for i in range(6)] == [1, 1, 4, 1, 1, 4]


def test_there_are_only_so_many_channels():
    """The seventeenth channel is refused, and a deleted one keeps its number."""
    desk = Desk()
    for n in range(10):
        desk.do("channels.put", f"c{n}", {})
    assert desk.refuse("channels.put", "more", {}).code == "limit_reached"
    desk.do("channels.delete", "c0")
    assert desk.refuse("channels.put", "more", {}).code == "limit_reached"
    assert desk.submit("channels.put", "c0", {}).status == 201


def test_what_is_referred_to_stays():
    """Each kind of reference keeps what it names from being removed, and the refusal names it."""
    desk = Desk().furnish()
    desk.do("calendars.put", "hours", CALENDAR)
    desk.do("regions.put", "eu", {"calendar": "hours"})
    desk.do("regions.put", "us", {"distance": {"eu": 50}})
    desk.do("queues.put", "help", {"overflow": {"queue": "sales", "after_s": 60}})
    body = {"skills": {"billing": 1}, "groups": ["vip"], "channels": {"chat": {}}, "region": "us"}
    desk.do("agents.put", "ann", body)
    uses = {
        ("calendars", "hours"): "region 'eu'",
        ("regions", "eu"): "region 'us'",
        ("regions", "us"): "agent 'ann'",
        ("queues", "sales"): "queue 'help'",
        ("skills", "billing"): "agent 'ann'",
        ("groups", "vip"): "agent 'ann'",
        ("channels", "chat"): "agent 'ann'",
    }
    for (family, id_), user in uses.items():
        problem = desk.refuse(f"{family}.delete", id_)
        assert problem.code == "in_use"
        assert user in (problem.detail or "")


def test_live_tickets_keep_what_they_ask_for():
    """What a live ticket names cannot be removed; once it has ended, it can."""
    desk = Desk().furnish()
    body = {
        "queue": "help",
        "channel": "messaging",
        "groups": ["vip"],
        "requirements": [{"skill": "billing"}],
        "relax": [{"after_s": 5, "drop": ["billing"], "queue": "sales"}],
    }
    desk.do("tickets.put", "t1", body)
    named = (
        ("queues", "help"),
        ("queues", "sales"),
        ("channels", "messaging"),
        ("groups", "vip"),
        ("skills", "billing"),
    )
    for family, id_ in named:
        assert "ticket 't1'" in (desk.refuse(f"{family}.delete", id_).detail or "")
    desk.do("tickets.cancel", "t1", {})
    for family, id_ in named:
        desk.do(f"{family}.delete", id_)


def test_a_queue_is_kept_for_a_ticket_that_overflowed_into_it():
    """A ticket may be in a queue that nothing names any more."""
    desk = Desk().furnish()
    desk.do("queues.put", "help", {"overflow": {"queue": "sales", "after_s": 10}})
    desk.do("tickets.put", "t1", {"queue": "help", "channel": "chat"})
    desk.wait(11)
    assert desk.do("tickets.get", "t1").queue == "sales"
    desk.do("queues.put", "help", {})
    assert "ticket 't1'" in (desk.refuse("queues.delete", "sales").detail or "")


def test_a_removed_skill_is_unknown_to_tickets_that_were_fine_before():
    """What was compiled before a removal is not used after it."""
    desk = Desk().furnish()
    body = {"queue": "help", "channel": "chat", "requirements": [{"skill": "billing"}]}
    desk.do("tickets.put", "t1", body)
    desk.do("tickets.cancel", "t1", {})
    desk.do("skills.delete", "billing")
    assert pointers(desk.refuse("tickets.put", "t2", body)) == ["/requirements/0/skill"]


def test_every_unknown_name_of_a_queue_is_told_at_once():
    """One round trip is enough to correct a body."""
    desk = Desk()
    body = {
        "calendar": "c",
        "overflow": {"queue": "q", "after_s": 1},
        "relax": [
            {"after_s": 1, "drop": ["s"], "min_level": {"t": 1}, "groups_add": ["g"], "queue": "r"}
        ],
    }
    problem = desk.refuse("queues.put", "x", body)
    assert pointers(problem) == [
        "/calendar",
        "/overflow/queue",
        "/relax/0/queue",
        "/relax/0/drop/0",
        "/relax/0/min_level/t",
        "/relax/0/groups_add/0",
    ]


def test_a_queue_does_not_overflow_into_itself_nor_count_hours_without_a_calendar():
    """Contradictions in a queue are found before tickets meet them."""
    desk = Desk()
    body = {"overflow": {"queue": "x", "after_s": 1}, "sla": {"clock": "calendar"}}
    assert pointers(desk.refuse("queues.put", "x", body)) == ["/calendar", "/overflow/queue"]


def test_a_calendar_needs_a_known_time_zone():
    """A zone that no database has is refused by name."""
    desk = Desk()
    problem = desk.refuse("calendars.put", "x", {"time_zone": "Mars/Olympus"})
    assert pointers(problem) == ["/time_zone"]
    assert pointers(desk.refuse("regions.put", "x", {"time_zone": "Mars/Olympus"})) == [
        "/time_zone"
    ]


def test_a_calendar_says_whether_it_is_open_and_when_that_changes():
    """At nine on a Monday in November, Lisbon has just opened."""
    calendar = Desk().do("calendars.put", "hours", CALENDAR)
    assert calendar.open_now
    assert calendar.next_change_at == "2026-11-23T17:00:00.000000Z"


def distance(desk, one, other):
    index = desk.shard.directory.names[3].index_of
    return int(desk.shard.machine.arrays.distance[index[one], index[other]])


def test_distances_are_symmetric_and_the_later_word_counts():
    """A region's distances hold both ways; taken out, the other's word or 0 counts again."""
    desk = Desk()
    desk.do("regions.put", "eu", {})
    desk.do("regions.put", "us", {"distance": {"eu": 50}})
    assert (distance(desk, "eu", "us"), distance(desk, "us", "eu")) == (50, 50)
    desk.do("regions.put", "eu", {"distance": {"us": 70}})
    assert (distance(desk, "eu", "us"), distance(desk, "us", "eu")) == (70, 70)
    desk.do("regions.put", "eu", {})
    assert (distance(desk, "eu", "us"), distance(desk, "us", "eu")) == (50, 50)
    desk.do("regions.put", "us", {})
    assert distance(desk, "eu", "us") == 0


def test_a_region_names_known_regions_and_is_near_itself():
    """Distances lead somewhere."""
    desk = Desk()
    problem = desk.refuse("regions.put", "eu", {"distance": {"us": 5, "eu": 5}, "calendar": "c"})
    assert pointers(problem) == ["/calendar", "/distance/us", "/distance/eu"]


def test_a_channels_new_defaults_reach_the_agents_that_follow_them():
    """Who has an own cost keeps it; everybody else's changes with the channel."""
    desk = Desk().furnish().staff("ann")
    desk.staff("bo", channels={"chat": {"cost": 3, "max": 1}})
    desk.do("channels.put", "chat", {"cost": 2, "max_per_agent": 5})
    arrays = desk.shard.machine.arrays
    assert arrays.agent_cost[:2, 0].tolist() == [2, 3]
    assert arrays.agent_max[:2, 0].tolist() == [5, 1]


def test_a_new_channel_can_be_offered_to_agents_who_were_there_before():
    """An agent follows a channel that came after it."""
    desk = Desk().furnish().staff("ann")
    desk.do("channels.put", "fax", {"cost": 1})
    assert desk.do("tickets.put", "t1", {"queue": "help", "channel": "fax"}).state == "offered"


def test_a_queues_new_relaxation_holds_for_tickets_to_come():
    """Tickets that wait keep what they came with."""
    desk = Desk().furnish()
    body = {"queue": "help", "channel": "chat", "requirements": [{"skill": "billing"}]}
    desk.do("tickets.put", "t1", body)
    desk.do("queues.put", "help", {"relax": [{"after_s": 10, "drop": ["billing"]}]})
    desk.do("tickets.put", "t2", body)
    desk.wait(11)
    assert [desk.do("tickets.get", id_).relax_step for id_ in ("t1", "t2")] == [0, 1]


def test_something_named_in_the_settlement_that_makes_it_is_known():
    """Calls that are settled together see each other in the order they came."""
    desk = Desk()
    shard = desk.shard
    for call in (
        desk.call("skills.put", "billing", {}),
        desk.call("agents.put", "ann", {"skills": {"billing": 2}}),
    ):
        assert shard.admit(call, desk.at_us) is None
    assert [reply.status for reply in desk.settle()] == [201, 201]


def test_a_removal_waits_for_a_settlement_that_begins_with_it():
    """Tickets that are being added are not listed yet, so a removal comes again."""
    desk = Desk().furnish()
    ticket = desk.call("tickets.put", "t1", {"queue": "help", "channel": "chat"})
    removal = desk.call("queues.delete", "help")
    assert desk.shard.admit(ticket, desk.at_us) is None
    assert desk.shard.admit(removal, desk.at_us) == ()
    desk.settle()
    assert desk.shard.admit(removal, desk.at_us).problem.code == "in_use"


def test_events_tell_what_was_configured():
    """Who follows the stream sees the floor change, by name."""
    desk = Desk()
    desk.events.clear()
    desk.do("regions.put", "eu", {})
    desk.do("regions.put", "us", {"distance": {"eu": 50}})
    desk.do("channels.put", "fax", {})
    desk.do("queues.put", "help", {})
    told = [(event.type, event.data) for event in desk.events]
    assert told == [
        (
            "region.distance_set",
            {"distances": [["us", "eu", 50], ["eu", "us", 50]], "reason": "asked"},
        ),
        ("channel.set", {"channel": "fax", "reason": "asked"}),
        ("queue.set", {"queue": "help", "reason": "asked"}),
    ]
    assert c.REASONS[c.BECAUSE_ASKED] == "asked"
