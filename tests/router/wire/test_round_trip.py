"""What is encoded decodes to the same in both formats; errors are found where they are."""

import datetime as dt
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from router.wire.checks import CHECKS, check
from router.wire.codec import decode, decode_body, encode, fit
from router.wire.diagnose import WALKERS, diagnose
from router.wire.negotiation import JSON, MSGPACK
from router.wire.problems import FieldError, Problem
from router.wire.tickets import TicketsBatch
from router.wire.wording import WORDINGS
from tests.router.wire.bodies import BODIES, JUNK, QUERIES, REPLIES, plain

SINGLE = [kind for kind in BODIES if kind is not TicketsBatch]


@pytest.mark.parametrize("kind", SINGLE + REPLIES, ids=lambda kind: kind.__name__)
@settings(max_examples=12)
@given(data=st.data())
def test_each_struct_survives_both_formats(kind: type, data: st.DataObject) -> None:
    """JSON and MessagePack carry every body and every reply without loss."""
    value = data.draw(plain(kind))
    body: object = msgspec.convert(value, kind)
    for accept in (JSON, MSGPACK):
        sent, media = encode(body, accept)
        assert media == accept
        module = msgspec.json if accept == JSON else msgspec.msgpack
        assert module.decode(sent, type=kind) == body


@pytest.mark.parametrize("kind", SINGLE, ids=lambda kind: kind.__name__)
@settings(max_examples=12)
@given(data=st.data())
def test_a_fitting_body_is_taken_or_its_checks_say_why(kind: type, data: st.DataObject) -> None:
    """What fits the types is refused only by a check, and the same in both formats."""
    value = data.draw(plain(kind))
    body: object = msgspec.convert(value, kind)
    errors = check(body)
    for media, module in ((JSON, msgspec.json), (MSGPACK, msgspec.msgpack)):
        decoded = decode(module.encode(value), media, kind)
        if errors:
            assert isinstance(decoded, Problem)
            assert decoded.errors == errors
        else:
            assert decoded == body


def spoiled(value: Any, data: st.DataObject) -> Any:
    """Put something odd somewhere in a plain value."""
    if isinstance(value, dict) and value and data.draw(st.booleans()):
        key = data.draw(st.sampled_from(sorted(value)))
        return {**value, key: spoiled(value[key], data)}
    if isinstance(value, list) and value and data.draw(st.booleans()):
        index = data.draw(st.integers(0, len(value) - 1))
        return [*value[:index], spoiled(value[index], data), *value[index + 1 :]]
    if isinstance(value, dict) and data.draw(st.booleans()):
        return {**value, data.draw(st.text(st.characters(codec="utf-8"))): data.draw(JUNK)}
    return data.draw(JUNK)


@pytest.mark.parametrize("kind", SINGLE, ids=lambda kind: kind.__name__)
@settings(max_examples=60)
@given(data=st.data())
def test_the_slow_walk_agrees_with_the_decoder(kind: type, data: st.DataObject) -> None:
    """The walk finds an error exactly where the decoder does, integers written as 3.0 aside."""
    value = spoiled(data.draw(plain(kind)), data)
    found = diagnose(value, kind).errors
    try:
        msgspec.convert(value, kind)
    except msgspec.ValidationError:
        if not found:  # then it was mended, and now the decoder agrees
            mended = diagnose(value, kind).fields
            msgspec.convert(mended, kind)
            assert mended != value or str(mended) != str(value)
    else:
        assert found == []


@pytest.mark.parametrize("kind", BODIES, ids=lambda kind: kind.__name__)
@settings(max_examples=12)
@given(data=st.data())
def test_a_problem_can_always_be_sent(kind: type, data: st.DataObject) -> None:
    """Whatever is wrong, the problem that says so fits both formats and names known pointers."""
    value = spoiled(data.draw(plain(kind)), data)
    decoded = decode_body(msgspec.msgpack.encode(value), MSGPACK, kind)
    if isinstance(decoded, Problem):
        assert decoded.errors
        for accept in (JSON, MSGPACK):
            sent, _ = encode(decoded, accept)
            module = msgspec.json if accept == JSON else msgspec.msgpack
            assert module.decode(sent, type=Problem).code == "validation_failed"


@given(st.binary(max_size=300), st.sampled_from(BODIES), st.sampled_from([JSON, MSGPACK]))
def test_no_bytes_raise(data: bytes, kind: type, media: str) -> None:
    """Arbitrary bytes become a body or a problem, never an exception."""
    body = decode_body(data, media, kind)
    assert isinstance(body, msgspec.Struct)


@given(st.data(), st.sampled_from(SINGLE), st.sampled_from([JSON, MSGPACK]))
def test_a_body_cut_or_flipped_anywhere_does_not_raise(
    data: st.DataObject, kind: type, media: str
) -> None:
    """A valid body with a byte changed or its tail missing becomes a body or a problem."""
    sent = bytearray(encode(msgspec.convert(data.draw(plain(kind)), kind), media)[0])
    at = data.draw(st.integers(0, len(sent) - 1))
    if data.draw(st.booleans()):
        sent[at] ^= 1 << data.draw(st.integers(0, 7))
    else:
        del sent[at:]
    assert isinstance(decode(bytes(sent), media, kind), msgspec.Struct)


def test_every_kind_of_type_in_a_body_has_a_walk_and_a_wording() -> None:
    """No request body uses a type that the slow walk or the wording does not know."""
    used: set[type] = set()

    def collect(node: Any) -> None:
        if type(node) in used and not isinstance(node, msgspec.inspect.Type):
            return
        used.add(type(node))
        for part in ("type", "key_type", "value_type", "item_type"):
            if hasattr(node, part):
                collect(getattr(node, part))
        for option in getattr(node, "types", ()):
            collect(option)
        for field in getattr(node, "fields", ()):
            collect(field.type)

    for kind in BODIES + QUERIES:
        collect(msgspec.inspect.type_info(kind))
    assert used == set(WALKERS) == set(WORDINGS)


def test_every_number_in_a_body_is_bounded() -> None:
    """Bounds on both sides keep NaN, infinity and huge numbers out of every body."""
    unbounded = []

    def collect(node: Any, at: str) -> None:
        if isinstance(node, msgspec.inspect.IntType | msgspec.inspect.FloatType):
            low = node.ge if node.ge is not None else node.gt
            if low is None or node.le is None:
                unbounded.append(at)
        for part in ("type", "key_type", "value_type", "item_type"):
            if hasattr(node, part):
                collect(getattr(node, part), at)
        for option in getattr(node, "types", ()):
            collect(option, at)
        for field in getattr(node, "fields", ()):
            collect(field.type, f"{at}.{field.name}")

    for kind in BODIES + QUERIES:
        collect(msgspec.inspect.type_info(kind), kind.__name__)
    assert unbounded == []


def test_every_check_is_of_a_body() -> None:
    """A check of something that is never received would never run."""
    assert set(CHECKS) <= set(BODIES)


def test_fit_takes_plain_values_as_decode_takes_bytes() -> None:
    """A plain value with errors is refused with the same errors as its bytes."""
    value = {"time_zone": "UTC", "exceptions": [{"date": "2026-12-25", "open": "09:00"}] * 2}
    kind = next(kind for kind in BODIES if kind.__name__ == "CalendarBody")
    refused = fit(value, kind)
    assert refused == decode(msgspec.json.encode(value), JSON, kind)
    assert isinstance(refused, Problem)
    assert [error.pointer for error in refused.errors] == [
        "/exceptions/0/close",
        "/exceptions/1/date",
        "/exceptions/1/close",
    ]
    assert refused.errors[1] == FieldError(
        pointer="/exceptions/1/date",
        detail="Expected each day only once.",
        value=str(dt.date(2026, 12, 25)),
    )
