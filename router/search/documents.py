"""What is searched: solved tickets and articles, and how articles are read from a CSV text."""

import csv
import io
from typing import TYPE_CHECKING, Any, Final, Literal, NamedTuple, get_args

from router.search.limits import ID_CHARS_MAX, TITLE_CHARS_MAX

if TYPE_CHECKING:
    import _csv

Kind = Literal["ticket", "article"]
KINDS: Final[tuple[Kind, ...]] = get_args(Kind)
ALL_KINDS: Final = (1 << len(KINDS)) - 1
REQUIRED = ("id", "title", "text")
OPTIONAL = ("language", "kind")
#: Characters one field of a CSV may have; csv's own bound is 131,072 bytes and would stop a long article.
FIELD_CHARS_MAX = 1 << 20


class Document(NamedTuple):
    """A text to be found; only its id, title, terms and vector are kept."""

    id: str
    text: str
    title: str = ""
    kind: Kind = "ticket"
    language: str = ""


class DocumentError(ValueError):
    """A document cannot be taken; nothing of the call was done."""


class ArticleError(DocumentError):
    """A line of a CSV of articles cannot be read."""

    def __init__(self, line: int, field: str, said: str) -> None:
        super().__init__(f"line {line}: {field} {said}")
        self.line, self.field = line, field


def checked(document: Document) -> Document:
    """Return the document; raise ``DocumentError`` naming the field that is out of bounds."""
    if not 1 <= len(document.id) <= ID_CHARS_MAX:
        shown = document.id[:40]
        raise DocumentError(
            f"id {shown!r} has {len(document.id)} characters; expected 1 to {ID_CHARS_MAX}"
        )
    if document.kind not in KINDS:
        raise DocumentError(f"kind is {document.kind!r}; expected {' or '.join(KINDS)}")
    return document._replace(title=document.title[:TITLE_CHARS_MAX])


def flag_of(kind: str) -> int:
    """Return the bits of a kind, of all kinds for an empty one."""
    if kind == "":
        return ALL_KINDS
    if kind not in KINDS:
        raise DocumentError(f"kind is {kind!r}; expected {' or '.join(KINDS)}")
    return 1 << KINDS.index(kind)


def read_articles(text: str) -> list[Document]:
    """
    Return the articles of a CSV text with the header id, title, text, and maybe language and kind.

    A byte-order mark is skipped, the order of columns is free, ``kind`` is ``article`` unless given.
    Raises ``ArticleError`` naming line and field: unknown or missing column, a row of another width, an
    empty or repeated id, an article without words, a field above a million characters, a broken quote.
    """
    before = csv.field_size_limit(FIELD_CHARS_MAX)
    try:
        reader = csv.reader(io.StringIO(text.removeprefix("\ufeff")), strict=True)
        try:
            header = [name.strip().lower() for name in next(reader, [])]
            _check_header(header)
            return _rows(reader, header)
        except csv.Error as error:
            raise ArticleError(reader.line_num, "the row", f"is no CSV: {error}") from error
    finally:
        csv.field_size_limit(before)


def _check_header(header: list[str]) -> None:
    for name in REQUIRED:
        if name not in header:
            raise ArticleError(1, name, f"is missing; the header is {header[:8]}")
    for name in header:
        if name not in REQUIRED + OPTIONAL or header.count(name) > 1:
            said = f"is repeated or unknown; expected {', '.join(REQUIRED + OPTIONAL)}"
            raise ArticleError(1, repr(name[:40]), said)


def _rows(reader: "_csv.Reader", header: list[str]) -> list[Document]:
    found: dict[str, Document] = {}
    for row in reader:
        line = reader.line_num
        if not row:
            continue
        if len(row) != len(header):
            raise ArticleError(line, "the row", f"has {len(row)} fields; expected {len(header)}")
        field = dict(zip(header, row, strict=True))
        name = field["id"].strip()
        if name in found:
            raise ArticleError(line, "id", f"is {name[:40]!r} again")
        if not (field["title"].strip() or field["text"].strip()):
            raise ArticleError(line, "text", "is empty, and so is the title")
        kind: Any = field.get("kind", "").strip() or "article"  # ``checked`` says which there are
        language = field.get("language", "").strip()
        made = Document(name, field["text"], field["title"], kind, language)
        try:
            found[name] = checked(made)
        except DocumentError as error:
            raise ArticleError(line, "the row", f"is refused: {error}") from error
    return list(found.values())
