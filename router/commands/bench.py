"""``cordboard bench``: measure, from a checkout."""

import argparse
import runpy
import sys


def arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments; ``bench`` itself parses them."""
    parser.add_argument(
        "rest", nargs=argparse.REMAINDER, help="Suites and options; see `python -m bench --help`."
    )


def run(given: argparse.Namespace) -> int:
    """Hand over to ``python -m bench``, which is not part of the installed package."""
    sys.argv = ["cordboard bench", *given.rest]
    try:
        runpy.run_module("bench", run_name="__main__", alter_sys=True)
    except ImportError as error:
        if error.name != "bench":
            raise
        print("bench/ is not installed. Maybe run this in a checkout.", file=sys.stderr)
        return 1
    except SystemExit as end:
        return end.code if isinstance(end.code, int) else 1
    return 0
