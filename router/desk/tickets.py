"""Calls about tickets that change something."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, cast

import msgspec

from router.core import codes as c
from router.core.lifecycle import FINAL, TICKET_VERBS
from router.core.limits import PRIORITY_MAX
from router.core.rules.tickets import REQUEUE_FLAG
from router.desk.outcome import TICKET as TICKET_FIELD
from router.desk.outcome import Outcome
from router.desk.promises import ticket_words
from router.desk.views import UNMATCHABLE, ticket_view
from router.directory import AGENT, TICKET
from router.wire import tickets as wire
from router.wire.calls import Call, Reply, refused
from router.wire.fields import microseconds
from router.wire.patches import merge
from router.wire.problems import FieldError, Problem, problem, wrong

if TYPE_CHECKING:
    from router.shard import Finish, Shard

VERBS = {code: c.COMMANDS[code] for code in TICKET_VERBS}
_BATCH_NAMES = frozenset(wire.BatchTicket.__struct_fields__)


def validation_failed(errors: list[FieldError]) -> Reply:
    """Refuse a call whose body names what does not exist."""
    return refused("validation_failed", errors=errors)


def unknown_ticket(id_: str) -> Reply:
    """Refuse a call about a ticket that is not there."""
    return refused("unknown_resource", f"There is no ticket {id_!r}.")


def stale(call: Call, version: int) -> Reply | None:
    """Refuse a call whose If-Match names another version than the present one."""
    if call.if_match is not None and call.if_match != version:
        detail = f"The ticket has version {version}, not {call.if_match}."
        return refused("etag_mismatch", detail, current_version=version)
    return None


def core_refusal(shard: "Shard", outcome: Outcome, command: int) -> Reply | None:
    """Return the reply to a command that the core refused, None if it was done."""
    refusal = outcome.refusal(command)
    if refusal is None:
        return None
    code, about = refusal
    name, kind, sentence = c.REFUSALS[code]
    extras: dict[str, Any] = {"seq": outcome.first_seq}
    if code == c.R_STATE and about in c.TICKET_STATES:
        extras["state"] = c.TICKET_STATES[about]
        extras["allowed"] = sorted(VERBS[verb] for verb, states in TICKET_VERBS.items() if about in states)
        sentence = f"The ticket is {extras['state']}."
    elif code in (c.R_CAPACITY, c.R_AGENT_NOT_ELIGIBLE, c.R_AGENT_NOT_AVAILABLE, c.R_WORKS_FULL) and about >= 0:
        sentence = f"{sentence} Agent {shard.directory.id_of(AGENT, about)!r} was asked for."
    return refused(kind, f"{sentence} ({name})", **extras)


def put_ticket(shard: "Shard", call: Call) -> "Reply | Finish":
    """Create a ticket, or replace what a live one asks for."""
    body = cast("wire.TicketBody", call.body)
    row = shard.directory.rows.get(call.id, -1)
    if row >= 0:
        return replace_ticket(shard, call, row, body)
    if call.if_match is not None:
        return refused("etag_mismatch", f"There is no ticket {call.id!r} yet.")
    command = push_new(shard, body)
    if not isinstance(command, int):
        return validation_failed(command)

    def finish(outcome: Outcome) -> Reply:
        refusal = core_refusal(shard, outcome, command)
        if refusal is not None:
            return refusal
        fresh = name_new(shard, outcome, command, call.id, body)
        ticket = ticket_view(shard, call.id, fresh)
        return Reply(201, ticket, version=ticket.version, location=f"/v1/tickets/{call.id}")

    return finish


def push_new(shard: "Shard", body: wire.TicketBody) -> int | list[FieldError]:
    """Tell the core of a new ticket; return the command's index, or everything wrong with the references."""
    profile = shard.profiles.find(body, shard.at_us)
    if not isinstance(profile, int):
        return profile
    words = ticket_words(shard, body, shard.at_us)
    if words and isinstance(words[0], FieldError):
        return cast("list[FieldError]", words)
    return shard.machine.push(c.ADD_TICKET, shard.at_us, profile=profile, words=cast("list[int]", words))


def name_new(shard: "Shard", outcome: Outcome, command: int, id_: str, body: wire.TicketBody) -> int:
    """Name the row that a new ticket got; return the row."""
    row = int(outcome.first(command)[TICKET_FIELD])
    shard.directory.name_ticket(row, id_)
    shard.directory.put(TICKET, id_, body, shard.at_us)
    return row


def replace_ticket(shard: "Shard", call: Call, row: int, body: wire.TicketBody, *, options: int = 0) -> "Reply | Finish":
    """Replace what a ticket asks for; it keeps its age unless the body back-dates it."""
    ticket = shard.machine.arrays.tickets[row]
    if call.if_none_match:
        return refused("already_exists", f"There is a ticket {call.id!r}.", current_version=int(ticket["version"]))
    old = stale(call, int(ticket["version"]))
    if old is not None:
        return old
    profile = shard.profiles.find(body, shard.at_us)
    if not isinstance(profile, int):
        return validation_failed(profile)
    document = shard.directory.document(TICKET, call.id)
    created_us = document.created_us if document else shard.at_us
    words = ticket_words(shard, body, created_us)
    if words and isinstance(words[0], FieldError):
        return validation_failed(cast("list[FieldError]", words))
    numbers = cast("list[int]", words)
    numbers[1] = 0
    command = shard.machine.push(
        c.UPDATE_TICKET, shard.at_us, ticket=row, profile=profile, options=options, words=numbers
    )

    def finish(outcome: Outcome) -> Reply:
        refusal = core_refusal(shard, outcome, command)
        if refusal is not None:
            return refusal
        shard.directory.put(TICKET, call.id, body, shard.at_us)
        return shown(shard, call.id, row)

    return finish


def shown(shard: "Shard", id_: str, row: int) -> Reply:
    """Reply with a ticket as it is now."""
    ticket = ticket_view(shard, id_, row)
    return Reply(200, ticket, version=ticket.version)


def described(shard: "Shard", call: Call) -> tuple[int, wire.TicketBody] | Reply:
    """Return the row and the description of an existing ticket, or the refusal."""
    row = shard.directory.rows.get(call.id, -1)
    document = shard.directory.document(TICKET, call.id)
    if row < 0 or document is None:
        return unknown_ticket(call.id)
    return row, document.body


def patch_ticket(shard: "Shard", call: Call) -> "Reply | Finish":
    """Change part of what a ticket asks for (merge patch)."""
    found = described(shard, call)
    if isinstance(found, Reply):
        return found
    merged = merge(found[1], cast("msgspec.Struct", call.body))
    if isinstance(merged, Problem):
        return Reply(merged.status, merged)
    return replace_ticket(shard, call, found[0], merged)


def transfer_ticket(shard: "Shard", call: Call) -> "Reply | Finish":
    """Send a ticket elsewhere, whoever has it; it keeps its age."""
    found = described(shard, call)
    if isinstance(found, Reply):
        return found
    merged = merge(found[1], cast("msgspec.Struct", call.body))
    if isinstance(merged, Problem):
        return Reply(merged.status, merged)
    return replace_ticket(shard, call, found[0], merged, options=REQUEUE_FLAG)


def escalate_ticket(shard: "Shard", call: Call) -> "Reply | Finish":
    """Raise a ticket's priority (by one when none is named), and change what it asks for."""
    found = described(shard, call)
    if isinstance(found, Reply):
        return found
    row, body = found
    asked = cast("wire.EscalateBody", call.body)
    merged = merge(body, asked)
    if isinstance(merged, Problem):
        return Reply(merged.status, merged)
    if asked.priority is msgspec.UNSET:
        raised = min(PRIORITY_MAX, int(shard.machine.arrays.tickets[row]["priority"]) + 1)
        merged = msgspec.structs.replace(merged, priority=raised)
    asks_elsewhere = merged != msgspec.structs.replace(body, priority=merged.priority)
    return replace_ticket(shard, call, row, merged, options=REQUEUE_FLAG if asks_elsewhere else 0)


def verb(code: int) -> Callable[["Shard", Call], "Reply | Finish"]:
    """Return the handler of a verb that needs nothing but the ticket."""

    def handler(shard: "Shard", call: Call) -> "Reply | Finish":
        return say(shard, call, code)

    return handler


def say(shard: "Shard", call: Call, code: int, **fields: int) -> "Reply | Finish":
    """Say a verb to a ticket and reply with the ticket."""
    row = shard.directory.rows.get(call.id, -1)
    if row < 0:
        return unknown_ticket(call.id)
    old = stale(call, int(shard.machine.arrays.tickets[row]["version"]))
    if old is not None:
        return old
    command = shard.machine.push(code, shard.at_us, ticket=row, **fields)

    def finish(outcome: Outcome) -> Reply:
        return core_refusal(shard, outcome, command) or shown(shard, call.id, row)

    return finish


def suspend_ticket(shard: "Shard", call: Call) -> "Reply | Finish":
    """Put a ticket aside, until an instant or until it is resumed."""
    until = cast("wire.SuspendBody", call.body).until
    return say(shard, call, c.SUSPEND_TICKET, until_us=0 if until is None else microseconds(until))


def assign_ticket(shard: "Shard", call: Call) -> "Reply | Finish":
    """Give a ticket to an agent by hand."""
    body = cast("wire.AssignBody", call.body)
    agent = shard.directory.index(AGENT, body.agent)
    if agent < 0:
        return validation_failed([wrong("/agent", "Expected an agent that exists.", body.agent)])
    return say(shard, call, c.ASSIGN_TICKET, agent=agent, options=c.C_FORCE if body.force else 0)


def reply_ticket(shard: "Shard", call: Call) -> "Reply | Finish":
    """Note that the agent or the customer wrote."""
    by = cast("wire.ReplyBody", call.body).by
    return say(shard, call, c.RECORD_REPLY, options=c.C_BY_CUSTOMER if by == "customer" else 0)


def put_batch(shard: "Shard", call: Call) -> "Reply | Finish":
    """Create or replace many tickets; each is done or refused by itself."""
    items: list[tuple[str, wire.TicketBody | None, int | Finish | Reply]] = []
    taken: set[str] = set()
    for item in cast("wire.Batch", call.body).items:
        if isinstance(item, wire.RefusedTicket):
            items.append((item.id, None, Reply(item.problem.status, item.problem)))
        elif item.id in taken:
            again = [wrong("/id", "Expected an id that the batch has once.", item.id)]
            items.append((item.id, None, validation_failed(again)))
        else:
            taken.add(item.id)
            row = shard.directory.rows.get(item.id, -1)
            if row >= 0:
                own = Call("tickets.put", id=item.id, body=item)
                items.append((item.id, item, replace_ticket(shard, own, row, item)))
            else:
                command = push_new(shard, item)
                items.append((item.id, item, command if isinstance(command, int) else validation_failed(command)))

    def finish(outcome: Outcome) -> Reply:
        results = [batch_result(shard, outcome, *item) for item in items]
        return Reply(200, wire.BatchReply(results=results))

    return finish


def batch_result(
    shard: "Shard", outcome: Outcome, id_: str, body: wire.TicketBody | None, done: "int | Finish | Reply"
) -> wire.BatchResult:
    """Return what came of one ticket of a batch."""
    if isinstance(done, int):
        refusal = core_refusal(shard, outcome, done)
        if refusal is None and body is not None:
            row = name_new(shard, outcome, done, id_, body)
            t = shard.machine.arrays.tickets[row]
            result = wire.BatchResult(
                id=id_, status=201, state=c.TICKET_STATES[int(t["state"])], version=int(t["version"])
            )
            if t["marks"] & c.F_UNMATCHABLE:
                result.warnings = [UNMATCHABLE]
            return result
        done = cast("Reply", refusal)
    reply = done if isinstance(done, Reply) else done(outcome)
    if isinstance(reply.body, wire.Ticket):
        return wire.BatchResult(id=id_, status=reply.status, state=reply.body.state, version=reply.body.version)
    return wire.BatchResult(id=id_, status=reply.status, problem=reply.problem or problem("internal"))


assert set(FINAL).isdisjoint(TICKET_VERBS[c.UPDATE_TICKET])
