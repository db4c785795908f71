"""The headers that carry conditions: versions, and keys that make a request safe to repeat."""

import re
from hashlib import sha256

import msgspec

from router.wire.problems import Problem, problem, wrong

__all__ = [
    "etag",
    "fingerprint",
    "idempotency_key",
    "is_unchanged",
    "must_be_new",
    "wanted_version",
]

_VERSION = re.compile(r'"([0-9]{1,18})"').fullmatch
_VERSIONS = re.compile(r'(?:W/)?"([0-9]{1,18})"').findall
_QUOTED = re.compile(r'"(?:[\x20\x21\x23-\x5b\x5d-\x7e]|\\["\\]){1,255}"').fullmatch
_BARE = re.compile(r"[\x21\x23-\x7e]{1,255}").fullmatch
_ENCODER = msgspec.msgpack.Encoder(order="deterministic")


def etag(version: int) -> str:
    """Write a version as an ETag header."""
    return f'"{version}"'


def wanted_version(if_match: str | None) -> int | Problem | None:
    """Read If-Match: the version the resource must have, or None when there is no condition."""
    if if_match is None:
        return None
    found = _VERSION(if_match.strip())
    if found is None:
        return _misread("If-Match", 'Expected one version in quotes, such as "7".', if_match)
    return int(found[1])


def must_be_new(if_none_match: str | None) -> bool | Problem:
    """Read If-None-Match of a PUT: whether the resource must not exist yet."""
    if if_none_match is None:
        return False
    if if_none_match.strip() != "*":
        return _misread("If-None-Match", "Expected * here.", if_none_match)
    return True


def is_unchanged(if_none_match: str | None, version: int | None) -> bool:
    """Tell whether a GET may be answered 304: the client names the version the resource has."""
    if if_none_match is None or version is None:
        return False
    return if_none_match.strip() == "*" or str(version) in _VERSIONS(if_none_match)


def idempotency_key(header: str | None) -> str | Problem | None:
    """Read Idempotency-Key: a quoted string (Structured Fields) or bare text, 1 to 255 long."""
    if header is None:
        return None
    text = header.strip()
    if _QUOTED(text):
        return re.sub(r'\\(["\\])', r"\1", text[1:-1])
    if _BARE(text):
        return text
    detail = "Expected 1 to 255 printable ASCII characters, best in double quotes."
    return problem(
        "idempotency_key_invalid", detail, errors=[wrong("Idempotency-Key", detail, header)]
    )


def fingerprint(name: str, ids: tuple[str, str | int], body: object) -> bytes:
    """Return SHA-256 over a request's meaning: equal in JSON and MessagePack, whatever the order.

    `body` is the decoded struct; members of objects are sorted and absent fields have their
    defaults, so a client that repeats itself in other words is still understood.
    """
    return sha256(_ENCODER.encode((name, ids, body))).digest()


def _misread(header: str, detail: str, value: str) -> Problem:
    return problem("malformed_request", detail, errors=[wrong(header, detail, value)])
