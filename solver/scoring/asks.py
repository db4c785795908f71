"""Asks: room for them, and the check that nothing in them is out of bounds.

The points of a pair are the row's base, weights times features (rounded), points by level, and the
agent's offset. Each is bounded here, so that the sum stays within ``VALUE_MAX`` either way and
nothing overflows 32 bits on the way, whatever the order of the additions.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from solver.limits import INT32_MAX, VALUE_MAX
from solver.problem import ProblemError
from solver.scoring.arrays import (
    ANY_MAX,
    FEATURE_ONE,
    FEATURES,
    LEVELS,
    NEEDS_MAX,
    TERMS_MAX,
    Asks,
    aligned,
)
from solver.scoring.registry import MARKS, OFFSET_MAX

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from solver.scoring.registry import Registry

#: Points the sum of a row's weights may come to, signs aside; the same for its tables.
WEIGHT_MAX = VALUE_MAX // 4
TABLE_MAX = VALUE_MAX // 4
BASE_MAX = VALUE_MAX // 4
#: Stands for "no pick is too bad".
NO_LIMIT = -4 * VALUE_MAX
#: The highest limit: above any pair.
LIMIT_MAX = 4 * VALUE_MAX

assert OFFSET_MAX + WEIGHT_MAX + TABLE_MAX + BASE_MAX <= VALUE_MAX
assert WEIGHT_MAX * FEATURE_ONE + FEATURE_ONE <= INT32_MAX
assert LIMIT_MAX + VALUE_MAX + OFFSET_MAX <= INT32_MAX


def make_asks(rows: int, barred: int = 0) -> Asks:
    """Return so many asks that anybody may take, for 0 points; with room for agents barred from a row."""
    i4 = np.int32
    return Asks(
        need=np.full((rows, NEEDS_MAX), -1, dtype=i4),
        any_of=np.full((rows, ANY_MAX), -1, dtype=i4),
        weight=aligned((rows, FEATURES), np.int16),
        ability=np.full((rows, TERMS_MAX), -1, dtype=i4),
        table=np.zeros((rows, TERMS_MAX, LEVELS), dtype=i4),
        offset=np.zeros(rows, dtype=i4),
        base=np.zeros(rows, dtype=i4),
        limit=np.full(rows, NO_LIMIT, dtype=i4),
        salt=np.arange(rows, dtype=np.int64),
        within=np.full(rows, -1, dtype=i4),
        barred=np.full((rows, max(1, barred)), -1, dtype=i4),
    )


def check_asks(asks: Asks, registry: Registry) -> None:
    """Raise ``ProblemError`` with the first field, place and value that kernels must not see."""
    bounds: dict[str, tuple[int, int]] = {
        "need": (-1, registry.sets - 1),
        "any_of": (-1, registry.sets - 1),
        "within": (-1, registry.sets + MARKS - 1),
        "ability": (-1, registry.abilities - 1),
        "offset": (0, registry.offsets - 1),
        "base": (-BASE_MAX, BASE_MAX),
        "limit": (NO_LIMIT, LIMIT_MAX),
        "barred": (-1, registry.agents - 1),
        "salt": (0, INT32_MAX),
    }
    rows = asks.base.shape[0]
    for name, empty in make_asks(0)._asdict().items():
        array = getattr(asks, name)
        if array.dtype != empty.dtype or array.ndim != empty.ndim or not array.flags.c_contiguous:
            what = f"{array.ndim}-dimensional {array.dtype}"
            raise ProblemError(
                name, None, what, f"{empty.ndim} dimensions of {empty.dtype}, in C order"
            )
        wide = name != "barred"
        if array.shape[0] != rows or (wide and array.shape[1:] != empty.shape[1:]):
            raise ProblemError(name, None, f"of shape {array.shape}", f"{(rows, *empty.shape[1:])}")
        if name in bounds:
            _within(name, array, bounds[name])
    idle = asks.table.any(axis=2) & (asks.ability < 0)
    if idle.any():
        row, term = (int(k) for k in np.argwhere(idle)[0])
        raise ProblemError("table", (row, term), "not 0", "0 where ability is -1")
    for name, points, most in (
        ("weight", np.abs(asks.weight.astype(np.int64)).sum(axis=1), WEIGHT_MAX),
        ("table", np.abs(asks.table.astype(np.int64)).max(axis=2).sum(axis=1), TABLE_MAX),
    ):
        if (points > most).any():
            row = int(np.argmax(points > most))
            raise ProblemError(name, row, f"{points[row]} points in all", f"at most {most}")


def _within(name: str, array: NDArray[Any], bounds: tuple[int, int]) -> None:
    wrong = (array < bounds[0]) | (array > bounds[1])
    if wrong.any():
        place = np.unravel_index(int(np.argmax(wrong)), array.shape)
        position: Any = tuple(int(k) for k in place)
        value, expected = array[place], f"{bounds[0]} to {bounds[1]}"
        raise ProblemError(name, position if len(position) > 1 else position[0], value, expected)
