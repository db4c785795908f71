"""``cordboard demo``: route a real day of incidents through a real server, and watch."""

import argparse
import asyncio
import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from importlib import resources
from pathlib import Path
from time import perf_counter
from typing import Any, Final

import aiohttp
from rich.console import Console

from router.client import Client, ClientProblem
from router.commands.importing import FLOOR_FILE, STREAM_FILE, write
from router.incidents import assumptions as assumed
from router.incidents.cutting import between
from router.incidents.excerpt import DAY_FILE, HISTORY_FILE, Excerpt, read_excerpt
from router.incidents.floor import build_floor
from router.incidents.stream import build_stream
from router.incidents.stream_text import write_floor, write_stream
from simulator.day_report import Told, explained, largest_decision, queue_lines, summary
from simulator.live_view import open_view
from simulator.over_http import Day, Pace, Server, replay
from simulator.report import duration, refusals
from simulator.served import ServedProcess, ServerFailedError
from simulator.tally import Snapshot

SPEED: Final = 900.0
"""A day in 96 s. What bounds it is the agents' answer: an offer stands for 60 s of the log, which
is 67 ms here, and offer, answer and their two syncs of the journal must fit in."""
OFFER_S: Final = 60.0
SYNCS_PER_OFFER: Final = 6.0
"""An offer's time is to be worth so many syncs and turns of the loops, so that few answers are
late; where the disk is so slow that it is not, the day runs slower by itself."""
TURN_S: Final = 0.005
SYNCS_MEASURED: Final = 21
SPEED_MIN, SPEED_MAX = 10.0, 10_000.0
LEAD_S: Final = 3.0
"""Real seconds before the day's first instant: for the server to come up and the floor to be put."""
LATE_S: Final = 60.0
"""So many seconds of the log the server may be ahead of the replay before that is mentioned."""
DRAIN_S: Final = 3_600.0
"""How long the day goes on after its last call while tickets are open, log's seconds."""
RACES: Final[Mapping[str, float]] = {"offer_not_open": 0.05, "state_conflict": 0.15}
"""Answers that came when the offer, or the wrap-up, had just ended by itself: the share of all
offers from which on the replay was too fast to mean anything."""
FAILURES: Final = (OSError, ServerFailedError, ClientProblem, aiohttp.ClientError)
"""What a server that ends, refuses or cannot start makes of a replay."""


def arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    parser.add_argument(
        "--speed",
        type=speed_of,
        metavar="X",
        help=f"The log's seconds in a real one ({SPEED:g}, a day in {86_400 / SPEED:.0f} s; "
        "less where the disk is slow).",
    )
    parser.add_argument(
        "--journal", type=Path, metavar="PATH", help="Where the journal goes (a fresh directory)."
    )
    parser.add_argument(
        "--hours",
        type=hours_of,
        default=(0, 24),
        metavar="A-B",
        help="Only these hours of the day, as in 8-12 (0-24).",
    )


def speed_of(text: str) -> float:
    """Read a speed, as argparse likes it."""
    try:
        speed = float(text)
    except ValueError:
        speed = 0.0
    if not SPEED_MIN <= speed <= SPEED_MAX:
        expected = f"a number from {SPEED_MIN:g} to {SPEED_MAX:g}"
        raise argparse.ArgumentTypeError(f"is {text!r}, expected {expected}")
    return speed


def hours_of(text: str) -> tuple[int, int]:
    """Read hours of the day written A-B, as argparse likes it."""
    begin, _, end = text.partition("-")
    hours = (int(begin), int(end)) if begin.isdecimal() and end.isdecimal() else (0, 0)
    if not 0 <= hours[0] < hours[1] <= 24:
        expected = "two hours from 0 to 24, as in 8-12"
        raise argparse.ArgumentTypeError(f"is {text!r}, expected {expected}")
    return hours


@dataclass(frozen=True, slots=True)
class Place:
    """Where the demo's files lie."""

    directory: Path
    journal: Path

    @property
    def log(self) -> Path:
        """Where the server's log goes."""
        return self.directory / "server.log"


def place_for(journal: Path | None) -> Place:
    """
    Return where the files go: beside the journal, or in a fresh directory.

    Raises OSError, also when there is a journal already: a day is routed once.
    """
    if journal is None:
        directory = Path(tempfile.mkdtemp(prefix="cordboard-demo-"))
        return Place(directory, directory / "journal.sqlite")
    if journal.exists():
        raise FileExistsError(f"--journal {journal} exists already, expected a new file")
    journal.parent.mkdir(parents=True, exist_ok=True)
    return Place(journal.parent, journal)


def carried() -> Excerpt:
    """Read the day that the project carries."""
    folder = resources.files("router.incidents") / "data"
    day, history = (
        (folder / name).read_text("utf-8").splitlines(keepends=True)
        for name in (DAY_FILE, HISTORY_FILE)
    )
    return read_excerpt(day, history)


def day_of(hours: tuple[int, int]) -> Day:
    """Build the floor and these hours of the carried day."""
    excerpt = carried()
    stream = build_stream(excerpt.incidents, excerpt.history)
    return Day(build_floor(excerpt.history), between(stream, *hours), assumed.SEED)


def progress(entry: Mapping[str, object]) -> None:
    """Show what the starting server compiles, which takes a while the first time."""
    step = entry.get("step")
    if entry.get("event") == "warming" and isinstance(step, str) and "compiled" in step:
        print(step, flush=True)


async def in_step(client: Client, day: Day, speed: float) -> None:
    """Wait until the server's clock, which runs at the replay's speed, has come to the first call."""
    loop = asyncio.get_running_loop()
    now = datetime.fromisoformat((await client.call("statistics.get"))["at"])
    asked_s = loop.time()
    early_s = (day.stream.starts_at - now).total_seconds()
    if early_s < -LATE_S:
        print(f"The floor took long: the server's clock is {duration(-early_s)} ahead of the log.")
    await asyncio.sleep(max(0.0, early_s / speed - (loop.time() - asked_s)))


def sync_s(directory: Path) -> float:
    """Return how long it takes to make a page durable there, seconds: the 90th percentile."""
    took_s = []
    with tempfile.TemporaryFile(dir=directory) as file:
        for _ in range(SYNCS_MEASURED):
            began_s = perf_counter()
            file.write(bytes(4_096))
            file.flush()
            os.fsync(file.fileno())
            took_s.append(perf_counter() - began_s)
    return sorted(took_s)[round(0.9 * (SYNCS_MEASURED - 1))]


def speed_for(slow_sync_s: float) -> float:
    """Return the speed at which agents can answer in time with a disk like this."""
    most = OFFER_S / (SYNCS_PER_OFFER * (slow_sync_s + TURN_S))
    return max(SPEED_MIN, min(SPEED, float(round(most, -1))))


async def route(server: ServedProcess, day: Day, speed: float) -> tuple[Snapshot, Told]:
    """Play the day against the server; return what was seen, and what the server says."""
    async with Client(server.url) as client:
        with open_view(Console()) as view:
            last = await replay(
                Server(client, ClientProblem),
                day,
                Pace(speed=speed, drain_s=DRAIN_S),
                view.show,
                lambda: in_step(client, day, speed),
            )
        statistics = await client.call("statistics.get")
        return last, Told(statistics, await largest_decision(client))


def faults(last: Snapshot, told: Told) -> list[str]:
    """Return why the day did not go through; nothing when it did."""
    found = []
    if last.tickets_sent != last.tickets_total:
        found.append(f"{last.tickets_sent} of {last.tickets_total} tickets were acknowledged")
    serious = {code: count for code, count in last.refused.items() if code not in RACES}
    if serious:
        found.append(f"calls were refused: {refusals(serious.items())}")
    for code, most in RACES.items():
        late = last.refused.get(code, 0)
        if late > max(1.0, most * last.offers):
            found.append(f"{late} answers were too late ({code}); a lower --speed leaves more time")
    queues = told.statistics["queues"]
    completed = sum(queue["completed"] for queue in queues)
    if completed < last.completed:
        found.append(f"{last.completed} tickets were seen completed, the server has {completed}")
    if last.tickets_total and not last.completed:
        found.append("no ticket was completed")
    if told.decision is None:
        found.append("no decision was found to explain")
    return found


def hints(place: Place, decision: Mapping[str, Any] | None) -> list[str]:
    """Return what to look at next."""
    named = decision["id"] if decision else "d-N"
    return [
        f"Journal   {place.journal}",
        f"          cordboard journal {place.journal}   reads it",
        f"          cordboard verify {place.journal}    checks its seals and decides it all again",
        f"Explain   GET /v1/decisions/{named}",
        f"Compare   cordboard replay {place.directory} --policy longest_idle",
        f"Server's log  {place.log}",
    ]


async def until_interrupted(server: ServedProcess) -> None:
    """Stay up until Ctrl-C, or until the server ends by itself."""
    told = asyncio.Event()
    loop = asyncio.get_running_loop()
    for each in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(each, told.set)
    print(f"\nThe server is still there: {server.url}/v1/statistics  (Ctrl-C ends it)", flush=True)
    either = (loop.create_task(told.wait()), loop.create_task(server.ended()))
    await asyncio.wait(either, return_when=asyncio.FIRST_COMPLETED)
    for task in either:
        task.cancel()


async def play(given: argparse.Namespace, place: Place) -> list[str]:
    """Start the server, route the day, say what came of it; return why it did not go through."""
    task = asyncio.current_task()
    if task is not None:  # so that the server does not outlive whoever is told to end
        asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, task.cancel)
    day = day_of(given.hours)
    source = f"the excerpt, hours {given.hours[0]}-{given.hours[1]}"
    write(
        {
            place.directory / FLOOR_FILE: write_floor(day.floor, source),
            place.directory / STREAM_FILE: write_stream(day.stream, source),
        }
    )
    slow_sync_s = sync_s(place.directory)
    speed = given.speed or speed_for(slow_sync_s)
    print(
        f"Speed     {speed:g} times the log; a sync of this disk takes {slow_sync_s * 1e3:.1f} ms"
    )
    lead = timedelta(seconds=round(LEAD_S * speed))
    start = (day.stream.starts_at - lead).isoformat()
    options = ("--clock-speed", f"{speed:g}", "--clock-start", start)
    settings = {"server.host": "127.0.0.1", "server.port": "0", "store.path": str(place.journal)}
    print("Starting the server; the very first start compiles for about a minute ...", flush=True)
    server = await ServedProcess.start(options, settings, place.log, progress)
    try:
        print(f"Server    {server.url}  (journal: {place.journal})\n", flush=True)
        last, told = await route(server, day, speed)
        parts = (summary(last, told, speed), queue_lines(told), explained(told.decision))
        print("\n" + "\n\n".join("\n".join(part) for part in (*parts, hints(place, told.decision))))
        found = faults(last, told)
        if sys.stdin.isatty() and sys.stdout.isatty():
            await until_interrupted(server)
    finally:
        code = await server.stop()
    return [*found, *([f"the server ended with {code}"] if code else [])]


def verified(place: Place) -> list[str]:
    """Check the journal and decide it all again in a process of its own; return what is wrong."""
    print("\nChecking the journal ...", flush=True)
    command = [sys.executable, "-m", "router", "verify", str(place.journal)]
    return [] if subprocess.run(command, check=False).returncode == 0 else ["the journal is wrong"]


def run(given: argparse.Namespace) -> int:
    """Route the day; 0 when it went through, 1 with the reasons when it did not."""
    try:
        place = place_for(given.journal)
        found = asyncio.run(play(given, place))
    except* FAILURES as failures:
        found = sorted({f"{type(each).__name__}: {each}" for each in leaves(failures)})
    except* asyncio.CancelledError:
        found = ["it was told to stop"]
    else:
        found += verified(place)
    for reason in found:
        print(f"The day did not go through: {reason.rstrip('.')}.", file=sys.stderr)
    return 1 if found else 0


def leaves(group: BaseExceptionGroup[Exception]) -> Iterator[Exception]:
    """Yield the exceptions of a group, however deep they lie."""
    for each in group.exceptions:
        if isinstance(each, BaseExceptionGroup):
            yield from leaves(each)
        else:
            yield each
