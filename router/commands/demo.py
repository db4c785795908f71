"""``cordboard demo``: route a real day of incidents through a real server, and watch."""

import argparse
import asyncio
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from importlib import resources
from pathlib import Path
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
from simulator.live_view import open_view
from simulator.measures import Latency, Snapshot
from simulator.over_http import Day, Pace, Server, replay
from simulator.report import aligned, duration, refusals, share
from simulator.served import ServedProcess, ServerFailedError

SPEED: Final = 900.0
"""A day in 96 s. What bounds it is the agents' answer: an offer stands for 60 s of the log, which
is 67 ms here, and offer, answer and their two syncs of the journal must fit in."""
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
EVENTS_PER_PAGE: Final = 10_000
TEXT_LINES_MAX: Final = 24


def arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    parser.add_argument(
        "--speed",
        type=speed_of,
        default=SPEED,
        metavar="X",
        help=f"The log's seconds in a real one ({SPEED:g}: a day in {86_400 / SPEED:.0f} s).",
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


@dataclass(frozen=True, slots=True)
class Told:
    """What the server says after the day."""

    statistics: Mapping[str, Any]
    decision: Mapping[str, Any] | None


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


async def largest_decision(client: Client) -> Mapping[str, Any] | None:
    """Return the decision about most tickets that led to an offer; None when there was none."""
    best, best_size, after = "", (0, 0), 0
    sizes: dict[str, tuple[int, int]] = {}
    while True:
        query = {"after": after, "limit": EVENTS_PER_PAGE}
        page = await client.call("events.list", query=query)
        for event in page["events"]:
            data = event["data"]
            if event["type"] == "solver.batch":
                sizes = {data["decision"]: (data["tickets"], data["pairs"])}
            elif event["type"] == "offer.issued":
                size = sizes.get(data["decision"], (0, 0))
                if size > best_size:
                    best, best_size = data["decision"], size
        if not page["events"]:
            break
        after = page["next"]
    if not best:
        return None
    decision: Mapping[str, Any] = await client.call("decisions.get", best)
    return decision


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


def latency(of: Latency) -> str:
    """Write a latency."""
    return (
        f"p50 {of.p50_ms:.1f} ms, p99 {of.p99_ms:.1f} ms of {of.samples:,}" if of.samples else "-"
    )


def summary(last: Snapshot, told: Told, speed: float) -> list[str]:
    """Return the lines that sum the day up."""
    rows = (
        ("tickets", f"{last.tickets_sent:,} in {last.elapsed_s:.0f} s at {speed:g} times the log"),
        ("accepted", f"{last.accepted:,}, declined {last.declined:,} of {last.offers:,} offers"),
        ("completed", f"{last.completed:,}, still waiting {sum(last.waiting.values()):,}"),
        ("service level", f"{share(last.service_level)} within their queue's target"),
        ("promises broken", f"{last.breached:,}"),
        ("acknowledged", f"{latency(last.ack)}: durable, and routed"),
        ("found an agent", f"{latency(last.decision)} at once"),
        ("gap", f"{share(last.gap)} to the bound of the last joint decision"),
        ("decisions", f"{told.statistics['decisions']:,}"),
        ("answers too late", refusals(last.refused.items())),
    )
    return [f"{name:18}{value}" for name, value in rows]


def queue_lines(told: Told) -> list[str]:
    """Return a line per queue, as the server counts."""
    rows = [("queue", "tickets", "answered", "service level", "ASA", "waiting")]
    rows += [
        (
            queue["queue"],
            f"{queue['entered']:,}",
            f"{queue['answered']:,}",
            share(queue["service_level"]),
            duration(queue["asa_s"]),
            f"{queue['waiting']:,}",
        )
        for queue in sorted(told.statistics["queues"], key=lambda each: -each["entered"])
        if queue["entered"]
    ]
    return aligned(rows)


def explained(decision: Mapping[str, Any] | None) -> list[str]:
    """Return one explained ticket of a decision, as text."""
    if decision is None or not decision["explanations"]:
        return []
    first = decision["explanations"][0]
    head = f"Why? {decision['id']}, {decision['tickets']} tickets at once, one of them:"
    lines = str(first["text"]).splitlines()
    rest = (
        [f"  ... {len(lines) - TEXT_LINES_MAX} more lines"] if len(lines) > TEXT_LINES_MAX else []
    )
    return [head, *(f"  {line}" for line in lines[:TEXT_LINES_MAX]), *rest]


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
    lead = timedelta(seconds=round(LEAD_S * given.speed))
    start = (day.stream.starts_at - lead).isoformat()
    options = ("--clock-speed", f"{given.speed:g}", "--clock-start", start)
    settings = {"server.host": "127.0.0.1", "server.port": "0", "store.path": str(place.journal)}
    print("Starting the server; the very first start compiles for about a minute ...", flush=True)
    server = await ServedProcess.start(options, settings, place.log, progress)
    try:
        print(f"Server    {server.url}  (journal: {place.journal})\n", flush=True)
        last, told = await route(server, day, given.speed)
        parts = (summary(last, told, given.speed), queue_lines(told), explained(told.decision))
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
