"""Intervals say what a hand computes, and hold what they promise as often as they promise it."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulator.stats.intervals import jackknife, mean, paired, paired_ratio, ratio
from simulator.stats.simultaneous import bonferroni, holm, p_value
from simulator.stats.student import (
    normal_quantile,
    student_cdf,
    student_quantile,
)


def covered(hits: int, trials: int, confidence: float) -> bool:
    """Tell whether so many hits are what a binomial count allows (four standard errors)."""
    slack = 4 * math.sqrt(confidence * (1 - confidence) / trials)
    return abs(hits / trials - confidence) < slack


@pytest.mark.parametrize(
    ("share", "df", "printed"),
    [
        (0.975, 1, 12.706205),
        (0.975, 2, 4.302653),
        (0.975, 9, 2.262157),
        (0.995, 4, 4.604095),
        (0.95, 30, 1.697261),
        (0.9995, 100, 3.390491),
        (0.025, 9, -2.262157),
    ],
)
def test_student_quantiles_are_those_of_the_printed_tables(
    share: float, df: float, printed: float
) -> None:
    """Six digits agree with the tables of any textbook, in both tails."""
    assert student_quantile(share, df) == pytest.approx(printed, abs=1e-6)


@given(st.floats(0.001, 0.999), st.floats(0.5, 1e6))
def test_quantile_and_law_are_inverse(share: float, df: float) -> None:
    """Going there and back returns the share; many degrees of freedom are the normal law."""
    assert student_cdf(student_quantile(share, df), df) == pytest.approx(share, abs=1e-9)
    assert student_quantile(share, 1e9) == normal_quantile(share)


def test_a_mean_by_hand() -> None:
    """1 to 5: mean 3, standard deviation root 2.5, t(0.975, 4) = 2.776445."""
    found = mean([1, 2, 3, 4, 5])
    assert (found.value, found.n, found.df) == (3.0, 5, 4.0)
    assert found.half_width == pytest.approx(2.776445 * math.sqrt(2.5 / 5), abs=1e-6)
    assert found.holds(found.low)
    assert not found.holds(5.0)
    assert found.at(0.99).half_width == pytest.approx(4.604095 * math.sqrt(0.5), abs=1e-6)


def test_a_ratio_by_hand() -> None:
    """(2, 4, 9) over (1, 2, 3): 2.5; pulls -.5/2, -1/2, 1.5/2; jackknife from 13/5, 11/4, 6/3."""
    found = ratio([2, 4, 9], [1, 2, 3])
    error = math.sqrt((0.0625 + 0.25 + 0.5625) / 2 / 3)
    assert found.value == 2.5
    assert found.half_width == pytest.approx(4.302653 * error, abs=1e-6)
    pseudo = [3 * 2.5 - 2 * left_out for left_out in (13 / 5, 11 / 4, 6 / 3)]
    assert jackknife([2, 4, 9], [1, 2, 3]) == pytest.approx(mean(pseudo))


def test_bad_samples_are_named() -> None:
    """What is wrong with a sample is said: too short, not finite, unequal, nothing to divide by."""
    with pytest.raises(ValueError, match=r"expected a vector of 2 or more"):
        mean([1.0])
    with pytest.raises(ValueError, match=r"values\[1\] is nan"):
        mean([1.0, math.nan])
    with pytest.raises(ValueError, match=r"numerator has 2 values and denominator 3"):
        ratio([1, 2], [1, 2, 3])
    with pytest.raises(ValueError, match=r"denominator sums to 0"):
        ratio([1, 2], [0, 0])


def test_intervals_cover_what_they_promise() -> None:
    """95 % intervals of a mean and of a ratio hold the truth in 95 % of 2,000 seeded trials."""
    rng = np.random.default_rng(4)
    hits = {"mean": 0, "delta": 0, "jackknife": 0}
    for _ in range(2_000):
        busy = rng.gamma(20.0, 1 / 20.0, 30)
        arrived = rng.poisson(100 * busy).astype(float)
        in_target = rng.binomial(arrived.astype(int), 0.8).astype(float)
        hits["mean"] += mean(rng.normal(7.0, 2.0, 8)).holds(7.0)
        hits["delta"] += ratio(in_target, arrived).holds(0.8)
        hits["jackknife"] += jackknife(in_target, arrived).holds(0.8)
    assert all(covered(count, 2_000, 0.95) for count in hits.values()), hits


def test_common_random_numbers_cancel() -> None:
    """What two policies share is gone from the interval of their difference."""
    rng = np.random.default_rng(5)
    shared = rng.normal(100.0, 30.0, 40)
    ours, theirs = shared + rng.normal(1.0, 1.0, 40), shared + rng.normal(0.0, 1.0, 40)
    found = paired(ours, theirs)
    assert found.holds(1.0)
    assert found.half_width < mean(ours).half_width / 10
    weights = rng.poisson(1_000, 40).astype(float)
    assert paired_ratio((ours, weights), (ours, weights)).half_width == 0.0
    difference = paired_ratio((ours, weights), (theirs, weights))
    assert difference.value == pytest.approx(
        ratio(ours, weights).value - ratio(theirs, weights).value
    )
    assert difference.half_width < ratio(ours, weights).half_width / 10


def test_many_statements_together() -> None:
    """Bonferroni by hand; Holm rejects what it rejects and, going on, one more."""
    assert bonferroni(0.99, 10) == pytest.approx(0.999)
    assert holm([0.001, 0.02, 0.03, 0.9], 0.05) == [True, False, False, False]
    assert holm([0.03, 0.001, 0.012, 0.02], 0.05) == [True] * 4
    assert [p < 0.05 / 4 for p in (0.03, 0.001, 0.012, 0.02)] == [False, True, True, False]
    assert p_value(2.262157, 1.0, 9) == pytest.approx(0.05, abs=1e-6)
    assert (p_value(0.0, 0.0, 9), p_value(0.1, 0.0, 9)) == (1.0, 0.0)


def test_a_simultaneous_band_holds_all_at_once() -> None:
    """Twenty intervals at Bonferroni's confidence are right together in at least 90 % of trials."""
    rng = np.random.default_rng(6)
    each = bonferroni(0.9, 20)
    right = 0
    for _ in range(300):
        values = rng.normal(0.0, 1.0, (20, 12))
        right += all(mean(row, each).holds(0.0) for row in values)
    assert right / 300 > 0.9 - 4 * math.sqrt(0.09 / 300)
    assert right / 300 < 0.99
