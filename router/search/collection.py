"""
The one writer of the search: takes documents, keeps few segments, publishes snapshots.

New documents make a small segment. When all small ones together reach a quarter of the largest, all
become one; until then two neighbours of like size are merged, so a document is indexed again a few
times only, and a search meets a handful of segments (the logarithmic method of Bentley and Saxe 1980,
doi:10.1016/0196-6774(80)90015-2). A word's weight counts all documents, as they were when its segment
was built: between two rebuilds weights may be up to a quarter of the documents behind.
"""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from router.search.documents import Document, DocumentError, checked, flag_of
from router.search.limits import SearchFullError, SearchLimits
from router.search.nearest import VectorError, rounded
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
        self._where: dict[str, tuple[int, int]] = {}
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
        ids = {each.id for each in checked_ones}
        if len(ids) != len(checked_ones):
            raise DocumentError(f"{len(checked_ones) - len(ids)} ids are given twice")
        dimensions = self._dimensions(len(checked_ones), vectors)
        new = sum(each not in self._where for each in ids)
        if len(self._where) + new > self._limits.documents:
            raise SearchFullError("documents", len(self._where) + new, self._limits.documents)
        if not checked_ones:
            return self.snapshot
        left = self._without(ids)
        drafted = self._draft(checked_ones, vectors)
        return self._publish(*self._placed(left, drafted), dimensions)

    def remove(self, ids: Iterable[str]) -> Snapshot:
        """Take documents out, and return the new snapshot; ids that are not there are passed over."""
        gone = {each for each in ids if each in self._where}
        if not gone:
            return self.snapshot
        left = [each for each in self._without(gone) if each.flags.any()]
        dead = sum(int(np.count_nonzero(each.flags == 0)) for each in left)
        total = sum(each.flags.size for each in left)
        if left and dead * REBUILD_SHARE > total:
            return self._publish(*self._rebuilt(left), self.snapshot.dimensions)
        return self._publish(left, self._weigh, self.snapshot.dimensions)

    def _dimensions(self, count: int, vectors: NDArray[np.float32] | None) -> int:
        known = self.snapshot.dimensions
        if vectors is None:
            return known
        if vectors.ndim != 2 or vectors.shape[0] != count:
            raise VectorError(f"vectors have shape {vectors.shape}; expected ({count}, d)")
        if known and vectors.shape[1] != known:
            raise VectorError(f"vectors have {vectors.shape[1]} components; expected {known}")
        return int(vectors.shape[1])

    def _draft(self, documents: Sequence[Document], vectors: NDArray[np.float32] | None) -> Drafted:
        terms, counts, sizes, lengths = [], [], [], []
        for each in documents:
            text = f"{each.title}\n{each.text}" if each.title else each.text
            own, often, _, length = self._cutter.cut(text, each.language, self._language)
            terms.append(own.copy())
            counts.append(often.copy())
            sizes.append(own.size)
            lengths.append(length)
        start = np.concatenate([[0], np.cumsum(sizes)]).astype(np.int64)
        forward = Forward(
            start, np.concatenate(terms), np.concatenate(counts), np.array(lengths, np.int32)
        )
        return Drafted(
            tuple(each.id for each in documents),
            tuple(each.title for each in documents),
            np.array([flag_of(each.kind) for each in documents], np.uint8),
            forward,
            None if vectors is None else rounded(vectors),
        )

    def _without(self, ids: Iterable[str]) -> list[Segment]:
        """Return the segments with some documents marked as removed."""
        rows: dict[int, list[int]] = {}
        for each in ids:
            if each in self._where:
                place, row = self._where[each]
                rows.setdefault(place, []).append(row)
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
        self._where = {
            segment.ids[row]: (place, row)
            for place, segment in enumerate(segments)
            for row in np.flatnonzero(segment.flags).tolist()
        }
        self._weigh = weigh
        self.snapshot = made
        return made


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
