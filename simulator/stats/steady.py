"""The steady state: how much of a run's beginning to forget, and means of batches of the rest."""

from typing import Final, NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from simulator.stats.intervals import Floats, Interval, mean, sample

LAST_IGNORED: Final = 5


class WarmUp(NamedTuple):
    """Where MSER cuts a run."""

    cut: int
    """Values to forget."""
    is_settled: bool
    """False when the least error is in the second half: the run is too short to tell."""


def mser(series: ArrayLike, batch: int = 5) -> WarmUp:
    """Return how many first values to forget so that the rest's marginal standard error is least.

    Values are averaged by fives first (MSER-5). The minimum is looked for in the first half only,
    since that of a run's last few values is small by chance.

    Source: White, An effective truncation heuristic for bias reduction in simulation output,
    Simulation 69 (1997), doi:10.1177/003754979706900601; White, Cobb, Spratt (2000) for batches.

    Raises
    ------
    ValueError
        When there are fewer than two batches of values.
    """
    if batch < 1:
        raise ValueError(f"batch is {batch}, expected 1 or more")
    x = sample(series, "series", least=2 * batch)
    z = x[: len(x) // batch * batch].reshape(-1, batch).mean(axis=1)
    n = len(z)
    # Sums over the tails z[d:], from behind; centred first, so that no digits cancel.
    centred = z - z.mean()
    kept = np.arange(n, 0, -1.0)
    total = centred[::-1].cumsum()[::-1]
    squares = (centred * centred)[::-1].cumsum()[::-1]
    error = np.maximum(squares - total * total / kept, 0.0) / (kept * kept)
    half = max(1, n // 2)
    best = int(np.argmin(error[:half]))
    # A handful of values may be alike by chance, so the very last cuts say nothing.
    late = error[half : n - LAST_IGNORED]
    return WarmUp(best * batch, bool(late.min(initial=np.inf) >= error[best]))


def batch_means(series: ArrayLike, batches: int = 32) -> Floats:
    """Return the means of that many equal batches, float64 (batches,); a first rest is left out.

    Raises
    ------
    ValueError
        When there are fewer values than batches, or fewer than two batches.
    """
    if batches < 2:
        raise ValueError(f"batches is {batches}, expected 2 or more")
    x = sample(series, "series", least=batches)
    size = len(x) // batches
    return np.asarray(x[len(x) - size * batches :].reshape(batches, size).mean(axis=1), np.float64)


def steady_mean(series: ArrayLike, batches: int = 32, confidence: float = 0.95) -> Interval:
    """Return the mean of the steady part of a series: MSER-5 first, then batch means.

    Source: Schmeiser, Batch size effects in the analysis of simulation output, Operations Research
    30 (1982), doi:10.1287/opre.30.3.556: more than 30 batches gain little.
    """
    x = sample(series, "series", least=10)
    return mean(batch_means(x[mser(x).cut :], batches), confidence)


def lag_one(values: ArrayLike) -> float:
    """Return the correlation of neighbours; batches are long enough when theirs is near 0."""
    x = sample(values)
    centred = x - x.mean()
    squares = float(centred @ centred)
    return float(centred[:-1] @ centred[1:]) / squares if squares else 0.0
