"""Whatever is said, the state is sound, its events fold to it, and a restart goes on alike."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from router.core.check import check, faults
from router.core.machine import FullError, Machine
from router.core.recovery import CANONICAL, used
from tests import tapes

if TYPE_CHECKING:
    from router.core.machine import Batch

RANDOMS = st.randoms(use_true_random=False)


def restarted(machine: Machine) -> Machine:
    """Return a new machine that was given a snapshot of another."""
    other = Machine()
    other.load({name: used(machine.arrays, name).copy() for name in CANONICAL})
    return other


def same(one: Batch, two: Batch) -> bool:
    """Return whether two runs came out alike to the byte."""
    return (
        one.events.tobytes() == two.events.tobytes() and one.words.tobytes() == two.words.tobytes()
    )


class Floors(RuleBasedStateMachine):
    """One machine is told everything; a second folds its events; a third decides again, restarted at times."""

    def __init__(self) -> None:
        super().__init__()
        self.live, self.folded, self.again = Machine(), Machine(), Machine()
        self.at_us = 0

    def run(self) -> None:
        """Run what was said on both machines that decide, and fold it on the third."""
        told = self.live.run()
        self.again.feed(told.commands, told.command_words)
        assert same(told, self.again.run()), "deciding again comes out otherwise"
        self.folded.fold(told.events, told.words)

    @initialize(rng=RANDOMS)
    def set_up(self, rng: random.Random) -> None:
        """Open the floor."""
        for said in tapes.floor(rng):
            said.to(self.live)
        self.run()

    @rule(rng=RANDOMS, after=st.sampled_from(tapes.SHORT_S), count=st.integers(1, 4))
    def say(self, rng: random.Random, after: int, count: int) -> None:
        """Say something plausible."""
        self.at_us += after * tapes.SECOND_US
        for _ in range(count):
            tapes.deal(rng, self.live, self.at_us).to(self.live)
        self.run()

    @rule(rng=RANDOMS)
    def say_nonsense(self, rng: random.Random) -> None:
        """Say something that no edge would let through."""
        try:
            tapes.nonsense(rng, self.at_us).to(self.live)
        except FullError:
            return
        self.run()

    @rule()
    def restart(self) -> None:
        """Let the third machine go on from a snapshot."""
        self.again = restarted(self.live)

    @rule()
    def recover(self) -> None:
        """Rebuild what is derived on the machine that folds."""
        self.folded.settle_fold()
        check(self.folded.arrays)

    @invariant()
    def is_sound(self) -> None:
        """Every invariant holds, and all three are in the same state."""
        check(self.live.arrays)
        assert self.live.digest() == self.folded.digest() == self.again.digest()


TestFloors = Floors.TestCase
TestFloors.settings = settings(max_examples=12, stateful_step_count=25, deadline=None)


@pytest.mark.soak
@pytest.mark.parametrize("seed", range(1000))
def test_long_tapes_stay_sound(seed: int) -> None:
    """Two hundred commands from each of a thousand seeds keep every invariant."""
    rng, machine = random.Random(seed), Machine()
    for said in tapes.floor(rng):
        said.to(machine)
    at_us = 0
    for _ in range(200):
        at_us += tapes.some_s(rng)
        tapes.deal(rng, machine, at_us).to(machine)
        machine.run()
        check(machine.arrays)


def damaged(seed: int = 3) -> Machine:
    """Return a machine with people waiting, offered and assigned."""
    machine = Machine()
    tapes.record(random.Random(seed), machine, 150)
    check(machine.arrays)
    assert machine.arrays.head[0]["tickets_live"] > 0
    return machine


@pytest.mark.parametrize(
    ("table", "field", "by"),
    [
        ("agents", "used", 1), ("agents", "offers_open", 1), ("agents", "held", -1), ("agents", "presence", 9),
        ("queues", "waiting", 1), ("tickets", "offers_open", 1), ("tickets", "state", 1), ("tickets", "profile", 99),
        ("head", "tickets_live", 1), ("head", "works_live", 1), ("head", "ticket_free", 1), ("profiles", "next", 9),
        ("scratch", "dirty_agents", 1), ("ready", None, 1), ("eligible", None, 1), ("match", None, 7),
        ("agent_load", None, 1), ("agent_dirty", None, 1),
    ],
)  # fmt: skip
def test_the_check_finds_what_is_wrong(table: str, field: str | None, by: int) -> None:
    """A single number that is off by a little is found, whichever table it is in."""
    machine = damaged()
    array = getattr(machine.arrays, table)
    found = []
    rows = range(min(len(array), 8))
    for row in rows:
        cell = array[row] if field is None else array
        at = 0 if field is None else row
        if field is None:
            old = cell[0].copy() if array.ndim > 1 else cell
            if array.ndim > 1:
                cell[at] = old ^ np.uint64(1) if array.dtype == np.uint64 else old + by
            else:
                array[row] = old + by
        else:
            old = array[row][field]
            array[row][field] = old + by
        found += faults(machine.arrays)
        if field is None and array.ndim > 1:
            cell[at] = old
        elif field is None:
            array[row] = old
        else:
            array[row][field] = old
    assert found
    check(machine.arrays)
