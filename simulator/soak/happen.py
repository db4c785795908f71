"""What each happening does to the rig."""

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Final

from router.stores.memory import Fault
from simulator.soak.rig import Rig
from simulator.soak.swarm import SKILLS, Happening, ticket_body

JUMP_US: Final = 40_000_000
LATE_S: Final = 40.0


def _pick(found: list[str], happening: Happening) -> str | None:
    return found[happening.two % len(found)] if found else None


def _offers(rig: Rig, *states: str) -> list[str]:
    """Return the offers that clients have heard of in these states, oldest first."""
    return [id_ for id_, offer in rig.auditor.books.offers.items() if offer.state in states]


def _tickets(rig: Rig, *states: str) -> list[str]:
    tickets = rig.auditor.books.tickets.values()
    return [each.id for each in tickets if not states or each.state in states]


def arrive(rig: Rig, it: Happening) -> None:
    """A ticket comes; now and then the same one is put again with the same key."""
    id_, body = f"t{len(rig.sent)}", ticket_body(it)
    rig.auditor.asked(id_, body)
    rig.send("tickets.put", id_, body)


def arrive_many(rig: Rig, it: Happening) -> None:
    """Several tickets come in one call."""
    made = []
    for number in range(2 + it.two % 8):
        id_ = f"m{len(rig.sent)}-{number}"
        body = ticket_body(it._replace(one=it.one + number))
        rig.auditor.asked(id_, body)
        made.append({**body, "id": id_})
    rig.send("tickets.batch", "", {"tickets": made})


def burst(rig: Rig, it: Happening) -> None:
    """Several clients call in the same moment, some about the same ticket."""
    calls = []
    for number in range(2 + it.two % 3):
        id_, body = (
            f"b{len(rig.sent)}-{number % 2}",
            ticket_body(it._replace(one=it.one + number % 2)),
        )
        rig.auditor.asked(id_, body)
        calls.append(rig.call("tickets.put", id_, body))
    rig.submit(*calls)


def _on_offer(verb: str) -> Callable[[Rig, Happening], None]:
    def act(rig: Rig, it: Happening) -> None:
        # Sometimes an offer that is gone already: a device that lags.
        states = ("pending",) if it.share < 0.9 else ("pending", "declined", "expired", "revoked")
        offer = _pick(_offers(rig, *states), it)
        if offer is not None:
            rig.send(f"offers.{verb}", offer, {} if verb == "decline" else None, f"k{it.one}")

    return act


def _on_work(verb: str) -> Callable[[Rig, Happening], None]:
    def act(rig: Rig, it: Happening) -> None:
        works = [
            offer.id
            for offer in rig.auditor.books.offers.values()
            if offer.state == "accepted" or (it.share > 0.95 and offer.state == "completed")
        ]
        offer = _pick(works, it)
        if offer is not None:
            rig.send(f"assignments.{verb}", f"a-{offer[2:]}", {}, f"k{it.one}")

    return act


def _on_ticket(verb: str, *states: str) -> Callable[[Rig, Happening], None]:
    def act(rig: Rig, it: Happening) -> None:
        ticket = _pick(_tickets(rig, *(states if it.share < 0.9 else ())), it)
        if ticket is not None:
            rig.send(f"tickets.{verb}", ticket, {}, f"k{it.one}")

    return act


def reply(rig: Rig, it: Happening) -> None:
    """Somebody writes."""
    ticket = _pick(_tickets(rig, "assigned"), it)
    if ticket is not None:
        rig.send("tickets.reply", ticket, {"by": "customer" if it.one % 2 else "agent"})


def assign(rig: Rig, it: Happening) -> None:
    """A supervisor gives a ticket to somebody by hand."""
    ticket = _pick(_tickets(rig, "queued", "offered"), it)
    agent = _pick(list(rig.swarm.floor["agents"]), it)
    if ticket is not None and agent is not None:
        rig.send("tickets.assign", ticket, {"agent": agent, "force": it.share < 0.3})


def presence(rig: Rig, it: Happening) -> None:
    """An agent comes or goes."""
    agent = _pick(list(rig.swarm.floor["agents"]), it)
    kinds = ("available", "available", "away", "offline", "draining")
    if agent is not None:
        rig.send("agents.presence", agent, {"presence": kinds[it.one % len(kinds)]})


def heartbeat(rig: Rig, it: Happening) -> None:
    """A desk says that it is there; from now on it is missed when it falls silent."""
    agent = _pick(list(rig.swarm.floor["agents"]), it)
    if agent is not None:
        rig.send("agents.heartbeat", agent)


def hire(rig: Rig, it: Happening) -> None:
    """An agent learns, or is given another capacity."""
    agent = _pick(list(rig.swarm.floor["agents"]), it)
    if agent is None:
        return
    body = dict(rig.auditor.books.agents[agent].body)
    body["skills"] = {**body["skills"], SKILLS[it.one % len(SKILLS)]: 1 + it.one % 5}
    body["units"] = 1 + it.two % 5
    rig.settle_down()
    if not rig.disk.has_failed:
        rig.put("agents", agent, body)


def policy(rig: Rig, it: Happening) -> None:
    """Everything waiting is decided anew."""
    rig.send("policies.rollback", "default", None)


def again(rig: Rig, it: Happening) -> None:
    """A client that heard nothing sends what it sent before once more, key and all."""
    recent = [sent.call for sent in rig.sent[-20:] if sent.call.idempotency_key is not None]
    if recent:
        rig.submit(recent[it.two % len(recent)])


def soon(rig: Rig, it: Happening) -> None:
    """A moment passes."""
    rig.wait(it.share * 2)


def later(rig: Rig, it: Happening) -> None:
    """A while passes: offers run out, promises break, desks fall silent."""
    rig.wait(it.share * LATE_S)


def commit(rig: Rig, it: Happening) -> None:
    """The disk catches up, all or some of it."""
    rig.commit(1 + it.one % 3 if it.share < 0.3 else 1 << 30)


def snapshot(rig: Rig, it: Happening) -> None:
    """The line falls quiet for long enough to save a snapshot if one is due."""
    rig.settle_down()
    rig.wait(0.3)
    rig.commit()


def damage(rig: Rig, it: Happening) -> None:
    """A bit of a snapshot flips on the disk."""
    if rig.journal.snapshots:
        number = max(rig.journal.snapshots)
        kept, crc = rig.journal.snapshots[number]
        at = it.one % len(kept.blob)
        blob = kept.blob[:at] + bytes([kept.blob[at] ^ 1 << it.two % 8]) + kept.blob[at + 1 :]
        rig.journal.snapshots[number] = (kept._replace(blob=blob), crc)


def _disk(fault: Fault) -> Callable[[Rig, Happening], None]:
    def act(rig: Rig, it: Happening) -> None:
        rig.break_disk(fault)
        arrive(rig, it)
        rig.commit()
        rig.die()

    return act


def crash(rig: Rig, it: Happening) -> None:
    """The process dies; what the disk has not is gone."""
    rig.die()


def crash_torn(rig: Rig, it: Happening) -> None:
    """The process dies between the disk's writing and its saying so."""
    rig.die(torn=1 + it.one % 4)


def rival(rig: Rig, it: Happening) -> None:
    """A second process takes the journal over."""
    rig.rival()


def clock(rig: Rig, it: Happening) -> None:
    """The server's clock jumps, mostly a little."""
    rig.clock.skew_us += round((it.share - 0.4) * JUMP_US)


def ask(rig: Rig, it: Happening) -> None:
    """Somebody reads a ticket."""
    ticket = _pick(_tickets(rig), it)
    if ticket is not None:
        rig.send("tickets.get", ticket)


HAPPEN: Final[Mapping[str, Callable[[Rig, Happening], None]]] = MappingProxyType(
    {
        "arrive": arrive,
        "arrive_many": arrive_many,
        "burst": burst,
        "accept": _on_offer("accept"),
        "decline": _on_offer("decline"),
        "complete": _on_work("complete"),
        "wrap_up": _on_work("wrap_up"),
        "release": _on_work("release"),
        "cancel": _on_ticket("cancel", "queued", "offered", "assigned"),
        "abandon": _on_ticket("abandon", "queued", "offered"),
        "requeue": _on_ticket("requeue", "offered", "assigned"),
        "escalate": _on_ticket("escalate", "queued", "offered"),
        "suspend": _on_ticket("suspend", "queued", "offered"),
        "resume": _on_ticket("resume", "suspended"),
        "reply": reply,
        "assign": assign,
        "presence": presence,
        "heartbeat": heartbeat,
        "hire": hire,
        "policy": policy,
        "again": again,
        "soon": soon,
        "later": later,
        "commit": commit,
        "snapshot": snapshot,
        "damage": damage,
        "disk_full": _disk(Fault.FULL),
        "disk_fails": _disk(Fault.FAILED_AFTER),
        "crash": crash,
        "crash_torn": crash_torn,
        "rival": rival,
        "clock": clock,
        "ask": ask,
    }
)
"""Every happening of the swarm."""
