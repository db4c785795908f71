"""Which format a body comes in and which one the answer goes out in."""

from enum import Enum
from functools import lru_cache
from types import MappingProxyType

__all__ = [
    "EVENT_STREAM",
    "JSON",
    "MSGPACK",
    "PROBLEM_JSON",
    "Format",
    "accepted_format",
    "body_format",
    "wants_event_stream",
]

JSON = "application/json"
MSGPACK = "application/msgpack"
PROBLEM_JSON = "application/problem+json"
EVENT_STREAM = "text/event-stream"


class Format(Enum):
    """How a body is written."""

    JSON = JSON
    MSGPACK = MSGPACK


FORMATS: MappingProxyType[str, Format] = MappingProxyType(
    {
        JSON: Format.JSON,
        PROBLEM_JSON: Format.JSON,
        "application/merge-patch+json": Format.JSON,
        MSGPACK: Format.MSGPACK,
        "application/x-msgpack": Format.MSGPACK,
        "application/vnd.msgpack": Format.MSGPACK,
    }
)
"""Format by media type, in requests and in Accept."""
WILDCARDS = frozenset({"*/*", "application/*"})


@lru_cache(maxsize=256)
def body_format(content_type: str | None) -> Format | None:
    """Return the format that a Content-Type header names, or None when it is not supported."""
    media_type, _, parameters = (content_type or "").partition(";")
    for parameter in parameters.split(";"):
        name, _, value = parameter.strip().partition("=")
        if name.lower() == "charset" and value.strip('"').lower() not in ("utf-8", "utf8"):
            return None
    return FORMATS.get(media_type.strip().lower())


@lru_cache(maxsize=256)
def accepted_format(accept: str | None) -> Format | None:
    """Return the format an Accept header likes best, or None when it takes neither.

    The highest quality wins, then the more specific range, then the one written first.
    """
    if not accept or not accept.strip():
        return Format.JSON
    ranges = _ranges(accept)
    best: tuple[float, bool, int] | None = None
    chosen = None
    for form, names in ((Format.JSON, (JSON, PROBLEM_JSON)), (Format.MSGPACK, _MSGPACK_NAMES)):
        rank = _rank(ranges, names)
        if rank is not None and (best is None or rank > best):
            best, chosen = rank, form
    return chosen


@lru_cache(maxsize=256)
def wants_event_stream(accept: str | None) -> bool:
    """Tell whether an Accept header asks for server-sent events by name."""
    return any(name == EVENT_STREAM and quality > 0 for name, quality in _ranges(accept or ""))


_MSGPACK_NAMES = tuple(name for name, form in FORMATS.items() if form is Format.MSGPACK)


def _ranges(accept: str) -> list[tuple[str, float]]:
    """Return the media ranges with their qualities; an unreadable quality counts as 0."""
    ranges = []
    for part in accept.split(","):
        name, *parameters = (piece.strip() for piece in part.split(";"))
        quality = 1.0
        for parameter in parameters:
            key, _, value = parameter.partition("=")
            if key.strip().lower() == "q":
                quality = _quality(value.strip())
        ranges.append((name.lower(), quality))
    return ranges


def _quality(text: str) -> float:
    try:
        quality = float(text)
    except ValueError:
        return 0.0
    return quality if 0.0 <= quality <= 1.0 else 0.0


def _rank(
    ranges: list[tuple[str, float]], names: tuple[str, ...]
) -> tuple[float, bool, int] | None:
    """Rank a format by its most specific range: quality, specific, early; None when refused."""
    specific = [(q, True, -i) for i, (name, q) in enumerate(ranges) if name in names]
    general = [(q, False, -i) for i, (name, q) in enumerate(ranges) if name in WILDCARDS]
    found = specific or general
    best = max(found, default=None)
    return best if best is not None and best[0] > 0 else None
