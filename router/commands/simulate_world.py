"""``cordboard simulate WORLD``: play replications of a world under policies, and say what they came to."""

import argparse
import json
import os
import shlex
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from time import perf_counter
from typing import Final

from router.commands.numbers import above_zero, at_least
from router.main import USAGE_ERROR
from router.policies import POLICIES
from simulator.accounts_json import plain
from simulator.accounts_text import Told, comparison_lines, counted, own_policy, table_lines
from simulator.kernel.warming import compile_simulator
from simulator.leaving import leave_page, look_at_places
from simulator.many import Played, SpreadError, Task, compiled_of, play_all
from simulator.measures.summary import widest
from simulator.progress import Progress
from simulator.stats.intervals import Interval
from simulator.stats.sequential import Goal, blocks
from simulator.telling import WANTED, story_of
from simulator.worlds.floor import FloorError
from simulator.worlds.pricing import PRICED
from simulator.worlds.reading import WorldError, text_of
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


def policies_of(given: argparse.Namespace, own: str) -> list[str]:
    """Return the policies to play, each once: the first is what the others are compared with."""
    first: str = given.policy or own
    if first in given.compare:
        print(
            f"--compare {first}: that policy plays already, and is compared with.", file=sys.stderr
        )
    return list(dict.fromkeys([first, *given.compare]))


def tasks_of(
    given: argparse.Namespace, world: tuple[str, str], policies: Sequence[str], numbers: range
) -> list[Task]:
    """Return these replications under all policies, those of one number next to each other."""
    text, source = world
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


def looked_at(told: Told) -> list[Interval]:
    """Return the intervals that `--precision` is about, of every policy."""
    each = (told.series(policy) for policy in told.policies())
    return [found for series in each for found in widest(series, PRECISE, 0.95) if found.value]


def say_if_short(given: argparse.Namespace, told: Told) -> None:
    """Say on standard error if the figures are not as precise as was asked for."""
    worst = max((found.relative for found in looked_at(told)), default=0.0)
    if given.precision is not None and worst > given.precision:
        count = len(told.of(told.policies()[0]))
        print(
            f"--precision {given.precision:g} is not reached after {counted(count, 'replication')}: "
            f"the widest interval is ± {worst:.2g} of its value. Maybe more --reps, or more --days.",
            file=sys.stderr,
        )


def play(
    given: argparse.Namespace, text: str, source: str, policies: Sequence[str]
) -> tuple[list[Played], str]:
    """Play all that is wanted; return what was played, and why that is not all (empty when it is)."""
    played: list[Played] = []
    spread = "ray" if given.ray else "processes"
    compiled = compiled_of(text, source, given.days)

    def look() -> list[Interval]:
        return looked_at(Told(compiled, given.seed, played, "", 0.0, policies))

    for numbers in blocks_of(given, look):
        tasks = tasks_of(given, (text, source), policies, numbers)
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


def report(told: Told, folder: Path, command: str) -> bool:
    """Write the page of plots; return whether that went well."""
    from simulator.charts.page import page

    return leave_page(folder, page(story_of(told, command)))


def run(given: argparse.Namespace) -> int:
    """Play, and print."""
    if given.precision is not None and given.reps == 1:
        print(
            "--reps: is 1, expected 2 or more with --precision: one has no interval",
            file=sys.stderr,
        )
        return USAGE_ERROR
    try:
        path = find_world(given.world)
        text = text_of(path)
        compiled = compiled_of(text, str(path), given.days)
        look_at_places(given.report, None)  # better now than after an hour
        compile_simulator(lambda line: print(line, file=sys.stderr, flush=True))
        began_s = perf_counter()
        policies = policies_of(given, own_policy(compiled.world))
        played, partial = play(given, text, str(path), policies)
    except (WorldError, FloorError, OSError) as error:
        print(error, file=sys.stderr)
        return 1
    told = Told(compiled, given.seed, played, partial, perf_counter() - began_s, policies)
    if not any(told.of(policy) for policy in told.policies()):
        print(f"No replication was played to its end: {partial}.", file=sys.stderr)
        return PARTIAL_EXIT
    say_if_short(given, told)
    command = shlex.join(["cordboard", "simulate", *sys.argv[2:]])
    is_reported = given.report is None or report(told, given.report, command)
    if given.json:
        print(json.dumps(plain(told)))
    else:
        print("\n".join([*table_lines(told), *comparison_lines(told)]))
    return PARTIAL_EXIT if partial else 0 if is_reported else 1
