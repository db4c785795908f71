"""Confidence intervals of means, ratios and paired differences over independent replications."""

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from simulator.stats.student import two_sided

Floats = NDArray[np.float64]


class Interval(NamedTuple):
    """An estimate and how sure it is: `value` ± `half_width` at `confidence`."""

    value: float
    half_width: float
    confidence: float
    n: int
    """Replications or batches behind it."""
    df: float
    """Degrees of freedom of Student's law."""

    @property
    def low(self) -> float:
        """Return the lower end."""
        return self.value - self.half_width

    @property
    def high(self) -> float:
        """Return the upper end."""
        return self.value + self.half_width

    @property
    def relative(self) -> float:
        """Return the half-width as a share of the value; infinite when the value is 0."""
        return self.half_width / abs(self.value) if self.value else math.inf

    @property
    def standard_error(self) -> float:
        """Return the standard error behind the half-width."""
        return self.half_width / two_sided(self.confidence, self.df)

    def holds(self, value: float) -> bool:
        """Tell whether `value` lies inside, ends included."""
        return self.low <= value <= self.high

    def at(self, confidence: float) -> "Interval":
        """Return the same estimate at another confidence."""
        half = self.standard_error * two_sided(confidence, self.df)
        return Interval(self.value, half, confidence, self.n, self.df)


def sample(values: ArrayLike, name: str = "values", least: int = 2) -> Floats:
    """Return values as a float64 vector.

    Raises
    ------
    ValueError
        When they are no vector, fewer than `least`, or not all finite.
    """
    made = np.asarray(values, np.float64)
    if made.ndim != 1 or len(made) < least:
        raise ValueError(f"{name} has shape {made.shape}, expected a vector of {least} or more")
    if not np.isfinite(made).all():
        where = int(np.flatnonzero(~np.isfinite(made))[0])
        raise ValueError(f"{name}[{where}] is {made[where]}, expected a finite number")
    return made


def mean(values: ArrayLike, confidence: float = 0.95) -> Interval:
    """Return the mean of independent values with Student's interval."""
    x = sample(values)
    return from_error(float(x.mean()), float(x.std(ddof=1)) / math.sqrt(len(x)), confidence, len(x))


def from_error(
    value: float, error: float, confidence: float, n: int, df: float | None = None
) -> Interval:
    """Return the interval of an estimate whose standard error is known from `n` values."""
    degrees = n - 1.0 if df is None else df
    return Interval(value, error * two_sided(confidence, degrees), confidence, n, degrees)


def ratio(numerator: ArrayLike, denominator: ArrayLike, confidence: float = 0.95) -> Interval:
    """Return the ratio of two means by the delta method.

    The ratio of sums estimates the ratio of expectations, which is what a service level or a mean
    wait over all customers is; the mean of each day's own ratio would weigh quiet days as heavily
    as busy ones. Source: Law, Simulation Modeling and Analysis, 5th ed. (2015), section 9.4.

    Raises
    ------
    ValueError
        When lengths differ or the denominators sum to 0.
    """
    value, linear = linearised(numerator, denominator)
    error = float(np.sqrt(np.sum(linear * linear) / (len(linear) - 1) / len(linear)))
    return from_error(value, error, confidence, len(linear))


def linearised(numerator: ArrayLike, denominator: ArrayLike) -> tuple[float, Floats]:
    """Return the ratio of means, and what each replication pulls it by (mean 0)."""
    top, bottom = sample(numerator, "numerator"), sample(denominator, "denominator")
    if len(top) != len(bottom):
        raise ValueError(f"numerator has {len(top)} values and denominator {len(bottom)}")
    if not bottom.mean():
        raise ValueError("denominator sums to 0, expected something to divide by")
    value = float(top.mean() / bottom.mean())
    return value, (top - value * bottom) / bottom.mean()


def jackknife(numerator: ArrayLike, denominator: ArrayLike, confidence: float = 0.95) -> Interval:
    """Return the ratio of two means by the jackknife, whose bias is of order 1/n^2.

    Source: Miller, The jackknife - a review, Biometrika 61 (1974), doi:10.1093/biomet/61.1.1.

    Raises
    ------
    ValueError
        When lengths differ, or all of the denominator is in one replication.
    """
    whole, _ = linearised(numerator, denominator)
    top, bottom = sample(numerator), sample(denominator)
    n = len(top)
    rest = bottom.sum() - bottom
    if not rest.all():
        raise ValueError("denominator has one replication only that is not 0, expected two")
    pseudo = n * whole - (n - 1) * (top.sum() - top) / rest
    return mean(pseudo, confidence)


def paired(ours: ArrayLike, theirs: ArrayLike, confidence: float = 0.95) -> Interval:
    """Return the mean of `ours - theirs` over replications that share their random numbers."""
    a, b = sample(ours, "ours"), sample(theirs, "theirs")
    if len(a) != len(b):
        raise ValueError(f"ours has {len(a)} values and theirs {len(b)}")
    return mean(a - b, confidence)


def paired_ratio(
    ours: tuple[ArrayLike, ArrayLike],
    theirs: tuple[ArrayLike, ArrayLike],
    confidence: float = 0.95,
) -> Interval:
    """Return the difference of two ratios over replications that share their random numbers.

    Each of `ours` and `theirs` is a numerator and a denominator by replication. What is common to
    both cancels in the linearised terms, as it does in a difference of means.
    """
    (a, pull_a), (b, pull_b) = linearised(*ours), linearised(*theirs)
    if len(pull_a) != len(pull_b):
        raise ValueError(f"ours has {len(pull_a)} values and theirs {len(pull_b)}")
    pull = pull_a - pull_b
    error = float(np.sqrt(np.sum(pull * pull) / (len(pull) - 1) / len(pull)))
    return from_error(a - b, error, confidence, len(pull))
