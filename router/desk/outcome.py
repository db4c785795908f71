"""What came of the commands of one batch, found by the command that caused it."""

from functools import cached_property
from typing import Any, Final, NamedTuple

from router.core import codes as c
from router.core import layout
from router.core.machine import Batch

_FIELDS: Final = {name: i for i, name in enumerate(layout.EVENT.names or ())}
AT, KIND, CAUSE, TICKET, VALUE, AUX = (
    _FIELDS[name] for name in ("at_us", "kind", "cause", "ticket", "value", "aux")
)


class ComeAgain(NamedTuple):
    """The call is about something that the present settlement already changes."""


COME_AGAIN: Final = ComeAgain()


class Refusal(NamedTuple):
    """Why the core refused a command, what it said about it, and the number of the event that says so."""

    code: int
    about: int
    seq: int


class Outcome:
    """The events of a batch as plain tuples, in order, and the first event of each command."""

    def __init__(self, batch: Batch) -> None:
        self.first_seq = batch.first_seq
        self.events: list[tuple[Any, ...]] = batch.events.tolist()
        self.words = batch.words

    @cached_property
    def _first(self) -> dict[int, int]:
        """Where the first event of each command stands; recovery never asks."""
        first: dict[int, int] = {}
        at = len(self.events)
        for event in reversed(self.events):
            at -= 1
            first[event[CAUSE]] = at
        return first

    @property
    def last_seq(self) -> int:
        """Return the number of the batch's last event, of the one before it when it has none."""
        return self.first_seq + len(self.events) - 1

    def first(self, command: int) -> tuple[Any, ...]:
        """Return the first event that a command caused."""
        return self.events[self._first[command]]

    def refusal(self, command: int) -> Refusal | None:
        """Return why a command was refused; None when it was done."""
        at = self._first.get(command)
        if at is None:
            return None
        event = self.events[at]
        if event[KIND] != c.E_REFUSED:
            return None
        return Refusal(int(event[VALUE]), int(event[AUX]), self.first_seq + at)
