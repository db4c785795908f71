"""The open event streams and sockets: how many, and how they end when the server stops."""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager

from router.metrics import Metrics
from router.wire.problems import Problem, problem

__all__ = ["Streams"]

End = Callable[[], Awaitable[object]]


class Streams:
    """Every stream that is open, with the way to end it kindly."""

    def __init__(self, most: int, metrics: Metrics) -> None:
        self._most = most
        self._metrics = metrics
        self._open: dict[object, End] = {}
        self._kinds: Counter[str] = Counter()
        self.is_ending = False

    def full(self) -> Problem | None:
        """Return why there is no room for another stream, or None when there is."""
        if self.is_ending:
            return problem("not_ready", "The server is stopping.")
        if len(self._open) < self._most:
            return None
        detail = f"{self._most:,} event streams and sockets are open, which is all there may be."
        return problem("too_many_connections", detail)

    @contextmanager
    def opened(self, kind: str, end: End) -> Iterator[None]:
        """Count a stream while it lasts; `end` is called once if the server stops before."""
        mark = object()
        self._open[mark] = end
        self._kinds[kind] += 1
        try:
            yield
        finally:
            self._open.pop(mark, None)
            self._kinds[kind] -= 1

    def ended(self, reason: str) -> None:
        """Count why a stream ended."""
        self._metrics.count("cordboard_stream_ends_total", reason)

    def sent(self, kind: str, events: int) -> None:
        """Count events that were sent."""
        self._metrics.count("cordboard_events_sent_total", kind, by=events)

    def publish(self) -> None:
        """Put how many are open into the metrics."""
        for kind, count in self._kinds.items():
            self._metrics.put("cordboard_streams", count, kind)

    async def end_all(self) -> None:
        """End every stream and let no new one begin."""
        self.is_ending = True
        ends = list(self._open.values())
        self._open.clear()
        await asyncio.gather(*(end() for end in ends), return_exceptions=True)
