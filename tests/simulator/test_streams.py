"""The simulator's streams of chance are named, and a new one moves no draw of the others."""

import pytest

from simulator import streams
from simulator.streams import STREAMS, stream


def test_an_unknown_stream_is_refused() -> None:
    """A misspelt name is no new stream."""
    with pytest.raises(ValueError, match="stream is 'accept', expected one of accept_delay"):
        stream("accept", 1)


def test_a_new_stream_moves_no_other(monkeypatch) -> None:
    """Draws are the same whether or not another row stands in the table."""
    before = {name: stream(name, 7).bits("t1") for name in STREAMS}
    monkeypatch.setattr(streams, "STREAMS", {"patience": "how long a caller waits", **STREAMS})
    stream("patience", 7).bits("t1")
    assert {name: stream(name, 7).bits("t1") for name in STREAMS} == before
    assert len(set(before.values())) == len(before)
