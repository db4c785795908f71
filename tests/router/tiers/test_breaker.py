"""When a breaker opens, lets one try, and closes."""

from router.tiers.breaker import NS_PER_S, Breaker, BreakerLimits

LIMITS = BreakerLimits(failures=3, open_s=10.0)


def test_it_opens_after_failures_in_a_row_only() -> None:
    """A success in between starts the count anew."""
    breaker = Breaker(LIMITS)
    for outcome in "ffsffs":
        assert breaker.allows(0)
        breaker.failed(0) if outcome == "f" else breaker.succeeded()
    assert breaker.state(0) == "closed"
    for _ in range(3):
        breaker.failed(0)
    assert breaker.state(0) == "open"
    assert not breaker.allows(10 * NS_PER_S - 1)
    assert breaker.opened == 1


def test_one_call_tries_and_its_outcome_decides() -> None:
    """After the pause one call goes through, not two; a failure opens again, a success closes."""
    breaker = Breaker(LIMITS)
    for _ in range(3):
        breaker.failed(0)
    later = 10 * NS_PER_S
    assert breaker.state(later) == "half_open"
    assert [breaker.allows(later), breaker.allows(later)] == [True, False]
    breaker.failed(later)
    assert breaker.state(later) == "open"
    assert breaker.opened == 2
    assert breaker.allows(2 * later)
    breaker.succeeded()
    assert breaker.state(2 * later) == "closed"
    assert breaker.allows(2 * later)


def test_a_try_without_an_outcome_leaves_room_for_another() -> None:
    """When the caller that tried went away, the next one may try."""
    breaker = Breaker(LIMITS)
    for _ in range(3):
        breaker.failed(0)
    assert breaker.allows(10 * NS_PER_S)
    breaker.abandoned()
    assert breaker.allows(10 * NS_PER_S)


def test_late_failures_of_calls_under_way_prolong_the_pause() -> None:
    """Calls that were under way when it opened may still fail; it stays one opening."""
    breaker = Breaker(LIMITS)
    for at in range(5):
        breaker.failed(at)
    assert breaker.opened == 1
    assert breaker.state(10 * NS_PER_S + 3) == "open"
    assert breaker.state(10 * NS_PER_S + 4) == "half_open"
