"""
The command line: which commands there are, and what is wired before any of them runs.

Commands import late, so ``cordboard --help`` does not load Numba, and the kernel cache is settled before anything does.
"""

import argparse
import importlib
import sys
from collections.abc import Sequence
from types import MappingProxyType
from typing import Final, NamedTuple

from router.kernel_cache import settle


class Command(NamedTuple):
    """A command: the module with its ``arguments`` and ``run``, and one sentence."""

    module: str
    about: str


COMMANDS: Final = MappingProxyType(
    {
        "serve": Command("router.commands.serve", "Serve the HTTP API until told to stop."),
        "demo": Command(
            "router.commands.demo",
            "Route a real day of incidents through a real server, and watch.",
        ),
        "import": Command(
            "router.commands.importing", "Turn an incident log into a floor and a stream of calls."
        ),
        "replay": Command(
            "router.commands.replay", "Run a floor and a stream in virtual time, and sum up."
        ),
        "simulate": Command(
            "router.commands.simulate",
            "Play a simulated contact centre under a policy, and compare policies.",
        ),
        "loadtest": Command(
            "router.commands.loadtest",
            "Play a world's customers and agents against a running server.",
        ),
        "verify": Command(
            "router.commands.verify", "Check a journal's seals and decide everything in it again."
        ),
        "journal": Command("router.commands.journal", "Read a journal: frames, commands, events."),
        "config": Command(
            "router.commands.config", "Check a configuration, or show what is in force."
        ),
        "signals": Command(
            "router.commands.signals", "Train, test and question the models that read messages."
        ),
        "keys": Command("router.commands.keys", "Make an API key."),
        "bench": Command("router.commands.bench", "Measure this machine; see docs/bench.md."),
        "warm": Command(
            "router.commands.warm", "Compile the kernels now rather than at the first start."
        ),
    }
)
"""Every command; ``router/commands`` has a file for each."""

USAGE_ERROR: Final = 2


def parser() -> argparse.ArgumentParser:
    """Return the parser of the command's name; the command itself parses the rest."""
    lines = "\n".join(f"  {name:10} {command.about}" for name, command in COMMANDS.items())
    made = argparse.ArgumentParser(
        prog="cordboard",
        description="A real-time routing optimizer for customer support.",
        epilog=f"commands:\n{lines}\n\n`cordboard COMMAND --help` says more.",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    made.add_argument("command", choices=COMMANDS, metavar="COMMAND")
    made.add_argument("arguments", nargs=argparse.REMAINDER, help=argparse.SUPPRESS)
    return made


def run(argv: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code: 0 done, 1 failed, 2 called wrongly."""
    given = parser().parse_args(argv)
    settle()
    command = COMMANDS[given.command]
    module = importlib.import_module(command.module)
    own = argparse.ArgumentParser(prog=f"cordboard {given.command}", description=command.about)
    module.arguments(own)
    try:
        return int(module.run(own.parse_args(given.arguments)))
    except KeyboardInterrupt:
        return 130


if __name__ == "__main__":
    sys.exit(run())
