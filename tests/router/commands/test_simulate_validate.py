"""The command checks anchors, prints what it found, and fails when a number does not fit."""

import json
from pathlib import Path

import pytest

from router.commands import simulate, simulate_validate
from router.main import run
from tests.simulator.validate.test_anchors import TEXT


def test_it_is_an_action_of_simulate() -> None:
    """`cordboard simulate validate` leads here."""
    assert simulate.ACTIONS["validate"].module == simulate_validate.__name__


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (TEXT.replace('name = "erlang_c"', 'name = "erlang_d"'), "formula is 'erlang_d'"),
        (TEXT.replace("units = 1", "unitz = 1"), "unitz"),
    ],
)
def test_a_bad_anchor_is_named(
    text: str, said: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A file that cannot be an anchor ends it with code 1 and the reason."""
    path = tmp_path / "bad.toml"
    path.write_text(text)
    assert run(["simulate", "validate", str(path)]) == 1
    assert said in capsys.readouterr().err


def test_no_anchor_of_that_name(capsys: pytest.CaptureFixture[str]) -> None:
    """A filter that leaves nothing is no success."""
    assert run(["simulate", "validate", "--only", "nothing"]) == 1
    assert "no anchor's name begins so" in capsys.readouterr().err


def test_a_place_for_numbers_is_looked_at_first(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A folder, and a file in a folder that is not there, are named before anything is simulated."""
    monkeypatch.setattr(simulate_validate, "simulate", None)  # so that calling it would fail
    for place in (tmp_path, tmp_path / "missing" / "out.json"):
        assert run(["simulate", "validate", "--only", "erlang_b", "--json", str(place)]) == 1
        assert str(place if place == tmp_path else place.parent) in capsys.readouterr().err


@pytest.mark.slow
def test_numbers_are_printed_and_written(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A small queue fits and ends with 0; the JSON has every number; a wrong number ends with 1."""
    path, file = tmp_path / "small.toml", tmp_path / "out.json"
    path.write_text(TEXT)
    given = ["simulate", "validate", str(path), "--processes", "1"]
    assert run([*given, "--json", str(file)]) == 0
    assert "2 of 2 exact numbers inside" in capsys.readouterr().out
    written = json.loads(file.read_text("utf-8"))
    assert [each["verdict"] for each in written["numbers"]] == ["inside", "inside, wide"]
    assert written["summary"]["exact_inside"] == 2
    path.write_text(TEXT.replace("0.6666666666", "0.7"))
    assert run(given) == 1
    assert "OUTSIDE" in capsys.readouterr().out
