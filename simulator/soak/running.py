"""Many seeds, on several processes; what failed is shrunk and named so that it can be repeated."""

import logging
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from time import perf_counter
from typing import Final, NamedTuple

import structlog

from simulator.soak.bugs import BUGS
from simulator.soak.shrinking import shrink
from simulator.soak.swarm import Happening, swarm
from simulator.soak.trial import Trial, run_seed, run_swarm

CHUNK: Final = 20
"""Seeds a process takes at once."""


class Failure(NamedTuple):
    """A seed that fails, the fewest happenings that still do, and what is wrong."""

    seed: int
    complaints: tuple[str, ...]
    smallest: tuple[Happening, ...]


class Sum(NamedTuple):
    """What a soak came to."""

    seeds: int
    events: int
    lives: int
    seconds: float
    failures: tuple[Failure, ...]

    @property
    def seeds_per_hour(self) -> float:
        """How fast it went."""
        return self.seeds / self.seconds * 3600 if self.seconds > 0 else 0.0


def hush() -> None:
    """Keep the engine's own log quiet: here journals are meant to fail."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))


def chunk(first: int, count: int, bug: str | None) -> list[Trial]:
    """Run seeds in a row; a worker process calls it."""
    hush()
    plant = None if bug is None else BUGS[bug]
    return [run_seed(seed, plant) for seed in range(first, first + count)]


def smallest(seed: int, bug: str | None = None) -> Failure:
    """Shrink a failing seed."""
    drawn, plant = swarm(seed), None if bug is None else BUGS[bug]
    few = shrink(drawn.happenings, lambda part: bool(run_swarm(drawn, plant, part).complaints))
    return Failure(seed, run_swarm(drawn, plant, few).complaints, tuple(few))


def trials(first: int, seeds: int, bug: str | None, processes: int) -> Iterator[Trial]:
    """Yield the trials of so many seeds in their order, whatever the number of processes."""
    spans = [(at, min(CHUNK, first + seeds - at)) for at in range(first, first + seeds, CHUNK)]
    if processes <= 1:
        for at, count in spans:
            yield from chunk(at, count, bug)
        return
    with ProcessPoolExecutor(processes, mp_context=get_context("spawn")) as pool:
        waiting = [pool.submit(chunk, at, count, bug) for at, count in spans]
        try:
            for each in waiting:
                yield from each.result()
        finally:
            for each in waiting:
                each.cancel()


def soak(
    first: int,
    seeds: int,
    bug: str | None = None,
    processes: int = 1,
    show: Callable[[Trial], object] = lambda _: None,
    *,
    failures_max: int = 1,
) -> Sum:
    """Run so many seeds from ``first`` on; stop after ``failures_max`` failures, each shrunk."""
    hush()
    begun, done, events, lives = perf_counter(), 0, 0, 0
    failures: list[Failure] = []
    for trial in trials(first, seeds, bug, processes):
        done, events, lives = done + 1, events + trial.events, lives + trial.lives
        show(trial)
        if trial.complaints:
            failures.append(smallest(trial.seed, bug))
            if len(failures) >= failures_max:
                break
    return Sum(done, events, lives, perf_counter() - begun, tuple(failures))
