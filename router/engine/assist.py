"""
Agent assist: what is like a ticket's message, or a text. Solved tickets and articles, by words and by meaning.

What a ticket's message is found by is kept from when it was read; it is looked through once the ticket is
completed. Texts are encoded one at a time, beside the work and behind whatever tier 1 is asked in a hurry.
"""

import asyncio
from collections import deque
from collections.abc import Callable, Coroutine, Sequence
from typing import TYPE_CHECKING, Any, Final, cast

import msgspec
import numpy as np
import structlog
from numpy.typing import NDArray

from router.core import codes as c
from router.core.lifecycle import FINAL
from router.desk.articles import Shelved
from router.desk.conditions import unknown
from router.engine.article_files import ShelfError, text_of
from router.engine.messages import Seen
from router.engine.shelf import Change, End, Shelf, Vector
from router.search.documents import Document
from router.search.snapshot import Query
from router.stores.assist import AssistStoreError
from router.tiers.worker import EncodingWorker, Outcome
from router.wire.calls import Call, Reply, refused
from router.wire.similar import ArticlesBody, ArticlesRecord, SimilarBody

if TYPE_CHECKING:
    from router.engine.signal_desk import SignalDesk
    from router.shard import Sealed, Shard

TEXTS_WAITING_MAX: Final = 1_000
"""Messages that wait to be encoded; of more the oldest is found by its words alone."""
PATIENCE_S: Final = 10.0
"""How long a text that nobody waits for may take to be encoded."""
MEND_S: Final = 5.0
"""After how long a store that failed is tried again; a new message tries sooner."""
ARTICLES_AT_ONCE: Final = 64
STOPPED: Final[frozenset[Outcome]] = frozenset({"hung", "open", "closed"})
"""Outcomes after which it makes no sense to go on with the next text."""

LOG = structlog.get_logger("cordboard.assist")


class Assist:
    """What one tenant's agents are helped by. Use it from the loop only."""

    def __init__(self, shelf: Shelf, begin: Callable[[Coroutine[Any, Any, None]], None]) -> None:
        """Take the shelf, and what does work beside the work (``begin``)."""
        self.shelf = shelf
        self.worker: EncodingWorker | None = None
        self._begin = begin
        self._texts: deque[tuple[str, str]] = deque(maxlen=TEXTS_WAITING_MAX)
        self._articles: deque[Document] = deque()
        self._is_encoding = False
        self._alarm: asyncio.TimerHandle | None = None
        self._open: set[str] = set()  # tickets with a message whose end is waited for

    # -- what becomes of tickets ------------------------------------------------------------------------------------

    def saw(self, shard: "Shard", ticket: str, seen: Seen) -> None:
        """
        Keep what a ticket's message is found by.

        A message is seen once its call is durable, an end when it is settled: a ticket that was closed right
        behind the message may have ended before it is seen, and nobody would tell of it again.
        """
        self._note(Change(ticket, message=Document(ticket, seen.text, language=seen.language)))
        end = present_end(shard, ticket)
        if end == "open":
            self._open.add(ticket)
        else:
            self._open.discard(ticket)
            self._note(Change(ticket, end=end))

    def closed(self, shard: "Shard", sealed: "Sealed") -> None:
        """Take in which tickets a settlement closed: completed ones are solved, others are forgotten."""
        if not self._open:
            return
        states = shard.machine.arrays.tickets["state"]
        for row, id_ in sealed.tickets:
            if row >= 0 and id_ in self._open:
                end = end_of(int(states[row]))
                if end != "open":
                    self._open.discard(id_)
                    self._note(Change(id_, end=end))

    def meant(self, ticket: str, vector: Vector) -> None:
        """Keep the meaning of a ticket's message."""
        self._note(Change(ticket, meaning=vector))

    def _note(self, change: Change) -> None:
        if self.shelf.note(change):
            self._begin(self._tidy())

    async def _tidy(self) -> None:
        await self.shelf.tidy()
        self.mend_later()

    def mend_later(self) -> None:
        """Try again in a while what failed, if something did."""
        if self.shelf.needs_mending and self._alarm is None:
            self._alarm = asyncio.get_running_loop().call_later(MEND_S, self._mend_now)

    def _mend_now(self) -> None:
        self._alarm = None
        self._begin(self._mend())

    async def _mend(self) -> None:
        await self.shelf.mend()
        self.mend_later()

    async def close(self) -> None:
        """Let go of the shelf."""
        if self._alarm is not None:
            self._alarm.cancel()
            self._alarm = None
        await self.shelf.close()

    async def restore(self, shard: "Shard", record: ArticlesRecord | None) -> None:
        """Look through what was kept before a start; what cannot be used is said, and done without."""

        def ended(id_: str) -> End:
            end = present_end(shard, id_)
            if end == "open":
                self._open.add(id_)
            return end

        await self.shelf.restore(ended)
        self.mend_later()
        try:
            if record is not None:
                self.encode_articles(await self.shelf.restore_articles(record))
        except (ShelfError, AssistStoreError) as error:
            LOG.warning("articles_refused", why=str(error))

    # -- meanings ---------------------------------------------------------------------------------------------------

    async def vector_of(self, text: str) -> Vector | None:
        """Return the meaning of a text that somebody waits for, None where it is not to be had in time."""
        return None if self.worker is None else (await self.worker.encode(text)).vector

    async def vectors_of(self, texts: Sequence[str]) -> NDArray[np.float32] | None:
        """Return the meanings of texts (n, d), None unless all are to be had."""
        if self.worker is None:
            return None
        found = [(await self.worker.encode(text, PATIENCE_S)).vector for text in texts]
        known = [vector for vector in found if vector is not None]
        return np.stack(known) if len(known) == len(texts) else None

    def encode_later(self, ticket: str, text: str) -> None:
        """Encode a ticket's message when there is time."""
        self._texts.append((ticket, text))
        self._go_on()

    def encode_articles(self, articles: list[Document]) -> None:
        """Encode articles when there is time, in place of those that wait."""
        self._articles = deque(articles)
        self._go_on()

    def _go_on(self) -> None:
        if self.worker is not None and not self._is_encoding and (self._texts or self._articles):
            self._is_encoding = True
            self._begin(self._encode(self.worker))

    async def _encode(self, worker: EncodingWorker) -> None:
        """Encode what waits, messages first."""
        try:
            while self._texts or self._articles:
                if self._texts:
                    is_going = await self._encode_message(worker, *self._texts.popleft())
                else:
                    is_going = await self._encode_articles(worker)
                if not is_going:
                    return
        finally:
            self._is_encoding = False

    async def _encode_message(self, worker: EncodingWorker, ticket: str, text: str) -> bool:
        encoded = await worker.encode(text, PATIENCE_S)
        if encoded.vector is not None:
            self.meant(ticket, encoded.vector)
        return encoded.outcome not in STOPPED

    async def _encode_articles(self, worker: EncodingWorker) -> bool:
        done: list[tuple[Document, Vector]] = []
        outcome: Outcome = "done"
        while self._articles and len(done) < ARTICLES_AT_ONCE and not self._texts:
            article = self._articles.popleft()
            encoded = await worker.encode(text_of(article), PATIENCE_S)
            outcome = encoded.outcome
            if outcome in STOPPED:
                self._articles.appendleft(article)
                break
            if encoded.vector is not None:
                done.append((article, encoded.vector))
        if done:
            await self.shelf.mean_articles([a for a, _ in done], [v for _, v in done])
        return outcome not in STOPPED


def end_of(state: int) -> End:
    """Return what a ticket's state means for who looks for similar ones."""
    if state not in FINAL:
        return "open"
    return "solved" if state == c.COMPLETED else "ended"


def present_end(shard: "Shard", ticket: str) -> End:
    """Return what became of a ticket by now; of one that the journal forgot nobody knows whether it was solved."""
    row = shard.directory.rows.get(ticket, -1)
    return "ended" if row < 0 else end_of(int(shard.machine.arrays.tickets["state"][row]))


# -- calls ---------------------------------------------------------------------------------------------------------


async def similar_to_ticket(desk: "SignalDesk", call: Call) -> Reply:
    """Find what is like a ticket's message, by what is kept of it where its text is forgotten."""
    if call.id not in desk.line.shard.directory.rows:
        return unknown("ticket", call.id)
    kind, most = cast("str | None", call.query["kind"]), cast("int", call.query["most"])
    query = Query("", most=most, kind=kind or "", without=call.id, explain=True)
    seen = desk.reader.messages.get(call.id)
    if seen is not None:
        vector = seen.vector if seen.vector is not None else await desk.assist.vector_of(seen.text)
        query = query._replace(text=seen.text, language=seen.language, vector=vector)
    else:
        try:
            kept = await desk.shelf.of_ticket(call.id)
        except AssistStoreError as error:
            return refused("not_ready", f"It cannot be looked up: {error}.", retry_after_s=5)
        finally:
            desk.assist.mend_later()
        if kept is None:
            detail = (
                f"Nothing is kept of the message of {call.id!r}. Send it to /v1/signals:similar."
            )
            return refused("state_conflict", detail)
        meaning = None if kept.vector is None else kept.vector[: kept.dimensions].astype(np.float32)
        query = query._replace(terms=kept.terms, vector=meaning)
    return Reply(200, await desk.shelf.search(query))


async def similar_to_text(desk: "SignalDesk", call: Call) -> Reply:
    """Find what is like a text."""
    body = cast("SimilarBody", call.body)
    vector = await desk.assist.vector_of(body.text)
    query = Query(body.text, vector, body.most, body.kind or "", body.language or "", explain=True)
    return Reply(200, await desk.shelf.search(query))


async def erase_message(desk: "SignalDesk", call: Call) -> Reply:
    """Forget what is kept of a ticket's message, whether the ticket is there still or not."""
    desk.reader.messages.drop(call.id)
    try:
        await desk.shelf.erase(call.id)
    except AssistStoreError as error:
        return refused("not_ready", f"It is not erased: {error}.", retry_after_s=5)
    finally:
        desk.assist.mend_later()
    return Reply(204)


async def put_articles(desk: "SignalDesk", call: Call) -> Reply:
    """Read articles, and let the journal know which they are."""
    body = cast("ArticlesBody", call.body)
    try:
        record, articles = await desk.shelf.prepare(body.csv)
    except ShelfError as error:
        return await desk.line.submit(told(call, Shelved(fault=str(error))))
    reply = await desk.line.submit(told(call, Shelved(record=record)))
    if reply.status in (200, 201):
        desk.assist.encode_articles(await desk.shelf.install(articles))
    return reply


def told(call: Call, shelved: Shelved) -> Call:
    """Return a call about articles without their text, with what was found in it."""
    return msgspec.structs.replace(call, body=None, found=shelved)
