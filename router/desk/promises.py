"""From durations and defaults to the words of a ticket: its age, its promises, its preferred agents."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

from router.core.limits import NEVER_US, SECOND_US
from router.desk.references import missing
from router.directory import AGENT, QUEUE, Document
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


class Promise(NamedTuple):
    """What a queue promises to a ticket that asks for nothing special, in microseconds."""

    document: Document
    ttl_us: int
    target_us: int
    first_us: int
    next_us: int
    whole_us: int
    priority: int


def promise_of(document: Document) -> Promise | None:
    """Return what a queue promises, None where opening hours count or it cannot be told without the ticket."""
    queue = document.body
    if queue.sla.clock == "calendar" and queue.calendar is not None:
        return None

    def length_us(duration_s: float | None, otherwise: int) -> int:
        return otherwise if duration_s is None else max(1, round(duration_s * SECOND_US))

    first_s = queue.sla.first_response_s
    return Promise(
        document,
        length_us(queue.ticket_ttl_s, NEVER_US),
        length_us(queue.service_level.target_s if first_s is None else first_s, 1),
        length_us(first_s, NEVER_US),
        length_us(queue.sla.next_response_s, 0),
        length_us(queue.sla.resolution_s, NEVER_US),
        queue.default_priority,
    )


class Promises:
    """What each queue promises, worked out when it is first asked for and when the queue has changed."""

    def __init__(self) -> None:
        self._known: dict[str, Promise] = {}

    def find(self, shard: "Shard", queue: str) -> Promise | None:
        """Return what a queue promises to a plain ticket; None when each ticket needs a look."""
        document = shard.directory.documents[QUEUE][queue]
        known = self._known.get(queue)
        if known is not None and known.document is document:
            return known
        fresh = promise_of(document)
        if fresh is not None:
            self._known[queue] = fresh
        return fresh


def ticket_words(shard: "Shard", body: TicketBody, created_us: int) -> Sequence[int]:
    """Return the words of ADD_TICKET after its profile; the body must have no errors."""
    is_plain = (
        body.sla is None
        and body.start_at is None
        and body.virtual_start is None
        and body.ttl_s is None
        and not body.preferred_agents
    )
    promise = shard.promises.find(shard, body.queue) if is_plain else None
    if promise is None:
        return special_words(shard, body, created_us)
    _, ttl_us, target_us, first_us, next_us, whole_us, priority = promise
    return (
        created_us,
        0,
        ttl_us if ttl_us == NEVER_US else created_us + ttl_us,
        target_us,
        first_us if first_us == NEVER_US else created_us + first_us,
        next_us,
        whole_us if whole_us == NEVER_US else created_us + whole_us,
        priority if body.priority is None else body.priority,
        0,
    )


def special_words(shard: "Shard", body: TicketBody, created_us: int) -> list[int]:
    """Return the words of a ticket that has promises, instants or agents of its own."""
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
