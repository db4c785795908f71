"""``cordboard simulate soak``: random days with faults around the production core, engine and store contract."""

import argparse
import os
import sys

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from router.commands.numbers import at_least
from simulator.accounts_text import counted
from simulator.soak.bugs import BUGS
from simulator.soak.running import Failure, Sum, soak


def arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the action's arguments."""
    parser.add_argument("--seeds", type=at_least(1), default=1_000, help="How many (1000).")
    parser.add_argument("--seed", type=at_least(0), default=0, help="The first (0).")
    parser.add_argument(
        "--processes",
        type=at_least(1),
        default=os.cpu_count() or 1,
        help="How many (all cores).",
    )
    parser.add_argument(
        "--bug", choices=tuple(BUGS), metavar="NAME", help="Plant this bug, to see it found."
    )
    parser.add_argument("--bugs", action="store_true", help="List the bugs that can be planted.")


def run(given: argparse.Namespace) -> int:
    """Run the seeds; return 1 when one fails, which with a planted bug is what should happen."""
    if given.bugs:
        sys.stdout.writelines(f"{name}: {_about(name)}\n" for name in BUGS)
        return 0
    console = Console(stderr=True)
    columns = (TextColumn("seeds"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console, disable=not console.is_terminal) as bar:
        task = bar.add_task("seeds", total=given.seeds)
        came = soak(
            given.seed, given.seeds, given.bug, given.processes, lambda _: bar.advance(task)
        )
    sys.stdout.write(told(came, given.bug))
    return 1 if came.failures else 0


def _about(name: str) -> str:
    return (BUGS[name].__doc__ or "planted in the state a run leaves").strip().partition("\n")[0]


def told(came: Sum, bug: str | None = None) -> str:
    """Return what a soak came to, in words."""
    lines = [
        f"{counted(came.seeds, 'seed')} in {came.seconds:.1f} s ({came.seeds_per_hour:,.0f} an hour): "
        f"{counted(came.events, 'event')}, servers' lives: {came.lives}, {len(came.failures)} failed"
    ]
    for failure in came.failures:
        lines += ["", *_failure_lines(failure, bug)]
    return "\n".join(lines) + "\n"


def _failure_lines(failure: Failure, bug: str | None) -> list[str]:
    planted = f" --bug {bug!r}" if bug else ""
    return [
        f"seed {failure.seed} fails:",
        *(f"  {each}" for each in failure.complaints),
        f"of what happened, {counted(len(failure.smallest), 'thing')} will do:",
        *(f"  {each.kind} ({each.one}, {each.two}, {each.share:.3f})" for each in failure.smallest),
        "repeat it with",
        f"  cordboard simulate soak --seed {failure.seed} --seeds 1 --processes 1{planted}",
    ]
