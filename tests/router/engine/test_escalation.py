"""Asking again where tier 0 is unsure: a web hook and an encoder that answer, are late, or talk nonsense."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from router.engine.escalation import Escalation, Tiers, TierSettings
from router.wire import signals as wire
from tests.router.engine.lines import Bench, furnish
from tests.router.engine.models import Read, intent_of, model, opened, warm

UNSURE = "hm, there is something with my thing"


@pytest.fixture(scope="module", autouse=True)
def _warm() -> None:
    """Compile outside of the tests, whose time is bounded."""
    warm()


@asynccontextmanager
async def hooked(answer: Any, folder: Path) -> AsyncIterator[tuple[Read, list[Any]]]:
    """Return a floor whose unsure messages are told to a hook, and what the hook was asked."""
    asked: list[Any] = []

    async def handle(request: web.BaseRequest) -> web.StreamResponse:
        asked.append(await request.json())
        return web.json_response(answer) if isinstance(answer, dict) else web.Response(text=answer)

    server = web.ServerRunner(web.Server(handle))
    await server.setup()
    site = web.TCPSite(server, "127.0.0.1", 0)
    await site.start()
    port = server.addresses[0][1]
    bench = Bench()
    read = await opened(bench, folder)
    await furnish(read.line)
    await read.do("models.activate", await read.keep(model()))
    settings = TierSettings(hook_url=f"http://127.0.0.1:{port}/ask")
    tiers = Tiers.open(settings, bench.clock.monotonic_ns)
    read.desk.escalation = Escalation(tiers, "acme")
    try:
        yield read, asked
    finally:
        await read.close()
        await tiers.close()
        await server.cleanup()


async def test_a_hook_is_asked_about_what_is_unsure_and_believed(tmp_path: Path) -> None:
    """The ticket is there at once; the hook's word comes as a call of its own and stands before tier 0's."""
    said = {
        "signals": {"intent": {"value": "login", "probability": 0.9}, "mood": {"value": "grim"}}
    }
    async with hooked(said, tmp_path) as (read, asked):
        first = await read.put("t", UNSURE)
        assert intent_of(first).source == "tier0"
        await read.desk.close()
        again = await read.do("tickets.get", "t")
        assert (intent_of(again).value, intent_of(again).source) == ("login", "upstream")
        assert {each.name for each in again.found} == {each.name for each in first.found}
        assert [(one["tenant"], one["ticket"], one["text"]) for one in asked] == [
            ("acme", "t", UNSURE)
        ]
        assert read.desk.escalation is not None
        assert read.desk.escalation.asked == {("tier2", "done"): 1}


@pytest.mark.parametrize(
    "answer", ["no json", {"signals": 7}, {"signals": {"language": {"value": "??"}}}]
)
async def test_a_hook_that_talks_nonsense_changes_nothing(tmp_path: Path, answer: Any) -> None:
    """Tier 0 stands, and no ticket fails."""
    async with hooked(answer, tmp_path) as (read, _asked):
        first = await read.put("t", UNSURE)
        await read.desk.close()
        assert (await read.do("tickets.get", "t")).found == first.found


async def test_nobody_is_asked_about_a_ticket_without_a_message(tmp_path: Path) -> None:
    """Only what was read and is unsure is asked again."""
    async with hooked({"signals": {}}, tmp_path) as (read, asked):
        await read.do("tickets.correct", (await read.put("t", "")).id, wire.CorrectBody())
        await read.desk.close()
        assert all(one["text"] == "" for one in asked)


async def test_an_encoder_that_cannot_be_had_is_said_and_done_without(tmp_path: Path) -> None:
    """A path that is no model stops no server."""
    tiers = Tiers.open(
        TierSettings(encoder=str(tmp_path / "none.onnx")), Bench().clock.monotonic_ns
    )
    assert not tiers.is_there
    await tiers.close()
