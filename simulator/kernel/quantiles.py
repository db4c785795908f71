"""Quantiles that Python asks for: of the normal and of the gamma distribution."""

import math
from typing import Final

from router.core.jit import entry, rule
from simulator.kernel.draws import normal_quantile

STEPS_MAX: Final = 200
TERMS_MAX: Final = 100_000
CLOSE: Final = 1e-14


@entry
def normal(p: float) -> float:
    """
    Return the float64 below which a standard normal falls with a probability.

    Parameters
    ----------
    p : float
        Probability, from the open interval (0, 1).
    """
    return normal_quantile(p)


@rule
def below(shape: float, x: float) -> float:
    """
    Return the probability that a gamma variable of this shape and scale 1 is at most ``x``.

    By its series below ``shape + 1``, by its continued fraction (Lentz) above; Press et al. (2007), Numerical Recipes,
    section 6.2.
    """
    if x <= 0:
        return 0.0
    front = math.exp(shape * math.log(x) - x - math.lgamma(shape))
    if x < shape + 1:
        term = total = 1 / shape
        for n in range(1, TERMS_MAX):
            term *= x / (shape + n)
            total += term
            if term < total * CLOSE:
                break
        return min(1.0, front * total)
    b = x + 1 - shape
    c, d = 1e300, 1 / b
    h = d
    for n in range(1, TERMS_MAX):
        a = -n * (n - shape)
        b += 2
        d = 1 / (a * d + b or 1e-300)
        c = b + a / c or 1e-300
        h *= d * c
        if abs(d * c - 1) < CLOSE:
            break
    return max(0.0, 1 - front * h)


@entry
def gamma_below(shape: float, x: float) -> float:
    """
    Return the probability that a gamma variable is at most ``x``; see ``below``.

    Parameters
    ----------
    shape, x : float
        Shape of the variable, whose scale is 1, and the bound.
    """
    return below(shape, x)


@entry
def gamma_point(shape: float, p: float) -> float:
    """
    Return the value below which a gamma variable falls with a probability, by bisection.

    Parameters
    ----------
    shape, p : float
        Shape of the variable, whose scale is 1, and the probability, from the open interval (0, 1).
    """
    low, high = 0.0, shape + 1
    while below(shape, high) < p:
        low, high = high, 2 * high
    for _ in range(STEPS_MAX):
        middle = (low + high) / 2
        if below(shape, middle) < p:
            low = middle
        else:
            high = middle
        if high - low <= CLOSE * high:
            break
    return (low + high) / 2


def gamma_quantile(shape: float, p: float) -> float:
    """Return the value below which a gamma variable of scale 1 falls with probability ``p``."""
    if not 0 < p < 1:
        raise ValueError(f"p is {p}, expected a probability between 0 and 1")
    return gamma_point(float(shape), float(p))
