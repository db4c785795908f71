"""Control variates: correct an estimate by how far known quantities strayed from what is expected.

A replication that saw more arrivals than expected saw longer waits than expected too. Regressing
one on the other takes that part of the chance out. Each replication is corrected with slopes fitted
to all others, so that slopes and controls are independent and the estimate has no bias.

Sources: Lavenberg and Welch, A perspective on the use of control variables to increase the
efficiency of Monte Carlo simulations, Management Science 27 (1981), doi:10.1287/mnsc.27.3.322;
Nelson, Control variate remedies, Operations Research 38 (1990), doi:10.1287/opre.38.6.974, for the
splitting.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from simulator.stats.intervals import Floats, Interval, mean, ratio, sample


class Controlled(NamedTuple):
    """An estimate with its controls, and what they were good for."""

    interval: Interval
    plain: Interval
    """The same without controls."""

    @property
    def explained(self) -> float:
        """Return the share of the variance that the controls took away; below 0: they did harm."""
        before = self.plain.standard_error
        return 1.0 - (self.interval.standard_error / before) ** 2 if before else 0.0


def adjusted(values: ArrayLike, controls: ArrayLike, expected: ArrayLike) -> Floats:
    """Return each replication's value less what its controls explain, float64 (n,).

    Parameters
    ----------
    values
        float64 (n,), one for each independent replication or batch.
    controls
        float64 (n, q), what the controls came to in each.
    expected
        float64 (q,), their expectations.

    Raises
    ------
    ValueError
        When shapes do not fit, a number is not finite, or there are fewer than q + 4 replications.
    """
    x = sample(values)
    strayed = _strayed(controls, expected, len(x))
    spread = np.sqrt(((strayed - strayed.mean(axis=0)) ** 2).sum(axis=0))
    used = spread > 1e-12 * np.maximum(1.0, np.abs(strayed).max(axis=0, initial=0.0))
    if not used.any():
        return x
    design = np.column_stack([np.ones(len(x)), strayed[:, used] / spread[used]])
    made = np.empty(len(x))
    others = np.ones(len(x), np.bool_)
    for n in range(len(x)):
        others[n] = False
        slopes, _, _, _ = np.linalg.lstsq(design[others], x[others], rcond=1e-10)
        made[n] = x[n] - design[n, 1:] @ slopes[1:]
        others[n] = True
    return made


def controlled_mean(
    values: ArrayLike, controls: ArrayLike, expected: ArrayLike, confidence: float = 0.95
) -> Controlled:
    """Return the mean of `values` given controls of known expectation; see `adjusted`."""
    made = adjusted(values, controls, expected)
    return Controlled(mean(made, confidence), mean(values, confidence))


def controlled_ratio(
    parts: tuple[ArrayLike, ArrayLike],
    controls: ArrayLike,
    expected: ArrayLike,
    confidence: float = 0.95,
) -> Controlled:
    """Return a ratio of means given controls of known expectation; `parts` is what is divided.

    What is above and what is below the line are each corrected, so that where the controls explain
    both the ratio is exact, not only to the first order. See `adjusted` for shapes and errors.
    """
    above, below = (adjusted(part, controls, expected) for part in parts)
    return Controlled(ratio(above, below, confidence), ratio(*parts, confidence))


def _strayed(controls: ArrayLike, expected: ArrayLike, n: int) -> Floats:
    known = np.asarray(expected, np.float64)
    made = np.asarray(controls, np.float64)
    if known.ndim != 1 or made.shape != (n, len(known)):
        raise ValueError(f"controls have shape {made.shape}, expected ({n}, {known.size})")
    if n < len(known) + 4:
        raise ValueError(f"{n} replications are too few for {len(known)} controls")
    if not (np.isfinite(made).all() and np.isfinite(known).all()):
        raise ValueError("controls hold a number that is not finite")
    return made - known
