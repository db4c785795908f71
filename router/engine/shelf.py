"""
Solved tickets and articles that are looked through for similar ones.

The collection has one writer at a time, in a thread; what is solved meanwhile gathers and goes in together. Articles
lie as a file beside the models, named after its checksum; solved tickets are in memory only, as their messages are.
"""

import asyncio
import hashlib
import os
from collections import OrderedDict
from pathlib import Path
from typing import Any, Final, cast

from router.search.collection import Collection
from router.search.documents import ArticleError, Document, read_articles
from router.search.limits import SearchFullError, SearchLimits
from router.search.snapshot import Found, Query
from router.wire.similar import ArticlesRecord, Hit, SharedWord, Similar

SOLVED_MAX: Final = 50_000
"""Solved tickets that are looked through; the oldest make room."""
ARTICLES_MAX: Final = 100_000
INLINE_MAX: Final = 20_000
"""Documents up to which a search takes so little that the loop does it itself."""


assert SearchLimits().documents >= SOLVED_MAX + ARTICLES_MAX


class ShelfError(ValueError):
    """Say that articles cannot be taken, and why."""


class Shelf:
    """What one tenant's messages are compared with. Use it from the loop only."""

    def __init__(self, folder: Path | None, solved_max: int = SOLVED_MAX) -> None:
        self._folder = folder
        self._collection = Collection()
        self._solved: OrderedDict[str, None] = OrderedDict()
        self._solved_max = solved_max
        self._waiting: dict[str, Document] = {}
        self._articles: frozenset[str] = frozenset()
        self._lock = asyncio.Lock()

    @property
    def documents(self) -> int:
        """Return how many documents are looked through."""
        return self._collection.snapshot.documents

    # -- looking ----------------------------------------------------------------------------------------------------

    async def search(self, query: Query) -> Similar:
        """Return what is similar. Raises ValueError for a query that cannot be."""
        snapshot = self._collection.snapshot
        if snapshot.documents <= INLINE_MAX:
            return view(snapshot.search(query))
        loop = asyncio.get_running_loop()
        return view(await loop.run_in_executor(None, snapshot.search, query))

    # -- solved tickets ---------------------------------------------------------------------------------------------

    def solved(self, ticket: str, text: str, language: str) -> bool:
        """Take in a solved ticket's message; return whether somebody has to ``tidy``."""
        is_first = not self._waiting
        self._waiting[ticket] = Document(ticket, text, language=language)
        return is_first

    async def tidy(self) -> None:
        """Let what was solved be found."""
        loop = asyncio.get_running_loop()
        async with self._lock:
            while self._waiting:
                fresh, self._waiting = self._waiting, {}
                for ticket in fresh:
                    self._solved[ticket] = None
                    self._solved.move_to_end(ticket)
                gone = []
                while len(self._solved) > self._solved_max:
                    gone.append(self._solved.popitem(last=False)[0])
                await loop.run_in_executor(None, self._change, list(fresh.values()), gone)

    def _change(self, fresh: list[Document], gone: list[str]) -> None:
        """Add and remove documents; what does not fit is left out, as nobody can be told."""
        self._collection.remove(gone)
        try:
            self._collection.put(fresh)
        except SearchFullError:
            return

    # -- articles ---------------------------------------------------------------------------------------------------

    async def prepare(self, text: str) -> tuple[ArticlesRecord, list[Document]]:
        """Read articles and keep their file; nothing finds them yet. Raises ``ShelfError``."""
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(None, self._prepare, text)

    async def install(self, articles: list[Document]) -> None:
        """Look through these articles from now on, not through those before. Raises ``ShelfError``."""
        loop = asyncio.get_running_loop()
        async with self._lock:
            await loop.run_in_executor(None, self._replace, articles)

    async def restore(self, record: ArticlesRecord) -> None:
        """Read the articles of a record again, as after a start. Raises ``ShelfError``."""
        loop = asyncio.get_running_loop()
        async with self._lock:
            await loop.run_in_executor(None, self._restore, record)

    def _prepare(self, text: str) -> tuple[ArticlesRecord, list[Document]]:
        articles = self._read(text)
        if len(articles) > ARTICLES_MAX:
            raise ShelfError(f"{len(articles):,} articles; expected at most {ARTICLES_MAX:,}.")
        data = text.encode()
        record = ArticlesRecord(sha256=hashlib.sha256(data).hexdigest(), articles=len(articles))
        if self._folder is not None:
            write(self._folder, name_of(record), data)
        return record, articles

    def _restore(self, record: ArticlesRecord) -> None:
        name = name_of(record)
        if self._folder is None:
            raise ShelfError(f"No folder is configured that {name} could be in.")
        try:
            data = (self._folder / name).read_bytes()
        except OSError as error:
            raise ShelfError(f"{name} cannot be read: {error.strerror}.") from error
        if hashlib.sha256(data).hexdigest() != record.sha256:
            raise ShelfError(f"{name} was altered: its checksum is not the journal's.")
        self._replace(self._read(data.decode()))

    def _read(self, text: str) -> list[Document]:
        try:
            articles = read_articles(text)
        except ArticleError as error:
            raise ShelfError(f"{error}.") from error
        return [article._replace(kind="article") for article in articles]

    def _replace(self, articles: list[Document]) -> None:
        ids = frozenset(article.id for article in articles)
        self._collection.remove(self._articles - ids)
        self._articles = ids
        try:
            self._collection.put(articles)
        except SearchFullError as error:
            raise ShelfError(str(error)) from error


def name_of(record: ArticlesRecord) -> str:
    """Return what the file of articles is called."""
    return f"articles-{record.sha256[:16]}.csv"


def write(folder: Path, name: str, data: bytes) -> None:
    """Write a file that is there whole or not at all. Raises ``ShelfError``."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        part = folder / f"{name}.part"
        with part.open("wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        part.replace(folder / name)
    except OSError as error:
        raise ShelfError(f"{folder} cannot take articles: {error.strerror or error}.") from error


def view(found: Found) -> Similar:
    """Return hits as clients see them."""
    hits = [
        Hit(
            id=hit.id,
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
