"""Load tests against the server in a process of its own: in real time, from the command line, and killed on the way."""

import asyncio
import contextlib
import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from router.commands.warm import compile_all
from router.main import run
from simulator.kernel.running import Options
from simulator.load.forecast import Forecast, forecast, simulated
from simulator.load.playing import Pace, Playing
from simulator.load.text import DONE, NOT_VALID, PARTIAL, Account, lines
from simulator.load.trial import Outcome, Target, Trial
from tests.simulator.load.lives import Life, free_port
from tests.simulator.load.worlds import QUICK, prepared_of

pytestmark = pytest.mark.slow
WORLD = Path(__file__).parent / "busy_minute.toml"
TRIES = 3
"""A run on a machine that is too busy says so itself; it is made again."""


@contextlib.contextmanager
def served(tmp_path: Path, lives: int = 1) -> Iterator[tuple[str, list[Life]]]:
    """Fork servers on one journal and one port, begin the first, and end all of them."""
    compile_all(lambda _: None)  # the forks inherit the kernels
    port = free_port()
    made = [Life(tmp_path / "journal.sqlite", port) for _ in range(lives)]
    try:
        made[0].begin()
        made[0].wait()
        yield f"http://127.0.0.1:{port}", made
    finally:
        for each in made:
            each.kill()


def played(trial: Trial) -> Outcome:
    """Play without showing anything."""
    return asyncio.run(trial.play(lambda _: None))


def test_waits_in_real_time_lie_in_the_simulators_band(tmp_path: Path) -> None:
    """Twenty seconds on loopback: p50 and p95 of the waits in the 95 % band, and the auditor finds nothing."""
    prepared, options = prepared_of(WORLD.read_text("utf-8")), Options(1)
    compared: Forecast | None = None
    for n in range(TRIES):
        folder = tmp_path / str(n)
        folder.mkdir()
        with served(folder) as (url, _):
            outcome = played(Trial(prepared, options, Pace(1.0), Target(url)))
        assert (outcome.partial, outcome.findings) == ("", [])
        assert outcome.records is not None
        compared = forecast(prepared, outcome.records, options)
        if compared.of("wait_p50_s").is_inside and compared.of("wait_p95_s").is_inside:
            break
        assert not outcome.is_valid, f"a run in good order lies outside: {compared.held}"
    assert compared is not None
    for name in ("wait_p50_s", "wait_p95_s"):
        held = compared.of(name)
        assert held.low <= held.found <= held.high, name
        assert 0 < held.low < held.twin < held.high, "the band can be missed on either side"
    assert compared.pairs.tickets > 200
    assert compared.pairs.same_end > 0.8


def test_a_run_of_another_world_lies_outside_the_band() -> None:
    """The comparison can fail: the same customers before five agents instead of twelve wait longer than on any day."""
    text = WORLD.read_text("utf-8")
    prepared, fewer = prepared_of(text), prepared_of(text.replace("count = 12", "count = 5"))
    usual, slow = simulated(prepared, Options(1)), simulated(fewer, Options(1))
    records = usual._replace(tickets=slow.tickets)
    found = forecast(prepared, records, Options(1), 60)
    assert not found.of("wait_p50_s").is_inside
    assert not found.of("wait_p95_s").is_inside
    assert forecast(prepared, usual, Options(1), 60).of("wait_p95_s").is_inside


def test_the_command_plays_prints_and_writes(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """From the command line: a table, JSON and a page that needs no network; twice on the same floor."""
    world = tmp_path / "quick.toml"
    world.write_text(QUICK, "utf-8")
    with served(tmp_path) as (url, _):
        options = ["--url", url, "--reps", "10", "--seed", "5"]
        files = ["--json", str(tmp_path / "out.json"), "--report", str(tmp_path / "r")]
        first = run(["loadtest", str(world), *options, *files])
        text = capsys.readouterr().out
        second = run(["loadtest", str(world), *options, "--speed", "0.9", "--reps", "0"])
    assert {first, second} <= {DONE, NOT_VALID}
    assert "The auditor found nothing" in text
    assert "95 % of simulated days" in text
    found = json.loads((tmp_path / "out.json").read_text("utf-8"))
    assert found["exit_code"] == first
    assert found["forecast"]["days"] == 10
    assert "wait_p95_s" in found["forecast"]["measures"]
    page = (tmp_path / "r" / "index.html").read_text("utf-8")
    assert page.startswith("<!doctype html>")
    assert "Against the simulator" in page
    assert "http://" not in page.replace(url, "").replace("http://www.w3.org", "")
    assert "scaled with the speed" in capsys.readouterr().out


def test_the_command_says_why_it_cannot_begin(capsys: pytest.CaptureFixture[str]) -> None:
    """No server, no such world, a speed of nothing: a message and the right code."""
    url = f"http://127.0.0.1:{free_port()}"
    assert run(["loadtest", "small_team", "--url", url]) == 1
    assert "there is no server at" in capsys.readouterr().err
    assert run(["loadtest", "nowhere"]) == 1
    assert "no such file or world" in capsys.readouterr().err
    assert run(["loadtest", "small_team", "--url", url, "--json", "/nowhere/x.json"]) == 1
    assert "/nowhere" in capsys.readouterr().err
    with pytest.raises(SystemExit) as wrong:
        run(["loadtest", "small_team", "--speed", "0"])
    assert wrong.value.code == 2


def test_a_server_killed_for_good_leaves_a_partial_report(tmp_path: Path) -> None:
    """Kill -9 in the middle: what was measured is told, marked as partial, with why."""
    with served(tmp_path) as (url, lives):
        prepared = prepared_of(QUICK)
        trial = Trial(prepared, Options(2), Pace(1.0), Target(url, patience_s=0.5))

        def kill(playing: Playing) -> None:
            if playing.books.answered > 40:
                lives[0].kill()

        outcome = asyncio.run(trial.play(kill))
    account = Account(prepared, outcome, None, url, 2, "")
    assert account.exit_code == PARTIAL
    assert "has done nothing it was asked for 0.5 s" in outcome.partial
    assert outcome.findings == []
    assert outcome.books.away
    text = "\n".join(lines(account))
    assert text.startswith("PARTIAL")
    assert "cannot connect" in text


def test_a_server_that_comes_back_loses_nothing(tmp_path: Path) -> None:
    """Kill -9, and another process goes on with the journal: the run ends whole, the auditor finds nothing."""
    with served(tmp_path, lives=2) as (url, lives):
        prepared = prepared_of(QUICK)
        trial = Trial(prepared, Options(2), Pace(0.6), Target(url, patience_s=20))

        def follow(playing: Playing) -> None:
            if playing.books.answered > 40 and lives[0].is_alive:
                lives[0].kill()
                lives[1].begin()

        outcome = asyncio.run(trial.play(follow))
    assert outcome.partial == ""
    assert outcome.findings == []
    assert outcome.books.reconnects > 0
    assert outcome.books.away
    assert outcome.books.sent == outcome.books.answered
