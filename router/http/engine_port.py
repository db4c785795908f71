"""What the transport needs of the engine, and nothing more."""

from collections.abc import Mapping, Sequence
from typing import Protocol

from router.engine.gap import Gap
from router.wire.calls import Call, Reply
from router.wire.events import Event

__all__ = ["EnginePort", "Figures", "Gap", "Numbered", "Subscription"]

Numbered = tuple[int, Event]
"""An event and its number in the tenant's order."""
Figures = Mapping[str, float | Mapping[tuple[str, ...], float]]
"""Values by name of a row of `METRICS`: a number, or numbers by the values of the row's labels."""


class Subscription(Protocol):
    """A place in a tenant's events. It holds a number, not events, so a slow reader costs nothing.

    Cancelling `take` loses no event.
    """

    async def take(self, most: int) -> Sequence[Numbered] | Gap:
        """Wait for events and return up to `most` of them, in order, none left out; or the gap."""
        ...

    def close(self) -> None:
        """Stop listening."""
        ...


class EnginePort(Protocol):
    """The tenants' shards behind one door."""

    async def submit(self, tenant: str, call: Call) -> Reply:
        """Do the call and reply once that is durable; a refusal is a reply too.

        A caller that gives up waiting (cancellation) does not undo the call.
        """
        ...

    async def events_page(
        self, tenant: str, after: int, limit: int
    ) -> tuple[Sequence[Event], int] | Gap:
        """Return up to `limit` events after number `after`, and the number to go on from."""
        ...

    def subscribe(self, tenant: str, after: int) -> Subscription | Gap:
        """Listen to the events after number `after`."""
        ...

    def last_seq(self, tenant: str) -> int:
        """Return the number of the newest event of the tenant, 0 before the first."""
        ...

    def is_ready(self) -> tuple[bool, Mapping[str, str]]:
        """Tell whether calls can be done, and the state of each thing that takes."""
        ...

    def statistics(self) -> Figures:
        """Return figures for `METRICS`, copied: the engine does not change them later."""
        ...

    async def close(self) -> None:
        """Finish what is under way, make it durable and let go of the journal."""
        ...
