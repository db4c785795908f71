"""
The standing assignment: solved cold, warm after a share of the floor changed, and event by event.

``ours_ms`` of a cold case is loading a problem's arrays into a standing assignment and solving it,
room and compiled code at hand; of a warm case it is every change told from Python, one call each,
and the solve that follows. ``ratio_NAME`` sets the peer's own call (building its input left out) on
the same problem beside that; a warm case's peer solves the changed floor anew. Both are processor
time of this one thread, taken in turns, and a ratio is the median over the turns. An event is one
call from Python that leaves an exact optimum: a ticket goes, or comes back (``event_*``), or another
comes in its place (``event_*_other``); its time is the thread's too, and ``wall_p99_us`` is what the
clock on the wall said. Every answer is compared to the last point, and every gap is 0.

Floors are of seeds that nothing was tuned on: slacks and horizons were chosen on seeds up to 29 and
from 100 on, and 31 and later are kept for this.
"""

from __future__ import annotations

import statistics
from itertools import pairwise
from time import perf_counter, process_time, thread_time_ns
from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np

from bench.instances import SHAPES, unit_problem
from bench.peers import PEERS
from bench.report import Peer, Row, Suite, quantile
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
    """Shapes solved cold, the shape changed and its seeds, turns for each seed, events told."""

    cold: tuple[str, ...]
    standing: str
    seeds: tuple[int, ...]
    turns: int
    events: int


FULL: Final = Effort(COLD, "10k_critical", (31, 32, 33), 3, 4_000)
QUICK: Final = Effort(("100x1k_critical",), "100x1k_critical", (31,), 1, 50)


def run(effort: Effort = FULL) -> list[Row]:
    """Return the rows; raises if an answer is not a peer's, or leaves a gap."""
    rows: list[Row] = []
    for name in effort.cold:
        rows += _cold(f"cold_{name}", held_out(name, effort.seeds), effort.turns)
    size = effort.standing.partition("_")[0]
    problems = held_out(effort.standing, effort.seeds)
    for label, share in SHARES.items():
        rows += _warm(f"warm_{size}_{label}", problems, share, effort.turns)
    rows += _events(f"event_{size}", problems[0], effort.events)
    return rows + _events(f"event_{size}_other", problems[0], effort.events, other=True)


def held_out(name: str, seeds: tuple[int, ...]) -> list[Problem]:
    """Return the problems of a shape that have these seeds."""
    return [unit_problem(SHAPES[name]._replace(seed=seed)) for seed in seeds]


class Turns:
    """Times of ours and of peers on the same problems, in turns."""

    def __init__(self) -> None:
        self.ours: list[float] = []
        self.theirs: dict[str, list[float]] = {}

    def ask(self, case: str, name: str, problem: Problem, standing: StandingAssignment) -> None:
        """Let a peer solve what ours did just now, and compare answers."""
        found = PEERS[name].run(problem)
        self.theirs.setdefault(name, []).append(found.solve_ms)
        _agree(case, standing, found.value)

    def rows(self, case: str) -> list[Row]:
        """Return milliseconds and ratios; a ratio is the median over the turns."""
        suite = Suite("solver", case)
        rows = [suite.row("ours_ms", self.ours, "ms")]
        for name, times in self.theirs.items():
            ratios = [theirs / ours for theirs, ours in zip(times, self.ours, strict=True)]
            rival = Peer(PEERS[name].title, statistics.median(times))
            rows.append(suite.row(f"{name}_ms", times, "ms"))
            rows.append(suite.row(f"ratio_{name}", ratios, "x", peer=rival))
        return rows


def _cold(case: str, problems: list[Problem], turns: int) -> list[Row]:
    """Measure a cold solve beside the peers that are there and in time."""
    asked = [
        name for name in AGAINST if all(PEERS[name].refuses(each) is None for each in problems)
    ]
    measured = Turns()
    for problem in problems:
        standing = StandingAssignment(problem, rows=problem.rows)
        standing.solve()
        for _ in range(turns):
            begun = process_time()
            load(standing.state, problem.pairs, problem.limits)
            standing.solve()
            measured.ours.append((process_time() - begun) * 1e3)
            for name in asked:
                measured.ask(case, name, problem, standing)
    return measured.rows(case)


def _agree(case: str, standing: StandingAssignment, value: int) -> None:
    primal, dual = standing.certificate
    if not primal == dual == value:
        message = f"{case}: ours is {primal} to {dual}, a peer says {value}"
        raise AssertionError(message)


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
        """Change so much of the floor, tickets and slots alike, and return the processor milliseconds."""
        rows = self.chance.choice(len(self.asks), max(1, int(len(self.asks) * share)), False)
        likes = self.chance.choice(len(self.asks), rows.size, replace=False)
        columns = self.chance.choice(
            self.capacity.size, max(2, int(self.capacity.size * share)), False
        )
        fewer = [column for column in columns[::2].tolist() if self.capacity[column] > 0]
        more = columns[1::2].tolist()
        begun = process_time()
        self.standing.scans_max = 0
        for row, like in zip(rows.tolist(), likes.tolist(), strict=True):
            self.replace(row, like)
        for column in more:
            self.standing.add_slot(column)
        for column in fewer:
            self.standing.drop_slot(column)
        self.standing.scans_max = UNBOUNDED
        self.standing.solve()
        took_ms = (process_time() - begun) * 1e3
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


def _warm(case: str, problems: list[Problem], share: float, turns: int) -> list[Row]:
    """Measure changing a share of a standing floor against solving the changed floor anew."""
    measured = Turns()
    for problem in problems:
        floor = Floor(problem, seed=1)
        floor.change(share)
        for _ in range(turns):
            measured.ours.append(floor.change(share))
            measured.ask(case, "mcf", floor.problem(), floor.standing)
    return measured.rows(case)


def _events(case: str, problem: Problem, events: int, *, other: bool = False) -> list[Row]:
    """Measure single events: a ticket goes and it or another comes, an optimum after each."""
    floor = Floor(problem, seed=2)
    standing, cpu, wall = floor.standing, [], []
    before = standing.work
    for row in floor.chance.integers(problem.rows, size=events // 2).tolist():
        like = int(floor.chance.integers(problem.rows)) if other else floor.asks[row]
        column, value = floor.offers[like]
        times = [(thread_time_ns(), perf_counter())]
        standing.drop_ticket(row)
        times.append((thread_time_ns(), perf_counter()))
        standing.add_ticket(row, column, value)
        times.append((thread_time_ns(), perf_counter()))
        floor.asks[row] = like
        for (cpu_was, was), (cpu_is, now) in pairwise(times):
            cpu.append((cpu_is - cpu_was) / 1e3)
            wall.append((now - was) * 1e6)
    found = PEERS["mcf"].run(floor.problem())
    _agree(case, standing, found.value)
    scans = sum(standing.work[name] - before[name] for name in ("row_scans", "node_scans"))
    suite = Suite("solver", case)
    return [
        suite.row("p50_us", [quantile(cpu, 0.5)], "us", n=len(cpu)),
        suite.row("p99_us", [quantile(cpu, 0.99)], "us", n=len(cpu)),
        suite.row("wall_p99_us", [quantile(wall, 0.99)], "us", n=len(wall)),
        suite.row("scans", [scans / len(cpu)], "scans per event", n=len(cpu)),
    ]
