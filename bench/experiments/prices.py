"""
Ways to price agents' time against each other: ``python -m bench.experiments.prices [DAYS]``, some ten minutes.

Decided: the mean dual over random demand, made a price per unit by the differences within each type, relative to the
cheapest, times 0.65. Here it stands beside the dual at expected demand, the dual times the mean work of whom an agent
serves in the plan, prices that are not relative at once and twice the weight without the limit that keeps tickets from
being held back, and the full price. Changes against ``ours`` without prices, paired by day: means and twice their
standard errors.
"""

import re
import sys
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from bench.pricing import UNITS, figures_of
from bench.simulated_worlds import WORK_S, skills_drawn
from router.policies.terms import POINT
from router.pricing import Forecast, Sight, market_of, prices_of
from simulator.kernel.running import Options, Prepared, play
from simulator.worlds.compiling import compile_world
from simulator.worlds.planning import plan_replication
from simulator.worlds.pricing import Finder, price_rows, with_prices
from simulator.worlds.reading import parse_world
from solver.fluid import Floats, Market, Programme, classes, demands, per_unit, solve_fluid

Int64s = NDArray[np.int64]
WORKS_S: Final = (60, 600, 300, 240)
"""Work by topic on the uneven floors."""


def uneven(agents: int, load: float) -> str:
    """Return a drawn floor where topics take between one minute and ten."""
    count = iter(WORKS_S * 4)
    pattern = rf"(requirements.*\narrivals.*\nwork = .*mean_s = ){WORK_S}"
    return re.sub(pattern, lambda found: f"{found[1]}{next(count)}", skills_drawn(agents, load))


WORLDS: Final[Mapping[str, Callable[[], str]]] = MappingProxyType(
    {
        "40 agents, 0.85": lambda: skills_drawn(40, 0.85),
        "40 agents, 0.95": lambda: skills_drawn(40, 0.95),
        "200 agents, 0.95": lambda: skills_drawn(200, 0.95),
        "200 agents, 1.05": lambda: skills_drawn(200, 1.05),
        "uneven work, 200 agents, 0.85": lambda: uneven(200, 0.85),
        "uneven work, 200 agents, 0.95": lambda: uneven(200, 0.95),
    }
)


def thousandths(prices: Floats) -> Int64s:
    """Return prices as the core has them."""
    return np.asarray(np.rint(prices * POINT), dtype=np.int64)


def part_of(market: Market) -> tuple[Market, Int64s, Int64s]:
    """Return the market of those who come and are there by classes, who they are, and in which class."""
    types = np.flatnonzero((market.rate > 0) & (market.value > 0).any(axis=1))
    agents = np.flatnonzero((market.units > 0) & (market.value[types] > 0).any(axis=0))
    grid = np.ix_(types, agents)
    part = Market(
        market.rate[types], market.work_s[grid], market.cost[grid], market.value[grid],
        market.units[agents],
    )  # fmt: skip
    merged, place = classes(part)
    return merged, agents, place


def spread(market: Market, found: tuple[Floats, Int64s, Int64s]) -> Int64s:
    """Return the prices of classes as those of all agents."""
    prices, (of_class, agents, place) = np.zeros(len(market.units)), found
    prices[agents] = of_class[place]
    return thousandths(prices)


def expected(sight: Sight, forecast: Forecast) -> Int64s:
    """Return prices by the dual at expected demand."""
    market = market_of(sight, forecast)
    part, agents, place = part_of(market)
    return spread(market, (per_unit(part, solve_fluid(part).unit_price), agents, place))


def averaged(part: Market) -> tuple[Floats, Floats]:
    """Return mean duals over 64 demands, and the mean work of whom an agent serves at these."""
    work_s = (part.work_s * part.units).sum(axis=1) / part.units.sum()
    programme = Programme(part)
    plans = [programme.solve(rate) for rate in demands(part.rate, work_s, 64)]
    flow: Any = np.sum([plan.flow for plan in plans], axis=0)
    served = flow.sum(axis=0)
    mean_s = (flow * part.work_s).sum(axis=0) / np.maximum(served, 1e-12)
    usual_s = (flow * part.work_s).sum() / flow.sum()
    return np.mean([p.unit_price for p in plans], axis=0), np.where(served > 0, mean_s, usual_s)


def own_work(sight: Sight, forecast: Forecast) -> Int64s:
    """Return prices by the mean dual, times the mean work of what each agent serves; not relative."""
    market = market_of(sight, forecast)
    part, agents, place = part_of(market)
    dual, work_s = averaged(part)
    return spread(market, (dual * work_s, agents, place))


def full(sight: Sight, forecast: Forecast) -> Int64s:
    """Return our prices, but so high that the policy's weight makes them whole."""
    return np.asarray(np.rint(prices_of(sight, forecast) / sight.weight), dtype=np.int64)


def twice(sight: Sight, forecast: Forecast) -> Int64s:
    """Return prices that are not relative, twice as high, with nothing that keeps tickets from being held back."""
    return own_work(sight, forecast) * 2


WAYS: Final[Mapping[str, Finder]] = MappingProxyType(
    {
        "as decided": prices_of,
        "dual at expected demand": expected,
        "full price": full,
        "dual times own work, not relative": own_work,
        "the same twice": twice,
    }
)


def main(days: int) -> None:
    """Print a table for each world."""
    for name, text in WORLDS.items():
        world = parse_world(text())
        compiled = compile_world(world)
        ours = Prepared(compiled, world.policy)
        rows = {way: price_rows(ours, find=find) for way, find in WAYS.items()}
        changes: dict[str, list[list[float]]] = {way: [] for way in WAYS}
        for day in range(days):
            options, plan = Options(1, day), plan_replication(compiled, 1, day)
            base = figures_of(play(ours, plan, options), compiled)
            for way, found in changes.items():
                priced = figures_of(play(ours, with_prices(plan, rows[way]), options), compiled)
                found.append([priced[measure] - base[measure] for measure in UNITS])
        print(f"{name}: change of {', '.join(UNITS)}")
        for way, found in changes.items():
            told = np.array(found)
            errors = 2 * told.std(axis=0, ddof=1) / np.sqrt(days)
            cells = (f"{m:+8.3f} ± {e:.3f}" for m, e in zip(told.mean(axis=0), errors, strict=True))
            print(f"  {way:34}", *cells, flush=True)


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 12)
