"""Opening hours are right in every zone, most of all on the days when the clock jumps."""

import functools
import itertools
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from router.calendars import DAYS, Calendar, CalendarError, Span, compile_calendar

MINUTE = 60_000_000
HOUR = 60 * MINUTE
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
WORK = {"days": list(DAYS[:5]), "open": "09:00", "close": "17:30"}


def at(text: str) -> int:
    """Return the microseconds of a UTC instant."""
    return (datetime.fromisoformat(text).replace(tzinfo=UTC) - EPOCH) // timedelta(microseconds=1)


def opening(zone: str, *weekly, exceptions=()) -> Calendar:
    """Compile a calendar from its parts."""
    body = {"time_zone": zone, "weekly": list(weekly), "exceptions": list(exceptions)}
    return compile_calendar(body)


def shown(calendar: Calendar, start: str, end: str) -> list[tuple[str, str]]:
    """Return the open spans as UTC day and time."""
    spans = calendar.open_spans(at(start), at(end))
    read = [[EPOCH + timedelta(microseconds=each) for each in span] for span in spans]
    return [tuple(each.strftime("%a %H:%M") for each in span) for span in read]


def test_an_office_week_in_lisbon_follows_the_clock_on_the_wall() -> None:
    """Half past five is 17:30 UTC in winter and 16:30 UTC after the clocks went forward."""
    office = opening("Europe/Lisbon", WORK)
    assert shown(office, "2026-03-27", "2026-03-31") == [
        ("Fri 09:00", "Fri 17:30"),
        ("Mon 08:00", "Mon 16:30"),
    ]


def test_a_promise_in_business_hours_waits_for_the_door_to_open() -> None:
    """Two hours from Friday 16:30 in Lisbon end on Monday at 10:00 there."""
    office = opening("Europe/Lisbon", WORK)
    friday = at("2026-03-27T16:30")
    assert office.is_open(friday)
    assert office.next_transition(friday) == at("2026-03-27T17:30")
    assert office.add_open_time(friday, 2 * 3600) == at("2026-03-30T09:00")
    assert office.add_open_time(friday, 3600) == at("2026-03-27T17:30")
    assert office.add_open_time(at("2026-03-28T12:00"), 0) == at("2026-03-28T12:00")
    assert office.add_open_time(at("2026-03-28T12:00"), 0.000001) == at("2026-03-30T08:00") + 1
    assert office.open_us_between(friday, at("2026-03-30T09:00")) == 2 * HOUR


@pytest.mark.parametrize(
    ("zone", "hours", "start", "end", "expected"),
    [
        # 02:30 does not exist on 8 March: the door opens as the clock jumps from 2 to 3.
        (
            "America/New_York",
            ("02:30", "05:00"),
            "2026-03-07T12:00",
            "2026-03-09",
            [("Sun 07:00", "Sun 09:00")],
        ),
        # 01:30 comes twice on 1 November: open from the first one; 01:15 to 01:45 is half an hour.
        (
            "America/New_York",
            ("01:30", "05:00"),
            "2026-10-31T12:00",
            "2026-11-02",
            [("Sun 05:30", "Sun 10:00")],
        ),
        (
            "America/New_York",
            ("01:15", "01:45"),
            "2026-10-31T12:00",
            "2026-11-02",
            [("Sun 05:15", "Sun 05:45")],
        ),
        # A night shift over the jump is an hour shorter, over the fall back an hour longer.
        (
            "Europe/Lisbon",
            ("22:00", "06:00"),
            "2026-03-28T12:00",
            "2026-03-29T12:00",
            [("Sat 22:00", "Sun 05:00")],
        ),
        (
            "Europe/Lisbon",
            ("22:00", "06:00"),
            "2026-10-24T12:00",
            "2026-10-25T12:00",
            [("Sat 21:00", "Sun 06:00")],
        ),
        # Half an hour of daylight saving.
        (
            "Australia/Lord_Howe",
            ("02:15", "03:00"),
            "2026-10-03T12:00",
            "2026-10-04T00:00",
            [("Sat 15:30", "Sat 16:00")],
        ),
        # Samoa had no 30 December 2011.
        (
            "Pacific/Apia",
            ("09:00", "17:00"),
            "2011-12-29T12:00",
            "2012-01-01T00:00",
            [("Thu 19:00", "Fri 03:00"), ("Fri 19:00", "Sat 03:00"), ("Sat 19:00", "Sun 00:00")],
        ),
        # Brazil used to jump at midnight: the day begins at one.
        (
            "America/Sao_Paulo",
            ("00:00", "02:00"),
            "2018-11-04",
            "2018-11-05",
            [("Sun 03:00", "Sun 04:00")],
        ),
    ],
)
def test_days_when_the_clock_jumps(zone, hours, start, end, expected) -> None:
    """Hours open every day in a zone whose clock jumps, as UTC spans."""
    daily = {"days": list(DAYS), "open": hours[0], "close": hours[1]}
    assert shown(opening(zone, daily), start, end) == expected


def test_exceptions_replace_the_day_they_name() -> None:
    """Christmas is closed, the day before has two shifts, the last of the year ends next year."""
    extra = [
        {"date": "2026-12-25", "open": None, "close": None},
        {"date": "2026-12-24", "open": "09:00", "close": "11:00"},
        {"date": "2026-12-24", "open": "13:00", "close": "14:00"},
        {"date": "2026-12-31", "open": "20:00", "close": "02:00"},
        {"date": "2027-01-01", "open": None, "close": None},
    ]
    office = opening("UTC", WORK, exceptions=extra)
    assert shown(office, "2026-12-24", "2026-12-28") == [
        ("Thu 09:00", "Thu 11:00"),
        ("Thu 13:00", "Thu 14:00"),
    ]
    assert shown(office, "2026-12-31", "2027-01-04") == [("Thu 20:00", "Fri 02:00")]


def test_round_the_clock_never_changes_and_never_open_never_comes() -> None:
    """Touching days are one span; a promise that never falls due is None."""
    daily = {"days": list(DAYS), "open": "00:00", "close": "24:00"}
    always = opening("America/Sao_Paulo", daily)
    start = at("2018-11-01")
    assert always.next_transition(start) is None
    assert always.open_spans(start, start + 100 * HOUR) == (Span(start, start + 100 * HOUR),)
    assert always.add_open_time(start, 3600.5) == start + HOUR + MINUTE // 120
    never = opening("UTC")
    assert never.next_transition(start) is None
    assert never.add_open_time(start, 1) is None
    assert not never.is_open(start)


def test_asking_about_another_time_does_not_change_an_answer() -> None:
    """Whatever was asked before, forwards or back, the answer is that of a new calendar."""
    asked = opening("Europe/Lisbon", WORK)
    for when in ("2026-05-05T10:00", "1971-03-01T12:00", "2254-12-31T23:00", "2026-05-05T18:00"):
        fresh = opening("Europe/Lisbon", WORK)
        assert asked.is_open(at(when)) == fresh.is_open(at(when))
        assert asked.next_transition(at(when)) == fresh.next_transition(at(when))
        assert asked.add_open_time(at(when), 1e5) == fresh.add_open_time(at(when), 1e5)


def test_an_instant_or_a_duration_out_of_range_is_refused() -> None:
    """Before 1970, after 2255, and less than no time."""
    office = opening("UTC", WORK)
    for wrong in (-1, 2**53 + 1):
        with pytest.raises(ValueError, match=f"at_us is {wrong}"):
            office.is_open(wrong)
    with pytest.raises(ValueError, match="open_s is -1"):
        office.add_open_time(0, -1)


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({}, "/time_zone"),
        ({"time_zone": "Europe/Lisboa"}, "/time_zone"),
        ({"time_zone": "../../etc/passwd"}, "/time_zone"),
        ({"time_zone": "Europe"}, "/time_zone"),
        ({"time_zone": "UTC", "weekly": 3}, "/weekly"),
        ({"time_zone": "UTC", "weekly": [3]}, "/weekly"),
        ({"time_zone": "UTC", "weekly": [WORK] * 65}, "/weekly"),
        ({"time_zone": "UTC", "weekly": [{**WORK, "days": []}]}, "/weekly/0/days"),
        ({"time_zone": "UTC", "weekly": [{**WORK, "days": ["Mon"]}]}, "/weekly/0/days"),
        ({"time_zone": "UTC", "weekly": [{**WORK, "open": "9:00"}]}, "/weekly/0/open"),
        ({"time_zone": "UTC", "weekly": [{**WORK, "open": "24:00"}]}, "/weekly/0/open"),
        ({"time_zone": "UTC", "weekly": [{**WORK, "close": "24:01"}]}, "/weekly/0/close"),
        ({"time_zone": "UTC", "weekly": [{**WORK, "close": None}]}, "/weekly/0/close"),
        ({"time_zone": "UTC", "exceptions": [{"date": "2026-02-30"}]}, "/exceptions/0/date"),
        ({"time_zone": "UTC", "exceptions": [{"date": "20260228"}]}, "/exceptions/0/date"),
        (
            {"time_zone": "UTC", "exceptions": [{"date": "2026-02-28", "open": "09:00"}]},
            "/exceptions/0/close",
        ),
        (
            {
                "time_zone": "UTC",
                "exceptions": [
                    {"date": "2026-02-28"},
                    {"date": "2026-02-28", "open": "09:00", "close": "10:00"},
                ],
            },
            "/exceptions",
        ),
    ],
)
def test_a_fault_is_named(body, pointer) -> None:
    """The fault says where it is, what was expected and what was found."""
    with pytest.raises(CalendarError, match="expected") as caught:
        compile_calendar(body)
    assert [fault.pointer for fault in caught.value.faults] == [pointer]


def test_all_faults_are_named_at_once() -> None:
    """Three mistakes take one look."""
    weekly = [{"days": ["x"], "open": "25:00", "close": "09:60"}]
    with pytest.raises(CalendarError) as caught:
        compile_calendar({"time_zone": "Nowhere", "weekly": weekly})
    assert len(caught.value.faults) == 4


# The twin: walk along the wall clock in steps of five minutes and look.

STEP = 5 * MINUTE
JUMPS = {
    "Europe/Lisbon": ("2026-03-29", "2026-10-25"),
    "America/New_York": ("2026-03-08", "2026-11-01"),
    "Asia/Kolkata": ("2026-06-01",),
    "Australia/Lord_Howe": ("2026-04-05", "2026-10-04"),
    "Pacific/Apia": ("2011-12-30", "2011-09-24"),
    "America/Sao_Paulo": ("2018-11-04", "2018-02-18"),
    "Pacific/Kwajalein": ("1993-08-21",),
    "Africa/Casablanca": ("2026-02-15", "2026-03-22"),
}
PLACES = [(zone, day) for zone, days in JUMPS.items() for day in days]


@functools.cache
def walls(zone: str, day: str) -> list[tuple[int, datetime]]:
    """Return instants from ten days before the jump to five after, and what the wall shows."""
    start = at(day) - 240 * HOUR
    instants = range(start, start + 360 * HOUR, STEP)
    place = ZoneInfo(zone)
    read = (EPOCH + timedelta(microseconds=instant) for instant in instants)
    shown = (instant.astimezone(place).replace(tzinfo=None, fold=0) for instant in read)
    return list(zip(instants, shown, strict=True))


def naive_first(seen: list[tuple[int, datetime]], wall: datetime) -> int:
    """Return the first instant when the wall shows at least this."""
    return next((instant for instant, shown in seen if shown >= wall), seen[-1][0] + STEP)


def naive_open(zone: str, day: str, weekly, exceptions) -> set[int]:
    """Return the steps in which the door is open, one shift after the other."""
    seen = walls(zone, day)
    found: set[int] = set()
    first = seen[0][1].date()
    for each in (first + timedelta(days=n) for n in range(18)):
        for opens, closes in exceptions.get(each, weekly[each.weekday()]):
            midnight = datetime.combine(each, datetime.min.time())
            until = closes if closes > opens else closes + 1440
            start = naive_first(seen, midnight + timedelta(minutes=opens))
            end = naive_first(seen, midnight + timedelta(minutes=until))
            found |= set(range(start, end, STEP))
    return found


clock = st.integers(0, 287).map(lambda n: n * 5)
shift = st.tuples(clock, st.integers(0, 288).map(lambda n: n * 5))
week = st.lists(st.lists(shift, max_size=2), min_size=7, max_size=7)


def spelled(minute: int) -> str:
    """Return minutes as HH:MM."""
    return f"{minute // 60:02}:{minute % 60:02}"


def hours_of(opens: int, closes: int) -> dict[str, str]:
    """Return a shift as a body has it."""
    return {"open": spelled(opens), "close": spelled(closes)}


@pytest.mark.slow
@settings(max_examples=60)
@given(
    st.sampled_from(PLACES), week, st.dictionaries(st.integers(-3, 3), st.lists(shift, max_size=2))
)
def test_it_agrees_with_walking_along_the_wall(place, weekly, near) -> None:
    """Over days with a jump, every answer is the one found by looking at the clock at each step."""
    zone, day = place
    exceptions = {date.fromisoformat(day) + timedelta(days=n): each for n, each in near.items()}
    rows = []
    for each, shifts in exceptions.items():
        rows += [{"date": each.isoformat(), **hours_of(*hours)} for hours in shifts]
        rows += [] if shifts else [{"date": each.isoformat(), "open": None, "close": None}]
    calendar = compile_calendar(
        {
            "time_zone": zone,
            "weekly": [
                {"days": [DAYS[n]], **hours_of(*hours)}
                for n, shifts in enumerate(weekly)
                for hours in shifts
            ],
            "exceptions": rows,
        }
    )
    expected = naive_open(zone, day, weekly, exceptions)
    steps = [instant for instant, _ in walls(zone, day)][3 * 288 :]  # earlier shifts may linger
    inside = [step for step in steps if step in expected]
    assert [step for step in steps if calendar.is_open(step)] == inside
    spans = calendar.open_spans(steps[0], steps[-1] + STEP)
    assert [step for span in spans for step in range(*span, STEP)] == inside
    pairs = itertools.pairwise(steps)
    changes = [after for before, after in pairs if (before in expected) != (after in expected)]
    for step in steps[:: len(steps) // 7]:
        following = next((change for change in changes if change > step), None)
        assert following is None or calendar.next_transition(step) == following
        later = [each for each in inside if each >= step]
        assert calendar.open_us_between(step, steps[-1] + STEP) == STEP * len(later)
        if len(later) >= 30:
            assert calendar.add_open_time(step, 30 * 300) == later[29] + STEP
