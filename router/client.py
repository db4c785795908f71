"""A small client: calls by name, events that resume by themselves, a socket for agents' desks.

async with Client("http://127.0.0.1:8080", key) as client:
ticket = await client.call("tickets.put", "t-1", {"queue": "support", "channel": "chat"})
async for event in client.events(after=ticket["seq"]):
...
"""

import asyncio
import random
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from types import TracebackType
from typing import Any, Final, Self
from urllib.parse import quote

import aiohttp
import msgspec
from yarl import URL

from router.http.messages import SPEECHES
from router.http.session import Session, StreamClosed
from router.wire.headers import etag
from router.wire.negotiation import EVENT_STREAM, JSON, MSGPACK, PROBLEM_JSON
from router.wire.problems import Problem, problem
from router.wire.route import Route
from router.wire.routes import BY_NAME

__all__ = ["Client", "ClientProblem", "Session", "StreamClosed"]

ATTEMPTS_MAX: Final = 5
WAIT_S_MAX: Final = 30.0
"""The longest wait between two attempts, whatever Retry-After says."""
FIRST_WAIT_S: Final = 0.1
CONNECTIONS_MAX: Final = 64
TIMEOUT_S: Final = 60.0
SILENCE_S: Final = 90.0
"""An event stream from which nothing came for so long is taken for broken."""
PASSING: Final = frozenset({429, 503})
"""Statuses after which nothing was done and the same request may succeed later."""
SAFE_TO_REPEAT: Final = frozenset({"GET", "PUT", "DELETE"})


class ClientProblem(Exception):  # noqa: N818 - it carries a problem, and problems it is about
    """The server refused a call."""

    def __init__(self, reason: Problem) -> None:
        super().__init__(f"{reason.status} {reason.code}: {reason.detail or reason.title}")
        self.problem = reason
        self.code = reason.code
        self.status = reason.status


class Client:
    """Talks to one server with one key, over connections it keeps.

    Parameters
    ----------
    base_url
        Where the server is, such as ``http://127.0.0.1:8080``.
    key
        The API key; None for a server without keys.
    msgpack
        Whether bodies go as MessagePack, which is smaller and faster, or as JSON.
    attempts_max
        How often a request that can be repeated is tried in all.
    connections_max
        How many connections for requests may be open; what exceeds them waits here for one.
    timeout_s
        Longest time a request may take.
    """

    def __init__(
        self,
        base_url: str,
        key: str | None = None,
        msgpack: bool = True,
        attempts_max: int = ATTEMPTS_MAX,
        connections_max: int = CONNECTIONS_MAX,
        timeout_s: float = TIMEOUT_S,
    ) -> None:
        self._base = base_url.rstrip("/")
        self._key = key
        self._media = MSGPACK if msgpack else JSON
        codec: Any = msgspec.msgpack if msgpack else msgspec.json
        self._encode = codec.Encoder().encode
        self._attempts_max = attempts_max
        self._connections_max = connections_max
        self._timeout_s = timeout_s
        self._http: aiohttp.ClientSession | None = None

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.close()

    async def close(self) -> None:
        """Close all connections."""
        if self._http is not None:
            await self._http.close()

    async def call(
        self,
        name: str,
        id: str = "",
        body: object = None,
        *,
        sub: str = "",
        **options: Any,
    ) -> Any:
        """Make the call of the route `name` and return the decoded body of its reply, {} if none.

        Options are `query` (a mapping), `if_match` (a version), `must_be_new` and
        `idempotency_key`. Requests refused for the moment (429, 503) are repeated as Retry-After
        says; requests whose connection broke only when repeating is harmless.

        Raises
        ------
        ClientProblem
            When the server refuses it; `code` says why.
        aiohttp.ClientError
            When the server cannot be reached.
        """
        route = BY_NAME[name]
        headers = self._headers(**options)
        data = None
        if route.body is not None:
            data = self._encode(body if body is not None else {})
            headers["Content-Type"] = self._media
        url = self._url(route, id, sub, options.get("query"))
        may_repeat = route.method in SAFE_TO_REPEAT or "Idempotency-Key" in headers
        for attempt in range(1, self._attempts_max + 1):
            is_last = attempt == self._attempts_max
            try:
                async with self._session().request(
                    route.method, url, data=data, headers=headers
                ) as response:
                    content = await response.read()
                    if response.status < 400:
                        return _decoded(content, response.content_type)
                    refusal = ClientProblem(_problem(content, response))
                    wait_s = _wait_s(response.headers.get("Retry-After"), attempt)
                    if is_last or refusal.status not in PASSING:
                        raise refusal
            except aiohttp.ClientConnectionError:
                if is_last or not may_repeat:
                    raise
                wait_s = _wait_s(None, attempt)
            await asyncio.sleep(wait_s)
        raise AssertionError("unreachable: the last attempt returns or raises")

    async def events(self, after: int = 0) -> AsyncIterator[dict[str, Any]]:
        """Yield events in order from the first one after `after`, and wait for new ones.

        A broken connection is made again and goes on after the last event yielded.

        Raises
        ------
        ClientProblem
            `events_gone` when events were missed that are no longer kept; `unauthorized` and the
            like.
        """
        failures = 0
        while True:
            try:
                async for event in self._events_once(after):
                    failures = 0
                    after = event["seq"]
                    yield event
            except ClientProblem as refusal:
                if refusal.status not in PASSING:
                    raise
            except (aiohttp.ClientError, TimeoutError):
                pass
            failures += 1
            await asyncio.sleep(_wait_s(None, failures))

    async def _events_once(self, after: int) -> AsyncIterator[dict[str, Any]]:
        headers = {"Accept": EVENT_STREAM, "Last-Event-ID": str(after)}
        headers |= self._authorization()
        timeout = aiohttp.ClientTimeout(total=None, sock_read=SILENCE_S)
        async with self._session().get(
            self._base + BY_NAME["events.list"].path, headers=headers, timeout=timeout
        ) as response:
            if response.status >= 400:
                raise ClientProblem(_problem(await response.read(), response))
            kind = ""
            async for line in response.content:
                text = line.rstrip(b"\r\n")
                if text.startswith(b"event: "):
                    kind = text[7:].decode()
                elif text.startswith(b"data: "):
                    data = msgspec.json.decode(text[6:])
                    if kind == "gap":
                        raise ClientProblem(problem("events_gone", seq=data["last_seq"]))
                    yield data
                elif not text:
                    kind = ""

    @asynccontextmanager
    async def stream(self, client: str = "") -> AsyncIterator[Session]:
        """Open the WebSocket, say hello and hand over the session; closes it afterwards.

        Raises
        ------
        ClientProblem
            When the server does not open it.
        """
        protocol = "cordboard.v1.msgpack" if self._media == MSGPACK else "cordboard.v1.json"
        try:
            socket = await self._session().ws_connect(
                self._base + BY_NAME["stream.open"].path,
                protocols=(protocol,),
                headers=self._authorization(),
                max_msg_size=0,
            )
        except aiohttp.WSServerHandshakeError as error:
            code = next(
                (code for code, status in _HANDSHAKE.items() if status == error.status), "internal"
            )
            raise ClientProblem(problem(code, f"The server answered {error.status}.")) from error
        async with Session(socket, SPEECHES[protocol], ClientProblem) as session:
            await session.greet(client)
            yield session

    def _session(self) -> aiohttp.ClientSession:
        if self._http is None:
            connector = aiohttp.TCPConnector(limit=self._connections_max)
            timeout = aiohttp.ClientTimeout(total=self._timeout_s)
            self._http = aiohttp.ClientSession(
                connector=connector, timeout=timeout, read_bufsize=2**20, auto_decompress=False
            )
        return self._http

    def _authorization(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self._key}"} if self._key else {}

    def _headers(
        self,
        if_match: int | None = None,
        must_be_new: bool = False,
        idempotency_key: str | None = None,
        query: Mapping[str, object] | None = None,
    ) -> dict[str, str]:
        accept = {"Accept": f"{MSGPACK}, {JSON};q=0.5" if self._media == MSGPACK else JSON}
        headers = accept | self._authorization()
        if if_match is not None:
            headers["If-Match"] = etag(if_match)
        if must_be_new:
            headers["If-None-Match"] = "*"
        if idempotency_key is not None:
            headers["Idempotency-Key"] = f'"{idempotency_key}"'
        return headers

    def _url(
        self,
        route: Route,
        id: str,
        sub: str | int,
        query: Mapping[str, object] | None,
    ) -> Any:
        path = route.path.replace("{id}", quote(id, safe="")).replace("{revision}", str(sub))
        pairs = "&".join(f"{k}={quote(str(v), safe='')}" for k, v in (query or {}).items())
        return URL(f"{self._base}{path}{'?' if pairs else ''}{pairs}", encoded=True)


_HANDSHAKE: Final = {
    "unauthorized": 401,
    "forbidden_scope": 403,
    "too_many_connections": 429,
    "not_ready": 503,
}


def _decoded(content: bytes, media: str) -> Any:
    if not content:
        return {}
    if media == MSGPACK:
        return msgspec.msgpack.decode(content)
    return msgspec.json.decode(content) if media in (JSON, PROBLEM_JSON) else content.decode()


def _problem(content: bytes, response: aiohttp.ClientResponse) -> Problem:
    """Read the problem of a refusal; whatever stands between us may have written another body."""
    try:
        return msgspec.convert(_decoded(content, response.content_type), Problem)
    except (msgspec.MsgspecError, UnicodeDecodeError):
        status, reason = response.status, response.reason or ""
        return Problem(type="about:blank", title=reason, status=status, code=f"http_{status}")


def _wait_s(retry_after: str | None, attempt: int) -> float:
    """Return how long to wait: as told, else twice as long each time, never all at the same time."""
    told_s = float(retry_after) if retry_after and retry_after.isdigit() else 0.0
    wait_s = max(told_s, FIRST_WAIT_S * (1 << (attempt - 1)))
    return min(WAIT_S_MAX, wait_s) * random.uniform(0.8, 1.2)
