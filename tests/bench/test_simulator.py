"""The suite ``simulator`` measures every case; how fast they are is not this test's matter."""

import pytest

from bench import simulator


@pytest.mark.slow
def test_every_case_is_measured() -> None:
    """Each rate is above 0, shares are shares, and no seed of the soak failed; peers may not be there."""
    rows = {(row["case"], row["metric"]): row["value"] for row in simulator.run(simulator.QUICK)}
    for case in ("mm20", "skills_200", "full_world_index", "full_world_ours"):
        assert rows[case, "events_per_s"] > 0
        assert 0 <= rows[case, "waited"] <= 1
    assert rows["soak", "seeds_per_hour"] > 0
    assert rows["soak", "failed"] == 0
