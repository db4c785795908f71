"""Stories of capacity: units, costs, maxima, interruptible channels."""

from __future__ import annotations

from tests.scenario import play


def test_open_offers_count_as_load() -> None:
    """One unit, one open offer: nothing more until it is answered for."""
    play("""
         0.0  agent   ann                     ->
         1.0  ticket  t1                      -> offer t1 ann
         2.0  ticket  t2                      ->
         3.0  decline t1 ann                  -> queue t1, offer t2 ann
    """)


def test_channels_cost_what_the_agent_says_they_cost() -> None:
    """Of four units voice takes three, so one chat fits beside it and no second."""
    play("""
         0.0  channel voice
         0.0  ask     call channel=voice      ->
         0.0  agent   ann units=4 voice=3 chat=1 ->
         1.0  ticket  v1   call               -> offer v1 ann
         2.0  ticket  t1                      -> offer t1 ann
         3.0  ticket  t2                      ->
         4.0  ticket  v2   call               ->
         5.0  decline v1 ann                  -> queue v1, offer t2 ann
    """)


def test_a_channel_may_have_a_maximum_of_its_own() -> None:
    """Four units, but never more than two chats; e-mail fills the rest."""
    play("""
         0.0  channel email
         0.0  ask     mail channel=email      ->
         0.0  agent   ann units=4 chat=1:2 email=1 ->
         1.0  ticket  t1                      -> offer t1 ann
         1.0  ticket  t2                      -> offer t2 ann
         1.0  ticket  t3                      ->
         1.0  ticket  m1   mail               -> offer m1 ann
         2.0  accept  t1 ann                  ->
         3.0  complete t1 ann                 -> offer t3 ann
    """)


def test_a_wrap_up_still_takes_its_units() -> None:
    """Writing notes is work."""
    play("""
         0.0  agent   ann                     ->
         1.0  ticket  t1                      -> offer t1 ann
         2.0  accept  t1 ann                  ->
         3.0  wrap    t1 ann                  ->
         4.0  ticket  t2                      ->
        33.0  tick                            -> complete t1, offer t2 ann
    """)


def test_an_interruptible_channel_does_not_keep_an_interrupting_one_away() -> None:
    """A desk full of e-mail takes a call, and no further e-mail until the call is over."""
    play("""
         0.0  channel email interruptible
         0.0  channel voice interrupts
         0.0  ask     mail channel=email
         0.0  ask     call channel=voice      ->
         0.0  agent   ann units=2 email=1 voice=2 ->
         1.0  ticket  m1   mail               -> offer m1 ann
         1.0  ticket  m2   mail               -> offer m2 ann
         1.0  ticket  m3   mail               ->
         2.0  accept  m1 ann                  ->
         2.0  accept  m2 ann                  ->
         3.0  ticket  v1   call               -> offer v1 ann
         4.0  accept  v1 ann                  ->
         5.0  ticket  v2   call               ->
         6.0  complete m1 ann                 ->
         7.0  complete v1 ann                 -> offer m3 ann, offer v2 ann
    """)


def test_a_channel_the_agent_does_not_work_is_never_offered() -> None:
    """Nobody has to set a maximum of 0 for what an agent has never heard of."""
    play("""
         0.0  channel voice
         0.0  ask     call channel=voice      ->
         0.0  agent   ann units=9 chat=1      ->
         1.0  ticket  v1   call               -> unmatchable v1
    """)


def test_a_ticket_dearer_than_the_agent_is_large_is_unmatchable() -> None:
    """Three units never fit into two."""
    play("""
         0.0  agent   ann units=2 chat=3      ->
         1.0  ticket  t1                      -> unmatchable t1
    """)


def test_a_channel_that_comes_after_the_agents_is_open_to_them() -> None:
    """Configuration may come in any order; changing a channel is looked at like any change."""
    play("""
         0.0  channel voice
         0.0  channel email                   ->
         0.0  ask     mail channel=email
         0.0  ask     call channel=voice      ->
         0.0  agent   ann units=2 email=1 voice=2 ->
         1.0  ticket  m1   mail               -> offer m1 ann
         2.0  ticket  v1   call               ->
         3.0  channel email interruptible     ->
         4.0  decline m1 ann                  -> queue m1, offer v1 ann
         5.0  decline v1 ann                  -> queue v1
         6.0  ticket  m2   mail               -> offer m2 ann
         7.0  ticket  v2   call               ->
         8.0  channel voice interrupts        -> offer v2 ann
    """)


def test_a_queue_that_comes_late_is_open_and_served_by_those_who_serve_all() -> None:
    """Whoever serves all queues serves new ones, even when its profile was there before it."""
    play("""
         0.0  agent   ann                     ->
         1.0  ask     vip queue=gold          ->
         2.0  queue   gold                    ->
         3.0  ticket  t1 vip                  -> offer t1 ann
    """)
