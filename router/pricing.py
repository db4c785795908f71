"""
From a forecast to the prices of agents' time, as the core takes them: the same for the server and the simulator.

Pure: who forecasts and when prices are asked for is the driver's business; what comes out enters as SET_PRICES.
"""

from typing import Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from router.policies.terms import POINT
from solver.fluid import Floats, Market, price_agents

Int64s = NDArray[np.int64]

HELD_BACK_MAX: Final = 0.9
"""Share of a pair's worth that its price takes off at most: no ticket waits beside a free agent for its price alone."""
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


def market_of(arrays: Any, forecast: Forecast) -> Market:
    """
    Return what the forecast means on this floor: who may take what, for how much.

    Parameters
    ----------
    arrays
        A machine's; only read. Registered agents are its first rows, as many as ``forecast.presence`` has.
    forecast
        Profiles that the core knows.
    """
    agents, profiles = len(forecast.presence), forecast.profiles
    packed = arrays.eligible[profiles].view(np.uint8)
    allowed = np.unpackbits(packed, axis=1, bitorder="little")[:, :agents].astype(np.bool_)
    serve = int(arrays.policy["serve"][0])
    worth = (serve + arrays.match[profiles, :agents].astype(np.float64)) / POINT
    channels = arrays.profiles["channel"][profiles]
    cost = np.maximum(1, arrays.agent_cost[:agents][:, channels].T).astype(np.float64)
    return Market(
        forecast.rate,
        np.broadcast_to(np.maximum(forecast.work_s, 1e-3), worth.shape),
        cost,
        np.where(allowed, worth, 0.0),
        arrays.agents["units"][:agents] * forecast.presence,
    )


def prices_of(arrays: Any, forecast: Forecast) -> Int64s:
    """
    Return what a unit of each agent is worth to tickets to come, thousandths of a point; int64 (agents,).

    All 0 under a policy that does not weigh prices. No price, weighed, takes more than ``HELD_BACK_MAX`` off the
    least worth of what its agent may take: prices say whom a ticket goes to, and never let it wait for nobody.

    Raises
    ------
    FluidError
        When the linear programme is not solved.
    """
    weight = int(arrays.policy["w_price"][0]) / POINT
    if weight <= 0:
        return np.zeros(len(forecast.presence), np.int64)
    market = market_of(arrays, forecast)
    per_unit = np.where(market.value > 0, market.value / market.cost, np.inf)
    most = per_unit.min(axis=0, initial=np.inf) * HELD_BACK_MAX / weight
    prices = np.minimum(price_agents(market), most)
    return np.asarray(np.rint(prices * POINT), dtype=np.int64)


def moved(old: Int64s, new: Int64s) -> list[int]:
    """Return words of SET_PRICES, agent and price in turn, for all prices that moved enough to matter."""
    apart = np.abs(new - old)
    rows = np.flatnonzero((apart >= MOVED_MIN) & (apart >= MOVED_SHARE_MIN * np.maximum(new, old)))
    return [int(word) for row in rows for word in (row, new[row])]
