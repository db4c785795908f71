"""An engine in memory that keeps whatever is put, numbers events, and refuses a little."""

import asyncio
from collections.abc import Mapping, Sequence

import msgspec

from router.engine.gap import Gap
from router.http.engine_port import Figures, Numbered
from router.wire.calls import Call, Reply, refused
from router.wire.events import Event
from router.wire.routes import BY_NAME
from router.wire.tickets import Batch, BatchReply, BatchResult, RefusedTicket


class Resource:
    """Something that was put: what it says, and how often."""

    def __init__(self, body: object) -> None:
        self.body = body
        self.version = 1


class FakeSubscription:
    """A place in one tenant's log."""

    def __init__(self, engine: "FakeEngine", tenant: str, after: int) -> None:
        self._engine, self._tenant, self.after = engine, tenant, after
        self.is_closed = False

    async def take(self, most: int) -> Sequence[Numbered] | Gap:
        while True:
            gap = self._engine.gap(self._tenant, self.after)
            if gap is not None:
                return gap
            log = self._engine.logs.get(self._tenant, [])
            if self.after < len(log):
                batch = log[self.after : self.after + most]
                self.after = batch[-1].seq
                return [(event.seq, event) for event in batch]
            await self._engine.news()

    def close(self) -> None:
        self.is_closed = True


class FakeEngine:
    """Does puts, gets, deletes, batches and verbs on any family; each change is an event."""

    def __init__(self) -> None:
        self.resources: dict[tuple[str, str, str], Resource] = {}
        self.logs: dict[str, list[Event]] = {}
        self.oldest = 1
        self.calls: list[tuple[str, Call]] = []
        self.subscriptions: list[FakeSubscription] = []
        self.replies: dict[str, tuple[bytes, Reply]] = {}
        self.delay: asyncio.Event | None = None
        self.fault: Exception | None = None
        self.ready: tuple[bool, dict[str, str]] = (True, {"journal": "ok"})
        self.is_closed = False
        self._news = asyncio.Event()

    async def submit(self, tenant: str, call: Call) -> Reply:
        self.calls.append((tenant, call))
        if self.delay is not None:
            await self.delay.wait()
        if self.fault is not None:
            raise self.fault
        if call.idempotency_key is None:
            return self._do(tenant, call)
        if call.idempotency_key in self.replies:
            fingerprint, reply = self.replies[call.idempotency_key]
            if fingerprint != call.fingerprint:
                return refused("idempotency_mismatch")
            return msgspec.structs.replace(reply, replayed=True)
        reply = self._do(tenant, call)
        self.replies[call.idempotency_key] = call.fingerprint, reply
        return reply

    def _do(self, tenant: str, call: Call) -> Reply:
        family, _, verb = call.name.partition(".")
        if isinstance(call.body, Batch):
            return Reply(
                200, BatchReply(results=[self._item(tenant, each) for each in call.body.items])
            )
        if verb == "put":
            return self._put(tenant, family, call)
        if not call.id:
            return Reply(200, {"name": call.name, "query": dict(call.query)})
        found = self.resources.get((tenant, family, call.id))
        if found is None:
            return refused("unknown_resource", f"There is no {call.id}.")
        if call.if_match not in (None, found.version):
            return refused("etag_mismatch", current_version=found.version)
        if BY_NAME[call.name].is_query:
            return Reply(200, self._shown(call.id, found), version=found.version)
        if verb == "delete":
            del self.resources[tenant, family, call.id]
            self.emit(tenant, f"{family}.removed")
            return Reply(204)
        found.version += 1
        self.emit(tenant, f"{family}.{verb}", agent=call.id if family == "agents" else "")
        if not BY_NAME[call.name].reply:
            return Reply(204)
        return Reply(200, self._shown(call.id, found), version=found.version)

    def _item(self, tenant: str, item: object) -> BatchResult:
        if isinstance(item, RefusedTicket):
            return BatchResult(id=item.id, status=item.problem.status, problem=item.problem)
        reply = self._put(tenant, "tickets", Call("tickets.put", id=item.id, body=item))
        return BatchResult(id=item.id, status=reply.status, version=reply.version or 0)

    def _put(self, tenant: str, family: str, call: Call) -> Reply:
        key = (tenant, family, call.id)
        found = self.resources.get(key)
        if found is not None and call.if_none_match:
            return refused("already_exists")
        if call.if_match is not None and (found is None or found.version != call.if_match):
            return refused("etag_mismatch", current_version=found.version if found else None)
        is_new = found is None
        if found is None:
            found = self.resources[key] = Resource(call.body)
        else:
            found.body, found.version = call.body, found.version + 1
        self.emit(tenant, f"{family}.put", ticket=call.id if family == "tickets" else "")
        location = f"/v1/{family}/{call.id}" if is_new else None
        body = self._shown(call.id, found) | {"seq": len(self.logs[tenant])}
        return Reply(201 if is_new else 200, body, version=found.version, location=location)

    def _shown(self, name: str, found: Resource) -> dict[str, object]:
        return {"id": name, "version": found.version, "body": found.body}

    def emit(self, tenant: str, kind: str, ticket: str = "", agent: str = "") -> None:
        """Add an event to a tenant's log."""
        log = self.logs.setdefault(tenant, [])
        at = "2026-11-23T09:00:00.000000Z"
        event = Event(seq=len(log) + 1, type=kind, at=at, data={})
        if ticket:
            event.ticket = ticket
        if agent:
            event.agent = agent
        log.append(event)
        self._news.set()

    async def news(self) -> None:
        """Wait for an event."""
        self._news.clear()
        await self._news.wait()

    def gap(self, tenant: str, after: int) -> Gap | None:
        """Return what is missing after a number, if anything is."""
        last = self.last_seq(tenant)
        return Gap(self.oldest, last) if after + 1 < self.oldest else None

    async def events_page(
        self, tenant: str, after: int, limit: int
    ) -> tuple[Sequence[Event], int] | Gap:
        gap = self.gap(tenant, after)
        if gap is not None:
            return gap
        found = self.logs.get(tenant, [])[after : after + limit]
        return found, found[-1].seq if found else after

    def subscribe(self, tenant: str, after: int) -> FakeSubscription | Gap:
        gap = self.gap(tenant, after)
        if gap is not None:
            return gap
        self.subscriptions.append(FakeSubscription(self, tenant, after))
        return self.subscriptions[-1]

    def last_seq(self, tenant: str) -> int:
        return len(self.logs.get(tenant, []))

    def is_ready(self) -> tuple[bool, Mapping[str, str]]:
        return self.ready

    def statistics(self) -> Figures:
        waiting = {("default", f"q{n}"): float(n) for n in range(5)}
        return {"cordboard_inbox": 3.0, "cordboard_waiting": waiting}

    async def close(self) -> None:
        self.is_closed = True
