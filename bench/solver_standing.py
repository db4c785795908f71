"""
The standing assignment: solved cold, warm after a share of the floor changed, and event by event.

``ours_ms`` of a cold case is loading a problem's arrays into a standing assignment and solving it,
room and compiled code at hand; of a warm case it is every change told from Python, one call each,
and the solve that follows. ``ratio_NAME`` sets the peer's own call (building its input left out) on
the same problem beside that; a warm case's peer solves the changed floor anew. An event is one
call from Python that leaves an exact optimum: a ticket goes, or comes back. Turns alternate, every
answer is compared to the last point, and every gap is 0. ``cpu_ratio_mcf`` is the same ratio in
processor time, which a busy machine blurs less than the clock on the wall.
"""

from __future__ import annotations

import statistics
from time import perf_counter, process_time
from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np

from bench.instances import SHAPES, unit_problem
from bench.peers import PEERS
from bench.report import Peer, Row, Suite, quantile
from solver.backends.min_cost_flow import build_flow
from solver.problem import Problem
from solver.standing.assignment import StandingAssignment
from solver.standing.load import load
from solver.standing.state import UNBOUNDED

if TYPE_CHECKING:
    from solver.kernels.pairs import Int32s

AGAINST: Final = ("mcf", "pot", "scipy")
COLD: Final = ("1k_critical", "1kx10k_light", "10k_critical", "10k_light", "10kx5k_overload")
SHARES: Final = {"1pct": 0.01, "5pct": 0.05}


class Effort(NamedTuple):
    """Shapes solved cold and warm, the shape of the events, how many of each, events told."""

    cold: tuple[str, ...]
    standing: str
    repeats: int
    events: int


FULL: Final = Effort(COLD, "10k_critical", 5, 4_000)
QUICK: Final = Effort(("100x1k_critical",), "100x1k_critical", 1, 50)


def run(effort: Effort = FULL) -> list[Row]:
    """Return the rows; raises if an answer is not a peer's, or leaves a gap."""
    rows: list[Row] = []
    for name in effort.cold:
        rows += _cold(f"cold_{name}", unit_problem(SHAPES[name]), effort.repeats)
    size = effort.standing.partition("_")[0]
    problem = unit_problem(SHAPES[effort.standing])
    for label, share in SHARES.items():
        rows += _warm(f"warm_{size}_{label}", problem, share, effort.repeats)
    return rows + _events(f"event_{size}", problem, effort.events)


def _cold(case: str, problem: Problem, repeats: int) -> list[Row]:
    """Measure a cold solve beside the peers that are there and in time."""
    standing = StandingAssignment(problem, rows=problem.rows)
    standing.solve()
    asked = [name for name in AGAINST if PEERS[name].refuses(problem) is None]
    ours: list[float] = []
    cpu: list[float] = []
    theirs: dict[str, list[float]] = {name: [] for name in asked}
    for _ in range(repeats):
        begun, begun_cpu = perf_counter(), process_time()
        load(standing.state, problem.pairs, problem.limits)
        standing.solve()
        ours.append((perf_counter() - begun) * 1e3)
        cpu.append((process_time() - begun_cpu) * 1e3)
        for name in asked:
            found = PEERS[name].run(problem)
            theirs[name].append(found.solve_ms)
            _agree(case, standing, found.value)
    suite = Suite("solver", case)
    rival = Peer(f"{PEERS['mcf'].title}, processor time", _flow_cpu_ms(problem))
    ratio = rival.value / statistics.median(cpu)
    row = suite.row("cpu_ratio_mcf", [ratio], "x", n=len(cpu), peer=rival)
    return [*_compared(suite, ours, theirs), row]


def _flow_cpu_ms(problem: Problem) -> float:
    """Return the processor milliseconds of a min cost flow, building it left out."""
    times = []
    for _ in range(3):
        flow = build_flow(problem)
        begun = process_time()
        flow.solve()
        times.append((process_time() - begun) * 1e3)
    return statistics.median(times)


def _agree(case: str, standing: StandingAssignment, value: int) -> None:
    primal, dual = standing.certificate
    if not primal == dual == value:
        message = f"{case}: ours is {primal} to {dual}, a peer says {value}"
        raise AssertionError(message)


def _compared(suite: Suite, ours: list[float], theirs: dict[str, list[float]]) -> list[Row]:
    rows = [suite.row("ours_ms", ours, "ms")]
    for name, times in theirs.items():
        rival = statistics.median(times)
        ratio = rival / statistics.median(ours)
        rows.append(suite.row(f"{name}_ms", times, "ms"))
        rows.append(suite.row(f"ratio_{name}", [ratio], "x", peer=Peer(PEERS[name].title, rival)))
    return rows


class Floor:
    """A standing assignment under change, and the problem that it answers at any time."""

    def __init__(self, problem: Problem, seed: int) -> None:
        self.offers = [
            (problem.col[begin:end].copy(), problem.value[begin:end].copy())
            for begin, end in zip(problem.row_ptr, problem.row_ptr[1:], strict=False)
        ]
        self.asks = list(range(problem.rows))
        self.capacity = problem.capacity.copy()
        self.chance = np.random.default_rng(seed)
        self.standing = StandingAssignment(problem, rows=problem.rows)
        self.standing.solve()
        self.replace(0, 0)  # links all pairs once

    def replace(self, row: int, like: int) -> None:
        """Let the ticket of a row go, and one that asks as row ``like`` once did come instead."""
        self.standing.drop_ticket(row)
        self.standing.add_ticket(row, *self.offers[like])
        self.asks[row] = like

    def change(self, share: float) -> float:
        """Change so much of the floor, tickets and slots alike, and return the milliseconds."""
        rows = self.chance.choice(len(self.asks), max(1, int(len(self.asks) * share)), False)
        likes = self.chance.choice(len(self.asks), rows.size, replace=False)
        columns = self.chance.choice(
            self.capacity.size, max(2, int(self.capacity.size * share)), False
        )
        fewer = [column for column in columns[::2].tolist() if self.capacity[column] > 0]
        more = columns[1::2].tolist()
        begun = perf_counter()
        self.standing.scans_max = 0
        for row, like in zip(rows.tolist(), likes.tolist(), strict=True):
            self.replace(row, like)
        for column in more:
            self.standing.add_slot(column)
        for column in fewer:
            self.standing.drop_slot(column)
        self.standing.scans_max = UNBOUNDED
        self.standing.solve()
        took_ms = (perf_counter() - begun) * 1e3
        self.capacity[more] += 1
        self.capacity[fewer] -= 1
        return took_ms

    def problem(self) -> Problem:
        """Return what is standing as a problem to be solved anew."""
        offers = [self.offers[like] for like in self.asks]
        col: Int32s = np.concatenate([col for col, _ in offers])
        value: Int32s = np.concatenate([value for _, value in offers])
        row_ptr = np.cumsum([0, *(col.size for col, _ in offers)]).astype(np.int32)
        return Problem(row_ptr, col, value, self.capacity)


def _warm(case: str, problem: Problem, share: float, repeats: int) -> list[Row]:
    """Measure changing a share of a standing floor against solving the changed floor anew."""
    floor = Floor(problem, seed=1)
    floor.change(share)
    ours, theirs = [], []
    for _ in range(repeats):
        ours.append(floor.change(share))
        found = PEERS["mcf"].run(floor.problem())
        theirs.append(found.solve_ms)
        _agree(case, floor.standing, found.value)
    return _compared(Suite("solver", case), ours, {"mcf": theirs})


def _events(case: str, problem: Problem, events: int) -> list[Row]:
    """Measure single events: a ticket goes and comes back, an optimum after each."""
    floor = Floor(problem, seed=2)
    standing, times = floor.standing, []
    before = standing.work
    for row in floor.chance.integers(problem.rows, size=events // 2).tolist():
        column, value = floor.offers[row]
        begun = perf_counter()
        standing.drop_ticket(row)
        gone = perf_counter()
        standing.add_ticket(row, column, value)
        times += [(gone - begun) * 1e6, (perf_counter() - gone) * 1e6]
    found = PEERS["mcf"].run(problem)
    _agree(case, standing, found.value)
    scans = sum(standing.work[name] - before[name] for name in ("row_scans", "node_scans"))
    suite = Suite("solver", case)
    return [
        suite.row("p50_us", [quantile(times, 0.5)], "us", n=len(times)),
        suite.row("p99_us", [quantile(times, 0.99)], "us", n=len(times)),
        suite.row("scans", [scans / len(times)], "scans per event", n=len(times)),
    ]
