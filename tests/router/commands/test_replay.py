"""`cordboard replay` runs what `cordboard import` wrote, sums it up and keeps a journal if asked."""

import json
from pathlib import Path

import pytest

from router.main import run
from tests.router.commands.test_importing import imported, log_at

FIGURES = {
    "policy", "seed", "tickets", "answered", "completed", "waiting", "abandoned", "service_level",
    "asa_s", "wait_p50_s", "wait_p90_s", "wait_p99_s", "reassignments", "breached",
    "occupancy_busy", "occupancy_units", "mean_gap", "decisions", "decisions_per_s", "calls",
    "refused", "settlements", "events", "ended_at", "digest", "wall_s", "queues",
}  # fmt: skip


@pytest.fixture(scope="module")
def week(tmp_path_factory) -> Path:
    """Import the small log once."""
    folder = tmp_path_factory.mktemp("week")
    assert imported(log_at(folder), folder / "out") == 0
    return folder / "out"


def replayed(capsys, *arguments: str) -> dict:
    """Run the command with --json and return what it printed."""
    assert run(["replay", *arguments, "--json"]) == 0
    return json.loads(capsys.readouterr().out)


def test_a_log_goes_all_the_way(week, capsys) -> None:
    """Forty incidents are imported, routed and completed, and every figure is there."""
    found = replayed(capsys, str(week))
    assert found.keys() == FIGURES
    assert (found["tickets"], found["completed"], found["waiting"]) == (40, 40, 0)
    assert found["refused"] == {}
    assert 0.0 < found["occupancy_busy"] <= 1.0
    assert sum(queue["tickets"] for queue in found["queues"].values()) == 40
    again = replayed(capsys, str(week))
    assert again["digest"] == found["digest"]
    assert replayed(capsys, str(week), "--policy", "round_robin")["digest"] != found["digest"]


def test_a_kept_journal_verifies_and_says_where_it_lies(week, capsys, tmp_path) -> None:
    """The journal's seals hold, deciding again gives the same, and the digest is the run's."""
    journal = tmp_path / "journal.sqlite"
    assert run(["replay", str(week), "--limit", "10", "--store", str(journal)]) == 0
    said = capsys.readouterr().out
    assert f"The journal lies in {journal}" in said
    digest = next(line.split()[1] for line in said.splitlines() if line.startswith("digest"))
    assert run(["verify", str(journal)]) == 0
    assert digest in capsys.readouterr().out


def test_the_summary_is_a_table_of_figures_and_a_line_per_queue(week, capsys) -> None:
    """People read the same figures: service level, waits, occupancy, gap, and each queue."""
    assert run(["replay", str(week), "--limit", "10"]) == 0
    lines = capsys.readouterr().out.splitlines()
    heads = ("tickets", "service level", "speed of answer", "wait p50/p90/p99", "occupancy")
    assert all(any(line.startswith(head) for line in lines) for head in heads)
    assert any(line.startswith("queue ") for line in lines)
    assert any(line.startswith("desk ") for line in lines)


def test_a_limit_takes_the_first_tickets(week, capsys) -> None:
    """With a limit only so many tickets are routed, and the run ends soon after them."""
    found = replayed(capsys, str(week), "--limit", "3")
    assert found["tickets"] == 3
    assert found["ended_at"] < replayed(capsys, str(week))["ended_at"]


def test_a_journal_is_not_written_over(week, capsys, tmp_path) -> None:
    """A file that has a journal already is refused and stays as it was."""
    journal = tmp_path / "journal.sqlite"
    assert run(["replay", str(week), "--limit", "2", "--store", str(journal)]) == 0
    capsys.readouterr()
    assert run(["replay", str(week), "--limit", "2", "--store", str(journal)]) == 1
    assert "frames already, expected a new file" in capsys.readouterr().err
    assert run(["verify", str(journal)]) == 0


def spoiled(week: Path, folder: Path, name: str, text: str) -> Path:
    """Copy the directory with one file replaced."""
    for path in week.iterdir():
        (folder / path.name).write_bytes(path.read_bytes())
    (folder / name).write_text(text, "utf-8")
    return folder


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        ("floor.jsonl", "", "floor.jsonl: line 1: header is ''"),
        ("stream.jsonl", "{}\n", "stream.jsonl: line 1: cordboard_stream is None"),
        ("stream.jsonl", "no json\n", "stream.jsonl: line 1: line is 'no json'"),
        (
            "floor.jsonl",
            '{"cordboard_stream":1,"kind":"floor","source":"x","calls":1}\n'
            '{"call":"agents.put","id":"a","body":{"skills":{"flying":1}}}\n',
            "agents.put 'a' was refused: /skills/flying",
        ),
    ],
)
def test_a_bad_file_is_named(week, tmp_path, capsys, name, text, said) -> None:
    """File, line, field and value are said, and the exit code is 1."""
    assert run(["replay", str(spoiled(week, tmp_path, name, text))]) == 1
    assert said in capsys.readouterr().err


def test_a_missing_directory_and_wrong_options_are_named(week, tmp_path, capsys) -> None:
    """What is not there and what cannot be meant is said."""
    assert run(["replay", str(tmp_path / "absent")]) == 1
    assert "absent" in capsys.readouterr().err
    for options in (("--limit", "0"), ("--policy", "best")):
        with pytest.raises(SystemExit) as end:
            run(["replay", str(week), *options])
        assert end.value.code == 2
        assert options[1] in capsys.readouterr().err
