"""Panels over the hours of a day: lines with bands, one below the other on one time axis."""

import math
from collections.abc import Sequence
from typing import Final, NamedTuple

from simulator.charts.svg import (
    Scale,
    axis_label,
    hint,
    path,
    picture,
    rounded,
    series_class,
    tag,
    text,
    ticks,
    with_error,
)

WIDTH: Final = 920.0
LEFT, RIGHT, TOP, GAP, PANEL, BOTTOM = 60.0, 8.0, 28.0, 46.0, 150.0, 30.0
LABELS_MAX: Final = 13
DOTTED_MAX: Final = 60
"""More points than this are a line without dots."""


class Line(NamedTuple):
    """A series over the hours; NaN where there is nothing."""

    name: str
    values: Sequence[float]
    lows: Sequence[float]
    highs: Sequence[float]
    colour: int = 0
    is_dashed: bool = False


class Panel(NamedTuple):
    """One plot of lines, or of bars when `is_bars`."""

    title: str
    unit: str
    lines: Sequence[Line]
    mark: float | None = None
    """A level to draw: a target, say."""
    mark_name: str = ""
    is_bars: bool = False


def over_hours(hours: Sequence[str], panels: Sequence[Panel], label: str) -> str:
    """Return the panels below each other, hours along the bottom."""
    height = TOP + len(panels) * (PANEL + GAP) - GAP + BOTTOM
    across = Scale(0.0, float(len(hours)), LEFT, WIDTH - RIGHT)
    drawn = []
    for place, panel in enumerate(panels):
        top = TOP + place * (PANEL + GAP)
        drawn.append(_panel(panel, across, (top, top + PANEL), hours))
    return picture(WIDTH, height, label, *drawn, _hours(hours, across, height - BOTTOM))


def _hours(hours: Sequence[str], across: Scale, bottom: float) -> str:
    every = math.ceil(len(hours) / LABELS_MAX)
    return "".join(
        text(hour, across.at(n), bottom + 18, "tick", "middle")
        + tag("line", x1=across.at(n), x2=across.at(n), y1=bottom, y2=bottom + 4, class_="axis")
        for n, hour in enumerate(hours)
        if n % every == 0
    )


def _panel(panel: Panel, across: Scale, span: tuple[float, float], hours: Sequence[str]) -> str:
    top, bottom = span
    seen = [v for line in panel.lines for v in (*line.values, *line.highs) if math.isfinite(v)]
    high = max([*seen, panel.mark or 0.0, 1e-9])
    marks = _marks(high, panel.unit)
    up = Scale(0.0, marks[-1], bottom, top)
    parts = [text(panel.title, 0, top - 12, "title")]
    for mark in marks:
        y = up.at(mark)
        parts += [
            tag(
                "line",
                x1=across.start,
                x2=across.end,
                y1=y,
                y2=y,
                class_="axis" if not mark else "grid",
            ),
            text(axis_label(mark, panel.unit), across.start - 8, y + 4, "tick", "end"),
        ]
    if panel.is_bars:
        parts.append(_bars(panel, across, up, hours))
    else:
        parts += [_line(line, across, up, (panel.unit, hours)) for line in panel.lines]
        if len(panel.lines) > 1:
            parts.append(_key(panel.lines, across.end, top - 12))
    if panel.mark is not None:
        y = up.at(panel.mark)
        parts += [
            tag("line", x1=across.start, x2=across.end, y1=y, y2=y, class_="mark"),
            text(panel.mark_name, across.end, y - 5, "tick", "end"),
        ]
    return tag("g", *parts)


def _marks(high: float, unit: str) -> list[float]:
    if unit == "share":
        return ticks(0.0, min(high, 1.0), 4)
    # Waits of minutes have ticks at whole minutes, of hours at hours.
    size = 1.0 if unit != "s" or high < 120 else 60.0 if high < 7_200 else 3_600.0
    return [size * mark for mark in ticks(0.0, high / size, 4)]


def _bars(panel: Panel, across: Scale, up: Scale, hours: Sequence[str]) -> str:
    line = panel.lines[0]
    parts = []
    for n, value in enumerate(line.values):
        if math.isfinite(value) and value > 0:
            x, y = across.at(n) + 1, up.at(value)
            wide = across.at(n + 1) - x - 1
            said = hint(f"{hours[n]}: {rounded(value, panel.unit)}")
            high = up.start - y
            parts.append(tag("rect", said, x=x, y=y, width=wide, height=high, rx=1.5, class_="bar"))
    return "".join(parts)


def _runs(line: Line) -> list[list[int]]:
    """Return the stretches of hours without a hole."""
    found: list[list[int]] = [[]]
    for n, value in enumerate(line.values):
        if math.isfinite(value):
            found[-1].append(n)
        elif found[-1]:
            found.append([])
    return [each for each in found if each]


def _line(line: Line, across: Scale, up: Scale, said: tuple[str, Sequence[str]]) -> str:
    unit, hours = said
    colour = series_class(line.colour)
    bands, strokes, dots = [], [], []
    for run in _runs(line):
        middle = [across.at(n + 0.5) for n in run]
        lows = [up.held(line.lows[n]) for n in run]
        highs = [up.held(line.highs[n]) for n in run]
        if len(run) > 1:
            band = [*zip(middle, highs, strict=True), *reversed([*zip(middle, lows, strict=True)])]
            bands.append(tag("path", d=path(band, is_closed=True), class_=f"band {colour}"))
        points = [(x, up.held(line.values[n])) for x, n in zip(middle, run, strict=True)]
        dash = "dashed " if line.is_dashed else ""
        strokes.append(tag("path", d=path(points), class_=f"line {dash}{colour}"))
        for (x, y), n in zip(points, run, strict=True) if len(hours) <= DOTTED_MAX else ():
            half = 0.5 * (line.highs[n] - line.lows[n])
            value, error = with_error(line.values[n], half, unit)
            told = f"{line.name}, {hours[n]}: {value} ± {error}".lstrip(", ")
            dots.append(tag("circle", hint(told), cx=x, cy=y, r=3.2, class_=f"dot {colour}"))
    return "".join([*bands, *strokes, *dots])


def _key(lines: Sequence[Line], right: float, y: float) -> str:
    """Write what the lines are, from the right end of the title's line."""
    parts = []
    for line in reversed(lines):
        colour = series_class(line.colour)
        dash = "dashed " if line.is_dashed else ""
        parts.append(text(line.name, right, y, "tick", "end"))
        right -= 6.0 * len(line.name) + 8
        stroke = path([(right - 22, y - 4), (right, y - 4)])
        parts.append(tag("path", d=stroke, class_=f"line {dash}{colour}"))
        right -= 40
    return "".join(parts)
