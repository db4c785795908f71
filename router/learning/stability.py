"""
Do messages still look as they did when the model was put to work? Population stability index on counts.

The first observations after a start are the reference; every further window of the same length is compared with it.
The index of two samples of one population is not zero: it is distributed as (1/n + 1/m) times chi-square with
k - 1 degrees of freedom, so small windows alarm only far above the customary 0.2.

References
----------
.. [1] Yurdakul and Naranjo (2020). Statistical properties of the population stability index. Journal of Risk Model
   Validation 14(4). doi:10.21314/JRMV.2020.227
"""

from collections import Counter
from collections.abc import Hashable, Mapping
from math import log, sqrt
from typing import Final, NamedTuple

CUSTOMARY: Final = 0.2
"""Above this a shift is commonly called significant."""
STEADY_Z: Final = 4.0
"""Standard deviations above the mean of chi-square at which chance is ruled out."""
SMOOTHING: Final = 0.5
"""Added to every count: a kind not seen before would otherwise weigh infinitely."""


def stability_index(reference: Mapping[Hashable, int], present: Mapping[Hashable, int]) -> float:
    """Return the population stability index of two tables of counts; each needs at least one count."""
    kinds = reference.keys() | present.keys()
    of_reference = sum(reference.values()) + SMOOTHING * len(kinds)
    of_present = sum(present.values()) + SMOOTHING * len(kinds)
    index = 0.0
    for kind in sorted(kinds, key=repr):
        expected = (reference.get(kind, 0) + SMOOTHING) / of_reference
        found = (present.get(kind, 0) + SMOOTHING) / of_present
        index += (found - expected) * log(found / expected)
    return index


def by_chance(reference: int, present: int, kinds: int) -> float:
    """Return an index that samples of so many counts of one population hardly ever exceed."""
    free = max(1, kinds - 1)
    return (1.0 / reference + 1.0 / present) * (free + STEADY_Z * sqrt(2.0 * free))


class Shift(NamedTuple):
    """A window that does not look like the reference any more."""

    value: float
    limit: float
    window: int


class Stability:
    """Compares windows of kinds (labels, or bins of a number) with the first one."""

    def __init__(self, window: int = 1_000) -> None:
        if window < 1:
            raise ValueError(f"window is {window}; expected a count of observations")
        self._window = window
        self._reference: Counter[Hashable] = Counter()
        self._present: Counter[Hashable] = Counter()
        self._seen = 0
        self.value = 0.0
        """Of the last whole window; 0 before the second one is whole."""

    def add(self, kind: Hashable) -> Shift | None:
        """Take in an observation; return the shift that its window showed when it is the window's last."""
        self._seen += 1
        if self._seen <= self._window:
            self._reference[kind] += 1
            return None
        self._present[kind] += 1
        if self._seen % self._window:
            return None
        self.value = stability_index(self._reference, self._present)
        kinds = len(self._reference.keys() | self._present.keys())
        self._present.clear()
        limit = max(CUSTOMARY, by_chance(self._window, self._window, kinds))
        return Shift(self.value, limit, self._window) if self.value > limit else None


def bin_of(share: float, bins: int = 10) -> int:
    """Return which of so many equal bins a share from 0 to 1 falls into."""
    return min(bins - 1, max(0, int(share * bins)))
