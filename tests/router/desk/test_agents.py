"""Agents: configuration, presence, heartbeats."""

import pytest

from router.core import codes as c
from router.core.limits import NEVER_US
from tests.router.desk.floors import START_US, Desk, pointers

CHAT = {"queue": "help", "channel": "chat"}


def test_an_agent_is_made_read_patched_listed_and_removed():
    """The verbs on an agent agree with each other."""
    desk = Desk().furnish()
    made = desk.submit("agents.put", "ann", {"name": "Ann", "skills": {"billing": 3}, "units": 6})
    assert (made.status, made.version, made.location) == (201, 1, "/v1/agents/ann")
    assert (made.body.presence, made.body.units, made.body.seq) == ("offline", 6, 10)
    patched = desk.submit("agents.patch", "ann", {"name": None, "skills": {"refunds": 1}})
    assert (patched.status, patched.version) == (200, 2)
    assert patched.body.name is None
    assert patched.body.skills == {"billing": 3, "refunds": 1}
    assert desk.do("agents.get", "ann") == patched.body
    assert desk.do("agents.list").items == [patched.body]
    assert desk.submit("agents.delete", "ann").status == 204
    for name in ("get", "delete", "drain", "heartbeat", "offers"):
        assert desk.refuse(f"agents.{name}", "ann").code == "unknown_resource"
    assert desk.refuse("agents.patch", "ann", {}).code == "unknown_resource"
    body = {"presence": "away"}
    assert desk.refuse("agents.presence", "ann", body).code == "unknown_resource"


def test_a_removed_agent_can_come_back():
    """The name keeps its number, and the agent starts offline."""
    desk = Desk().furnish().staff("ann")
    desk.do("agents.delete", "ann")
    back = desk.submit("agents.put", "ann", {"units": 2})
    assert (back.status, back.body.presence) == (201, "offline")
    assert desk.shard.directory.names[6].ids == ["ann"]


def test_what_a_removed_agent_held_goes_back_to_its_queue():
    """Work is not lost with an agent."""
    desk = Desk().furnish().staff("ann")
    desk.do("tickets.put", "t1", CHAT)
    desk.do("offers.accept", "o-1")
    desk.do("tickets.put", "t2", CHAT)
    desk.do("agents.delete", "ann")
    assert [desk.do("tickets.get", t).state for t in ("t1", "t2")] == ["queued", "queued"]


def test_the_same_configuration_again_changes_nothing():
    """A repeated PUT is harmless."""
    desk = Desk().furnish().staff("ann")
    version = desk.do("agents.get", "ann").version
    again = desk.submit("agents.put", "ann", {"skills": {"billing": 3}, "languages": {"en": 5}})
    assert (again.status, again.version) == (200, version)
    assert desk.types() == []


def test_every_unknown_name_of_an_agent_is_told_at_once():
    """One round trip is enough to correct a body."""
    body = {
        "groups": ["g"],
        "queues": ["q"],
        "region": "r",
        "skills": {"s": 1},
        "channels": {"c": {}},
        "shift": "h",
    }
    expected = ["/groups/0", "/queues/0", "/region", "/skills/s", "/channels/c", "/shift"]
    assert pointers(Desk().refuse("agents.put", "ann", body)) == expected


def test_conditions_on_versions_hold():
    """If-Match and If-None-Match keep writers from each other's way."""
    desk = Desk().furnish().staff("ann")
    assert desk.refuse("agents.put", "bo", {}, if_match=1).code == "etag_mismatch"
    assert desk.refuse("agents.put", "ann", {}, if_none_match=True).code == "already_exists"
    problem = desk.refuse("agents.patch", "ann", {"units": 1}, if_match=1)
    assert (problem.code, problem.current_version) == ("etag_mismatch", 2)
    assert desk.refuse("agents.delete", "ann", if_match=1).code == "etag_mismatch"
    assert desk.submit("agents.patch", "ann", {"units": 1}, if_match=2).status == 200


def test_there_are_only_so_many_agents():
    """The limit is told as one."""
    desk = Desk()
    desk.shard.machine.agents_max = 1
    desk.do("agents.put", "ann", {})
    assert desk.refuse("agents.put", "bo", {}).code == "limit_reached"


def test_lists_choose_by_group_queue_and_presence():
    """Each filter leaves out who does not fit."""
    desk = Desk().furnish().staff("ann", groups=["vip"]).staff("bo", queues=["sales"])
    desk.do("agents.put", "cy", {"queues": ["help"]})

    def listed(**query):
        return [agent.id for agent in desk.do("agents.list", query=query).items]

    assert listed() == ["ann", "bo", "cy"]
    assert listed(group="vip") == ["ann"]
    assert listed(queue="sales") == ["ann", "bo"]
    assert listed(presence="offline") == ["cy"]
    assert listed(presence="available", queue="help") == ["ann"]


def test_activity_is_shown_as_long_as_the_presence_it_was_said_of():
    """Lunch ends with the presence it explains, by itself or otherwise."""
    desk = Desk().furnish().staff("ann")
    body = {"presence": "away", "activity": "lunch break", "until": desk.at(1800)}
    ann = desk.do("agents.presence", "ann", body)
    assert (ann.presence, ann.activity, ann.then) == ("away", "lunch break", "available")
    assert ann.until == desk.at(1800)
    desk.wait(1800)
    ann = desk.do("agents.get", "ann")
    assert (ann.presence, ann.activity, ann.until, ann.then) == ("available", None, None, None)


def test_what_follows_a_presence_can_be_chosen():
    """After the last call of the day: offline."""
    desk = Desk().furnish().staff("ann")
    body = {"presence": "available", "until": desk.at(60), "then": "offline"}
    assert desk.do("agents.presence", "ann", body).then == "offline"
    desk.wait(60)
    assert desk.do("agents.get", "ann").presence == "offline"


def test_a_presence_cannot_end_before_it_begins():
    """An end in the past is an error of the request."""
    desk = Desk().furnish().staff("ann")
    body = {"presence": "away", "until": desk.at(-1)}
    assert pointers(desk.refuse("agents.presence", "ann", body)) == ["/until"]


def test_who_goes_away_loses_open_offers_and_keeps_assignments():
    """Nobody waits for an agent who is not there."""
    desk = Desk().furnish().staff("ann")
    desk.do("tickets.put", "t1", CHAT)
    desk.do("offers.accept", "o-1")
    desk.do("tickets.put", "t2", CHAT)
    ann = desk.do("agents.presence", "ann", {"presence": "away"})
    assert (ann.offers, ann.assignments) == ([], ["a-1"])
    assert desk.do("offers.get", "o-2").state == "revoked"


def test_draining_ends_offline_when_nothing_is_held():
    """The last assignment done, the agent is off."""
    desk = Desk().furnish().staff("ann")
    desk.do("tickets.put", "t1", CHAT)
    desk.do("offers.accept", "o-1")
    assert desk.do("agents.drain", "ann").presence == "draining"
    desk.do("tickets.put", "t2", CHAT)
    desk.do("assignments.complete", "a-1", {})
    assert desk.do("agents.get", "ann").presence == "offline"
    assert desk.do("tickets.get", "t2").state == "queued"
    assert desk.refuse("agents.drain", "ann").state == "offline"


def test_offers_are_listed_oldest_first_in_pages():
    """Following the cursors gives every open offer once."""
    desk = Desk().furnish().staff("ann")
    for n in range(3):
        desk.do("tickets.put", f"t{n}", CHAT)
    first = desk.do("agents.offers", "ann", query={"limit": 2})
    rest = desk.do("agents.offers", "ann", query={"limit": 2, "cursor": first.next})
    assert [offer.id for offer in first.items] == ["o-1", "o-2"]
    assert [offer.id for offer in rest.items] == ["o-3"]
    assert rest.next is None
    assert desk.refuse("agents.offers", "ann", query={"cursor": "a"}).code == "validation_failed"


# -- heartbeats ----------------------------------------------------------------------------------------


def grace_us(desk):
    return int(desk.shard.machine.arrays.agents[0]["grace_us"])


def test_a_silent_desk_is_lost_and_comes_back():
    """Two heartbeats missed: no offers go there. The next one heals it within the grace."""
    desk = Desk().furnish().staff("ann")
    desk.do("agents.heartbeat", "ann")
    desk.wait(39)
    assert grace_us(desk) == NEVER_US
    desk.wait(1)
    assert grace_us(desk) == desk.at_us + 30_000_000
    assert desk.do("tickets.put", "t1", CHAT).state == "queued"
    desk.do("agents.heartbeat", "ann")
    assert desk.do("tickets.get", "t1").state == "offered"
    assert "agent.lost" in (told := desk.types())
    assert "agent.returned" in told


def test_a_desk_that_stays_silent_goes_offline():
    """After the grace its work goes back, and a later heartbeat does not bring it back by itself."""
    desk = Desk().furnish().staff("ann")
    desk.do("tickets.put", "t1", CHAT)
    desk.do("offers.accept", "o-1")
    desk.do("agents.heartbeat", "ann")
    desk.wait(75)
    assert desk.do("agents.get", "ann").presence == "offline"
    assert desk.do("tickets.get", "t1").state == "queued"
    desk.do("agents.heartbeat", "ann")
    assert desk.do("agents.get", "ann").presence == "offline"


def test_heartbeats_in_time_change_nothing_and_are_not_journalled():
    """Ten thousand desks may say every 20 s that they are there."""
    desk = Desk().furnish().staff("ann")
    desk.do("agents.heartbeat", "ann")
    documents = sum(len(sealed.documents) for sealed in desk.sealed)
    for _ in range(5):
        desk.wait(20)
        assert desk.submit("agents.heartbeat", "ann").status == 204
    assert desk.types() == []
    assert sum(len(sealed.documents) for sealed in desk.sealed) == documents


def test_an_agent_without_heartbeats_is_never_lost():
    """Who never sent one is not expected to."""
    desk = Desk().furnish().staff("ann")
    desk.wait(3600)
    assert grace_us(desk) == NEVER_US
    assert desk.do("agents.get", "ann").presence == "available"


def test_after_a_restart_silence_is_noticed_anew():
    """Which desks send heartbeats is known after a restart; each gets its time once more."""
    desk = Desk().furnish().staff("ann", "bo")
    desk.do("agents.heartbeat", "ann")
    shard = desk.recovered()
    later_us = desk.at_us + 3_600_000_000
    shard.settle(later_us)
    assert shard.heartbeats.next_us == later_us + 40_000_000
    shard.settle(later_us + 40_000_000)
    lost = shard.machine.arrays.agents["grace_us"][:2] != NEVER_US
    assert lost.tolist() == [True, False]


def test_a_heartbeat_gets_along_with_other_calls_about_the_agent():
    """It neither waits for a settlement nor makes others wait."""
    desk = Desk().furnish().staff("ann")
    beat = desk.call("agents.heartbeat", "ann")
    away = desk.call("agents.presence", "ann", {"presence": "away"})
    assert desk.shard.admit(beat, START_US) is None  # the first is noted in the journal
    assert desk.shard.admit(away, START_US) is None
    assert desk.shard.admit(beat, START_US).status == 204
    assert [reply.status for reply in desk.settle()] == [204, 200]


@pytest.mark.parametrize("presence", c.PRESENCES.values())
def test_every_presence_can_be_said(presence):
    """The words of the interface are the core's."""
    desk = Desk().furnish().staff("ann")
    said = desk.do("agents.presence", "ann", {"presence": presence}).presence
    assert said == ("offline" if presence == "draining" else presence)
