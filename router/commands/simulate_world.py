"""``cordboard simulate WORLD``: play replications of a world under policies, and say what they came to."""

import argparse
import json
import os
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from time import perf_counter
from typing import Final

from router.commands.numbers import above_zero, at_least
from router.policies import POLICIES
from simulator.accounts_text import Told, comparison_lines, plain, table_lines
from simulator.kernel.warming import compile_simulator
from simulator.many import Played, SpreadError, Task, compiled_of, play_all
from simulator.measures.summary import widest
from simulator.progress import Progress
from simulator.stats.intervals import Interval
from simulator.stats.sequential import Goal, blocks
from simulator.telling import WANTED, story_of
from simulator.worlds.floor import FloorError
from simulator.worlds.pricing import PRICED
from simulator.worlds.reading import WorldError
from simulator.worlds.shipped import find_world

REPLICATIONS: Final = 20
REPLICATIONS_MAX: Final = 2_000
PRECISE: Final = ("service_level_offered", "asa_s")
"""Measures that `--precision` is about."""
PARTIAL_EXIT: Final = 3
"""The exit code when not everything asked for was played."""
DAYS_MAX: Final = 3_660
PLAYED: Final = sorted(
    [*POLICIES, *(n + PRICED for n, p in POLICIES.items() if "price" in p.weighs)]
)
"""Policies, and those that weigh prices once more with agents' time priced by forecast."""


def share(text: str) -> float:
    """Read a share, as argparse likes it."""
    try:
        number = float(text)
    except ValueError:
        number = -1.0
    if not 0 < number < 1:
        raise argparse.ArgumentTypeError(f"is {text!r}, expected a share between 0 and 1")
    return number


def arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument("world", metavar="WORLD", help="A file, or a name of `simulate worlds`.")
    parser.add_argument(
        "--policy", choices=PLAYED, help="Which routes (the world's own); `+prices`: priced time."
    )
    parser.add_argument(
        "--compare", action="append", default=[], choices=PLAYED, metavar="POLICY",
        help="Also play the same days under this one; may be said again.",
    )  # fmt: skip
    parser.add_argument(
        "--days", type=above_zero(DAYS_MAX, "days"),
        help="How long customers arrive (the world's own).",
    )  # fmt: skip
    parser.add_argument(
        "--reps", type=at_least(1), metavar="N",
        help=f"Replications ({REPLICATIONS}; with --precision at most, {REPLICATIONS_MAX:,}).",
    )  # fmt: skip
    parser.add_argument(
        "--precision", type=share, metavar="SHARE",
        help="Go on until service level and speed of answer are known to this share of themselves.",
    )  # fmt: skip
    parser.add_argument("--seed", type=at_least(0), default=1, help="Of all chance (1).")
    parser.add_argument("--json", action="store_true", help="Print everything as JSON.")
    parser.add_argument("--report", type=Path, metavar="DIR", help="Write a page of plots there.")
    parser.add_argument(
        "--processes", type=at_least(1), default=os.cpu_count() or 1, metavar="N",
        help="How many play at once (one for each core).",
    )  # fmt: skip
    parser.add_argument("--ray", action="store_true", help="Spread over a Ray cluster.")


def tasks_of(given: argparse.Namespace, text: str, source: str, numbers: range) -> list[Task]:
    """Return these replications under all policies, those of one number next to each other."""
    policies = list(dict.fromkeys([given.policy, *given.compare]))
    return [
        Task(text, source, given.days, policy, given.seed, number, WANTED)
        for number in numbers
        for policy in policies
    ]


def blocks_of(given: argparse.Namespace, look: Callable[[], list[Interval]]) -> Iterator[range]:
    """Yield the numbers of the replications to play, all at once or until the figures are precise enough."""
    if given.precision is None:
        yield range(given.reps or REPLICATIONS)
        return
    most = given.reps or REPLICATIONS_MAX
    yield from blocks(Goal(given.precision, least=min(10, most), most=most), look)


def play(given: argparse.Namespace, text: str, source: str) -> tuple[list[Played], str]:
    """Play all that is wanted; return what was played, and why that is not all (empty when it is)."""
    played: list[Played] = []
    spread = "ray" if given.ray else "processes"
    compiled = compiled_of(text, source, given.days)

    def look() -> list[Interval]:
        told = Told(compiled, given.seed, played, "", 0.0)
        each = (told.series(policy) for policy in told.policies())
        return [found for series in each for found in widest(series, PRECISE, 0.95) if found.value]

    for numbers in blocks_of(given, look):
        tasks = tasks_of(given, text, source, numbers)
        with Progress(len(tasks)) as progress:
            try:
                for each in play_all(tasks, spread, min(given.processes, len(tasks))):
                    played.append(each)
                    progress.advance()
            except KeyboardInterrupt:
                return played, "interrupted"
            except SpreadError as error:
                return played, str(error)
    return played, ""


def report(told: Told, folder: Path, command: str) -> None:
    """Write the page of plots; raises OSError."""
    from simulator.charts.page import page

    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "index.html"
    path.write_text(page(story_of(told, command)), "utf-8")
    print(f"The report lies in {path}.", file=sys.stderr)


def run(given: argparse.Namespace) -> int:
    """Play, and print."""
    began_s = perf_counter()
    try:
        path = find_world(given.world)
        text = path.read_text("utf-8")
        compiled = compiled_of(text, str(path), given.days)
        compile_simulator(lambda line: print(line, file=sys.stderr, flush=True))
        played, partial = play(given, text, str(path))
    except (WorldError, FloorError, OSError, UnicodeDecodeError) as error:
        print(error, file=sys.stderr)
        return 1
    if not played:
        print(f"Nothing was played: {partial or 'no replication'}.", file=sys.stderr)
        return PARTIAL_EXIT
    told = Told(compiled, given.seed, played, partial, perf_counter() - began_s)
    command = " ".join(["cordboard simulate", *sys.argv[2:]])
    try:
        if given.report is not None:
            report(told, given.report, command)
    except OSError as error:
        print(f"--report: {error}", file=sys.stderr)
        return 1
    if given.json:
        print(json.dumps(plain(told)))
    else:
        print("\n".join([*table_lines(told), *comparison_lines(told)]))
    return PARTIAL_EXIT if partial else 0
