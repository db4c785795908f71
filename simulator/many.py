"""
Many replications of a world under some policies: spread over processes, measured where they are played.

A replication travels back as the parts of its measures, not as its records. What a replication is depends on seed and
number only, so the same comes out on any number of processes, in any order.
"""

import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from functools import lru_cache
from multiprocessing import get_context
from types import MappingProxyType
from typing import Any, Final, NamedTuple, cast

from router.wire.policies import Base
from simulator.kernel.running import Options, Prepared, Records, play
from simulator.measures.cuts import Parts, measured
from simulator.measures.recorded import day_of, setting_of
from simulator.measures.summary import Key
from simulator.worlds.compiling import Compiled, compile_world
from simulator.worlds.floor import policy_body
from simulator.worlds.planning import plan_replication
from simulator.worlds.pricing import PRICED, price_rows, with_prices
from simulator.worlds.reading import Fault, WorldError, parse_world
from simulator.worlds.schema import Prices
from simulator.worlds.sizes import size_faults

AHEAD: Final = 4
"""Tasks handed to each process before it asks: enough to keep it busy, few enough to stop soon."""


class Task(NamedTuple):
    """One replication to be played."""

    text: str
    """The world file's."""
    source: str
    days: float | None
    policy: str | None
    """None: the world's own; with ``+prices`` at its end, agents' time is priced."""
    seed: int
    replication: int
    wanted: tuple[Key, ...]


class Facts(NamedTuple):
    """Figures of a replication that are no measures."""

    model_events: int
    core_events: int
    commands: int
    decisions: int
    offers: int
    refusals: int
    gap: int
    worth: int
    digest: str


class Played(NamedTuple):
    """What came of a task."""

    task: Task
    parts: dict[Key, Parts]
    facts: Facts


class SpreadError(RuntimeError):
    """A process that played replications is gone, or there is no way to spread as asked."""


@lru_cache(maxsize=8)
def compiled_of(text: str, source: str, days: float | None) -> Compiled:
    """Return a world file's tables, made once in each process."""
    world = parse_world(text, source)
    faults = () if days is None else size_faults(world, days)
    wrong = [Fault(0, "--days", reason) for _, reason in faults]
    if wrong:
        raise WorldError(source, wrong)
    return compile_world(world, days)


@lru_cache(maxsize=16)
def prepared_of(text: str, source: str, days: float | None, policy: str | None) -> Prepared:
    """Return a world settled under a policy, made once in each process."""
    compiled = compiled_of(text, source, days)
    base = None if policy is None else cast("Base", policy.removesuffix(PRICED))
    return Prepared(compiled, policy_body(compiled.world, base))


@lru_cache(maxsize=16)
def prices_under(text: str, source: str, days: float | None, policy: str | None) -> Any:
    """Return the prices of a world under a policy, PLAN records, made once in each process; None for no prices."""
    compiled = compiled_of(text, source, days)
    is_priced = compiled.world.prices is not None if policy is None else policy.endswith(PRICED)
    if not is_priced:
        return None
    prices = compiled.world.prices or Prices()
    return price_rows(prepared_of(text, source, days, policy), prices.every_s)


def facts_of(records: Records) -> Facts:
    """Return the figures of a replication that are no measures."""
    return Facts(*(getattr(records, name) for name in Facts._fields))


def play_task(task: Task) -> Played:
    """Play one replication and take its measures."""
    prepared = prepared_of(task.text, task.source, task.days, task.policy)
    plan = plan_replication(prepared.compiled, task.seed, task.replication)
    prices = prices_under(task.text, task.source, task.days, task.policy)
    if prices is not None:
        plan = with_prices(plan, prices)
    records = play(prepared, plan, Options(task.seed, task.replication))
    setting = setting_of(prepared.compiled, records)
    return Played(task, measured(day_of(records), setting, task.wanted), facts_of(records))


def in_process(tasks: Iterable[Task], processes: int) -> Iterator[Played]:
    """Play tasks here, one after the other; ``processes`` is 1."""
    assert processes == 1, f"{processes} processes were asked for"
    yield from map(play_task, tasks)


def over_processes(tasks: Iterable[Task], processes: int) -> Iterator[Played]:
    """
    Play tasks in processes of this machine and yield them as they end.

    Raises
    ------
    SpreadError
        When a process dies.
    """
    left = iter(tasks)
    with ProcessPoolExecutor(processes, mp_context=get_context("spawn")) as pool:
        waiting: set[Future[Played]] = set()
        is_done = False
        try:
            while True:
                while len(waiting) < AHEAD * processes and (task := next(left, None)) is not None:
                    waiting.add(pool.submit(play_task, task))
                if not waiting:
                    is_done = True
                    return
                done, waiting = wait(waiting, return_when="FIRST_COMPLETED")
                for future in done:
                    yield future.result()
        except BrokenProcessPool as error:
            raise SpreadError(f"a process that played replications is gone: {error}") from None
        finally:
            # Waiting while all goes well: who leaves a pool behind may find its pipe closed at exit.
            pool.shutdown(wait=is_done, cancel_futures=True)


def over_ray(tasks: Iterable[Task], processes: int) -> Iterator[Played]:
    """
    Play tasks on a Ray cluster, the one in ``RAY_ADDRESS`` or a local one, and yield them as they end.

    Raises
    ------
    SpreadError
        When Ray is not installed.
    """
    try:
        import ray  # noqa: PLC0415  (an optional extra)
    except ImportError:
        raise SpreadError("Ray is not installed. Try: pip install 'cordboard[ray]'") from None
    ray.init(ignore_reinit_error=True, num_cpus=None if "RAY_ADDRESS" in os.environ else processes)
    remote = ray.remote(play_task)
    left = iter(tasks)
    waiting: list[Any] = []
    try:
        while True:
            while len(waiting) < AHEAD * processes and (task := next(left, None)) is not None:
                waiting.append(remote.remote(task))
            if not waiting:
                return
            done, waiting = ray.wait(waiting)
            yield from ray.get(done)
    finally:
        ray.shutdown()


Spread = Callable[[Iterable[Task], int], Iterator[Played]]
SPREADS: Final[MappingProxyType[str, Spread]] = MappingProxyType(
    {"here": in_process, "processes": over_processes, "ray": over_ray}
)
"""Ways to spread replications, by name."""


def play_all(tasks: Sequence[Task], spread: str, processes: int) -> Iterator[Played]:
    """
    Play tasks, spread in one of the ways of ``SPREADS``, and yield them as they end.

    Raises
    ------
    SpreadError
        When a process dies or Ray is not there.
    """
    if spread == "processes" and processes == 1:
        spread = "here"
    return SPREADS[spread](tasks, processes)
