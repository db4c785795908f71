"""Clients that mean harm, or are merely broken: each gets a problem or the door, and nobody else suffers."""

import asyncio
import gzip
import zlib

import msgspec
import pytest

from tests.router.http.running import TICKET, ask, request, running, until, wired

BODY = msgspec.json.encode(TICKET)
PATH = "/v1/tickets/t-1"
PACKED = {"content_type": "application/msgpack"}


@pytest.mark.parametrize(
    ("body", "headers", "code"),
    [
        (b"{", {}, "malformed_body"),
        (b"[]", {}, "validation_failed"),
        (b'{"queue": "\xff\xfe"}', {}, "not_utf8"),
        (b"[" * 50_000, {}, "nesting_too_deep"),
        (
            b'{"queue":"q","channel":"chat","priority":' + b"9" * 5_000 + b"}",
            {},
            "validation_failed",
        ),
        (b'{"queue":"q","channel":"chat","virtual":1}', {}, "validation_failed"),
        (b"\x82\xa5queue\xa1", PACKED, "malformed_body"),
        (b"\x91" * 50_000, PACKED, "nesting_too_deep"),
        (b"\xdd\xff\xff\xff\xff", PACKED, "malformed_body"),
        (b"\x81\xa5queue\xa2\xff\xfe", PACKED, "not_utf8"),
        (BODY, {"content_type": "text/plain"}, "unsupported_media_type"),
        (BODY, {"content_type": "application/json; charset=latin-1"}, "unsupported_media_type"),
        (BODY, {"content_encoding": "br"}, "unsupported_encoding"),
        (BODY, {"content_encoding": "gzip, gzip"}, "unsupported_encoding"),
        (BODY, {"content_encoding": "gzip"}, "malformed_body"),
        (gzip.compress(BODY, mtime=0)[:-4], {"content_encoding": "gzip"}, "malformed_body"),
        (gzip.compress(BODY, mtime=0) * 2, {"content_encoding": "gzip"}, "malformed_body"),
        (b"x" * 4_200_000, {}, "body_too_large"),
        (BODY, {"if_match": "seven"}, "malformed_request"),
        (BODY, {"if_none_match": '"7"'}, "malformed_request"),
    ],
)
async def test_a_bad_body_or_header_is_a_problem(
    body: bytes, headers: dict[str, str], code: str
) -> None:
    """Each way to be wrong has its code, and nothing reaches the engine."""
    async with running() as at:
        assert (await ask(at.server, "PUT", PATH, body, **headers)).code == code
        assert at.engine.calls == []


async def test_a_bad_idempotency_key_is_a_problem() -> None:
    """A key that cannot be kept is refused, not cut."""
    async with running() as at:
        found = await ask(at.server, "POST", f"{PATH}:cancel", idempotency_key="x" * 300)
        assert found.code == "idempotency_key_invalid"


async def test_all_errors_of_a_body_come_at_once() -> None:
    """Every wrong field is named with what was sent and what was expected."""
    async with running() as at:
        body = b'{"queue": 3, "channel": "chat", "priority": -1, "extra": 1}'
        found = msgspec.json.decode((await ask(at.server, "PUT", PATH, body)).body)
        assert {each["pointer"] for each in found["errors"]} == {"/queue", "/priority", "/extra"}
        assert all(each["detail"] for each in found["errors"])


async def test_gzip_is_read() -> None:
    """Honest compression is welcome."""
    async with running() as at:
        found = await ask(at.server, "PUT", PATH, gzip.compress(BODY), content_encoding="gzip")
        assert found.status == 201


@pytest.mark.parametrize("path", [PATH, "/v1/tickets:batch"])
async def test_a_gzip_bomb_does_not_go_off(path: str) -> None:
    """50 MB of nothing in 50 kB are refused after little work, and memory stays flat."""
    machine = zlib.compressobj(9, zlib.DEFLATED, 31)
    bomb = b"".join(machine.compress(bytes(2**20)) for _ in range(50)) + machine.flush()
    method = "PUT" if path == PATH else "POST"
    async with running() as at:
        loop = asyncio.get_running_loop()
        began_s = loop.time()
        found = await ask(at.server, method, path, bomb, content_encoding="gzip")
        assert found.code == "body_too_large"
        assert loop.time() - began_s < 1.0


async def test_an_announced_giant_is_refused_unread() -> None:
    """A Content-Length beyond the limit is answered before the body comes, and the door closed."""
    async with running() as at, wired(at.server) as wire:
        await wire.send(request("PUT", PATH, content_length="1000000000") + b"x")
        found = await wire.receive()
        assert (found.code, found.headers["connection"]) == ("body_too_large", "close")


async def test_an_endless_chunked_body_is_cut() -> None:
    """A body without a length is counted while it comes."""
    async with running() as at, wired(at.server) as wire:
        await wire.send(request("PUT", PATH, transfer_encoding="chunked"))
        chunk = b"40000\r\n" + b" " * 0x40000 + b"\r\n"
        for _ in range(17):  # a ticket with its message may have 4 MiB
            await wire.send(chunk)
        assert (await wire.receive()).code == "body_too_large"


@pytest.mark.slow
@pytest.mark.parametrize("sent", [b"", b'{"queue"'])
async def test_a_body_that_never_comes_is_given_up(sent: bytes) -> None:
    """Headers and then silence: 408 when time is up, and the connection is closed."""
    async with running() as at, wired(at.server) as wire:
        await wire.send(request("PUT", PATH, content_length="60") + sent)
        assert (await wire.receive()).code == "body_too_slow"
        assert await wire.is_closed()


@pytest.mark.slow
async def test_a_body_byte_by_byte_is_given_up() -> None:
    """A trickle does not hold a connection, however steady it is."""
    async with (
        running(body_timeout_s=30, min_body_rate_bytes_s=1_000) as at,
        wired(at.server) as wire,
    ):
        await wire.send(request("PUT", PATH, content_length="1000"))

        async def trickle() -> None:
            for _ in range(200):
                await wire.send(b" ")
                await asyncio.sleep(0.05)

        task = asyncio.ensure_future(trickle())
        found = await wire.receive()
        task.cancel()
        assert found.code == "body_too_slow"


@pytest.mark.slow
@pytest.mark.parametrize(
    "start",
    [b"", b"GET /livez HT", b"GET /livez HTTP/1.1\r\nHost: x\r\nX-A: 1\r\n"],
    ids=["nothing", "half a line", "no end of headers"],
)
async def test_a_request_that_never_ends_is_closed(start: bytes) -> None:
    """Slowloris: a connection that sends no whole request is closed when keep-alive is over."""
    async with running() as at, wired(at.server) as wire:
        await wire.send(start)
        assert await wire.is_closed()


@pytest.mark.slow
async def test_an_idle_connection_is_closed() -> None:
    """After an answer a connection may idle for keepalive_s and no longer."""
    async with running() as at, wired(at.server) as wire:
        await wire.send(request("GET", "/livez"))
        assert (await wire.receive()).status == 200
        assert await wire.is_closed()


SMUGGLED = b"\r\nContent-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"


@pytest.mark.parametrize(
    "data",
    [
        b"PUT /v1/tickets/x HTTP/1.1\r\nHost: x" + SMUGGLED,
        b"PUT /x HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\nContent-Length: 5\r\n\r\nabcd",
        b"PUT /x HTTP/1.1\r\nHost: x\r\nContent-Length: +4\r\n\r\nabcd",
        b"PUT /x HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: xchunked\r\n\r\n0\r\n\r\n",
        b"GET /x HTTP/1.1\r\nHost: x\r\nA: b\x00c\r\n\r\n",
        b"GET /x HTTP/1.1\r\nHost : x\r\n\r\n",
        b"GET /x HTTP/9.9\r\nHost: x\r\n\r\n",
        b"GET /x HTTP/1.1\r\nHost: x\r\nA: " + b"a" * 9_000 + b"\r\n\r\n",
        b"GET /" + b"a" * 9_000 + b" HTTP/1.1\r\nHost: x\r\n\r\n",
        b"GET /x HTTP/1.1\r\n" + b"A: b\r\n" * 200 + b"\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + b"\r\n\r\n",
    ],
    ids=[
        "CL+TE", "two lengths", "signed length", "odd encoding", "NUL", "space before colon",
        "version", "long header", "long line", "many headers", "TLS",
    ],
)  # fmt: skip
async def test_what_could_be_read_two_ways_is_refused(data: bytes) -> None:
    """Smuggling and nonsense are a problem, and the connection ends there."""
    async with running() as at, wired(at.server) as wire:
        await wire.send(data)
        found = await wire.receive()
        assert found.code == "malformed_request"
        assert found.headers["connection"] == "close"
        assert await wire.is_closed()
        assert at.engine.calls == []


async def test_broken_chunks_do_not_become_a_ticket() -> None:
    """A chunked body that breaks its own rules is refused."""
    async with running() as at, wired(at.server) as wire:
        await wire.send(
            request("PUT", PATH, transfer_encoding="chunked") + b"zz\r\n{}\r\n0\r\n\r\n"
        )
        assert (await wire.receive()).status == 400
        assert at.engine.calls == []


async def test_a_client_that_leaves_in_the_middle_harms_nobody() -> None:
    """Half a body and gone: nothing was put, and the server serves on."""
    async with running() as at:
        async with wired(at.server) as wire:
            await wire.send(request("PUT", PATH, content_length="60") + b'{"queue"')
        assert (await ask(at.server, "GET", "/livez")).status == 200
        assert at.engine.calls == []


async def test_connections_of_one_address_are_limited() -> None:
    """One too many is told so and closed; when one leaves there is room again."""
    async with (
        running(connections_per_ip_max=3, keepalive_s=5.0) as at,
        wired(at.server),
        wired(at.server),
    ):
        async with wired(at.server) as third:
            await third.send(request("GET", "/livez"))
            assert (await third.receive()).status == 200
            async with wired(at.server) as fourth:
                assert (await fourth.receive()).code == "too_many_connections"
                assert await fourth.is_closed()
        await until(lambda: at.server._doors.open <= 2)
        assert (await ask(at.server, "GET", "/livez")).status == 200


async def test_connections_overall_are_limited() -> None:
    """The limit on all holds too."""
    async with (
        running(connections_max=1, connections_per_ip_max=1, keepalive_s=5.0) as at,
        wired(at.server) as first,
    ):
        await first.send(request("GET", "/livez"))
        assert (await first.receive()).status == 200
        async with wired(at.server) as second:
            assert (await second.receive()).headers["retry-after"] == "1"


async def test_hundreds_of_connections_at_once() -> None:
    """Many clients are served at once, and all are let go."""
    async with running(keepalive_s=5.0) as at:
        found = await asyncio.gather(
            *(ask(at.server, "PUT", f"/v1/tickets/t-{n}", BODY) for n in range(300))
        )
        assert {each.status for each in found} == {201}
        await until(lambda: at.server._doors.open == 0)


async def test_requests_in_flight_are_limited() -> None:
    """More than the limit at once are told to come back, and health still answers."""
    async with running(requests_in_flight_max=2) as at:
        at.engine.delay = asyncio.Event()
        async with wired(at.server) as one, wired(at.server) as two:
            for wire in (one, two):
                await wire.send(request("GET", PATH))
            await until(lambda: at.server.service.in_flight == 2)
            found = await ask(at.server, "GET", PATH)
            assert (found.code, found.headers["retry-after"]) == ("overloaded", "1")
            assert (await ask(at.server, "GET", "/livez")).status == 200
            at.engine.delay.set()
            assert (await one.receive()).status == (await two.receive()).status == 404


async def test_a_client_that_does_not_read_its_answer_is_cut_off() -> None:
    """An answer that nobody takes does not hold memory for ever."""
    async with running(request_timeout_s=0.2, keepalive_s=5.0) as at:
        big = {"label": "x" * 250}
        for n in range(400):
            await at.client.call("groups.put", f"g-{n}", big)
        async with wired(at.server) as wire:
            wire.writer.transport.pause_reading()
            many = request("GET", "/openapi.json") * 32
            for _ in range(4):
                await wire.send(many)
            await until(lambda: at.server._doors.open <= 1)


async def test_others_are_served_while_somebody_is_slow() -> None:
    """Fifty stuck bodies do not keep an honest request waiting."""
    async with running(body_timeout_s=2.0) as at:
        stuck = [await asyncio.open_connection("127.0.0.1", at.server.port) for _ in range(50)]
        for _, writer in stuck:
            writer.write(request("PUT", PATH, content_length="60"))
        loop = asyncio.get_running_loop()
        began_s = loop.time()
        assert (await ask(at.server, "PUT", PATH, BODY)).status == 201
        assert loop.time() - began_s < 0.5
        for _, writer in stuck:
            writer.close()
