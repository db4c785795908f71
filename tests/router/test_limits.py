"""A bucket lets through its rate in the long run, its burst at once, and never more."""

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from router.limits import RateLimits

SECOND = 1_000_000


def test_a_burst_passes_and_then_the_rate_holds() -> None:
    """Ten at once, then one every half second at two a second."""
    limits = RateLimits(rate_per_s=2, burst=10)
    assert [limits.take("k", 1, 0).is_allowed for _ in range(11)] == [True] * 10 + [False]
    assert limits.take("k", 1, 0).retry_after_us == SECOND // 2
    assert not limits.take("k", 1, SECOND // 2 - 1).is_allowed
    assert limits.take("k", 1, SECOND // 2).is_allowed
    assert limits.take("k", 1, SECOND * 100).remaining == 9


def test_weight_counts_tickets() -> None:
    """A batch of eight costs as much as eight tickets."""
    limits = RateLimits(rate_per_s=1, burst=10)
    assert limits.take("k", 8, 0) == (True, 2, 0)
    assert limits.take("k", 3, 0) == (False, 2, SECOND)


def test_a_batch_above_the_burst_passes_when_full_and_is_paid_off() -> None:
    """A batch of 25 at burst 10 passes once, then 16 s go by before the next single one."""
    limits = RateLimits(rate_per_s=1, burst=10)
    assert limits.take("k", 25, 0).is_allowed
    assert limits.take("k", 1, 0).retry_after_us == 16 * SECOND
    assert limits.take("k", 25, 0).retry_after_us == 25 * SECOND


def test_keys_do_not_share_a_bucket_and_zero_means_no_limit() -> None:
    """One key's greed is not another's loss."""
    limits = RateLimits(rate_per_s=1, burst=1)
    assert limits.take("a", 1, 0).is_allowed
    assert limits.take("b", 1, 0).is_allowed
    assert not limits.take("a", 1, 0).is_allowed
    assert all(RateLimits(0, 0).take("a", 1000, 0).is_allowed for _ in range(1000))


def test_a_clock_that_steps_back_gives_nothing_away() -> None:
    """Going back an hour and forth again refills no more than the time that passed."""
    limits = RateLimits(rate_per_s=1, burst=5)
    assert limits.take("k", 5, 3600 * SECOND).is_allowed
    assert not limits.take("k", 1, 0).is_allowed
    assert not limits.take("k", 1, 3600 * SECOND).is_allowed
    assert limits.take("k", 1, 3601 * SECOND).is_allowed


def test_the_number_of_buckets_is_bounded() -> None:
    """The longest silent key is forgotten first."""
    limits = RateLimits(rate_per_s=1, burst=1, keys_max=2)
    for key in ("a", "b", "a", "c"):
        limits.take(key, 1, 0)
    assert len(limits) == 2
    assert not limits.take("a", 1, 0).is_allowed
    assert limits.take("b", 1, 0).is_allowed


@pytest.mark.parametrize("weight", [0, -1, 1_000_001])
def test_a_bad_weight_is_refused(weight: int) -> None:
    """A request weighs something, and not without bound."""
    with pytest.raises(ValueError, match=f"weight is {weight}"):
        RateLimits(1, 1).take("k", weight, 0)


@pytest.mark.parametrize("arguments", [(-1, 1), (1, 0), (1, 1, 0)])
def test_a_bad_limit_is_refused(arguments: tuple[int, ...]) -> None:
    """A limit that lets nothing through, or keeps no bucket, is a mistake."""
    with pytest.raises(ValueError, match="expected a rate"):
        RateLimits(*arguments)


steps = st.lists(st.tuples(st.integers(0, 3 * SECOND), st.integers(1, 30)), max_size=40)


@given(st.integers(1, 1000), st.integers(1, 20), steps)
def test_it_agrees_with_fractions(rate: int, burst: int, asked: list[tuple[int, int]]) -> None:
    """The integer bucket decides as the same rule in exact fractions does."""
    limits = RateLimits(rate, burst)
    level, now, last = Fraction(burst), 0, 0
    for wait, weight in asked:
        now += wait
        level = min(Fraction(burst), level + Fraction(rate * (now - last), SECOND))
        last = now
        expected = level >= min(weight, burst)
        got = limits.take("k", weight, now)
        assert got.is_allowed == expected
        if expected:
            level -= weight
        else:
            needed = min(weight, burst) - level
            assert Fraction(got.retry_after_us - 1, SECOND) * rate < needed
            assert Fraction(got.retry_after_us, SECOND) * rate >= needed
