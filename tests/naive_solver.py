"""Slow, obvious versions of every assignment kernel: try everything, sort everything."""

from __future__ import annotations

from itertools import combinations, product
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from solver.problem import Problem


def choices(problem: Problem, row: int) -> dict[int, tuple[int, int]]:
    """Return ``{column: (value, weight)}`` over the pairs of ``row`` that are worth something."""
    span = range(int(problem.row_ptr[row]), int(problem.row_ptr[row + 1]))
    return {
        int(problem.col[at]): (int(problem.value[at]), int(problem.weight[at]))
        for at in span
        if problem.value[at] > 0
    }


def naive_fits(problem: Problem, columns: Sequence[int]) -> bool:
    """Return whether the columns can hold what the rows bring, class by class."""
    for column in range(problem.columns):
        held = [row for row, taken in enumerate(columns) if taken == column]
        if sum(choices(problem, row)[column][1] for row in held) > problem.capacity[column]:
            return False
        for kind in range(problem.classes):
            count = sum(int(problem.row_class[row]) == kind for row in held)
            if 0 <= problem.class_limit[column, kind] < count:
                return False
    return True


def naive_value(problem: Problem, columns: Sequence[int]) -> int:
    """Return what a plan is worth, in points."""
    return sum(choices(problem, row)[taken][0] for row, taken in enumerate(columns) if taken >= 0)


def naive_optimum(problem: Problem) -> int:
    """Return the value of the best plan there is, by trying every one."""
    options = [[-1, *choices(problem, row)] for row in range(problem.rows)]
    return max(
        naive_value(problem, columns)
        for columns in product(*options)
        if naive_fits(problem, columns)
    )


def naive_greedy(problem: Problem) -> list[int]:
    """Return the column of each row, taking all pairs from the best down wherever they fit."""
    pairs = [
        (-value, row, column)
        for row in range(problem.rows)
        for column, (value, _) in choices(problem, row).items()
    ]
    columns = [-1] * problem.rows
    for _, row, column in sorted(pairs):
        tried = [*columns]
        tried[row] = column
        if columns[row] == -1 and naive_fits(problem, tried):
            columns = tried
    return columns


def naive_bound(
    problem: Problem, prices: Sequence[int], class_prices: Sequence[Sequence[int]]
) -> int:
    """Return what the prices prove: all capacity sold at them, plus each row's best gain."""
    bound = sum(p * int(c) for p, c in zip(prices, problem.capacity, strict=True))
    for column in range(problem.columns):
        for kind in range(problem.classes):
            bound += class_prices[column][kind] * max(0, int(problem.class_limit[column, kind]))
    for row in range(problem.rows):
        kind = int(problem.row_class[row])
        gains = [0]
        for column, (value, weight) in choices(problem, row).items():
            barred = problem.classes and problem.class_limit[column, kind] == 0
            if weight <= problem.capacity[column] and not barred:
                extra = class_prices[column][kind] if problem.classes else 0
                gains.append(value - weight * prices[column] - extra)
        bound += max(gains)
    return bound


def naive_row_bound(problem: Problem, prices: Sequence[int]) -> int:
    """Return what row prices prove: all of them, plus each column's best set of rows beyond them."""
    bound = sum(prices)
    for column in range(problem.columns):
        offers = [
            (offer[1], offer[0] - prices[row])
            for row in range(problem.rows)
            if (offer := choices(problem, row).get(column))
            and not (problem.classes and problem.class_limit[column, problem.row_class[row]] == 0)
        ]
        bound += max(
            sum(gain for _, gain in group)
            for size in range(len(offers) + 1)
            for group in combinations(offers, size)
            if sum(weight for weight, _ in group) <= problem.capacity[column]
        )
    return bound


def naive_least_prices(problem: Problem, plan: Sequence[int], price_max: int) -> list[int] | None:
    """Return the least prices under which no row would rather have another column, or ``None``.

    Raises one price by one point at a time, so only for problems of small values without classes.
    Only a full column may have a price.
    """
    prices = [0] * problem.columns
    held = [plan.count(column) for column in range(problem.columns)]
    while True:
        envied = set()
        for row, taken in enumerate(plan):
            offers = choices(problem, row)
            profit = offers[taken][0] - prices[taken] if taken >= 0 else 0
            if profit < 0:
                return None
            envied |= {
                column
                for column, (value, _) in offers.items()
                if value - prices[column] > profit and problem.capacity[column] > 0
            }
        if not envied:
            return prices
        for column in envied:
            if held[column] < problem.capacity[column] or prices[column] >= price_max:
                return None
            prices[column] += 1
