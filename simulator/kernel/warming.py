"""Compile the kernel before it is needed, saying so if that takes a while."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import Timer
from typing import Final

from simulator.kernel.running import Options, run
from simulator.worlds.compiling import compile_world
from simulator.worlds.reading import parse_world

SAID_AFTER_S: Final = 5.0


def compile_simulator(say: Callable[[str], object]) -> None:
    """Make sure that the kernel is compiled, by playing a tiny world; ``say`` hears of it if it takes a while."""
    with said_when_long(say):
        compiled = compile_world(parse_world(TINY))
        run(compiled, compiled.world.policy, Options())


@contextmanager
def said_when_long(say: Callable[[str], object]) -> Iterator[None]:
    """Say that something is compiled if what is done within takes longer than a loading does."""
    soon = Timer(SAID_AFTER_S, say, ["Compiling the simulator; once, for a minute or two ..."])
    soon.start()
    try:
        yield
    finally:
        soon.cancel()


TINY: Final = """
format = 1
name = "tiny"
time = { days = 0.001 }
queues = { line = {} }
[tickets.call]
queue = "line"
channel = "task"
arrivals = { per_hour = 60 }
work = { kind = "fixed", value_s = 1 }
[agents.crew]
count = 1
"""
