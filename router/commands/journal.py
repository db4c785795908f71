"""``cordboard journal``: read a journal as people do, or as JSON lines."""

import argparse
import json
import sys
from collections.abc import Callable
from typing import Any

import numpy as np

from router.commands.verify import location
from router.core import codes as c
from router.core import layout
from router.core.limits import NEVER_US
from router.engine.archive import recorded_from
from router.journal import FormatError, Recorded
from router.stores import store_at
from router.stores.errors import StoreError
from router.wire.fields import instant_text

SHOWN = ("ticket", "agent", "work", "profile", "serial", "value", "aux", "until_us")


def arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    parser.add_argument(
        "journal", help="The journal's file, or KIND:REST as the store settings read it."
    )
    parser.add_argument(
        "--from", dest="first", type=count_from(1), default=1, metavar="N", help="First frame (1)."
    )
    parser.add_argument(
        "--frames", type=count_from(0), default=0, metavar="N", help="At most so many frames (all)."
    )
    parser.add_argument("--json", action="store_true", help="One JSON object a line.")


def count_from(least: int) -> Callable[[str], int]:
    """Return a reader of whole numbers from ``least`` on, as argparse likes it."""

    def read(text: str) -> int:
        if not text.isascii() or not text.isdecimal() or int(text) < least:
            raise argparse.ArgumentTypeError(f"is {text!r}, expected a whole number from {least}")
        return int(text)

    return read


def row(record: Any, names: dict[int, str]) -> dict[str, Any]:
    """Return a command or an event as names and numbers, defaults left out."""
    found: dict[str, Any] = {}
    for field in SHOWN:
        if field not in (record.dtype.names or ()):
            continue
        value = int(record[field])
        if value in (0, -1) and field not in ("ticket", "agent"):
            continue
        if value == -1 or (field == "until_us" and value == NEVER_US):
            continue
        found[field] = names.get(value, value) if field == "ticket" else value
    return found


def frame_rows(number: int, recorded: Recorded) -> list[dict[str, Any]]:
    """Return everything in a frame: the frame itself, its commands, its events."""
    names = dict(recorded.tickets)
    rows: list[dict[str, Any]] = [
        {"frame": number, "at": instant_text(recorded.at_us), "first_seq": recorded.first_seq}
    ]
    for command in np.frombuffer(recorded.commands, layout.COMMAND):
        kind = c.COMMANDS[int(command["kind"])]
        rows.append(
            {"command": kind, "at": instant_text(int(command["at_us"])), **row(command, names)}
        )
    for offset, event in enumerate(recorded.events):
        kind = c.EVENTS[int(event["kind"])]
        reason = c.REASONS[int(event["reason"])]
        seq = {
            "event": kind,
            "seq": recorded.first_seq + offset,
            "at": instant_text(int(event["at_us"])),
        }
        rows.append(seq | ({"reason": reason} if reason else {}) | row(event, names))
    return rows


def line(found: dict[str, Any]) -> str:
    """Return a row as one line of text."""
    if "frame" in found:
        return f"frame {found['frame']}  {found['at']}"
    head = (
        f"  > {found['command']}" if "command" in found else f"  {found['seq']:>9} {found['event']}"
    )
    rest = (f"{k}={v}" for k, v in found.items() if k not in ("command", "event", "seq", "at"))
    return f"{head:34} {' '.join(rest)}"


def run(given: argparse.Namespace) -> int:
    """Print the journal; stop at the first damage, naming it."""
    try:
        store = store_at(location(given.journal))
        store.open_to_read()
    except (StoreError, ValueError) as error:
        print(error, file=sys.stderr)
        return 1
    try:
        for count, (number, recorded) in enumerate(recorded_from(store, given.first), 1):
            for found in frame_rows(number, recorded):
                print(json.dumps(found) if given.json else line(found))
            if count == given.frames:
                break
    except (StoreError, FormatError) as error:
        print(f"DAMAGED: {error}", file=sys.stderr)
        return 1
    except BrokenPipeError:
        sys.stderr.close()
    finally:
        store.close()
    return 0
