"""The WebSocket of agents' desks and connectors: events out, calls in."""

import asyncio
from collections.abc import Sequence
from typing import Any

import msgspec
from aiohttp import WSMessage, WSMsgType, web

from router.http.engine_port import Gap, Numbered, Subscription
from router.http.events import listen
from router.http.gate import Pass
from router.http.messages import (
    CLOSE_DRAINING,
    CLOSE_NO_HELLO,
    CLOSE_SLOW,
    CLOSE_WRONG_FRAME,
    SHORTCUTS,
    SPEECHES,
    Ack,
    CallMessage,
    Events,
    FromServer,
    GapMessage,
    Heartbeat,
    Hello,
    ProblemMessage,
    ReplyMessage,
    Shortcut,
    Subscribe,
    Welcome,
    speech_of,
)
from router.http.service import Service
from router.wire.calls import Reply
from router.wire.events import Event
from router.wire.intake import Target
from router.wire.problems import Problem, problem
from router.wire.route import Route
from router.wire.routes import BY_NAME

__all__ = ["serve_stream"]

BATCH_MAX = 256
CALLS_MAX = 64
"""Calls of one socket that may wait for their replies; more wait in the socket."""
HELLO_S = 10.0
CLOSE_S = 2.0
"""How long a client has to answer a close."""
UNCALLABLE = frozenset({"events.list", "stream.open"})


async def serve_stream(
    request: web.BaseRequest, service: Service, caller: Pass
) -> web.StreamResponse | Problem:
    """Speak with one client until it leaves or is let go."""
    socket = web.WebSocketResponse(
        protocols=tuple(SPEECHES),
        heartbeat=service.settings.server.stream_heartbeat_s,
        timeout=CLOSE_S,
        compress=False,
        max_msg_size=service.settings.server.max_batch_body_bytes,
    )
    if not socket.can_prepare(request).ok:
        return problem("upgrade_required")
    await socket.prepare(request)
    session = _Session(socket, service, caller)
    transport = request.transport

    async def end() -> None:
        await socket.close(code=CLOSE_DRAINING, message=session.resume)

    with service.streams.opened("websocket", end):
        try:
            await session.run()
        except ConnectionError:
            session.reason = "gone"
        finally:
            service.streams.ended("draining" if service.streams.is_ending else session.reason)
            if session.reason == "slow" and transport is not None:
                transport.abort()
    return socket


class _Session:
    """The server's side of one socket."""

    def __init__(self, socket: web.WebSocketResponse, service: Service, caller: Pass) -> None:
        self._socket = socket
        self._service = service
        self._caller = caller
        self._speech = speech_of(socket.ws_protocol)
        self._silence_s = service.settings.server.stream_heartbeat_s
        self._slots = asyncio.Semaphore(CALLS_MAX)
        self._pump: asyncio.Task[None] | None = None
        self._sent_seq = 0
        self._acked_seq = 0
        self._acked = asyncio.Event()
        self.reason = "gone"

    @property
    def resume(self) -> bytes:
        """Say, in a close frame, after which event to resume."""
        return b"resume after %d" % self._sent_seq

    async def run(self) -> None:
        """Welcome the client, then do what its messages say until the socket closes."""
        if not await self._greeted():
            await self._socket.close(code=CLOSE_NO_HELLO, message=b"expected hello")
            return
        try:
            async with asyncio.TaskGroup() as group:
                await self._listen(group)
                if self._pump is not None:
                    self._pump.cancel()
        except* ConnectionError:
            self.reason = "gone"

    async def _greeted(self) -> bool:
        try:
            async with asyncio.timeout(HELLO_S):
                frame = await self._socket.receive()
        except TimeoutError:
            return False
        if not isinstance(self._read(frame), Hello):
            return False
        server = self._service.settings.server
        self._sent_seq = self._service.engine.last_seq(self._caller.tenant)
        await self._send(
            Welcome(
                tenant=self._caller.tenant,
                last_seq=self._sent_seq,
                heartbeat_s=server.stream_heartbeat_s,
            )
        )
        return True

    def _read(self, frame: WSMessage) -> Any:
        """Decode a frame; None ends the session."""
        kind = WSMsgType.BINARY if self._speech.is_binary else WSMsgType.TEXT
        if frame.type is not kind:
            return None
        try:
            return self._speech.decode(frame.data)
        except (ValueError, RecursionError) as error:
            return problem("malformed_body", f"The message cannot be read: {error}."[:300])

    async def _listen(self, group: asyncio.TaskGroup) -> None:
        while True:
            frame = await self._socket.receive()
            message = self._read(frame)
            match message:
                case Subscribe():
                    await self._subscribe(message, group)
                case Ack():
                    self._acked_seq = max(self._acked_seq, message.seq)
                    self._acked.set()
                case CallMessage() | Shortcut():
                    await self._slots.acquire()
                    group.create_task(self._call(message))
                case Hello():
                    await self._refuse(problem("malformed_body", "Hello was said already."))
                case Problem():
                    await self._refuse(message)
                case _:
                    if frame.type in (WSMsgType.TEXT, WSMsgType.BINARY):
                        await self._socket.close(code=CLOSE_WRONG_FRAME, message=b"wrong frame")
                    return

    async def _refuse(self, reason: Problem) -> None:
        """Tell of a message that was not understood; it costs as much as a call."""
        charged = self._service.gate.charge(self._caller.credential, 1)
        await self._send(
            ProblemMessage(problem=charged if isinstance(charged, Problem) else reason)
        )

    async def _call(self, message: CallMessage | Shortcut) -> None:
        try:
            reply = await self._reply(message)
        finally:
            self._slots.release()
        body = reply.body
        told = ReplyMessage(
            ref=message.ref,
            status=reply.status,
            body=body,
            version=reply.version,
            replayed=reply.replayed,
        )
        await self._send(told)

    async def _reply(self, message: CallMessage | Shortcut) -> Reply:
        if isinstance(message, Shortcut):
            message = CallMessage(
                ref=message.ref, name=SHORTCUTS[message.type], id=message.id, body=message.body
            )
        route = BY_NAME.get(message.name)
        if route is None or not route.is_versioned or message.name in UNCALLABLE:
            reason = problem("unknown_route", f"There is no call {message.name!r} here.")
            return Reply(reason.status, reason)
        headers = self._headers(message)
        target = Target(message.id, message.sub, tuple(message.query.items()))
        return await self._service.perform(
            route, target, headers, bytes(message.body), self._caller
        )

    def _headers(self, message: CallMessage) -> dict[str, str]:
        headers = {"Content-Type": self._speech.media}
        if message.if_match is not None:
            headers["If-Match"] = f'"{message.if_match}"'
        if message.idempotency_key is not None:
            headers["Idempotency-Key"] = message.idempotency_key
        return headers

    async def _subscribe(self, wanted: Subscribe, group: asyncio.TaskGroup) -> None:
        if self._pump is not None:
            self._pump.cancel()
            await asyncio.wait([self._pump])
            self._pump = None
        engine, tenant = self._service.engine, self._caller.tenant
        after = engine.last_seq(tenant) if wanted.after is None else wanted.after
        found = listen(engine, tenant, after)
        if isinstance(found, Gap):
            await self._send(GapMessage(oldest_seq=found.oldest_seq, last_seq=found.last_seq))
            return
        self._sent_seq = self._acked_seq = after
        self._pump = group.create_task(self._send_events(found, wanted))

    async def _send_events(self, subscription: Subscription, wanted: Subscribe) -> None:
        try:
            while True:
                await self._room(wanted.window)
                batch = await self._take(subscription, wanted.window)
                if isinstance(batch, Gap):
                    self.reason = "gap"
                    await self._send(GapMessage(oldest_seq=batch[0], last_seq=batch[1]))
                    return
                events = [event for _, event in batch if _wants(wanted, event)]
                if batch:
                    self._sent_seq = batch[-1][0]
                if events:
                    await self._send(Events(events=events, next=self._sent_seq))
                    self._service.streams.sent("websocket", len(events))
                elif not batch:
                    await self._send(Heartbeat(next=self._sent_seq))
                if wanted.window is not None and not events:
                    self._acked_seq = max(self._acked_seq, self._sent_seq)
        finally:
            subscription.close()

    async def _room(self, window: int | None) -> None:
        """Wait until the client has acknowledged enough; it hears heartbeats meanwhile."""
        while window is not None and self._sent_seq - self._acked_seq >= window:
            self._acked.clear()
            try:
                async with asyncio.timeout(self._silence_s):
                    await self._acked.wait()
            except TimeoutError:
                await self._send(Heartbeat(next=self._sent_seq))

    async def _take(
        self, subscription: Subscription, window: int | None
    ) -> Sequence[Numbered] | Gap:
        most = BATCH_MAX
        if window is not None:
            most = min(most, window - (self._sent_seq - self._acked_seq))
        try:
            async with asyncio.timeout(self._silence_s):
                return await subscription.take(most)
        except TimeoutError:
            return ()

    async def _send(self, message: FromServer) -> None:
        """Send a message, or let a client go that has not read for long."""
        data = self._speech.encode(message)
        try:
            # Sooner than aiohttp gives up on a pong, which would close without a word.
            async with asyncio.timeout(self._silence_s / 2):
                if self._speech.is_binary:
                    await self._socket.send_bytes(data)
                else:
                    await self._socket.send_str(data.decode())
        except TimeoutError:
            self.reason = "slow"
            await self._let_go()

    async def _let_go(self) -> None:
        # The close frame stands behind what was not read, so the connection may have to be cut.
        try:
            async with asyncio.timeout(CLOSE_S):
                await self._socket.close(code=CLOSE_SLOW, message=self.resume)
        except TimeoutError:
            pass
        raise ConnectionResetError("The client does not read.")


def _wants(wanted: Subscribe, event: Event) -> bool:
    if wanted.agents and (event.agent is msgspec.UNSET or event.agent not in wanted.agents):
        return False
    types = wanted.types
    return not types or event.type in types or event.type.partition(".")[0] in types


def callable_routes() -> list[Route]:
    """Return the routes that can be called over the socket."""
    return [
        route for name, route in BY_NAME.items() if route.is_versioned and name not in UNCALLABLE
    ]
