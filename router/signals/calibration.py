"""
How a score becomes a probability, and when the best label is still none.

Fitted on messages that the head was not trained on. The sharpness is the inverse temperature of
Guo et al. (2017, arXiv:1706.04599); slope and offset are Platt's (1999), so that the probability
of the best label is the share of such messages that have it.
"""

from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from router.signals.signal import Cuts

Floats = NDArray[np.float64]

SHARPNESSES: Final = np.geomspace(0.5, 64.0, 43)
NEWTON_STEPS: Final = 30
RIDGE: Final = 1e-3  # keeps slope and offset finite when every message is right
BINS: Final = 15


class Calibration(NamedTuple):
    """How scores, in training's units, become probabilities and levels."""

    sharpness: float = 4.0
    slope: float = 1.0
    offset: float = 0.0
    scope: float | None = None  # standing below which a message is out of scope; None: never
    cuts: Cuts = Cuts()


def chances(scores: Floats, sharpness: float) -> Floats:
    """Return the softmax of scores (n, labels) times the sharpness."""
    lifted = (scores - scores.max(axis=1, keepdims=True)) * sharpness
    raised = np.exp(lifted)
    return np.asarray(raised / raised.sum(axis=1, keepdims=True))


def standing(scores: Floats) -> Floats:
    """
    Return by how much the best of each row of scores (n, labels) stands above their mean.

    It tells messages out of scope better than the best score alone: what is unlike all labels
    pulls all scores down, and what is a little like many lifts their mean.
    """
    return np.asarray(scores.max(axis=1) - scores.mean(axis=1))


def fit_calibration(scores: Floats, truth: NDArray[np.int64]) -> Calibration:
    """
    Return the calibration of scores (n, labels) whose true labels are known.

    The sharpness is the one of ``SHARPNESSES`` with the least log loss; slope and offset are then
    the maximum-likelihood ones for "the best label is right", by Newton's method.
    """
    rows = np.arange(len(truth))
    losses = [
        -np.log(np.maximum(chances(scores, each)[rows, truth], 1e-12)).mean()
        for each in SHARPNESSES
    ]
    sharpness = float(SHARPNESSES[int(np.argmin(losses))])
    best = np.clip(chances(scores, sharpness).max(axis=1), 1e-9, 1 - 1e-9)
    slope, offset = _platt(np.log(best / (1 - best)), scores.argmax(axis=1) == truth)
    return Calibration(sharpness, slope, offset)


def _platt(logits: Floats, right: NDArray[np.bool_]) -> tuple[float, float]:
    """Return slope and offset of the logistic regression of ``right`` on ``logits``."""
    design = np.stack([logits, np.ones_like(logits)], axis=1)
    found = np.array([1.0, 0.0])
    for _ in range(NEWTON_STEPS):
        chance = 1 / (1 + np.exp(-np.clip(design @ found, -30, 30)))
        slope = design.T @ (right - chance) - RIDGE * (found - np.array([1.0, 0.0]))
        curvature = (design * (chance * (1 - chance))[:, None]).T @ design + RIDGE * np.eye(2)
        step = np.linalg.solve(curvature, slope)
        found = found + step
        if float(np.abs(step).max()) < 1e-9:
            break
    # A falling line would trust the doubtful more than the sure.
    return max(float(found[0]), 0.05), float(found[1])


def calibration_error(chance: Floats, right: NDArray[np.bool_]) -> float:
    """Return the expected calibration error over bins of equal count (Nixon et al. 2019)."""
    if chance.size == 0:
        return 0.0
    parts = np.array_split(np.argsort(chance, kind="stable"), min(BINS, chance.size))
    gaps = [abs(float(chance[part].mean() - right[part].mean())) * part.size for part in parts]
    return sum(gaps) / chance.size
