"""Seeded floors to score: agents, and rows that ask for a language, skills and a region.

``density`` is the share of the pairs that are feasible; ``alike`` the share of taste that all rows
have in common. Features and weights are small enough whole numbers that 32-bit floats hold every
sum exactly, so peers that multiply floats come to the same integers.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from solver.scoring.arrays import FEATURE_ONE, FEATURES, Asks
from solver.scoring.asks import check_asks, make_asks
from solver.scoring.registry import Profile, Registry

LANGUAGES, SKILLS, REGIONS = 24, 256, 4
STEPS = 512  # features are multiples of FEATURE_ONE / STEPS


class Shape(NamedTuple):
    """How large a floor is, how many pairs are feasible, how much taste is shared."""

    rows: int
    agents: int
    density: float
    alike: float = 0.5


class ScoringFloor(NamedTuple):
    """A registry and the asks of its rows, equal asks side by side."""

    registry: Registry
    asks: Asks


def make(shape: Shape, seed: int = 7) -> ScoringFloor:
    """Return the seeded floor of a shape."""
    chance = np.random.default_rng(seed)
    registry = Registry(
        shape.agents, abilities=LANGUAGES + SKILLS, tags=REGIONS + 1, offsets=REGIONS
    )
    # Language, one or two skills and the region decide alike: their shares multiply to the density.
    region = 1.0 if shape.density > 0.3 else 0.5
    share = (shape.density / region) ** (1 / 2.5)
    spoken, skilled = min(1.0, share), min(1.0, share)
    people = []
    for _ in range(shape.agents):
        levels = chance.integers(1, 6, LANGUAGES + SKILLS)
        levels[:LANGUAGES][chance.random(LANGUAGES) >= spoken] = 0
        levels[LANGUAGES:][chance.random(SKILLS) >= skilled] = 0
        home = int(chance.integers(REGIONS))
        features = chance.integers(-STEPS, STEPS + 1, FEATURES) * (FEATURE_ONE // STEPS)
        distance = np.abs(np.arange(REGIONS) - home)
        people.append((int(np.argmax(levels[:LANGUAGES])), home, levels, features, distance))
    people.sort(key=lambda one: one[:2])
    for agent, (_, home, levels, features, distance) in enumerate(people):
        tags = np.append(np.arange(REGIONS) == home, 1)
        offsets = chance.integers(0, 200) - 100 * distance
        registry.put(agent, Profile(features, levels, tags, offsets))
    return ScoringFloor(registry, _asks(shape, registry, chance))


def _asks(shape: Shape, registry: Registry, chance: np.random.Generator) -> Asks:
    """Return the rows: language by Zipf, skills by chance, tastes partly shared, sorted by what they ask."""
    asks = make_asks(shape.rows, barred=64)
    zipf = 1 / np.arange(1, LANGUAGES + 1)
    language = chance.choice(LANGUAGES, shape.rows, p=zipf / zipf.sum())
    skills = np.sort(chance.integers(0, SKILLS, (shape.rows, 2)), axis=1)
    two, region = chance.random(shape.rows) < 0.5, chance.integers(0, REGIONS, shape.rows)
    order = np.lexsort((region, skills[:, 0], language))
    common = chance.normal(size=FEATURES)
    for row, k in enumerate(order):
        own = chance.normal(size=FEATURES)
        taste = shape.alike * common + (1 - shape.alike) * own
        urgency = int(chance.integers(1, 4))
        asks.weight[row] = np.rint(taste * 100 * urgency)
        asked = [int(language[k]), *(LANGUAGES + skills[k, : 1 + int(two[k])])]
        for n, ability in enumerate(dict.fromkeys(asked)):
            asks.need[row, n] = registry.at_least(int(ability), 1)
            asks.ability[row, n] = ability
            asks.table[row, n] = np.minimum(np.arange(8), 5) * 60 * urgency
        asks.need[row, 3] = registry.tagged(REGIONS)
        asks.need[row][asks.need[row] < 0] = registry.tagged(REGIONS)
        near = [region[k]] if shape.density > 0.3 else [region[k], (region[k] + 1) % REGIONS]
        wanted = range(REGIONS) if shape.density > 0.3 else near
        for n, home in enumerate(wanted):
            asks.any_of[row, n] = registry.tagged(int(home))
        asks.offset[row] = region[k]
        asks.base[row] = int(chance.integers(500, 4000)) + 8000
    check_asks(asks, registry)
    return asks
