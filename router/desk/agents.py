"""Calls about agents as they are configured, and how agents are shown."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, Final, cast

import msgspec

from router.core import codes as c
from router.core.limits import LANGUAGES_MAX, NEVER_US
from router.desk.conditions import limit_reached, unknown, unmet, validation_failed
from router.desk.languages import have_room, levels_of, unknown_parts
from router.desk.outcome import Outcome
from router.desk.paging import page_of
from router.desk.references import missing
from router.directory import (
    AGENT,
    CALENDAR,
    CHANNEL,
    GROUP,
    LANGUAGE,
    QUEUE,
    REGION,
    SKILL,
    Document,
)
from router.wire import agents as wire
from router.wire.calls import Call, Reply
from router.wire.fields import instant_text
from router.wire.patches import merge
from router.wire.problems import FieldError, Problem
from router.wire.tickets import Warned

if TYPE_CHECKING:
    from router.shard import Finish, Shard

KINDS: Final = {name: code for code, name in c.AGENT_KINDS.items()}
OUT_OF_SHIFT: Final = Warned(
    code="out_of_shift",
    detail="The shift has not begun or is over; tickets are offered all the same.",
)


# -- to the core -------------------------------------------------------------------------------------------------------


def agent_words(shard: "Shard", body: wire.AgentBody) -> list[int]:
    """Return the words of SET_AGENT; see ``apply.registry.on_agent_set``."""
    d = shard.directory
    skills = [(d.index(SKILL, skill), level) for skill, level in body.skills.items()]
    languages = levels_of(d, body.languages)
    groups = [d.index(GROUP, group) for group in body.groups]
    queues = [d.index(QUEUE, queue) for queue in body.queues or ()]
    words = [
        KINDS[body.kind],
        -1 if body.region is None else d.index(REGION, body.region),
        body.queues is None,
        body.units,
        len(skills),
        len(languages),
        len(groups),
        len(queues),
        len(d.documents[CHANNEL]),
    ]
    for pair in (*skills, *languages.items()):
        words += pair
    words += groups
    words += queues
    for channel, document in d.documents[CHANNEL].items():
        own = body.channels.get(channel, wire.AgentChannel())
        most = document.body.max_per_agent if own.max is None else own.max
        cost = document.body.cost if own.cost is None else own.cost
        words += (d.index(CHANNEL, channel), cost, -1 if most is None else most)
    return words


def push_agent(shard: "Shard", id_: str) -> int:
    """Tell the core of an agent as it is configured now; return the command."""
    document = shard.directory.document(AGENT, id_)
    assert document is not None, f"agent {id_!r} was checked before"
    index = shard.directory.index(AGENT, id_)
    words = agent_words(shard, document.body)
    return shard.machine.push(c.SET_AGENT, shard.at_us, words, agent=index)


def list_languages(shard: "Shard", id_: str, body: wire.AgentBody) -> None:
    """Intern what an agent speaks; others who understand a new tag learn of it, tickets to come may ask for it."""
    fresh = unknown_parts(shard.directory, body.languages)
    if not fresh:
        return
    numbers = {shard.directory.intern(LANGUAGE, part) for part in fresh}
    shard.profiles.forget_demands()
    for other, document in shard.directory.documents[AGENT].items():
        if other != id_ and document.body.languages:
            levels = levels_of(shard.directory, document.body.languages)
            if not numbers.isdisjoint(levels):
                push_agent(shard, other)


# -- showing -----------------------------------------------------------------------------------------------------------


def works_of(shard: "Shard", index: int) -> Iterator[Any]:
    """Yield the records of what an agent holds: open offers and assignments, newest first."""
    arrays = shard.machine.arrays
    w = int(arrays.agents[index]["work"])
    while w >= 0:
        yield arrays.works[w]
        w = int(arrays.works[w]["next_of_agent"])


def noted_activity(note: str | None, presence: str) -> str | None:
    """Return what an agent said it does, unless its presence has changed since."""
    said, _, activity = (note or "").partition(" ")
    return activity if said == presence and activity else None


def agent_view(shard: "Shard", id_: str, document: Document) -> wire.Agent:
    """Return an agent as clients see it."""
    index = shard.directory.index(AGENT, id_)
    agent = shard.machine.arrays.agents[index]
    presence = c.PRESENCES[int(agent["presence"])]
    until_us = int(agent["until_us"])
    is_limited = 0 < until_us < NEVER_US
    works = sorted((int(w["serial"]), int(w["state"])) for w in works_of(shard, index))
    warnings = []
    if presence == "available" and not shard.schedule.is_on_shift(shard, document.body):
        warnings.append(OUT_OF_SHIFT)
    return wire.Agent(
        id=id_,
        **msgspec.structs.asdict(document.body),
        presence=cast("Any", presence),
        activity=noted_activity(document.note, presence),
        until=instant_text(until_us) if is_limited else None,
        then=cast("Any", c.PRESENCES[int(agent["then"])] if is_limited else None),
        busy=int(agent["used"]) >= int(agent["units"]),
        units_taken=int(agent["used"]),
        offers=[f"o-{serial}" for serial, state in works if state == c.PENDING],
        assignments=[f"a-{serial}" for serial, state in works if state != c.PENDING],
        strikes=int(agent["strikes"]),
        warnings=warnings,
        version=int(agent["version"]),
        seq=shard.history.agent_seq.get(index, 0),
    )


def shown(shard: "Shard", id_: str, status: int = 200) -> Reply:
    """Reply with an agent as it is now."""
    document = shard.directory.document(AGENT, id_)
    assert document is not None, f"agent {id_!r} was checked before"
    view = agent_view(shard, id_, document)
    location = f"/v1/agents/{id_}" if status == 201 else None
    return Reply(status, view, version=view.version, location=location)


def version_of(shard: "Shard", id_: str) -> int | None:
    """Return the version of a configured agent, None for an unknown one."""
    if shard.directory.document(AGENT, id_) is None:
        return None
    index = shard.directory.index(AGENT, id_)
    return int(shard.machine.arrays.agents[index]["version"])


# -- calls -------------------------------------------------------------------------------------------------------------


def errors_of(shard: "Shard", body: wire.AgentBody) -> list[FieldError]:
    """Return every name in an agent's body that does not exist."""
    d = shard.directory
    errors = missing(d, GROUP, [(f"/groups/{i}", id_) for i, id_ in enumerate(body.groups)])
    queues = enumerate(body.queues or ())
    errors += missing(d, QUEUE, [(f"/queues/{i}", id_) for i, id_ in queues])
    errors += missing(d, REGION, [("/region", body.region)])
    errors += missing(d, SKILL, [(f"/skills/{id_}", id_) for id_ in body.skills])
    errors += missing(d, CHANNEL, [(f"/channels/{id_}", id_) for id_ in body.channels])
    errors += missing(d, CALENDAR, [("/shift", body.shift)])
    return errors


def put_agent(shard: "Shard", call: Call) -> "Reply | Finish":
    """Create an agent, or replace its configuration."""
    refusal = unmet(call, "agent", version_of(shard, call.id))
    if refusal is not None:
        return refusal
    return configure(shard, call, cast("wire.AgentBody", call.body))


def configure(shard: "Shard", call: Call, body: wire.AgentBody) -> "Reply | Finish":
    """Keep an agent's configuration and tell the core, unless it is as before."""
    directory = shard.directory
    old = directory.document(AGENT, call.id)
    if old is not None and old.body == body:
        return shown(shard, call.id)
    errors = errors_of(shard, body)
    if errors:
        return validation_failed(errors)
    if not directory.has_room(AGENT, call.id, shard.machine.agents_max):
        return limit_reached("agents", shard.machine.agents_max)
    if not have_room(directory, body.languages):
        return limit_reached("languages", LANGUAGES_MAX)
    directory.intern(AGENT, call.id)
    document = directory.put(AGENT, call.id, body, shard.at_us, old.note if old else None)
    document.is_heard = old is not None and old.is_heard
    list_languages(shard, call.id, body)
    push_agent(shard, call.id)

    def finish(_outcome: Outcome) -> Reply:
        return shown(shard, call.id, 201 if old is None else 200)

    return finish


def patch_agent(shard: "Shard", call: Call) -> "Reply | Finish":
    """Change part of an agent's configuration (merge patch)."""
    document = shard.directory.document(AGENT, call.id)
    if document is None:
        return unknown("agent", call.id)
    refusal = unmet(call, "agent", version_of(shard, call.id))
    if refusal is not None:
        return refusal
    merged = merge(document.body, cast("msgspec.Struct", call.body))
    if isinstance(merged, Problem):
        return Reply(merged.status, merged)
    return configure(shard, call, merged)


def delete_agent(shard: "Shard", call: Call) -> "Reply | Finish":
    """Take an agent off the floor; what it holds goes back to its queues."""
    version = version_of(shard, call.id)
    if version is None:
        return unknown("agent", call.id)
    refusal = unmet(call, "agent", version)
    if refusal is not None:
        return refusal
    index = shard.directory.index(AGENT, call.id)
    shard.machine.push(c.REMOVE_AGENT, shard.at_us, agent=index)
    shard.directory.drop(AGENT, call.id)
    shard.heartbeats.forget(index)

    def finish(_outcome: Outcome) -> Reply:
        return Reply(204)

    return finish


def get_agent(shard: "Shard", call: Call) -> Reply:
    """Read an agent."""
    if shard.directory.document(AGENT, call.id) is None:
        return unknown("agent", call.id)
    return shown(shard, call.id)


def list_agents(shard: "Shard", call: Call) -> Reply:
    """List agents by their ids, those of a group, a queue or a presence only if asked for."""
    documents = shard.directory.documents[AGENT]
    agents = shard.machine.arrays.agents
    group, queue, presence = (call.query.get(name) for name in ("group", "queue", "presence"))

    def is_asked_for(id_: str) -> bool:
        body = documents[id_].body
        if group is not None and group not in body.groups:
            return False
        if queue is not None and body.queues is not None and queue not in body.queues:
            return False
        at = int(agents[shard.directory.index(AGENT, id_)]["presence"])
        return presence is None or c.PRESENCES[at] == presence

    page = page_of(call, filter(is_asked_for, documents))
    if isinstance(page, Reply):
        return page
    items = [agent_view(shard, id_, documents[id_]) for id_ in page[0]]
    return Reply(200, wire.AgentsPage(items=items, next=page[1]))


AGENTS = {
    "agents.put": put_agent,
    "agents.patch": patch_agent,
    "agents.delete": delete_agent,
    "agents.get": get_agent,
    "agents.list": list_agents,
}
