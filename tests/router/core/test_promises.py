"""Stories of the three promises: first response, next response, resolution; and of urgency."""

from __future__ import annotations

from tests.scenario import play


def test_a_first_response_is_warned_of_and_breached_while_waiting() -> None:
    """80 % of the way to the promise comes the warning, at its end the breach, each once."""
    story = play("""
         0.0  ticket  t1 due=100              -> unmatchable t1
        79.9  tick                            ->
        80.0  tick                            -> warn t1 first
        99.9  tick                            ->
       100.0  tick                            -> breach t1 first
       999.0  tick                            ->
    """)
    assert story.machine.arrays.queues[0][["warned", "breached"]].tolist() == (1, 1)


def test_accepting_is_no_response_but_a_reply_is() -> None:
    """The promise runs on while the agent reads; the agent's first words keep it."""
    play("""
         0.0  agent   ann units=2             ->
         0.0  ticket  t1 due=100              -> offer t1 ann
         0.0  ticket  t2 due=100              -> offer t2 ann
         5.0  accept  t1 ann                  ->
         5.0  accept  t2 ann                  ->
        50.0  reply   t1                      ->
        80.0  tick                            -> warn t2 first
       100.0  tick                            -> breach t2 first
    """)


def test_each_message_of_the_customer_starts_a_promise_of_a_next_response() -> None:
    """Only the first unanswered message counts, only after a first reply, and again after each answer."""
    play("""
         0.0  agent   ann                     ->
         0.0  ticket  t1 next=50              -> offer t1 ann
         1.0  accept  t1 ann                  ->
         2.0  reply   t1 customer             ->
        10.0  reply   t1                      ->
        20.0  reply   t1 customer             ->
        40.0  reply   t1 customer             ->
        60.0  tick                            -> warn t1 next
        65.0  reply   t1                      ->
       100.0  reply   t1 customer             ->
       140.0  tick                            -> warn t1 next
       150.0  tick                            -> breach t1 next
    """)


def test_a_resolution_runs_until_the_ticket_is_done() -> None:
    """Through waiting, assignment and wrap-up; completing in time keeps it."""
    play("""
         0.0  agent   ann units=2             ->
         0.0  ticket  t1 resolve=100          -> offer t1 ann
         0.0  ticket  t2 resolve=100          -> offer t2 ann
         5.0  accept  t1 ann                  ->
         5.0  accept  t2 ann                  ->
        70.0  wrap    t2 ann until=400        ->
        79.0  complete t1 ann                 ->
        80.0  tick                            -> warn t2 resolution
       100.0  tick                            -> breach t2 resolution
    """)


def test_promises_go_on_while_a_ticket_is_suspended() -> None:
    """Suspending is no way out of a promise."""
    play("""
         0.0  ticket  t1 due=100              -> unmatchable t1
        10.0  suspend t1                      ->
        80.0  tick                            -> warn t1 first
       100.0  tick                            -> breach t1 first
    """)


def test_a_promise_broken_before_it_came_in_is_told_at_once() -> None:
    """A back-dated ticket whose time is already over is warned of and breached on arrival."""
    play("""
       500.0  ticket  t1 start=100 due=60     -> unmatchable t1, warn t1 first, breach t1 first
    """)


def test_a_promise_already_kept_does_not_come_back_with_an_update() -> None:
    """After the first reply an update of the promises starts no first response anew."""
    play("""
         0.0  agent   ann                     ->
         0.0  ticket  t1 due=100              -> offer t1 ann
         1.0  accept  t1 ann                  ->
        50.0  reply   t1                      ->
        60.0  update  t1 due=10 prio=9        ->
       200.0  tick                            ->
    """)


def test_escalating_moves_a_ticket_to_the_front() -> None:
    """A new priority, a new promise: the ticket overtakes in the same run, keeping its age."""
    play("""
         0.0  agent   ann                     ->
         1.0  ticket  t1                      -> offer t1 ann
         2.0  ticket  t2                      ->
         3.0  ticket  t3                      ->
         4.0  accept  t1 ann                  ->
        10.0  update  t3 prio=9 due=30 start=3 ->
        20.0  complete t1 ann                 -> offer t3 ann
        27.0  tick                            -> warn t3 first
    """)


def test_urgency_lets_an_old_ticket_overtake_a_better_match() -> None:
    """By value a specialist's ticket goes first while both are fresh, and the overdue one later."""
    floor = """
         0.0  policy  order=value engine=exact ->
         0.0  agent   ann billing offline     ->
         1.0  ticket  t1 target=60 start={age} ->
         1.0  ticket  t2 billing target=60    ->
        10.0  available ann                   -> offer {first} ann
    """
    play(floor.format(age=1, first="t2"))
    play(floor.format(age=-200, first="t1"))


def test_a_new_promise_is_watched_like_the_first() -> None:
    """A ticket that broke its promise and is promised something else is warned of and breaches anew, once each."""
    play("""
         0.0  ticket  t1 due=100 resolve=200  -> unmatchable t1
       100.0  tick                            -> warn t1 first, breach t1 first
       160.0  tick                            -> warn t1 resolution
       170.0  update  t1 due=300 resolve=400 start=0 ->
       239.9  tick                            ->
       240.0  tick                            -> warn t1 first
       300.0  tick                            -> breach t1 first
       320.0  tick                            -> warn t1 resolution
       321.0  update  t1 due=300 resolve=400 start=0 ->
       400.0  tick                            -> breach t1 resolution
    """)
