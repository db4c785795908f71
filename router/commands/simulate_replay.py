"""``cordboard simulate replay``: a recorded journal's arrivals again, under another policy."""

import argparse
import json
import sys
from typing import Any

from router.commands.numbers import at_least
from router.commands.verify import location
from router.core.machine import Machine
from router.journal import FormatError, decode
from router.policies import POLICIES
from router.recover import Folder
from router.shard import Shard
from router.stores import store_at
from router.stores.errors import StoreError
from simulator.accounts_text import named, single
from simulator.kernel.running import Options, Records, play
from simulator.kernel.warming import compile_simulator
from simulator.measures.cuts import WHOLE, measured
from simulator.measures.recorded import day_of, setting_of
from simulator.measures.table import MEASURES
from simulator.recorded import ASSUMPTIONS, JournalUnfitError, Stage, Tape, recorded_figures
from simulator.report import aligned

SHOWN = (
    "tickets", "answered", "abandoned", "service_level_offered", "asa_s", "wait_p50_s", "wait_p90_s",
    "abandonment", "aht_s", "occupancy", "match_quality", "offers_declined",
)  # fmt: skip


def arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the action's arguments."""
    parser.add_argument(
        "journal", help="The journal's file, or KIND:REST as the store settings read it."
    )
    parser.add_argument(
        "--policy", action="append", required=True, choices=sorted(POLICIES),
        help="Under which policy; may be said again.",
    )  # fmt: skip
    parser.add_argument(
        "--seed", type=at_least(0), default=1, help="Of what is assumed by chance (1)."
    )
    parser.add_argument("--json", action="store_true", help="Print everything as JSON.")


def read(journal: str) -> tuple[Tape, Shard, str]:
    """
    Return what the journal holds, and why it ends early (empty when it does not).

    Raises StoreError, FormatError and ValueError when nothing can be read.
    """
    store = store_at(location(journal))
    store.open_to_read()
    tape, folder, cut = Tape(), Folder(Shard(Machine())), ""
    try:
        for frame in store.read():
            recorded = decode(frame.body)
            tape.add(recorded)
            folder.add(recorded)
    except (StoreError, FormatError) as error:
        if not tape.seen:
            raise
        cut = str(error)
    finally:
        store.close()
    return tape, folder.finish(), cut


def figures(stage: Stage, records: Records) -> dict[str, float | None]:
    """Return the measures of one replay."""
    setting = setting_of(stage.compiled, records)
    parts = measured(day_of(records), setting, [(name, WHOLE) for name in SHOWN])
    found: dict[str, float | None] = {}
    for name in SHOWN:
        part = parts.get((name, WHOLE))
        is_there = part is not None and part.below.sum() > 0
        found[name] = float(part.above.sum() / part.below.sum()) if part and is_there else None
    return found


def written(value: float | None, unit: str) -> str:
    """Write a measure."""
    return "-" if value is None else single(value, unit)


def lines(told: dict[str, Any], cut: str) -> list[str]:
    """Return the table: what happened, and each policy."""
    policies = told["policies"]
    rows = [("", "recorded", *policies)]
    for name in SHOWN:
        cells = [written(told["recorded"].get(name), MEASURES[name].unit)]
        cells += [written(policies[each][name], MEASURES[name].unit) for each in policies]
        rows.append((named(name), *cells))
    partial = [f"PARTIAL: the journal is cut short: {cut.rstrip('.')}."] if cut else []
    return [
        *partial,
        *aligned(rows),
        "",
        "What is assumed:",
        *(f"* {each}" for each in ASSUMPTIONS),
    ]


def run(given: argparse.Namespace) -> int:
    """Read, play, and print."""
    try:
        tape, shard, cut = read(given.journal)
        compile_simulator(lambda line: print(line, file=sys.stderr, flush=True))
        told: dict[str, Any] = {"policies": {}, "cut": cut}
        for policy in dict.fromkeys(given.policy):
            stage = Stage(tape, shard.directory, policy)
            within_us = stage.kinds["within_us"].tolist()
            told["recorded"] = recorded_figures(tape, within_us)
            records = play(stage, stage.plan(), Options(given.seed), stage.trace())
            told["policies"][policy] = figures(stage, records)
    except (StoreError, FormatError, JournalUnfitError, OSError, ValueError) as error:
        print(error, file=sys.stderr)
        return 1
    told["assumptions"] = ASSUMPTIONS
    print(json.dumps(told) if given.json else "\n".join(lines(told, cut)))
    return 3 if cut else 0
