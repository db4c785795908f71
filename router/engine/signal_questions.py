"""Questions to what reads messages: what does a text say and why, and what is like it; and the articles to compare."""

import asyncio
from typing import TYPE_CHECKING, Any, Final, cast

import msgspec

from router.desk.articles import Shelved
from router.desk.conditions import unknown
from router.engine.models import id_of
from router.engine.reader import Hints
from router.engine.shelf import ShelfError
from router.search.snapshot import Query
from router.signals.language import Prior
from router.wire import signals as wire
from router.wire.calls import Call, Reply, refused
from router.wire.similar import ArticlesBody, SimilarBody

if TYPE_CHECKING:
    from router.engine.signal_desk import SignalDesk

YIELD_EVERY: Final = 32
"""Messages of one analysis after which others have their turn."""


async def analyze(desk: "SignalDesk", call: Call) -> Reply:
    """Read messages that are no ticket's."""
    body = cast("wire.AnalyzeBody", call.body)
    results = []
    for n, message in enumerate(body.messages, 1):
        text = f"{message.subject}\n{message.text}" if message.subject else message.text
        hints = Hints(Prior(locale=message.locale or ""))
        results.append(_read_one(desk, text, hints, explain=body.explain))
        if n % YIELD_EVERY == 0:
            await asyncio.sleep(0)
    return Reply(200, wire.Analysis(results=results))


def _read_one(desk: "SignalDesk", text: str, hints: Hints, *, explain: bool) -> wire.ReadMessage:
    found = []
    for name, signal in desk.reader.analyze(text, hints).items():
        read = wire.ReadSignal(
            name=name,
            value=signal.value,
            probability=signal.probability,
            level=signal.level,
            source=cast("Any", signal.source),
            model=id_of(signal.model),
        )
        if explain:
            read.reasons = _reasons(desk, name, text, signal.value)
        found.append(read)
    return wire.ReadMessage(signals=found)


def _reasons(desk: "SignalDesk", name: str, text: str, value: str) -> list[wire.Reason]:
    """Return what of a text speaks for a value, as far as the model that said so tells."""
    model = desk.reader.serving.get(name)
    if model is None or value not in model.labels:
        return []
    return [wire.Reason(ngram=r.ngram, points=r.points) for r in model.explain(text, value)]


async def similar_to_ticket(desk: "SignalDesk", call: Call) -> Reply:
    """Find what is like a ticket's message."""
    if call.id not in desk.line.shard.directory.rows:
        return unknown("ticket", call.id)
    seen = desk.reader.messages.get(call.id)
    if seen is None:
        detail = f"The message of {call.id!r} is not in memory. Send it to /v1/signals:similar."
        return refused("state_conflict", detail)
    kind = cast("str | None", call.query["kind"])
    most = cast("int", call.query["most"])
    query = Query(seen.text, most=most, kind=kind or "", language=seen.language)
    found = await desk.shelf.search(query._replace(without=call.id, explain=True))
    return Reply(200, found)


async def similar_to_text(desk: "SignalDesk", call: Call) -> Reply:
    """Find what is like a text."""
    body = cast("SimilarBody", call.body)
    query = Query(body.text, most=body.most, kind=body.kind or "", explain=True)
    return Reply(200, await desk.shelf.search(query._replace(language=body.language or "")))


async def put_articles(desk: "SignalDesk", call: Call) -> Reply:
    """Read articles, and let the journal know which they are."""
    body = cast("ArticlesBody", call.body)
    try:
        record, articles = await desk.shelf.prepare(body.csv)
    except ShelfError as error:
        return await desk.line.submit(told(call, Shelved(fault=str(error))))
    reply = await desk.line.submit(told(call, Shelved(record=record)))
    if reply.status in (200, 201):
        await desk.shelf.install(articles)
    return reply


def told(call: Call, shelved: Shelved) -> Call:
    """Return a call about articles without their text, with what was found in it."""
    return msgspec.structs.replace(call, body=None, found=shelved)
