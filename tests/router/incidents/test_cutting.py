"""A stream can be cut short without leaving anybody where they were not."""

from datetime import UTC, datetime

from router.incidents.cutting import DAY_US, HOUR_US, between, first_tickets
from router.incidents.stream import AVAILABLE, DRAINING, PRESENCE_CALL, Stream, Timed

START = datetime(2016, 3, 7, tzinfo=UTC)


def stream() -> Stream:
    """Make a day: Ann from 8 to 16, Bo from 6 to 9, a ticket at every hour from 0 to 23."""
    calls = [Timed(hour * HOUR_US, "tickets.put", f"t{hour}", {"queue": "q"}) for hour in range(24)]
    calls += [
        Timed(hour * HOUR_US, PRESENCE_CALL, agent, body)
        for agent, hour, body in (
            ("ann", 8, AVAILABLE),
            ("ann", 16, DRAINING),
            ("bo", 6, AVAILABLE),
            ("bo", 9, DRAINING),
            ("cy", 40, AVAILABLE),
        )
    ]
    return Stream(START, tuple(sorted(calls, key=lambda each: (each.at_us, each.call))))


def names(cut: Stream) -> list[str]:
    """Return what is left, as hour and id."""
    return [f"{each.at_us // HOUR_US} {each.id}" for each in cut.calls]


def test_the_first_tickets_keep_who_comes_and_goes() -> None:
    """The tickets after the n-th are gone; presence goes on for a day, so that people leave."""
    cut = first_tickets(stream(), 2)
    assert names(cut) == ["0 t0", "1 t1", "6 bo", "8 ann", "9 bo", "16 ann"]
    assert cut.calls[-1].at_us <= HOUR_US + DAY_US
    assert first_tickets(stream(), 24) == stream()
    assert "t0" not in " ".join(names(first_tickets(stream(), 0)))


def test_hours_begin_with_who_is_there() -> None:
    """Who came before and has not left is there at once; who left before is not."""
    cut = between(stream(), 10, 12)
    assert names(cut) == ["0 ann", "0 t10", "1 t11"]
    assert cut.starts_at == START.replace(hour=10)
    assert names(between(stream(), 8, 10)) == ["0 bo", "0 ann", "0 t8", "1 bo", "1 t9"]
    assert cut.calls[0].body == AVAILABLE


def test_a_whole_stream_cut_is_the_stream() -> None:
    """From its first hour to after its last nothing is left out."""
    assert between(stream(), 0, 41) == stream()
