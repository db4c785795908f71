"""Chance without a generator: a draw is a hash of who asks, what for, and for whom.

A draw depends on nothing that was drawn before, so adding a stream, leaving one out or asking in
another order moves no other draw. That makes two runs comparable on common random numbers.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import blake2b
from statistics import NormalDist
from typing import TypeVar

T = TypeVar("T")

_SEPARATOR = "\x1f"
_STANDARD_NORMAL = NormalDist()


@dataclass(frozen=True, slots=True)
class Draws:
    """One named stream of chance: same seed, name, key and count, same draw for ever."""

    seed: int
    name: str

    def bits(self, key: str, count: int = 0) -> int:
        """Return 64 uniform bits for the `count`-th draw of `key`, as an int in 0 .. 2**64 - 1."""
        text = _SEPARATOR.join((str(self.seed), self.name, key, str(count)))
        return int.from_bytes(blake2b(text.encode(), digest_size=8).digest(), "big")

    def uniform(self, key: str, count: int = 0) -> float:
        """Draw uniformly from the open interval (0, 1)."""
        # 52 bits and a half: the sum is exact in a double, so neither end is ever reached.
        return ((self.bits(key, count) >> 12) + 0.5) * 2.0**-52

    def exponential(self, mean: float, key: str, count: int = 0) -> float:
        """Draw from the exponential distribution with this mean, in the unit of the mean."""
        return -mean * math.log(self.uniform(key, count))

    def normal(self, mean: float, sd: float, key: str, count: int = 0) -> float:
        """Draw from the normal distribution by inversion, so that one draw costs one count."""
        return mean + sd * _STANDARD_NORMAL.inv_cdf(self.uniform(key, count))

    def lognormal(self, median: float, log_sd: float, key: str, count: int = 0) -> float:
        """Draw from the lognormal distribution with this median and standard deviation of the log.

        The mean is median * exp(log_sd**2 / 2).
        """
        return median * math.exp(self.normal(0.0, log_sd, key, count))

    def choice(self, shares: Sequence[tuple[T, float]], key: str, count: int = 0) -> T:
        """Draw one of the values with probability proportional to its share.

        Raises
        ------
        ValueError
            When there is nothing to choose from.
        """
        if not shares:
            raise ValueError("shares: got none, expected at least one (value, share)")
        left = self.uniform(key, count) * sum(share for _, share in shares)
        for value, share in shares:
            left -= share
            if left < 0.0:
                return value
        return shares[-1][0]
