"""
Seeded assignment problems that every solver bench shares.

A floor of agents with languages, skills and free slots meets tickets that ask for a language and a
skill. A pair's value is the ticket's urgency and how well the two suit each other; ``homog`` is the
share of the suiting that all tickets have in common: at 0 everybody has a favourite of their own,
at 1 all want the same agents. Of the agents a ticket may have, ``choices`` are kept: the better
half by value, the others by chance, as the core does. All of it is synthetic.

``load`` is tickets for each free slot: 1 is *critical*, slots come as dice fall and agents
without one are left out; 1.4 and more is *overload*; *light* floors have 3.5 slots an agent.
"""

from types import MappingProxyType
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from solver.problem import Problem

LANGUAGES: Final = 24
SKILLS: Final = 32
#: Tastes are integers, so that every machine adds them up alike; the scale is about one deviation.
TASTES: Final = 8
TASTE_MAX: Final = 100
TASTE_SCALE: Final = 9_400
#: Points: what suits best adds, and what the most urgent ticket is worth anywhere.
SUITS_MAX: Final = 20_000
URGENCY_MAX: Final = 30_000
#: Half-units that a chat, a mail and a call take, and how often each is asked for.
CHANNEL_WEIGHTS: Final = (2, 1, 6)
CHANNEL_SHARES: Final = (0.5, 0.3, 0.2)
#: Half-units an agent holds in all.
TOTALS: Final = (2, 12)
BLOCK_CELLS: Final = 1 << 22

Int64s = NDArray[np.int64]


class Shape(NamedTuple):
    """How large and how hard a problem is; the same shape is the same problem, to the bit.

    Parameters
    ----------
    rows
        Tickets.
    agents
        Agents, those without a free slot included.
    load
        Tickets per free slot; for weighted problems, units asked for per free unit.
    homog
        Share of the suiting that is common to all tickets, 0 to 1.
    choices
        Pairs kept for a ticket at most.
    seed
        Which of the problems of this kind.
    skilled
        Share of the agents who have the skill a ticket asks for; of these, a half to a quarter
        speak its language.
    """

    rows: int
    agents: int
    load: float = 1.0
    homog: float = 0.5
    choices: int = 32
    seed: int = 20
    skilled: float = 0.14


LIGHT_SLOTS: Final = 3.5
SHAPES: Final = MappingProxyType(
    {
        "100x1k_critical": Shape(100, 1_000, skilled=0.3),
        "1k_critical": Shape(1_000, 1_000),
        "1kx10k_light": Shape(1_000, 10_000, 1_000 / (LIGHT_SLOTS * 10_000)),
        "1kx10k_critical": Shape(1_000, 10_000),
        "5k_critical": Shape(5_000, 5_000),
        "10k_critical": Shape(10_000, 10_000),
        "10k_light": Shape(10_000, 10_000, 1 / LIGHT_SLOTS),
        "10kx5k_overload": Shape(10_000, 5_000, 1.5),
        "50kx10k_overload": Shape(50_000, 10_000, 1.4),
    }
)
"""Problems of one unit a pair, by the names that figures go by."""

WEIGHTED: Final = MappingProxyType(
    {
        "weighted_100_load10": Shape(100, 100, 1.0, skilled=0.6),
        "weighted_100_load15": Shape(100, 100, 1.5, skilled=0.6),
        "weighted_1k_load10": Shape(1_000, 1_000, 1.0),
        "weighted_1k_load15": Shape(1_000, 1_000, 1.5),
    }
)
"""Problems whose pairs differ in weight: chats, mails and calls."""


class Floor(NamedTuple):
    """Who is there and who asks, before any pair is chosen."""

    speaks: NDArray[np.bool_]  # (LANGUAGES, columns) who speaks what
    skilled: NDArray[np.bool_]  # (skills, columns) who can do what
    agent_taste: Int64s  # (columns, TASTES)
    common: NDArray[np.float64]  # (columns,) what everybody likes about an agent, 0 to 1
    language: Int64s  # (rows,)
    skill: Int64s  # (rows,)
    ticket_taste: Int64s  # (rows, TASTES)
    urgency: Int64s  # (rows,) points


def unit_problem(shape: Shape) -> Problem:
    """Return the problem of a shape whose pairs take one slot each."""
    chance = np.random.default_rng(shape.seed)
    slots = max(1, round(shape.rows / shape.load))
    capacity = np.bincount(chance.integers(0, shape.agents, slots), minlength=shape.agents)
    capacity = capacity[capacity > 0]
    return _problem(shape, chance, capacity, np.ones(shape.rows, dtype=np.int64))


def weighted_problem(shape: Shape) -> Problem:
    """Return the problem of a shape whose tickets are chats, mails and calls.

    Agents hold 2 to 12 half-units in all. Only so many have anything free that the units asked for
    are ``load`` times the free ones, and pairs too heavy for an empty agent are left out.
    """
    chance = np.random.default_rng(shape.seed)
    weight = chance.choice(CHANNEL_WEIGHTS, shape.rows, p=CHANNEL_SHARES)
    totals = chance.integers(TOTALS[0], TOTALS[1] + 1, shape.agents)
    free_units = max(1, round(int(weight.sum()) / shape.load))
    before = np.cumsum(totals) - totals
    capacity = np.minimum(totals, np.maximum(free_units - before, 0))
    return _problem(shape, chance, capacity[capacity > 0], weight)


def slots_of(problem: Problem) -> int:
    """Return how many units all columns of a problem hold."""
    return int(problem.capacity.sum())


def _problem(
    shape: Shape, chance: np.random.Generator, capacity: Int64s, weight: Int64s
) -> Problem:
    """Return the problem of tickets of these weights and columns of these capacities."""
    floor = _floor(shape, chance, capacity.size)
    step = max(1, BLOCK_CELLS // max(1, capacity.size))
    counts, cols, values = [], [], []
    for first in range(0, shape.rows, step):
        rows = slice(first, min(first + step, shape.rows))
        possible = floor.speaks[floor.language[rows]] & floor.skilled[floor.skill[rows]]
        possible &= weight[rows, None] <= capacity[None, :]
        row, col = np.nonzero(possible)
        suits = _suits(shape, floor, row + first, col)
        kept = _kept(row, suits, shape.choices, chance)
        counts.append(np.bincount(row[kept], minlength=possible.shape[0]))
        cols.append(col[kept])
        values.append(suits[kept] + floor.urgency[rows][row[kept]])
    per_row = np.concatenate(counts)
    return Problem(
        row_ptr=np.concatenate([[0], np.cumsum(per_row)]).astype(np.int32),
        col=np.concatenate(cols).astype(np.int32),
        value=np.concatenate(values).astype(np.int32),
        capacity=capacity.astype(np.int32),
        weight=np.repeat(weight, per_row).astype(np.int32),
    )


def _floor(shape: Shape, chance: np.random.Generator, columns: int) -> Floor:
    """Draw who speaks what, who can do what, and what everybody is like."""
    share = 1 / np.arange(1, LANGUAGES + 1)
    share /= share.sum()
    # An agent speaks two to ten languages, the common ones more often (weighted sampling by keys).
    spoken = chance.integers(2, 11, columns)
    keys = chance.exponential(size=(LANGUAGES, columns)) / share[:, None]
    rank = np.argsort(np.argsort(keys, axis=0), axis=0)
    return Floor(
        speaks=rank < spoken[None, :],
        skilled=chance.random((SKILLS, columns)) < shape.skilled,
        agent_taste=chance.integers(-TASTE_MAX, TASTE_MAX + 1, (columns, TASTES)),
        common=chance.random(columns),
        language=chance.choice(LANGUAGES, shape.rows, p=share),
        skill=chance.integers(0, SKILLS, shape.rows),
        ticket_taste=chance.integers(-TASTE_MAX, TASTE_MAX + 1, (shape.rows, TASTES)),
        urgency=(chance.random(shape.rows) ** 2 * URGENCY_MAX).astype(np.int64) + 1_000,
    )


def _suits(shape: Shape, floor: Floor, row: Int64s, col: Int64s) -> Int64s:
    """Return how well the tickets and agents of pairs suit each other, int64 (pairs,), points."""
    dot = np.zeros(row.size, dtype=np.int64)
    for taste in range(TASTES):  # integers: every machine has the same sum
        dot += floor.ticket_taste[row, taste] * floor.agent_taste[col, taste]
    liking = dot / TASTE_SCALE
    own = 0.5 + 0.5 * liking / (1 + np.abs(liking))
    mixed = (1 - shape.homog) * own + shape.homog * floor.common[col]
    points: Int64s = (mixed * SUITS_MAX).astype(np.int64)
    return points


def _kept(row: Int64s, suits: Int64s, choices: int, chance: np.random.Generator) -> Int64s:
    """Return which pairs are kept, in their order: of each row the better half, others by chance."""
    luck = chance.permutation(row.size)
    best = choices - choices // 2
    order = np.lexsort((luck, -suits, row))
    place = _place_in_row(row)
    better = order[place < best]
    others = np.delete(np.arange(row.size), better)
    order = others[np.lexsort((luck[others], row[others]))]
    return np.sort(np.concatenate([better, order[_place_in_row(row[order]) < choices // 2]]))


def _place_in_row(row: Int64s) -> Int64s:
    """Return how many equal entries stand before each one; ``row`` never falls."""
    return np.arange(row.size) - np.searchsorted(row, row, side="left")
