"""The report: one page that needs nothing else, from what replications of policies came to."""

from collections.abc import Mapping, Sequence
from html import escape
from typing import Final, NamedTuple

import numpy as np

from simulator.charts.forest import Change, forest
from simulator.charts.heat import Rows, heat_map
from simulator.charts.hours import WIDTH, Line, Panel, over_hours
from simulator.charts.parts import details, section, table, whole
from simulator.charts.ribbons import Flows, ribbons
from simulator.charts.svg import tag, with_error
from simulator.measures.compare import LABELS, Comparison, compared, summed_up
from simulator.measures.cuts import WHOLE
from simulator.measures.day import Floats
from simulator.measures.summary import Key, Series
from simulator.measures.table import MEASURES
from simulator.stats.intervals import Interval

TILES: Final = (
    "service_level_offered", "asa_s", "wait_p90_s", "abandonment", "occupancy", "aht_s", "tickets",
)  # fmt: skip
BY_HOUR: Final = ("tickets", "service_level_offered", "asa_s", "wait_p90_s", "queue_length")
BREAKDOWN: Final = (
    "tickets", "service_level_offered", "asa_s", "wait_p90_s", "abandonment", "transfers",
)  # fmt: skip
SPELLS: Final = ("queue_taken", "queue_service_level", "queue_wait_s", "queue_lost", "queue_length")
"""Of every wait in a queue, after transfers too."""
BREAKDOWN_CUTS: Final = ("queue", "language", "region", "channel", "type")
WANTED: Final[tuple[Key, ...]] = (
    *((name, WHOLE) for name in MEASURES if name != "queue_peak"),
    *((name, "hour") for name in (*BY_HOUR, "occupancy")),
    *((name, cut) for name in BREAKDOWN for cut in BREAKDOWN_CUTS),
    *((name, "queue") for name in SPELLS),
    ("occupancy", "agent_hour"),
    ("occupancy", "agent"),
    ("answered", "type_agent"),
)
"""What the page needs of every replication; see `simulator.measures.cuts.measured`."""
HEADS: Final[Mapping[str, str]] = {
    **LABELS, "tickets": "tickets a day", "aht_s": "handle time", "queue_taken": "taken a day",
    "queue_service_level": "service level", "queue_wait_s": "mean wait", "queue_lost": "lost",
    "queue_length": "waiting",
}  # fmt: skip
ROWS_MAX: Final = 40


class Account(NamedTuple):
    """A policy and what it came to."""

    policy: str
    series: Mapping[Key, Series]


class Story(NamedTuple):
    """All that a page tells."""

    world: str
    about: str
    facts: Sequence[tuple[str, str]]
    """Small things by name: days, replications, seed ..."""
    command: str
    """What repeats it."""
    accounts: Sequence[Account]
    """The first is what the others are compared with."""
    keys: Mapping[str, Sequence[str]]
    """What keys are called: of each cut of `BREAKDOWN_CUTS`, of `hour` and of `agent`."""
    teams: Sequence[str]
    """Of each agent."""
    days: float
    """Days that one replication plays."""
    notes: Sequence[str] = ()
    """Assumptions and sources."""
    partial: str = ""
    """Why it is not all that was asked for; empty when it is."""


def page(story: Story) -> str:
    """Return the whole page as HTML."""
    base = story.accounts[0]
    parts = [
        tag("h1", escape(story.world)),
        tag("p", escape(story.about), class_="lead") if story.about else "",
        _facts(story),
        tag("p", escape(f"Partial: {story.partial}"), class_="partial") if story.partial else "",
        _tiles(base, story.days),
        *(_differences(other, base) for other in story.accounts[1:]),
        _by_hour(story),
        _occupancy(story),
        *(_served(account, story) for account in story.accounts[:2]),
        _breakdown(base, story),
        _how(story),
    ]
    return whole(f"{story.world} · Cordboard", parts)


def _facts(story: Story) -> str:
    rows = [("policy", story.accounts[0].policy), *story.facts]
    said = "".join(tag("span", f"{escape(name)} <b>{escape(value)}</b>") for name, value in rows)
    return tag("div", said, class_="facts")


def _tiles(account: Account, days: float) -> str:
    tiles = []
    for name in TILES:
        found = account.series[name, WHOLE].interval() if (name, WHOLE) in account.series else None
        if found is None or (name == "abandonment" and not found.value):
            continue
        scale = 1.0 / days if name == "tickets" else 1.0
        unit = MEASURES[name].unit
        value, half = with_error(found.value * scale, found.half_width * scale, unit)
        half += {"share": " points"}.get(unit, "")
        inside = [
            tag("div", escape(HEADS.get(name, name)), class_="of"),
            tag("div", escape(value), class_="value"),
            tag("div", escape(f"± {half}"), class_="half"),
        ]
        tiles.append(tag("div", *inside, title=MEASURES[name].about))
    return tag("div", *tiles, class_="tiles")


def _differences(other: Account, base: Account) -> str:
    rows = compared(other.series, base.series)
    if not rows:
        return ""
    changes = [
        Change(
            row.label,
            row.gained.value / scale,
            row.gained.low / scale,
            row.gained.high / scale,
            row.verdict,
            row.words,
        )
        for row in rows
        for scale in (abs(row.theirs.value) or abs(row.ours.value),)
    ]
    words = (
        f"{summed_up(other.policy, base.policy, rows)} Both met the same customers on the same days,"
        " so their chance cancels; all intervals hold together with 95 %."
    )
    label = f"What {other.policy} changes against {base.policy}, relative, with intervals"
    return section(
        f"{other.policy} against {base.policy}", words, forest(changes, label),
        _comparison_table(rows, other.policy, base.policy),
    )  # fmt: skip


def _comparison_table(rows: Sequence[Comparison], ours: str, theirs: str) -> str:
    lines = [
        (
            row.label,
            _with_half(row.theirs, MEASURES[row.measure].unit),
            _with_half(row.ours, MEASURES[row.measure].unit),
            tag("span", escape(row.words), class_=row.verdict),
        )
        for row in rows
    ]
    return details("numbers", table(("", theirs, ours, "verdict"), lines, words=(3,)))


def _with_half(found: Interval | None, unit: str, scale: float = 1.0) -> str:
    if found is None:
        return "–"
    value, half = with_error(found.value * scale, found.half_width * scale, unit)
    return f"{escape(value)} " + tag("span", f"± {escape(half)}", class_="half")


def _line(account: Account, measure: str, place: int, drawn: tuple[str, list[int]]) -> Line:
    every = account.series[measure, "hour"].intervals()
    found = [every[n] for n in drawn[1]]
    nan = float("nan")
    return Line(
        name=drawn[0],
        values=[each.value if each else nan for each in found],
        lows=[each.low if each else nan for each in found],
        highs=[each.high if each else nan for each in found],
        colour=place,
    )


def _by_hour(story: Story) -> str:
    accounts, worked = story.accounts, _worked(story)
    alone = len(accounts) == 1

    def lines(measure: str, name: str = "") -> list[Line]:
        return [
            _line(each, measure, n, (name if alone else each.policy, worked))
            for n, each in enumerate(accounts)
        ]

    waits, title = lines("asa_s", "mean"), "Wait of the answered, mean"
    if alone:
        waits.append(lines("wait_p90_s", "9 of 10 below")[0]._replace(is_dashed=True))
        title = "Wait of the answered"
    panels = [
        Panel("Service level: answered within the target", "share", lines("service_level_offered")),
        Panel(title, "s", waits),
        Panel("Tickets waiting", "number", lines("queue_length")),
        Panel("Arrivals in an hour", "number", lines("tickets")[:1], is_bars=True),
    ]
    hours = [story.keys["hour"][n] for n in worked]
    drawn = over_hours(hours, panels, "Service level, waits, queue and arrivals by hour")
    words = "Shaded: where the expectation lies with 95 %, hour by hour. Rest on a point for its numbers."
    return section("Through the day", words, drawn, _hour_table(story))


def _hour_table(story: Story) -> str:
    base, worked = story.accounts[0].series, set(_worked(story))
    names = [name for name in BY_HOUR if (name, "hour") in base]
    found = {name: base[name, "hour"].intervals() for name in names}
    rows = [
        (hour, *(_with_half(found[name][n], MEASURES[name].unit) for name in names))
        for n, hour in enumerate(story.keys["hour"])
        if n in worked
    ]
    heads = ("hour", *(HEADS.get(name, name.replace("_", " ")) for name in names))
    return details(f"numbers of {story.accounts[0].policy}", table(heads, rows))


def _occupancy(story: Story) -> str:
    shown = story.accounts[:2]
    hours = [story.keys["hour"][n] for n in _worked(story)]
    maps = []
    for account in shown:
        shares = account.series["occupancy", "agent_hour"].totals
        values: Floats = np.asarray(shares, np.float64).reshape(-1, len(story.keys["hour"]))
        rows = Rows(story.keys["agent"], story.teams, values[:, _worked(story)])
        label = f"Occupancy of agents by hour under {account.policy}"
        drawn = heat_map(rows, hours, label, WIDTH / len(shown))
        name = tag("div", escape(account.policy), class_="of") if len(shown) > 1 else ""
        maps.append(tag("div", name, drawn))
    words = (
        "Share of each agent's time on duty with work at hand, mean over the days; busiest first."
    )
    return section("Who is busy when", words, tag("div", *maps, class_="beside"))


def _worked(story: Story) -> list[int]:
    """Return the hours in which anybody came or was on duty, without the idle ends."""
    seen = np.zeros(len(story.keys["hour"]))
    for account in story.accounts:
        seen += account.series["tickets", "hour"].above.sum(axis=0)
        seen += account.series["occupancy", "hour"].below.sum(axis=0)
    found = np.flatnonzero(seen)
    return list(range(int(found[0]), int(found[-1]) + 1)) if len(found) else [0]


def _served(account: Account, story: Story) -> str:
    series = account.series["answered", "type_agent"]
    each = series.above.mean(axis=0).reshape(len(story.keys["type"]), -1) / story.days
    teams = sorted(set(story.teams))
    counts = np.zeros((each.shape[0], len(teams)))
    for place, team in enumerate(story.teams):
        counts[:, teams.index(team)] += each[:, place]
    drawn = ribbons(
        Flows(story.keys["type"], teams, counts), f"Who served what under {account.policy}"
    )
    if not drawn:
        return ""
    return section(
        f"Who served what, {account.policy}",
        "Tickets a day, by the team that answered last.",
        drawn,
    )


def _breakdown(account: Account, story: Story) -> str:
    tables = []
    shown = [name for name in BREAKDOWN if account.series[name, WHOLE].above.any()]
    for cut in BREAKDOWN_CUTS:
        names = story.keys[cut]
        if len(names) < 2 or ("tickets", cut) not in account.series:
            continue
        found = {name: account.series[name, cut].intervals() for name in shown}
        counts = account.series["tickets", cut].above.sum(axis=0)
        order = [int(n) for n in np.argsort(-counts, kind="stable") if counts[n] > 0][:ROWS_MAX]
        rows = [
            (
                escape(names[n] or "none"),
                *(
                    _with_half(
                        found[name][n],
                        MEASURES[name].unit,
                        1 / story.days if name == "tickets" else 1,
                    )
                    for name in shown
                ),
            )
            for n in order
        ]
        heads = (cut, *(HEADS.get(name, name) for name in shown))
        tables.append(tag("div", table(heads, rows), class_="scroll"))
    spells = _spells(account, story)
    if spells:
        tables.append(spells)
    if not tables:
        return ""
    words = f"Under {account.policy}, with 95 % intervals; the largest first."
    return section("By queue, language, region and channel", words, *tables)


def _spells(account: Account, story: Story) -> str:
    """Return the table of every wait by queue, where tickets are transferred: their later waits are in no other."""
    series = account.series
    if not series["transfers", WHOLE].above.any() or ("queue_taken", "queue") not in series:
        return ""
    found = {name: series[name, "queue"].intervals() for name in SPELLS}
    scales = {"queue_taken": 1.0 / story.days}
    rows = [
        (
            escape(queue),
            *(
                _with_half(found[name][n], MEASURES[name].unit, scales.get(name, 1.0))
                for name in SPELLS
            ),
        )
        for n, queue in enumerate(story.keys["queue"])
    ]
    heads = ("every wait, after transfers too", *(HEADS[name] for name in SPELLS))
    return tag("div", table(heads, rows), class_="scroll")


def _how(story: Story) -> str:
    notes = tag("ul", *(tag("li", escape(note)) for note in story.notes)) if story.notes else ""
    words = (
        "Every replication plays the same world with other chance, on the production core. A ± is a"
        " 95 % interval of the expectation over replications (Student; ratios by the delta method),"
        " not the range of single days."
    )
    named = [
        (tag("code", escape(name)), escape(MEASURES[name].about))
        for name in dict.fromkeys((*TILES, *BY_HOUR, *BREAKDOWN, "match_quality", "fairness_jain"))
    ]
    return section(
        "How this was made", words, tag("pre", tag("code", escape(story.command))), notes,
        details("what the measures mean", table(("measure", "meaning"), named, words=(1,))),
    )  # fmt: skip
