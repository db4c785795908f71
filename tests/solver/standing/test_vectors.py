"""The vector code of the inner loops against the plain loops, and how kernels are compiled."""

from __future__ import annotations

from typing import Any

import numba
import numpy as np
import pytest
from numba import njit

from solver.standing import plain, vectors
from solver.standing.jit import AllocationError, kernel
from solver.standing.plain import FARTHEST, LANES, NODE_VOID, ROW_VOID
from solver.standing.pool import padded
from solver.standing.state import BOUNDLESS

COMPILED = pytest.mark.skipif(bool(numba.config.DISABLE_JIT), reason="nothing is compiled")
KEYS = 50


def compiled(intrinsic: Any) -> Any:
    """Return a function that Python can call for one that only kernels can."""

    @njit
    def call(*given: Any) -> Any:
        return intrinsic(*given)

    return call


def capped(found: tuple[int, ...]) -> tuple[int, ...]:
    """Return the sums of a look no larger than a void pair's."""
    return found[0], *(min(number, BOUNDLESS) for number in found[1:])


def blocks(seed: int, *, of_rows: bool) -> tuple[np.ndarray, np.ndarray, list[tuple[int, int]]]:
    """Return a pool of blocks of all sizes, points by key, and where the blocks are."""
    chance = np.random.default_rng(seed)
    most = (1, 3, 1 << 20)[seed % 3]
    pool, places = [], []
    for size in (*range(KEYS + 1), 64, 64):
        key = chance.permutation(64 if size > KEYS else KEYS)[:size]
        value = chance.integers(-most, most + 1, size)
        low = (~key if of_rows else key) & plain.LOW
        places.append((sum(map(len, pool)), size))
        void = np.full(padded(size) - size, ROW_VOID if of_rows else NODE_VOID)
        pool.append(np.concatenate([(value << 32) | low, void]))
    return np.concatenate(pool), chance.integers(0, most + 1, 64).astype(np.int32), places


@COMPILED
@pytest.mark.parametrize("seed", range(6))
def test_vector_code_agrees_with_the_plain_loops(seed: int) -> None:
    """Blocks of every size, ties included, give the same bests, bits and sums either way."""
    best_two, best_comers = compiled(vectors.best_two), compiled(vectors.best_comers)
    near_in_row, near_in_node = compiled(vectors.near_in_row), compiled(vectors.near_in_node)
    chance = np.random.default_rng(seed)
    holds = chance.integers(-3, 4, 64).astype(np.int32)
    for of_rows in (True, False):
        entry, of, places = blocks(seed, of_rows=of_rows)
        for block in places:
            least = int(chance.integers(-3, 3))
            lost, limit = (int(number) for number in chance.integers(0, 1 << 20, 2))
            ways = (lost, (limit, 2, FARTHEST >> 1)[block[1] % 3])
            key = int(chance.integers(-1, 64))
            if of_rows:
                given = (entry, of, block, least)
                assert best_two(*given) == plain.best_two(*given)
                near: tuple[Any, ...] = (entry, of, block, ways, key)
                assert capped(near_in_row(*near)) == capped(plain.near_in_row(*near))
            else:
                comers = (entry, of, block, max(0, least), (holds, int(holds[key])))
                assert best_comers(*comers) == plain.best_comers(*comers)
                near = (entry, of, block, ways)
                assert capped(near_in_node(*near)) == capped(plain.near_in_node(*near))


@COMPILED
def test_bits_are_found_lowest_first() -> None:
    """The lowest bit of a word is where the plain loop says it is."""
    lowest_bit = compiled(vectors.lowest_bit)
    for at in range(63):
        assert lowest_bit(5 << at if at < 60 else 1 << at) == at == plain.lowest_bit(1 << at)


@COMPILED
def test_a_kernel_that_allocates_is_refused() -> None:
    """Nobody would free what a kernel made, so it does not compile."""

    def wasteful(size: int) -> int:
        return int(np.zeros(size).size)

    with pytest.raises(AllocationError, match="a kernel allocates nothing"):
        kernel(wasteful)(3)


def test_blocks_are_read_in_whole_vectors() -> None:
    """A block is void up to the next multiple of the lanes, and never further."""
    for size in range(70):
        assert size <= padded(size) < size + LANES
        assert padded(size) % LANES == 0
