"""Compile the kernel before it is needed, saying so if that takes a while."""

from collections.abc import Callable
from time import perf_counter
from typing import Final

from simulator.kernel.loop import simulate

SAID_AFTER_S: Final = 2.0


def compile_simulator(say: Callable[[str], object]) -> None:
    """Make sure that the kernel is compiled, by playing a tiny world; ``say`` hears how long it took if it was long."""
    from simulator.kernel.running import Options, run  # noqa: PLC0415  (they import this package)
    from simulator.worlds.compiling import compile_world  # noqa: PLC0415
    from simulator.worlds.reading import parse_world  # noqa: PLC0415

    stats = getattr(simulate, "stats", None)
    if stats is not None and simulate.signatures:  # type: ignore[attr-defined]
        return
    say(
        "Loading the simulator; after a change of its sources it is compiled first, which takes a minute or two ..."
    )
    began_s = perf_counter()
    compiled = compile_world(parse_world(TINY))
    run(compiled, compiled.world.policy, Options())
    took_s = perf_counter() - began_s
    if took_s > SAID_AFTER_S:
        say(f"The simulator is ready ({took_s:.0f} s).")


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
