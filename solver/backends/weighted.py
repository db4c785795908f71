"""Our own solver for pairs of different weights: close to the optimum, and it says how close."""

from __future__ import annotations

from typing import Literal

import numpy as np

from solver.kernels import greedy
from solver.kernels.pairs import WAITS
from solver.problem import Plan, Problem
from solver.weighted import exchange, search
from solver.weighted.lists import columns_of, hold, make_lists
from solver.weighted.row_prices import unit_prices

#: Cells of the tables that columns fill, over all of them: some seconds of work.
CELLS_MAX = 1 << 26
#: Passes over all columns to find row prices, plans made from them, sets tried to improve the best.
EFFORT = (64, 1, 128)


def supports(problem: Problem) -> str | None:
    """Return why ``problem`` is out of reach, or ``None``: no class limits, columns of few units."""
    if np.any(problem.class_limit >= 0):
        return "weighted knows no class limits. Maybe use cp_sat."
    pairs = np.bincount(problem.col, minlength=problem.columns)
    cells = int(pairs @ (problem.capacity.astype(np.int64) + 1))
    if cells > CELLS_MAX:
        return f"weighted fills {cells} cells of pairs and units; at most {CELLS_MAX}. Maybe use greedy."
    return None


def solve(problem: Problem, effort: tuple[int, int, int] = EFFORT) -> Plan:
    """Return a plan no worse than the greedy one, with row prices that bound what any plan is worth.

    ``effort`` is counted in steps, see ``search.run``, so the same problem gives the same plan.
    """
    lists = make_lists(problem)
    found = search.make_search(lists)
    column = np.full(problem.rows, WAITS, dtype=np.int32)
    prices = np.zeros(problem.columns, dtype=np.int64)
    work = greedy.make_greedy_work(problem.rows, problem.columns, problem.col.size, problem.classes)
    greedy.greedy_assign(problem.pairs, problem.limits, work, column, prices)
    hold(lists, found.best, column)
    rows_dual = int(search.run(lists, found, effort))
    unit_prices(lists, found.bids.price, prices)
    dual = int(greedy.price_columns(problem.pairs, problem.limits, work, problem.rows, prices))
    bound_from: Literal["prices", "rows"] = "prices" if dual <= rows_dual else "rows"
    return Plan(
        backend="weighted",
        column=columns_of(lists, found.best),
        primal=int(found.best.total[0]),
        dual=min(dual, rows_dual),
        prices=prices,
        class_prices=np.zeros(problem.class_limit.shape, dtype=np.int64),
        row_prices=found.bids.price,
        bound_from=bound_from,
        work={
            "columns_asked": int(found.counters[search.COLUMNS_ASKED]),
            "sets_tried": int(found.counters[search.SETS_TRIED]),
            "sets_kept": int(found.counters[search.SETS_KEPT]),
            "rows_scanned": int(found.paths.counters[exchange.ROWS_SCANNED]),
            "searches": int(found.paths.counters[exchange.SEARCHES]),
        },
    )
