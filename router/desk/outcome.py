"""What came of the commands of one batch, found by the command that caused it."""

from typing import Any, Final

from router.core import codes as c
from router.core import layout
from router.core.machine import Batch

_FIELDS: Final = {name: i for i, name in enumerate(layout.EVENT.names or ())}
KIND, CAUSE, TICKET, WORK, SERIAL, VALUE, AUX = (
    _FIELDS[name] for name in ("kind", "cause", "ticket", "work", "serial", "value", "aux")
)


class Outcome:
    """The events of a batch as plain tuples, in order, and the first event of each command."""

    def __init__(self, batch: Batch) -> None:
        self.first_seq = batch.first_seq
        self.events: list[tuple[Any, ...]] = batch.events.tolist()
        self.words = batch.words
        self._first: dict[int, tuple[Any, ...]] = {}
        for event in reversed(self.events):
            self._first[event[CAUSE]] = event

    def first(self, command: int) -> tuple[Any, ...]:
        """Return the first event that a command caused."""
        return self._first[command]

    def refusal(self, command: int) -> tuple[int, int] | None:
        """Return why a command was refused, and what the core said about it; None when it was done."""
        event = self._first.get(command)
        if event is None or event[KIND] != c.E_REFUSED:
            return None
        return int(event[VALUE]), int(event[AUX])
