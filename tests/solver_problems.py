"""Problems to try solvers on: hypothesis strategies and seeded floors of any size."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from hypothesis import strategies as st

from solver.limits import VALUE_MAX
from solver.problem import Problem

if TYPE_CHECKING:
    from collections.abc import Callable

#: Few distinct values make ties, the extremes make overflow, the rest makes sense.
VALUE_RANGES = ((0, 1), (-2, 3), (5, 5), (-100, 1000), (VALUE_MAX - 2, VALUE_MAX))


@st.composite
def problems(
    draw: Callable[[st.SearchStrategy[Any]], Any],
    *,
    rows_max: int = 5,
    columns_max: int = 4,
    weighted: bool = False,
    classes_max: int = 0,
) -> Problem:
    """Draw a small problem: ties, full and empty columns, rows without a pair, isolated parts."""
    rows = draw(st.integers(0, rows_max))
    columns = draw(st.integers(0, columns_max))
    value_range = draw(st.sampled_from(VALUE_RANGES))
    of_row = [
        sorted(draw(st.sets(st.integers(0, columns - 1)))) if columns else [] for _ in range(rows)
    ]
    col = [column for row in of_row for column in row]
    weights = st.integers(1, 3) if weighted else st.just(1)
    fields: dict[str, Any] = {}
    classes = draw(st.integers(0, classes_max))
    if classes:
        fields["row_class"] = draw(_many(st.integers(0, classes - 1), rows))
        limit = draw(_many(st.integers(-1, 2), columns * classes))
        fields["class_limit"] = np.array(limit, dtype=np.int64).reshape(columns, classes)
    return Problem(
        row_ptr=np.cumsum([0, *map(len, of_row)]),
        col=np.array(col, dtype=np.int64),
        value=np.array(draw(_many(st.integers(*value_range), len(col))), dtype=np.int64),
        capacity=np.array(draw(_many(st.integers(0, 4), columns)), dtype=np.int64),
        weight=np.array(draw(_many(weights, len(col))), dtype=np.int64),
        **fields,
    )


def _many(items: st.SearchStrategy[int], count: int) -> st.SearchStrategy[list[int]]:
    return st.lists(items, min_size=count, max_size=count)


def floor(
    seed: int, rows: int, columns: int, *, slots: int = 1, choices: int = 32, alike: float = 0.5
) -> Problem:
    """Return a seeded problem of any size; ``alike`` is the share of taste common to all rows."""
    chance = np.random.default_rng(seed)
    choices = min(choices, columns)
    col = np.concatenate(
        [np.sort(chance.choice(columns, choices, replace=False)) for _ in range(rows)]
    )
    taste = (1 - alike) * chance.random(col.size) + alike * chance.random(columns)[col]
    return Problem(
        row_ptr=np.arange(rows + 1) * choices,
        col=col,
        value=(taste * VALUE_MAX).astype(np.int64),
        capacity=np.full(columns, slots),
    )
