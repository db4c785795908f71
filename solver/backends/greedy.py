"""Best pair first: fast, any limits, rarely the optimum; says how far from it at most."""

from __future__ import annotations

import numpy as np

from solver.kernels import greedy as kernel
from solver.kernels.pairs import WAITS
from solver.problem import Plan, Problem


def supports(problem: Problem) -> str | None:
    """Return ``None``: every problem can be solved greedily."""
    del problem
    return None


def solve(problem: Problem) -> Plan:
    """Return the greedy plan; its bound comes from a short price descent and leaves a gap."""
    column = np.full(problem.rows, WAITS, dtype=np.int32)
    prices = np.zeros(problem.columns, dtype=np.int64)
    work = kernel.make_greedy_work(problem.rows, problem.columns, problem.col.size, problem.classes)
    primal, dual = kernel.greedy_assign(problem.pairs, problem.limits, work, column, prices)
    return Plan(
        backend="greedy",
        column=column,
        primal=int(primal),
        dual=int(dual),
        prices=prices,
        class_prices=np.zeros(problem.class_limit.shape, dtype=np.int64),
        work={
            "rows_scanned": int(work.counters[kernel.ROWS_SCANNED]),
            "columns_priced": int(work.counters[kernel.COLUMNS_PRICED]),
        },
    )
