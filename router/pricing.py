"""
From a forecast to the prices of agents' time, as the core takes them: the same for the server and the simulator.

Pure: who forecasts and when prices are asked for is the driver's business; what comes out enters as SET_PRICES.
"""

from typing import Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from router.core.codes import KEY_VALUE
from router.core.limits import VALUE_MAX
from router.policies.terms import POINT
from solver.fluid import Floats, Market, price_agents

Int64s = NDArray[np.int64]

HELD_BACK_MAX: Final = 0.9
"""Share of a pair's worth that its price takes off at most: no ticket of the forecast waits for its price alone."""
WORK_S_MIN: Final = 0.001
"""Work that takes no time would make agents endless."""
WORK_S_MAX: Final = 1e9
"""Nor does longer work make anybody dearer: such an agent is taken for good."""
MOVED_MIN: Final = 25
"""Thousandths of a point; prices that moved less stay, as they would reorder nobody but equals."""
MOVED_SHARE_MIN: Final = 0.05
"""So do prices that moved by less than this share of themselves."""


class Forecast(NamedTuple):
    """What is expected of the time for which agents are priced."""

    profiles: Int64s  # (types,) rows of the core's profiles, each once
    rate: Floats  # (types,) tickets per second
    work_s: (
        Floats  # (types, agents), seconds of an agent for a ticket; (types, 1): whoever takes it
    )
    presence: Floats  # (agents,) share of the time that an agent is there, 0 to 1


class Sight(NamedTuple):
    """What the core knows of some profiles and all agents, copied: it may go on meanwhile."""

    serve: int
    weight: float
    """Share of a price that the policy takes off; 0 under one that looks at no worth."""
    allowed: NDArray[np.uint64]  # (types, words) bitmaps of eligible agents
    match: NDArray[np.int32]  # (types, agents) thousandths of a point
    cost: NDArray[np.int32]  # (agents, types) units
    units: NDArray[np.int32]  # (agents,)
    dearest: NDArray[np.int32]  # (agents,) most units that a ticket of any channel may take of them


def sight_of(arrays: Any, profiles: Int64s, agents: int) -> Sight:
    """
    Return what the core knows of these profiles.

    Parameters
    ----------
    arrays
        A machine's, between two runs.
    profiles
        int64 (types,), rows of profiles that the core knows, each once.
    agents
        How many agents are registered: its first rows.
    """
    policy = arrays.policy[0]
    weight = int(policy["w_price"]) / POINT if policy["key"] == KEY_VALUE else 0.0
    channels = arrays.profiles["channel"][profiles]
    units = arrays.agents["units"][:agents].copy()
    costs = arrays.agent_cost[:agents, : int(arrays.head[0]["channels"])]
    return Sight(
        int(policy["serve"]),
        weight,
        arrays.eligible[profiles],
        arrays.match[profiles, :agents],
        arrays.agent_cost[:agents][:, channels],
        units,
        np.where(costs <= units[:, np.newaxis], costs, 1).max(axis=1, initial=1),
    )


def market_of(sight: Sight, forecast: Forecast) -> Market:
    """Return what the forecast means on this floor: who may take what, for how much."""
    agents = len(sight.units)
    packed = np.ascontiguousarray(sight.allowed).view(np.uint8)
    allowed = np.unpackbits(packed, axis=1, bitorder="little")[:, :agents].astype(np.bool_)
    worth = (sight.serve + sight.match.astype(np.float64)) / POINT
    return Market(
        forecast.rate,
        np.broadcast_to(np.clip(forecast.work_s, WORK_S_MIN, WORK_S_MAX), worth.shape),
        np.maximum(1, sight.cost.T).astype(np.float64),
        np.where(allowed, worth, 0.0),
        sight.units * forecast.presence,
    )


def prices_of(sight: Sight, forecast: Forecast) -> Int64s:
    """
    Return what a unit of each agent is worth to tickets to come, thousandths of a point; int64 (agents,).

    All 0 under a policy that does not weigh prices. No price, weighed, takes more than ``HELD_BACK_MAX`` off the
    least worth of what its agent may take, nor of serving a ticket of its dearest channel, which the forecast may not
    have: prices say whom a ticket goes to, and never let it wait for nobody.

    Raises
    ------
    FluidError
        When the linear programme is not solved.
    """
    if sight.weight <= 0:
        return np.zeros(len(sight.units), np.int64)
    market = market_of(sight, forecast)
    per_unit = np.where(market.value > 0, market.value / market.cost, np.inf)
    unforeseen = sight.serve / POINT / sight.dearest
    most = np.minimum(per_unit.min(axis=0, initial=np.inf), unforeseen)
    most *= HELD_BACK_MAX / sight.weight
    prices = np.rint(np.minimum(price_agents(market), most) * POINT)
    return np.asarray(np.minimum(prices, VALUE_MAX), dtype=np.int64)


def moved(old: Int64s, new: Int64s) -> list[int]:
    """Return words of SET_PRICES, agent and price in turn, for all prices that moved enough to matter, or are gone."""
    apart = np.abs(new - old)
    matters = (apart >= MOVED_MIN) & (apart >= MOVED_SHARE_MIN * np.maximum(new, old))
    rows = np.flatnonzero(matters | ((new == 0) & (old > 0)))
    return [int(word) for row in rows for word in (row, new[row])]
