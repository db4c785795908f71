"""Calls about offers and assignments."""

from collections.abc import Callable
from typing import TYPE_CHECKING

from router.core import codes as c
from router.core.limits import SECOND_US
from router.desk.conditions import unknown
from router.desk.outcome import Outcome
from router.desk.verbs import core_refusal
from router.desk.views import assignment_view, offer_view
from router.directory import TICKET
from router.history import Work
from router.wire import offers as wire
from router.wire.calls import Call, Reply, refused
from router.wire.fields import instant_text

if TYPE_CHECKING:
    from router.shard import Finish, Shard


def find(shard: "Shard", id_: str) -> Work | None:
    """Return the offer or assignment with this id, None when it is unknown or long forgotten."""
    number = id_.partition("-")[2]
    return shard.history.works.get(int(number)) if number.isdecimal() else None


def unknown_work(call: Call) -> Reply:
    """Refuse a call about an offer or assignment that is not known."""
    return unknown("offer" if call.id.startswith("o-") else "assignment", call.id)


def gone(work: Work) -> Reply:
    """Refuse an answer to an offer that is not open any more, saying what became of it and when."""
    when = instant_text(work.ended_us or work.accepted_us)
    why = f" ({work.because})" if work.because else ""
    state = offer_view(work).state
    return refused(
        "offer_not_open", f"The offer was {state}{why} at {when}.", state=state, seq=work.seq
    )


def answer(code: int) -> Callable[["Shard", Call], "Reply | Finish"]:
    """Return the handler of an agent's answer to an offer."""

    def handler(shard: "Shard", call: Call) -> "Reply | Finish":
        work = find(shard, call.id)
        if work is None:
            return unknown_work(call)
        if work.state != "pending":
            return gone(work)
        wait_s = None
        if isinstance(call.body, wire.DeclineBody):
            wait_s = call.body.retry_after_s
        elif isinstance(call.body, wire.DeferBody):
            wait_s = call.body.for_s
        until_us = 0 if wait_s is None else shard.at_us + max(1, round(wait_s * SECOND_US))
        command = shard.machine.push(
            code, shard.at_us, serial=work.serial, aux=work.row, until_us=until_us
        )

        def finish(outcome: Outcome) -> Reply:
            if outcome.refusal(command) is not None:
                return gone(work)
            if isinstance(call.body, wire.DeclineBody) and call.body.reason is not None:
                shard.directory.annotate(TICKET, work.ticket, call.body.reason)
            return Reply(200, offer_view(work))

        return finish

    return handler


def step(code: int) -> Callable[["Shard", Call], "Reply | Finish"]:
    """Return the handler of a step of an assignment: wrap-up, completion, release."""

    def handler(shard: "Shard", call: Call) -> "Reply | Finish":
        work = find(shard, call.id)
        if work is None or work.accepted_us == 0:
            return unknown_work(call)
        if work.ended_us:
            when = instant_text(work.ended_us)
            return refused(
                "state_conflict", f"The assignment was {work.state} at {when}.", state=work.state
            )
        command = shard.machine.push(code, shard.at_us, serial=work.serial, aux=work.row)

        def finish(outcome: Outcome) -> Reply:
            refusal = core_refusal(shard, outcome, command)
            if refusal is not None:
                return refusal
            if isinstance(call.body, wire.CompleteBody):
                work.disposition = call.body.disposition
                shard.directory.annotate(TICKET, work.ticket, call.body.disposition)
            elif isinstance(call.body, wire.ReleaseBody) and call.body.reason is not None:
                shard.directory.annotate(TICKET, work.ticket, call.body.reason)
            return Reply(200, assignment_view(work))

        return finish

    return handler


def get_offer(shard: "Shard", call: Call) -> Reply:
    """Read an offer."""
    work = find(shard, call.id)
    return unknown_work(call) if work is None else Reply(200, offer_view(work))


def get_assignment(shard: "Shard", call: Call) -> Reply:
    """Read an assignment."""
    work = find(shard, call.id)
    if work is None or work.accepted_us == 0:
        return unknown_work(call)
    if work.state == "completed" and work.disposition is None:
        # After a restart the ticket's last words tell it, as long as the ticket is remembered.
        document = shard.directory.document(TICKET, work.ticket)
        work.disposition = None if document is None else document.note
    return Reply(200, assignment_view(work))


WORKS = {
    "offers.get": get_offer,
    "offers.accept": answer(c.ACCEPT_OFFER),
    "offers.decline": answer(c.DECLINE_OFFER),
    "offers.defer": answer(c.DECLINE_OFFER),
    "assignments.get": get_assignment,
    "assignments.wrap_up": step(c.WRAP_UP),
    "assignments.complete": step(c.COMPLETE),
    "assignments.release": step(c.RELEASE),
}
