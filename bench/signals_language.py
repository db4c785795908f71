"""
How well and how fast languages are told, beside those who do nothing else.

Tatoeba, thirty languages, the half of the sentences that nothing was trained or tuned on
(``signals_sets.part_of``); shares are means over languages, intervals by bootstrap (1,000 draws
of sentences within each language, seeded). ``acc_20`` and ``acc_60`` are sentences of up to 20
and of 21 to 60 characters; ``acc_noisy`` those of 11 to 60 between an order number, a product, a
link and an address. No prior of the customer is used. Times are of the processor, for one
message, Python's call included, median over rounds. Peers that are slow get a seeded sample.
"""

from __future__ import annotations

import time
from importlib import resources
from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np

from bench.report import Peer, Suite
from bench.signals_data import folder
from bench.signals_peers import detectors
from bench.signals_sets import LANGUAGES, NORDIC, Sentence, noisy, tatoeba
from router.signals.language import Languages
from router.signals.model import Model

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

Row = dict[str, object]
DRAWS: Final = 1_000
TAGS: Final = tuple(LANGUAGES.values())


class Effort(NamedTuple):
    """How much is measured: sentences of a bucket at most, rounds of a time."""

    sentences: int
    rounds: int


QUICK = Effort(60, 1)
FULL = Effort(100_000, 15)


class Told(NamedTuple):
    """A share with its interval."""

    share: float
    low: float
    high: float
    n: int


def run(effort: Effort = FULL) -> list[Row]:
    """Return the rows of languages; none without the data."""
    home = folder("tatoeba112")
    if home is None:
        return []
    sentences = [each for each in tatoeba(home) if each.part == "test"]
    buckets = {
        "acc_20": [each for each in sentences if len(each.text) <= 20],
        "acc_60": [each for each in sentences if 20 < len(each.text) <= 60],
        "acc_noisy": [
            each._replace(text=noisy(each.text, i))
            for i, each in enumerate(sentences)
            if 10 < len(each.text) <= 60
        ],
    }
    models = {name: shipped(name) for name in ("language", "near")}
    ours = Languages(TAGS, models)
    alone = Languages(TAGS, models, "ours")
    rows = _measured("language", lambda text: ours.detect(text).value, buckets, effort)
    rows += _measured("language_ours", lambda text: alone.detect(text).value, buckets, effort)
    for peer in detectors(TAGS):
        limit = Effort(min(effort.sentences, peer.sentences), effort.rounds)
        found = _measured(f"language_{peer.name}", peer.detect, buckets, limit)
        rows += found
        _compare(rows, found, peer.name)
    return rows


def shipped(name: str) -> Model:
    """Return a model that travels with the product."""
    file = resources.files("router.signals") / "data" / f"{name}.model"
    return Model.from_bytes(file.read_bytes())


def _measured(
    case: str,
    detect: Callable[[str], str],
    buckets: dict[str, list[Sentence]],
    effort: Effort,
) -> list[Row]:
    """Return the rows of one detector."""
    suite = Suite("signals", case)
    rows: list[Row] = []
    nordic: list[tuple[Sentence, bool]] = []
    for metric, sentences in buckets.items():
        asked = _sample(sentences, effort.sentences)
        right = [detect(each.text) == each.language for each in asked]
        told = macro([each.language for each in asked], right)
        rows.append(_row(suite, metric, told))
        if metric == "acc_20":
            nordic = [
                (each, hit)
                for each, hit in zip(asked, right, strict=True)
                if each.language in NORDIC
            ]
    told = macro([each.language for each, _ in nordic], [hit for _, hit in nordic])
    rows.append(_row(Suite("signals", f"{case}_nordic"), "acc_20", told))
    timed = [each.text for each in _sample(buckets["acc_60"], min(500, effort.sentences))]
    rows.append(suite.row("us", _times(detect, timed, effort.rounds), "µs CPU", n=len(timed)))
    return rows


def _sample(sentences: list[Sentence], most: int) -> list[Sentence]:
    if len(sentences) <= most:
        return sentences
    chosen = np.random.default_rng(5).permutation(len(sentences))[:most]
    return [sentences[i] for i in np.sort(chosen)]


def macro(languages: Sequence[str], right: Sequence[bool]) -> Told:
    """Return the mean over languages of the share that is right, with its bootstrap interval."""
    groups = [
        np.array([hit for name, hit in zip(languages, right, strict=True) if name == each])
        for each in dict.fromkeys(languages)
    ]
    chance = np.random.default_rng(17)
    shares = np.zeros(DRAWS)
    for group in groups:
        shares += chance.binomial(group.size, group.mean(), DRAWS) / group.size / len(groups)
    low, high = np.quantile(shares, [0.025, 0.975])
    share = float(np.mean([group.mean() for group in groups]))
    return Told(share, min(share, float(low)), max(share, float(high)), len(right))


def _row(suite: Suite, metric: str, told: Told) -> Row:
    """Return a share's row; its spread is the width of the 95 % interval."""
    return suite.row(metric, (told.low, told.share, told.high), "share", n=told.n)


def _times(detect: Callable[[str], str], texts: list[str], rounds: int) -> list[float]:
    """Return microseconds of the processor for a message, once for each round."""
    found = []
    for _ in range(rounds):
        before = time.process_time()
        for text in texts:
            detect(text)
        found.append((time.process_time() - before) / len(texts) * 1e6)
    return found


def _compare(rows: list[Row], found: list[Row], name: str) -> None:
    """Set a peer's figures beside ours where they are the best any peer reached."""
    ours = {
        (str(row["case"]).removeprefix("language"), row["metric"]): row
        for row in rows
        if row["case"] in ("language", "language_nordic")
    }
    for row in found:
        own = ours[str(row["case"]).removeprefix(f"language_{name}"), row["metric"]]
        before, value = own["peer_value"], float(str(row["value"]))
        is_time = row["metric"] == "us"
        if before is None or (value < float(str(before))) == is_time:
            peer = Peer(name, value)
            own["peer"], own["peer_value"] = peer
