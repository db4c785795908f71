"""Stories of offers: answered, unanswered, withdrawn, sent to several at once."""

from __future__ import annotations

from tests.scenario import play


def test_an_offer_is_accepted_worked_wrapped_up_and_done() -> None:
    """The plain life of a ticket; the wrap-up ends by itself after the channel's 30 s."""
    story = play("""
         0.0  agent   ann  billing            ->
         1.0  ticket  t1   billing            -> offer t1 ann
         5.0  accept  t1 ann                  ->
        60.0  wrap    t1 ann                  ->
        90.0  tick                            -> complete t1
    """)
    assert story.state("t1") == "completed"


def test_an_agent_may_end_the_wrap_up_early_or_name_its_end() -> None:
    """Whoever finishes the notes takes the next ticket at once; a named end replaces the channel's."""
    play("""
         0.0  agent   ann                     ->
         1.0  ticket  t1                      -> offer t1 ann
         1.0  ticket  t2                      ->
         2.0  accept  t1 ann                  ->
        10.0  wrap    t1 ann                  ->
        15.0  complete t1 ann                 -> offer t2 ann
        16.0  accept  t2 ann                  ->
        20.0  wrap    t2 ann until=25         ->
        25.0  tick                            -> complete t2
    """)


def test_an_unanswered_offer_goes_to_the_next_agent() -> None:
    """Ann does not answer within 30 s, so the ticket is offered to Bo, who fits less well."""
    play("""
         0.0  agent   ann  billing:5          ->
         0.0  agent   bo   billing:4          ->
         1.0  ticket  t1   billing            -> offer t1 ann
        31.0  tick                            -> expire t1 ann, queue t1, offer t1 bo
    """)


def test_three_unanswered_offers_in_a_row_make_an_agent_away_and_never_one() -> None:
    """The pair cools down after each; at the third strike the agent is away."""
    play("""
         0.0  agent   ann                     ->
         1.0  ticket  t1                      -> offer t1 ann
        31.0  tick                            -> expire t1 ann, queue t1
        91.0  tick                            -> offer t1 ann
       121.0  tick                            -> expire t1 ann, queue t1
       181.0  tick                            -> offer t1 ann
       211.0  tick                            -> expire t1 ann, away ann, queue t1
       300.0  tick                            ->
       310.0  available ann                   -> offer t1 ann
    """)


def test_a_limit_of_one_strike_still_takes_two() -> None:
    """Nobody is sent away for the first offer missed, whatever the policy says."""
    play("""
         0.0  policy  strikes=1 unanswered=1  ->
         0.0  agent   ann                     ->
         1.0  ticket  t1                      -> offer t1 ann
        31.0  tick                            -> expire t1 ann, queue t1
        32.0  tick                            -> offer t1 ann
        62.0  tick                            -> expire t1 ann, away ann, queue t1
    """)


def test_an_answer_clears_the_strikes() -> None:
    """Two misses, an accepted offer, and two more misses do not send anybody away."""
    play("""
         0.0  policy  unanswered=1            ->
         0.0  agent   ann                     ->
         1.0  ticket  t1                      -> offer t1 ann
        31.0  tick                            -> expire t1 ann, queue t1
        32.0  tick                            -> offer t1 ann
        62.0  tick                            -> expire t1 ann, queue t1
        63.0  tick                            -> offer t1 ann
        64.0  accept  t1 ann                  ->
        65.0  complete t1 ann                 ->
        66.0  ticket  t2                      -> offer t2 ann
        96.0  tick                            -> expire t2 ann, queue t2
        97.0  tick                            -> offer t2 ann
       127.0  tick                            -> expire t2 ann, queue t2
    """)


def test_a_decline_cools_that_pair_down_and_no_other() -> None:
    """Ann declines t1 and gets t2; t1 comes back to her when 300 s are over."""
    play("""
         0.0  agent   ann                     ->
         1.0  ticket  t1                      -> offer t1 ann
         2.0  decline t1 ann                  -> queue t1
         3.0  ticket  t2                      -> offer t2 ann
         4.0  accept  t2 ann                  ->
         9.0  complete t2 ann                 ->
       302.0  tick                            -> offer t1 ann
    """)


def test_a_decline_may_name_its_own_end() -> None:
    """An agent who asks for a minute gets a minute."""
    play("""
         0.0  agent   ann                     ->
         1.0  ticket  t1                      -> offer t1 ann
         2.0  decline t1 ann until=62         -> queue t1
        61.0  tick                            ->
        62.0  tick                            -> offer t1 ann
    """)


def test_a_declined_head_does_not_hide_those_behind_it() -> None:
    """Ann cools down from the oldest ticket, so the one behind it is hers, under either engine."""
    for engine in ("greedy", "exact"):
        play(f"""
             0.0  policy  engine={engine}         ->
             0.0  agent   ann                     ->
             1.0  ticket  t1                      -> offer t1 ann
             1.5  ticket  t2                      ->
             1.5  ticket  t3                      ->
             2.0  decline t1 ann                  -> queue t1, offer t2 ann
        """)


def test_an_update_keeps_the_cool_down() -> None:
    """Raising the priority of a ticket does not send it back to whoever just declined it."""
    play("""
         0.0  agent   ann                     ->
         1.0  ticket  t1                      -> offer t1 ann
         2.0  decline t1 ann                  -> queue t1
         3.0  update  t1 prio=9               ->
       302.0  tick                            -> offer t1 ann
    """)


def test_a_queue_may_ask_several_agents_at_once_and_the_first_to_accept_wins() -> None:
    """The others' offers are withdrawn and accepting one of those is refused."""
    play("""
         0.0  queue   main parallel=2         ->
         0.0  agent   ann  billing:5          ->
         0.0  agent   bo   billing:4          ->
         0.0  agent   cy   billing:3          ->
         1.0  ticket  t1   billing            -> offer t1 ann, offer t1 bo
         2.0  accept  t1 bo                   -> revoke t1 ann
         3.0  accept  t1 ann                  -> refuse offer_gone
         4.0  accept  t1 bo                   -> refuse offer_gone
    """)


def test_a_ticket_offered_twice_waits_only_when_the_last_offer_is_gone() -> None:
    """One decline leaves the other offer open; the second sends the ticket back."""
    play("""
         0.0  queue   main parallel=3         ->
         0.0  agent   ann  billing:5          ->
         0.0  agent   bo   billing:4          ->
         1.0  ticket  t1   billing            -> offer t1 ann, offer t1 bo
         2.0  decline t1 ann                  ->
         3.0  decline t1 bo                   -> queue t1
    """)


def test_a_channel_may_accept_by_itself() -> None:
    """E-mail lands on the desk without being asked for, and only on one desk."""
    play("""
         0.0  channel email auto wrap=0       ->
         0.0  queue   main parallel=3         ->
         0.0  ask     mail channel=email      ->
         0.0  agent   ann  email=1            ->
         0.0  agent   bo   email=1            ->
         1.0  ticket  m1   mail               -> offer m1 ann, auto m1 ann
         2.0  ticket  m2   mail               -> offer m2 bo, auto m2 bo
         3.0  ticket  m3   mail               ->
         4.0  complete m1 ann                 -> offer m3 ann, auto m3 ann
    """)


def test_a_supervisor_may_withdraw_an_offer() -> None:
    """A withdrawn offer is nobody's fault: no strike, no cool-down."""
    play("""
         0.0  agent   ann                     ->
         1.0  ticket  t1                      -> offer t1 ann
         2.0  revoke  t1 ann                  -> queue t1, offer t1 ann
    """)


def test_words_about_an_offer_that_is_gone_are_refused() -> None:
    """Too late is too late, whoever says it; nothing changes."""
    play("""
         0.0  agent   ann                     ->
         1.0  ticket  t1                      -> offer t1 ann
         2.0  complete t1 ann                 -> refuse state_conflict
         3.0  wrap    t1 ann                  -> refuse state_conflict
        31.0  tick                            -> expire t1 ann, queue t1
        32.0  accept  t1 ann                  -> refuse offer_gone
        33.0  decline t1 ann                  -> refuse offer_gone
        34.0  complete t1 ann                 -> refuse offer_gone
    """)


def test_whoever_gives_a_ticket_back_is_not_the_next_to_get_it() -> None:
    """Releasing an assignment cools the pair down like a decline; its age is kept."""
    play("""
         0.0  agent   ann                     ->
         1.0  ticket  t1                      -> offer t1 ann
         2.0  accept  t1 ann                  ->
         9.0  release t1 ann                  -> release t1 ann, queue t1
        10.0  agent   bo                      -> offer t1 bo
    """)


def test_without_a_first_reply_the_ticket_goes_to_somebody_else() -> None:
    """Ann accepts and falls silent for 60 s: the ticket waits again, and not for her."""
    play("""
         0.0  channel chat first_reply=60     ->
         0.0  agent   ann  billing:5          ->
         1.0  ticket  t1   billing            -> offer t1 ann
         2.0  accept  t1 ann                  ->
        62.0  tick                            -> release t1 ann, queue t1
        70.0  agent   bo   billing:1          -> offer t1 bo
    """)


def test_a_first_reply_in_time_keeps_the_ticket() -> None:
    """Once the agent has written, silence does not take the ticket away."""
    play("""
         0.0  channel chat first_reply=60     ->
         0.0  agent   ann                     ->
         1.0  ticket  t1                      -> offer t1 ann
         2.0  accept  t1 ann                  ->
        50.0  reply   t1                      ->
       500.0  tick                            ->
    """)
