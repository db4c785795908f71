"""The page that holds a fitted world against its log."""

import math
from html import escape

import numpy as np

from simulator.charts.hours import Line, Panel, over_hours
from simulator.charts.style import STYLE, series_rules
from simulator.charts.svg import tag
from simulator.fitting.fit import Fitted, Floats
from simulator.worlds.schema import Law, Ticket

HOURS = [f"{hour:02}:00" for hour in range(24)]
SHARES = (0.1, 0.25, 0.5, 0.75, 0.9, 0.95, 0.99)
WAITS_S = (5, 10, 20, 30, 60, 120, 300, 600)


def page(fitted: Fitted, played: Floats) -> str:
    """
    Return the page as HTML.

    Parameters
    ----------
    fitted
        The world and its data.
    played
        Arrivals per hour as the world plays them, float64 (kinds, 24).
    """
    world = fitted.world
    parts = [
        tag("h1", escape(f"{world.name}: fit against data")),
        tag("p", escape(world.about), class_="lead"),
    ]
    parts += [_type(fitted, n, kind, played) for n, kind in enumerate(fitted.rates)]
    parts.append(
        tag("section", tag("h2", "Assumed"), *(tag("p", escape(note)) for note in fitted.notes))
    )
    head = f'<meta charset="utf-8"><title>{escape(world.name)}</title><style>{STYLE}{series_rules()}</style>'
    return f'<!doctype html>\n<html lang="en"><head>{head}</head><body><main>{"".join(parts)}</main></body></html>\n'


def _type(fitted: Fitted, place: int, kind: str, played: Floats) -> str:
    ticket = list(fitted.world.tickets.values())[place]
    seen, again = fitted.rates[kind].tolist(), played[place].tolist()
    lines = [
        Line("log", seen, seen, seen, 0),
        Line("world", again, again, again, 1, is_dashed=True),
    ]
    plot = over_hours(HOURS, [Panel("arrivals per hour", "number", lines)], f"arrivals of {kind}")
    said = f"Work: {fitted.laws[kind]}."
    inside = [
        tag("h2", escape(kind)),
        plot,
        tag("p", escape(said)),
        _works(fitted.works[kind], ticket.work),
    ]
    if ticket.patience is not None:
        inside.append(_patience(fitted.survival[kind], ticket))
    return tag("section", *inside)


def _table(rows: list[tuple[str, ...]]) -> str:
    head = "".join(tag("th", escape(cell)) for cell in rows[0])
    body = [tag("tr", *(tag("td", escape(cell)) for cell in row)) for row in rows[1:]]
    return tag("table", tag("tr", head), *body)


def quantile_s(law: Law, share: float) -> float:
    """Return a quantile of a fitted law of work in seconds."""
    from simulator.kernel.quantiles import normal  # noqa: PLC0415  (compiled; only the page asks)

    if law.kind == "lognormal":
        return (law.median_s or 0.0) * math.exp((law.log_sd or 0.0) * normal(share))
    if law.kind == "empirical":
        return float(np.interp(share, np.linspace(0, 1, len(law.values_s)), law.values_s))
    return law.value_s or 0.0


def _works(work_s: Floats, law: Law) -> str:
    if not len(work_s):
        return ""
    rows: list[tuple[str, ...]] = [("work", "log", "world")]
    seen = [(share, float(np.quantile(work_s, share)), quantile_s(law, share)) for share in SHARES]
    rows += [
        (f"{share:.0%} below", f"{log:,.1f} s", f"{world:,.1f} s") for share, log, world in seen
    ]
    return _table(rows)


def survival_share(law: Law, wait_s: float) -> float:
    """Return the share that a fitted hazard lets wait longer than so many seconds."""
    ends = [*law.from_s[1:], math.inf]
    total = sum(
        rate / 60 * (min(wait_s, end) - low)
        for low, end, rate in zip(law.from_s, ends, law.per_minute, strict=True)
        if wait_s > low
    )
    return math.exp(-total)


def _patience(survival: tuple[Floats, Floats], ticket: Ticket) -> str:
    times, shares = survival
    rows: list[tuple[str, ...]] = [("patience", "log (Kaplan-Meier)", "world")]
    for wait_s in WAITS_S:
        place = int(np.searchsorted(times, wait_s, side="right")) - 1
        seen = float(shares[place]) if place >= 0 else 1.0
        assert ticket.patience is not None, "asked for by the caller"
        rows.append(
            (
                f"more than {wait_s} s",
                f"{seen:.1%}",
                f"{survival_share(ticket.patience, wait_s):.1%}",
            )
        )
    return _table(rows)
