"""A log as a table with one row a ticket, read from CSV; every bad row is named."""

import csv
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime
from itertools import chain, islice
from typing import Final, NamedTuple
from zoneinfo import ZoneInfo

COLUMNS: Final = ("arrived", "answered", "ended", "type", "agent")
NEEDED: Final = ("arrived", "ended")
FAULTS_MAX: Final = 20
LEAST_ROWS: Final = 20
MERGED: Final = "other"
BYTE_ORDER_MARK: Final = "\ufeff"
DELIMITERS: Final = (",", ";", "\t")


class LogError(ValueError):
    """A log cannot be fitted; the message names line, column, value and what was expected."""


class Row(NamedTuple):
    """A ticket of a log; instants are local."""

    arrived: datetime
    wait_s: float
    """Until it was answered, or until it ended unanswered."""
    work_s: float | None
    """None: nobody answered."""
    type: str
    agent: str


def read_log(lines: Iterable[str], names: Mapping[str, str], zone: ZoneInfo) -> list[Row]:
    """
    Return the rows of a CSV text, in the order of arrival.

    Parameters
    ----------
    lines
        Of the text, the head first.
    names
        What the columns of ``COLUMNS`` are called in this file; those left out have their own names.
    zone
        Of instants without an offset, and of the hours that are fitted.

    Raises
    ------
    LogError
        Naming up to twenty bad rows, or that there are too few.
    """
    rest = iter(lines)
    first = next(rest, "").removeprefix(BYTE_ORDER_MARK)
    reader = csv.DictReader(chain([first], rest), delimiter=delimiter_of(first))
    head = reader.fieldnames or []
    called = {column: names.get(column, column) for column in COLUMNS}
    missing = [called[column] for column in NEEDED if called[column] not in head]
    if missing:
        raise LogError(f"line 1: no column {missing[0]!r}; there is {', '.join(head) or 'nothing'}")
    rows: list[Row] = []
    faults: list[str] = []
    try:
        for record in reader:
            try:
                rows.append(_row(record, called, zone))
            except ValueError as error:
                faults.append(f"line {reader.line_num}: {error}")
    except csv.Error as error:
        faults.append(f"line {reader.line_num + 1}: no CSV: {error}; the rest was not read")
    if faults:
        more = len(faults) - FAULTS_MAX
        text = "\n".join(islice(faults, FAULTS_MAX))
        raise LogError(text + (f"\n... and {more} more" if more > 0 else ""))
    if len(rows) < LEAST_ROWS:
        raise LogError(f"{len(rows)} rows, expected at least {LEAST_ROWS} to fit anything")
    return sorted(rows, key=lambda row: row.arrived)


def delimiter_of(head: str) -> str:
    """Return what stands between the columns of a head: a comma, or what spreadsheets elsewhere write."""
    return max(DELIMITERS, key=head.count)


def _row(record: Mapping[str, str | None], called: Mapping[str, str], zone: ZoneInfo) -> Row:
    def instant(column: str) -> datetime | None:
        text = (record.get(called[column]) or "").strip()
        if not text:
            return None
        try:
            found = datetime.fromisoformat(text)
        except ValueError:
            said = f"column {called[column]!r} is {text!r}, expected an instant such as 2026-03-02T09:15:00"
            raise ValueError(said) from None
        return found.replace(tzinfo=zone) if found.tzinfo is None else found.astimezone(zone)

    arrived, answered, ended = instant("arrived"), instant("answered"), instant("ended")
    if arrived is None or ended is None:
        empty = called["arrived"] if arrived is None else called["ended"]
        raise ValueError(f"column {empty!r} is empty, expected an instant")
    marks = [each.astimezone(UTC) for each in (arrived, answered or ended, ended)]
    if marks != sorted(marks):
        raise ValueError("expected arrived, answered and ended in this order")
    wait_s = (marks[1] - marks[0]).total_seconds()
    work_s = (marks[2] - marks[1]).total_seconds() if answered is not None else None
    kind = (record.get(called["type"]) or "").strip() or "ticket"
    return Row(arrived, wait_s, work_s, kind, (record.get(called["agent"]) or "").strip())


def by_type(rows: Iterable[Row], least: int = LEAST_ROWS) -> dict[str, list[Row]]:
    """Return rows by type, the commonest first; rare types become one."""
    found: dict[str, list[Row]] = {}
    for row in rows:
        found.setdefault(row.type, []).append(row)
    rare = [name for name, mine in found.items() if len(mine) < least]
    if len(rare) > 1 or (rare and len(found) > 1):
        merged = [row for name in rare for row in found.pop(name)]
        found.setdefault(MERGED, []).extend(merged)
    return dict(sorted(found.items(), key=lambda pair: (-len(pair[1]), pair[0])))


def days_of(rows: Iterable[Row]) -> Iterator[tuple[int, int]]:
    """Yield weekday (0 is Monday) and hour of each arrival."""
    for row in rows:
        yield row.arrived.weekday(), row.arrived.hour
