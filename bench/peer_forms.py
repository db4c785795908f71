"""The same problem as other solvers want it: pairs worth taking, slots, a linear program."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from solver.problem import Problem

Int64s = NDArray[np.int64]
Floats = NDArray[np.float64]


class Useful(NamedTuple):
    """The pairs that a plan may take: worth something, and not too heavy for an empty column.

    All are int64 (pairs,), in the order of the problem: by row, then by column.
    """

    row: Int64s
    col: Int64s
    value: Int64s
    weight: Int64s


class Slots(NamedTuple):
    """Pairs of one unit, columns of several units taken apart into slots of one.

    ``row``, ``slot`` and ``value`` are int64 (pairs of rows and slots,), by row, then by slot;
    ``columns`` is the number of slots. A column has no more slots than rows that want it.
    """

    row: Int64s
    slot: Int64s
    value: Int64s
    rows: int
    columns: int


class Program(NamedTuple):
    """A linear program: maximize value over ``0 <= x <= 1`` with ``matrix x <= bound``.

    The matrix is stored by rows (``indptr``, ``indices``, ``data``): one constraint for each row of
    the problem, then one for each column.
    """

    value: Floats
    bound: Floats
    indptr: NDArray[np.int32]
    indices: NDArray[np.int32]
    data: Floats


def useful(problem: Problem) -> Useful:
    """Return the pairs of a problem that a plan may take."""
    taken = (problem.value > 0) & (problem.weight <= problem.capacity[problem.col])
    parts = (problem.row_of, problem.col, problem.value, problem.weight)
    return Useful(*(part[taken].astype(np.int64) for part in parts))


def slots(problem: Problem) -> Slots:
    """Return the pairs of a problem of one unit each, slot by slot."""
    pairs = useful(problem)
    wanted = np.bincount(pairs.col, minlength=problem.columns)
    of_column = np.minimum(problem.capacity.astype(np.int64), wanted)
    first = np.cumsum(of_column) - of_column
    copies = of_column[pairs.col]
    pair = np.repeat(np.arange(pairs.col.size), copies)
    place = np.arange(pair.size) - np.repeat(np.cumsum(copies) - copies, copies)
    return Slots(
        row=pairs.row[pair],
        slot=first[pairs.col[pair]] + place,
        value=pairs.value[pair],
        rows=problem.rows,
        columns=int(of_column.sum()),
    )


def cells(problem: Problem) -> int:
    """Return how many numbers the dense matrix of rows and slots has."""
    return problem.rows * int(problem.capacity.sum())


def dense(problem: Problem) -> Floats:
    """Return the value of each row at each slot, 0 where it had rather wait."""
    pairs = slots(problem)
    matrix = np.zeros((pairs.rows, pairs.columns))
    matrix[pairs.row, pairs.slot] = pairs.value
    return matrix


class Arcs(NamedTuple):
    """Rows and slots doubled, so that every solution is a perfect matching of ``nodes`` a side.

    Left are rows, then a stand-in for each slot; right are slots, then a stand-in for each row. A
    row that waits takes its own stand-in. Costs are not negative: ``top`` less the value, where
    ``top`` is the largest value. All are int64 (arcs,), by left node, then by right node.
    """

    left: Int64s
    right: Int64s
    cost: Int64s
    nodes: int
    top: int


def doubled(problem: Problem) -> Arcs:
    """Return the doubled graph of a problem; its perfect matchings cost at least 0."""
    pairs = slots(problem)
    rows, columns = pairs.rows, pairs.columns
    every_row, every_slot = np.arange(rows), np.arange(columns)
    left = np.concatenate([pairs.row, every_row, rows + every_slot, rows + pairs.slot])
    right = np.concatenate([pairs.slot, columns + every_row, every_slot, columns + pairs.row])
    cost = np.zeros(left.size, dtype=np.int64)
    top = int(pairs.value.max(initial=0))
    cost[: pairs.row.size] = top - pairs.value
    cost[pairs.row.size : pairs.row.size + rows] = top
    order = np.lexsort((right, left))
    return Arcs(left[order], right[order], cost[order], rows + columns, top)


def program(problem: Problem) -> Program:
    """Return the linear relaxation of a problem."""
    pairs = useful(problem)
    count = pairs.row.size
    per_row = np.bincount(pairs.row, minlength=problem.rows)
    per_column = np.bincount(pairs.col, minlength=problem.columns)
    by_column = np.argsort(pairs.col, kind="stable")
    return Program(
        value=pairs.value.astype(np.float64),
        bound=np.concatenate([np.ones(problem.rows), problem.capacity]).astype(np.float64),
        indptr=np.cumsum([0, *per_row, *per_column]).astype(np.int32),
        indices=np.concatenate([np.arange(count), by_column]).astype(np.int32),
        data=np.concatenate([np.ones(count), pairs.weight[by_column]]).astype(np.float64),
    )
