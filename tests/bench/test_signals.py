"""The suite of signals: its splits, its shares, and what it does without data."""

from pathlib import Path

import pytest

from bench import signals_data, signals_intent, signals_language
from bench.signals_language import macro
from bench.signals_sets import noisy, part_of
from router.signals.evaluation import Share


def test_a_share_over_languages_weighs_each_alike() -> None:
    """Nine of ten and one of two are .7 on average, inside an interval of themselves."""
    told = macro(["a"] * 10 + ["b"] * 2, [True] * 9 + [False, True, False])
    assert told.share == pytest.approx(0.7)
    assert told.low < 0.7 < told.high
    assert told.n == 12


def test_a_row_has_the_share_and_the_width_of_its_interval() -> None:
    """What a row reports as value is the share itself, not an end of the interval."""
    row = signals_intent.share(signals_language.Suite("signals", "x"), "acc", Share(9, 10))
    assert row["value"] == 0.9
    assert row["spread"] == pytest.approx(0.982 - 0.596, abs=2e-3)


def test_parts_are_halves_that_never_move() -> None:
    """About half of the sentences are for the test, the same ones everywhere."""
    parts = [part_of(f"sentence {i}") for i in range(1_000)]
    assert 440 < parts.count("test") < 560
    assert part_of("Hello.") == part_of("Hello.")
    assert "Hello." in noisy("Hello.", 7)


def test_without_data_nothing_is_measured_and_that_is_said(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    """A missing data set is named, with the variable that says where it is."""
    monkeypatch.setenv(signals_data.VARIABLE, str(tmp_path))
    assert signals_intent.run(signals_intent.QUICK) == []
    assert signals_language.run(signals_language.QUICK) == []
    said = capsys.readouterr().out
    assert "without banking77" in said
    assert signals_data.VARIABLE in said
