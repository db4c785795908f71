"""
The rules as plain Python on arrays that note every index outside themselves (``python -m tests.checking``).

Compiled rules look at no index, and NumPy takes -1 for the last row: this is where both would go wrong unnoticed. What
is played is meant to reach every rule: tapes with nonsense on them, days of a world, soaks with and without planted
bugs in the state, damaged snapshots, and journals with a frame missing or there twice. Prints as JSON what was used
outside, and how much was looked at.
"""

from __future__ import annotations

import json
import os
import random
import sys
import warnings
from pathlib import Path
from typing import Any

os.environ["NUMBA_DISABLE_JIT"] = "1"

import numpy as np

from router.core import machine as core
from router.core.machine import Machine
from router.core.sound import DamagedError
from router.core.state import CANONICAL
from simulator.kernel import running
from simulator.soak.bugs import BUGS
from simulator.soak.running import hush
from simulator.soak.trial import run_seed
from simulator.worlds.compiling import compile_world
from simulator.worlds.floor import policy_body
from simulator.worlds.planning import plan_replication
from simulator.worlds.reading import parse_world
from tests import tapes
from tests.simulator.test_kernel import MIXED

ROOMS = ("router/core/", "simulator/kernel/", "solver/kernels/")
HARMFUL = (
    "skip a frame after the snapshot", "trust a damaged snapshot", "recover without the last frame",
    "let time go back", "forget a timer", "count capacity twice", "take no capacity", "forget a cool-down",
    "ask the absent", "keep no room", "lose the waiting", "age anew", "never expire", "keep an old weight",
)  # fmt: skip
outside: dict[str, int] = {}
looked = [0]


def look(array: Any, index: Any) -> None:
    """Note an index of a rule that is not a row, or not a column, of its array."""
    looked[0] += 1
    for axis, at in enumerate(index if isinstance(index, tuple) else (index,)):
        if isinstance(at, int | np.integer) and not 0 <= at < array.shape[axis]:
            frame = sys._getframe(2)
            place = Path(frame.f_code.co_filename).as_posix()
            if any(room in place for room in ROOMS):
                name = f"{place}:{frame.f_lineno} {frame.f_code.co_name}"
                outside[name] = outside.get(name, 0) + 1


class Record(np.record):
    """A record whose arrays look at indices, too."""

    def __getattribute__(self, name: str) -> Any:
        """Return a field."""
        found = super().__getattribute__(name)
        return found.view(Rows) if type(found) is np.ndarray else found


class Rows(np.ndarray):
    """An array that looks at indices."""

    def __getitem__(self, index: Any) -> Any:
        """Read what is there."""
        look(self, index)
        return super().__getitem__(index)

    def __setitem__(self, index: Any, value: Any) -> None:
        """Write it."""
        look(self, index)
        super().__setitem__(index, value)


def viewed(array: Any) -> Any:
    """Return a view of an array that looks at indices, its records' arrays included."""
    kind = array.dtype
    if kind.names:
        has_arrays = any(kind[name].subdtype for name in kind.names)
        kind = np.dtype((Record if has_arrays else np.record, kind))
    return array.view(kind).view(Rows)


def handle(arrays: Any) -> Any:
    """Return the same arrays as views that look at indices."""
    views = {n: viewed(a) for n, a in arrays._asdict().items() if isinstance(a, np.ndarray)}
    return arrays._replace(**views)


def fold_with_a_slip(rng: random.Random, batches: list[Any]) -> None:
    """Fold a tape with one frame missing or twice: told, or a state that can be gone on with."""
    at, is_twice = rng.randrange(len(batches)), rng.randrange(2)
    frames = [b for n, b in enumerate(batches) for _ in range(2 * is_twice if n == at else 1)]
    other = Machine()
    try:
        for batch in frames:
            other.fold(batch.events, batch.words)
        other.settle_fold()
        other.run()
    except DamagedError:
        return


def load_damaged(rng: random.Random, machine: Machine) -> None:
    """Load a state of which one number was changed: told, or a state that can be gone on with."""
    arrays = {name: getattr(machine.arrays, name).copy() for name in CANONICAL}
    name = rng.choice(("head", "tickets", "agents", "works", "ties", "profiles"))
    row = arrays[name][rng.randrange(min(len(arrays[name]), 16))]
    field = rng.choice([each for each in row.dtype.names if not each.endswith("_us")])
    row[field] = rng.choice((-2, -1, 0, 1, 2, 7, 60, 5_000, 2**20))
    other = Machine()
    try:
        other.load(arrays)
    except DamagedError:
        return
    at_us = int(other.arrays.head["now_us"][0])
    for _ in range(10):
        tapes.deal(rng, other, at_us).to(other)
        other.run()


def play_tapes(seeds: range) -> None:
    """Play tapes; fold each as it is and with a slip, and load what it leads to with damage."""
    for seed in seeds:
        rng, machine = random.Random(seed), Machine()
        batches = tapes.record(rng, machine, 200)
        again = Machine()
        for batch in batches:
            again.fold(batch.events, batch.words)
        again.settle_fold()
        fold_with_a_slip(rng, [batch for batch in batches if batch.count])
        for _ in range(20):
            tapes.nonsense(rng, machine.arrays.scratch["now_us"][0]).to(machine)
        machine.run()
        for _ in range(10):
            load_damaged(rng, machine)


def play_world(text: str) -> None:
    """Play a short replication of a world under each way to choose."""
    world = parse_world(text)
    for policy in ("ours", "longest_idle"):
        prepared = running.Prepared(compile_world(world), policy_body(world, policy))
        plan = plan_replication(prepared.compiled, 1, 0)
        running.play(prepared, plan, running.Options(1, 0, keeps_records=True))


def main(tape_seeds: int, soak_seeds: int) -> None:
    """Play all of it and print what was found."""
    core.handle = running.handle = handle
    warnings.simplefilter("ignore", RuntimeWarning)  # streams of random numbers overflow on purpose
    hush()
    play_tapes(range(tape_seeds))
    for seed in range(soak_seeds):
        run_seed(seed)
    for name in HARMFUL:
        run_seed(0, BUGS[name])
    play_world("\n".join(line for line in MIXED.splitlines() if not line.startswith("network")))
    print(json.dumps({"outside": outside, "looked": looked[0]}))


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]))
