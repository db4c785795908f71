"""OR-Tools CP-SAT: pairs of different weights and class limits, exact where it gets to the end.

Meant for up to about 100 x 100 (proved in 0.03 to 0.1 s) and for audits. It releases the
interpreter lock while it searches, but not while the model is built.
"""

from __future__ import annotations

import math
from collections import defaultdict
from typing import Any, Literal

import numpy as np
from ortools.sat.python import cp_model

from solver.backends import greedy
from solver.kernels.pairs import WAITS, Int32s
from solver.problem import Plan, Problem

#: CP-SAT's own measure of work, about a second each: a limit that does not depend on the machine,
#: so the same problem gives the same plan.
EFFORT_MAX = 10.0
SEED = 1


def supports(problem: Problem) -> str | None:
    """Return ``None``: weights and class limits are what it is for."""
    del problem
    return None


def solve(problem: Problem, effort_max: float = EFFORT_MAX) -> Plan:
    """Return the best plan found within ``effort_max`` units of deterministic time.

    The search starts from the greedy plan, whose prices give a bound as well; the tighter bound
    is kept and ``bound_from`` says which: ``solver`` is CP-SAT's word, ``prices`` can be checked.
    """
    start = greedy.solve(problem)
    model, chosen = build_model(problem, start.column)
    solver = cp_model.CpSolver()
    solver.parameters.num_workers = 1
    solver.parameters.random_seed = SEED
    solver.parameters.max_deterministic_time = effort_max
    status = solver.solve(model)
    assert status != cp_model.MODEL_INVALID, model.validate()
    assert status != cp_model.INFEASIBLE, "letting every row wait is always feasible"
    column, primal = start.column, start.primal
    if status in (cp_model.OPTIMAL, cp_model.FEASIBLE):
        found, worth = _chosen(problem, solver, chosen)
        if worth > primal:
            column, primal = found, worth
    dual, bound_from = start.dual, _PRICES
    if status != cp_model.UNKNOWN or math.isfinite(solver.best_objective_bound):
        # Values are integers, so a bound between two of them is as good as the lower one.
        bound = math.floor(solver.best_objective_bound + 1e-6)
        if primal <= bound < dual:
            dual, bound_from = bound, _SOLVER
    return Plan(
        backend="cp_sat",
        column=column,
        primal=primal,
        dual=dual,
        prices=start.prices,
        class_prices=start.class_prices,
        bound_from=bound_from,
        work={"branches": int(solver.num_branches), "conflicts": int(solver.num_conflicts)},
    )


_PRICES: Literal["prices", "solver"] = "prices"
_SOLVER: Literal["prices", "solver"] = "solver"


def build_model(problem: Problem, hint: Int32s) -> tuple[Any, dict[int, Any]]:
    """Return the model, one choice for each pair worth taking, and those choices by pair."""
    model = cp_model.CpModel()
    row_of, value, weight = problem.row_of, problem.value, problem.weight
    chosen: dict[int, Any] = {}
    of_row: defaultdict[int, list[int]] = defaultdict(list)
    of_column: defaultdict[int, list[int]] = defaultdict(list)
    of_class: defaultdict[tuple[int, int], list[int]] = defaultdict(list)
    worth_taking = (value > 0) & (weight <= problem.capacity[problem.col])
    for pair in np.flatnonzero(worth_taking).tolist():
        row, column = int(row_of[pair]), int(problem.col[pair])
        chosen[pair] = model.new_bool_var(f"{row}-{column}")
        model.add_hint(chosen[pair], hint[row] == column)
        of_row[row].append(pair)
        of_column[column].append(pair)
        if problem.classes:
            of_class[column, int(problem.row_class[row])].append(pair)
    for pairs in of_row.values():
        model.add_at_most_one(chosen[pair] for pair in pairs)
    for column, pairs in of_column.items():
        units = sum(int(weight[pair]) * chosen[pair] for pair in pairs)
        model.add(units <= int(problem.capacity[column]))
    for (column, kind), pairs in of_class.items():
        limit = int(problem.class_limit[column, kind])
        if limit >= 0:
            model.add(sum(chosen[pair] for pair in pairs) <= limit)
    model.maximize(sum(int(value[pair]) * choice for pair, choice in chosen.items()))
    return model, chosen


def _chosen(
    problem: Problem, solver: cp_model.CpSolver, chosen: dict[int, Any]
) -> tuple[Int32s, int]:
    """Return the column of each row in the solver's answer, and what that is worth."""
    column = np.full(problem.rows, WAITS, dtype=np.int32)
    worth = 0
    row_of = problem.row_of
    for pair, choice in chosen.items():
        if solver.boolean_value(choice):
            column[row_of[pair]] = problem.col[pair]
            worth += int(problem.value[pair])
    return column, worth
