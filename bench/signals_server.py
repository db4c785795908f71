"""A server whose event loop is watched: how late it wakes up while a model is changed, and otherwise.

``python -m bench.signals_server FOLDER`` serves on a free port, prints it, and writes ``lateness.json`` into
the folder when it is told to stop.
"""

import asyncio
import json
import signal
import sys
from pathlib import Path
from time import perf_counter

import uvloop

from router.clock import Clock
from router.commands.serve import tune_interpreter
from router.commands.warm import compile_all
from router.engine.engine import Engine, EngineSettings
from router.engine.signal_desk import SignalDesk
from router.http.serve import Server
from router.settings import ServerSettings, Settings
from router.wire.calls import Call, Reply

TICK_S = 0.001


class Watch:
    """Notes how late the loop wakes up, in milliseconds, apart for the times in which a model is changed."""

    def __init__(self) -> None:
        self.changing = 0
        self.quiet_ms: list[float] = []
        self.changing_ms: list[float] = []
        self.kept_ms: list[float] = []

    async def run(self) -> None:
        """Sleep for a moment again and again."""
        while True:
            due = perf_counter() + TICK_S
            changing = self.changing
            await asyncio.sleep(TICK_S)
            late_ms = (perf_counter() - due) * 1e3
            (self.changing_ms if changing or self.changing else self.quiet_ms).append(late_ms)

    def attend(self) -> None:
        """Watch every change of a model from now on: as a whole, and the part that nobody can interrupt."""
        change, follow = SignalDesk.change_model, SignalDesk.follow

        async def watched(desk: SignalDesk, call: Call) -> Reply:
            self.changing += 1
            try:
                return await change(desk, call)
            finally:
                self.changing -= 1

        def timed(desk: SignalDesk) -> None:
            begun = perf_counter()
            follow(desk)
            self.kept_ms.append((perf_counter() - begun) * 1e3)

        SignalDesk.follow = timed  # type: ignore[method-assign, assignment]
        SignalDesk.change_model = watched  # type: ignore[method-assign, assignment]
        from router.engine import signal_desk

        doing = {n: watched if f is change else f for n, f in signal_desk.DOING.items()}
        signal_desk.DOING = doing  # type: ignore[misc]


async def serve(folder: Path) -> None:
    """Serve until told to stop."""
    compile_all(lambda _: None)
    watch, clock = Watch(), Clock()
    watch.attend()
    settings = EngineSettings(lambda _: f"sqlite:{folder}/j.sqlite", models=lambda _: folder)
    engine = await Engine.open(settings, clock)
    server = Server(engine, Settings(server=ServerSettings(port=0)), clock)
    await server.start()
    stopped = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stopped.set)
    tune_interpreter()
    print(server.port, flush=True)
    async with asyncio.TaskGroup() as tasks:
        watching = tasks.create_task(watch.run())
        await stopped.wait()
        watching.cancel()
    await server.stop()
    found = {"quiet": watch.quiet_ms, "changing": watch.changing_ms, "kept": watch.kept_ms}
    (folder / "lateness.json").write_text(json.dumps(found))


if __name__ == "__main__":
    uvloop.run(serve(Path(sys.argv[1])))
