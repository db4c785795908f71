"""
Fit a world to a log: rates, busyness, work, patience, teams and staffing.

References
----------
.. [1] Kaplan, Meier (1958). Nonparametric estimation from incomplete observations. doi:10.1080/01621459.1958.10501452
.. [2] Avramidis, Deslauriers, L'Ecuyer (2004). Modeling daily arrivals to a telephone call center.
   doi:10.1287/mnsc.1040.0236
"""

import math
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from statistics import NormalDist
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from router.wire.registry import ChannelBody, QueueBody, ServiceLevel, SkillBody
from router.wire.tickets import Requirement
from simulator.fitting.log import Row, by_type
from simulator.worlds.schema import Arrivals, Busyness, Law, Team, Ticket, Time, World

EDGES_S: Final = (0, 5, 10, 15, 20, 30, 45, 60, 90, 120, 180, 240, 300, 420, 600, 900, 1800, 3600)
"""Where the hazard of giving up may change."""
LEAST_LOSSES: Final = 5
"""Fewer who gave up after an edge say nothing of their own."""
QUANTILES: Final = 101
LEAST_WORK_S: Final = 0.001
SHAPE_MAX: Final = 1e6
SERVED_SHARE: Final = 0.02
"""An agent has the skill for a type if so much of what it served was of it."""
NORMAL: Final = NormalDist()
Floats = NDArray[np.float64]


class Fitted(NamedTuple):
    """A world, and what it was fitted to: for the page, by type."""

    world: World
    rates: Mapping[str, Floats]  # (24,) mean arrivals per hour on the weekdays that have any
    works: Mapping[str, Floats]  # sorted seconds
    laws: Mapping[str, str]  # how work was fitted, in words
    survival: Mapping[str, tuple[Floats, Floats]]  # Kaplan-Meier: instants and shares still waiting
    notes: tuple[str, ...]


def fit(rows: Sequence[Row], zone: str, name: str) -> Fitted:
    """Return a world fitted to a log; ``zone`` names the time zone of its hours."""
    kinds = by_type(rows)
    days = days_between(rows)
    tickets: dict[str, Ticket] = {}
    rates: dict[str, Floats] = {}
    works: dict[str, Floats] = {}
    words: dict[str, str] = {}
    survival: dict[str, tuple[Floats, Floats]] = {}
    ids = {kind: identifier(kind, n) for n, kind in enumerate(kinds)}
    for kind, mine in kinds.items():
        arrivals, rates[kind] = fit_arrivals(mine, days)
        works[kind] = np.sort([row.work_s for row in mine if row.work_s is not None])
        law, words[kind] = fit_work(works[kind])
        survival[kind] = kaplan_meier(mine)
        tickets[ids[kind]] = Ticket(
            queue="line", channel="desk", work=law, patience=fit_patience(mine), arrivals=arrivals,
            requirements=(Requirement(skill=ids[kind]),),
        )  # fmt: skip
    shape = busyness_shape(rows, days)
    teams, notes = fit_teams(rows, kinds, ids)
    notes += (waits_note(rows),)
    start = days[0] + timedelta(days=(7 - days[0].weekday()) % 7)
    world = World(
        format=1, name=name, time=Time(start=start, days=7.0, time_zone=zone),
        about=f"Fitted to {len(rows):,} tickets from {days[0]} to {days[-1]}.",
        busyness={"day": Busyness(shape=shape)}, channels={"desk": ChannelBody(auto_accept=True)},
        skills={each: SkillBody(label=kind[:256]) for kind, each in ids.items()},
        queues={"line": QueueBody(service_level=ServiceLevel())}, tickets=tickets, agents=teams,
        assumptions=notes,
    )  # fmt: skip
    return Fitted(world, rates, works, words, survival, notes)


def waits_note(rows: Sequence[Row]) -> str:
    """Return how long people waited in the log: nothing of it is fitted, so it is what a simulation is held against."""
    waits = [row.wait_s for row in rows if row.work_s is not None]
    lost = 1 - len(waits) / len(rows)
    if not waits:
        return "In the log nobody was answered."
    return (
        f"Waits are not fitted, they follow from the rest. In the log the answered waited {np.mean(waits):,.1f} s on "
        f"average, nine of ten below {np.quantile(waits, 0.9):,.1f} s, and {lost:.1%} gave up: hold the "
        "simulation against it."
    )


def identifier(text: str, number: int) -> str:
    """Return an id made of a type's name."""
    kept = "".join(c if c.isascii() and (c.isalnum() or c in "-_") else "_" for c in text).strip(
        "_-"
    )
    return f"{kept[:60] or 'type'}_{number}" if kept != text or not kept else kept


def days_between(rows: Sequence[Row]) -> list[date]:
    """Return every day from the first arrival to the last."""
    first, last = rows[0].arrived.date(), rows[-1].arrived.date()
    return [first + timedelta(days=n) for n in range((last - first).days + 1)]


def fit_arrivals(rows: Sequence[Row], days: Sequence[date]) -> tuple[Arrivals, Floats]:
    """Return rates by hour and factors by weekday of a type, and the mean rate of each hour over all days."""
    hours = np.zeros(24)
    weekdays = np.zeros(7)
    for row in rows:
        hours[row.arrived.hour] += 1
        weekdays[row.arrived.weekday()] += 1
    counts = np.bincount([day.weekday() for day in days], minlength=7)
    per_day = np.divide(weekdays, counts, out=np.zeros(7), where=counts > 0)
    mean = len(rows) / len(days)
    factors = np.where(counts > 0, per_day / mean, 1.0)
    rates = hours / len(days)
    arrivals = Arrivals(
        by_hour=tuple(round(float(rate), 6) for rate in rates),
        by_weekday=tuple(round(float(factor), 4) for factor in factors),
        busyness="day",
    )
    return arrivals, rates


def busyness_shape(rows: Sequence[Row], days: Sequence[date]) -> float:
    """
    Return the gamma shape of the days' busyness: from how much counts vary more than Poisson, weekday taken out.

    Var N = m + m^2 / shape [2]_, by moments over the days.
    """
    counted = Counter(row.arrived.date() for row in rows)
    counts = np.array([counted[day] for day in days], np.float64)
    weekday = np.array([day.weekday() for day in days])
    means = np.array(
        [counts[weekday == w].mean() if (weekday == w).any() else 0.0 for w in range(7)]
    )
    expected = means[weekday]
    freedom = len(days) - len(set(weekday.tolist()))
    if freedom < 1:
        return SHAPE_MAX
    over = (((counts - expected) ** 2).sum() * len(days) / freedom) - expected.sum()
    return float(min(SHAPE_MAX, (expected**2).sum() / over)) if over > 0 else SHAPE_MAX


def fit_work(work_s: Floats) -> tuple[Law, str]:
    """Return the law of sorted durations, lognormal or by quantiles, whichever is nearer; and how near, in words."""
    if len(work_s) < 2 or work_s[-1] <= 0:
        value_s = float(work_s[-1]) if len(work_s) else 0.0
        return Law(kind="fixed", value_s=value_s), "too few to fit: fixed"
    logs = np.log(np.maximum(work_s, LEAST_WORK_S))
    mean, sd = float(logs.mean()), float(logs.std(ddof=1))
    shares = (np.arange(len(work_s)) + 0.5) / len(work_s)
    near = _distance(
        np.array([NORMAL.cdf((x - mean) / sd) if sd > 0 else 0.5 for x in logs]), shares
    )
    if near <= 1.36 / math.sqrt(len(work_s)):  # Kolmogorov's 5 % point
        law = Law(kind="lognormal", median_s=math.exp(mean), log_sd=min(sd, 10.0))
        return law, f"lognormal, Kolmogorov's distance {near:.3f}"
    values = np.quantile(work_s, np.linspace(0, 1, QUANTILES))
    law = Law(kind="empirical", values_s=tuple(np.maximum.accumulate(values).tolist()))
    return law, f"by quantiles; lognormal is {near:.3f} away by Kolmogorov"


def _distance(expected: Floats, seen: Floats) -> float:
    return float(np.abs(expected - seen).max())


def fit_patience(rows: Sequence[Row]) -> Law | None:
    """
    Return the hazard of giving up, constant between ``EDGES_S``: losses by time at risk, the answered censored.

    From the last edge on that ``LEAST_LOSSES`` outlast, it is that of all who do.

    None when nobody ever gave up.
    """
    waits = np.array([row.wait_s for row in rows])
    lost = np.array([row.work_s is None for row in rows])
    if not lost.any():
        return None
    from_s: list[float] = []
    per_minute: list[float] = []
    for n, low in enumerate(EDGES_S):
        high = EDGES_S[n + 1] if n + 1 < len(EDGES_S) else math.inf
        left = int((lost & (waits >= low)).sum())
        if from_s and left < LEAST_LOSSES:
            break
        # Where few would be left the rate is that of all the rest: it goes on for ever.
        is_last = int((lost & (waits >= high)).sum()) < LEAST_LOSSES
        until = math.inf if is_last else high
        at_risk_s = float(np.clip(waits, low, until).sum() - low * len(waits))
        gone = left if is_last else int((lost & (waits >= low) & (waits < high)).sum())
        if at_risk_s <= 0:
            at_risk_s = LEAST_WORK_S * gone  # everybody left at the very beginning
        from_s.append(float(low))
        per_minute.append(60 * gone / at_risk_s)
    return Law(kind="hazard", from_s=tuple(from_s), per_minute=tuple(per_minute))


def kaplan_meier(rows: Sequence[Row]) -> tuple[Floats, Floats]:
    """Return when customers gave up and the share that had more patience [1]_, float64 (losses,) each."""
    order = sorted(rows, key=lambda row: (row.wait_s, row.work_s is not None))
    left, share = len(order), 1.0
    times, shares = [], []
    for row in order:
        if row.work_s is None:
            share *= 1 - 1 / left
            times.append(row.wait_s)
            shares.append(share)
        left -= 1
    return np.array(times), np.array(shares)


def fit_teams(
    rows: Sequence[Row], kinds: Mapping[str, Sequence[Row]], ids: Mapping[str, str]
) -> tuple[dict[str, Team], tuple[str, ...]]:
    """Return a team for each set of types that agents served, staffed as they were seen; and what is assumed."""
    kind_of = {id(row): ids[kind] for kind, mine in kinds.items() for row in mine}
    served: dict[str, Counter[str]] = defaultdict(Counter)
    seen: dict[tuple[date, int], set[str]] = defaultdict(set)
    for row in rows:
        if row.work_s is not None and row.agent:
            served[row.agent][kind_of[id(row)]] += 1
            answered = row.arrived + timedelta(seconds=row.wait_s)
            for at in (answered, answered + timedelta(seconds=row.work_s)):
                seen[at.date(), at.hour].add(row.agent)
    if not served:
        everything = dict.fromkeys(ids.values(), 3)
        note = "The log names no agents: one team as large as the work at the busiest hour asks for at 85 %."
        return {"everybody": Team(count=agents_needed(rows), units=1, skills=everything)}, (note,)
    skills, notes = fit_skills(served, list(ids.values()))
    notes.insert(
        0,
        "Staffing by weekday and hour is the mean number of agents who answered or ended something then, rounded up.",
    )
    sets: dict[tuple[str, ...], list[str]] = defaultdict(list)
    for agent, own in skills.items():
        sets[own].append(agent)
    days = days_between(rows)
    teams = {}
    for n, (own, agents) in enumerate(sorted(sets.items(), key=lambda pair: -len(pair[1]))):
        staffing = staffed(set(agents), seen, days)
        if max(staffing) > 0:
            teams[f"team_{n + 1}"] = Team(
                count=max(staffing), units=1, skills=dict.fromkeys(own, 3), staffing=staffing
            )
    return teams, tuple(notes)


def fit_skills(
    served: Mapping[str, Counter[str]], kinds: Sequence[str]
) -> tuple[dict[str, tuple[str, ...]], list[str]]:
    """
    Return which types each agent can serve, and what is assumed about it.

    A type that is a small share of everybody's work goes to all who ever served it, and one that nobody served to all:
    it must not wait for ever.
    """
    own = {
        agent: {kind for kind, n in counts.items() if n >= SERVED_SHARE * counts.total()}
        for agent, counts in served.items()
    }
    notes = []
    for kind in kinds:
        if any(kind in has for has in own.values()):
            continue
        who = [agent for agent, counts in served.items() if counts[kind]]
        if not who:
            notes.append(f"Nobody answered any {kind} in the log; here everybody may.")
        for agent in who or served:
            own[agent].add(kind)
    return {agent: tuple(sorted(has)) for agent, has in own.items()}, notes


def staffed(
    agents: set[str], seen: Mapping[tuple[date, int], set[str]], days: Sequence[date]
) -> tuple[int, ...]:
    """
    Return how many of these agents were seen in each hour of a week from Monday, rounded up.

    The mean over the days on which anybody was seen in that hour; weekdays the log does not have are as the others.
    """
    there: dict[tuple[int, int], list[int]] = defaultdict(list)
    for (day, hour), who in seen.items():
        there[day.weekday(), hour].append(len(agents & who))
    logged = {day.weekday() for day in days}
    found = []
    for weekday in range(7):
        alike = [weekday] if weekday in logged else sorted(logged)
        for hour in range(24):
            counts = [n for each in alike for n in there.get((each, hour), ())]
            found.append(math.ceil(sum(counts) / len(counts) - 0.25) if counts else 0)
    return tuple(found)


def agents_needed(rows: Sequence[Row]) -> int:
    """Return how many agents the busiest hour of the day needs at 85 % occupancy."""
    days = len(days_between(rows))
    hours = np.zeros(24)
    for row in rows:
        hours[row.arrived.hour] += row.work_s or 0.0
    return max(1, math.ceil(float(hours.max()) / days / 3600 / 0.85))
