"""Calls about whether agents are there: presence, heartbeats, and what is offered to them."""

from typing import TYPE_CHECKING, Final, cast

from router.core import codes as c
from router.core.limits import NEVER_US
from router.desk.agents import shown, works_of
from router.desk.conditions import unknown, validation_failed
from router.desk.outcome import Outcome
from router.desk.paging import cursor_of, limit_of, start_of
from router.desk.views import offer_view
from router.directory import AGENT
from router.wire import agents as wire
from router.wire.calls import Call, Reply, refused
from router.wire.fields import microseconds
from router.wire.offers import OffersPage
from router.wire.problems import wrong

if TYPE_CHECKING:
    from router.shard import Finish, Shard

PRESENCES: Final = {name: code for code, name in c.PRESENCES.items()}


def set_presence(shard: "Shard", call: Call) -> "Reply | Finish":
    """Set whether an agent takes work, until when, and what comes then."""
    if shard.directory.document(AGENT, call.id) is None:
        return unknown("agent", call.id)
    body = cast("wire.PresenceBody", call.body)
    until_us = 0 if body.until is None else microseconds(body.until)
    if body.until is not None and until_us <= shard.at_us:
        detail = "Expected an instant that is still to come."
        return validation_failed([wrong("/until", detail, body.until.isoformat())])
    then = body.then or "available"
    note = None if body.activity is None else f"{body.presence} {body.activity}"
    return say(shard, call.id, body.presence, note, (until_us, PRESENCES[then]))


def say(
    shard: "Shard", id_: str, presence: str, note: str | None, end: tuple[int, int] = (0, 0)
) -> "Finish":
    """Tell the core of a presence and keep the activity that goes with it."""
    index = shard.directory.index(AGENT, id_)
    shard.directory.annotate(AGENT, id_, note)
    shard.machine.push(
        c.SET_PRESENCE,
        shard.at_us,
        agent=index,
        aux=PRESENCES[presence],
        until_us=end[0],
        value=end[1],
    )

    def finish(_outcome: Outcome) -> Reply:
        return shown(shard, id_)

    return finish


def drain(shard: "Shard", call: Call) -> "Reply | Finish":
    """Let an agent finish what it holds, then go offline."""
    if shard.directory.document(AGENT, call.id) is None:
        return unknown("agent", call.id)
    index = shard.directory.index(AGENT, call.id)
    if int(shard.machine.arrays.agents[index]["presence"]) == c.OFFLINE:
        return refused("state_conflict", "The agent is offline already.", state="offline")
    return say(shard, call.id, "draining", None)


def heartbeat(shard: "Shard", call: Call) -> "Reply | Finish":
    """Note that an agent's desk is there; nothing is journalled unless that changes something."""
    document = shard.directory.document(AGENT, call.id)
    if document is None:
        return unknown("agent", call.id)
    index = shard.directory.index(AGENT, call.id)
    shard.heartbeats.beat(index, shard.at_us)
    is_lost = int(shard.machine.arrays.agents[index]["grace_us"]) != NEVER_US
    if document.is_heard and not is_lost:
        return Reply(204)
    if not document.is_heard:
        document.is_heard = True
        shard.directory.fresh_documents[AGENT, call.id] = document
    if is_lost:
        shard.machine.push(c.RETURN_AGENT, shard.at_us, agent=index)

    def finish(_outcome: Outcome) -> Reply:
        return Reply(204)

    return finish


def list_offers(shard: "Shard", call: Call) -> Reply:
    """List an agent's open offers, oldest first."""
    if shard.directory.document(AGENT, call.id) is None:
        return unknown("agent", call.id)
    start = start_of(call)
    if isinstance(start, Reply):
        return start
    after = int(start) if start.isdecimal() else 0
    works = works_of(shard, shard.directory.index(AGENT, call.id))
    serials = sorted(int(w["serial"]) for w in works if int(w["state"]) == c.PENDING)
    found = [serial for serial in serials if serial > after]
    page = found[: limit_of(call)]
    following = cursor_of(str(page[-1])) if len(found) > len(page) else None
    items = [offer_view(shard.history.works[serial]) for serial in page]
    return Reply(200, OffersPage(items=items, next=following))


PRESENCE = {
    "agents.presence": set_presence,
    "agents.drain": drain,
    "agents.heartbeat": heartbeat,
    "agents.offers": list_offers,
}
