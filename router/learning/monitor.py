"""What is watched of a model that serves: its errors, transfers of its tickets, and what it reads."""

from collections.abc import Sequence
from typing import Final, Literal, NamedTuple

from router.learning.adwin import Adwin, Change
from router.learning.stability import Shift, Stability, bin_of

Kind = Literal["errors", "transfers", "values", "margins"]
GRAVE: Final = frozenset({"errors", "transfers"})
"""Alarms about what came of tickets; the others are about messages that look different, which need not be worse."""


class Alarm(NamedTuple):
    """Something changed: what, and by how much."""

    kind: Kind
    detail: str

    @property
    def is_grave(self) -> bool:
        """Return whether tickets fare worse, not only look different."""
        return self.kind in GRAVE


NO_ALARMS: Final[Sequence[Alarm]] = ()


class Monitor:
    """Watches one model from when it began to serve."""

    def __init__(self, window: int = 1_000) -> None:
        self.errors = Adwin()
        self.transfers = Adwin()
        self.values = Stability(window)
        self.margins = Stability(window)

    def message(self, value: str, probability: float) -> Sequence[Alarm]:
        """Take in what the model found in a message."""
        of_values = self.values.add(value)
        of_margins = self.margins.add(bin_of(probability))
        if of_values is None and of_margins is None:
            return NO_ALARMS
        shifts: tuple[tuple[Kind, Shift | None], ...] = (
            ("values", of_values),
            ("margins", of_margins),
        )
        return [
            Alarm(
                kind, f"{kind}: stability index {shift.value:.3f}; expected up to {shift.limit:.3f}"
            )
            for kind, shift in shifts
            if shift is not None
        ]

    def outcome(self, *, is_wrong: bool, was_transferred: bool) -> list[Alarm]:
        """Take in what came of a ticket; only what got worse is an alarm."""
        changes: tuple[tuple[Kind, Change | None], ...] = (
            ("errors", self.errors.add(float(is_wrong))),
            ("transfers", self.transfers.add(float(was_transferred))),
        )
        return [
            Alarm(kind, f"{kind}: from {change.before:.3f} to {change.after:.3f}")
            for kind, change in changes
            if change is not None and change.after > change.before
        ]
