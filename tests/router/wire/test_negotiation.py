"""Which format comes in and goes out."""

import pytest

from router.wire.codec import encode
from router.wire.negotiation import Format, accepted_format, body_format, wants_event_stream
from router.wire.problems import problem


@pytest.mark.parametrize(
    ("accept", "form"),
    [
        (None, Format.JSON),
        ("", Format.JSON),
        ("*/*", Format.JSON),
        ("application/*", Format.JSON),
        ("application/json", Format.JSON),
        ("application/problem+json", Format.JSON),
        ("Application/MsgPack", Format.MSGPACK),
        ("application/x-msgpack", Format.MSGPACK),
        ("application/msgpack, application/json", Format.MSGPACK),
        ("application/json, application/msgpack", Format.JSON),
        ("application/msgpack;q=0.5, application/json;q=0.6", Format.JSON),
        ("application/msgpack; q=0.9, */*;q=0.1", Format.MSGPACK),
        ("application/json;q=0, */*", Format.MSGPACK),
        ("application/msgpack;q=0, */*", Format.JSON),
        ("application/msgpack, */*", Format.MSGPACK),
        ("text/html, application/xhtml+xml, */*;q=0.8", Format.JSON),
        ("text/html", None),
        ("*/*;q=0", None),
        ("application/json;q=high", None),
        ("application/json;q=7", None),
        (",;,=;q", None),
    ],
)
def test_accept_chooses(accept: str | None, form: Format | None) -> None:
    """Quality first, then the more specific range, then order; nonsense chooses nothing."""
    assert accepted_format(accept) is form


@pytest.mark.parametrize(
    ("content_type", "form"),
    [
        ("application/json", Format.JSON),
        ("application/json; charset=UTF-8", Format.JSON),
        ('application/json;charset="utf-8"', Format.JSON),
        ("application/merge-patch+json", Format.JSON),
        ("application/msgpack", Format.MSGPACK),
        ("application/vnd.msgpack", Format.MSGPACK),
        ("application/json; charset=utf-16", None),
        ("text/json", None),
        ("", None),
        (None, None),
    ],
)
def test_content_type_is_read(content_type: str | None, form: Format | None) -> None:
    """Only the two formats, and only in UTF-8."""
    assert body_format(content_type) is form


def test_event_streams_are_asked_for_by_name() -> None:
    """A client that takes anything gets a page, not a stream that never ends."""
    assert wants_event_stream("text/event-stream")
    assert wants_event_stream("application/json;q=0.1, text/event-stream")
    assert not wants_event_stream("text/event-stream;q=0")
    assert not wants_event_stream("*/*")
    assert not wants_event_stream(None)


def test_replies_say_what_they_are() -> None:
    """A problem has its own media type in JSON; in MessagePack its code tells."""
    assert encode({"a": 1}) == (b'{"a":1}', "application/json")
    assert encode({"a": 1}, "application/msgpack") == (b"\x81\xa1a\x01", "application/msgpack")
    assert encode(problem("overloaded"))[1] == "application/problem+json"
    assert encode(problem("overloaded"), "application/msgpack")[1] == "application/msgpack"
    assert encode({"a": 1}, "text/html")[1] == "application/json"
