"""A day so small that every figure can be worked with a pencil: the timetable first, then what it comes to."""

import numpy as np
import pytest

from router.core.limits import NEVER_US
from simulator.kernel import codes as c
from simulator.kernel import layout
from simulator.kernel.running import Options, Prepared, play
from simulator.measures.cuts import WHOLE, measured
from simulator.measures.recorded import day_of, setting_of
from simulator.measures.table import MEASURES
from simulator.worlds.compiling import compile_world
from simulator.worlds.planning import plan_replication
from simulator.worlds.reading import parse_world

pytestmark = pytest.mark.slow

HOUR = """
format = 1
name = "hand"
time = { days = 0.041666666667, clear_s = 3600 }
policy = { base = "longest_idle" }
channels.line = { auto_accept = true }
queues.q = { service_level = { target_s = 20, share = 0.8 } }
[tickets.call]
queue = "q"
channel = "line"
arrivals = { per_hour = 0 }
work = { kind = "fixed", value_s = 100 }
wrap_up = { kind = "fixed", value_s = 20 }
patience = { kind = "fixed", value_s = 50 }
[agents.ann]
count = 1
units = 1
"""
TIMETABLE = """
    comes  answered  leaves
        0         0     120
       10         -      60
      105       120     240
      110         -     160
      400       400     520
      415         -     465
     1000      1000    1120
"""
"""Ann needs 100 s and 20 s of wrap-up for a call; callers give up after 50 s."""


def test_an_hour_by_hand() -> None:
    """Seven calls, one agent: who is answered when, and what service level, waits and occupancy come to."""
    rows = [line.split() for line in TIMETABLE.strip().splitlines()[1:]]
    prepared = Prepared(compiled := compile_world(parse_world(HOUR)), compiled.world.policy)
    opens_us = compiled.span.opens_us
    trace = np.zeros(len(rows), layout.TRACE)
    trace["at_us"] = [opens_us + int(row[0]) * 1_000_000 for row in rows]
    trace["work_us"] = trace["patience_us"] = -1
    records = play(prepared, plan_replication(compiled, 1, 0), Options(1), trace)
    tickets = np.sort(records.tickets, order="arrived_us")
    for ticket, (_, answered, left) in zip(tickets, rows, strict=True):
        assert (ticket["left_us"] - opens_us) / 1e6 == int(left)
        if answered == "-":
            assert (ticket["answered_us"], ticket["outcome"]) == (NEVER_US, c.ABANDONED)
        else:
            assert (ticket["answered_us"] - opens_us) / 1e6 == int(answered)
    parts = measured(
        day_of(records), setting_of(compiled, records), [(name, WHOLE) for name in MEASURES]
    )
    found = {name: part.above[0] / part.below[0] for (name, _), part in parts.items()}
    worked = {
        "tickets": 7, "answered": 4, "in_target": 4, "abandoned": 3, "unanswered": 0,
        "service_level_answered": 1, "service_level_offered": 4 / 7, "service_level_all": 4 / 7,
        "waited": 4 / 7, "asa_s": 15 / 4, "wait_s": (15 + 3 * 50) / 7, "wait_p50_s": 0, "wait_p90_s": 15,
        "abandonment": 3 / 7, "aht_s": 120, "occupancy": 4 * 120 / 3600, "queue_length": 165 / 3600,
        "queue_taken": 4, "queue_service_level": 4 / 7, "queue_wait_s": 15 / 4, "queue_lost": 3 / 7,
    }  # fmt: skip
    assert {name: found[name] for name in worked} == pytest.approx(worked)
