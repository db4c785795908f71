"""
Calendars: from weekly hours in a time zone to open spans in UTC microseconds.

A door opens when the clock on the wall first shows the opening time or a later one, and closes when
it first shows the closing time or a later one. That settles daylight saving: hours that the clock
skips are not worked, a time that comes twice counts when it comes first, and a day that a country
skipped has no hours.
"""

import re
from bisect import bisect_right
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import NamedTuple
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
DAY_MIN = 1_440
SECOND_US = 1_000_000
DAY_US = 86_400 * SECOND_US
AHEAD_DAYS = 64  # one stretch of work; a calendar that is asked often computes it once
SEARCH_DAYS = 3_660  # ten years; whoever waits longer than that waits for ever
HOURS_MAX = 64
EXCEPTIONS_MAX = 4_096
AT_US_LEAST = 0
AT_US_MOST = 2**53  # the year 2255, as in router/core/limits.py

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
CLOCK = re.compile(r"(?:([01]\d|2[0-3]):([0-5]\d)|24:00)")
ISO_DATE = re.compile(r"\d{4}-\d{2}-\d{2}")


class Span(NamedTuple):
    """An open stretch of time in UTC microseconds; ``close_us`` is no longer in it."""

    open_us: int
    close_us: int


class CalendarFault(NamedTuple):
    """One thing wrong with a calendar: JSON pointer, what was expected, what was found."""

    pointer: str
    detail: str
    value: object = None


class CalendarError(ValueError):
    """A calendar cannot be used; ``faults`` has every reason."""

    def __init__(self, faults: list[CalendarFault]) -> None:
        self.faults = tuple(faults)
        super().__init__("; ".join(f"{f.pointer}: {f.detail}, not {f.value!r}" for f in faults))


class _Hours(NamedTuple):
    """Minutes since midnight of the day it opens; ``close`` may lie on the next day."""

    open: int
    close: int


@dataclass(slots=True)
class Calendar:
    """
    Opening hours of one time zone, ready to be asked.

    The spans of some weeks are worked out when they are first needed and kept; that does not show
    in any answer. Instants are UTC microseconds from 1970 to 2255.
    """

    zone: ZoneInfo
    weekly: tuple[tuple[_Hours, ...], ...]
    exceptions: Mapping[date, tuple[_Hours, ...]]
    _known_us: int = field(init=False, default=AT_US_LEAST)
    _sure: Span = field(init=False, default=Span(0, 0))
    _from: date = field(init=False, default=date.max)
    _until: date = field(init=False, default=date.min)
    _opens: list[int] = field(init=False, default_factory=list, repr=False)
    _closes: list[int] = field(init=False, default_factory=list, repr=False)
    _before: list[int] = field(init=False, default_factory=list, repr=False)

    def is_open(self, at_us: int) -> bool:
        """Tell whether the door is open at an instant."""
        self._start(at_us)
        row = bisect_right(self._opens, at_us) - 1
        return row >= 0 and at_us < self._closes[row]

    def next_transition(self, at_us: int) -> int | None:
        """Return the next instant when it opens or closes; None if there is none in ten years."""
        horizon_us = at_us + SEARCH_DAYS * DAY_US
        self._start(at_us)
        while True:
            row = bisect_right(self._opens, at_us) - 1
            # A span at the edge of what is worked out may go on beyond it.
            if row >= 0 and at_us < self._closes[row] < self._known_us:
                return self._closes[row]
            is_closed = row < 0 or at_us >= self._closes[row]
            if is_closed and row + 1 < len(self._opens):
                return self._opens[row + 1]
            if self._known_us > horizon_us:
                return None
            self._reach(self._known_us)

    def open_spans(self, from_us: int, until_us: int) -> tuple[Span, ...]:
        """Return the open spans between two instants, sorted, apart, and cut off at both."""
        if until_us <= from_us:
            return ()
        self._start(from_us)
        self._reach(until_us)
        first = max(0, bisect_right(self._opens, from_us) - 1)
        last = bisect_right(self._opens, until_us - 1)
        rows = ((self._opens[row], self._closes[row]) for row in range(first, last))
        cut = (Span(max(start, from_us), min(end, until_us)) for start, end in rows)
        return tuple(span for span in cut if span.open_us < span.close_us)

    def open_us_between(self, from_us: int, until_us: int) -> int:
        """Return for how many microseconds it is open between two instants."""
        if until_us <= from_us:
            return 0
        self._start(from_us)
        self._reach(until_us)
        return self._open_until(until_us) - self._open_until(from_us)

    def add_open_time(self, start_us: int, open_s: float) -> int | None:
        """
        Return the first instant by which it was open for ``open_s`` seconds since ``start_us``.

        That is when a promise counted in business hours falls due. None if it is not within ten
        years; no time at all is over at once, open or not.
        """
        wanted_us = round(open_s * SECOND_US)
        if wanted_us < 0:
            raise ValueError(f"open_s is {open_s}; expected a duration of 0 or more seconds")
        if wanted_us == 0:
            return start_us
        self._start(start_us)
        horizon_us = start_us + SEARCH_DAYS * DAY_US
        goal_us = self._open_until(start_us) + wanted_us
        while self._open_until(self._known_us) < goal_us:
            if self._known_us > horizon_us:
                return None
            self._reach(self._known_us)
        row = bisect_right(self._before, goal_us - 1) - 1
        return self._opens[row] + goal_us - self._before[row]

    def _open_until(self, at_us: int) -> int:
        """Return how long it was open from the first known day to an instant."""
        row = bisect_right(self._opens, at_us) - 1
        if row < 0:
            return 0
        return self._before[row] + min(at_us, self._closes[row]) - self._opens[row]

    def _start(self, at_us: int) -> None:
        """Make sure that the days around an instant are known, where a question begins."""
        if self._sure.open_us <= at_us < self._sure.close_us:
            return
        if not AT_US_LEAST <= at_us <= AT_US_MOST:
            raise ValueError(f"at_us is {at_us}; expected an instant from 1970 to 2255")
        # A shift may begin two days before, seen from a zone far east; a zone may skip a day.
        first = _utc_date(at_us) - timedelta(days=3)
        if first < self._from or (first - self._until).days > SEARCH_DAYS:
            self._opens, self._closes, self._before = [], [], []
            self._from = self._until = first
        self._reach(at_us)

    def _reach(self, at_us: int) -> None:
        """Go on until a week after an instant is known, and then some."""
        last = _utc_date(at_us) + timedelta(days=7)
        if last >= self._until:
            end = last + timedelta(days=AHEAD_DAYS)
            while self._until < end:
                self._append(self._until)
                self._until += timedelta(days=1)
            # Every span that opens before this instant is there.
            self._known_us = _first_instant(self.zone, self._until, 0)
            sure_from, sure_until = self._from + timedelta(days=3), self._until - timedelta(days=7)
            self._sure = Span(_first_micro(sure_from), _first_micro(sure_until))

    def _append(self, day: date) -> None:
        """Add the hours that begin on a day; what touches or overlaps becomes one span."""
        for hours in self.exceptions.get(day, self.weekly[day.weekday()]):
            start_us = _first_instant(self.zone, day, hours.open)
            end_us = _first_instant(self.zone, day, hours.close)
            if start_us >= end_us:
                continue  # the clock skipped them
            if self._closes and start_us <= self._closes[-1]:
                self._closes[-1] = max(self._closes[-1], end_us)
            else:
                known_us = self._closes[-1] - self._opens[-1] if self._opens else 0
                self._before.append(self._before[-1] + known_us if self._before else 0)
                self._opens.append(start_us)
                self._closes.append(end_us)


def _first_instant(zone: ZoneInfo, day: date, minute: int) -> int:
    """Return the first instant when the wall shows ``minute`` of the day, or anything later."""
    wall = datetime(day.year, day.month, day.day) + timedelta(minutes=minute)  # noqa: DTZ001
    first = wall.replace(tzinfo=zone).astimezone(UTC)
    if first.astimezone(zone).replace(tzinfo=None, fold=0) == wall:
        return _micros(first)
    # The clock jumped over it. Read with the offset of after the jump, it names an instant before
    # the jump, and the other way round; the jump itself lies between.
    before = wall.replace(tzinfo=zone, fold=1).astimezone(UTC)
    low, high = int(before.timestamp()), int(first.timestamp())
    while high - low > 1:
        middle = (low + high) // 2
        shown = datetime.fromtimestamp(middle, zone).replace(tzinfo=None)
        low, high = (low, middle) if shown >= wall else (middle, high)
    return high * SECOND_US


def _utc_date(at_us: int) -> date:
    return (EPOCH + timedelta(microseconds=at_us)).date()


def _first_micro(day: date) -> int:
    return (day - EPOCH.date()).days * DAY_US


def _micros(instant: datetime) -> int:
    return (instant - EPOCH) // timedelta(microseconds=1)


def compile_calendar(body: Mapping[str, object]) -> Calendar:
    """
    Return the calendar that a body describes: ``time_zone``, ``weekly`` and ``exceptions``.

    An exception replaces all hours that begin on its date; several of one date add up, and null
    hours close it. Hours that close no later than they open go on past midnight. Raises
    ``CalendarError`` with every fault.
    """
    faults: list[CalendarFault] = []
    zone = _zone(body.get("time_zone"), faults)
    weekly: list[list[_Hours]] = [[] for _ in DAYS]
    for index, entry in enumerate(_entries(body, "weekly", HOURS_MAX, faults)):
        hours = _hours(entry, f"/weekly/{index}", faults)
        for number in _weekdays(entry.get("days"), f"/weekly/{index}/days", faults):
            weekly[number] += [hours] if hours else []
    exceptions: dict[date, list[_Hours]] = {}
    closed: set[date] = set()
    for index, entry in enumerate(_entries(body, "exceptions", EXCEPTIONS_MAX, faults)):
        day = _date(entry.get("date"), f"/exceptions/{index}/date", faults)
        if entry.get("open") is None and entry.get("close") is None:
            closed.add(day)
            exceptions.setdefault(day, [])
        elif hours := _hours(entry, f"/exceptions/{index}", faults):
            exceptions.setdefault(day, []).append(hours)
    for day in sorted(each for each in closed if exceptions[each]):
        detail = "expected a date that is either closed or has hours"
        faults.append(CalendarFault("/exceptions", detail, day.isoformat()))
    if faults:
        raise CalendarError(faults)
    ordered = {day: tuple(sorted(hours)) for day, hours in exceptions.items()}
    return Calendar(zone, tuple(tuple(sorted(hours)) for hours in weekly), ordered)


def _zone(name: object, faults: list[CalendarFault]) -> ZoneInfo:
    try:
        if isinstance(name, str) and name:
            return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        pass  # not in the database, no valid name, or a folder of it
    expected = "expected a time zone of the IANA database, such as Europe/Lisbon"
    faults.append(CalendarFault("/time_zone", expected, name))
    return ZoneInfo("UTC")


def _entries(
    body: Mapping[str, object], name: str, most: int, faults: list[CalendarFault]
) -> list[Mapping[str, object]]:
    value = body.get(name)
    if value is None:
        return []
    if isinstance(value, list | tuple) and len(value) <= most:
        entries = [entry for entry in value if isinstance(entry, Mapping)]
        if len(entries) == len(value):
            return entries
    faults.append(CalendarFault(f"/{name}", f"expected a list of at most {most} objects", value))
    return []


def _weekdays(value: object, pointer: str, faults: list[CalendarFault]) -> list[int]:
    if isinstance(value, list | tuple) and value and all(day in DAYS for day in value):
        return sorted({DAYS.index(day) for day in value})
    faults.append(CalendarFault(pointer, f"expected some of {', '.join(DAYS)}", value))
    return []


def _date(value: object, pointer: str, faults: list[CalendarFault]) -> date:
    try:
        if isinstance(value, str) and ISO_DATE.fullmatch(value):
            return date.fromisoformat(value)
    except ValueError:
        pass  # no such day
    faults.append(CalendarFault(pointer, "expected a date such as 2026-12-25", value))
    return date.min


def _hours(entry: Mapping[str, object], pointer: str, faults: list[CalendarFault]) -> _Hours | None:
    opens = _minute(entry.get("open"), f"{pointer}/open", faults, most=DAY_MIN - 1)
    closes = _minute(entry.get("close"), f"{pointer}/close", faults, most=DAY_MIN)
    if opens is None or closes is None:
        return None
    return _Hours(opens, closes if closes > opens else closes + DAY_MIN)


def _minute(value: object, pointer: str, faults: list[CalendarFault], most: int) -> int | None:
    match = CLOCK.fullmatch(value) if isinstance(value, str) else None
    minute = DAY_MIN if value == "24:00" else int(match[1]) * 60 + int(match[2]) if match else None
    if minute is None or minute > most:
        end = "24:00" if most == DAY_MIN else "23:59"
        faults.append(CalendarFault(pointer, f"expected a time from 00:00 to {end}", value))
        return None
    return minute
