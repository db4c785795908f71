"""
The suite ``simulator``: model events a second on world files, beside SimPy and Ciw in the same run.

Times are those of the processor, so a neighbour on the machine slows nobody's figure much. A model event is a happening
of the model, however a program is built: an arrival, an answer, an end of work or of wrap-up, an abandonment, a
transfer, a message, an offer not taken, a change of presence. Only these are counted, here and in the peers.
"""

import statistics
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from time import perf_counter, process_time
from typing import Final, NamedTuple

from bench import validating
from bench.report import Peer, Row, Suite
from bench.simulated_peers import (
    Ran,
    ciw_mm20,
    simpy_mm20,
    simpy_skills_200,
    simpy_skills_200_processes,
)
from bench.simulated_worlds import full_world, mm20, skills_200
from router.wire.policies import Base
from simulator.kernel.running import Options, Prepared, Records, play
from simulator.soak.running import soak
from simulator.worlds.compiling import compile_world
from simulator.worlds.floor import policy_body
from simulator.worlds.planning import plan_replication
from simulator.worlds.reading import parse_world


class Size(NamedTuple):
    """How much is measured."""

    rounds: int
    mm20_days: float
    skills_days: float
    full_days: float
    customers: int
    seeds: int
    is_whole: bool


FULL: Final = Size(5, 0.5, 5.0, 1.0, 60_000, 200, is_whole=True)
QUICK: Final = Size(1, 0.01, 0.05, 0.02, 500, 2, is_whole=False)
"""Every row once, in seconds; the figures mean nothing."""


class Ours:
    """A world ready to be played again and again under a policy."""

    def __init__(self, text: str, policy: Base | None = None) -> None:
        world = parse_world(text)
        self.prepared = Prepared(compile_world(world), policy_body(world, policy))
        self.number = 0
        self.last = self.once()[0]

    def once(self) -> tuple[Records, float]:
        """Play the next replication; return what it left, and model events per second."""
        plan = plan_replication(self.prepared.compiled, 1, self.number)
        began = process_time()
        self.last = play(self.prepared, plan, Options(1, self.number, keeps_records=False))
        took = process_time() - began
        self.number += 1
        return self.last, self.last.model_events / took

    def share(self, field: str) -> float:
        """Return a count of the last replication as a share of its arrivals."""
        return float(self.last.folds[field].sum() / self.last.folds["arrived"].sum())


Peers = dict[str, Callable[[int], Ran]]


def against(case: Suite, ours: Ours, peers: Peers, rounds: int) -> list[Row]:
    """Measure ours and its peers in turn, round by round; ratios are of the same round."""
    rates: list[float] = []
    theirs: dict[str, list[Ran]] = {name: [] for name in peers}
    for number in range(rounds):
        rates.append(ours.once()[1])
        for name, peer in peers.items():
            theirs[name].append(peer(number))
    rows = [
        case.row("events_per_s", rates, "1/s"),
        case.row("waited", [ours.share("waited")], "share"),
        case.row("abandoned", [ours.share("abandoned")], "share"),
    ]
    for name, ran in theirs.items():
        ratios = [rate / each.events_per_s for rate, each in zip(rates, ran, strict=True)]
        speed = statistics.median(each.events_per_s for each in ran)
        rows.append(case.row(f"ratio_{name}", ratios, "times", peer=Peer(name, speed)))
        rows.append(case.row(f"{name}_waited", [statistics.fmean(r.waited for r in ran)], "share"))
        if any(each.lost for each in ran):
            lost = [statistics.fmean(each.lost for each in ran)]
            rows.append(case.row(f"{name}_abandoned", lost, "share"))
    return rows


def known(peers: Peers) -> Peers:
    """Return the peers that are installed."""
    found = {}
    for name, peer in peers.items():
        try:
            __import__(name.partition("_")[0])
        except ImportError:
            print(f"{name} is not installed, so it is left out", file=sys.stderr)
        else:
            found[name] = peer
    return found


def full(size: Size, policy: Base, name: str) -> list[Row]:
    """Measure the full world under a policy."""
    case = Suite("simulator", name)
    ours = Ours(full_world(size.full_days), policy)
    rates = [ours.once()[1] for _ in range(size.rounds)]
    last = ours.last
    return [
        case.row("events_per_s", rates, "1/s"),
        case.row("commands_per_event", [last.commands / last.model_events], "1"),
        case.row("core_events_per_event", [last.core_events / last.model_events], "1"),
        case.row("waited", [ours.share("waited")], "share"),
        case.row("abandoned", [ours.share("abandoned")], "share"),
    ]


def bank_phone(replications: int) -> list[Row]:
    """Measure the whole command: 20 replications of a day with the page of plots, kernels compiled before."""
    case = Suite("simulator", f"bank_phone_{replications}")
    with tempfile.TemporaryDirectory() as folder:
        command = [
            sys.executable, "-m", "router", "simulate", "bank_phone", "--reps", str(replications),
            "--report", str(Path(folder) / "report"),
        ]  # fmt: skip
        began = perf_counter()
        subprocess.run(command, check=True, capture_output=True)
        took = perf_counter() - began
    return [case.row("seconds", [took], "s")]


def soaked(seeds: int) -> list[Row]:
    """Measure days with faults on one core, from the first seed on; a seed that fails is a row above 0."""
    came = soak(0, seeds, processes=1)
    case = Suite("simulator", "soak")
    return [
        case.row("seeds_per_hour", [came.seeds_per_hour], "1/h"),
        case.row("failed", [len(came.failures)], "seeds"),
    ]


def run(size: Size = FULL) -> list[Row]:
    """Return the rows of the suite ``simulator``."""
    customers = size.customers
    peers = known(
        {
            "simpy": lambda n: simpy_mm20(customers, n),
            "ciw": lambda n: ciw_mm20(customers / 2 / 18, n),
        }
    )
    rows = against(Suite("simulator", "mm20"), Ours(mm20(size.mm20_days)), peers, size.rounds)
    peers = known(
        {
            "simpy": lambda n: simpy_skills_200(customers, n),
            "simpy_processes": lambda n: simpy_skills_200_processes(customers, n),
        }
    )
    ours = Ours(skills_200(size.skills_days))
    rows += against(Suite("simulator", "skills_200"), ours, peers, size.rounds)
    rows += full(size, "best_match", "full_world_index")
    rows += full(size, "ours", "full_world_ours")
    rows += soaked(size.seeds)
    if size.is_whole:
        rows += bank_phone(20)
        rows += validating.run()
    return rows
