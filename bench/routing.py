"""One decision in process: a ticket comes, or an agent is freed, and Python has the events."""

import gc
import statistics
from collections.abc import Callable, Sequence
from time import perf_counter_ns
from typing import Final, NamedTuple, get_args

import numpy as np

from bench.floors import MAJORITY, SHAPES, Floor, Shape, policy_words, profile_words
from bench.report import Row, Suite, quantile
from router.core import codes as c
from router.core.layout import DECISION_WORDS
from router.core.machine import Batch
from router.wire.policies import Base

BUSY_SHARE: Final = 0.7
"""Share of all agents' units that are taken while tickets are routed."""
STEP_US: Final = 1_000
"""Virtual time between two tickets."""
PRIMAL, DUAL = DECISION_WORDS.index("primal"), DECISION_WORDS.index("dual")


def _short(count: int) -> str:
    return f"{count // 1000}k" if count >= 1000 else str(count)


class Effort(NamedTuple):
    """How long to measure: samples a round, and rounds."""

    samples: int
    rounds: int


def rounds_of(effort: Effort, sample: Callable[[], int]) -> list[list[float]]:
    """Return the times of each round in microseconds; ``sample`` returns the nanoseconds of one."""
    found = []
    for _ in range(effort.rounds):
        gc.collect()
        found.append([sample() / 1e3 for _ in range(effort.samples)])
    return found


def rows_of(suite: Suite, rounds: Sequence[Sequence[float]], prefix: str = "") -> list[Row]:
    """Return the rows for median and 99th percentile: medians over the rounds."""
    n = sum(map(len, rounds))
    return [
        suite.row(f"{prefix}{name}", [quantile(times, share) for times in rounds], "us", n=n)
        for name, share in (("p50_us", 0.5), ("p99_us", 0.99))
    ]


class Routed:
    """A floor at work, onto which tickets come one by one."""

    def __init__(self, shape: Shape) -> None:
        self.floor = Floor(shape)
        self.works = int(BUSY_SHARE * shape.agents * shape.units)
        self.floor.fill(self.works)
        self.offered = 0

    def ticket(self, profile: int, demand: list[int] | None = None) -> int:
        """Route one ticket and return the nanoseconds; with ``demand`` the profile is made by the way."""
        floor, machine = self.floor, self.floor.machine
        floor.now_us += STEP_US
        begun = perf_counter_ns()
        if demand is not None:
            machine.push(c.SET_PROFILE, floor.now_us, profile=profile, words=demand)
        floor.push_ticket(profile)
        batch = machine.run()
        took = perf_counter_ns() - begun
        self._go_on(batch)
        return took

    def _go_on(self, batch: Batch) -> None:
        """Accept what was offered, and complete as much as keeps the floor as busy as it is."""
        before = len(self.floor.works)
        self.floor.accept(batch)
        self.offered += len(self.floor.works) - before
        self.floor.ease(self.works)

    def rounds(self, effort: Effort, profiles: Sequence[int]) -> list[list[float]]:
        """Route tickets of these profiles in turn."""
        turn = iter(profiles)
        return rounds_of(effort, lambda: self.ticket(next(turn)))


def route(effort: Effort, shape: Shape) -> list[Row]:
    """Measure one ticket among the agents of a floor, under every policy."""
    at_work = Routed(shape)
    floor = at_work.floor
    profiles = floor.stream(effort.samples * effort.rounds)
    share = float(np.mean([floor.eligible(p) for p in profiles[:1000]])) / shape.agents
    case = Suite("core", f"route_{_short(shape.agents)}_agents")
    at_work.rounds(
        Effort(effort.samples, 1), profiles
    )  # what memory is touched first is not counted
    at_work.offered = 0
    rows = rows_of(case, at_work.rounds(effort, profiles))
    served = at_work.offered / (effort.samples * effort.rounds)
    rows += [
        case.row("eligible_share", [share], "share"),
        case.row("offered_share", [served], "share"),
    ]
    for base in get_args(Base):
        floor.machine.push(c.SET_POLICY, floor.now_us, words=policy_words(base))
        floor.accept(floor.machine.run())
        rows += rows_of(case, at_work.rounds(effort, profiles), f"{base}_")
    floor.machine.push(c.SET_POLICY, floor.now_us, words=policy_words("ours"))
    floor.accept(floor.machine.run())
    rows += _dense(effort, at_work)
    return rows + _novel(effort, at_work)


def _dense(effort: Effort, at_work: Routed) -> list[Row]:
    """Measure tickets that about 60 % of the agents may take: a group, and a skill that helps."""
    floor = at_work.floor
    profile = floor.add_profile(profile_words(0, (-1, 0), [(0, 0)], [MAJORITY]))
    case = Suite("core", f"route_{_short(floor.shape.agents)}_agents_dense")
    share = floor.eligible(profile) / floor.shape.agents
    profiles = [profile] * (effort.samples * effort.rounds)
    rows = rows_of(case, at_work.rounds(effort, profiles))
    return [*rows, case.row("eligible_share", [share], "share")]


def _novel(effort: Effort, at_work: Routed) -> list[Row]:
    """Measure tickets that each ask for something never asked before: the profile is made by the way."""
    floor = at_work.floor
    first = int(floor.machine.arrays.head[0]["profiles"])
    few = Effort(effort.samples // 4, effort.rounds)
    demands = iter([(first + n, floor.demand()) for n in range(few.samples * few.rounds)])
    case = Suite("core", f"route_{_short(floor.shape.agents)}_agents_novel")
    return rows_of(case, rounds_of(few, lambda: at_work.ticket(*next(demands))))


def step(effort: Effort, shape: Shape) -> list[Row]:
    """Measure a command that routes nothing: a message on an assigned ticket, and a bare tick."""
    floor = Floor(shape)
    floor.fill(shape.agents)
    machine, works = floor.machine, list(floor.works)
    turn = 0

    def reply() -> int:
        nonlocal turn
        turn += 1
        ticket = works[turn % len(works)][2]
        by = c.C_BY_CUSTOMER if turn // len(works) % 2 else 0
        begun = perf_counter_ns()
        machine.push(c.RECORD_REPLY, floor.now_us, ticket=ticket, options=by)
        batch = machine.run()
        took = perf_counter_ns() - begun
        assert batch.count > 0, "a message on an assigned ticket is an event"
        return took

    def tick() -> int:
        begun = perf_counter_ns()
        machine.push(c.TICK, floor.now_us)
        machine.run()
        return perf_counter_ns() - begun

    case = Suite("core", "step_no_route")
    rows = rows_of(case, rounds_of(effort, reply))
    return rows + rows_of(case, rounds_of(effort, tick), "tick_")


def freed(effort: Effort, shape: Shape, waiting: int = 1_000) -> list[Row]:
    """Measure an agent who completes something while ``waiting`` tickets wait, and is filled at once."""
    floor = Floor(shape)
    floor.fill(shape.agents * shape.units)
    machine = floor.machine
    while _waiting(floor) < waiting:
        _bring(floor, waiting - _waiting(floor))
    filled = 0

    def free() -> int:
        nonlocal filled
        floor.now_us += STEP_US
        begun = perf_counter_ns()
        floor.push_complete()
        batch = machine.run()
        took = perf_counter_ns() - begun
        if floor.accept(batch) is not None:
            filled += 1
        _bring(floor, waiting - _waiting(floor))
        return took

    case = Suite("core", "freed_agent")
    rows = rows_of(case, rounds_of(effort, free))
    share = filled / (effort.samples * effort.rounds)
    return [*rows, case.row("filled_share", [share], "share")]


def event(effort: Effort, shape: Shape, waiting: int = 1_000) -> list[Row]:
    """Measure what happens on a full floor, decided in the router: a ticket comes, or an agent is freed."""
    floor = Floor(shape)
    floor.fill(shape.agents * shape.units)
    machine = floor.machine
    while _waiting(floor) < waiting:
        _bring(floor, waiting - _waiting(floor))
    asked = iter(floor.stream(effort.samples * effort.rounds))
    decided = 0

    def happen() -> int:
        nonlocal decided
        floor.now_us += STEP_US
        is_full = _waiting(floor) >= waiting
        begun = perf_counter_ns()
        if is_full:
            floor.push_complete()
        else:
            floor.push_ticket(next(asked))
        batch = machine.run()
        took = perf_counter_ns() - begun
        decided += int((batch.events["kind"] == c.E_DECIDED).sum())
        floor.accept(batch)
        return took

    case = Suite("core", f"route_event_{_short(shape.agents)}")
    rows = rows_of(case, rounds_of(effort, happen))
    share = decided / (effort.samples * effort.rounds)
    return [*rows, case.row("decided_share", [share], "share")]


def _waiting(floor: Floor) -> int:
    queues: int = floor.machine.arrays.queues["waiting"].sum()
    return int(queues)


def _bring(floor: Floor, tickets: int) -> None:
    """Bring so many tickets; those that find somebody are accepted."""
    if tickets > 0:
        for profile in floor.stream(min(tickets, 500)):
            floor.push_ticket(profile)
        floor.accept(floor.machine.run())


def joint(rounds: int, shape: Shape, tickets: int = 100, room: int | None = None) -> list[Row]:
    """
    Measure many tickets in one inbox batch, decided jointly: time, and how far from the optimum at most.

    ``room`` is how many units are free then; without it as many as on any floor at work.
    """
    floor = Floor(shape)
    every = shape.agents * shape.units
    works = int(BUSY_SHARE * every) if room is None else every - room
    floor.fill(works)
    machine = floor.machine
    times, gaps, served = [], [], 0
    for number in range(rounds + 5):
        floor.now_us += STEP_US
        profiles = floor.stream(tickets)
        gc.collect()
        begun = perf_counter_ns()
        for profile in profiles:
            floor.push_ticket(profile)
        batch = machine.run()
        took = perf_counter_ns() - begun
        if number >= 5:
            times.append(took / 1e6)
            gaps.append(gap_of(batch))
        before = len(floor.works)
        floor.accept(batch)
        served += len(floor.works) - before
        floor.ease(works)
    name = f"joint_{tickets}x{_short(shape.agents)}"
    case = Suite("core", name if room is None else f"{name}_scarce")
    return [
        case.row("ms", times, "ms"),
        case.row("p99_ms", [quantile(times, 0.99)], "ms", n=len(times)),
        case.row("gap", gaps, "share of bound"),
        case.row("worst_gap", [max(gaps)], "share of bound", n=len(gaps)),
        case.row("offered_share", [served / (tickets * (rounds + 5))], "share"),
    ]


def gap_of(batch: Batch) -> float:
    """Return how far a batch's decisions may be from the best, as a share of the bound."""
    events, words = batch.events, batch.words
    decided = events[events["kind"] == c.E_DECIDED]["words_from"]
    primal, dual = (int(words[decided + n].sum()) for n in (PRIMAL, DUAL))
    return (dual - primal) / dual if dual > 0 else 0.0


def canonical(effort: Effort) -> tuple[float, float, list[Row]]:
    """Return decisions per second and the 99th percentile of one in ms, and both as rows."""
    at_work = Routed(SHAPES["canonical"])
    profiles = at_work.floor.stream(effort.samples * effort.rounds)
    at_work.rounds(Effort(effort.samples, 1), profiles)
    rates, tails = [], []
    for number in range(effort.rounds):
        gc.collect()
        at_work.offered = 0
        begun = perf_counter_ns()
        mine = profiles[number * effort.samples : (number + 1) * effort.samples]
        times = [at_work.ticket(profile) / 1e6 for profile in mine]
        rates.append(at_work.offered * 1e9 / (perf_counter_ns() - begun))
        tails.append(quantile(times, 0.99))
    case = Suite("canonical", "day_1k_agents")
    n = effort.samples * effort.rounds
    rows = [case.row("decisions_per_s", rates, "1/s", n=n), case.row("p99_ms", tails, "ms", n=n)]
    return statistics.median(rates), statistics.median(tails), rows
