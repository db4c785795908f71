"""The fluid programme proves itself, its prices behave, and what is said by hand comes out."""

from math import exp, factorial

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from solver.fluid import (
    Floats,
    Market,
    Programme,
    demands,
    per_unit,
    poisson_quantiles,
    pools,
    price_agents,
    shuffles,
    solve_fluid,
)

FEW = settings(max_examples=60, deadline=None)


def market(
    value: list[list[float]], rate: list[float], units: list[float], work_s: float = 1.0
) -> Market:
    """Return a market where every ticket takes one unit for as long."""
    worth = np.array(value)
    return Market(
        np.array(rate), np.full(worth.shape, work_s), np.ones(worth.shape), worth, np.array(units)
    )


@st.composite
def markets(draw: st.DrawFn) -> Market:
    """Draw a market of up to five types and six agents, some pairs forbidden, some agents away."""
    seed = draw(st.integers(0, 2**32 - 1))
    chance = np.random.default_rng(seed)
    shape = draw(st.integers(1, 5)), draw(st.integers(1, 6))
    value = np.where(chance.random(shape) < 0.6, chance.integers(1, 60, shape) / 10, -1.0)
    return Market(
        chance.integers(0, 20, shape[0]) / 1000,
        chance.integers(30, 600, shape).astype(np.float64),
        chance.integers(1, 4, shape).astype(np.float64),
        value,
        chance.integers(0, 5, shape[1]).astype(np.float64),
    )


# -- one demand --------------------------------------------------------------------------------------------------------


def test_the_worked_example_comes_out() -> None:
    """Agent 1 takes type 0 only, at 5; agent 0 serves all of type 1 at 5 and has half left for type 0 at 4."""
    found = solve_fluid(market([[4.0, 5.0], [5.0, 0.0]], [1.0, 0.5], [1.0, 0.4]))
    np.testing.assert_allclose(found.flow, [[0.5, 0.4], [0.5, 0.0]])
    np.testing.assert_allclose(found.unit_price, [4.0, 5.0])
    np.testing.assert_allclose(found.ticket_price, [0.0, 1.0])
    assert found.worth == pytest.approx(6.5)


@FEW
@given(markets())
def test_prices_prove_the_flow(given_: Market) -> None:
    """Flow and prices are feasible, nothing slack has a price, no pair in use pays too much, and both sums agree."""
    found = solve_fluid(given_)
    time = given_.work_s * given_.cost
    served, used = found.flow.sum(axis=1), (found.flow * time).sum(axis=0)
    assert (found.flow >= -1e-9).all()
    assert (found.flow[given_.value <= 0] == 0).all()
    assert (served <= given_.rate + 1e-7).all()
    assert (used <= given_.units + 1e-6).all()
    profit = given_.value - found.ticket_price[:, np.newaxis] - time * found.unit_price
    assert (profit[given_.value > 0] <= 1e-6).all()
    bound = found.ticket_price @ given_.rate + found.unit_price @ given_.units
    assert found.worth == pytest.approx(bound, abs=1e-6)
    assert found.worth == pytest.approx(float((found.flow * given_.value).sum()), abs=1e-6)
    assert (found.unit_price[used < given_.units - 1e-6] <= 1e-6).all()
    assert (found.ticket_price[served < given_.rate - 1e-8] <= 1e-6).all()


@FEW
@given(markets(), st.integers(0, 5))
def test_more_units_never_raise_an_agents_price(given_: Market, agent: int) -> None:
    """What one more unit brings falls as there are more: the worth is concave in them."""
    agent %= len(given_.units)
    more = given_.units.copy()
    more[agent] += 1.0
    before = solve_fluid(given_).unit_price[agent]
    assert solve_fluid(given_._replace(units=more)).unit_price[agent] <= before + 1e-7


@FEW
@given(markets(), st.sampled_from([0.5, 3.0]))
def test_worth_scales_with_the_floor_and_with_the_points(given_: Market, factor: float) -> None:
    """A floor so many times as large is worth so many times as much, and so are tickets worth as much more."""
    worth = solve_fluid(given_).worth
    larger = given_._replace(rate=given_.rate * factor, units=given_.units * factor)
    dearer = given_._replace(value=given_.value * factor)
    assert solve_fluid(larger).worth == pytest.approx(worth * factor, abs=1e-6)
    assert solve_fluid(dearer).worth == pytest.approx(worth * factor, abs=1e-6)


def test_nobody_who_may_serve_is_worth_nothing() -> None:
    """A programme without pairs has no flow and no prices."""
    found = solve_fluid(market([[0.0, -1.0]], [1.0], [1.0, 1.0]))
    assert found.worth == 0.0
    assert not found.unit_price.any()


# -- demands -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("mean", [0.0, 0.3, 4.0, 30.0])
def test_poisson_quantiles_are_those_of_the_definition(mean: float) -> None:
    """The least number whose probability, summed up term by term, reaches the share."""
    shares = np.array([0.0001, 0.1, 0.5, 0.77, 0.9999])
    slow = []
    for share in shares:
        n, below = 0, exp(-mean)
        while below < share:
            n += 1
            below += exp(-mean) * mean**n / factorial(n)
        slow.append(n)
    assert poisson_quantiles(mean, shares).tolist() == slow


def test_quantiles_of_a_large_mean_lie_around_it() -> None:
    """A million in service is no overflow: the middle is the mean, and three deviations are three thousand."""
    low, middle, high = poisson_quantiles(1e6, np.array([0.00135, 0.5, 0.99865])).tolist()
    assert abs(middle - 1_000_000) <= 1
    assert abs(low - 997_000) < 20
    assert abs(high - 1_003_000) < 20


@pytest.mark.parametrize("mean", [1e9, 1e13])
def test_quantiles_of_work_without_end_take_no_memory(mean: float) -> None:
    """Tickets that agents hold for months are as many as expected, to a thousandth, and are not counted one by one."""
    found = poisson_quantiles(mean, np.array([0.01, 0.5, 0.99]))
    np.testing.assert_allclose(found, mean, rtol=1e-3)


def test_demands_take_each_stratum_once_and_are_always_the_same() -> None:
    """Every type meets every 64th of its law once, in an order of its own."""
    order = shuffles(5, 64)
    assert (np.sort(order, axis=1) == np.arange(64)).all()
    assert len({tuple(row) for row in order.tolist()}) == 5
    rate, work_s = np.array([0.1, 0.02]), np.array([300.0, 60.0])
    drawn = demands(rate, work_s, 64)
    np.testing.assert_allclose(drawn.mean(axis=0), rate, rtol=0.02)
    np.testing.assert_array_equal(drawn, demands(rate, work_s, 64))


# -- prices per unit ---------------------------------------------------------------------------------------------------


def slow_per_unit(given_: Market, unit_price: Floats) -> Floats:
    """Return the same prices from one dense least-squares problem with a row for each pair."""
    types, agents = given_.value.shape
    rows, told = [], []
    for k in range(types):
        met = sum(given_.units[j] for j in range(agents) if given_.value[k, j] > 0)
        for j in range(agents):
            if given_.value[k, j] > 0:
                often = (given_.rate[k] * given_.units[j] / met) ** 0.5
                row = np.zeros(agents + types)
                row[j], row[agents + k] = often, -often
                rows.append(row)
                told.append(often * given_.work_s[k, j] * unit_price[j])
    found = np.linalg.lstsq(np.array(rows), np.array(told), rcond=1e-12)[0][:agents]
    pool = pools(given_.value > 0)
    for number in set(pool.tolist()):
        found[pool == number] -= found[pool == number].min()
    return np.asarray(found)


@FEW
@given(markets())
def test_prices_per_unit_are_the_nearest(given_: Market) -> None:
    """The fast way by levels of types agrees with all pairs in one least-squares problem."""
    allowed = given_.value > 0
    value = np.where(allowed.any(axis=1, keepdims=True), given_.value, 1.0)
    value = np.where((value > 0).any(axis=0), value, 1.0)
    full = given_._replace(value=value, rate=given_.rate + 0.001, units=given_.units + 1.0)
    unit_price = np.linspace(0.0, 0.02, len(given_.units))
    found = per_unit(full, unit_price)
    assert (found >= 0).all()
    np.testing.assert_allclose(found, slow_per_unit(full, unit_price), atol=1e-6)


def test_where_all_work_is_alike_prices_are_work_times_price() -> None:
    """A unit-second at 2 and 5 thousandths is, over 300 s, 0.9 points apart; the cheaper is free."""
    found = per_unit(market([[5.0, 5.0]], [1.0], [1.0, 1.0], 300.0), np.array([0.002, 0.005]))
    np.testing.assert_allclose(found, [0.0, 0.9])


def test_those_who_never_compete_are_priced_apart() -> None:
    """Two pools of agents have a cheapest each, and are told apart through those between them."""
    allowed = np.array([[1, 1, 0, 0, 0], [0, 1, 1, 0, 0], [0, 0, 0, 1, 1]], dtype=np.bool_)
    pool = pools(allowed)
    assert pool[0] == pool[1] == pool[2] != pool[3] == pool[4]
    prices = per_unit(
        market(allowed.astype(float).tolist(), [1.0, 1.0, 1.0], [1.0] * 5),
        np.array([1.0, 2.0, 3.0, 7.0, 8.0]),
    )
    np.testing.assert_allclose(prices, [0.0, 1.0, 2.0, 0.0, 1.0], atol=1e-9)


# -- prices of agents --------------------------------------------------------------------------------------------------

SHARED = market(
    [[5.0, 0.0, 5.0], [0.0, 5.0, 5.0]], [0.03, 0.03], [8.0, 8.0, 4.0], 300.0
)  # two kinds of specialist, and generalists


def test_who_can_do_more_is_dearer() -> None:
    """Generalists cost more than specialists as good, who cost nothing, though at expected demand nobody is scarce."""
    prices = price_agents(SHARED)
    assert solve_fluid(SHARED).unit_price.max() == 0.0
    assert prices[0] == pytest.approx(prices[1], abs=0.15)
    assert prices[2] > prices[:2].max() + 0.2


def test_agents_who_are_alike_have_a_price() -> None:
    """Four generalists of one unit cost what one of four units costs, and two runs agree to the bit."""
    value = np.concatenate([SHARED.value[:, :2], np.repeat(SHARED.value[:, 2:], 4, axis=1)], axis=1)
    apart = market(value.tolist(), SHARED.rate.tolist(), [8.0, 8.0, 1.0, 1.0, 1.0, 1.0], 300.0)
    prices = price_agents(apart)
    np.testing.assert_allclose(prices[[0, 1, 2]], price_agents(SHARED), atol=1e-9)
    assert len(set(prices[2:].tolist())) == 1
    np.testing.assert_array_equal(prices, price_agents(apart))


def test_prices_scale_with_points_and_seconds() -> None:
    """Points twice as many are prices twice as high; hours instead of minutes change nothing."""
    prices = price_agents(SHARED)
    dearer = SHARED._replace(value=SHARED.value * 2)
    slower = SHARED._replace(work_s=SHARED.work_s * 60, rate=SHARED.rate / 60)
    np.testing.assert_allclose(price_agents(dearer), prices * 2, atol=1e-9)
    np.testing.assert_allclose(price_agents(slower), prices, atol=1e-9)


def test_without_customers_or_agents_nothing_has_a_price() -> None:
    """Who is away costs nothing, and so does everybody when nobody comes."""
    assert not price_agents(SHARED._replace(rate=np.zeros(2))).any()
    assert not price_agents(SHARED._replace(units=np.zeros(3))).any()
    assert price_agents(SHARED._replace(units=np.array([8.0, 8.0, 0.0])))[2] == 0.0


def test_a_programme_is_solved_again_as_if_it_were_new() -> None:
    """One demand after the other leaves nothing behind."""
    programme = Programme(SHARED)
    programme.solve(SHARED.rate * 3)
    again = programme.solve(SHARED.rate)
    assert again.worth == pytest.approx(solve_fluid(SHARED).worth)
