"""
Where signals meet a line: messages are read on the way in, models are looked at, tried, put to work and taken back.

What is journalled decides which models serve: a file is read and checked first, then the call is settled, and once
the answer is durable the reader follows the journal by one assignment between two messages. Nobody waits for a
model but who asked for it.
"""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine, Iterable, Mapping
from types import MappingProxyType
from typing import Any, Final

import msgspec
import structlog

from router.core import codes as c
from router.desk.articles import ONLY
from router.desk.models import Looked, serving, shadows, slot_of
from router.desk.signals import config_of
from router.directory import ARTICLES, LANGUAGE, MODEL
from router.engine.assist import (
    Assist,
    erase_message,
    put_articles,
    similar_to_text,
    similar_to_ticket,
)
from router.engine.escalation import Escalation
from router.engine.line import Line
from router.engine.messages import Seen
from router.engine.models import Artefact, ModelFileError, ModelFolder, record_of
from router.engine.pupil import Pupil
from router.engine.reader import LATER, Candidate, Reader, statement_of, taken
from router.engine.shelf import Shelf
from router.engine.signal_questions import analyze
from router.engine.trials import objections_to, trial_view
from router.learning.monitor import Alarm
from router.shard import Sealed
from router.signals.cascade import Cascade
from router.signals.model import GOLDEN_TEXTS, Model
from router.wire import signals as wire
from router.wire.agents import NoBody
from router.wire.calls import Call, Reply
from router.wire.found import NAMES
from router.wire.offers import Assignment
from router.wire.tickets import Ticket

LOG = structlog.get_logger("cordboard.signals")


class SignalDesk:
    """Does the calls of one tenant that have to do with signals, and hands on all others."""

    def __init__(
        self, line: Line, reader: Reader, folder: ModelFolder, shelf: Shelf | None = None
    ) -> None:
        self.line = line
        self.reader = reader
        self.shelf = Shelf(folder.path, now_us=lambda: line.shard.at_us) if shelf is None else shelf
        self.assist = Assist(self.shelf, self._begin)
        self.escalation: Escalation | None = None
        self._folder = folder
        self._languages = languages_of(line)
        self._loaded: dict[str, Artefact] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._pupils: dict[str, Pupil] = {}
        self._held: set[str] = set()
        """Signals whose model was taken back by itself; the next time a person decides."""
        self.broken: dict[str, str] = {}
        """Models that should serve or be tried and cannot, by id: why."""
        line.on_settled.append(self.hear)

    # -- calls ------------------------------------------------------------------------------------------------------

    async def submit(self, call: Call) -> Reply:
        """Do a call."""
        doing = DOING.get(call.name)
        if doing is None:
            return await self.line.submit(call)
        reply = await doing(self, call)
        if self.reader.has_news:
            self._see_to_news()
        return reply

    async def read(self, call: Call) -> Reply:
        """Hand on a description of tickets with what their messages say."""
        told = self.reader.read(call)
        read = self.reader.seen_of(told)
        reply = await self.line.submit(told)
        done = taken(reply, read)
        for ticket, seen in read.items():
            if not self.reader.messages.holds(ticket, seen):
                continue  # it was erased before its call was done, or others followed it
            if ticket in done:
                seen.before = None
                self.assist.saw(self.line.shard, ticket, seen)
                self._ask_again(ticket, seen)
            else:
                self.reader.messages.take_back(ticket, seen)
        return reply

    def _ask_again(self, ticket: str, seen: Seen) -> None:
        """Ask the next tiers about a message that tier 0 is unsure of, beside the work."""
        if self.escalation is not None and self.escalation.wants(self.reader, seen):
            self._begin(self._tell_later(self.escalation, ticket, seen))
        elif self.assist.worker is not None:
            self.assist.encode_later(ticket, seen.text)

    async def _tell_later(self, escalation: Escalation, ticket: str, seen: Seen) -> None:
        """Tell what the next tiers say of a ticket's message, as a call of its own."""
        found = await escalation.ask(ticket, seen, self.reader)
        if seen.vector is not None:
            self.assist.meant(ticket, seen.vector)
        if found:
            statements = tuple(statement_of(name, signal) for name, signal in found.items())
            call = Call("tickets.inform", id=ticket, body=wire.InformBody())
            await self.line.submit(msgspec.structs.replace(call, found={ticket: statements}))

    async def correct(self, call: Call) -> Reply:
        """Hand on a correction, and learn from it once it is kept."""
        reply = await self.line.submit(call)
        body = call.body
        if reply.status == 200 and isinstance(body, wire.CorrectBody):
            told = ((name, getattr(body, name)) for name in NAMES)
            truths = {name: truth for name, truth in told if isinstance(truth, str)}
            self.reader.corrected(call.id, truths)
            self._learn(call.id, truths)
        return reply

    def _learn(self, ticket: str, truths: Mapping[str, str]) -> None:
        """Teach the copies of the models that serve, where the workspace wants that."""
        use = config_of(self.line.shard.directory).learning
        seen = self.reader.messages.get(ticket)
        if not use.online or seen is None:
            return
        for signal, truth in truths.items():
            model = self.reader.serving.get(signal)
            if model is None or signal in self._held:
                continue
            pupil = self._pupils.get(signal)
            if pupil is None or pupil.serving != model.id:
                pupil = self._pupils[signal] = Pupil(model)
            pupil.learn(seen.text, truth)
            if pupil.is_due(use.publish_every):
                self._begin(self._publish(pupil))

    async def _publish(self, pupil: Pupil) -> None:
        """Keep what a copy has learned as a model, and try it in the shadow."""
        id_ = await pupil.publish(self._folder)
        for name in ("models.put", "models.shadow"):
            body = wire.ModelBody(label=pupil.label) if name == "models.put" else NoBody()
            await self.change_model(Call(name, id=id_, body=body))

    async def transfer(self, call: Call) -> Reply:
        """Hand on a transfer; tickets that are sent elsewhere may have been read wrongly."""
        reply = await self.line.submit(call)
        if reply.status == 200 and isinstance(reply.body, Ticket):
            self.reader.transferred(call.id)
        return reply

    async def complete(self, call: Call) -> Reply:
        """Hand on that an assignment is done; by then its ticket's message is kept, however we end."""
        reply = await self.line.submit(call)
        if isinstance(reply.body, Assignment):
            await self.shelf.keep(reply.body.ticket)
        return reply

    async def configure(self, call: Call) -> Reply:
        """Hand on what may change the languages to choose from: what signals do, and whom agents understand."""
        reply = await self.line.submit(call)
        languages = languages_of(self.line)
        if languages != self._languages:
            self._languages = languages
            self.reader.renew()
        return reply

    # -- models -----------------------------------------------------------------------------------------------------

    async def change_model(self, call: Call) -> Reply:
        """Look at a model's file, hand the call on, and follow what the journal says then."""
        looked = await self._look(call)
        reply = await self.line.submit(msgspec.structs.replace(call, found=looked))
        if reply.status in (200, 201):
            if call.name == "models.activate" and isinstance(reply.body, wire.Model):
                self._held.discard(reply.body.signal)
            self.follow()
            self._add_trial(reply.body)
        return reply

    async def _look(self, call: Call) -> Looked:
        """Return what is to be said of the model that a call would put to work."""
        directory = self.line.shard.directory
        id_ = call.id
        if call.name == "models.rollback":
            document = directory.document(MODEL, id_)
            served = () if document is None else slot_of(directory, document.body.signal).served
            id_ = served[1] if served[:1] == (id_,) and len(served) > 1 else id_
        try:
            model, size = await self._load(id_)
        except ModelFileError as error:
            if call.name in ("models.put", "models.shadow", "models.activate"):
                return Looked(refusal=str(error))
            is_known = directory.document(MODEL, id_) is not None
            return Looked(refusal=str(error) if is_known else None)
        candidate = self.reader.candidates.get(model.name)
        against: tuple[str, ...] = ("it was not tried since the server started",)
        if candidate is not None and candidate.id == id_:
            against = tuple(self._objections(candidate))
        return Looked(record_of(model, size), objections=against)

    async def _load(self, id_: str) -> tuple[Artefact, int]:
        """Read and check a model's file beside the loop; a cascade's with the encoder that is to feed it."""
        loop = asyncio.get_running_loop()
        model, size = await loop.run_in_executor(None, self._folder.read, id_)
        if isinstance(model, Cascade):
            vectors = await self.assist.vectors_of(GOLDEN_TEXTS)
            why = model.why_not(self.shelf.encoder, vectors)
            if why is not None:
                raise ModelFileError(f"The cascade {id_} cannot be used: {why}")
        self._loaded[id_] = model
        return model, size

    async def restore(self) -> None:
        """Load what the journal says, as after a start; what cannot be used is said and done without."""
        directory = self.line.shard.directory
        for id_ in {*serving(directory).values(), *shadows(directory).values()}:
            why = await self._why_not_loaded(id_)
            if why is not None:
                self.broken[id_] = why
                LOG.error("model_refused", model=id_, why=why)
        self.follow()
        articles = directory.document(ARTICLES, ONLY)
        await self.assist.restore(self.line.shard, None if articles is None else articles.body)

    async def _why_not_loaded(self, id_: str) -> str | None:
        """Load a model; return why that cannot be, None when it was done."""
        try:
            await self._load(id_)
        except ModelFileError as error:
            return str(error)
        return None

    def follow(self) -> None:
        """Let those models serve and be tried that the journal says, as far as they are loaded."""
        directory = self.line.shard.directory
        loaded = self._loaded
        serve, tried = serving(directory), shadows(directory)
        used = {*serve.values(), *tried.values()}
        self._loaded = {id_: model for id_, model in loaded.items() if id_ in used}
        self.broken = {i: why for i, why in self.broken.items() if i in used - loaded.keys()}
        there = {name: loaded[id_] for name, id_ in serve.items() if id_ in loaded}
        later = {name: each for name, each in there.items() if isinstance(each, Cascade)}
        self.reader.serve({n: each for n, each in there.items() if isinstance(each, Model)}, later)
        self.reader.try_out({n: loaded[id_] for n, id_ in tried.items() if id_ in loaded})
        if self.escalation is not None:
            self.escalation.cascade = later.get(LATER)

    async def show(self, call: Call) -> Reply:
        """Show models with their trials."""
        reply = await self.line.submit(call)
        if isinstance(reply.body, wire.ModelsPage):
            for model in reply.body.items:
                self._add_trial(model)
        else:
            self._add_trial(reply.body)
        return reply

    def _add_trial(self, shown: object) -> None:
        if not isinstance(shown, wire.Model):
            return
        candidate = self.reader.candidates.get(shown.signal)
        if candidate is not None and candidate.id == shown.id:
            shown.trial = trial_view(candidate.trial, self._objections(candidate))

    def _objections(self, candidate: Candidate) -> list[str]:
        """Return what speaks against a candidate."""
        directory = self.line.shard.directory
        gate, served = config_of(directory).gate, serving(directory)
        return objections_to(candidate.trial, gate, candidate.model.name, served)

    # -- what became of tickets -------------------------------------------------------------------------------------

    def hear(self, sealed: Sealed) -> None:
        """Take in which tickets a settlement completed, or closed otherwise."""
        self.assist.closed(self.line.shard, sealed)
        if not len(self.reader.messages):
            return
        events = sealed.batch.events
        rows = events["ticket"][events["kind"] == c.E_COMPLETED].tolist()
        if rows:
            names = dict(sealed.tickets)
            for row in rows:
                if row in names:
                    self.reader.completed(names[row])
            if self.reader.has_news:
                self._see_to_news()

    def _see_to_news(self) -> None:
        """Let the journal know of alarms, and look at trials, beside the work."""
        self.reader.has_news = False
        self._begin(self._tell_news())

    def _begin(self, work: Coroutine[Any, Any, None]) -> None:
        """Do something beside the work; what goes wrong there is logged and stops nobody."""
        task = asyncio.get_running_loop().create_task(watched(work))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _tell_news(self) -> None:
        """Say that a model is in doubt, and take it back if tickets fare worse and the workspace wants that."""
        for signal, id_, alarm in self.reader.take_worries():
            LOG.warning("model_drifts", signal=signal, model=id_, why=alarm.detail)
            await self.line.submit(Call("models.doubt", id=id_, body=NoBody()))
            if self._is_to_be_taken_back(signal, id_, alarm):
                self._held.add(signal)
                await self.change_model(Call("models.rollback", id=id_, body=NoBody()))
        await self._promote_if_wanted()

    def _is_to_be_taken_back(self, signal: str, id_: str, alarm: Alarm) -> bool:
        directory = self.line.shard.directory
        served = slot_of(directory, signal).served
        wanted = config_of(directory).learning.rollback and signal not in self._held
        return wanted and alarm.is_grave and served[:1] == (id_,) and len(served) > 1

    async def _promote_if_wanted(self) -> None:
        """Put candidates to work that have passed the gate, where the workspace wants that."""
        use = config_of(self.line.shard.directory)
        if use.learning.promote:
            for candidate in self.passed():
                call = Call("models.promote", id=candidate.id, body=NoBody())
                await self.change_model(call)

    def passed(self) -> Iterable[Candidate]:
        """Return the candidates against which the gate has nothing to say."""
        return [e for e in self.reader.candidates.values() if not self._objections(e)]

    async def settle(self) -> None:
        """Let what was begun end."""
        while self._tasks:
            await asyncio.gather(*self._tasks, return_exceptions=True)

    async def close(self) -> None:
        """Let what was begun end, and let go of files."""
        await self.settle()
        await self.assist.close()


async def watched(work: Coroutine[Any, Any, None]) -> None:
    """Do something whose failure concerns models only: say so, and go on without."""
    try:
        await work
    except Exception:
        LOG.exception("signals_failed")


Doing = Callable[[SignalDesk, Call], Awaitable[Reply]]
DOING: Final[Mapping[str, Doing]] = MappingProxyType(
    {
        "tickets.put": SignalDesk.read,
        "tickets.patch": SignalDesk.read,
        "tickets.batch": SignalDesk.read,
        "tickets.correct": SignalDesk.correct,
        "tickets.transfer": SignalDesk.transfer,
        "assignments.complete": SignalDesk.complete,
        "signals.put": SignalDesk.configure,
        "agents.put": SignalDesk.configure,
        "agents.patch": SignalDesk.configure,
        "signals.analyze": analyze,
        "signals.similar": similar_to_text,
        "tickets.similar": similar_to_ticket,
        "tickets.erase": erase_message,
        "articles.put": put_articles,
        "models.list": SignalDesk.show,
        "models.get": SignalDesk.show,
        "models.put": SignalDesk.change_model,
        "models.shadow": SignalDesk.change_model,
        "models.promote": SignalDesk.change_model,
        "models.activate": SignalDesk.change_model,
        "models.rollback": SignalDesk.change_model,
    }
)
"""Calls for which a device has something to do."""


def languages_of(line: Line) -> tuple[str, ...]:
    """Return the languages that messages may be in: the configured ones, or else those that agents speak."""
    directory = line.shard.directory
    configured = config_of(directory).languages
    spoken = configured or directory.names[LANGUAGE].ids
    return tuple(dict.fromkeys(tag.lower().partition("-")[0] for tag in spoken))
