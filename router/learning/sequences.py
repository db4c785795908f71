"""
An interval about a running mean that may be looked at whenever one likes.

A t-test that is looked at after every outcome and believed at the first good moment is wrong in a third of all
cases. The bounds here hold for all sample sizes at once, so a candidate can be watched and promoted as soon as
they allow it.

References
----------
.. [1] Waudby-Smith, Arbour, Sinha, Kennedy and Ramdas (2024). Time-uniform central limit theory and asymptotic
   confidence sequences. The Annals of Statistics 52(6), 2613-2640. doi:10.1214/24-AOS2408
"""

from math import inf, log, sqrt
from typing import NamedTuple


class Interval(NamedTuple):
    """Where the mean lies, whenever one looks."""

    low: float
    high: float


def tuning(alpha: float, sooner: int) -> float:
    """
    Return rho squared, for which the bounds are tightest after about ``sooner`` outcomes.

    Equation (10) of [1], its Lambert function in the approximation given there.
    """
    least = -2.0 * log(alpha)
    return (least + log(least + 1.0)) / sooner


class ConfidenceSequence:
    """
    A two-sided asymptotic confidence sequence for a mean (theorem 2.2 of [1]).

    Parameters
    ----------
    alpha
        Chance, between 0 and 1, that the mean is ever outside, for an unlimited number of looks.
    sooner
        The number of outcomes at which the bounds are to be tightest.
    """

    def __init__(self, alpha: float = 0.05, sooner: int = 500) -> None:
        if not 0.0 < alpha < 1.0 or sooner < 1:
            raise ValueError(f"alpha {alpha}, sooner {sooner}; expected a share and a count")
        self._alpha = alpha
        self._rho2 = tuning(alpha, sooner)
        self.count = 0
        self.mean = 0.0
        self._spread = 0.0

    def add(self, number: float) -> None:
        """Take in an outcome (Welford 1962)."""
        self.count += 1
        gap = number - self.mean
        self.mean += gap / self.count
        self._spread += gap * (number - self.mean)

    def interval(self) -> Interval:
        """
        Return the bounds now; without an outcome they are infinite.

        The variance is not believed to be below 1 / n: the next outcome may be the first that differs by one.
        """
        n = self.count
        if n == 0:
            return Interval(-inf, inf)
        variance = max(self._spread / n, 1.0 / n)
        scale = n * self._rho2 + 1.0
        width = sqrt(variance * 2.0 * scale / (n * n * self._rho2) * log(sqrt(scale) / self._alpha))
        return Interval(self.mean - width, self.mean + width)
