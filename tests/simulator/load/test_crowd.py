"""The crowd of a load test: the simulator's kernel with its core elsewhere."""

import numpy as np
import pytest

from simulator.kernel.running import Options, play
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
