"""A server of its own for a replay or a test: `cordboard serve` as a process, heard and stopped."""

import asyncio
import contextlib
import json
import os
import signal
import sys
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Final, Self, TextIO

ANNOUNCED: Final = "Cordboard serves "
"""What the line on the server's standard output begins with; the URL follows."""
SETTING_PREFIX: Final = "CORDBOARD__"
TAIL_LINES: Final = 12
STOP_S: Final = 40.0
"""Longest time a server may take to stop; it drains for at most 20 s unless told otherwise."""
DIED: Final = -1


class ServerFailedError(Exception):
    """The server did not come up; the message has the last lines it wrote."""


def settings_environment(settings: Mapping[str, str]) -> dict[str, str]:
    """Return this process's environment with these settings and no other ones, by their keys."""
    kept = {name: text for name, text in os.environ.items() if not name.startswith(SETTING_PREFIX)}
    return kept | {
        SETTING_PREFIX + key.upper().replace(".", "__"): text for key, text in settings.items()
    }


class ServedProcess:
    """A running server. Make it with `start`, end it with `stop`."""

    def __init__(self, process: asyncio.subprocess.Process, log: TextIO) -> None:
        self._process = process
        self._log = log
        self._tail: deque[str] = deque(maxlen=TAIL_LINES)
        self._pump: asyncio.Task[None] | None = None
        self.url = ""

    @classmethod
    async def start(
        cls,
        options: Sequence[str],
        settings: Mapping[str, str],
        log: Path,
        hear: Callable[[Mapping[str, object]], object] = lambda _: None,
    ) -> Self:
        """Start a server and return once it listens; `hear` gets the lines of its log until then.

        Parameters
        ----------
        options
            What follows `cordboard serve`.
        settings
            Settings by their keys, as in `{"server.port": "0"}`.
        log
            File that gets what the server writes about itself.

        Raises
        ------
        ServerFailedError
            When it ends instead.
        """
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "router",
            "serve",
            *options,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            env=settings_environment({"log.format": "json", **settings}),
            # Ctrl-C is for us: we stop the server, and a second signal would cut its drain short.
            start_new_session=True,
        )
        served = cls(process, log.open("a", encoding="utf-8"))
        served._pump = asyncio.get_running_loop().create_task(served._write_log(hear))
        try:
            served.url = await served._announced()
        except BaseException:
            await served.stop()
            raise
        return served

    async def _announced(self) -> str:
        assert self._process.stdout is not None
        async for line in self._process.stdout:
            text = line.decode(errors="replace").strip()
            if text.startswith(ANNOUNCED):
                return text.removeprefix(ANNOUNCED)
        await self._process.wait()
        if self._pump is not None:
            await self._pump
        raise ServerFailedError("The server did not start:\n" + "\n".join(self._tail))

    async def _write_log(self, hear: Callable[[Mapping[str, object]], object]) -> None:
        assert self._process.stderr is not None
        async for line in self._process.stderr:
            text = line.decode(errors="replace").rstrip("\n")
            self._tail.append(text)
            self._log.write(text + "\n")
            self._log.flush()
            if not self.url:
                with contextlib.suppress(ValueError):
                    entry = json.loads(text)
                    if isinstance(entry, dict):
                        hear(entry)

    @property
    def is_running(self) -> bool:
        """Tell whether the process has not ended."""
        return self._process.returncode is None

    async def ended(self) -> None:
        """Wait until the process ends."""
        await self._process.wait()

    async def stop(self) -> int:
        """Ask it to drain and end; return its exit code, negative when it had to be killed."""
        if self.is_running:
            # Not send_signal: that looks first whether the process has ended, and so may take its
            # exit code away from the loop, which then knows none.
            with contextlib.suppress(ProcessLookupError):
                os.kill(self._process.pid, signal.SIGTERM)
        try:
            async with asyncio.timeout(STOP_S):
                await self._process.wait()
        except TimeoutError:
            os.kill(self._process.pid, signal.SIGKILL)
            await self._process.wait()
        if self._pump is not None:
            await self._pump
        self._log.close()
        return DIED if self._process.returncode is None else self._process.returncode
