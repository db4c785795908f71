"""The rows of a head added up in registers, against the plain loop."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from router.signals import heads, lanes


@pytest.mark.parametrize("blocks", [1, 2, 3, 4, 5, 7, 8, 9, 17])
@given(seed=st.integers(0, 2**32 - 1), rows=st.integers(0, 70))
def test_vector_code_adds_the_same_sums(blocks: int, seed: int, rows: int) -> None:
    """Whatever the number of columns, more than fit into registers included, every sum is that of the plain loop."""
    chance = np.random.default_rng(seed)
    weights = chance.integers(-127, 128, (256, blocks * lanes.LANES), np.int8)
    ids = chance.integers(0, 2**32, rows, np.uint32)
    start = int(chance.integers(0, rows + 1))
    begun = chance.integers(-1000, 1000, weights.shape[1], np.int32)
    quick, plain = begun.copy(), begun.copy()
    heads.add_rows(ids, start, rows, 24, weights, quick)
    heads.add_rows_plainly(ids, start, rows, 24, weights, plain)
    np.testing.assert_array_equal(quick, plain)


def test_the_registers_of_a_processor_say_how_many_columns_they_hold() -> None:
    """Without vectors of 256 bits there is no vector code, and the plain loop does it all."""
    assert lanes.blocks_of(frozenset({"+sse4.2"})) == 0
    assert lanes.blocks_of(frozenset({"+avx2"})) == 4
    assert lanes.blocks_of(frozenset({"+avx2", "+avx512f"})) == 8
