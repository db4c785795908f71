"""
Prices of a joint decision: what agents were worth to other tickets, and one more slot to all.

They are the least prices under which every ticket got what suited it best after price, found from
the decision itself. Where such prices exist they prove, with the theorem of complementary slackness,
that no other decision over the same tickets was worth more; so they answer "why not agent A" exactly.

What one more slot would bring follows from what tickets gain beyond these prices: the most that any
ticket would be worth there more than it gains now. It is exact, as the worth of an assignment
is linear from one whole number of slots to the next, and the least prices are the ones that hold
upwards.

References
----------
.. [1] Demange, Gale, Sotomayor (1986). Multi-item auctions. doi:10.1086/261411 (least prices)
.. [2] Shapley, Shubik (1971). The assignment game I: the core. doi:10.1007/BF01753437 (both ends)
"""

from collections.abc import Iterator, Mapping
from typing import NamedTuple

import numpy as np

from router.core.codes import ENGINE_EXACT, QUEUED
from router.core.limits import VALUE_MAX
from router.core.state import Arrays
from router.explain.exclusions import ROOM_CODES, candidates_of, checks_of
from router.explain.names import Names
from router.explain.sight import Int64s, Sight, look
from router.explain.terms import terms_of, totals_of

OTHERS_MAX = 256
"""Tickets that got nobody and are asked what an agent would have been worth to them, the foremost first."""
GIVEN_MAX = 512
"""Tickets of a decision whose prices are found; a larger one is explained without."""


class Slot(NamedTuple):
    """What one more slot for tickets that ask for something would have brought a decision."""

    kind: str
    """What is asked for: ``language``, ``skill`` or ``queue``."""
    id: str
    agent: int
    """Whose slot brings most, by row: of those who lack nothing but perhaps room."""
    value: int
    """Thousandths of a point."""


class Market(NamedTuple):
    """A decision as its prices tell it, agents by row, all in thousandths of a point."""

    prices: Mapping[int, int]
    """Of each agent that got a ticket; of all others it is 0."""
    worths: Mapping[int, int]
    """What each of them is worth to the ticket it got."""
    slots: tuple[Slot, ...] = ()
    """By rising kind and name; only what would have brought something."""


class _Bids(NamedTuple):
    """What tickets are worth: arrays of one row for each."""

    worth: Int64s
    """(tickets, agents given), 0 where a pair is impossible or not worth it."""
    elsewhere: Int64s
    """(tickets,), with the best of all other agents."""
    slot_worth: Int64s
    """(tickets,), with the best of all agents who lack nothing but perhaps room."""
    slot_agent: Int64s
    """(tickets,), the row of that one."""
    wants: list[list[tuple[str, str]]]
    """What each asks for, as kind and name."""


def is_joint(arrays: Arrays, tickets: int) -> bool:
    """Return whether a decision over so many tickets weighed them against each other."""
    return bool(arrays.policy[0]["engine"] == ENGINE_EXACT and tickets > 1)


def market_of(arrays: Arrays, given: Mapping[int, int], names: Names, at_us: int) -> Market | None:
    """
    Return the least prices that prove a decision best, and what one more slot would have brought.

    ``given`` maps tickets to agents, by row; ``arrays`` is the state just before. All who waited
    compete when that proves the decision best, else only those who got something, and nothing is
    said of slots; None when neither does, or more got something than are looked at.
    """
    if len(given) > GIVEN_MAX:
        return None
    others = _waiting(arrays, given)[:OTHERS_MAX]
    agents, count = list(given.values()), len(given)
    bids = _bids(arrays, [*given, *others], agents, (names, at_us))
    prices = least_prices(bids.worth, bids.elsewhere, count)
    slots: tuple[Slot, ...] = ()
    if prices is not None:
        gains = np.zeros(len(bids.worth), dtype=np.int64)
        gains[:count] = np.diagonal(bids.worth)[:count] - prices
        slots = tuple(_slots(bids, gains))
    else:
        prices = least_prices(bids.worth[:count], bids.elsewhere[:count], count)
    if prices is None:
        return None
    worths = np.diagonal(bids.worth)[:count].tolist()
    return Market(
        prices=dict(zip(agents, prices.tolist(), strict=True)),
        worths=dict(zip(agents, worths, strict=True)),
        slots=slots,
    )


def _waiting(arrays: Arrays, given: Mapping[int, int]) -> list[int]:
    """Return the tickets that wait and were not given, high priority first, then the oldest."""
    tickets = arrays.tickets[: int(arrays.head[0]["ticket_top"])]
    rows = np.flatnonzero(tickets["state"] == QUEUED)
    order = np.lexsort(
        (rows, tickets["start_us"][rows], -tickets["priority"][rows].astype(np.int64))
    )
    return [t for t in rows[order].tolist() if t not in given]


def _bids(
    arrays: Arrays, tickets: list[int], agents: list[int], context: tuple[Names, int]
) -> _Bids:
    names, at_us = context
    count = len(tickets)
    bids = _Bids(
        worth=np.zeros((count, len(agents)), dtype=np.int64),
        elsewhere=np.zeros(count, dtype=np.int64),
        slot_worth=np.zeros(count, dtype=np.int64),
        slot_agent=np.full(count, -1, dtype=np.int64),
        wants=[],
    )
    for i, ticket in enumerate(tickets):
        sight = look(arrays, ticket, at_us)
        checks = checks_of(sight, names)
        able = candidates_of(sight, [check for check in checks if check.code not in ROOM_CODES])
        full = np.zeros(sight.agents, dtype=np.int64)
        full[able] = np.clip(totals_of(terms_of(sight, able)), 0, VALUE_MAX)
        if len(able):
            best = able[np.argmax(full[able])]
            bids.slot_worth[i], bids.slot_agent[i] = full[best], best
        has_room = np.zeros(sight.agents, dtype=np.bool_)
        has_room[candidates_of(sight, checks)] = True
        full[~has_room] = 0
        bids.worth[i] = full[agents]
        full[agents] = 0
        bids.elsewhere[i] = full.max(initial=0)
        bids.wants.append(list(wants_of(sight, names)))
    return bids


def wants_of(sight: Sight, names: Names) -> Iterator[tuple[str, str]]:
    """Yield what a ticket asks for that slots may be short of, as kind and name."""
    k = sight.profile
    if k["language_min"] > 0:
        yield "language", names.language(int(k["language"]))
    for i in range(int(k["skills"])):
        if k["skill_min"][i] > 0:
            yield "skill", names.skill(int(k["skill"][i]))
    yield "queue", names.queue(int(k["queue"]))


def _slots(bids: _Bids, gains: Int64s) -> list[Slot]:
    """Return what one more slot for each thing asked for would bring, given what tickets gain now."""
    found: dict[tuple[str, str], Slot] = {}
    for i, wants in enumerate(bids.wants):
        more, agent = int(bids.slot_worth[i] - gains[i]), int(bids.slot_agent[i])
        for kind, name in wants:
            known = found.get((kind, name))
            if more > (known.value if known else 0):
                found[kind, name] = Slot(kind, name, agent, more)
    return [found[key] for key in sorted(found)]


def least_prices(worth: Int64s, elsewhere: Int64s, given: int) -> Int64s | None:
    """
    Return the least prices that prove a decision best, or None when it is not.

    ``worth`` is (tickets, agents), 0 where a pair is impossible or not worth it; ticket ``i`` got
    agent ``i`` for ``i < given`` and the others wait. ``elsewhere`` is each ticket's best worth
    among agents that got nothing.
    """
    prices = np.zeros(given, dtype=np.int64)
    own = worth[np.arange(given), np.arange(given)]
    for _ in range(given + 2):
        profit = np.zeros(len(worth), dtype=np.int64)
        profit[:given] = own - prices
        wanted = worth - profit[:, None]
        wanted[np.arange(given), np.arange(given)] = 0
        raised = np.maximum(prices, wanted.max(axis=0, initial=0))
        if (raised == prices).all():
            return prices if (profit >= np.maximum(elsewhere, 0)).all() else None
        prices = raised
    return None
