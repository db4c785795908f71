"""
ADWIN: a window over a stream of numbers that drops its past when the mean has changed.

The window is kept as an exponential histogram: row ``i`` holds up to ``BUCKETS_MAX`` buckets of ``2**i`` numbers,
so a window of ``n`` numbers takes O(log n) memory and a check O(log n) time. Wherever the window can be cut into
an older and a newer part whose means differ by more than chance allows, the oldest bucket is dropped and the rest
is looked at again.

References
----------
.. [1] Bifet and Gavaldà (2007). Learning from time-changing data with adaptive windowing. Proceedings of the
   SIAM International Conference on Data Mining, 443-448. doi:10.1137/1.9781611972771.42
"""

from collections import deque
from math import log, sqrt
from typing import Final, NamedTuple

BUCKETS_MAX: Final = 5
"""Buckets of one size; more make cuts finer and a check dearer. The paper's M."""
CHECK_EVERY: Final = 32
"""Numbers between two looks for a cut."""
PART_MIN: Final = 10
"""A part of fewer numbers is no evidence of anything."""


class Change(NamedTuple):
    """The mean changed: what it was, what it is in the window that is left, and of how many numbers each is."""

    before: float
    after: float
    older: int
    newer: int


class _Bucket(NamedTuple):
    """Numbers told together: how many, their sum, and the sum of squares about their mean."""

    size: int
    total: float
    spread: float


def _joined(one: _Bucket, other: _Bucket) -> _Bucket:
    """Return two buckets as one; squares about the mean are added as Chan, Golub and LeVeque (1979) do."""
    size = one.size + other.size
    gap = one.total / one.size - other.total / other.size
    spread = one.spread + other.spread + gap * gap * one.size * other.size / size
    return _Bucket(size, one.total + other.total, spread)


class Adwin:
    """
    A window that is as long as its mean is steady.

    ``confidence`` is the paper's delta: the chance that a cut is made although nothing changed.
    """

    def __init__(self, confidence: float = 0.002) -> None:
        if not 0.0 < confidence < 1.0:
            raise ValueError(f"confidence is {confidence}; expected a share between 0 and 1")
        self._confidence = confidence
        self._rows: list[deque[_Bucket]] = [deque()]  # newest bucket of a row first
        self._seen = 0
        self.count = 0
        self.total = 0.0

    @property
    def mean(self) -> float:
        """Return the mean of the window, 0 while it is empty."""
        return self.total / self.count if self.count else 0.0

    def add(self, number: float) -> Change | None:
        """Take in a number; return the change that this look found, None if the mean is steady."""
        self._rows[0].appendleft(_Bucket(1, number, 0.0))
        self.count += 1
        self.total += number
        self._compress()
        self._seen += 1
        if self._seen % CHECK_EVERY:
            return None
        first = change = self._cut()
        while change is not None:
            self._drop_oldest()
            change = self._cut()
        return first and Change(first.before, self.mean, first.older, self.count)

    def _compress(self) -> None:
        """Join the two oldest buckets of every row that holds too many."""
        for i, row in enumerate(self._rows):
            if len(row) <= BUCKETS_MAX:
                return
            older, old = row.pop(), row.pop()
            if i + 1 == len(self._rows):
                self._rows.append(deque())
            self._rows[i + 1].appendleft(_joined(older, old))

    def _drop_oldest(self) -> None:
        row = self._rows[-1]
        gone = row.pop()
        self.count -= gone.size
        self.total -= gone.total
        if not row and len(self._rows) > 1:
            self._rows.pop()

    def _cut(self) -> Change | None:
        """Return the first cut, from the oldest number on, at which the means differ significantly."""
        whole: _Bucket | None = None
        buckets = [bucket for row in reversed(self._rows) for bucket in reversed(row)]
        for bucket in buckets:
            whole = bucket if whole is None else _joined(whole, bucket)
        if whole is None or whole.size < 2 * PART_MIN:
            return None
        variance = whole.spread / whole.size
        likely = log(2.0 * log(whole.size) / self._confidence)
        older, total = 0, 0.0
        for bucket in buckets:
            older += bucket.size
            total += bucket.total
            newer = whole.size - older
            if older < PART_MIN:
                continue
            if newer < PART_MIN:
                return None
            harmonic = 1.0 / older + 1.0 / newer  # the paper's 1 / m
            most = sqrt(2.0 * harmonic * variance * likely) + 2.0 / 3.0 * harmonic * likely
            before, after = total / older, (whole.total - total) / newer
            if abs(before - after) > most:
                return Change(before, after, older, newer)
        return None
