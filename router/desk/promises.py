"""From durations and defaults to the words of a ticket: its age, its promises, its preferred agents."""

from typing import TYPE_CHECKING

from router.core.limits import NEVER_US, SECOND_US
from router.directory import AGENT, QUEUE
from router.wire.fields import microseconds
from router.wire.problems import FieldError, wrong
from router.wire.registry import QueueBody
from router.wire.tickets import TicketBody

if TYPE_CHECKING:
    from router.shard import Shard


def queue_body(shard: "Shard", id_: str) -> QueueBody:
    """Return a queue's body; the queue must exist."""
    document = shard.directory.document(QUEUE, id_)
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


def ticket_words(shard: "Shard", body: TicketBody, created_us: int) -> list[int] | list[FieldError]:
    """Return the words of ADD_TICKET after its profile, or what is wrong with the agents it prefers."""
    queue = queue_body(shard, body.queue)
    start_at_us = 0 if body.start_at is None else microseconds(body.start_at)
    start_us = max(created_us, start_at_us) if body.virtual_start is None else microseconds(body.virtual_start)
    sla, own = queue.sla, body.sla
    first_s = (own.first_response_s if own else None) or sla.first_response_s
    next_s = (own.next_response_s if own else None) or sla.next_response_s
    whole_s = (own.resolution_s if own else None) or sla.resolution_s
    ttl_s = queue.ticket_ttl_s if body.ttl_s is None else body.ttl_s
    target_s = queue.service_level.target_s if first_s is None else first_s
    words = [
        start_us,
        start_at_us,
        NEVER_US if ttl_s is None else max(created_us, start_at_us) + round(ttl_s * SECOND_US),
        round(target_s * SECOND_US),
        due_us(shard, queue, start_us, first_s),
        0 if next_s is None else round(next_s * SECOND_US),
        due_us(shard, queue, start_us, whole_s),
        queue.default_priority if body.priority is None else body.priority,
        len(body.preferred_agents),
    ]
    errors: list[FieldError] = []
    for i, preferred in enumerate(body.preferred_agents):
        agent = shard.directory.index(AGENT, preferred.agent)
        if agent < 0:
            errors.append(wrong(f"/preferred_agents/{i}/agent", "Expected an agent that exists.", preferred.agent))
        until_us = NEVER_US if preferred.ttl_s is None else created_us + round(preferred.ttl_s * SECOND_US)
        words += (agent, round(preferred.weight * 1000), until_us)
    return errors or words
