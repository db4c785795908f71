"""Say in words what fits a type: the second half of every error message."""

from collections.abc import Callable
from types import MappingProxyType

from msgspec import inspect

__all__ = ["expected"]


def expected(node: inspect.Type) -> str:
    """Say what a type accepts, as in "an integer from 1 to 5"."""
    return WORDINGS[type(node)](node)


def _range(node: inspect.IntType | inspect.FloatType) -> str:
    low = f" from {_plain(node.ge)}" if node.ge is not None else ""
    low = f" above {_plain(node.gt)}" if node.gt is not None else low
    if node.le is None:
        return low
    joint = " to" if node.ge is not None else " and up to" if low else " up to"
    return f"{low}{joint} {_plain(node.le)}"


def _plain(number: float) -> str:
    return str(number) if isinstance(number, int) else f"{number:.15g}"


def _size(node: inspect.StrType | inspect.DictType | inspect.VarTupleType, unit: str) -> str:
    low, high = node.min_length or 0, node.max_length
    if high is None:
        return f" of at least {low} {unit}" if low else ""
    return f" of {low} to {high} {unit}"


def _text(node: inspect.StrType) -> str:
    if node.pattern is None:
        return "text" + _size(node, "characters")
    return "text that matches " + node.pattern.replace("\\Z", "$")


def _literal(node: inspect.LiteralType) -> str:
    return "one of " + ", ".join(str(value) for value in node.values)


def _union(node: inspect.UnionType) -> str:
    return " or ".join(expected(option) for option in node.types)


def _metadata(node: inspect.Metadata) -> str:
    return expected(node.type)


WORDINGS: MappingProxyType[type[inspect.Type], Callable[..., str]] = MappingProxyType(
    {
        inspect.Metadata: _metadata,
        inspect.StructType: lambda _: "an object",
        inspect.DictType: lambda node: "an object" + _size(node, "members"),
        inspect.VarTupleType: lambda node: "an array" + _size(node, "items"),
        inspect.UnionType: _union,
        inspect.IntType: lambda node: "an integer" + _range(node),
        inspect.FloatType: lambda node: "a number" + _range(node),
        inspect.StrType: _text,
        inspect.BoolType: lambda _: "true or false",
        inspect.NoneType: lambda _: "null",
        inspect.LiteralType: _literal,
        inspect.DateTimeType: lambda _: "an instant with an offset, such as 2026-11-23T09:00:00Z",
        inspect.DateType: lambda _: "a day, such as 2026-12-25",
    }
)
"""The words for each kind of type that request bodies are made of."""
