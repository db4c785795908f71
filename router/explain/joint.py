"""
Prices of a joint decision: what each agent was worth to the other tickets, at least.

They are the least prices under which every ticket got what suited it best after price, found from
the decision itself. Where such prices exist they prove, with the theorem of complementary slackness,
that no other decision over the same tickets was worth more; so they answer "why not agent A" exactly.

References
----------
.. [1] Demange, Gale, Sotomayor (1986). Multi-item auctions. doi:10.1086/261411 (least prices)
"""

from collections.abc import Mapping

import numpy as np

from router.core.codes import ENGINE_EXACT, QUEUED
from router.core.limits import VALUE_MAX
from router.core.state import Arrays
from router.explain.exclusions import candidates_of, checks_of
from router.explain.names import Names
from router.explain.sight import Int64s, look
from router.explain.terms import terms_of, totals_of

OTHERS_MAX = 256
"""Tickets that got nobody and are asked what an agent would have been worth to them."""


def is_joint(arrays: Arrays, tickets: int) -> bool:
    """Return whether a decision over so many tickets weighed them against each other."""
    return bool(arrays.policy[0]["engine"] == ENGINE_EXACT and tickets > 1)


def prices_of(
    arrays: Arrays, given: Mapping[int, int], names: Names, at_us: int
) -> dict[int, int] | None:
    """
    Return the price of each agent that got a ticket, thousandths of a point; of all others it is 0.

    ``given`` maps tickets to agents, by row; ``arrays`` is the state just before. All who waited
    compete when that proves the decision best, else only those who got something; None when
    neither does.
    """
    waiting = np.flatnonzero(arrays.tickets["state"][: int(arrays.head[0]["ticket_top"])] == QUEUED)
    others = [int(t) for t in waiting if int(t) not in given][:OTHERS_MAX]
    agents = list(given.values())
    got, got_else = _worths(arrays, list(given), agents, (names, at_us))
    more, more_else = _worths(arrays, others, agents, (names, at_us))
    worth, elsewhere = np.vstack([got, more]), np.concatenate([got_else, more_else])
    prices = least_prices(worth, elsewhere, len(agents))
    if prices is None:
        prices = least_prices(got, got_else, len(agents))
    return None if prices is None else dict(zip(agents, prices.tolist(), strict=True))


def _worths(
    arrays: Arrays, tickets: list[int], agents: list[int], context: tuple[Names, int]
) -> tuple[Int64s, Int64s]:
    """Return the worth of each ticket with each of ``agents``, and with the best of all others."""
    names, at_us = context
    worth = np.zeros((len(tickets), len(agents)), dtype=np.int64)
    elsewhere = np.zeros(len(tickets), dtype=np.int64)
    for i, ticket in enumerate(tickets):
        sight = look(arrays, ticket, at_us)
        rows = candidates_of(sight, checks_of(sight, names))
        full = np.zeros(sight.agents, dtype=np.int64)
        full[rows] = np.clip(totals_of(terms_of(sight, rows)), 0, VALUE_MAX)
        worth[i] = full[agents]
        full[agents] = 0
        elsewhere[i] = full.max(initial=0)
    return worth, elsewhere


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
