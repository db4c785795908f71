"""
How well and how fast intents are told: BANKING77 and CLINC150, the whole of each.

Hyper-parameters (features, cost, passes) were chosen on parts of BANKING77's training rows; the
threshold of CLINC150's scope is chosen here on its validation part. Test parts are only measured.
Shares have Wilson's 95 % interval as their spread. ``us`` is one message by the processor,
Python's call included: the pass and the head; ``train_s`` is the processor's too (training is one
thread), calibration included, kernels compiled. ``calibration/ece`` is BANKING77's test part: what
the model says of messages that it never saw. ``analyze`` is all signals of one message. The peer
is scikit-learn's TF-IDF of words and characters with LinearSVC.
"""

from __future__ import annotations

import importlib
import math
import time
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from bench.report import Peer, Suite, quantile
from bench.signals_data import folder
from bench.signals_language import shipped
from bench.signals_sets import LANGUAGES, banking77, clinc150
from router.signals.evaluation import Share, evaluate
from router.signals.features import Pass
from router.signals.language import Languages
from router.signals.model import Model
from router.signals.rows import Row as Labelled
from router.signals.table import Analyzer
from router.signals.training import Options, rescoped, train

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

Row = dict[str, object]
IN_SCOPE_MIN: Final = 0.90
REJECTS: Final = (0.02, 0.03, 0.04, 0.05, 0.06, 0.07, 0.08)


class Effort(NamedTuple):
    """How much is measured: rows of a part at most, rounds of a time, whether peers are asked."""

    rows: int
    rounds: int
    with_peers: bool


QUICK = Effort(120, 1, with_peers=False)
FULL = Effort(1_000_000, 15, with_peers=True)


def run(effort: Effort = FULL) -> list[Row]:
    """Return the rows of intents; none of a data set that is not there."""
    rows: list[Row] = []
    home = folder("banking77")
    if home is not None:
        rows += _banking(home, effort)
    home = folder("clinc150")
    if home is not None:
        rows += _clinc(home, effort)
    return rows


def _banking(home: Path, effort: Effort) -> list[Row]:
    """Return BANKING77's rows, calibration's, and those of all signals on one message."""
    found = banking77(home)
    learned = spread([*found.train, *found.validation], effort.rows)
    known = {row.label for row in learned}
    tested = spread([row for row in found.test if row.label in known], effort.rows)
    train(spread(learned, 100), Options(bits=10))  # compiles
    before = time.process_time()
    model = train(learned)
    took = time.process_time() - before
    result = evaluate(model, tested)
    suite = Suite("signals", "banking77_t0")
    texts = [row.text for row in tested]
    peer = _sklearn(learned, tested, texts) if effort.with_peers else None
    return [
        share(suite, "acc", result.closed, peer and peer.share),
        share(suite, "top3", result.top3),
        share(suite, "acc_when_high", result.high),
        suite.row(
            "us", message_us(model, texts, effort.rounds), "µs CPU", n=len(texts),
            peer=peer and peer.us,
        ),
        suite.row("mb", [len(model.to_bytes()) / 1e6], "MB"),
        suite.row("train_s", [took], "s CPU", n=len(learned), peer=peer and peer.train_s),
        Suite("signals", "calibration").row("ece", [result.ece], "share", n=len(tested)),
        *_all_signals(model, texts, effort.rounds),
    ]  # fmt: skip


def _clinc(home: Path, effort: Effort) -> list[Row]:
    """Return CLINC150's rows; the scope is set on its validation part."""
    parts = clinc150(home)
    learned = [*spread(parts["train"], effort.rows), *parts["oos_train"]]
    known = {row.label for row in learned}
    validation = [row for row in [*parts["val"], *parts["oos_val"]] if row.label in known]
    tested = [row for row in [*parts["test"], *parts["oos_test"]] if row.label in known]
    model = scoped(train(learned), validation)
    result = evaluate(model, tested)
    suite = Suite("signals", "clinc150_t0")
    rasa = "Rasa, Larson et al. 2019"
    return [
        share(suite, "acc_closed", result.closed),
        share(suite, "acc_in_scope", result.in_scope, Peer(rasa, 0.915)),
        share(suite, "oos_recall", result.out_of_scope, Peer(rasa, 0.453)),
        suite.row("ece", [result.ece], "share", n=result.closed.of),
        suite.row("mb", [len(model.to_bytes()) / 1e6], "MB"),
    ]


def spread(rows: Sequence[Labelled], most: int) -> list[Labelled]:
    """Return at most so many rows, taken at even distances, so that all labels are there."""
    return list(rows[:: max(1, len(rows) // most)])[:most]


def scoped(model: Model, validation: Sequence[Labelled]) -> Model:
    """
    Return the model with the widest rejection that keeps ``IN_SCOPE_MIN`` of validation right.

    And a standard error more: validation is a sample.
    """
    best = rescoped(model, validation, REJECTS[0])
    for reject in REJECTS[1:]:
        tried = rescoped(model, validation, reject)
        known = evaluate(tried, validation).in_scope
        if known.value >= IN_SCOPE_MIN + math.sqrt(IN_SCOPE_MIN * (1 - IN_SCOPE_MIN) / known.of):
            best = tried
    return best


def share(suite: Suite, metric: str, found: Share, peer: Peer | None = None) -> Row:
    """Return a share's row; its spread is the width of Wilson's 95 % interval."""
    low, high = found.interval
    held = (min(low, found.value), found.value, max(high, found.value))
    return suite.row(metric, held, "share", n=found.of, peer=peer)


def message_us(model: Model, texts: Sequence[str], rounds: int) -> list[float]:
    """Return microseconds of the processor for a message: the pass and the head."""
    reader = Pass()
    found = []
    for _ in range(rounds + 1):
        before = time.process_time()
        for text in texts:
            model.judge(reader.read(text))
        found.append((time.process_time() - before) / len(texts) * 1e6)
    return found[1:]


def _all_signals(model: Model, texts: Sequence[str], rounds: int) -> list[Row]:
    """Return what all signals of one message take, message by message."""
    languages = Languages(list(LANGUAGES.values()), {n: shipped(n) for n in ("language", "near")})
    analyzer = Analyzer(languages, {"intent": model})
    p50, p99 = [], []
    for _ in range(rounds + 1):
        times = []
        for text in texts:
            before = time.thread_time_ns()
            analyzer.analyze(text)
            times.append((time.thread_time_ns() - before) / 1e3)
        p50.append(quantile(times, 0.5))
        p99.append(quantile(times, 0.99))
    suite = Suite("signals", "analyze")
    count = len(texts)
    return [
        suite.row("p50_us", p50[1:], "µs CPU", n=count),
        suite.row("p99_us", p99[1:], "µs CPU", n=count),
    ]


class Rival(NamedTuple):
    """What scikit-learn reached."""

    share: Peer
    us: Peer
    train_s: Peer


def _sklearn(
    learned: Sequence[Labelled], tested: Sequence[Labelled], texts: Sequence[str]
) -> Rival | None:
    """Return the peer's figures, or None and a sentence where it is not installed."""
    if find_spec("sklearn") is None:
        print("without scikit-learn: it is not installed")
        return None
    text: Any = importlib.import_module("sklearn.feature_extraction.text")
    pipeline: Any = importlib.import_module("sklearn.pipeline")
    svm: Any = importlib.import_module("sklearn.svm")
    words = text.TfidfVectorizer(ngram_range=(1, 2), sublinear_tf=True)
    letters = text.TfidfVectorizer(analyzer="char_wb", ngram_range=(2, 5), sublinear_tf=True)
    both = pipeline.make_union(words, letters)
    made = pipeline.make_pipeline(both, svm.LinearSVC(random_state=0))
    before = time.process_time()
    made.fit([row.text for row in learned], [row.label for row in learned])
    took = time.process_time() - before
    right = sum(made.predict([row.text for row in tested]) == [row.label for row in tested])
    few = texts[:100]
    before = time.process_time()
    for each in few:
        made.predict([each])
    each_us = (time.process_time() - before) / len(few) * 1e6
    name = "scikit-learn LinearSVC"
    return Rival(Peer(name, float(right) / len(tested)), Peer(name, each_us), Peer(name, took))
