"""A load generator that is not the bottleneck: raw sockets, requests put together from bytes.

aiohttp's client takes longer for a request than the server. Here a request is three pieces of
bytes around an id, and of the answer only status and length are read: about 8 us a request.
"""

import asyncio
from collections import deque
from collections.abc import Callable
from time import perf_counter
from typing import NamedTuple, cast

__all__ = ["Load", "Result", "closed_loop", "open_loop", "put_request"]

END = b"\r\n\r\n"
LENGTH = b"Content-Length: "
QUEUE_MAX_S = 10.0
"""How long answers may be outstanding after the last request before the run has failed."""


class Load(NamedTuple):
    """Whom to ask, and what: `make` writes the request of a number."""

    port: int
    connections: int
    make: Callable[[int], bytes]


class Result(NamedTuple):
    """How many answers came, how many of them were refusals, in which time and how late each."""

    answers: int
    refusals: int
    seconds: float
    latencies_ms: list[float]

    @property
    def per_s(self) -> float:
        """Answers per second."""
        return self.answers / self.seconds


def put_request(
    path: str, body: bytes, key: str, method: str = "PUT", media: str = "application/json"
) -> tuple[bytes, bytes]:
    """Return what stands before and after the id in a request."""
    head = f"{method} {path}".encode()
    tail = (
        f" HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer {key}\r\n"
        f"Content-Type: {media}\r\nContent-Length: {len(body)}\r\n\r\n"
    ).encode()
    return head, tail + body


class _Connection(asyncio.Protocol):
    """Sends one request at a time; tells `answered` when its answer is complete."""

    def __init__(self, answered: Callable[["_Connection", bool], None]) -> None:
        self._answered = answered
        self._transport: asyncio.WriteTransport | None = None
        self._data = b""
        self.due_s = 0.0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.WriteTransport", transport)

    def send(self, request: bytes, due_s: float) -> None:
        assert self._transport is not None
        self.due_s = due_s
        self._transport.write(request)

    def data_received(self, data: bytes) -> None:
        data = self._data + data if self._data else data
        end = data.find(END)
        if end < 0:
            self._data = data
            return
        at = data.find(LENGTH, 0, end)
        length = int(data[at + len(LENGTH) : data.find(b"\r", at)]) if at >= 0 else 0
        if len(data) < end + len(END) + length:
            self._data = data
            return
        self._data = b""
        self._answered(self, data[9:10] == b"2")

    def close(self) -> None:
        if self._transport is not None:
            self._transport.close()


async def closed_loop(load: Load, seconds: float, most: int = 1 << 62) -> Result:
    """Keep every connection busy for so long, or until `most` requests were sent."""
    sent = answers = refusals = 0
    done = asyncio.Event()
    begun = perf_counter()
    until = begun + seconds

    def answered(connection: _Connection, is_done: bool) -> None:
        nonlocal sent, answers, refusals
        answers += 1
        refusals += not is_done
        if sent < most and perf_counter() < until:
            connection.send(load.make(sent), 0.0)
            sent += 1
        elif answers == sent:
            done.set()

    connections = await _connect(load, answered)
    begun = perf_counter()
    until = begun + seconds
    for connection in connections:
        connection.send(load.make(sent), 0.0)
        sent += 1
    async with asyncio.timeout(seconds + QUEUE_MAX_S):
        await done.wait()
    ended = perf_counter()
    for connection in connections:
        connection.close()
    return Result(answers, refusals, ended - begun, [])


async def open_loop(load: Load, per_s: float, seconds: float) -> Result:
    """Send at a rate, whatever comes back; latency counts from when a request was due.

    So a server that stalls is charged for every request that waited, sent or not.
    """
    free: deque[_Connection] = deque()
    late: list[float] = []
    refusals = 0

    def answered(connection: _Connection, is_done: bool) -> None:
        nonlocal refusals
        late.append((perf_counter() - connection.due_s) * 1e3)
        refusals += not is_done
        free.append(connection)

    connections = await _connect(load, answered)
    free.extend(connections)
    total = int(per_s * seconds)
    begun = perf_counter()
    sent = 0
    while sent < total:
        due = int((perf_counter() - begun) * per_s)
        while sent < min(due, total) and free:
            free.popleft().send(load.make(sent), begun + sent / per_s)
            sent += 1
        await asyncio.sleep(0.0005)
    async with asyncio.timeout(QUEUE_MAX_S):
        while len(late) < total:  # noqa: ASYNC110 - answers come by callback, not by event
            await asyncio.sleep(0.005)
    seconds = perf_counter() - begun
    for connection in connections:
        connection.close()
    return Result(total, refusals, seconds, late)


async def _connect(load: Load, answered: Callable[[_Connection, bool], None]) -> list[_Connection]:
    loop = asyncio.get_running_loop()
    made = [
        await loop.create_connection(lambda: _Connection(answered), "127.0.0.1", load.port)
        for _ in range(load.connections)
    ]
    return [protocol for _, protocol in made]
