"""Latencies by percentile: the far tail as wide as the bulk, both axes logarithmic."""

import math
from collections.abc import Sequence
from typing import Final, NamedTuple

from simulator.charts.svg import (
    COLOURS,
    Scale,
    hint,
    path,
    picture,
    series_class,
    tag,
    text,
)

WIDTH: Final = 920.0
LEFT, RIGHT, TOP, HEIGHT, BOTTOM = 60.0, 190.0, 12.0, 280.0, 34.0
MARKS: Final = (0.0, 50.0, 90.0, 99.0, 99.9, 99.99, 99.999)
APART: Final = 15.0
"""Between two names at the right edge."""


class Tail(NamedTuple):
    """An operation: its latency in ms at rising percentiles below 100."""

    name: str
    percentiles: Sequence[float]
    values_ms: Sequence[float]


def nines(percentile: float) -> float:
    """Return how many nines a percentile has: 0 for 0, 1 for 90, 2 for 99."""
    return -math.log10(1 - percentile / 100)


def percentile_plot(tails: Sequence[Tail], label: str) -> str:
    """Return the drawing; empty when there is nothing above 0 to draw."""
    seen = [value for tail in tails for value in tail.values_ms if value > 0]
    if not seen:
        return ""
    low, high = math.floor(math.log10(min(seen))), math.ceil(math.log10(max(seen)) + 1e-9)
    last = max(nines(each) for tail in tails for each in tail.percentiles)
    across = Scale(0.0, max(2.0, last), LEFT, WIDTH - RIGHT)
    up = Scale(float(low), float(max(high, low + 1)), TOP + HEIGHT, TOP)
    parts = [_grid(across, up)]
    ends: list[tuple[float, int]] = []
    for place, tail in enumerate(tails):
        points = [
            (across.at(nines(p)), up.held(math.log10(max(v, 10.0**low))))
            for p, v in zip(tail.percentiles, tail.values_ms, strict=True)
        ]
        said = ", ".join(
            f"p{p:g} {v:.3g} ms" for p, v in zip(tail.percentiles, tail.values_ms, strict=True)
        )
        colour = series_class(place)
        dash = "dashed " if place >= COLOURS else ""
        stroke = tag(
            "path", hint(f"{tail.name}: {said}"), d=path(points), class_=f"line {dash}{colour}"
        )
        parts.append(stroke)
        ends.append((points[-1][1], place))
    return picture(WIDTH, TOP + HEIGHT + BOTTOM, label, *parts, *_names(tails, ends, across.end))


def _grid(across: Scale, up: Scale) -> str:
    parts = []
    bottom, top = up.start, up.end
    for mark in MARKS:
        if nines(mark) <= across.high + 1e-9:
            x = across.at(nines(mark))
            parts += [
                tag("line", x1=x, x2=x, y1=top, y2=bottom, class_="grid"),
                text(f"{mark:g} %", x, bottom + 18, "tick", "middle"),
            ]
    for power in range(int(up.low), int(up.high) + 1):
        y = up.at(float(power))
        style = "axis" if power == int(up.low) else "grid"
        parts += [
            tag("line", x1=across.start, x2=across.end, y1=y, y2=y, class_=style),
            text(f"{10.0**power:g} ms", across.start - 8, y + 4, "tick", "end"),
        ]
    return "".join(parts)


def _names(tails: Sequence[Tail], ends: list[tuple[float, int]], right: float) -> list[str]:
    """Write the names where the lines end, kept apart."""
    found, last_y = [], -math.inf
    for end_y, place in sorted(ends):
        y = max(end_y, last_y + APART)
        found.append(text(tails[place].name, right + 10, y + 4, f"tick {series_class(place)}"))
        last_y = y
    return found
