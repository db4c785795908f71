"""The suite ``scoring``: feasibility, points and the best agents of each row, beside the processor's own peak.

Throughput is by the time the thread had the core, so that a neighbour does not count; latency by
the clock on the wall. ``peak_share`` counts the 32 multiplications and additions of a pair, all
pairs, feasible or not, against the rate of fused multiply-adds on 32-bit floats measured between
the repeats; ``integer_peak_share`` against that of the 16-bit products that scoring really uses.
"""

from __future__ import annotations

import statistics
from time import perf_counter_ns, thread_time_ns
from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np

from bench.report import Peer, Row, Suite, quantile
from bench.scoring_floor import ScoringFloor, Shape, make
from bench.scoring_peak import float_gflops, integer_gops
from bench.scoring_peers import by_blocks, by_products, by_rows, floats
from solver.scoring.arrays import FEATURES, Work, handle, make_work
from solver.scoring.registry import Profile
from solver.scoring.select import select
from solver.scoring.vectors import VECTOR

if TYPE_CHECKING:
    from collections.abc import Callable

BEST = 32
FLOPS = 2 * FEATURES
NUMPY = "NumPy: product of blocks, masks, argpartition"
BY_ROWS = "NumPy: row by row, feasible agents only"
PRODUCTS = "BLAS sgemm by tiles, selection as ours"
PEAK = "fused multiply-adds on 32-bit floats, same run"


class Size(NamedTuple):
    """How much is measured; ``FULL`` is what docs/bench.md speaks of."""

    agents: int
    rows: int
    peer_rows: int
    repeats: int
    calls: int


FULL: Final = Size(10_000, 10_000, 256, 7, 1_000)
QUICK: Final = Size(200, 30, 8, 1, 5)
DENSE, MIDDLE, SPARSE = 0.64, 0.12, 0.01
SWEEP = (0.003, 0.03, 0.3, 1.0)


def run(size: Size = FULL) -> list[Row]:
    """Return the rows of the suite ``scoring``; raises if a peer finds other points."""
    rows: list[Row] = []
    for name, density in (("dense", DENSE), ("middle", MIDDLE), ("sparse", SPARSE)):
        floor = make(Shape(size.rows, size.agents, density))
        rows += throughput(Suite("scoring", f"{name}_10k"), floor, size)
        case = "one_10k" if name == "middle" else f"one_10k_{name}"
        rows += latency(Suite("scoring", case), floor, size)
        if name == "middle":
            rows += change(Suite("scoring", "change_agent_10k"), floor, size)
    for density in SWEEP:
        floor = make(Shape(max(64, size.rows // 10), size.agents, density))
        rows += throughput(Suite("scoring", f"density_{density:g}"), floor, size)
    small = make(Shape(4, 64, DENSE))  # the call itself is most of it
    return rows + throughput(Suite("scoring", "small_4x64"), small, size)


def spent_ms(call: Callable[[], object]) -> float:
    """Return for how long a call had the core, in milliseconds."""
    begun = thread_time_ns()
    call()
    return (thread_time_ns() - begun) / 1e6


def throughput(suite: Suite, floor: ScoringFloor, size: Size) -> list[Row]:
    """Measure a whole pass and its peers, turn by turn."""
    agents, asks = floor.registry.handle, handle(floor.asks)
    count = floor.asks.base.size
    work = make_work(count, floor.registry.agents, BEST)
    done, order = handle(work), np.arange(count, dtype=np.int32)
    some = np.linspace(0, count - 1, min(count, size.peer_rows)).astype(np.int64)
    given, other = floats(floor), make_work(count, floor.registry.agents, BEST)
    handles, part = (agents, asks, handle(other)), some.astype(np.int32)
    peers: dict[str, Callable[[], object]] = {
        "numpy": lambda: by_blocks(given, some, BEST),
        "numpy_by_rows": lambda: by_rows(given, some, BEST),
        "sgemm": lambda: by_products(given, handles, part, vector=VECTOR),
        "plain": lambda: select(*handles, part, False),
    }
    select(agents, asks, done, order, VECTOR)
    check(floor, work, some, by_blocks(given, some, BEST), by_rows(given, some, BEST))
    by_products(given, handles, part, vector=VECTOR)
    assert np.array_equal(other.value[some], work.value[some]), "sgemm found other points"
    ours: list[float] = []
    theirs: dict[str, list[float]] = {name: [] for name in peers}
    peaks: list[tuple[float, float]] = []
    for _ in range(size.repeats):
        peaks.append((float_gflops(), integer_gops()))
        select(*handles, part, VECTOR)  # what measuring the peak pushed out of the caches
        ours.append(spent_ms(lambda: select(agents, asks, done, order, VECTOR)))
        for name, call in peers.items():
            theirs[name].append(spent_ms(call) * count / some.size)
    pairs = count * floor.registry.agents
    rates = [pairs / ms / 1e3 for ms in ours]
    shares = [FLOPS * pairs / ms / 1e6 / peak[0] for ms, peak in zip(ours, peaks, strict=True)]
    whole = [FLOPS * pairs / ms / 1e6 / peak[1] for ms, peak in zip(ours, peaks, strict=True)]
    rows = [
        suite.row("ms", ours, "ms"),
        suite.row("pairs_per_s", rates, "million pairs/s"),
        suite.row(
            "peak_share",
            shares,
            "share of FMA peak",
            peer=Peer(PEAK, statistics.median(each[0] for each in peaks)),
        ),
        suite.row("integer_peak_share", whole, "share of 16-bit peak"),
        suite.row("feasible", [feasible_share(floor, work)], "share of pairs", n=count),
    ]
    return rows + ratios(suite, ours, theirs)


def ratios(suite: Suite, ours: list[float], theirs: dict[str, list[float]]) -> list[Row]:
    """Return how many times longer each peer took, repeat by repeat."""
    names = {
        "numpy": NUMPY,
        "numpy_by_rows": BY_ROWS,
        "sgemm": PRODUCTS,
        "plain": "our plain loops",
    }
    rows = []
    for name, times in theirs.items():
        shares = [peer / own for peer, own in zip(times, ours, strict=True)]
        peer = Peer(f"{names[name]}, ms", statistics.median(times))
        rows.append(suite.row(f"ratio_{name}", shares, "x", peer=peer))
    return rows


def feasible_share(floor: ScoringFloor, work: Work) -> float:
    """Return the share of pairs that are feasible, by one more pass."""
    work.scored[0] = 0
    order = np.arange(floor.asks.base.size, dtype=np.int32)
    select(floor.registry.handle, handle(floor.asks), handle(work), order, VECTOR)
    return float(work.scored[0] / (order.size * floor.registry.agents))


def check(floor: ScoringFloor, work: Work, rows: np.ndarray, *others: list[np.ndarray]) -> None:
    """Compare what peers found with what we did, to the last integer."""
    prices = floor.registry.arrays.price
    for other in others:
        for row, points in zip(rows, other, strict=True):
            size = work.picks[row]
            own = work.value[row, :size] - prices[work.agent[row, :size]]
            assert np.array_equal(np.sort(own)[::-1], points), f"row {row}"


def latency(suite: Suite, floor: ScoringFloor, size: Size) -> list[Row]:
    """Measure one row against all agents, asked in any order, Python's call included."""
    agents, asks = floor.registry.handle, handle(floor.asks)
    done = handle(make_work(floor.asks.base.size, floor.registry.agents, BEST))
    chance = np.random.default_rng(5)
    order = chance.integers(0, floor.asks.base.size, size.calls).astype(np.int32)
    each = [order[k : k + 1] for k in range(order.size)]
    p50, p99 = [], []
    for _ in range(max(1, size.repeats)):
        times = []
        for row in each:
            begun = perf_counter_ns()
            select(agents, asks, done, row, VECTOR)
            times.append((perf_counter_ns() - begun) / 1e3)
        p50.append(quantile(times, 0.5))
        p99.append(quantile(times, 0.99))
    count = size.calls * len(p50)
    return [suite.row("p50_us", p50, "us", n=count), suite.row("p99_us", p99, "us", n=count)]


def change(suite: Suite, floor: ScoringFloor, size: Size) -> list[Row]:
    """Measure replacing one agent by another, and giving one a tag."""
    registry = floor.registry
    arrays = registry.arrays
    tags = np.zeros(registry.tags, dtype=np.int64)
    puts, flips = [], []
    for k in range(size.calls):
        agent = (k * 7919) % size.agents
        levels = arrays.levels[:, agent].copy()
        profile = Profile(
            arrays.feature_row[agent].copy(), levels, tags, arrays.offset[:, agent].copy()
        )
        begun = perf_counter_ns()
        registry.put(agent, profile)
        puts.append((perf_counter_ns() - begun) / 1e3)
        begun = perf_counter_ns()
        registry.set_tag(agent, 0, on=True)
        flips.append((perf_counter_ns() - begun) / 1e3)
    return [
        suite.row("put_p50_us", [quantile(puts, 0.5)], "us", n=size.calls),
        suite.row("set_tag_p50_us", [quantile(flips, 0.5)], "us", n=size.calls),
    ]
