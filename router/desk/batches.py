"""Batches: many tickets in one call, each done or refused by itself."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, Final, cast

import msgspec

from router.core import codes as c
from router.core.machine import FullError
from router.desk.conditions import validation_failed
from router.desk.outcome import AT, KIND, Outcome
from router.desk.outcome import TICKET as TICKET_FIELD
from router.desk.signals import NO_USE, asked, config_of, heard, without_text
from router.desk.tickets import Said, fresh_of, push_new, replace_ticket
from router.desk.verbs import core_refusal
from router.desk.views import UNMATCHABLE
from router.wire import tickets as wire
from router.wire.calls import Call, Reply, refused
from router.wire.problems import problem, wrong

if TYPE_CHECKING:
    from router.shard import Finish, Shard

Item = tuple["Said | str", "int | Finish | Reply"]
"""A ticket of a batch: what is said of it, or its id when that cannot be read, and its command or what came of it."""

_encode: Final = msgspec.msgpack.Encoder().encode


class Teller:
    """Tells the core of the new tickets of one batch; those that ask for the same share the words of a command."""

    def __init__(self, shard: "Shard") -> None:
        self._shard = shard
        self._told: dict[bytes, int] = {}

    def tell(self, body: wire.TicketBody) -> int | Reply:
        """Queue the command of a new ticket; return its index, or why there is none."""
        words = _encode(
            (
                body.queue, body.channel, body.priority, body.language, body.region, body.groups, body.requirements,
                body.relax, body.preferred_agents, body.sla, body.virtual_start, body.start_at, body.ttl_s,
            )
        )  # fmt: skip
        alike = self._told.get(words)
        try:
            if alike is not None:
                return self._shard.machine.repeat(alike)
            command = push_new(self._shard, body)
        except FullError as full:
            return refused("limit_reached", f"{full}")
        if not isinstance(command, int):
            return validation_failed(command)
        self._told[words] = command
        return command


def put_batch(shard: "Shard", call: Call) -> "Reply | Finish":
    """Create or replace many tickets."""
    items: list[Item] = []
    taken: set[str] = set()
    rows = shard.directory.rows
    teller = Teller(shard)
    is_as_said = config_of(shard.directory) is NO_USE  # no signal changes what is asked for
    for item in cast("wire.Batch", call.body).items:
        if isinstance(item, wire.RefusedTicket):
            items.append((item.id, Reply(item.problem.status, item.problem)))
            continue
        id_ = item.id
        if id_ in taken:
            again = [wrong("/id", "Expected an id that the batch has once.", id_)]
            items.append((id_, validation_failed(again)))
        elif id_ in rows:
            own = Call("tickets.put", id=id_, body=item, found=call.found)
            items.append((id_, replace_ticket(shard, own, rows[id_], item)))
        else:
            plain = without_text(item)
            found = heard(shard, plain, fresh_of(call, id_), (), None)
            whole = plain if is_as_said else asked(shard, plain, found)
            items.append(((id_, plain, found), teller.tell(whole)))
        taken.add(id_)
    return lambda outcome: Reply(200, wire.BatchReply(results=finished(shard, outcome, items)))


def finished(shard: "Shard", outcome: Outcome, items: list[Item]) -> list[wire.BatchResult]:
    """Name the tickets that were created and return what came of each item."""
    results: list[wire.BatchResult | None] = []
    created: list[tuple[int, int, str]] = []
    add_ticket, first = shard.directory.add_ticket, outcome.first
    for said, done in items:
        if isinstance(done, int) and (event := first(done))[KIND] != c.E_REFUSED:
            id_, body, found = cast("Said", said)
            row = event[TICKET_FIELD]
            add_ticket(row, id_, body, event[AT], found)
            created.append((len(results), row, id_))
            results.append(None)
        else:
            results.append(refusal_or_reply(shard, outcome, (said, done)))
    for at, result in results_of(shard, created):
        results[at] = result
    return cast("list[wire.BatchResult]", results)


def results_of(
    shard: "Shard", created: list[tuple[int, int, str]]
) -> Iterator[tuple[int, wire.BatchResult]]:
    """Yield the results of tickets that a batch created (place, row, id); the core's rows are read in bulk."""
    rows = [row for _, row, _ in created]
    tickets = shard.machine.arrays.tickets
    states, versions, marks = (
        tickets[field][rows].tolist() for field in ("state", "version", "marks")
    )
    for (at, _, id_), state, version, mark in zip(created, states, versions, marks, strict=True):
        name = cast("Any", c.TICKET_STATES[state])
        result = wire.BatchResult(id=id_, status=201, state=name, version=version)
        if mark & c.F_UNMATCHABLE:
            result.warnings = [UNMATCHABLE]
        yield at, result


def refusal_or_reply(shard: "Shard", outcome: Outcome, item: Item) -> wire.BatchResult:
    """Return what came of a ticket of a batch that was replaced or refused."""
    said, done = item
    id_ = said if isinstance(said, str) else said[0]
    if isinstance(done, int):
        refusal = core_refusal(shard, outcome, done)
        assert refusal is not None, "what was done has its result from results_of"
        reply = refusal
    else:
        reply = done if isinstance(done, Reply) else done(outcome)
    if isinstance(reply.body, wire.Ticket):
        return wire.BatchResult(
            id=id_, status=reply.status, state=reply.body.state, version=reply.body.version
        )
    return wire.BatchResult(
        id=id_, status=reply.status, problem=reply.problem or problem("internal")
    )


BATCHES = {"tickets.batch": put_batch}
