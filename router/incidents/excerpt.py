"""The excerpt the project carries: one busy day, and the history of the whole log as counts.

`make_excerpt` cuts it out of a full log. The two files are plain CSV, so that a reader can look.
"""

import csv
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from types import MappingProxyType
from typing import Any, Final

from router.incidents.history import (
    ATTENDANCE_DAYS,
    DAYS_PER_WEEK,
    HOURS_PER_DAY,
    Counts,
    Group,
    History,
    Location,
    Resolver,
    gather,
)
from router.incidents.read import Incident, IncidentLog
from router.incidents.stream import busiest_weekday, opened_on

INSTANT_FORMAT: Final = "%Y-%m-%dT%H:%M"
DAY_FILE: Final = "uci_incident_excerpt_day.csv"
HISTORY_FILE: Final = "uci_incident_excerpt_history.csv"
LOCATION_INCIDENTS_MIN: Final = 30
"""Locations with fewer incidents say nothing about hours and are left out of the excerpt."""


class ExcerptError(ValueError):
    """A line of an excerpt does not hold what it should."""

    def __init__(self, line: int, field: str, value: str, expected: str) -> None:
        super().__init__(f"line {line}: {field} is {value!r}, expected {expected}")
        self.line, self.field, self.value, self.expected = line, field, value, expected


@dataclass(frozen=True, slots=True)
class Excerpt:
    """One day's incidents and the history they are routed with."""

    incidents: tuple[Incident, ...]
    history: History


def make_excerpt(log: IncidentLog, day: date | None = None) -> Excerpt:
    """Cut one day out, the busiest weekday unless told which, with the history around it."""
    chosen = day or busiest_weekday(log.incidents)
    history = gather(log.incidents)
    near = {
        chosen + timedelta(days=offset)
        for offset in range(-ATTENDANCE_DAYS - 1, ATTENDANCE_DAYS + 1)
    }
    return Excerpt(
        opened_on(log.incidents, chosen),
        replace(
            history,
            resolvers=tuple(replace(each, days=each.days & near) for each in history.resolvers),
            locations=tuple(
                each for each in history.locations if sum(each.hours) >= LOCATION_INCIDENTS_MIN
            ),
        ),
    )


def write_excerpt(excerpt: Excerpt) -> dict[str, str]:
    """Return the text of both files by file name."""
    return {
        DAY_FILE: "".join(_csv_lines(_DAY_HEADER, map(_incident_row, excerpt.incidents))),
        HISTORY_FILE: "".join(_csv_lines(_HISTORY_HEADER, _history_rows(excerpt.history))),
    }


def read_excerpt(day_lines: Iterable[str], history_lines: Iterable[str]) -> Excerpt:
    """Read both files back.

    Raises
    ------
    ExcerptError
        When a line is not what `write_excerpt` writes.
    """
    incidents = tuple(
        _incident({name: field.read(row, name) for name, field in _FIELDS.items()})
        for row in _rows(day_lines, _DAY_HEADER)
    )
    return Excerpt(incidents, _read_history(_rows(history_lines, _HISTORY_HEADER)))


def _incident(values: Mapping[str, Any]) -> Incident:
    return Incident(**values)


@dataclass(frozen=True, slots=True)
class _Row:
    line: int
    values: Mapping[str, str]

    def parse(self, name: str, read: Callable[[str], object], expected: str) -> object:
        try:
            return read(self.values[name])
        except ValueError:
            raise ExcerptError(self.line, name, self.values[name], expected) from None


@dataclass(frozen=True, slots=True)
class _Field:
    """How a field of an incident is written and read."""

    write: Callable[..., str]
    parse: Callable[[str], object]
    expected: str

    def read(self, row: _Row, name: str) -> object:
        return row.parse(name, self.parse, self.expected)


def _read_opened(text: str) -> datetime:
    return datetime.strptime(text, INSTANT_FORMAT).replace(tzinfo=UTC)


def _read_instant(text: str) -> datetime | None:
    return _read_opened(text) if text else None


def _read_truth(text: str) -> bool:
    return {"true": True, "false": False}[text] if text in ("true", "false") else _no(text)


def _no(text: str) -> bool:
    raise ValueError(text)


def _write_instant(instant: datetime | None) -> str:
    return instant.strftime(INSTANT_FORMAT) if instant else ""


_TEXT: Final = _Field(str, str, "a text")
_LABEL: Final = _Field(lambda label: label or "", lambda text: text or None, "a label")
_LABELS: Final = _Field(" ".join, lambda text: tuple(text.split()), "labels with spaces between")
_NUMBER: Final = _Field(str, int, "an integer")
_TRUTH: Final = _Field(lambda truth: str(truth).lower(), _read_truth, "true or false")
_OPENED: Final = _Field(_write_instant, _read_opened, "an instant YYYY-MM-DDTHH:MM")
_INSTANT: Final = _Field(_write_instant, _read_instant, "an instant YYYY-MM-DDTHH:MM or nothing")

_FIELDS: Final[Mapping[str, _Field]] = MappingProxyType(
    {
        "number": _TEXT,
        "opened": _OPENED,
        "resolved": _INSTANT,
        "closed": _INSTANT,
        "contact": _TEXT,
        "caller": _LABEL,
        "location": _LABEL,
        "first_category": _LABEL,
        "category": _LABEL,
        "subcategory": _LABEL,
        "groups": _LABELS,
        "assignees": _LABELS,
        "resolved_by": _LABEL,
        "first_priority": _NUMBER,
        "priority": _NUMBER,
        "impact": _NUMBER,
        "urgency": _NUMBER,
        "made_sla": _TRUTH,
        "reassignment_count": _NUMBER,
        "reopen_count": _NUMBER,
        "events": _NUMBER,
        "previous_resolver": _LABEL,
    }
)
_DAY_HEADER: Final = tuple(_FIELDS)
_HISTORY_HEADER: Final = (
    "kind", "label", "count", "categories", "groups", "hours", "weekdays", "days",
)  # fmt: skip
_KINDS: Final = ("log", "category", "group", "location", "resolver")


def _csv_lines(header: Sequence[str], rows: Iterable[Sequence[str]]) -> Iterator[str]:
    # Labels are letters and digits and lists have spaces between, so nothing ever needs a quote.
    for row in (header, *rows):
        yield ",".join(row) + "\n"


def _incident_row(incident: Incident) -> list[str]:
    return [field.write(getattr(incident, name)) for name, field in _FIELDS.items()]


def _history_rows(history: History) -> Iterator[tuple[str, ...]]:
    yield ("log", "", str(history.incidents), "", "", "", "", "")
    for label in history.categories:
        yield ("category", label, "", "", "", "", "", "")
    for group in history.groups:
        yield ("group", group.label, str(group.first), _pairs(group.categories), "", "", "", "")
    for location in history.locations:
        yield ("location", location.label, "", "", "", _numbers(location.hours), "", "")
    for each in history.resolvers:
        yield (
            "resolver", each.label, str(each.incidents), _pairs(each.categories),
            _pairs(each.groups), _numbers(each.hours), _numbers(each.weekdays),
            " ".join(day.isoformat() for day in sorted(each.days)),
        )  # fmt: skip


def _pairs(counts: Counts) -> str:
    return " ".join(f"{label}:{count}" for label, count in counts.items())


def _numbers(values: Iterable[int]) -> str:
    return " ".join(map(str, values))


def _rows(lines: Iterable[str], header: Sequence[str]) -> Iterator[_Row]:
    reader = csv.reader(lines)
    first = next(reader, [])
    if first != list(header):
        raise ExcerptError(1, "header", ",".join(first), ",".join(header))
    for values in reader:
        if len(values) != len(header):
            found = f"{len(values)} fields"
            raise ExcerptError(reader.line_num, "row", found, f"{len(header)} fields")
        yield _Row(reader.line_num, dict(zip(header, values, strict=True)))


def _read_history(rows: Iterable[_Row]) -> History:
    found: dict[str, list[_Row]] = {kind: [] for kind in _KINDS}
    for row in rows:
        kind = row.values["kind"]
        if kind not in found:
            raise ExcerptError(row.line, "kind", kind, "one of " + ", ".join(found))
        found[kind].append(row)
    if len(found["log"]) != 1:
        raise ExcerptError(1, "kind", f"log in {len(found['log'])} rows", "log in one row")
    return History(
        incidents=_integer(found["log"][0]),
        resolvers=tuple(map(_read_resolver, found["resolver"])),
        groups=tuple(
            Group(row.values["label"], _integer(row), _read_counts(row, "categories"))
            for row in found["group"]
        ),
        locations=tuple(
            Location(row.values["label"], _read_numbers(row, "hours", HOURS_PER_DAY))
            for row in found["location"]
        ),
        categories=tuple(row.values["label"] for row in found["category"]),
    )


def _read_resolver(row: _Row) -> Resolver:
    days = row.parse(
        "days",
        lambda text: frozenset(date.fromisoformat(day) for day in text.split()),
        "days YYYY-MM-DD with spaces between",
    )
    assert isinstance(days, frozenset)
    return Resolver(
        label=row.values["label"],
        incidents=_integer(row),
        categories=_read_counts(row, "categories"),
        groups=_read_counts(row, "groups"),
        hours=_read_numbers(row, "hours", HOURS_PER_DAY),
        weekdays=_read_numbers(row, "weekdays", DAYS_PER_WEEK),
        days=days,
    )


def _integer(row: _Row) -> int:
    number = row.parse("count", int, "an integer")
    assert isinstance(number, int)
    return number


def _read_counts(row: _Row, name: str) -> Counts:
    counts: dict[str, int] = {}
    for pair in row.values[name].split():
        label, colon, count = pair.partition(":")
        if not (label and colon and count.isdecimal()):
            raise ExcerptError(row.line, name, pair, "label:count")
        counts[label] = int(count)
    return MappingProxyType(counts)


def _read_numbers(row: _Row, name: str, size: int) -> tuple[int, ...]:
    texts = row.values[name].split()
    if len(texts) != size or not all(text.isdecimal() for text in texts):
        raise ExcerptError(row.line, name, row.values[name], f"{size} counts")
    return tuple(map(int, texts))
