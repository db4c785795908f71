"""
How content a customer sounds: a small lexicon with negation and emphasis, and a head where labelled.

In the manner of VADER (Hutto and Gilbert 2014, doi:10.1609/icwsm.v8i1.14550), with far fewer
words in more languages. Offline sentiment is weak everywhere; this is a soft hint and no gate.
"""

import math
from collections.abc import Mapping
from functools import lru_cache
from types import MappingProxyType
from typing import Final

from router.signals.features import Reading
from router.signals.lexicon import INTENSIFIERS, NEGATIONS, NEGATIVE, POSITIVE
from router.signals.model import Model, Reason
from router.signals.signal import Signal, level_of, rounded
from router.signals.urgency import RULES_MODEL, SIGNALS_KEPT_MAX
from router.signals.wording import Wording, found, terms, wording

SENTIMENTS: Final = ("very_negative", "negative", "neutral", "positive", "very_positive")
BOUNDS: Final = (-29, -9, 10, 30)
"""From how many points on a message is the next of ``SENTIMENTS``."""

TERM_POINTS: Final = 20
INTENSE_POINTS: Final = 10
SHOUTED_POINTS: Final = -15  # who shouts is rarely content
EXCLAMATIONS_MAX: Final = 3
EMPHASIS_POINTS: Final = 5  # for each exclamation mark, in the direction of the words
NEGATION_REACH: Final = 3  # words that a negation turns
POINTS_SCALE: Final = 12.0

TERMS: Final = terms({"+": POSITIVE, "-": NEGATIVE})
NEGATING: Final = frozenset(NEGATIONS.split())
INTENSIFYING: Final = frozenset(INTENSIFIERS.split())


def sentiment_reasons(said: Wording) -> list[Reason]:
    """Return what makes a message sound content or not, with points."""
    reasons: list[Reason] = []
    for place, term, sign in found(said, TERMS):
        before = said.words[max(0, place - NEGATION_REACH) : place]
        points = TERM_POINTS
        if before and before[-1] in INTENSIFYING:
            points += INTENSE_POINTS
        is_negated = any(word in NEGATING for word in before)
        direction = (1 if sign == "+" else -1) * (-1 if is_negated else 1)
        # "not bad" is not praise: a negated term counts half.
        reasons.append(Reason(term, direction * (points // 2 if is_negated else points)))
    total = sum(reason.points for reason in reasons)
    if said.exclamations and total:
        marks = min(said.exclamations, EXCLAMATIONS_MAX) * EMPHASIS_POINTS
        reasons.append(Reason("exclamation marks", marks if total > 0 else -marks))
    if said.is_shouted:
        reasons.append(Reason("capitals", SHOUTED_POINTS))
    return reasons


def sentiment_of(points: int) -> tuple[str, float]:
    """Return the value of so many points, and a chance by how far the nearest bound is."""
    value = SENTIMENTS[sum(points >= bound for bound in BOUNDS)]
    distance = min(abs(points - bound) for bound in BOUNDS)
    return value, 1 / (1 + math.exp(-distance / POINTS_SCALE))


def sentiment(
    reading: Reading,
    models: Mapping[str, Model] = MappingProxyType({}),
    points: int | None = None,
) -> Signal:
    """
    Return how content a message sounds, one of ``SENTIMENTS``.

    A trained head ``sentiment`` speaks where it is at least medium sure, the rules otherwise.
    ``points`` is what the rules find in the text, where the caller knows (``rules.points_of``).
    """
    head = models.get("sentiment")
    if head is not None:
        told = head.judge(reading)
        if told.in_scope and told.level != "low":
            return told.signal(head.id)
    if points is None:
        points = sum(each.points for each in sentiment_reasons(wording(reading)))
    return _told(points)


@lru_cache(SIGNALS_KEPT_MAX)
def _told(points: int) -> Signal:
    value, chance = sentiment_of(points)
    return Signal(value, rounded(chance), level_of(chance), "tier0", RULES_MODEL)
