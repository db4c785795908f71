"""The OpenAPI 3.1 document, made of the route table and the types it names."""

from collections.abc import Iterable, Mapping, Sequence
from types import MappingProxyType
from typing import Any

import msgspec

from router.wire.fields import ID_LENGTH_MAX
from router.wire.negotiation import JSON, MSGPACK, PROBLEM_JSON
from router.wire.policies import REVISIONS_MAX
from router.wire.problems import PROBLEMS, Problem
from router.wire.route import SCOPES, Route
from router.wire.routes import ROUTES

__all__ = ["build"]

Document = dict[str, Any]
MERGE_PATCH = "application/merge-patch+json"
TITLES: MappingProxyType[int, str] = MappingProxyType(
    {
        101: "The connection is a WebSocket now.",
        200: "Done.",
        201: "Created.",
        204: "Done; there is nothing to say.",
    }
)
_VERSION = {"type": "string", "pattern": '^"[0-9]{1,18}"$', "examples": ['"7"']}
_KEY = {"type": "string", "pattern": "^[!#-~]{1,255}$", "examples": ["k-2026-11-23-0001"]}
PARAMETERS: MappingProxyType[str, Document] = MappingProxyType(
    {
        "IfMatch": {
            "name": "If-Match",
            "in": "header",
            "description": "Done only if the resource still has this version, its ETag.",
            "schema": _VERSION,
        },
        "IfNoneMatch": {
            "name": "If-None-Match",
            "in": "header",
            "description": "Done only if the resource does not exist yet.",
            "schema": {"type": "string", "const": "*"},
        },
        "IfNoneMatchVersion": {
            "name": "If-None-Match",
            "in": "header",
            "description": "Answered 304 while the resource still has one of these versions.",
            "schema": {"type": "string", "examples": ['"7"', "*"]},
        },
        "IdempotencyKey": {
            "name": "Idempotency-Key",
            "in": "header",
            "description": "Makes a repeat safe: the same key and request get the first answer.",
            "schema": _KEY,
        },
        "LastEventId": {
            "name": "Last-Event-ID",
            "in": "header",
            "description": "Where a broken event stream goes on; wins over `after`.",
            "schema": {"type": "integer", "minimum": 0, "maximum": 2**53},
        },
    }
)
HEADERS: MappingProxyType[str, Document] = MappingProxyType(
    {
        "ETag": {"description": "The version of the resource.", "schema": _VERSION},
        "Location": {"description": "Path of what was created.", "schema": {"type": "string"}},
        "Retry-After": {"description": "Seconds to wait.", "schema": {"type": "integer"}},
        "Idempotency-Replayed": {
            "description": "Present when this is the answer to an earlier request.",
            "schema": {"type": "string", "const": "true"},
        },
    }
)


def build(routes: Sequence[Route] = ROUTES, version: str = "1") -> Document:
    """Return the document of `routes` as plain values; `version` is that of the software."""
    types = sorted(_types(routes), key=lambda kind: kind.__name__)
    _, schemas = msgspec.json.schema_components(types, ref_template="#/components/schemas/{name}")
    responses: Document = {}
    paths: Document = {}
    for route in routes:
        operation = _operation(route, schemas, responses)
        paths.setdefault(route.path, {})[route.method.lower()] = operation
    document: Document = {
        "openapi": "3.1.0",
        "info": {
            "title": "Cordboard",
            "version": version,
            "summary": "Which agent should get which ticket, decided in milliseconds.",
            "description": _DESCRIPTION,
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "servers": [{"url": "/"}],
        "tags": [{"name": name} for name in dict.fromkeys(route.resource for route in routes)],
        "paths": paths,
        "components": {
            "schemas": schemas,
            "responses": dict(sorted(responses.items())),
            "parameters": dict(PARAMETERS),
            "headers": dict(HEADERS),
            "securitySchemes": {"bearer": _BEARER},
        },
    }
    plain: Document = _plain(document)
    return plain


_BEARER = {
    "type": "http",
    "scheme": "bearer",
    "description": "An API key. Scopes: "
    + " ".join(f"`{scope}`: {meaning}" for scope, meaning in SCOPES.items()),
}
_DESCRIPTION = """\
Bodies are JSON or MessagePack (`application/msgpack`), chosen by Content-Type and Accept.
Durations are seconds (`*_s`), instants RFC 3339. Unknown fields are refused; all errors of a body
are listed at once. In a JSON object that repeats a key, the last one counts. What fails is answered
with a problem (RFC 9457) whose `code` is stable."""


def _types(routes: Iterable[Route]) -> set[type]:
    kinds = {kind for route in routes for kind in (route.body, route.reply) if kind}
    return {kind for kind in kinds if issubclass(kind, msgspec.Struct)} | {Problem}


def _reference(section: str, name: str) -> Document:
    return {"$ref": f"#/components/{section}/{name}"}


def _operation(route: Route, schemas: Document, responses: Document) -> Document:
    operation: Document = {
        "operationId": route.operation_id,
        "summary": route.summary,
        "tags": [route.resource],
        "security": [{"bearer": [route.scope]}] if route.scope else [],
        "parameters": _parameters(route),
        "responses": _successes(route) | _failures(route, responses),
    }
    if route.body:
        media = (JSON, MSGPACK) if route.method != "PATCH" else (MERGE_PATCH, JSON, MSGPACK)
        schema = _reference("schemas", route.body.__name__)
        operation["requestBody"] = {
            "required": bool(schemas[route.body.__name__].get("required")),
            "content": {name: {"schema": schema} for name in media},
        }
    return operation


def _parameters(route: Route) -> list[Document]:
    parameters = _path_parameters(route) + _query_parameters(route.query)
    names = []
    if route.is_conditional and route.is_query:
        names.append("IfNoneMatchVersion")
    if route.is_conditional and not route.is_query:
        names += ["IfMatch", "IfNoneMatch"] if route.method == "PUT" else ["IfMatch"]
    if route.takes_idempotency_key:
        names.append("IdempotencyKey")
    if route.media == "text/event-stream":
        names.append("LastEventId")
    return parameters + [_reference("parameters", name) for name in names]


def _path_parameters(route: Route) -> list[Document]:
    parameters = []
    if route.id_pattern:
        schema: Document = {
            "type": "string",
            "minLength": 1,
            "maxLength": ID_LENGTH_MAX,
            "pattern": f"^{route.id_pattern}$",
        }
        parameters.append({"name": "id", "in": "path", "required": True, "schema": schema})
    if "{revision}" in route.path:
        schema = {"type": "integer", "minimum": 1, "maximum": REVISIONS_MAX}
        parameters.append({"name": "revision", "in": "path", "required": True, "schema": schema})
    return parameters


def _query_parameters(query: type[msgspec.Struct] | None) -> list[Document]:
    if query is None:
        return []
    properties = msgspec.json.schema(query)["$defs"][query.__name__]["properties"]
    return [_query_parameter(name, dict(schema)) for name, schema in properties.items()]


def _query_parameter(name: str, schema: Document) -> Document:
    """Describe a parameter; one that may be null is one that may be absent."""
    parameter: Document = {"name": name, "in": "query"}
    if "description" in schema:
        parameter["description"] = schema.pop("description")
    options = schema.pop("anyOf", None)
    if options is not None:
        schema = next(option for option in options if option.get("type") != "null")
    parameter["schema"] = schema
    return parameter


def _content(route: Route) -> Document:
    if route.reply is None:
        return {route.media: {"schema": {"type": "string"}}} if route.media else {}
    if route.reply is dict:
        return {JSON: {"schema": {"type": "object"}}}
    schema = {"schema": _reference("schemas", route.reply.__name__)}
    content: Document = {JSON: schema, MSGPACK: schema}
    if route.media:
        content[route.media] = {"schema": {"type": "string"}}
    return content


def _successes(route: Route) -> Document:
    names = ["ETag"] if route.is_conditional and route.reply else []
    names += ["Idempotency-Replayed"] if route.takes_idempotency_key else []
    successes: Document = {}
    for status in route.statuses:
        here = [*names, "Location"] if status == 201 else names
        success: Document = {"description": TITLES[status]}
        if content := _content(route):
            success["content"] = content
        if here:
            success["headers"] = {name: _reference("headers", name) for name in here}
        successes[str(status)] = success
    if route.is_conditional and route.is_query:
        headers = {"ETag": _reference("headers", "ETag")}
        successes["304"] = {"description": "Still the version you have.", "headers": headers}
    return successes


def _failures(route: Route, responses: Document) -> Document:
    """Return the problem responses by status, each shared by all routes with the same codes."""
    by_status: dict[int, list[str]] = {}
    for code in route.problems:
        by_status.setdefault(PROBLEMS[code].status, []).append(code)
    failures = {}
    for status, codes in sorted(by_status.items()):
        name = f"{status}." + ".".join(sorted(codes))
        responses.setdefault(name, _failure(status, sorted(codes)))
        failures[str(status)] = _reference("responses", name)
    return failures


def _failure(status: int, codes: list[str]) -> Document:
    schema = {"schema": _reference("schemas", "Problem")}
    failure: Document = {
        "description": " ".join(f"`{code}`: {PROBLEMS[code].title}." for code in codes),
        "content": {PROBLEM_JSON: schema, MSGPACK: schema},
    }
    if status in (429, 503):
        failure["headers"] = {"Retry-After": _reference("headers", "Retry-After")}
    return failure


def _plain(value: Any) -> Any:
    r"""Copy a document, writing Python's \Z in patterns as the $ of JSON Schema."""
    if isinstance(value, Mapping):
        return {
            key: item.replace("\\Z", "$") if key == "pattern" else _plain(item)
            for key, item in value.items()
        }
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    return value
