"""Other ways to score the same floors: NumPy by blocks, NumPy row by row, and a matrix product with our selection.

Each returns, for some rows, the points of its best agents less their prices, falling: the runs
compare them to the last integer.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numba import njit

from solver.scoring.arrays import BLOCK, CHUNK, FEATURE_BITS, Agents, Asks, Work
from solver.scoring.blocks import Pass, _finish
from solver.scoring.jit import inner
from solver.scoring.select import _close, _open

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from bench.scoring_floor import ScoringFloor

TILE = 256  # rows a block of NumPy has: a block of scores stays in the last cache
HALF = np.float32(0.5)


class Floats(NamedTuple):
    """The floor as a NumPy user would keep it."""

    features: NDArray[np.float32]  # (FEATURES, agents), shares of one
    sets: NDArray[np.bool_]  # (sets, agents)
    agents: Agents
    asks: Asks


def floats(floor: ScoringFloor) -> Floats:
    """Return a floor with features as floats and sets as booleans; making it is not timed."""
    agents = floor.registry.arrays
    features = agents.feature_row.T.astype(np.float32) / np.float32(1 << FEATURE_BITS)
    bits = agents.sets.view(np.uint8)
    sets = np.unpackbits(bits, axis=1, bitorder="little").astype(np.bool_)
    return Floats(np.ascontiguousarray(features), sets, agents, floor.asks)


def feasible(given: Floats, row: int) -> NDArray[np.bool_]:
    """Return who may take a row."""
    mask: NDArray[np.bool_] = given.sets[0].copy()
    for need in given.asks.need[row]:
        if need >= 0:
            mask &= given.sets[need]
    choices = given.asks.any_of[row]
    if choices[0] >= 0:
        mask &= given.sets[choices[choices >= 0]].any(axis=0)
    return mask


def by_blocks(given: Floats, rows: NDArray[np.int64], best: int) -> list[NDArray[np.int64]]:
    """Multiply blocks of rows by all agents, mask, and partition each row."""
    found = []
    asks, agents = given.asks, given.agents
    for begin in range(0, rows.size, TILE):
        part = rows[begin : begin + TILE]
        scores = np.floor(asks.weight[part].astype(np.float32) @ given.features + HALF)
        for line, row in enumerate(part):
            points = scores[line]
            for ability, table in zip(asks.ability[row], asks.table[row], strict=True):
                if ability >= 0:
                    points += table[agents.levels[ability]]
            points += agents.net[asks.offset[row]]
            points[~feasible(given, row)] = -np.inf
            # From the front: with most points equal, at the other end, NumPy takes 20 times as long.
            top = points[np.argpartition(-points, min(best, points.size - 1))[:best]]
            found.append(np.sort(top[np.isfinite(top)])[::-1].astype(np.int64) + asks.base[row])
    return found


def by_rows(given: Floats, rows: NDArray[np.int64], best: int) -> list[NDArray[np.int64]]:
    """Score only feasible agents, row by row: what NumPy does best where few are."""
    found = []
    asks, agents = given.asks, given.agents
    turned = agents.feature_row
    for row in rows:
        who = np.flatnonzero(feasible(given, row))
        weights = asks.weight[row].astype(np.float32) / np.float32(1 << FEATURE_BITS)
        points = np.floor(turned[who].astype(np.float32) @ weights + HALF)
        for ability, table in zip(asks.ability[row], asks.table[row], strict=True):
            if ability >= 0:
                points += table[agents.levels[ability, who]]
        points += agents.net[asks.offset[row], who]
        if points.size > best:
            points = points[np.argpartition(-points, best)[:best]]
        found.append(np.sort(points)[::-1].astype(np.int64) + asks.base[row])
    return found


@inner
def _tile(p: Pass, rows: Any, products: Any, vector: Any) -> None:
    """Select from a tile of products that somebody else multiplied."""
    for at in range(rows.size):
        _open(p, at, rows[at], vector)
    for block in range(p.agents.sets.shape[1]):
        for at in range(rows.size):
            for a in range(BLOCK):
                product = products[at, block * BLOCK + a]
                p.work.scores[0, a] = np.int32(np.floor(product + HALF))
            _finish(p, at, 0, block, vector)
    for at in range(rows.size):
        _close(p, at, vector)


@njit(nogil=True)
def _select_tile(
    agents: Agents, asks: Asks, work: Work, rows: NDArray[np.int32], products: Any, vector: bool
) -> None:
    p = Pass(
        Agents(agents.features, agents.feature_row, agents.levels, agents.sets, agents.offset,
               agents.price, agents.net),
        Asks(asks.need, asks.any_of, asks.weight, asks.ability, asks.table, asks.offset, asks.base,
             asks.limit, asks.salt, asks.within, asks.barred),
        Work(work.quota, work.agent, work.value, work.picks, work.bound, work.scored, work.rows,
             work.terms, work.place, work.weights, work.words, work.union, work.scores, work.found,
             work.points, work.pool_value, work.pool_agent, work.pool_size, work.pool_limit),
    )  # fmt: skip
    _tile(p, rows, products, vector)


def by_products(
    given: Floats, handles: tuple[Any, Any, Any], rows: NDArray[np.int32], *, vector: bool
) -> None:
    """Multiply tiles with BLAS and select with our own kernels; what is found is in the work."""
    for begin in range(0, rows.size, CHUNK):
        part = rows[begin : begin + CHUNK]
        products = given.asks.weight[part].astype(np.float32) @ given.features
        _select_tile(*handles, part, products, vector)
