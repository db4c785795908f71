"""A server on a real socket with a fake engine behind it, and raw sockets to be rude with."""

import asyncio
import dataclasses
import hashlib
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager, suppress
from typing import Any, NamedTuple

import msgspec

from router.client import Client
from router.http.serve import Server
from router.keys import SCOPES, Credential, mint
from router.settings import AuthSettings, ServerSettings, Settings
from tests.router.http.fake_engine import FakeEngine

TICKET = {"queue": "support", "channel": "chat"}
QUICK: dict[str, Any] = {
    "port": 0,
    "body_timeout_s": 0.5,
    "keepalive_s": 0.5,
    "drain_s": 2.0,
    "stream_heartbeat_s": 0.2,
    "request_timeout_s": 2.0,
}


def key_of(
    name: str, tenant: str = "default", scopes: object = ("admin",), **more: Any
) -> tuple[str, Credential]:
    """Return a key, the same for the same name, and what is kept of it."""
    key, kept = mint(name, hashlib.sha256(name.encode()).digest()[:20])
    scopes = frozenset(scopes)
    return key, dataclasses.replace(kept, tenant=tenant, scopes=scopes, **more)


ADMIN, ADMIN_KEPT = key_of("admin")


class Running(NamedTuple):
    """The server, its engine and a client with the key of an admin of the tenant `default`."""

    server: Server
    engine: FakeEngine
    client: Client

    def other(self, key: str | None, msgpack: bool = False) -> Client:
        """Return a client with another key; the caller closes it."""
        return Client(self.server.url, key, msgpack=msgpack, attempts_max=1)


@asynccontextmanager
async def running(*kept: Credential, msgpack: bool = True, **server: Any) -> AsyncIterator[Running]:
    """Start a server with an admin's key and others; settings are quick ones, then `server`."""
    settings = Settings(
        server=ServerSettings(**{**QUICK, **server}), auth=AuthSettings((ADMIN_KEPT, *kept))
    )
    async with serving(settings, msgpack) as found:
        yield found


@asynccontextmanager
async def serving(settings: Settings, msgpack: bool = True) -> AsyncIterator[Running]:
    """Start a server with these settings, and stop it if the test has not."""
    engine = FakeEngine()
    server = Server(engine, settings)
    await server.start()
    try:
        async with Client(server.url, ADMIN, msgpack=msgpack, attempts_max=1) as client:
            yield Running(server, engine, client)
    finally:
        if not engine.is_closed:
            await server.stop()


class Raw(NamedTuple):
    """What came back over a raw socket."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def code(self) -> str:
        """The code of the problem it is; checks that it is one in full."""
        assert self.headers["content-type"] == "application/problem+json", self
        problem = msgspec.json.decode(self.body)
        assert problem["status"] == self.status
        assert problem["type"] == f"urn:cordboard:problem:{problem['code']}"
        return str(problem["code"])


class Wire:
    """A raw connection."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader, self.writer = reader, writer

    async def send(self, data: bytes) -> None:
        self.writer.write(data)
        await self.writer.drain()

    async def receive(self) -> Raw:
        """Read one response; raises IncompleteReadError when the server closed instead."""
        async with asyncio.timeout(5):
            head = (await self.reader.readuntil(b"\r\n\r\n")).decode()
            first, *lines = head.strip().split("\r\n")
            pairs = (line.split(": ", 1) for line in lines)
            headers = {name.lower(): value for name, value in pairs}
            body = await self.reader.readexactly(int(headers.get("content-length", "0")))
        return Raw(int(first.split()[1]), headers, body)

    async def is_closed(self) -> bool:
        """Wait until the server has closed; True if it sent nothing more."""
        async with asyncio.timeout(5):
            try:
                return await self.reader.read() == b""
            except ConnectionResetError:
                return True


@asynccontextmanager
async def wired(server: Server) -> AsyncIterator[Wire]:
    """Open a raw connection."""
    reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
    try:
        yield Wire(reader, writer)
    finally:
        writer.close()
        with suppress(ConnectionError):
            await writer.wait_closed()


def request(
    method: str, path: str, body: bytes = b"", *, key: str | None = ADMIN, **headers: str
) -> bytes:
    """Write a request; names of headers have _ for -."""
    lines = [f"{method} {path} HTTP/1.1", "Host: 127.0.0.1"]
    lines += [f"Authorization: Bearer {key}"] if key else []
    if body and "content_type" not in headers:
        lines.append("Content-Type: application/json")
    if (body or method in ("PUT", "POST", "PATCH")) and "transfer_encoding" not in headers:
        headers.setdefault("content_length", str(len(body)))
    lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


async def ask(server: Server, *args: Any, **more: Any) -> Raw:
    """Make one request on a connection of its own."""
    async with wired(server) as wire:
        await wire.send(request(*args, **more))
        return await wire.receive()


ALL_SCOPES = tuple(SCOPES)


async def until(holds: Callable[[], object]) -> None:
    """Wait until a condition on the other side of a socket holds; the test's deadline bounds it."""
    while not holds():  # noqa: ASYNC110 - there is no event for it
        await asyncio.sleep(0.005)
