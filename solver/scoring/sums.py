"""Which of 64 agents have a sum above a limit: a row of points kept, and one that is the same for all rows."""

from __future__ import annotations

from typing import Any

import numba
import numpy as np
from llvmlite import ir
from numba import types
from numpy.typing import NDArray

from solver.scoring import vectors
from solver.scoring.arrays import BLOCK
from solver.scoring.jit import inlined

WIDTH = vectors.LANES or 8
PART = ir.VectorType(vectors.I32, WIDTH)


@vectors.emitted
def _above(_: Any, left: Any, right: Any, first: Any, limit: Any) -> Any:
    """Compare the sums of two rows, from position ``first`` on, with ``limit``; the answer is bits."""

    def generate(context: Any, builder: Any, signature: Any, given: Any) -> Any:
        kinds, i64 = signature.args, vectors.I64
        sides = [vectors.start_of(context, builder, kinds[k], given[k], given[2]) for k in (0, 1)]
        least = vectors.fill(builder, given[3], WIDTH)
        found = ir.Constant(i64, 0)
        for part in range(0, BLOCK, WIDTH):
            total = builder.add(*(vectors.load(builder, side, part, PART) for side in sides))
            above = builder.icmp_signed(">", total, least)
            bits = builder.zext(builder.bitcast(above, ir.IntType(WIDTH)), i64)
            found = builder.or_(found, builder.shl(bits, ir.Constant(i64, part)))
        return found

    return types.uint64(left, right, types.int64, types.int32), generate


@inlined
def above(
    left: NDArray[np.int32], right: NDArray[np.int32], first: int, limit: int, some: np.uint64
) -> np.uint64:
    """
    Return which of the agents in a word have a sum above a limit.

    Parameters
    ----------
    left, right
        int32 (agents,), points whose sum is compared, agents in whole blocks. Read only.
    first
        int, the first of the 64 agents.
    limit
        int, points within 32 bits.
    some
        uint64, which of the 64 agents are asked about.
    """
    if COMPILED:
        return some & np.uint64(_above(left, right, first, np.int32(limit)))
    found = np.uint64(0)
    for a in range(BLOCK):
        bit = np.uint64(1) << np.uint64(a)
        if some & bit != np.uint64(0) and int(left[first + a]) + int(right[first + a]) > limit:
            found |= bit
    return found


NUMBA: Any = numba
COMPILED = not NUMBA.config.DISABLE_JIT
