"""Similar tickets and articles: what is asked, what is found, and the articles there are."""

from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from router.wire.fields import Body, InstantText, LanguageTag
from router.wire.found import MessageText

SIMILAR_MAX = 50
Kind = Literal["ticket", "article"]
Most = Annotated[int, Meta(ge=1, le=SIMILAR_MAX, description="Hits at most.")]
KindWanted = Annotated[Kind | None, Meta(description="Only such; null or left out: both.")]


class SimilarQuery(Body, frozen=True, kw_only=True):
    """What is looked for beside a ticket."""

    most: Most = 5
    kind: KindWanted = None


class SimilarBody(Body, frozen=True, kw_only=True):
    """A text, and what is looked for that is like it."""

    text: MessageText
    most: Most = 5
    kind: KindWanted = None
    language: LanguageTag | None = None


class SharedWord(msgspec.Struct, frozen=True, kw_only=True):
    """A word that both have, and what it adds."""

    word: str
    points: int


class Hit(msgspec.Struct, kw_only=True):
    """A solved ticket or an article that is similar."""

    id: str
    title: str
    kind: Kind
    score: Annotated[int, Meta(description="The larger the better; comparable in one answer only.")]
    word_rank: Annotated[int | None, Meta(description="Place by words; null: found by meaning.")]
    meaning_rank: Annotated[int | None, Meta(description="Place by meaning; null: by words.")]
    terms: Annotated[list[SharedWord], Meta(description="Heaviest first.")]


class Similar(msgspec.Struct, kw_only=True):
    """What was found, best first."""

    hits: list[Hit]
    by: Literal["words", "meaning", "both"]
    revision: Annotated[int, Meta(description="Which state of the collection; it only rises.")]


class ArticlesBody(Body, frozen=True, kw_only=True):
    """All articles anew, as a CSV text with the columns id, title, text and perhaps language."""

    csv: Annotated[str, Meta(min_length=1)]


class ArticlesRecord(msgspec.Struct, frozen=True, kw_only=True):
    """What the journal keeps of articles: their file, not their text."""

    sha256: str
    articles: int


class Articles(msgspec.Struct, kw_only=True):
    """The articles there are."""

    articles: int
    sha256: str
    changed_at: InstantText | None
    version: int
    seq: int
