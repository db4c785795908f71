"""A candidate beside the model that serves, and what the gate says of it."""

import random

import pytest

from router.learning.gate import Gate, objections
from router.learning.trial import SLICES_MAX, Labelled, Slice, Trial

GATE = Gate(labels_min=200, slice_labels_min=20)


def told(
    count: int, *, serving: bool, candidate: bool, language: str = "en", truth: str = "a"
) -> list[Labelled]:
    """Return outcomes on which both models were right or wrong, as said."""
    own = Labelled(truth, language, truth if serving else "-", truth if candidate else "+", 0.9)
    return [own._replace(probability=0.93 if n % 2 else 0.89) for n in range(count)]


def tried(*outcomes: list[Labelled], elapsed_ns: int = 9_000) -> Trial:
    """Return a trial of these outcomes, mixed."""
    trial = Trial()
    mixed = [each for group in outcomes for each in group]
    random.Random(3).shuffle(mixed)
    for each in mixed:
        trial.see(agrees=each.serving == each.candidate, elapsed_ns=elapsed_ns)
        trial.label(each)
    return trial


BOTH = {"serving": True, "candidate": True}
BETTER = {"serving": False, "candidate": True}
WORSE = {"serving": True, "candidate": False}
NEITHER = {"serving": False, "candidate": False}


@pytest.mark.parametrize(
    ("outcomes", "elapsed_ns", "said"),
    [
        ([told(1_080, **BOTH), told(120, **BETTER), told(120, **NEITHER)], 9_000, []),
        ([told(150, **BOTH), told(20, **BETTER)], 9_000, ["170 labelled outcomes"]),
        ([told(900, **BOTH), told(100, **WORSE)], 9_000, ["difference in accuracy", "label 'a'"]),
        (
            [
                told(1_000, **BOTH),
                told(200, **BETTER),
                told(100, **NEITHER),
                told(30, **BOTH, language="pt", truth="b"),
                told(3, **WORSE, language="pt", truth="b"),
            ],
            9_000,
            ["label 'b' loses 0.0909", "language 'pt' loses 0.0909"],
        ),
        (
            [told(700, **BOTH), told(300, **BETTER), told(600, **NEITHER)],
            9_000,
            ["calibration error"],
        ),
        (
            [told(1_080, **BOTH), told(120, **BETTER), told(120, **NEITHER)],
            90_000,
            ["90.0 us a message"],
        ),
    ],
    ids=["passes", "few", "worse", "slice", "overconfident", "slow"],
)
def test_the_gate_says_everything_that_speaks_against(
    outcomes: list[list[Labelled]], elapsed_ns: int, said: list[str]
) -> None:
    """Each reason is named with its figure and what was expected; a better candidate has none."""
    found = objections(tried(*outcomes, elapsed_ns=elapsed_ns), GATE)
    assert len(found) >= len(said)
    assert bool(found) == bool(said)
    for words in said:
        assert any(words in reason for reason in found), found


def test_a_small_slice_has_no_say() -> None:
    """Nineteen outcomes of a language that lost all of them do not keep a better model from serving."""
    groups = [told(1_000, **BOTH), told(200, **BETTER), told(100, **NEITHER)]
    small = told(19, **WORSE, language="fi", truth="c")
    found = objections(tried(*groups, small), GATE)
    assert not any("fi" in reason or "'c'" in reason for reason in found)


def test_a_trial_counts_what_it_is_told() -> None:
    """Agreement and time are of all messages, accuracy of the labelled ones, whole and by slice."""
    trial = Trial()
    assert (trial.agreement, trial.mean_us, Slice().gain) == (0.0, 0.0, 0.0)
    trial.see(agrees=True, elapsed_ns=2_000)
    trial.see(agrees=False, elapsed_ns=4_000)
    trial.label(Labelled("a", "de", "a", "b", 0.5))
    trial.label(Labelled("b", "", "a", "b", 0.5))
    assert (trial.agreement, trial.mean_us) == (0.5, 3.0)
    assert trial.whole == Slice(2, 1, 1)
    assert trial.slices[("language", "de")].gain == -1.0
    assert ("language", "") not in trial.slices


def test_slices_do_not_grow_without_end() -> None:
    """More labels than are counted apart still count in the whole."""
    trial = Trial()
    for n in range(SLICES_MAX + 50):
        trial.label(Labelled(f"l{n}", "", "", "", 0.1))
    assert len(trial.slices) == SLICES_MAX
    assert trial.whole.labels == SLICES_MAX + 50
