"""Calls about articles: which file of them is in use. The texts are a device's; the journal knows their checksum."""

from typing import TYPE_CHECKING, Final, NamedTuple, cast

from router.desk.conditions import unmet, validation_failed
from router.desk.outcome import Outcome
from router.directory import ARTICLES, Document
from router.wire.calls import Call, Reply
from router.wire.fields import instant_text
from router.wire.problems import wrong
from router.wire.similar import Articles, ArticlesRecord

if TYPE_CHECKING:
    from router.shard import Finish, Shard

ONLY: Final = "articles"
"""The id of the one document that says which articles there are."""


class Shelved(NamedTuple):
    """What a device found when it read articles: what is kept of them, or why they are refused."""

    record: ArticlesRecord | None = None
    fault: str | None = None


def view(document: Document | None) -> Articles:
    """Return the articles as clients see them."""
    if document is None:
        return Articles(articles=0, sha256="", changed_at=None, version=0, seq=0)
    record = cast("ArticlesRecord", document.body)
    return Articles(
        articles=record.articles,
        sha256=record.sha256,
        changed_at=instant_text(int(document.note)) if document.note else None,
        version=document.version,
        seq=document.seq,
    )


def get_articles(shard: "Shard", _call: Call) -> Reply:
    """Read how many articles there are, and which file they are from."""
    found = view(shard.directory.document(ARTICLES, ONLY))
    return Reply(200, found, version=found.version)


def put_articles(shard: "Shard", call: Call) -> "Reply | Finish":
    """Take other articles in place of those there are; the same again change nothing."""
    old = shard.directory.document(ARTICLES, ONLY)
    refusal = unmet(call, "set of articles", None if old is None else old.version)
    if refusal is not None:
        return refusal
    shelved = cast("Shelved | None", call.found) or Shelved(
        fault="Expected a server that reads it."
    )
    if shelved.record is None:
        return validation_failed([wrong("/csv", str(shelved.fault))])
    if old is not None and old.body == shelved.record:
        return Reply(200, view(old), version=old.version)
    note = str(shard.at_us)
    document = shard.directory.put(ARTICLES, ONLY, shelved.record, shard.at_us, note)

    def finish(outcome: Outcome) -> Reply:
        document.seq = outcome.last_seq
        return Reply(200 if old else 201, view(document), version=document.version)

    return finish


ARTICLE_CALLS = {"articles.get": get_articles, "articles.put": put_articles}
