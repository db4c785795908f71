"""
From the text of a world file to a world, or to everything that is wrong with it: file, line, field and reason.

TOML's own reader gives no lines, so a small scanner finds where each key stands; a field in an inline table is said
to be on the line of the nearest key around it.
"""

import re
import tomllib
from collections.abc import Mapping
from datetime import date, datetime
from pathlib import Path
from typing import Final, NamedTuple

import msgspec

from router.wire.diagnose import diagnose
from router.wire.problems import FieldError
from simulator.worlds.checks import find_faults
from simulator.worlds.schema import World

BYTES_MAX: Final = 10_000_000
HEAD: Final = re.compile(r"\s*(\[\[?)\s*([^\]#]+?)\s*\]\]?\s*(#.*)?$")
KEY: Final = re.compile(
    r"""\s*((?:[A-Za-z0-9_-]+|"[^"]*"|'[^']*')(?:\s*\.\s*(?:[A-Za-z0-9_-]+|"[^"]*"|'[^']*'))*)\s*="""
)
PART: Final = re.compile(r"""[A-Za-z0-9_-]+|"[^"]*"|'[^']*'""")
LONG_TEXT: Final = ('"""', "'''")
AT: Final = re.compile(r"at line (\d+)")

Path_ = tuple[str, ...]


class Fault(NamedTuple):
    """One thing wrong with a world: where it stands (line 0: nowhere in particular), and why."""

    line: int
    field: str
    reason: str


class WorldError(ValueError):
    """A world cannot be played; ``faults`` has every reason."""

    def __init__(self, source: str, faults: list[Fault]) -> None:
        self.source, self.faults = source, tuple(faults)
        super().__init__("\n".join(self.lines()))

    def lines(self) -> list[str]:
        """Return a line of text for each fault: file, line, field, reason."""
        return [
            ": ".join(
                part
                for part in (
                    f"{self.source}:{fault.line}" if fault.line else self.source,
                    fault.field,
                    fault.reason,
                )
                if part
            )
            for fault in self.faults
        ]


def parts_of(key: str) -> Path_:
    """Return the parts of a dotted key, without quotes."""
    return tuple(part.strip("\"'") for part in PART.findall(key))


def lines_of(text: str) -> dict[Path_, int]:
    """Return the line of every key of a TOML text that has one of its own, and of every table."""
    found: dict[Path_, int] = {}
    table: Path_ = ()
    counts: dict[Path_, int] = {}
    inside = ""
    for number, line in enumerate(text.splitlines(), 1):
        if inside:
            inside = "" if inside in line else inside
            continue
        head = HEAD.match(line)
        if head:
            table = parts_of(head[2])
            if head[1] == "[[":
                counts[table] = counts.get(table, -1) + 1
                table = (*table, str(counts[table]))
            found.setdefault(table, number)
        elif key := KEY.match(line):
            path = (*table, *parts_of(key[1]))
            for end in range(len(table) + 1, len(path) + 1):
                found.setdefault(path[:end], number)
        inside = _opened(line)
    return found


def _opened(line: str) -> str:
    """Return the quotes of a text that goes on after this line, empty if none does."""
    for quotes in LONG_TEXT:
        if line.count(quotes) % 2 == 1:
            return quotes
    return ""


def line_of(lines: Mapping[Path_, int], path: Path_) -> int:
    """Return the line of the nearest key around a path; 0 when there is none."""
    for end in range(len(path), 0, -1):
        if path[:end] in lines:
            return lines[path[:end]]
    return 0


def field_of(path: Path_) -> str:
    """Return a path as people write it: ``agents.night.breaks[0].at``."""
    text = ""
    for part in path:
        text += f"[{part}]" if part.isdecimal() else f".{part}"
    return text.lstrip(".")


def plain(value: object) -> object:
    """Return a TOML value with dates as text, as bodies have them."""
    if isinstance(value, dict):
        return {key: plain(item) for key, item in value.items()}
    if isinstance(value, list):
        return [plain(item) for item in value]
    return value.isoformat() if isinstance(value, date | datetime) else value


def said(fault: FieldError) -> str:
    """Return what was expected of a field and what it is, if it is anything."""
    is_absent = fault.value is None or fault.value is msgspec.UNSET
    return fault.detail if is_absent else f"{fault.detail} It is {fault.value!r}."


def parse_world(text: str, source: str = "world") -> World:
    """
    Return the world that a TOML text describes.

    Raises
    ------
    WorldError
        Naming everything that is wrong, each with file, line, field and reason.
    """
    try:
        value = plain(tomllib.loads(text))
    except tomllib.TOMLDecodeError as error:
        at = AT.search(str(error))
        raise WorldError(source, [Fault(int(at[1]) if at else 0, "", str(error))]) from None
    lines = lines_of(text)
    errors, fields = diagnose(value, World)
    if errors:
        faults = []
        for each in errors:
            path = tuple(
                p.replace("~1", "/").replace("~0", "~") for p in each.pointer.split("/")[1:]
            )
            faults.append(Fault(line_of(lines, path), field_of(path), said(each)))
        raise WorldError(source, faults)
    world = msgspec.convert(fields, World)
    wrong = [
        Fault(line_of(lines, path), field_of(path), reason) for path, reason in find_faults(world)
    ]
    if wrong:
        raise WorldError(source, wrong)
    return world


def text_of(path: Path) -> str:
    """
    Return the text of a world file.

    Raises
    ------
    WorldError
        When it cannot be read, is not UTF-8, or is larger than any world.
    """
    try:
        size = path.stat().st_size
        if size > BYTES_MAX:
            said = f"has {size:,} bytes; expected at most {BYTES_MAX:,} of a world"
            raise WorldError(str(path), [Fault(0, "", said)])
        return path.read_text("utf-8")
    except OSError as error:
        raise WorldError(str(path), [Fault(0, "", error.strerror or str(error))]) from None
    except UnicodeDecodeError as error:
        line = 1 + error.object.count(b"\n", 0, error.start)
        said = f"Expected UTF-8. There is a byte 0x{error.object[error.start]:02x}."
        raise WorldError(str(path), [Fault(line, "", said)]) from None


def read_world(path: Path) -> World:
    """
    Return the world in a file.

    Raises
    ------
    WorldError
        When the file cannot be read, or naming everything that is wrong with it.
    """
    return parse_world(text_of(path), str(path))
