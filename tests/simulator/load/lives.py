"""Servers that can be killed and followed: forked before any loop runs, each waits until it is told to begin."""

import asyncio
import os
import signal
import socket
from collections.abc import Coroutine
from pathlib import Path
from typing import Any

from router.clock import Clock
from router.engine.engine import Engine, EngineSettings
from router.http.serve import Server
from router.settings import ServerSettings, Settings
from tests.forking import forked


def free_port() -> int:
    """Return a port that nobody listens on."""
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


class Life:
    """A server in a process of its own, on a journal and a port that outlive it."""

    def __init__(self, journal: Path, port: int) -> None:
        go_reading, self._go = os.pipe()
        self._up, up_writing = os.pipe()
        self.is_alive = True

        def begun() -> Coroutine[Any, Any, None] | None:
            os.close(self._go)  # or its own end would keep the pipe open when the parent is gone
            os.close(self._up)
            return serve(journal, port, up_writing) if os.read(go_reading, 1) else None

        self.pid = forked(begun)
        os.close(go_reading)
        os.close(up_writing)

    def begin(self) -> None:
        """Let it open the journal and listen."""
        os.write(self._go, b"g")

    def wait(self) -> None:
        """Wait until it listens."""
        assert os.read(self._up, 1) == b"u", "the server did not start"

    def kill(self) -> None:
        """End it as a power cut would; once."""
        if self.is_alive:
            self.is_alive = False
            os.kill(self.pid, signal.SIGKILL)
            os.waitpid(self.pid, 0)
            os.close(self._go)
            os.close(self._up)


async def serve(journal: Path, port: int, up: int) -> None:
    """Serve until killed."""
    clock = Clock()
    engine = await Engine.open(EngineSettings(lambda _: f"sqlite:{journal}"), clock)
    server = Server(engine, Settings(server=ServerSettings(port=port)), clock)
    await server.start()
    os.write(up, b"u")
    await asyncio.Event().wait()
