"""`cordboard simulate`: what it prints, what it refuses, and a journal played again."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from router.commands import simulate_world
from router.main import run as cordboard
from simulator.accounts_text import Told
from simulator.many import Facts, Played, Task, compiled_of
from simulator.telling import hour_names
from simulator.worlds.shipped import find_world, shipped
from tests.router.commands.test_importing import imported, log_at

pytestmark = pytest.mark.slow


def told(capsys: pytest.CaptureFixture[str], *words: str) -> dict[str, Any]:
    """Run the command with ``--json`` and return what it says."""
    assert cordboard(["simulate", *words, "--json"]) == 0
    found: dict[str, Any] = json.loads(capsys.readouterr().out)
    return found


def test_the_result_does_not_depend_on_the_processes(capsys: pytest.CaptureFixture[str]) -> None:
    """One process and two give the same measures and the same digest."""
    words = (
        "bank_phone",
        "--days",
        "0.4",
        "--reps",
        "3",
        "--compare",
        "longest_idle",
        "--seed",
        "4",
    )
    alone = told(capsys, *words, "--processes", "1")
    both = told(capsys, *words, "--processes", "2")
    assert alone["policies"] == both["policies"]
    assert list(alone["policies"]) == ["ours", "longest_idle"]
    assert alone["policies"]["ours"]["replications"] == 3
    assert alone["policies"]["ours"]["measures"]["tickets"]["total"] > 0


def test_a_run_goes_on_until_it_is_precise_enough(capsys: pytest.CaptureFixture[str]) -> None:
    """A looser wish needs fewer replications, and the wish is met or the limit reached."""
    words = ("bank_phone", "--days", "0.4", "--processes", "1", "--reps", "60")
    found = [
        told(capsys, *words, "--precision", each)["policies"]["ours"] for each in ("0.9", "0.3")
    ]
    counts = [each["replications"] for each in found]
    assert 10 <= counts[0] < counts[1] <= 60
    level = found[1]["measures"]["asa_s"]["interval"]
    assert counts[1] == 60 or level["high"] - level["low"] <= 2 * 0.3 * level["value"]


def test_the_policy_that_plays_anyway_is_compared_once(capsys: pytest.CaptureFixture[str]) -> None:
    """`--compare` with the world's own policy plays it once, keeps its replications, and says so."""
    words = ("simulate", "bank_phone", "--days", "0.4", "--reps", "2", "--processes", "1")
    assert cordboard([*words, "--compare", "ours"]) == 0
    said = capsys.readouterr()
    assert "2 replications of 0.4 days" in said.out
    assert "that policy plays already" in said.err


def test_the_first_policy_is_compared_with_whichever_is_done_first() -> None:
    """Replications come back in any order; names, columns and the direction of differences do not follow it."""
    text = find_world("bank_phone").read_text("utf-8")
    compiled = compiled_of(text, "w", 0.1)
    played = [
        Played(Task(text, "w", 0.1, policy, 1, 0, ()), {}, Facts(0, 0, 0, 0, 0, 0, 0, 0, "0"))
        for policy in ("round_robin", "longest_idle", "ours")
    ]
    told_ = Told(compiled, 1, played, "", 0.0, ("ours", "round_robin", "longest_idle"))
    assert told_.policies() == ["ours", "round_robin", "longest_idle"]


CLOCKS_GO_FORWARD = """
format = 1
name = "sunday"
time = { start = 2026-03-29, time_zone = "Europe/Berlin" }
queues = { line = {} }
[tickets.call]
queue = "line"
channel = "task"
arrivals = { per_hour = 60 }
work = { kind = "fixed", value_s = 1 }
[agents.crew]
count = 1
"""


def test_slots_are_named_by_the_clock_on_the_wall() -> None:
    """Over the night in which clocks go forward there is no hour of two; a day has its name."""
    text = CLOCKS_GO_FORWARD
    one, two = (compiled_of(text, "w", n) for n in (0.5, 2.0))
    assert hour_names(one)[:3] == ["00:00", "01:00", "03:00"]
    assert hour_names(two)[22:24] == ["Sun 29 23:00", "Mon 30 00:00"]


def test_json_has_cuts_by_name_and_paired_differences(capsys: pytest.CaptureFixture[str]) -> None:
    """Queues, hours and the rest stand under their names and add up; differences carry their verdict."""
    words = (
        "bank_phone",
        "--days",
        "0.4",
        "--reps",
        "4",
        "--compare",
        "round_robin",
        "--processes",
        "1",
    )
    found = told(capsys, *words)
    cuts = found["policies"]["ours"]["cuts"]
    whole = found["policies"]["ours"]["measures"]["tickets"]["total"]
    assert set(cuts) >= {"queue", "language", "region", "channel", "type", "hour", "agent"}
    for cut in ("queue", "channel", "type", "hour"):
        assert sum(each["tickets"]["total"] for each in cuts[cut].values()) == pytest.approx(whole)
    assert {"regular", "stock"} <= set(cuts["queue"])
    assert 0 < cuts["queue"]["regular"]["service_level_offered"]["interval"]["value"] <= 1
    rows = {row["measure"]: row for row in found["differences"]}
    level = rows["service_level_offered"]
    assert (level["policy"], level["against"]) == ("round_robin", "ours")
    assert level["low"] <= level["value"] <= level["high"]
    assert level["verdict"] in ("better", "worse", "unclear")


def test_a_world_in_which_nobody_comes_says_so(capsys: pytest.CaptureFixture[str]) -> None:
    """A quarter of an hour of a night is no table of zeros."""
    words = ("bank_phone", "--days", "0.01", "--reps", "1", "--processes", "1")
    assert cordboard(["simulate", *words]) == 0
    said = capsys.readouterr().out
    assert "1 replication of 0.01 days" in said
    assert "Nobody came" in said


def test_results_outlive_a_report_that_cannot_be_written(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A disk that is full at the end costs the page, not the table nor the page of last time."""
    folder = tmp_path / "out"
    folder.mkdir()
    (folder / "index.html").write_text("last time", "utf-8")

    def full(path: Path, *_: object) -> int:
        raise OSError(28, "No space left on device", str(path))

    monkeypatch.setattr(Path, "write_text", full)
    words = ("bank_phone", "--days", "0.4", "--reps", "1", "--processes", "1")
    assert cordboard(["simulate", *words, "--report", str(folder)]) == 1
    said = capsys.readouterr()
    assert "service level" in said.out
    assert "--report: [Errno 28] No space left" in said.err
    assert [each.name for each in folder.iterdir()] == ["index.html"]
    assert (folder / "index.html").read_text("utf-8") == "last time"


def test_a_report_that_has_no_place_is_refused_before_anything_is_played(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A file where the folder should be is found out at once."""
    place = tmp_path / "taken"
    place.write_text("", "utf-8")
    assert cordboard(["simulate", "bank_phone", "--report", str(place)]) == 1
    said = capsys.readouterr()
    assert "taken" in said.err
    assert not said.out


def test_nothing_said_is_told_what_there_is(capsys: pytest.CaptureFixture[str]) -> None:
    """The command alone names its actions, and how to list worlds."""
    assert cordboard(["simulate"]) == 2
    said = capsys.readouterr().err
    assert "validate" in said
    assert "simulate worlds" in said


def test_precision_needs_two_replications(capsys: pytest.CaptureFixture[str]) -> None:
    """One replication has no interval to be precise."""
    assert cordboard(["simulate", "bank_phone", "--precision", "0.1", "--reps", "1"]) == 2
    assert "--reps: is 1" in capsys.readouterr().err


def test_files_that_are_no_worlds_are_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Bytes that are no UTF-8 are found by line, and what is too large is not read."""
    odd, large = tmp_path / "odd.toml", tmp_path / "large.toml"
    odd.write_bytes(b'format = 1\nname = "caf\xe9"\n')
    with large.open("wb") as file:
        file.truncate(100_000_000)
    for path, said in ((odd, "odd.toml:2: Expected UTF-8"), (large, "has 100,000,000 bytes")):
        assert cordboard(["simulate", str(path)]) == 1
        assert said in capsys.readouterr().err
    text = find_world("bank_phone").read_text("utf-8")
    odd.write_text(text.replace("[time]", "[time]\nslot_s = 1"), "utf-8")
    assert cordboard(["simulate", str(odd), "--days", "3000"]) == 1
    assert "odd.toml: --days: Expected at most" in capsys.readouterr().err


@pytest.mark.parametrize("kept", [(), ((0, "ours"), (1, "round_robin"))])
def test_an_interruption_before_anything_is_whole_is_said(
    kept: tuple[tuple[int, str], ...],
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Nothing played, or of each replication one policy only: there is nothing to compare, and no traceback."""

    def interrupted(tasks: list[Task], *_: object) -> Iterator[Played]:
        for task in tasks:
            if (task.replication, task.policy) in kept:
                yield Played(task, {}, Facts(0, 0, 0, 0, 0, 0, 0, 0, "0"))
        raise KeyboardInterrupt

    monkeypatch.setattr(simulate_world, "play_all", interrupted)
    words = ("bank_phone", "--days", "0.4", "--reps", "2", "--compare", "round_robin")
    assert cordboard(["simulate", *words]) == 3
    said = capsys.readouterr()
    assert "No replication was played to its end: interrupted." in said.err
    assert not said.out


def test_a_precision_that_was_not_reached_is_said(capsys: pytest.CaptureFixture[str]) -> None:
    """Who asks for a thousandth and allows ten replications is told what ten came to."""
    words = ("bank_phone", "--days", "0.4", "--processes", "1", "--reps", "10", "--precision")
    assert cordboard(["simulate", *words, "0.001"]) == 0
    assert "--precision 0.001 is not reached after 10 replications" in capsys.readouterr().err
    assert cordboard(["simulate", *words, "0.99"]) == 0
    assert "not reached" not in capsys.readouterr().err


@pytest.mark.parametrize("name", shipped())
def test_every_shipped_world_can_be_played(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    """A tenth of a day of each world plays and has measures."""
    found = told(capsys, name, "--days", "0.5", "--reps", "1", "--processes", "1")
    measures = found["policies"]["ours"]["measures"]
    assert measures["answered"]["total"] > 0
    assert 0 < measures["occupancy"]["total"] < 1


def test_the_table_and_the_page_say_what_was_played(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The table has every queue, the comparison its sentence, the page its plots."""
    words = [
        "bank_phone",
        "--days",
        "0.5",
        "--reps",
        "2",
        "--compare",
        "round_robin",
        "--processes",
        "1",
    ]
    assert cordboard(["simulate", *words, "--report", str(tmp_path / "out")]) == 0
    text = capsys.readouterr().out
    assert "2 replications of 0.5 days, seed 1" in text
    for queue in ("regular", "stock", "internet", "prospects"):
        assert queue in text
    assert "round_robin against ours:" in text
    assert "<svg" in (tmp_path / "out" / "index.html").read_text("utf-8")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("format = 1\nname = 3\n", ":2: name: Expected text"),
        ('format = 1\nname = "x"\nqueus = {}\n', ":3: queus: Unknown field"),
        ("not toml", ":1: Expected '='"),
    ],
)
def test_a_bad_world_is_refused_by_line(
    text: str, said: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """File, line, field and reason stand on standard error, and the exit code is 1."""
    path = tmp_path / "bad.toml"
    path.write_text(text, "utf-8")
    assert cordboard(["simulate", str(path)]) == 1
    assert f"{path}{said}" in capsys.readouterr().err


@pytest.mark.parametrize(
    "words",
    [
        ["bank_phone", "--reps", "0"],
        ["bank_phone", "--days", "nan"],
        ["bank_phone", "--policy", "mine"],
    ],
)
def test_bad_arguments_are_refused(words: list[str]) -> None:
    """The usage error is the command line's own."""
    with pytest.raises(SystemExit) as left:
        cordboard(["simulate", *words])
    assert left.value.code == 2


@pytest.fixture(scope="module")
def journal(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A journal of forty incidents, imported and routed."""
    folder = tmp_path_factory.mktemp("day")
    assert imported(log_at(folder), folder / "out") == 0
    path = folder / "journal.sqlite"
    assert cordboard(["replay", str(folder / "out"), "--store", str(path)]) == 0
    return path


def test_a_journal_plays_again_under_other_policies(
    journal: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The recorded tickets all arrive again; the recorded policy comes near the record; assumptions are said."""
    capsys.readouterr()
    found = told(capsys, "replay", str(journal), "--policy", "ours", "--policy", "longest_idle")
    recorded, ours = found["recorded"], found["policies"]["ours"]
    assert recorded["tickets"] == ours["tickets"] == 40
    assert ours["answered"] == pytest.approx(recorded["answered"], abs=2)
    assert found["policies"]["longest_idle"]["match_quality"] <= ours["match_quality"]
    assert any("never met" in each for each in found["assumptions"])
    for name in ("service_level_offered", "abandonment", "wait_p50_s", "aht_s"):
        assert recorded[name] == pytest.approx(ours[name], rel=0.1, abs=0.05), name


def test_a_journal_that_is_not_there_is_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The message names the file."""
    assert cordboard(["simulate", "replay", str(tmp_path / "none.db"), "--policy", "ours"]) == 1
    assert "none.db" in capsys.readouterr().err
