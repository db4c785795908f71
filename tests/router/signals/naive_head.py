"""The slow twins of heads and training: dictionaries and plain loops."""

import math

from router.signals.model import Model
from router.signals.ngrams import ngrams


def naive_scores(model: Model, text: str) -> list[int]:
    """Return the integer score of every label of a model, feature by feature."""
    scores = [0] * len(model.labels)
    for each in ngrams(text):
        row = model.weights[each.value >> (32 - model.bits)]
        for column in range(len(scores)):
            scores[column] += each.weight * int(row[column])
    return scores


def naive_chances(model: Model, text: str) -> list[tuple[str, float]]:
    """Return labels with their calibrated chances, likeliest first."""
    fitted = model.calibration
    mass = sum(each.weight**2 for each in ngrams(text))
    known = [score * model.unit / math.sqrt(mass) for score in naive_scores(model, text)]
    raised = [math.exp((each - max(known)) * fitted.sharpness) for each in known]
    ranked = sorted(
        zip(model.labels, (each / sum(raised) for each in raised), strict=True),
        key=lambda each: -each[1],
    )
    first = min(max(ranked[0][1], 1e-9), 1 - 1e-9)
    moved = 1 / (1 + math.exp(-(fitted.slope * math.log(first / (1 - first)) + fitted.offset)))
    rest = [(label, (1 - moved) * chance / (1 - first)) for label, chance in ranked[1:]]
    return [(ranked[0][0], moved), *rest]
