"""An independent check of a plan: feasible, worth what it says, and bounded as it says.

Shares no code with the backends, and trusts neither their sums nor their prices. The bound is
weak Lagrangian duality: for any prices of 0 or more, no plan is worth more than all capacity at
those prices plus, for each row, its best value less what it would pay. Prices of rows bound plans
as well: by their sum plus, for each column, the best that any set of rows that fits it is worth
beyond their prices.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from solver.limits import VALUE_MAX

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from solver.problem import Plan, Problem


@dataclass(frozen=True, slots=True)
class Report:
    """What a check found: the faults in words (none if the plan stands), and both sums anew.

    ``primal`` and ``dual`` are in points and ``None`` where the plan is too broken to add up.
    ``dual`` is the bound that follows from the prices, or from the row prices if the plan's does.
    """

    faults: tuple[str, ...]
    primal: int | None
    dual: int | None

    @property
    def ok(self) -> bool:
        """Whether the plan stands."""
        return not self.faults


def verify(problem: Problem, plan: Plan) -> Report:
    """Check ``plan`` against ``problem`` and report every kind of fault; raises nothing."""
    faults: list[str] = []
    primal = _check_pairs(problem, plan, faults)
    dual = _check_prices(problem, plan, faults)
    if plan.row_prices.size or plan.bound_from == "rows":
        by_rows = _check_row_prices(problem, plan, faults)
        if plan.bound_from == "rows":
            dual = by_rows
    if primal is not None and primal != plan.primal:
        faults.append(f"primal is {plan.primal}; its pairs add up to {primal}")
    if plan.dual < plan.primal:
        faults.append(f"dual is {plan.dual}, less than primal, {plan.primal}")
    if dual is not None and primal is not None and dual < primal:
        faults.append(f"the prices bound plans by {dual}, but this one is worth {primal}")
    if dual is not None and plan.dual != dual:
        if plan.bound_from != "solver":
            faults.append(f"dual is {plan.dual}; its prices give {dual}")
        elif plan.dual > dual:
            faults.append(f"dual is {plan.dual}; its prices alone prove {dual}")
    return Report(tuple(faults), primal, dual)


def _integers(name: str, array: NDArray[Any], shape: tuple[int, ...], faults: list[str]) -> bool:
    """Note what is wrong with an array's form; return whether nothing is."""
    if array.shape != shape:
        faults.append(f"{name} has shape {array.shape}; expected {shape}")
    elif array.dtype.kind != "i":
        faults.append(f"{name} holds {array.dtype}; expected integers")
    else:
        return True
    return False


def _check_pairs(problem: Problem, plan: Plan, faults: list[str]) -> int | None:
    """Check that each pair exists, is worth taking and fits; return the sum of the values."""
    rows, columns = len(problem.row_ptr) - 1, len(problem.capacity)
    if not _integers("column", plan.column, (rows,), faults):
        return None
    primal = 0
    held = np.zeros(columns, dtype=np.int64)
    held_by_class = np.zeros_like(problem.class_limit, dtype=np.int64)
    for row, column in enumerate(plan.column.tolist()):
        if column == -1:
            continue
        start, end = int(problem.row_ptr[row]), int(problem.row_ptr[row + 1])
        found = [at for at in range(start, end) if problem.col[at] == column]
        if not found:
            faults.append(f"row {row} takes column {column}, which is none of its pairs")
            return None
        value = int(problem.value[found[0]])
        if value <= 0:
            faults.append(f"row {row} takes column {column} for {value}; expected more than 0")
        primal += value
        held[column] += problem.weight[found[0]]
        if held_by_class.shape[1]:
            held_by_class[column, problem.row_class[row]] += 1
    faults.extend(
        f"column {column} holds {held[column]} units; its capacity is {problem.capacity[column]}"
        for column in np.flatnonzero(held > problem.capacity).tolist()
    )
    over = (held_by_class > problem.class_limit) & (problem.class_limit >= 0)
    faults.extend(
        f"column {column} holds {held_by_class[column, kind]} rows of class {kind};"
        f" its limit is {problem.class_limit[column, kind]}"
        for column, kind in np.argwhere(over).tolist()
    )
    return primal


def _check_prices(problem: Problem, plan: Plan, faults: list[str]) -> int | None:
    """Check the prices and return the bound that follows from them.

    A pair too heavy for its empty column, or of a class the column may not take, is left out: it
    is part of no plan. Where there are classes, each limit has a price of its own.
    """
    shapes = (problem.capacity.shape, problem.class_limit.shape)
    for name, array, shape in zip(
        ("prices", "class_prices"), (plan.prices, plan.class_prices), shapes, strict=True
    ):
        if not _integers(name, array, shape, faults):
            return None
        for at in np.argwhere((array < 0) | (array > VALUE_MAX))[:1].tolist():
            faults.append(f"{name}{at} is {array[tuple(at)]}; expected 0 to {VALUE_MAX} points")
            return None
    limited = problem.class_limit >= 0
    if np.any(plan.class_prices[~limited]):
        faults.append("class_prices has a price where there is no limit")
        return None
    worth = int(plan.prices.astype(np.int64) @ problem.capacity.astype(np.int64))
    worth += int(np.sum(plan.class_prices[limited] * problem.class_limit[limited].astype(np.int64)))
    row_of = np.repeat(np.arange(len(problem.row_ptr) - 1), np.diff(problem.row_ptr))
    gain = problem.value.astype(np.int64) - problem.weight * plan.prices[problem.col]
    possible = problem.weight <= problem.capacity[problem.col]
    if problem.class_limit.shape[1]:
        kind = problem.row_class[row_of]
        gain -= plan.class_prices[problem.col, kind]
        possible &= problem.class_limit[problem.col, kind] != 0
    best = np.zeros(len(problem.row_ptr) - 1, dtype=np.int64)
    np.maximum.at(best, row_of[possible], gain[possible])
    return worth + int(best.sum())


def _check_row_prices(problem: Problem, plan: Plan, faults: list[str]) -> int | None:
    """Check the row prices and return the bound that follows from them.

    Each column picks its best set by trying every number of units. Limits per class other than 0
    are ignored, which keeps the bound sound.
    """
    prices = plan.row_prices
    if not _integers("row_prices", prices, (len(problem.row_ptr) - 1,), faults):
        return None
    for at in np.flatnonzero((prices < 0) | (prices > VALUE_MAX))[:1].tolist():
        faults.append(f"row_prices[{at}] is {prices[at]}; expected 0 to {VALUE_MAX} points")
        return None
    row_of = np.repeat(np.arange(len(problem.row_ptr) - 1), np.diff(problem.row_ptr))
    gain = problem.value.astype(np.int64) - prices[row_of]
    possible = (gain > 0) & (problem.weight <= problem.capacity[problem.col])
    if problem.class_limit.shape[1]:
        possible &= problem.class_limit[problem.col, problem.row_class[row_of]] != 0
    bound = int(prices.sum())
    by_column = np.argsort(problem.col, kind="stable")
    ends = np.searchsorted(problem.col[by_column], np.arange(len(problem.capacity) + 1))
    for column, capacity in enumerate(problem.capacity.tolist()):
        best = np.zeros(capacity + 1, dtype=np.int64)
        for at in by_column[ends[column] : ends[column + 1]].tolist():
            if not possible[at]:
                continue
            weight = int(problem.weight[at])
            best[weight:] = np.maximum(best[weight:], best[:-weight] + gain[at])
        bound += int(best[-1])
    return bound
