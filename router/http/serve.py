"""Open the socket, serve until told to stop, and stop without dropping anything."""

import asyncio
import contextlib
import signal
from collections.abc import Callable

import structlog
from aiohttp import web

from router.clock import Clock
from router.http.answer import Letterhead
from router.http.app import App
from router.http.connections import Doors, Listener
from router.http.engine_port import EnginePort
from router.http.health import OPEN_NOTE
from router.http.service import Service
from router.metrics import Metrics
from router.settings import Settings

__all__ = ["Server", "serve"]

BACKLOG = 1_024
TICK_S = 0.5
"""How often the loop's lag is measured, the Date renewed and overdue requests given up."""
CLOSE_S = 2.0
"""How long connections have, after the drain, to take their last bytes."""
LOG = structlog.get_logger("cordboard.http")


class Server:
    """An engine on a port. `start`, then `stop` once; it cannot be started again."""

    def __init__(self, engine: EnginePort, settings: Settings, clock: Clock | None = None) -> None:
        self._settings = settings
        clock = clock or Clock()
        self._metrics = Metrics(settings.metrics.queues_max)
        self.service = Service(engine, settings, clock, self._metrics)
        # Dates are real, even when the engine replays another day.
        self._letterhead = Letterhead(Clock(), settings.server.request_timeout_s)
        self._doors = Doors(settings.server, self._metrics)
        self._runner: web.ServerRunner | None = None
        self._site: web.TCPSite | None = None
        self._ticks: asyncio.TimerHandle | None = None

    @property
    def port(self) -> int:
        """The port it listens on, which the system chose when the setting is 0."""
        if self._site is None:
            raise RuntimeError("the server has not been started")
        return self._site.port

    @property
    def url(self) -> str:
        """Where it is reached, as a client's base URL."""
        host = self._settings.server.host
        host = f"[{host}]" if ":" in host else host
        return f"http://{host}:{self.port}"

    async def start(self) -> None:
        """Listen.

        Raises OSError when the address cannot be had.
        """
        server = self._settings.server
        app = App(self.service, self._letterhead)
        listener = Listener(app.handle, self._doors, self._letterhead, server.keepalive_s)
        self._runner = web.ServerRunner(listener, shutdown_timeout=CLOSE_S)
        await self._runner.setup()
        self._site = web.TCPSite(self._runner, server.host, server.port, backlog=BACKLOG)
        await self._site.start()
        self._tick(asyncio.get_running_loop().time())
        LOG.info("listening", url=self.url)
        if self.service.gate.is_open:
            LOG.warning("no_keys", note=OPEN_NOTE, host=server.host)

    async def stop(self) -> None:
        """Finish what was begun, close the engine, then the sockets.

        First /readyz says no and requests are refused, so that balancers go elsewhere; then the
        requests under way get their answers, for at most `server.drain_s`.
        """
        LOG.info("draining", requests=self.service.in_flight)
        try:
            async with asyncio.timeout(self._settings.server.drain_s):
                await self.service.drained()
        except TimeoutError:
            LOG.warning("drain_timed_out", requests=self.service.in_flight)
        try:
            await self.service.engine.close()
        finally:  # a journal that failed is told by the engine; streams end kindly all the same
            await self.service.streams.end_all()
            if self._runner is not None:
                await self._runner.cleanup()
            if self._ticks is not None:
                self._ticks.cancel()
            LOG.info("stopped")

    def _tick(self, due_s: float) -> None:
        loop = asyncio.get_running_loop()
        self.service.lag_s = max(0.0, loop.time() - due_s)
        self._metrics.put("cordboard_connections", self._doors.open)
        self._letterhead.renew()
        self.service.sweep()
        next_s = loop.time() + TICK_S
        self._ticks = loop.call_at(next_s, self._tick, next_s)


async def serve(
    engine: EnginePort,
    settings: Settings,
    clock: Clock | None = None,
    announce: Callable[[str], None] | None = None,
) -> None:
    """Serve until SIGTERM or SIGINT, then drain; `announce` is told the URL once it is up."""
    server = Server(engine, settings, clock)
    told = asyncio.Event()
    loop = asyncio.get_running_loop()
    signals = (signal.SIGTERM, signal.SIGINT)
    for each in signals:
        loop.add_signal_handler(each, told.set)
    try:
        await server.start()
        if announce is not None:
            announce(server.url)
        await told.wait()
    finally:
        with contextlib.suppress(NotImplementedError):
            for each in signals:
                loop.remove_signal_handler(each)
        await server.stop()
