"""``cordboard simulate validate``: hold the simulator against exact laws and published tables."""

import argparse
import json
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from time import perf_counter
from typing import Final

from simulator.leaving import look_at_places
from simulator.validate.anchors import Anchor, found_in, read_anchor, shipped
from simulator.validate.running import parts, simulate
from simulator.validate.verdicts import (
    CONFIDENCE,
    PROMISED,
    Summary,
    Verdict,
    judged,
    lines,
    plain_values,
    summary,
)
from simulator.worlds.floor import FloorError
from simulator.worlds.reading import WorldError

FAILED: Final = 1
LINE_EVERY: Final = 20


def arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument(
        "places", nargs="*", type=Path, metavar="FILE|DIR",
        help="Anchors of your own, instead of those that come along.",
    )  # fmt: skip
    parser.add_argument(
        "--only", action="append", default=[], metavar="TEXT",
        help="Only anchors whose name begins so; may be said again.",
    )  # fmt: skip
    parser.add_argument("--json", type=Path, metavar="FILE", help="Write all numbers there.")
    parser.add_argument(
        "--processes", type=int, default=os.cpu_count() or 1, metavar="N",
        help="How many simulate at once (one for each core).",
    )  # fmt: skip


def run(given: argparse.Namespace) -> int:
    """Simulate the anchors, print the table, and return 1 when a number does not fit."""
    try:
        look_at_places(None, given.json)
        paths = found_in(given.places) if given.places else shipped()
        paths = [path for path in paths if _is_wanted(path, given.only)]
        anchors = [read_anchor(path) for path in paths]
        if not anchors:
            print(f"--only {given.only}: no anchor's name begins so", file=sys.stderr)
            return FAILED
        verdicts, told = _judged(paths, anchors, max(1, given.processes))
    except (WorldError, FloorError, ValueError, OSError) as error:
        print(error, file=sys.stderr)
        return FAILED
    print("\n".join([*lines(verdicts), "", *summed_up(told)]))
    if given.json is not None:
        values = {"summary": told._asdict(), "numbers": [plain_values(each) for each in verdicts]}
        try:
            given.json.write_text(json.dumps(values, indent=1, ensure_ascii=False) + "\n", "utf-8")
        except OSError as error:
            print(f"--json: {error}", file=sys.stderr)
            return FAILED
    return 0 if told.passes else FAILED


def _is_wanted(path: Path, only: Sequence[str]) -> bool:
    return not only or any(path.stem.startswith(each) for each in only)


def _judged(
    paths: Sequence[Path], anchors: Sequence[Anchor], processes: int
) -> tuple[list[Verdict], Summary]:
    """Simulate and judge, telling on standard error how far it is."""
    done, total = 0, sum(len(list(parts(each.run.replications))) for each in anchors)

    def show(_place: int, _seconds: float) -> None:
        nonlocal done
        done += 1
        if done % LINE_EVERY == 0:
            print(f"{done} of {total} parts simulated", file=sys.stderr, flush=True)

    from simulator.kernel.warming import compile_simulator

    compile_simulator(lambda line: print(line, file=sys.stderr, flush=True))
    began_s = perf_counter()
    pieces = simulate(paths, processes, show)
    verdicts = judged(anchors, pieces)
    return verdicts, summary(verdicts, pieces, perf_counter() - began_s)


def summed_up(told: Summary) -> list[str]:
    """Return what it came to, in a few lines."""
    rate = told.model_events / told.seconds if told.seconds > 0 else 0.0
    found = []
    if told.exact:
        found.append(
            f"{told.exact_inside} of {told.exact} exact numbers inside one simultaneous "
            f"{CONFIDENCE:.0%} band, {told.precise} of them with a half-width of at most "
            f"{PROMISED:.1%}"
        )
    if told.published:
        found.append(
            f"{told.published_inside} of {told.published} published numbers as they should be, "
            f"at {CONFIDENCE:.0%} of both intervals combined"
        )
    found.append(
        f"{told.model_events:,} model events in {told.seconds:.1f} s, {rate:,.0f} a second"
    )
    return found
