"""Questions about tickets, statistics and decisions."""

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, Final, cast

import numpy as np

from router.core import codes as c
from router.desk.conditions import unknown
from router.desk.paging import page_of
from router.desk.statistics import floor_statistics, queue_statistics
from router.desk.views import expected_wait, place, ticket_view
from router.desk.why import WHY
from router.directory import AGENT, QUEUE
from router.profiles import QUEUE_WORD
from router.wire import tickets as wire
from router.wire.calls import Call, Reply

if TYPE_CHECKING:
    from router.shard import Shard

STATES: Final = {name: code for code, name in c.TICKET_STATES.items()}


def get_ticket(shard: "Shard", call: Call) -> Reply:
    """Read a ticket with all that it asks for."""
    row = shard.directory.rows.get(call.id, -1)
    if row < 0:
        return unknown("ticket", call.id)
    ticket = ticket_view(shard, call.id, row, whole=True)
    return Reply(200, ticket, version=ticket.version)


def get_position(shard: "Shard", call: Call) -> Reply:
    """Read where a ticket stands in its queue."""
    row = shard.directory.rows.get(call.id, -1)
    if row < 0:
        return unknown("ticket", call.id)
    arrays = shard.machine.arrays
    ticket = arrays.tickets[row]
    queue = shard.profiles.words[int(ticket["profile"])][QUEUE_WORD]
    position, waiting = place(shard, row)
    view = wire.Position(
        ticket=call.id,
        queue=shard.directory.id_of(QUEUE, queue),
        state=cast("Any", c.TICKET_STATES[int(ticket["state"])]),
        position=position or None,
        waiting=waiting,
        ewt=expected_wait(int(arrays.queues[queue]["gap_us"]), position),
        seq=shard.history.ticket_seq.find(row) or 0,
    )
    return Reply(200, view)


def list_tickets(shard: "Shard", call: Call) -> Reply:
    """List tickets by their ids, those of a queue, a state or an agent only if asked for."""
    page = page_of(call, asked_for(shard, call))
    if isinstance(page, Reply):
        return page
    rows = shard.directory.rows
    items = [ticket_view(shard, id_, rows[id_]) for id_ in page[0]]
    return Reply(200, wire.TicketsPage(items=items, next=page[1]))


def asked_for(shard: "Shard", call: Call) -> Iterable[str]:
    """Return the ids of the tickets that a list asks for, in no order."""
    directory, arrays = shard.directory, shard.machine.arrays
    queue, state, agent = (call.query.get(name) for name in ("queue", "state", "agent"))
    if queue is None and state is None and agent is None:
        return directory.rows
    tickets = arrays.tickets[: arrays.head[0]["ticket_top"]]
    wanted = tickets["state"] != 0
    if state is not None:
        wanted &= tickets["state"] == STATES[cast("str", state)]
    if agent is not None:
        wanted &= tickets["agent"] == directory.index(AGENT, cast("str", agent))
        wanted &= (tickets["state"] == c.ASSIGNED) | (tickets["state"] == c.WRAPPING)
    if queue is not None:
        number = directory.index(QUEUE, cast("str", queue))
        wanted &= arrays.profiles["queue"][tickets["profile"]] == number
    rows = np.flatnonzero(wanted).tolist()
    return [id_ for row in rows if (id_ := directory.tickets.find(row)) is not None]


def get_queue_statistics(shard: "Shard", call: Call) -> Reply:
    """Read how a queue does."""
    if shard.directory.document(QUEUE, call.id) is None:
        return unknown("queue", call.id)
    return Reply(200, queue_statistics(shard, call.id))


def get_statistics(shard: "Shard", _call: Call) -> Reply:
    """Read how the whole floor does."""
    return Reply(200, floor_statistics(shard))


READING = {
    "tickets.get": get_ticket,
    "tickets.list": list_tickets,
    "tickets.position": get_position,
    "queues.statistics": get_queue_statistics,
    "statistics.get": get_statistics,
    **WHY,
}
