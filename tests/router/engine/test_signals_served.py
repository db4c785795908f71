"""Signals over real sockets: any message gets a ticket, a model changes under load, and tenants see their own."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from io import BytesIO
from pathlib import Path
from typing import Any

import aiohttp
import msgspec
import pytest

from router.client import Client, ClientProblem
from router.clock import Clock
from router.engine.engine import Engine, EngineSettings
from router.engine.models import ModelFolder, id_of
from router.http.serve import Server
from router.settings import AuthSettings, ServerSettings, Settings
from tests.router.engine.models import model, warm
from tests.router.http.running import key_of

ACME, ACME_KEPT = key_of("acme", "acme")
ZOO, ZOO_KEPT = key_of("zoo", "zoo")
HELP = {"queue": "help", "channel": "email"}


@pytest.fixture(scope="module", autouse=True)
def _warm() -> None:
    """Compile outside of the tests, whose time is bounded."""
    warm()


@asynccontextmanager
async def served(folder: Path) -> AsyncIterator[tuple[Client, Client, Engine]]:
    """Serve two tenants, each with a floor and a folder of models; yields their clients and the engine."""
    clock = Clock()
    settings = EngineSettings(
        lambda _: "memory:", ("acme", "zoo"), models=lambda tenant: folder / tenant
    )
    engine = await Engine.open(settings, clock)
    keys = AuthSettings((ACME_KEPT, ZOO_KEPT))
    server = Server(engine, Settings(server=ServerSettings(port=0), auth=keys), clock)
    await server.start()
    try:
        async with Client(server.url, ACME) as acme, Client(server.url, ZOO) as zoo:
            for client in (acme, zoo):
                await client.call("queues.put", "help")
                languages = {"languages": {"en": 5, "de": 5}}
                await client.call("agents.put", "ann", languages)
            yield acme, zoo, engine
    finally:
        await server.stop()


async def serve_model(client: Client, folder: Path, seed: int = 1) -> str:
    """Register a model of intents and put it to work; return what it is called."""
    id_ = ModelFolder(folder).write(model(seed))
    await client.call("models.put", id_)
    await client.call("models.activate", id_)
    return id_


def by_name(ticket: dict[str, Any]) -> dict[str, Any]:
    """Return what was found in a ticket's message, by signal."""
    return {each["name"]: each for each in ticket.get("found", [])}


@pytest.mark.parametrize(
    "text",
    [
        "",
        " \n\t ",
        "😡😡😡 🙏",
        "!!!???...",
        "12345 67890",
        "\x00\x01\x02\x7f",
        "https://example.org/a?b=c ann@example.org #12",
        "a" * 1_000_000,
        "refund " * 140_000,
        "где мои деньги? where is my money? 返金してください",
        "\u202e\u200e\ufeff\u200b",
        "e\u0301" * 5_000,
        "\ud7ff\ue000\uffff\U0010ffff",
    ],
    ids=[
        "empty", "blank", "emoji", "marks", "digits", "control", "masked", "1 MB of a letter", "1 MB of words",
        "mixed", "invisible", "combining", "edges of Unicode",
    ],
)  # fmt: skip
async def test_any_message_gets_its_ticket(tmp_path: Path, text: str) -> None:
    """Whatever was written, the ticket is there, its signals are defined, and analysis says the same."""
    async with served(tmp_path) as (acme, _, _engine):
        await serve_model(acme, tmp_path / "acme")
        await acme.call("signals.put", body={"language": {}, "urgency": {"urgent": 2}})
        ticket = await acme.call("tickets.put", "t", {**HELP, "text": text})
        assert ticket["state"] == "queued"
        found = by_name(ticket)
        assert found.keys() == {"language", "intent", "urgency", "sentiment"}
        assert all(0.0 <= each["probability"] <= 1.0 for each in found.values())
        if not any(letter.isalpha() for letter in text):
            assert (found["language"]["value"], found["language"]["level"]) == ("und", "low")
        body = {"messages": [{"text": text}], "explain": True}
        (told,) = (await acme.call("signals.analyze", body=body))["results"]
        assert {s["name"]: s["value"] for s in told["signals"]} == {
            name: each["value"] for name, each in found.items()
        }
        assert (await acme.call("tickets.similar", "t"))["hits"] == []


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b'{"queue":"help","channel":"email","text":"\xff\xfe"}', "not_utf8"),
        (b'{"queue":"help","channel":"email","text":"\\ud800"}', "malformed_body"),
        (b'{"queue":"help","channel":"email","text":7}', "validation_failed"),
        (b'{"queue":"help","channel":"email","text":null}', "validation_failed"),
        (
            b'{"queue":"help","channel":"email","text":"' + b"a" * 4_200_000 + b'"}',
            "body_too_large",
        ),
    ],
    ids=["bytes", "surrogate", "number", "null", "over 4 MiB"],
)
async def test_what_is_no_text_is_refused_by_name(tmp_path: Path, body: bytes, code: str) -> None:
    """Bytes that are no UTF-8, half a surrogate, another type, too much: a problem, and no ticket."""
    async with served(tmp_path) as (acme, _, _engine):
        headers = {"Authorization": f"Bearer {ACME}", "Content-Type": "application/json"}
        url = f"{acme._base}/v1/tickets/t"
        async with (
            aiohttp.ClientSession() as http,
            http.put(url, data=BytesIO(body), headers=headers) as response,
        ):
            problem = msgspec.json.decode(await response.read())
        assert problem["code"] == code
        with pytest.raises(ClientProblem) as refused:
            await acme.call("tickets.get", "t")
        assert refused.value.code == "unknown_resource"


async def test_a_model_changes_under_load_and_no_ticket_fails(tmp_path: Path) -> None:
    """Four hundred tickets on sixteen connections, forty changes: all are created, each by a model that served."""
    async with served(tmp_path) as (acme, _, engine):
        ids = [await serve_model(acme, tmp_path / "acme", seed) for seed in (2, 1)]
        done = asyncio.Event()
        seen: list[str] = []

        async def put(share: int) -> None:
            for n in range(share, 400, 16):
                body = {**HELP, "text": "please reset my password"}
                ticket = await acme.call("tickets.put", f"t{n}", body)
                seen.append(by_name(ticket)["intent"]["model"])

        async def change() -> int:
            changes = 0
            while not done.is_set() or changes < 40:
                await acme.call("models.activate", ids[changes % 2])
                changes += 1
            return changes

        changing = asyncio.get_running_loop().create_task(change())
        await asyncio.gather(*(put(share) for share in range(16)))
        done.set()
        assert await changing >= 40
        assert len(seen) == 400
        assert set(seen) <= set(ids)
        documents = engine.line("acme").shard.directory.documents[9]
        kept = [documents[f"t{n}"].found for n in range(400)]
        assert all({s.model for s in found if s.name == "intent"} <= set(ids) for found in kept)


async def test_another_tenants_models_articles_and_messages_are_not_there(tmp_path: Path) -> None:
    """A model of one tenant is unknown to the other, whose messages it does not read and cannot compare."""
    async with served(tmp_path) as (acme, zoo, _engine):
        id_ = await serve_model(acme, tmp_path / "acme")
        csv = "id,title,text\na-1,Refunds,How refunds work\n"
        await acme.call("articles.put", body={"csv": csv})
        assert (await zoo.call("models.list"))["items"] == []
        assert (await zoo.call("articles.get"))["articles"] == 0
        for name in ("models.get", "models.activate", "models.shadow"):
            with pytest.raises(ClientProblem) as refused:
                await zoo.call(name, id_)
            assert refused.value.code in ("unknown_resource", "model_refused")
        with pytest.raises(ClientProblem) as refused:
            await zoo.call("models.put", id_)
        assert refused.value.code == "model_refused"
        ticket = await zoo.call("tickets.put", "t", {**HELP, "text": "my refund"})
        assert "intent" not in by_name(ticket)
        found = await zoo.call("signals.similar", body={"text": "how refunds work"})
        assert found["hits"] == []
        assert len((await acme.call("signals.similar", body={"text": "refunds"}))["hits"]) == 1
        assert (await acme.call("models.get", id_))["sha256"] == model().id


async def test_why_a_ticket_was_read_so_and_routed_so_can_be_asked(tmp_path: Path) -> None:
    """Analysis names the n-grams that weighed most; the explanation of a decision names the signals behind it."""
    async with served(tmp_path) as (acme, _, _engine):
        id_ = await serve_model(acme, tmp_path / "acme")
        body = {
            "messages": [{"text": "i want my money back"}, {"text": "password"}],
            "explain": True,
        }
        first, second = (await acme.call("signals.analyze", body=body))["results"]
        intent = next(s for s in first["signals"] if s["name"] == "intent")
        assert (intent["value"], intent["model"]) == ("refund", id_)
        points = [reason["points"] for reason in intent["reasons"]]
        assert points == sorted(points, reverse=True)
        assert points[0] > 0
        (shouted,) = (
            await acme.call(
                "signals.analyze",
                body={"messages": [{"text": "Fraud! This is terrible"}], "explain": True},
            )
        )["results"]
        why = {s["name"]: [r["ngram"] for r in s["reasons"]] for s in shouted["signals"]}
        assert why["urgency"] == ["security: fraud", "exclamation marks"]
        assert "terrible" in why["sentiment"]
        assert {s["name"] for s in second["signals"]} >= {"language", "intent"}
        await acme.call("skills.put", "refunds")
        use = {"intents": {"refund": {"requirements": [{"skill": "refunds"}]}}, "intent_least": 0.0}
        await acme.call("signals.put", body=use)
        await acme.call("tickets.put", "t", {**HELP, "text": "i want my money back"})
        why = await acme.call("decisions.explain", body={"ticket": "t"})
        assert why["excluded"] == {"skill": 1} or "ann" in str(why["excluded_agents"])
        assert {each["name"] for each in why["signals"]} >= {"language", "intent"}
        assert "Its message: language en" in why["text"]
        assert id_of(model().id) in why["text"]
