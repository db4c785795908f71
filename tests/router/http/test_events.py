"""Events as a page and as server-sent events: order, resuming, heartbeats, gaps, drain."""

import asyncio
from typing import Any

import msgspec
import pytest

from router.client import ClientProblem
from tests.router.http.running import ADMIN, Running, ask, request, running, until, wired

SSE = {"accept": "text/event-stream"}


def emit(at: Running, count: int) -> None:
    for _ in range(count):
        at.engine.emit("default", "ticket.added", ticket="t-1")


async def read_events(wire: Any, count: int) -> list[tuple[int, dict[str, Any]]]:
    """Read server-sent events, comments left out."""
    found = []
    while len(found) < count:
        block = (await wire.reader.readuntil(b"\n\n")).decode()
        lines = dict(line.split(": ", 1) for line in block.splitlines() if ": " in line)
        if "data" in lines and "id" in lines:
            found.append((int(lines["id"]), msgspec.json.decode(lines["data"])))
    return found


async def test_a_page_ends_where_the_next_begins() -> None:
    """Pages follow each other without a hole, and say where the newest event is."""
    async with running() as at:
        emit(at, 5)
        first = await at.client.call("events.list", query={"after": 0, "limit": 3})
        assert [each["seq"] for each in first["events"]] == [1, 2, 3]
        assert (first["next"], first["last_seq"]) == (3, 5)
        rest = await at.client.call("events.list", query={"after": 3})
        assert [each["seq"] for each in rest["events"]] == [4, 5]
        assert (await at.client.call("events.list", query={"after": 5}))["next"] == 5


async def test_events_no_longer_kept_are_gone() -> None:
    """410 tells where to go on, for pages and for streams."""
    async with running() as at:
        emit(at, 5)
        at.engine.oldest = 4
        for headers in ({}, SSE):
            found = await ask(at.server, "GET", "/v1/events?after=1", **headers)
            assert found.code == "events_gone"
            assert msgspec.json.decode(found.body)["seq"] == 5


async def test_a_number_from_another_journal_is_not_waited_for() -> None:
    """Whoever comes with a number beyond the newest is told, or would miss all up to it."""
    async with running() as at, at.client.stream() as desk:
        emit(at, 2)
        for headers in ({}, SSE):
            found = await ask(at.server, "GET", "/v1/events?after=3", **headers)
            assert found.code == "events_gone"
            assert b"no event 3 here yet; the newest is 2" in found.body
        await desk.subscribe(after=3)
        with pytest.raises(ClientProblem) as refusal:
            await anext(desk.events())
        assert refusal.value.problem.seq == 2


async def test_a_stream_has_the_past_then_the_present() -> None:
    """Events after the number come first, new ones as they happen, each with its number as id."""
    async with running() as at, wired(at.server) as wire:
        emit(at, 2)
        await wire.send(request("GET", "/v1/events?after=1", **SSE))
        head = (await wire.reader.readuntil(b"\r\n\r\n")).decode()
        assert "text/event-stream" in head
        assert (await read_events(wire, 1))[0][0] == 2
        emit(at, 2)
        found = await read_events(wire, 2)
        assert [seq for seq, _ in found] == [3, 4]
        assert found[0][1]["type"] == "ticket.added"


async def test_last_event_id_wins_over_after() -> None:
    """A browser that comes back goes on where it was."""
    async with running() as at, wired(at.server) as wire:
        emit(at, 5)
        await wire.send(request("GET", "/v1/events?after=0", last_event_id="4", **SSE))
        await wire.reader.readuntil(b"\r\n\r\n")
        assert (await read_events(wire, 1))[0][0] == 5
        bad = await ask(at.server, "GET", "/v1/events", last_event_id="four", **SSE)
        assert bad.code == "malformed_request"


async def test_a_silent_stream_shows_that_it_lives() -> None:
    """A comment comes when no event does."""
    async with running(stream_heartbeat_s=0.05) as at, wired(at.server) as wire:
        await wire.send(request("GET", "/v1/events", **SSE))
        await wire.reader.readuntil(b": alive\n\n")


async def test_a_gap_in_the_middle_ends_the_stream_by_name() -> None:
    """A reader that fell behind is told what it missed, and the stream ends."""
    async with running() as at, wired(at.server) as wire:
        await wire.send(request("GET", "/v1/events", **SSE))
        await wire.reader.readuntil(b"retry: 1000\n\n")
        await until(lambda: at.engine.subscriptions)
        at.engine.oldest = 9
        emit(at, 9)
        text = (await wire.reader.readuntil(b"}\n\n")).decode()
        assert "event: gap" in text
        assert '{"oldest_seq":9,"last_seq":9}' in text
        await until(lambda: at.engine.subscriptions[0].is_closed)


async def test_a_reader_that_does_not_read_is_let_go() -> None:
    """A stalled stream holds a bounded buffer, then its connection is cut and its place given up."""
    async with running(stream_heartbeat_s=0.1) as at, wired(at.server) as wire:
        await wire.send(request("GET", "/v1/events", **SSE))
        await wire.reader.readuntil(b"retry: 1000\n\n")
        wire.writer.transport.pause_reading()
        emit(at, 100_000)
        await until(lambda: at.engine.subscriptions[0].is_closed)


async def test_streams_are_limited() -> None:
    """One stream more than allowed is refused."""
    async with running(stream_clients_max=1) as at, wired(at.server) as wire:
        await wire.send(request("GET", "/v1/events", **SSE))
        await wire.reader.readuntil(b"retry: 1000\n\n")
        found = await ask(at.server, "GET", "/v1/events", **SSE)
        assert found.code == "too_many_connections"


async def test_the_client_resumes_after_every_break() -> None:
    """Connections that break after a few events leave no hole and no repeat in what is yielded."""
    async with running() as at:
        emit(at, 30)
        seen = []
        async for event in at.client.events(after=0):
            seen.append(event["seq"])
            if len(seen) % 10 == 0:
                for each in list(at.server._runner.server.connections):
                    each.transport.abort()
            if len(seen) == 30:
                emit(at, 5)
            if len(seen) == 35:
                break
        assert seen == list(range(1, 36))


async def test_the_client_says_when_events_are_gone() -> None:
    """What was missed for good is an exception, not a silent hole."""
    async with running() as at:
        emit(at, 5)
        at.engine.oldest = 5
        with pytest.raises(ClientProblem) as refusal:
            async for _ in at.client.events(after=1):
                pass
        assert refusal.value.code == "events_gone"


async def test_a_stream_needs_its_scope() -> None:
    """Without events:read there is no stream either."""
    async with running() as at:
        found = await ask(at.server, "GET", "/v1/events", key=ADMIN[:-1] + "a", **SSE)
        assert found.code == "unauthorized"


async def test_a_client_that_leaves_frees_its_place() -> None:
    """The subscription of a stream whose client is gone is closed by the next event."""
    async with running() as at:
        async with wired(at.server) as wire:
            await wire.send(request("GET", "/v1/events", **SSE))
            await wire.reader.readuntil(b"retry: 1000\n\n")
        await asyncio.sleep(0)
        emit(at, 1)
        await until(lambda: at.engine.subscriptions[0].is_closed)
