"""Quantiles of the normal law and of Student's, from their definitions, without SciPy."""

import functools
import math
from statistics import NormalDist
from typing import Final

STEPS_MAX: Final = 500
TINY: Final = 1e-300


def normal_quantile(share: float) -> float:
    """Return the value that a standard normal variable stays below with probability `share`."""
    return NormalDist().inv_cdf(share)


def student_cdf(t: float, df: float) -> float:
    """Return P(T <= t) for Student's law with `df` degrees of freedom, by the incomplete beta.

    Source: Abramowitz and Stegun, Handbook of Mathematical Functions (1964), 26.7.1.
    """
    if t * t < df:
        # Near the middle the tail is near a half, and what matters would be lost in its digits.
        inside = 0.5 * incomplete_beta(0.5, 0.5 * df, t * t / (df + t * t))
        return 0.5 + math.copysign(inside, t)
    tail = 0.5 * incomplete_beta(0.5 * df, 0.5, df / (df + t * t))
    return 1.0 - tail if t > 0 else tail


@functools.lru_cache(maxsize=4_096)
def student_quantile(share: float, df: float) -> float:
    """Return the value that Student's variable stays below with probability `share`.

    Bisection on `student_cdf`; from 10^7 degrees of freedom on the normal law is the same to all
    digits a float has for our purposes.

    Raises
    ------
    ValueError
        When `share` is not between 0 and 1 or `df` is not above 0.
    """
    if not 0.0 < share < 1.0:
        raise ValueError(f"share is {share!r}, expected a number between 0 and 1")
    if not df > 0.0:
        raise ValueError(f"df is {df!r}, expected a number above 0")
    if df > 1e7:
        return normal_quantile(share)
    if share < 0.5:
        return -student_quantile(1.0 - share, df)
    low, high = 0.0, 1.0
    while student_cdf(high, df) < share:
        low, high = high, 2.0 * high
    while high - low > 1e-13 * max(1.0, high):
        middle = 0.5 * (low + high)
        if middle in (low, high):
            break
        low, high = (middle, high) if student_cdf(middle, df) < share else (low, middle)
    return 0.5 * (low + high)


def two_sided(confidence: float, df: float) -> float:
    """Return how many standard errors a two-sided interval of this confidence reaches."""
    if not 0.0 < confidence < 1.0:
        raise ValueError(f"confidence is {confidence!r}, expected a number between 0 and 1")
    return -student_quantile(0.5 * (1.0 - confidence), df)


def incomplete_beta(a: float, b: float, x: float) -> float:
    """Return the regularised incomplete beta function I_x(a, b).

    Source: Lentz's evaluation of the continued fraction, Abramowitz and Stegun 26.5.8.
    """
    if x <= 0.0:
        return 0.0
    if x >= 1.0:
        return 1.0
    if x > (a + 1.0) / (a + b + 2.0):
        return 1.0 - incomplete_beta(b, a, 1.0 - x)
    log_front = math.lgamma(a + b) - math.lgamma(a) - math.lgamma(b)
    log_front += a * math.log(x) + b * math.log1p(-x)
    return math.exp(log_front) * _beta_fraction(a, b, x) / a


def _beta_fraction(a: float, b: float, x: float) -> float:
    c, d = 1.0, 1.0 / _away_from_zero(1.0 - (a + b) * x / (a + 1.0))
    value = d
    for m in range(1, STEPS_MAX):
        even = m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m))
        odd = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1))
        for step in (even, odd):
            d = 1.0 / _away_from_zero(1.0 + step * d)
            c = _away_from_zero(1.0 + step / c)
            value *= d * c
        if abs(d * c - 1.0) < 1e-16:
            break
    return value


def _away_from_zero(value: float) -> float:
    return value if abs(value) > TINY else TINY
