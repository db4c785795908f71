"""All memory of a standing assignment: a few arrays, handed to kernels as one structure."""

from __future__ import annotations

from typing import Any, Final, NamedTuple, Self, cast

import numba
import numpy as np
from numba import njit, types
from numba.experimental import structref
from numpy.typing import NDArray

from solver.wrapping import Wrapper

Int32s = NDArray[np.int32]
Int64s = NDArray[np.int64]

#: What ``node_of`` holds for a row that holds no slot.
WAITS, QUEUED, ABSENT = -1, -2, -3
NOBODY = -1
#: What ``place`` holds for a node that is not in the heap.
UNSEEN, SETTLED = -1, -2
#: What ``margin`` is at most; no search looks further without looking at the pairs.
MARGIN_MAX: Final = 512
#: A limit that never binds.
BOUNDLESS = 1 << 30

#: More scans than anything takes.
UNBOUNDED = 1 << 60

#: What ``head[LINKED]`` says: nodes have no blocks; they have, but pairs have no twins; all is there.
UNLINKED, ONE_WAY, BOTH_WAYS = 0, 1, 2

# Places in ``head``.
ROWS, COLUMNS, CLASSES, NODES = 0, 1, 2, 3
POOL_USED, LINKED = 4, 5
ROW_FIRST, ROW_COUNT, NODE_FIRST, NODE_COUNT = 6, 7, 8, 9
ROW_SCANS, NODE_SCANS, SEARCHES, PULLS, PHASES = 10, 11, 12, 13, 14
BUDGET = 15
HEAD: Final = 16

# Places in ``search``: the best end so far and what it costs, nodes settled, nodes in the heap, and
# how far to look.
BOUND, END_NODE, END_ROW, SETTLED_COUNT, HEAP_SIZE, HORIZON = range(6)
SEARCH: Final = 6

#: Rooms of blocks in the pool: 16, 32, 48, 64, 96, 128 ... pairs.
ROOMS: Final = 60


class Standing(NamedTuple):
    """The arrays of a standing assignment.

    ``rows`` and ``columns`` say what there is room for; ``nodes`` is ``columns x classes``, and
    ``all`` is ``nodes``, with the columns themselves on top if there are several classes.

    A pair lies in the pool twice, in the block of its row as ``value << 32 | ~node`` and in that of
    its node as ``value << 32 | row``; ``twin`` says where the other is.
    """

    head: Int64s  # (HEAD,) sizes, queues' ends and counters
    entry: Int64s  # (pool,) pairs, row by row and node by node
    twin: Int32s  # (pool,) where the same pair lies in the other block
    free: Int32s  # (ROOMS,) first free block of each room, or NOBODY
    row_at: Int32s  # (rows,) where a row's block begins
    row_size: Int32s  # (rows,) how many pairs it has
    row_room: Int32s  # (rows,) which room its block has, NOBODY without one
    row_kind: Int32s  # (rows,) class
    waiting: Int32s  # (rows,) points a row is worth while it waits: minus its wait cost
    profit: Int32s  # (rows,) points a row gains at the present prices
    margin: Int32s  # (rows,) points that any pair but the one held is at least short of the best
    worth: Int32s  # (rows,) points of the pair held; only while phases run
    node_of: Int32s  # (rows,) node held, or WAITS, QUEUED, ABSENT
    next_row: Int32s  # (rows,) chain of the rows that hold the same node
    previous_row: Int32s  # (rows,)
    row_queue: Int32s  # (rows,) ring of rows that ask for a place
    row_queued: Int32s  # (rows,) 1 while in that ring
    node_at: Int32s  # (nodes,) where a node's block begins
    node_size: Int32s  # (nodes,) how many pairs it has
    node_room: Int32s  # (nodes,) which room its block has
    first_row: Int32s  # (nodes,) head of the chain of rows that hold it
    price: Int32s  # (all,) points per slot
    limit: Int32s  # (all,) slots
    held: Int32s  # (all,) slots that are held or vacant
    vacant: Int32s  # (all,) slots that nobody holds although they have a price
    node_queue: Int32s  # (all,) ring of nodes with vacant slots
    node_queued: Int32s  # (all,) 1 while in that ring
    distance: Int32s  # (all,) points lost on the way to the node
    from_row: Int32s  # (all,) row that would move, last on the way
    from_at: Int32s  # (all,) where in the pool that row has its pair with where it would move to
    from_node: Int32s  # (all,) node before that
    ahead_row: Int32s  # (all,) trails: row that may move on from the node, or NOBODY
    ahead_at: Int32s  # (all,) where in the pool it has the pair
    back_row: Int32s  # (all,) trails: row that may move to the node, or NOBODY
    back_at: Int32s  # (all,) where in the pool it has the pair
    place: Int32s  # (all,) where in the heap, or UNSEEN or SETTLED
    heap: Int64s  # (all,) nodes by (distance, index), least first
    settled: Int32s  # (all,) nodes whose distance is final, in that order
    later: Int32s  # (all,) least distance from there that was too far to follow yet
    search: Int64s  # (SEARCH,) what the search under way knows
    scratch: Int64s  # (widest block,) pairs of the row that comes in


@structref.register
class StandingType(types.StructRef):
    """The compiled kernels' view of ``Standing``."""

    @property
    def mangling_args(self) -> Any:
        """Keep symbols short: there is one such type, and its full name is very long."""
        return "CordboardStanding", ()

    def preprocess_fields(self, fields: Any) -> Any:
        """Forget that literals are literals, as structref asks."""
        return tuple((name, types.unliteral(typ)) for name, typ in fields)


class StandingProxy(structref.StructRefProxy):
    """A handle on the arrays; opaque to Python."""

    def __new__(cls, *arrays: Any) -> Self:
        """Wrap the arrays, in the order of ``Standing``."""
        return cast("Self", structref.StructRefProxy.__new__(cls, *arrays))


structref.define_proxy(StandingProxy, StandingType, list(Standing._fields))


@njit(cache=True, nogil=True)
def _wrapped(*arrays: Any) -> Any:
    """Wrap the arrays; the proxy's own constructor would be compiled in every process."""
    return StandingProxy(*arrays)


WRAPPED: Final = Wrapper(_wrapped)


def handle(arrays: Standing) -> Standing:
    """Return what kernels take: one compiled structure, or with the JIT off the arrays."""
    if numba.config.DISABLE_JIT:
        return arrays
    return cast("Standing", WRAPPED(arrays))


class Sizes(NamedTuple):
    """What a standing assignment has room for."""

    rows: int = 1024
    columns: int = 64
    classes: int = 1
    pool: int = 1 << 16
    widest: int = 1024


def empty(sizes: Sizes) -> Standing:
    """Return the arrays of an assignment without rows, all columns without slots."""
    nodes = sizes.columns * sizes.classes
    every = nodes + (sizes.columns if sizes.classes > 1 else 0)
    length = {"entry": sizes.pool, "twin": sizes.pool, "free": ROOMS, "head": HEAD}
    length["search"] = SEARCH
    length["scratch"] = sizes.widest
    length |= dict.fromkeys(("node_at", "node_size", "node_room", "first_row"), nodes)
    of_row: tuple[str, ...] = (
        "row_at",
        "row_size",
        "row_room",
        "row_kind",
        "waiting",
        "profit",
        "margin",
        "worth",
    )
    of_row += ("node_of", "next_row", "previous_row", "row_queue", "row_queued")
    length |= dict.fromkeys(of_row, sizes.rows)
    wide = {"head", "entry", "heap", "scratch", "search"}
    made: dict[str, Any] = {
        name: np.full(
            length.get(name, every), FILL.get(name, 0), np.int64 if name in wide else np.int32
        )
        for name in Standing._fields
    }
    arrays = Standing(**made)
    arrays.head[:4] = (sizes.rows, sizes.columns, sizes.classes, nodes)
    arrays.head[LINKED] = BOTH_WAYS
    arrays.head[BUDGET] = UNBOUNDED
    if sizes.classes > 1:
        arrays.limit[:nodes] = BOUNDLESS
    return arrays


FILL: Final = {
    **dict.fromkeys(("free", "row_room", "node_room", "first_row", "place"), NOBODY),
    **dict.fromkeys(("ahead_row", "back_row"), NOBODY),
    "node_of": ABSENT,
}
