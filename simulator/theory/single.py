"""One queue in front of one kind of server: general work, priorities, feedback, sharing, counts."""

from collections.abc import Sequence
from typing import NamedTuple

from simulator.theory.erlang import Queue, erlang_c


def pollaczek_khinchine(rate: float, work: float, cv2: float) -> float:
    """Return the mean wait in front of one server (M/G/1).

    `work` is its mean, `cv2` the squared coefficient of variation: 0 fixed, 1 exponential.
    Source: Pollaczek (1930), Khinchine (1932).
    """
    load = rate * work
    if not 0.0 < load < 1.0:
        raise ValueError(f"rate is {rate}, expected above 0 and below {1.0 / work}")
    return 0.5 * rate * work * work * (1.0 + cv2) / (1.0 - load)


def priorities(rates: Sequence[float], service_rate: float, servers: int = 1) -> list[float]:
    """Return the mean wait of each class, the most urgent first, nobody interrupted (M/M/c).

    Source: Cobham, Priority assignment in waiting line problems (1954), doi:10.1287/opre.2.1.70;
    Kella and Yechiali (1985), doi:10.1002/nav.3800320103.
    """
    whole = erlang_c(servers, sum(rates), service_rate)
    capacity = servers * service_rate
    before, waits = 0.0, []
    for rate in rates:
        after = before + rate / capacity
        waits.append(whole.p_wait / capacity / ((1.0 - before) * (1.0 - after)))
        before = after
    return waits


def priorities_by_work(rates: Sequence[float], service_rates: Sequence[float]) -> list[float]:
    """Return the mean wait of each class at one server whose rate differs by class (M/M/1).

    Source: Cobham (1954); the order with the least cost is that of cost times rate (Cox and Smith
    1961, Queues, chapter 3).
    """
    pairs = list(zip(rates, service_rates, strict=True))
    if sum(rate / service for rate, service in pairs) >= 1.0:
        raise ValueError(f"rates are {list(rates)}, expected less work than one server does")
    residual = sum(rate / service**2 for rate, service in pairs)
    before, waits = 0.0, []
    for rate, service in pairs:
        after = before + rate / service
        waits.append(residual / ((1.0 - before) * (1.0 - after)))
        before = after
    return waits


def reopening(servers: int, rate: float, service_rate: float, share: float) -> Queue:
    """Return what customers meet when a share of the served comes back after any exponential time.

    Seen from the queue they are more arrivals: a product form (Jackson 1957, 1963).
    """
    if not 0.0 <= share < 1.0:
        raise ValueError(f"share is {share}, expected from 0 and below 1")
    return erlang_c(servers, rate / (1.0 - share), service_rate)


class Chat(NamedTuple):
    """An agent with several chats at once, in the long run."""

    law: list[float]
    """Probability of 0, 1, 2 ... chats."""
    chats: float
    """Mean."""
    p_blocked: float
    sojourn: float
    """Mean time of a chat with the agent."""


def sharing(rate: float, rates_by_level: Sequence[float]) -> Chat:
    """Return the law of an agent's chats: with n of them each proceeds at `rates_by_level[n - 1]`.

    Work has mean 1 and any law. A new chat is lost when the agent has as many as there are levels.
    Source: Cohen, The multiple phase service network with generalized processor sharing, Acta
    Informatica 12 (1979), doi:10.1007/BF00264581.
    """
    weights = [1.0]
    for n, each in enumerate(rates_by_level, 1):
        if each <= 0.0:
            raise ValueError(f"rates_by_level[{n - 1}] is {each}, expected above 0")
        weights.append(weights[-1] * rate / (n * each))
    total = sum(weights)
    law = [weight / total for weight in weights]
    chats = sum(n * p for n, p in enumerate(law))
    return Chat(law, chats, law[-1], chats / (rate * (1.0 - law[-1])))


class Counts(NamedTuple):
    """How many arrive in a day."""

    mean: float
    variance: float
    p_none: float


def gamma_poisson(mean: float, shape: float) -> Counts:
    """Return the law of a day's arrivals when its busyness is gamma with mean 1: Poisson mixed.

    Source: Greenwood and Yule (1920); Jongbloed and Koole, Managing uncertainty in call centres
    using Poisson mixtures (2001), doi:10.1002/asmb.444.
    """
    if not (mean > 0.0 and shape > 0.0):
        raise ValueError(f"mean is {mean} and shape {shape}, expected both above 0")
    return Counts(mean, mean + mean * mean / shape, (1.0 + mean / shape) ** -shape)
