"""Policies: revisions made, validated, put to work and taken back."""

from router.core.machine import Machine
from router.recover import verify
from tests.router.desk.floors import Desk, pointers

CHAT = {"queue": "help", "channel": "chat"}


def states(desk, policy="default"):
    numbers = desk.do("policies.get", policy).revisions
    return [desk.do("revisions.get", policy, sub=n).state for n in numbers]


def test_a_floor_begins_with_a_policy_at_work():
    """Revision 1 of ``default`` is ours."""
    desk = Desk()
    policy = desk.do("policies.get", "default")
    assert (policy.active_revision, policy.previous_revision) == (1, None)
    revision = desk.do("revisions.get", "default", sub=1)
    assert (revision.base, revision.state, revision.activated_at) == ("ours", "active", desk.at())
    assert desk.do("statistics.get").policy == "default"


def test_a_revision_is_made_once_and_never_changes():
    """The same again is fine, another body is not."""
    desk = Desk()
    made = desk.submit("revisions.put", "default", {"base": "longest_idle"}, sub=2)
    assert (made.status, made.body.state) == (201, "draft")
    assert made.location == "/v1/policies/default/revisions/2"
    again = desk.submit("revisions.put", "default", {"base": "longest_idle"}, sub=2)
    assert (again.status, again.body) == (200, made.body)
    problem = desk.refuse("revisions.put", "default", {"base": "round_robin"}, sub=2)
    assert problem.code == "state_conflict"
    assert desk.do("revisions.get", "default", sub=2).base == "longest_idle"


def test_what_could_never_work_is_not_made():
    """Unknown weights and a retention too short are refused by name."""
    body = {"weights": {"charm": 1.0, "skill": 2000 / 3}, "retention_s": 0.5}
    problem = Desk().refuse("revisions.put", "default", body, sub=2)
    assert pointers(problem) == ["/weights/charm", "/weights/skill", "/retention_s"]


def test_validation_says_what_speaks_against_a_revision():
    """A policy that may leave agents idle is valid, with a warning."""
    desk = Desk()
    desk.do("revisions.put", "default", {"weights": {"serve": 0.5}}, sub=2)
    found = desk.do("revisions.validate", "default", sub=2)
    assert found.valid
    assert [warned.code for warned in found.warnings] == ["may_hold"]
    assert desk.do("revisions.validate", "default", sub=1).warnings == []


def test_activation_and_rollback_lead_there_and_back():
    """Three revisions one after the other, then back twice, then no further."""
    desk = Desk()
    for n, base in ((2, "longest_idle"), (3, "round_robin")):
        desk.do("revisions.put", "default", {"base": base}, sub=n)
        assert desk.do("revisions.activate", "default", sub=n).state == "active"
    assert states(desk) == ["retired", "retired", "active"]
    assert int(desk.shard.machine.arrays.policy[0]["revision"]) == 3
    policy = desk.do("policies.rollback", "default")
    assert (policy.active_revision, policy.previous_revision) == (2, 1)
    policy = desk.do("policies.rollback", "default")
    assert (policy.active_revision, policy.previous_revision) == (1, None)
    assert int(desk.shard.machine.arrays.policy[0]["revision"]) == 1
    assert desk.refuse("policies.rollback", "default").code == "state_conflict"
    assert states(desk) == ["active", "retired", "retired"]
    told = [event.data["revision"] for event in desk.events if event.type == "policy.activated"]
    assert told == [1, 2, 3, 2, 1]


def test_one_policy_is_at_work_at_a_time():
    """Another policy's revision takes over; the first cannot be rolled back until it is back."""
    desk = Desk()
    desk.do("revisions.put", "night", {"base": "round_robin"}, sub=5)
    assert desk.do("policies.get", "night").active_revision is None
    desk.do("revisions.activate", "night", sub=5)
    assert desk.do("policies.get", "default").active_revision is None
    assert desk.refuse("policies.rollback", "default").code == "state_conflict"
    assert desk.do("statistics.get").policy == "night"
    desk.do("revisions.activate", "default", sub=1)
    assert desk.do("policies.get", "default").active_revision == 1
    assert [item.id for item in desk.do("policies.list").items] == ["default", "night"]


def test_activating_what_is_active_changes_nothing():
    """No event, and rollback leads where it did."""
    desk = Desk()
    desk.events.clear()
    desk.do("revisions.activate", "default", sub=1)
    assert desk.types() == []


def test_conditions_on_versions_hold():
    """A rollback may be bound to the policy one has seen."""
    desk = Desk()
    desk.do("revisions.put", "default", {"base": "round_robin"}, sub=2)
    desk.do("revisions.activate", "default", sub=2)
    version = desk.submit("policies.get", "default").version
    assert desk.refuse("policies.rollback", "default", if_match=1).code == "etag_mismatch"
    assert desk.submit("policies.rollback", "default", if_match=version).status == 200


def test_unknown_policies_and_revisions_are_refused():
    """Nothing is made up."""
    desk = Desk()
    assert desk.refuse("policies.get", "x").code == "unknown_resource"
    assert desk.refuse("policies.rollback", "x").code == "unknown_resource"
    for name in ("get", "validate", "activate"):
        assert desk.refuse(f"revisions.{name}", "default", sub=9).code == "unknown_resource"


def test_there_are_only_so_many_policies_and_revisions():
    """Both have an end, so that memory has."""
    desk = Desk()
    for n in range(2, 65):
        desk.do("revisions.put", f"p{n}", {}, sub=1)
    assert desk.refuse("revisions.put", "more", {}, sub=1).code == "limit_reached"
    for n in range(2, 1001):
        desk.shard.admit(desk.call("revisions.put", "default", {}, sub=n), desk.at_us)
        desk.settle()
    assert desk.refuse("revisions.put", "default", {}, sub=1001).code == "limit_reached"


def test_a_new_policy_looks_at_who_waits_at_once_and_so_does_a_replay():
    """A held ticket goes out with the policy that has it worth an agent's time; deciding again agrees."""
    desk = Desk().furnish()
    desk.do("revisions.put", "default", {"base": "best_match", "weights": {"serve": 0}}, sub=2)
    desk.do("revisions.activate", "default", sub=2)
    body = {**CHAT, "region": "us", "preferred_agents": [{"agent": "ann", "weight": -1}]}
    desk.do("regions.put", "us", {})
    desk.do("agents.put", "ann", {})
    desk.do("agents.presence", "ann", {"presence": "available"})
    assert desk.do("tickets.put", "t1", body).state == "queued"
    desk.do("revisions.activate", "default", sub=1)
    assert desk.do("tickets.get", "t1").state == "offered"
    verdict = verify(enumerate(desk.frames, 1), Machine())
    assert verdict.difference is None
    assert verdict.digest == desk.shard.machine.digest()
