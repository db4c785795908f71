"""What replications came to, as plain values for programs: measures, their cuts, and differences."""

import math
from typing import Any, Final

from simulator.accounts_text import Told, days_of, digest_of
from simulator.measures.compare import compared
from simulator.measures.cuts import CUTS, WHOLE
from simulator.measures.summary import Key, Series
from simulator.measures.table import MEASURES
from simulator.stats.intervals import Interval
from simulator.telling import keys_of

CUTS_TOLD: Final = tuple(cut for cut in CUTS if cut != WHOLE and "_" not in cut)
"""Cuts that JSON has; those of two things at once, such as agent and hour, are the page's."""
FACTS: Final = (
    "model_events", "core_events", "commands", "decisions", "offers", "refusals", "gap", "worth",
)  # fmt: skip


def plain(told: Told) -> dict[str, Any]:
    """Return everything as values that JSON knows."""
    keys = keys_of(told)
    policies = {}
    for policy in told.policies():
        series, mine = told.series(policy), told.of(policy)
        policies[policy] = {
            "replications": len(mine),
            "measures": {
                name: {"unit": MEASURES[name].unit, **value_of(series[name, WHOLE])}
                for name in MEASURES
                if (name, WHOLE) in series
            },
            "cuts": {cut: cut_of(series, cut, keys[cut]) for cut in CUTS_TOLD},
            "facts": {field: sum(getattr(each.facts, field) for each in mine) for field in FACTS},
            "digest": digest_of(mine),
        }
    return {
        "world": told.compiled.world.name, "days": days_of(told.compiled), "seed": told.seed, "wall_s": told.wall_s,
        "partial": told.partial, "policies": policies, "differences": differences(told),
    }  # fmt: skip


def cut_of(series: dict[Key, Series], cut: str, keys: Any) -> dict[str, dict[str, Any]]:
    """Return the measures of a cut by the names of its keys; what came to nothing at a key is left out."""
    found: dict[str, dict[str, Any]] = {}
    for name in MEASURES:
        if (name, cut) in series:
            own = series[name, cut]
            for place, key in enumerate(keys):
                if own.below[:, place].any():
                    found.setdefault(key, {})[name] = value_of(own, place)
    return found


def value_of(series: Series, key: int = 0) -> dict[str, Any]:
    """Return the ratio of sums, and its interval where there is one."""
    total = float(series.totals[key])
    return {
        "total": None if math.isnan(total) else total,
        "interval": interval_values(series.interval(key)),
    }


def interval_values(found: Interval | None) -> dict[str, float] | None:
    """Return an interval as JSON has it."""
    if found is None:
        return None
    return {"value": found.value, "low": found.low, "high": found.high, "n": found.n}


def differences(told: Told) -> list[dict[str, Any]]:
    """Return what each further policy changes against the first: paired, all rows together with 95 %."""
    names = told.policies()
    if len(names) < 2 or len(told.of(names[0])) < 2:
        return []
    base = told.series(names[0])
    return [
        {
            "policy": name, "against": names[0], "measure": row.measure, "unit": MEASURES[row.measure].unit,
            "verdict": row.verdict, "words": row.words, **(interval_values(row.gained) or {}),
        }
        for name in names[1:]
        for row in compared(told.series(name), base)
    ]  # fmt: skip
