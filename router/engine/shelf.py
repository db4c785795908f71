"""
Solved tickets and articles that are looked through for similar ones.

The store and the collection have one writer each at a time, in a thread; what happens meanwhile gathers and
goes in together, into the store first. What is kept of a ticket is by what it is found, never its text; see
``router.stores.assist``.
"""

import asyncio
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final, Literal, NamedTuple, cast

import numpy as np
import structlog
from numpy.typing import NDArray

from router.engine.article_files import ArticleFiles, ShelfError, digest_of
from router.search.collection import Collection
from router.search.documents import Document, DocumentError
from router.search.kept import Kept, reduced
from router.search.limits import SearchFullError, SearchLimits
from router.search.nearest import VectorError
from router.search.snapshot import Found, Query
from router.search.tokens import Cutter
from router.stores.assist import AssistDamagedError, AssistStore, AssistStoreError
from router.wire.similar import ArticlesRecord, Hit, SharedWord, Similar

SOLVED_MAX: Final = 50_000
"""Solved tickets that are looked through; the oldest make room."""
RETENTION_S: Final = 365 * 86_400.0
"""How long after it was solved a ticket is looked through."""
ARTICLES_MAX: Final = 100_000
INLINE_MAX: Final = 20_000
"""Documents up to which a search takes so little that the loop does it itself."""
ARTICLE: Final = "\x1f"
"""Before the ids of articles, as a ticket may have the same id."""

assert SearchLimits().documents >= SOLVED_MAX + ARTICLES_MAX

LOG = structlog.get_logger("cordboard.assist")
Vector = NDArray[np.float32]
End = Literal["open", "solved", "ended"]
"""What became of a ticket: not closed yet, completed, or closed otherwise."""


class ShelfLimits(NamedTuple):
    """How many solved tickets are kept, how long, and whether in a file or in memory alone."""

    solved_max: int = SOLVED_MAX
    retention_s: float = RETENTION_S
    in_file: bool = True


class Change(NamedTuple):
    """Something about a ticket that is to be kept: a message, its meaning, or its end."""

    ticket: str
    message: Document | None = None
    meaning: Vector | None = None
    end: End = "open"


class Shelf:
    """What one tenant's messages are compared with. Use it from the loop only."""

    def __init__(
        self,
        folder: Path | None,
        limits: ShelfLimits = ShelfLimits(),  # noqa: B008 -- a constant
        now_us: Callable[[], int] = lambda: 0,
        encoder: str = "",
    ) -> None:
        self.encoder = encoder
        """Fingerprint of who makes vectors here; those of another are left alone."""
        self._limits = limits
        self._now_us = now_us
        self._files = ArticleFiles(folder)
        self._store = AssistStore(folder if limits.in_file else None)
        self._is_open = False
        self._is_without_file = False
        self._collection = Collection()
        self._cutter = Cutter()  # of messages; of one thread at a time
        self._article_cutter = Cutter()
        self._waiting: list[Change] = []
        self._articles: dict[str, bytes] = {}  # digests by id
        self._unkept: dict[str, Change] = {}  # messages that are not in the store yet, by ticket
        self._store_turn = asyncio.Lock()
        self._collection_turn = asyncio.Lock()
        self.solved = 0
        """Solved tickets that are kept."""
        self.fault: str | None = None
        """Why tickets are not kept in the file they should be in, as far as the last change goes."""

    @property
    def documents(self) -> int:
        """Return how many documents are looked through."""
        return self._collection.snapshot.documents

    @property
    def articles(self) -> int:
        """Return how many articles are looked through."""
        return len(self._articles)

    async def _stored(self, work: Callable[..., Any], *given: object) -> Any:
        """Do something to the store in a thread, one at a time."""
        async with self._store_turn:
            loop = asyncio.get_running_loop()
            if not self._is_open:
                await loop.run_in_executor(None, self._open)
            return await loop.run_in_executor(None, work, *given)

    async def _collected(self, work: Callable[..., Any], *given: object) -> Any:
        """
        Do something to the collection in a thread, one at a time; the store need not wait for it.

        Turns are taken in order: what was stored first gets here first.
        """
        async with self._collection_turn:
            return await asyncio.get_running_loop().run_in_executor(None, work, *given)

    def _open(self) -> None:
        """Open the store; what is damaged is set aside, and where there can be no file memory takes its place."""
        try:
            try:
                self._store.open()
            except AssistDamagedError as error:
                aside = self._store.set_aside()
                LOG.warning(
                    "assist_set_aside", why=str(error), moved_to=aside, lost="solved tickets"
                )
                self._store.open()
        except AssistStoreError as error:
            self.fault = str(error)
            LOG.warning("assist_refused", why=self.fault)
            self._is_without_file = True
            self._store = AssistStore(None)
            self._store.open()
        self._is_open = True

    async def close(self) -> None:
        """Let go of the file."""
        if self._is_open:
            await self._stored(self._store.close)
            self._is_open = False

    # -- looking ----------------------------------------------------------------------------------------------------

    async def search(self, query: Query) -> Similar:
        """Return what is similar. Raises ValueError for a query that cannot be."""
        snapshot = self._collection.snapshot
        if snapshot.documents <= INLINE_MAX:
            return view(snapshot.search(query))
        loop = asyncio.get_running_loop()
        return view(await loop.run_in_executor(None, snapshot.search, query))

    async def of_ticket(self, ticket: str) -> Kept | None:
        """Return what is kept of a ticket's message, None where nothing is."""
        await self.tidy()
        found = await self._stored(self._find, ticket)
        return cast("Kept", found[0]) if found else None

    # -- tickets ----------------------------------------------------------------------------------------------------

    def note(self, change: Change) -> bool:
        """Take in a change about a ticket; return whether somebody has to ``tidy``."""
        if change.message is not None:
            self._unkept[change.ticket] = change
        self._waiting.append(change)
        return len(self._waiting) == 1

    async def tidy(self) -> None:
        """Keep what waits, let what was solved be found, and forget what is too old or too much."""
        while True:
            waiting, self._waiting = self._waiting, []
            solved, gone = await self._keep_all(waiting)
            await self._collected(self._show, solved, gone)
            if not self._waiting:
                return

    async def keep(self, ticket: str) -> None:
        """Return once a ticket's message is in the store, so that a killed process does not forget it."""
        if ticket in self._unkept:
            await asyncio.sleep(0)  # who was begun to tidy takes its turn
            async with self._store_turn:
                return

    async def restore(self, end_of: Callable[[str], End]) -> None:
        """Look through the solved tickets again, as after a start; ``end_of`` tells of those that were open."""
        if not self._store.is_there:
            return
        ids = await self._stored(self._open_ids)
        ends = {id_: end_of(id_) for id_ in ids}
        self._waiting += [Change(i, end=end) for i, end in ends.items() if end != "open"]
        await self._collected(self._show, await self._stored(self._all_solved), set())
        await self.tidy()

    async def erase(self, ticket: str) -> bool:
        """Forget a ticket's message everywhere; return whether anything was kept of it."""
        await self.tidy()
        was_there = bool(await self._stored(self._erase, ticket))
        await self._collected(self._show, [], {ticket})
        return was_there

    async def _keep_all(self, changes: list[Change]) -> tuple[list[Kept], set[str]]:
        """Keep changes; return the tickets that are to be found from now on, and those that are not."""
        try:
            return cast("tuple[list[Kept], set[str]]", await self._stored(self._apply, changes))
        finally:
            for change in changes:
                if self._unkept.get(change.ticket) is change:
                    del self._unkept[change.ticket]

    # Called in the thread once the store is open: opening may have put another in its place.

    def _open_ids(self) -> list[str]:
        return self._store.open_ids()

    def _find(self, ticket: str) -> list[Kept]:
        return self._store.get([ticket], self.encoder)

    def _all_solved(self) -> list[Kept]:
        return self._store.solved(self.encoder)

    def _erase(self, ticket: str) -> bool:
        was_there = self._store.erase(ticket)
        self.solved = self._store.count().solved
        return was_there

    def _apply(self, changes: list[Change]) -> tuple[list[Kept], set[str]]:
        """Keep changes in one transaction; return what is solved of their tickets, and what is to go."""
        now_us = self._now_us()
        touched = {change.ticket: None for change in changes}
        try:
            with self._store.changing():
                for change in changes:
                    self._keep(change, now_us)
                before_us = now_us - int(self._limits.retention_s * 1e6)
                gone = self._store.shorten(self._limits.solved_max, before_us)
            solved = self._store.get(touched, self.encoder, only_solved=True)
            self.solved = self._store.count().solved
            self.fault = self.fault if self._is_without_file else None
        except AssistStoreError as error:
            self.fault = str(error)
            LOG.warning("assist_failed", why=self.fault, tickets=len(touched))
            return [], set()
        return solved, (touched.keys() - {each.id for each in solved}) | set(gone)

    def _keep(self, change: Change, now_us: int) -> None:
        id_ = change.ticket
        if change.message is not None:
            self._store.put(reduced(self._cutter, [change.message], default="en"), now_us)
        if change.meaning is not None:
            for kept in self._store.get([id_], ""):
                self._store.mean(id_, self.encoder, kept.with_vector(change.meaning))
        if change.end == "solved":
            self._store.solve([id_], now_us)
        elif change.end == "ended":
            self._store.drop([id_])

    def _show(self, documents: list[Kept], gone: set[str]) -> None:
        """Look through documents, and not through those that are gone."""
        self._collection.remove(gone)
        self._put(documents)

    def _put(self, documents: list[Kept]) -> None:
        """Look through documents; what does not fit is left out, as nobody can be told."""
        try:
            self._collection.put_kept(documents)
        except (SearchFullError, VectorError, DocumentError) as error:
            LOG.warning("assist_full", why=str(error))

    # -- articles ---------------------------------------------------------------------------------------------------

    async def prepare(self, text: str) -> tuple[ArticlesRecord, list[Document]]:
        """Read articles and keep their file; nothing finds them yet. Raises ``ShelfError``."""
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(None, self._files.prepare, text, ARTICLES_MAX)

    async def install(self, articles: list[Document]) -> list[Document]:
        """
        Look through these articles from now on, not through those before; return those without a vector.

        Raises ``ShelfError``.
        """
        digests = {article.id: digest_of(article) for article in articles}
        known = await self._stored(self._known_meanings, set(digests.values()))
        await self._collected(self._replace, articles, digests, known)
        return [article for article in articles if digests[article.id] not in known]

    async def restore_articles(self, record: ArticlesRecord) -> list[Document]:
        """Read the articles of a record again, as after a start. Raises ``ShelfError``."""
        loop = asyncio.get_running_loop()
        return await self.install(await loop.run_in_executor(None, self._files.restore, record))

    async def mean_articles(self, articles: list[Document], vectors: list[Vector]) -> None:
        """Let articles be found by their meaning too, if they are still there."""
        digests = [digest_of(article) for article in articles]
        await self._stored(self._keep_meanings, digests, vectors)
        await self._collected(self._mean, articles, digests, vectors)

    def _known_meanings(self, digests: set[bytes]) -> Mapping[bytes, Vector]:
        """Return the vectors that are kept of articles; those of all others are forgotten."""
        if not self.encoder:
            return {}
        self._store.keep_meanings(digests)
        return self._store.meanings(self.encoder)

    def _keep_meanings(self, digests: list[bytes], vectors: list[Vector]) -> None:
        self._store.put_meanings(self.encoder, zip(digests, vectors, strict=True))

    def _replace(
        self,
        articles: list[Document],
        digests: dict[str, bytes],
        known: Mapping[bytes, Vector],
    ) -> None:
        before, self._articles = self._articles, digests
        self._collection.remove(ARTICLE + id_ for id_ in before.keys() - digests.keys())
        kept = zip(self._kept_articles(articles), digests.values(), strict=True)
        try:
            self._collection.put_kept([k.with_vector(known.get(digest)) for k, digest in kept])
        except (SearchFullError, VectorError) as error:
            raise ShelfError(str(error)) from error

    def _mean(self, articles: list[Document], digests: list[bytes], vectors: list[Vector]) -> None:
        there = [n for n, a in enumerate(articles) if self._articles.get(a.id) == digests[n]]
        kept = self._kept_articles([articles[n] for n in there])
        self._put([each.with_vector(vectors[n]) for each, n in zip(kept, there, strict=True)])

    def _kept_articles(self, articles: list[Document]) -> list[Kept]:
        made = reduced(self._article_cutter, articles, default="en")
        return [each._replace(id=ARTICLE + each.id) for each in made]


def view(found: Found) -> Similar:
    """Return hits as clients see them."""
    hits = [
        Hit(
            id=hit.id.removeprefix(ARTICLE),
            title=hit.title,
            kind=cast("Any", hit.kind),
            score=hit.score,
            word_rank=hit.word_rank,
            meaning_rank=hit.meaning_rank,
            terms=[SharedWord(word=term.word, points=term.points) for term in hit.terms],
        )
        for hit in found.hits
    ]
    return Similar(hits=hits, by=found.by, revision=found.revision)
