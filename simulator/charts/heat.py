"""A heat map of agents and hours: darker is busier, empty is off duty."""

import math
from collections.abc import Sequence
from itertools import groupby
from typing import Final, NamedTuple

import numpy as np

from simulator.charts.svg import Scale, hint, picture, tag, text
from simulator.measures.day import Floats

WIDTH: Final = 920.0
LEFT, RIGHT, TOP, BOTTOM = 116.0, 20.0, 8.0, 64.0
ROWS_MAX: Final = 96
TALL: Final = 460.0
LABELS_MAX: Final = 13


class Rows(NamedTuple):
    """Rows of a heat map: what they are called, the team they belong to, their values."""

    names: Sequence[str]
    teams: Sequence[str]
    values: Floats
    """(rows, hours), shares from 0 to 1; NaN is off duty."""


def thinned(rows: Rows, most: int = ROWS_MAX) -> Rows:
    """Return at most about so many rows, teams together, by when they begin, the busiest first.

    Neighbours of a team are averaged when there are too many agents for a row each.
    """
    with np.errstate(invalid="ignore"):
        known = np.isfinite(rows.values)
        counts = known.sum(axis=1)
        busy = np.where(known, rows.values, 0.0).sum(axis=1) / np.maximum(counts, 1)
    first = known.argmax(axis=1)
    starts: dict[str, int] = {}
    for team, hour in zip(rows.teams, first, strict=True):
        starts[team] = min(starts.get(team, int(hour)), int(hour))
    order = sorted(
        range(len(rows.names)), key=lambda n: (starts[rows.teams[n]], rows.teams[n], -busy[n], n)
    )
    size = math.ceil(len(order) / most)
    names, teams, values = [], [], []
    for team, members in groupby(order, key=lambda n: rows.teams[n]):
        mine = list(members)
        for start in range(0, len(mine), size):
            part = mine[start : start + size]
            block = rows.values[part]
            there = np.isfinite(block)
            total = np.where(there, block, 0.0).sum(axis=0)
            count = there.sum(axis=0)
            values.append(np.where(count > 0, total / np.maximum(count, 1), np.nan))
            one = len(part) == 1
            names.append(rows.names[part[0]] if one else f"{len(part)} agents of {team}")
            teams.append(team)
    return Rows(names, teams, np.array(values).reshape(len(names), rows.values.shape[1]))


def heat_map(rows: Rows, hours: Sequence[str], label: str, width: float = WIDTH) -> str:
    """Return the map, teams named on the left, a ramp below."""
    rows = thinned(rows)
    teams = [(team, len(list(found))) for team, found in groupby(rows.teams)]
    tall = min(16.0, max(3.0, TALL / max(1, len(rows.names))))
    gap = 6.0
    across = Scale(0.0, float(len(hours)), LEFT, width - RIGHT)
    wide = across.at(1) - across.at(0)
    parts, y, row = [], TOP, 0
    for team, count in teams:
        middle = y + 0.5 * count * tall + 4
        parts.append(text(_short(team), LEFT - 10, middle, "tick", "end"))
        for _ in range(count):
            said = (rows.names[row], hours)
            parts += _cells(rows.values[row], said, (across, y), (wide, tall))
            row += 1
            y += tall
        y += gap
    bottom = y - gap
    every = math.ceil(len(hours) / (LABELS_MAX * width / WIDTH))
    parts += [
        text(hour, across.at(n), bottom + 18, "tick", "middle")
        for n, hour in enumerate(hours)
        if n % every == 0
    ]
    return picture(width, bottom + BOTTOM, label, *parts, _ramp(bottom + 34))


def _short(name: str) -> str:
    return name if len(name) <= 17 else f"{name[:16]}…"


def _cells(
    values: Floats,
    said: tuple[str, Sequence[str]],
    place: tuple[Scale, float],
    size: tuple[float, float],
) -> list[str]:
    name, hours = said
    across, y = place
    edge = 0.75 if size[1] > 5 else 0.25
    found = []
    for n, value in enumerate(values):
        if math.isfinite(value):
            told = hint(f"{name}, {hours[n]}: {100 * value:.0f} % busy")
            shade = f"{0.06 + 0.94 * min(max(value, 0.0), 1.0):.3f}"
            box = {"x": across.at(n) + edge, "y": y + edge}
            found.append(
                tag(
                    "rect", told, **box, width=size[0] - 2 * edge, height=size[1] - 2 * edge,
                    rx=1.0, class_="cell", fill_opacity=shade,
                )
            )  # fmt: skip
    return found


def _ramp(y: float) -> str:
    steps = 25
    width = 7.0
    parts = [
        tag(
            "rect", x=LEFT + n * width, y=y, width=width + 0.2, height=10.0, class_="cell",
            fill_opacity=f"{0.06 + 0.94 * (n + 0.5) / steps:.3f}",
        )
        for n in range(steps)
    ]  # fmt: skip
    end = LEFT + steps * width
    return "".join(
        [
            *parts,
            text("0 %", LEFT, y + 25, "tick"),
            text("100 % busy", end, y + 25, "tick", "middle"),
            text("empty: off duty", end + 60, y + 9, "tick"),
        ]
    )
