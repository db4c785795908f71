"""All signals of tier 0 on one message: the table of them, and who asks them in one pass."""

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Final, NamedTuple

from router.signals.features import Pass, Reading
from router.signals.language import Languages, Prior
from router.signals.model import Model, Reason
from router.signals.rules import Points, points_of
from router.signals.sentiment import sentiment, sentiment_reasons
from router.signals.signal import Signal
from router.signals.urgency import RULES_MODEL, Context, urgency, urgency_reasons
from router.signals.wording import Wording, wording


class Message(NamedTuple):
    """What a signal may look at: the text and its reading, the models at work, the customer."""

    text: str
    reading: Reading
    points: Points
    models: Mapping[str, Model]
    languages: Languages
    prior: Prior
    context: Context


def no_reasons(_said: Wording) -> list[Reason]:
    """Return no reasons: what no rules tell has none."""
    return []


class Kind(NamedTuple):
    """A signal: how it is told (None where nothing can tell it), one sentence, and the reasons of its rules."""

    tell: Callable[[Message], Signal | None]
    about: str
    reasons: Callable[[Wording], list[Reason]] = no_reasons


def _language(message: Message) -> Signal:
    return message.languages.judge(message.text, message.reading, message.prior)


def _intent(message: Message) -> Signal | None:
    model = message.models.get("intent")
    return None if model is None else model.judge(message.reading).signal(model.id)


def _urgency(message: Message) -> Signal:
    return urgency(message.reading, message.models, message.context, message.points.urgency)


def _sentiment(message: Message) -> Signal:
    return sentiment(message.reading, message.models, message.points.sentiment)


SIGNALS: Final[Mapping[str, Kind]] = MappingProxyType(
    {
        "language": Kind(_language, "The language, as the workspace tags it, or `und`."),
        "intent": Kind(_intent, "What it is about, once a model is trained; or `out_of_scope`."),
        "urgency": Kind(
            _urgency, "How pressing it sounds: `urgent`, `soon` or `normal`.", urgency_reasons
        ),
        "sentiment": Kind(
            _sentiment, "How content the customer sounds, in five steps.", sentiment_reasons
        ),
    }
)
"""Every signal of tier 0, by the name that tickets and settings use."""
TAUGHT: Final = ("intent", "urgency", "sentiment")
"""Signals that a trained model may tell; languages have heads that travel with us."""


def reasons_of(name: str, signal: Signal, model: Model | None, text: str) -> list[Reason]:
    """
    Return what of a text speaks for a signal, heaviest first, as far as who said so can tell.

    ``model`` is the one at work for the signal. Rules name their terms, and a model its n-grams; a
    library that tells languages names nothing, nor is there a reason for what is out of scope.
    """
    if signal.model == RULES_MODEL:
        reasons = SIGNALS[name].reasons(wording(Pass().read(text)))
        return sorted(reasons, key=lambda each: (-abs(each.points), each.ngram))
    if model is None or signal.model != model.id or signal.value not in model.labels:
        return []
    return model.explain(text, signal.value)


class Analyzer:
    """Tells all signals of messages for one workspace. One thread at a time may ask."""

    __slots__ = ("_languages", "_models", "_pass")

    def __init__(self, languages: Languages, models: Mapping[str, Model]) -> None:
        """Take who tells languages, and the models at work by name."""
        self._languages = languages
        self._models = dict(models)
        self._pass = Pass()

    def analyze(
        self,
        text: str,
        prior: Prior = Prior(),
        context: Context = Context(),
    ) -> dict[str, Signal]:
        """Return every signal that can be told of any text, in the order of ``SIGNALS``."""
        reading = self._pass.read(text)
        points = points_of(reading)
        message = Message(text, reading, points, self._models, self._languages, prior, context)
        signals: dict[str, Signal] = {}
        for name, kind in SIGNALS.items():
            signal = kind.tell(message)
            if signal is not None:
                signals[name] = signal
        return signals
