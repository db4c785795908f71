"""The files of articles: each lies beside the models, named after its checksum; the journal says which counts."""

import hashlib
import os
from pathlib import Path

from router.search.documents import ArticleError, Document, checked, read_articles
from router.wire.similar import ArticlesRecord


class ShelfError(ValueError):
    """Say that articles cannot be taken, and why."""


class ArticleFiles:
    """The articles of one tenant; without a folder they last as long as the process."""

    def __init__(self, folder: Path | None) -> None:
        self._folder = folder

    def prepare(self, text: str, most: int) -> tuple[ArticlesRecord, list[Document]]:
        """Read articles and write their file. Raises ``ShelfError`` for faults, and for more than ``most``."""
        articles = read(text)
        if len(articles) > most:
            raise ShelfError(f"{len(articles):,} articles; expected at most {most:,}.")
        data = text.encode()
        record = ArticlesRecord(sha256=hashlib.sha256(data).hexdigest(), articles=len(articles))
        if self._folder is not None:
            write(self._folder, name_of(record), data)
        return record, articles

    def restore(self, record: ArticlesRecord) -> list[Document]:
        """Return the articles of a record. Raises ``ShelfError`` where their file is gone or altered."""
        name = name_of(record)
        if self._folder is None:
            raise ShelfError(f"No folder is configured that {name} could be in.")
        try:
            data = (self._folder / name).read_bytes()
        except OSError as error:
            raise ShelfError(f"{name} cannot be read: {error.strerror}.") from error
        if hashlib.sha256(data).hexdigest() != record.sha256:
            raise ShelfError(f"{name} was altered: its checksum is not the journal's.")
        return read(data.decode())


def read(text: str) -> list[Document]:
    """Return the articles of a CSV text. Raises ``ShelfError``."""
    try:
        return [checked(article._replace(kind="article")) for article in read_articles(text)]
    except ArticleError as error:
        raise ShelfError(f"{error}.") from error


def name_of(record: ArticlesRecord) -> str:
    """Return what the file of articles is called."""
    return f"articles-{record.sha256[:16]}.csv"


def digest_of(article: Document) -> bytes:
    """Return the SHA-256 of what an encoder is given of an article."""
    return hashlib.sha256(text_of(article).encode("utf-8", "surrogatepass")).digest()


def text_of(article: Document) -> str:
    """Return what an encoder is given of an article: title and text."""
    return f"{article.title}\n{article.text}"


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
