"""A server that can be killed: forked with its kernels warm, on a journal that outlives it."""

import asyncio
import os
import signal
from dataclasses import dataclass
from pathlib import Path

from router.clock import Clock
from router.engine.engine import Engine, EngineSettings
from router.http.serve import Server
from router.settings import ServerSettings, Settings
from tests.forking import forked


@dataclass(frozen=True)
class Life:
    """One life of a server: its process and where it listens."""

    pid: int
    url: str

    def kill(self) -> None:
        """End it as a power cut of the process would: nothing is flushed, nothing is said."""
        os.kill(self.pid, signal.SIGKILL)
        os.waitpid(self.pid, 0)


def begin(journal: Path, models: Path | None = None) -> Life:
    """Fork a server on the journal, and maybe a folder of models, and return once it listens."""
    reading, writing = os.pipe()
    pid = forked(lambda: _serve(journal, models, writing))
    os.close(writing)
    with os.fdopen(reading) as pipe:
        url = pipe.readline().strip()
    assert url, "the server did not start"
    return Life(pid, url)


async def _serve(journal: Path, models: Path | None, writing: int) -> None:
    """Serve until killed."""
    clock = Clock()
    settings = EngineSettings(
        lambda tenant: f"sqlite:{journal}", snapshot_every=50, models=lambda tenant: models
    )
    engine = await Engine.open(settings, clock)
    server = Server(engine, Settings(server=ServerSettings(port=0)), clock)
    await server.start()
    os.write(writing, f"{server.url}\n".encode())
    os.close(writing)
    await asyncio.Event().wait()
