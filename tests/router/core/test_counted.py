"""Stories of numbers that no rule depends on, so that only a look at them finds them wrong."""

from __future__ import annotations

from typing import Any

import pytest

from router.core import codes as c
from router.core.limits import SECOND_US, TIES_PER_TICKET_MAX, WORKS_PER_AGENT_MAX
from tests.scenario import Story, play


def queue_of(story: Story) -> Any:
    """Return the record of the story's first queue."""
    return story.machine.arrays.queues[0]


def ticket_of(story: Story, name: str) -> Any:
    """Return a ticket's record."""
    return story.machine.arrays.tickets[story.tickets[name]]


@pytest.mark.parametrize(("answered_s", "in_target"), [(21, 1), (22, 0)])
def test_an_answer_at_the_target_is_in_time(answered_s: int, in_target: int) -> None:
    """Within 20 s of asking at 1 s means until 21 s, and not a second later."""
    story = play(f"""
         0.0  agent   ann                     ->
         1.0  ticket  t1                      -> offer t1 ann
        {answered_s}.0  accept  t1 ann                  ->
    """)
    assert (queue_of(story)["answered"], queue_of(story)["answered_in_target"]) == (1, in_target)


def test_who_leaves_after_an_answer_did_not_leave_in_time() -> None:
    """Of two who leave within the target only the one whom nobody answered counts as gone early."""
    story = play("""
         0.0  agent   ann                     ->
         1.0  ticket  t1                      -> offer t1 ann
         2.0  ticket  t2                      ->
         3.0  accept  t1 ann                  ->
         4.0  abandon t2                      ->
         5.0  abandon t1                      -> release t1 ann
    """)
    assert (queue_of(story)["abandoned"], queue_of(story)["abandoned_in_target"]) == (2, 1)


def test_the_time_between_departures_is_smoothed_by_a_sixteenth() -> None:
    """After 10 s and then 16 s the next is expected a sixteenth of the difference later."""
    story = play("""
         0.0  agent   ann units=3             ->
         1.0  ticket  t1                      -> offer t1 ann
         1.0  ticket  t2                      -> offer t2 ann
         1.0  ticket  t3                      -> offer t3 ann
         1.0  accept  t1 ann                  ->
        11.0  accept  t2 ann                  ->
    """)
    assert queue_of(story)["gap_us"] == 10 * SECOND_US
    story.say(27.0, "accept t3 ann")
    story.run()
    assert queue_of(story)["gap_us"] == (10 + 6 / 16) * SECOND_US


def test_relaxing_does_not_start_the_wait_anew() -> None:
    """A ticket that asks for less has waited since it came."""
    story = play("""
         0.0  ask     easy                    ->
         0.0  ask     hard billing then=easy@30 ->
         1.0  ticket  t1   hard               -> unmatchable t1
        40.0  tick                            -> relax t1 easy
    """)
    assert ticket_of(story, "t1")["queued_us"] == SECOND_US


def test_a_ticket_given_by_hand_belongs_to_no_decision() -> None:
    """An offer has the number of its decision; what a person assigned has none, whatever was decided before."""
    story = play("""
         0.0  agent   ann                     ->
         0.0  agent   bo   away               ->
         1.0  ticket  t1                      -> offer t1 ann
         2.0  ticket  t2                      ->
         3.0  assign  t2 bo                   -> assign t2 bo
    """)
    works = story.machine.arrays.works
    assert works[story.works["t1", "ann"][1]]["decision"] > 0
    assert works[story.works["t2", "bo"][1]]["decision"] == 0


def test_a_suspended_ticket_ends_with_its_time_to_live() -> None:
    """Waiting for nobody is waiting, too."""
    story = play("""
         1.0  ticket  t1   ttl=60             -> unmatchable t1
         2.0  suspend t1                      ->
        61.0  tick                            -> expired t1
    """)
    assert story.state("t1") == "expired"


def test_a_new_promise_is_broken_anew() -> None:
    """The second reply that is late is warned of and noted, as the first was."""
    play("""
         0.0  agent   ann                     ->
         1.0  ticket  t1   next=10            -> offer t1 ann
         2.0  accept  t1 ann                  ->
         3.0  reply   t1                      ->
         4.0  reply   t1 customer             ->
        14.0  tick                            -> warn t1 next, breach t1 next
        15.0  reply   t1                      ->
        16.0  reply   t1 customer             ->
        26.0  tick                            -> warn t1 next, breach t1 next
    """)


def test_a_command_that_names_another_life_of_a_row_is_refused() -> None:
    """A ticket's serial, if said, has to be the one that the row has now."""
    story = play("""
         1.0  ticket  t1                      -> unmatchable t1
    """)
    serial = int(ticket_of(story, "t1")["serial"])
    story.machine.push(c.CANCEL_TICKET, 2 * SECOND_US, ticket=0, serial=serial + 2)
    assert story.run() == ["refuse ticket_unknown"]
    story.machine.push(c.CANCEL_TICKET, 3 * SECOND_US, ticket=0, serial=serial + 1)
    assert story.run() == []
    assert story.state("t1") == "canceled"


def test_nobody_holds_more_than_anybody_may() -> None:
    """The last ticket that fits is offered, the next one is not, not even by force."""
    story = play("0.0  agent   ann units=9999 ->")
    for n in range(WORKS_PER_AGENT_MAX + 1):
        story.say(1.0, f"ticket t{n}")
    assert len(story.run()) == WORKS_PER_AGENT_MAX
    story.say(2.0, f"assign t{WORKS_PER_AGENT_MAX} ann force")
    assert story.run() == ["refuse agent_holds_too_much"]


def test_of_too_many_cool_downs_the_one_that_ends_first_makes_room() -> None:
    """The agent whose pause is nearly over may be asked again, and nobody else."""
    most = TIES_PER_TICKET_MAX
    story = Story()
    for n in range(most + 1):
        story.say(0.0, f"agent a{n}")
    story.run()
    story.say(1.0, "ticket t1")
    story.run()
    for _ in range(most + 1):
        (serial, row), (_, agent) = next(
            (work, pair) for pair, work in story.works.items() if is_open(story, *work)
        )
        wait_s = 100 if agent == "a3" else 1_000 + int(agent[1:])
        story.machine.push(
            c.DECLINE_OFFER, 2 * SECOND_US, serial=serial, aux=row, until_us=wait_s * SECOND_US
        )
        told = story.run()
    assert told[-1] == "offer t1 a3"


def is_open(story: Story, serial: int, row: int) -> bool:
    """Return whether an offer is still open."""
    work = story.machine.arrays.works[row]
    return bool(work["serial"] == serial and work["state"] == c.PENDING)


def test_others_are_asked_too_when_only_its_urgency_makes_a_ticket_worth_them() -> None:
    """An agent whose price exceeds the match is asked at the same time if waiting made the ticket dear enough."""
    story = play("""
         0.0  queue   main parallel=2         ->
         0.0  agent   ann                     ->
         0.0  agent   bo                      ->
         0.0  prices  ann=2500 bo=2500        ->
    """)
    story.say(1.0, "ticket t1 start=-600 target=20 prio=9")
    assert story.run() == ["offer t1 ann", "offer t1 bo"]


def test_a_single_decision_is_bounded_by_the_best_value_that_it_passed_over() -> None:
    """Who has been idle longest comes first, though another fits better: the gap says by how much."""
    story = play("""
         0.0  policy  key=idle                ->
         0.0  agent   ann  billing:1          ->
         5.0  agent   bo   billing:5          ->
         6.0  agent   cy   billing:3          ->
         7.0  ticket  t1   billing            -> offer t1 ann
    """)
    _, _, _, primal, dual, _, _ = story.decisions[-1]
    assert dual - primal >= 700
