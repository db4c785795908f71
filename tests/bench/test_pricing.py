"""What the suite of prices reports."""

import pytest

from bench import pricing
from bench.report import FIELDS


@pytest.mark.slow
def test_the_suite_has_its_rows() -> None:
    """A floor is timed, and each measure of a world stands beside what longest idle changes."""
    rows = pricing.run(pricing.QUICK)
    assert all(tuple(row) == FIELDS and row["suite"] == "prices" for row in rows)
    assert rows[0]["metric"] == "pricing"
    changes = {row["metric"]: row for row in rows if row["case"] == "drawn_40_load_95"}
    assert set(changes) == {f"{measure}_change" for measure in pricing.UNITS}
    assert all(row["peer"] == "longest_idle" for row in changes.values())
    learned = {row["metric"] for row in rows if row["case"] == "mixed_skills"}
    assert learned == {f"learned_{measure}_change" for measure in pricing.UNITS}
    assert {"mixed_skills", "drawn_200_load_105", "omnichannel"} <= set(pricing.FULL.worlds)
