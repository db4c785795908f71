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
            x, w = _nodes(at - end, at - start)
            total += period.rate * float(np.array([survives(float(u)) for u in x]) @ w)
        start += period.length
    return total


class Step(NamedTuple):
    """A queue at the end of a period, and what happened in it (expectations)."""

    busy: float
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

    A server who is to go finishes the customer first, and takes none after that (a "ghost"). The
    state is how many are busy and how many wait; at most `room` wait, whose truncated probability
    must be negligible.

    Source: Jensen (1953); Gross and Miller, The randomization technique (1984),
    doi:10.1287/opre.32.2.343.

    Raises
    ------
    ValueError
        When more than one in 10^9 waits at the edge of `room`.
    """
    most = max(period.servers for period in periods)
    law = np.zeros((most + 1, room + 1))
    law[0, 0] = 1.0
    steps = []
    for period in periods:
        law = _admitted(law, period.servers)
        law, mean = _run(law, period, service_rate, patience_rate)
        if law[:, -1].sum() > 1e-9:
            raise ValueError(f"room is {room}, expected more: so many may wait")
        steps.append(_step(law, mean, period, (service_rate, patience_rate)))
    return steps


def _admitted(law: Floats, servers: int) -> Floats:
    """Let those who wait go to servers who have just come."""
    made = np.zeros_like(law)
    for busy in range(law.shape[0]):
        for waiting in np.flatnonzero(law[busy]):
            go = min(int(waiting), max(servers - busy, 0))
            made[busy + go, waiting - go] += law[busy, waiting]
    return made


def _run(
    law: Floats, period: Period, service_rate: float, patience_rate: float
) -> tuple[Floats, Floats]:
    """Return the law at the end of a period and the integral of the law over it."""
    most, room = law.shape[0] - 1, law.shape[1] - 1
    fastest = period.rate + service_rate * most + patience_rate * room
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
        n = 0
        while rest > TERM and n < 10_000:
            n += 1
            term = term + _flow(term, period, service_rate, patience_rate) / fastest
            weight *= ahead / n
            rest -= weight
            end = end + weight * term
            integral = integral + max(rest, 0.0) / fastest * term
        law, total = end, total + integral
    return law, total


def _flow(law: Floats, period: Period, service_rate: float, patience_rate: float) -> Floats:
    """Return how fast the law changes: the generator applied from the right."""
    most, room = law.shape[0] - 1, law.shape[1] - 1
    c = period.servers
    out = np.zeros_like(law)
    # An arrival is served at once when nobody waits and a server is free; the last place is full.
    moved = period.rate * law[:c, 0]
    out[:c, 0] -= moved
    out[1 : c + 1, 0] += moved
    moved = period.rate * law[c:, :room]
    out[c:, :room] -= moved
    out[c:, 1:] += moved
    # An end of work: the next customer comes unless the server is a ghost.
    busy = service_rate * np.arange(most + 1.0)
    if c <= most:
        moved = busy[c] * law[c, 1:]
        out[c, 1:] -= moved
        out[c, :room] += moved
        moved = busy[c] * law[c, 0]
        if c:
            out[c, 0] -= moved
            out[c - 1, 0] += moved
    moved = busy[1:c] * law[1:c, 0]
    out[1:c, 0] -= moved
    out[: max(c - 1, 0), 0] += moved
    moved = busy[c + 1 :, None] * law[c + 1 :]
    out[c + 1 :] -= moved
    out[c:most] += moved
    moved = patience_rate * np.arange(1.0, room + 1.0) * law[:, 1:]
    out[:, 1:] -= moved
    out[:, :room] += moved
    return out


def _step(law: Floats, mean: Floats, period: Period, rates: tuple[float, float]) -> Step:
    busy, waiting = np.arange(law.shape[0]), np.arange(law.shape[1])
    busy_time = float(mean.sum(axis=1) @ busy)
    queue_time = float(mean.sum(axis=0) @ waiting)
    return Step(
        busy=float(law.sum(axis=1) @ busy),
        queue=float(law.sum(axis=0) @ waiting),
        arrived=period.rate * period.length,
        waited=period.rate * float(mean[period.servers :].sum()),
        abandoned=rates[1] * queue_time,
        served=rates[0] * busy_time,
        busy_time=busy_time,
        queue_time=queue_time,
    )
