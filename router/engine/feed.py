"""Events for those who listen: the newest in memory, older ones from the journal, none left out."""

import asyncio
from bisect import bisect_right
from collections.abc import Callable, Sequence
from typing import Final

from router.engine.gap import Gap
from router.wire.events import Event

KEPT_EVENTS_MAX: Final = 50_000
"""Events kept ready in memory; older ones are read from the journal."""
SLICE_EVENTS_MAX: Final = 4_096

Numbered = tuple[int, Event]


class Lazy:
    """A durable batch of events, given their names when somebody first reads them."""

    __slots__ = ("_events", "_make", "count")

    def __init__(self, count: int, make: Callable[[], list[Event]]) -> None:
        self.count = count
        self._make: Callable[[], list[Event]] | None = make
        self._events: list[Event] = []

    def events(self) -> list[Event]:
        """Return the events."""
        if self._make is not None:
            self._events, self._make = self._make(), None
        return self._events


NOTHING: Final = Lazy(0, list)


class Feed:
    """A tenant's events in order. Batches enter when they are durable, and wake all who wait."""

    def __init__(
        self, next_seq: int, load: Callable[[int, int], list[Event]], oldest_seq: int = 1
    ) -> None:
        self._load = load
        self._oldest_seq = oldest_seq
        self._batches: list[Lazy] = []
        self._starts: list[int] = []  # number of each batch's first event
        self._dropped = 0  # batches at the front that are not kept any more
        self._next_seq = next_seq
        self._waiting: set[asyncio.Future[None]] = set()

    @property
    def last_seq(self) -> int:
        """Return the number of the newest event, 0 before the first."""
        return self._next_seq - 1

    def add(self, batch: Lazy) -> None:
        """Take in a durable batch."""
        if not batch.count:
            return
        self._batches.append(batch)
        self._starts.append(self._next_seq)
        self._next_seq += batch.count
        self._drop_old()
        for waiter in self._waiting:
            if not waiter.done():
                waiter.set_result(None)
        self._waiting.clear()

    def _drop_old(self) -> None:
        """Keep no more events than there is room for; the lists are cut now and then, not each time."""
        oldest = self._next_seq - KEPT_EVENTS_MAX
        while self._dropped + 1 < len(self._starts) and self._starts[self._dropped + 1] <= oldest:
            self._batches[self._dropped] = NOTHING
            self._dropped += 1
        if self._dropped > len(self._starts) // 2:
            del self._batches[: self._dropped], self._starts[: self._dropped]
            self._dropped = 0

    def after(self, seq: int, most: int) -> list[Event] | Gap:
        """Return up to ``most`` events after number ``seq``, in order, none left out; or the gap."""
        first = seq + 1
        if first < self._oldest_seq:
            return Gap(self._oldest_seq, self.last_seq)
        most = min(most, SLICE_EVENTS_MAX)
        if first >= self._next_seq:
            return []
        first_kept = self._starts[self._dropped] if self._starts else self._next_seq
        if first < first_kept:
            return self._load(first, min(most, first_kept - first))
        return self._kept(first, most)

    def _kept(self, first: int, most: int) -> list[Event]:
        """Return events from memory."""
        at = bisect_right(self._starts, first) - 1
        found: list[Event] = []
        while at < len(self._batches) and len(found) < most:
            found += self._batches[at].events()[max(0, first - self._starts[at]) :]
            at += 1
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
