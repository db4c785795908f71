"""Judge estimates: exact numbers together in one band, published ones with both sides' intervals."""

import math
from collections.abc import Mapping, Sequence
from typing import Any, Final, NamedTuple

from simulator.stats.intervals import Interval
from simulator.stats.simultaneous import bonferroni
from simulator.stats.student import two_sided
from simulator.validate.anchors import Anchor, Expect
from simulator.validate.estimating import Estimate, Piece, estimated

CONFIDENCE: Final = 0.99
"""Of the whole band over all exact numbers, and of each published number."""
PROMISED: Final = 0.005
"""Half-width of the band as a share of the value."""
RESOLUTION: Final = 1e-5
"""Times are whole microseconds, so nothing is said about differences below this share."""
INSIDE, OUTSIDE, IMPRECISE = "inside", "OUTSIDE", "inside, wide"
ALLOWED: Final = "inside, models differ"
DIFFERS, SAME = "differs, as it should", "SAME, should differ"


class Verdict(NamedTuple):
    """A number, what it should be, what it is, and whether that fits."""

    anchor: str
    source: str
    label: str
    wanted: float
    wanted_half: float
    """Published half-width at the confidence used here; 0 for exact numbers."""
    ours: Interval
    """With controls."""
    plain: Interval
    """Without."""
    is_published: bool
    may_be_wide: bool
    verdict: str

    @property
    def is_inside(self) -> bool:
        """Tell whether it fits."""
        return self.verdict not in {OUTSIDE, SAME}

    @property
    def is_precise(self) -> bool:
        """Tell whether its half-width is within the promise."""
        return self.ours.half_width <= PROMISED * abs(self.wanted)


def label_of(expect: Expect) -> str:
    """Return what a number is called."""
    where = ", ".join(expect.agents) if expect.agents else expect.key
    when = f"at {expect.at_s:g} s" if expect.at_s is not None else ""
    return " ".join(part for part in (expect.measure, where, when) if part)


def judged(anchors: Sequence[Anchor], done: Mapping[int, Sequence[Piece]]) -> list[Verdict]:
    """Return the verdict on every number of the anchors that were simulated.

    Exact numbers share one band: every interval has the confidence that makes all of them hold
    together (Bonferroni), and so do the intervals without controls, in a band of their own.
    A published number is held against both half-widths combined.
    """
    exact = sum(each.half is None for place in done for each in anchors[place].expect)
    each = bonferroni(CONFIDENCE, max(1, exact))
    found = []
    for place in sorted(done):
        anchor = anchors[place]
        wanted = anchor.expected
        for number, expect in enumerate(anchor.expect):
            is_published = expect.half is not None
            confidence = CONFIDENCE if is_published else each
            estimate = estimated(done[place], number, confidence, expect.controls)
            found.append(_verdict(anchor, expect, wanted[number], estimate))
    return found


def _verdict(anchor: Anchor, expect: Expect, wanted: float, estimate: Estimate) -> Verdict:
    half = 0.0
    if expect.half is not None:
        error = expect.half * abs(expect.scale) / two_sided(expect.confidence, 1e9)
        half = error * two_sided(CONFIDENCE, 1e9)
    slack = RESOLUTION * abs(wanted) + (expect.rounded + expect.allow) * abs(expect.scale)
    ours, plain = estimate.controlled, estimate.plain
    fits = all(
        abs(one.value - wanted) <= math.hypot(one.half_width, half) + slack for one in (ours, plain)
    )
    made = Verdict(
        anchor.name, anchor.source, label_of(expect), wanted, half, ours, plain,
        expect.half is not None, expect.is_wide, INSIDE,
    )  # fmt: skip
    if expect.differs:
        return made._replace(verdict=SAME if fits else DIFFERS)
    if not fits:
        return made._replace(verdict=OUTSIDE)
    if expect.allow:
        return made._replace(verdict=ALLOWED)
    needs = not made.is_published and not expect.is_wide
    return made._replace(verdict=IMPRECISE) if needs and not made.is_precise else made


def plain_values(verdict: Verdict) -> dict[str, Any]:
    """Return a verdict as values that JSON knows."""
    return {
        "anchor": verdict.anchor,
        "what": verdict.label,
        "source": verdict.source,
        "kind": "published" if verdict.is_published else "exact",
        "expected": verdict.wanted,
        "expected_half_width": verdict.wanted_half,
        "value": verdict.ours.value,
        "half_width": verdict.ours.half_width,
        "relative_half_width": verdict.ours.half_width / abs(verdict.wanted)
        if verdict.wanted
        else None,
        "plain_value": verdict.plain.value,
        "plain_half_width": verdict.plain.half_width,
        "confidence": verdict.ours.confidence,
        "replications": verdict.ours.n,
        "verdict": verdict.verdict,
    }


class Summary(NamedTuple):
    """All verdicts in a few numbers."""

    exact: int
    exact_inside: int
    precise: int
    """Exact numbers inside the band with a half-width within the promise."""
    published: int
    published_inside: int
    model_events: int
    seconds: float

    @property
    def passes(self) -> bool:
        """Tell whether every number fits."""
        return self.exact == self.exact_inside and self.published == self.published_inside


def summary(
    verdicts: Sequence[Verdict], done: Mapping[int, Sequence[Piece]], seconds: float
) -> Summary:
    """Return how many numbers there are, and how many fit."""
    exact = [each for each in verdicts if not each.is_published]
    published = [each for each in verdicts if each.is_published]
    return Summary(
        len(exact),
        sum(each.is_inside for each in exact),
        sum(each.is_inside and each.is_precise for each in exact),
        len(published),
        sum(each.is_inside for each in published),
        sum(piece.model_events for row in done.values() for piece in row),
        seconds,
    )


def lines(verdicts: Sequence[Verdict]) -> list[str]:
    """Return the verdicts as a table of text, one anchor's numbers below each other."""
    rows = [("anchor", "number", "expected", "ours", "± controlled", "± plain", "verdict")]
    before = ""
    for each in verdicts:
        wanted = _digits(each.wanted)
        if each.wanted_half:
            wanted += f" ± {each.wanted_half:.2g}"
        rows.append(
            (
                "" if each.anchor == before else each.anchor,
                each.label,
                wanted,
                _digits(each.ours.value),
                _share(each.ours, each.wanted),
                _share(each.plain, each.wanted),
                each.verdict,
            )
        )
        before = each.anchor
    widths = [max(len(row[n]) for row in rows) for n in range(len(rows[0]))]
    right = {2, 3, 4, 5}
    return [
        "  ".join(
            cell.rjust(width) if n in right else cell.ljust(width)
            for n, (cell, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in rows
    ]


def _digits(value: float) -> str:
    return f"{value:.7g}"


def _share(interval: Interval, wanted: float) -> str:
    return (
        f"{100 * interval.half_width / abs(wanted):.3f} %"
        if wanted
        else f"{interval.half_width:.3g}"
    )
