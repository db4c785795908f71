"""What a day over HTTP came to: seen from outside, counted by the server, and one decision explained."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from simulator.caller import Caller
from simulator.report import aligned, duration, refusals, share
from simulator.tally import Latency, Snapshot

EVENTS_PER_PAGE: Final = 10_000
TEXT_LINES_MAX: Final = 24


@dataclass(frozen=True, slots=True)
class Told:
    """What the server says after the day."""

    statistics: Mapping[str, Any]
    decision: Mapping[str, Any] | None


async def largest_decision(client: Caller) -> Mapping[str, Any] | None:
    """Return the decision about most tickets that led to an offer; None when there was none."""
    best, best_size, after = "", (0, 0), 0
    sizes: dict[str, tuple[int, int]] = {}
    while True:
        query = {"after": after, "limit": EVENTS_PER_PAGE}
        page = await client.call("events.list", query=query)
        for event in page["events"]:
            data = event["data"]
            if event["type"] == "solver.batch":
                sizes = {data["decision"]: (data["tickets"], data["pairs"])}
            elif event["type"] == "offer.issued":
                size = sizes.get(data["decision"], (0, 0))
                if size > best_size:
                    best, best_size = data["decision"], size
        if not page["events"]:
            break
        after = page["next"]
    if not best:
        return None
    decision: Mapping[str, Any] = await client.call("decisions.get", best)
    return decision


def latency(of: Latency) -> str:
    """Write a latency."""
    return (
        f"p50 {of.p50_ms:.1f} ms, p99 {of.p99_ms:.1f} ms of {of.samples:,}" if of.samples else "-"
    )


def summary(last: Snapshot, told: Told, speed: float) -> list[str]:
    """Return the lines that sum the day up."""
    rows = (
        ("tickets", f"{last.tickets_sent:,} in {last.elapsed_s:.0f} s at {speed:g} times the log"),
        ("accepted", f"{last.accepted:,}, declined {last.declined:,} of {last.offers:,} offers"),
        ("completed", f"{last.completed:,}, still waiting {sum(last.waiting.values()):,}"),
        ("service level", f"{share(last.service_level)} within their queue's target"),
        ("promises broken", f"{last.breached:,}"),
        ("acknowledged", f"{latency(last.ack)}: durable, and routed"),
        ("found an agent", f"{latency(last.decision)} at once"),
        ("gap", f"{share(last.gap)} to the bound of the last joint decision"),
        ("decisions", f"{told.statistics['decisions']:,}"),
        ("answers too late", refusals(last.refused.items())),
    )
    return [f"{name:18}{value}" for name, value in rows]


def queue_lines(told: Told) -> list[str]:
    """Return a line per queue, as the server counts."""
    rows = [("queue", "tickets", "answered", "service level", "ASA", "waiting")]
    rows += [
        (
            queue["queue"],
            f"{queue['entered']:,}",
            f"{queue['answered']:,}",
            share(queue["service_level"]),
            duration(queue["asa_s"]),
            f"{queue['waiting']:,}",
        )
        for queue in sorted(told.statistics["queues"], key=lambda each: -each["entered"])
        if queue["entered"]
    ]
    return aligned(rows)


def explained(decision: Mapping[str, Any] | None) -> list[str]:
    """Return one explained ticket of a decision, as text."""
    if decision is None or not decision["explanations"]:
        return []
    first = decision["explanations"][0]
    head = f"Why? {decision['id']}, {decision['tickets']} tickets at once, one of them:"
    lines = str(first["text"]).splitlines()
    rest = (
        [f"  ... {len(lines) - TEXT_LINES_MAX} more lines"] if len(lines) > TEXT_LINES_MAX else []
    )
    return [head, *(f"  {line}" for line in lines[:TEXT_LINES_MAX]), *rest]
