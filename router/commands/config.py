"""``cordboard config``: check a configuration, or show what is in force."""

import argparse
import os
import sys
from pathlib import Path

from router.config import ConfigError, dump, load
from router.settings import Settings


def arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    parser.add_argument(
        "action",
        choices=("check", "dump"),
        help="check: say what is wrong; dump: show all settings.",
    )
    add_config(parser)
    parser.add_argument("--secrets", action="store_true", help="Show hashes of keys too.")


def add_config(parser: argparse.ArgumentParser) -> None:
    """Declare where settings come from."""
    parser.add_argument(
        "--config",
        type=Path,
        metavar="FILE",
        help="TOML file; without it, defaults and environment.",
    )


def settings_of(given: argparse.Namespace) -> Settings | None:
    """Return the settings in force; None after saying on standard error what is wrong with them."""
    try:
        text = given.config.read_text(encoding="utf-8") if given.config else ""
        source = str(given.config) if given.config else "no file"
        return load(text, os.environ, source, lambda path: Path(path).read_text(encoding="utf-8"))
    except ConfigError as error:
        for fault in error.faults:
            print(fault, file=sys.stderr)
    except (OSError, UnicodeDecodeError) as error:
        print(f"{given.config}: {error}", file=sys.stderr)
    return None


def run(given: argparse.Namespace) -> int:
    """Check or show."""
    settings = settings_of(given)
    if settings is None:
        return 1
    if given.action == "dump":
        print(dump(settings, redacted=not given.secrets))
    else:
        print(f"{given.config or 'Defaults and environment'}: fine.")
    return 0
