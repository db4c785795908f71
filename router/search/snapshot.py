"""What a search reads: segments that never change, under one reference."""

from typing import Final, Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from router.search.documents import KINDS, flag_of
from router.search.limits import FUSED_DEPTH, MOST_MAX, QUERY_TERMS_MAX
from router.search.nearest import VectorError, rounded
from router.search.ranking import NONE, ROW_BITS, Choice, Ranking, fused, merged, ranked
from router.search.segment import Segment, by_meaning, by_words, explain_words
from router.search.tokens import Cutter

By = Literal["words", "meaning", "both"]
WORDS: Final[By] = "words"
MEANING: Final[By] = "meaning"
BOTH: Final[By] = "both"
ROW_MASK: Final = (1 << ROW_BITS) - 1
_new: Final = tuple.__new__
KIND_OF: Final = tuple(KINDS[flag.bit_length() - 1] for flag in range(1 << len(KINDS)))
"""Kinds by the highest bit of a document's flag; nobody asks for that of a removed one."""
#: Cutters kept for the next search; more searches at once make their own.
KEPT_MAX: Final = 4


class Query(NamedTuple):
    """
    What is looked for.

    ``vector`` float32 (d,) is the encoder's, None to go by words only. ``kind`` empty is either.
    ``without`` is an id that is left out, such as the ticket's own. ``explain`` adds the words that hit.
    ``terms`` uint64 (n,) are looked for instead of the text's where that is gone; what hit cannot be
    spelled out then.
    """

    text: str
    vector: NDArray[np.float32] | None = None
    most: int = 5
    kind: str = ""
    language: str = ""
    without: str = ""
    explain: bool = False
    terms: NDArray[np.uint64] | None = None


class TermHit(NamedTuple):
    """A word of the query, and what it added to the document's score by words."""

    word: str
    points: int


class Hit(NamedTuple):
    """A document that was found; a rank counts from 1 and is None where that ranking has not got it."""

    id: str
    title: str
    kind: str
    score: int
    word_rank: int | None
    meaning_rank: int | None
    terms: tuple[TermHit, ...] = ()


class Found(NamedTuple):
    """The answer, the best first, and which snapshot gave it."""

    hits: tuple[Hit, ...]
    by: By
    revision: int


class QueryError(ValueError):
    """A query asks for what cannot be."""


class Snapshot:
    """
    All documents of a collection at one moment; safe to search from any thread, and always the same.

    ``language`` is taken for texts that do not say theirs, ``dimensions`` is 0 before the first vector.
    """

    def __init__(
        self, segments: tuple[Segment, ...], revision: int, language: str, dimensions: int
    ) -> None:
        self.segments = segments
        self.revision = revision
        self.language = language
        self.dimensions = dimensions
        self.documents = sum(int(np.count_nonzero(each.flags)) for each in segments)
        self.bytes = sum(each.bytes for each in segments)
        self._free: list[Cutter] = []

    def search(self, query: Query) -> Found:
        """
        Return the documents most like the query.

        Raises
        ------
        QueryError
            ``most`` is out of bounds.
        DocumentError
            ``kind`` is unknown.
        VectorError
            The vector is not of this collection's encoder.
        """
        if not 1 <= query.most <= MOST_MAX:
            raise QueryError(f"most is {query.most}; expected 1 to {MOST_MAX}")
        # A list's pop and append are one step each, so threads share the spare ones without a lock.
        cutter = self._free.pop() if self._free else Cutter()
        try:
            return self._found(query, cutter)
        finally:
            if len(self._free) < KEPT_MAX:
                self._free.append(cutter)

    def _found(self, query: Query, cutter: Cutter) -> Found:
        text, vector, most, kind, language, without, is_explained, given = query
        terms, spans = cutter.cut_query(text, language, self.language)
        if given is not None:
            terms = given[:QUERY_TERMS_MAX]
        if not self.dimensions:
            vector = None  # nothing was encoded yet: words alone
        # One more than asked for, in case the one to leave out is among them.
        more = most + 1 if without else most
        asked = (flag_of(kind), more if vector is None else FUSED_DEPTH)
        words = self._words(terms, asked)
        if vector is None:
            chosen, by = ranked(words), WORDS
        else:
            chosen = fused(words, self._meanings(vector, asked), most + 1)
            by = BOTH if terms.size else MEANING
        if len(self.segments) == 1:
            hits = self._hits(0, chosen)
        else:
            hits = [self._hits(each[0] >> ROW_BITS, [each])[0] for each in chosen]
        if is_explained and given is None:
            why = (text, terms, spans)
            hits = [
                hit._replace(terms=self._terms(why, choice[0]))
                for hit, choice in zip(hits, chosen, strict=True)
            ]
        if without:
            hits = [hit for hit in hits if hit.id != without]
        return Found(tuple(hits[:most]), by, self.revision)

    def _hits(self, segment: int, chosen: list[Choice]) -> list[Hit]:
        """Return the hits of choices that all lie in one segment."""
        of = self.segments[segment]
        ids, titles, flag_at = of.ids, of.titles, of.flags.item
        hits = []
        for place, points, word_rank, meaning_rank in chosen:
            row = place & ROW_MASK
            kind = KIND_OF[flag_at(row)]
            # Past the constructor of a named tuple, which takes as long as all the rest.
            hits.append(
                _new(Hit, (ids[row], titles[row], kind, points, word_rank, meaning_rank, ()))
            )
        return hits

    def _words(self, terms: NDArray[np.uint64], asked: tuple[int, int]) -> Ranking:
        if not terms.size or not self.segments:
            return NONE
        rankings = [by_words(n, each, terms, asked) for n, each in enumerate(self.segments)]
        return merged(rankings, asked[1])

    def _meanings(self, vector: NDArray[np.float32], asked: tuple[int, int]) -> Ranking:
        if self.dimensions and vector.shape != (self.dimensions,):
            raise VectorError(f"the vector has shape {vector.shape}; expected ({self.dimensions},)")
        if not self.segments:
            return NONE
        query = rounded(vector[None, :])[0]
        rankings = [by_meaning(n, each, query, asked) for n, each in enumerate(self.segments)]
        return merged(rankings, asked[1])

    def _terms(self, why: "Why", place: int) -> tuple[TermHit, ...]:
        text, terms, spans = why
        postings = self.segments[place >> ROW_BITS].postings
        points = explain_words(terms, place & ROW_MASK, postings).tolist()
        hit = [
            TermHit(text[start:end], value)
            for value, (start, end) in zip(points, spans[: terms.size].tolist(), strict=True)
            if value
        ]
        return tuple(sorted(hit, key=lambda each: (-each.points, each.word)))


Why = tuple[str, NDArray[np.uint64], NDArray[np.int32]]  # a query's text, terms and their spans

assert MOST_MAX + 1 <= FUSED_DEPTH
