"""Our own exact solver for pairs of one unit each: shortest augmenting paths in integers."""

from __future__ import annotations

import numpy as np

from solver.kernels import augment as kernel
from solver.kernels.pairs import WAITS
from solver.problem import Plan, Problem


def supports(problem: Problem) -> str | None:
    """Return why ``problem`` is out of reach, or ``None``: pairs take one unit, no class limits."""
    if np.any(problem.weight != 1):
        return "augment needs pairs that take one unit each. Maybe use cp_sat."
    if np.any(problem.class_limit >= 0):
        return "augment knows no class limits. Maybe use min_cost_flow."
    return None


def solve(problem: Problem) -> Plan:
    """Return an optimal plan with the prices that prove it, gap 0."""
    column = np.full(problem.rows, WAITS, dtype=np.int32)
    prices = np.zeros(problem.columns, dtype=np.int64)
    work = kernel.make_augment_work(problem.rows, problem.columns)
    primal, dual = kernel.augment(problem.pairs, problem.capacity, work, column, prices)
    return Plan(
        backend="augment",
        column=column,
        primal=int(primal),
        dual=int(dual),
        prices=prices,
        class_prices=np.zeros(problem.class_limit.shape, dtype=np.int64),
        work={
            "rows_scanned": int(work.counters[kernel.ROWS_SCANNED]),
            "columns_settled": int(work.counters[kernel.COLUMNS_SETTLED]),
            "searches": int(work.counters[kernel.SEARCHES]),
        },
    )
