"""The card of a model: what it is, what it learned from, how good it is and where it is not."""

from collections.abc import Sequence
from typing import Final

from router.signals.cascade import Cascade
from router.signals.evaluation import Evaluation, Share
from router.signals.model import Model

WEAKEST_SHOWN: Final = 10
MIND: Final = (
    "## Mind",
    "",
    "* Weights can keep rare strings. Addresses, e-mails, handles and numbers are masked before "
    "training; names are not.",
    "* It knows the words it was trained on. For another language, train on rows of it.",
    "",
)
HELD_OUT: Final = {
    "accuracy_cascade": "right, tier 0 first and this where it is unsure",
    "share": "share of messages that it is asked about",
    "vote_weight": "weight of the nearest messages' vote",
    "accuracy": "right, best label of messages in scope",
    "top3": "right label among the best three",
    "ece": "expected calibration error",
    "high_share": "share told with level high",
    "accuracy_in_scope": "right and not called out of scope",
    "out_of_scope_recall": "messages out of scope that were called so",
}


def card(made: Model | Cascade, notes: Sequence[str] = (), tested: Evaluation | None = None) -> str:
    """Return the card as Markdown; ``notes`` are sentences on how it was trained."""
    if isinstance(made, Cascade):
        return _card_of_cascade(made, notes, tested)
    return _card_of_model(made, notes, tested)


def _card_of_model(model: Model, notes: Sequence[str], tested: Evaluation | None) -> str:
    recipe, fitted = model.recipe, model.calibration
    data = recipe.data
    lines = [
        f"# Model `{model.name}` {model.id[:12]}",
        "",
        f"A linear head over hashed n-grams: {len(model.labels)} labels, 2^{model.bits} buckets, int8 "
        f"weights, {model.weights.nbytes:,} bytes. Full id `{model.id}`.",
        "",
        "## Learned from",
        "",
        *(f"* {name}: {value}" for name, value in data.items()),
        *(f"* {note}" for note in notes),
        "",
        "## How good",
        "",
        "On folds of the training rows that each fold had not seen:",
        "",
        "| | |",
        "|---|---|",
        *(
            f"| {HELD_OUT.get(name, name)} | {value:.4f} |"
            for name, value in recipe.metrics.items()
        ),
        "",
        f"Levels: high from {fitted.cuts.high}, medium from {fitted.cuts.medium}. Out of scope: "
        + (
            "never"
            if fitted.scope is None
            else f"where the best label stands less than {fitted.scope:.4f} above the mean"
        )
        + ".",
        "",
    ]
    if tested is not None:
        lines += _tested(tested)
    return "\n".join([*lines, *MIND])


def _card_of_cascade(made: Cascade, notes: Sequence[str], tested: Evaluation | None) -> str:
    examples, width = made.arrays.vectors.shape
    lines = [
        f"# Cascade `{made.name}` {made.id[:12]}",
        "",
        f"Heads over hashed n-grams and over an encoder's vectors, and the vote of the nearest of {examples:,} "
        f"messages in int8 ({width} wide): {len(made.labels)} labels. Full id `{made.id}`.",
        "",
        f"It is asked where tier 0 leads by less than {made.rule.threshold:.4f}. It takes vectors of the encoder "
        f"`{made.fingerprint}` alone; the vote weighs {made.rule.vote_weight}.",
        "",
        "## Learned from",
        "",
        *(f"* {name}: {value}" for name, value in made.words.recipe.data.items()),
        *(f"* {note}" for note in notes),
        "",
        "## How good",
        "",
        "On folds of the training rows that each fold had not seen, asked about every message:",
        "",
        "| | |",
        "|---|---|",
        *(f"| {HELD_OUT.get(name, name)} | {value:.4f} |" for name, value in made.metrics.items()),
        "",
    ]
    if tested is not None:
        lines += ["Behind tier 0, as a server asks it:", "", *_tested(tested)]
    return "\n".join([*lines, *MIND])


def _tested(tested: Evaluation) -> list[str]:
    weakest = sorted(tested.labels.items(), key=lambda each: (each[1].value, each[0]))
    rows = {
        "right among all labels": tested.closed,
        "right and in scope": tested.in_scope,
        "among the best three": tested.top3,
        "right when the level is high": tested.high,
        "out of scope called so": tested.out_of_scope,
    }
    return [
        "On rows kept apart:",
        "",
        "| | share | 95 % interval | of |",
        "|---|---|---|---|",
        *(_line(name, share) for name, share in rows.items() if share.of),
        "",
        f"Macro F1 {tested.macro_f1:.4f}, expected calibration error {tested.ece:.4f}.",
        "",
        "Weakest labels:",
        "",
        "| label | share | 95 % interval | of |",
        "|---|---|---|---|",
        *(_line(f"`{name}`", share) for name, share in weakest[:WEAKEST_SHOWN]),
        "",
    ]


def _line(name: str, share: Share) -> str:
    low, high = share.interval
    return f"| {name} | {share.value:.4f} | {low:.4f} to {high:.4f} | {share.of} |"
