"""Calls about signals: what the workspace makes of them, corrections, and what is found later."""

from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Final, cast

import msgspec

from router.core import codes as c
from router.core.lifecycle import FINAL
from router.desk.conditions import unknown, unmet, validation_failed
from router.desk.outcome import Outcome
from router.desk.promises import ticket_words
from router.desk.references import missing
from router.desk.signals import (
    CONFIG,
    Statements,
    asked,
    combined,
    config_of,
    level_of,
    same_say,
    withdrawn,
)
from router.desk.tickets import wanted_profile
from router.desk.verbs import core_refusal, shown
from router.directory import QUEUE, SIGNALS, SKILL, TICKET, Document
from router.wire import signals as wire
from router.wire.calls import Call, Reply
from router.wire.found import NAMES, Statement
from router.wire.problems import FieldError

if TYPE_CHECKING:
    from router.directory import Directory
    from router.shard import Finish, Shard

CERTAIN: Final = 1.0


# -- what the workspace makes of them ------------------------------------------------------------------------------


def get_config(shard: "Shard", _call: Call) -> Reply:
    """Read what signals do here; before anybody said so, that is nothing."""
    document = shard.directory.document(SIGNALS, CONFIG)
    view = config_view(document)
    return Reply(200, view, version=view.version)


def config_view(document: Document | None) -> wire.SignalsView:
    """Return what signals do as clients see it."""
    body = wire.SignalsBody() if document is None else document.body
    version, seq = (0, 0) if document is None else (document.version, document.seq)
    return wire.SignalsView(**msgspec.structs.asdict(body), version=version, seq=seq)


def put_config(shard: "Shard", call: Call) -> "Reply | Finish":
    """Say what signals do here from now on; tickets that are here already stay as they are."""
    body = cast("wire.SignalsBody", call.body)
    old = shard.directory.document(SIGNALS, CONFIG)
    refusal = unmet(call, "configuration of signals", None if old is None else old.version)
    if refusal is not None:
        return refusal
    errors = config_errors(shard.directory, body)
    if errors:
        return validation_failed(errors)
    if old is not None and old.body == body:
        return Reply(200, config_view(old), version=old.version)
    document = shard.directory.put(SIGNALS, CONFIG, body, shard.at_us)

    def finish(outcome: Outcome) -> Reply:
        document.seq = outcome.last_seq
        return Reply(200 if old else 201, config_view(document), version=document.version)

    return finish


def config_errors(directory: "Directory", body: wire.SignalsBody) -> list[FieldError]:
    """Return an error for each queue and skill that nobody configured."""
    errors = missing(directory, QUEUE, [(f"/intake/{i}", q) for i, q in enumerate(body.intake)])
    for intent, use in body.intents.items():
        at = f"/intents/{intent.replace('~', '~0').replace('/', '~1')}"
        errors += missing(directory, QUEUE, [(f"{at}/queue", use.queue)])
        needs = enumerate(use.requirements)
        errors += missing(
            directory, SKILL, [(f"{at}/requirements/{i}/skill", need.skill) for i, need in needs]
        )
    return errors


# -- said about a ticket -------------------------------------------------------------------------------------------


def correct(shard: "Shard", call: Call) -> "Reply | Finish":
    """Say what a ticket's signals are in truth, also of a ticket that has ended; null takes it back."""
    body = cast("wire.CorrectBody", call.body)
    said = {name: getattr(body, name) for name in NAMES}
    gone = [name for name, value in said.items() if value is None]
    fresh = [
        Statement(name, value, CERTAIN, "high", "correction")
        for name, value in said.items()
        if isinstance(value, str)
    ]
    return learn(shard, call, lambda old: withdrawn(old, gone), fresh)


def inform(shard: "Shard", call: Call) -> "Reply | Finish":
    """Take in what was found later: by a device, or by a model of the client's own."""
    found = cast("Mapping[str, Statements] | None", call.found)
    if found is not None:
        return learn(shard, call, lambda old: old, found.get(call.id, ()))
    body = cast("wire.InformBody", call.body)
    told = ((name, getattr(body, name)) for name in NAMES)
    fresh = [
        Statement(
            name, said.value, said.probability, level_of(said.probability), "upstream", body.model
        )
        for name, said in told
        if isinstance(said, wire.SaidSignal)
    ]
    return learn(shard, call, lambda old: old, fresh)


def learn(
    shard: "Shard",
    call: Call,
    forget: Callable[[Statements], Statements],
    fresh: Iterable[Statement],
) -> "Reply | Finish":
    """Add statements to a ticket's; if it is to be routed otherwise by them, tell the core."""
    row = shard.directory.rows.get(call.id, -1)
    document = shard.directory.document(TICKET, call.id)
    if row < 0 or document is None:
        return unknown("ticket", call.id)
    ticket = shard.machine.arrays.tickets[row]
    refusal = unmet(call, "ticket", int(ticket["version"]))
    if refusal is not None:
        return refusal
    margin = config_of(shard.directory).margin
    found = combined(forget(document.found), fresh, margin, shard.at_us)
    if same_say(found, document.found):
        return shown(shard, call.id, row)
    before = asked(shard, document.body, document.found)
    whole = asked(shard, document.body, found)
    if whole == before or int(ticket["state"]) in FINAL:
        shard.directory.know(call.id, found)
        return lambda _: shown(shard, call.id, row)
    profile = wanted_profile(shard, whole)
    if not isinstance(profile, int):
        shard.directory.know(call.id, found)  # what the client named is gone; it stays as it is
        return lambda _: shown(shard, call.id, row)
    command = shard.machine.push(
        c.UPDATE_TICKET,
        shard.at_us,
        ticket_words(shard, whole, document.created_us),
        ticket=row,
        serial=int(ticket["serial"]) + 1,
        profile=profile,
        options=0,
    )

    def finish(outcome: Outcome) -> Reply:
        refusal = core_refusal(shard, outcome, command)
        if refusal is not None:
            return refusal
        shard.directory.put(TICKET, call.id, document.body, shard.at_us, document.note)
        shard.directory.know(call.id, found)
        return shown(shard, call.id, row)

    return finish


SIGNAL_CALLS = {
    "signals.get": get_config,
    "signals.put": put_config,
    "tickets.correct": correct,
    "tickets.inform": inform,
}
