"""A signal: one thing known about a message, how sure we are of it, and who said so."""

from typing import Final, Literal, NamedTuple

Level = Literal["high", "medium", "low"]
Source = Literal["correction", "upstream", "tier1", "tier0", "default"]
"""Who may say so, most trusted first: a person, the sender, an encoder, this room, the tenant."""

UNDETERMINED: Final = "und"
"""The value of a signal that nobody could tell; BCP 47 has it for languages."""

PROBABILITY_STEPS: Final = 10_000
"""Probabilities are rounded to so many steps, which hides the last bits of an exponential."""


class Cuts(NamedTuple):
    """From which probability on a level is high, and from which medium."""

    high: float = 0.95
    medium: float = 0.70


class Signal(NamedTuple):
    """A value, its probability, how far to trust it, who said so and with which model."""

    value: str
    probability: float
    level: Level
    source: Source
    model: str = ""


def level_of(probability: float, cuts: Cuts = Cuts()) -> Level:
    """Return how far to trust a probability."""
    if probability >= cuts.high:
        return "high"
    return "medium" if probability >= cuts.medium else "low"


def rounded(probability: float) -> float:
    """Return a probability in 0 to 1 on the grid that signals use."""
    held = min(1.0, max(0.0, probability))
    return round(held * PROBABILITY_STEPS) / PROBABILITY_STEPS
