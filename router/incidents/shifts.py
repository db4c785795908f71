"""Estimate from hours of work who works when, and which places keep other hours."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from router.incidents import assumptions as assumed
from router.incidents.history import DAYS_PER_WEEK, HOURS_PER_DAY, Resolver

DAY_NAMES: Final = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
WORKING_WEEK: Final = frozenset(range(5))


@dataclass(frozen=True, slots=True)
class Shift:
    """Weekdays (Monday is 0) and a run of hours that may go over midnight."""

    days: frozenset[int]
    opens: int
    """Hour 0 .. 23."""
    hours: int
    """Length, 1 .. 24 hours."""

    @property
    def closes(self) -> int:
        """Return the hour of closing, 1 .. 24; less than `opens` when it is on the next day."""
        return (self.opens + self.hours - 1) % HOURS_PER_DAY + 1

    @property
    def id(self) -> str:
        """Return the id of the calendar that stands for this shift."""
        days = "".join(str(day + 1) for day in sorted(self.days))
        return f"shift-{days}-{self.opens:02}-{self.closes:02}"

    def calendar(self) -> dict[str, object]:
        """Return the body of the calendar. The log's clock is taken as UTC."""
        days = [DAY_NAMES[day] for day in sorted(self.days)]
        hours = {"days": days, "open": f"{self.opens:02}:00", "close": f"{self.closes:02}:00"}
        return {"time_zone": "UTC", "weekly": [hours], "exceptions": []}


def shift_of(hours: Sequence[int], weekdays: Sequence[int], otherwise: Shift | None) -> Shift:
    """Estimate a shift from 24 counts by hour and 7 by weekday.

    With fewer than `SHIFT_SAMPLE_MIN` incidents the answer is `otherwise`, if there is one.
    """
    total = sum(hours)
    if otherwise is not None and total < assumed.SHIFT_SAMPLE_MIN:
        return otherwise
    opens, length = shortest_run(hours, assumed.SHIFT_SHARE)
    length = min(max(length, assumed.SHIFT_HOURS_MIN), assumed.SHIFT_HOURS_MAX)
    enough = assumed.SHIFT_DAY_SHARE_MIN * max(sum(weekdays), 1)
    days = frozenset(day for day in range(DAYS_PER_WEEK) if weekdays[day] >= enough)
    return Shift(days or WORKING_WEEK, opens, length)


def shortest_run(hours: Sequence[int], share: float) -> tuple[int, int]:
    """Return first hour and length of the shortest run of hours that holds `share`.

    Of equally short runs the fullest wins, then the earliest.
    """
    total = sum(hours)
    runs = (
        (length, -held, first)
        for length in range(1, HOURS_PER_DAY + 1)
        for first in range(HOURS_PER_DAY)
        if (held := sum(hours[(first + i) % HOURS_PER_DAY] for i in range(length))) >= share * total
    )
    length, _, first = min(runs)
    return first, length


def floor_shift(resolvers: Iterable[Resolver]) -> Shift:
    """Estimate the one shift that fits the whole floor, for resolvers with too few incidents."""
    known = tuple(resolvers)
    hours = [sum(each.hours[hour] for each in known) for hour in range(HOURS_PER_DAY)]
    weekdays = [sum(each.weekdays[day] for each in known) for day in range(DAYS_PER_WEEK)]
    return shift_of(hours, weekdays, None)


def region_of(hours: Sequence[int]) -> str:
    """Return which region keeps such hours: most places are `core`, some early, some at night."""
    total = sum(hours)
    if total < assumed.REGION_SAMPLE_MIN:
        return assumed.REGION_CORE
    if sum(hours[hour] for hour in assumed.NIGHT_HOURS) >= assumed.NIGHT_SHARE_MIN * total:
        return assumed.REGION_NIGHT
    if sum(hours[hour] for hour in assumed.EARLY_HOURS) >= assumed.EARLY_SHARE_MIN * total:
        return assumed.REGION_EARLY
    return assumed.REGION_CORE
