"""Cut a stream short: its first tickets, or some hours of it."""

from datetime import timedelta
from typing import Final

from router.incidents.stream import AVAILABLE, PRESENCE_CALL, US_PER_SECOND, Stream, Timed

TICKET_CALL: Final = "tickets.put"
HOUR_US: Final = 3_600 * US_PER_SECOND
DAY_US: Final = 24 * HOUR_US


def first_tickets(stream: Stream, tickets: int) -> Stream:
    """Return the stream with its first tickets only, and who comes and goes until a day later."""
    puts_us = [each.at_us for each in stream.calls if each.call == TICKET_CALL]
    if tickets >= len(puts_us):
        return stream
    last_us = puts_us[tickets - 1] if tickets else 0
    kept: list[Timed] = []
    for each in stream.calls:
        is_ticket = each.call == TICKET_CALL
        tickets -= is_ticket
        if tickets >= 0 if is_ticket else each.at_us <= last_us + DAY_US:
            kept.append(each)
    return Stream(stream.starts_at, tuple(kept))


def between(stream: Stream, from_hour: int, to_hour: int) -> Stream:
    """
    Return the calls from one hour of the stream to another as a stream of its own.

    It begins with those who were there already. Nobody leaves at its end, and whoever would have
    come or gone later does not.
    """
    from_us, to_us = from_hour * HOUR_US, to_hour * HOUR_US
    there: dict[str, Timed] = {}
    kept: list[Timed] = []
    for each in stream.calls:
        if each.at_us >= to_us:
            break
        if each.at_us >= from_us:
            kept.append(Timed(each.at_us - from_us, each.call, each.id, each.body))
        elif each.call == PRESENCE_CALL:
            there[each.id] = Timed(0, each.call, each.id, each.body)
    began = (there[agent] for agent in sorted(there) if there[agent].body == AVAILABLE)
    return Stream(stream.starts_at + timedelta(hours=from_hour), (*began, *kept))
