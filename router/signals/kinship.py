"""Languages that are near each other: told apart late, and understood in part."""

from types import MappingProxyType
from typing import Final

KINSHIP: Final = MappingProxyType(
    {
        ("bs", "hr"): 0.95, ("bs", "sr"): 0.9, ("hr", "sr"): 0.9,
        ("id", "ms"): 0.9, ("cs", "sk"): 0.85, ("nb", "nn"): 0.95,
        ("da", "no"): 0.8, ("no", "sv"): 0.7, ("da", "sv"): 0.5,
        ("be", "ru"): 0.6, ("be", "uk"): 0.6, ("ru", "uk"): 0.5,
        ("bg", "mk"): 0.8, ("es", "gl"): 0.7, ("gl", "pt"): 0.8,
        ("ca", "es"): 0.5, ("es", "pt"): 0.4, ("af", "nl"): 0.6,
    }
)  # fmt: skip
"""
How well a reader of one language follows a plain message in the other, 0 to 1.

Coarse on purpose, after Gooskens and van Heuven (2020, doi:10.1515/9781501503108) where that has
the pair, and our own judgement elsewhere; a tenant who knows better sets levels on agents.
"""

ALIASES: Final = MappingProxyType({"nb": "no", "nn": "no", "iw": "he", "in": "id", "ji": "yi"})
"""Tags that mean the same language to a detector."""


def primary(tag: str) -> str:
    """Return the language of a BCP 47 tag, by the name that detectors use: ``nb-NO`` is ``no``."""
    first = tag.replace("_", "-").split("-", maxsplit=1)[0].lower()
    return ALIASES.get(first, first)


def kinship(one: str, other: str) -> float:
    """Return how far a speaker of one language follows the other: 1 for the same, 0 for strangers."""
    left, right = sorted((primary(one), primary(other)))
    return 1.0 if left == right else KINSHIP.get((left, right), 0.0)
