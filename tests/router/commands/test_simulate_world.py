"""`cordboard simulate WORLD`: a table, a page, a wanted precision, and what is wrong by name."""

import json
from pathlib import Path

import pytest

from router.main import run

WORLD = """
format = 1
name = "counter"
[time]
days = 0.1
[queues.line]
[channels.voice]
auto_accept = true
[tickets.call]
queue = "line"
channel = "voice"
arrivals = { per_hour = 60 }
work = { kind = "exponential", mean_s = 60 }
[agents.desk]
count = 2
units = 1
"""


@pytest.mark.slow
def test_it_plays_on_until_precise(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Ten replications are not enough for 5 %, so more follow, and the page tells of all of them."""
    path = tmp_path / "counter.toml"
    path.write_text(WORLD)
    given = ["simulate", str(path), "--processes", "1"]
    assert run([*given, "--precision", "0.05", "--json", "--report", str(tmp_path / "out")]) == 0
    told = json.loads(capsys.readouterr().out)
    made = (tmp_path / "out" / "index.html").read_text("utf-8")
    count = int(made.split("replications <b>")[1].split("<")[0])
    assert count > 10
    assert "counter" in json.dumps(told)


@pytest.mark.parametrize(
    ("option", "said"),
    [
        ("--precision=2", "expected"),
        ("--reps=0", "expected a whole number from 1"),
    ],
)
def test_bad_options_are_named(option: str, said: str, capsys: pytest.CaptureFixture[str]) -> None:
    """An option that cannot be is refused before anything is played."""
    with pytest.raises(SystemExit):
        run(["simulate", "bank_phone", option])
    assert said in capsys.readouterr().err
