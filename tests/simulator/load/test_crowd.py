"""The crowd of a load test: the simulator's kernel with its core elsewhere."""

import numpy as np
import pytest

from router.core import codes as core
from router.wire.events import Event
from simulator.kernel.running import Options, play
from simulator.load.crowd import Crowd
from simulator.worlds.planning import plan_replication
from tests.simulator.load.worlds import MIXED, Told, prepared_of


@pytest.mark.slow
@pytest.mark.parametrize("base", ["ours", "longest_idle"])
@pytest.mark.parametrize("seed", [1, 2])
def test_without_delays_a_crowd_leaves_the_records_of_the_simulator(seed: int, base: str) -> None:
    """Every visit, agent and queue of a mixed world goes as in the simulator, to the microsecond."""
    prepared, options = prepared_of(MIXED, base), Options(seed)
    simulated = play(prepared, plan_replication(prepared.compiled, seed, 0), options)
    told = Told(prepared, options)
    records = told.play()
    assert told.refused == []
    assert len(simulated.tickets) > 300
    for name in simulated.tickets.dtype.names or ():
        found, expected = records.tickets[name], simulated.tickets[name]
        assert np.array_equal(found, expected), name
    assert records.happenings == simulated.happenings
    assert records.digest == simulated.digest


def test_whom_the_world_does_not_know_moves_nobody() -> None:
    """On a floor with other agents, what they do and are offered leaves every agent of the world as it was."""
    prepared, options = prepared_of(MIXED), Options(1)
    crowd = Crowd(prepared, plan_replication(prepared.compiled, 1, 0), options)
    said = None
    while said is None or said.verb != core.ADD_TICKET:
        said = crowd.act()
    crowd.taken(said.ticket, said.at_us)
    before = crowd.mirror.machine.arrays.agents.copy()
    about = {"ticket": said.ticket, "agent": "stranger", "offer": "o-1"}
    came = {"agent": "stranger"}
    for seq, (type_, names, data) in enumerate(
        [
            ("agent.presence_changed", came, {"presence": "away"}),
            ("agent.lost", came, {}),
            ("agent.returned", came, {}),
            ("offer.issued", about, {}),
            ("offer.accepted", about, {}),
            ("assignment.completed", about, {}),
        ],
        1,
    ):
        at = "2026-01-01T00:00:00.000000Z"
        crowd.hear(Event(seq=seq, type=type_, at=at, data=data, **names), said.at_us)
    assert np.array_equal(crowd.mirror.machine.arrays.agents, before)
    assert crowd.mirror.works == {}
