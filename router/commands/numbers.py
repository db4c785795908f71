"""Numbers on the command line: readers as argparse likes them, whose refusals say what was expected."""

import argparse
from collections.abc import Callable
from typing import Final

WHOLE_MAX: Final = 2**62


def at_least(least: int) -> Callable[[str], int]:
    """Return what reads a whole number from ``least`` on."""

    def read(text: str) -> int:
        if not text.isdecimal() or not least <= int(text) <= WHOLE_MAX:
            raise argparse.ArgumentTypeError(f"is {text!r}, expected a whole number from {least}")
        return int(text)

    return read


def above_zero(most: float, what: str = "a number") -> Callable[[str], float]:
    """Return what reads a number above 0, at most ``most``."""

    def read(text: str) -> float:
        try:
            number = float(text)
        except ValueError:
            number = -1.0
        if not 0 < number <= most:
            expected = f"{what} above 0, at most {most:.12g}"
            raise argparse.ArgumentTypeError(f"is {text!r}, expected {expected}")
        return number

    return read
