"""The few pieces of SVG and HTML that plots are made of."""

import math
from collections.abc import Sequence
from html import escape
from typing import Final, NamedTuple

COLOURS: Final = 6
"""Series colours the page's style defines, `--s1` and so on; a seventh series is grey."""


def tag(name: str, *inside: str, **attributes: object) -> str:
    """Return an element; `inside` is markup already, attributes are escaped, `_` becomes `-`.

    A trailing `_` is dropped, so that `class_` can be said. Floats are written with two decimals.
    """
    said = "".join(
        f' {key.rstrip("_").replace("_", "-")}="{escape(_plain(value), quote=True)}"'
        for key, value in attributes.items()
        if value is not None
    )
    return f"<{name}{said}>{''.join(inside)}</{name}>" if inside else f"<{name}{said}/>"


def _plain(value: object) -> str:
    if isinstance(value, float):
        return f"{value:.2f}".rstrip("0").rstrip(".")
    return str(value)


def text(words: str, x: float, y: float, class_: str = "", anchor: str = "start") -> str:
    """Return a text at a place."""
    end = None if anchor == "start" else anchor
    return tag(
        "text", escape(words), x=float(x), y=float(y), class_=class_ or None, text_anchor=end
    )


def hint(words: str) -> str:
    """Return what a browser shows when the mouse rests on the element it is put in."""
    return tag("title", escape(words))


def picture(width: float, height: float, label: str, *inside: str) -> str:
    """Return a whole drawing that scales with the page; `label` is what screen readers say."""
    box = f"0 0 {_plain(float(width))} {_plain(float(height))}"
    return tag("svg", *inside, viewBox=box, role="img", aria_label=label, class_="plot")


def path(points: Sequence[tuple[float, float]], is_closed: bool = False) -> str:
    """Return the `d` of straight lines through points."""
    steps = "L".join(f"{x:.1f},{y:.1f}" for x, y in points)
    return f"M{steps}{'Z' if is_closed else ''}"


def series_class(place: int) -> str:
    """Return the class of the colour of a series, by its place."""
    return f"s{place + 1}" if place < COLOURS else "s0"


class Scale(NamedTuple):
    """A straight axis: `low` to `high` of values lies between `start` and `end` of the drawing."""

    low: float
    high: float
    start: float
    end: float

    def at(self, value: float) -> float:
        """Return where a value lies."""
        share = (value - self.low) / (self.high - self.low)
        return self.start + share * (self.end - self.start)

    def held(self, value: float) -> float:
        """Return where a value lies, not beyond the ends."""
        return self.at(min(max(value, self.low), self.high))


def ticks(low: float, high: float, about: int = 5) -> list[float]:
    """Return round values that cover `low` to `high`, roughly so many: steps of 1, 2 or 5."""
    if not (math.isfinite(low) and math.isfinite(high) and high > low):
        high = low + 1.0
    raw = (high - low) / about
    power = 10.0 ** math.floor(math.log10(raw))
    step = next(power * n for n in (1, 2, 5, 10) if power * n >= raw * (1 - 1e-9))
    first, last = math.floor(low / step + 1e-9), math.ceil(high / step - 1e-9)
    return [n * step for n in range(first, last + 1)]


def rounded(value: float, unit: str) -> str:
    """Write a number as people read it: per cent for shares, minutes and hours for long times."""
    if not math.isfinite(value):
        return "–"
    if unit == "share":
        return f"{100 * value:.1f} %" if abs(value) < 0.9995 else f"{100 * value:.0f} %"
    if unit == "s":
        return _seconds(value)
    return _digits(value)


def with_error(value: float, half: float, unit: str) -> tuple[str, str]:
    """Write an estimate and its half-width with as many digits as the half-width deserves: two.

    A half-width of a share is in percentage points and has no sign of its own.
    """
    size, tail = {"share": (100.0, " %"), "s": (1.0, " s")}.get(unit, (1.0, ""))
    if unit == "s" and abs(value) >= 90:
        size, tail = (1 / 60, " min") if abs(value) < 5_400 else (1 / 3_600, " h")
    shown, error = size * value, size * half
    places = 2
    if error > 0 and math.isfinite(error):
        most = 2 if unit == "s" else 4
        places = min(most, max(0, 1 - math.floor(math.log10(error))))
    return f"{shown:,.{places}f}{tail}", f"{error:,.{places}f}"


def _digits(value: float) -> str:
    size = abs(value)
    if size >= 100:
        return f"{value:,.0f}"
    return (
        f"{value:.1f}"
        if size >= 10
        else f"{value:.2f}"
        if size >= 0.1 or not size
        else f"{value:.2g}"
    )


def _seconds(value: float) -> str:
    size = abs(value)
    if size < 90:
        return f"{_digits(value)} s"
    return f"{value / 60:.1f} min" if size < 5_400 else f"{value / 3_600:.1f} h"


def axis_label(value: float, unit: str) -> str:
    """Write a tick: as short as may be."""
    if unit == "share":
        return f"{100 * value:.6g} %"
    if unit == "s":
        if value == 0:
            return "0"
        size = abs(value)
        return (
            f"{value:.6g} s"
            if size < 120
            else f"{value / 60:.3g} min"
            if size < 7_200
            else f"{value / 3_600:.3g} h"
        )
    return f"{value:,.6g}"
