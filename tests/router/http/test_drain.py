"""Stopping: not ready first, then what was begun is finished, then the engine, then the sockets."""

import asyncio
import signal

import aiohttp
import pytest

from router.http.serve import serve
from router.settings import ServerSettings, Settings
from tests.router.http.fake_engine import FakeEngine
from tests.router.http.running import QUICK, request, running, until, wired


async def test_a_request_under_way_gets_its_answer() -> None:
    """While it waits /readyz says no and new requests are refused; then the engine is closed."""
    async with running(keepalive_s=5.0) as at:
        at.engine.delay = asyncio.Event()
        async with wired(at.server) as busy, wired(at.server) as idle, wired(at.server) as late:
            await busy.send(request("PUT", "/v1/groups/g", b"{}"))
            await until(lambda: at.engine.calls)
            await late.send(request("GET", "/livez"))
            await late.receive()
            stopping = asyncio.ensure_future(at.server.stop())
            await until(lambda: at.server.service.is_draining)
            await idle.send(request("GET", "/readyz"))
            found = await idle.receive()
            assert (found.code, found.status) == ("not_ready", 503)
            assert b"stopping" in found.body
            await late.send(request("GET", "/v1/groups/g"))
            refused = await late.receive()
            assert (refused.code, refused.headers["connection"]) == ("not_ready", "close")
            assert not at.engine.is_closed
            at.engine.delay.set()
            assert (await busy.receive()).status == 201
            await stopping
            assert at.engine.is_closed
            assert await busy.is_closed()


async def test_what_hangs_does_not_stop_the_stop() -> None:
    """After drain_s the server stops anyway."""
    async with running(drain_s=0.1) as at, wired(at.server) as stuck:
        at.engine.delay = asyncio.Event()
        await stuck.send(request("GET", "/v1/groups/g"))
        await until(lambda: at.engine.calls)
        stopping = asyncio.ensure_future(at.server.stop())
        await until(lambda: at.engine.is_closed)
        at.engine.delay.set()
        await stopping


async def test_streams_end_kindly() -> None:
    """Server-sent events end with a retry, WebSockets with 1012 and where to resume."""
    async with running() as at:
        at.engine.emit("default", "ticket.added")
        async with wired(at.server) as sse, at.client.stream() as desk:
            await sse.send(request("GET", "/v1/events", accept="text/event-stream"))
            await sse.reader.readuntil(b"id: 1\n")
            await desk.subscribe(after=0)
            assert (await anext(desk.events())).seq == 1
            await at.server.stop()
            rest = await sse.reader.read()
            assert b"retry: 3000\n\n" in rest
            assert desk._socket.close_code == 1012


async def test_nobody_connects_afterwards() -> None:
    """The port is free again."""
    async with running() as at:
        url = at.server.url
        await at.server.stop()
        async with aiohttp.ClientSession() as http:
            with pytest.raises(aiohttp.ClientConnectorError):
                await http.get(f"{url}/livez")


async def test_idle_connections_do_not_delay_it() -> None:
    """Keep-alive connections are simply closed."""
    async with running(keepalive_s=30.0) as at, wired(at.server) as idle:
        await idle.send(request("GET", "/livez"))
        await idle.receive()
        loop = asyncio.get_running_loop()
        began_s = loop.time()
        await at.server.stop()
        assert loop.time() - began_s < 1.0
        assert await idle.is_closed()


async def test_a_port_that_is_taken_is_said_and_the_engine_is_closed() -> None:
    """Starting on a port in use fails at once and leaves nothing open."""
    async with running() as at:
        settings = Settings(server=ServerSettings(port=at.server.port))
        engine = FakeEngine()
        with pytest.raises(OSError, match="in use"):
            await serve(engine, settings)
        assert engine.is_closed


async def test_a_signal_begins_the_drain() -> None:
    """SIGTERM is what a supervisor sends; serving ends by itself after it."""
    engine = FakeEngine()
    urls: list[str] = []
    task = asyncio.ensure_future(
        serve(engine, Settings(server=ServerSettings(**QUICK)), announce=urls.append)
    )
    await until(lambda: urls)
    signal.raise_signal(signal.SIGTERM)
    await task
    assert engine.is_closed
