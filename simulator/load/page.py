"""The report of a load test: one page that needs nothing else."""

import math
from collections.abc import Sequence
from html import escape
from typing import Final

import numpy as np

from simulator.accounts_text import named
from simulator.charts.forest import Change, forest
from simulator.charts.hours import Line, Panel, over_hours
from simulator.charts.parts import details, section, table, whole
from simulator.charts.percentiles import Tail, percentile_plot
from simulator.charts.svg import COLOURS, rounded, tag
from simulator.load.books import HEARD, Second
from simulator.load.forecast import Forecast
from simulator.load.histogram import SHOWN, Histogram
from simulator.load.scaling import FIXED
from simulator.load.text import Account, lag_line, milliseconds
from simulator.measures.table import MEASURES
from simulator.telling import hour_names

POINTS_MAX: Final = 120
"""So many stretches of real time are drawn at most."""
FINDINGS_SHOWN: Final = 200
DRAWN_AT: Final = (0.0, 25.0, 50.0, 75.0, 90.0, 95.0, 99.0, 99.5, 99.9, 99.95, 99.99, 99.999)
NAN: Final = float("nan")


def page(account: Account) -> str:
    """Return the whole page as HTML."""
    world = account.prepared.compiled.world
    outcome = account.outcome
    partial = f"Partial: {outcome.partial}." if outcome.partial else ""
    late = "" if outcome.is_valid else lag_line(outcome)
    parts = [
        tag("h1", escape(f"{world.name}: load test")),
        tag("p", escape(" ".join(world.about.split())), class_="lead") if world.about else "",
        _facts(account),
        *(tag("p", escape(each), class_="partial") for each in (partial, late) if each),
        _tiles(account),
        _promises(account),
        _latencies(account),
        _through_time(account),
        *([] if account.forecast is None else _simulated(account, account.forecast)),
        _errors(account),
        _how(account),
    ]
    return whole(f"{world.name}: load test · Cordboard", parts)


def _facts(account: Account) -> str:
    outcome = account.outcome
    rows = [
        ("server", account.url),
        ("policy", account.prepared.policy.base),
        ("speed", f"{outcome.pace.speed:g}"),
        ("world", rounded(outcome.world_s, "s")),
        *([("left out", rounded(outcome.skipped_s, "s"))] if outcome.skipped_s else []),
        ("real", rounded(outcome.wall_s, "s")),
        ("agents", str(len(account.prepared.compiled.members))),
        ("seed", str(account.seed)),
    ]
    said = "".join(tag("span", f"{escape(name)} <b>{escape(value)}</b>") for name, value in rows)
    return tag("div", said, class_="facts")


def _tiles(account: Account) -> str:
    outcome, books = account.outcome, account.outcome.books
    every = books.whole()
    rate = books.answered / outcome.wall_s if outcome.wall_s else 0.0
    tiles = [
        ("calls answered", f"{books.answered:,}", f"{rate:,.0f} in a second"),
        (
            "median latency",
            f"{milliseconds(every.at(50))} ms",
            f"p99 {milliseconds(every.at(99))} ms",
        ),
        (
            "p99.9 latency",
            f"{milliseconds(every.at(99.9))} ms",
            f"at most {milliseconds(every.most)} ms",
        ),
        (
            "failed attempts",
            f"{sum(books.errors.values()):,}",
            f"{sum(books.races.values()):,} lost races",
        ),
        ("promises broken", f"{outcome.found:,}", f"{books.events:,} events heard"),
        ("generator late", f"{milliseconds(books.lag.at(99))} ms", "p99 of its own lag"),
    ]
    return tag(
        "div",
        *(
            tag(
                "div",
                tag("div", escape(name), class_="of"),
                tag("div", escape(value), class_="value"),
                tag("div", escape(more), class_="half"),
            )
            for name, value, more in tiles
        ),
        class_="tiles",
    )


def _promises(account: Account) -> str:
    outcome = account.outcome
    if not outcome.found:
        words = (
            "An auditor that shares no code with the router followed every answer and every event: no ticket was lost"
            " or assigned twice, nobody was given more than there was room for, events came in order and without a"
            " hole, and no offer was accepted or ended after its time."
        )
        return section("Promises kept", words)
    rows = [(str(each.seq), escape(each.what)) for each in outcome.findings[:FINDINGS_SHOWN]]
    words = f"The auditor found {outcome.found:,} things that should not have happened."
    return section(
        "Promises broken",
        words,
        tag("div", table(("event", "what"), rows, words=(1,)), class_="scroll"),
    )


def _latencies(account: Account) -> str:
    books = account.outcome.books
    operations = books.operations()
    most = sorted(operations.items(), key=lambda each: -each[1].count)[:COLOURS]
    tails = [tail_of(name, each) for name, each in most]
    rows = [_row(name, each) for name, each in operations.items()]
    rows.append(_row("all calls", books.whole()))
    heads = ("ms", "count", *(f"p{each:g}" for each in SHOWN), "max")
    names = account.prepared.compiled.names.regions
    regions = ""
    if names and set(books.felt) - {-1}:
        felt = [_row(names[n] if n >= 0 else "(none)", books.felt[n]) for n in sorted(books.felt)]
        regions = tag(
            "div", table(("region, network both ways", *heads[1:]), felt), class_="scroll"
        )
    words = (
        "From the instant at which the world says that a call reaches the router, not from the one at which a slow"
        f" server let it be sent. “{HEARD}” ends when the agent's desk hears of the offer."
    )
    return section(
        "Latency", words, percentile_plot(tails, "Latency by percentile"),
        tag("div", table(heads, rows), class_="scroll"), regions,
    )  # fmt: skip


def tail_of(name: str, found: Histogram) -> Tail:
    """Return what is drawn of a histogram: no further out than its count can tell."""
    kept = [p for p in DRAWN_AT if found.count * (1 - p / 100) >= 1 or p == 0]
    return Tail(name, kept, [max(value, 1) / 1e3 for value in found.several(kept)])


def _row(name: str, found: Histogram) -> tuple[str, ...]:
    values = map(milliseconds, [*found.several(SHOWN), found.most])
    return (escape(name), f"{found.count:,}", *values)


def _through_time(account: Account) -> str:
    seconds = account.outcome.books.seconds()
    if not seconds:
        return ""
    size = -(-len(seconds) // POINTS_MAX)
    groups = [seconds[n : n + size] for n in range(0, len(seconds), size)]
    names = [f"{n * size} s" for n in range(len(groups))]
    sent = [sum(each.sent for each in group) / len(group) for group in groups]
    failed = [sum(each.errors for each in group) / len(group) for group in groups]
    medians = _line("median", [_most(group, "p50_us") for group in groups], 0)
    tails = _line("p99", [_most(group, "p99_us") for group in groups], 1)
    panels = [
        Panel("Calls sent in a second", "number", [_line("", sent, 0)], is_bars=True),
        Panel("Latency", "s", [medians, tails]),
    ]
    if any(failed):
        panels.append(
            Panel("Failed attempts in a second", "number", [_line("", failed, 5)], is_bars=True)
        )
    words = "Real time since the first instant of the world. Calls go out when they are due, whatever the server does."
    return section(
        "Through the run", words, over_hours(names, panels, "Calls, latency and failures by second")
    )


def _most(group: Sequence[Second], name: str) -> float:
    found = [getattr(each, name) / 1e6 for each in group if each.answered]
    return max(found) if found else NAN


def _line(
    name: str, values: Sequence[float], colour: int, ends: Sequence[Sequence[float]] = ()
) -> Line:
    lows, highs = ends or (values, values)
    return Line(name, values, lows, highs, colour)


def _simulated(account: Account, forecast: Forecast) -> list[str]:
    rows, changes = [], []
    for each in forecast.held:
        if math.isnan(each.found) and math.isnan(each.low):
            continue
        unit = MEASURES[each.measure].unit
        name = named(each.measure)
        said = "inside" if each.is_inside else "outside"
        shade = "unclear" if each.is_inside else "worse"
        cells = [
            rounded(v, unit) for v in (each.found, each.twin, each.low, each.middle, each.high)
        ]
        rows.append((escape(name), *map(escape, cells), tag("span", said, class_=shade)))
        if each.middle and not math.isnan(each.found + each.middle):
            moved = [
                (v - each.middle) / abs(each.middle) for v in (each.found, each.low, each.high)
            ]
            run = f"{rounded(each.found, unit)}, {said}"
            changes.append(Change(name, moved[0], moved[1], moved[2], shade, run))
    pairs = forecast.pairs
    words = (
        f"The same world, simulated {forecast.held[0].days} times with other chance. The bar is where 95 % of those"
        " days lie, relative to their median; the dot is this run. Ticket by ticket against the simulated day with the"
        f" same chance: {rounded(pairs.same_agent, 'share')} had the same agent, {rounded(pairs.same_end, 'share')}"
        f" ended alike, and waits differ by {rounded(pairs.difference_s[1], 's')} in the median."
    )
    heads = ("", "run", "same chance", "2.5 %", "median", "97.5 %", "")
    drawn = forest(changes, "The run within the simulated days")
    first = section(
        "Against the simulator", words, drawn, details("numbers", table(heads, rows, words=(6,)))
    )
    return [first, _by_hour(account, forecast)]


def _by_hour(account: Account, forecast: Forecast) -> str:
    counts = forecast.hours["tickets"]
    seen = np.flatnonzero((np.nan_to_num(counts) > 0).any(axis=0))
    if len(seen) < 2:
        return ""
    worked = list(range(int(seen[0]), int(seen[-1]) + 1))
    hours = hour_names(account.prepared.compiled)
    names = [hours[n] for n in worked]
    titles = {
        "service_level_offered": "Service level: answered within the target",
        "asa_s": "Wait of the answered, mean",
        "queue_length": "Tickets waiting",
        "tickets": "Arrivals",
    }
    panels = []
    for measure, title in titles.items():
        run, low, middle, high = forecast.hours[measure][:, worked].tolist()
        simulated = _line("simulated", middle, 5, (low, high))._replace(is_dashed=True)
        panels.append(Panel(title, MEASURES[measure].unit, [_line("run", run, 0), simulated]))
    words = "By slot of the world. Shaded: where 95 % of simulated days lie, slot by slot."
    return section(
        "Through the day", words, over_hours(names, panels, "The run and simulated days by slot")
    )


def _errors(account: Account) -> str:
    books = account.outcome.books
    rows = [(escape(n), escape(what), f"{k:,}") for (n, what), k in sorted(books.errors.items())]
    lost = [
        (escape(n), f"{escape(what)} (race)", f"{k:,}")
        for (n, what), k in sorted(books.races.items())
    ]
    if not rows and not lost:
        return section("Errors", "No attempt failed and no race was lost.")
    away = "".join(
        tag("p", escape(f"The server was away from {a:.1f} to {b:.1f} s.")) for a, b in books.away
    )
    words = (
        "Each call was repeated until it was answered. A race is an answer that came when the offer or ticket had just"
        " moved on, as happens to people too."
    )
    return section(
        "Errors",
        words,
        away,
        tag("div", table(("call", "what", "count"), rows + lost, (1,)), class_="scroll"),
    )


def _how(account: Account) -> str:
    world, pace = account.prepared.compiled.world, account.outcome.pace
    words = (
        "Customers and agents are those of the simulator's kernel with the same chance: arrivals, work, patience,"
        " answers and networks are drawn from the same streams. Agents hear of offers on WebSockets and answer there;"
        " customers speak HTTP. " + lag_line(account.outcome)
    )
    notes = [*world.assumptions, *world.sources]
    if pace.speed != pace.clock_speed:
        notes.append(
            f"Time limits were told to the server scaled with the speed. Not scaled: {'; '.join(FIXED)}."
        )
    listed = tag("ul", *(tag("li", escape(note)) for note in notes)) if notes else ""
    return section(
        "How this was made", words, tag("pre", tag("code", escape(account.command))), listed
    )
