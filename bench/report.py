"""Results: what a row of the report holds, and the report as a table and as JSON."""

import json
import statistics
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final, NamedTuple

Row = dict[str, object]
FIELDS: Final = (
    "suite", "case", "metric", "value", "unit", "n", "spread", "peer", "peer_value",
)  # fmt: skip
"""What every row holds; ``spread`` is the range over the repeats whose median is ``value``."""


class Peer(NamedTuple):
    """What a value is compared with, and the value that reached in the same run."""

    name: str
    value: float


class Suite(NamedTuple):
    """Where rows are filed: a suite and a case of it."""

    suite: str
    case: str

    def row(
        self,
        metric: str,
        values: Sequence[float],
        unit: str,
        *,
        n: int | None = None,
        peer: Peer | None = None,
    ) -> Row:
        """Return the row of a metric measured several times; ``n`` counts the samples behind it."""
        return {
            "suite": self.suite,
            "case": self.case,
            "metric": metric,
            "value": statistics.median(values),
            "unit": unit,
            "n": len(values) if n is None else n,
            "spread": max(values) - min(values),
            "peer": peer.name if peer else None,
            "peer_value": peer.value if peer else None,
        }


def quantile(times: Sequence[float], share: float) -> float:
    """Return the value that ``share`` of the times do not exceed; ``times`` must not be empty."""
    ordered = sorted(times)
    return ordered[min(len(ordered) - 1, int(len(ordered) * share))]


def table(rows: Sequence[Row]) -> str:
    """Return rows as text in columns, a peer's value beside the value it is compared with."""
    lines = [("case", "metric", "value", "spread", "unit", "n", "peer")]
    for row in rows:
        peer = "" if row["peer"] is None else f"{_short(row['peer_value'])}  {row['peer']}"
        name = f"{row['suite']}/{row['case']}"
        numbers = (_short(row["value"]), f"± {_short(row['spread'])}")
        lines.append((name, str(row["metric"]), *numbers, str(row["unit"]), str(row["n"]), peer))
    widths = [max(len(line[i]) for line in lines) for i in range(len(lines[0]))]
    right = {2, 3, 5}
    return "\n".join(
        "  ".join(
            text.rjust(width) if i in right else text.ljust(width)
            for i, (text, width) in enumerate(zip(line, widths, strict=True))
        ).rstrip()
        for line in lines
    )


def _short(value: object) -> str:
    """Return a number with four significant digits, and thousands apart."""
    if not isinstance(value, (int, float)):
        return str(value)
    if abs(value) >= 1000:
        return f"{value:,.0f}"
    return f"{value:.4g}"


def write_json(path: Path, machine: Mapping[str, object], rows: Sequence[Row]) -> None:
    """Write the machine and all rows to a file."""
    text = json.dumps({"machine": machine, "results": rows}, indent=1, ensure_ascii=False)
    path.write_text(text + "\n", "utf-8")
