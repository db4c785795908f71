"""What others wrote, a snapshot or a journal, is looked at before compiled rules follow it."""

from __future__ import annotations

import random
from typing import Any

import numpy as np
import pytest

from router.core.machine import Machine
from router.core.sound import DamagedError
from router.core.state import CANONICAL
from tests import tapes

BEYOND = 2**20
DAMAGE = [
    ("head", "ticket_top", BEYOND),
    ("head", "ticket_free", BEYOND),
    ("head", "agents", -1),
    ("head", "works_live", 0),
    ("profiles", "queue", -1),
    ("profiles", "language_min", 60),
    ("profiles", "next", 0),
    ("tickets", "profile", BEYOND),
    ("tickets", "state", -BEYOND),
    ("tickets", "state", 11),
    ("tickets", "work", BEYOND),
    ("tickets", "tie", BEYOND),
    ("works", "ticket", -1),
    ("works", "agent", BEYOND),
    ("works", "next_of_agent", BEYOND),
    ("agents", "region", BEYOND),
    ("agents", "work", BEYOND),
]


def played(seed: int) -> tuple[Machine, list[tapes.Batch]]:
    """Return a machine that a tape was played on, and the runs that had events."""
    machine = Machine()
    batches = tapes.record(random.Random(seed), machine, 150)
    return machine, [batch for batch in batches if batch.count]


def snapshot(machine: Machine) -> dict[str, Any]:
    """Return the canonical arrays of a machine, to be changed."""
    return {name: getattr(machine.arrays, name).copy() for name in CANONICAL}


def busy() -> Machine:
    """Return a machine on which somebody works and somebody is tied to an agent."""
    for seed in range(100):
        machine, _ = played(seed)
        tickets = machine.arrays.tickets
        tied = (tickets["state"] != 0) & (tickets["tie"] >= 0)
        if machine.arrays.head["works_live"][0] > 1 and tied.any():
            return machine
    raise AssertionError


def test_a_sound_state_is_taken_over() -> None:
    """Whatever a core leaves is followed, and goes on alike."""
    machine, other = busy(), Machine()
    other.load(snapshot(machine))
    assert other.digest() == machine.digest()


@pytest.mark.parametrize(("table", "field", "value"), DAMAGE)
def test_a_damaged_snapshot_is_refused(table: str, field: str, value: int) -> None:
    """A row that is not there, a count that is wrong or a list that does not end is told, not followed."""
    arrays = snapshot(busy())
    rows = arrays[table]
    used = np.flatnonzero(rows["state"]) if "state" in rows.dtype.names else [0]
    rows[field][used[0]] = value
    with pytest.raises(DamagedError, match="expected a state that a core has left"):
        Machine().load(arrays)


@pytest.mark.parametrize("seed", range(6))
def test_a_frame_that_is_there_twice_is_told_or_harmless(seed: int) -> None:
    """Folding a frame again is refused at its first event that cannot be, or leads to a state that can go on."""
    _, batches = played(seed)
    refused = 0
    for at in range(0, len(batches), 5):
        other = Machine()
        try:
            for batch in [*batches[: at + 1], *batches[at:]]:
                other.fold(batch.events, batch.words)
            other.settle_fold()
            other.run()
        except DamagedError as error:
            refused += 1
            assert "Maybe" in str(error)
    assert refused > 0


def test_an_event_that_cannot_follow_is_named() -> None:
    """The message has the event's number and name."""
    _, batches = played(3)
    other = Machine()
    late = next(batch for batch in reversed(batches) if batch.events[0]["kind"] >= 32)
    with pytest.raises(DamagedError, match=r"Event 1 \([a-z.]+\) does not fit the state"):
        other.fold(late.events, late.words)
