"""Pages of lists: where one starts, and the cursor that leads to the next."""

import heapq
from base64 import urlsafe_b64decode, urlsafe_b64encode
from binascii import Error as NotBase64
from collections.abc import Iterable
from typing import cast

from router.desk.conditions import validation_failed
from router.wire.calls import Call, Reply
from router.wire.problems import wrong

LIMIT = 100
"""Items of a page when the call does not say."""


def cursor_of(id_: str) -> str:
    """Return the cursor that leads to what comes after an id."""
    return urlsafe_b64encode(id_.encode()).decode()


def start_of(call: Call) -> str | Reply:
    """Return the id after which the page of a call starts, empty for the first; or the refusal."""
    cursor = cast("str | None", call.query.get("cursor"))
    if cursor is None:
        return ""
    try:
        return urlsafe_b64decode(cursor.encode()).decode()
    except (NotBase64, UnicodeError):
        detail = "Expected the next of an earlier page."
        return validation_failed([wrong("?cursor", detail, cursor)])


def limit_of(call: Call, most: int = 1_000) -> int:
    """Return how many items the page of a call holds at most."""
    return min(most, cast("int", call.query.get("limit", LIMIT)))


def page_of(call: Call, ids: Iterable[str]) -> tuple[list[str], str | None] | Reply:
    """Return the ids of a call's page in their order, and the cursor of the next page; or the refusal."""
    start = start_of(call)
    if isinstance(start, Reply):
        return start
    limit = limit_of(call)
    found = heapq.nsmallest(limit + 1, (id_ for id_ in ids if id_ > start))
    if len(found) <= limit:
        return found, None
    return found[:limit], cursor_of(found[limit - 1])
