r"""What an agent's time is worth to tickets that have not come yet: a fluid linear programme over random demand.

In the long run a floor is a flow. Tickets of type ``k`` come at a rate ``a_k``; agent ``j`` gives each ``m_kj``
seconds and ``c_kj`` units, has ``u_j`` units, and a ticket it serves is worth ``v_kj``. The best flow is

    maximise    sum_kj v_kj x_kj
    subject to  sum_j x_kj <= a_k             tickets come no faster
                sum_k c_kj m_kj x_kj <= u_j   agents have no more time
                x >= 0

and the dual of an agent's row is what one more unit of it would bring, per second. At the expected demand most of these
are 0 on a floor below full load, and the others jump from vertex to vertex as rates move. Hence the programme is solved
for many demands that may well come, and the duals are averaged [1]_: that is the gradient of the expected worth under
perfect information, smooth in the rates (and a stochastic fluid model in the sense of [2]_). The demand drawn is the
number in service where nobody waits, Poisson with mean ``a_k m_k`` whatever the law of the work [3]_.

A price is taken off per unit of a ticket, not per second, so a long ticket pays what a short one pays. What matters is
whom a ticket goes to. ``per_unit`` finds the prices whose *differences* between the agents who may take a type come
nearest to the differences of what its work would cost there.

References
----------
.. [1] Talluri, K., van Ryzin, G. (1999). A randomized linear programming method for computing network bid prices.
   Transportation Science 33(2), 207-216. doi:10.1287/trsc.33.2.207
.. [2] Harrison, J. M., Zeevi, A. (2005). A method for staffing large call centers based on stochastic fluid models.
   M&SOM 7(1), 20-36. doi:10.1287/msom.1040.0052
.. [3] Eick, S. G., Massey, W. A., Whitt, W. (1993). The physics of the Mt/G/infinity queue. Operations Research 41(4),
   731-742. doi:10.1287/opre.41.4.731
.. [4] McKay, M. D., Beckman, R. J., Conover, W. J. (1979). A comparison of three methods for selecting values of input
   variables. Technometrics 21(2), 239-245. doi:10.1080/00401706.1979.10489755
"""

import math
from typing import Any, Final, NamedTuple, cast

import numpy as np
from numpy.typing import NDArray
from ortools.linear_solver.python import model_builder_helper

Floats = NDArray[np.float64]
Int64s = NDArray[np.int64]

PAIRS_TIMES_SCENARIOS_MAX: Final = 640_000
"""What one pricing may take: some seconds, as GLOP needs about 5 us a pair of a large floor."""
SCENARIOS: Final = 64
"""Demands whose duals are averaged; on the worlds of docs/policies.md 24 did nearly as well."""
SCENARIOS_MIN: Final = 8
EXACT_MEAN_MAX: Final = 1e8
"""Tickets in service on average up to which their number is drawn."""


class Market(NamedTuple):
    """Who comes, who is there, and what they are to each other."""

    rate: Floats  # (types,) tickets per second, 0 or more
    work_s: Floats  # (types, agents) seconds of an agent per ticket, above 0
    cost: Floats  # (types, agents) units of an agent per ticket, above 0
    value: Floats  # (types, agents) points a served ticket is worth; 0 or less: not allowed
    units: Floats  # (agents,) units, 0 or more; half of them for who is there half the time


class Fluid(NamedTuple):
    """The best flow at one demand, and the prices that prove it."""

    flow: Floats  # (types, agents) tickets per second
    ticket_price: Floats  # (types,) points that one more ticket would bring
    unit_price: Floats  # (agents,) points per second that one more unit would bring
    worth: float  # points per second


class FluidError(RuntimeError):
    """The linear programme was not solved; the message says what the solver answered."""


class Programme:
    """The linear programme of a market, built once and solved for one demand after the other by GLOP."""

    def __init__(self, market: Market) -> None:
        self._shape = market.value.shape
        self._rows, self._columns = np.nonzero(market.value > 0)
        count, types = len(self._rows), self._shape[0]
        helper = cast("Any", model_builder_helper.ModelBuilderHelper())
        self._helper = helper
        free = np.zeros(count), np.full(count, np.inf)
        helper.add_var_array_with_bounds(*free, np.zeros(count, dtype=np.bool_), "")
        worth = market.value[self._rows, self._columns]
        helper.set_objective_coefficients(list(range(count)), worth.tolist())
        helper.set_maximize(True)
        for limit in (*market.rate.tolist(), *market.units.tolist()):
            row = helper.add_linear_constraint()
            helper.set_constraint_lower_bound(row, -np.inf)
            helper.set_constraint_upper_bound(row, limit)
        time = (market.work_s * market.cost)[self._rows, self._columns].tolist()
        pairs = zip(self._rows.tolist(), self._columns.tolist(), time, strict=True)
        for pair, (row, column, seconds) in enumerate(pairs):
            helper.set_constraint_coefficient(row, pair, 1.0)
            helper.set_constraint_coefficient(types + column, pair, seconds)

    def solve(self, rate: Floats) -> Fluid:
        """
        Return the best flow at a demand; the interpreter lock is free meanwhile.

        Parameters
        ----------
        rate
            float64 (types,), tickets per second, 0 or more.

        Raises
        ------
        FluidError
            When GLOP does not end at an optimum.
        """
        types, agents = self._shape
        flow = np.zeros(self._shape)
        if not len(self._rows):
            return Fluid(flow, np.zeros(types), np.zeros(agents), 0.0)
        for row, limit in enumerate(rate.tolist()):
            self._helper.set_constraint_upper_bound(row, limit)
        solver: Any = model_builder_helper.ModelSolverHelper("glop")
        solver.solve(self._helper)
        if solver.status() != model_builder_helper.SolveStatus.OPTIMAL:
            raise FluidError(f"GLOP ended with {solver.status().name}, expected OPTIMAL.")
        dual = np.maximum(solver.dual_values(), 0.0)
        flow[self._rows, self._columns] = solver.variable_values()
        return Fluid(flow, dual[:types], dual[types:], float(solver.objective_value()))


def solve_fluid(market: Market) -> Fluid:
    """Return the best flow of a market at its expected demand; raises ``FluidError``."""
    return Programme(market).solve(market.rate)


# -- demands that may come ---------------------------------------------------------------------------------------------


def poisson_quantiles(mean: float, shares: Floats) -> Int64s:
    """
    Return the least numbers that a Poisson variable does not exceed with the given probabilities.

    Parameters
    ----------
    mean
        0 or more.
    shares
        float64 (n,), from 0 to below 1.

    Returns
    -------
    int64 (n,).
    """
    if mean <= 0:
        return np.zeros(len(shares), np.int64)
    if (
        mean > EXACT_MEAN_MAX
    ):  # all numbers are as good as the mean: they differ from it by less than a thousandth
        return np.full(len(shares), round(mean), np.int64)
    reach = 10 * np.sqrt(mean) + 20
    n = np.arange(max(0, int(mean - reach)), int(mean + reach) + 1)
    log_factorial = math.lgamma(n[0] + 1) + np.concatenate([[0.0], np.cumsum(np.log(n[1:]))])
    below = np.cumsum(np.exp(n * np.log(mean) - mean - log_factorial))
    return np.asarray(n[np.minimum(np.searchsorted(below, shares), len(n) - 1)], dtype=np.int64)


def shuffles(types: int, count: int) -> Int64s:
    """Return a fixed order of ``count`` strata for each type, int64 (types, count), by hashing (Steele et al. 2014)."""
    seed = np.arange(types * count, dtype=np.uint64).reshape(types, count) + np.uint64(1)
    z = seed * np.uint64(0x9E3779B97F4A7C15)
    z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return np.argsort(z ^ (z >> np.uint64(31)), axis=1, kind="stable").astype(np.int64)


def demands(rate: Floats, work_s: Floats, count: int) -> Floats:
    """
    Return rates that may come together, each type's spread evenly over its law (Latin hypercube, [4]_).

    The same rates give the same demands, so prices move only when the forecast does.

    Parameters
    ----------
    rate
        float64 (types,), tickets per second expected.
    work_s
        float64 (types,), mean work; demand varies as much as the number in service of that work does.
    count
        How many demands.

    Returns
    -------
    float64 (count, types), tickets per second.
    """
    shares = (shuffles(len(rate), count) + 0.5) / count
    means = zip((rate * work_s).tolist(), shares, strict=True)
    drawn = np.array([poisson_quantiles(mean, share) for mean, share in means]).reshape(-1, count)
    return np.asarray((drawn / work_s[:, np.newaxis]).T, dtype=np.float64)


# -- prices ------------------------------------------------------------------------------------------------------------


def price_agents(market: Market, count: int | None = None) -> Floats:
    """
    Return what a unit of each agent is worth to tickets to come, beyond the cheapest it competes with.

    Agents who are alike share a row of the programme, hence a price.

    Parameters
    ----------
    market
        Types without arrivals and agents without units are left aside; they cost nothing.
    count
        Demands to average over; as many as are worth their time unless given.

    Returns
    -------
    float64 (agents,), points per unit, 0 or more.

    Raises
    ------
    FluidError
        When a programme is not solved.
    """
    prices = np.zeros(len(market.units))
    is_open = (market.value > 0) & (market.units > 0)
    types = np.flatnonzero((market.rate > 0) & is_open.any(axis=1))
    agents = np.flatnonzero(is_open[types].any(axis=0)) if len(types) else types
    if not len(agents):
        return prices
    market, place = classes(_part(market, types, agents))
    allowed = market.value > 0
    weight = allowed * market.units
    mean_work_s = (weight * market.work_s).sum(axis=1) / weight.sum(axis=1)
    if count is None:
        affordable = PAIRS_TIMES_SCENARIOS_MAX // int(allowed.sum())
        count = max(SCENARIOS_MIN, min(SCENARIOS, affordable))
    programme = Programme(market)
    duals = [programme.solve(rate).unit_price for rate in demands(market.rate, mean_work_s, count)]
    prices[agents] = per_unit(market, np.mean(duals, axis=0))[place]
    return prices


def _part(market: Market, types: Int64s, agents: Int64s) -> Market:
    """Return the market of some types and some agents."""
    grid = np.ix_(types, agents)
    return Market(
        market.rate[types], market.work_s[grid], market.cost[grid],
        np.where(market.value[grid] > 0, market.value[grid], 0.0), market.units[agents],
    )  # fmt: skip


def classes(market: Market) -> tuple[Market, Int64s]:
    """
    Return the market with agents who are alike as one, and where each agent is in it.

    Alike are those who may take the same types, for the same worth, in the same time and units; how many units they
    have is added up. The second is int64 (agents,): the column of the first that an agent became.
    """
    allowed = market.value > 0
    looks = np.concatenate(
        [market.value, *(np.where(allowed, part, 0.0) for part in (market.work_s, market.cost))]
    )
    _, first, place = np.unique(looks.T, axis=0, return_index=True, return_inverse=True)
    place = place.reshape(-1).astype(np.int64)
    units = np.zeros(len(first))
    np.add.at(units, place, market.units)
    merged = Market(
        market.rate, market.work_s[:, first], market.cost[:, first], market.value[:, first], units
    )
    return merged, place


def per_unit(market: Market, unit_price: Floats) -> Floats:
    r"""
    Return prices per unit of a ticket that stand in for prices per second, whatever the ticket.

    A unit of agent ``j`` for the work of type ``k`` costs ``t_kj = m_kj q_j``. Sought are ``p_j`` that minimise
    ``sum_kj w_kj (p_j - t_kj - s_k)^2`` with a free level ``s_k`` for each type, as adding the same to all agents of a
    type moves no ticket; ``w_kj`` is how often a ticket of type ``k`` meets a unit of ``j``. Solved for the levels, of
    which there are as many as types. Of those who compete, directly or through others, the cheapest gets 0: then
    prices rank agents, and hold no ticket back that everybody is dear to.

    Parameters
    ----------
    market
        Every type has an agent and every agent a type.
    unit_price
        float64 (agents,), points per second and unit.

    Returns
    -------
    float64 (agents,), points per unit, 0 or more. Where all work is alike: work times price, less the least.
    """
    weight = (market.value > 0) * market.units
    weight = weight / weight.sum(axis=1, keepdims=True) * market.rate[:, np.newaxis]
    told = market.work_s * unit_price
    of_agent = weight.sum(axis=0)
    centre = (weight * told).sum(axis=0) / of_agent
    laplacian = np.diag(weight.sum(axis=1)) - (weight / of_agent) @ weight.T
    scale = laplacian.max() or 1.0
    pull = (weight * (centre - told)).sum(axis=1)
    level = np.linalg.lstsq(laplacian / scale, pull / scale, rcond=1e-9)[0]
    prices = centre + (weight * level[:, np.newaxis]).sum(axis=0) / of_agent
    pool = pools(weight > 0)
    for number in np.unique(pool):
        prices[pool == number] -= prices[pool == number].min()
    return np.asarray(prices, dtype=np.float64)


def pools(allowed: NDArray[np.bool_]) -> Int64s:
    """Return which agents compete, directly or through others: the same number for each, int64 (agents,)."""
    meets = (allowed.astype(np.float64) @ allowed.T) > 0
    for _ in range(int(np.ceil(np.log2(max(2, len(meets)))))):
        meets = (meets.astype(np.float64) @ meets) > 0
    of_type = meets.argmax(axis=1)
    return np.asarray(of_type[allowed.argmax(axis=0)], dtype=np.int64)
