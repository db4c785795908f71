"""What one row of the route table says, and what follows from it."""

from types import MappingProxyType
from typing import Any, Literal

import msgspec

from router.wire.fields import ID_PATTERN

__all__ = ["BATCH_BYTES_MAX", "BODY_BYTES_MAX", "ID_PATTERNS", "SCOPES", "Route", "reading"]

BODY_BYTES_MAX = 64 * 1024
BATCH_BYTES_MAX = 4 * 1024 * 1024

SCOPES: MappingProxyType[str, str] = MappingProxyType(
    {
        "tickets:read": "Read tickets, positions and statistics.",
        "tickets:write": "Create, change, assign and end tickets.",
        "agents:read": "Read agents and their offers.",
        "agents:write": "Configure agents and set their presence.",
        "offers:accept": "Answer offers and finish assignments.",
        "config:read": "Read the floor and policies.",
        "config:write": "Configure skills, groups, channels, calendars, regions and queues.",
        "policies:write": "Make and activate policies.",
        "decisions:read": "Ask why.",
        "events:read": "Follow the event stream.",
        "admin": "Everything, and the server's metrics.",
    }
)
"""What a key may do, by scope."""

_NUMBERED = "[1-9][0-9]{0,17}"
ID_PATTERNS: MappingProxyType[str, str] = MappingProxyType(
    {
        "offers": f"o-{_NUMBERED}",
        "assignments": f"a-{_NUMBERED}",
        "decisions": f"d-{_NUMBERED}",
        "models": "[0-9a-f]{16}",
    }
)
"""The form of ids that the server gives, by resource; others are chosen by clients."""

_EVERYWHERE = ("malformed_request", "not_acceptable", "rate_limited", "overloaded", "internal")
_WITH_KEY = ("unauthorized", "forbidden_scope", "not_ready")
_WITH_BODY = (
    "malformed_body",
    "not_utf8",
    "nesting_too_deep",
    "body_too_slow",
    "body_too_large",
    "unsupported_media_type",
    "unsupported_encoding",
    "validation_failed",
)
_WITH_IDEMPOTENCY_KEY = (
    "idempotency_key_invalid",
    "idempotency_in_flight",
    "idempotency_mismatch",
)


class Route(msgspec.Struct, frozen=True, kw_only=True):
    """A method on a path: what goes in, what comes out, who may, and how it may be refused."""

    name: str
    """What `Call.name` says, as in `tickets.put`; unique."""
    method: Literal["GET", "PUT", "PATCH", "POST", "DELETE"]
    path: str
    """Template; `{id}` is `Call.id`, `{revision}` is `Call.sub`."""
    summary: str
    scope: str | None
    """What the key must be allowed; None: no key is needed."""
    reply: type | None
    """What a success carries; None: nothing, or `media` says what."""
    body: type[msgspec.Struct] | None = None
    query: type[msgspec.Struct] | None = None
    """Struct of the query parameters; None: the path takes none."""
    statuses: tuple[int, ...] = (200,)
    """Statuses of success."""
    refusals: tuple[str, ...] = ()
    """Codes of `PROBLEMS` that only this route's meaning can bring."""
    is_query: bool = False
    """Whether it only reads: nothing is journalled."""
    is_conditional: bool = False
    """Whether the resource has a version: ETag, If-Match and, for PUT, If-None-Match: *."""
    weight: int = 1
    """What it takes from the rate limit, in tokens."""
    weight_per_item: int = 0
    """What each item of a batch takes besides."""
    body_bytes_max: int = BODY_BYTES_MAX
    media: str | None = None
    """A media type it can answer in besides JSON and MessagePack, or instead without a reply."""

    @property
    def resource(self) -> str:
        """The family it belongs to, as in `tickets`."""
        return self.name.partition(".")[0]

    @property
    def operation_id(self) -> str:
        """The name as an identifier, as in `tickets_put`."""
        return self.name.replace(".", "_")

    @property
    def is_versioned(self) -> bool:
        """Whether it is part of the versioned interface; the others are for operators."""
        return self.path.startswith("/v1/")

    @property
    def takes_idempotency_key(self) -> bool:
        """Whether repeating it is made safe by a key: a change that has no natural one."""
        return self.method == "POST" and not self.is_query

    @property
    def id_pattern(self) -> str | None:
        """Regular expression, to be matched in full, of the first id; None without one."""
        return ID_PATTERNS.get(self.resource, ID_PATTERN) if "{id}" in self.path else None

    @property
    def problems(self) -> tuple[str, ...]:
        """Every code of `PROBLEMS` that it can answer with, in the table's order of cause."""
        codes = list(_EVERYWHERE)
        codes += _WITH_KEY if self.scope else ()
        codes += _WITH_BODY if self.body else ()
        codes += ("unknown_resource",) if "{id}" in self.path else ()
        codes += ("validation_failed",) if self.query or self.method == "PUT" else ()
        codes += ("store_full",) if not self.is_query else ()
        codes += _WITH_IDEMPOTENCY_KEY if self.takes_idempotency_key else ()
        if self.is_conditional and not self.is_query:
            codes += ("etag_mismatch", "already_exists")[: 2 if self.method == "PUT" else 1]
        codes += self.refusals
        return tuple(dict.fromkeys(codes))


def reading(
    name: str,
    path: str,
    reply: type | None,
    scope: str | None,
    summary: str,
    **more: Any,
) -> Route:
    """Make the row of a GET; `more` are further members of `Route`."""
    return Route(
        name=name,
        method="GET",
        path=path,
        reply=reply,
        scope=scope,
        summary=summary,
        is_query=True,
        **more,
    )
