"""
Who tells languages apart: a C library when it is installed, else a model of our own.

``eldc`` is an optional extra (Apache-2.0, wheels for CPython 3.10 to 3.13 on Linux; one
maintainer), so the product must be good without it; ``py3langid`` (BSD-3-Clause) is pure Python
and slower. ``ours`` is the head ``language`` that travels with the product.
"""

import importlib
import math
from collections.abc import Callable, Sequence
from types import MappingProxyType
from typing import Any, Final, NamedTuple, Protocol

from router.signals.features import Reading
from router.signals.kinship import primary
from router.signals.model import Model, Recipe
from router.signals.scan import LETTERS

ELDC_NAMES: Final = MappingProxyType({"id": "ms"})  # it knows Malay, and means both
ELDC_SLOPE: Final = 6.0
"""Log odds for each letter and unit of score between two languages.

Fitted on the training half of Tatoeba: a lead of 0.25 (score times letters) was right in 80 % of
642 messages, one of 0.75 in 99 %.
"""
ELDC_LETTERS_MAX: Final = 60
ELDC_SURE: Final = (
    0.999  # of 13,994 messages of that half that it calls reliable, 99.9 % were right
)
CANDIDATES: Final = 4
SURE: Final = 0.98
"""From which chance on a detector that gives chances is sure; it is then said to be that sure."""


class Guess(NamedTuple):
    """What a detector thinks: languages with their chances, likeliest first, and whether it is sure."""

    chances: tuple[tuple[str, float], ...]  # none when there is nothing to tell from
    sure: bool


class LanguageDetector(Protocol):
    """Tells languages apart, among those it was made for; maybe it says nothing of what is in other scripts."""

    name: str
    knows_scripts: bool

    def guess(self, text: str, letters: int) -> Guess:
        """Return the languages of a masked text of so many letters."""
        ...


class DetectorMissingError(LookupError):
    """A detector is not installed, or knows none of the languages asked for."""


def softmax(scores: Sequence[float]) -> list[float]:
    """Return chances whose logarithms differ as the scores do."""
    top = max(scores)
    raised = [math.exp(score - top) for score in scores]
    total = sum(raised)
    return [each / total for each in raised]


class Eldc:
    """The C library ``eldc``, restricted to the languages asked for."""

    name = "eldc"
    knows_scripts = True

    def __init__(self, languages: Sequence[str]) -> None:
        """Raise ``DetectorMissingError`` without the library or without a language it knows."""
        library = _imported("eldc")
        library.init()
        known = set(library.LANGUAGES)
        self._ours = {ELDC_NAMES.get(each, each): each for each in map(primary, languages)}
        asked = sorted(set(self._ours) & known)
        if not asked:
            raise DetectorMissingError(f"eldc knows none of {', '.join(languages)}")
        detector = library.instance()
        detector.set_languages(asked)
        detector.set_scores(CANDIDATES)
        self._details = detector.detect_details
        self._sure = {each: Guess(((self._ours[each], ELDC_SURE),), sure=True) for each in asked}

    def guess(self, text: str, letters: int) -> Guess:
        """Return the languages of a text; it is sure where the library says ``reliable``."""
        found = self._details(text)
        if found.reliable:
            return self._sure[found.language]
        scores: dict[str, float] = found.scores
        if not scores:
            return Guess((), sure=False)
        ours = self._ours
        steep = ELDC_SLOPE * min(max(letters, 1), ELDC_LETTERS_MAX)
        chances = softmax([steep * score for score in scores.values()])
        return Guess(tuple(zip((ours[each] for each in scores), chances, strict=True)), sure=False)


class Py3langid:
    """The pure-Python library ``py3langid``, restricted to the languages asked for."""

    name = "py3langid"
    knows_scripts = False

    def __init__(self, languages: Sequence[str]) -> None:
        """Raise ``DetectorMissingError`` without the library."""
        library = _imported("py3langid.langid")
        self._identifier = library.LanguageIdentifier.from_model_file(
            library.MODEL_FILE, norm_probs=True
        )
        known = set(self._identifier.nb_classes)
        self._ours = {each: each for each in map(primary, languages)}
        asked = sorted(set(self._ours) & known)
        if not asked:
            raise DetectorMissingError(f"py3langid knows none of {', '.join(languages)}")
        self._identifier.set_languages(asked)

    def guess(self, text: str, letters: int) -> Guess:
        """Return the languages of a text; it is sure from ``SURE`` on."""
        if not letters:
            return Guess((), sure=False)
        ranked = self._identifier.rank(text)[:CANDIDATES]
        chances = tuple((self._ours[name], float(chance)) for name, chance in ranked)
        if chances[0][1] >= SURE:
            return Guess(((chances[0][0], SURE),), sure=True)
        return Guess(chances, sure=False)


class Ours:
    """A head of ours, reduced to the languages asked for."""

    name = "ours"

    def __init__(self, model: Model, languages: Sequence[str]) -> None:
        """Raise ``DetectorMissingError`` when the model knows none of the languages."""
        self._only, self._head = reduced(model, [primary(each) for each in languages])
        if not self._only:
            raise DetectorMissingError(f"this model knows none of {', '.join(languages)}")

    def guess_reading(self, reading: Reading) -> Guess:
        """Return the languages of a message that was read."""
        if not reading.cues[LETTERS]:
            return Guess((), sure=False)
        if self._head is None:
            return Guess(((self._only[0], SURE),), sure=True)
        found = self._head.judge(reading)
        if found.probability >= SURE:
            return Guess(((found.top[0][0], SURE),), sure=True)
        return Guess(found.top, sure=False)


def reduced(model: Model, languages: Sequence[str]) -> tuple[list[str], Model | None]:
    """Return which of the languages a head knows, and the head of these alone if several."""
    known = [label for label in model.labels if label in set(languages)]
    if len(known) < 2:
        return known, None
    recipe = Recipe(f"{model.name}/{'+'.join(known)}", tuple(known), model.calibration)
    return known, model.only(recipe)


def _imported(name: str) -> Any:
    try:
        return importlib.import_module(name)
    except ImportError as error:
        raise DetectorMissingError(f"{name.split('.', maxsplit=1)[0]} is not installed") from error


LIBRARIES: Final[MappingProxyType[str, Callable[[Sequence[str]], LanguageDetector]]] = (
    MappingProxyType({"eldc": Eldc, "py3langid": Py3langid})
)
"""Detectors that may be installed, most accurate first; ``ours`` stands behind them."""
