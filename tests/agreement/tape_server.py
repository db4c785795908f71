"""A server in a process of its own whose clock goes to the instant of the next call of a tape when that call comes."""

import asyncio
import os
import signal
from pathlib import Path
from typing import NamedTuple

from router.core.machine import Machine
from router.core.state import Sizes
from router.desk.registry import bootstrap
from router.engine.engine import Engine, EngineSettings
from router.http.serve import Server
from router.journal import encode
from router.settings import ServerSettings, Settings
from router.shard import ComeAgain, Shard
from router.stores import store_at
from router.stores.frames import Frame
from router.wire.calls import Call, Reply
from simulator.kernel.running import Prepared
from simulator.worlds.floor import calls, ticket_body
from tests.agreement.taped import Request
from tests.forking import forked


class TapeClock:
    """A clock that stands still until it is set."""

    speed = 1e-9  # no alarm of the line's ever rings: the core's timers fire when the tape's time has come

    def __init__(self, now_us: int) -> None:
        self.at_us = now_us

    def now_us(self) -> int:
        """Return the instant it was set to."""
        return self.at_us

    def monotonic_ns(self) -> int:
        """Return a stopwatch that stands still."""
        return 0


class TapedEngine:
    """An engine that sets the clock to a call's instant before the call is done; all else is the engine's."""

    def __init__(self, engine: Engine, clock: TapeClock, instants: list[int]) -> None:
        self._engine, self._clock = engine, clock
        self._instants = iter(instants)

    def __getattr__(self, name: str) -> object:
        return getattr(self._engine, name)

    async def submit(self, tenant: str, call: Call) -> Reply:
        """Do a call of the tape at its instant; a question is none of the tape's."""
        if call.name != "events.list":
            self._clock.at_us = next(self._instants)
        return await self._engine.submit(tenant, call)


def write_floor(path: Path, stage: Prepared) -> None:
    """Write a journal in which the world's floor was put, and every combination of requirements seen."""
    world, at_us = stage.compiled.world, stage.compiled.span.opens_us
    agents = sum(team.count for team in world.agents.values())
    shard = Shard(Machine(Sizes(agents=-(-agents // 64) * 64)))
    store = store_at(f"sqlite:{path}")
    tail = store.open()
    number = tail.number

    def settle() -> None:
        nonlocal number
        sealed, replies = shard.settle(at_us)
        assert all(reply.problem is None for reply in replies), replies
        number += 1
        frame = Frame(number, sealed.batch.first_seq, sealed.batch.count, at_us, encode(sealed))
        store.append([frame], expected=number - 1)

    bootstrap(shard, at_us, stage.policy)
    settle()
    for call in calls(world):
        assert not isinstance(shard.admit(call, at_us), ComeAgain | Reply)
        settle()
    for kind in world.tickets:
        assert isinstance(shard.profiles.find(ticket_body(world, kind), at_us), int)
    settle()
    store.close()


class Life(NamedTuple):
    """A running server."""

    pid: int
    port: int

    def end(self) -> None:
        """End it."""
        os.kill(self.pid, signal.SIGKILL)
        os.waitpid(self.pid, 0)


def begin(path: Path, stage: Prepared, tape: list[Request]) -> Life:
    """Fork a server on a fresh journal with the world's floor, and return once it listens."""
    write_floor(path, stage)
    reading, writing = os.pipe()
    pid = forked(lambda: _serve(path, stage, tape, writing))
    os.close(writing)
    with os.fdopen(reading) as pipe:
        port = pipe.readline().strip()
    assert port, "the server did not start"
    return Life(pid, int(port))


async def _serve(path: Path, stage: Prepared, tape: list[Request], writing: int) -> None:
    clock = TapeClock(stage.compiled.span.opens_us)
    settings = EngineSettings(
        lambda tenant: f"sqlite:{path}", policy=stage.policy, snapshot_every=10**9
    )
    engine = TapedEngine(await Engine.open(settings, clock), clock, [each.at_us for each in tape])
    server = Server(engine, Settings(server=ServerSettings(port=0)))
    await server.start()
    os.write(writing, f"{server.port}\n".encode())
    os.close(writing)
    await asyncio.Event().wait()


AHEAD = 64
"""Requests written before the first of them is answered: HTTP pipelining, which the server does in order."""


async def play(port: int, tape: list[Request]) -> list[tuple[Request, bytes]]:
    """Say a tape in order on one connection; return what was refused, and how."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port, limit=2**20)
    refused: list[tuple[Request, bytes]] = []
    for start in range(0, len(tape), AHEAD):
        some = tape[start : start + AHEAD]
        writer.write(b"".join(map(written, some)))
        await writer.drain()
        for each in some:
            status, body = await _answer(reader)
            if status >= 400:
                refused.append((each, body))
    writer.close()
    return refused


def written(request: Request) -> bytes:
    """Return a request's bytes."""
    return (
        b"%s %s HTTP/1.1\r\nHost: 127.0.0.1\r\nAccept: application/msgpack\r\nContent-Type: application/json\r\n"
        b"Content-Length: %d\r\n\r\n%s"
    ) % (request.method.encode(), request.path.encode(), len(request.body), request.body)


async def _answer(reader: asyncio.StreamReader) -> tuple[int, bytes]:
    """Read one answer: its status and its body."""
    head = await reader.readuntil(b"\r\n\r\n")
    lower, body = head.lower(), b""
    at = lower.find(b"content-length: ")
    if at >= 0:
        body = await reader.readexactly(int(head[at + 16 : head.index(b"\r\n", at)]))
    return int(head[9:12]), body
