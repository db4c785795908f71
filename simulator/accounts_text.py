"""What replications came to, as lines for people and as plain values for programs."""

from collections.abc import Sequence
from typing import Any, Final, NamedTuple

from simulator.many import Played
from simulator.measures.compare import LABELS, compared, summed_up
from simulator.measures.cuts import WHOLE
from simulator.measures.summary import Key, Series, stacked
from simulator.measures.table import MEASURES, SHARE
from simulator.report import aligned
from simulator.stats.intervals import Interval
from simulator.worlds.compiling import Compiled
from simulator.worlds.pricing import PRICED

SHOWN: Final = (
    "tickets", "answered", "abandoned", "blocked", "service_level_offered", "service_level_all", "asa_s",
    "wait_p50_s", "wait_p90_s", "wait_p99_s", "abandonment", "aht_s", "occupancy", "occupancy_units",
    "match_quality", "fairness_jain", "sla_breached", "transfers", "redialled", "reopened", "offers_declined",
    "queue_length",
)  # fmt: skip
QUEUE_COLUMNS: Final = ("tickets", "service_level_offered", "asa_s", "wait_p90_s", "abandonment")


class Told(NamedTuple):
    """All that was played of a world."""

    compiled: Compiled
    seed: int
    played: Sequence[Played]
    partial: str
    """Why it is not all that was asked for; empty when it is."""
    wall_s: float

    @property
    def _own(self) -> str:
        """Return what the world's own policy is called."""
        world = self.compiled.world
        return world.policy.base + (PRICED if world.prices is not None else "")

    def policies(self) -> list[str]:
        """Return the policies played, in the order of the first replication."""
        own = self._own
        ordered = sorted(self.played, key=lambda each: each.task.replication)
        return list(dict.fromkeys(each.task.policy or own for each in ordered))

    def of(self, policy: str) -> list[Played]:
        """Return the replications of a policy that all policies have, by their numbers."""
        own = self._own
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


def amount(value: float, unit: str) -> str:
    """Write a value in its unit."""
    if unit == SHARE:
        return f"{value:.2%}"
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:,.4g}"


def cell(series: Series | None, unit: str, key: int = 0) -> str:
    """Write a measure with its interval."""
    if series is None:
        return "-"
    found = series.interval(key)
    if found is None:
        total = float(series.totals[key])
        return "-" if total != total else amount(total, unit)  # noqa: PLR0124  (NaN: nothing there)
    half = amount(found.half_width, unit)
    return f"{amount(found.value, unit)} ± {half}"


def table_lines(told: Told) -> list[str]:
    """Return the table of measures: a row for each, a column for each policy; then one for each queue."""
    world, names = told.compiled.world, told.policies()
    accounts = {name: told.series(name) for name in names}
    first = told.of(names[0])
    lines = [
        f"{world.name}: {len(first)} replications of {days_of(told):g} days, seed {told.seed}; "
        "intervals are for 95 %.",
    ]
    if told.partial:
        lines.append(f"PARTIAL: {told.partial}.")
    rows = [("", *names)]
    for name in SHOWN:
        cells = [cell(accounts[p].get((name, WHOLE)), MEASURES[name].unit) for p in names]
        if any(each not in ("-", "0 ± 0", "0.00% ± 0.00%", "0", "0.00%") for each in cells):
            rows.append((LABELS.get(name, name.removesuffix("_s").replace("_", " ")), *cells))
    events = sum(each.facts.model_events for each in told.played)
    lines += ["", *aligned(rows), "", *queue_lines(told, accounts[names[0]]), ""]
    lines.append(
        f"{events:,} model events in {told.wall_s:.1f} s; digest {digest_of(told.played)}."
    )
    return lines


def days_of(told: Told) -> float:
    """Return how long customers arrive in one replication."""
    span = told.compiled.span
    return (span.closes_us - span.opens_us) / 86_400e6


def digest_of(played: Sequence[Played]) -> str:
    """Return one digest of all replications, the same in whatever order they were played."""
    folded = 0
    for each in played:
        folded = (folded + int(each.facts.digest, 16)) & 0xFFFFFFFFFFFFFFFF
    return f"{folded:016x}"


def queue_lines(told: Told, series: dict[Key, Series]) -> list[str]:
    """Return a head and a line for each queue under the first policy, columns aligned."""
    rows: list[tuple[str, ...]] = [("queue", *(LABELS.get(name, name) for name in QUEUE_COLUMNS))]
    for q, queue in enumerate(told.compiled.names.queues):
        cells = [
            cell(series.get((name, "queue")), MEASURES[name].unit, q) for name in QUEUE_COLUMNS
        ]
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


def interval_values(found: Interval | None) -> dict[str, float] | None:
    """Return an interval as JSON has it."""
    if found is None:
        return None
    return {"value": found.value, "low": found.low, "high": found.high, "n": found.n}


def plain(told: Told) -> dict[str, Any]:
    """Return everything as values that JSON knows."""
    policies = {}
    for policy in told.policies():
        series = told.series(policy)
        mine = told.of(policy)
        measures = {
            name: {
                "unit": MEASURES[name].unit,
                "total": _number(series[name, WHOLE]),
                "interval": interval_values(series[name, WHOLE].interval()),
            }
            for name in MEASURES
            if (name, WHOLE) in series
        }
        facts = {
            field: sum(getattr(each.facts, field) for each in mine)
            for field in (
                "model_events",
                "core_events",
                "commands",
                "decisions",
                "offers",
                "refusals",
                "gap",
                "worth",
            )
        }
        policies[policy] = {
            "replications": len(mine), "measures": measures, "facts": facts, "digest": digest_of(mine),
        }  # fmt: skip
    return {
        "world": told.compiled.world.name, "days": days_of(told), "seed": told.seed, "wall_s": told.wall_s,
        "partial": told.partial, "policies": policies,
    }  # fmt: skip


def _number(series: Series) -> float | None:
    total = float(series.totals[0])
    return None if total != total else total  # noqa: PLR0124  (NaN: nothing there)
