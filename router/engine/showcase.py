"""
What is looked through for similar ones: solved tickets and articles, in one collection of bounded memory.

Where not all fit the newest tickets are found, and articles come before tickets: the oldest tickets make room.
"""

from collections.abc import Iterable
from itertools import islice
from typing import Any, Final, cast

import structlog

from router.search.collection import Collection
from router.search.documents import DocumentError
from router.search.kept import Kept
from router.search.limits import SearchFullError
from router.search.nearest import VectorError
from router.search.snapshot import Found, Snapshot
from router.wire.similar import Hit, SharedWord, Similar

ARTICLE: Final = "\x1f"
"""Before the ids of articles, as a ticket may have the same id."""
ROOM_SHARE: Final = 8
"""One in so many tickets goes when memory is full, so that the next ones need not make room again at once."""

LOG = structlog.get_logger("cordboard.assist")


class Showcase:
    """The documents that are looked through; one thread at a time changes them, any may search ``snapshot``."""

    def __init__(self) -> None:
        self._collection = Collection()
        self._tickets: dict[str, None] = {}  # those that are looked through, the oldest first

    @property
    def snapshot(self) -> Snapshot:
        """Return what is looked through now."""
        return self._collection.snapshot

    def fill(self, tickets: list[Kept]) -> None:
        """Look through these tickets, oldest first, in place of those before; of too many the newest."""
        self._collection.remove(self._tickets)
        self._tickets.clear()
        try:
            self._fit(tickets[::-1])
        except (VectorError, DocumentError) as error:
            LOG.warning("assist_unfit", why=str(error))
        self._tickets = dict.fromkeys(reversed(self._tickets))
        if len(self._tickets) < len(tickets):
            LOG.warning("assist_full", left_out=len(tickets) - len(self._tickets))

    def _fit(self, newest: list[Kept]) -> bool:
        """Look through tickets, newest first, until memory is full; return whether all of them fit."""
        try:
            self._collection.put_kept(newest)
        except SearchFullError:
            half = len(newest) // 2
            return half > 0 and self._fit(newest[:half]) and self._fit(newest[half:])
        self._tickets |= dict.fromkeys(each.id for each in newest)
        return True

    def show(self, tickets: list[Kept], gone: Iterable[str]) -> None:
        """Look through tickets, and not through those that are gone."""
        gone = set(gone)
        self._collection.remove(gone)
        for id_ in gone:
            self._tickets.pop(id_, None)
        try:
            self.put(tickets)
            self._tickets |= dict.fromkeys(each.id for each in tickets)
        except SearchFullError:
            self.fill(tickets)  # all others have made room already
        except (VectorError, DocumentError) as error:
            LOG.warning("assist_unfit", why=str(error))

    def put(self, documents: list[Kept]) -> None:
        """
        Look through documents; the oldest tickets make room.

        Raises ``SearchFullError`` where all tickets would not be enough, ``VectorError`` for vectors of
        another width.
        """
        step = max(1, len(self._tickets) // ROOM_SHARE)
        while True:
            try:
                self._collection.put_kept(documents)
            except SearchFullError:
                oldest = list(islice(self._tickets, step))
                if not oldest:
                    raise
                self.remove(oldest)
                for id_ in oldest:
                    del self._tickets[id_]
            else:
                return

    def remove(self, ids: Iterable[str]) -> None:
        """Look no more through these, and let go of their memory."""
        self._collection.remove(ids)
        self._collection.compact()


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
