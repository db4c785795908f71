"""Drift, intervals and calibration against numbers worked by hand, and against chance."""

import math
import random

import pytest

from router.learning.adwin import CHECK_EVERY, Adwin
from router.learning.calibration import Calibration
from router.learning.sequences import ConfidenceSequence, tuning
from router.learning.stability import Stability, bin_of, by_chance, stability_index


def coins(seed: int, share: float, count: int) -> list[float]:
    """Return so many outcomes that are 1 with a probability."""
    chance = random.Random(seed)
    return [float(chance.random() < share) for _ in range(count)]


# -- ADWIN -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("seed", range(5))
def test_the_window_is_the_end_of_the_stream(seed: int) -> None:
    """Whatever was joined and dropped, count and total are those of the newest numbers, none lost."""
    stream = coins(seed, 0.2, 700) + coins(seed + 50, 0.7, 700) + coins(seed + 90, 0.1, 333)
    window = Adwin()
    for n, number in enumerate(stream, 1):
        window.add(number)
        assert window.total == pytest.approx(sum(stream[n - window.count : n]))
    assert 0 < window.count < len(stream)


def test_a_rise_of_errors_is_found_and_what_was_before_is_forgotten() -> None:
    """From 10 to 40 % of errors: found within 200 outcomes, with both means, and the window follows."""
    window = Adwin()
    assert not any(window.add(number) for number in coins(1, 0.1, 2_000))
    found = [change for number in coins(2, 0.4, 200) if (change := window.add(number))]
    assert found[0].before == pytest.approx(0.1, abs=0.02)
    assert found[0].after > found[0].before + 0.05
    for number in coins(3, 0.4, 1_000):
        window.add(number)
    assert window.mean == pytest.approx(0.4, abs=0.05)


def test_a_steady_stream_hardly_ever_alarms() -> None:
    """Forty streams of 3,000 coins, 3,750 looks in all: at most one false alarm."""
    alarms = sum(
        any(window.add(number) for number in coins(seed, 0.1, 3_000))
        for seed in range(40)
        if (window := Adwin())
    )
    assert alarms <= 1
    assert CHECK_EVERY == 32


def test_a_window_without_numbers_has_no_mean_to_speak_of() -> None:
    """An empty window is 0, and a confidence that is none is refused by name."""
    assert Adwin().mean == 0.0
    with pytest.raises(ValueError, match=r"confidence is 1\.0"):
        Adwin(1.0)


# -- confidence sequences ----------------------------------------------------------------------------------------------


def test_the_interval_is_the_one_worked_by_hand() -> None:
    """Four outcomes 1, -1, 1, -1, tightest after one: rho squared 7.9362, half width 1.5636."""
    assert tuning(0.05, 1) == pytest.approx(5.9915 + 1.9447, abs=1e-3)
    sequence = ConfidenceSequence(0.05, sooner=1)
    for number in (1.0, -1.0, 1.0, -1.0):
        sequence.add(number)
    low, high = sequence.interval()
    assert (low, high) == (pytest.approx(-1.5636, abs=1e-3), pytest.approx(1.5636, abs=1e-3))


def test_nothing_seen_is_nothing_known_and_all_alike_is_not_certainty() -> None:
    """No outcome: infinite bounds. A hundred equal ones: the next may differ, so the bounds keep apart."""
    sequence = ConfidenceSequence()
    assert sequence.interval() == (-math.inf, math.inf)
    for _ in range(100):
        sequence.add(0.0)
    assert sequence.interval().low < -0.01
    with pytest.raises(ValueError, match=r"alpha 0\.0"):
        ConfidenceSequence(0.0)


def test_looking_all_the_time_does_not_make_a_difference_out_of_chance() -> None:
    """A gain that is none, looked at after each of 800 outcomes: wrong in 5 % at most; a z-test is in over 20 %."""
    wrong = naive = 0
    for seed in range(120):
        chance, sequence = random.Random(seed), ConfidenceSequence(0.05, sooner=400)
        is_wrong = is_naive = False
        for n in range(1, 801):
            sequence.add(chance.choice((-1.0, 0.0, 0.0, 0.0, 0.0, 1.0)))
            low, high = sequence.interval()
            is_wrong |= n > 30 and not low <= 0.0 <= high
            is_naive |= n > 30 and abs(sequence.mean) > 1.96 * math.sqrt(1 / 3 / n)
        wrong += is_wrong
        naive += is_naive
    assert wrong <= 6
    assert naive > 24


# -- stability and calibration -----------------------------------------------------------------------------------------


def test_the_stability_index_is_the_one_worked_by_hand() -> None:
    """50/50 against 75/25, half a count added to each: 25/101 * (ln(75.5/50.5) + ln(50.5/25.5)) = 0.2687."""
    index = stability_index({"a": 50, "b": 50}, {"a": 75, "b": 25})
    assert index == pytest.approx(0.2687, abs=1e-4)
    assert stability_index({"a": 3}, {"a": 9}) == 0.0
    assert by_chance(1_000, 1_000, 10) == pytest.approx(0.002 * (9 + 4 * math.sqrt(18)))


def test_windows_of_one_population_do_not_alarm_and_another_does() -> None:
    """Thirty windows of the same ten labels: none. Half of them one label: the window says so."""
    chance, stability = random.Random(4), Stability(200)
    assert not any(stability.add(chance.randrange(10)) for _ in range(31 * 200))
    assert stability.value > 0.0
    told = [stability.add(chance.randrange(10) if n % 2 else 3) for n in range(200)]
    assert told[:-1] == [None] * 199
    assert told[-1] is not None
    assert told[-1].value > told[-1].limit >= 0.2
    assert [bin_of(share) for share in (-1.0, 0.0, 0.19, 1.0, 7.0)] == [0, 0, 1, 9, 9]
    with pytest.raises(ValueError, match="window is 0"):
        Stability(0)


def test_calibration_is_the_gap_of_what_was_said_and_what_came_true() -> None:
    """Ten times 0.8 with six right: 0.2. By chance 0.8 * sqrt(2/pi * 0.16 / 10) ... of perfect ones less is seen."""
    told = Calibration()
    assert (told.error(), told.by_chance(), told.excess()) == (0.0, 0.0, 0.0)
    for n in range(10):
        told.add(0.8, n < 6)
    assert told.error() == pytest.approx(0.2)
    assert told.by_chance() == pytest.approx(math.sqrt(2 / math.pi * 0.16 / 10))
    assert told.excess() == pytest.approx(0.2 - math.sqrt(2 / math.pi * 0.16 / 10))


def test_perfect_probabilities_show_no_excess() -> None:
    """A thousand predictions that come true as often as they say: their error is no more than chance explains."""
    chance, told = random.Random(8), Calibration()
    for _ in range(1_000):
        p = chance.random()
        told.add(p, chance.random() < p)
    assert told.excess() < 0.01
