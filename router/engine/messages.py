"""
Messages of late, in memory: what models said of them, until somebody says what is true.

Nothing here is journalled. After a restart the truth about older tickets still reaches the journal, but no model
learns from it.
"""

from collections import OrderedDict
from typing import Final

import numpy as np
from numpy.typing import NDArray

KEPT_MAX: Final = 20_000
"""Messages in memory, each of up to some 10 kB with its text."""
TEXT_KEPT_MAX: Final = 2_000
"""Characters of a message that are kept, as many as are read."""


class Seen:
    """A ticket's message: what was said of it by the models that serve and by candidates."""

    __slots__ = (
        "before",
        "candidates",
        "labelled",
        "language",
        "said",
        "text",
        "vector",
        "was_transferred",
    )

    def __init__(self, text: str, language: str) -> None:
        self.text = text
        self.language = language
        self.said: dict[str, tuple[str, str]] = {}
        """By signal: the model that served, and its label."""
        self.candidates: dict[str, tuple[str, str, float]] = {}
        """By signal: the candidate, its label and what it gave that."""
        self.labelled: set[str] = set()
        self.was_transferred = False
        self.vector: NDArray[np.float32] | None = None
        """The meaning of the text (d,), where it was encoded."""
        self.before: Seen | None = None
        """The ticket's message that this one takes the place of, until this one's call is done."""


class Messages:
    """The newest messages by ticket."""

    def __init__(self, most: int = KEPT_MAX) -> None:
        self._most = most
        self._seen: OrderedDict[str, Seen] = OrderedDict()

    def __len__(self) -> int:
        return len(self._seen)

    def put(self, ticket: str, seen: Seen) -> None:
        """Keep a message; the oldest makes room."""
        seen.before = self._seen.pop(ticket, None)
        if seen.before is not None:
            seen.before.before = None
        self._seen[ticket] = seen
        if len(self._seen) > self._most:
            self._seen.popitem(last=False)

    def get(self, ticket: str) -> Seen | None:
        """Return a ticket's message, None when it is not there any more."""
        return self._seen.get(ticket)

    def holds(self, ticket: str, seen: Seen) -> bool:
        """Return whether a message is there still, be it behind one whose call is not done yet."""
        newest = self._seen.get(ticket)
        return newest is not None and (newest is seen or newest.before is seen)

    def take_back(self, ticket: str, seen: Seen) -> None:
        """Forget a message whose call was refused; the one before it is the ticket's again."""
        newest = self._seen.get(ticket)
        if newest is seen and seen.before is not None:
            self._seen[ticket] = seen.before
        elif newest is seen:
            del self._seen[ticket]
        elif newest is not None and newest.before is seen:
            newest.before = seen.before

    def drop(self, ticket: str) -> None:
        """Forget a message."""
        self._seen.pop(ticket, None)
