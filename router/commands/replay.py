"""``cordboard replay``: run a floor and a stream in virtual time, and sum up."""

import argparse
import json
import sys
from collections.abc import Callable, Iterable
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from time import perf_counter
from types import TracebackType
from typing import Final, Self, TypeVar

from router.commands.importing import FLOOR_FILE, STREAM_FILE
from router.commands.verify import location
from router.commands.warm import compile_all
from router.core.machine import Machine
from router.incidents import assumptions as assumed
from router.incidents.cutting import first_tickets
from router.incidents.stream_text import StreamFileError, read_floor, read_stream
from router.journal import encode
from router.policies import POLICIES
from router.shard import Sealed, Shard
from router.stores import store_at
from router.stores.errors import StoreError
from router.stores.frames import Frame, Store
from simulator.in_process import Progress, Result, Watch, run_day
from simulator.over_http import Day
from simulator.report import lines, plain

T = TypeVar("T")

FRAMES_PER_COMMIT: Final = 1_024
"""Frames written at once: nobody waits for an answer here, so nothing is gained by syncing each."""
LINE_EVERY_S: Final = 2.0
TERMINAL_LINE_EVERY_S: Final = 0.2


class BadFileError(Exception):
    """A file is not what it should be; the message names it and what is wrong."""


def arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    parser.add_argument(
        "directory",
        type=Path,
        metavar="DIR",
        help=f"Where {FLOOR_FILE} and {STREAM_FILE} lie, as `cordboard import` writes them.",
    )
    parser.add_argument(
        "--policy", choices=sorted(POLICIES), default="ours", help="Which policy routes (ours)."
    )
    parser.add_argument(
        "--store", metavar="PATH", help="Keep a journal here; the file must not have one yet."
    )
    parser.add_argument(
        "--limit", type=positive, metavar="N", help="Only the first N tickets of the stream (all)."
    )
    parser.add_argument(
        "--seed", type=int, default=assumed.SEED, help=f"Of the agents' behaviour ({assumed.SEED})."
    )
    parser.add_argument("--json", action="store_true", help="Print the summary as JSON.")


def positive(text: str) -> int:
    """Read a whole number above 0, as argparse likes it."""
    if not text.isdecimal() or int(text) == 0:
        raise argparse.ArgumentTypeError(f"is {text!r}, expected a whole number above 0")
    return int(text)


def say(line: str) -> None:
    """Tell something on standard error, where it spoils no output."""
    print(line, file=sys.stderr, flush=True)


def read_day(directory: Path, seed: int, limit: int | None = None) -> Day:
    """
    Read the floor and the stream of a directory.

    Raises OSError, and BadFileError for a file that is not what it should be.
    """
    floor = _parsed(directory / FLOOR_FILE, read_floor)
    stream = _parsed(directory / STREAM_FILE, read_stream)
    return Day(floor, stream if limit is None else first_tickets(stream, limit), seed)


def _parsed(path: Path, read: Callable[[Iterable[str]], T]) -> T:
    try:
        with path.open(encoding="utf-8") as text:
            return read(text)
    except (StreamFileError, UnicodeDecodeError) as error:
        raise BadFileError(f"{path}: {error}") from None


class Journal(AbstractContextManager["Journal"]):
    """Writes settlements to a store, many frames at once."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._waiting: list[Frame] = []
        self._stored = 0

    def __enter__(self) -> Self:
        tail = self._store.open()
        if tail.number:
            self._store.close()
            raise BadFileError(
                f"--store has a journal of {tail.number:,} frames already, expected a new file"
            )
        return self

    def keep(self, sealed: Sealed) -> None:
        """Take in a settlement."""
        number = self._stored + len(self._waiting) + 1
        batch = sealed.batch
        self._waiting.append(
            Frame(number, batch.first_seq, batch.count, sealed.at_us, encode(sealed))
        )
        if len(self._waiting) >= FRAMES_PER_COMMIT:
            self._write()

    def _write(self) -> None:
        if self._waiting:
            self._store.append(self._waiting, self._stored)
            self._stored += len(self._waiting)
            self._waiting = []

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        try:
            if error is None or isinstance(error, KeyboardInterrupt):
                self._write()
        finally:
            self._store.close()


class ProgressLine:
    """Shows how far a run is: one line that is written over in a terminal, else a line at times."""

    def __init__(self) -> None:
        self._is_terminal = sys.stderr.isatty()
        self._every_s = TERMINAL_LINE_EVERY_S if self._is_terminal else LINE_EVERY_S
        self._began_s = perf_counter()
        self._next_s = self._every_s

    def show(self, now: Progress) -> None:
        """Show this, unless something was shown just now."""
        passed_s = perf_counter() - self._began_s
        if passed_s < self._next_s:
            return
        self._next_s = passed_s + self._every_s
        text = (
            f"{now.day:%a %Y-%m-%d %H:%M}, {now.tickets:,}/{now.tickets_total:,} tickets, "
            f"{now.open_tickets:,} open, {now.settlements / passed_s:,.0f} settlements/s"
        )
        if self._is_terminal:
            print(f"\r\x1b[K{text}", end="", file=sys.stderr, flush=True)
        else:
            say(text)

    def end(self) -> None:
        """Leave the line clean for what comes next."""
        if self._is_terminal:
            print("\r\x1b[K", end="", file=sys.stderr, flush=True)


def replayed(given: argparse.Namespace, day: Day) -> tuple[Result, float]:
    """Run the day, into a journal if one is asked for; return what it came to and real seconds."""
    store = Journal(store_at(location(given.store))) if given.store else nullcontext()
    line = ProgressLine()
    with store as journal:
        began_s = perf_counter()
        watch = Watch(show=line.show) if journal is None else Watch(journal.keep, line.show)
        try:
            result = run_day(Shard(Machine()), day, given.policy, watch)
        finally:
            line.end()
    return result, perf_counter() - began_s


def run(given: argparse.Namespace) -> int:
    """Read, run, and print the summary."""
    try:
        day = read_day(given.directory, given.seed, given.limit)
        compile_all(lambda text: say(text) if "compiled" in text else None)
        result, wall_s = replayed(given, day)
    except (OSError, BadFileError, StoreError, ValueError) as error:
        say(str(error))
        return 1
    if given.json:
        policy = {"policy": given.policy, "seed": given.seed}
        print(json.dumps(policy | plain(result, wall_s)))
        return 0
    print("\n".join(lines(result, wall_s)))
    if given.store:
        print(f"\nThe journal lies in {given.store}. Read it: cordboard journal {given.store}")
        print(f"Check it: cordboard verify {given.store}")
    return 0
