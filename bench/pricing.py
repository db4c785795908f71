"""
The suite ``prices``: what prices of agents' time change on worlds, and how long it takes to find them.

Each world is played under ``ours``, under ``ours`` with prices and under ``longest_idle``, the same days each; a row is
the median over the days of what prices change, beside what ``longest_idle`` changes. Worth is in points per ticket that
came: 4 and the match for a served one, as the policy counts. ``learned_`` rows have prices by the server's forecaster:
each day it begins with nothing, and prices every quarter of an hour by what it saw of that day until then.
"""

from collections.abc import Callable, Mapping
from time import thread_time
from types import MappingProxyType
from typing import Any, Final, NamedTuple

import numpy as np

from bench.report import Peer, Row, Suite
from bench.simulated_worlds import full_world, skills_200, skills_drawn
from router.engine.pricer import TYPES_PRICED_MAX
from router.forecast import Forecaster
from router.policies.ours import WEIGHTS
from router.policies.terms import POINT
from router.pricing import Forecast, moved, prices_of, sight_of
from simulator.kernel import codes as c
from simulator.kernel import layout
from simulator.kernel.running import Options, Prepared, Records, play
from simulator.worlds.compiling import Compiled, compile_world
from simulator.worlds.floor import policy_body
from simulator.worlds.planning import plan_replication
from simulator.worlds.pricing import edges, presence_by_slot, price_rows, with_prices
from simulator.worlds.reading import parse_world
from simulator.worlds.shipped import find_world
from solver.fluid import Market, price_agents

Figures = dict[str, float]
LEARNED_EVERY_S: Final = 900.0
UNITS: Final = MappingProxyType(
    {
        "service_level": "points", "speed_of_answer": "s", "abandonment": "points",
        "match": "points of worth", "worth": "points of worth",
    }
)  # fmt: skip
"""What is compared, and in what; points are hundredths of a share."""


def shipped(name: str) -> Callable[[], str]:
    """Return what reads a world that comes along."""
    return lambda: find_world(name).read_text("utf-8")


WORLDS: Final[Mapping[str, tuple[Callable[[], str], float | None]]] = MappingProxyType(
    {
        "mixed_skills": (shipped("mixed_skills"), None),
        "drawn_40_load_85": (lambda: skills_drawn(40, 0.85), None),
        "drawn_40_load_95": (lambda: skills_drawn(40, 0.95), None),
        "drawn_40_load_105": (lambda: skills_drawn(40, 1.05), None),
        "drawn_200_load_85": (lambda: skills_drawn(200, 0.85), None),
        "drawn_200_load_95": (lambda: skills_drawn(200, 0.95), None),
        "drawn_200_load_105": (lambda: skills_drawn(200, 1.05), None),
        "skills_200": (lambda: skills_200(0.5), None),
        "full_world": (lambda: full_world(0.5), None),
        "it_follow_the_sun": (shipped("it_follow_the_sun"), 2.0),
        "omnichannel": (shipped("omnichannel"), None),
        "small_team": (shipped("small_team"), None),
    }
)
"""Worlds by name: their text, and how many days are played if not their own."""


def figures_of(records: Records, compiled: Compiled) -> Figures:
    """Return the measures of a day."""
    world, tickets = compiled.world, records.tickets
    first_us = records.span.opens_us + world.time.warm_up_s * 1e6
    came = tickets[
        (tickets["arrived_us"] >= first_us) & (tickets["arrived_us"] < records.span.closes_us)
    ]
    targets = [queue.service_level.target_s * 1e6 for queue in world.queues.values()]
    target_us = np.array(targets)[came["queue"]]
    answered = came["answered_us"] < 2**62
    gone = came["outcome"] == c.ABANDONED
    wait_us = np.where(answered, came["answered_us"], came["left_us"]) - came["arrived_us"]
    in_target = answered & (wait_us <= target_us)
    offered = answered | (gone & (wait_us > target_us))
    match = came["match"][answered] / POINT
    return {
        "service_level": 100 * float(in_target.sum() / offered.sum()),
        "speed_of_answer": float(wait_us[answered].mean() / 1e6),
        "abandonment": 100 * float(gone.mean()),
        "match": float(match.mean()),
        "worth": float((WEIGHTS["serve"] + match).sum() / len(came)),
    }


def learned_rows(prepared: Prepared, seen: Records) -> Any:
    """Return the prices that the server's forecaster would have set on a day that was seen, PLAN records."""
    compiled, tickets = prepared.compiled, seen.tickets
    profiles, arrays = prepared.kinds["profile"], prepared.shard.machine.arrays
    at_us = edges(compiled, LEARNED_EVERY_S)
    presence = presence_by_slot(compiled, at_us)
    served = tickets[tickets["outcome"] == c.SERVED]
    ended, work_us = served["left_us"], served["left_us"] - served["answered_us"]
    forecaster, old = Forecaster(), np.zeros(len(compiled.members), np.int64)
    rows: list[tuple[int, int, int, int, int]] = []
    for slot, now_us in enumerate(at_us[:-1].tolist()):
        since_us = int(at_us[max(0, slot - 1)])
        came = (tickets["arrived_us"] >= since_us) & (tickets["arrived_us"] < now_us)
        done = (ended >= since_us) & (ended < now_us)
        works = zip(profiles[served["type"][done]].tolist(), work_us[done].tolist(), strict=True)
        forecaster.advance(now_us, profiles[tickets["type"][came]].tolist(), works)
        expected = forecaster.expected(TYPES_PRICED_MAX)
        there = (presence[slot] >= 0.5).astype(np.float64)
        forecast = Forecast(expected.profiles, expected.rate, expected.work_s[:, np.newaxis], there)
        new = prices_of(sight_of(arrays, expected.profiles, len(old)), forecast)
        words = moved(old, new)
        for agent, price in zip(words[::2], words[1::2], strict=True):
            rows.append((now_us, c.PLAN_PRICE, agent, price, 0))
            old[agent] = price
    return np.array(rows, layout.PLAN)


def learned(name: str, days: int) -> list[Row]:
    """Return what prices change on a world when the server's forecaster sets them."""
    text, length = WORLDS[name]
    world = parse_world(text())
    compiled = compile_world(world, length)
    ours = Prepared(compiled, policy_body(world, "ours"))
    changes: dict[str, list[float]] = {measure: [] for measure in UNITS}
    for day in range(days):
        options, plan = Options(1, day), plan_replication(compiled, 1, day)
        seen = play(ours, plan, options)
        base, rows = figures_of(seen, compiled), learned_rows(ours, seen)
        priced = figures_of(play(ours, with_prices(plan, rows), options), compiled)
        for measure, found in changes.items():
            found.append(priced[measure] - base[measure])
    suite = Suite("prices", name)
    return [suite.row(f"learned_{m}_change", found, UNITS[m]) for m, found in changes.items()]


def gains(name: str, days: int) -> list[Row]:
    """Return what prices by the world's own rates change on it."""
    text, length = WORLDS[name]
    world = parse_world(text())
    compiled = compile_world(world, length)
    ours = Prepared(compiled, policy_body(world, "ours"))
    idle = Prepared(compiled, policy_body(world, "longest_idle"))
    rows = price_rows(ours)
    changes: dict[str, list[tuple[float, float]]] = {measure: [] for measure in UNITS}
    for day in range(days):
        options, plan = Options(1, day), plan_replication(compiled, 1, day)
        base, other = (figures_of(play(each, plan, options), compiled) for each in (ours, idle))
        priced = figures_of(play(ours, with_prices(plan, rows), options), compiled)
        for measure, found in changes.items():
            found.append((priced[measure] - base[measure], other[measure] - base[measure]))
    suite = Suite("prices", name)
    return [
        suite.row(
            f"{measure}_change", [each[0] for each in found], UNITS[measure],
            peer=Peer("longest_idle", float(np.median([each[1] for each in found]))),
        )
        for measure, found in changes.items()
    ]  # fmt: skip


def market(types: int, agents: int) -> Market:
    """Return a floor at 95 % load where each agent may take a fifth of the types, no two agents alike."""
    chance = np.random.default_rng(0)
    shape = types, agents
    value: Any = np.where(chance.random(shape) < 0.2, 4 + 2 * chance.random(shape), 0.0)
    rate = np.full(types, 0.95 * agents / types / 300.0)
    return Market(rate, np.full(shape, 300.0), np.ones(shape), value, np.ones(agents))


def time_of(types: int, agents: int, repeats: int) -> Row:
    """Return how long it takes to price a floor, in time of the processor."""
    floor = market(types, agents)
    times = []
    for _ in range(repeats):
        began_s = thread_time()
        price_agents(floor)
        times.append(thread_time() - began_s)
    return Suite("prices", f"{types}_types_{agents}_agents").row("pricing", times, "s")


class Size(NamedTuple):
    """How much is measured."""

    days: int
    worlds: tuple[str, ...]
    learned: tuple[str, ...]
    floors: tuple[tuple[int, int], ...]
    repeats: int


LEARNED: Final = ("mixed_skills", "drawn_40_load_85", "drawn_40_load_95", "drawn_200_load_95")
FULL: Final = Size(20, tuple(WORLDS), LEARNED, ((16, 200), (100, 2_000)), 3)
QUICK: Final = Size(1, ("drawn_40_load_95",), ("mixed_skills",), ((16, 200),), 1)
"""Every kind of row once, in seconds; the figures mean nothing."""


def run(size: Size = FULL) -> list[Row]:
    """Return the rows of the suite."""
    rows = [time_of(*floor, size.repeats) for floor in size.floors]
    for name in size.worlds:
        rows += gains(name, size.days)
    for name in size.learned:
        rows += learned(name, size.days)
    return rows
