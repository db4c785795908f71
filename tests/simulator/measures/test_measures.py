"""Measures are what a reader would count by hand, under every cut, and add up over replications."""

from collections.abc import Mapping, Sequence
from types import MappingProxyType

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from router.core.limits import NEVER_US
from simulator.measures.cuts import CUTS, WHOLE, key_names, measured
from simulator.measures.day import ABANDONED, BLOCKED, EXPIRED, OPEN, SERVED, TEXTS, Day, Setting
from simulator.measures.summary import Series, difference, stacked
from simulator.measures.table import MEASURES, gini, jain
from simulator.records import AGENT_HOUR, QUEUE_HOUR, TICKET

SECOND = 1_000_000
HOUR = 3_600 * SECOND
NAMES: Mapping[str, Sequence[str]] = MappingProxyType(
    {**dict.fromkeys(TEXTS, ("a", "b")), "agent": ("ann", "bo")}
)
SETTING = Setting((20 * SECOND, 60 * SECOND), NAMES, 0, HOUR, (0, 2 * HOUR))


def day(
    tickets: Sequence[Mapping[str, int]], busy: Sequence[Sequence[int]] = ((0, 0), (0, 0))
) -> Day:
    """Return a day of two hours, two agents on duty all the time, two queues; times in seconds."""
    rows = np.zeros(len(tickets), TICKET)
    for row, ticket in zip(rows, tickets, strict=True):
        row["agent"] = -1
        row["answered_us"] = NEVER_US
        for name, value in ticket.items():
            if name.endswith("_s"):
                row[name[:-2] + "_us"] = value * SECOND
            else:
                row[name] = value
    agents = np.zeros((2, 2), AGENT_HOUR)
    agents["on_duty_us"], agents["room_us"] = HOUR, 4 * HOUR
    agents["busy_us"] = np.array(busy) * SECOND
    agents["units_us"] = 2 * agents["busy_us"]
    return Day(rows, agents, np.zeros((2, 2), QUEUE_HOUR))


def served(arrived_s: int, wait_s: int, work_s: int = 100, **more: int) -> dict[str, int]:
    """Return a ticket that was answered after a wait."""
    ends_s = arrived_s + wait_s + work_s
    told = {"arrived_s": arrived_s, "answered_s": arrived_s + wait_s, "left_s": ends_s}
    return {**told, "work_s": work_s, "outcome": SERVED, "agent": 0, "offers": 1, **more}


def lost(arrived_s: int, wait_s: int, outcome: int = ABANDONED, **more: int) -> dict[str, int]:
    """Return a ticket that nobody answered."""
    return {"arrived_s": arrived_s, "left_s": arrived_s + wait_s, "outcome": outcome, **more}


SIX = day(
    [
        served(10, 0, match=800),
        served(20, 20, match=400, declines=1, offers=2),
        served(4_000, 50, agent=1, queue=1, transfers=1),
        served(30, 50, wrap_s=40, breached=1),
        lost(40, 10),
        lost(50, 30, queue=0),
        lost(60, 0, BLOCKED),
        served(7_300, 500),  # after the window
    ],
    busy=((1_800, 900), (900, 900)),
)


@pytest.mark.parametrize(
    ("name", "worth"),
    [
        ("tickets", 7), ("answered", 4), ("in_target", 3), ("abandoned", 2), ("blocked", 1),
        ("service_level_answered", 3 / 4), ("service_level_offered", 3 / 5),
        ("service_level_all", 3 / 7), ("waited_within", 4 / 7), ("waited", 5 / 7),
        ("asa_s", 120 / 4), ("wait_s", 160 / 6), ("wait_p50_s", 20), ("wait_p90_s", 50),
        ("wait_p99_s", 50), ("abandonment", 2 / 7), ("blocking", 1 / 7), ("aht_s", 440 / 4),
        ("occupancy", 4_500 / 14_400), ("occupancy_units", 9_000 / 57_600),
        ("match_quality", 1.2 / 4), ("sla_breached", 1 / 7), ("transfers", 1 / 7),
        ("offers_declined", 1 / 5), ("reopened", 0), ("redialled", 0), ("queue_length", 0),
    ],
)  # fmt: skip
def test_measures_by_hand(name: str, worth: float) -> None:
    """Seven tickets within the window: four answered, three in time, two lost, one blocked."""
    above, below = measured(SIX, SETTING, [(name, WHOLE)])[name, WHOLE]
    assert above[0] / below[0] == pytest.approx(worth)


def test_who_is_never_answered_counts_against_the_service_level() -> None:
    """Of three who waited beyond the target in vain none is forgotten, whether gone, expired or still there."""
    rows = [
        served(10, 5),
        lost(20, 30),
        lost(30, 30, EXPIRED),
        lost(40, 30, OPEN),
        lost(50, 5, OPEN),
    ]
    wanted = [("service_level_offered", WHOLE), ("unanswered", WHOLE), ("abandoned", WHOLE)]
    found = measured(day(rows), SETTING, wanted)
    level = found["service_level_offered", WHOLE]
    assert (level.above[0], level.below[0]) == (1, 4)
    assert found["unanswered", WHOLE].above[0] == 3
    assert found["abandoned", WHOLE].above[0] == 1


def test_fairness_by_hand() -> None:
    """Occupancies of .375 and .25: Jain .625^2 / (2 * .203125), Gini .125 / (2 * .625)."""
    found = measured(SIX, SETTING, [("fairness_jain", WHOLE), ("fairness_gini", WHOLE)])
    assert found["fairness_jain", WHOLE].above[0] == pytest.approx(0.390625 / 0.40625)
    assert found["fairness_gini", WHOLE].above[0] == pytest.approx(0.1)
    assert (jain(np.ones(5)), jain(np.array([1.0, 0, 0, 0]))) == (1.0, 0.25)
    assert gini(np.array([0.0, 0, 0, 1.0])) == pytest.approx(0.75)
    assert (gini(np.zeros(3)), jain(np.zeros(3))) == (0.0, 1.0)


def test_cuts_by_hand() -> None:
    """By queue, by hour and by who served: each ticket in its place, and none without one."""
    wanted = [("tickets", "queue"), ("tickets", "hour"), ("answered", "type_agent")]
    found = measured(SIX, SETTING, [*wanted, ("occupancy", "hour"), ("occupancy", "agent")])
    assert found["tickets", "queue"].above.tolist() == [6, 1]
    assert found["tickets", "hour"].above.tolist() == [6, 1]
    assert found["answered", "type_agent"].above.tolist() == [3, 1, 0, 0]
    assert key_names("type_agent", SETTING, 2) == ["a ann", "a bo", "b ann", "b bo"]
    assert (found["occupancy", "hour"].above / HOUR).tolist() == [0.75, 0.5]
    assert (found["occupancy", "agent"].above / HOUR).tolist() == [0.75, 0.5]


def test_queues_over_time() -> None:
    """An hour with 30 waiting on average, then one with 5; a slot that ends too late is left out."""
    hours = np.zeros((2, 2), QUEUE_HOUR)
    hours["waiting_us"][0] = [30 * HOUR, 5 * HOUR]
    hours["waiting_peak"][0] = [70, 9]
    shown = SIX._replace(queue_hours=hours)
    keys = [("queue_length", "hour"), ("queue_length", WHOLE), ("queue_peak", "queue")]
    found = measured(shown, SETTING, keys)
    assert (found["queue_length", "hour"].above / found["queue_length", "hour"].below).tolist() == [
        30,
        5,
    ]
    assert found["queue_peak", "queue"].above.tolist() == [70, 0]
    for until, length in ((2 * HOUR, 35 / 2), (3 * HOUR // 2, 30.0), (HOUR // 2, 30.0)):
        part = SETTING._replace(window_us=(0, until))
        whole = measured(shown, part, keys)["queue_length", WHOLE]
        assert whole.above[0] / whole.below[0] == pytest.approx(length)


def test_every_wait_by_queue() -> None:
    """Ten taken of which eight in time, two lost of which one late; the second queue has its own."""
    hours = np.zeros((2, 2), QUEUE_HOUR)
    for name, counts in (
        ("taken", (7, 3)),
        ("taken_within", (6, 2)),
        ("lost", (2, 0)),
        ("lost_late", (1, 0)),
    ):
        hours[name][0] = counts
    hours["taken_us"][0] = (70 * SECOND, 50 * SECOND)
    hours["taken"][1], hours["taken_us"][1] = (5, 0), (5 * SECOND, 0)
    shown = SIX._replace(queue_hours=hours)
    names = ("queue_taken", "queue_service_level", "queue_wait_s", "queue_lost")
    found = measured(
        shown, SETTING, [(name, cut) for name in names for cut in ("queue", WHOLE, "hour")]
    )
    ratios = {key: (part.above / part.below).tolist() for key, part in found.items()}
    assert ratios["queue_taken", "queue"] == [10, 5]
    assert ratios["queue_taken", "hour"] == [12, 3]
    assert ratios["queue_service_level", "queue"] == pytest.approx([8 / 11, 0])
    assert ratios["queue_wait_s", "queue"] == pytest.approx([12, 1])
    assert ratios["queue_wait_s", WHOLE] == pytest.approx([125 / 15])
    assert ratios["queue_lost", "queue"] == pytest.approx([2 / 12, 0])


def test_names_that_are_not_there() -> None:
    """An unknown measure or cut is named; a pair that makes no sense is left out."""
    with pytest.raises(ValueError, match="measure is 'speed'"):
        measured(SIX, SETTING, [("speed", WHOLE)])
    with pytest.raises(ValueError, match="cut is 'week'"):
        measured(SIX, SETTING, [("tickets", "week")])
    assert measured(SIX, SETTING, [("occupancy", "queue"), ("queue_peak", "agent")]) == {}


tickets = st.builds(
    lambda arrived, wait, code, queue, agent: (
        served(arrived, wait, queue=queue, type=queue, agent=agent)
        if code == SERVED
        else lost(arrived, wait, code, queue=queue, type=queue)
    ),
    st.integers(0, 7_199),
    st.integers(0, 100),
    st.sampled_from([SERVED, ABANDONED, BLOCKED, OPEN]),
    st.integers(0, 1),
    st.integers(0, 1),
)


@settings(deadline=None, max_examples=60)
@given(st.lists(tickets, max_size=30))
def test_parts_of_a_cut_add_up(rows: list[dict[str, int]]) -> None:
    """Sums over queues, hours and types are the whole's sums, for every ratio of the table."""
    seen = day(rows)
    wanted = [(name, cut) for name in MEASURES for cut in CUTS]
    found = measured(seen, SETTING, wanted)
    for name in MEASURES:
        if "wait_p" in name or "fairness" in name or name == "queue_peak":
            continue
        for cut in ("queue", "type", "language", "hour"):
            if (name, cut) in found:
                parts, whole = found[name, cut], found[name, WHOLE]
                assert parts.above.sum() == pytest.approx(whole.above[0])


@settings(deadline=None, max_examples=60)
@given(st.lists(tickets, max_size=30), st.sampled_from([0.5, 0.9, 0.99]))
def test_quantiles_are_somebodys_wait(rows: list[dict[str, int]], share: float) -> None:
    """By queue, the quantile is the least wait that so large a share does not exceed."""
    name = {0.5: "wait_p50_s", 0.9: "wait_p90_s", 0.99: "wait_p99_s"}[share]
    found = measured(day(rows), SETTING, [(name, "queue")])[name, "queue"]
    for queue in (0, 1):
        waits = sorted(
            row["answered_s"] - row["arrived_s"]
            for row in rows
            if row["queue"] == queue and "answered_s" in row
        )
        assert found.below[queue] == bool(waits)
        enough = [w for i, w in enumerate(waits) if (i + 1) / len(waits) >= share - 1e-12]
        assert found.above[queue] == pytest.approx(enough[0] if enough else 0.0)


def test_replications_make_intervals() -> None:
    """Ratios of sums, not means of ratios; what two policies share cancels; nothing has no interval."""
    days = [
        measured(day([served(0, w)] * n), SETTING, [("asa_s", "queue")])
        for n, w in ((1, 10), (3, 30))
    ]
    series = stacked(days)["asa_s", "queue"]
    first, second = series.intervals()
    assert first is not None
    assert first.value == pytest.approx(100 / 4)
    assert second is None
    assert np.isnan(series.totals[1])
    other = Series(series.above - series.below, series.below)
    gained = difference(series, other)
    assert gained is not None
    assert (gained.value, gained.half_width) == pytest.approx((1.0, 0.0), abs=1e-9)
    assert difference(series, other, key=1) is None
