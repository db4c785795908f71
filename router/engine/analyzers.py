"""What reads the messages of a tenant, made of its languages and of the models that serve."""

from collections.abc import Callable, Mapping

from router.engine.reader import Analyzer
from router.signals.features import Pass
from router.signals.model import Model
from router.signals.signal import Signal

MakeAnalyzer = Callable[[tuple[str, ...], Mapping[str, Model]], Analyzer]
"""Makes an analyzer of a tenant's languages and the models that serve, by signal."""


class Heads:
    """All models that serve, fed by one pass over the message."""

    def __init__(self, models: Mapping[str, Model]) -> None:
        self._models = models
        self._pass = Pass()

    def analyze(self, text: str, /) -> dict[str, Signal]:
        """Return what each model says of a message."""
        reading = self._pass.read(text)
        return {name: m.judge(reading).signal(m.id) for name, m in self._models.items()}


def make_analyzer(_languages: tuple[str, ...], models: Mapping[str, Model]) -> Analyzer:
    """Return what reads messages with these models."""
    return Heads(models)
