"""
How pressing a message sounds: rules that can be read, and a head where a tenant has labels.

Points for what is spoken of (each kind once), for emphasis and for repeated contact; fewer when
the customer says there is time. The points are our judgement, not a fit. The result is one soft
term of a ticket's value: it never gates, and never goes before a promise.
"""

import math
from collections.abc import Mapping
from functools import lru_cache
from types import MappingProxyType
from typing import Final, NamedTuple

from router.signals.features import Reading
from router.signals.lexicon import CALMING, URGENCY
from router.signals.model import Model, Reason
from router.signals.signal import Signal, level_of, rounded
from router.signals.wording import Wording, found, terms, wording

KIND_POINTS: Final = MappingProxyType(
    {
        "safety": 40,
        "security": 30,
        "outage": 20,
        "deadline": 25,
        "legal": 25,
        "money": 20,
        "calm": -40,
    }
)
EXCLAMATION_POINTS: Final = 5
EXCLAMATIONS_MAX: Final = 3
SHOUTED_POINTS: Final = 10
CONTACT_POINTS: Final = 8  # for each earlier contact about the same matter
CONTACTS_MAX: Final = 4

URGENT_FROM: Final = 45
SOON_FROM: Final = 20
POINTS_SCALE: Final = 12.0  # points that change the odds by a factor of e
RULES_MODEL: Final = "rules/1"
SIGNALS_KEPT_MAX: Final = 1_024  # signals by points; a few dozen sums are common

TERMS: Final = terms({**URGENCY, "calm": CALMING})


class Context(NamedTuple):
    """What is known besides the text: earlier contacts about the same matter."""

    contacts: int = 0


def contact_points(context: Context) -> int:
    """Return the points of earlier contacts."""
    return CONTACT_POINTS * min(max(context.contacts, 0), CONTACTS_MAX)


def urgency_reasons(said: Wording, context: Context = Context()) -> list[Reason]:
    """Return what makes a message pressing, with points; each kind of matter counts once."""
    reasons: dict[str, Reason] = {}
    for _, term, kind in found(said, TERMS):
        reasons.setdefault(kind, Reason(f"{kind}: {term}", KIND_POINTS[kind]))
    if said.exclamations:
        marks = min(said.exclamations, EXCLAMATIONS_MAX)
        reasons["!"] = Reason("exclamation marks", marks * EXCLAMATION_POINTS)
    if said.is_shouted:
        reasons["shouted"] = Reason("capitals", SHOUTED_POINTS)
    if context.contacts > 0:
        reasons["contacts"] = Reason("earlier contacts", contact_points(context))
    return list(reasons.values())


def urgency_of(points: int) -> tuple[str, float]:
    """Return the value of so many points, and how far they are from the nearest other value."""
    if points >= URGENT_FROM:
        value, distance = "urgent", points - URGENT_FROM
    elif points >= SOON_FROM:
        value, distance = "soon", min(points - SOON_FROM, URGENT_FROM - points)
    else:
        value, distance = "normal", SOON_FROM - points
    return value, 1 / (1 + math.exp(-(distance + 2) / POINTS_SCALE))


def urgency(
    reading: Reading,
    models: Mapping[str, Model] = MappingProxyType({}),
    context: Context = Context(),
    points: int | None = None,
) -> Signal:
    """
    Return how pressing a message is: ``urgent``, ``soon`` or ``normal``.

    A trained head ``urgency`` speaks where it is at least medium sure, the rules otherwise.
    ``points`` is what the rules find in the text, where the caller knows (``rules.points_of``).
    """
    head = models.get("urgency")
    if head is not None:
        told = head.judge(reading)
        if told.in_scope and told.level != "low":
            return told.signal(head.id)
    if points is None:
        points = sum(reason.points for reason in urgency_reasons(wording(reading)))
    return _told(points + contact_points(context))


@lru_cache(SIGNALS_KEPT_MAX)
def _told(points: int) -> Signal:
    value, chance = urgency_of(points)
    return Signal(value, rounded(chance), level_of(chance), "tier0", RULES_MODEL)
