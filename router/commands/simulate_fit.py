"""``cordboard simulate fit``: a world made from a log, and a page that holds it against the data."""

import argparse
import shlex
import sys
from pathlib import Path
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import numpy as np

from simulator.fitting.fit import fit
from simulator.fitting.log import COLUMNS, LogError, read_log
from simulator.fitting.page import page
from simulator.fitting.text import world_text
from simulator.leaving import leave_page
from simulator.worlds.compiling import compile_world
from simulator.worlds.planning import rates_of
from simulator.worlds.reading import WorldError, parse_world


def column(text: str) -> tuple[str, str]:
    """Read ``COLUMN=NAME``, as argparse likes it."""
    known, _, name = text.partition("=")
    if known not in COLUMNS or not name:
        expected = f"COLUMN=NAME with one of {', '.join(COLUMNS)}"
        raise argparse.ArgumentTypeError(f"is {text!r}, expected {expected}")
    return known, name


def zone(text: str) -> str:
    """Read a time zone's name, as argparse likes it."""
    try:
        ZoneInfo(text)
    except (ZoneInfoNotFoundError, ValueError):
        raise argparse.ArgumentTypeError(f"is {text!r}, expected an IANA time zone") from None
    return text


def arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the action's arguments."""
    parser.add_argument("log", type=Path, help="A CSV file with one row a ticket.")
    parser.add_argument(
        "--out", type=Path, required=True, metavar="FILE", help="Write the world there."
    )
    parser.add_argument(
        "--report", type=Path, metavar="DIR", help="Write a page of fit against data there."
    )
    parser.add_argument("--time-zone", type=zone, default="UTC", help="Of the log's hours (UTC).")
    parser.add_argument(
        "--column", type=column, action="append", default=[], metavar="COLUMN=NAME",
        help=f"What a column is called in this log: {', '.join(COLUMNS)}.",
    )  # fmt: skip


def run(given: argparse.Namespace) -> int:
    """Read, fit, write."""
    try:
        with given.log.open(encoding="utf-8", newline="") as lines:
            rows = read_log(lines, dict(given.column), ZoneInfo(given.time_zone))
        fitted = fit(rows, given.time_zone, given.out.stem)
        text = world_text(fitted.world)
        world = parse_world(text, str(given.out))
        given.out.write_text(text, "utf-8")
        if given.report is not None:
            compiled = compile_world(world)
            played = [
                3600 * rates_of(compiled, kind).reshape(-1, 24).mean(axis=0)
                for kind in world.tickets
            ]
            if not leave_page(given.report, page(fitted, np.array(played))):
                return 1
    except (LogError, WorldError, OSError, UnicodeDecodeError) as error:
        print(f"{given.log}: {error}" if isinstance(error, LogError) else error, file=sys.stderr)
        return 1
    kinds, agents = len(world.tickets), sum(team.count for team in world.agents.values())
    print(
        f"{given.out}: {kinds} kinds of ticket, {agents} agents, fitted to {len(rows):,} tickets."
    )
    print(f"Play it: cordboard simulate {shlex.quote(str(given.out))}")
    return 0
