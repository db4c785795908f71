"""What replications came to, as lines for people."""

import math
from collections.abc import Sequence
from typing import Final, NamedTuple

from simulator.charts.svg import with_error
from simulator.many import Played
from simulator.measures.compare import LABELS, compared, summed_up
from simulator.measures.cuts import WHOLE
from simulator.measures.summary import Key, Series, stacked
from simulator.measures.table import COUNT, MEASURES
from simulator.report import aligned
from simulator.worlds.compiling import Compiled
from simulator.worlds.pricing import PRICED
from simulator.worlds.schema import World

SHOWN: Final = (
    "tickets", "answered", "abandoned", "unanswered", "blocked", "service_level_offered", "service_level_all", "asa_s",
    "wait_p50_s", "wait_p90_s", "wait_p99_s", "abandonment", "aht_s", "occupancy", "occupancy_units",
    "match_quality", "fairness_jain", "sla_breached", "transfers", "redialled", "reopened", "offers_declined",
    "queue_length",
)  # fmt: skip
NAMED: Final = {
    **LABELS, "aht_s": "handle time", "queue_taken": "taken", "queue_service_level": "service level",
    "queue_wait_s": "mean wait", "queue_lost": "lost",
}  # fmt: skip
SPELLS: Final = ("queue_taken", "queue_service_level", "queue_wait_s", "queue_lost")
QUEUE_COLUMNS: Final = ("tickets", "service_level_offered", "asa_s", "wait_p90_s", "abandonment")


def own_policy(world: World) -> str:
    """Return what a world's own policy is called, with prices or without."""
    return world.policy.base + (PRICED if world.prices is not None else "")


class Told(NamedTuple):
    """All that was played of a world."""

    compiled: Compiled
    seed: int
    played: Sequence[Played]
    partial: str
    """Why it is not all that was asked for; empty when it is."""
    wall_s: float
    order: Sequence[str] = ()
    """The policies as they were asked for; the first is what others are compared with."""

    def policies(self) -> list[str]:
        """Return the policies played, as asked for, whichever was done first."""
        own = own_policy(self.compiled.world)
        known = dict.fromkeys(each.task.policy or own for each in self.played)
        return sorted(known, key=self.order.index) if self.order else list(known)

    def of(self, policy: str) -> list[Played]:
        """Return the replications of a policy that all policies have, by their numbers."""
        own = own_policy(self.compiled.world)
        counts: dict[int, int] = {}
        for each in self.played:
            counts[each.task.replication] = counts.get(each.task.replication, 0) + 1
        full = len(self.policies())
        mine = [
            each
            for each in self.played
            if (each.task.policy or own) == policy and counts[each.task.replication] == full
        ]
        return sorted(mine, key=lambda each: each.task.replication)

    def series(self, policy: str) -> dict[Key, Series]:
        """Return the measures of a policy over its replications."""
        return stacked([each.parts for each in self.of(policy)])


def single(value: float, unit: str) -> str:
    """Write a value that has no interval, as the others stand in the table."""
    if unit == COUNT:
        return f"{value:,.0f}"
    return with_error(value, 0.0, unit)[0]


def cell(series: Series | None, unit: str, key: int = 0) -> str:
    """Write a measure with its interval."""
    if series is None:
        return "-"
    found = series.interval(key)
    if found is None:
        total = float(series.totals[key])
        return "-" if math.isnan(total) else single(total, unit)  # nothing was there
    value, half = with_error(found.value, found.half_width, unit)
    number, _, tail = value.partition(" ")
    return f"{number} ± {half} {tail}".rstrip()


def named(measure: str) -> str:
    """Return what the table calls a measure."""
    return NAMED.get(measure, measure.removesuffix("_s").replace("_", " "))


def table_lines(told: Told) -> list[str]:
    """Return the table of measures: a row for each, a column for each policy; then one for each queue."""
    world, names = told.compiled.world, told.policies()
    accounts = {name: told.series(name) for name in names}
    first = told.of(names[0])
    sure = "intervals are for 95 %." if len(first) > 1 else "one alone has no intervals."
    lines = [
        f"{world.name}: {counted(len(first), 'replication')} of {counted(days_of(told.compiled), 'day')}, "
        f"seed {told.seed}; {sure}",
    ]
    if not accounts[names[0]]["tickets", WHOLE].above.any():
        lines.append("Nobody came: no ticket arrived in this time.")
    if told.partial:
        lines.append(f"PARTIAL: {told.partial}.")
    rows = [("", *names)]
    for name in SHOWN:
        cells = [cell(accounts[p].get((name, WHOLE)), MEASURES[name].unit) for p in names]
        if any(
            (name, WHOLE) in each and each[name, WHOLE].above.any() for each in accounts.values()
        ):
            rows.append((named(name), *cells))
    events = sum(each.facts.model_events for each in told.played)
    lines += ["", *aligned(rows), "", *queue_lines(told, accounts[names[0]]), ""]
    lines.append(
        f"{events:,} model events in {told.wall_s:.1f} s; digest {digest_of(told.played)}."
    )
    return lines


def counted(number: float, what: str) -> str:
    """Write how many there are of something."""
    return f"{number:g} {what}{'' if number == 1 else 's'}"


def days_of(compiled: Compiled) -> float:
    """Return how long customers arrive in one replication."""
    return (compiled.span.closes_us - compiled.span.opens_us) / 86_400e6


def digest_of(played: Sequence[Played]) -> str:
    """Return one digest of all replications, the same in whatever order they were played."""
    folded = 0
    for each in played:
        folded = (folded + int(each.facts.digest, 16)) & 0xFFFFFFFFFFFFFFFF
    return f"{folded:016x}"


def queue_lines(told: Told, series: dict[Key, Series]) -> list[str]:
    """Return a head and a line for each queue under the first policy; with transfers, of every wait too."""
    lines = _by_queue(told, series, "queue", QUEUE_COLUMNS)
    transfers = series.get(("transfers", WHOLE))
    if transfers is not None and transfers.above.any():
        lines += ["", *_by_queue(told, series, "every wait, after transfers too", SPELLS)]
    return lines


def _by_queue(told: Told, series: dict[Key, Series], title: str, names: Sequence[str]) -> list[str]:
    rows: list[tuple[str, ...]] = [(title, *(NAMED.get(name, name) for name in names))]
    for q, queue in enumerate(told.compiled.names.queues):
        count = series.get((names[0], "queue"))
        if count is None or count.above[:, q].any():
            cells = [cell(series.get((name, "queue")), MEASURES[name].unit, q) for name in names]
            rows.append((queue, *cells))
    return aligned(rows)


def comparison_lines(told: Told) -> list[str]:
    """Return what each further policy changes against the first, on the same days."""
    names = told.policies()
    if len(names) < 2 or len(told.of(names[0])) < 2:
        return []
    base = told.series(names[0])
    lines = []
    for name in names[1:]:
        rows = compared(told.series(name), base)
        lines += ["", summed_up(name, names[0], rows)]
        lines += aligned([(f"  {row.label}", row.words) for row in rows])
    return lines
