"""The agents, written one at a time: what changes about one costs its features, not the floor."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

from solver.kernels.eligible import set_bit
from solver.limits import VALUE_MAX
from solver.problem import ProblemError
from solver.scoring.arrays import BLOCK, FEATURE_ONE, FEATURES, LEVELS, Agents, aligned, handle

if TYPE_CHECKING:
    from collections.abc import Sequence

#: The set of all agents that are present.
PRESENT = 0
#: Sets that are nobody's: whoever scores may mark agents in them for a while.
MARKS = 16
#: Points an agent may be worth by itself, and its price, either way: see ``solver.scoring.asks``.
OFFSET_MAX = VALUE_MAX // 4


class Profile(NamedTuple):
    """What scoring knows about one agent.

    Parameters
    ----------
    features
        ``FEATURES`` shares of ``FEATURE_ONE``, -FEATURE_ONE to FEATURE_ONE.
    levels
        Level of each ability, 0 to 7.
    tags
        0 or 1 for each tag: a region, a group, a channel with a slot free.
    offsets
        Points that depend on the agent alone, for each kind of row.
    """

    features: Sequence[int] | NDArray[Any]
    levels: Sequence[int] | NDArray[Any]
    tags: Sequence[int] | NDArray[Any]
    offsets: Sequence[int] | NDArray[Any]


class Registry:
    """Agents in blocks of 64, ready to be scored; agents that were never put are in no set.

    Order the agents so that those alike are neighbours (main language, region, team): their bits
    then fall into the same words, and whole words are skipped.

    Parameters
    ----------
    agents
        How many there is room for; rounded up to a multiple of 64.
    abilities, tags, offsets
        How many skills and languages there are, how many tags, and how many kinds of offset.
    """

    def __init__(self, agents: int, *, abilities: int, tags: int, offsets: int = 1) -> None:
        blocks = max(1, -(-agents // BLOCK))
        self.agents = blocks * BLOCK
        self.abilities, self.tags, self.offsets = abilities, tags, offsets
        sets = 1 + abilities * (LEVELS - 1) + tags + MARKS
        self.arrays = Agents(
            features=aligned((blocks, FEATURES // 2, BLOCK, 2), np.int16),
            feature_row=aligned((self.agents, FEATURES), np.int16),
            levels=aligned((max(1, abilities), self.agents), np.uint8),
            sets=aligned((sets, blocks), np.uint64),
            offset=aligned((offsets, self.agents), np.int32),
            price=aligned((self.agents,), np.int32),
            net=aligned((offsets, self.agents), np.int32),
        )
        self.handle = handle(self.arrays)

    @property
    def sets(self) -> int:
        """How many sets an ask may name; marks come after them."""
        return int(self.arrays.sets.shape[0]) - MARKS

    def at_least(self, ability: int, level: int) -> int:
        """Return the set of agents who have an ability at a level (1 to 7) or higher."""
        _inside("ability", ability, 0, self.abilities - 1)
        return 1 + ability * (LEVELS - 1) + _inside("level", level, 1, LEVELS - 1) - 1

    def tagged(self, tag: int) -> int:
        """Return the set of agents who have a tag."""
        return 1 + self.abilities * (LEVELS - 1) + _inside("tag", tag, 0, self.tags - 1)

    def marked(self, mark: int) -> int:
        """Return the set that ``mark`` writes."""
        return self.sets + _inside("mark", mark, 0, MARKS - 1)

    def mark(self, mark: int, agents: NDArray[np.bool_]) -> int:
        """Mark just these agents, bool (agents,); return the set they form."""
        at = self.marked(mark)
        bits = np.packbits(agents, bitorder="little").view("<u8")
        self.arrays.sets[at] = bits
        return at

    def put(self, agent: int, profile: Profile) -> None:
        """Add an agent or replace all that is known of it but its price.

        Raises ``ProblemError`` for what is out of bounds, and changes nothing then.
        """
        _inside("agent", agent, 0, self.agents - 1)
        features = _row("features", profile.features, FEATURES, (-FEATURE_ONE, FEATURE_ONE))
        levels = _row("levels", profile.levels, self.abilities, (0, LEVELS - 1))
        tags = _row("tags", profile.tags, self.tags, (0, 1))
        offsets = _row("offsets", profile.offsets, self.offsets, (-OFFSET_MAX, OFFSET_MAX))
        _put(self.handle, agent, features, levels, tags, offsets)

    def remove(self, agent: int) -> None:
        """Take an agent out of all sets."""
        _inside("agent", agent, 0, self.agents - 1)
        _remove(self.handle, agent)

    def set_tag(self, agent: int, tag: int, on: bool) -> None:
        """Give an agent a tag or take it away, for instance when its last slot fills."""
        _inside("agent", agent, 0, self.agents - 1)
        set_bit(self.arrays.sets[self.tagged(tag)], agent, on)

    def set_offset(self, agent: int, offset: int, points: int) -> None:
        """Change what an agent is worth by itself to one kind of row."""
        _inside("agent", agent, 0, self.agents - 1)
        _inside("offset", offset, 0, self.offsets - 1)
        _inside("points", points, -OFFSET_MAX, OFFSET_MAX)
        self.arrays.offset[offset, agent] = points
        self.arrays.net[offset, agent] = points - self.arrays.price[agent]

    def set_prices(self, prices: NDArray[Any]) -> None:
        """Set the price of every agent, as a solver found it; one for each there is room for."""
        checked = _row("prices", prices, self.agents, (0, VALUE_MAX), np.int32)
        self.arrays.price[:] = checked
        np.subtract(self.arrays.offset, self.arrays.price, out=self.arrays.net)


@njit(cache=True, nogil=True)
def _put(
    agents: Agents,
    agent: int,
    features: NDArray[np.int32],
    levels: NDArray[np.int32],
    tags: NDArray[np.int32],
    offsets: NDArray[np.int32],
) -> None:
    """Write one agent into all arrays."""
    block, place = agent // BLOCK, agent % BLOCK
    for k in range(FEATURES):
        agents.feature_row[agent, k] = features[k]
        agents.features[block, k // 2, place, k % 2] = features[k]
    set_bit(agents.sets[0], agent, True)
    at = 1
    for ability in range(levels.size):
        agents.levels[ability, agent] = levels[ability]
        for level in range(1, LEVELS):
            set_bit(agents.sets[at], agent, levels[ability] >= level)
            at += 1
    for tag in range(tags.size):
        set_bit(agents.sets[at + tag], agent, tags[tag] != 0)
    for k in range(offsets.size):
        agents.offset[k, agent] = offsets[k]
        agents.net[k, agent] = offsets[k] - agents.price[agent]


@njit(cache=True, nogil=True)
def _remove(agents: Agents, agent: int) -> None:
    """Take one agent out of all sets."""
    for at in range(agents.sets.shape[0]):
        set_bit(agents.sets[at], agent, False)


def _inside(name: str, value: int, low: int, high: int) -> int:
    if not low <= value <= high:
        raise ProblemError(name, None, value, f"{low} to {high}")
    return value


def _row(
    name: str, given: object, size: int, bounds: tuple[int, int], kind: type = np.int32
) -> NDArray[Any]:
    """Return a checked copy of one agent's numbers."""
    array = np.asarray(given)
    if array.shape != (size,):
        raise ProblemError(name, None, f"of shape {array.shape}", f"({size},)")
    if size and array.dtype.kind not in "iub":
        raise ProblemError(name, None, f"of {array.dtype}", "whole numbers")
    wrong = (array < bounds[0]) | (array > bounds[1])
    if wrong.any():
        at = int(np.argmax(wrong))
        raise ProblemError(name, at, array[at], f"{bounds[0]} to {bounds[1]}")
    return array.astype(kind)
