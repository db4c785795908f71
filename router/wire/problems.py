"""Problems as RFC 9457 values: one literal table of codes, one struct, one way to make it."""

from collections.abc import Iterable, Sequence
from types import MappingProxyType
from typing import Any, NamedTuple

import msgspec

__all__ = [
    "ERRORS_MAX",
    "PROBLEMS",
    "PROBLEM_TYPE_PREFIX",
    "FieldError",
    "Problem",
    "ProblemKind",
    "invalid",
    "problem",
    "shown",
    "wrong",
]

PROBLEM_TYPE_PREFIX = "urn:cordboard:problem:"
ERRORS_MAX = 100
"""Errors that one problem lists; a body with more has the rest left out."""
SHOWN_MAX = 80
"""Characters of an offending value that a problem repeats."""
EXACT_MAX = 2**53
"""Integers up to here are exact in every JSON reader; larger ones are shown as text."""


class FieldError(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One thing wrong with one field of a request: where, what is expected, what was sent."""

    pointer: str
    """JSON pointer (RFC 6901) into the body; or `?name` of the query, `{id}`, or a header."""
    detail: str
    """What was expected there."""
    value: Any = msgspec.UNSET
    """What was sent, cut short when long; absent when nothing was sent."""


class Problem(msgspec.Struct, kw_only=True, omit_defaults=True):
    """Why a request was not done (RFC 9457): `code` is for programs, `detail` for people."""

    type: str
    title: str
    status: int
    code: str
    detail: str | None = None
    instance: str | None = None
    errors: list[FieldError] = []
    """Every field that is wrong, all at once."""
    advice: str | None = None
    """What to try next."""
    retry_after_s: int | None = None
    """Seconds to wait before the same request may succeed."""
    current_version: int | None = None
    """The version the resource has now, after a stale If-Match."""
    allowed: list[str] = []
    """Verbs or methods that would be allowed now."""
    state: str | None = None
    """The state the resource is in."""
    seq: int | None = None
    """Sequence number of the event that decided against this request."""


class ProblemKind(NamedTuple):
    """A row of `PROBLEMS`: HTTP status, short title, and what to try."""

    status: int
    title: str
    advice: str


_KINDS: dict[str, ProblemKind] = {
    # The request could not be read.
    "malformed_body": ProblemKind(
        400, "The body cannot be parsed", "Send one complete JSON or MessagePack value."
    ),
    "not_utf8": ProblemKind(400, "The text is not UTF-8", "Encode text as UTF-8."),
    "nesting_too_deep": ProblemKind(
        400, "The body is nested too deeply", "Nest less: no body needs more than 8 levels."
    ),
    "malformed_request": ProblemKind(
        400, "The request cannot be understood", "See errors for the header or parameter meant."
    ),
    "idempotency_key_invalid": ProblemKind(
        400, "The Idempotency-Key is not usable", "Send 1 to 255 printable ASCII characters."
    ),
    "body_too_large": ProblemKind(
        413, "The body is too large", "Send less at once, for example a smaller batch."
    ),
    "body_too_slow": ProblemKind(
        408, "The body arrived too slowly", "Send the whole body without long pauses."
    ),
    "unsupported_media_type": ProblemKind(
        415, "The content type is not supported", "Send application/json or application/msgpack."
    ),
    "unsupported_encoding": ProblemKind(
        415, "The content encoding is not supported", "Send the body without Content-Encoding."
    ),
    "not_acceptable": ProblemKind(
        406, "No accepted type can be sent", "Accept application/json or application/msgpack."
    ),
    # Who asks.
    "unauthorized": ProblemKind(
        401, "The key is missing or unknown", "Send Authorization: Bearer with a key that is live."
    ),
    "forbidden_scope": ProblemKind(
        403, "The key lacks the scope", "Use a key whose scopes contain the one named."
    ),
    # What is asked for.
    "unknown_route": ProblemKind(404, "There is no such path", "See /openapi.json for all paths."),
    "method_not_allowed": ProblemKind(
        405, "The path does not take this method", "Use one of the methods in allowed."
    ),
    "upgrade_required": ProblemKind(
        426, "This path speaks WebSocket only", "Open it as a WebSocket, or read /v1/events."
    ),
    "unknown_resource": ProblemKind(
        404, "There is no such resource", "Check the id; another tenant's ids are unknown here."
    ),
    "validation_failed": ProblemKind(
        422, "The request is not valid", "Correct every field listed in errors."
    ),
    # What the state of things forbids.
    "already_exists": ProblemKind(
        412, "The resource exists already", "Leave out If-None-Match to replace it."
    ),
    "etag_mismatch": ProblemKind(
        412, "The resource has changed", "Read it again and repeat with the current version."
    ),
    "state_conflict": ProblemKind(
        409, "The state does not allow this", "Use one of the verbs in allowed."
    ),
    "model_refused": ProblemKind(
        409,
        "The model's file cannot be used",
        "Put the whole, unaltered file into the folder again.",
    ),
    "offer_not_open": ProblemKind(
        409, "The offer is no longer open", "Take the next offer; this one is decided."
    ),
    "capacity_exceeded": ProblemKind(
        409, "The agent has no room", "Choose another agent or send force: true."
    ),
    "not_eligible": ProblemKind(
        409, "The agent may not take this ticket", "Ask decisions:explain why, or send force: true."
    ),
    "in_use": ProblemKind(409, "The resource is still in use", "Remove what refers to it first."),
    "idempotency_in_flight": ProblemKind(
        409, "The same key is still being worked on", "Repeat after a short while."
    ),
    "idempotency_mismatch": ProblemKind(
        422, "The same key came with another request", "Use a new key for a new request."
    ),
    "events_gone": ProblemKind(
        410, "The events asked for are no longer kept", "Read the resources again, go on from seq."
    ),
    # What the server cannot do now.
    "rate_limited": ProblemKind(429, "Too many requests", "Wait retry_after_s, then go on."),
    "too_many_connections": ProblemKind(
        429, "Too many connections", "Reuse connections; close those not needed."
    ),
    "overloaded": ProblemKind(503, "The server is overloaded", "Wait retry_after_s, then repeat."),
    "not_ready": ProblemKind(
        503, "The server is not ready", "Wait until /readyz answers 200, then repeat."
    ),
    "store_full": ProblemKind(
        503,
        "The journal cannot be written",
        "Make room and start the server anew, then repeat; nothing was done.",
    ),
    "limit_reached": ProblemKind(
        503, "A limit of this server is reached", "Finish or remove something, or raise the limit."
    ),
    "not_leader": ProblemKind(
        421, "Another server owns this tenant", "Repeat the request at the owner."
    ),
    "internal": ProblemKind(
        500, "The server made a mistake", "Repeat it; if it persists, report the instance."
    ),
}

PROBLEMS: MappingProxyType[str, ProblemKind] = MappingProxyType(_KINDS)
"""Every refusal a client can meet: code -> (status, title, advice)."""


def problem(
    code: str, detail: str | None = None, *, errors: Iterable[FieldError] = (), **extras: object
) -> Problem:
    """Make the problem called `code`; `extras` are further members of `Problem`.

    Raises KeyError for a code that is not in `PROBLEMS`, TypeError for an unknown member.
    """
    kind = PROBLEMS[code]
    return msgspec.structs.replace(
        Problem(
            type=PROBLEM_TYPE_PREFIX + code,
            title=kind.title,
            status=kind.status,
            code=code,
            detail=detail,
            errors=list(errors),
            advice=kind.advice,
        ),
        **extras,
    )


def invalid(errors: Sequence[FieldError]) -> Problem:
    """Make the problem that lists fields that are not valid, and says how many there are."""
    count = len(errors)
    detail = "1 field is not valid." if count == 1 else f"{count} fields are not valid."
    if count >= ERRORS_MAX:
        detail = f"More than {ERRORS_MAX - 1} fields are not valid; the first {ERRORS_MAX} follow."
    return problem("validation_failed", detail, errors=errors[:ERRORS_MAX])


def shown(value: object) -> object:
    """Return what a problem repeats of an offending value: a short scalar for any format."""
    match value:
        case None | bool():
            return value
        case int():
            return value if abs(value) <= EXACT_MAX else _cut(_digits(value))
        case float():
            return value if value - value == 0 else str(value)
        case str():
            return _cut(value.encode("utf-8", "replace").decode())
        case bytes() | bytearray():
            return f"{len(value)} bytes"
        case list() | tuple():
            return f"an array of {len(value)}"
        case dict():
            return f"an object of {len(value)}"
        case msgspec.msgpack.Ext():
            return f"an extension of type {value.code}"
        case _:
            return _cut(str(value))


def _digits(number: int) -> str:
    # Python refuses to write integers of more than 4,300 digits; nobody wants to read them either.
    bits = number.bit_length()
    return str(number) if bits <= 4_096 else f"an integer of {bits} bits"


def _cut(text: str) -> str:
    return text if len(text) <= SHOWN_MAX else text[: SHOWN_MAX - 1] + "…"


def wrong(pointer: str, detail: str, value: object = msgspec.UNSET) -> FieldError:
    """Say what is wrong at `pointer`, repeating the offending value, cut short."""
    return FieldError(
        pointer=pointer,
        detail=detail,
        value=msgspec.UNSET if value is msgspec.UNSET else shown(value),
    )
