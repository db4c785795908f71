"""Control variates: correct an estimate by how far known quantities strayed from what is expected.

A replication that saw more arrivals than expected saw longer waits than expected too. Regressing
one on the other takes that part of the chance out, without bias for large n.

Source: Lavenberg and Welch, A perspective on the use of control variables to increase the
efficiency of Monte Carlo simulations, Management Science 27 (1981), doi:10.1287/mnsc.27.3.322.
"""

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from simulator.stats.intervals import Floats, Interval, from_error, linearised, sample


class Controlled(NamedTuple):
    """An estimate with its controls, and what they were good for."""

    interval: Interval
    plain: Interval
    """The same without controls."""
    explained: float
    """Share of the variance that the controls took away."""
    slopes: Floats
    """Regression coefficients, float64 (q,); 0 for a control that never varied."""


def controlled_mean(
    values: ArrayLike, controls: ArrayLike, expected: ArrayLike, confidence: float = 0.95
) -> Controlled:
    """Return the mean of `values` given controls of known expectation.

    Parameters
    ----------
    values
        float64 (n,), one for each independent replication or batch.
    controls
        float64 (n, q), what the controls came to in each.
    expected
        float64 (q,), their expectations.
    confidence
        Of the interval, between 0 and 1.

    Raises
    ------
    ValueError
        When shapes do not fit, or there are not more than q + 2 replications.
    """
    x = sample(values)
    return _regressed(
        float(x.mean()), x - x.mean(), _checked(controls, expected, len(x)), confidence
    )


def controlled_ratio(
    parts: tuple[ArrayLike, ArrayLike],
    controls: ArrayLike,
    expected: ArrayLike,
    confidence: float = 0.95,
) -> Controlled:
    """Return a ratio of means given controls of known expectation; `parts` is what is divided.

    The controls correct the linearised ratio; see `controlled_mean` for shapes and errors.
    """
    value, pull = linearised(*parts)
    return _regressed(value, pull, _checked(controls, expected, len(pull)), confidence)


def _checked(controls: ArrayLike, expected: ArrayLike, n: int) -> Floats:
    known = np.asarray(expected, np.float64)
    made = np.asarray(controls, np.float64)
    if known.ndim != 1 or made.shape != (n, len(known)):
        raise ValueError(f"controls have shape {made.shape}, expected ({n}, {known.size})")
    if n <= len(known) + 2:
        raise ValueError(f"{n} replications are too few for {len(known)} controls")
    if not (np.isfinite(made).all() and np.isfinite(known).all()):
        raise ValueError("controls hold a number that is not finite")
    return made - known


def _regressed(value: float, pull: Floats, strayed: Floats, confidence: float) -> Controlled:
    """Regress the centred `pull` on how far the controls strayed, and take that part out."""
    n = len(pull)
    plain_error = math.sqrt(float(pull @ pull) / (n - 1) / n)
    plain = from_error(value, plain_error, confidence, n)
    centre = strayed.mean(axis=0)
    centred = strayed - centre
    spread = np.sqrt((centred * centred).sum(axis=0))
    used = spread > 1e-12 * np.maximum(1.0, np.abs(strayed).max(axis=0, initial=0.0))
    slopes = np.zeros(strayed.shape[1])
    if not used.any():
        return Controlled(plain, plain, 0.0, slopes)
    design = centred[:, used] / spread[used]
    fitted, _, rank, _ = np.linalg.lstsq(design, pull, rcond=1e-10)
    slopes[used] = fitted / spread[used]
    rest = pull - design @ fitted
    df = n - 1.0 - rank
    variance = float(rest @ rest) / df
    # The regression's own noise: how far the controls' means are from what is expected.
    whitened = np.linalg.pinv(design.T @ design, rcond=1e-10)
    reach = centre[used] / spread[used]
    error = math.sqrt(variance * (1.0 / n + float(reach @ whitened @ reach)))
    corrected = value - float(slopes @ centre)
    total = float(pull @ pull)
    explained = 1.0 - float(rest @ rest) / total if total else 0.0
    return Controlled(from_error(corrected, error, confidence, n, df), plain, explained, slopes)
