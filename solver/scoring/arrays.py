"""What scoring reads and writes: agents, asks and the work of a pass, as arrays and as handles.

Everything is an integer, so the same arrays give the same picks on every machine, on the vector
path and on the portable one. Points are thousandths, as everywhere in the solver.

``Agents``, ``Asks`` and ``Work`` name the arrays for Python; ``handle`` wraps each for the kernels,
which then take three arguments and not thirty (docs/solver.md, section Scoring). With the JIT
switched off, kernels run as plain Python on the very same tuples.
"""

from typing import Any, NamedTuple, Self, TypeVar, cast

import numba
import numpy as np
from numba import njit, types
from numba.experimental import structref
from numpy.typing import NDArray

#: Agents in a block: the bits of one word.
BLOCK = 64
#: Features of an agent, each a share of ``FEATURE_ONE``; weights are points for a whole one.
FEATURES = 32
FEATURE_BITS = 12
FEATURE_ONE = 1 << FEATURE_BITS
#: Levels an ability may have, 0 (none) up to ``LEVELS - 1``: one row of a table of points.
LEVELS = 8
#: Sets of agents one ask may require, and sets of which it may require any.
NEEDS_MAX = 8
ANY_MAX = 8
#: Abilities whose level adds points.
TERMS_MAX = 6
#: Rows one pass works on side by side, and rows whose products are formed together.
CHUNK = 64
GROUP = 4
#: Picks kept for a row while a pass runs; beyond it, the pool is cut back to the best.
POOL = 256
#: Best picks and spread picks one row may ask for together.
PICKS_MAX = 128

# A block may add 64 picks to a pool that was just cut back, and a vector writes 16 at a time.
POOL_WIDTH = POOL + BLOCK + 16
assert PICKS_MAX + BLOCK <= POOL

Handled = TypeVar("Handled", bound=tuple[Any, ...])


class Agents(NamedTuple):
    """The agents' side: features, levels, sets and offsets, 64 agents a block.

    Agents that are absent are in no set; their other numbers mean nothing.
    """

    features: NDArray[np.int16]  # (blocks, FEATURES / 2, 64, 2) features of a block, two by two
    feature_row: NDArray[np.int16]  # (agents, FEATURES) the same, agent by agent
    levels: NDArray[np.uint8]  # (abilities, agents) level of each ability
    sets: NDArray[np.uint64]  # (sets, blocks) one bit for each agent
    offset: NDArray[np.int32]  # (offsets, agents) points that depend on the agent alone
    price: NDArray[np.int32]  # (agents,) points a unit of the agent's time costs
    net: NDArray[np.int32]  # (offsets, agents) offset less price


class Asks(NamedTuple):
    """The rows' side: what each row asks for, and what it gives points for."""

    need: NDArray[np.int32]  # (rows, NEEDS_MAX) sets the agent has to be in; -1 from the first free
    any_of: NDArray[np.int32]  # (rows, ANY_MAX) sets the agent has to be in one of; -1 likewise
    weight: NDArray[np.int16]  # (rows, FEATURES) points for a whole feature
    ability: NDArray[np.int32]  # (rows, TERMS_MAX) abilities that add points; -1 likewise
    table: NDArray[np.int32]  # (rows, TERMS_MAX, LEVELS) points for each level of them, else 0
    offset: NDArray[np.int32]  # (rows,) which row of the agents' offsets applies
    base: NDArray[np.int32]  # (rows,) points whoever takes the row
    limit: NDArray[np.int32]  # (rows,) points a pick has to exceed, its price paid
    salt: NDArray[np.int64]  # (rows,) what the spread picks are drawn by
    within: NDArray[np.int32]  # (rows,) a set the agent has to be in just now, or -1
    barred: NDArray[np.int32]  # (rows, any) agents that are no picks; -1 from the first free


class Work(NamedTuple):
    """What a pass leaves: the picks of each row. The rest is scratch."""

    quota: NDArray[np.int32]  # (3,) picks a row wants: the best, and spread ones; when to cut back
    agent: NDArray[np.int32]  # (rows, picks) agents picked, rising
    value: NDArray[np.int32]  # (rows, picks) points of each pair, its price not paid
    picks: NDArray[np.int32]  # (rows,) how many were picked
    bound: NDArray[np.int32]  # (rows,) points no pair that was left out exceeds, its price paid
    scored: NDArray[np.int64]  # (1,) feasible pairs looked at so far
    rows: NDArray[np.int32]  # (CHUNK,) rows in hand
    terms: NDArray[np.int32]  # (CHUNK,) how many abilities add points
    place: NDArray[np.int64]  # (CHUNK, TERMS_MAX) where in the levels these begin
    weights: NDArray[np.int16]  # (CHUNK, FEATURES)
    words: NDArray[np.uint64]  # (CHUNK, blocks) who is feasible
    union: NDArray[np.uint64]  # (blocks,)
    scores: NDArray[np.int32]  # (GROUP, 64)
    found: NDArray[np.int32]  # (agents,) who is feasible, one by one
    points: NDArray[np.int32]  # (agents,) and what each is worth
    pool_value: NDArray[np.int32]  # (CHUNK, POOL_WIDTH)
    pool_agent: NDArray[np.int32]  # (CHUNK, POOL_WIDTH)
    pool_size: NDArray[np.int32]  # (CHUNK,)
    pool_limit: NDArray[np.int32]  # (CHUNK,) points to exceed, base not counted


class _Handle(types.StructRef):
    """The kernels' view of one of the tuples above."""

    @property
    def mangling_args(self) -> Any:
        """Keep symbols short: the full name of such a type has thousands of characters."""
        return type(self).__name__, ()

    def preprocess_fields(self, fields: Any) -> Any:
        """Forget that literals are literals, as structref asks."""
        return tuple((name, types.unliteral(typ)) for name, typ in fields)


@structref.register
class AgentsType(_Handle):
    """The type of a handle on ``Agents``."""


@structref.register
class AsksType(_Handle):
    """The type of a handle on ``Asks``."""


@structref.register
class WorkType(_Handle):
    """The type of a handle on ``Work``."""


class _Proxy(structref.StructRefProxy):
    """A handle on arrays; opaque to Python."""

    def __new__(cls, *arrays: Any) -> Self:
        """Wrap the arrays, in the order of their tuple."""
        return cast("Self", structref.StructRefProxy.__new__(cls, *arrays))


class AgentsHandle(_Proxy):
    """A handle on ``Agents``."""


class AsksHandle(_Proxy):
    """A handle on ``Asks``."""


class WorkHandle(_Proxy):
    """A handle on ``Work``."""


structref.define_proxy(AgentsHandle, AgentsType, list(Agents._fields))
structref.define_proxy(AsksHandle, AsksType, list(Asks._fields))
structref.define_proxy(WorkHandle, WorkType, list(Work._fields))


@njit(cache=True, nogil=True)
def _agents(*arrays: Any) -> Any:
    return AgentsHandle(*arrays)


@njit(cache=True, nogil=True)
def _asks(*arrays: Any) -> Any:
    return AsksHandle(*arrays)


@njit(cache=True, nogil=True)
def _work(*arrays: Any) -> Any:
    return WorkHandle(*arrays)


def handle(arrays: Handled) -> Handled:
    """Return what kernels take for ``Agents``, ``Asks`` or ``Work``: a view of the same memory."""
    if numba.config.DISABLE_JIT:
        return arrays
    wrap = {Agents: _agents, Asks: _asks, Work: _work}[type(arrays)]
    return cast("Handled", wrap(*arrays))


def aligned(shape: tuple[int, ...], dtype: Any) -> Any:
    """Return zeros that begin at a multiple of 64 bytes, so that no vector spans two lines."""
    size = int(np.prod(shape)) * np.dtype(dtype).itemsize
    raw = np.zeros(size + 64, dtype=np.uint8)
    start = -raw.ctypes.data % 64
    return raw[start : start + size].view(dtype).reshape(shape)


def make_work(rows: int, agents: int, best: int, spread: int = 0) -> Work:
    """Return what a pass over up to ``rows`` rows works with, for so many picks a row.

    Raises ``ValueError`` without any best pick, and for more than ``PICKS_MAX`` together.
    """
    if best < 1 or spread < 0 or best + spread > PICKS_MAX:
        expected = f"1 or more and 0 or more, {PICKS_MAX} together at most"
        message = f"best and spread are {best} and {spread}; expected {expected}."
        raise ValueError(message)
    width, i4 = best + spread, np.int32
    return Work(
        quota=np.array([best, spread, min(POOL, max(96, 2 * best + 32))], dtype=i4),
        agent=np.zeros((rows, width), dtype=i4),
        value=np.zeros((rows, width), dtype=i4),
        picks=np.zeros(rows, dtype=i4),
        bound=np.zeros(rows, dtype=i4),
        scored=np.zeros(1, dtype=np.int64),
        rows=np.zeros(CHUNK, dtype=i4),
        terms=np.zeros(CHUNK, dtype=i4),
        place=np.zeros((CHUNK, TERMS_MAX), dtype=np.int64),
        weights=aligned((CHUNK, FEATURES), np.int16),
        words=aligned((CHUNK, -(-agents // BLOCK)), np.uint64),
        union=aligned((-(-agents // BLOCK),), np.uint64),
        scores=aligned((GROUP, BLOCK), i4),
        found=aligned((-(-agents // BLOCK) * BLOCK,), i4),
        points=aligned((-(-agents // BLOCK) * BLOCK,), i4),
        pool_value=aligned((CHUNK, POOL_WIDTH), i4),
        pool_agent=aligned((CHUNK, POOL_WIDTH), i4),
        pool_size=np.zeros(CHUNK, dtype=i4),
        pool_limit=np.zeros(CHUNK, dtype=i4),
    )
