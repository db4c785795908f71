"""Larger arrays for a standing assignment: everything keeps its number."""

from __future__ import annotations

import numpy as np

from solver.standing.pool import room_for, room_size
from solver.standing.state import (
    CLASSES,
    COLUMNS,
    NODE_COUNT,
    NODE_FIRST,
    NODES,
    ROW_COUNT,
    ROW_FIRST,
    ROWS,
    Sizes,
    Standing,
    empty,
)


def sizes_of(arrays: Standing) -> Sizes:
    """Return what the arrays have room for."""
    return Sizes(
        rows=int(arrays.head[ROWS]),
        columns=int(arrays.head[COLUMNS]),
        classes=int(arrays.head[CLASSES]),
        pool=arrays.entry.size,
        widest=arrays.scratch.size,
    )


def grown(old: Standing, sizes: Sizes) -> Standing:
    """Return a copy with room for ``sizes``, none of them less than before; classes stay."""
    new = empty(sizes)
    nodes, above = int(old.head[NODES]), int(new.head[NODES])
    for name, array in old._asdict().items():
        target = getattr(new, name)
        if name == "head":
            target[CLASSES + 2 :] = array[CLASSES + 2 :]
        elif array.size == old.price.size and name not in {"heap", "settled", "node_queue"}:
            target[:nodes] = array[:nodes]
            target[above : above + array.size - nodes] = array[nodes:]
        elif name not in {"heap", "settled", "node_queue", "row_queue", "scratch"}:
            target[: array.size] = array
    # The rings begin at their first entry again; a column's own node moves with the nodes.
    waiting = _unrolled(old.node_queue, int(old.head[NODE_FIRST]), int(old.head[NODE_COUNT]))
    new.node_queue[: waiting.size] = np.where(waiting < nodes, waiting, waiting - nodes + above)
    waiting = _unrolled(old.row_queue, int(old.head[ROW_FIRST]), int(old.head[ROW_COUNT]))
    new.row_queue[: waiting.size] = waiting
    new.head[[NODE_FIRST, ROW_FIRST]] = 0
    return new


def _unrolled(ring: np.ndarray, first: int, count: int) -> np.ndarray:
    return np.concatenate([ring, ring])[first : first + count]


def pool_for(row_sizes: np.ndarray, node_sizes: np.ndarray) -> int:
    """Return how much pool blocks for rows and nodes of these many pairs take, with some to spare.

    Parameters
    ----------
    row_sizes, node_sizes
        integers (rows,) and (nodes,), pairs of each.
    """
    wanted = 0
    for sizes, more in ((row_sizes, 0), (node_sizes, 1)):
        counts = np.bincount(sizes) if sizes.size else np.zeros(0, np.int64)
        for size in np.flatnonzero(counts).tolist():
            wanted += int(counts[size]) * room_size(room_for(size + more))
    return wanted + 1024
