"""Questions: tickets, positions, statistics, decisions."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from router.desk.views import expected_wait
from solver.kernels.terms import urgency
from tests.router.desk.floors import Desk, pointers

CHAT = {"queue": "help", "channel": "chat"}


def test_a_ticket_is_read_with_all_that_it_asks_for():
    """What was put comes back, defaults and instants included."""
    desk = Desk().furnish().staff("ann")
    body = {
        **CHAT,
        "requirements": [{"skill": "billing", "min_level": 2}],
        "preferred_agents": [{"agent": "ann"}],
        "virtual_start": desk.at(-60),
        "customer": "c1",
        "attributes": {"order": "17"},
        "signals": {"mood": -0.5},
    }
    put = desk.submit("tickets.put", "t1", body)
    read = desk.submit("tickets.get", "t1")
    assert read.version == put.version
    ticket = read.body
    assert (ticket.customer, ticket.attributes, ticket.signals) == (
        "c1",
        {"order": "17"},
        {"mood": -0.5},
    )
    assert ticket.virtual_start == desk.at(-60)
    assert (ticket.relax, ticket.start_at) == (None, None)
    assert ticket.requirements[0].min_level == 2
    assert desk.refuse("tickets.get", "t2").code == "unknown_resource"


def test_a_position_counts_those_who_go_first():
    """The more urgent go first; who does not wait has no position."""
    desk = Desk().furnish()
    for id_, priority in (("t1", 5), ("t2", 9), ("t3", 5)):
        desk.do("tickets.put", id_, {**CHAT, "priority": priority})
    desk.wait(1)
    places = [desk.do("tickets.position", id_) for id_ in ("t1", "t2", "t3")]
    assert [place.position for place in places] == [2, 1, 3]
    assert {place.waiting for place in places} == {3}
    desk.do("tickets.suspend", "t1", {})
    place = desk.do("tickets.position", "t1")
    assert (place.position, place.state, place.waiting, place.ewt) == (None, "suspended", 2, None)
    assert desk.refuse("tickets.position", "t9").code == "unknown_resource"


def test_the_expected_wait_follows_the_pace_of_the_queue():
    """Two tickets taken ten seconds apart: the next waits about ten more."""
    desk = Desk().furnish().staff("ann", units=2)
    for n in range(4):
        desk.do("tickets.put", f"t{n}", CHAT)
    assert desk.do("tickets.get", "t2").ewt is None
    desk.do("offers.accept", "o-1")
    desk.wait(10)
    desk.do("offers.accept", "o-2")
    ewt = desk.do("tickets.get", "t2").ewt
    assert 5 < ewt.p50_s < 10 < ewt.p90_s < 30
    assert desk.do("queues.statistics", "help").ewt.p50_s > ewt.p50_s


@pytest.mark.parametrize("position", [1, 2, 5, 40])
def test_the_expected_wait_is_near_the_gamma_distributions_quantiles(position):
    """The approximation is within a few per cent of a hundred thousand drawn waits."""
    waits = np.random.default_rng(7).gamma(position, 10.0, 100_000)
    found = expected_wait(10_000_000, position)
    assert found.p50_s == pytest.approx(np.quantile(waits, 0.5), rel=0.04)
    assert found.p90_s == pytest.approx(np.quantile(waits, 0.9), rel=0.04)


def test_lists_choose_by_queue_state_and_agent():
    """Each filter leaves out what does not fit; pages go on where they ended."""
    desk = Desk().furnish().staff("ann", units=1, queues=["help"])
    for n in range(3):
        desk.do("tickets.put", f"h{n}", CHAT)
    desk.do("tickets.put", "s0", {**CHAT, "queue": "sales"})
    desk.do("offers.accept", "o-1")

    def listed(**query):
        return [ticket.id for ticket in desk.do("tickets.list", query=query).items]

    assert listed() == ["h0", "h1", "h2", "s0"]
    assert listed(queue="sales") == ["s0"]
    assert listed(state="queued") == ["h1", "h2", "s0"]
    assert listed(agent="ann") == ["h0"]
    assert listed(agent="bo") == []
    page = desk.do("tickets.list", query={"limit": 3})
    rest = desk.do("tickets.list", query={"limit": 3, "cursor": page.next})
    assert [ticket.id for ticket in rest.items] == ["s0"]
    assert pointers(desk.refuse("tickets.list", query={"cursor": "a"})) == ["?cursor"]


def test_statistics_count_what_happened_and_what_is():
    """One answered in time, one too late, one abandoned at once, one that waits."""
    desk = Desk().furnish().staff("ann", units=1, queues=["help"])
    desk.do("tickets.put", "t1", CHAT)
    desk.do("offers.accept", "o-1")
    for n in (2, 3, 4):
        desk.do("tickets.put", f"t{n}", CHAT)
    desk.do("tickets.abandon", "t3", {})
    desk.wait(25)
    desk.do("assignments.complete", "a-1", {})
    desk.do("offers.accept", "o-2")
    found = desk.do("queues.statistics", "help")
    assert (found.entered, found.answered, found.answered_in_target) == (4, 2, 1)
    assert (found.abandoned, found.abandoned_in_target, found.completed) == (1, 1, 1)
    assert (found.waiting, found.offered, found.assigned) == (1, 0, 1)
    assert (found.agents_available, found.agents_free) == (1, 0)
    assert (found.service_level, found.service_level_with_abandoned) == (0.5, 2 / 3)
    assert (found.asa_s, found.longest_wait_s) == (12.5, 25.0)
    whole = desk.do("statistics.get")
    assert [queue.queue for queue in whole.queues] == ["help", "sales"]
    assert whole.queues[0] == found
    assert whole.tickets == {
        **dict.fromkeys(whole.tickets, 0),
        "queued": 1,
        "assigned": 1,
        "abandoned": 1,
        "completed": 1,
    }
    assert whole.agents["available"] == 1
    assert (whole.units, whole.units_taken, whole.decisions) == (1, 1, 2)
    assert desk.refuse("queues.statistics", "x").code == "unknown_resource"


def test_an_empty_floor_has_statistics():
    """Nothing happened, and that can be said."""
    desk = Desk()
    assert desk.do("statistics.get").queues == []
    desk.do("queues.put", "help", {})
    found = desk.do("queues.statistics", "help")
    assert (found.asa_s, found.service_level, found.longest_wait_s) == (None, None, None)


# -- why -----------------------------------------------------------------------------------------------


def test_a_ticket_is_explained_as_things_are_now():
    """Who could take it, and why not the one asked for."""
    desk = Desk().furnish().staff("ann").staff("bo", skills={"billing": 1})
    desk.do("tickets.put", "t1", {**CHAT, "requirements": [{"skill": "billing", "min_level": 2}]})
    found = desk.do("decisions.explain", body={"ticket": "t1", "agent": "bo"})
    assert (found.id, found.ticket, found.outcome, found.agent) == (None, "t1", "offered", "ann")
    assert [each.code for each in found.why_not.excluded_by] == ["skill_level"]


def test_every_unknown_name_of_a_question_is_told_at_once():
    """One round trip is enough."""
    problem = Desk().refuse("decisions.explain", body={"ticket": "t1", "agent": "ann"})
    assert pointers(problem) == ["/ticket", "/agent"]


def remembering(desk):
    """Give the shard a rewinder over what the desk sealed."""

    def load(_seq):
        return None, (sealed.batch for sealed in desk.sealed)

    desk.shard.rewinder = load
    return desk


def test_a_decision_of_the_past_is_explained_as_it_was_then():
    """The ticket's row has another ticket by now, and the agent is gone."""
    desk = remembering(Desk().furnish().staff("ann", "bo"))
    desk.do("revisions.put", "default", {"retention_s": 1}, sub=2)
    desk.do("revisions.activate", "default", sub=2)
    desk.do("tickets.put", "t1", CHAT)
    decision = desk.do("offers.get", "o-1").decision
    desk.do("tickets.cancel", "t1", {})
    desk.wait(2)
    desk.do("agents.delete", "bo")
    desk.do("tickets.put", "t2", CHAT)
    assert desk.shard.directory.rows == {"t2": 0}
    found = desk.do("decisions.get", decision)
    assert (found.id, found.tickets, found.offered) == (decision, 1, 1)
    (explained,) = found.explanations
    assert (explained.ticket, explained.outcome) == ("t1", "offered")
    assert {each.agent for each in explained.candidates} == {"ann", "bo"}


def test_the_decisions_about_a_ticket_are_listed_latest_first():
    """Asked twice, declined once: two decisions, in pages."""
    desk = remembering(Desk().furnish().staff("ann", "bo"))
    desk.do("tickets.put", "t1", CHAT)
    first = desk.do("offers.get", "o-1").decision
    desk.wait(1)
    desk.do("offers.decline", "o-1", {})
    second = desk.do("offers.get", "o-2").decision
    page = desk.do("tickets.decisions", "t1", query={"limit": 1})
    rest = desk.do("tickets.decisions", "t1", query={"limit": 1, "cursor": page.next})
    assert [page.items[0].id, rest.items[0].id] == [second, first]
    assert rest.next is None
    assert desk.refuse("tickets.decisions", "t1", query={"cursor": "a"}).code == "validation_failed"


def test_what_is_no_decision_is_unknown():
    """Numbers of other events, and none at all, are no decisions."""
    desk = remembering(Desk())
    for id_ in ("d-1", "d-99"):
        assert desk.refuse("decisions.get", id_).code == "unknown_resource"
    assert desk.refuse("tickets.decisions", "t1").code == "unknown_resource"


def test_without_a_journal_the_past_cannot_be_read():
    """The refusal says so instead of guessing."""
    desk = Desk().furnish()
    desk.do("tickets.put", "t1", CHAT)
    assert desk.refuse("decisions.get", "d-1").code == "not_ready"
    assert desk.refuse("tickets.decisions", "t1").code == "not_ready"


@given(st.lists(st.tuples(st.integers(0, 9), st.integers(0, 90), st.booleans()), max_size=25))
def test_positions_are_those_of_a_sorted_list(tickets):
    """Whatever waits, and whoever left meanwhile: the more urgent first, then the older."""
    desk = Desk().furnish()
    for n, (priority, ago_s, _) in enumerate(tickets):
        body = {**CHAT, "priority": priority, "virtual_start": desk.at(-ago_s)}
        desk.do("tickets.put", f"t{n}", body)
    for n, (_, _, leaves) in enumerate(tickets):
        if leaves:
            desk.do("tickets.suspend", f"t{n}", {})
    found, kept = {}, []
    for n, (priority, ago_s, leaves) in enumerate(tickets):
        if not leaves:
            found[n] = desk.do("tickets.position", f"t{n}").position
            pressing = urgency(ago_s * 1_000_000, 20_000_000, priority)
            kept.append((-pressing, -ago_s, n))
    ranks = {n: rank for rank, (_, _, n) in enumerate(sorted(kept), 1)}
    assert found == ranks
