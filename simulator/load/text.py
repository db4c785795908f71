"""What a load test came to: lines for a terminal, plain values for programs."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from simulator.accounts_text import named, single
from simulator.kernel.running import Prepared
from simulator.load.books import HEARD, LAG_PERCENTILE
from simulator.load.forecast import Forecast
from simulator.load.histogram import SHOWN, Histogram
from simulator.load.scaling import FIXED
from simulator.load.trial import Outcome
from simulator.measures.table import MEASURES
from simulator.report import aligned

FINDINGS_SHOWN: Final = 20
DONE, PARTIAL, BROKEN, NOT_VALID = 0, 3, 4, 5
"""Exit codes: all is well; not everything was played; the server broke a promise; the generator could not keep up."""


@dataclass(frozen=True)
class Account:
    """All there is to tell of a load test."""

    prepared: Prepared
    outcome: Outcome
    forecast: Forecast | None
    url: str
    seed: int
    command: str

    @property
    def exit_code(self) -> int:
        """Return how the command ends; a broken promise is worse than a run cut short, and that than one in doubt."""
        if self.outcome.found:
            return BROKEN
        if self.outcome.partial:
            return PARTIAL
        return DONE if self.outcome.is_valid else NOT_VALID


def lines(account: Account) -> list[str]:
    """Return the whole as lines of text."""
    parts = [
        headline(account), latency_lines(account.outcome), region_lines(account),
        error_lines(account.outcome), forecast_lines(account), verdict_lines(account),
    ]  # fmt: skip
    return [line for part in parts if part for line in (*part, "")][:-1]


def headline(account: Account) -> list[str]:
    """Return what was played, and whether all of it."""
    outcome, books = account.outcome, account.outcome.books
    world = account.prepared.compiled.world.name
    skipped = ""
    if outcome.skipped_s:
        skipped = f"; {duration(outcome.skipped_s)} of it left out, as nobody was there"
    rate = books.answered / outcome.wall_s if outcome.wall_s > 0 else 0.0
    found = [
        f"{world} at {account.url}: {duration(outcome.world_s)} of the world in {outcome.wall_s:.0f} s "
        f"(speed {outcome.pace.speed:g}{skipped}), seed {account.seed}.",
        f"{books.sent:,} calls sent, {books.answered:,} answered ({rate:.0f}/s), {books.events:,} events heard.",
    ]
    return [f"PARTIAL: {outcome.partial}.", *found] if outcome.partial else found


def duration(seconds: float) -> str:
    """Return a stretch of the world's time in hours, or in seconds if it is short."""
    return f"{seconds / 3600:.2f} h" if seconds >= 600 else f"{seconds:.0f} s"


def milliseconds(value_us: float) -> str:
    """Write a latency."""
    ms = value_us / 1e3
    return f"{ms:,.0f}" if ms >= 1_000 else f"{ms:.1f}" if ms >= 10 else f"{ms:.2f}"


def _row(name: str, found: Histogram) -> tuple[str, ...]:
    values = map(milliseconds, [*found.several(SHOWN), found.most])
    return (name, f"{found.count:,}", *values)


def latency_lines(outcome: Outcome) -> list[str]:
    """Return the table of latencies, a row for each operation."""
    heads = ("", "count", *(f"p{each:g}" for each in SHOWN), "max")
    rows = [_row(name, each) for name, each in outcome.books.operations().items()]
    if not rows:
        return ["No call was answered."]
    whole = _row("all calls", outcome.books.whole())
    return [
        "Latency in ms, from the instant a call was due (not from when it could be sent):",
        *aligned([heads, *rows, whole]),
    ]


def region_lines(account: Account) -> list[str]:
    """Return the latencies that each region's clients feel, its network both ways included; none without regions."""
    names = account.prepared.compiled.names.regions
    felt = account.outcome.books.felt
    if not names or set(felt) <= {-1}:
        return []
    heads = ("", "count", *(f"p{each:g}" for each in SHOWN), "max")
    rows = [_row(names[n] if n >= 0 else "(none)", felt[n]) for n in sorted(felt)]
    return [
        "As each region feels it, with the world's network both ways, ms:",
        *aligned([heads, *rows]),
    ]


def error_lines(outcome: Outcome) -> list[str]:
    """Return what went wrong by operation, and which races were lost."""
    books = outcome.books
    found = []
    if books.errors:
        rows = [(name, what, f"{n:,}") for (name, what), n in sorted(books.errors.items())]
        found += [
            "Attempts that failed (each call was repeated until it was answered):",
            *aligned(rows),
        ]
    if books.away:
        spans = ", ".join(f"{a:.1f} to {b:.1f} s" for a, b in books.away[:5])
        often = "once" if len(books.away) == 1 else f"{len(books.away)} times"
        found.append(f"The server was away {often}: {spans}.")
    if books.races:
        count = sum(books.races.values())
        found.append(f"{count:,} answers came when the offer or ticket had just moved on (409).")
    return found or ["No attempt failed."]


def forecast_lines(account: Account) -> list[str]:
    """Return the comparison with the simulator."""
    forecast = account.forecast
    if forecast is None:
        return []
    rows: list[Sequence[str]] = [
        ("", "run", "same chance, simulated", "95 % of simulated days", "")
    ]
    for each in forecast.held:
        unit = MEASURES[each.measure].unit
        if math.isnan(each.found) and math.isnan(each.low):
            continue
        name = named(each.measure)
        cells = [_amount(value, unit) for value in (each.found, each.twin, each.low, each.high)]
        inside = "inside" if each.is_inside else "OUTSIDE"
        rows.append((name, cells[0], cells[1], f"{cells[2]} to {cells[3]}", inside))
    pairs = forecast.pairs
    low, middle, high = pairs.difference_s
    return [
        f"Against the simulator ({forecast.held[0].days} days):",
        *aligned(rows),
        f"Ticket by ticket ({pairs.tickets:,}): {_amount(pairs.same_agent, 'share')} had the same agent, "
        f"{_amount(pairs.same_end, 'share')} ended alike; waits differ by {middle:+.3g} s "
        f"(5 to 95 %: {low:+.3g} to {high:+.3g} s).",
    ]


def _amount(value: float, unit: str) -> str:
    if math.isnan(value):
        return "-"
    return single(value, unit)


def verdict_lines(account: Account) -> list[str]:
    """Return what the auditor says, and whether the generator kept up."""
    outcome = account.outcome
    found = []
    if outcome.found:
        found.append(f"The auditor found {outcome.found:,} broken promises:")
        found += [f"  event {each.seq}: {each.what}" for each in outcome.findings[:FINDINGS_SHOWN]]
        if outcome.found > FINDINGS_SHOWN:
            found.append(f"  ... and {outcome.found - FINDINGS_SHOWN:,} more")
    else:
        found.append(
            "The auditor found nothing: none lost, none assigned twice, capacity and time limits kept."
        )
    if outcome.left:
        found.append(f"The floor was not cleared, tickets may be open: {outcome.left}")
    found.append(lag_line(outcome))
    if outcome.pace.speed != outcome.pace.clock_speed:
        found.append(
            "Time limits were told to the server scaled with the speed; not scaled are "
            + "; ".join(FIXED)
            + "."
        )
    return found


def lag_line(outcome: Outcome) -> str:
    """Return how late the generator was."""
    lag = outcome.books.lag
    said = (
        f"The generator sent {LAG_PERCENTILE:g} % of its calls within {milliseconds(lag.at(LAG_PERCENTILE))} ms of "
        f"their time (at most {milliseconds(lag.most)} ms)"
    )
    if outcome.is_valid:
        return f"{said}: the figures are the server's."
    return (
        f"NOT VALID: {said}; {outcome.lag_limit_s * 1e3:.0f} ms may be. The machine of the load test is too slow for "
        "this load, and measures itself. Maybe a lower --speed or --scale, or another machine."
    )


def plain(account: Account) -> dict[str, Any]:
    """Return everything as values that JSON knows."""
    outcome, books, forecast = account.outcome, account.outcome.books, account.forecast
    compiled = account.prepared.compiled
    regions = [*compiled.names.regions, None]
    return {
        "world": compiled.world.name,
        "policy": account.prepared.policy.base,
        "url": account.url,
        "seed": account.seed,
        "speed": outcome.pace.speed,
        "clock_speed": outcome.pace.clock_speed,
        "wall_s": outcome.wall_s,
        "world_s": outcome.world_s,
        "skipped_s": outcome.skipped_s,
        "partial": outcome.partial,
        "canceled": outcome.canceled,
        "left": outcome.left,
        "valid": outcome.is_valid,
        "lag": {**books.lag.plain(), "limit_ms": _finite(outcome.lag_limit_s * 1e3)},
        "calls": {"sent": books.sent, "answered": books.answered, "events": books.events},
        "latencies": [
            {"operation": operation, "region": regions[region], **each.plain()}
            for (operation, region), each in sorted(books.latencies.items())
        ],
        "felt": [
            {"region": regions[region], **each.plain()} for region, each in sorted(books.felt.items())
        ],
        "errors": [
            {"operation": name, "what": what, "count": n} for (name, what), n in sorted(books.errors.items())
        ],
        "races": [
            {"operation": name, "what": what, "count": n} for (name, what), n in sorted(books.races.items())
        ],
        "away_s": books.away,
        "seconds": [each._asdict() for each in books.seconds()],
        "findings": {
            "count": outcome.found,
            "first": [{"seq": each.seq, "what": each.what} for each in outcome.findings],
        },
        "forecast": None if forecast is None else forecast_values(forecast),
        "exit_code": account.exit_code,
    }  # fmt: skip


def forecast_values(forecast: Forecast) -> dict[str, Any]:
    """Return the comparison as plain values; what cannot be measured is null."""
    measures = {
        each.measure: {
            **{
                name: _finite(value)
                for name, value in each._asdict().items()
                if name not in ("measure", "days")
            },
            "inside": each.is_inside,
        }
        for each in forecast.held
    }
    pairs = {
        name: [_finite(each) for each in value] if isinstance(value, tuple) else _finite(value)
        for name, value in forecast.pairs._asdict().items()
    }
    return {"days": forecast.held[0].days, "measures": measures, "pairs": pairs}


def _finite(value: float) -> float | None:
    return value if math.isfinite(value) else None


__all__ = ["HEARD", "Account", "lines", "plain"]
