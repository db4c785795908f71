"""The histogram of latencies against sorted lists."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulator.load.histogram import SHOWN, VALUE_MAX, Histogram, highest_of, row_of

LATENCIES = st.one_of(st.integers(0, 5_000), st.integers(0, VALUE_MAX))


def naive_at(values: list[int], percentile: float) -> int:
    """Return the nearest rank of a sorted list."""
    rank = max(1, math.ceil(round(percentile / 100 * len(values), 9)))
    return sorted(values)[rank - 1]


def counted(values: list[int]) -> Histogram:
    """Return a histogram of values."""
    made = Histogram()
    for value in values:
        made.add(value)
    return made


@given(st.lists(LATENCIES, min_size=1, max_size=200), st.floats(0, 100))
def test_a_percentile_is_the_sorted_lists_to_a_thousandth(values: list[int], at: float) -> None:
    """Never below the exact quantile, above it by a thousandth at most, and never above the maximum."""
    found, exact = counted(values).at(at), naive_at(values, at)
    assert exact <= found <= min(max(values), exact + exact / 1_000 + 1)


@given(st.lists(LATENCIES, max_size=60), st.lists(LATENCIES, max_size=60))
def test_two_together_are_one_of_all(ours: list[int], theirs: list[int]) -> None:
    """Counting apart and adding up is counting together."""
    both, apart = counted(ours + theirs), counted(ours)
    apart.include(counted(theirs))
    assert (apart.counts == both.counts).all()
    assert (apart.count, apart.total, apart.most) == (both.count, both.total, both.most)
    assert apart.several(SHOWN) == both.several(SHOWN)


@given(st.integers(0, VALUE_MAX))
def test_rows_are_narrow_and_in_order(value: int) -> None:
    """A value lies in its row, whose width is a thousandth of it, and the next value is in the same or the next."""
    row = row_of(value)
    assert value <= highest_of(row) <= value + value / 1_024
    assert row_of(highest_of(row)) == row
    assert row_of(highest_of(row) + 1) == row + 1


def test_nothing_counted_and_values_out_of_range() -> None:
    """An empty histogram says 0; what is below 0 or too large is counted at the ends."""
    assert Histogram().several(SHOWN) == [0] * len(SHOWN)
    ends = counted([-5, VALUE_MAX + 1])
    assert (ends.at(0), ends.at(100), ends.count) == (0, VALUE_MAX, 2)
    assert counted([1_000] * 999 + [9]).at(99.9) == 1_000
    with pytest.raises(ValueError, match="percentile is 101"):
        ends.at(101)
