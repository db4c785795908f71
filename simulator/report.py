"""Say what a run in virtual time came to: as lines for people, as plain values for programs."""

from collections.abc import Iterable, Sequence
from dataclasses import asdict
from typing import Any, Final

from simulator.in_process import Result
from simulator.ledger import Service

NOTHING: Final = "-"
COLUMNS: Final = (
    "queue", "tickets", "answered", "waiting", "service level", "ASA", "p50", "p90", "p99",
)  # fmt: skip


def plain(result: Result, wall_s: float) -> dict[str, Any]:
    """Return everything as values that JSON knows; seconds of the log unless named `wall_s`."""
    whole = asdict(result)
    overall = whole.pop("whole")
    queues = whole.pop("queues")
    whole["ended_at"] = result.ended_at.isoformat()
    speed = {"wall_s": wall_s, "decisions_per_s": per_second(result.decisions, wall_s)}
    merged: dict[str, Any] = overall | whole | speed
    return merged | {"queues": queues}


def lines(result: Result, wall_s: float) -> list[str]:
    """Return the summary as lines of text: one figure a line, then one line per queue."""
    whole = result.whole
    waits = " / ".join(map(duration, (whole.wait_p50_s, whole.wait_p90_s, whole.wait_p99_s)))
    rows = (
        ("tickets", f"{whole.tickets:,}"),
        ("answered", f"{whole.answered:,}, of them completed {whole.completed:,}"),
        ("still waiting", f"{whole.waiting:,} at {result.ended_at:%Y-%m-%d %H:%M}"),
        ("abandoned", f"{whole.abandoned:,}"),
        ("service level", f"{share(whole.service_level)} within their queue's target"),
        ("speed of answer", f"{duration(whole.asa_s)} on average (ASA)"),
        ("wait p50/p90/p99", waits),
        ("reassignments", f"{result.reassignments:,}"),
        ("promises broken", f"{result.breached:,}"),
        (
            "occupancy",
            f"{share(result.occupancy_busy)} of time busy, "
            f"{share(result.occupancy_units)} of units taken",
        ),
        ("mean gap", f"{share(result.mean_gap)} to the bound of the joint decisions"),
        ("decisions", f"{result.decisions:,}, {per_second(result.decisions, wall_s):,.0f}/s"),
        ("calls", f"{result.calls:,}, refused {refusals(result.refused.items())}"),
        ("events", f"{result.events:,} in {result.settlements:,} settlements"),
        ("took", f"{wall_s:.1f} s"),
        ("digest", result.digest),
    )
    return [*(f"{name:18}{value}" for name, value in rows), "", *queue_lines(result)]


def queue_lines(result: Result) -> list[str]:
    """Return a head and a line per queue, the largest queue first, columns aligned."""
    ordered = sorted(result.queues.items(), key=lambda pair: (-pair[1].tickets, pair[0]))
    return aligned([COLUMNS, *(_row(queue, service) for queue, service in ordered)])


def _row(queue: str, service: Service) -> tuple[str, ...]:
    counts = (service.tickets, service.answered, service.waiting)
    waits = (service.asa_s, service.wait_p50_s, service.wait_p90_s, service.wait_p99_s)
    return (
        queue,
        *(f"{count:,}" for count in counts),
        share(service.service_level),
        *map(duration, waits),
    )


def aligned(rows: Sequence[Sequence[str]]) -> list[str]:
    """Return the rows with columns of equal width, the first one flush left."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return [
        "  ".join(
            text.ljust(width) if place == 0 else text.rjust(width)
            for place, (text, width) in enumerate(zip(row, widths, strict=True))
        )
        for row in rows
    ]


def share(value: float | None) -> str:
    """Write a share as per cent."""
    return NOTHING if value is None else f"{value:.1%}"


def duration(seconds: float | None) -> str:
    """Write seconds as people do: 42 s, 3:05 min, 2:10 h, 3.5 d."""
    if seconds is None:
        return NOTHING
    whole = round(seconds)
    if whole < 60:
        return f"{seconds:.1f} s" if seconds < 10 else f"{whole} s"
    if whole < 3_600:
        return f"{whole // 60}:{whole % 60:02} min"
    if whole < 86_400:
        return f"{whole // 3_600}:{whole % 3_600 // 60:02} h"
    return f"{seconds / 86_400:.1f} d"


def per_second(count: int, seconds: float) -> float:
    """Return the rate; 0 when no time passed."""
    return count / seconds if seconds > 0 else 0.0


def refusals(counts: Iterable[tuple[str, int]]) -> str:
    """Write how many calls were refused, and for what."""
    known = list(counts)
    if not known:
        return "none"
    return ", ".join(f"{count:,} {code}" for code, count in known)
