"""A tenant's hook, asked over real sockets: good, slow, broken and hostile ones."""

import asyncio

import aiohttp
import pytest
from aiohttp import web

from router.signals.signal import Signal
from router.tiers.breaker import NS_PER_S
from router.tiers.hook import Hook, HookError, HookLimits

GOOD = b'{"signals": {"intent": {"value": "refund", "probability": 0.97}}, "trace": 7}'
PATIENT = HookLimits(deadline_s=30.0)


class Stand:
    """A server that answers with whatever the test put up, and keeps what it was asked."""

    def __init__(self):
        self.body = GOOD
        self.status = 200
        self.headers = {}
        self.hold = asyncio.Event()
        self.hold.set()
        self.reached = asyncio.Event()
        self.asked = []

    async def answer(self, request):
        """Answer a request."""
        self.asked.append((await request.json(), dict(request.headers)))
        self.reached.set()
        await self.hold.wait()
        return web.Response(body=self.body, status=self.status, headers=self.headers)


def play(scene, limits=PATIENT, headers=None):
    """Run a scene with a server, a hook that points to it, and a clock that it moves by hand."""

    async def run():
        stand, now = Stand(), [0]
        app = web.Application()
        app.router.add_post("/hook", stand.answer)
        runner = web.AppRunner(app, shutdown_timeout=0.1)
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        port = site._server.sockets[0].getsockname()[1]
        async with aiohttp.ClientSession() as session:
            url = f"http://127.0.0.1:{port}/hook"
            hook = Hook(session, url, lambda: now[0], limits, headers or {})
            await scene(hook, stand, now)
        await runner.cleanup()

    asyncio.run(run())


def test_a_good_answer_becomes_signals_of_the_sender():
    """The question arrives as JSON with the tenant's headers; what it says is upstream's word."""

    async def scene(hook, stand, _now):
        answer = await hook.ask({"text": "money back"})
        assert answer.outcome == "done"
        assert answer.signals == {"intent": Signal("refund", 0.97, "high", "upstream", "hook")}
        question, headers = stand.asked[0]
        assert question == {"text": "money back"}
        assert headers["Authorization"] == "Bearer x"

    play(scene, headers={"Authorization": "Bearer x"})


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"<html>",
        b"{}",
        b"[]",
        b"null",
        b"\xff\xfe",
        b'{"signals": []}',
        b'{"signals": {"intent": "refund"}}',
        b'{"signals": {"intent": {"value": ""}}}',
        b'{"signals": {"intent": {"value": 7}}}',
        b'{"signals": {"intent": {"value": "x", "probability": 1.5}}}',
        b'{"signals": {"intent": {"value": "x", "probability": NaN}}}',
        b'{"signals": {"intent": {"value": "' + b"x" * 201 + b'"}}}',
        b'{"signals": {"' + b"x" * 65 + b'": {"value": "x"}}}',
        b'{"signals": {' + b",".join(b'"s%d": {"value": "x"}' % n for n in range(17)) + b"}}",
        b"[" * 100_000,
        GOOD[:-1],
        GOOD + b" " * (65 << 10),
    ],
    ids=range(18),
)
def test_garbage_is_told_from_an_answer(body):
    """What is not an answer gives no signal, with a reason, and never an exception."""

    async def scene(hook, stand, _now):
        stand.body = body
        assert await hook.ask({"text": "x"}) == ({}, "garbage")
        assert hook.statistics().last_failure
        stand.body = GOOD
        assert (await hook.ask({"text": "x"})).outcome == "done"

    play(scene)


@pytest.mark.parametrize("status", [201, 204, 301, 400, 401, 429, 500, 503])
def test_any_other_status_is_no_answer(status):
    """Only 200 counts, and nobody follows a redirect."""

    async def scene(hook, stand, _now):
        stand.status = status
        stand.headers = {"Location": "/hook"}
        assert (await hook.ask({})).outcome == "status"
        assert hook.statistics().last_failure == f"status {status}"
        assert len(stand.asked) == 1

    play(scene)


def test_a_slow_hook_is_given_up():
    """When the deadline passes the caller goes on without signals."""

    async def scene(hook, stand, _now):
        stand.hold.clear()
        assert (await hook.ask({})).outcome == "late"
        stand.hold.set()

    play(scene, HookLimits(deadline_s=0.02))


def test_a_hook_that_is_not_there_opens_the_breaker_and_is_tried_later():
    """Refused connections are failures; after some in a row nobody asks until the pause is over."""

    async def run():
        now = [0]
        async with aiohttp.ClientSession() as session:
            limits = HookLimits(deadline_s=30.0, failures_to_open=2, open_s=5.0)
            hook = Hook(session, "http://127.0.0.1:1/hook", lambda: now[0], limits)
            outcomes = [(await hook.ask({})).outcome for _ in range(4)]
            assert outcomes == ["failed", "failed", "open", "open"]
            now[0] = 5 * NS_PER_S
            assert hook.statistics().state == "half_open"
            assert (await hook.ask({})).outcome == "failed"
            assert (await hook.ask({})).outcome == "open"
            assert hook.statistics().opened == 2

    asyncio.run(run())


def test_it_closes_again_when_the_hook_is_well():
    """One good answer after the pause and everything is asked again."""

    async def scene(hook, stand, now):
        stand.status = 500
        for _ in range(2):
            await hook.ask({})
        assert (await hook.ask({})).outcome == "open"
        stand.status, now[0] = 200, 5 * NS_PER_S
        assert (await hook.ask({})).outcome == "done"
        assert hook.statistics().state == "closed"
        assert hook.statistics()[:7] == (1, 0, 0, 2, 0, 1, 0)

    play(scene, PATIENT._replace(failures_to_open=2, open_s=5.0))


def test_only_so_many_ask_at_once():
    """What comes while enough are under way is answered at once."""

    async def scene(hook, stand, _now):
        stand.hold.clear()
        asked = [asyncio.create_task(hook.ask({})) for _ in range(2)]
        await stand.reached.wait()
        assert (await hook.ask({})).outcome == "full"
        stand.hold.set()
        assert [(await each).outcome for each in asked] == ["done", "done"]
        assert hook.statistics().under_way == 0

    play(scene, PATIENT._replace(at_once=2))


def test_a_caller_that_goes_away_leaves_no_trace():
    """A cancelled question is no failure, and its place is free again."""

    async def scene(hook, stand, _now):
        stand.hold.clear()
        gone = asyncio.create_task(hook.ask({}))
        await stand.reached.wait()
        gone.cancel()
        await asyncio.gather(gone, return_exceptions=True)
        stand.hold.set()
        assert hook.statistics().under_way == 0
        assert (await hook.ask({})).outcome == "done"

    play(scene, PATIENT._replace(at_once=1))


@pytest.mark.parametrize("url", ["", "ftp://host/x", "file:///etc/hosts", "http://", "hook"])
def test_an_address_that_is_none_is_refused(url):
    """Only http and https lead to a hook."""

    async def run():
        async with aiohttp.ClientSession() as session:
            with pytest.raises(HookError, match="expected http"):
                Hook(session, url, lambda: 0)

    asyncio.run(run())
