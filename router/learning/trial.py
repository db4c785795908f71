"""
A candidate in the shadow of the model that serves: both read the same messages, only one is believed.

Nothing of it enters the core. Agreement is counted with every message; what is right is known only of the messages
that somebody labels later (corrections, and tickets completed with the intent they were routed by).
"""

from typing import Final, NamedTuple

from router.learning.calibration import Calibration
from router.learning.sequences import ConfidenceSequence, Interval

SLICES_MAX: Final = 512
"""Languages and labels that are counted apart; what comes later is counted in the whole only."""


class Labelled(NamedTuple):
    """A message whose truth became known, and what both models had said."""

    truth: str
    language: str
    serving: str
    candidate: str
    probability: float
    """What the candidate gave its own answer."""


class Slice(NamedTuple):
    """How both did on one language or one label."""

    labels: int = 0
    serving: int = 0
    candidate: int = 0

    @property
    def gain(self) -> float:
        """Return the candidate's accuracy minus that of the model that serves."""
        return (self.candidate - self.serving) / self.labels if self.labels else 0.0


class Trial:
    """What is known of a candidate so far."""

    def __init__(self, alpha: float = 0.05, sooner: int = 500) -> None:
        self.messages = 0
        self.agreed = 0
        self.elapsed_ns = 0
        self.whole = Slice()
        self.slices: dict[tuple[str, str], Slice] = {}
        self.calibration = Calibration()
        self._gain = ConfidenceSequence(alpha, sooner)

    def see(self, *, agrees: bool, elapsed_ns: int) -> None:
        """Count a message that both have read, and how long the candidate took for it."""
        self.messages += 1
        self.agreed += agrees
        self.elapsed_ns += elapsed_ns

    def label(self, told: Labelled) -> None:
        """Count a message whose truth became known."""
        serving, candidate = told.serving == told.truth, told.candidate == told.truth
        self._gain.add(float(candidate) - float(serving))
        self.calibration.add(told.probability, candidate)
        self.whole = _counted(self.whole, serving, candidate)
        for key in (("language", told.language), ("label", told.truth)):
            if key[1] and (key in self.slices or len(self.slices) < SLICES_MAX):
                self.slices[key] = _counted(self.slices.get(key, Slice()), serving, candidate)

    @property
    def agreement(self) -> float:
        """Return the share of messages about which both say the same; 0 before the first."""
        return self.agreed / self.messages if self.messages else 0.0

    @property
    def mean_us(self) -> float:
        """Return how long the candidate takes for a message, microseconds; 0 before the first."""
        return self.elapsed_ns / self.messages / 1_000 if self.messages else 0.0

    def gain(self) -> Interval:
        """Return where the difference in accuracy lies, whenever one looks."""
        return self._gain.interval()


def _counted(slice_: Slice, serving: bool, candidate: bool) -> Slice:
    return Slice(slice_.labels + 1, slice_.serving + serving, slice_.candidate + candidate)
