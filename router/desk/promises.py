"""From durations and defaults to the words of a ticket: its age, its promises, its preferred agents."""

from typing import TYPE_CHECKING

from router.core.limits import NEVER_US, SECOND_US
from router.desk.references import missing
from router.directory import AGENT, QUEUE
from router.wire.fields import microseconds
from router.wire.problems import FieldError, wrong
from router.wire.registry import QueueBody
from router.wire.tickets import TicketBody

if TYPE_CHECKING:
    from router.shard import Shard


def queue_body(shard: "Shard", id_: str) -> QueueBody:
    """Return a queue's body; the queue must exist."""
    document = shard.directory.documents[QUEUE].get(id_)
    assert document is not None, f"queue {id_!r} was checked before"
    body = document.body
    assert isinstance(body, QueueBody)
    return body


def due_us(shard: "Shard", queue: QueueBody, start_us: int, duration_s: float | None) -> int:
    """Return when a promise falls due, counted on the wall or, where the queue says so, in opening hours."""
    if duration_s is None:
        return NEVER_US
    if queue.sla.clock == "calendar" and queue.calendar is not None:
        at_us = shard.schedule.calendar(shard, queue.calendar).add_open_time(start_us, duration_s)
        return NEVER_US if at_us is None else at_us
    return start_us + round(duration_s * SECOND_US)


def promise_errors(shard: "Shard", body: TicketBody) -> list[FieldError]:
    """Return what is wrong with a ticket's instants and with the agents it prefers."""
    errors: list[FieldError] = []
    start = body.virtual_start
    if start is not None and microseconds(start) > shard.at_us:
        detail = (
            "Expected an instant that has passed: it back-dates the wait. Maybe you meant start_at."
        )
        errors.append(wrong("/virtual_start", detail, start.isoformat()))
    if body.preferred_agents:
        preferred = enumerate(body.preferred_agents)
        named = [(f"/preferred_agents/{i}/agent", each.agent) for i, each in preferred]
        errors += missing(shard.directory, AGENT, named)
    return errors


def ticket_words(shard: "Shard", body: TicketBody, created_us: int) -> list[int]:
    """Return the words of ADD_TICKET after its profile; the body must have no errors."""
    queue = queue_body(shard, body.queue)
    start_at_us = 0 if body.start_at is None else microseconds(body.start_at)
    begins_us = max(created_us, start_at_us)
    start_us = begins_us if body.virtual_start is None else microseconds(body.virtual_start)
    sla, own = queue.sla, body.sla
    first_s, next_s, whole_s = sla.first_response_s, sla.next_response_s, sla.resolution_s
    if own is not None:
        first_s = first_s if own.first_response_s is None else own.first_response_s
        next_s = next_s if own.next_response_s is None else own.next_response_s
        whole_s = whole_s if own.resolution_s is None else own.resolution_s
    ttl_s = queue.ticket_ttl_s if body.ttl_s is None else body.ttl_s
    target_s = queue.service_level.target_s if first_s is None else first_s
    words = [
        start_us,
        start_at_us,
        NEVER_US if ttl_s is None else begins_us + round(ttl_s * SECOND_US),
        max(1, round(target_s * SECOND_US)),
        due_us(shard, queue, start_us, first_s),
        0 if next_s is None else max(1, round(next_s * SECOND_US)),
        due_us(shard, queue, start_us, whole_s),
        queue.default_priority if body.priority is None else body.priority,
        len(body.preferred_agents),
    ]
    for preferred in body.preferred_agents:
        ttl = preferred.ttl_s
        until_us = NEVER_US if ttl is None else created_us + round(ttl * SECOND_US)
        agent = shard.directory.index(AGENT, preferred.agent)
        words += (agent, round(preferred.weight * 1000), until_us)
    return words
