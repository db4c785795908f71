"""Floors and streams survive being written, and a damaged file is named by line and field."""

import json

import pytest

from router.incidents.floor import build_floor
from router.incidents.stream import build_stream
from router.incidents.stream_text import (
    StreamFileError,
    read_floor,
    read_stream,
    write_floor,
    write_stream,
)
from tests.router.incidents.carried import excerpt

HEADER = {
    "cordboard_stream": 1,
    "kind": "stream",
    "source": "x",
    "starts_at": "2016-03-07T00:00:00Z",
    "calls": 1,
}
CALL = {"at_us": 5, "call": "tickets.put", "id": "t1", "body": {}}


def test_a_floor_and_a_stream_come_back_as_they_were() -> None:
    """Reading what was written gives an equal value, and writing that gives the same bytes."""
    floor = build_floor(excerpt().history)
    stream = build_stream(excerpt().incidents, excerpt().history)
    assert read_floor(write_floor(floor, "test")) == floor
    assert read_stream(write_stream(stream, "test")) == stream
    lines = list(write_stream(stream, "test"))
    assert list(write_stream(read_stream(lines), "test")) == lines
    assert all(line.endswith("\n") and line.count("\n") == 1 for line in lines)


@pytest.mark.parametrize(
    ("header", "call", "said"),
    [
        ({}, {"at_us": -1}, "line 2: at_us is -1, expected an integer 0 .. "),
        ({}, {"at_us": True}, "line 2: at_us is True, expected an integer"),
        ({}, {"call": ""}, "line 2: call is '', expected a text"),
        ({}, {"id": 7}, "line 2: id is 7, expected a text"),
        ({}, {"body": []}, "line 2: body is [], expected an object"),
        ({}, {"when": 1}, "line 2: field is 'when', expected one of at_us, body, call, id"),
        ({"cordboard_stream": 2}, {}, "line 1: cordboard_stream is 2, expected an integer 1 .. 1"),
        ({"kind": "floor"}, {}, "line 1: kind is 'floor', expected 'stream'"),
        ({"starts_at": "today"}, {}, "line 1: starts_at is 'today', expected an instant"),
        ({"calls": 2}, {}, "line 1: calls is 2, expected 1, the number of lines that follow"),
    ],
)
def test_a_wrong_member_is_named(header, call, said) -> None:
    """Line, field, value and expectation are in the message."""
    with pytest.raises(StreamFileError) as failure:
        read_stream([json.dumps(HEADER | header), json.dumps(CALL | call)])
    assert str(failure.value).startswith(said)


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        ([], "line 1: header is ''"),
        (["{"], "line 1: line is '{', expected a JSON object"),
        (["[1]"], "line 1: line is '[1]', expected a JSON object"),
        ([json.dumps(HEADER), "nonsense"], "line 2: line is 'nonsense'"),
        ([json.dumps(HEADER), "[" * 100_000], "line 2: line is "),
    ],
)
def test_what_is_no_stream_is_refused(lines, said) -> None:
    """Text that is no stream is refused at its first bad line, however deep it nests."""
    with pytest.raises(StreamFileError) as failure:
        read_stream(lines)
    assert str(failure.value).startswith(said)
    assert len(str(failure.value)) < 200


def test_time_may_not_go_back() -> None:
    """A call before the one above it is refused."""
    lines = [json.dumps(HEADER | {"calls": 2}), json.dumps(CALL), json.dumps(CALL | {"at_us": 4})]
    with pytest.raises(StreamFileError, match="line 3: at_us is 4, expected an integer 5"):
        read_stream(lines)
