"""A replication step by step: every command that the kernel gives to the core, and every event that comes of it."""

from collections.abc import Iterator
from typing import Any, Final, NamedTuple

import numpy as np

from router.core import layout as core_layout
from router.core.machine import Machine
from simulator.kernel import codes as c
from simulator.kernel import layout
from simulator.kernel.loop import simulate
from simulator.kernel.running import Options, Stage, memory_of, relieve
from simulator.kernel.state import handle
from simulator.worlds.planning import Plan

EACH: Final = -1
"""As ``pause_after``: return after each run of the core."""
COMMAND_BYTES: Final = core_layout.COMMAND.itemsize
EVENT_BYTES: Final = core_layout.EVENT.itemsize


class Step(NamedTuple):
    """One run of the core within a replication; plain bytes, as ``Batch`` has them."""

    command: bytes
    """A COMMAND record; empty where a timer of the core's made it run."""
    command_words: bytes
    events: bytes
    words: bytes


class _Windows:
    """Views of a machine's inbox and outbox, which change their places when they grow."""

    def __init__(self, machine: Machine) -> None:
        arrays = machine.arrays
        self.command: Any = arrays.inbox.view(np.uint8).data
        self.command_words: Any = arrays.inbox_words.view(np.uint8).data
        self.count: Any = arrays.inbox["words"]
        self.events: Any = arrays.events.view(np.uint8).data
        self.words: Any = arrays.event_words.view(np.uint8).data
        self.events_used: Any = arrays.scratch["events"]
        self.words_used: Any = arrays.scratch["words"]

    def step(self, *, is_told: bool) -> Step:
        """Return what stands in both."""
        told = (b"", b"")
        if is_told:
            told = (
                bytes(self.command[:COMMAND_BYTES]),
                bytes(self.command_words[: 8 * int(self.count[0])]),
            )
        events = bytes(self.events[: EVENT_BYTES * int(self.events_used[0])])
        return Step(*told, events, bytes(self.words[: 8 * int(self.words_used[0])]))


def steps(prepared: Stage, plan: Plan, options: Options) -> Iterator[Step]:
    """
    Play one replication and yield each run of the core.

    Timers of the core that only forget a ticket, or find that their deadline has moved, are not among them.
    """
    machine = prepared.machine()
    sim = memory_of(prepared, machine, plan, options, np.zeros(0, layout.TRACE))
    sim.scalars["pause_after"] = EACH
    mine, windows, commands = handle(sim), _Windows(machine), 0
    while True:
        short = simulate(mine, machine.handle)
        if short == c.FINISHED:
            return
        if short == c.STEPPED:
            done = int(sim.scalars["commands"][0])
            yield windows.step(is_told=done > commands)
            commands = done
            continue
        sim = relieve(sim, machine, short)
        mine, windows = handle(sim), _Windows(machine)
