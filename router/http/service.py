"""One request from its parts to its reply: pass the gate, decode, submit. HTTP and sockets share it."""

import asyncio
from collections.abc import Mapping

import structlog

from router.clock import Clock
from router.http.engine_port import EnginePort
from router.http.events import page
from router.http.gate import Gate, Pass
from router.http.streams import Streams
from router.keys import KeyRing
from router.metrics import Metrics
from router.settings import Settings
from router.wire.calls import Call, Reply
from router.wire.intake import Target, read_call
from router.wire.problems import Problem, problem
from router.wire.route import Route
from router.wire.tickets import Batch

__all__ = ["Service"]

LOG = structlog.get_logger("cordboard.http")


class Service:
    """Everything that outlives a request: the engine, who may pass, what is open, what is counted."""

    def __init__(
        self, engine: EnginePort, settings: Settings, clock: Clock, metrics: Metrics
    ) -> None:
        self.engine = engine
        self.settings = settings
        self.clock = clock
        self.metrics = metrics
        self.gate = Gate(KeyRing(settings.auth.keys), settings.server, clock)
        self.streams = Streams(settings.server.stream_clients_max, metrics)
        self.in_flight = 0
        self.is_draining = False
        self.lag_s = 0.0
        self._faults = 0
        self._idle = asyncio.Event()
        self._limit_ns = round(settings.server.request_timeout_s * 1e9)
        self._due_ns: dict[asyncio.Task[object], int] = {}
        self._overdue: set[asyncio.Task[object]] = set()

    def closed(self) -> Problem | None:
        """Return why no request is taken now, or None when requests are."""
        if self.is_draining:
            return problem("not_ready", "The server is stopping.", retry_after_s=1)
        most = self.settings.server.requests_in_flight_max
        if self.in_flight >= most:
            detail = f"{most:,} requests wait for their answers already."
            return problem("overloaded", detail, retry_after_s=1)
        return None

    async def perform(
        self, route: Route, target: Target, headers: Mapping[str, str], data: bytes, caller: Pass
    ) -> Reply:
        """Do what a message on a socket asks for, under the same rules as a request."""
        refusal = self.closed() or self.gate.refuses(caller.credential, route)
        if refusal is None:
            charged = self.gate.charge(caller.credential, route.weight)
            refusal = charged if isinstance(charged, Problem) else None
        if refusal is not None:
            return _refused(refusal)
        call = read_call(route, target, headers, data)
        if isinstance(call, Problem):
            return _refused(call)
        self.in_flight += 1
        try:
            return await self.submit(route, call, caller)
        except Exception as error:
            return _refused(self.mistake(route, error))
        finally:
            self.leave()

    async def submit(self, route: Route, call: Call, caller: Pass) -> Reply:
        """Hand a call to the engine and wait for it, no longer than allowed."""
        if route.weight_per_item and isinstance(call.body, Batch):
            weight = route.weight_per_item * len(call.body.items)
            charged = self.gate.charge(caller.credential, weight)
            if isinstance(charged, Problem):
                return _refused(charged)
        task = asyncio.current_task()
        assert task is not None
        # A timer of its own for each request would take 5 us; `sweep` looks at all of them.
        self._due_ns[task] = self.clock.monotonic_ns() + self._limit_ns
        try:
            if route.name == "events.list":
                return await self._page(call, caller)
            return await self.engine.submit(caller.tenant, call)
        except asyncio.CancelledError:
            if task not in self._overdue:
                raise
            self._overdue.discard(task)
            task.uncancel()
            return self._too_late()
        finally:
            del self._due_ns[task]

    def sweep(self) -> None:
        """Give up on requests that have waited for too long; called every now and then."""
        now_ns = self.clock.monotonic_ns()
        for task, due_ns in self._due_ns.items():
            if due_ns > now_ns:
                break  # they stand in the order in which they came
            if task not in self._overdue:
                self._overdue.add(task)
                task.cancel()

    def _too_late(self) -> Reply:
        limit_s = self.settings.server.request_timeout_s
        detail = f"No answer within {limit_s:g} s. It may still be done: repeat it unchanged."
        return _refused(problem("overloaded", detail, retry_after_s=1))

    async def _page(self, call: Call, caller: Pass) -> Reply:
        after, limit = call.query["after"], call.query["limit"]
        assert isinstance(after, int)
        assert isinstance(limit, int)
        found = await page(self.engine, caller.tenant, after, limit)
        return _refused(found) if isinstance(found, Problem) else found

    def mistake(self, route: Route, error: BaseException) -> Problem:
        """Log a mistake of ours and return the problem that names its line in the log."""
        self._faults += 1
        instance = f"urn:cordboard:fault:{self.clock.now_us()}-{self._faults}"
        LOG.error("request_failed", route=route.name, instance=instance, exc_info=error)
        return problem("internal", instance=instance)

    def leave(self) -> None:
        """Note that a request has its answer."""
        self.in_flight -= 1
        if self.in_flight == 0 and self.is_draining:
            self._idle.set()

    async def drained(self) -> None:
        """Take no further requests and wait until those under way have their answers."""
        self.is_draining = True
        if self.in_flight:
            await self._idle.wait()


def _refused(reason: Problem) -> Reply:
    return Reply(reason.status, reason, retry_after_s=reason.retry_after_s)
