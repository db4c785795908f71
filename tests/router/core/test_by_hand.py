"""Stories of what people and slower solvers decide: assignments, transfers, plans, prices."""

from __future__ import annotations

from tests.scenario import play


def test_a_supervisor_assigns_a_waiting_ticket() -> None:
    """An assignment by hand needs no answer."""
    story = play("""
         0.0  agent   ann billing             ->
         0.0  agent   bo  billing away        ->
         1.0  ticket  t1 billing              -> offer t1 ann
         2.0  assign  t1 bo                   -> revoke t1 ann, assign t1 bo
    """)
    assert story.state("t1") == "assigned"


def test_an_assignment_by_hand_moves_a_ticket_from_desk_to_desk() -> None:
    """It is taken from its holder, whose room is used at once."""
    play("""
         0.0  agent   ann                     ->
         1.0  ticket  t1                      -> offer t1 ann
         2.0  accept  t1 ann                  ->
         3.0  ticket  t2                      ->
         4.0  agent   bo away                 ->
         5.0  assign  t1 bo                   -> release t1 ann, assign t1 bo, offer t2 ann
    """)


def test_what_is_not_possible_by_hand_is_refused_with_its_reason() -> None:
    """Requirements, room, presence and configuration are checked."""
    play("""
         0.0  agent   ann sales               ->
         0.0  agent   bo  billing             ->
         0.0  agent   cy  billing offline     ->
         1.0  ticket  t1 billing              -> offer t1 bo
         1.0  ticket  t2 billing              ->
         2.0  assign  t2 ann                  -> refuse agent_not_eligible
         3.0  assign  t2 bo                   -> refuse agent_full
         4.0  assign  t2 cy                   -> refuse agent_not_available
         5.0  assign  t2 zoe                  -> refuse agent_unknown
         6.0  suspend t2                      ->
         7.0  assign  t2 bo                   -> refuse agent_full
    """)


def test_force_overrides_requirements_room_and_presence() -> None:
    """But not a channel that the agent does not work."""
    play("""
         0.0  channel voice
         0.0  ask     call channel=voice      ->
         0.0  agent   ann sales               ->
         1.0  ticket  t1                      -> offer t1 ann
         2.0  ticket  t2 billing              -> unmatchable t2
         3.0  assign  t2 ann force            -> assign t2 ann
         4.0  ticket  v1 call                 -> unmatchable v1
         5.0  assign  v1 ann force            -> refuse agent_full
         6.0  offline ann                     -> revoke t1 ann, queue t1
         7.0  assign  t1 ann force            -> assign t1 ann
    """)


def test_an_agent_who_was_offered_the_ticket_may_be_assigned_it() -> None:
    """Its units are the offer's own."""
    play("""
         0.0  agent   ann                     ->
         1.0  ticket  t1                      -> offer t1 ann
         2.0  assign  t1 ann                  -> revoke t1 ann, assign t1 ann
    """)


def test_a_transfer_asks_for_somebody_else_and_keeps_the_age() -> None:
    """Ann hands t1 over to billing: it waits again, before t2, which is younger."""
    play("""
         0.0  agent   ann sales               ->
         1.0  ticket  t1 sales                -> offer t1 ann
         2.0  accept  t1 ann                  ->
         3.0  ticket  t2 billing              -> unmatchable t2
         9.0  update  t1 billing requeue start=1 -> release t1 ann, queue t1
        10.0  agent   bo billing              -> offer t1 bo
    """)


def test_new_requirements_withdraw_offers_and_leave_assignments() -> None:
    """Who was only asked is asked no longer; who has accepted keeps the ticket."""
    play("""
         0.0  agent   ann sales units=2       ->
         1.0  ticket  t1 sales                -> offer t1 ann
         2.0  update  t1 billing              -> revoke t1 ann, queue t1
         3.0  update  t1 sales                -> offer t1 ann
         4.0  accept  t1 ann                  ->
         5.0  update  t1 billing              ->
         6.0  complete t1 ann                 ->
    """)


def test_requeueing_keeps_the_age_or_resets_it() -> None:
    """Whoever has it, the ticket waits again; a new start sends it behind those who came since."""
    play("""
         0.0  agent   ann                     ->
         1.0  ticket  t1                      -> offer t1 ann
         2.0  ticket  t2                      ->
         3.0  accept  t1 ann                  ->
         4.0  requeue t1                      -> release t1 ann, queue t1, offer t1 ann
         5.0  accept  t1 ann                  ->
         6.0  requeue t1 start=6              -> release t1 ann, queue t1, offer t2 ann
    """)


def test_a_suspended_ticket_waits_for_nobody_until_it_is_resumed() -> None:
    """By word or by time; its age is kept."""
    play("""
         0.0  agent   ann offline             ->
         1.0  ticket  t1                      ->
         2.0  ticket  t2                      ->
         3.0  suspend t1                      ->
         4.0  available ann                   -> offer t2 ann
         5.0  suspend t2 until=60             -> revoke t2 ann
         6.0  resume  t1                      -> queue t1, offer t1 ann
         7.0  resume  t1                      -> refuse state_conflict
         8.0  suspend t1                      -> revoke t1 ann
        60.0  tick                            -> queue t2, offer t2 ann
    """)


def test_a_plan_is_offered_where_it_is_still_possible() -> None:
    """Pairs that no longer are get their reason, one by one."""
    play("""
         0.0  agent   ann billing             ->
         0.0  agent   bo  billing             ->
         0.0  agent   cy  sales               ->
         0.0  close   main                    ->
         1.0  ticket  t1 billing              ->
         1.0  ticket  t2 billing              ->
         1.0  ticket  t3 billing              ->
         2.0  plan    t1 bo t1 ann            -> offer t1 bo, refuse state_conflict
         2.0  plan    t2 cy t2 bo             -> refuse agent_not_eligible, refuse agent_full
         2.0  plan    t3 ann                  -> offer t3 ann
         3.0  decline t3 ann                  -> queue t3
         4.0  away    bo                      -> revoke t1 bo, queue t1
         5.0  plan    t3 ann t1 bo            -> refuse agent_cooling_down, refuse agent_not_available
    """)


def test_a_price_keeps_a_specialist_free_until_the_ticket_is_worth_it() -> None:
    """Ann's time is dear: t1 is held and looked at every 5 s, until its urgency pays the price."""
    play("""
         0.0  policy  order=value serve=0     ->
         0.0  agent   ann                     ->
         0.0  prices  ann=1000                ->
         1.0  ticket  t1 target=10 prio=0      -> hold t1
         6.0  tick                            -> hold t1
        11.0  tick                            -> hold t1
        16.0  tick                            -> hold t1
        21.0  tick                            -> offer t1 ann
    """)


def test_one_price_too_high_does_not_keep_the_next_ticket_away() -> None:
    """What is held does not block what is worth its price, under age order too."""
    for order in ("age", "priority", "value"):
        for engine in ("greedy", "exact"):
            play(f"""
                 0.0  policy  order={order} engine={engine} serve=0 ->
                 0.0  agent   ann billing:5 offline   ->
                 0.0  prices  ann=500                 ->
                 1.0  ticket  t1 target=999              ->
                 1.0  ticket  t2 billing target=999      ->
                 2.0  available ann                   -> offer t2 ann
            """)


def test_all_who_are_held_are_looked_at_again() -> None:
    """When the price of one falls due, those behind it and beside it are not forgotten."""
    for engine in ("greedy", "exact"):
        story = play(f"""
             0.0  policy  order=value serve=0 engine={engine} ->
             0.0  agent   ann units=9 offline     ->
             0.0  prices  ann=1000                ->
             1.0  ticket  t1 target=60 prio=9     ->
             1.0  ticket  t2 target=30 prio=0     ->
             1.1  ticket  t3 target=60 prio=9     ->
        """)
        story.say(2.0, "available ann")
        told = story.run()
        for at in range(3, 60):
            story.say(at, "tick")
            told += story.run()
        offers = [line for line in told if line.startswith("offer")]
        assert sorted(offers) == ["offer t1 ann", "offer t2 ann", "offer t3 ann"]


def test_each_decision_says_what_it_is_worth_and_what_the_best_could_be() -> None:
    """Tickets, agents, pairs, primal, dual, revision, offers; scans, looks and pairs looked at."""
    story = play("""
         0.0  policy  engine=exact revision=7 ->
         0.0  agent   ann units=2             ->
         0.0  agent   bo  units=2             ->
         1.0  ticket  t1
         1.0  ticket  t2                      -> offer t1 ann, offer t2 bo
    """)
    tickets, _, pairs, primal, dual, revision, offered, *effort = story.decisions[-1]
    assert (tickets, pairs, revision, offered) == (2, 4, 7, 2)
    assert primal == dual > 0
    scans, looks, scored = effort
    assert (looks, scored) == (1, 2)
    assert scans >= 2


def test_a_wake_up_left_over_from_a_deadline_that_moved_changes_nothing() -> None:
    """A restart has no such wake-ups, so at 31 s, where t1 would have relaxed, nobody looks at it."""
    play("""
         0.0  policy  order=value serve=0 hold=50 ->
         0.0  ask     any
         0.0  ask     best then=any@30        ->
         0.0  agent   ann                     ->
         0.0  prices  ann=1000                ->
         1.0  ticket  t1 best target=10 prio=0 -> hold t1
         2.0  update  t1 any target=10 prio=0 start=1 -> hold t1
        31.0  tick                            ->
        52.0  tick                            -> offer t1 ann
    """)
