"""The suite ``core``: decisions, commands, folding, memory and starts, all in one process but the starts."""

from typing import Final, NamedTuple

from bench import folding, routing, starting
from bench.floors import SHAPES
from bench.report import Row
from bench.routing import Effort


class Size(NamedTuple):
    """How much is measured; ``FULL`` is what docs/bench.md speaks of."""

    effort: Effort
    floor: str
    joint_rounds: int
    waiting: int
    events: int
    tickets: int
    starts: int
    is_cold: bool


FULL: Final = Size(Effort(4_000, 5), "large", 200, 1_000, 300_000, 100_000, 5, is_cold=True)
QUICK: Final = Size(Effort(40, 2), "small", 3, 50, 8_000, 1_000, 1, is_cold=False)
"""Every row once, in seconds; the figures mean nothing."""


def run(size: Size = FULL) -> list[Row]:
    """Return the rows of the suite ``core``."""
    floor = SHAPES[size.floor]
    rows = routing.route(size.effort, floor)
    rows += routing.step(size.effort, floor)
    freed = "canonical" if size is FULL else size.floor
    rows += routing.freed(size.effort, SHAPES[freed], size.waiting)
    rows += routing.event(size.effort, floor, size.waiting)
    rows += routing.joint(size.joint_rounds, SHAPES["joint" if size is FULL else size.floor])
    many = size.waiting // 2
    rows += routing.joint(size.joint_rounds, floor, many)
    rows += routing.joint(size.joint_rounds, floor, many, room=many)
    rows += folding.fold(size.events)
    rows += folding.memory(size.tickets)
    rows += starting.warm(size.starts, size.tickets)
    if size.is_cold:
        rows += starting.cold()
    return rows
