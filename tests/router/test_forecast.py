"""What is expected follows from what came: the season, the present, and the work."""

import pytest

from router.forecast import HOUR_US, TYPES_MAX, WORK_S, Forecaster, hour_of

WEEK_US = 168 * HOUR_US
MINUTE_US = 60_000_000


def lived(forecaster: Forecaster, from_us: int, minutes: int, each: list[int]) -> int:
    """Let ``each`` come every minute; return when that ends."""
    forecaster.advance(from_us, [], [])
    for n in range(minutes):
        forecaster.advance(from_us + (n + 1) * MINUTE_US, each, [])
    return from_us + minutes * MINUTE_US


def rate_of(forecaster: Forecaster, profile: int) -> float:
    """Return tickets a minute expected of a type, 0 if none."""
    expected = forecaster.expected(10)
    rates = dict(zip(expected.profiles.tolist(), expected.rate.tolist(), strict=True))
    return rates.get(profile, 0.0) * 60


def test_a_steady_stream_is_expected_to_go_on() -> None:
    """Two a minute of one type and one of another, heaviest first."""
    forecaster = Forecaster()
    lived(forecaster, 0, 120, [7, 7, 3])
    assert forecaster.expected(10).profiles.tolist() == [7, 3]
    assert rate_of(forecaster, 7) == pytest.approx(2.0, rel=0.02)
    assert rate_of(forecaster, 3) == pytest.approx(1.0, rel=0.02)
    assert forecaster.observed_s == 7_200
    assert forecaster.expected(1).profiles.tolist() == [7]


def test_an_hour_is_expected_to_be_as_a_week_ago() -> None:
    """At the beginning of a busy hour nothing has come yet, and most of it is expected all the same."""
    forecaster = Forecaster()
    lived(forecaster, 0, 60, [1, 1, 1, 1])
    lived(forecaster, HOUR_US, 60, [])
    forecaster.advance(WEEK_US - HOUR_US, [], [])
    lived(forecaster, WEEK_US - HOUR_US, 60, [])
    forecaster.advance(WEEK_US + 1, [], [])
    assert 1.5 < rate_of(forecaster, 1) < 4.0
    lived(forecaster, WEEK_US + 1, 59, [])
    assert rate_of(forecaster, 1) < 1.5


def test_a_week_counts_half_as_much_as_the_next() -> None:
    """Three a minute a week ago and none the week before: two a minute, but for what the present says."""
    forecaster = Forecaster()
    lived(forecaster, 0, 60, [])
    lived(forecaster, WEEK_US, 60, [1, 1, 1])
    forecaster.advance(2 * WEEK_US, [], [])
    season = forecaster._season[0, 0] / forecaster._season_s[0] * 60
    assert season == pytest.approx(2.0, rel=0.02)


def test_the_present_alone_speaks_of_an_hour_never_seen() -> None:
    """Right after the first hour the next has no history, and what came lately is expected to come."""
    forecaster = Forecaster()
    end_us = lived(forecaster, 0, 60, [5])
    forecaster.advance(end_us + 1, [], [])
    assert rate_of(forecaster, 5) == pytest.approx(1.0, rel=0.02)


def test_work_is_learned_by_type_from_that_of_all() -> None:
    """Before any work 300 s; then a type without works takes as long as all do, one with many its own time."""
    forecaster = Forecaster()
    lived(forecaster, 0, 1, [1, 2])
    assert forecaster.expected(2).work_s.tolist() == [WORK_S, WORK_S]
    forecaster.advance(2 * MINUTE_US, [], [(1, 60_000_000)] * 1_000)
    expected = forecaster.expected(2)
    works = dict(zip(expected.profiles.tolist(), expected.work_s.tolist(), strict=True))
    assert works == pytest.approx({1: 60.0, 2: 60.0})
    forecaster.advance(3 * MINUTE_US, [], [(2, 600_000_000)] * 1_000)
    expected = forecaster.expected(2)
    works = dict(zip(expected.profiles.tolist(), expected.work_s.tolist(), strict=True))
    assert 60 < works[1] < 90
    assert 550 < works[2] < 600


def test_for_a_type_too_many_those_of_which_least_came_are_forgotten() -> None:
    """A busy type outlives others that come once, a new one is followed, and what is known of both stays."""
    forecaster = Forecaster()
    forecaster.advance(0, [], [])
    busy, once = [7] * 30, range(100, 100 + TYPES_MAX - 1)
    forecaster.advance(MINUTE_US, [*busy, *once], [(7, 90_000_000)] * 1_000)
    forecaster.advance(2 * MINUTE_US, [99_999] * 20, [])
    expected = forecaster.expected(TYPES_MAX)
    assert expected.profiles[:2].tolist() == [7, 99_999]
    assert len(expected.profiles) == TYPES_MAX // 2 + 1
    assert expected.rate[:2] * 120 == pytest.approx([30, 20], rel=0.05)
    assert expected.work_s[0] == pytest.approx(90, rel=0.05)


def test_nothing_seen_is_nothing_expected() -> None:
    """A forecaster at its first instant expects nobody, and hours turn with the week."""
    forecaster = Forecaster()
    forecaster.advance(0, [], [])
    assert len(forecaster.expected(10).profiles) == 0
    assert hour_of(WEEK_US - 1) == 167
    assert hour_of(WEEK_US) == 0
