"""
Does a probability mean what it says? The expected calibration error, kept as messages come.

References
----------
.. [1] Guo, Pleiss, Sun and Weinberger (2017). On calibration of modern neural networks. ICML. arXiv:1706.04599
.. [2] Bröcker (2012). Estimating reliability and resolution of probability forecasts through decomposition of the
   empirical score. Climate Dynamics 39, 655-667. doi:10.1007/s00382-011-1191-1 (why small samples look worse)
"""

from math import pi, sqrt
from typing import Final

from router.learning.stability import bin_of

BINS: Final = 10


class Calibration:
    """Probabilities and whether they came true, in ten bins of equal width."""

    def __init__(self) -> None:
        self.count = 0
        self._counts = [0] * BINS
        self._sums = [0.0] * BINS
        self._hits = [0] * BINS

    def add(self, probability: float, is_right: bool) -> None:
        """Take in a prediction whose truth is known."""
        at = bin_of(probability, BINS)
        self.count += 1
        self._counts[at] += 1
        self._sums[at] += probability
        self._hits[at] += is_right

    def error(self) -> float:
        """Return the expected calibration error: the mean gap of probability and accuracy over the bins."""
        if not self.count:
            return 0.0
        gaps = (abs(s - h) for s, h in zip(self._sums, self._hits, strict=True))
        return sum(gaps) / self.count

    def by_chance(self) -> float:
        """Return the error that perfect probabilities would show in a sample of this size."""
        if not self.count:
            return 0.0
        found = 0.0
        for count, total in zip(self._counts, self._sums, strict=True):
            if count:
                p = total / count
                found += sqrt(2.0 / pi * p * (1.0 - p) * count)
        return found / self.count

    def excess(self) -> float:
        """Return how much of the error chance does not explain, never below 0."""
        return max(0.0, self.error() - self.by_chance())
