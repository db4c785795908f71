"""Shifts and regions are estimated from hours of work."""

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from router.incidents.shifts import Shift, region_of, shift_of, shortest_run
from router.wire.checks import check
from router.wire.registry import CalendarBody

ALL_WEEK = [10] * 5 + [0, 0]


def hours(**counts: int) -> list[int]:
    """Return 24 counts; `h9=5` puts five at nine."""
    return [counts.get(f"h{hour}", 0) for hour in range(24)]


def naive_run(counts: list[int], share: float) -> int:
    """Return the length of the shortest run that holds the share, by trying all."""
    twice = counts + counts
    enough = share * sum(counts)
    return min(
        length
        for length in range(1, 25)
        for first in range(24)
        if sum(twice[first : first + length]) >= enough
    )


@given(st.lists(st.integers(0, 50), min_size=24, max_size=24), st.sampled_from([0.5, 0.9, 1.0]))
def test_no_shorter_run_holds_the_share(counts, share) -> None:
    """The run holds the share and its length is that of the naive search."""
    first, length = shortest_run(counts, share)
    assert length == naive_run(counts, share)
    assert sum((counts + counts)[first : first + length]) >= share * sum(counts)


@pytest.mark.parametrize(
    ("counts", "opens", "closes", "length"),
    [
        (hours(h9=20, h10=20, h11=20, h13=20, h16=20), 9, 17, 8),
        (hours(h22=30, h23=30, h2=30), 22, 4, 6),
        (hours(h10=90), 10, 16, 6),
        ([4] * 24, 0, 12, 12),
    ],
)
def test_a_shift_is_the_run_within_its_bounds(counts, opens, closes, length) -> None:
    """Six to twelve hours, over midnight where the work is."""
    shift = shift_of(counts, ALL_WEEK, None)
    assert (shift.opens, shift.closes, shift.hours) == (opens, closes, length)
    assert shift.days == frozenset(range(5))


def test_too_few_incidents_give_the_shift_of_the_floor() -> None:
    """One incident at midnight does not make a night worker."""
    usual = Shift(frozenset(range(5)), 8, 10)
    assert shift_of(hours(h0=1), [1, 0, 0, 0, 0, 0, 0], usual) is usual


@given(st.frozensets(st.integers(0, 6), min_size=1), st.integers(0, 23), st.integers(6, 12))
def test_every_shift_is_a_calendar(days, opens, length) -> None:
    """Any shift makes a body the API takes, closing at 24:00 rather than at 00:00."""
    shift = Shift(days, opens, length)
    assert check(msgspec.convert(shift.calendar(), CalendarBody)) == []
    assert 1 <= shift.closes <= 24
    assert (shift.closes - opens) % 24 == length % 24


@pytest.mark.parametrize(
    ("counts", "region"),
    [
        (hours(h9=50, h14=50), "core"),
        (hours(h7=40, h8=40, h14=20), "early"),
        (hours(h21=30, h4=15, h9=55), "night"),
        (hours(h23=29), "core"),
    ],
)
def test_regions_are_other_hours(counts, region) -> None:
    """Mornings are early, evenings and nights are night; few incidents say nothing."""
    assert region_of(counts) == region
