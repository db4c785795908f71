"""
What the simulator says of a load test: how waits, service level and abandonment should be, and whether they are.

The same world is simulated many times with other chance, and once with the very chance of the run. The first gives the
band in which 95 % of such days lie: a real day is one draw from it. The second is the same customers and agents
ticket by ticket, so what differs there is the server: its latency, and what came of it.
"""

from collections.abc import Callable, Sequence
from typing import Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from simulator.kernel.running import Options, Prepared, Records, play
from simulator.measures.cuts import Parts, measured
from simulator.measures.recorded import day_of, setting_of
from simulator.measures.summary import Key
from simulator.measures.table import MEASURES
from simulator.worlds.planning import plan_replication

COMPARED: Final = (
    "tickets", "answered", "abandonment", "service_level_offered", "asa_s", "wait_p50_s", "wait_p90_s", "wait_p95_s",
    "wait_p99_s", "aht_s", "occupancy", "offers_declined", "transfers",
)  # fmt: skip
BY_HOUR: Final = ("tickets", "service_level_offered", "asa_s", "wait_p90_s", "queue_length")
WANTED: Final[tuple[Key, ...]] = (
    *((name, "all") for name in COMPARED),
    *((name, "hour") for name in BY_HOUR),
)
SHARE: Final = 0.95
REPLICATIONS: Final = 100
APART: Final = 1_000_000
"""Replications of the forecast begin at this number, so that none is the run's own."""


class Held(NamedTuple):
    """A measure of a run, and where the simulator's days lie."""

    measure: str
    found: float
    """NaN where there is nothing to measure."""
    twin: float
    """Of the simulated day with the very chance of the run."""
    low: float
    middle: float
    high: float
    days: int

    @property
    def is_inside(self) -> bool:
        """Tell whether the run lies in the band; what cannot be measured on either side does."""
        if np.isnan(self.found) or np.isnan(self.low):
            return bool(np.isnan(self.found) and np.isnan(self.low))
        return self.low <= self.found <= self.high


class Pairs(NamedTuple):
    """The same tickets in the run and in its twin."""

    tickets: int
    same_agent: float
    """Share of those answered in both that had the same agent last."""
    same_end: float
    """Share of all that ended alike."""
    difference_s: tuple[float, float, float]
    """Wait in the run less wait in the twin: 5 %, median, 95 %."""


class Forecast(NamedTuple):
    """What the simulator says of a run."""

    held: list[Held]
    hours: dict[str, NDArray[np.float64]]
    """By measure: run, low, middle, high of each hour, float64 (4, slots)."""
    pairs: Pairs
    seed: int

    def of(self, measure: str) -> Held:
        """Return one measure."""
        return next(each for each in self.held if each.measure == measure)


def band(values: Sequence[float], share: float = SHARE) -> tuple[float, float, float]:
    """
    Return where the middle ``share`` of days lies, and the median; NaN of what cannot be measured.

    The ends are quantiles of the days themselves (type 6 of Hyndman and Fan [1]_, whose range a further day misses
    with probability ``1 - share`` whatever its law), not an interval of their mean, which no single day has to be in.

    .. [1] Hyndman, Fan (1996). Sample quantiles in statistical packages. doi:10.1080/00031305.1996.10473566
    """
    known = np.array([each for each in values if not np.isnan(each)])
    if len(known) < 2:
        return float("nan"), float("nan"), float("nan")
    tail = (1 - share) / 2
    found = np.quantile(known, [tail, 0.5, 1 - tail], method="weibull")
    return float(found[0]), float(found[1]), float(found[2])


def values_of(parts: Parts) -> NDArray[np.float64]:
    """Return a measure of one day by key, NaN where there is nothing; float64 (keys,)."""
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.asarray(parts.above / parts.below)


def measures_of(prepared: Prepared, records: Records) -> dict[Key, NDArray[np.float64]]:
    """Return what is compared of one day, by measure and cut."""
    parts = measured(day_of(records), setting_of(prepared.compiled, records), WANTED)
    return {key: values_of(each) for key, each in parts.items()}


def forecast(
    prepared: Prepared,
    records: Records,
    options: Options,
    replications: int = REPLICATIONS,
    show: Callable[[int], object] | None = None,
) -> Forecast:
    """Simulate the world and compare a run of it; ``show`` hears how many days were simulated."""
    mine = measures_of(prepared, records)
    twin_records = simulated(prepared, options)
    twin = measures_of(prepared, twin_records)
    days = []
    for n in range(replications):
        other = options._replace(replication=APART + n)
        days.append(measures_of(prepared, simulated(prepared, other)))
        if show is not None:
            show(n + 1)
    held = []
    for name in COMPARED:
        low, middle, high = band([float(day[name, "all"][0]) for day in days])
        found = float(mine[name, "all"][0])
        held.append(Held(name, found, float(twin[name, "all"][0]), low, middle, high, len(days)))
    hours = {}
    for name in BY_HOUR:
        bands = [
            band(column) for column in np.stack([d[name, "hour"] for d in days], axis=1).tolist()
        ]
        hours[name] = np.array([mine[name, "hour"], *np.array(bands).T])
    return Forecast(held, hours, paired(records, twin_records), options.seed)


def simulated(prepared: Prepared, options: Options) -> Records:
    """Return one simulated day."""
    plan = plan_replication(prepared.compiled, options.seed, options.replication)
    return play(prepared, plan, options)


def paired(records: Records, twin: Records) -> Pairs:
    """Compare first visits ticket by ticket: those that arrived at the same microsecond as the same kind."""
    mine, theirs = _firsts(records.tickets), _firsts(twin.tickets)
    common = [(mine[key], theirs[key]) for key in mine.keys() & theirs.keys()]
    both = [(a, b) for a, b in common if _is_answered(a) and _is_answered(b)]
    waits = np.array([_wait_s(a) - _wait_s(b) for a, b in both] or [0.0])
    ends = np.quantile(waits, [0.05, 0.5, 0.95])
    return Pairs(
        len(common),
        _share([a["agent"] == b["agent"] for a, b in both]),
        _share([a["outcome"] == b["outcome"] for a, b in common]),
        (float(ends[0]), float(ends[1]), float(ends[2])),
    )


def _firsts(tickets: Any) -> dict[tuple[int, int], Any]:
    rows = tickets[(tickets["attempt"] == 0) & (tickets["reopens"] == 0)]
    return {(int(row["type"]), int(row["arrived_us"])): row for row in rows}


def _is_answered(row: Any) -> bool:
    return int(row["answered_us"]) < 2**62


def _wait_s(row: Any) -> float:
    return float(int(row["answered_us"]) - int(row["arrived_us"])) / 1e6


def _share(tests: Sequence[Any]) -> float:
    return float(np.mean(tests)) if tests else float("nan")


assert set(COMPARED) | set(BY_HOUR) <= MEASURES.keys()
