"""The WebSocket: hello and welcome, events, calls, flow control, and how it ends."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import aiohttp
import msgspec
import pytest

from router.client import ClientProblem, StreamClosed
from router.http.stream import callable_routes
from tests.router.http.running import ADMIN, TICKET, Running, key_of, running, until

DESK, DESK_KEPT = key_of("desk", scopes=("events:read", "offers:accept"))


@asynccontextmanager
async def socket(at: Running, *protocols: str, key: str = ADMIN) -> AsyncIterator[Any]:
    """Open a plain WebSocket without saying hello."""
    headers = {"Authorization": f"Bearer {key}"}
    url = f"{at.server.url}/v1/stream"
    async with (
        aiohttp.ClientSession() as http,
        http.ws_connect(url, protocols=protocols, headers=headers) as found,
    ):
        yield found


async def said(found: Any) -> dict[str, Any]:
    frame = await found.receive(timeout=5)
    assert frame.type is aiohttp.WSMsgType.TEXT, frame
    decoded: dict[str, Any] = msgspec.json.decode(frame.data)
    return decoded


async def greeted(found: Any) -> dict[str, Any]:
    await found.send_str('{"type":"hello","client":"test"}')
    return await said(found)


@pytest.mark.parametrize("msgpack", [True, False], ids=["msgpack", "json"])
async def test_a_desk_s_day(msgpack: bool) -> None:
    """Presence, an event, a call and its refusal over one socket, in both formats."""
    async with running(msgpack=msgpack) as at, at.client.stream("desk") as desk:
        await at.client.call("agents.put", "ann")
        assert desk.tenant == "default"
        await desk.subscribe(after=0)
        assert (await desk.set_presence("ann", "available"))["version"] == 2
        events = desk.events()
        assert [(await anext(events)).type for _ in range(2)] == ["agents.put", "agents.presence"]
        with pytest.raises(ClientProblem) as refusal:
            await desk.accept("o-1")
        assert refusal.value.code == "unknown_resource"
        with pytest.raises(ClientProblem):
            await desk.decline("o-1", reason="lunch", retry_after_s=60)
        name, body = at.engine.calls[-1][1].name, at.engine.calls[-1][1].body
        assert (name, body.retry_after_s) == ("offers.decline", 60)


async def test_welcome_says_where_the_events_are() -> None:
    """The client learns its tenant and the newest event before it subscribes."""
    async with running() as at, socket(at, "cordboard.v1.json") as found:
        at.engine.emit("default", "ticket.added")
        welcome = await greeted(found)
        assert found.protocol == "cordboard.v1.json"
        assert welcome == {
            "type": "welcome",
            "tenant": "default",
            "last_seq": 1,
            "heartbeat_s": 0.2,
        }


@pytest.mark.parametrize(
    "first", ['{"type":"ack","seq":1}', "not json", '{"type":"hello","extra":1}']
)
async def test_who_does_not_say_hello_is_let_go(first: str) -> None:
    """The first message is hello or the last one."""
    async with running() as at, socket(at) as found:
        await found.send_str(first)
        assert (await found.receive()).data == 4001


async def test_a_frame_of_the_wrong_kind_ends_it() -> None:
    """Binary frames under JSON are a misunderstanding that cannot be mended."""
    async with running() as at, socket(at) as found:
        await greeted(found)
        await found.send_bytes(b"\x81")
        assert (await found.receive()).data == 1003


@pytest.mark.parametrize(
    "message", ["{", '{"type":"dance"}', '{"type":"subscribe","after":-1}', "[" * 5_000, '{"a":1}']
)
async def test_what_is_not_understood_is_told_and_forgotten(message: str) -> None:
    """A bad message is a problem; the socket lives on."""
    async with running() as at, socket(at) as found:
        await greeted(found)
        await found.send_str(message)
        told = await said(found)
        assert (told["type"], told["problem"]["code"]) == ("problem", "malformed_body")
        await found.send_str('{"type":"call","ref":7,"name":"groups.put","id":"g"}')
        assert (await said(found))["status"] == 201


@pytest.mark.parametrize("name", ["stream.open", "events.list", "livez.get", "no.such"])
async def test_only_calls_can_be_called(name: str) -> None:
    """What is no call of the versioned interface is unknown here."""
    async with running() as at, at.client.stream() as desk:
        with pytest.raises(ClientProblem) as refusal:
            await desk.call(name)
        assert refusal.value.code == "unknown_route"


async def test_bodies_are_refused_as_over_http() -> None:
    """All wrong fields are named, and scopes hold for each call."""
    async with running(DESK_KEPT) as at:
        async with at.client.stream() as desk:
            with pytest.raises(ClientProblem) as refusal:
                await desk.call("tickets.put", "t", {"queue": 1, "extra": 2})
            assert {each.pointer for each in refusal.value.problem.errors} == {
                "/queue",
                "/channel",
                "/extra",
            }
        async with at.other(DESK) as poor, poor.stream() as desk:
            with pytest.raises(ClientProblem) as scope:
                await desk.call("tickets.put", "t", TICKET)
            assert scope.value.code == "forbidden_scope"


async def test_calls_need_not_wait_for_each_other() -> None:
    """Many calls are under way at once, and each reply finds its call."""
    async with running() as at, at.client.stream() as desk:
        made = await asyncio.gather(
            *(desk.call("tickets.put", f"t-{n}", TICKET) for n in range(200))
        )
        assert [each["id"] for each in made] == [f"t-{n}" for n in range(200)]


async def test_conditions_travel_on_the_socket() -> None:
    """If-Match and Idempotency-Key have their place in a call."""
    async with running() as at, socket(at) as found:
        await greeted(found)
        put = {"type": "call", "name": "groups.put", "id": "g", "if_match": 3, "body": {}}
        await found.send_str(msgspec.json.encode(put).decode())
        assert (await said(found))["status"] == 412
        await found.send_str(
            '{"type":"call","name":"tickets.cancel","id":"t","idempotency_key":"k"}'
        )
        await said(found)
        assert at.engine.calls[-1][1].idempotency_key == "k"


async def test_events_are_filtered_and_next_counts_what_was_left_out() -> None:
    """A desk hears of its agent only, yet resumes after everything it was spared."""
    async with running() as at, socket(at) as found:
        await greeted(found)
        await found.send_str('{"type":"subscribe","after":0,"types":["offer"],"agents":["ann"]}')
        for kind, agent in (("offer.issued", "bo"), ("agent.set", "ann"), ("offer.issued", "ann")):
            at.engine.emit("default", kind, agent=agent)
        at.engine.emit("default", "ticket.added")
        while (message := await said(found))["type"] == "heartbeat":
            pass
        assert [each["seq"] for each in message["events"]] == [3]
        while message["next"] < 4:
            message = await said(found)


async def test_a_silent_socket_has_heartbeats() -> None:
    """Somebody behind a proxy, or in a browser, can tell that the server is there."""
    async with running(stream_heartbeat_s=0.05) as at, socket(at) as found:
        await greeted(found)
        await found.send_str('{"type":"subscribe"}')
        assert (await said(found)) == {"type": "heartbeat", "next": 0}


async def test_a_window_holds_events_back_until_acknowledged() -> None:
    """No more than the window is on its way; an ack lets the next ones come."""
    async with running() as at, socket(at) as found:
        await greeted(found)
        await found.send_str('{"type":"subscribe","after":0,"window":3}')
        for _ in range(7):
            at.engine.emit("default", "ticket.added")
        seen: list[int] = []
        while len(seen) < 7:
            message = await said(found)
            if message["type"] == "heartbeat":
                assert len(seen) in (3, 6)
                await found.send_str(f'{{"type":"ack","seq":{seen[-1]}}}')
            else:
                seen += [each["seq"] for each in message["events"]]
                assert len(seen) <= 7
        assert seen == list(range(1, 8))


async def test_a_gap_is_told_and_a_new_subscription_goes_on() -> None:
    """What is no longer kept is named; the socket stays usable."""
    async with running() as at, socket(at) as found:
        for _ in range(5):
            at.engine.emit("default", "ticket.added")
        at.engine.oldest = 4
        await greeted(found)
        await found.send_str('{"type":"subscribe","after":1}')
        assert (await said(found)) == {"type": "gap", "oldest_seq": 4, "last_seq": 5}
        await found.send_str('{"type":"subscribe","after":4}')
        assert [each["seq"] for each in (await said(found))["events"]] == [5]


async def test_subscribing_again_takes_the_place_of_the_first() -> None:
    """There is one subscription at a time, and the old one is closed."""
    async with running() as at, socket(at) as found:
        await greeted(found)
        await found.send_str('{"type":"subscribe","after":0}')
        await until(lambda: len(at.engine.subscriptions) == 1)
        await found.send_str('{"type":"subscribe","after":0}')
        await until(lambda: len(at.engine.subscriptions) == 2)
        await until(lambda: at.engine.subscriptions[0].is_closed)
        at.engine.emit("default", "ticket.added")
        while (message := await said(found))["type"] == "heartbeat":
            pass
        assert [each["seq"] for each in message["events"]] == [1]


async def test_a_slow_consumer_is_let_go_and_told_where_to_resume() -> None:
    """The buffer is bounded: who does not read is closed with 4008, and resumes where it says."""
    async with running(stream_heartbeat_s=0.2) as at, socket(at) as found:
        await greeted(found)
        transport = found._response.connection.transport
        transport.pause_reading()
        await found.send_str('{"type":"subscribe","after":0}')
        for _ in range(100_000):
            at.engine.emit("default", "ticket.added", ticket="t-1")
        await until(lambda: at.engine.subscriptions)
        while not at.engine.subscriptions[0].is_closed:
            await found.send_str('{"type":"ack","seq":0}')  # alive, but not reading
            await asyncio.sleep(0.01)
        transport.resume_reading()
        last = 0
        async for frame in found:
            last = msgspec.json.decode(frame.data)["next"]
        assert found.close_code == 4008
        assert 0 < last < 100_000
        await until(lambda: not at.server.service.streams._open)
        assert at.server._metrics.snapshot({}).values["cordboard_stream_ends_total"] == {
            ("slow",): 1
        }


async def test_a_client_that_leaves_frees_everything() -> None:
    """Closing the socket closes the subscription and ends calls that wait."""
    async with running() as at:
        async with at.client.stream() as desk:
            await desk.subscribe(after=0)
            await until(lambda: at.engine.subscriptions)
        await until(lambda: at.engine.subscriptions[0].is_closed)
        await until(lambda: not at.server.service.streams._open)


async def test_the_client_hears_that_the_socket_closed() -> None:
    """A closed socket ends the events and every waiting call with the code and the place."""
    async with running() as at, at.client.stream() as desk:
        await desk.subscribe(after=0)
        at.engine.delay = asyncio.Event()
        waiting = asyncio.ensure_future(desk.call("groups.put", "g"))
        await until(lambda: at.engine.calls)
        ending = asyncio.ensure_future(at.server.service.streams.end_all())
        with pytest.raises(StreamClosed) as closed:
            async for _ in desk.events():
                pass
        assert closed.value.code == 1012
        with pytest.raises(StreamClosed):
            await waiting
        at.engine.delay.set()
        await ending


async def test_the_stream_is_refused_as_any_route() -> None:
    """Without a key there is no socket; the client says which problem it was."""
    async with running() as at, at.other(None) as stranger:
        with pytest.raises(ClientProblem) as refusal:
            async with stranger.stream():
                pass
        assert refusal.value.code == "unauthorized"


def test_every_call_of_the_interface_can_be_called() -> None:
    """The socket leaves out nothing but what is a stream itself."""
    assert len(callable_routes()) > 50
