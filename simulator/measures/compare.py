"""What another policy changes on the same days: paired intervals that hold together, in words."""

from collections.abc import Mapping, Sequence
from typing import Final, NamedTuple

from simulator.measures.cuts import WHOLE
from simulator.measures.summary import Key, Series, difference
from simulator.measures.table import MEASURES, SHARE
from simulator.stats.intervals import Interval
from simulator.stats.simultaneous import bonferroni

COMPARED: Final = (
    "service_level_offered", "asa_s", "wait_p90_s", "abandonment", "occupancy", "match_quality",
    "fairness_jain", "sla_breached", "transfers", "offers_declined",
)  # fmt: skip
"""Measures of the table of differences, those that a world has."""
LABELS: Final[Mapping[str, str]] = {
    "service_level_offered": "service level",
    "asa_s": "speed of answer",
    "wait_p90_s": "9 of 10 wait below",
    "abandonment": "abandonment",
    "occupancy": "occupancy",
    "match_quality": "match quality",
    "fairness_jain": "fairness of occupancy",
    "sla_breached": "promises broken",
    "transfers": "transfers",
    "offers_declined": "offers not taken",
}
BETTER, WORSE, CHANGED, UNCLEAR = "better", "worse", "changed", "unclear"


class Comparison(NamedTuple):
    """A measure under two policies on the same days."""

    measure: str
    ours: Interval
    theirs: Interval
    gained: Interval
    """Ours less theirs, replications paired."""
    verdict: str

    @property
    def label(self) -> str:
        """Return the measure as people say it."""
        return LABELS.get(self.measure, self.measure)

    @property
    def words(self) -> str:
        """Return the verdict as a phrase, with the range it is sure of."""
        low, high = sorted((abs(self.gained.low), abs(self.gained.high)))
        unit = MEASURES[self.measure].unit
        if self.verdict == UNCLEAR and not high:
            return "the same"
        if self.verdict == UNCLEAR:
            signed = (
                f"{_amount(self.gained.low, unit, '+')} to {_amount(self.gained.high, unit, '+')}"
            )
            return f"no difference shown: {signed}{_unit(unit)}"
        direction = "higher" if self.gained.value > 0 else "lower"
        word = self.verdict if self.verdict != CHANGED else direction
        return f"{word} by {_amount(low, unit)} to {_amount(high, unit)}{_unit(unit)}"


def _unit(unit: str) -> str:
    return {"share": " points", "s": " s"}.get(unit, "")


def _amount(value: float, unit: str, sign: str = "") -> str:
    shown = 100 * value if unit == SHARE else value
    digits = 0 if abs(shown) >= 100 else 1 if abs(shown) >= 10 or unit != "number" else 3
    if 0 < abs(shown) < 0.05 and unit != "number":
        digits = 2
    return f"{shown:{sign},.{digits}f}"


def compared(
    ours: Mapping[Key, Series],
    theirs: Mapping[Key, Series],
    names: Sequence[str] = COMPARED,
    confidence: float = 0.95,
) -> list[Comparison]:
    """Return what `ours` changes against `theirs`, measure by measure.

    Both were run on the same replications. The intervals of the differences hold all together with
    `confidence` (Bonferroni); measures that either does not have, or that never vary from 0, are
    left out.
    """
    keys = [(name, WHOLE) for name in names if (name, WHOLE) in ours and (name, WHOLE) in theirs]
    known = []
    for key in keys:
        one, other = ours[key].interval(0, confidence), theirs[key].interval(0, confidence)
        if one is not None and other is not None and (one.value or other.value):
            known.append((key, one, other))
    each = bonferroni(confidence, max(1, len(known)))
    found = []
    for key, one, other in known:
        gained = difference(ours[key], theirs[key], 0, each)
        if gained is not None:
            found.append(Comparison(key[0], one, other, gained, _verdict(key[0], gained)))
    return found


def _verdict(name: str, gained: Interval) -> str:
    if gained.holds(0.0):
        return UNCLEAR
    is_good = MEASURES[name].is_good
    if is_good is None:
        return CHANGED
    return BETTER if (gained.value > 0) == is_good else WORSE


def summed_up(ours: str, theirs: str, rows: Sequence[Comparison]) -> str:
    """Return one sentence on what a policy changes."""
    parts = []
    for verdict, words in (
        (BETTER, "better in"),
        (WORSE, "worse in"),
        (UNCLEAR, "no difference shown in"),
    ):
        named = [row.label for row in rows if row.verdict == verdict]
        if named:
            parts.append(f"{words} {_listed(named)}")
    said = "; ".join(parts) if parts else "nothing to compare"
    return f"{ours} against {theirs}: {said}."


def _listed(names: Sequence[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"
