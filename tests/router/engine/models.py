"""Small models of intents, and a line that is read for, on a memory journal."""

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

from router.commands.warm import compile_all
from router.engine.analyzers import make_analyzer
from router.engine.line import Line
from router.engine.messages import Messages
from router.engine.models import ModelFolder
from router.engine.reader import Analyzer, Reader
from router.engine.shelf import Shelf
from router.engine.signal_desk import SignalDesk, languages_of
from router.signals.model import Model
from router.signals.training import Options, Row, train
from router.tiers.encoding import Encoder
from router.tiers.worker import EncodingWorker, WorkerLimits
from router.wire import signals as wire
from router.wire.agents import NoBody
from router.wire.calls import Call, Reply
from router.wire.tickets import TicketBody
from tests.router.engine.lines import Bench

MESSAGES = {
    "refund": (
        "please refund the money for my order",
        "i want my money back",
        "the refund has not arrived yet",
        "when do i get the refund",
        "give me back what i paid",
    ),
    "login": (
        "i cannot log in to my account",
        "my password does not work",
        "the login page says wrong password",
        "please reset my password",
        "locked out of the account",
    ),
}
PATIENT = WorkerLimits(deadline_s=60.0, hang_s=60.0)


@cache
def model(seed: int = 1, *, is_wrong: bool = False) -> Model:
    """Return a model of two intents; a wrong one has learned them the other way round."""
    other = {"refund": "login", "login": "refund"}
    rows = [
        Row(text, other[label] if is_wrong else label)
        for label, texts in MESSAGES.items()
        for text in texts
    ]
    return train(rows, Options(bits=12, seed=seed, passes=10 + seed))


def warm() -> None:
    """Compile what reading, training and searching need, which the clock of a test should not be charged with."""
    compile_all(lambda _: None)
    model()


class Read:
    """A line whose messages are read, and the folder of its models."""

    def __init__(self, line: Line, desk: SignalDesk, folder: ModelFolder) -> None:
        self.line, self.desk, self.folder = line, desk, folder

    async def do(self, name: str, id_: str = "", body: Any = None) -> Any:
        """Do a call that must be done; return its body."""
        reply = await self.submit(name, id_, body)
        assert reply.problem is None, reply.problem
        return reply.body

    async def submit(self, name: str, id_: str = "", body: Any = None) -> Reply:
        """Do a call."""
        return await self.desk.submit(Call(name, id=id_, body=NoBody() if body is None else body))

    async def keep(self, made: Model) -> str:
        """Put a model's file into the folder and register it; return what it is called."""
        id_ = self.folder.write(made)
        await self.do("models.put", id_, wire.ModelBody())
        return id_

    async def put(self, id_: str, text: str, **more: Any) -> Any:
        """Put a ticket with a message; return it."""
        body = TicketBody(queue="support", channel="chat", text=text, **more)
        return await self.do("tickets.put", id_, body)

    async def close(self) -> None:
        """Let what was begun end, and let go of the journal."""
        await self.desk.close()
        if self.desk.assist.worker is not None:
            await self.desk.assist.worker.close()
        await self.line.close()


async def opened(bench: Bench, folder: Path | None, encoder: Encoder | None = None) -> Read:
    """Open a journal as an engine does, with what reads its messages, and maybe an encoder."""
    line = await bench.open()

    def make(models: Mapping[str, Model]) -> Analyzer:
        return make_analyzer(languages_of(line), models)

    files = ModelFolder(folder)
    reader = Reader(make, bench.clock.monotonic_ns, Messages(1_000))
    fingerprint = "" if encoder is None else encoder.fingerprint
    desk = SignalDesk(
        line, reader, files, Shelf(folder, now_us=bench.clock.now_us, encoder=fingerprint)
    )
    if encoder is not None:
        desk.assist.worker = EncodingWorker(encoder, bench.clock.monotonic_ns, PATIENT)
    await desk.restore()
    return Read(line, desk, files)


def intent_of(ticket: Any) -> Any:
    """Return the signal of its intent that a ticket is routed by."""
    return next(s for s in ticket.found if s.name == "intent" and s.applied)
