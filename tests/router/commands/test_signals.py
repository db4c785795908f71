"""``cordboard signals``: from a file of labelled messages to a model, its card and its reasons."""

import io
from pathlib import Path

import pytest

from router.main import run
from tests.router.signals.excerpt import FILE


def signals(*arguments: object) -> int:
    """Run the command."""
    return run(["signals", *map(str, arguments)])


@pytest.fixture
def model(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Path:
    """A small model of the excerpt."""
    given = (FILE, "--out", tmp_path, "--bits", 12, "--test", FILE, "--reject", "0.05")
    assert signals("train", *given) == 0
    return Path(capsys.readouterr().out.splitlines()[-1])


def test_train_writes_a_model_and_its_card(model: Path) -> None:
    """The card says what was learned from and how good it is, with intervals."""
    page = model.with_suffix(".md").read_text("utf-8")
    assert "rows: 240" in page
    assert "| right among all labels |" in page
    assert "expected calibration error" in page
    assert model.name.startswith("intent-")


def test_eval_and_explain(model: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A model is tested on rows and asked for its reasons, the message from standard input too."""
    assert signals("eval", model, FILE) == 0
    assert "closed: " in capsys.readouterr().out
    assert signals("explain", model, "my card was stolen", "--top", 3) == 0
    shown = capsys.readouterr().out.splitlines()
    assert shown[0].startswith("lost_or_stolen_card: ")
    assert len(shown) == 1 + 3 + 3


def test_a_message_from_standard_input(
    model: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """``-`` reads the message from standard input."""
    monkeypatch.setattr("sys.stdin", io.StringIO("what is the exchange rate"))
    assert signals("explain", model, "-") == 0
    assert capsys.readouterr().out.startswith("exchange_rate: ")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("text,label\na,x\n", "label: only ('x',) in 1 rows, expected two or more"),
        ("text,label\na,\n", "line 2: label is missing"),
        ("nothing", "line 1: columns 'nothing'"),
    ],
)
def test_a_bad_training_file_is_refused(
    text: str, said: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """One class, a missing label and missing columns are said, and nothing is written."""
    path = tmp_path / "rows.csv"
    path.write_text(text, "utf-8")
    assert signals("train", path, "--out", tmp_path) == 1
    assert said in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == [path]


def test_what_is_odd_about_the_rows_is_said(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Repeated rows, texts with two labels, and too few rows to calibrate by are told with the model."""
    path = tmp_path / "rows.csv"
    path.write_text("text,label\na card,x\na card,x\na card,y\nan account,y\n", "utf-8")
    assert signals("train", path, "--out", tmp_path, "--bits", 8) == 0
    said = capsys.readouterr().out
    for words in ("1 repeated rows", "1 texts have more than one label", "are guesses"):
        assert words in said


def test_what_does_not_fit_is_refused(
    model: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Labels never seen, a cut model, bits and shares out of range, and a missing file are named."""
    rows = tmp_path / "rows.csv"
    rows.write_text("text,label\nhello,weather\n", "utf-8")
    cut = tmp_path / "cut.model"
    cut.write_bytes(model.read_bytes()[:-1])
    for arguments, said in (
        (("eval", model, rows), "label: 'weather' (1 in all)"),
        (("eval", cut, rows), "cut.model: weights"),
        (("train", FILE, "--bits", 30), "--bits: 30, expected 8 to 20"),
        (("train", FILE, "--reject", 2), "--reject: 2.0, expected 0 to 1"),
        (("eval", tmp_path / "none.model", rows), "none.model"),
        (("explain", model, "hello", "--top", 0), "--top: 0, expected 1 or more"),
        (("explain", model, "hello", "--label", "x"), "label: 'x' is not among"),
        (("shadow", model, "--url", "nonsense"), "--url: 'nonsense', expected http://HOST:PORT"),
        (
            ("train", FILE, "--name", "urgency", "--encoder", "minilm"),
            "--encoder: for --name urgency, a cascade tells intents",
        ),
    ):
        assert signals(*arguments) == 1
        assert said in capsys.readouterr().err
