"""A picture of solve times against size, drawn from the rows of the suite ``solver``."""

from __future__ import annotations

import math
import re
from collections import defaultdict
from typing import TYPE_CHECKING, Any, Final

from bench.peers import PEERS

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from bench.report import Row

SIZE: Final = re.compile(r"size_(\d+)")
OURS: Final = "Cordboard"
#: One colour a family, so that relatives are seen as such (Okabe and Ito's palette, told apart by
#: readers who see fewer colours).
COLOURS: Final = (
    ("OR-Tools", "#0072B2"),
    ("scipy", "#E69F00"),
    ("lapx", "#CC79A7"),
    ("POT", "#009E73"),
    ("HiGHS", "#7F7F7F"),
    ("LEMON", "#56B4E9"),
)
#: Least distance between labels, in decades of time.
APART: Final = 0.2
#: Ends no further apart than this, in decades, are named together.
NEAR: Final = 0.6
STACKED: Final = 0.14
#: What is too long to stand between two sizes.
SHORTER: Final = {"scipy min_weight_full_bipartite_matching": "scipy bipartite matching"}


def lines(rows: Sequence[Row]) -> dict[str, list[tuple[int, float]]]:
    """Return for each solver its sizes and milliseconds, smallest size first."""
    found: dict[str, list[tuple[int, float]]] = defaultdict(list)
    titles = {f"{name}_ms": peer.title for name, peer in PEERS.items()} | {"ours_ms": OURS}
    for row in rows:
        size, metric = SIZE.fullmatch(str(row["case"])), str(row["metric"])
        if size and metric in titles:
            found[titles[metric]].append((int(size[1]), float(str(row["value"]))))
    return {title: sorted(points) for title, points in found.items()}


def labels(ends: dict[str, float]) -> dict[str, float]:
    """Return heights for labels near the ends of lines, in decades, so that none overlap.

    ``ends`` is the height of each line's end. Labels keep the order of the ends.
    """
    ordered = sorted(ends, key=ends.__getitem__)
    heights: dict[str, float] = {}
    below = -math.inf
    for title in ordered:
        heights[title] = below = max(ends[title], below + APART)
    # What was pushed up on the whole is moved down again, half the way.
    shift = sum(heights[title] - ends[title] for title in ordered) / max(len(ordered), 1)
    return {title: height - shift for title, height in heights.items()}


def colour(title: str) -> str:
    """Return a solver's colour."""
    return next((found for family, found in COLOURS if title.startswith(family)), "#D55E00")


def draw(path: Path, rows: Sequence[Row], machine: str) -> None:
    """Write the picture; raises ``SystemExit`` with a sentence if matplotlib is not there."""
    try:
        from matplotlib.figure import Figure
    except ImportError as error:
        message = f"No picture without matplotlib (dependency group bench): {error}"
        raise SystemExit(message) from error
    series = lines(rows)
    figure = Figure(figsize=(10.5, 6.6), dpi=150)
    axes = figure.subplots()
    for title, points in series.items():
        ours = title == OURS
        axes.plot(
            *zip(*points, strict=True), color=colour(title), linewidth=3.2 if ours else 1.5,
            marker="o", markersize=6 if ours else 3.5, zorder=5 if ours else 2,
            linestyle="-" if ours or not title.startswith("HiGHS") else "--",
        )  # fmt: skip
    _label(axes, series)
    axes.set_xscale("log")
    axes.set_yscale("log")
    axes.set_ylim(top=axes.get_ylim()[1] * 2)  # room for the names above
    axes.set_xlabel(
        "tickets = free slots (32 candidates a ticket; processor time of one core; each point an exact optimum)"
    )
    axes.set_title(
        "Milliseconds to the exact optimum of a critical floor", loc="left", fontsize=13, pad=14
    )
    sizes = sorted({size for points in series.values() for size, _ in points})
    axes.set_xticks(sizes, [f"{size:,}" for size in sizes])
    axes.minorticks_off()
    axes.yaxis.set_major_formatter(
        lambda value, _: f"{value:g} ms" if value < 1e3 else f"{value / 1e3:g} s"
    )
    axes.grid(visible=True, which="major", color="#DDDDDD", linewidth=0.7)
    for side in ("top", "right"):
        axes.spines[side].set_visible(False)
    figure.text(0.01, 0.01, machine, fontsize=7, color="#666666")
    figure.tight_layout(rect=(0, 0.025, 1, 1))
    figure.savefig(path)


def _label(axes: Any, series: dict[str, list[tuple[int, float]]]) -> None:
    """Name each line beside its last point, those that end at one size below each other.

    The slow ones of a size before the last are named above their ends, where no line passes.
    """
    by_size: dict[int, dict[str, float]] = defaultdict(dict)
    for title, points in series.items():
        by_size[points[-1][0]][title] = math.log10(points[-1][1])
    for size, ends in by_size.items():
        top = max(ends.values())
        slow = {title for title, end in ends.items() if end > top - NEAR and size < max(by_size)}
        beside = labels({title: end for title, end in ends.items() if title not in slow})
        for title, height in beside.items():
            _name(axes, title, (size * 1.12, height), "left")
        for place, title in enumerate(sorted(slow, key=ends.__getitem__)):
            left = size == min(by_size)
            height = top + (place + 1) * STACKED
            _name(
                axes, title, (size * (0.93 if left else 1.05), height), "left" if left else "right"
            )


def _name(axes: Any, title: str, at: tuple[float, float], align: str) -> None:
    """Write a solver's name at a size and a height in decades."""
    axes.text(
        at[0], 10 ** at[1], SHORTER.get(title, title), ha=align, va="center", color=colour(title), fontsize=9,
        fontweight="bold" if title == OURS else "normal", zorder=6,
        bbox={"facecolor": "white", "edgecolor": "none", "pad": 0.6, "alpha": 0.8},
    )  # fmt: skip
