"""Requests over a real socket: every route, both formats, conditions, and headers both ways."""

import asyncio
import re
from typing import Any

import aiohttp
import msgspec
import pytest

from router.client import ClientProblem
from router.wire.route import Route
from router.wire.routes import ROUTES
from router.wire.tickets import TicketBody
from tests.router.http.running import ADMIN, TICKET, ask, request, running, wired

STREAMS = {"stream.open"}
BODIES: dict[str, dict[str, Any]] = {
    "tickets.put": TICKET,
    "tickets.batch": {"tickets": [{"id": "t-1", **TICKET}]},
    "tickets.assign": {"agent": "ann"},
    "tickets.reply": {"by": "agent"},
    "agents.presence": {"presence": "available"},
    "offers.defer": {"for_s": 30},
    "calendars.put": {"time_zone": "UTC"},
    "revisions.put": {"base": "ours"},
    "decisions.explain": {"ticket": "t-1"},
    "signals.analyze": {"messages": [{"text": "Where is it?"}]},
    "signals.similar": {"text": "Where is it?"},
    "articles.put": {"csv": "id,title,text\na,b,c\n"},
}
IDS = {"offers": "o-1", "assignments": "a-1", "decisions": "d-1", "models": "0" * 16}


@pytest.mark.parametrize(
    "route", [r for r in ROUTES if r.name not in STREAMS], ids=lambda r: r.name
)
@pytest.mark.parametrize("msgpack", [True, False], ids=["msgpack", "json"])
async def test_every_route_is_reached(route: Route, msgpack: bool) -> None:
    """A call by its name arrives at the engine as that call, with its id, its tenant and its body."""
    async with running(msgpack=msgpack) as at:
        name = IDS.get(route.resource, "x:1@a") if "{id}" in route.path else ""
        sub = "3" if "{revision}" in route.path else ""
        try:
            await at.client.call(route.name, name, BODIES.get(route.name), sub=sub)
        except ClientProblem as refusal:
            assert refusal.code == "unknown_resource"
        if route.is_versioned and route.name != "events.list":
            ((tenant, call),) = at.engine.calls
            assert (tenant, call.name, call.id) == ("default", route.name, name)
            assert call.sub == (3 if sub else "")
            assert (call.body is not None) == (route.body is not None)


@pytest.mark.parametrize("msgpack", [True, False], ids=["msgpack", "json"])
async def test_put_get_and_delete(msgpack: bool) -> None:
    """What was put is read, then gone: the same in both formats."""
    async with running(msgpack=msgpack) as at:
        made = await at.client.call("tickets.put", "t-1", TICKET)
        assert (made["id"], made["version"], made["seq"]) == ("t-1", 1, 1)
        assert (await at.client.call("tickets.get", "t-1"))["body"]["queue"] == "support"
        await at.client.call("agents.put", "ann")
        assert await at.client.call("agents.delete", "ann") == {}
        with pytest.raises(ClientProblem) as refusal:
            await at.client.call("agents.get", "ann")
        assert (refusal.value.status, refusal.value.code) == (404, "unknown_resource")


async def test_created_has_location_and_etag() -> None:
    """201 says where and which version; 200 the version."""
    async with running() as at:
        body = msgspec.json.encode(TICKET)
        first = await ask(at.server, "PUT", "/v1/tickets/t-1", body)
        again = await ask(at.server, "PUT", "/v1/tickets/t-1", body)
        assert (first.status, first.headers["location"]) == (201, "/v1/tickets/t-1")
        assert first.headers["etag"] == '"1"'
        assert (again.status, again.headers["etag"]) == (200, '"2"')
        assert "location" not in again.headers


async def test_conditions_reach_the_engine() -> None:
    """A stale If-Match is 412 with the version there is; If-None-Match: * keeps the old."""
    async with running() as at:
        await at.client.call("tickets.put", "t-1", TICKET)
        await at.client.call("tickets.put", "t-1", TICKET, if_match=1)
        with pytest.raises(ClientProblem) as stale:
            await at.client.call("tickets.put", "t-1", TICKET, if_match=1)
        assert (stale.value.code, stale.value.problem.current_version) == ("etag_mismatch", 2)
        with pytest.raises(ClientProblem) as taken:
            await at.client.call("tickets.put", "t-1", TICKET, must_be_new=True)
        assert taken.value.code == "already_exists"


async def test_unchanged_is_304_without_a_body() -> None:
    """A GET that names the version it has gets nothing but the word that it is current."""
    async with running() as at:
        await at.client.call("tickets.put", "t-1", TICKET)
        same = await ask(at.server, "GET", "/v1/tickets/t-1", if_none_match='"1"')
        other = await ask(at.server, "GET", "/v1/tickets/t-1", if_none_match='"9"')
        assert (same.status, same.body, same.headers["etag"]) == (304, b"", '"1"')
        assert other.status == 200


async def test_idempotency_key_travels_with_a_fingerprint() -> None:
    """The same key and request get the first answer and a header; another request is refused."""
    async with running() as at:
        await at.client.call("tickets.put", "t-1", TICKET)
        path, body = "/v1/tickets/t-1:cancel", b'{"reason":"spam"}'
        first = await ask(at.server, "POST", path, body, idempotency_key='"k1"')
        again = await ask(at.server, "POST", path, b'{ "reason" : "spam" }', idempotency_key="k1")
        other = await ask(at.server, "POST", path, b'{"reason":"else"}', idempotency_key="k1")
        assert "idempotency-replayed" not in first.headers
        assert (again.body, again.headers["idempotency-replayed"]) == (first.body, "true")
        assert other.code == "idempotency_mismatch"


async def test_head_and_options() -> None:
    """HEAD is GET without the body; OPTIONS names the methods."""
    async with running() as at:
        await at.client.call("tickets.put", "t-1", TICKET)
        async with wired(at.server) as wire:
            await wire.send(request("HEAD", "/v1/tickets/t-1"))
            head = await wire.reader.readuntil(b"\r\n\r\n")
            await wire.send(request("OPTIONS", "/v1/tickets/t-1"))
            options = await wire.receive()
        assert re.search(rb"Content-Length: [1-9]", head)
        assert (options.status, options.headers["allow"]) == (204, "GET, HEAD, OPTIONS, PATCH, PUT")


@pytest.mark.parametrize(
    ("method", "path", "code"),
    [
        ("GET", "/", "unknown_route"),
        ("GET", "/v1/nothing", "unknown_route"),
        ("GET", "/v1/tickets/", "unknown_resource"),
        ("GET", "/v1/tickets/*", "unknown_resource"),
        ("GET", "/v1/tickets/a/b/c/d", "unknown_route"),
        ("POST", "/v1/tickets/t-1:explode", "unknown_route"),
        ("DELETE", "/v1/tickets/t-1", "method_not_allowed"),
        ("POST", "/v1/tickets/t-1", "method_not_allowed"),
        ("GET", "/v1/tickets:batch", "method_not_allowed"),
        ("TRACE", "/livez", "method_not_allowed"),
        ("GET", "/v1/tickets/%FF%FE", "unknown_resource"),
        ("GET", "/v1/stream", "upgrade_required"),
    ],
)
async def test_what_is_not_there(method: str, path: str, code: str) -> None:
    """Unknown paths and methods are problems too; 405 says what is allowed."""
    async with running() as at:
        found = await ask(at.server, method, path)
        assert found.code == code
        assert ("allow" in found.headers) == (code == "method_not_allowed")


async def test_ids_may_hold_colons_and_escapes() -> None:
    """Only the last colon of a POST starts a verb, and an escaped one never does."""
    async with running() as at:
        for path in ("a:b:cancel", "a%3Ab:cancel", "a%3Acancel:cancel"):
            await ask(at.server, "POST", f"/v1/tickets/{path}")
        assert [call.id for _, call in at.engine.calls] == ["a:b", "a:b", "a:cancel"]


async def test_absolute_form_is_understood() -> None:
    """A proxy may send the whole URL."""
    async with running() as at:
        found = await ask(at.server, "GET", "http://127.0.0.1/v1/tickets?limit=3")
        assert found.status == 200
        assert at.engine.calls[0][1].query["limit"] == 3


async def test_accept_chooses_the_format_of_problems_too() -> None:
    """MessagePack clients get MessagePack problems; who accepts neither gets 406."""
    async with running() as at:
        packed = await ask(at.server, "GET", "/v1/tickets/x", accept="application/msgpack")
        assert packed.headers["content-type"] == "application/msgpack"
        assert msgspec.msgpack.decode(packed.body)["code"] == "unknown_resource"
        assert (
            await ask(at.server, "GET", "/v1/tickets/x", accept="text/html")
        ).code == "not_acceptable"


async def test_query_errors_name_the_parameter() -> None:
    """An unknown or wrong parameter is refused by name."""
    async with running() as at:
        found = await ask(at.server, "GET", "/v1/tickets?limit=-1&colour=red")
        assert found.code == "validation_failed"
        errors = msgspec.json.decode(found.body)["errors"]
        assert {each["pointer"] for each in errors} == {"?limit", "?colour"}
        many = "&".join(f"a{n}=1" for n in range(40))
        assert (await ask(at.server, "GET", f"/v1/tickets?{many}")).code == "malformed_request"


async def test_many_requests_on_one_connection_and_pipelined() -> None:
    """Answers come in order, whether requests wait for them or not."""
    async with running() as at, wired(at.server) as wire:
        body = msgspec.json.encode(TICKET)
        await wire.send(b"".join(request("PUT", f"/v1/tickets/p-{n}", body) for n in range(40)))
        found = [await wire.receive() for _ in range(40)]
        assert [msgspec.json.decode(each.body)["id"] for each in found] == [
            f"p-{n}" for n in range(40)
        ]


async def test_http_1_0_is_answered_and_closed() -> None:
    """An old client gets its answer and the end of the connection, or keeps it if it asks."""
    async with running() as at:
        async with wired(at.server) as wire:
            await wire.send(b"GET /livez HTTP/1.0\r\n\r\n")
            assert (await wire.receive()).headers["connection"] == "close"
            assert await wire.is_closed()
        async with wired(at.server) as wire:
            await wire.send(b"GET /livez HTTP/1.0\r\nConnection: keep-alive\r\n\r\n")
            assert (await wire.receive()).headers["connection"] == "keep-alive"


async def test_expect_continue_is_answered() -> None:
    """A client that waits for leave to send its body gets it."""
    async with running() as at, wired(at.server) as wire:
        body = msgspec.json.encode(TICKET)
        whole = request("PUT", "/v1/tickets/t-1", body, expect="100-continue")
        await wire.send(whole[: -len(body)])
        assert await wire.reader.readuntil(b"\r\n\r\n") == b"HTTP/1.1 100 Continue\r\n\r\n"
        await wire.send(body)
        assert (await wire.receive()).status == 201


async def test_a_reply_in_any_status_keeps_the_connection() -> None:
    """Refusals of the engine do not cost the client its connection."""
    async with running() as at, wired(at.server) as wire:
        for _ in range(3):
            await wire.send(request("GET", "/v1/tickets/none"))
            assert (await wire.receive()).status == 404
        await wire.send(request("GET", "/livez"))
        assert (await wire.receive()).status == 200


async def test_batches_are_answered_item_by_item() -> None:
    """A wrong ticket and a repeated id are refused alone."""
    async with running() as at:
        tickets = [{"id": "a", **TICKET}, {"id": "b", "queue": 3}, {"id": "a", **TICKET}]
        found = await at.client.call("tickets.batch", body={"tickets": tickets})
        assert [each["status"] for each in found["results"]] == [201, 422, 422]


async def test_a_mistake_of_ours_is_a_500_with_an_instance() -> None:
    """What nobody expected is a problem, tells nothing of the inside, and the next request works."""
    async with running() as at:
        at.engine.fault = RuntimeError("secret detail")
        found = await ask(at.server, "GET", "/v1/tickets/x")
        assert found.code == "internal"
        assert b"secret" not in found.body
        assert msgspec.json.decode(found.body)["instance"].startswith("urn:cordboard:fault:")
        at.engine.fault = None
        assert (await ask(at.server, "GET", "/v1/tickets/x")).code == "unknown_resource"


async def test_an_answer_that_takes_too_long_is_given_up() -> None:
    """The client hears that it may still be done, and when to come back."""
    async with running(request_timeout_s=0.1) as at:
        at.engine.delay = asyncio.Event()
        found = await ask(at.server, "GET", "/v1/tickets/x")
        assert (found.code, found.headers["retry-after"]) == ("overloaded", "1")


async def test_no_cors_headers_and_no_sniffing() -> None:
    """Browsers elsewhere are told nothing they could use."""
    async with running() as at:
        found = await ask(at.server, "OPTIONS", "/v1/tickets/t", origin="https://evil.example")
        assert not [name for name in found.headers if name.startswith("access-control")]
        found = await ask(at.server, "GET", "/livez")
        assert found.headers["x-content-type-options"] == "nosniff"
        assert found.headers["cache-control"] == "no-store"


async def test_a_typed_body_is_what_the_engine_gets() -> None:
    """The engine sees structs, never plain values, and defaults are filled in."""
    async with running() as at:
        await at.client.call("tickets.put", "t", TICKET)
        assert isinstance(at.engine.calls[0][1].body, TicketBody)
        assert at.engine.calls[0][1].if_match is None


async def test_aiohttp_s_own_client_understands_us() -> None:
    """Another HTTP implementation reads our answers, chunked bodies and gzip included."""
    async with running() as at, aiohttp.ClientSession() as http:
        headers = {"Authorization": f"Bearer {ADMIN}", "Content-Type": "application/json"}
        url = f"{at.server.url}/v1/tickets/t-1"
        body = msgspec.json.encode(TICKET)
        for compress in (False, "gzip"):
            async with http.put(url, data=body, headers=headers, compress=compress) as response:
                assert response.status in (200, 201), await response.text()

        async def parts() -> Any:
            yield body[:5]
            yield body[5:]

        async with http.put(url, data=parts(), headers=headers) as response:
            assert response.status == 200
