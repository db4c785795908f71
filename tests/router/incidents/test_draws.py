"""Draws are what they say, and none depends on another."""

import math
from statistics import fmean, pstdev

import pytest

from router.incidents.draws import Draws

GOLDEN_BITS = 7474484380616131608
KEYS = [str(number) for number in range(4_000)]


def test_a_draw_is_the_same_for_ever() -> None:
    """These bits are in recorded streams; a change of the hash would show here."""
    assert Draws(498, "handle").bits("0003013") == GOLDEN_BITS
    assert Draws(498, "handle").bits("0003013", 1) != GOLDEN_BITS


def test_uniform_draws_fill_the_interval() -> None:
    """Mean, spread and ends are those of the uniform distribution, and neither end is reached."""
    drawn = [Draws(1, "a").uniform(key) for key in KEYS]
    assert fmean(drawn) == pytest.approx(0.5, abs=4 * 0.2887 / math.sqrt(len(drawn)))
    assert pstdev(drawn) == pytest.approx(1 / math.sqrt(12), rel=0.03)
    assert 0.0 < min(drawn) < 0.002
    assert 0.998 < max(drawn) < 1.0


def test_exponential_draws_have_their_moments() -> None:
    """Mean and standard deviation are both the mean asked for."""
    drawn = [Draws(2, "a").exponential(30.0, key) for key in KEYS]
    assert fmean(drawn) == pytest.approx(30.0, rel=0.06)
    assert pstdev(drawn) == pytest.approx(30.0, rel=0.10)


def test_lognormal_draws_have_their_moments() -> None:
    """The logs are normal around the log of the median."""
    logs = [math.log(Draws(3, "a").lognormal(3000.0, 0.8, key)) for key in KEYS]
    assert fmean(logs) == pytest.approx(math.log(3000.0), abs=4 * 0.8 / math.sqrt(len(logs)))
    assert pstdev(logs) == pytest.approx(0.8, rel=0.05)


def test_choices_follow_their_shares() -> None:
    """Values come as often as their share says; nothing to choose from is refused."""
    shares = (("a", 6.0), ("b", 3.0), ("c", 1.0))
    drawn = [Draws(4, "a").choice(shares, key) for key in KEYS]
    assert drawn.count("a") / len(drawn) == pytest.approx(0.6, abs=0.03)
    assert drawn.count("c") / len(drawn) == pytest.approx(0.1, abs=0.02)
    with pytest.raises(ValueError, match="shares: got none"):
        Draws(4, "a").choice((), "x")


@pytest.mark.parametrize("other", [Draws(1, "b"), Draws(2, "a")])
def test_streams_are_independent(other) -> None:
    """Another name or another seed is another stream: the correlation is that of chance."""
    ours = [Draws(1, "a").uniform(key) - 0.5 for key in KEYS]
    theirs = [other.uniform(key) - 0.5 for key in KEYS]
    correlation = fmean(x * y for x, y in zip(ours, theirs, strict=True)) * 12
    assert abs(correlation) < 4 / math.sqrt(len(KEYS))


def test_keys_cannot_be_confused() -> None:
    """A key and its count never read as another key."""
    assert Draws(1, "a").bits("x", 11) != Draws(1, "a").bits("x1", 1)
    assert Draws(1, "ab").bits("c") != Draws(1, "a").bits("bc")
