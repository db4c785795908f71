"""Plain values that fit a type, drawn from the type itself, and the kinds of body there are."""

from datetime import UTC, datetime
from functools import cache
from typing import Any

from hypothesis import strategies as st
from msgspec import inspect

from router.wire.routes import ROUTES
from router.wire.tickets import BatchTicket

BODIES = sorted(
    {route.body for route in ROUTES if route.body} | {BatchTicket}, key=lambda kind: kind.__name__
)
REPLIES = sorted(
    {route.reply for route in ROUTES if route.reply and route.reply is not dict},
    key=lambda kind: kind.__name__,
)
QUERIES = sorted({route.query for route in ROUTES if route.query}, key=lambda kind: kind.__name__)

TEXT = st.text(st.characters(exclude_categories=["Cs"]))
JUNK = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**64 - 1)
    | st.floats()
    | TEXT
    | st.sampled_from([3.0, "3", 10**15, -1, "", "x" * 2_000, "2026-01-01T00:00:00Z"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3),
    max_leaves=5,
)
"""Values that fit hardly anything, NaN and infinity among them."""


@cache
def plain(kind: type) -> st.SearchStrategy[dict[str, Any]]:
    """Return a strategy of plain values that fit the struct `kind`, checks aside."""
    return _of(inspect.type_info(kind))


def _of(node: Any) -> st.SearchStrategy[Any]:
    if isinstance(node, inspect.Metadata):
        return _text(node) if isinstance(node.type, inspect.StrType) else _of(node.type)
    match node:
        case inspect.StructType():
            return _struct(node)
        case inspect.DictType():
            most = min(node.max_length or 3, 3)
            values = _of(node.value_type)
            return st.dictionaries(_of(node.key_type), values, max_size=most)
        case inspect.VarTupleType() | inspect.ListType():
            least, most = node.min_length or 0, min(node.max_length or 3, 3)
            return st.lists(_of(node.item_type), min_size=least, max_size=max(least, most))
        case inspect.UnionType():
            return st.one_of([_of(option) for option in node.types])
        case inspect.LiteralType():
            return st.sampled_from(node.values)
        case _:
            return _leaf(node)


def _leaf(node: Any) -> st.SearchStrategy[Any]:
    match node:
        case inspect.IntType():
            low = 0 if node.ge is None else node.ge
            return st.integers(low, 2**53 if node.le is None else node.le)
        case inspect.FloatType():
            least = next((bound for bound in (node.gt, node.ge) if bound is not None), 0.0)
            most = 1e9 if node.le is None else float(node.le)
            return st.floats(float(least), most, exclude_min=node.gt is not None)
        case inspect.BoolType():
            return st.booleans()
        case inspect.NoneType():
            return st.none()
        case inspect.DateTimeType():
            return st.datetimes(datetime(1970, 1, 2), datetime(2200, 1, 1)).map(
                lambda moment: moment.replace(tzinfo=UTC).isoformat()
            )
        case inspect.DateType():
            return st.dates().map(str)
        case inspect.AnyType():
            return st.integers(0, 9) | TEXT
        case _:
            return _text(node)


def _text(node: Any) -> st.SearchStrategy[str]:
    schema = getattr(node, "extra_json_schema", {})
    bare: Any = node.type if isinstance(node, inspect.Metadata) else node
    pattern = bare.pattern or schema.get("pattern") or ""
    if "date-time" in schema.get("format", ""):
        return st.just("2026-11-23T09:00:00.000000Z")
    if pattern:
        texts = st.from_regex(pattern.replace("$", r"\Z"))
    else:
        texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
    least, most = bare.min_length or 0, bare.max_length or 20
    return texts.filter(lambda text: least <= len(text) <= most)


def _struct(node: inspect.StructType) -> st.SearchStrategy[dict[str, Any]]:
    required = {field.encode_name: _of(field.type) for field in node.fields if field.required}
    optional = {field.encode_name: _of(field.type) for field in node.fields if not field.required}
    return st.fixed_dictionaries(required, optional=optional)
