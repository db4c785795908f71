"""A whole server to attack: the real engine on SQLite journals, two tenants, and a clock that can be moved."""

import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, nullcontext
from pathlib import Path
from typing import Any, NamedTuple

import msgspec
import pytest

from router.client import Client
from router.engine.engine import Engine, EngineSettings
from router.http.serve import Server
from router.settings import AuthSettings, ServerSettings, Settings
from tests.router.http.running import Raw, ask, key_of

ACME, ACME_KEPT = key_of("acme", "acme")
ZOO, ZOO_KEPT = key_of("zoo", "zoo")
LATE, LATE_KEPT = key_of("late", "acme", revoked=True)
STRANGER, _ = key_of("stranger", "acme")
TENANTS = {"acme": ACME, "zoo": ZOO}
START_US = 1_795_424_400_000_000  # Monday 2026-11-23, 09:00 in UTC
CHAT = {"queue": "support", "channel": "chat"}


class Movable:
    """A clock that stands still until it is moved, forwards or back; its stopwatch runs."""

    speed = 1.0

    def __init__(self, us: int = START_US) -> None:
        self.us = us

    def now_us(self) -> int:
        """Return the time it was moved to."""
        return self.us

    def monotonic_ns(self) -> int:
        """Return nanoseconds that never go back."""
        return time.monotonic_ns()


class Standing(NamedTuple):
    """A server with its engine and clock."""

    server: Server
    engine: Engine
    clock: Movable

    async def ask(self, method: str, path: str, body: object = b"", **more: Any) -> Raw:
        """Make one request as ``acme`` unless told otherwise; what is no bytes goes as JSON."""
        raw = body if isinstance(body, bytes) else msgspec.json.encode(body)
        return await ask(self.server, method, path, raw, **{"key": ACME, **more})

    async def read(self, path: str, key: str = ACME) -> Any:
        """Read something that is there."""
        found = await self.ask("GET", path, key=key)
        assert found.status == 200, found
        return msgspec.json.decode(found.body)

    def traces(self) -> tuple[int, ...]:
        """Return how far each tenant's events have come: what was refused must leave none."""
        return tuple(self.engine.last_seq(tenant) for tenant in TENANTS)


@asynccontextmanager
async def standing(
    folder: Path,
    clock: Movable | None = None,
    ends_with: type[Exception] | None = None,
    **server: Any,
) -> AsyncIterator[Standing]:
    """Serve both tenants from the journals in a folder; an empty one gets a floor of one agent each.

    ``ends_with`` is what stopping must raise, when a journal is to have failed.
    """
    clock = clock or Movable()
    is_new = not (folder / "acme.sqlite").exists()
    settings = EngineSettings(lambda tenant: f"sqlite:{folder}/{tenant}.sqlite", tuple(TENANTS))
    engine = await Engine.open(settings, clock)
    found = Server(
        engine,
        Settings(
            server=ServerSettings(**{"port": 0, "drain_s": 2.0, **server}),
            auth=AuthSettings((ACME_KEPT, ZOO_KEPT, LATE_KEPT)),
        ),
        clock,
    )
    await found.start()
    try:
        if is_new:
            for key in TENANTS.values():
                await furnish(found.url, key)
        yield Standing(found, engine, clock)
    finally:
        with pytest.raises(ends_with) if ends_with else nullcontext():
            await found.stop()


async def furnish(url: str, key: str | None) -> None:
    """Make a queue, a skill and an agent who is there."""
    async with Client(url, key) as client:
        await client.call("queues.put", "support", {})
        await client.call("skills.put", "billing", {})
        await client.call("agents.put", "ana", {"skills": {"billing": 4}, "languages": {"en": 5}})
        await client.call("agents.presence", "ana", {"presence": "available"})


def told(found: Raw) -> dict[str, Any]:
    """Return the problem that came back."""
    assert found.code
    problem: dict[str, Any] = msgspec.json.decode(found.body)
    return problem
