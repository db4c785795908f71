"""
The same models in SimPy and Ciw, each written the way its users are told to be fast.

Random numbers are drawn beforehand by NumPy in blocks, which a Python simulator can hardly do better. A model event is
an arrival, an answer, an end of work or an abandonment, counted here as in our kernel.
"""

import math
from collections import deque
from collections.abc import Callable, Iterator
from heapq import heappop, heappush
from time import process_time
from typing import Any, Final, NamedTuple

import numpy as np

from bench.simulated_worlds import AGENTS, LOAD, WORK_S, teams

BLOCK: Final = 65_536


class Ran(NamedTuple):
    """What a peer did."""

    events: int
    seconds: float
    waited: float
    """Share of the customers that had to wait."""
    lost: float
    """Share that gave up."""

    @property
    def events_per_s(self) -> float:
        """Return model events per second."""
        return self.events / self.seconds


def drawn(draw: Callable[[int], Any]) -> Iterator[float]:
    """Yield numbers for ever, drawn in blocks."""
    while True:
        yield from draw(BLOCK).tolist()


def simpy_mm20(customers: int, seed: int) -> Ran:
    """Play M/M/20 at 90 % load in SimPy: a process for each customer, a resource with 20 places."""
    import simpy

    rng = np.random.default_rng(seed)
    gaps = drawn(lambda n: rng.exponential(1 / 18, n))
    works = drawn(lambda n: rng.exponential(1.0, n))
    env = simpy.Environment()
    servers = simpy.Resource(env, 20)
    events = waited = 0

    def customer(work: float) -> Iterator[Any]:
        nonlocal events, waited
        events += 1
        came = env.now
        with servers.request() as turn:
            yield turn
            events += 1
            waited += env.now > came
            yield env.timeout(work)
        events += 1

    def source() -> Iterator[Any]:
        for _ in range(customers):
            yield env.timeout(next(gaps))
            env.process(customer(next(works)))

    env.process(source())
    began = process_time()
    env.run()
    return Ran(events, process_time() - began, waited / customers, 0.0)


def ciw_mm20(time_s: float, seed: int) -> Ran:
    """Play M/M/20 at 90 % load in Ciw for so many seconds of the model."""
    import ciw

    network = ciw.create_network(
        arrival_distributions=[ciw.dists.Exponential(rate=18)],
        service_distributions=[ciw.dists.Exponential(rate=1)],
        number_of_servers=[20],
    )
    ciw.seed(seed)
    simulation = ciw.Simulation(network)
    began = process_time()
    simulation.simulate_until_max_time(time_s)
    took = process_time() - began
    records = simulation.get_all_records()
    waited = sum(record.waiting_time > 1e-12 for record in records)
    return Ran(3 * len(records), took, waited / len(records), 0.0)


class Floor:
    """Agents and queues of ``skills_200`` in plain Python: heaps of idle agents, one deque for each kind."""

    def __init__(self) -> None:
        self.kinds_of: list[list[int]] = []
        for _, size, languages, topics in teams():
            kinds = [4 * language + topic for language in languages for topic in topics]
            self.kinds_of += [kinds] * size
        self.idle: list[list[tuple[float, int, int]]] = [[] for _ in range(16)]
        self.stamp = [0] * AGENTS
        self.waiting: list[deque[list[Any]]] = [deque() for _ in range(16)]
        for agent in range(AGENTS):
            self.rest(agent, 0.0)

    def rest(self, agent: int, now: float) -> None:
        """Let an agent wait for work."""
        self.stamp[agent] = stamp = self.stamp[agent] + 1
        for kind in self.kinds_of[agent]:
            heappush(self.idle[kind], (now, agent, stamp))

    def longest_idle(self, kind: int) -> int:
        """Take the agent who is idle longest among those who may serve a kind, -1 if there is none."""
        heap, stamps = self.idle[kind], self.stamp
        while heap:
            _, agent, stamp = heappop(heap)
            if stamps[agent] == stamp:
                stamps[agent] = stamp + 1
                return agent
        return -1

    def longest_waiting(self, agent: int) -> list[Any] | None:
        """Take the ticket that waits longest among those an agent may serve."""
        best, waiting = -1, self.waiting
        came = math.inf
        for kind in self.kinds_of[agent]:
            line = waiting[kind]
            while line and line[0][2]:
                line.popleft()
            if line and line[0][0] < came:
                best, came = kind, line[0][0]
        return waiting[best].popleft() if best >= 0 else None


def simpy_skills_200(customers: int, seed: int) -> Ran:
    """
    Play ``skills_200`` in SimPy as fast as it goes: no processes, only its heap, with callbacks on timeouts.

    A ticket is a list: when it came, its work, whether it is gone.
    """
    import simpy

    rng = np.random.default_rng(seed)
    gaps = drawn(lambda n: rng.exponential(WORK_S / (AGENTS * LOAD), n))
    log_mean = math.log(WORK_S) - 0.32
    works = drawn(lambda n: rng.lognormal(log_mean, 0.8, n))
    patiences = drawn(lambda n: rng.exponential(600.0, n))
    kinds = drawn(lambda n: rng.integers(0, 16, n))
    env, floor = simpy.Environment(), Floor()
    timeout = env.timeout
    counts = {"events": 0, "waited": 0, "lost": 0, "left": customers}

    def begin(agent: int, work: float) -> None:
        counts["events"] += 1
        timeout(work, agent).callbacks.append(end)

    def end(event: Any) -> None:
        counts["events"] += 1
        agent = event._value  # noqa: SLF001  (the property checks twice what we know)
        ticket = floor.longest_waiting(agent)
        if ticket is None:
            floor.rest(agent, env.now)
        else:
            ticket[2] = True
            begin(agent, ticket[1])

    def give_up(event: Any) -> None:
        ticket = event._value  # noqa: SLF001
        if not ticket[2]:
            ticket[2] = True
            counts["events"] += 1
            counts["lost"] += 1

    def arrive(_: Any) -> None:
        counts["events"] += 1
        kind, work, patience = int(next(kinds)), next(works), next(patiences)
        agent = floor.longest_idle(kind)
        if agent >= 0:
            begin(agent, work)
        else:
            counts["waited"] += 1
            ticket = [env.now, work, False]
            floor.waiting[kind].append(ticket)
            timeout(patience, ticket).callbacks.append(give_up)
        counts["left"] -= 1
        if counts["left"]:
            timeout(next(gaps)).callbacks.append(arrive)

    timeout(next(gaps)).callbacks.append(arrive)
    began = process_time()
    env.run()
    took = process_time() - began
    return Ran(counts["events"], took, counts["waited"] / customers, counts["lost"] / customers)


def simpy_skills_200_processes(customers: int, seed: int) -> Ran:
    """Play ``skills_200`` in SimPy as its documentation teaches: a process for each customer, reneging by ``|``."""
    import simpy

    rng = np.random.default_rng(seed)
    gaps = drawn(lambda n: rng.exponential(WORK_S / (AGENTS * LOAD), n))
    log_mean = math.log(WORK_S) - 0.32
    works = drawn(lambda n: rng.lognormal(log_mean, 0.8, n))
    patiences = drawn(lambda n: rng.exponential(600.0, n))
    kinds = drawn(lambda n: rng.integers(0, 16, n))
    env, floor = simpy.Environment(), Floor()
    events = waited = lost = 0

    def customer() -> Iterator[Any]:
        nonlocal events, waited, lost
        events += 1
        kind, work, patience = int(next(kinds)), next(works), next(patiences)
        agent = floor.longest_idle(kind)
        if agent < 0:
            waited += 1
            turn = env.event()
            ticket = [env.now, turn, False]
            floor.waiting[kind].append(ticket)
            yield turn | env.timeout(patience)
            if not turn.triggered:
                ticket[2] = True
                events += 1
                lost += 1
                return
            agent = turn.value
        events += 1
        yield env.timeout(work)
        events += 1
        following = floor.longest_waiting(agent)
        if following is None:
            floor.rest(agent, env.now)
        else:
            following[2] = True
            following[1].succeed(agent)

    def source() -> Iterator[Any]:
        for _ in range(customers):
            yield env.timeout(next(gaps))
            env.process(customer())

    env.process(source())
    began = process_time()
    env.run()
    return Ran(events, process_time() - began, waited / customers, lost / customers)
