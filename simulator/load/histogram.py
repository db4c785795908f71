"""
A histogram of latencies with a wide range and a fixed relative error, as HdrHistogram keeps it.

Counts lie in buckets that double in width every 1,024 of them, so a value of any size is known to a thousandth and a
recording costs one addition [1]_. Latencies are to be measured from the instant at which a request was *due*, not from
the one at which a tardy client came to send it: else the client waits with the server and the worst moments are
recorded once instead of as often as somebody suffered them ("coordinated omission", [2]_, [3]_).

References
----------
.. [1] Tene, HdrHistogram: A High Dynamic Range Histogram. http://hdrhistogram.org
.. [2] Tene (2013). How NOT to Measure Latency. Strange Loop.
.. [3] Schroeder, Wierman, Harchol-Balter (2006). Open versus closed: a cautionary tale. NSDI.
"""

import math
from collections.abc import Sequence
from typing import Any, Final, Self

import numpy as np
from numpy.typing import NDArray

SUB_BITS: Final = 11
"""2,048 steps below the first doubling: a relative error of 1/1,024 at most."""
HALF: Final = 1 << (SUB_BITS - 1)
VALUE_MAX: Final = (1 << 36) - 1
"""Nineteen hours in microseconds; what is longer is counted there."""
ROWS: Final = (36 - SUB_BITS + 2) * HALF
SHOWN: Final = (50.0, 90.0, 95.0, 99.0, 99.9, 99.99)
"""Percentiles of a table."""


def row_of(value: int) -> int:
    """Return the row that a value is counted in."""
    doublings = max(0, value.bit_length() - SUB_BITS)
    return doublings * HALF + (value >> doublings)


def highest_of(row: int) -> int:
    """Return the largest value that is counted in a row."""
    doublings = max(0, row // HALF - 1)
    step = row - doublings * HALF
    return ((step + 1) << doublings) - 1


class Histogram:
    """Counts values from 0 to ``VALUE_MAX``, here microseconds."""

    def __init__(self) -> None:
        self.counts: NDArray[np.int64] = np.zeros(ROWS, np.int64)
        self.count = 0
        self.most = 0
        self.least = VALUE_MAX
        self.total = 0

    def add(self, value: int) -> None:
        """Count a value; one below 0 is counted as 0, one too large as the largest."""
        held = min(max(0, value), VALUE_MAX)
        self.counts[row_of(held)] += 1
        self.count += 1
        self.total += held
        self.most, self.least = max(self.most, held), min(self.least, held)

    def include(self, other: Self) -> None:
        """Count everything that another histogram has counted."""
        self.counts += other.counts
        self.count += other.count
        self.total += other.total
        self.most, self.least = max(self.most, other.most), min(self.least, other.least)

    @property
    def mean(self) -> float:
        """Return the mean, exact; 0 when nothing was counted."""
        return self.total / self.count if self.count else 0.0

    def at(self, percentile: float) -> int:
        """
        Return the value that so many per cent of all values do not exceed, by nearest rank; 0 when nothing was counted.

        It is the largest value of its row, or the largest counted if that is less: never below the true one, and above
        it by a thousandth at most.
        """
        return self.several((percentile,))[0]

    def several(self, percentiles: Sequence[float]) -> list[int]:
        """Return the values at several percentiles, each from 0 to 100."""
        if not self.count:
            return [0 for _ in percentiles]
        sums = np.cumsum(self.counts)
        found = []
        for percentile in percentiles:
            if not 0 <= percentile <= 100:
                raise ValueError(f"percentile is {percentile}, expected 0 to 100")
            # Rounded first: 99.9 % of 1,000 is 999, whatever binary fractions say.
            rank = max(1, math.ceil(round(percentile / 100 * self.count, 9)))
            row = int(np.searchsorted(sums, rank))
            found.append(min(self.most, highest_of(row)))
        return found

    def plain(self) -> dict[str, Any]:
        """Return what JSON has of it: milliseconds at the percentiles shown, and what was counted in which row."""
        rows = np.flatnonzero(self.counts)
        shown = zip(SHOWN, self.several(SHOWN), strict=True)
        return {
            "count": self.count,
            "mean_ms": self.mean / 1e3,
            "max_ms": self.most / 1e3,
            **{f"p{percentile:g}_ms": value / 1e3 for percentile, value in shown},
            "highest_us": [highest_of(int(row)) for row in rows],
            "counts": self.counts[rows].tolist(),
        }
