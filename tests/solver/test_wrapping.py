"""Arrays become one structure, whatever their types, and each set of types is asked for once."""

from typing import Any

import numpy as np
import pytest
from numba import config, njit

from solver.wrapping import Wrapper

ROW = np.dtype([("a", "i8"), ("b", "f4")])
WIDER = np.dtype([("a", "i8"), ("c", "f8")])


@njit
def sizes(*arrays: Any) -> Any:
    """Return the lengths of three arrays, and the last row's first field."""
    return len(arrays[0]), len(arrays[1]), arrays[1][-1].a


@pytest.mark.skipif(
    config.DISABLE_JIT, reason="with the JIT off nothing is wrapped: see ``handle``"
)
def test_types_are_asked_for_once_and_never_mixed_up() -> None:
    """Arrays of the same types share a way in, of other types never; the answers are the function's own."""
    wrap = Wrapper(sizes)
    for rows, kind in ((3, ROW), (70, ROW), (5, WIDER), (3, ROW), (9, WIDER)):
        arrays = np.zeros(rows), np.zeros(rows + 1, kind)
        arrays[1]["a"][-1] = rows * 11
        assert wrap(arrays) == (rows, rows + 1, rows * 11)
    assert len(sizes.overloads) == 2
    strided = np.zeros(8)[::2], np.ones(2, ROW)
    assert wrap(strided) == (4, 2, 1), "another layout in memory is another type"
    assert len(sizes.overloads) == 3
