"""``cordboard loadtest WORLD``: play a world's customers and agents against a server, and hold it to account."""

import argparse
import asyncio
import json
import os
import shlex
import signal
import sys
from pathlib import Path
from time import perf_counter
from typing import Final

from router.commands.numbers import above_zero, at_least
from router.commands.serve import in_loop
from router.commands.simulate_world import DAYS_MAX
from router.policies import POLICIES
from simulator.kernel.running import Options, Prepared
from simulator.kernel.warming import compile_simulator
from simulator.leaving import leave_page, look_at_places
from simulator.load.forecast import REPLICATIONS, Forecast, forecast
from simulator.load.ground import GroundError
from simulator.load.playing import Pace, Playing
from simulator.load.scaling import larger
from simulator.load.text import Account, lines, plain
from simulator.load.trial import DESKS_MAX, Outcome, Target, Trial
from simulator.load.warming import compile_crowd
from simulator.worlds.compiling import compile_world
from simulator.worlds.floor import FloorError, policy_body
from simulator.worlds.reading import WorldError, read_world
from simulator.worlds.shipped import find_world

KEY_VARIABLE: Final = "CORDBOARD_KEY"
SPEED_MAX: Final = 10_000.0
LINE_EVERY_S: Final = 5.0
URL: Final = "http://127.0.0.1:8080"


def arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    add = parser.add_argument
    add("world", metavar="WORLD", help="A file, or a name of `cordboard simulate worlds`.")
    add("--url", default=URL, help=f"The server ({URL}).")
    add("--key", help=f"Its API key, with the scope admin (${KEY_VARIABLE}).")
    add("--speed", type=above_zero(SPEED_MAX), default=1.0, metavar="X",
        help="World seconds in a real one (1); time limits are told to the server scaled.")  # fmt: skip
    add("--clock-speed", type=above_zero(SPEED_MAX), default=1.0, metavar="X",
        help="How fast the server's own clock runs, if it was started so (1).")  # fmt: skip
    add("--no-skip", action="store_true",
        help="Wait through hours in which no customer is there and nothing happens.")  # fmt: skip
    length = parser.add_mutually_exclusive_group()
    length.add_argument(
        "--days", type=above_zero(DAYS_MAX, "days"),
        help="How long customers arrive (the world's own).",
    )  # fmt: skip
    length.add_argument("--hours", type=above_zero(8_784), help="The same in hours.")
    add("--scale", type=above_zero(1_000), default=1.0, metavar="X",
        help="So many times the arrivals and the agents (1).")  # fmt: skip
    add("--policy", choices=sorted(POLICIES), help="Which routes (the world's own).")
    add("--seed", type=at_least(0), default=1, help="Of all chance (1), as of `simulate`.")
    add("--reps", type=at_least(0), default=REPLICATIONS, metavar="N",
        help=f"Days the simulator plays to compare with ({REPLICATIONS}; 0: none).")  # fmt: skip
    add("--onto", action="store_true", help="Play even where another floor or open tickets are.")
    add("--sockets", type=at_least(1), default=DESKS_MAX, metavar="N",
        help=f"Desks' WebSockets at most ({DESKS_MAX}); agents share when there are more of them.")  # fmt: skip
    add("--timeout", type=above_zero(3_600), default=30.0, metavar="S",
        help="A call without an answer for so long is made again (30).")  # fmt: skip
    add("--patience", type=above_zero(3_600), default=30.0, metavar="S",
        help="A server that does nothing for so long is given up (30).")  # fmt: skip
    add("--json", type=Path, metavar="FILE", help="Write everything there as JSON; - prints it.")
    add("--report", type=Path, metavar="DIR", help="Write a page of plots there.")


def prepared_of(given: argparse.Namespace) -> Prepared:
    """Return the world on its floor; raises WorldError, FloorError, OSError."""
    path = find_world(given.world)
    world = larger(read_world(path), given.scale)
    wanted = given.days if given.hours is None else given.hours / 24
    return Prepared(compile_world(world, wanted), policy_body(world, given.policy))


class Ticker:
    """Says now and then how far a run is."""

    def __init__(self) -> None:
        self._said_s = perf_counter()

    def show(self, playing: Playing) -> None:
        """Say it, unless it was said a moment ago."""
        now_s = perf_counter()
        if now_s - self._said_s < LINE_EVERY_S:
            return
        self._said_s = now_s
        books, span = playing.books, playing.crowd.span
        share = (playing.now_us() - span.opens_us) / max(1, span.closes_us - span.opens_us)
        ms = books.whole().at(99.0) / 1e3
        print(
            f"{min(1.0, share):.0%}: {books.sent:,} calls, {playing.crowd.here:,} customers there, "
            f"p99 {ms:.1f} ms, {sum(books.errors.values()):,} failed",
            file=sys.stderr, flush=True,
        )  # fmt: skip


def target_of(given: argparse.Namespace) -> Target:
    """Return which server, and how patient to be."""
    key = given.key or os.environ.get(KEY_VARIABLE) or None
    prefix = f"load{os.getpid():x}{int(perf_counter() * 1e3) & 0xFFFF:x}-"
    return Target(given.url, key, given.timeout, given.patience, given.onto, given.sockets, prefix)


async def play(trial: Trial) -> Outcome:
    """Play until the end or until told to stop."""
    loop = asyncio.get_running_loop()
    for each in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(each, trial.interrupt)
    return await trial.play(Ticker().show)


def compared(given: argparse.Namespace, prepared: Prepared, outcome: Outcome) -> Forecast | None:
    """Simulate the world to compare with, unless there is nothing whole to compare."""
    if outcome.partial or not given.reps or outcome.records is None:
        return None
    print(f"Simulating {given.reps} days to compare with ...", file=sys.stderr, flush=True)
    return forecast(prepared, outcome.records, Options(given.seed), given.reps)


def write(given: argparse.Namespace, account: Account) -> bool:
    """Write the files asked for; return whether all of them were written."""
    is_written = True
    if str(given.json) == "-":
        print(json.dumps(plain(account)))
    elif given.json is not None:
        try:
            given.json.write_text(json.dumps(plain(account)), "utf-8")
        except OSError as error:
            print(f"--json: {error}", file=sys.stderr)
            is_written = False
    if given.report is not None:
        from simulator.load.page import page

        is_written = leave_page(given.report, page(account)) and is_written
    return is_written


def run(given: argparse.Namespace) -> int:
    """Play, and print."""
    try:
        look_at_places(given.report, given.json)
        prepared = prepared_of(given)
        for warm in (compile_simulator, compile_crowd):
            warm(lambda line: print(line, file=sys.stderr, flush=True))
        pace = Pace(given.speed, given.clock_speed, not given.no_skip)
        trial = Trial(prepared, Options(given.seed), pace, target_of(given))
        outcome = in_loop(play(trial))
    except (WorldError, FloorError, GroundError, OSError) as error:
        print(f"cordboard loadtest: {error}", file=sys.stderr)
        return 1
    command = shlex.join(["cordboard", "loadtest", *hidden(sys.argv[2:])])
    found = compared(given, prepared, outcome)
    account = Account(prepared, outcome, found, given.url, given.seed, command)
    is_written = write(given, account)
    if str(given.json) != "-":
        print("\n".join(lines(account)))
    return account.exit_code or (0 if is_written else 1)


def hidden(words: list[str]) -> list[str]:
    """Return a command line without its key."""
    kept = list(words)
    for n, word in enumerate(words):
        if word.startswith("--key="):
            kept[n] = "--key=..."
        elif word == "--key" and n + 1 < len(words):
            kept[n + 1] = "..."
    return kept
