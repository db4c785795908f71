"""Stories of agents: presence, draining, lost desks, bots, and those who leave for good."""

from __future__ import annotations

from tests.scenario import play


def test_who_becomes_available_is_filled_at_once_with_the_oldest_first() -> None:
    """Three units take three of four waiting tickets, the oldest debt first."""
    for engine in ("greedy", "exact"):
        play(f"""
             0.0  policy  engine={engine}         ->
             1.0  ticket  t1                      -> unmatchable t1
             2.0  ticket  t2 start=-50            -> unmatchable t2
             3.0  ticket  t3                      -> unmatchable t3
             4.0  ticket  t4                      -> unmatchable t4
             5.0  agent   ann units=3             -> offer t2 ann, offer t1 ann, offer t3 ann
        """)


def test_a_freed_agent_gets_the_next_ticket_in_the_same_breath() -> None:
    """Completing one ticket and being offered the next happen in one run."""
    play("""
         0.0  agent   ann                     ->
         1.0  ticket  t1                      -> offer t1 ann
         2.0  ticket  t2                      ->
         3.0  accept  t1 ann                  ->
         9.0  complete t1 ann                 -> offer t2 ann
    """)


def test_going_away_gives_offers_back_and_keeps_assignments() -> None:
    """What was only offered waits again for others; what was accepted stays."""
    play("""
         0.0  agent   ann units=2             ->
         1.0  ticket  t1                      -> offer t1 ann
         2.0  accept  t1 ann                  ->
         3.0  ticket  t2                      -> offer t2 ann
         4.0  away    ann                     -> revoke t2 ann, queue t2
         5.0  complete t1 ann                 ->
         6.0  available ann                   -> offer t2 ann
    """)


def test_a_break_ends_by_itself() -> None:
    """Away until 60 s, then available, and straight to work."""
    play("""
         0.0  agent   ann                     ->
         5.0  away    ann until=60 then=available ->
         6.0  ticket  t1                      ->
        60.0  tick                            -> available ann, offer t1 ann
    """)


def test_a_draining_agent_gets_nothing_new_and_goes_when_done() -> None:
    """Whoever drains finishes what is held, then is offline."""
    play("""
         0.0  agent   ann units=2             ->
         1.0  ticket  t1                      -> offer t1 ann
         2.0  accept  t1 ann                  ->
         3.0  drain   ann                     ->
         4.0  ticket  t2                      ->
         9.0  complete t1 ann                 -> offline ann
    """)


def test_an_agent_without_work_drains_at_once() -> None:
    """There is nothing to wait for."""
    play("""
         0.0  agent   ann                     ->
         1.0  drain   ann                     -> offline ann
    """)


def test_draining_ends_with_an_offer_that_nobody_answers() -> None:
    """The last thing a draining agent holds may be an offer: when it expires, the agent is offline."""
    play("""
         0.0  agent   ann                     ->
         1.0  ticket  t1                      -> offer t1 ann
         2.0  drain   ann                     ->
        31.0  tick                            -> expire t1 ann, offline ann, queue t1
    """)


def test_a_lost_desk_has_a_grace_in_which_nothing_is_taken() -> None:
    """Back within 30 s: the assignment is still there, and new work comes."""
    play("""
         0.0  agent   ann units=2             ->
         1.0  ticket  t1                      -> offer t1 ann
         2.0  accept  t1 ann                  ->
         3.0  lose    ann                     ->
         4.0  ticket  t2                      ->
        20.0  return  ann                     -> offer t2 ann
        50.0  tick                            -> expire t2 ann, queue t2
    """)


def test_after_the_grace_everything_goes_back_with_its_age() -> None:
    """Offers and assignments wait again; a wrap-up is as good as done; the oldest goes first."""
    play("""
         0.0  agent   ann units=3             ->
         1.0  ticket  t1                      -> offer t1 ann
         2.0  accept  t1 ann                  ->
         3.0  ticket  t2                      -> offer t2 ann
         4.0  accept  t2 ann                  ->
         5.0  wrap    t2 ann until=500        ->
         9.0  ticket  t3                      -> offer t3 ann
        10.0  lose    ann                     ->
        20.0  agent   bo offline              ->
        39.0  tick                            -> expire t3 ann, queue t3
        40.0  tick                            -> offline ann, complete t2, release t1 ann, queue t1
        41.0  available bo                    -> offer t1 bo
    """)


def test_losing_a_desk_twice_does_not_prolong_the_grace() -> None:
    """The grace counts from the first loss."""
    play("""
         0.0  agent   ann                     ->
        10.0  lose    ann                     ->
        20.0  lose    ann                     ->
        40.0  tick                            -> offline ann
        41.0  return  ann                     ->
    """)


def test_an_agent_removed_leaves_nothing_behind() -> None:
    """All work goes back at once; the agent is unknown from then on."""
    play("""
         0.0  agent   ann units=2             ->
         1.0  ticket  t1                      -> offer t1 ann
         2.0  accept  t1 ann                  ->
         3.0  ticket  t2                      -> offer t2 ann
         4.0  remove  ann                     -> revoke t2 ann, queue t2, release t1 ann, queue t1
         5.0  available ann                   -> refuse agent_unknown
         6.0  agent   ann                     -> offer t1 ann
    """)


def test_an_agent_who_learns_a_skill_gets_what_waits_for_it() -> None:
    """Configuring an agent anew is looked at like any other change."""
    play("""
         0.0  agent   ann  sales              ->
         1.0  ticket  t1   billing:3          -> unmatchable t1
         2.0  agent   ann  sales billing:2    ->
         3.0  agent   ann  sales billing:3    -> offer t1 ann
    """)


def test_a_bot_is_an_agent() -> None:
    """Bots take work by the same rules: skills, units, offers."""
    play("""
         0.0  channel chat auto               ->
         0.0  agent   bot1 faq bot units=2    ->
         1.0  ticket  t1   faq                -> offer t1 bot1, auto t1 bot1
         2.0  ticket  t2   billing            -> unmatchable t2
         3.0  ticket  t3   faq                -> offer t3 bot1, auto t3 bot1
         4.0  ticket  t4   faq                ->
         5.0  complete t1 bot1                -> offer t4 bot1, auto t4 bot1
    """)


def test_a_ticket_that_nobody_can_ever_match_is_taken_with_a_warning() -> None:
    """The warning counts every configured agent, whether there or not, and relaxed steps too."""
    play("""
         0.0  agent   ann  billing:3 offline  ->
         1.0  ticket  t1   billing:4          -> unmatchable t1
         2.0  ticket  t2   billing:3          ->
         3.0  ask     easy billing:3          ->
         3.0  ask     hard billing:5 then=easy@60 ->
         4.0  ticket  t3   hard               ->
    """)
