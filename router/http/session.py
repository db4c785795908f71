"""The client's side of /v1/stream: an agent's desk, or whoever wants events and calls on a socket."""

import asyncio
import itertools
from collections.abc import AsyncIterator, Callable, Sequence
from types import TracebackType
from typing import Any, Self

import aiohttp
import msgspec

from router.http.messages import (
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
    Speech,
    Subscribe,
    Welcome,
)
from router.wire.events import Event
from router.wire.problems import Problem, problem

__all__ = ["Session", "StreamClosed"]

Refusal = Callable[[Problem], Exception]
News = Events | Heartbeat | GapMessage | ProblemMessage | None
WINDOW = 1_000
"""Events the server may be ahead of the reader: what bounds the memory of a slow one."""


class StreamClosed(ConnectionError):  # noqa: N818 - it says what happened
    """The socket was closed; `code` says by whom and why, `seq` after which event to resume."""

    def __init__(self, code: int | None, seq: int) -> None:
        super().__init__(f"The stream was closed with code {code}; resume after event {seq}.")
        self.code = code
        self.seq = seq


class Session:
    """An open stream. Made by `Client.stream`; leaving its context closes the socket."""

    def __init__(
        self, socket: aiohttp.ClientWebSocketResponse, speech: Speech, refusal: Refusal
    ) -> None:
        self._socket = socket
        self._speech = speech
        self._refusal = refusal
        self._refs = itertools.count(1)
        self._replies: dict[int, asyncio.Future[ReplyMessage]] = {}
        self._news: asyncio.Queue[News] = asyncio.Queue()
        self._listener: asyncio.Task[None] | None = None
        self._window: int | None = None
        self.tenant = ""
        self.seq = 0
        """The last event heard of; where to resume."""

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self._socket.close()
        if self._listener is not None:
            await asyncio.wait([self._listener])

    async def greet(self, client: str) -> None:
        """Say hello and wait for the welcome."""
        await self._send(Hello(client=client))
        welcome = await self._receive()
        if not isinstance(welcome, Welcome):
            raise StreamClosed(self._socket.close_code, self.seq)
        self.tenant, self.seq = welcome.tenant, welcome.last_seq
        loop = asyncio.get_running_loop()
        self._listener = loop.create_task(self._listen())

    async def subscribe(
        self,
        after: int | None = None,
        *,
        types: Sequence[str] = (),
        agents: Sequence[str] = (),
        window: int | None = WINDOW,
    ) -> None:
        """Ask for events after number `after`, None for new ones only; `events` yields them.

        The server sends no more than `window` events ahead of what was taken; None: any number.
        """
        self._window = window
        self.seq = self.seq if after is None else after
        await self._send(
            Subscribe(after=after, types=list(types), agents=list(agents), window=window)
        )

    async def events(self) -> AsyncIterator[Event]:
        """Yield the events subscribed to.

        Raises
        ------
        StreamClosed
            When the socket was closed.
        Exception
            The refusal `events_gone` after a gap, or whatever else was refused.
        """
        while True:
            news = await self._news.get()
            match news:
                case None:
                    raise StreamClosed(self._socket.close_code, self.seq)
                case GapMessage():
                    raise self._refusal(problem("events_gone", seq=news.last_seq))
                case ProblemMessage():
                    raise self._refusal(news.problem)
                case Heartbeat():
                    self.seq = max(self.seq, news.next)
                case Events():
                    for event in news.events:
                        yield event
                    self.seq = news.next
                    if self._window is not None:
                        await self._send(Ack(seq=news.next))

    async def call(
        self,
        name: str,
        id: str = "",
        body: object = None,
        *,
        sub: str = "",
    ) -> Any:
        """Make a call by its name in the route table; see `Client.call`."""
        ref = next(self._refs)
        message = CallMessage(ref=ref, name=name, id=id, sub=sub, body=self._raw(body))
        return await self._answer(ref, message)

    async def accept(self, offer: str) -> Any:
        """Accept an offer."""
        return await self._say("offer.accept", offer, None)

    async def decline(
        self, offer: str, reason: str | None = None, retry_after_s: float | None = None
    ) -> Any:
        """Decline an offer."""
        body = {"reason": reason, "retry_after_s": retry_after_s}
        return await self._say("offer.decline", offer, body)

    async def set_presence(self, agent: str, presence: str) -> Any:
        """Say whether an agent takes work."""
        return await self._say("presence.set", agent, {"presence": presence})

    async def _say(self, kind: str, id: str, body: object) -> Any:
        ref = next(self._refs)
        return await self._answer(ref, Shortcut(type=kind, ref=ref, id=id, body=self._raw(body)))

    def _raw(self, body: object) -> msgspec.Raw:
        return msgspec.Raw(self._speech.encode(body if body is not None else {}))

    async def _answer(self, ref: int, message: CallMessage | Shortcut) -> Any:
        future: asyncio.Future[ReplyMessage] = asyncio.get_running_loop().create_future()
        self._replies[ref] = future
        try:
            await self._send(message)
            reply = await future
        finally:
            self._replies.pop(ref, None)
        if reply.status >= 400:
            raise self._refusal(msgspec.convert(reply.body, Problem))
        return reply.body if reply.body is not None else {}

    async def _send(self, message: object) -> None:
        data: bytes = self._speech.encode(message)
        if self._speech.is_binary:
            await self._socket.send_bytes(data)
        else:
            await self._socket.send_str(data.decode())

    async def _receive(self) -> FromServer | None:
        frame = await self._socket.receive()
        if frame.type not in (aiohttp.WSMsgType.TEXT, aiohttp.WSMsgType.BINARY):
            return None
        message: FromServer = self._speech.decode_from_server(frame.data)
        return message

    async def _listen(self) -> None:
        while (message := await self._receive()) is not None:
            match message:
                case ReplyMessage():
                    future = (
                        self._replies.get(message.ref) if isinstance(message.ref, int) else None
                    )
                    if future is not None and not future.done():
                        future.set_result(message)
                case Heartbeat() if not self._news.empty():
                    pass  # what stands before it in the queue says as much
                case Welcome():
                    pass
                case _:
                    self._news.put_nowait(message)
        self._news.put_nowait(None)
        closed = StreamClosed(self._socket.close_code, self.seq)
        for future in self._replies.values():
            if not future.done():
                future.set_exception(closed)
