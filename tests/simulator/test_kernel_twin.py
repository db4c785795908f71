"""The kernel against a slow player whose every line can be checked by eye."""

import pytest

from router.core.limits import NEVER_US
from simulator.kernel.running import Options, run
from simulator.worlds.compiling import compile_world
from simulator.worlds.planning import Chance
from simulator.worlds.reading import parse_world
from tests.simulator.naive_floor import arrivals, play

WORLD = """
format = 1
name = "twin"
time = { days = 0.3, clear_s = 36000 }
policy = { base = "longest_idle", retention_s = 1 }
channels.call = { auto_accept = true }
queues.line = {}
[tickets.one]
queue = "line"
channel = "call"
arrivals = { per_hour = 90 }
work = { kind = "exponential", mean_s = 100 }
patience = { kind = "exponential", mean_s = 150 }
[tickets.two]
queue = "line"
channel = "call"
arrivals = { per_hour = 60 }
work = { kind = "exponential", mean_s = 100 }
patience = { kind = "exponential", mean_s = 150 }
[agents.crew]
count = 4
units = 1
"""


@pytest.mark.slow
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_the_kernel_plays_as_the_slow_player(seed: int) -> None:
    """Every ticket arrives, is answered and leaves at the very microsecond it does in the twin."""
    world = parse_world(WORLD)
    compiled = compile_world(world)
    records = run(compiled, world.policy, Options(seed))
    chance = Chance(seed, 0)
    span = compiled.span
    came = [
        arrivals(chance, kind, rate / 3600, span.opens_us, span.closes_us)
        for kind, rate in enumerate((90, 60))
    ]
    slow = play(came, 4, 100.0, 150.0, chance)
    rows = sorted(
        (int(t["arrived_us"]), int(t["answered_us"]) if t["answered_us"] < NEVER_US else None, int(t["left_us"]))
        for t in records.tickets
    )  # fmt: skip
    assert len(rows) > 800
    assert rows == slow
    assert any(answered is None for _, answered, _ in rows)
