"""``cordboard import``: turn an incident log into a floor and a stream of calls."""

import argparse
import io
import os
import sys
import zipfile
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from datetime import date
from pathlib import Path
from typing import Final, TextIO

from router.incidents import assumptions as assumed
from router.incidents.assumptions import Choices
from router.incidents.floor import build_floor
from router.incidents.history import gather
from router.incidents.read import Incident, IncidentLog, IncidentLogError, read_log
from router.incidents.stream import Stream, build_stream, opened_on
from router.incidents.stream_text import write_floor, write_stream

FLOOR_FILE: Final = "floor.jsonl"
STREAM_FILE: Final = "stream.jsonl"
ROWS_PER_LINE_SAID: Final = 50_000
HANDLE_MEDIAN_S_MAX: Final = 86_400.0
HANDLE_LOG_SD_MAX: Final = 3.0


class UnusableError(Exception):
    """There is nothing to build from; the message says why and what was expected."""


def arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    parser.add_argument("what", choices=("incidents",), help="incidents: an incident event log.")
    parser.add_argument(
        "file", type=Path, metavar="FILE", help="The log: a .csv, or a .zip that holds one."
    )
    parser.add_argument(
        "--out",
        type=Path,
        required=True,
        metavar="DIR",
        help=f"Where {FLOOR_FILE} and {STREAM_FILE} go; made if it is not there.",
    )
    span = parser.add_mutually_exclusive_group()
    span.add_argument(
        "--day", type=day_of, metavar="YYYY-MM-DD", help="Only what was opened on this day."
    )
    span.add_argument("--all", action="store_true", help="Every day of the log (this).")
    parser.add_argument(
        "--seed",
        type=int,
        default=assumed.SEED,
        help=f"Of every assumed draw ({assumed.SEED}).",
    )
    parser.add_argument(
        "--handle-median-s",
        type=bounded("--handle-median-s", 1.0, HANDLE_MEDIAN_S_MAX),
        default=assumed.HANDLE_MEDIAN_S,
        metavar="S",
        help=f"Assumed work on a ticket, median seconds ({assumed.HANDLE_MEDIAN_S:g}).",
    )
    parser.add_argument(
        "--handle-log-sd",
        type=bounded("--handle-log-sd", 0.0, HANDLE_LOG_SD_MAX),
        default=assumed.HANDLE_LOG_SD,
        metavar="SD",
        help=f"How widely it varies: standard deviation of its log ({assumed.HANDLE_LOG_SD:g}).",
    )
    parser.add_argument(
        "--no-shifts",
        action="store_true",
        help="Give agents no calendar, for a server whose clock is not the log's.",
    )


def day_of(text: str) -> date:
    """Read a day, as argparse likes it."""
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise argparse.ArgumentTypeError(
            f"is {text!r}, expected a day written YYYY-MM-DD"
        ) from None


class bounded:  # noqa: N801 - it stands where argparse expects a function
    """Read a number from ``least`` to ``most``, as argparse likes it."""

    def __init__(self, name: str, least: float, most: float) -> None:
        self._name, self._least, self._most = name, least, most

    def __call__(self, text: str) -> float:
        """Return the number; argparse says what is wrong with one that does not fit."""
        try:
            number = float(text)
        except ValueError:
            number = float("nan")
        if not self._least <= number <= self._most:
            expected = f"a number from {self._least:g} to {self._most:g}"
            raise argparse.ArgumentTypeError(f"is {text!r}, expected {expected}")
        return number


def say(line: str) -> None:
    """Tell how far it is, on standard error."""
    print(line, file=sys.stderr, flush=True)


def counted(lines: Iterable[str]) -> Iterator[str]:
    """Hand the lines on, saying now and then how many there were."""
    for number, line in enumerate(lines):
        if number and number % ROWS_PER_LINE_SAID == 0:
            say(f"{number:,} lines read ...")
        yield line


@contextmanager
def opened(path: Path) -> Iterator[TextIO]:
    """
    Open a log's text: a plain file, or the one CSV in a ZIP.

    Raises UnusableError, OSError or UnicodeDecodeError.
    """
    if path.suffix.lower() != ".zip":
        with path.open(encoding="utf-8-sig", newline="") as lines:
            yield lines
        return
    try:
        with zipfile.ZipFile(path) as archive:
            names = [name for name in archive.namelist() if name.lower().endswith(".csv")]
            if len(names) != 1:
                found = ", ".join(names[:8]) or "none"
                raise UnusableError(f"{path}: CSV files in it: {found}; expected exactly one")
            with archive.open(names[0]) as raw:
                yield io.TextIOWrapper(raw, encoding="utf-8-sig", newline="")
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError) as error:
        raise UnusableError(f"{path}: {error}; expected a ZIP that can be read") from None


def read(path: Path) -> IncidentLog:
    """Read the log and list the rows that were set aside. Raises UnusableError and OSError."""
    try:
        with opened(path) as lines:
            log = read_log(counted(lines))
    except IncidentLogError as error:
        raise UnusableError(f"{path}: {error}") from None
    except UnicodeDecodeError as error:
        value = error.object[error.start : error.start + 1]
        raise UnusableError(f"{path}: byte {value!r} is no text, expected UTF-8") from None
    for bad in log.bad_rows:
        say(f"{path}: {bad}")
    aside = f", {len(log.bad_rows):,} of them set aside" if log.bad_rows else ""
    say(f"{log.rows:,} rows{aside}, {len(log.incidents):,} incidents.")
    if not log.incidents:
        raise UnusableError(f"{path}: no incident can be used, expected at least one")
    return log


def chosen(log: IncidentLog, day: date | None) -> tuple[Incident, ...]:
    """Return the incidents of the day, or all. Raises UnusableError when there is none."""
    if day is None:
        return log.incidents
    found = opened_on(log.incidents, day)
    if not found:
        first, last = log.incidents[0].opened.date(), log.incidents[-1].opened.date()
        raise UnusableError(
            f"--day is {day}, expected a day on which an incident was opened: {first} to {last}"
        )
    return found


def write(files: Mapping[Path, Iterable[str]]) -> None:
    """Write all files or leave all as they were, unless power fails between two renames."""
    unfinished = {path: path.with_name(f"{path.name}.part") for path in files}
    try:
        for path, lines in files.items():
            with unfinished[path].open("w", encoding="utf-8", newline="") as file:
                file.writelines(lines)
                file.flush()
                os.fsync(file.fileno())
        for path, part in unfinished.items():
            part.replace(path)
    except OSError:
        for part in unfinished.values():
            with suppress(OSError):
                part.unlink()
        raise


def about(stream: Stream) -> str:
    """Say what a stream holds, in a line."""
    kinds = Counter(each.call for each in stream.calls)
    last_day = (stream.calls[-1].at_us // 86_400_000_000) + 1
    return (
        f"{kinds['tickets.put']:,} tickets and {kinds['agents.presence']:,} comings and goings "
        f"on {last_day:,} days from {stream.starts_at:%Y-%m-%d} on"
    )


def run(given: argparse.Namespace) -> int:
    """Read the log, build from it, and write both files."""
    choices = Choices(
        given.seed, given.handle_median_s, given.handle_log_sd, shifts=not given.no_shifts
    )
    try:
        log = read(given.file)
        incidents = chosen(log, given.day)
        history = gather(log.incidents)
        floor = build_floor(history, choices)
        stream = build_stream(incidents, history, choices)
        given.out.mkdir(parents=True, exist_ok=True)
        source = given.file.name
        write(
            {
                given.out / FLOOR_FILE: write_floor(floor, source),
                given.out / STREAM_FILE: write_stream(stream, source),
            }
        )
    except (UnusableError, OSError) as error:
        say(str(error))
        return 1
    agents, queues = (len(floor.of(call)) for call in ("agents.put", "queues.put"))
    print(f"{given.out / FLOOR_FILE}: {agents} agents, {queues} queues.")
    print(f"{given.out / STREAM_FILE}: {about(stream)}.")
    print(f"Run it: cordboard replay {given.out}")
    return 0
