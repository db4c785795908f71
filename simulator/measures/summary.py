"""Sum measures up over replications: intervals, differences of policies, sums of many processes."""

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

import numpy as np

from simulator.measures.cuts import Parts
from simulator.measures.day import Floats
from simulator.stats.intervals import Interval, paired_ratio, ratio

Key = tuple[str, str]
"""A measure and a cut."""


class Series(NamedTuple):
    """A measure under a cut over replications."""

    above: Floats
    """(replications, keys)."""
    below: Floats
    """(replications, keys)."""

    @property
    def totals(self) -> Floats:
        """Return the ratio of sums of each key, NaN where there is nothing."""
        below = self.below.sum(axis=0)
        with np.errstate(invalid="ignore", divide="ignore"):
            return np.asarray(self.above.sum(axis=0) / below)

    def interval(self, key: int = 0, confidence: float = 0.95) -> Interval | None:
        """Return the estimate of a key; None when it has nothing, or there is one replication."""
        above, below = self.above[:, key], self.below[:, key]
        if len(below) < 2 or not below.any():
            return None
        return ratio(above, below, confidence)

    def intervals(self, confidence: float = 0.95) -> list[Interval | None]:
        """Return the estimates of all keys."""
        return [self.interval(key, confidence) for key in range(self.above.shape[1])]


def stacked(days: Sequence[Mapping[Key, Parts]]) -> dict[Key, Series]:
    """Return the series of each measure and cut over these replications, in their order."""
    if not days:
        return {}
    return {
        key: Series(
            np.stack([day[key].above for day in days]), np.stack([day[key].below for day in days])
        )
        for key in days[0]
    }


def difference(
    ours: Series, theirs: Series, key: int = 0, confidence: float = 0.95
) -> Interval | None:
    """Return what one policy has more than another on the same days; None when one has nothing."""
    if len(ours.below) < 2 or not (ours.below[:, key].any() and theirs.below[:, key].any()):
        return None
    return paired_ratio(
        (ours.above[:, key], ours.below[:, key]),
        (theirs.above[:, key], theirs.below[:, key]),
        confidence,
    )


def widest(series: Mapping[Key, Series], names: Iterable[str], confidence: float) -> list[Interval]:
    """Return the whole's intervals of these measures, those that have one."""
    found = (series[name, "all"].interval(0, confidence) for name in names)
    return [each for each in found if each is not None]
