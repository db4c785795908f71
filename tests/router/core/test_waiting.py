"""Stories of waiting: who goes first, relaxing, preferences, schedules, overflow, and giving up."""

from __future__ import annotations

import pytest

from tests.scenario import play

ENGINES = pytest.mark.parametrize("engine", ["greedy", "exact"])


@ENGINES
def test_priority_goes_before_age(engine: str) -> None:
    """With the plain policy the urgent ticket goes first, then the older one."""
    play(f"""
         0.0  policy  engine={engine} order=priority ->
         0.0  agent   ann offline             ->
         1.0  ticket  t1                      ->
         2.0  ticket  t2 prio=9               ->
         3.0  ticket  t3                      ->
        10.0  available ann                   -> offer t2 ann
        11.0  accept  t2 ann                  ->
        12.0  complete t2 ann                 -> offer t1 ann
    """)


def test_by_age_alone_priority_does_not_matter() -> None:
    """First come, first served is a policy, too."""
    play("""
         0.0  policy  order=age               ->
         0.0  agent   ann offline             ->
         1.0  ticket  t1                      ->
         2.0  ticket  t2 prio=9               ->
        10.0  available ann                   -> offer t1 ann
    """)


@ENGINES
def test_a_back_dated_ticket_has_waited_since_then(engine: str) -> None:
    """A ticket that waited elsewhere brings its age along."""
    play(f"""
         0.0  policy  engine={engine}         ->
         0.0  agent   ann offline             ->
       100.0  ticket  t1                      ->
       101.0  ticket  t2 start=20             ->
       110.0  available ann                   -> offer t2 ann
    """)


def test_equal_age_goes_by_the_order_of_arrival() -> None:
    """Two tickets of one instant keep their order."""
    play("""
         0.0  agent   ann offline             ->
         1.0  ticket  t1
         1.0  ticket  t2                      ->
         2.0  available ann                   -> offer t1 ann
    """)


@ENGINES
def test_a_waiting_ticket_asks_for_less_step_by_step(engine: str) -> None:
    """After 30 s level 3 will do, after 60 s nobody needs the skill; each step is looked at at once."""
    play(f"""
         0.0  policy  engine={engine}         ->
         0.0  ask     any
         0.0  ask     some billing:3 then=any@60
         0.0  ask     best billing:5 then=some@30 ->
         0.0  agent   bo   sales              ->
         1.0  ticket  t1   best               ->
        31.0  tick                            -> relax t1 some
        60.0  tick                            ->
        61.0  tick                            -> relax t1 any, offer t1 bo
    """)


def test_a_step_that_was_taken_away_is_not_taken() -> None:
    """Who waits in a chain that is cut behind it stays as it is, and takes the step once that is there again."""
    play("""
         0.0  ask     any
         0.0  ask     best billing:5 then=any@30 ->
         0.0  agent   bo                      ->
         1.0  ticket  t1   best               ->
        20.0  ask     best billing:5          ->
        31.0  tick                            ->
        40.0  ask     best billing:5 then=any@30 -> relax t1 any, offer t1 bo
    """)


def test_relaxation_goes_on_counting_while_a_ticket_is_offered() -> None:
    """An offer that fails gives no new 30 s of waiting for the perfect agent."""
    play("""
         0.0  ask     any
         0.0  ask     best billing:5 then=any@30 ->
         0.0  agent   ann  billing            ->
         0.0  agent   bo                      ->
         1.0  ticket  t1   best               -> offer t1 ann
        31.0  tick                            -> expire t1 ann, queue t1, relax t1 any, offer t1 bo
    """)


def test_new_requirements_relax_from_the_moment_they_are_asked_for() -> None:
    """An update at 50 s starts a new clock for both steps of the new chain."""
    play("""
         0.0  ask     any
         0.0  ask     some billing:3 then=any@60
         0.0  ask     best billing:5 then=some@30 ->
         0.0  agent   bo   sales              ->
         1.0  ticket  t1   french             -> unmatchable t1
        50.0  update  t1   best               ->
        80.0  tick                            -> relax t1 some
       109.0  tick                            ->
       110.0  tick                            -> relax t1 any, offer t1 bo
    """)


def test_a_relaxed_match_is_dearer_not_equal() -> None:
    """Of two free agents the one who meets the first wish is chosen for a ticket that may relax."""
    play("""
         0.0  ask     any  penalty=500
         0.0  ask     best billing:5 then=any@30 ->
         0.0  agent   ann  billing offline    ->
         0.0  agent   bo                      ->
         1.0  ticket  t1   best               ->
        20.0  available ann                   -> offer t1 ann
    """)


@ENGINES
def test_a_preferred_agent_is_chosen_while_the_preference_lasts(engine: str) -> None:
    """Bo is preferred until 100 s; a ticket that comes later goes to Ann, who fits better."""
    play(f"""
         0.0  policy  engine={engine}         ->
         0.0  agent   ann  billing:5 units=9  ->
         0.0  agent   bo   billing:4 units=9  ->
         1.0  ticket  t1   billing prefer=bo:900@100 -> offer t1 bo
         2.0  accept  t1 bo                   ->
       100.0  ticket  t2   billing prefer=bo:900@100 -> offer t2 ann
    """)


@pytest.mark.parametrize("key", ["idle", "recent", "load"])
def test_a_preferred_agent_comes_first_under_policies_of_one_key(key: str) -> None:
    """However long the others have been idle."""
    play(f"""
         0.0  policy  key={key} order=age     ->
         0.0  agent   ann units=9             ->
         5.0  agent   bo  units=9             ->
         6.0  ticket  t1 prefer=bo            -> offer t1 bo
         7.0  ticket  t2                      -> offer t2 ann
    """)


def test_longest_idle_and_round_robin_and_least_loaded_choose_by_their_key() -> None:
    """Who waited longest, whose last offer is oldest, who has the most room."""
    floor = """
         0.0  policy  key={key} order=age     ->
         0.0  agent   ann units=2             ->
         1.0  agent   bo  units=4             ->
         2.0  ticket  t1                      -> offer t1 ann
         3.0  ticket  t2                      -> offer t2 {second}
         4.0  ticket  t3                      -> offer t3 {third}
    """
    play(floor.format(key="idle", second="ann", third="bo"))
    play(floor.format(key="recent", second="bo", third="ann"))
    play(floor.format(key="load", second="bo", third="bo"))


def test_a_scheduled_ticket_begins_when_it_said() -> None:
    """Until then it is in no queue."""
    story = play("""
         0.0  agent   ann                     ->
         1.0  ticket  t1 at=60                ->
        59.0  tick                            ->
        60.0  tick                            -> queue t1, offer t1 ann
    """)
    assert story.state("t1") == "offered"


def test_a_ticket_expires_with_its_time_to_live() -> None:
    """Waiting too long ends it; so does waiting again after an offer, when its time is over."""
    story = play("""
         0.0  agent   ann                     ->
         1.0  ticket  t1 ttl=20               -> offer t1 ann
         1.0  ticket  t2 ttl=50               ->
        31.0  tick                            -> expire t1 ann, queue t1, expired t1, offer t2 ann
        61.0  tick                            -> expire t2 ann, queue t2, expired t2
    """)
    assert story.state("t1") == "expired"


def test_a_customer_may_leave_at_any_time() -> None:
    """Abandoned while waiting, offered or assigned: the agent is free at once."""
    story = play("""
         0.0  agent   ann                     ->
         1.0  ticket  t1                      -> offer t1 ann
         1.0  ticket  t2                      ->
         1.0  ticket  t3                      ->
         2.0  abandon t2                      ->
         3.0  abandon t1                      -> revoke t1 ann, offer t3 ann
         4.0  accept  t3 ann                  ->
         5.0  abandon t3                      -> release t3 ann
         6.0  abandon t3                      -> refuse state_conflict
    """)
    assert {story.state(t) for t in ("t1", "t2", "t3")} == {"abandoned"}


def test_a_ticket_may_be_canceled_in_every_state_before_it_is_done() -> None:
    """Waiting, offered, assigned, wrapping, suspended, scheduled; then never again."""
    story = play("""
         0.0  agent   ann units=3             ->
         1.0  ticket  t1                      -> offer t1 ann
         1.0  ticket  t2                      -> offer t2 ann
         1.0  ticket  t3                      -> offer t3 ann
         1.0  ticket  t4                      ->
         1.0  ticket  t5 at=90                ->
         1.0  ticket  t6                      ->
         2.0  suspend t6                      ->
         2.0  accept  t2 ann                  ->
         2.0  accept  t3 ann                  ->
         3.0  wrap    t3 ann                  ->
         4.0  cancel  t4                      ->
         4.0  cancel  t5                      ->
         4.0  cancel  t6                      ->
         4.0  cancel  t1                      -> revoke t1 ann
         4.0  cancel  t2                      -> release t2 ann
         4.0  cancel  t3                      -> release t3 ann
         5.0  cancel  t3                      -> refuse state_conflict
    """)
    assert {story.state(f"t{n}") for n in range(1, 7)} == {"canceled"}


def test_a_full_queue_sends_new_tickets_elsewhere() -> None:
    """Two may wait for main; the third goes to the other queue, with whom it asks for there."""
    play("""
         0.0  queue   main full=2
         0.0  queue   spare
         0.0  ask     other queue=spare
         0.0  ask     first queue=main over=other ->
         0.0  agent   ann queues=main offline ->
         0.0  agent   bo  queues=spare offline ->
         1.0  ticket  t1   first              ->
         2.0  ticket  t2   first              ->
         3.0  ticket  t3   first              -> overflow t3 other
         4.0  available bo                    -> offer t3 bo
    """)


def test_a_ticket_overflows_to_another_queue_after_a_time() -> None:
    """A relaxation step may change the queue: waiting is counted there from then on."""
    play("""
         0.0  queue   spare
         0.0  ask     other queue=spare
         0.0  ask     first queue=main then=other@45 ->
         0.0  agent   bo  queues=spare        ->
         1.0  ticket  t1   first              ->
        46.0  tick                            -> relax t1 other, offer t1 bo
    """)


@ENGINES
def test_a_closed_queue_keeps_its_tickets_until_it_opens(engine: str) -> None:
    """Outside its hours nothing is offered; at opening the oldest goes first."""
    play(f"""
         0.0  policy  engine={engine}         ->
         0.0  agent   ann                     ->
         1.0  close   main                    ->
         2.0  ticket  t1                      ->
         3.0  ticket  t2                      ->
        60.0  open    main                    -> offer t1 ann
    """)


def test_a_finished_ticket_is_forgotten_after_its_retention() -> None:
    """Its row is given back, and words about it are refused."""
    play("""
         0.0  policy  retention=60            ->
         1.0  ticket  t1                      -> unmatchable t1
         2.0  cancel  t1                      ->
        62.0  tick                            -> forget t1
        63.0  cancel  t1                      -> refuse ticket_unknown
    """)


def test_rows_that_are_given_back_at_once_do_not_confuse_the_list_of_those_marked() -> None:
    """With no retention, tickets that come and go within one instant share one row."""
    play("""
         0.0  policy  retention=0             ->
         0.0  agent   ann                     ->
         1.0  ticket  t1                      -> offer t1 ann
         2.0  cancel  t1
         2.0  ticket  t2
         2.0  cancel  t1
         2.0  ticket  t3                      -> revoke t1 ann, forget t1, forget t2, offer t3 ann
    """)
