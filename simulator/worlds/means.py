"""Means of the laws that a world file may say."""

import math
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Final

import numpy as np

from simulator.worlds.schema import Law


def mean_of(law: Law) -> float:
    """Return the mean of a law of durations in seconds; a factor by hour is averaged over the day."""
    by_hour = 1.0 if law.by_hour is None else sum(law.by_hour) / len(law.by_hour)
    return MEANS[law.kind](law) * (1.0 - law.zero) * by_hour


def _mean_of_lognormal(law: Law) -> float:
    if law.mean_s is not None:
        return law.mean_s
    return (law.median_s or 0.0) * math.exp((law.log_sd or 0.0) ** 2 / 2)


def _mean_of_empirical(law: Law) -> float:
    shares = law.shares or tuple(np.linspace(0.0, 1.0, len(law.values_s)).tolist())
    values = np.array(law.values_s)
    return float((np.diff(shares) * (values[1:] + values[:-1]) / 2).sum())


def _mean_of_hazard(law: Law) -> float:
    """Return the integral of the share that lasts longer; a last rate of 0 counts as one a day."""
    left, mean_s = 1.0, 0.0
    lengths = [*np.diff(law.from_s).tolist(), math.inf]
    for rate, length_s in zip((each / 60 for each in law.per_minute), lengths, strict=True):
        if rate <= 0 and length_s == math.inf:
            rate = 1 / 86_400
        gone = -math.expm1(-rate * length_s)
        mean_s += left * (gone / rate if rate > 0 else length_s)
        left *= 1 - gone
    return mean_s


MEANS: Final[Mapping[str, Callable[[Law], float]]] = MappingProxyType(
    {
        "empirical": _mean_of_empirical,
        "erlang": lambda law: law.mean_s or 0.0,
        "exponential": lambda law: law.mean_s or 0.0,
        "fixed": lambda law: law.value_s or 0.0,
        "hazard": _mean_of_hazard,
        "lognormal": _mean_of_lognormal,
        "uniform": lambda law: ((law.low_s or 0.0) + (law.high_s or 0.0)) / 2,
    }
)
"""The mean of each kind of law, before its share of nothing and its hours."""
