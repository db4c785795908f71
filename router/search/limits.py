"""Every limit of the search, with its unit, and how the limits hang together."""

from typing import NamedTuple

#: Characters of one document that are read; what follows is not found by its words.
TEXT_CHARS_MAX = 20_000
#: Different words one document is found by.
DOCUMENT_TERMS_MAX = 4_096
#: Different words of a query that are looked up, the first ones.
QUERY_TERMS_MAX = 256
#: What one word may add to a document's score.
IMPACT_MAX = 255
#: Hits one query may ask for.
MOST_MAX = 50
#: How deep each ranking is read before the two are fused.
FUSED_DEPTH = 100
#: Components of a vector; none of the common sentence encoders has more.
DIMENSIONS_MAX = 4_096
#: Characters of an id, and of a title that is kept.
ID_CHARS_MAX = 200
TITLE_CHARS_MAX = 300

# A score is a sum of impacts in 16 bits, a product of vectors one in 32 bits.
assert QUERY_TERMS_MAX * IMPACT_MAX < 1 << 16
assert DIMENSIONS_MAX * 127 * 127 < 1 << 31
assert MOST_MAX <= FUSED_DEPTH
assert QUERY_TERMS_MAX <= DOCUMENT_TERMS_MAX <= TEXT_CHARS_MAX


class SearchLimits(NamedTuple):
    """Bound what a collection keeps in memory; what would pass a bound is refused."""

    documents: int = 200_000
    memory_bytes: int = 1 << 30


class SearchFullError(ValueError):
    """A collection would pass one of its limits; nothing of the call was done."""

    def __init__(self, limit: str, value: int, most: int) -> None:
        super().__init__(
            f"{limit} would be {value:,}; at most {most:,}. Maybe remove some documents first."
        )
        self.limit, self.value, self.most = limit, value, most
