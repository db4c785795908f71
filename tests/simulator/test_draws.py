"""Chance in the kernel: what a draw is, and that draws do not depend on each other."""

import math
from statistics import NormalDist

import numpy as np
import pytest

from simulator.kernel.draws import draw_uniform, draw_uniforms, streams
from simulator.kernel.quantiles import gamma_below, gamma_quantile, normal

MASK = 2**64 - 1
GOLDEN, SILVER = 0x9E3779B97F4A7C15, 0xD1B54A32D192ED03


def mixed(x: int) -> int:
    """SplitMix64's finalizer with Python's own integers."""
    x = ((x ^ (x >> 30)) * 0xBF58476D1CE4E5B9) & MASK
    x = ((x ^ (x >> 27)) * 0x94D049BB133111EB) & MASK
    return x ^ (x >> 31)


def naive_uniform(seed: int, replication: int, purpose: int, entity: int, count: int) -> float:
    """A draw, written out."""
    key = mixed((seed + GOLDEN) & MASK)
    key = mixed(key ^ ((replication * SILVER) & MASK))
    key = mixed((key + purpose * GOLDEN) & MASK)
    x = mixed(key ^ ((entity * GOLDEN) & MASK))
    x = mixed((x + count * SILVER) & MASK)
    return ((x >> 11) + 0.5) * 2.0**-53


@pytest.mark.parametrize(
    "place",
    [
        (1, 0, 0, 0, 0),
        (7, 3, 5, 123_456_789, 2),
        (2**62, 2**31, 19, 2**60, 2**40),
        (0, 0, 1, -1, -3),
    ],
)
def test_a_draw_is_the_hash_it_is_said_to_be(place: tuple[int, int, int, int, int]) -> None:
    """The kernel, Python and arithmetic by hand agree to the bit."""
    seed, replication, purpose, entity, count = place
    found = draw_uniform(streams(seed, replication)[purpose], entity, count)
    assert found == naive_uniform(seed, replication, purpose, entity % 2**64, count % 2**64)


def test_draws_are_uniform_and_not_correlated() -> None:
    """Means, spreads and correlations between neighbours, entities, purposes and seeds are those of chance."""
    n = 200_000
    keys, other = streams(1, 0), streams(2, 0)
    first = draw_uniforms(keys[0], 1, n)
    rows = [
        first,
        draw_uniforms(keys[0], 2, n),
        draw_uniforms(keys[1], 1, n),
        draw_uniforms(other[0], 1, n),
    ]
    for row in rows:
        assert abs(row.mean() - 0.5) < 5 / math.sqrt(12 * n)
        counts, _ = np.histogram(row, 64, (0.0, 1.0))
        assert ((counts - n / 64) ** 2 / (n / 64)).sum() < 63 + 5 * math.sqrt(2 * 63)
        assert abs(np.corrcoef(row[1:], row[:-1])[0, 1]) < 5 / math.sqrt(n)
    for k, row in enumerate(rows):
        for later in rows[k + 1 :]:
            assert abs(np.corrcoef(row, later)[0, 1]) < 5 / math.sqrt(n)


@pytest.mark.parametrize("p", [1e-12, 1e-4, 0.02, 0.3, 0.5, 0.77, 0.999, 1 - 1e-9])
def test_normal_quantiles_are_those_of_the_standard_library(p: float) -> None:
    """AS 241 gives what Python's own normal distribution gives."""
    assert normal(p) == pytest.approx(NormalDist().inv_cdf(p), rel=1e-13, abs=1e-14)


@pytest.mark.parametrize("shape", [0.3, 1.0, 2.5, 28.7, 252.0])
def test_gamma_quantiles_invert_the_distribution(shape: float) -> None:
    """Probability of a quantile is what it was asked for; with shape 1 it is the exponential law."""
    for p in (1e-6, 0.1, 0.5, 0.9, 0.999):
        x = gamma_quantile(shape, p)
        assert gamma_below(shape, x) == pytest.approx(p, rel=1e-9)
        if shape == 1.0:
            assert x == pytest.approx(-math.log1p(-p), rel=1e-9)
