"""
The language of a message: who detects it, what near languages need, and when the customer decides.

1. What identifies somebody is masked: names of products and addresses are no language.
2. A detector looks among the workspace's languages only. Never among all: eight languages are
   told apart better than sixty.
3. Where it is unsure between near languages (Danish, Norwegian, Swedish; Russian, Ukrainian,
   Bulgarian), a small head of our own is asked besides, and both log odds are added.
4. What is in another script than a language, or without letters, is not in that language: ``eldc``
   knows that by itself, the others are told (``scripts``).
5. Where that leaves doubt, what is known of the customer is weighed in; see ``Prior``.
"""

import math
import re
from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Final, NamedTuple

from router.signals.detectors import (
    LIBRARIES,
    DetectorMissingError,
    Guess,
    LanguageDetector,
    Ours,
    reduced,
    softmax,
)
from router.signals.features import Pass, Reading
from router.signals.kinship import primary
from router.signals.letters import spelled
from router.signals.model import Model
from router.signals.scan import LETTERS
from router.signals.scripts import possible
from router.signals.signal import UNDETERMINED, Cuts, Signal, level_of, rounded

NEAR: Final = (frozenset({"da", "no", "sv"}), frozenset({"bg", "ru", "uk"}))
"""Groups that the head ``near`` tells apart."""
NEAR_TRUST: Final = 1.0  # what a unit of the detector's log odds counts beside our head's
NEAR_SHARPNESS: Final = 5.0  # log odds for a unit of our head's score
CHANCE_MIN: Final = 1e-9

CUTS: Final = Cuts(high=0.95, medium=0.7)
CHARS_MAX: Final = 160
"""Characters that a library is shown: from 60 on it is right in 996 of 1,000, and time grows with each."""

#: What may have to be masked, cut or repaired before a library sees it; one set, to be quick.
_UNFIT: Final = re.compile("[0-9@#/\x00-\x08\x0e-\x1f\ud800-\udfff٠-٩۰-۹]").search


class Prior(NamedTuple):
    """What is known of a customer before a message is read: BCP 47 tags, empty where unknown."""

    profile: str = ""  # the language the customer chose
    last: str = ""  # of the customer's last ticket
    locale: str = ""  # of the browser or telephone

    def log_odds(self) -> dict[str, float]:
        """Return by how much each language is likelier than one that nobody mentioned."""
        odds: dict[str, float] = {}
        for tag, weight in zip(self, HINT_LOG_ODDS, strict=True):
            if tag:
                language = primary(tag)
                odds[language] = odds.get(language, 0.0) + weight
        return odds


HINT_LOG_ODDS: Final = (3.0, 2.0, 1.5)
"""What a profile, a last ticket and a locale say, in log odds: 20, 7 and 4 to 1. Judgement."""


class Languages:
    """Tells the language of messages for one workspace. One thread at a time may ask."""

    def __init__(
        self,
        languages: Sequence[str],
        models: Mapping[str, Model] = MappingProxyType({}),
        detector: str = "",
    ) -> None:
        """
        Take the workspace's BCP 47 tags and the heads ``language`` and ``near`` that travel with us.

        ``detector`` names one of ``LIBRARIES`` or ``ours``; empty takes the first that is there.
        Raises ``DetectorMissingError`` when it is not.
        """
        self._tags = {primary(tag): tag for tag in reversed(languages)}
        self._ours: Ours | None = None
        self._library: LanguageDetector | None = None
        self._choose(list(languages), models, detector)
        self._sure: dict[str, Signal] = {}
        self._near: dict[str, Model] = {}
        for group in NEAR if "near" in models else ():
            known, head = reduced(models["near"], sorted(group & set(self._tags)))
            if head is not None:
                self._near |= dict.fromkeys(known, head)
        self._pass = Pass()

    @property
    def detector(self) -> str:
        """Return who detects."""
        return self._library.name if self._library else "ours"

    def _choose(self, languages: list[str], models: Mapping[str, Model], detector: str) -> None:
        if detector not in ("", "ours", *LIBRARIES):
            raise DetectorMissingError(
                f"detector: {detector!r}, expected ours or {', '.join(LIBRARIES)}"
            )
        for name, made in LIBRARIES.items():
            if detector in ("", name) and self._library is None:
                try:
                    self._library = made(languages)
                except DetectorMissingError:
                    if detector:
                        raise
        if self._library is None:
            if "language" not in models:
                raise DetectorMissingError("no detector is installed and no head `language` given")
            self._ours = Ours(models["language"], languages)

    def detect(self, text: str, prior: Prior = Prior()) -> Signal:
        """Return the language of any text, read for this alone, and only as far as that needs."""
        return self._told(text, None, prior)

    def judge(self, text: str, reading: Reading, prior: Prior = Prior()) -> Signal:
        """Return the language of a message that was read already: the same as ``detect``."""
        return self._told(text, reading, prior)

    def _told(self, text: str, reading: Reading | None, prior: Prior) -> Signal:
        library = self._library
        if library is None:
            assert self._ours is not None
            reading = reading or self._pass.read(text)
            guess = self._in_its_script(self._ours.guess_reading(reading), reading)
            return self._weighed(guess, prior, "ours")
        shown, letters = text[:CHARS_MAX], len(text)
        if not library.knows_scripts or _UNFIT(shown) or "www." in shown:
            reading = reading or self._pass.read(text)
            shown, letters = spelled(reading.clean[:CHARS_MAX]), int(reading.cues[LETTERS])
        guess = library.guess(shown, letters)
        if not library.knows_scripts:
            assert reading is not None
            guess = self._in_its_script(guess, reading)
        if guess.sure:
            return self._sure.get(guess.chances[0][0]) or self._settled(guess)
        if guess.chances and guess.chances[0][0] in self._near:
            guess = self._told_apart(guess, reading or self._pass.read(text))
        return self._weighed(guess, prior, library.name)

    def _in_its_script(self, guess: Guess, reading: Reading) -> Guess:
        """Return the guess among languages that are written as the message is; all of those if it has none."""
        written = possible(reading.clean, tuple(self._tags))
        if all(language in written for language, _ in guess.chances) and guess.chances:
            return guess
        left = [each for each in guess.chances if each[0] in written]
        left = left or [(language, 1.0) for language in sorted(written)]
        total = sum(chance for _, chance in left)
        return Guess(tuple((language, chance / total) for language, chance in left), sure=False)

    def _settled(self, guess: Guess) -> Signal:
        """Return what a detector is sure of; the same for each language, so made once."""
        language, chance = guess.chances[0]
        if language not in self._sure:
            known = Signal(self._tags[language], rounded(chance), "high", "tier0", self.detector)
            self._sure[language] = known
        return self._sure[language]

    def _told_apart(self, guess: Guess, reading: Reading) -> Guess:
        """Return the guess with the chances of near languages judged by our head as well."""
        head = self._near[guess.chances[0][0]]
        unit = NEAR_SHARPNESS * head.unit / math.sqrt(max(reading.mass, 1))
        theirs = dict(guess.chances)
        floor = min(theirs.values())
        both = [
            score * unit + NEAR_TRUST * math.log(theirs.get(label, floor) + CHANCE_MIN)
            for label, score in zip(head.labels, head.scores(reading).tolist(), strict=True)
        ]
        ranked = sorted(zip(head.labels, softmax(both), strict=True), key=lambda each: -each[1])
        return Guess(tuple(ranked), sure=False)

    def _weighed(self, guess: Guess, prior: Prior, model: str) -> Signal:
        """Return the guess as a signal, the customer's prior weighed in unless it was sure."""
        if guess.sure:
            return self._settled(guess)
        if guess.chances and not any(prior):
            language, chance = guess.chances[0]
            level = level_of(chance, CUTS)
            return Signal(self._tags[language], rounded(chance), level, "tier0", model)
        hints = {name: odds for name, odds in prior.log_odds().items() if name in self._tags}
        if not guess.chances:
            if not hints:
                return Signal(UNDETERMINED, 0.0, "low", "tier0", model)
            best = max(hints, key=lambda name: (hints[name], name))
            chance = 1 / (1 + math.exp(-hints[best]))
            return Signal(self._tags[best], rounded(chance), "low", "tier0", f"{model}+prior")
        held = {name: math.log(chance + CHANCE_MIN) for name, chance in guess.chances}
        for name, odds in hints.items():
            held[name] = held.get(name, min(held.values()) - 1.0) + odds
        chances = softmax(list(held.values()))
        best, chance = max(zip(held, chances, strict=True), key=lambda each: each[1])
        shown = f"{model}+prior" if hints else model
        return Signal(self._tags[best], rounded(chance), level_of(chance, CUTS), "tier0", shown)
