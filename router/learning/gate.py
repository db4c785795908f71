"""The gate of a promotion: everything that must hold before a candidate may serve, and what speaks against it."""

from typing import NamedTuple

from router.learning.trial import Trial


class Gate(NamedTuple):
    """What is asked of a candidate; shares, not percent."""

    labels_min: int = 400
    """Labelled outcomes before anything is believed."""
    loss_max: float = 0.01
    """The accuracy that may be lost at most: the lower bound of the difference lies above minus this."""
    slice_labels_min: int = 50
    """A language or label with fewer outcomes has no say of its own."""
    slice_loss_max: float = 0.02
    """The accuracy that a language or label may lose."""
    ece_max: float = 0.03
    """Calibration error beyond what chance explains."""
    latency_us_max: float = 40.0
    """Mean time for a message."""


def objections(trial: Trial, gate: Gate) -> list[str]:
    """Return every reason against promoting a candidate; none: it may serve."""
    found = []
    labels = trial.whole.labels
    if labels < gate.labels_min:
        found.append(f"{labels} labelled outcomes; expected at least {gate.labels_min}")
    low = max(-1.0, trial.gain().low)
    if low <= -gate.loss_max:
        found.append(
            f"the difference in accuracy may be {low:+.4f}; expected it surely above {-gate.loss_max:+.4f}"
        )
    for (kind, name), each in sorted(trial.slices.items()):
        if each.labels >= gate.slice_labels_min and each.gain < -gate.slice_loss_max:
            found.append(
                f"{kind} {name!r} loses {-each.gain:.4f} on {each.labels} outcomes; "
                f"expected at most {gate.slice_loss_max:.4f}"
            )
    excess = trial.calibration.excess()
    if excess > gate.ece_max:
        found.append(f"calibration error {excess:.4f} beyond chance; expected {gate.ece_max:.4f}")
    if trial.mean_us > gate.latency_us_max:
        found.append(
            f"{trial.mean_us:.1f} us a message; expected at most {gate.latency_us_max:.1f} us"
        )
    return found
