"""How a candidate does, as the API tells it."""

import math
from collections.abc import Container
from typing import Any, cast

from router.learning.gate import Gate, objections
from router.learning.trial import Trial
from router.signals.cascade import TIER1
from router.wire import signals as wire


def gate_of(use: wire.GateUse, signal: str) -> Gate:
    """Return the gate that a workspace asks for; a cascade's time is the encoder's, which has a deadline."""
    latency_us_max = math.inf if signal.endswith(TIER1) else use.latency_us_max
    return Gate(
        labels_min=use.labels_min,
        loss_max=use.loss_max,
        slice_labels_min=use.slice_labels_min,
        slice_loss_max=use.slice_loss_max,
        ece_max=use.ece_max,
        latency_us_max=latency_us_max,
    )


def objections_to(
    trial: Trial, use: wire.GateUse, signal: str, served: Container[str]
) -> list[str]:
    """Return what speaks against a candidate for a signal; ``served`` are those that a model tells already."""
    if signal not in served and not signal.endswith(TIER1):
        return [f"no model tells {signal} yet, so there is nothing to compare with: activate it"]
    return objections(trial, gate_of(use, signal))


def trial_view(trial: Trial, against: list[str]) -> wire.TrialView:
    """Return a trial with what speaks against the candidate; bounds are cut to what differences can be."""
    low, high = trial.gain()
    return wire.TrialView(
        messages=trial.messages,
        agreement=round(trial.agreement, 4),
        labels=trial.whole.labels,
        gain=round(trial.whole.gain, 4),
        gain_low=round(max(-1.0, low), 4),
        gain_high=round(min(1.0, high), 4),
        ece=round(trial.calibration.error(), 4),
        mean_us=round(trial.mean_us, 1),
        slices=[
            wire.SliceView(
                kind=cast("Any", kind),
                name=name,
                labels=each.labels,
                serving=round(each.serving / each.labels, 4),
                candidate=round(each.candidate / each.labels, 4),
            )
            for (kind, name), each in sorted(trial.slices.items())
        ],
        objections=against,
    )
