"""The way of a request: find its route, pass the gate, read, decode, submit, answer.

Everything is looked up in tables made from `ROUTES` once. aiohttp's parser, connections and
WebSockets are used, its `Application` is not: an echo took 77 us of processor time with it, 57
as a plain `web.Server` and 43 with our responses as well, all on the same busy machine.
"""

from collections.abc import Awaitable, Callable
from typing import NamedTuple

import structlog
from aiohttp import web

from router.http import health
from router.http.answer import Answer, Letterhead, answer_problem, answer_reply
from router.http.body import BodyLimits, read_body
from router.http.engine_port import Gap
from router.http.events import Feed, gone, last_event_id, listen, serve_events
from router.http.gate import Pass
from router.http.paths import Missed, Paths
from router.http.service import Service
from router.http.stream import serve_stream
from router.metrics import Meter
from router.wire.calls import Reply
from router.wire.headers import is_unchanged
from router.wire.intake import Target, read_call
from router.wire.negotiation import accepted_format, wants_event_stream
from router.wire.problems import Problem, problem
from router.wire.route import Route
from router.wire.routes import ROUTES

__all__ = ["App"]

Response = web.StreamResponse
LOG = structlog.get_logger("cordboard.http")


class Visit(NamedTuple):
    """A request that found its route."""

    request: web.BaseRequest
    route: Route
    target: Target
    accept: str | None


Special = Callable[[Visit, Pass], Awaitable[Response]]


class Endpoint(NamedTuple):
    """What serves a route: its limits, its meter, and its own way if it is not a call."""

    route: Route
    limits: BodyLimits
    meter: Meter
    special: Special | None


class App:
    """Answers requests; `handle` is what aiohttp calls."""

    def __init__(self, service: Service, letterhead: Letterhead) -> None:
        self._service = service
        self._letterhead = letterhead
        self._now_ns = service.clock.monotonic_ns
        self._nowhere = service.metrics.meter("none")
        self._logs_access = service.settings.log.access
        specials: dict[str, Special] = {
            "livez.get": self._live,
            "readyz.get": self._ready,
            "metrics.get": self._metrics,
            "openapi.get": self._openapi,
            "events.list": self._events,
            "stream.open": self._stream,
        }
        server = service.settings.server
        served = [
            route
            for route in ROUTES
            if route.name != "metrics.get" or service.settings.metrics.enabled
        ]
        self._paths = Paths(
            (
                route,
                Endpoint(
                    route,
                    BodyLimits.of(route, server),
                    service.metrics.meter(route.name),
                    specials.get(route.name),
                ),
            )
            for route in served
        )

    async def handle(self, request: web.BaseRequest) -> Response:
        """Answer one request, whatever it is."""
        began_ns = self._now_ns()
        raw = request.raw_path
        if not raw.startswith("/"):  # a proxy's absolute form
            raw = request.rel_url.raw_path_qs
        try:
            endpoint, target = self._paths.find(request.method, raw)
        except Missed as missed:
            answer = self._missed(request, missed)
            self._count(self._nowhere, answer, self._now_ns() - began_ns)
            return answer
        visit = Visit(request, endpoint.route, target, request.headers.get("Accept"))
        try:
            response = await self._visit(endpoint, visit)
        except ConnectionError:
            raise
        except Exception as error:
            response = self._refuse(visit, self._service.mistake(endpoint.route, error))
        self._count(endpoint.meter, response, self._now_ns() - began_ns)
        return response

    def _count(self, meter: Meter, response: Response, elapsed_ns: int) -> None:
        meter.observe(response.status, elapsed_ns)
        if self._logs_access:
            # The route and not the path: ids may be people's.
            elapsed_ms = round(elapsed_ns / 1e6, 3)
            LOG.info("request", route=meter.route, status=response.status, ms=elapsed_ms)

    async def _visit(self, endpoint: Endpoint, visit: Visit) -> Response:
        route, service = endpoint.route, self._service
        headers = visit.request.headers
        caller = service.gate.admit(route, headers)
        if isinstance(caller, Problem):
            return self._refuse(visit, caller)
        if visit.accept is not None and not _is_acceptable(visit):
            detail = f"Accept {visit.accept[:80]!r} leaves nothing that can be sent."
            return self._refuse(visit, problem("not_acceptable", detail))
        if endpoint.special is not None:
            return await endpoint.special(visit, caller)
        closed = service.closed()
        if closed is not None:
            return self._refuse(visit, closed)
        service.in_flight += 1
        try:
            data = await read_body(visit.request, endpoint.limits)
            if isinstance(data, Problem):
                return self._refuse(visit, data)
            call = read_call(route, visit.target, headers, data)
            if isinstance(call, Problem):
                return self._refuse(visit, call)
            reply = await service.submit(route, call, caller)
        finally:
            service.leave()
        return self._reply(visit, reply, caller)

    def _reply(self, visit: Visit, reply: Reply, caller: Pass) -> Answer:
        if reply.status >= 400:
            reason = reply.problem
            if reason is not None:
                self._service.metrics.count("cordboard_problems_total", reason.code)
        elif visit.route.is_query and reply.version is not None:
            wanted = visit.request.headers.get("If-None-Match")
            if is_unchanged(wanted, reply.version):
                reply = Reply(304, version=reply.version)
        return answer_reply(self._letterhead, reply, visit.accept, caller.headers)

    def _refuse(self, visit: Visit, reason: Problem) -> Answer:
        self._service.metrics.count("cordboard_problems_total", reason.code)
        answer = answer_problem(self._letterhead, reason, visit.accept)
        content = visit.request.content
        if not content.is_eof() or (reason.code == "not_ready" and self._service.is_draining):
            answer.force_close()
        return answer

    def _missed(self, request: web.BaseRequest, missed: Missed) -> Answer:
        allow = f"Allow: {missed.allow}\r\n" if missed.allow else ""
        if request.method == "OPTIONS" and allow:
            return Answer(self._letterhead, 204, extra=allow)
        self._service.metrics.count("cordboard_problems_total", missed.reason.code)
        accept = request.headers.get("Accept")
        answer = answer_problem(self._letterhead, missed.reason, accept, allow)
        if not request.content.is_eof():
            answer.force_close()
        return answer

    async def _live(self, visit: Visit, _caller: Pass) -> Response:
        return answer_reply(self._letterhead, health.live(), visit.accept)

    async def _ready(self, visit: Visit, _caller: Pass) -> Response:
        return answer_reply(self._letterhead, health.ready(self._service), visit.accept)

    async def _metrics(self, _visit: Visit, _caller: Pass) -> Response:
        text = await health.metrics_text(self._service)
        return Answer(self._letterhead, 200, text, health.METRICS_MEDIA)

    async def _openapi(self, visit: Visit, _caller: Pass) -> Response:
        return answer_reply(self._letterhead, Reply(200, health.document()), visit.accept)

    async def _events(self, visit: Visit, caller: Pass) -> Response:
        service = self._service
        closed = service.closed()
        if closed is not None:
            return self._refuse(visit, closed)
        call = read_call(visit.route, visit.target, visit.request.headers, b"")
        if isinstance(call, Problem):
            return self._refuse(visit, call)
        if not wants_event_stream(visit.accept) or visit.request.method == "HEAD":
            service.in_flight += 1
            try:
                reply = await service.submit(visit.route, call, caller)
            finally:
                service.leave()
            return self._reply(visit, reply, caller)
        seen = last_event_id(visit.request.headers.get("Last-Event-ID"))
        refusal = seen if isinstance(seen, Problem) else service.streams.full()
        if refusal is not None:
            return self._refuse(visit, refusal)
        after = seen if isinstance(seen, int) else call.query["after"]
        assert isinstance(after, int)
        found = listen(service.engine, caller.tenant, after)
        if isinstance(found, Gap):
            return self._refuse(visit, gone(found, after))
        feed = Feed(service.streams, service.settings.server.stream_heartbeat_s)
        return await serve_events(visit.request, found, feed)

    async def _stream(self, visit: Visit, caller: Pass) -> Response:
        refusal = self._service.closed() or self._service.streams.full()
        if refusal is None:
            found = await serve_stream(visit.request, self._service, caller)
            if not isinstance(found, Problem):
                return found
            refusal = found
        extra = "Upgrade: websocket\r\n" if refusal.code == "upgrade_required" else ""
        self._service.metrics.count("cordboard_problems_total", refusal.code)
        return answer_problem(self._letterhead, refusal, visit.accept, extra)


def _is_acceptable(visit: Visit) -> bool:
    if accepted_format(visit.accept) is not None:
        return True
    media = visit.route.media
    if visit.route.reply is None:
        return True  # nothing is sent, or only this can be
    return media is not None and wants_event_stream(visit.accept)
