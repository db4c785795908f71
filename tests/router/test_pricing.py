"""From a forecast to SET_PRICES: the market is what the core sees, and no price lets a ticket wait for nobody."""

from typing import Any

import numpy as np
import pytest

from router.core import codes as c
from router.core.limits import VALUE_MAX
from router.core.machine import Machine
from router.pricing import Forecast, Sight, market_of, moved, prices_of, sight_of
from router.wire.policies import PolicyBody
from simulator.kernel.running import Prepared
from simulator.worlds.compiling import compile_world
from simulator.worlds.reading import parse_world

WORLD = """
format = 1
name = "priced"
skills = { a = {}, b = {} }
channels.call = { cost = 2 }
queues.line = {}
[tickets.one]
queue = "line"
channel = "call"
requirements = [{ skill = "a" }]
arrivals = { per_hour = 120 }
work = { kind = "fixed", value_s = 200 }
[tickets.two]
queue = "line"
channel = "call"
requirements = [{ skill = "b", min_level = 3 }]
arrivals = { per_hour = 60 }
work = { kind = "fixed", value_s = 200 }
[agents.only_a]
count = 5
units = 2
skills = { a = 5 }
[agents.both]
count = 4
units = 4
skills = { a = 5, b = 4 }
"""


def prepared(**policy: Any) -> Prepared:
    """Return the world's floor under a policy."""
    return Prepared(compile_world(parse_world(WORLD)), PolicyBody(**policy))


def forecast(floor: Prepared, one: float = 0.02, two: float = 0.035) -> Forecast:
    """Return a forecast of so many of both kinds a second, everybody there."""
    profiles = np.asarray(floor.kinds["profile"], dtype=np.int64)
    return Forecast(profiles, np.array([one, two]), np.full((2, 1), 200.0), np.ones(9))


def sight(floor: Prepared) -> Sight:
    """Return what the floor's core knows of both kinds."""
    profiles = np.asarray(floor.kinds["profile"], dtype=np.int64)
    return sight_of(floor.shard.machine.arrays, profiles, 9)


def test_the_market_is_what_the_core_sees() -> None:
    """Who may take what, its worth (serve and match, without what changes by the minute), cost and units."""
    floor = prepared()
    market = market_of(sight(floor), forecast(floor))
    assert (market.value[0] == 5.0).all()
    assert (market.value[1] == [0.0] * 5 + [4.8] * 4).all()
    assert (market.cost == 2).all()
    assert market.units.tolist() == [2.0] * 5 + [4.0] * 4
    assert market.work_s.shape == (2, 9)


def test_who_can_do_both_is_dearer_and_the_core_takes_it() -> None:
    """The words are a command that the core accepts; its agents then have these prices."""
    floor = prepared()
    machine: Machine = floor.machine()
    prices = prices_of(sight(floor), forecast(floor))
    assert (prices[:5] == 0).all()
    assert (prices[5:] > 100).all()
    machine.push(c.SET_PRICES, 1, moved(np.zeros(9, np.int64), prices))
    machine.run()
    assert machine.arrays.agents["price"][:9].tolist() == prices.tolist()


def test_no_price_holds_a_ticket_back() -> None:
    """However scarce those for both are: 0.9 of the least worth, 4.8 for two units, is the most a price takes off."""
    for weight in (0.65, 10.0):
        floor = prepared(weights={"price": weight})
        prices = prices_of(sight(floor), forecast(floor, 0.001, 3.0))
        assert prices.max() == round(
            min(4.8 / 2, 4.8 * 0.9 / weight / 2, 4.0 * 0.9 / weight / 4) * 1000
        )


def test_no_price_holds_back_a_ticket_that_nobody_forecast() -> None:
    """After chats only, a call that takes all four units of an agent is still worth its price."""
    floor = prepared(weights={"price": 10.0})
    seen = sight(floor)
    assert seen.dearest.tolist() == [2] * 5 + [4] * 4, "no more than an agent has"
    one_unit = seen._replace(cost=np.ones_like(seen.cost))
    prices = prices_of(one_unit, forecast(floor, 0.001, 3.0))
    assert prices.max() == round(4.0 / 4 * 0.9 / 10 * 1000)
    assert (prices * seen.dearest * 10 < seen.serve).all()


def test_no_price_is_more_than_the_core_takes() -> None:
    """Worths of 2,000 points under a policy that takes off a thousandth of prices: SET_PRICES would be refused."""
    both, one = np.uint64(3), np.uint64(2)
    match, cost = np.zeros((2, 2), np.int32), np.ones((2, 2), np.int32)
    seen = Sight(
        2_000_000, 0.001, np.array([[both], [one]]), match, cost, *2 * [np.ones(2, np.int32)]
    )
    prices = prices_of(
        seen, Forecast(np.arange(2), np.array([0.001, 1]), np.full((2, 1), 9.0), np.ones(2))
    )
    assert prices.tolist() == [0, VALUE_MAX]


@pytest.mark.parametrize("work_s", [0.0, 1e6, 5e23])
def test_work_of_any_length_has_prices(work_s: float) -> None:
    """No work at all, and what a law with a heavy tail may come to on average, are priced like other work."""
    floor = prepared()
    expected = forecast(floor)._replace(work_s=np.full((2, 1), work_s))
    prices = prices_of(sight(floor), expected)
    assert (prices[:5] == 0).all()
    assert (prices >= 0).all()


@pytest.mark.parametrize("policy", [{"weights": {"price": 0.0}}, {"base": "longest_idle"}])
def test_policies_that_do_not_weigh_prices_have_none(policy: dict[str, Any]) -> None:
    """A weight of 0, or a base that compares one thing only, needs no prices."""
    floor = prepared(**policy)
    assert not prices_of(sight(floor), forecast(floor)).any()


def test_only_what_moved_is_said() -> None:
    """Less than 25 thousandths or 5 % is no news; a price that is gone is."""
    old = np.array([0, 1000, 1000, 500, 40, 10])
    new = np.array([24, 1049, 1053, 0, 66, 0])
    assert moved(old, new) == [2, 1053, 3, 0, 4, 66, 5, 0]
