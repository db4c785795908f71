"""
How much one key may ask for: token buckets in integers, told what time it is.

Tokens are counted in millionths, so a rate per second refills exactly one rate each microsecond
and nothing is lost to rounding. A request weighs what it carries: one ticket, one token.
"""

from collections import OrderedDict
from dataclasses import dataclass
from typing import NamedTuple

MICRO = 1_000_000
WEIGHT_MAX = 1_000_000
KEYS_MAX = 10_000


class Allowance(NamedTuple):
    """Whether a request may go on, what is left, and when to ask again (microseconds)."""

    is_allowed: bool
    remaining: int
    retry_after_us: int = 0


@dataclass(slots=True)
class Bucket:
    """A bucket that fills at ``rate_per_s`` tokens up to ``burst``; it starts full."""

    rate_per_s: int
    burst: int
    level_u: int
    at_us: int

    def take(self, weight: int, now_us: int) -> Allowance:
        """
        Take ``weight`` tokens if they are there, at an instant in microseconds.

        A request heavier than the bucket is let through once the bucket is full and is paid off
        afterwards, so the rate holds in the long run and no batch is refused for ever. A clock
        that steps back refills nothing and forgets nothing.
        """
        self._refill(now_us)
        needed_u = min(weight, self.burst) * MICRO
        if self.level_u < needed_u:
            missing_u = needed_u - self.level_u
            return Allowance(False, max(0, self.level_u) // MICRO, -(-missing_u // self.rate_per_s))
        self.level_u -= weight * MICRO
        return Allowance(True, max(0, self.level_u) // MICRO)

    def _refill(self, now_us: int) -> None:
        elapsed_us = now_us - self.at_us
        if elapsed_us > 0:
            self.level_u = min(self.burst * MICRO, self.level_u + elapsed_us * self.rate_per_s)
            self.at_us = now_us


class RateLimits:
    """One bucket a key, made when the key is first seen; a rate of 0 means no limit at all."""

    def __init__(self, rate_per_s: int, burst: int, keys_max: int = KEYS_MAX) -> None:
        if rate_per_s < 0 or (rate_per_s > 0 and burst < 1) or keys_max < 1:
            raise ValueError(
                f"rate_per_s {rate_per_s}, burst {burst}, keys_max {keys_max}; "
                "expected a rate >= 0, a burst >= 1 and room for a key"
            )
        self._rate_per_s = rate_per_s
        self._burst = burst
        self._keys_max = keys_max
        self._buckets: OrderedDict[str, Bucket] = OrderedDict()

    def take(self, key: str, weight: int, now_us: int) -> Allowance:
        """Take ``weight`` tokens (1 to 1,000,000) from the bucket of ``key`` at ``now_us``."""
        if not 1 <= weight <= WEIGHT_MAX:
            raise ValueError(f"weight is {weight}; expected 1 to {WEIGHT_MAX}")
        if self._rate_per_s == 0:
            return Allowance(True, WEIGHT_MAX)
        bucket = self._buckets.get(key)
        if bucket is None:
            bucket = Bucket(self._rate_per_s, self._burst, self._burst * MICRO, now_us)
            self._buckets[key] = bucket
            # Whoever has been silent longest has most likely a full bucket again, which is what
            # a new one would be.
            if len(self._buckets) > self._keys_max:
                self._buckets.popitem(last=False)
        else:
            self._buckets.move_to_end(key)
        return bucket.take(weight, now_us)

    def __len__(self) -> int:
        return len(self._buckets)
