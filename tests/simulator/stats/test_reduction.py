"""Warm-up, batches, stopping, controls and strata: against hands, obvious twins and seeded runs."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulator.kernel.quantiles import gamma_quantile
from simulator.stats.controls import adjusted, controlled_mean, controlled_ratio
from simulator.stats.intervals import Interval, mean, ratio
from simulator.stats.sequential import Goal, blocks, met
from simulator.stats.steady import batch_means, lag_one, mser, steady_mean
from simulator.stats.strata import stratified_mean


def naive_mser(series: list[float], batch: int) -> int:
    """Try every cut of the first half, and compute the error of the rest from its definition."""
    whole = len(series) // batch
    z = [sum(series[i * batch : (i + 1) * batch]) / batch for i in range(whole)]
    errors = []
    for cut in range(max(1, whole // 2)):
        rest = z[cut:]
        centre = sum(rest) / len(rest)
        errors.append(sum((each - centre) ** 2 for each in rest) / len(rest) ** 2)
    return errors.index(min(errors)) * batch


@given(st.lists(st.integers(-50, 50).map(float), min_size=10, max_size=60), st.integers(1, 5))
def test_mser_is_its_definition(series: list[float], batch: int) -> None:
    """The sums over tails pick a cut whose error is the least there is."""
    cut, naive = mser(series, batch).cut, naive_mser(series, batch)

    def error(at: int) -> float:
        rest = np.asarray(series[: len(series) // batch * batch]).reshape(-1, batch).mean(axis=1)
        rest = rest[at // batch :]
        return float(((rest - rest.mean()) ** 2).sum() / len(rest) ** 2)

    assert error(cut) == pytest.approx(error(naive), abs=1e-9)


def test_mser_forgets_a_long_start() -> None:
    """A run that needs 200 values to settle loses about those; one that never does, says so."""
    rng = np.random.default_rng(1)
    start = np.where(np.arange(2_000) < 200, 30.0, 0.0)
    found = mser(start + rng.normal(0, 1, 2_000))
    assert found.is_settled
    assert 200 <= found.cut <= 230
    assert not mser(np.arange(2_000.0)).is_settled
    with pytest.raises(ValueError, match="expected a vector of 10 or more"):
        mser([1.0] * 9)


def test_batches_by_hand() -> None:
    """Seven values in three batches: the first is left out."""
    assert batch_means([9, 1, 3, 5, 7, 2, 2], 3).tolist() == [2.0, 6.0, 2.0]
    with pytest.raises(ValueError, match="batches is 1"):
        batch_means([1, 2, 3], 1)


def test_batch_means_cover_an_autocorrelated_mean() -> None:
    """Of an AR(1) series with a false start, 95 % intervals hold the mean; naive ones do not."""
    rng = np.random.default_rng(2)
    hits = naive = 0
    for _ in range(300):
        noise = rng.normal(0, 1, 4_000)
        series = np.empty(4_000)
        value = 40.0
        for i, each in enumerate(noise):
            value = 0.9 * value + each
            series[i] = value + 5.0
        hits += steady_mean(series, 20).holds(5.0)
        naive += mean(series[1_000:]).holds(5.0)
    assert hits / 300 > 0.95 - 4 * math.sqrt(0.05 * 0.95 / 300)
    assert naive / 300 < 0.6
    assert abs(lag_one(batch_means(series, 20))) < 0.6


def test_stopping_reaches_the_wanted_precision() -> None:
    """Blocks follow until the half-width is a hundredth of the mean, then no more."""
    rng = np.random.default_rng(3)
    values: list[float] = []
    goal = Goal(0.01, least=10)

    def look() -> list[Interval]:
        return [mean(values, goal.confidence)]

    runs = []
    for block in blocks(goal, look):
        assert block.start == len(values)
        values.extend(rng.normal(10.0, 1.0, len(block)))
        runs.append(len(block))
    assert met(look(), goal)
    assert 300 < len(values) < 700  # 1.96^2 * 100 = 384
    assert len(runs) < 10
    assert not met([mean(values[: len(values) // 2])], goal)


def test_stopping_stops_at_the_most_and_refuses_nonsense() -> None:
    """A precision out of reach ends at the most; a goal that cannot be met is named."""
    done = [len(each) for each in blocks(Goal(1e-9, 2, 37), lambda: [mean([1.0, 2.0])])]
    assert sum(done) == 37
    with pytest.raises(ValueError, match="relative is 0"):
        next(blocks(Goal(0.0), list))
    with pytest.raises(ValueError, match="least is 1"):
        next(blocks(Goal(0.1, least=1), list))


def test_a_control_by_hand() -> None:
    """y = 2 c + 3: whichever replication is left out, the slope is 2 and the corrected value 3."""
    c = np.array([-1.0, 0.0, 1.0, 2.0, 5.0])
    found = controlled_mean(3 + 2 * c, c[:, None], [0.0])
    assert adjusted(3 + 2 * c, c[:, None], [0.0]) == pytest.approx(np.full(5, 3.0))
    assert found.interval.value == pytest.approx(3.0)
    assert found.interval.half_width == pytest.approx(0.0, abs=1e-12)
    assert found.plain.value == pytest.approx(3 + 2 * 1.4)
    assert found.explained == pytest.approx(1.0)
    squares = np.array([0.0, 1.0, 2.0, 5.0, 6.0])
    slopes = [np.polyfit(np.delete(squares, n), np.delete(squares**2, n), 1)[0] for n in range(5)]
    by_hand = squares**2 - np.array(slopes) * squares
    assert adjusted(squares**2, squares[:, None], [0.0]) == pytest.approx(by_hand)


def test_a_control_that_says_nothing_changes_nothing() -> None:
    """A constant control is left out; twice the same control counts once."""
    rng = np.random.default_rng(7)
    y, c = rng.normal(3, 1, 50), rng.normal(0, 1, 50)
    same = controlled_mean(y, np.full((50, 1), 4.0), [4.0])
    assert same.interval == same.plain
    once = controlled_mean(y, c[:, None], [0.0]).interval
    twice = controlled_mean(y, np.column_stack([c, c]), [0.0, 0.0]).interval
    assert twice == pytest.approx(once)
    with pytest.raises(ValueError, match="too few"):
        controlled_mean(y[:3], c[:3, None], [0.0])
    with pytest.raises(ValueError, match=r"expected \(50, 2\)"):
        controlled_mean(y, c[:, None], [0.0, 0.0])


def test_controlled_intervals_cover_and_are_narrower() -> None:
    """A ratio with its arrivals as control: 95 % coverage, and a fraction of the width."""
    rng = np.random.default_rng(8)
    hits, narrower = 0, []
    for _ in range(1_500):
        arrived = rng.poisson(200, 40).astype(float)
        waits = 0.02 * arrived**2 + rng.normal(0, 10, 40)
        truth = 0.02 * (200 + 200**2) / 200
        found = controlled_ratio((waits, arrived), arrived[:, None], [200.0])
        hits += found.interval.holds(truth)
        narrower.append(found.interval.half_width / found.plain.half_width)
        assert found.plain == pytest.approx(ratio(waits, arrived))
    assert abs(hits / 1_500 - 0.95) < 4 * math.sqrt(0.05 * 0.95 / 1_500)
    assert np.mean(narrower) < 0.5


def test_strata_take_turns_and_cover() -> None:
    """Quantiles of the busyness taken in turns: right on average, and narrower than at random."""
    rng = np.random.default_rng(9)
    hits, widths = 0, []
    for _ in range(100):
        which = np.arange(40) % 5
        quantiles = (which + rng.random(40)) / 5
        days = np.array([10 * gamma_quantile(10.0, u) for u in quantiles]) + rng.normal(0, 3, 40)
        found = stratified_mean(days, which)
        hits += found.holds(100.0)
        widths.append(found.half_width / mean(days).half_width)
    assert hits / 100 > 0.95 - 4 * math.sqrt(0.05 * 0.95 / 100)
    assert np.mean(widths) < 0.6
    with pytest.raises(ValueError, match="expected 2 or more in each"):
        stratified_mean([1.0, 2.0, 3.0], [0, 0, 1])


def test_strata_by_hand() -> None:
    """Means 2 and 6 of two strata: 4; their variances of means, 1 and 4, over 4 are 1.25."""
    found = stratified_mean([1.0, 3.0, 4.0, 8.0], [0, 0, 1, 1])
    assert found.value == 4.0
    assert found.standard_error == pytest.approx(math.sqrt(1.25))
    assert found.df == pytest.approx(1.25**2 / (0.25**2 + 1.0**2))
