"""Calls that say what tickets ask for: put, patch, transfer, escalate, and batches."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, cast

import msgspec

from router.core import codes as c
from router.core.lifecycle import FINAL, TICKET_VERBS
from router.core.limits import PRIORITY_MAX
from router.core.rules.tickets import REQUEUE_FLAG
from router.desk.conditions import unknown, unmet, validation_failed
from router.desk.outcome import AT, Outcome
from router.desk.outcome import TICKET as TICKET_FIELD
from router.desk.promises import promise_errors, ticket_words
from router.desk.signals import Statements, asked, heard, same_say, without_text
from router.desk.verbs import VERBS, core_refusal, ended, shown
from router.desk.views import ticket_view
from router.directory import TICKET
from router.profiles import unknown_references
from router.wire import tickets as wire
from router.wire.calls import Call, Reply
from router.wire.patches import merge
from router.wire.problems import FieldError, Problem

if TYPE_CHECKING:
    from router.shard import Finish, Shard

Said = tuple[str, wire.TicketBody, Statements]
"""A ticket's id, its description, and what was found in its message."""


def put_ticket(shard: "Shard", call: Call) -> "Reply | Finish":
    """Create a ticket, or replace what a live one asks for."""
    body = cast("wire.TicketBody", call.body)
    row = shard.directory.rows.get(call.id, -1)
    if row >= 0:
        return replace_ticket(shard, call, row, body)
    refusal = unmet(call, "ticket", None)
    if refusal is not None:
        return refusal
    body = without_text(body)
    found = heard(shard, body, fresh_of(call, call.id), (), None)
    command = push_new(shard, asked(shard, body, found))
    if not isinstance(command, int):
        return validation_failed(command)

    def finish(outcome: Outcome) -> Reply:
        refusal = core_refusal(shard, outcome, command)
        if refusal is not None:
            return refusal
        fresh = name_new(shard, outcome, command, (call.id, body, found))
        ticket = ticket_view(shard, call.id, fresh)
        return Reply(201, ticket, version=ticket.version, location=f"/v1/tickets/{call.id}")

    return finish


def push_new(shard: "Shard", body: wire.TicketBody) -> int | list[FieldError]:
    """Tell the core of a new ticket; return the command's index, or everything wrong with the references."""
    at_us = shard.at_us
    profile = wanted_profile(shard, body)
    if not isinstance(profile, int):
        return profile
    return shard.machine.push_ticket(at_us, profile, ticket_words(shard, body, at_us))


def wanted_profile(shard: "Shard", body: wire.TicketBody) -> int | list[FieldError]:
    """Return the number of what a ticket asks for, or everything wrong with it; then nothing was made."""
    if body.virtual_start is not None or body.preferred_agents:
        errors = promise_errors(shard, body)
        if errors:  # before a profile is made, which would outlive the refusal
            return unknown_references(shard.directory, body) + errors
    return shard.profiles.find(body, shard.at_us)


def name_new(shard: "Shard", outcome: Outcome, command: int, said: Said) -> int:
    """Name the row that a new ticket got; return the row."""
    event = outcome.first(command)
    row: int = event[TICKET_FIELD]
    id_, body, found = said
    shard.directory.add_ticket(row, id_, body, event[AT], found)
    return row


def fresh_of(call: Call, id_: str) -> Statements | None:
    """Return what was found in a ticket's message before the call was admitted; None when none came."""
    found = cast("Mapping[str, Statements] | None", call.found)
    return None if found is None else found.get(id_)


def replace_ticket(
    shard: "Shard", call: Call, row: int, body: wire.TicketBody, *, options: int = 0
) -> "Reply | Finish":
    """
    Replace what a ticket asks for; it keeps its age unless the body back-dates it.

    The same again changes nothing, unless ``options`` ask for more.
    """
    ticket = shard.machine.arrays.tickets[row]
    refusal = unmet(call, "ticket", int(ticket["version"]))
    if refusal is not None:
        return refusal
    if int(ticket["state"]) in FINAL:
        return ended(call.id, int(ticket["state"]))
    document = shard.directory.document(TICKET, call.id)
    assert document is not None, f"ticket {call.id!r} has a row"
    body = without_text(body)
    found = heard(shard, body, fresh_of(call, call.id), document.found, document.body)
    if options == 0 and document.body == body:
        if same_say(found, document.found):
            return shown(shard, call.id, row)
        before = asked(shard, body, document.found)
        if asked(shard, body, found) == before:
            shard.directory.know(call.id, found)
            return lambda _: shown(shard, call.id, row)
    whole = asked(shard, body, found)
    profile = wanted_profile(shard, whole)
    if not isinstance(profile, int):
        return validation_failed(profile)
    command = shard.machine.push(
        c.UPDATE_TICKET,
        shard.at_us,
        ticket_words(shard, whole, document.created_us),
        ticket=row,
        serial=int(ticket["serial"]) + 1,
        profile=profile,
        options=options,
    )

    def finish(outcome: Outcome) -> Reply:
        refusal = core_refusal(shard, outcome, command)
        if refusal is not None:
            return refusal
        shard.directory.put(TICKET, call.id, body, shard.at_us, document.note)
        shard.directory.know(call.id, found)
        return shown(shard, call.id, row)

    return finish


def described(shard: "Shard", call: Call) -> tuple[int, wire.TicketBody] | Reply:
    """Return the row and the description of an existing ticket, or the refusal."""
    row = shard.directory.rows.get(call.id, -1)
    document = shard.directory.document(TICKET, call.id)
    if row < 0 or document is None:
        return unknown("ticket", call.id)
    return row, document.body


def merged_with(body: wire.TicketBody, change: object) -> wire.TicketBody | Reply:
    """Return a ticket's description with changes merged in, or the refusal."""
    merged = merge(body, cast("msgspec.Struct", change))
    return Reply(merged.status, merged) if isinstance(merged, Problem) else merged


def patch_ticket(shard: "Shard", call: Call) -> "Reply | Finish":
    """Change part of what a ticket asks for (merge patch)."""
    found = described(shard, call)
    if isinstance(found, Reply):
        return found
    merged = merged_with(found[1], call.body)
    if isinstance(merged, Reply):
        return merged
    return replace_ticket(shard, call, found[0], merged)


def transfer_ticket(shard: "Shard", call: Call) -> "Reply | Finish":
    """Send a ticket elsewhere, whoever has it; it keeps its age."""
    found = described(shard, call)
    if isinstance(found, Reply):
        return found
    merged = merged_with(found[1], call.body)
    if isinstance(merged, Reply):
        return merged
    return replace_ticket(shard, call, found[0], merged, options=REQUEUE_FLAG)


def escalate_ticket(shard: "Shard", call: Call) -> "Reply | Finish":
    """Raise a ticket's priority (by one when none is named), and change what it asks for."""
    found = described(shard, call)
    if isinstance(found, Reply):
        return found
    row, body = found
    merged = merged_with(body, call.body)
    if isinstance(merged, Reply):
        return merged
    if cast("wire.EscalateBody", call.body).priority is msgspec.UNSET:
        raised = min(PRIORITY_MAX, int(shard.machine.arrays.tickets[row]["priority"]) + 1)
        merged = msgspec.structs.replace(merged, priority=raised)
    asks_elsewhere = merged != msgspec.structs.replace(body, priority=merged.priority)
    options = REQUEUE_FLAG if asks_elsewhere else 0
    return replace_ticket(shard, call, row, merged, options=options)


TICKETS = {
    "tickets.put": put_ticket,
    "tickets.patch": patch_ticket,
    "tickets.transfer": transfer_ticket,
    "tickets.escalate": escalate_ticket,
    **VERBS,
}
assert set(FINAL).isdisjoint(TICKET_VERBS[c.UPDATE_TICKET])
