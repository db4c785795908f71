"""Bytes to typed bodies and replies to bytes; whatever comes in, a problem and never an exception.

The fast path is the decoder's own. Only when it refuses is the plain value walked beside the type,
so that every error is named at once. In a JSON object that repeats a key, the last one counts
(RFC 8259 leaves it open, and looking for repeats would double the time of every request).
"""

import re
from collections.abc import Iterable
from functools import cache
from types import MappingProxyType
from typing import Any, TypeVar, get_type_hints

import msgspec

from router.wire.checks import all_well, check
from router.wire.diagnose import HugeNumber, diagnose
from router.wire.fields import TICKETS_PER_BATCH_MAX
from router.wire.negotiation import (
    JSON,
    MSGPACK,
    PROBLEM_JSON,
    Format,
    accepted_format,
    body_format,
)
from router.wire.problems import FieldError, Problem, invalid, problem, wrong
from router.wire.tickets import Batch, BatchTicket, RefusedTicket, TicketsBatch

__all__ = ["decode", "decode_batch", "decode_body", "decode_query", "encode", "fit"]

Body = TypeVar("Body", bound=msgspec.Struct)
Decoder = msgspec.json.Decoder[Body] | msgspec.msgpack.Decoder[Body]
_UNREADABLE = (ValueError, OverflowError, RecursionError)
"""What the decoders raise: their own errors and UnicodeDecodeError are ValueErrors."""
_LONE_SURROGATE = re.compile(rb"\\u[dD][89a-fA-F]")


def decode_body(
    data: bytes, content_type: str | None, kind: type[msgspec.Struct] | None
) -> msgspec.Struct | Problem | None:
    """Decode a request body into the type its route names, a batch into a `Batch`; or a problem.

    A route without a body type takes no notice of what is sent.
    """
    if kind is None:
        return None
    if kind is TicketsBatch:
        return decode_batch(data, content_type)
    return decode(data, content_type, kind)


def decode(data: bytes, content_type: str | None, kind: type[Body]) -> Body | Problem:
    """Decode JSON or MessagePack into the struct `kind`, or say everything that is wrong with it.

    An empty body is an empty object, whatever its content type.
    """
    form = body_format(content_type)
    if form is None and data:
        return _unsupported(content_type)
    form = form or Format.JSON
    try:
        body = _decoder(form, kind).decode(data or _EMPTY[form])
    except msgspec.ValidationError as error:
        value = _plain(data or _EMPTY[form], form, error)
        return value if isinstance(value, Problem) else _mend(value, kind, str(error))
    except _UNREADABLE as error:
        return _unreadable(data, form, error)
    errors = check(body)
    return invalid(errors) if errors else body


def decode_batch(data: bytes, content_type: str | None) -> Batch | Problem:
    """Decode a batch; a ticket that is wrong becomes a `RefusedTicket` and spoils no other."""
    form = body_format(content_type)
    if form is None:
        return _unsupported(content_type)
    try:
        batch = _decoder(form, TicketsBatch).decode(data)
    except msgspec.ValidationError as error:
        value = _plain(data, form, error)
        return value if isinstance(value, Problem) else _mend_batch(value)
    except _UNREADABLE as error:
        return _unreadable(data, form, error)
    if all_well(batch.tickets):
        return Batch(batch.tickets)
    return Batch(_checked_items(batch.tickets))


def decode_query(
    pairs: Iterable[tuple[str, str]], kind: type[msgspec.Struct] | None
) -> dict[str, object] | Problem:
    """Type the query parameters of a route: a mapping with defaults filled in, or a problem."""
    values: dict[str, object] = {}
    errors = []
    for name, text in pairs:
        if name in values:
            errors.append(wrong(f"?{name[:128]}", "Expected only once.", text))
        values[name] = _number(text) if name in _numbers(kind) else text
    diagnosis = diagnose(values, kind or NoQuery)
    for error in diagnosis.errors:
        sent = error.value
        errors.append(wrong("?" + error.pointer[1:], error.detail, sent))
    if errors:
        return invalid(errors)
    return msgspec.structs.asdict(msgspec.convert(values, kind)) if kind else {}


def fit(value: object, kind: type[Body]) -> Body | Problem:
    """Turn a plain value into the struct `kind`, or say everything that is wrong with it."""
    try:
        body = msgspec.convert(value, kind)
    except msgspec.ValidationError as error:
        return _mend(value, kind, str(error))
    errors = check(body)
    return invalid(errors) if errors else body


def encode(reply: object, accept: str | None = None) -> tuple[bytes, str]:
    """Encode a reply body as Accept likes best, else as JSON; return it with its media type."""
    if accepted_format(accept) is Format.MSGPACK:
        return _MSGPACK_ENCODER.encode(reply), MSGPACK
    return _JSON_ENCODER.encode(reply), PROBLEM_JSON if isinstance(reply, Problem) else JSON


class NoQuery(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """No query parameter at all."""


_EMPTY = MappingProxyType({Format.JSON: b"{}", Format.MSGPACK: b"\x80"})
_JSON_ENCODER = msgspec.json.Encoder()
_MSGPACK_ENCODER = msgspec.msgpack.Encoder()


def _decoder(form: Format, kind: type[Body]) -> Decoder[Body]:
    return _json_decoder(kind) if form is Format.JSON else _msgpack_decoder(kind)


@cache
def _json_decoder(kind: type[Body]) -> Decoder[Body]:
    return msgspec.json.Decoder(kind)


@cache
def _msgpack_decoder(kind: type[Body]) -> Decoder[Body]:
    return msgspec.msgpack.Decoder(kind)


def _float(text: str) -> float | HugeNumber:
    number = float(text)
    return number if number - number == 0 else HugeNumber(text)


_PLAIN_JSON = msgspec.json.Decoder(float_hook=_float)


def _plain(data: bytes, form: Format, typed_error: Exception) -> object:
    """Decode without types what the typed decoder refused; a problem when that fails too."""
    try:
        return _PLAIN_JSON.decode(data) if form is Format.JSON else msgspec.msgpack.decode(data)
    except msgspec.ValidationError:
        # An integer of thousands of digits, or a timestamp beyond all calendars.
        return problem("validation_failed", "The body is not valid.", errors=[_told(typed_error)])
    except _UNREADABLE as error:
        return _unreadable(data, form, error)


def _mend(value: object, kind: type[Body], told: str) -> Body | Problem:
    """Name all errors of a plain value; or build the body after all, when only its form was odd."""
    diagnosis = diagnose(value, kind)
    partial = _partial(kind, diagnosis.fields)
    errors = diagnosis.errors + check(partial)
    if errors:
        return invalid(errors)
    try:
        return msgspec.convert(diagnosis.fields, kind)
    except msgspec.ValidationError:
        return invalid([_told(ValueError(told))])


def _partial(kind: type[Body], fields: dict[str, object]) -> Body:
    """Build the struct from the fields that fit; required ones that do not are None."""
    hints = _hints(kind)
    fitting: dict[str, Any] = dict.fromkeys(_required(kind))
    for name, value in fields.items():
        fitting[name] = msgspec.convert(value, hints[name])
    return kind(**fitting)


@cache
def _hints(kind: type) -> dict[str, Any]:
    return get_type_hints(kind, include_extras=True)


@cache
def _required(kind: type[msgspec.Struct]) -> tuple[str, ...]:
    return tuple(field.name for field in msgspec.structs.fields(kind) if field.required)


def _mend_batch(value: object) -> Batch | Problem:
    """Read a batch item by item; the problem is of the whole when it is no batch at all."""
    items = value.get("tickets") if isinstance(value, dict) and len(value) == 1 else None
    if not isinstance(items, list) or not 0 < len(items) <= TICKETS_PER_BATCH_MAX:
        return invalid(diagnose(value, TicketsBatch).errors)
    read: list[BatchTicket | RefusedTicket] = []
    for item in items:
        try:
            read.append(msgspec.convert(item, BatchTicket))
        except msgspec.ValidationError as error:
            body = _mend(item, BatchTicket, str(error))
            read.append(body if isinstance(body, BatchTicket) else _refused(item, body))
    return Batch(_checked_items(read))


def _refused(item: object, reason: Problem) -> RefusedTicket:
    named = item.get("id") if isinstance(item, dict) else None
    return RefusedTicket(id=named[:128] if isinstance(named, str) else "", problem=reason)


def _checked_items(
    items: Iterable[BatchTicket | RefusedTicket],
) -> tuple[BatchTicket | RefusedTicket, ...]:
    """Check each ticket by itself and refuse all but the first with the same id."""
    checked: list[BatchTicket | RefusedTicket] = []
    first: dict[str, int] = {}
    for index, item in enumerate(items):
        if isinstance(item, RefusedTicket):
            checked.append(item)
            continue
        errors = check(item)
        if first.setdefault(item.id, index) != index:
            detail = f"Expected each id once; it is that of /tickets/{first[item.id]} already."
            errors = [*errors, wrong("/id", detail, item.id)]
        checked.append(RefusedTicket(id=item.id, problem=invalid(errors)) if errors else item)
    return tuple(checked)


@cache
def _numbers(kind: type | None) -> frozenset[str]:
    """Return the names of the parameters that are integers."""
    schema = msgspec.json.schema(kind)["$defs"][kind.__name__] if kind else {"properties": {}}
    properties = schema["properties"].items()
    return frozenset(name for name, node in properties if node.get("type") == "integer")


def _number(text: str) -> object:
    # int() would also read spaces, underscores and other scripts' digits.
    return int(text) if re.fullmatch(r"-?[0-9]{1,18}", text) else text


def _told(error: Exception) -> FieldError:
    return wrong("", str(error))


def _unsupported(content_type: str | None) -> Problem:
    sent = f"Content-Type {content_type[:80]!r}" if content_type else "A body without Content-Type"
    detail = f"{sent} cannot be read; expected {JSON} in UTF-8 or {MSGPACK}."
    return problem("unsupported_media_type", detail)


def _unreadable(data: bytes, form: Format, error: Exception) -> Problem:
    """Name the problem of bytes that are no value at all."""
    if isinstance(error, RecursionError):
        return problem("nesting_too_deep", "The body is nested too deeply to be read.")
    if isinstance(error, UnicodeDecodeError):
        return problem("not_utf8", f"Text in the body is not UTF-8: {error.reason}.")
    if form is Format.JSON:
        try:
            data.decode()
        except UnicodeDecodeError as reason:
            return problem("not_utf8", f"Byte {reason.start} is not UTF-8: {reason.reason}.")
    if _LONE_SURROGATE.search(data):
        return problem("malformed_body", f"{error}; it has an escaped surrogate, perhaps unpaired.")
    return problem("malformed_body", f"{error}.")
