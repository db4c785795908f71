"""Many servers, one queue: the formulas of Erlang and of those who added impatience.

Rates are per unit of time, whichever it is; waits come out in that unit.
"""

import math
from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


class Queue(NamedTuple):
    """What customers of a queue with many servers meet in the long run."""

    p_wait: float
    """Share that finds no server free."""
    p_lost: float
    """Share that is blocked or leaves unserved."""
    wait: float
    """Mean time until the answer or the loss, over everybody."""
    answer_wait: float
    """Mean time until the answer, over those who are answered."""
    busy: float
    """Share of the servers' time."""
    queue: float
    """Customers waiting, mean over time."""


def _checked(servers: int, **rates: float) -> None:
    if servers < 1:
        raise ValueError(f"servers is {servers}, expected 1 or more")
    for name, value in rates.items():
        if not (value > 0.0 and math.isfinite(value)):
            raise ValueError(f"{name} is {value}, expected a number above 0")


def erlang_b(servers: int, load: float) -> float:
    """Return the share of customers that find all servers busy and are lost.

    `load` is arrival rate times mean work. Any law of the work gives the same (Sevastyanov 1957).
    Source: Erlang (1917); the recursion in the number of servers is stable.
    """
    _checked(servers, load=load)
    blocked = 1.0
    for n in range(1, servers + 1):
        blocked = load * blocked / (n + load * blocked)
    return blocked


def erlang_c(servers: int, rate: float, service_rate: float = 1.0) -> Queue:
    """Return what customers meet who all wait (M/M/c).

    Raises
    ------
    ValueError
        When there are not more servers than work, as the queue then grows for ever.
    """
    _checked(servers, rate=rate, service_rate=service_rate)
    load = rate / service_rate
    if load >= servers:
        raise ValueError(
            f"rate is {rate}, expected below {servers * service_rate} for a queue that ends"
        )
    blocked = erlang_b(servers, load)
    p_wait = blocked * servers / (servers - load * (1.0 - blocked))
    wait = p_wait / (servers * service_rate - rate)
    return Queue(p_wait, 0.0, wait, wait, load / servers, rate * wait)


def erlang_c_tail(servers: int, rate: float, service_rate: float, after: float) -> float:
    """Return the share of customers that wait longer than `after` (M/M/c)."""
    p_wait = erlang_c(servers, rate, service_rate).p_wait
    return p_wait * math.exp(-(servers * service_rate - rate) * after)


def birth_death(
    births: Callable[[int], float], deaths: Callable[[int], float], most: int
) -> Floats:
    """Return the stationary law of a birth and death chain on 0 to `most`, float64 (most + 1,)."""
    logs = np.zeros(most + 1)
    for n in range(1, most + 1):
        birth = births(n - 1)
        if birth <= 0.0:
            logs[n:] = -np.inf
            break
        logs[n] = logs[n - 1] + math.log(birth) - math.log(deaths(n))
    weights = np.exp(logs - logs.max())
    return np.asarray(weights / weights.sum(), np.float64)


def limited(
    servers: int, rate: float, service_rate: float, room: int, patience_rate: float = 0.0
) -> Queue:
    """Return what customers meet when at most `room` may wait and others are blocked (M/M/c/K+M).

    `wait` and `answer_wait` are over those who were let in, blocked ones are in `p_lost`.
    """
    _checked(servers, rate=rate, service_rate=service_rate)
    most = servers + room
    law = birth_death(
        lambda _: rate,
        lambda n: service_rate * min(n, servers) + patience_rate * max(n - servers, 0),
        most,
    )
    n = np.arange(most + 1)
    queue = float(law @ np.maximum(n - servers, 0))
    working = float(law @ np.minimum(n, servers))
    p_wait = float(law[servers:most].sum())
    let_in = rate * (1.0 - float(law[most]))
    lost = 1.0 - working * service_rate / rate
    wait = queue / let_in
    answered = wait if not patience_rate else math.nan
    return Queue(p_wait, lost, wait, answered, working / servers, queue)


def erlang_a(servers: int, rate: float, service_rate: float, patience_rate: float) -> Queue:
    """Return what customers meet who leave after an exponential patience (M/M/c+M).

    Source: Palm (1957); Garnett, Mandelbaum and Reiman (2002), doi:10.1287/msom.4.3.208.7753.
    """
    _checked(servers, rate=rate, service_rate=service_rate, patience_rate=patience_rate)
    return impatient(
        servers,
        (rate, service_rate),
        lambda t: math.exp(-patience_rate * t),
        lambda t: -math.expm1(-patience_rate * t) / patience_rate,
    )


def erlang_a_tail(
    servers: int, rate: float, service_rate: float, patience_rate: float, after: float
) -> float:
    """Return the share of customers that wait longer than `after`, answered or lost (M/M/c+M)."""
    _checked(servers, rate=rate, service_rate=service_rate, patience_rate=patience_rate)

    def offered(t: Floats) -> Floats:
        return np.asarray(-np.expm1(-patience_rate * t) / patience_rate)

    reach = _reach((rate, service_rate), servers, offered)
    before = _head(servers, rate / service_rate)
    whole = rate * _integral((rate, service_rate), servers, offered, (0.0, reach))
    late = rate * _integral((rate, service_rate), servers, offered, (after, reach + after))
    return late / (before + whole) * math.exp(-patience_rate * after)


def impatient(
    servers: int,
    rates: tuple[float, float],
    survives: Callable[[float], float],
    survived: Callable[[float], float],
) -> Queue:
    """Return what customers meet who leave after a patience of any law (M/M/c+G).

    Parameters
    ----------
    servers
        Their number.
    rates
        Of arrivals and of one server's work.
    survives
        Share of customers whose patience is longer than a wait.
    survived
        The integral of `survives` from 0 to a wait.

    Source: Baccelli and Hebuterne (1981); Zeltyn and Mandelbaum, Call centers with impatient
    customers: many-server asymptotics of the M/M/n+G queue (2005), doi:10.1007/s11134-005-3699-8.
    """
    rate, service_rate = rates
    _checked(servers, rate=rate, service_rate=service_rate)
    left = np.vectorize(survived, otypes=[float])
    stay = np.vectorize(survives, otypes=[float])
    reach = _reach(rates, servers, left)
    x, w = _nodes(0.0, reach)
    density = rate * np.exp(rate * left(x) - servers * service_rate * x) * w
    before = _head(servers, rate / service_rate)
    whole = before + float(density.sum())
    p_wait = float(density.sum()) / whole
    answered = float(density @ stay(x)) / whole
    p_lost = p_wait - answered
    # Everybody waits the lesser of the offered wait and their patience, whose mean is `left`.
    wait = float(density @ left(x)) / whole
    answer_wait = float((density * x) @ stay(x)) / whole / (1.0 - p_lost)
    busy = rate * (1.0 - p_lost) / service_rate / servers
    return Queue(p_wait, p_lost, wait, answer_wait, busy, rate * wait)


def _head(servers: int, load: float) -> float:
    """Sum the states with a free server, in units of the one with all but one busy."""
    total = term = 1.0
    for n in range(servers - 1, 0, -1):
        term *= n / load
        total += term
    return total


def _reach(rates: tuple[float, float], servers: int, left: Callable[..., Floats]) -> float:
    """Return an offered wait beyond which there is nothing worth counting."""
    rate, service_rate = rates
    reach = 1.0 / (servers * service_rate)
    grid = np.linspace(0.0, 1.0, 257)
    for _ in range(200):
        x = reach * grid
        logs = rate * left(x) - servers * service_rate * x
        if logs[-1] < logs.max() - 45.0:
            return reach
        reach *= 1.5
    raise ValueError(f"rate is {rate}, expected a queue that empties")


def _nodes(low: float, high: float, panels: int = 200) -> tuple[Floats, Floats]:
    """Return abscissas and weights of Gauss and Legendre on equal panels."""
    x, w = np.polynomial.legendre.leggauss(12)
    edges = np.linspace(low, high, panels + 1)
    half = 0.5 * (edges[1] - edges[0])
    return np.add.outer(edges[:-1] + half, half * x).ravel(), np.tile(half * w, panels)


def _integral(
    rates: tuple[float, float],
    servers: int,
    left: Callable[[Floats], Floats],
    span: tuple[float, float],
) -> float:
    x, w = _nodes(*span)
    return float(np.exp(rates[0] * left(x) - servers * rates[1] * x) @ w)
