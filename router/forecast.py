"""
What is expected of the next hour, from what has been seen: arrivals by hour of the week, and the mean work.

A type of ticket is a profile of the core. Its rate is that of the same hour of the weeks before, each week half as
important as the one after it, blended with the last half hour: a gamma-Poisson estimate whose prior is the season and
whose evidence is the present (Gelman et al. 2013, Bayesian Data Analysis, 2.6). So an hour never seen is judged by the
present, and a quiet half hour does not make a busy hour forgotten. Pure: the driver says what came and when.
"""

from collections.abc import Iterable
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

HOURS: Final = 168
HOUR_US: Final = 3_600_000_000
WEEK_KEPT: Final = 0.5
"""Share of what an hour of the week taught that still counts a week later."""
RECENT_S: Final = 1_800.0
"""What came so long ago counts a third of what comes now."""
SEASON_S_MAX: Final = 3_600.0
"""The season weighs as much as an hour of the present at most: today's busyness shows within the hour."""
WATCHED_S_MAX: Final = 3_600.0
"""A longer time between two looks was slept through: nobody knows what came."""
WORKS_KEPT: Final = 200.0
"""Works that count in a type's mean; older ones fade."""
WORKS_BEFORE: Final = 10.0
"""A type's mean begins at that of all types, which counts as so many works."""
WORK_S: Final = 300.0
"""Mean work while none has ended."""
TYPES_MAX: Final = 4_096
"""Types that are followed; for a further one, the half that came least is forgotten."""


class Expected(NamedTuple):
    """What is expected of types, those that come most (by time of agents) first."""

    profiles: NDArray[np.int64]  # (types,)
    rate: NDArray[np.float64]  # (types,) per second
    work_s: NDArray[np.float64]  # (types,) mean


class Forecaster:
    """Arrivals and work of one tenant. ``advance`` before ``expected``; what came in between is told with it."""

    def __init__(self) -> None:
        self._place: dict[int, int] = {}
        self._season = np.zeros((0, HOURS))
        self._recent = np.zeros(0)
        self._works = np.zeros(0)
        self._work_sum_s = np.zeros(0)
        self._season_s = np.zeros(HOURS)
        self._recent_s = 0.0
        self._at_us: int | None = None
        self._hour = -1
        self.observed_s = 0.0
        """How long arrivals have been watched."""

    def advance(
        self, now_us: int, arrivals: Iterable[int], works: Iterable[tuple[int, int]]
    ) -> None:
        """
        Take in what has been since the last time; the first time only begins.

        Parameters
        ----------
        now_us
            Microseconds since 1970, never before the last time's.
        arrivals
            The profile of each ticket that came.
        works
            Profile and microseconds of each work that ended.
        """
        for profile, work_us in works:
            self._learn_work(profile, work_us / 1e6)
        if self._at_us is None:
            self._at_us, self._hour = now_us, hour_of(now_us)
            return
        passed_s = max(0.0, (now_us - self._at_us) / 1e6)
        self._at_us = max(now_us, self._at_us)
        self._turn_to(hour_of(self._at_us))
        if passed_s > WATCHED_S_MAX:
            self._recent[:], self._recent_s = 0.0, 0.0
            return
        kept = np.exp(-passed_s / RECENT_S)
        self._recent *= kept
        self._recent_s = self._recent_s * kept + passed_s
        self._season_s[self._hour] += passed_s
        self.observed_s += passed_s
        for profile in arrivals:
            row = self._row(profile)
            self._recent[row] += 1.0
            self._season[row, self._hour] += 1.0

    def expected(self, most: int) -> Expected:
        """Return what is expected now of up to ``most`` types, the heaviest first."""
        season_s = self._season_s[self._hour]
        trust_s = min(SEASON_S_MAX, season_s)
        season = self._season[:, self._hour] / season_s if season_s > 0 else 0.0
        rate = (self._recent + trust_s * season) / max(1e-9, self._recent_s + trust_s)
        before_s = self._mean_work_s()
        work_s = (self._work_sum_s + WORKS_BEFORE * before_s) / (self._works + WORKS_BEFORE)
        order = np.argsort(-rate * work_s, kind="stable")
        order = order[rate[order] > 0][:most]
        profiles = np.fromiter(self._place, np.int64, len(self._place))
        return Expected(profiles[order], rate[order], work_s[order])

    def _turn_to(self, hour: int) -> None:
        """Let what each hour taught fade as it begins again, those that were slept through too."""
        for _ in range((hour - self._hour) % HOURS):
            self._hour = (self._hour + 1) % HOURS
            self._season[:, self._hour] *= WEEK_KEPT
            self._season_s[self._hour] *= WEEK_KEPT

    def _learn_work(self, profile: int, work_s: float) -> None:
        row, kept = self._row(profile), 1.0 - 1.0 / WORKS_KEPT
        self._works[row] = self._works[row] * kept + 1.0
        self._work_sum_s[row] = self._work_sum_s[row] * kept + work_s

    def _mean_work_s(self) -> float:
        count = float(self._works.sum())
        return float(self._work_sum_s.sum()) / count if count > 0 else WORK_S

    def _row(self, profile: int) -> int:
        """Return the row of a type, a new one for a new type."""
        row = self._place.get(profile)
        if row is None:
            if len(self._place) == TYPES_MAX:
                self._forget_half()
            row = self._place[profile] = len(self._place)
            if row >= len(self._recent):
                self._grow(max(16, 2 * row))
        return row

    def _forget_half(self) -> None:
        """Let go of the types of which least came; rows of the others move up, in their order."""
        count = len(self._place)
        came = (self._recent + self._season.sum(axis=1))[:count]
        kept = np.sort(np.argsort(-came, kind="stable")[: count // 2])
        profiles = list(self._place)
        self._place = {profiles[row]: n for n, row in enumerate(kept.tolist())}
        self._season, self._recent = self._season[kept], self._recent[kept]
        self._works, self._work_sum_s = self._works[kept], self._work_sum_s[kept]

    def _grow(self, rows: int) -> None:
        more = rows - len(self._recent)
        self._season = np.concatenate([self._season, np.zeros((more, HOURS))])
        self._recent, self._works, self._work_sum_s = (
            np.concatenate([each, np.zeros(more)])
            for each in (self._recent, self._works, self._work_sum_s)
        )


def hour_of(at_us: int) -> int:
    """Return the hour of the week, 0 to 167, in UTC; 0 is Thursday's first, as 1970 began."""
    return at_us // HOUR_US % HOURS
