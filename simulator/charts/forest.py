"""Differences of policies with their intervals: a dot and a whisker for each measure."""

from collections.abc import Sequence
from typing import Final, NamedTuple

from simulator.charts.svg import Scale, hint, picture, tag, text, ticks

WIDTH: Final = 920.0
LEFT, RIGHT, TOP, ROW, BOTTOM = 200.0, 300.0, 30.0, 30.0, 36.0
WIDEST: Final = 1.0
"""Changes beyond this share are drawn at the edge."""


class Change(NamedTuple):
    """What a policy changes in a measure: relative to the other's value."""

    name: str
    value: float
    low: float
    high: float
    verdict: str
    """`better`, `worse`, `changed` or `unclear`; the class of its colour."""
    said: str
    """The verdict in words."""


def forest(changes: Sequence[Change], label: str) -> str:
    """Return the drawing: zero in the middle, relative change along the bottom."""
    reach = max([0.02, *(abs(v) for each in changes for v in (each.low, each.high))])
    marks = ticks(-min(reach, WIDEST), min(reach, WIDEST), 6)
    across = Scale(marks[0], marks[-1], LEFT, WIDTH - RIGHT)
    bottom = TOP + ROW * len(changes)
    parts = []
    for mark in marks:
        x = across.at(mark)
        style = "axis" if abs(mark) < 1e-12 else "grid"
        parts += [
            tag("line", x1=x, x2=x, y1=TOP - 6, y2=bottom, class_=style),
            text(
                f"{100 * mark:+.4g} %" if abs(mark) > 1e-12 else "0",
                x,
                bottom + 18,
                "tick",
                "middle",
            ),
        ]
    for row, change in enumerate(changes):
        y = TOP + ROW * (row + 0.5)
        parts.append(_row(change, across, y))
    return picture(WIDTH, bottom + BOTTOM, label, *parts)


def _row(change: Change, across: Scale, y: float) -> str:
    low, high = across.held(change.low), across.held(change.high)
    x = across.held(change.value)
    told = hint(
        f"{change.name}: {100 * change.value:+.1f} % "
        f"({100 * change.low:+.1f} to {100 * change.high:+.1f} %)"
    )
    return tag(
        "g",
        told,
        text(change.name, LEFT - 14, y + 4, "label", "end"),
        tag("line", x1=low, x2=high, y1=y, y2=y, class_=f"whisker {change.verdict}"),
        tag("circle", cx=x, cy=y, r=5.0, class_=f"point {change.verdict}"),
        text(change.said, WIDTH - RIGHT + 14, y + 4, f"said {change.verdict}"),
    )
