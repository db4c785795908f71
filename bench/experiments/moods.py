"""
How good the rules for sentiment and urgency are, on public labels that they were not made from.

Sentiment: product reviews and tweets rated by twenty people each (Hutto and Gilbert 2014; the
source package of vaderSentiment, MIT, has them). Below -0.5 a rating is negative, above 0.5
positive. Urgency has no public labels; the nearest are BANKING77's test messages of intents that
cannot wait (a card stolen, a payment not made by the customer) against those of intents that can.

    pip download --no-deps --no-binary :all: vaderSentiment     # then unpack both archives
    python -m bench.experiments.moods RATINGS BANKING77
"""

import importlib
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final

import numpy as np

from bench.signals_sets import banking77
from router.signals.features import Pass
from router.signals.model import Model
from router.signals.rows import Row
from router.signals.sentiment import SENTIMENTS, sentiment, sentiment_reasons
from router.signals.training import Options, train
from router.signals.urgency import urgency, urgency_reasons
from router.signals.wording import wording

FILES: Final = ("amazonReviewSnippets", "tweets")
CLASSES: Final = ("negative", "neutral", "positive")
PRESSING: Final = (
    "compromised_card", "lost_or_stolen_card", "lost_or_stolen_phone", "pin_blocked",
    "cash_withdrawal_not_recognised", "card_payment_not_recognised",
    "direct_debit_payment_not_recognised", "card_swallowed",
)  # fmt: skip


def main(ratings: Path, banking: Path) -> None:
    """Print the figures of both rules, and of a head trained on half of the ratings."""
    for name in FILES:
        rows = rated(ratings / f"{name}_GroundTruth.txt")
        print(name, f"{len(rows)} messages")
        half = [row for i, row in enumerate(rows) if i % 2]
        head = train([row for i, row in enumerate(rows) if not i % 2], Options("sentiment", 14))
        report("rules", half, by_rules)
        report("head trained on the other half", half, teller(head))
        try:
            report("VADER", half, vader())
        except ImportError as error:
            print(f"  without VADER: {error}")
    reader = Pass()
    messages = banking77(banking).test
    points = np.array(
        [sum(r.points for r in urgency_reasons(wording(reader.read(row.text)))) for row in messages]
    )
    pressing = np.array([row.label in PRESSING for row in messages])
    print(f"urgency: AUROC {auroc(points, pressing):.3f} of {pressing.sum()} pressing messages")
    said = [urgency(reader.read(row.text)).value for row in messages]
    for value in ("urgent", "soon", "normal"):
        there = np.array([each == value for each in said])
        print(f"  {value}: {there.sum()} messages, {pressing[there].mean():.3f} of them pressing")


def teller(head: Model) -> Callable[[str], str]:
    """Return the class that a head gives."""
    return lambda text: head.predict(text).top[0][0]


def rated(path: Path) -> list[Row]:
    """Return messages with the class of their mean rating."""
    rows = []
    for line in path.read_text("utf-8", errors="replace").splitlines():
        _, rating, text = line.split("\t", 2)
        place = 0 if float(rating) < -0.5 else 2 if float(rating) > 0.5 else 1
        rows.append(Row(text, CLASSES[place]))
    return rows


def by_rules(text: str) -> str:
    """Return the class that our rules give."""
    place = SENTIMENTS.index(sentiment(Pass().read(text)).value)
    return CLASSES[0 if place < 2 else 1 if place == 2 else 2]


def vader() -> Callable[[str], str]:
    """Return VADER with its own thresholds."""
    library = importlib.import_module("vaderSentiment.vaderSentiment")
    asked = library.SentimentIntensityAnalyzer()

    def told(text: str) -> str:
        score = asked.polarity_scores(text)["compound"]
        return CLASSES[0 if score <= -0.05 else 2 if score >= 0.05 else 1]

    return told


def report(name: str, rows: Sequence[Row], told: Callable[[str], str]) -> None:
    """Print accuracy and macro F1 of a teller of classes."""
    found = [told(row.text) for row in rows]
    right = sum(each == row.label for each, row in zip(found, rows, strict=True))
    scores = []
    for each in CLASSES:
        both = sum(a == each == row.label for a, row in zip(found, rows, strict=True))
        scores.append(2 * both / (found.count(each) + sum(row.label == each for row in rows)))
    print(f"  {name}: accuracy {right / len(rows):.3f}, macro F1 {np.mean(scores):.3f}")


def auroc(points: np.ndarray, wanted: np.ndarray) -> float:
    """Return the chance that a wanted message has more points than another, ties half."""
    inside, outside = points[wanted][:, None], points[~wanted][None]
    return float(((inside > outside) + 0.5 * (inside == outside)).mean())


def reasons(text: str) -> list[str]:
    """Return what our rules saw in a text, to look at mistakes."""
    return [
        f"{each.ngram} {each.points:+d}" for each in sentiment_reasons(wording(Pass().read(text)))
    ]


if __name__ == "__main__":
    main(*map(Path, sys.argv[1:3]))
