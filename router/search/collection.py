"""
The one writer of the search: takes documents, keeps few segments, publishes snapshots.

New documents make a small segment. When all small ones together reach a quarter of the largest, all
become one; until then two neighbours of like size are merged, so a document is indexed again a few
times only, and a search meets a handful of segments (the logarithmic method of Bentley and Saxe 1980,
doi:10.1016/0196-6774(80)90015-2). A word's weight counts all documents, as they were when its segment
was built: between two rebuilds weights may be up to a quarter of the documents behind.
"""

from collections.abc import Iterable, Sequence
from contextlib import suppress
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from router.search.documents import Document, DocumentError, checked, flag_of
from router.search.kept import Kept, reduced
from router.search.limits import SearchFullError, SearchLimits
from router.search.nearest import VectorError, padded
from router.search.postings import Forward, Weighing, build, find_terms, weighing
from router.search.segment import Segment, joined
from router.search.snapshot import Snapshot
from router.search.tokens import Cutter

REBUILD_SHARE = 4
DEFAULT_LIMITS = SearchLimits()


class Drafted(NamedTuple):
    """Documents that have no index yet."""

    ids: tuple[str, ...]
    titles: tuple[str, ...]
    flags: NDArray[np.uint8]
    forward: Forward
    vectors: NDArray[np.int8] | None


class Collection:
    """
    Hold documents to be searched; one thread writes, any may search ``snapshot``.

    ``language`` is taken for texts that do not say theirs.
    """

    def __init__(self, limits: SearchLimits = DEFAULT_LIMITS, language: str = "en") -> None:
        self._limits = limits
        self._language = language
        self._cutter = Cutter()
        self._rows: tuple[dict[str, int], ...] = ()  # of each segment, removed documents too
        self._weigh = weighing(0, 0.0)
        self.snapshot = Snapshot((), 0, language, 0)

    def put(
        self, documents: Sequence[Document], vectors: NDArray[np.float32] | None = None
    ) -> Snapshot:
        """
        Add documents, or replace those with the same ids, and return the new snapshot.

        ``vectors`` float32 (n, d) are the encoder's, in the same order. Nothing is done if this raises.

        Raises
        ------
        DocumentError
            An id is empty, too long or given twice, or a kind is unknown.
        VectorError
            There are not as many vectors as documents, or they are not of this collection's width.
        SearchFullError
            Documents or memory would pass the limits.
        """
        checked_ones = [checked(each) for each in documents]
        return self.put_kept(reduced(self._cutter, checked_ones, vectors, self._language))

    def put_kept(self, documents: Sequence[Kept]) -> Snapshot:
        """Add documents of which the text is gone, as ``put`` adds others, and return the new snapshot."""
        ids = {each.id for each in documents}
        if len(ids) != len(documents):
            raise DocumentError(f"{len(documents) - len(ids)} ids are given twice")
        dimensions = self._dimensions(documents)
        after = self.snapshot.documents + sum(self._place(each) is None for each in ids)
        if after > self._limits.documents:
            raise SearchFullError("documents", after, self._limits.documents)
        if not documents:
            return self.snapshot
        left = self._without(ids)
        drafted = _drafted(documents, dimensions)
        return self._publish(*self._placed(left, drafted), dimensions)

    def remove(self, ids: Iterable[str]) -> Snapshot:
        """Take documents out, and return the new snapshot; ids that are not there are passed over."""
        gone = {each for each in ids if self._place(each) is not None}
        if not gone:
            return self.snapshot
        left = [each for each in self._without(gone) if each.flags.any()]
        dead = sum(int(np.count_nonzero(each.flags == 0)) for each in left)
        total = sum(each.flags.size for each in left)
        if left and dead * REBUILD_SHARE > total:
            with suppress(
                SearchFullError
            ):  # a table of words doubles in size: one of all may be larger
                return self._publish(*self._rebuilt(left), self.snapshot.dimensions)
        return self._publish(left, self._weigh, self.snapshot.dimensions)

    def compact(self) -> Snapshot:
        """Let go of the memory of what was removed if all fits into one segment; return the new snapshot."""
        left = [each for each in self.snapshot.segments if each.flags.any()]
        if all(each.flags.all() for each in left) and len(left) == len(self.snapshot.segments):
            return self.snapshot
        made = self._rebuilt(left) if left else ([], self._weigh)
        with suppress(SearchFullError):
            self._publish(*made, self.snapshot.dimensions)
        return self.snapshot

    def _dimensions(self, documents: Sequence[Kept]) -> int:
        known = self.snapshot.dimensions
        for each in documents:
            if each.dimensions and known and each.dimensions != known:
                raise VectorError(f"vectors have {each.dimensions} components; expected {known}")
            known = known or each.dimensions
        return known

    def _place(self, id_: str) -> tuple[int, int] | None:
        """Return the segment and the row of a document that was not removed."""
        for place, rows in enumerate(self._rows):
            row = rows.get(id_)
            if row is not None and self.snapshot.segments[place].flags[row]:
                return place, row
        return None

    def _without(self, ids: Iterable[str]) -> list[Segment]:
        """Return the segments with some documents marked as removed."""
        rows: dict[int, list[int]] = {}
        for each in ids:
            found = self._place(each)
            if found is not None:
                rows.setdefault(found[0], []).append(found[1])
        left = list(self.snapshot.segments)
        for place, gone in rows.items():
            flags = left[place].flags.copy()
            flags[gone] = 0
            left[place] = left[place]._replace(flags=flags)
        return left

    def _placed(self, left: list[Segment], new: Drafted) -> tuple[list[Segment], Weighing]:
        """Return the segments with the new documents among them."""
        empty = build(_nothing(), self._weigh)
        fresh = Segment(new.ids, new.titles, new.flags, new.forward, empty, new.vectors)
        alive = [each for each in left if each.flags.any()]
        sizes = [each.flags.size for each in alive]
        if not sizes or (sum(sizes[1:]) + len(new.ids)) * REBUILD_SHARE >= sizes[0]:
            return self._rebuilt([*alive, fresh])
        tail = [fresh]
        while len(alive) > 1 and alive[-1].flags.size <= 2 * sum(s.flags.size for s in tail):
            tail.insert(0, alive.pop())
        weigh = self._weigh._replace(documents=sum(sizes) + len(new.ids))
        return [*alive, _indexed(tail, weigh, alive)], self._weigh

    def _rebuilt(self, segments: list[Segment]) -> tuple[list[Segment], Weighing]:
        """Return all documents as one segment, weighed anew."""
        lengths = [s.forward.lengths[s.flags != 0] for s in segments]
        count = sum(each.size for each in lengths)
        mean = sum(int(each.sum()) for each in lengths) / max(count, 1)
        weigh = weighing(count, mean)
        return [_indexed(segments, weigh, ())], weigh

    def _publish(self, segments: list[Segment], weigh: Weighing, dimensions: int) -> Snapshot:
        made = Snapshot(tuple(segments), self.snapshot.revision + 1, self._language, dimensions)
        if made.bytes > self._limits.memory_bytes:
            raise SearchFullError("memory_bytes", made.bytes, self._limits.memory_bytes)
        # A segment's ids never change, so those that stay need not be gone through again.
        known = {
            id(s.ids): rows for s, rows in zip(self.snapshot.segments, self._rows, strict=True)
        }
        self._rows = tuple(
            known.get(id(s.ids)) or {each: row for row, each in enumerate(s.ids)} for s in segments
        )
        self._weigh = weigh
        self.snapshot = made
        return made


def _drafted(documents: Sequence[Kept], dimensions: int) -> Drafted:
    """Return documents side by side; rows of zeros where there is no vector, none at all where nobody has one."""
    sizes = [each.terms.size for each in documents]
    forward = Forward(
        np.concatenate([[0], np.cumsum(sizes)]).astype(np.int64),
        np.concatenate([each.terms for each in documents]),
        np.concatenate([each.counts for each in documents]),
        np.array([each.length for each in documents], np.int32),
    )
    vectors = None
    if any(each.vector is not None for each in documents):
        vectors = np.zeros((len(documents), padded(dimensions)), np.int8)
        for row, each in zip(vectors, documents, strict=True):
            if each.vector is not None:
                row[:] = each.vector
    return Drafted(
        tuple(each.id for each in documents),
        tuple(each.title for each in documents),
        np.array([flag_of(each.kind) for each in documents], np.uint8),
        forward,
        vectors,
    )


def _nothing() -> Forward:
    empty = np.zeros(0, np.uint64)
    return Forward(np.zeros(1, np.int64), empty, empty.astype(np.uint16), empty.astype(np.int32))


def _indexed(tail: Sequence[Segment], weigh: Weighing, others: Sequence[Segment]) -> Segment:
    """Return one segment of several, its words weighed with those of the other segments in mind."""
    _, _, whole = joined(tail)
    elsewhere = None
    if others:
        elsewhere = np.zeros(whole.forward.terms.size, np.int64)
        numbers = np.empty(whole.forward.terms.size, np.int32)
        for each in others:
            index = each.postings
            find_terms(whole.forward.terms, index.keys, index.places, numbers)
            df = np.append(np.diff(index.start), 0)  # the last one is for terms it has not got
            elsewhere += df[numbers]
    return whole._replace(postings=build(whole.forward, weigh, elsewhere))
