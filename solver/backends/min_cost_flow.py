"""OR-Tools' cost-scaling flow: exact for pairs of one unit, limits per class of rows included.

``SimpleMinCostFlow`` holds the interpreter lock while it solves (100 ms and more for thousands of
rows): call it from tests, benchmarks or another process, never from a thread of a server.
"""

from __future__ import annotations

import numpy as np
from ortools.graph.python import min_cost_flow

from solver.kernels.pairs import WAITS, Int32s, Int64s
from solver.kernels.potentials import make_potential_work, recover_prices
from solver.problem import Plan, Problem


def supports(problem: Problem) -> str | None:
    """Return why ``problem`` is out of reach, or ``None``: pairs must take one unit each."""
    if np.any(problem.weight != 1):
        return "min_cost_flow needs pairs that take one unit each. Maybe use cp_sat."
    return None


def solve(problem: Problem) -> Plan:
    """Return an optimal plan with prices that prove it, gap 0.

    OR-Tools' wrapper gives flows but no potentials, so the prices are worked out from the plan.
    """
    column = _flow(problem)
    prices = np.zeros(problem.columns, dtype=np.int64)
    class_prices = np.zeros(problem.class_limit.shape, dtype=np.int64)
    work = make_potential_work(problem.rows, problem.columns, problem.classes)
    found = recover_prices(problem.pairs, problem.limits, column, work, prices, class_prices)
    assert found, "OR-Tools returned a flow that is not of least cost"
    primal = int(work.worth.sum())
    # Complementary slackness: what is not profit of a row is paid for capacity that is full.
    paid = _paid(problem, column, prices, class_prices)
    dual = primal - paid + int(prices @ problem.capacity.astype(np.int64))
    dual += int((class_prices * np.maximum(problem.class_limit, 0)).sum())
    return Plan("min_cost_flow", column, primal, dual, prices, class_prices)


def _paid(problem: Problem, column: Int32s, prices: Int64s, class_prices: Int64s) -> int:
    """Return what all rows together pay at the columns they take, in points."""
    rows = np.flatnonzero(column != WAITS)
    paid = int(prices[column[rows]].sum())
    if problem.classes:
        paid += int(class_prices[column[rows], problem.row_class[rows]].sum())
    return paid


def _flow(problem: Problem) -> Int32s:
    """Return the column of each row in a flow of least cost, -1 where the row waits."""
    column = np.full(problem.rows, WAITS, dtype=np.int32)
    taken = np.flatnonzero(problem.value > 0)
    if taken.size == 0:
        return column
    flow = build_flow(problem)
    status = flow.solve()
    assert status == flow.OPTIMAL, f"OR-Tools answered {status.name}"
    used = taken[flow.flows(np.arange(taken.size, dtype=np.int32)) > 0]
    column[problem.row_of[used]] = problem.col[used]
    return column


def build_flow(problem: Problem) -> min_cost_flow.SimpleMinCostFlow:
    """Return the problem as OR-Tools sees it, not yet solved; its first arcs are the pairs > 0.

    Nodes: the rows, the columns, one for each class of each column, the sink. A row sends its
    one unit through the node of its class, or straight to the sink at cost 0: it waits.
    """
    rows, columns, classes = problem.rows, problem.columns, problem.classes
    taken = np.flatnonzero(problem.value > 0)
    row_of, col = problem.row_of[taken], problem.col[taken]
    first_class = rows + columns
    sink = first_class + columns * classes
    at = rows + col
    if classes:
        at = first_class + col * classes + problem.row_class[row_of]
    limit = np.where(problem.class_limit < 0, problem.capacity[:, None], problem.class_limit)
    every_row, every_column = np.arange(rows), np.arange(columns)
    arcs = (
        (row_of, at, np.ones(taken.size), -problem.value[taken].astype(np.int64)),
        (every_row, np.full(rows, sink), np.ones(rows), np.zeros(rows)),
        (rows + every_column, np.full(columns, sink), problem.capacity, np.zeros(columns)),
        (
            first_class + np.arange(columns * classes),
            rows + np.repeat(every_column, classes),
            limit.reshape(-1),
            np.zeros(columns * classes),
        ),
    )
    flow = min_cost_flow.SimpleMinCostFlow()
    flow.add_arcs_with_capacity_and_unit_cost(
        *(
            np.concatenate([np.asarray(arc[part]) for arc in arcs]).astype(dtype)
            for part, dtype in enumerate((np.int32, np.int32, np.int64, np.int64))
        )
    )
    flow.set_nodes_supplies(
        np.array([*every_row, sink], dtype=np.int32), np.array([1] * rows + [-rows], dtype=np.int64)
    )
    return flow
