"""Explanations read well and answer what was asked."""

from __future__ import annotations

from router.explain.answer import answer, answer_why_not
from router.explain.text import render
from tests.router.explain.told import ToldStory

EXACT = "policy engine=exact order=value key=value"
FLOOR = (
    "agent ann billing:5 pt:3 units=4",
    "agent bo billing:3 units=2",
    "agent cy pt:4 away",
    "agent di billing:1",
)


def test_a_joint_decision_says_what_the_agent_was_worth_elsewhere() -> None:
    """Ann suits t1 better than Bo, but t2 and t3 need her more: her price says how much."""
    story = ToldStory(EXACT, *FLOOR)
    story.tell_at(10, "ticket t1 billing:2", "ticket t2 billing:2 pt:2")
    first, second = story.last_decision()
    assert render(first).splitlines() == [
        "t1 (chat, main) at 1970-01-01T00:00:10.000000Z, waited 0.0 s of 120 s promised:"
        " offered to bo (o-1).",
        "bo: 2.528 = serve 2.000 + skill billing 0.600 + idle 0.003 − load 0.075.",
        "Rank 2 of 2 candidates under ours, revision 1.",
        "ann was worth 2.985 here, 0.600 more to t2, and went there. Less its price to other tickets that leaves"
        " 2.528 (2.985 − 0.457); bo leaves 2.528 (2.528 − 0.000).",
        "2 agents excluded: 2 by skill level in billing.",
        "Decision d-17: 2 tickets, 3 pairs, worth 6.113; no better one exists.",
        "One more slot in main would have been worth 0.457 (ann).",
        "One more slot with billing would have been worth 0.457 (ann).",
    ]
    why = answer_why_not(first, story.agent("ann"))
    assert why.compared_with == "bo"
    assert why.difference == {"skill:billing": 0.4, "load": 0.057}
    assert why.candidate is not None
    assert (why.candidate.rank, why.candidate.price, why.candidate.went_to) == (1, 0.457, "t2")
    assert why.text.startswith(
        "ann 2.985, bo 2.528; the difference 0.457 = skill billing 0.400 + load 0.057.\nann was"
    )
    assert answer(second).agent == "ann"


def test_why_not_names_every_constraint_at_once() -> None:
    """Cy lacks the skill and is away; both are said, with the levels."""
    story = ToldStory(*FLOOR)
    story.tell_at(10, "ticket t1 billing:2")
    case = story.explain("t1")
    why = answer_why_not(case, story.agent("cy"))
    assert [each.code for each in why.excluded_by] == ["skill_level", "away"]
    assert why.text == (
        "cy cannot take t1: skill level (billing: needs level 2, has 0); away (away)."
    )
    assert why.candidate is None
    assert answer_why_not(case, 77).excluded_by[0].code == "not_configured"


def test_who_has_the_ticket_is_judged_as_if_it_had_not() -> None:
    """Ann's own units are not held against her, and why not Ann is answered: she got it."""
    story = ToldStory("policy key=idle order=age", "agent ann", "agent bo")
    story.tell_at(10, "ticket t1")
    case = story.explain("t1")
    assert answer(case).outcome == "offered"
    assert (answer(case).agent, answer(case).offers) == ("ann", ["o-1"])
    assert answer_why_not(case, story.agent("ann")).text == "ann got t1."
    assert answer_why_not(case, story.agent("bo")).text == (
        "bo and ann are worth the same, 1.703.\n"
        "longest_idle compares: idle for 10.0 s against idle for 10.0 s of ann."
    )
    story.tell_at(11, "accept t1 ann")
    assert answer(story.explain("t1")).outcome == "assigned"
    assert "assigned to ann" in render(story.explain("t1"))


def test_a_holder_who_went_away_is_no_candidate_any_more() -> None:
    """An assignment stays with an agent who is away now; the explanation says so."""
    story = ToldStory("agent ann", "agent bo away")
    story.tell_at(10, "ticket t1")
    story.tell_at(11, "accept t1 ann")
    story.tell_at(12, "away ann")
    case = story.explain("t1")
    assert "No candidate any more: away (away)." in render(case)
    listed = answer(case)
    assert [(each.agent, each.rank, each.chosen) for each in listed.candidates] == [
        ("ann", 0, True)
    ]
    assert listed.left_out == 0
    assert listed.excluded == {"away": 2}


def test_a_ticket_that_waits_says_why() -> None:
    """For want of anybody, for a closed queue, or because nobody's time is worth it."""
    story = ToldStory("agent ann fr:1", "agent bo")
    story.tell_at(10, "ticket t1 fr:2")
    assert "waits, as nobody can take it now." in render(story.explain("t1"))
    assert "2 agents excluded: 2 by language level." in render(story.explain("t1"))
    story.tell_at(11, "close main")
    story.tell_at(12, "ticket t2")
    closed = answer(story.explain("t2"), story.agent("bo"))
    assert closed.excluded == {"queue_closed": 2}
    assert closed.outcome == "waiting"
    held = ToldStory(EXACT, "agent ann", "prices ann=9000")
    held.tell_at(10, "ticket t3")
    assert "no agent who could take it is worth the price of the time now" in render(
        held.explain("t3")
    )


def test_a_closed_ticket_is_told_by_its_end() -> None:
    """How and when it ended, and that nobody is asked any more; whoever is asked about hears the same."""
    story = ToldStory("agent ann", "agent bo away")
    story.tell_at(10, "ticket t1")
    story.tell_at(11, "cancel t1")
    story.tell_at(20, "tick")
    end = "canceled at 1970-01-01T00:00:11.000000Z"
    case = story.explain("t1")
    assert render(case) == (
        f"t1 (chat, main) at 1970-01-01T00:00:20.000000Z: {end}; nobody is asked any more."
    )
    told = answer(case, story.agent("ann"))
    assert (told.outcome, told.candidates, told.excluded) == ("closed", [], {"ticket_closed": 2})
    assert told.why_not.text == f"ann cannot take t1: ticket closed ({end})."


def test_a_cool_down_and_a_preference_are_told() -> None:
    """Who declined is out for a while; whom the ticket prefers comes first under any key."""
    story = ToldStory("policy key=idle order=age", "agent ann", "agent bo")
    story.tell_at(10, "ticket t1 prefer=bo:1000")
    case = story.explain("t1")
    bo = case.candidate(story.agent("bo"))
    assert bo is not None
    assert (bo.rank, bo.key, bo.terms["preferred"]) == (1, "preferred, idle for 10.0 s", 1000)
    story.tell_at(11, "decline t1 bo")
    (reason,) = story.explain("t1").reasons(story.agent("bo"))
    assert reason == ("cooling_down", "until 1970-01-01T00:05:11.000000Z")


def test_an_agent_who_gained_room_takes_what_comes_first() -> None:
    """Bo is ranked behind Ann for t2, but was the one who had just become free."""
    story = ToldStory("policy key=idle order=age", "agent ann", "agent bo")
    story.tell_at(10, "ticket t1", "ticket t2", "ticket t3")
    story.tell_at(11, "accept t2 bo")
    story.tell_at(12, "complete t2 bo")
    (case,) = story.last_decision()
    assert (case.ticket, answer(case).agent) == ("t3", "bo")
    assert render(case).splitlines()[-1].startswith("Decision d-")


def test_long_lists_are_cut_and_counted() -> None:
    """Of 70 candidates 50 are listed, the chosen one among them; of the excluded 50."""
    story = ToldStory(
        "policy key=idle order=age",
        *(f"agent a{n}" for n in range(70)),
        *(f"agent z{n} away" for n in range(60)),
    )
    story.tell_at(10, "ticket t1")
    told = answer(story.explain("t1"))
    assert (len(told.candidates), told.left_out) == (50, 20)
    assert (len(told.excluded_agents), told.excluded) == (50, {"away": 60})
