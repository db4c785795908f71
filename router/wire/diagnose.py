"""Find every error of a value that does not fit its type, not only the first.

The decoder stops at the first error. This walks the plain value beside the type and names them all,
each with a JSON pointer. It also mends what JSON Schema allows and the decoder does not: an integer
written as 3.0.
"""

from collections.abc import Callable, Iterable, Sized
from datetime import date, datetime
from functools import cache
from types import MappingProxyType
from typing import Annotated, NamedTuple

import msgspec
from msgspec import Meta, inspect

from router.wire.checks import pointer_part
from router.wire.problems import ERRORS_MAX, FieldError, wrong
from router.wire.wording import expected

__all__ = ["HugeNumber", "diagnose"]

_BROKEN = object()
"""Stands for a value that does not fit; never leaves this module."""


class HugeNumber:
    """A JSON number that fits no Python float or is too long to be parsed; kept as its text."""

    def __init__(self, text: str) -> None:
        self.text = text

    def __str__(self) -> str:
        """Return the number as it was written."""
        return self.text


class Diagnosis(NamedTuple):
    """All errors found, and the top-level fields that fit, mended, by name."""

    errors: list[FieldError]
    fields: dict[str, object]


def diagnose(value: object, kind: type) -> Diagnosis:
    """Compare a plain decoded value with the struct type `kind`, naming every error.

    With no errors, `fields` make up the struct by `msgspec.convert`.
    """
    errors: list[FieldError] = []
    fitting = _walk(_type_info(kind), value, "", errors)
    if not isinstance(fitting, dict):
        fitting = {}
    del errors[ERRORS_MAX:]
    return Diagnosis(errors, {name: fit for name, fit in fitting.items() if fit is not _BROKEN})


@cache
def _type_info(kind: type) -> inspect.Type:
    return inspect.type_info(kind)


Walker = Callable[..., object]


def _walk(node: inspect.Type, value: object, at: str, errors: list[FieldError]) -> object:
    return WALKERS[type(node)](node, value, at, errors)


def _misfit(node: inspect.Type, value: object, at: str, errors: list[FieldError]) -> object:
    errors.append(wrong(at, f"Expected {expected(node)}.", value))
    return _BROKEN


def _metadata(node: inspect.Metadata, value: object, at: str, errors: list[FieldError]) -> object:
    return _walk(node.type, value, at, errors)


def _struct(node: inspect.StructType, value: object, at: str, errors: list[FieldError]) -> object:
    if not isinstance(value, dict):
        return _misfit(node, value, at, errors)
    known = {field.encode_name: field for field in node.fields}
    found: dict[str, object] = {}
    for key, item in value.items():
        if len(errors) >= ERRORS_MAX:
            return _BROKEN
        field = known.get(key) if isinstance(key, str) else None
        here = at + pointer_part(_short(key))
        if field is not None:
            found[key] = _walk(field.type, item, here, errors)
        elif node.forbid_unknown_fields:
            names = ", ".join(known) or "none"
            errors.append(wrong(here, f"Unknown field; expected only: {names}.", item))
    for name, field in known.items():
        if field.required and name not in value:
            errors.append(
                wrong(at + pointer_part(name), f"Missing; expected {expected(field.type)}.")
            )
            found[name] = _BROKEN
    return found if not at else _whole(found, found.values())


def _dict(node: inspect.DictType, value: object, at: str, errors: list[FieldError]) -> object:
    if not isinstance(value, dict) or not _length_fits(node, value):
        return _misfit(node, value, at, errors)
    found: dict[object, object] = {}
    for key, item in value.items():
        if len(errors) >= ERRORS_MAX:
            return _BROKEN
        here = at + pointer_part(_short(key))
        name = _walk(node.key_type, key, here, errors)
        found[key if name is _BROKEN else name] = _walk(node.value_type, item, here, errors)
        if name is _BROKEN:
            found[key] = _BROKEN
    return _whole(found, found.values())


def _array(node: inspect.VarTupleType, value: object, at: str, errors: list[FieldError]) -> object:
    if not isinstance(value, list | tuple) or not _length_fits(node, value):
        return _misfit(node, value, at, errors)
    found: list[object] = []
    for index, item in enumerate(value):
        if len(errors) >= ERRORS_MAX:
            return _BROKEN
        found.append(_walk(node.item_type, item, f"{at}/{index}", errors))
    return _whole(found, found)


def _whole(found: object, parts: Iterable[object]) -> object:
    return _BROKEN if any(part is _BROKEN for part in parts) else found


def _union(node: inspect.UnionType, value: object, at: str, errors: list[FieldError]) -> object:
    if value is None and any(isinstance(option, inspect.NoneType) for option in node.types):
        return None
    options = [option for option in node.types if not isinstance(option, inspect.NoneType)]
    if len(options) == 1 and isinstance(_bare(options[0]), _NESTED):
        return _walk(options[0], value, at, errors)
    for option in options:
        attempt: list[FieldError] = []
        fit = _walk(option, value, at, attempt)
        if not attempt:
            return fit
    return _misfit(node, value, at, errors)


def _int(node: inspect.IntType, value: object, at: str, errors: list[FieldError]) -> object:
    # JSON Schema counts 3.0 as an integer, and some languages cannot write it otherwise.
    if isinstance(value, float) and value.is_integer() and abs(value) < 2**63:
        value = int(value)
    if not isinstance(value, int) or isinstance(value, bool) or not _bounds_hold(node, value):
        return _misfit(node, value, at, errors)
    return value


def _float(node: inspect.FloatType, value: object, at: str, errors: list[FieldError]) -> object:
    if not isinstance(value, int | float) or isinstance(value, bool):
        return _misfit(node, value, at, errors)
    return value if _bounds_hold(node, value) else _misfit(node, value, at, errors)


def _str(node: inspect.StrType, value: object, at: str, errors: list[FieldError]) -> object:
    if not isinstance(value, str) or not _length_fits(node, value):
        return _misfit(node, value, at, errors)
    if node.pattern is not None:
        try:
            msgspec.convert(value, Annotated[str, Meta(pattern=node.pattern)])
        except msgspec.ValidationError:
            return _misfit(node, value, at, errors)
    return value


def _bool(node: inspect.BoolType, value: object, at: str, errors: list[FieldError]) -> object:
    return value if isinstance(value, bool) else _misfit(node, value, at, errors)


def _none(node: inspect.NoneType, value: object, at: str, errors: list[FieldError]) -> object:
    return None if value is None else _misfit(node, value, at, errors)


def _literal(node: inspect.LiteralType, value: object, at: str, errors: list[FieldError]) -> object:
    fits = isinstance(value, str) and value in node.values
    return value if fits else _misfit(node, value, at, errors)


def _moment(
    node: inspect.DateTimeType | inspect.DateType, value: object, at: str, errors: list[FieldError]
) -> object:
    kind = Annotated[datetime, Meta(tz=True)] if isinstance(node, inspect.DateTimeType) else date
    try:
        return msgspec.convert(value, kind)
    except (msgspec.ValidationError, OverflowError):
        return _misfit(node, value, at, errors)


WALKERS: MappingProxyType[type[inspect.Type], Walker] = MappingProxyType(
    {
        inspect.Metadata: _metadata,
        inspect.StructType: _struct,
        inspect.DictType: _dict,
        inspect.VarTupleType: _array,
        inspect.UnionType: _union,
        inspect.IntType: _int,
        inspect.FloatType: _float,
        inspect.StrType: _str,
        inspect.BoolType: _bool,
        inspect.NoneType: _none,
        inspect.LiteralType: _literal,
        inspect.DateTimeType: _moment,
        inspect.DateType: _moment,
    }
)
"""How each kind of type is compared; request bodies use no other kinds, which a test shows."""
_NESTED = (inspect.StructType, inspect.DictType, inspect.VarTupleType)


def _bare(node: inspect.Type) -> inspect.Type:
    return _bare(node.type) if isinstance(node, inspect.Metadata) else node


def _short(key: object) -> str:
    return (key if isinstance(key, str) else str(key))[:128]


Long = inspect.StrType | inspect.DictType | inspect.VarTupleType


def _length_fits(node: Long, value: Sized) -> bool:
    least = node.min_length or 0
    return least <= len(value) and (node.max_length is None or len(value) <= node.max_length)


def _bounds_hold(node: inspect.IntType | inspect.FloatType, value: float) -> bool:
    # Written so that NaN fails every bound.
    return (
        (node.ge is None or value >= node.ge)
        and (node.gt is None or value > node.gt)
        and (node.le is None or value <= node.le)
        and (node.lt is None or value < node.lt)
    )
