"""The floor of a load test, laid and cleared, before clients that refuse."""

import asyncio
from typing import Any

import pytest
from aiohttp import web

from router.client import ClientProblem
from router.wire.problems import problem
from simulator.kernel.running import Options
from simulator.load.ground import GroundError, clear
from simulator.load.playing import Pace
from simulator.load.trial import Target, Trial
from tests.simulator.load.worlds import QUICK, prepared_of


class Refusing:
    """A client that refuses some calls and notes the others."""

    def __init__(self, refusals: dict[str, str]) -> None:
        self._refusals = refusals
        self.done: list[tuple[str, str]] = []

    async def call(self, name: str, id_: str = "", *_: object, **__: object) -> Any:
        """Refuse with a code, or note."""
        code = self._refusals.get(id_)
        if code is not None:
            raise ClientProblem(problem(code, "on purpose"))
        self.done.append((name, id_))


@pytest.mark.parametrize("code", ["state_conflict", "internal"])
def test_one_refusal_leaves_no_other_ticket_open(code: str) -> None:
    """A ticket that has just ended is none to cancel; another refusal is told when everything else is done."""
    client = Refusing({"t1": code})
    world = prepared_of(QUICK).compiled.world
    if code == "internal":
        with pytest.raises(ClientProblem, match="on purpose"):
            asyncio.run(clear(client, world, ["t0", "t1", "t2"]))
    else:
        assert asyncio.run(clear(client, world, ["t0", "t1", "t2"])) == 2
    assert [id_ for name, id_ in client.done if name == "tickets.cancel"] == ["t0", "t2"]
    assert len([id_ for name, id_ in client.done if name == "agents.presence"]) == 10


def test_what_is_no_cordboard_server_is_named() -> None:
    """A page that says 200 to everything, such as a proxy's login, is no server to play on."""

    async def page(_: web.Request) -> web.Response:
        return web.Response(text="<html>log in</html>", content_type="text/html")

    async def play() -> str:
        app = web.Application()
        app.router.add_route("*", "/{tail:.*}", page)
        runner = web.AppRunner(app)
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        try:
            host, port = runner.addresses[0][:2]
            with pytest.raises(GroundError) as stranger:
                await Trial(
                    prepared_of(QUICK), Options(1), Pace(1.0), Target(f"http://{host}:{port}")
                ).play(lambda _: None)
            return str(stranger.value)
        finally:
            await runner.cleanup()

    assert "is no Cordboard server" in asyncio.run(play())
