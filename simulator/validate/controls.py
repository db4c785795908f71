"""Control variates of an anchor: sums over a replication less their known expectation, so with mean 0."""

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import numpy as np

from router.core.limits import NEVER_US
from simulator.kernel import codes as c
from simulator.kernel.draws import streams
from simulator.measures.day import BLOCKED, Floats, Ints, Records, Setting
from simulator.theory.erlang import erlang_a, erlang_a_tail, erlang_b, erlang_c, erlang_c_tail
from simulator.theory.single import pollaczek_khinchine
from simulator.validate.pooled import drawn_exponentials, pooled_waits

if TYPE_CHECKING:
    from simulator.validate.anchors import Pool
    from simulator.worlds.schema import World


QUARTER_US: Final = 900_000_000
DAY_US: Final = 96 * QUARTER_US


class Seen(NamedTuple):
    """One replication, as controls see it."""

    tickets: Records
    """In the order of arrival."""
    setting: Setting
    world: "World"
    speeds: Floats
    """Of each agent."""
    pool: "Pool | None"
    chance: tuple[int, int]
    """Seed and replication."""

    @property
    def window_s(self) -> float:
        """Return how long is measured."""
        low, high = self.setting.window_us
        return (high - low) * 1e-6

    @property
    def inside(self) -> Any:
        """Tell of each ticket whether it is measured."""
        low, high = self.setting.window_us
        arrived = self.tickets["arrived_us"]
        return (arrived >= low) & (arrived < high)


def arrivals(seen: Seen) -> list[float]:
    """Return, for each kind at a constant rate, first visits less their expectation."""
    found = []
    first = seen.inside & (seen.tickets["attempt"] == 0) & (seen.tickets["reopens"] == 0)
    for kind, name in enumerate(seen.setting.names["type"]):
        comes = seen.world.tickets[name].arrivals
        if comes is not None and comes.per_hour is not None:
            count = int((first & (seen.tickets["type"] == kind)).sum())
            found.append(count - comes.per_hour * seen.window_s / 3_600.0)
    return found


def traffic(seen: Seen) -> list[float]:
    """Return all first visits less their expectation, by rates that change by the hour (in UTC).

    Busy days vary around the same expectation, so this control tells how busy the days were.
    """
    low, high = seen.setting.window_us
    starts = np.arange(low, high, QUARTER_US)
    length_h = (np.minimum(starts + QUARTER_US, high) - starts) / 3.6e9
    quarter = starts % DAY_US // QUARTER_US
    known = 0.0
    for ticket in seen.world.tickets.values():
        comes = ticket.arrivals
        if comes is not None and comes.by_weekday is None:
            rates = np.asarray(comes.by_hour or (comes.per_hour or 0.0,), np.float64)
            known += float(length_h @ rates[quarter * len(rates) // 96])
    first = seen.inside & (seen.tickets["attempt"] == 0) & (seen.tickets["reopens"] == 0)
    return [float(first.sum()) - known]


def work(seen: Seen) -> list[float]:
    """Return, for each kind whose work has a known mean, work of the served less count times mean.

    What an agent's own speed did to the work is undone.
    """
    found = []
    done_s = _base_work_us(seen) * 1e-6
    taken = seen.inside & (seen.tickets["agent"] >= 0)
    for kind, name in enumerate(seen.setting.names["type"]):
        mean_s = mean_of(seen.world.tickets[name].work)
        if mean_s is not None:
            mine = taken & (seen.tickets["type"] == kind)
            found.append(float(done_s[mine].sum()) - mean_s * float(mine.sum()))
    return found


def squares(seen: Seen) -> list[float]:
    """Return, for each kind of exponential work, its squares less their expectation."""
    found = []
    done_s = _base_work_us(seen) * 1e-6
    taken = seen.inside & (seen.tickets["agent"] >= 0)
    for kind, name in enumerate(seen.setting.names["type"]):
        law = seen.world.tickets[name].work
        if law.kind == "exponential" and law.mean_s is not None:
            mine = taken & (seen.tickets["type"] == kind)
            known = 2.0 * law.mean_s**2 * float(mine.sum())
            found.append(float((done_s[mine] ** 2).sum()) - known)
    return found


def pooled(seen: Seen) -> list[float]:
    """Return waits, delays and losses of the pooled queue on the same tickets, less expectation.

    The pooled queue has the same arrivals, work and patience, but one line and servers who are all
    alike. Its law is Erlang's, or Pollaczek and Khinchine's for one server.
    """
    pool = seen.pool
    assert pool is not None, "an anchor with this control has a pool"
    work_us = (_base_work_us(seen) / pool.speed).astype(np.int64)
    waits = pooled_waits(
        np.ascontiguousarray(seen.tickets["arrived_us"]),
        work_us,
        _patience_us(seen, pool),
        pool.servers,
    )[seen.inside]
    left = waits < 0
    wait_us = np.where(left, -1 - waits, waits)
    law = _pooled_law(pool, min(seen.setting.targets_us) * 1e-6)
    strayed = {
        "wait": wait_us * 1e-6,
        "waits": left | (waits > 0),
        "lost": left,
        "within": wait_us <= min(seen.setting.targets_us),
    }
    return [float(strayed[name].sum()) - value * len(waits) for name, value in law.items()]


def _pooled_law(pool: "Pool", target_s: float) -> dict[str, float]:
    """Return what is expected of a customer of the pooled queue, as far as a formula says it."""
    asked = pool.servers, pool.rate, 1.0 / pool.work_s
    if pool.patience_s == 0.0:
        return {"lost": erlang_b(pool.servers, pool.rate * pool.work_s)}
    if pool.patience_s is not None:
        leaving = erlang_a(*asked, 1.0 / pool.patience_s)
        late = erlang_a_tail(*asked, 1.0 / pool.patience_s, target_s)
        return {
            "wait": leaving.wait,
            "waits": leaving.p_wait,
            "lost": leaving.p_lost,
            "within": 1.0 - late,
        }
    if pool.cv2 != 1.0:
        wait = pollaczek_khinchine(pool.rate, pool.work_s, pool.cv2)
        return {"wait": wait, "waits": pool.rate * pool.work_s}
    patient = erlang_c(*asked)
    within = 1.0 - erlang_c_tail(*asked, target_s)
    return {"wait": patient.wait, "waits": patient.p_wait, "within": within}


def _base_work_us(seen: Seen) -> Floats:
    """Return each ticket's work at speed 1; drawn anew for those who were not served."""
    agent = seen.tickets["agent"]
    speed = np.where(agent >= 0, seen.speeds[np.maximum(agent, 0)], 1.0)
    done = seen.tickets["work_us"] * speed
    missing = (agent < 0) & (seen.tickets["outcome"] != BLOCKED)
    if missing.any():
        done = np.where(missing, _drawn(seen, c.WORK, _means(seen, "work")), done)
    return np.asarray(done, np.float64)


def _patience_us(seen: Seen, pool: "Pool") -> Ints:
    """Return each ticket's patience as the kernel draws it."""
    if pool.patience_s is None:
        return np.full(len(seen.tickets), NEVER_US, np.int64)
    if pool.patience_s == 0.0:
        return np.zeros(len(seen.tickets), np.int64)
    return np.trunc(_drawn(seen, c.PATIENCE, _means(seen, "patience"))).astype(np.int64)


def _means(seen: Seen, law: str) -> Floats:
    """Return the mean in microseconds of each kind's exponential law of work or patience."""
    found = []
    for name in seen.setting.names["type"]:
        given = getattr(seen.world.tickets[name], law)
        found.append(
            1e6 * given.mean_s if given is not None and given.kind == "exponential" else np.nan
        )
    return np.array(found)


def _drawn(seen: Seen, purpose: int, means: Floats) -> Floats:
    """Return the exponentials that the kernel draws for each ticket, which all visit once."""
    kinds = seen.tickets["type"].astype(np.int64)
    orders = np.zeros(len(kinds), np.int64)
    for kind in range(len(means)):
        mine = kinds == kind
        orders[mine] = np.arange(int(mine.sum()))
    keys = streams(*seen.chance)
    return np.asarray(drawn_exponentials(keys[purpose], kinds, orders) * means[kinds], np.float64)


def mean_of(law: Any) -> float | None:
    """Return the mean of a law of the world, None where it is not a closed form."""
    if law.by_hour is not None or law.zero:
        return None
    mean: float | None = law.mean_s
    return law.value_s if law.kind == "fixed" else mean


CONTROLS: Final[Mapping[str, Callable[[Seen], list[float]]]] = MappingProxyType(
    {"arrivals": arrivals, "traffic": traffic, "work": work, "squares": squares, "pooled": pooled}
)
"""Each kind of control variate. The rows are sums over a replication whose expectation is 0."""
