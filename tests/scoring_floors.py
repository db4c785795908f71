"""Registries and asks to try scoring on: seeded, with ties, extremes, absent agents and empty sets."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from solver.scoring.arrays import (
    FEATURE_ONE,
    FEATURES,
    LEVELS,
    TERMS_MAX,
    Agents,
    Asks,
    Work,
    handle,
    make_work,
)
from solver.scoring.asks import BASE_MAX, NO_LIMIT, TABLE_MAX, WEIGHT_MAX, check_asks, make_asks
from solver.scoring.registry import OFFSET_MAX, Profile, Registry
from solver.scoring.select import select

if TYPE_CHECKING:
    from collections.abc import Sequence

ABILITIES, TAGS, OFFSETS = 7, 3, 2


class Small(NamedTuple):
    """How large, how many agents have what is asked for, how far numbers spread."""

    agents: int = 150
    rows: int = 6
    share: float = 0.6
    spread: float = 0.01


def profile(chance: np.random.Generator, about: Small) -> Profile:
    """Return an agent by chance."""
    levels = chance.integers(0, LEVELS, ABILITIES) * (chance.random(ABILITIES) < about.share)
    wide = max(1, int(about.spread * FEATURE_ONE))
    return Profile(
        features=chance.integers(-wide, wide + 1, FEATURES),
        levels=levels,
        tags=(chance.random(TAGS) < about.share).astype(int),
        offsets=chance.integers(
            -int(about.spread * OFFSET_MAX), int(about.spread * OFFSET_MAX) + 1, OFFSETS
        ),
    )


def registry_of(chance: np.random.Generator, about: Small) -> Registry:
    """Return a registry in which some agents were never put and some were removed; with prices."""
    registry = Registry(about.agents, abilities=ABILITIES, tags=TAGS, offsets=OFFSETS)
    for agent in range(about.agents):
        if chance.random() < 0.95:
            registry.put(agent, profile(chance, about))
        if chance.random() < 0.05:
            registry.remove(agent)
    most = int(about.spread * OFFSET_MAX) + 1
    registry.set_prices(
        chance.integers(0, most, registry.agents) * chance.integers(0, 2, registry.agents)
    )
    return registry


def asks_of(chance: np.random.Generator, about: Small, registry: Registry) -> Asks:
    """Return asks with and without each kind of requirement."""
    asks = make_asks(about.rows, barred=5)
    for row in range(about.rows):
        needs = chance.integers(0, registry.sets, chance.integers(0, 3))
        asks.need[row, : needs.size] = needs
        choices = chance.integers(0, registry.sets, chance.integers(0, 4))
        asks.any_of[row, : choices.size] = choices
        sizes = chance.random(FEATURES) * about.spread * WEIGHT_MAX / FEATURES
        sizes[chance.random(FEATURES) < 0.5] *= -1
        asks.weight[row] = np.clip(np.trunc(sizes), -(1 << 15), (1 << 15) - 1)
        terms = chance.integers(0, TERMS_MAX + 1)
        asks.ability[row, :terms] = chance.integers(0, ABILITIES, terms)
        most = int(about.spread * TABLE_MAX / TERMS_MAX)
        asks.table[row, :terms] = chance.integers(-most, most + 1, (terms, LEVELS))
        barred = chance.choice(registry.agents, chance.integers(0, 4), replace=False)
        asks.barred[row, : barred.size] = barred
    asks.offset[:] = chance.integers(0, OFFSETS, about.rows)
    asks.base[:] = chance.integers(-BASE_MAX, BASE_MAX + 1, about.rows) * about.spread
    limited = chance.random(about.rows) < 0.5
    asks.limit[:] = np.where(limited, asks.base, NO_LIMIT)
    check_asks(asks, registry)
    return asks


def picks(
    agents: Agents,
    asks: Asks,
    quota: tuple[int, int],
    *,
    vector: bool,
    rows: Sequence[int] | None = None,
) -> Work:
    """Return what one pass finds for all rows, in the order given."""
    count = asks.base.size
    work = make_work(count, agents.price.size, *quota)
    order = np.arange(count) if rows is None else np.asarray(rows)
    select(handle(agents), handle(asks), handle(work), order.astype(np.int32), vector)
    return work


def listed(work: Work, row: int) -> dict[int, int]:
    """Return the picks of a row with their points."""
    count = int(work.picks[row])
    return dict(
        zip(work.agent[row, :count].tolist(), work.value[row, :count].tolist(), strict=True)
    )
