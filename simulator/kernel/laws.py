"""Durations drawn from the laws of a world, and the instants of arrivals."""

import math

from router.core.jit import rule
from router.core.limits import NEVER_US
from simulator.kernel import codes as c
from simulator.kernel.draws import exponential, normal_quantile, uniform
from simulator.kernel.state import Sim

HOUR_US = 3_600_000_000
DAY_US = 24 * HOUR_US
APART = 1 << 32
"""Between counts of draws that must differ."""
DURATION_S_MAX = 1e9
"""Thirty years: longer than any run, and far from the edge of int64 in microseconds."""


@rule
def from_table(k: Sim, law: int, u: float) -> float:
    """
    Return the float64 quantile of a law given by points of its distribution, linear between them.

    Parameters
    ----------
    u : float
        Probability.
    """
    first = k.laws[law].table_from
    rows = k.laws[law].table_rows
    n = 1
    while n < rows - 1 and k.tables[first + n, 0] < u:
        n += 1
    low, high = k.tables[first + n - 1, 0], k.tables[first + n, 0]
    share = (u - low) / (high - low) if high > low else 1.0
    share = min(1.0, max(0.0, share))
    start = k.tables[first + n - 1, 1]
    return float(start + share * (k.tables[first + n, 1] - start))


@rule
def from_hazard(k: Sim, law: int, u: float) -> float:
    """
    Return the float64 instant at which a piecewise constant hazard has added up to a unit exponential.

    Parameters
    ----------
    u : float
        Probability; the exponential is its negative logarithm.
    """
    left = -math.log(u)
    first = k.laws[law].table_from
    rows = k.laws[law].table_rows
    for n in range(rows):
        rate, starts_s = k.tables[first + n, 0], k.tables[first + n, 1]
        if n + 1 < rows:
            gain = rate * (k.tables[first + n + 1, 1] - starts_s)
            if gain < left:
                left -= gain
                continue
        return float(starts_s + left / rate) if rate > 0 else DURATION_S_MAX
    return DURATION_S_MAX


@rule
def draw(k: Sim, law: int, purpose: int, entity: int, count: int) -> float:
    """Return a float64 duration in seconds from a law, before its factor by hour."""
    d = k.laws[law]
    if d.kind == c.FIXED:
        return float(d.a)
    stream = k.streams[purpose]
    if d.zero > 0 and uniform(stream, entity, count - APART) < d.zero:
        return 0.0
    if d.kind == c.EXPONENTIAL:
        return float(d.a * exponential(stream, entity, count))
    u = uniform(stream, entity, count)
    if d.kind == c.LOGNORMAL:
        return math.exp(d.a + d.b * normal_quantile(u))
    if d.kind == c.UNIFORM:
        return float(d.a + u * (d.b - d.a))
    if d.kind == c.TABLE:
        return from_table(k, law, u)
    if d.kind == c.HAZARD:
        return from_hazard(k, law, u)
    total = 0.0  # the sum of so many exponentials: gamma with a whole shape
    for n in range(int(d.b)):
        total += exponential(stream, entity, count + APART * n)
    return float(d.a * total)


@rule
def duration_us(k: Sim, law: int, purpose: int, entity: int, count: int) -> float:
    """Return a float64 duration in microseconds as it is at the present hour."""
    seconds = draw(k, law, purpose, entity, count)
    hours = k.laws[law].hours_from
    if hours >= 0:
        z = k.scalars[0]
        seconds *= k.hours[hours + ((z.now_us - z.hour_from_us) // HOUR_US) % 24]
    return min(seconds, DURATION_S_MAX) * 1e6


@rule
def next_arrival_us(k: Sim, kind: int) -> int:
    """
    Return when the next ticket of a kind arrives, ``NEVER_US`` if none does.

    A Poisson process with a rate constant in each slot, by inversion of the integral of its rate: the n-th arrival is
    where the integral reaches the sum of n unit exponentials. So the arrivals are those of the world and the seed,
    whatever else happens.
    """
    z = k.scalars[0]
    count = k.arrivals[kind]
    entity = (kind << 36) | count
    k.reached[kind] += exponential(k.streams[c.ARRIVAL], entity, 0)
    first, slots = k.kinds[kind].rates_from, k.kinds[kind].rates
    days = k.kinds[kind].day_from
    while True:
        slot = k.rate_slot[kind]
        at_us = z.opens_us + slot * z.rate_us
        if slot >= slots or at_us >= z.closes_us:
            return NEVER_US
        rate = k.rates[first + slot]
        if days >= 0:
            rate *= k.days[days + (at_us - z.hour_from_us) // DAY_US]
        gain = rate * (z.rate_us * 1e-6)
        left = k.reached[kind] - k.passed[kind]
        if left < gain:
            at_us += int(left / rate * 1e6)
            return at_us if at_us < z.closes_us else NEVER_US
        k.passed[kind] += gain
        k.rate_slot[kind] += 1
