"""From a request's parts to a `Call`: ids, conditions, query and body, in that order."""

import re
from collections.abc import Mapping, Sequence
from functools import cache
from typing import NamedTuple

from router.wire.calls import Call
from router.wire.codec import decode_body, decode_query
from router.wire.fields import ID_LENGTH_MAX
from router.wire.headers import fingerprint, idempotency_key, must_be_new, wanted_version
from router.wire.policies import REVISIONS_MAX
from router.wire.problems import Problem, problem, wrong
from router.wire.route import Route

__all__ = ["Target", "read_call"]


class Target(NamedTuple):
    """What a URL says beyond the route: the ids in its path, unescaped, and its query."""

    id: str = ""
    sub: str = ""
    query: Sequence[tuple[str, str]] = ()


def read_call(
    route: Route, target: Target, headers: Mapping[str, str], data: bytes
) -> Call | Problem:
    """Build the call of a request, or say what is wrong with it.

    `headers` must find names whatever their case when they come from HTTP.
    """
    ids = _ids(route, target)
    if isinstance(ids, Problem):
        return ids
    conditions = _conditions(route, headers)
    if isinstance(conditions, Problem):
        return conditions
    query = decode_query(target.query, route.query) if target.query or route.query else {}
    if isinstance(query, Problem):
        return query
    body = decode_body(data, headers.get("Content-Type"), route.body)
    if isinstance(body, Problem):
        return body
    key = conditions.key
    return Call(
        route.name,
        id=ids[0],
        body=body,
        sub=ids[1],
        query=query,
        if_match=conditions.version,
        if_none_match=conditions.new,
        idempotency_key=key,
        fingerprint=fingerprint(route.name, ids, body) if key is not None else b"",
    )


class _Conditions(NamedTuple):
    version: int | None = None
    new: bool = False
    key: str | None = None


_NO_CONDITIONS = _Conditions()


def _conditions(route: Route, headers: Mapping[str, str]) -> _Conditions | Problem:
    if route.is_query:
        return _NO_CONDITIONS  # a GET's If-None-Match asks for 304 and concerns the transport
    version = wanted_version(headers.get("If-Match"))
    if isinstance(version, Problem):
        return version
    new = must_be_new(headers.get("If-None-Match"))
    if isinstance(new, Problem):
        return new
    key = idempotency_key(headers.get("Idempotency-Key"))
    if isinstance(key, Problem):
        return key
    return _Conditions(version, new, key if route.takes_idempotency_key else None)


@cache
def _matcher(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern)


def _ids(route: Route, target: Target) -> tuple[str, str | int] | Problem:
    """Check the ids of the path: a bad new id is invalid, a bad old one cannot exist."""
    pattern = route.id_pattern
    if pattern is None:
        return "", ""
    if len(target.id) > ID_LENGTH_MAX or not _matcher(pattern).fullmatch(target.id):
        detail = f"Expected up to {ID_LENGTH_MAX} characters that match ^{pattern}$."
        return _bad_id(route, "id", detail, target.id)
    if "{revision}" not in route.path:
        return target.id, ""
    if not _matcher("[1-9][0-9]{0,6}").fullmatch(target.sub) or int(target.sub) > REVISIONS_MAX:
        detail = f"Expected an integer from 1 to {REVISIONS_MAX}."
        return _bad_id(route, "revision", detail, target.sub)
    return target.id, int(target.sub)


def _bad_id(route: Route, name: str, detail: str, value: str) -> Problem:
    code = "validation_failed" if route.method == "PUT" else "unknown_resource"
    error = wrong(f"{{{name}}}", detail, value)
    return problem(code, f"There can be no such {name}.", errors=[error])
