"""Write a floor or a stream as JSON lines, and read them back naming whatever is wrong.

The first line is the header, `{"cordboard_stream": 1, "kind": "floor" | "stream", ...}`. Each
line after it is a call: `{"at_us": 0, "call": "tickets.put", "id": "inc-1", "body": {...}}`.
Lines of a floor have no time.
"""

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from router.incidents.floor import Floor, Resource
from router.incidents.stream import Stream, Timed

VERSION: Final = 1
HEADER_KEY: Final = "cordboard_stream"
INSTANT_FORMAT: Final = "%Y-%m-%dT%H:%M:%SZ"
AT_US_MAX: Final = 2**53
"""As late as an instant may be: exact in every JSON reader."""


class StreamFileError(ValueError):
    """A line of a stream does not hold what it should."""

    def __init__(self, line: int, field: str, value: object, expected: str) -> None:
        shown = repr(value)
        shown = shown if len(shown) <= 80 else shown[:77] + "..."
        super().__init__(f"line {line}: {field} is {shown}, expected {expected}")
        self.line, self.field, self.value, self.expected = line, field, value, expected


@dataclass(frozen=True, slots=True)
class _Line:
    number: int
    members: Mapping[str, object]

    def text(self, field: str) -> str:
        value = self.members.get(field)
        if not isinstance(value, str) or not value:
            raise StreamFileError(self.number, field, value, "a text that is not empty")
        return value

    def integer(self, field: str, least: int, most: int) -> int:
        value = self.members.get(field)
        if not isinstance(value, int) or isinstance(value, bool) or not least <= value <= most:
            raise StreamFileError(self.number, field, value, f"an integer {least} .. {most}")
        return value

    def body(self) -> Mapping[str, object]:
        value = self.members.get("body")
        if not isinstance(value, dict):
            raise StreamFileError(self.number, "body", value, "an object")
        return value

    def only(self, fields: frozenset[str]) -> None:
        for field in self.members:
            if field not in fields:
                expected = "one of " + ", ".join(sorted(fields))
                raise StreamFileError(self.number, "field", field, expected)


_FLOOR_FIELDS: Final = frozenset({"call", "id", "body"})
_STREAM_FIELDS: Final = _FLOOR_FIELDS | {"at_us"}


def write_floor(floor: Floor, source: str) -> Iterator[str]:
    """Yield the lines of a floor, each with its line end. `source` says what it was built from."""
    calls = len(floor.resources)
    yield _line({HEADER_KEY: VERSION, "kind": "floor", "source": source, "calls": calls})
    for each in floor.resources:
        yield _line({"call": each.call, "id": each.id, "body": each.body})


def write_stream(stream: Stream, source: str) -> Iterator[str]:
    """Yield the lines of a stream, each with its line end. `source` says what it was built from."""
    starts_at = stream.starts_at.strftime(INSTANT_FORMAT)
    header = {HEADER_KEY: VERSION, "kind": "stream", "source": source, "starts_at": starts_at}
    yield _line({**header, "calls": len(stream.calls)})
    for each in stream.calls:
        yield _line({"at_us": each.at_us, "call": each.call, "id": each.id, "body": each.body})


def read_floor(lines: Iterable[str]) -> Floor:
    """Read what `write_floor` wrote.

    Raises
    ------
    StreamFileError
        When a line is not what it should be, or lines are missing at the end.
    """
    header, rest = _open(lines, "floor")
    resources = []
    for line in rest:
        line.only(_FLOOR_FIELDS)
        resources.append(Resource(line.text("call"), line.text("id"), line.body()))
    _check_count(header, len(resources))
    return Floor(tuple(resources))


def read_stream(lines: Iterable[str]) -> Stream:
    """Read what `write_stream` wrote; times may not go back.

    Raises
    ------
    StreamFileError
        When a line is not what it should be, or lines are missing at the end.
    """
    header, rest = _open(lines, "stream")
    text = header.text("starts_at")
    try:
        starts_at = datetime.strptime(text, INSTANT_FORMAT).replace(tzinfo=UTC)
    except ValueError:
        raise StreamFileError(1, "starts_at", text, "an instant YYYY-MM-DDTHH:MM:SSZ") from None
    calls: list[Timed] = []
    at_us = 0
    for line in rest:
        line.only(_STREAM_FIELDS)
        at_us = line.integer("at_us", at_us, AT_US_MAX)
        calls.append(Timed(at_us, line.text("call"), line.text("id"), line.body()))
    _check_count(header, len(calls))
    return Stream(starts_at, tuple(calls))


def _line(members: Mapping[str, object]) -> str:
    return json.dumps(members, ensure_ascii=False, separators=(",", ":")) + "\n"


def _open(lines: Iterable[str], kind: str) -> tuple[_Line, Iterator[_Line]]:
    parsed = _parse(lines)
    header = next(parsed, None)
    if header is None:
        raise StreamFileError(1, "header", "", f'{{"{HEADER_KEY}":{VERSION},...}}')
    header.integer(HEADER_KEY, VERSION, VERSION)
    if header.text("kind") != kind:
        raise StreamFileError(1, "kind", header.members["kind"], repr(kind))
    return header, parsed


def _check_count(header: _Line, found: int) -> None:
    said = header.integer("calls", 0, AT_US_MAX)
    if said != found:
        raise StreamFileError(1, "calls", said, f"{found}, the number of lines that follow")


def _parse(lines: Iterable[str]) -> Iterator[_Line]:
    for number, text in enumerate(lines, start=1):
        if not text.strip():
            continue
        try:
            members = json.loads(text)
        except (ValueError, RecursionError):
            raise StreamFileError(number, "line", text.strip(), "a JSON object") from None
        if not isinstance(members, dict):
            raise StreamFileError(number, "line", text.strip(), "a JSON object")
        yield _Line(number, members)
