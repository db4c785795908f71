"""Events over HTTP: a page at a time, or as server-sent events that resume where they broke."""

import asyncio
from collections.abc import Sequence

import msgspec
from aiohttp import web

from router.http.engine_port import EnginePort, Gap, Numbered, Subscription
from router.http.streams import Streams
from router.wire.calls import Reply
from router.wire.events import EventsPage
from router.wire.problems import Problem, problem, wrong

__all__ = ["Feed", "gone", "last_event_id", "listen", "page", "serve_events"]

BATCH_MAX = 256
"""Events written at once; about 50 kB."""
RETRY_MS = 1_000
"""How soon a client comes back after a broken stream."""
RETRY_DRAINING_MS = 3_000
_ENCODER = msgspec.json.Encoder()
_NUMBER_DIGITS_MAX = 16


async def page(engine: EnginePort, tenant: str, after: int, limit: int) -> Reply | Problem:
    """Return the page of events after number `after`."""
    found = ahead(engine, tenant, after) or await engine.events_page(tenant, after, limit)
    if isinstance(found, Gap):
        return gone(found, after)
    events, following = found
    body = EventsPage(events=list(events), next=following, last_seq=engine.last_seq(tenant))
    return Reply(200, body)


def listen(engine: EnginePort, tenant: str, after: int) -> Subscription | Gap:
    """Listen to the events after number `after`; a number that is not yet given is a gap too."""
    return ahead(engine, tenant, after) or engine.subscribe(tenant, after)


def ahead(engine: EnginePort, tenant: str, after: int) -> Gap | None:
    """Return a gap for a number beyond the newest event, which must be of another journal.

    Waiting for that number would leave out all events up to it.
    """
    last_seq = engine.last_seq(tenant)
    return Gap(last_seq + 1, last_seq) if after > last_seq else None


def gone(gap: Gap, after: int) -> Problem:
    """Say that events are missing between what the client has and what is kept."""
    if after > gap.last_seq:
        detail = f"There is no event {after} here yet; the newest is {gap.last_seq}."
        return problem("events_gone", detail, seq=gap.last_seq)
    detail = (
        f"Events after {after} are kept from {gap.oldest_seq} on. Read the resources again, then "
        f"go on after {gap.last_seq}."
    )
    return problem("events_gone", detail, seq=gap.last_seq)


def last_event_id(header: str | None) -> int | Problem | None:
    """Read Last-Event-ID: the number of the last event the client has seen."""
    if header is None or not header.strip():
        return None
    text = header.strip()
    if text.isascii() and text.isdigit() and len(text) <= _NUMBER_DIGITS_MAX:
        return int(text)
    error = wrong("Last-Event-ID", "Expected the number of an event.", header)
    return problem("malformed_request", "Last-Event-ID cannot be read.", errors=[error])


class Feed:
    """One client's server-sent events: where it is and how long it may be slow or silent."""

    def __init__(self, streams: Streams, silence_s: float) -> None:
        self.streams = streams
        self.silence_s = silence_s
        """After so long without an event a comment shows that the stream is alive; and a client
        that has not read for so long is let go."""


async def serve_events(
    request: web.BaseRequest, subscription: Subscription, feed: Feed
) -> web.StreamResponse:
    """Write events until the client leaves, falls too far behind, or the server stops."""
    response = web.StreamResponse(
        headers={"Content-Type": "text/event-stream; charset=utf-8", "Cache-Control": "no-store"}
    )
    response.force_close()
    task = asyncio.current_task()
    assert task is not None
    try:
        with feed.streams.opened("sse", lambda: _stop(task)):
            await response.prepare(request)
            await response.write(b"retry: %d\n\n" % RETRY_MS)
            feed.streams.ended(await _write_events(response, subscription, feed))
    except asyncio.CancelledError:
        if not feed.streams.is_ending:
            raise
        task.uncancel()
        feed.streams.ended("draining")
        await response.write(b"retry: %d\n\n" % RETRY_DRAINING_MS)
    except ConnectionError:
        feed.streams.ended("gone")
    except TimeoutError:
        feed.streams.ended("slow")
        if request.transport is not None:
            request.transport.abort()
    finally:
        subscription.close()
    return response


async def _stop(task: "asyncio.Task[object]") -> None:
    task.cancel()
    await asyncio.wait([task])


async def _write_events(
    response: web.StreamResponse, subscription: Subscription, feed: Feed
) -> str:
    """Copy events to the response; return why it ended, when by itself."""
    while True:
        try:
            async with asyncio.timeout(feed.silence_s):
                batch = await subscription.take(BATCH_MAX)
        except TimeoutError:
            batch = []
        if isinstance(batch, Gap):
            await response.write(b"event: gap\ndata: %b\n\n" % _ENCODER.encode(batch._asdict()))
            return "gap"
        async with asyncio.timeout(feed.silence_s):
            await response.write(_lines(batch) if batch else b": alive\n\n")
        feed.streams.sent("sse", len(batch))


def _lines(batch: Sequence[Numbered]) -> bytes:
    return b"".join(b"id: %d\ndata: %b\n\n" % (seq, _ENCODER.encode(event)) for seq, event in batch)
