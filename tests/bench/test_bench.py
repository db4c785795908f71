"""The measurements run and report what they promise; what they measure is not asserted."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from bench import core, folding, restart, routing
from bench.__main__ import SUITES, main
from bench.floors import SHAPES, Floor
from bench.report import FIELDS, Peer, Suite, quantile, table
from router.core import codes as c
from router.core.recovery import used
from tests.house.rooms import ROOT

PROMISED = {
    ("step_no_route", "p50_us"),
    ("route_64_agents", "p50_us"),
    ("route_64_agents", "p99_us"),
    ("fold", "events_per_s"),
    ("start_warm", "seconds"),
}


@pytest.mark.slow
def test_the_suite_core_reports_what_it_promises(tmp_path: Path) -> None:
    """The smallest size runs through the command line and writes every promised row, and the machine."""
    report = tmp_path / "core.json"
    command = [sys.executable, "-m", "bench", "core", "--quick", "--json", str(report)]
    done = subprocess.run(
        command, cwd=tmp_path, env={**os.environ, "PYTHONPATH": str(ROOT)}, capture_output=True,
        text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    written = json.loads(report.read_text("utf-8"))
    assert written.keys() == {"machine", "results"}
    assert {"cpu", "cores", "ram_gib", "python", "versions", "kernel", "fsync_p50_us"} <= written[
        "machine"
    ].keys()
    assert all(tuple(row) == FIELDS and row["suite"] == "core" for row in written["results"])
    assert {(row["case"], row["metric"]) for row in written["results"]} >= PROMISED
    assert "core/step_no_route" in done.stdout


@pytest.mark.slow
def test_a_restart_gives_the_same_shard_back(tmp_path: Path, monkeypatch) -> None:
    """The journal of real settlements is read back to the digest it ended with, and the row is filed under stores."""
    monkeypatch.chdir(tmp_path)
    rows = restart.run(restart.QUICK)
    assert ("stores", "restart_1k", "seconds") in {
        (row["suite"], row["case"], row["metric"]) for row in rows
    }
    assert list(tmp_path.iterdir()) == []


def test_the_full_size_has_the_rows_of_the_issue() -> None:
    """The names that figures are looked up by do not depend on the sizes being changed."""
    assert SHAPES[core.FULL.floor].agents == 10_000
    assert restart.FULL[:2] == (100_000, 100_000)


def test_the_canonical_workload_gives_two_numbers() -> None:
    """Decisions per second and the tail of one decision come from the same rounds."""
    rate, p99_ms, rows = routing.canonical(routing.Effort(30, 1))
    assert rate > 0
    assert p99_ms > 0
    assert [row["metric"] for row in rows] == ["decisions_per_s", "p99_ms"]


def test_a_day_has_every_kind_of_event() -> None:
    """A tape for folding that lacks a kind would not measure what it says."""
    day = folding.Day()
    kinds = {kind for batch in day.record(40_000) for kind in batch.events["kind"].tolist()}
    assert {c.EVENTS[kind] for kind in c.EVENTS.keys() - kinds} <= {
        "offer.revoked",
        "model.changed",
        "ticket.relaxed",
    }


def test_the_same_seed_is_the_same_floor() -> None:
    """Named inputs repeat, or figures could not be compared."""
    one, other = (Floor(SHAPES["small"], seed=5) for _ in range(2))
    for floor in (one, other):
        floor.fill(60)
    assert one.machine.digest() == other.machine.digest()
    assert Floor(SHAPES["small"], seed=6).machine.digest() != one.machine.digest()


def test_a_floor_stays_as_busy_as_it_is_told_to() -> None:
    """What agents work on in the driver's books is what the machine says they hold."""
    floor = Floor(SHAPES["small"])
    floor.fill(100)
    floor.ease(40)
    agents = used(floor.machine.arrays, "agents")
    assert (len(floor.works), int(agents["held"].sum())) == (40, 40)


def test_an_unknown_suite_is_named(capsys) -> None:
    """A mistyped suite is an error of usage, before anything is measured."""
    with pytest.raises(SystemExit) as stopped:
        main(["cores"])
    assert stopped.value.code == 2
    assert "no suite 'cores'" in capsys.readouterr().err
    assert {"core", "http", "stores", "solver", "signals", "prices"} <= set(SUITES)


def test_rows_hold_the_median_and_the_range() -> None:
    """A row says how far the repeats lay apart and what it is compared with."""
    row = Suite("core", "x").row("p50_us", [3.0, 1.0, 2.0], "us", n=30, peer=Peer("echo", 4.0))
    assert [row[field] for field in FIELDS] == [
        "core",
        "x",
        "p50_us",
        2.0,
        "us",
        30,
        2.0,
        "echo",
        4.0,
    ]
    assert "core/x" in table([row])
    assert quantile([5.0, 1.0, 3.0], 0.5) == 3.0
