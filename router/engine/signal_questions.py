"""Questions to what reads messages: what does a text say, and why."""

import asyncio
from typing import TYPE_CHECKING, Any, Final, cast

from router.engine.models import id_of
from router.engine.reader import Hints
from router.signals.language import Prior
from router.signals.table import reasons_of
from router.wire import signals as wire
from router.wire.calls import Call, Reply

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
            why = reasons_of(name, signal, desk.reader.serving.get(name), text)
            read.reasons = [wire.Reason(ngram=r.ngram, points=r.points) for r in why]
        found.append(read)
    return wire.ReadMessage(signals=found)
