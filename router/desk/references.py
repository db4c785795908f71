"""Who refers to what: why something of the floor cannot be removed, and what a body names that does not exist."""

from collections.abc import Callable, Iterable, Iterator
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from router.core.lifecycle import LIVE
from router.directory import (
    AGENT,
    CALENDAR,
    CHANNEL,
    GROUP,
    KINDS,
    QUEUE,
    REGION,
    SIGNALS,
    SKILL,
    TICKET,
    Directory,
)
from router.wire.agents import AgentBody
from router.wire.problems import FieldError, wrong
from router.wire.registry import QueueBody, RegionBody
from router.wire.signals import SignalsBody
from router.wire.tickets import RelaxStep, TicketBody

if TYPE_CHECKING:
    from router.shard import Shard

NAMED_MAX: Final = 5
"""Referrers that a refusal names; the others are counted."""


# -- what a body names -------------------------------------------------------------------------------------------------


def a_or_an(noun: str) -> str:
    """Return a noun with its article."""
    return f"{'an' if noun[0] in 'aeiou' else 'a'} {noun}"


def missing(
    directory: Directory, kind: int, ids: Iterable[tuple[str, str | None]]
) -> list[FieldError]:
    """Return an error for each (pointer, id) that names nothing; an id of None names nothing on purpose."""
    return [
        wrong(pointer, f"Expected {a_or_an(KINDS[kind])} that exists.", id_)
        for pointer, id_ in ids
        if id_ is not None and directory.document(kind, id_) is None
    ]


def missing_of_steps(directory: Directory, steps: Iterable[RelaxStep] | None) -> list[FieldError]:
    """Return an error for each name in relaxation steps that nobody configured."""
    errors: list[FieldError] = []
    for i, step in enumerate(steps or ()):
        at = f"/relax/{i}"
        errors += missing(directory, QUEUE, [(f"{at}/queue", step.queue)])
        errors += missing(
            directory, SKILL, [(f"{at}/drop/{k}", skill) for k, skill in enumerate(step.drop)]
        )
        errors += missing(
            directory, SKILL, [(f"{at}/min_level/{skill}", skill) for skill in step.min_level]
        )
        errors += missing(
            directory,
            GROUP,
            [(f"{at}/groups_add/{k}", group) for k, group in enumerate(step.groups_add)],
        )
    return errors


# -- who names it ------------------------------------------------------------------------------------------------------


def of_steps(kind: int, steps: Iterable[RelaxStep] | None) -> Iterator[str | None]:
    """Yield what relaxation steps name of a kind."""
    for step in steps or ():
        if kind == QUEUE:
            yield step.queue
        elif kind == SKILL:
            yield from step.drop
            yield from step.min_level
        elif kind == GROUP:
            yield from step.groups_add


def of_agent(kind: int, body: AgentBody) -> Iterator[str | None]:
    """Yield what an agent names of a kind."""
    if kind == SKILL:
        yield from body.skills
    elif kind == GROUP:
        yield from body.groups
    elif kind == CHANNEL:
        yield from body.channels
    elif kind == REGION:
        yield body.region
    elif kind == QUEUE:
        yield from body.queues or ()
    elif kind == CALENDAR:
        yield body.shift


def of_queue(kind: int, body: QueueBody) -> Iterator[str | None]:
    """Yield what a queue names of a kind."""
    yield from of_steps(kind, body.relax)
    if kind == CALENDAR:
        yield body.calendar
    elif kind == QUEUE and body.overflow is not None:
        yield body.overflow.queue


def of_region(kind: int, body: RegionBody) -> Iterator[str | None]:
    """Yield what a region names of a kind."""
    if kind == CALENDAR:
        yield body.calendar
    elif kind == REGION:
        yield from body.distance


def of_signals(kind: int, body: SignalsBody) -> Iterator[str | None]:
    """Yield what the use of signals names of a kind."""
    if kind == QUEUE:
        yield from body.intake
    for use in body.intents.values():
        if kind == QUEUE:
            yield use.queue
        elif kind == SKILL:
            for requirement in use.requirements:
                yield requirement.skill


def of_ticket(kind: int, body: TicketBody) -> Iterator[str | None]:
    """Yield what a ticket names of a kind."""
    yield from of_steps(kind, body.relax)
    if kind == QUEUE:
        yield body.queue
    elif kind == CHANNEL:
        yield body.channel
    elif kind == REGION:
        yield body.region
    elif kind == GROUP:
        yield from body.groups
    elif kind == SKILL:
        for requirement in body.requirements:
            yield requirement.skill


REFERRERS: Final = MappingProxyType[int, Callable[[int, Any], Iterator[str | None]]](
    {
        AGENT: of_agent,
        QUEUE: of_queue,
        REGION: of_region,
        TICKET: of_ticket,
        SIGNALS: of_signals,
    }
)
"""What each kind of document names."""


def referrers(shard: "Shard", kind: int, id_: str) -> list[tuple[int, str]]:
    """Return kind and id of everything that names ``id_``, itself and tickets that ended left out."""
    directory = shard.directory
    found = []
    for referrer, names_of in REFERRERS.items():
        for other, document in directory.documents[referrer].items():
            if (referrer, other) == (kind, id_) or id_ not in names_of(kind, document.body):
                continue
            if referrer != TICKET or is_live(shard, other):
                found.append((referrer, other))
    if kind == QUEUE:
        found += [(TICKET, ticket) for ticket in tickets_in(shard, id_)]
    return list(dict.fromkeys(found))


def tickets_in(shard: "Shard", queue: str) -> list[str]:
    """Return the live tickets that are in a queue now, whatever brought them there."""
    directory, arrays = shard.directory, shard.machine.arrays
    tickets = arrays.tickets[: arrays.head[0]["ticket_top"]]
    there = arrays.profiles["queue"][tickets["profile"]] == directory.index(QUEUE, queue)
    rows = np.flatnonzero(there & np.isin(tickets["state"], LIVE)).tolist()
    return [id_ for row in rows if (id_ := directory.tickets.find(row)) is not None]


def is_live(shard: "Shard", ticket: str) -> bool:
    """Tell whether a ticket is still to be done."""
    row = shard.directory.rows.get(ticket, -1)
    return row >= 0 and int(shard.machine.arrays.tickets[row]["state"]) in LIVE


def in_words(found: list[tuple[int, str]]) -> str:
    """Name the first few referrers, and say how many there are."""
    named = ", ".join(f"{KINDS[kind]} {id_!r}" for kind, id_ in found[:NAMED_MAX])
    more = len(found) - NAMED_MAX
    return f"{named} and {more} more" if more > 0 else named
