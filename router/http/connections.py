"""Connections: how many there may be, and what a request is told that no one can read.

aiohttp parses, keeps alive and closes; what it answers by itself is put into our words here.
"""

import asyncio
from collections import Counter
from typing import Any, cast

import structlog
from aiohttp import web
from aiohttp.http_exceptions import LineTooLong

from router.http.answer import Letterhead, answer_problem
from router.metrics import Metrics
from router.settings import ServerSettings
from router.wire.problems import problem

__all__ = ["Doors", "Listener"]

LINGER_S = 1.0
"""How long the rest of a refused body is read, so that its sender can read why."""
LINE_BYTES_MAX = 8_190
HEADER_BYTES_MAX = 8_190
HEADERS_MAX = 64
TOLD_CHARS = 120
LOG = structlog.get_logger("cordboard.http")
SILENT: Any = None
"""No access log of aiohttp's: the app writes its own when asked to."""


class Doors:
    """Counts who is in, overall and by address."""

    def __init__(self, server: ServerSettings, metrics: Metrics) -> None:
        self._overall_max = server.connections_max
        self._per_ip_max = server.connections_per_ip_max
        self._by_ip: Counter[str] = Counter()
        self._metrics = metrics
        self.open = 0

    def enter(self, ip: str) -> bool:
        """Let a connection in, or count that it was turned away."""
        if self.open >= self._overall_max or self._by_ip[ip] >= self._per_ip_max:
            reason = "overall" if self.open >= self._overall_max else "address"
            self._metrics.count("cordboard_connections_refused_total", reason)
            if not self._by_ip[ip]:
                del self._by_ip[ip]
            return False
        self.open += 1
        self._by_ip[ip] += 1
        return True

    def leave(self, ip: str) -> None:
        """Note that a connection that was let in is gone."""
        self.open -= 1
        self._by_ip[ip] -= 1
        if not self._by_ip[ip]:
            del self._by_ip[ip]


class Connection(web.RequestHandler):
    """A connection as aiohttp has it, counted, and with problems for what it refuses itself."""

    __slots__ = ("_doors", "_ip", "_letterhead")

    def __init__(self, listener: "Listener", loop: asyncio.AbstractEventLoop) -> None:
        super().__init__(
            listener,
            loop=loop,
            keepalive_timeout=listener.keepalive_s,
            access_log=SILENT,
            max_line_size=LINE_BYTES_MAX,
            max_headers=HEADERS_MAX,
            max_field_size=HEADER_BYTES_MAX,
            lingering_time=LINGER_S,
            auto_decompress=False,
        )
        self._doors = listener.doors
        self._letterhead = listener.letterhead
        self._ip: str | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Take the connection, or say that there are too many."""
        peer = transport.get_extra_info("peername")
        ip = str(peer[0]) if peer else "local"
        if self._doors.enter(ip):
            self._ip = ip
            super().connection_made(transport)
            return
        cast("asyncio.Transport", transport).write(self._full())
        transport.close()
        self.force_close()

    def connection_lost(self, exc: BaseException | None) -> None:
        """Count it out."""
        if self._ip is not None:
            self._doors.leave(self._ip)
            self._ip = None
        super().connection_lost(exc)

    def handle_error(
        self,
        request: web.BaseRequest,
        status: int = 500,
        exc: BaseException | None = None,
        message: str | None = None,
    ) -> web.StreamResponse:
        """Answer what aiohttp could not parse, or what nobody expected, with a problem."""
        if request.writer.output_size > 0:
            raise ConnectionError("The answer has begun and cannot be taken back.")
        if status >= 500:
            LOG.error("request_failed", exc_info=exc)
            reason = problem("internal")
        else:
            told = told_of(exc, message)
            LOG.debug("request_unreadable", reason=told)
            reason = problem("malformed_request", told or None)
        answer = answer_problem(self._letterhead, reason)
        answer.force_close()
        return answer

    def _full(self) -> bytes:
        answer = answer_problem(self._letterhead, problem("too_many_connections"))
        lines = (
            "HTTP/1.1 429 Too Many Requests",
            "Content-Type: application/problem+json",
            f"Content-Length: {len(answer.body)}",
            "Retry-After: 1",
            "Connection: close",
        )
        return "\r\n".join(lines).encode() + b"\r\n\r\n" + answer.body


def told_of(exc: BaseException | None, message: str | None) -> str:
    """Return what aiohttp found wrong with a request, without what it repeats of the request."""
    if isinstance(exc, LineTooLong):
        return f"The request line or a header is longer than {LINE_BYTES_MAX} bytes."
    # The first line names the fault; what follows repeats the request.
    return (message or str(exc) or "").strip().partition("\n")[0][:TOLD_CHARS].rstrip(":")


class Listener(web.Server):
    """Makes a `Connection` of each socket that is accepted."""

    def __init__(
        self,
        handler: Any,
        doors: Doors,
        letterhead: Letterhead,
        keepalive_s: float,
    ) -> None:
        super().__init__(handler)
        self.doors = doors
        self.letterhead = letterhead
        self.keepalive_s = keepalive_s

    def __call__(self) -> web.RequestHandler:
        """Make the protocol of a new connection."""
        return Connection(self, asyncio.get_running_loop())
