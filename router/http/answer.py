"""Responses, written in one piece.

aiohttp builds a header dictionary for each response and serializes it; for answers as small as
ours that is a third of the time of a request. An `Answer` is put together from prepared bytes.
"""

import asyncio
from email.utils import formatdate
from functools import cache
from http import HTTPStatus
from typing import Any

from aiohttp import HttpVersion11, web

from router.clock import Clock
from router.wire.calls import Reply
from router.wire.codec import encode
from router.wire.headers import etag
from router.wire.negotiation import JSON
from router.wire.problems import Problem

__all__ = ["Answer", "Letterhead", "answer_problem", "answer_reply"]

RETRY_AFTER_S = 1
"""What Retry-After says when nobody knows better."""


class Letterhead:
    """What every answer carries: the date, and how long its client may take to read it."""

    def __init__(self, clock: Clock, patience_s: float) -> None:
        self._clock = clock
        self.patience_s = patience_s
        self.date = b""
        self.renew()

    def renew(self) -> None:
        """Take the time; called more than once a second."""
        date = formatdate(self._clock.now_us() // 1_000_000, usegmt=True)
        self.date = f"Date: {date}\r\n".encode()


class Answer(web.StreamResponse):
    """A response whose bytes are known from the start; `extra` are complete header lines."""

    def __init__(
        self,
        letterhead: Letterhead,
        status: int,
        body: bytes = b"",
        media: str = JSON,
        extra: str = "",
    ) -> None:
        # The base class is not initialized on purpose: its header dictionary is what costs.
        self._letterhead = letterhead
        self._code = status
        self._content = body
        self._media = media
        self._extra = extra
        self._keeps = True
        self._request: web.BaseRequest | None = None

    @property
    def status(self) -> int:
        """The HTTP status."""
        return self._code

    @property
    def body(self) -> bytes:
        """The bytes after the headers."""
        return self._content

    @property
    def keep_alive(self) -> bool | None:
        """Whether the connection can be used again."""
        return self._keeps

    def force_close(self) -> None:
        """Close the connection after this answer."""
        self._keeps = False

    async def prepare(self, request: web.BaseRequest) -> Any:
        """Take note of whom to answer; nothing is sent yet."""
        self._request = request
        self._keeps = self._keeps and request.keep_alive

    async def write_eof(self, data: bytes = b"") -> None:
        """Send everything, and wait as long as allowed while the client does not read."""
        request, self._request = self._request, None
        if request is None or data:
            raise RuntimeError("an Answer is prepared once, written once and takes no more data")
        transport = request.transport
        if transport is None or transport.is_closing():
            raise ConnectionResetError("The client is gone.")
        transport.write(self._bytes(request))
        if request.protocol.writing_paused:
            try:
                async with asyncio.timeout(self._letterhead.patience_s):
                    await request.writer.drain()
            except TimeoutError:
                transport.abort()
                raise ConnectionResetError("The client does not read its answer.") from None

    def _bytes(self, request: web.BaseRequest) -> bytes:
        extra = self._extra
        if not self._keeps:
            extra += "Connection: close\r\n"
        elif request.version < HttpVersion11:
            extra += "Connection: keep-alive\r\n"
        body = b"" if request.method == "HEAD" else self._content
        head = _head(self._code, self._media if self._content else "")
        if self._code not in (204, 304):
            extra += f"Content-Length: {len(self._content)}\r\n"
        return b"%b%b%b\r\n%b" % (head, self._letterhead.date, extra.encode(), body)


@cache
def _head(status: int, media: str) -> bytes:
    lines = [f"HTTP/1.1 {status} {HTTPStatus(status).phrase}", "Server: cordboard"]
    lines += [f"Content-Type: {media}"] if media else []
    lines += ["Cache-Control: no-store", "X-Content-Type-Options: nosniff", ""]
    return "\r\n".join(lines).encode()


def answer_reply(
    letterhead: Letterhead, reply: Reply, accept: str | None, extra: str = ""
) -> Answer:
    """Write the reply of a call in the format that Accept likes best."""
    status = reply.status
    if reply.version is not None:
        extra += f"ETag: {etag(reply.version)}\r\n"
    if reply.location is not None:
        extra += f"Location: {reply.location}\r\n"
    if reply.replayed:
        extra += "Idempotency-Replayed: true\r\n"
    if status in (429, 503):
        extra += f"Retry-After: {reply.retry_after_s or RETRY_AFTER_S}\r\n"
    if reply.body is None or status in (204, 304):
        return Answer(letterhead, status, extra=extra)
    body, media = encode(reply.body, accept)
    return Answer(letterhead, status, body, media, extra)


def answer_problem(
    letterhead: Letterhead, reason: Problem, accept: str | None = None, extra: str = ""
) -> Answer:
    """Write a problem, with the headers that its status calls for."""
    if reason.status == 401:
        extra += 'WWW-Authenticate: Bearer realm="cordboard"\r\n'
    if reason.code == "unsupported_encoding":
        extra += "Accept-Encoding: gzip\r\n"
    reply = Reply(reason.status, reason, retry_after_s=reason.retry_after_s)
    return answer_reply(letterhead, reply, accept, extra)
