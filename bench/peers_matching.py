"""scipy, lapx and POT as peers: matchings and transport, each timed by parts."""

from time import process_time

import numpy as np

from bench.peer_forms import dense, doubled, slots, useful
from bench.peer_times import Timed
from solver.problem import Problem

#: Pivots after which POT gives up; its default is too few for 10,000 rows.
POT_PIVOTS_MAX = 100_000_000


def scipy_dense(problem: Problem) -> Timed:
    """Solve by ``linear_sum_assignment`` on the dense matrix of rows and slots."""
    from scipy.optimize import linear_sum_assignment

    begun = process_time()
    matrix = dense(problem)
    built = process_time()
    row, slot = linear_sum_assignment(matrix, maximize=True)
    ended = process_time()
    return Timed.of(begun, built, ended, round(matrix[row, slot].sum()))


def scipy_sparse(problem: Problem) -> Timed:
    """Solve by ``min_weight_full_bipartite_matching``; a row that waits takes a slot of its own."""
    from scipy.sparse import csr_matrix
    from scipy.sparse.csgraph import min_weight_full_bipartite_matching

    begun = process_time()
    pairs = slots(problem)
    every_row = np.arange(pairs.rows)
    # Zeros would not be stored, so costs begin at 1.
    top = int(pairs.value.max(initial=0)) + 1
    cost = np.concatenate([top - pairs.value, np.full(pairs.rows, top)])
    ends = (
        np.concatenate([pairs.row, every_row]),
        np.concatenate([pairs.slot, pairs.columns + every_row]),
    )
    shape = (pairs.rows, pairs.columns + pairs.rows)
    matrix = csr_matrix((cost.astype(np.float64), ends), shape=shape)
    built = process_time()
    row, slot = min_weight_full_bipartite_matching(matrix)
    ended = process_time()
    value = pairs.rows * top - round(np.asarray(matrix[row, slot]).sum())
    return Timed.of(begun, built, ended, value)


def lapx_dense(problem: Problem) -> Timed:
    """Solve by ``lapjv`` on the dense matrix, made square as it wants it."""
    import lap

    begun = process_time()
    matrix = dense(problem)
    cost = matrix.max(initial=0.0) - matrix
    built = process_time()
    row_to_slot = lap.lapjv(cost, extend_cost=True, return_cost=False)[0]
    ended = process_time()
    taken = np.flatnonzero(row_to_slot >= 0)
    value = round(matrix[taken, row_to_slot[taken]].sum())
    return Timed.of(begun, built, ended, value)


def lapx_sparse(problem: Problem) -> Timed:
    """Solve by ``lapmod`` on the doubled graph."""
    import lap

    begun = process_time()
    arcs = doubled(problem)
    first = np.searchsorted(arcs.left, np.arange(arcs.nodes + 1)).astype(np.int32)
    cost, right = arcs.cost.astype(np.float64), arcs.right.astype(np.int32)
    built = process_time()
    total = lap.lapmod(arcs.nodes, cost, first, right, return_cost=True)[0]
    ended = process_time()
    return Timed.of(begun, built, ended, problem.rows * arcs.top - round(total))


def pot_sparse(problem: Problem) -> Timed:
    """Solve by network simplex as optimal transport; one more source fills what stays free."""
    import ot
    from scipy.sparse import coo_matrix

    begun = process_time()
    pairs = useful(problem)
    rows, columns = problem.rows, problem.columns
    every_row, every_column = np.arange(rows), np.arange(columns)
    source = np.concatenate([pairs.row, every_row, np.full(columns + 1, rows)])
    sink = np.concatenate([pairs.col, np.full(rows, columns), every_column, [columns]])
    # A cost of 0 could be taken for no arc at all, so all are one dearer.
    top = int(pairs.value.max(initial=0))
    cost = np.ones(source.size)
    cost[: pairs.row.size] += top - pairs.value
    cost[pairs.row.size : pairs.row.size + rows] += top
    held = float(problem.capacity.sum())
    supply = np.concatenate([np.ones(rows), [held]])
    demand = np.concatenate([problem.capacity, [rows]]).astype(np.float64)
    matrix = coo_matrix((cost, (source, sink)), shape=(rows + 1, columns + 1))
    built = process_time()
    plan = ot.emd(supply, demand, matrix, numItermax=POT_PIVOTS_MAX)
    ended = process_time()
    total = float(plan.multiply(matrix).sum()) - supply.sum()
    return Timed.of(begun, built, ended, rows * top - round(total))
