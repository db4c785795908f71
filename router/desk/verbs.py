"""What is said to tickets besides what they ask for, and what the core says back."""

from collections.abc import Callable
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final, cast

from router.core import codes as c
from router.core.lifecycle import FINAL, TICKET_VERBS
from router.desk.conditions import unknown, unmet, validation_failed
from router.desk.outcome import Outcome
from router.desk.references import missing
from router.desk.views import ticket_view
from router.directory import AGENT, TICKET
from router.wire import tickets as wire
from router.wire.calls import Call, Reply, refused
from router.wire.fields import microseconds
from router.wire.problems import wrong

if TYPE_CHECKING:
    from router.shard import Finish, Shard

SAID_AS: Final = MappingProxyType(
    {
        c.UPDATE_TICKET: ("put", "patch", "transfer", "escalate"),
        c.CANCEL_TICKET: ("cancel",),
        c.ABANDON_TICKET: ("abandon",),
        c.REQUEUE_TICKET: ("requeue",),
        c.SUSPEND_TICKET: ("suspend",),
        c.RESUME_TICKET: ("resume",),
        c.ASSIGN_TICKET: ("assign",),
        c.RECORD_REPLY: ("reply",),
        c.WRAP_UP: ("wrap_up",),
        c.COMPLETE: ("complete",),
        c.RELEASE: ("release",),
    }
)
"""The verbs of the interface that come to the core as one."""
assert SAID_AS.keys() == TICKET_VERBS.keys()
ABOUT_AGENT: Final = (
    c.R_CAPACITY,
    c.R_AGENT_NOT_ELIGIBLE,
    c.R_AGENT_NOT_AVAILABLE,
    c.R_WORKS_FULL,
    c.R_COOLING,
)


def allowed_in(state: int) -> list[str]:
    """Return the verbs that may be said to a ticket in a state."""
    found = (SAID_AS[code] for code, states in TICKET_VERBS.items() if state in states)
    return sorted(verb for verbs in found for verb in verbs)


def core_refusal(shard: "Shard", outcome: Outcome, command: int) -> Reply | None:
    """Return the reply to a command that the core refused, None if it was done."""
    refusal = outcome.refusal(command)
    if refusal is None:
        return None
    name, kind, sentence = c.REFUSALS[refusal.code]
    extras: dict[str, Any] = {"seq": refusal.seq}
    if refusal.code == c.R_STATE and refusal.about in c.TICKET_STATES:
        extras["state"] = c.TICKET_STATES[refusal.about]
        extras["allowed"] = allowed_in(refusal.about)
        sentence = f"The ticket is {extras['state']}."
    elif refusal.code in ABOUT_AGENT and refusal.about >= 0:
        agent = shard.directory.id_of(AGENT, refusal.about)
        sentence = f"{sentence} Agent {agent!r} was asked for."
    return refused(kind, f"{sentence} ({name})", **extras)


def ended(id_: str, state: int) -> Reply:
    """Refuse a call about a ticket that has ended."""
    name = c.TICKET_STATES[state]
    return refused("state_conflict", f"The ticket {id_!r} is {name} for good.", state=name)


def shown(shard: "Shard", id_: str, row: int) -> Reply:
    """Reply with a ticket as it is now."""
    ticket = ticket_view(shard, id_, row)
    return Reply(200, ticket, version=ticket.version)


def say(
    shard: "Shard", call: Call, code: int, note: str | None = None, **fields: Any
) -> "Reply | Finish":
    """Say a verb to a ticket and reply with the ticket; ``note`` is kept with it once it is done."""
    row = shard.directory.rows.get(call.id, -1)
    if row < 0:
        return unknown("ticket", call.id)
    ticket = shard.machine.arrays.tickets[row]
    refusal = unmet(call, "ticket", int(ticket["version"]))
    if refusal is not None:
        return refusal
    if int(ticket["state"]) in FINAL:
        return ended(call.id, int(ticket["state"]))
    fields["serial"] = int(ticket["serial"]) + 1
    command = shard.machine.push(code, shard.at_us, ticket=row, **fields)

    def finish(outcome: Outcome) -> Reply:
        refusal = core_refusal(shard, outcome, command)
        if refusal is not None:
            return refusal
        if note is not None:
            shard.directory.annotate(TICKET, call.id, note)
        return shown(shard, call.id, row)

    return finish


def verb(code: int) -> Callable[["Shard", Call], "Reply | Finish"]:
    """Return the handler of a verb that needs nothing but the ticket."""

    def handler(shard: "Shard", call: Call) -> "Reply | Finish":
        return say(shard, call, code)

    return handler


def cancel(shard: "Shard", call: Call) -> "Reply | Finish":
    """Take a ticket back."""
    return say(shard, call, c.CANCEL_TICKET, cast("wire.CancelBody", call.body).reason)


def suspend(shard: "Shard", call: Call) -> "Reply | Finish":
    """Put a ticket aside, until an instant or until it is resumed."""
    until = cast("wire.SuspendBody", call.body).until
    until_us = 0 if until is None else microseconds(until)
    if until is not None and until_us <= shard.at_us:
        detail = "Expected an instant that is still to come."
        return validation_failed([wrong("/until", detail, until.isoformat())])
    return say(shard, call, c.SUSPEND_TICKET, until_us=until_us)


def assign(shard: "Shard", call: Call) -> "Reply | Finish":
    """Give a ticket to an agent by hand."""
    body = cast("wire.AssignBody", call.body)
    errors = missing(shard.directory, AGENT, [("/agent", body.agent)])
    if errors:
        return validation_failed(errors)
    agent = shard.directory.index(AGENT, body.agent)
    options = c.C_FORCE if body.force else 0
    return say(shard, call, c.ASSIGN_TICKET, agent=agent, options=options)


def reply(shard: "Shard", call: Call) -> "Reply | Finish":
    """Note that the agent or the customer wrote."""
    by = cast("wire.ReplyBody", call.body).by
    return say(shard, call, c.RECORD_REPLY, options=c.C_BY_CUSTOMER if by == "customer" else 0)


VERBS = {
    "tickets.cancel": cancel,
    "tickets.abandon": verb(c.ABANDON_TICKET),
    "tickets.requeue": verb(c.REQUEUE_TICKET),
    "tickets.suspend": suspend,
    "tickets.resume": verb(c.RESUME_TICKET),
    "tickets.assign": assign,
    "tickets.reply": reply,
}
