"""
Solved tickets and articles that are looked through for similar ones.

The store and the collection have one writer each at a time, in a thread; what happens meanwhile gathers and
goes in together, into the store first. What is kept of a ticket is by what it is found, never its text; see
``router.stores.assist``.
"""

import asyncio
from collections import Counter
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final, Literal, NamedTuple, cast

import numpy as np
import structlog
from numpy.typing import NDArray

from router.engine.article_files import ArticleFiles, ShelfError, digest_of
from router.engine.showcase import ARTICLE, Showcase, view
from router.engine.solved_file import SolvedFile
from router.search.documents import Document
from router.search.kept import Kept, reduced
from router.search.limits import SearchFullError, SearchLimits
from router.search.nearest import VectorError
from router.search.snapshot import Query
from router.search.tokens import Cutter
from router.stores.assist import AssistStore, AssistStoreError
from router.wire.similar import ArticlesRecord, Similar

SOLVED_MAX: Final = 50_000
"""Solved tickets that are looked through; the oldest make room."""
RETENTION_S: Final = 365 * 86_400.0
"""How long after it was solved a ticket is looked through."""
ARTICLES_MAX: Final = 100_000
INLINE_MAX: Final = 20_000
"""Documents up to which a search takes so little that the loop does it itself."""
WAITING_MAX: Final = 10_000
"""Changes that wait for a store that fails; of more the oldest are lost."""

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
    message: Document | Kept | None = None
    meaning: Vector | None = None
    end: End = "open"


class Shelf:
    """What one tenant's messages are compared with. Use it from the loop only."""

    def __init__(
        self,
        folder: Path | None,
        limits: ShelfLimits = ShelfLimits(),
        now_us: Callable[[], int] = lambda: 0,
        encoder: str = "",
    ) -> None:
        self.encoder = encoder
        """Fingerprint of who makes vectors here; those of another are left alone."""
        self._limits = limits
        self._now_us = now_us
        self._files = ArticleFiles(folder)
        self._solved_file = SolvedFile(folder, in_file=limits.in_file)
        self._showcase = Showcase()
        self._cutter = Cutter()  # of messages; of one thread at a time
        self._article_cutter = Cutter()
        self._waiting: list[Change] = []
        self._articles: dict[str, bytes] = {}  # digests by id
        self._is_called = False  # somebody is about to tidy
        self._unkept: Counter[str] = Counter()  # messages that are not in the store yet, by ticket
        self._lost = 0  # changes that were given up since the last one that was kept
        self._failure: str | None = None
        self._end_of: Callable[[str], End] | None = None
        self._is_restored = True
        self._store_turn = asyncio.Lock()
        self._collection_turn = asyncio.Lock()
        self.solved = 0
        """Solved tickets that are kept."""

    @property
    def fault(self) -> str | None:
        """Return why tickets are not kept in the file they should be in, as far as the last change goes."""
        return self._failure or self._solved_file.refusal

    @property
    def needs_mending(self) -> bool:
        """Return whether something failed that is to be tried again."""
        return self.fault is not None or not self._is_restored

    @property
    def _store(self) -> AssistStore:
        return self._solved_file.store

    @property
    def documents(self) -> int:
        """Return how many documents are looked through."""
        return self._showcase.snapshot.documents

    @property
    def articles(self) -> int:
        """Return how many articles are looked through."""
        return len(self._articles)

    async def _stored(self, work: Callable[..., Any], *given: object) -> Any:
        """Do something to the store in a thread, one at a time."""
        async with self._store_turn:
            return await self._in_thread(work, *given)

    async def _in_thread(self, work: Callable[..., Any], *given: object) -> Any:
        """Do something to the store in a thread, by who has its turn."""

        def opened() -> Any:
            self._solved_file.open()
            return work(*given)

        return await asyncio.get_running_loop().run_in_executor(None, opened)

    async def _collected(self, work: Callable[..., Any], *given: object) -> Any:
        """
        Do something to the collection in a thread, one at a time; the store need not wait for it.

        Turns are taken in order: what was stored first gets here first.
        """
        async with self._collection_turn:
            return await asyncio.get_running_loop().run_in_executor(None, work, *given)

    async def close(self) -> None:
        """Let go of the file."""
        if not self._solved_file.is_open:
            return
        try:
            if self._waiting or self.needs_mending:
                await self.mend()
        finally:
            await self._stored(self._solved_file.close)

    # -- looking ----------------------------------------------------------------------------------------------------

    async def search(self, query: Query) -> Similar:
        """Return what is similar. Raises ValueError for a query that cannot be."""
        snapshot = self._showcase.snapshot
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
            self._unkept[change.ticket] += 1
        self._waiting.append(change)
        was_called, self._is_called = self._is_called, True
        return not was_called

    async def tidy(self) -> None:
        """
        Keep what waits, let what was solved be found, and forget what is too old or too much.

        What cannot be kept goes on waiting, in the same order, and is shown as ``fault``.
        """
        async with self._store_turn:
            self._is_called = False
            waiting, self._waiting = self._waiting, []
            try:
                solved, gone = await self._in_thread(self._apply, waiting)
            except AssistStoreError as error:
                self._put_back(waiting, error)
                return
            except BaseException:
                self._forget(waiting)
                raise
            self._forget(waiting)
            self._failed(None)
        await self._collected(self._showcase.show, solved, gone)

    def _forget(self, changes: list[Change]) -> None:
        """Take changes out of those that are not in the store yet."""
        for change in changes:
            if change.message is not None:
                self._unkept[change.ticket] -= 1
                if not self._unkept[change.ticket]:
                    del self._unkept[change.ticket]

    def _put_back(self, changes: list[Change], error: AssistStoreError) -> None:
        """Let changes wait that could not be kept, before what came since; of too many the oldest are lost."""
        waiting = changes + self._waiting
        lost, self._waiting = waiting[:-WAITING_MAX], waiting[-WAITING_MAX:]
        self._forget(lost)
        self._lost += len(lost)
        self._failed(error, changes=len(changes))

    def _failed(self, error: AssistStoreError | None, **more: object) -> None:
        """Say once that the store fails, and once that it does no more."""
        before, self._failure = self._failure, None if error is None else str(error)
        if error is None and before is not None:
            LOG.warning("assist_works_again", lost=self._lost)
            self._lost = 0
        elif error is not None and self._failure != before:
            LOG.warning("assist_failed", why=self._failure, **more)

    async def mend(self) -> None:
        """Try again what failed: use the file that memory stands in for, look through it, keep what waits."""
        if self._solved_file.is_standing_in and await self._stored(self._solved_file.retake):
            self._is_restored = False
        if self._end_of is not None and not self._is_restored:
            await self.restore(self._end_of)
        else:
            await self.tidy()

    async def keep(self, ticket: str) -> None:
        """Return once a ticket's message is in the store, so that a killed process does not forget it."""
        if ticket in self._unkept:
            await asyncio.sleep(0)  # who was begun to tidy takes its turn
            async with self._store_turn:
                return

    async def restore(self, end_of: Callable[[str], End]) -> None:
        """Look through the solved tickets again, as after a start; ``end_of`` tells of those that were open."""
        self._end_of = end_of
        if not self._store.is_there:
            return
        self._is_restored = False
        try:
            ids = await self._stored(self._open_ids)
            solved = await self._stored(self._all_solved)
        except AssistStoreError as error:
            self._failed(error)
            return
        ends = {id_: end_of(id_) for id_ in ids}
        self._waiting += [Change(i, end=end) for i, end in ends.items() if end != "open"]
        await self._collected(self._showcase.fill, solved)
        self._is_restored = True
        await self.tidy()

    async def erase(self, ticket: str) -> bool:
        """
        Forget a ticket's message everywhere; return whether anything was kept of it.

        Raises ``AssistStoreError`` where bytes of it may be left in a file; nothing finds it all the same.
        """
        await self.tidy()
        try:
            async with self._store_turn:
                self._forget([change for change in self._waiting if change.ticket == ticket])
                self._waiting = [change for change in self._waiting if change.ticket != ticket]
                return bool(await self._in_thread(self._erase, ticket))
        finally:
            await self._collected(self._showcase.show, [], {ticket})

    # Called in the thread once the store is open: opening may have put another in its place.

    def _open_ids(self) -> list[str]:
        return self._store.open_ids()

    def _find(self, ticket: str) -> list[Kept]:
        return self._store.get([ticket], self.encoder)

    def _all_solved(self) -> list[Kept]:
        return self._store.solved(self.encoder)

    def _erase(self, ticket: str) -> bool:
        was_there = self._solved_file.erase(ticket)
        self.solved = self._store.count().solved
        return was_there

    def _apply(self, changes: list[Change]) -> tuple[list[Kept], set[str]]:
        """Keep changes in one transaction; return what is solved of their tickets, and what is to go."""
        now_us = self._now_us()
        changes[:] = [self._cut(change) for change in changes]  # what has to wait is cut once
        touched = {change.ticket: None for change in changes}
        with self._store.changing():
            for change in changes:
                self._keep(change, now_us)
            before_us = now_us - int(self._limits.retention_s * 1e6)
            gone = self._store.shorten(self._limits.solved_max, before_us)
        solved = self._store.get(touched, self.encoder, only_solved=True)
        self.solved = self._store.count().solved
        return solved, (touched.keys() - {each.id for each in solved}) | set(gone)

    def _cut(self, change: Change) -> Change:
        if not isinstance(change.message, Document):
            return change
        return change._replace(message=reduced(self._cutter, [change.message], default="en")[0])

    def _keep(self, change: Change, now_us: int) -> None:
        id_ = change.ticket
        if isinstance(change.message, Kept):
            self._store.put([change.message], now_us)
        if change.meaning is not None:
            for kept in self._store.get([id_], ""):
                self._store.mean(id_, self.encoder, kept.with_vector(change.meaning))
        if change.end == "solved":
            self._store.solve([id_], now_us)
        elif change.end == "ended":
            self._store.drop([id_])

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
        try:
            self._store.keep_meanings(digests)
            return self._store.meanings(self.encoder)
        except AssistStoreError as error:
            LOG.warning("assist_failed", why=str(error))
            return {}  # they are encoded again

    def _keep_meanings(self, digests: list[bytes], vectors: list[Vector]) -> None:
        self._store.put_meanings(self.encoder, zip(digests, vectors, strict=True))

    def _replace(
        self,
        articles: list[Document],
        digests: dict[str, bytes],
        known: Mapping[bytes, Vector],
    ) -> None:
        before, self._articles = self._articles, digests
        self._showcase.remove(ARTICLE + id_ for id_ in before.keys() - digests.keys())
        kept = zip(self._kept_articles(articles), digests.values(), strict=True)
        try:
            self._showcase.put([k.with_vector(known.get(digest)) for k, digest in kept])
        except (SearchFullError, VectorError) as error:
            raise ShelfError(str(error)) from error

    def _mean(self, articles: list[Document], digests: list[bytes], vectors: list[Vector]) -> None:
        there = [n for n, a in enumerate(articles) if self._articles.get(a.id) == digests[n]]
        kept = self._kept_articles([articles[n] for n in there])
        try:
            self._showcase.put(
                [k.with_vector(vectors[n]) for k, n in zip(kept, there, strict=True)]
            )
        except (SearchFullError, VectorError) as error:
            LOG.warning("assist_full", why=str(error))

    def _kept_articles(self, articles: list[Document]) -> list[Kept]:
        made = reduced(self._article_cutter, articles, default="en")
        return [each._replace(id=ARTICLE + each.id) for each in made]
