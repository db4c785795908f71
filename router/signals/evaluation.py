"""How good a model is on labelled messages it was not trained on."""

import math
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import NamedTuple

import numpy as np

from router.signals.calibration import calibration_error
from router.signals.features import Pass
from router.signals.model import OUT_OF_SCOPE, Model, Prediction
from router.signals.rows import Row, TrainingError

Z95 = 1.959964


class Share(NamedTuple):
    """How many of how many, with Wilson's 95 % interval (Wilson 1927)."""

    hits: int
    of: int

    @property
    def value(self) -> float:
        """Return the share; 0 of nothing."""
        return self.hits / self.of if self.of else 0.0

    @property
    def interval(self) -> tuple[float, float]:
        """Return the lower and the upper end of the interval."""
        if not self.of:
            return 0.0, 1.0
        share, z2 = self.value, Z95 * Z95 / self.of
        middle = (share + z2 / 2) / (1 + z2)
        half = Z95 * math.sqrt(share * (1 - share) / self.of + z2 / (4 * self.of)) / (1 + z2)
        return max(0.0, middle - half), min(1.0, middle + half)


class Evaluation(NamedTuple):
    """What a model did on labelled messages."""

    closed: Share  # the best label is right, among messages that have one
    in_scope: Share  # the same, and the model did not call them out of scope
    out_of_scope: Share  # messages out of scope that the model called so
    top3: Share
    high: Share  # right among those it is highly sure of
    macro_f1: float
    ece: float  # of the best label's probability, among messages that have one
    labels: Mapping[str, Share]  # right, by true label
    languages: Mapping[str, Share]  # right, by the rows' language


def evaluate(model: Model, rows: Sequence[Row]) -> Evaluation:
    """Return how good a model is on rows; see ``evaluated``."""
    reader = Pass()
    return evaluated(model.labels, rows, lambda text: model.judge(reader.read(text)))


def evaluated(
    labels: Sequence[str], rows: Sequence[Row], tell: Callable[[str], Prediction]
) -> Evaluation:
    """
    Return how good is what ``tell`` says of the texts of rows, when it knows these labels.

    Raises ``TrainingError`` for no rows, and for labels that are none of these.
    """
    strange = sorted({row.label for row in rows} - {*labels, OUT_OF_SCOPE})
    if strange or not rows:
        shown = ", ".join(map(repr, strange[:5])) or "no rows"
        raise TrainingError(
            f"label: {shown} ({len(strange)} in all), expected labels that the model was trained on"
        )
    told = [(row, tell(row.text)) for row in rows]
    known = [(row, each) for row, each in told if row.label != OUT_OF_SCOPE]
    strangers = [each for row, each in told if row.label == OUT_OF_SCOPE]
    right = [each.top[0][0] == row.label for row, each in known]
    chance = np.array([each.probability for _, each in known])
    high = [hit for (_, each), hit in zip(known, right, strict=True) if each.level == "high"]
    return Evaluation(
        closed=_share(right),
        in_scope=_share(each.label == row.label for row, each in known),
        out_of_scope=_share(each.label == OUT_OF_SCOPE for each in strangers),
        top3=_share(row.label in {label for label, _ in each.top} for row, each in known),
        high=_share(high),
        macro_f1=_macro_f1(known),
        ece=calibration_error(chance, np.array(right)),
        labels=_by([row.label for row, _ in known], right),
        languages=_by([row.language or "?" for row, _ in known], right),
    )


def _share(hits: Iterable[bool]) -> Share:
    listed = list(hits)
    return Share(sum(listed), len(listed))


def _by(names: Sequence[str], right: Sequence[bool]) -> dict[str, Share]:
    total = Counter(names)
    hits = Counter(name for name, hit in zip(names, right, strict=True) if hit)
    return {name: Share(hits[name], total[name]) for name in sorted(total)}


def _macro_f1(known: Sequence[tuple[Row, Prediction]]) -> float:
    """Return the mean over labels of the harmonic mean of precision and recall."""
    truth = Counter(row.label for row, _ in known)
    said = Counter(each.top[0][0] for _, each in known)
    both = Counter(row.label for row, each in known if each.top[0][0] == row.label)
    scores = [2 * both[label] / (truth[label] + said[label]) for label in truth]
    return sum(scores) / len(scores) if scores else 0.0
