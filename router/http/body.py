"""Read a request's body within bounds of size, time, pace and inflation.

aiohttp bounds the size only: a body that never comes would hold its connection for ever, and
a compressed one would be inflated before anybody looks at how much comes out.
"""

import asyncio
import zlib
from typing import NamedTuple

from aiohttp import HttpVersion11, web

from router.settings import ServerSettings
from router.wire.problems import Problem, problem
from router.wire.route import BATCH_BYTES_MAX, BODY_BYTES_MAX, Route

__all__ = ["BodyLimits", "inflate", "read_body"]

GRACE_S = 1.0
"""Time in which a body may come as slowly as it likes."""
RATIO_MAX = 200
"""How many bytes may come out of a compressed one; batches of tickets reach about 40."""
RATIO_FREE_BYTES = 64 * 1024
"""So much may come out whatever the ratio is."""
GZIP = 31
"""zlib's window bits for gzip with its header and checksum."""


class BodyLimits(NamedTuple):
    """How large a body may be and how long it may take."""

    bytes_max: int
    timeout_s: float
    rate_bytes_s: int

    @classmethod
    def of(cls, route: Route, server: ServerSettings) -> "BodyLimits":
        """Return the limits of a route: the settings', but a route may ask for less."""
        is_large = route.body_bytes_max > BODY_BYTES_MAX
        default = BATCH_BYTES_MAX if is_large else BODY_BYTES_MAX
        bytes_max = server.max_batch_body_bytes if is_large else server.max_body_bytes
        if route.body_bytes_max < default:
            bytes_max = min(bytes_max, route.body_bytes_max)
        return cls(bytes_max, server.body_timeout_s, server.min_body_rate_bytes_s)

    def deadline_s(self, received: int) -> float:
        """Return when, in seconds from the first look, the next bytes must be there."""
        if self.rate_bytes_s == 0:
            return self.timeout_s
        return min(self.timeout_s, GRACE_S + received / self.rate_bytes_s)


async def read_body(request: web.BaseRequest, limits: BodyLimits) -> bytes | Problem:
    """Return the whole body, uncompressed, or what is wrong with it.

    After a problem the rest of the body is on its way still, so the connection is to be closed.
    """
    content = request.content
    if not request.body_exists:
        return b""
    length = request.headers.get("Content-Length")
    if length is not None and int(length) > limits.bytes_max:
        return _too_large(f"{int(length):,} bytes are announced", limits)
    if content.is_eof() and length is not None:
        data = content.read_nowait(-1)  # it came together with the headers
    else:
        received = await _receive(request, limits)
        if isinstance(received, Problem):
            return received
        data = received
    encoding = request.headers.get("Content-Encoding")
    if encoding is None or not data:
        return data
    return _decoded(data, encoding.strip().lower(), limits)


async def _receive(request: web.BaseRequest, limits: BodyLimits) -> bytes | Problem:
    if request.version >= HttpVersion11 and _wants_word(request) and request.transport:
        request.transport.write(b"HTTP/1.1 100 Continue\r\n\r\n")
    content = request.content
    data = bytearray()
    start_s = asyncio.get_running_loop().time()
    while not content.at_eof():
        try:
            async with asyncio.timeout_at(start_s + limits.deadline_s(len(data))):
                data += await content.readany()
        except TimeoutError:
            detail = (
                f"{len(data):,} bytes had arrived when time was up; expected all of it within "
                f"{limits.timeout_s:g} s, at {limits.rate_bytes_s:,} bytes/s or faster."
            )
            return problem("body_too_slow", detail)
        except (web.RequestPayloadError, ConnectionError) as error:
            return problem("malformed_body", f"The body broke off: {str(error)[:120]}.")
        if len(data) > limits.bytes_max:
            return _too_large(f"more than {limits.bytes_max:,} bytes arrived", limits)
    return bytes(data)


def _wants_word(request: web.BaseRequest) -> bool:
    return request.headers.get("Expect", "").lower() == "100-continue"


def _too_large(found: str, limits: BodyLimits) -> Problem:
    return problem("body_too_large", f"Expected up to {limits.bytes_max:,} bytes; {found}.")


def _decoded(data: bytes, encoding: str, limits: BodyLimits) -> bytes | Problem:
    if encoding in ("", "identity"):
        return data
    if encoding not in ("gzip", "x-gzip"):
        detail = f"Content-Encoding {encoding[:80]!r} cannot be read; expected none or gzip."
        return problem("unsupported_encoding", detail)
    return inflate(data, limits)


def inflate(data: bytes, limits: BodyLimits) -> bytes | Problem:
    """Uncompress gzip, but never more than is allowed to come out of so little."""
    fair = max(RATIO_FREE_BYTES, RATIO_MAX * len(data))
    most = min(limits.bytes_max, fair)
    machine = zlib.decompressobj(GZIP)
    try:
        # One byte more than allowed tells that there is more.
        plain = machine.decompress(data, most + 1)
    except zlib.error as error:
        return problem("malformed_body", f"The body is not gzip: {error}.")
    if len(plain) > most:
        if fair < limits.bytes_max:
            detail = f"Each compressed byte became more than {RATIO_MAX}."
            return problem("body_too_large", detail)
        return _too_large("uncompressed it is larger", limits)
    if not machine.eof:
        return problem("malformed_body", "The compressed body is not complete.")
    if machine.unused_data:
        return problem("malformed_body", "Something follows the compressed body.")
    return plain
