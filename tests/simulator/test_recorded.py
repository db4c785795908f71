"""What is read off a journal for a replay, against timetables written by hand."""

from typing import Any, NamedTuple

import numpy as np
import pytest

from router.core import codes as core
from router.core import layout
from router.core.limits import NEVER_US
from simulator.recorded import Tape, in_vain_us, recorded_figures

SECOND = 1_000_000


class Frame(NamedTuple):
    """As much of a recorded frame as a tape reads."""

    events: Any
    words: Any
    commands: bytes = b""
    command_words: bytes = b""


def tape_of(*happened: tuple[float, int, dict[str, int]]) -> Tape:
    """Return a tape of events: second, kind and fields of each."""
    events = np.zeros(len(happened), layout.EVENT)
    for row, (at_s, kind, fields) in zip(events, happened, strict=True):
        row["at_us"], row["kind"] = round(at_s * SECOND), kind
        row["ticket"], row["agent"], row["work"] = -1, -1, -1
        for name, value in fields.items():
            row[name] = value
    words = np.array([0, 0, NEVER_US, 0, NEVER_US, NEVER_US, NEVER_US, 5, 0], np.int64)
    for row in events:
        if row["kind"] == core.E_ADDED:
            row["words"] = len(words)
    tape = Tape()
    tape.last_us = max(int(row["at_us"]) for row in events)
    tape.add(Frame(events, words))
    return tape


def added(at_s: float, ticket: int) -> tuple[float, int, dict[str, int]]:
    """Return the arrival of a ticket."""
    return at_s, core.E_ADDED, {"ticket": ticket}


def closed(at_s: float, ticket: int, how: int) -> tuple[float, int, dict[str, int]]:
    """Return how a ticket ended that nobody served."""
    return at_s, core.E_CLOSED, {"ticket": ticket, "aux": how}


def test_what_was_recorded_by_hand() -> None:
    """Two answered, one of them in time; one gives up late, one is canceled early, one waits at the end."""
    tape = tape_of(
        added(1, 0), added(2, 1), added(3, 2), added(4, 3), added(5, 4),
        (6, core.E_ACCEPTED, {"ticket": 0, "agent": 0, "work": 0}),
        closed(7, 3, core.CANCELED),
        (26, core.E_COMPLETED, {"ticket": 0, "agent": 0, "work": 0}),
        closed(33, 2, core.ABANDONED),
        (42, core.E_ACCEPTED, {"ticket": 1, "agent": 0, "work": 1}),
        (100, core.E_COMPLETED, {"ticket": 1, "agent": 0, "work": 1}),
    )  # fmt: skip
    found = recorded_figures(tape, [20 * SECOND])
    assert (found["tickets"], found["answered"], found["abandoned"]) == (5, 2, 1)
    assert found["service_level_offered"] == pytest.approx(1 / 4)  # the canceled waited too little
    assert (found["asa_s"], found["wait_p50_s"], found["wait_p90_s"]) == (22.5, 5, 40)
    assert (found["abandonment"], found["aht_s"]) == (0.2, 39)
    assert in_vain_us(tape, tape.seen[4]) == 95 * SECOND


def test_who_is_removed_goes_and_who_was_sent_away_comes_back_as_recorded() -> None:
    """One agent comes back after a minute, one never does, one is taken off the floor."""
    sent = {"aux": core.AWAY, "reason": core.BECAUSE_NO_ANSWER}
    back = {"aux": core.AVAILABLE, "reason": core.BECAUSE_ASKED}
    tape = tape_of(
        added(1, 0),
        (10, core.E_PRESENCE, {"agent": 0, **sent}),
        (20, core.E_PRESENCE, {"agent": 1, **sent}),
        (70, core.E_PRESENCE, {"agent": 0, **back}),
        (80, core.E_AGENT_REMOVED, {"agent": 2}),
        (100, core.E_PRESENCE, {"agent": 3, **back}),
    )
    assert tape.all_aways_us() == [60 * SECOND, 80 * SECOND]
    assert [row[2:4] for row in tape.plan] == [
        (0, core.AVAILABLE), (2, core.OFFLINE), (3, core.AVAILABLE),
    ]  # fmt: skip
