"""Read an incident event log: one value per incident out of its many event rows.

Understands the log as the UCI repository publishes it (data set 498) and the variants of it that go
round: text prefixes on labels ("Caller 2403") or none, `incident_state` or `ident_state`, a second
`category` column where `subcategory` is meant, and commas, semicolons or tabs between fields.
"""

import csv
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from itertools import chain
from types import MappingProxyType
from typing import Final

MISSING: Final = "?"
BAD_ROWS_MAX: Final = 1_000
"""Rows that may be set aside; with more of them the file is not the log it is taken for."""

HEADERS: Final[Mapping[str, tuple[str, ...]]] = MappingProxyType(
    {
        "number": ("number",),
        "made_sla": ("made_sla",),
        "reassignment_count": ("reassignment_count",),
        "reopen_count": ("reopen_count",),
        "caller": ("caller_id", "caller"),
        "opened_at": ("opened_at",),
        "contact_type": ("contact_type",),
        "location": ("location",),
        "category": ("category",),
        "subcategory": ("subcategory", "category.1"),
        "impact": ("impact",),
        "urgency": ("urgency",),
        "priority": ("priority",),
        "assignment_group": ("assignment_group",),
        "assigned_to": ("assigned_to",),
        "resolved_by": ("resolved_by",),
        "resolved_at": ("resolved_at",),
        "closed_at": ("closed_at",),
    }
)
"""The columns that are used, and the headers each may stand under."""


@dataclass(frozen=True, slots=True)
class BadRow:
    """A row that was set aside: where it stands, which field, what it held, what was expected."""

    line: int
    field: str
    value: str
    expected: str

    def __str__(self) -> str:
        """Say it in one sentence."""
        return f"line {self.line}: {self.field} is {self.value!r}, expected {self.expected}"


class IncidentLogError(ValueError):
    """The file cannot be read as an incident event log; `bad` says what stands where."""

    def __init__(self, bad: BadRow) -> None:
        super().__init__(str(bad))
        self.bad = bad


@dataclass(frozen=True, slots=True)
class Incident:
    """One incident, its labels anonymous. The log's clock names no zone and is taken as UTC."""

    number: str
    opened: datetime
    resolved: datetime | None
    closed: datetime | None
    contact: str
    caller: str | None
    location: str | None
    first_category: str | None
    """Category when the incident was opened: what a router would have known."""
    category: str | None
    """Category in the last event."""
    subcategory: str | None
    groups: tuple[str, ...]
    """Assignment groups in order of their events, repeats in a row left out."""
    assignees: tuple[str, ...]
    resolved_by: str | None
    first_priority: int
    """Priority when opened: 1 critical .. 4 low."""
    priority: int
    impact: int
    urgency: int
    made_sla: bool
    reassignment_count: int
    reopen_count: int
    events: int
    previous_resolver: str | None = None
    """Who resolved the caller's latest incident that was resolved before this one was opened."""


@dataclass(frozen=True, slots=True)
class IncidentLog:
    """What a log held: its incidents by time of opening, and the rows that were set aside."""

    incidents: tuple[Incident, ...]
    rows: int
    bad_rows: tuple[BadRow, ...]


class _BadFieldError(Exception):
    """A field that does not hold what it should; the reader adds the line."""

    def __init__(self, name: str, value: str, expected: str) -> None:
        super().__init__(name)
        self.name, self.value, self.expected = name, value, expected


@dataclass(slots=True)
class _Story:
    """An incident while its rows are being read."""

    first: "_Row"
    last: "_Row"
    groups: list[str] = field(default_factory=list)
    assignees: list[str] = field(default_factory=list)
    events: int = 0

    def add(self, row: "_Row") -> None:
        self.last = row
        self.events += 1
        for seen, label in ((self.groups, row.group), (self.assignees, row.assignee)):
            if label is not None and (not seen or seen[-1] != label):
                seen.append(label)


@dataclass(frozen=True, slots=True)
class _Row:
    number: str
    opened: datetime
    resolved: datetime | None
    closed: datetime | None
    contact: str
    labels: Mapping[str, str | None]
    ranks: Mapping[str, int]
    counts: Mapping[str, int]
    made_sla: bool

    @property
    def group(self) -> str | None:
        return self.labels["assignment_group"]

    @property
    def assignee(self) -> str | None:
        return self.labels["assigned_to"]


def read_log(lines: Iterable[str], bad_rows_max: int = BAD_ROWS_MAX) -> IncidentLog:
    """Read the whole log from its text lines, header first.

    Rows that cannot be read are set aside and reported; the other rows of their incident count.

    Raises
    ------
    IncidentLogError
        When there is no header, a column is missing, the text is no delimited text, or more than
        `bad_rows_max` rows cannot be read.
    """
    source = iter(lines)
    header_line = next(source, "").lstrip("\ufeff")
    delimiter = max(",;\t", key=header_line.count)
    names = next(csv.reader([header_line], delimiter=delimiter), [])
    header = [name.strip().lower() for name in names]
    columns = _find_columns(header)
    stories: dict[str, _Story] = {}
    bad_rows: list[BadRow] = []
    rows = 0
    for line, values in _numbered(source, delimiter):
        rows += 1
        try:
            row = _read_row(values, columns, len(header))
        except _BadFieldError as bad:
            bad_rows.append(BadRow(line, bad.name, bad.value, bad.expected))
            if len(bad_rows) > bad_rows_max:
                raise IncidentLogError(replace(bad_rows[0], expected=_too_many(bad_rows))) from None
            continue
        stories.setdefault(row.number, _Story(row, row)).add(row)
    incidents = sorted(map(_tell, stories.values()), key=lambda each: (each.opened, each.number))
    return IncidentLog(tuple(_with_previous_resolver(incidents)), rows, tuple(bad_rows))


def _too_many(bad_rows: Sequence[BadRow]) -> str:
    return f"{bad_rows[0].expected} (the first of {len(bad_rows)} bad rows, which is too many)"


def _numbered(source: Iterator[str], delimiter: str) -> Iterator[tuple[int, list[str]]]:
    # The header is line 1 and has been taken; a fake first line keeps the reader's own count right.
    reader = csv.reader(chain(("",), source), delimiter=delimiter, strict=True)
    while True:
        try:
            values = next(reader, None)
        except csv.Error as error:
            bad = BadRow(reader.line_num, "row", str(error), "delimited text, quotes closed")
            raise IncidentLogError(bad) from None
        if values is None:
            return
        if values:
            yield reader.line_num, values


def _find_columns(header: Sequence[str]) -> dict[str, int]:
    columns: dict[str, int] = {}
    for name, headers in HEADERS.items():
        places = [place for place, text in enumerate(header) if text in headers]
        if name == "subcategory" and not places:
            # The second of two `category` columns stands where `subcategory` belongs.
            places = [place for place, text in enumerate(header) if text == "category"][1:]
        if not places:
            shown = ", ".join(header[:40]) or "nothing"
            raise IncidentLogError(BadRow(1, "header", shown, f"a column {' or '.join(headers)}"))
        columns[name] = places[0]
    return columns


def _read_row(values: Sequence[str], columns: Mapping[str, int], width: int) -> _Row:
    if len(values) != width:
        raise _BadFieldError("row", f"{len(values)} fields", f"{width} fields, as in the header")
    of = {name: values[place].strip() for name, place in columns.items()}
    opened = _instant("opened_at", of["opened_at"])
    if opened is None:
        raise _BadFieldError("opened_at", of["opened_at"], "an instant d/m/Y H:M")
    resolved, closed = (_instant(name, of[name]) for name in ("resolved_at", "closed_at"))
    for name, instant in (("resolved_at", resolved), ("closed_at", closed)):
        if instant is not None and instant < opened:
            raise _BadFieldError(
                name, of[name], f"an instant not before opened_at, {of['opened_at']}"
            )
    number = of["number"].removeprefix("INC")
    if not number.isdecimal():
        raise _BadFieldError("number", of["number"], "digits, with or without INC before them")
    return _Row(
        number=number,
        opened=opened,
        resolved=resolved,
        closed=closed,
        contact=of["contact_type"],
        labels=MappingProxyType({name: _label(name, of[name]) for name in _LABELS}),
        ranks=MappingProxyType({name: _rank(name, of[name], top) for name, top in _RANKS}),
        counts=MappingProxyType({name: _count(name, of[name]) for name in _COUNTS}),
        made_sla=_truth("made_sla", of["made_sla"]),
    )


_LABELS: Final = (
    "caller", "location", "category", "subcategory",
    "assignment_group", "assigned_to", "resolved_by",
)  # fmt: skip
_RANKS: Final = (("impact", 3), ("urgency", 3), ("priority", 4))
_COUNTS: Final = ("reassignment_count", "reopen_count")


def _instant(name: str, text: str) -> datetime | None:
    if text == MISSING:
        return None
    try:
        date, clock = text.split(" ")
        day, month, year = date.split("/")
        hour, minute = clock.split(":")
        return datetime(int(year), int(month), int(day), int(hour), int(minute), tzinfo=UTC)
    except ValueError:
        raise _BadFieldError(name, text, "an instant d/m/Y H:M") from None


def _label(name: str, text: str) -> str | None:
    if text == MISSING:
        return None
    # "Resolved by 149" and "149" are the same label; prefixes differ by column only.
    label = text.rpartition(" ")[2]
    if not label.isalnum() or not label.isascii():
        raise _BadFieldError(
            name, text, "a label of ASCII letters and digits, alone or after words"
        )
    return label


def _rank(name: str, text: str, top: int) -> int:
    rank = text.partition(" ")[0]
    if not rank.isdecimal() or not 1 <= int(rank) <= top:
        raise _BadFieldError(name, text, f"a rank 1 .. {top}, as in '2' or '2 - Medium'")
    return int(rank)


def _count(name: str, text: str) -> int:
    if not text.isdecimal() or len(text) > 6:
        raise _BadFieldError(name, text, "a count 0 .. 999999")
    return int(text)


def _truth(name: str, text: str) -> bool:
    lowered = text.lower()
    if lowered not in ("true", "false"):
        raise _BadFieldError(name, text, "true or false")
    return lowered == "true"


def _tell(story: _Story) -> Incident:
    first, last = story.first, story.last
    return Incident(
        number=first.number,
        opened=first.opened,
        resolved=last.resolved,
        closed=last.closed,
        contact=first.contact,
        caller=first.labels["caller"],
        location=first.labels["location"],
        first_category=first.labels["category"],
        category=last.labels["category"],
        subcategory=last.labels["subcategory"],
        groups=tuple(story.groups),
        assignees=tuple(story.assignees),
        resolved_by=last.labels["resolved_by"],
        first_priority=first.ranks["priority"],
        priority=last.ranks["priority"],
        impact=last.ranks["impact"],
        urgency=last.ranks["urgency"],
        made_sla=last.made_sla,
        reassignment_count=last.counts["reassignment_count"],
        reopen_count=last.counts["reopen_count"],
        events=story.events,
    )


def _with_previous_resolver(incidents: Sequence[Incident]) -> Iterator[Incident]:
    """Name for each incident who last helped its caller, as known when it was opened."""
    by_caller: dict[str, list[tuple[datetime, str]]] = {}
    for each in incidents:
        if each.caller and each.resolved_by and each.resolved:
            by_caller.setdefault(each.caller, []).append((each.resolved, each.resolved_by))
    for each in incidents:
        before = [
            helped for helped in by_caller.get(each.caller or "", ()) if helped[0] < each.opened
        ]
        yield replace(each, previous_resolver=max(before)[1] if before else None)
