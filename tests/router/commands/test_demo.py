"""`cordboard demo` routes a slice of the real day through a real server, and checks that it did."""

import argparse
import asyncio
import dataclasses
import os
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest

from router.commands.demo import (
    day_of,
    faults,
    hours_of,
    in_step,
    place_for,
    speed_for,
    speed_of,
    sync_s,
)
from router.main import run
from simulator.day_report import Told, explained, largest_decision
from simulator.tally import Latency, Snapshot

QUIET = Latency(1.0, 2.0, 3)
WELL = Snapshot(
    day=datetime(2016, 3, 7, 9, tzinfo=UTC),
    elapsed_s=4.0, calls_done=9, calls_total=9, tickets_sent=3, tickets_total=3,
    tickets_per_s=0.0, offers=40, declined=0, accepted=3, completed=3, breached=0, refused={},
    ack=QUIET, decision=QUIET, service_level=1.0, waiting={}, gap=0.0,
)  # fmt: skip
DECISION = {"id": "d-9", "tickets": 2, "explanations": [{"text": "t1: went to ann.\nRank 1."}]}
TOLD = Told({"queues": [{"completed": 2}, {"completed": 1}]}, DECISION)


def demo(tmp_path: Path, *options: str) -> subprocess.CompletedProcess[str]:
    """Run the demo as people do, without a terminal."""
    root = Path(__file__).resolve().parents[3]
    paths = [str(root), *filter(None, [os.environ.get("PYTHONPATH")])]
    return subprocess.run(
        [sys.executable, "-m", "router", "demo", *options],
        cwd=tmp_path,
        env=os.environ | {"PYTHONPATH": os.pathsep.join(paths)},
        capture_output=True,
        text=True,
        check=False,
        timeout=500,
    )


@pytest.mark.slow
def test_an_hour_of_the_day_goes_through(tmp_path, capsys) -> None:
    """An hour is routed over HTTP, summed up and explained; the journal verifies and replays."""
    journal = tmp_path / "made" / "journal.sqlite"
    options = ("--hours", "7-8", "--speed", "400", "--journal", str(journal))
    done = demo(tmp_path, *options)
    assert done.returncode == 0, done.stdout + done.stderr
    tickets = sum(each.call == "tickets.put" for each in day_of((7, 8)).stream.calls)
    assert f"{tickets} in " in done.stdout
    assert "Why? d-" in done.stdout
    assert "Rank " in done.stdout
    assert f"cordboard verify {journal}" in done.stdout
    assert "none damaged" in done.stdout
    assert "decides" in done.stdout
    assert "gap 0.0%" in done.stdout
    assert run(["replay", str(journal.parent), "--policy", "longest_idle", "--limit", "5"]) == 0
    assert "tickets           5" in capsys.readouterr().out


def test_a_server_that_dies_on_the_way_fails_the_day(monkeypatch, capsys, tmp_path) -> None:
    """However many calls failed because of it, each reason is said once, and the exit code is 1."""

    async def play(*_: object) -> list[str]:
        gone = ConnectionResetError("server gone")
        raise ExceptionGroup("replay", [gone, ExceptionGroup("calls", [gone, gone])])

    monkeypatch.setattr("router.commands.demo.play", play)
    assert run(["demo", "--journal", str(tmp_path / "journal.sqlite")]) == 1
    said = capsys.readouterr().err
    assert said == "The day did not go through: ConnectionResetError: server gone.\n"


def test_a_mistake_of_ours_is_not_hidden(monkeypatch, tmp_path) -> None:
    """An exception that no server causes is not taken for one."""

    async def play(*_: object) -> list[str]:
        raise ExceptionGroup("replay", [KeyError("seq")])

    monkeypatch.setattr("router.commands.demo.play", play)
    with pytest.raises(ExceptionGroup, match="replay"):
        run(["demo", "--journal", str(tmp_path / "journal.sqlite")])


def test_a_journal_that_is_there_is_not_written_into(tmp_path) -> None:
    """A day is routed once: another run needs another file."""
    journal = tmp_path / "journal.sqlite"
    journal.write_bytes(b"")
    with pytest.raises(FileExistsError, match="expected a new file"):
        place_for(journal)
    assert run(["demo", "--journal", str(journal)]) == 1


def test_a_fresh_directory_is_named_when_none_is_asked_for() -> None:
    """Two demos never share a journal."""
    places = [place_for(None), place_for(None)]
    try:
        assert places[0].journal != places[1].journal
        assert all(place.directory.is_dir() and not place.journal.exists() for place in places)
    finally:
        for place in places:
            place.directory.rmdir()


def test_a_day_that_went_well_has_no_faults() -> None:
    """All acknowledged, completed and explained: nothing to say."""
    assert faults(WELL, TOLD) == []
    slow = dataclasses.replace(WELL, refused={"offer_not_open": 1, "state_conflict": 5})
    assert faults(slow, TOLD) == []


@pytest.mark.parametrize(
    ("change", "told", "said"),
    [
        ({"tickets_sent": 2}, TOLD, "2 of 3 tickets were acknowledged"),
        ({"refused": {"validation_failed": 1}}, TOLD, "calls were refused: 1 validation_failed"),
        ({"refused": {"offer_not_open": 9}}, TOLD, "a lower --speed leaves more time"),
        ({}, Told({"queues": [{"completed": 2}]}, DECISION), "the server has 2"),
        ({"completed": 0}, TOLD, "no ticket was completed"),
        ({}, Told(TOLD.statistics, None), "no decision was found to explain"),
    ],
)
def test_a_day_that_did_not_go_through_says_why(change, told, said) -> None:
    """Each way in which a day can fail has its reason."""
    (fault,) = faults(dataclasses.replace(WELL, **change), told)
    assert said in fault


def test_an_explanation_is_shown_as_text() -> None:
    """The decision is named, and the text of one of its tickets follows."""
    lines = explained(DECISION)
    assert lines == [
        "Why? d-9, 2 tickets at once, one of them:",
        "  t1: went to ann.",
        "  Rank 1.",
    ]
    assert explained(None) == []


class Scripted:
    """A client with two pages of events and a server clock."""

    def __init__(self, at: str = "2016-03-07T08:00:00Z") -> None:
        self._at = at
        self._pages = {
            0: [batch("d-1", 2), issued("d-1"), batch("d-3", 9)],
            3: [batch("d-4", 5), issued("d-4"), batch("d-6", 3), issued("d-6")],
            7: [],
        }

    async def call(self, name: str, id: str = "", body: object = None, **options):
        """Answer one of the three calls the demo makes."""
        if name == "events.list":
            after = options["query"]["after"]
            events = self._pages[after]
            return {"events": events, "next": after + len(events)}
        return {"at": self._at} if name == "statistics.get" else {"id": id}


def batch(decision: str, tickets: int) -> dict:
    """Make the event of a joint decision."""
    data = {"decision": decision, "tickets": tickets, "pairs": tickets}
    return {"type": "solver.batch", "data": data}


def issued(decision: str) -> dict:
    """Make the event of an offer."""
    return {"type": "offer.issued", "data": {"decision": decision}}


def run_async(work):
    """Run a coroutine to its end."""
    return asyncio.run(work)


def test_the_largest_decision_with_an_offer_is_explained() -> None:
    """Nine tickets were looked at and nobody was asked, so the one of five is taken."""
    assert run_async(largest_decision(Scripted())) == {"id": "d-4"}


def test_a_replay_behind_the_server_s_clock_says_so(capsys) -> None:
    """When putting the floor took too long, how far ahead the server is, is told."""
    day = day_of((7, 8))
    run_async(in_step(Scripted("2016-03-07T06:59:59Z"), day, 10_000.0))
    assert capsys.readouterr().out == ""
    run_async(in_step(Scripted("2016-03-07T09:00:00Z"), day, 10_000.0))
    assert "2:00 h ahead" in capsys.readouterr().out


def test_a_slow_disk_makes_the_day_slower(tmp_path) -> None:
    """Fast disks get the full speed; at 20 ms a sync answers still have time; none stands still."""
    assert speed_for(0.0001) == speed_for(0.004) == 900.0
    assert speed_for(0.020) == 400.0
    assert speed_for(10.0) == 10.0
    assert 0.0 < sync_s(tmp_path) < 10.0


@pytest.mark.parametrize("text", ["", "8", "8-", "12-8", "8-8", "8-25", "-1-3", "a-b"])
def test_hours_that_are_none_are_refused(text) -> None:
    """Hours are two numbers, rising, within a day."""
    with pytest.raises(argparse.ArgumentTypeError, match="as in 8-12"):
        hours_of(text)


@pytest.mark.parametrize("text", ["0", "-5", "warp", "nan", "1e9"])
def test_a_speed_that_means_nothing_is_refused(text) -> None:
    """Speeds are bounded, and the bounds are named."""
    with pytest.raises(argparse.ArgumentTypeError, match="from 10 to 10000"):
        speed_of(text)
