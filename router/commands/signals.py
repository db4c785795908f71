"""``cordboard signals``: train, test and question the models that read messages."""

import argparse
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final

from router.clock import Clock
from router.commands import signals_encoder, signals_journal, signals_remote
from router.engine.models import Artefact, artefact_of, file_name
from router.signals.card import card
from router.signals.evaluation import Evaluation, evaluate
from router.signals.model import GOLDEN_TEXTS, Model
from router.signals.model_file import ModelError
from router.signals.rows import Labelled, Row, TrainingError, read_rows
from router.signals.table import TAUGHT
from router.signals.training import Options, train
from router.tiers.encoding import EncoderError


def arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    verbs = parser.add_subparsers(dest="verb", required=True, metavar="VERB")
    learn = verbs.add_parser("train", help="Train a model from labelled messages.")
    learn.add_argument(
        "rows", type=Path, help="CSV with the columns text,label and perhaps language."
    )
    learn.add_argument(
        "--out", type=Path, default=Path(), help="Folder for the model and its card."
    )
    learn.add_argument("--name", default="intent", choices=TAUGHT, help="What it tells (intent).")
    learn.add_argument("--test", type=Path, help="CSV that it is tested on, and never trained on.")
    learn.add_argument("--bits", type=int, default=Options().bits, help="2^BITS buckets; 16 does.")
    learn.add_argument(
        "--reject", type=float, help="Share of messages in scope that may be called out of it."
    )
    learn.add_argument(
        "--journal",
        help="Take labels from what was corrected in this journal; the CSV then has id,text.",
    )
    learn.add_argument("--seed", type=int, default=Options().seed)
    test = verbs.add_parser("eval", help="Test a model on labelled messages.")
    test.add_argument("model", type=Path, help="A model, or a cascade with its --encoder.")
    test.add_argument(
        "rows", type=Path, help="CSV with the columns text,label and perhaps language."
    )
    signals_encoder.arguments(learn, test)
    explain = verbs.add_parser("explain", help="Say what a model thinks of a message, and why.")
    explain.add_argument("model", type=Path)
    explain.add_argument("text", help="The message; `-` reads it from standard input.")
    explain.add_argument("--label", help="Explain this label rather than the best.")
    explain.add_argument("--top", type=int, default=8, help="How many pieces of the message.")
    signals_remote.arguments(verbs)


def run(given: argparse.Namespace) -> int:
    """Do what was asked, or say what is wrong with what was given."""
    try:
        return VERBS[given.verb](given)
    except (EncoderError, ModelError, TrainingError, OSError) as error:
        print(error, file=sys.stderr)
        return 1


def run_train(given: argparse.Namespace) -> int:
    """Train, and write the model and its card."""
    if not 8 <= given.bits <= 20:
        raise TrainingError(f"--bits: {given.bits}, expected 8 to 20")
    if given.reject is not None and not 0 <= given.reject < 1:
        raise TrainingError(f"--reject: {given.reject}, expected 0 to 1")
    signals_encoder.check(given)
    labelled, notes = learned_from(given)
    tests = None if given.test is None else rows_of(given.test).rows
    teacher = None if given.encoder is None else signals_encoder.teacher_of(given, print)
    given.out.mkdir(parents=True, exist_ok=True)  # before minutes of work, not after
    options = Options(given.name, given.bits, reject=given.reject, seed=given.seed)
    clock = Clock()
    before = clock.monotonic_ns()
    notes += noticed(labelled)
    if teacher is not None and given.unlabelled is not None:
        model, note = signals_encoder.student(given, labelled.rows, teacher)
        notes.append(note)
    else:
        model = train(labelled.rows, options)
    if not model.metrics:
        notes.append("too few rows to hold some out: its probabilities are guesses")
    notes.insert(0, f"seconds: {(clock.monotonic_ns() - before) / 1e9:.1f}")
    keep(given, model, notes, None if tests is None else evaluate(model, tests))
    if teacher is not None and given.unlabelled is None:
        train_behind(given, model, labelled, (teacher, tests))
    return 0


def learned_from(given: argparse.Namespace) -> tuple[Labelled, list[str]]:
    """Return the labelled messages, and what is to be noted of where the labels come from."""
    if given.journal is None:
        return rows_of(given.rows), []
    labelled, note = signals_journal.rows_by(given.journal, given.rows, given.name)
    return labelled, [note]


def train_behind(
    given: argparse.Namespace,
    model: Model,
    labelled: Labelled,
    known: tuple[signals_encoder.Teacher, Sequence[Row] | None],
) -> None:
    """Train the cascade behind a model, and write it with its card."""
    teacher, tests = known
    clock = Clock()
    before = clock.monotonic_ns()
    cascade = signals_encoder.cascade(given, labelled.rows, teacher)
    notes = [f"seconds: {(clock.monotonic_ns() - before) / 1e9:.1f}", *noticed(labelled)]
    tested = None
    if tests is not None:
        tested, note = signals_encoder.tested_with(model, cascade, teacher.encoder, tests)
        notes.append(note)
    keep(given, cascade, notes, tested)


def keep(
    given: argparse.Namespace, made: Artefact, notes: Sequence[str], tested: Evaluation | None
) -> None:
    """Write a model or a cascade and its card, and print what a person wants to know at once."""
    path = given.out / file_name(made)
    path.write_bytes(made.to_bytes())
    path.with_suffix(".md").write_text(card(made, notes, tested), "utf-8")
    for note in notes:
        print(note)
    for name, value in made.metrics.items():
        print(f"{name} (held out): {value:.4f}")
    if tested is not None:
        print_tested(tested)
    print(path)


def noticed(labelled: Labelled) -> list[str]:
    """Return sentences on what was odd about the rows."""
    notes = []
    if labelled.repeated:
        notes.append(f"{labelled.repeated} repeated rows were left out")
    if labelled.disputed:
        notes.append(
            f"{labelled.disputed} texts have more than one label; none of them can be right"
        )
    return notes


def run_eval(given: argparse.Namespace) -> int:
    """Test a model, or a cascade asked about everything, and print how good it is."""
    made = artefact_at(given.model)
    rows = rows_of(given.rows).rows
    if isinstance(made, Model):
        print_tested(evaluate(made, rows))
        return 0
    if given.encoder is None:
        raise TrainingError(
            f"--encoder: none, expected the one that {given.model.name} was trained with"
        )
    encoder = signals_encoder.teacher_of(given, print).encoder
    why = made.why_not(encoder.fingerprint, encoder.encode(list(GOLDEN_TEXTS)))
    if why is not None:
        raise ModelError(f"{given.model}: {why}")
    print_tested(signals_encoder.tested_with(None, made, encoder, rows)[0])
    return 0


def print_tested(tested: Evaluation) -> None:
    """Print an evaluation, a line for each share."""
    for name in ("closed", "in_scope", "out_of_scope", "top3", "high"):
        share = getattr(tested, name)
        if share.of:
            low, high = share.interval
            print(f"{name}: {share.value:.4f} ({low:.4f} to {high:.4f}) of {share.of}")
    print(f"macro_f1: {tested.macro_f1:.4f}")
    print(f"ece: {tested.ece:.4f}")
    if len(tested.languages) > 1:
        for language, share in tested.languages.items():
            print(f"language {language}: {share.value:.4f} of {share.of}")


def run_explain(given: argparse.Namespace) -> int:
    """Print what a model thinks of a message, and which pieces say so."""
    if given.top < 1:
        raise TrainingError(f"--top: {given.top}, expected 1 or more")
    model = words_at(given.model)
    text = sys.stdin.read() if given.text == "-" else given.text
    told = model.predict(text)
    print(f"{told.label}: {told.probability:.4f}, {told.level}")
    for label, chance in told.top:
        print(f"  {label} {chance:.4f}")
    for reason in model.explain(text, given.label, given.top):
        print(f"{reason.points:+6d}  {reason.ngram}")
    return 0


def rows_of(path: Path) -> Labelled:
    """Return the rows of a file; raises ``TrainingError`` that names it."""
    try:
        return read_rows(path.read_bytes())
    except TrainingError as error:
        raise TrainingError(f"{path}: {error}") from error


def artefact_at(path: Path) -> Artefact:
    """Return the model or cascade in a file; raises ``ModelError`` that names it."""
    try:
        return artefact_of(path.read_bytes())
    except ModelError as error:
        raise ModelError(f"{path}: {error}") from error


def words_at(path: Path) -> Model:
    """Return the model in a file, of a cascade its head over n-grams."""
    made = artefact_at(path)
    return made if isinstance(made, Model) else made.words


VERBS: Final[dict[str, Callable[[argparse.Namespace], int]]] = {
    "train": run_train,
    "eval": run_eval,
    "explain": run_explain,
    "shadow": signals_remote.run_shadow,
    "promote": signals_remote.run_promote,
}
