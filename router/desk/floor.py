"""What the core is told of channels, regions, queues and calendars, and what is wrong with what is said of them."""

from typing import TYPE_CHECKING, Final

import msgspec

from router.calendars import CalendarError, compile_calendar
from router.core import codes as c
from router.core.limits import SECOND_US
from router.desk.agents import push_agent
from router.desk.references import missing, missing_of_steps
from router.desk.schedule import plain_calendar
from router.directory import AGENT, CALENDAR, CHANNEL, QUEUE, REGION
from router.wire import registry as wire
from router.wire.fields import instant_text
from router.wire.problems import FieldError, wrong

if TYPE_CHECKING:
    from router.shard import Shard

NO_MAXIMUM: Final = -1


# -- channels ----------------------------------------------------------------------------------------------------------


def tell_channel(
    shard: "Shard", id_: str, body: wire.ChannelBody, old: wire.ChannelBody | None
) -> None:
    """Push a channel, and the agents whose load on it follows from its defaults."""
    returns_s = body.first_reply_return_s
    words = (
        body.cost,
        NO_MAXIMUM if body.max_per_agent is None else body.max_per_agent,
        round(body.offer_ttl_s * SECOND_US),
        round(body.wrap_up_s * SECOND_US),
        0 if returns_s is None else max(1, round(returns_s * SECOND_US)),
        body.auto_accept,
        body.interruptible,
        body.interrupts,
    )
    index = shard.directory.index(CHANNEL, id_)
    shard.machine.push(c.SET_CHANNEL, shard.at_us, words, aux=index)
    if old is None or (old.cost, old.max_per_agent) != (body.cost, body.max_per_agent):
        for agent, document in shard.directory.documents[AGENT].items():
            own = document.body.channels.get(id_)
            if old is None or own is None or own.cost is None or own.max is None:
                push_agent(shard, agent)


# -- calendars ---------------------------------------------------------------------------------------------------------


def check_calendar(_shard: "Shard", _id: str, body: wire.CalendarBody) -> list[FieldError]:
    """Return every reason why a calendar cannot be used."""
    try:
        compile_calendar(plain_calendar(body))
    except CalendarError as error:
        return [wrong(f.pointer, f"{f.detail.capitalize()}.", f.value) for f in error.faults]
    return []


def tell_calendar(shard: "Shard", _id: str, _body: object, _old: object) -> None:
    """Look at once whose doors open or close by this."""
    shard.schedule.look_again()


def calendar_now(shard: "Shard", id_: str) -> tuple[bool, str | None]:
    """Return whether a calendar is open now, and when that changes."""
    calendar = shard.schedule.calendar(shard, id_)
    next_us = calendar.next_transition(shard.at_us)
    return calendar.is_open(shard.at_us), None if next_us is None else instant_text(next_us)


# -- regions -----------------------------------------------------------------------------------------------------------


def check_region(shard: "Shard", id_: str, body: wire.RegionBody) -> list[FieldError]:
    """Return every name in a region that does not exist."""
    directory = shard.directory
    errors = missing(directory, CALENDAR, [("/calendar", body.calendar)])
    others = [(f"/distance/{other}", other) for other in body.distance if other != id_]
    errors += missing(directory, REGION, others)
    if body.distance.get(id_, 0) != 0:
        detail = "Expected other regions: a region is at no distance from itself."
        errors.append(wrong(f"/distance/{id_}", detail, body.distance[id_]))
    errors += zone_errors(body.time_zone)
    return errors


def zone_errors(time_zone: str) -> list[FieldError]:
    """Return the error of a time zone that is unknown, if it is."""
    try:
        compile_calendar({"time_zone": time_zone})
    except CalendarError as error:
        return [wrong(f.pointer, f"{f.detail.capitalize()}.", f.value) for f in error.faults]
    return []


def tell_region(
    shard: "Shard", id_: str, body: wire.RegionBody, old: wire.RegionBody | None
) -> None:
    """
    Push a region's distances, each both ways.

    The later body wins where two regions name each other; where this one no longer names
    another, the other's word counts again, and 0 if it has none.
    """
    directory = shard.directory
    index = directory.index(REGION, id_)
    words: list[int] = []
    for other in dict.fromkeys((*body.distance, *(old.distance if old else ()))):
        document = directory.document(REGION, other)
        if document is None or other == id_:
            continue
        theirs = document.body.distance.get(id_, 0)
        distance, number = body.distance.get(other, theirs), directory.index(REGION, other)
        words += (index, number, distance, number, index, distance)
    if words:
        shard.machine.push(c.SET_DISTANCE, shard.at_us, words)
    if old is None or old.calendar != body.calendar:
        shard.schedule.look_again()


# -- queues ------------------------------------------------------------------------------------------------------------


def check_queue(shard: "Shard", id_: str, body: wire.QueueBody) -> list[FieldError]:
    """Return every name in a queue that does not exist, and an overflow into itself."""
    directory = shard.directory
    errors = missing(directory, CALENDAR, [("/calendar", body.calendar)])
    if body.sla.clock == "calendar" and body.calendar is None:
        errors.append(wrong("/calendar", "Expected a calendar, as sla/clock counts by one.", None))
    if body.overflow is not None:
        into = body.overflow.queue
        if into == id_:
            errors.append(wrong("/overflow/queue", "Expected another queue.", into))
        else:
            errors += missing(directory, QUEUE, [("/overflow/queue", into)])
    steps = [
        step if step.queue != id_ else msgspec.structs.replace(step, queue=None)
        for step in body.relax
    ]
    return errors + missing_of_steps(directory, steps)


def tell_queue(shard: "Shard", id_: str, body: wire.QueueBody, _old: object) -> None:
    """Push a queue; tickets to come are compiled anew, as relaxation and overflow may differ."""
    waiting_max = 0 if body.overflow is None else body.overflow.waiting_max or 0
    words = (
        round(body.service_level.target_s * SECOND_US),
        body.offers_parallel,
        round(body.sla.warn_at * 1000),
        waiting_max,
    )
    index = shard.directory.index(QUEUE, id_)
    shard.machine.push(c.SET_QUEUE, shard.at_us, words, aux=index)
    shard.profiles.forget_demands()
    shard.schedule.look_again()


def is_queue_open(shard: "Shard", id_: str) -> bool:
    """Tell whether a queue's door is open now."""
    document = shard.directory.document(QUEUE, id_)
    assert document is not None, f"queue {id_!r} was checked before"
    calendar = document.body.calendar
    return calendar is None or shard.schedule.calendar(shard, calendar).is_open(shard.at_us)
