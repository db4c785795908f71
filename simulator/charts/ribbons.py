"""Who served what: ribbons from kinds of ticket to the teams that answered them."""

from collections.abc import Sequence
from typing import Final, NamedTuple

import numpy as np

from simulator.charts.svg import COLOURS, hint, picture, rounded, series_class, tag, text
from simulator.measures.day import Floats

WIDTH: Final = 920.0
LEFT, RIGHT, TOP, NODE, TALL, GAP = 190.0, 190.0, 26.0, 12.0, 380.0, 7.0
KEPT: Final = 12


class Flows(NamedTuple):
    """Tickets a day from each source to each target."""

    sources: Sequence[str]
    targets: Sequence[str]
    counts: Floats
    """(sources, targets)."""


def gathered(flows: Flows, kept: int = KEPT) -> Flows:
    """Return the largest sources and targets, others summed up, largest first, empty ones gone."""
    sources, counts = _largest(list(flows.sources), flows.counts, kept)
    targets, turned = _largest(list(flows.targets), counts.T, kept)
    return Flows(sources, targets, turned.T)


def _largest(names: list[str], counts: Floats, kept: int) -> tuple[list[str], Floats]:
    order = [int(n) for n in np.argsort(-counts.sum(axis=1), kind="stable") if counts[n].sum() > 0]
    if len(order) <= kept:
        return [names[n] for n in order], counts[order]
    rest = counts[order[kept - 1 :]].sum(axis=0, keepdims=True)
    label = f"{len(order) - kept + 1} others"
    return [*(names[n] for n in order[: kept - 1]), label], np.vstack(
        [counts[order[: kept - 1]], rest]
    )


def ribbons(flows: Flows, label: str) -> str:
    """Return the drawing; the width of a ribbon is the number of tickets a day."""
    flows = gathered(flows)
    total = float(flows.counts.sum())
    if not total:
        return ""
    most = max(len(flows.sources), len(flows.targets))
    unit = (TALL - GAP * (most - 1)) / total
    left = _stack(flows.counts.sum(axis=1), unit)
    right = _stack(flows.counts.sum(axis=0), unit)
    x0, x1 = LEFT + NODE, WIDTH - RIGHT - NODE
    starts, ends = [y for y, _ in left], [y for y, _ in right]
    bands = []
    for i, source in enumerate(flows.sources):
        for j, target in enumerate(flows.targets):
            thick = float(flows.counts[i, j]) * unit
            if thick > 0:
                told = f"{source} → {target}: {rounded(float(flows.counts[i, j]), 'tickets')} a day"
                bands.append(_band((x0, starts[i]), (x1, ends[j]), thick, (told, _colour(i))))
                starts[i] += thick
                ends[j] += thick
    nodes = [
        _node(LEFT, place, name, count, ("end", f"node {_colour(i)}"))
        for i, (place, name, count) in enumerate(
            zip(left, flows.sources, flows.counts.sum(axis=1), strict=True)
        )
    ]
    nodes += [
        _node(x1, place, name, count, ("start", "node ink"))
        for place, name, count in zip(right, flows.targets, flows.counts.sum(axis=0), strict=True)
    ]
    heads = [
        text("kind of ticket", LEFT + NODE, TOP - 12, "tick", "end"),
        text("answered by", x1, TOP - 12, "tick"),
    ]
    return picture(WIDTH, TOP + TALL + 8, label, *heads, *bands, *nodes)


def _colour(place: int) -> str:
    return series_class(place % COLOURS)


def _stack(sizes: Floats, unit: float) -> list[tuple[float, float]]:
    """Return top and height of each node, the whole centred."""
    used = float(sizes.sum()) * unit + GAP * (len(sizes) - 1)
    y = TOP + 0.5 * (TALL - used)
    placed = []
    for size in sizes:
        placed.append((y, float(size) * unit))
        y += float(size) * unit + GAP
    return placed


def _band(
    start: tuple[float, float], end: tuple[float, float], thick: float, said: tuple[str, str]
) -> str:
    (x0, y0), (x1, y1) = start, end
    middle = 0.5 * (x0 + x1)
    d = (
        f"M{x0:.1f},{y0:.1f}C{middle:.1f},{y0:.1f} {middle:.1f},{y1:.1f} {x1:.1f},{y1:.1f}"
        f"L{x1:.1f},{y1 + thick:.1f}C{middle:.1f},{y1 + thick:.1f} "
        f"{middle:.1f},{y0 + thick:.1f} {x0:.1f},{y0 + thick:.1f}Z"
    )
    return tag("path", hint(said[0]), d=d, class_=f"ribbon {said[1]}")


def _node(
    x: float, place: tuple[float, float], name: str, count: float, drawn: tuple[str, str]
) -> str:
    anchor, class_ = drawn
    y, high = place
    at = x - 8 if anchor == "end" else x + NODE + 8
    short = name if len(name) <= 24 else f"{name[:23]}…"
    middle = y + 0.5 * high + 4
    said = hint(f"{name}: {rounded(count, 'tickets')} a day")
    box = tag("rect", said, x=x, y=y, width=NODE, height=max(high, 1.0), rx=2.0, class_=class_)
    number = tag("tspan", f"  {rounded(count, 'tickets')}", class_="faint")
    label = text(short, at, middle, "name", anchor).replace("</text>", f"{number}</text>")
    return box + label
