"""Call and Reply: what a client wants and what it gets, whichever transport carries it.

HTTP, the WebSocket, replay and tests all speak these two. A problem is a value: a reply whose
status is 400 or more and whose body is a `Problem`.
"""

from collections.abc import Iterable, Mapping

import msgspec

from router.wire.problems import FieldError, Problem, problem

__all__ = ["Call", "Reply", "refused"]


class Call(msgspec.Struct, frozen=True):
    """One request: name in the route table, ids, typed body, conditions."""

    name: str
    """Name of a row of `ROUTES`, as in `tickets.put`."""
    id: str = ""
    """First id of the path, or empty."""
    body: object = None
    """The struct named by the route's `body`, or None."""
    sub: str | int = ""
    """Second id of the path, as a policy's revision number."""
    query: Mapping[str, object] = {}
    """Query parameters by name, typed and complete: defaults are filled in."""
    if_match: int | None = None
    """Version the resource must have, from If-Match."""
    if_none_match: bool = False
    """Whether the resource must not exist yet: If-None-Match: *."""
    idempotency_key: str | None = None
    fingerprint: bytes = b""
    """SHA-256 over name, ids and body; tells a repeated request from a reused key."""
    found: object = None
    """What a device found out about it before it was admitted: signals, a model's manifest."""


class Reply(msgspec.Struct):
    """What came of a call. `body` is a struct, mapping or sequence that the transport encodes."""

    status: int
    body: object = None
    version: int | None = None
    """Version of the resource, sent as ETag."""
    location: str | None = None
    """Path of a resource that was created."""
    replayed: bool = False
    """Whether this is the stored answer to an earlier request with the same Idempotency-Key."""
    retry_after_s: int | None = None

    @property
    def problem(self) -> Problem | None:
        """The problem this reply carries, or None when the call was done."""
        return self.body if isinstance(self.body, Problem) else None


def refused(
    code: str, detail: str | None = None, *, errors: Iterable[FieldError] = (), **extras: object
) -> Reply:
    """Make the reply that refuses a call with the problem `code` (see `problems.problem`)."""
    body = problem(code, detail, errors=errors, **extras)
    return Reply(body.status, body, retry_after_s=body.retry_after_s)
