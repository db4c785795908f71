"""Random days with faults break nothing; every planted bug is found, repeated and made small."""

import pytest

from router.main import run as cordboard
from simulator.soak.bugs import BUGS
from simulator.soak.happen import HAPPEN
from simulator.soak.running import hush, soak
from simulator.soak.shrinking import shrink
from simulator.soak.swarm import HAPPENINGS, Happening, swarm
from simulator.soak.trial import run_seed

SEEDS = 30
BUG_SEEDS_MAX = 1_000


@pytest.fixture(autouse=True)
def _quiet() -> None:
    hush()


def test_random_days_with_faults_break_nothing() -> None:
    """Crashes, torn writes, full disks, rivals, jumping clocks and damaged snapshots lose and double nothing."""
    came = soak(10_000, SEEDS)
    assert came.failures == ()
    assert came.lives > SEEDS, "servers died and went on"


def test_a_seed_repeats_to_the_byte() -> None:
    """The same seed leads to the same events and the same state."""
    first, second = run_seed(7), run_seed(7)
    assert first == second
    assert first.digest


def test_everything_that_may_happen_is_known() -> None:
    """The swarm draws from exactly what the rig can do, and a hundred seeds have all of it."""
    assert set(HAPPENINGS) == set(HAPPEN)
    drawn = {each.kind for seed in range(100) for each in swarm(seed).happenings}
    assert drawn == set(HAPPENINGS)


@pytest.mark.parametrize("name", BUGS)
def test_a_planted_bug_is_found(name: str) -> None:
    """Each of the mistakes somebody could make shows within a thousand seeds."""
    plant = BUGS[name]
    found = next((s for s in range(BUG_SEEDS_MAX) if run_seed(s, plant).complaints), None)
    assert found is not None, f"{name} was not found in {BUG_SEEDS_MAX} seeds"
    assert run_seed(found).complaints == (), "without the bug the seed is fine"


def test_at_least_twenty_bugs_are_planted() -> None:
    """There are enough to trust the search."""
    assert len(BUGS) >= 20


def test_shrinking_leaves_only_what_is_needed() -> None:
    """Of a hundred happenings the two that fail together remain, in their order."""
    steps = [Happening(str(n), n, 0, 0.0) for n in range(100)]

    def fails(part: list[Happening]) -> bool:
        return {17, 71} <= {each.one for each in part}

    assert [each.one for each in shrink(steps, fails)] == [17, 71]


def test_the_command_says_how_to_repeat_a_failure(capsys: pytest.CaptureFixture[str]) -> None:
    """A failing soak exits 1 and names the seed, what is wrong and the command."""
    wanted = ["simulate", "soak", "--seeds", "3", "--processes", "1"]
    assert cordboard([*wanted, "--bug", "take no capacity"]) == 1
    said = capsys.readouterr().out
    assert "seed 0 fails:" in said
    assert (
        "cordboard simulate soak --seed 0 --seeds 1 --processes 1 --bug 'take no capacity'" in said
    )
    assert cordboard(wanted) == 0
