"""
``cordboard simulate``: play a world, or do something else with the simulator.

What else there is stands in ``ACTIONS``; any other first word is a world.
"""

import argparse
import importlib
import sys
from types import MappingProxyType
from typing import Final

from router.main import USAGE_ERROR, Command

ACTIONS: Final = MappingProxyType(
    {
        "worlds": Command("router.commands.simulate_worlds", "List the worlds that come along."),
        "replay": Command(
            "router.commands.simulate_replay",
            "Play a journal's arrivals again under another policy.",
        ),
        "validate": Command(
            "router.commands.simulate_validate",
            "Hold the simulator against exact laws and published tables.",
        ),
        "fit": Command("router.commands.simulate_fit", "Make a world from a log of your own."),
        "soak": Command(
            "router.commands.simulate_soak", "Look for bugs in random days with faults."
        ),
    }
)
"""Every action; each has a file."""
MISSING: Final = (
    f"cordboard simulate: say a world or one of {', '.join(ACTIONS)}; "
    "`cordboard simulate worlds` lists worlds."
)
WORLD: Final = Command("router.commands.simulate_world", "Play a world under one policy or more.")


def arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments; an action declares the rest."""
    lines = "\n".join(f"  {name:8} {action.about}" for name, action in ACTIONS.items())
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.epilog = (
        f"actions:\n{lines}\n\n`cordboard simulate ACTION --help` says more of an action, "
        "`cordboard simulate WORLD --help` of worlds."
    )
    parser.add_argument(
        "what", metavar="WORLD|ACTION", nargs="?", help="A file, a shipped world, or an action."
    )
    parser.add_argument("rest", nargs=argparse.REMAINDER, help=argparse.SUPPRESS)


def run(given: argparse.Namespace) -> int:
    """Run the action, or play the world."""
    if given.what is None:
        sys.stderr.write(f"{MISSING}\n")
        return USAGE_ERROR
    action = ACTIONS.get(given.what, WORLD)
    is_world = given.what not in ACTIONS
    module = importlib.import_module(action.module)
    name = "WORLD" if is_world else given.what
    own = argparse.ArgumentParser(prog=f"cordboard simulate {name}", description=action.about)
    module.arguments(own)
    rest = [given.what, *given.rest] if is_world else given.rest
    try:
        return int(module.run(own.parse_args(rest)))
    except BrokenPipeError:
        sys.stderr.close()
        return 1
