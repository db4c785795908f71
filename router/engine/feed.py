"""Events for those who listen: the newest in memory, older ones from the journal, none left out."""

import asyncio
from bisect import bisect_right
from collections import deque
from collections.abc import Callable, Sequence
from typing import Final

from router.engine.gap import Gap
from router.wire.events import Event

KEPT_EVENTS_MAX: Final = 50_000
"""Events kept ready in memory; older ones are read from the journal."""
SLICE_EVENTS_MAX: Final = 4_096

Numbered = tuple[int, Event]


class Feed:
    """A tenant's events in order. Batches enter when they are durable, and wake all who wait."""

    def __init__(
        self, next_seq: int, load: Callable[[int, int], list[Event]], oldest_seq: int = 1
    ) -> None:
        self._load = load
        self._oldest_seq = oldest_seq
        self._batches: deque[tuple[int, list[Event]]] = deque()
        self._starts: list[int] = []
        self._count = 0
        self._next_seq = next_seq
        self._first_kept = next_seq
        self._waiting: set[asyncio.Future[None]] = set()

    @property
    def last_seq(self) -> int:
        """Return the number of the newest event, 0 before the first."""
        return self._next_seq - 1

    @property
    def listeners(self) -> int:
        """Return how many wait for the next event."""
        return len(self._waiting)

    def add(self, events: list[Event]) -> None:
        """Take in a durable batch."""
        if not events:
            return
        self._batches.append((self._next_seq, events))
        self._next_seq += len(events)
        self._count += len(events)
        while self._count > KEPT_EVENTS_MAX and len(self._batches) > 1:
            _, old = self._batches.popleft()
            self._count -= len(old)
            self._first_kept += len(old)
        for waiter in self._waiting:
            if not waiter.done():
                waiter.set_result(None)
        self._waiting.clear()

    def after(self, seq: int, most: int) -> list[Event] | Gap:
        """Return up to ``most`` events after number ``seq``, in order, none left out; or the gap."""
        first = seq + 1
        if first < self._oldest_seq:
            return Gap(self._oldest_seq, self.last_seq)
        most = min(most, SLICE_EVENTS_MAX)
        if first >= self._next_seq:
            return []
        if first < self._first_kept:
            return self._load(first, min(most, self._first_kept - first))
        return self._kept(first, most)

    def _kept(self, first: int, most: int) -> list[Event]:
        """Return events from memory."""
        starts = [start for start, _ in self._batches]
        at = bisect_right(starts, first) - 1
        found: list[Event] = []
        for start, events in list(self._batches)[at:]:
            found += events[max(0, first - start) :]
            if len(found) >= most:
                break
        return found[:most]

    def listen(self, after: int) -> "Listener | Gap":
        """Return a place in the feed after number ``after``; or the gap."""
        if after + 1 < self._oldest_seq:
            return Gap(self._oldest_seq, self.last_seq)
        return Listener(self, after)

    async def wait(self, seq: int) -> None:
        """Wait until there is an event after number ``seq``."""
        while self.last_seq <= seq:
            waiter: asyncio.Future[None] = asyncio.get_running_loop().create_future()
            self._waiting.add(waiter)
            try:
                await waiter
            finally:
                self._waiting.discard(waiter)


class Listener:
    """A place in a feed: a number, so a slow reader costs nothing."""

    def __init__(self, feed: Feed, after: int) -> None:
        self._feed = feed
        self._after = after

    async def take(self, most: int) -> Sequence[Numbered] | Gap:
        """Wait for events and return up to ``most`` of them with their numbers; or the gap."""
        await self._feed.wait(self._after)
        events = self._feed.after(self._after, most)
        if isinstance(events, Gap):
            return events
        numbered = [(event.seq, event) for event in events]
        self._after += len(events)
        return numbered

    def close(self) -> None:
        """Stop listening."""
