"""Stratified replications: every part of the busyness's law gets its share of the days."""

import math

import numpy as np
from numpy.typing import ArrayLike, NDArray

from simulator.stats.intervals import Interval, from_error, sample


def stratified_mean(values: ArrayLike, strata: ArrayLike, confidence: float = 0.95) -> Interval:
    """Return the mean over strata of equal probability, and its interval.

    Parameters
    ----------
    values
        float64 (n,), one for each replication.
    strata
        int (n,), the stratum of each replication, 0 to the number of strata less 1.
    confidence
        Of the interval; degrees of freedom by Welch and Satterthwaite.

    Raises
    ------
    ValueError
        When a stratum has fewer than two replications: its variance could not be known.

    Source: Cochran, Sampling Techniques, 3rd ed. (1977), sections 5.3 and 5.4.
    """
    x = sample(values)
    which: NDArray[np.int64] = np.asarray(strata, np.int64)
    if which.shape != x.shape:
        raise ValueError(f"strata have shape {which.shape}, expected {x.shape}")
    many = int(which.max()) + 1
    counts = np.bincount(which, minlength=many)
    if which.min() < 0 or counts.min() < 2:
        raise ValueError(f"strata have {counts.tolist()} replications, expected 2 or more in each")
    means = np.bincount(which, x, many) / counts
    rest = x - means[which]
    parts = np.bincount(which, rest * rest, many) / (counts - 1) / counts / many**2
    variance = float(parts.sum())
    squares = float((parts * parts / (counts - 1)).sum())
    df = variance * variance / squares if squares else len(x) - float(many)
    return from_error(float(means.mean()), math.sqrt(variance), confidence, len(x), df)
