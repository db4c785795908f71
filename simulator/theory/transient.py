"""Laws that change with time: queues without limit, and with servers that come and go."""

import math
from collections.abc import Callable, Sequence
from typing import Final, NamedTuple

import numpy as np

from simulator.theory.erlang import Floats, _nodes

TERM: Final = 1e-14
"""Terms of the uniformised series below this are left out."""


class Period(NamedTuple):
    """A stretch of time with a constant arrival rate and a constant number of servers."""

    length: float
    rate: float
    servers: int


def crowd(periods: Sequence[Period], survives: Callable[[float], float], at: float) -> float:
    """Return the mean number in service at a time when nobody ever waits (M_t/G/infinity).

    The number is Poisson with this mean. `servers` of the periods is not looked at; it is empty at
    time 0. Source: Eick, Massey and Whitt, The physics of the M_t/G/infinity queue (1993),
    doi:10.1287/opre.41.4.731.
    """
    total, start = 0.0, 0.0
    for period in periods:
        end = min(start + period.length, at)
        if end > start:
            x, w = _nodes(at - end, at - start, panels=8)
            total += period.rate * float(np.array([survives(float(u)) for u in x]) @ w)
        start += period.length
    return total


class Step(NamedTuple):
    """A queue at the end of a period, and what happened in it (expectations)."""

    busy: float
    """Servers at work, those who finish their last customer included."""
    queue: float
    arrived: float
    waited: float
    """Arrivals that found no server free."""
    abandoned: float
    served: float
    """Ends of work."""
    busy_time: float
    """Integral of busy servers."""
    queue_time: float
    """Integral of customers waiting."""


def scheduled(
    periods: Sequence[Period], service_rate: float, patience_rate: float, room: int = 200
) -> list[Step]:
    """Return, for each period, the law of M_t/M/c_t+M from empty, by uniformisation.

    When servers go, idle ones go first, and busy ones finish their customer and take no other;
    those who stay go on with the queue meanwhile. When servers come, those still finishing stay
    instead of new ones. At most `room` wait, whose truncated probability must be negligible.

    The number of customers with servers who stay or in the queue is a birth and death chain; those
    who are finishing die out beside it, each at the service rate, whatever the chain does.

    Source: Jensen (1953); Gross and Miller, The randomization technique (1984),
    doi:10.1287/opre.32.2.343.

    Raises
    ------
    ValueError
        When more than one in 10^9 waits at the edge of `room`, or servers come while others are
        still finishing: then the two parts do not stay apart.
    """
    most = max(period.servers for period in periods)
    law = np.zeros(most + room + 1)
    law[0] = 1.0
    leaving, servers, steps = 0.0, periods[0].servers, []
    for period in periods:
        if period.servers > servers and leaving > 1e-9:
            raise ValueError(f"servers rise to {period.servers} while others are still finishing")
        if period.servers < servers:
            n = np.arange(len(law))
            over = np.maximum(np.minimum(n, servers) - period.servers, 0)
            leaving += float(law @ over)
            law = np.bincount(n - over, law, len(law)).astype(np.float64)
        servers = period.servers
        law, mean = _run(law, period, service_rate, patience_rate)
        if law[-1] > 1e-9:
            raise ValueError(f"room is {room}, expected more: so many may wait")
        gone = leaving * -math.expm1(-service_rate * period.length)
        steps.append(_step(law, mean, period, (service_rate, patience_rate), (leaving, gone)))
        leaving -= gone
    return steps


def _run(
    law: Floats, period: Period, service_rate: float, patience_rate: float
) -> tuple[Floats, Floats]:
    """Return the law at the end of a period and the integral of the law over it."""
    n = np.arange(len(law))
    deaths = service_rate * np.minimum(n, period.servers)
    deaths = deaths + patience_rate * np.maximum(n - period.servers, 0)
    births = np.full(len(law), period.rate)
    births[-1] = 0.0
    fastest = float(max((births + deaths).max(), TERM))
    # Pieces short enough that the first Poisson weight does not underflow.
    pieces = max(1, math.ceil(fastest * period.length / 200.0))
    span = period.length / pieces
    total = np.zeros_like(law)
    for _ in range(pieces):
        ahead = fastest * span
        weight = math.exp(-ahead)
        rest = 1.0 - weight  # P(more than n jumps): its sum over n is what the integral needs
        term, end = law, weight * law
        integral = rest / fastest * law
        jumps = 0
        while rest > TERM and jumps < 10_000:
            jumps += 1
            flow = -(births + deaths) * term
            flow[1:] += births[:-1] * term[:-1]
            flow[:-1] += deaths[1:] * term[1:]
            term = term + flow / fastest
            weight *= ahead / jumps
            rest -= weight
            end = end + weight * term
            integral = integral + max(rest, 0.0) / fastest * term
        law, total = end, total + integral
    return law, total


def _step(
    law: Floats,
    mean: Floats,
    period: Period,
    rates: tuple[float, float],
    leaving: tuple[float, float],
) -> Step:
    n = np.arange(len(law))
    at_work, waiting = np.minimum(n, period.servers), np.maximum(n - period.servers, 0)
    finishing, gone = leaving
    busy_time = float(mean @ at_work) + gone / rates[0]
    queue_time = float(mean @ waiting)
    return Step(
        busy=float(law @ at_work) + finishing - gone,
        queue=float(law @ waiting),
        arrived=period.rate * period.length,
        waited=period.rate * float(mean[period.servers :].sum()),
        abandoned=rates[1] * queue_time,
        served=rates[0] * busy_time,
        busy_time=busy_time,
        queue_time=queue_time,
    )
