"""What one core can multiply and add at most: the yardstick for scoring, measured in the same run.

Two loops: 32-bit floats in registers (fused multiply-add), and pairs of 16-bit integers out of the
nearest cache, as scoring uses them. Both count a multiplication and an addition as two operations.
"""

from __future__ import annotations

from time import thread_time_ns
from typing import Any

import numpy as np
from llvmlite import ir
from numba import njit, types
from numba.core import cgutils

from solver.scoring.arrays import aligned
from solver.scoring.vectors import LANES, emitted

SUMS = 12  # independent sums: more than an addition takes cycles, fewer than there are registers
STEPS = 64
LOADS = 16  # so that what is multiplied stays in the nearest cache
REPEATS = 20_000
WIDTH = LANES or 8
F32, I32, I16 = ir.FloatType(), ir.IntType(32), ir.IntType(16)


@emitted
def _float_steps(_: Any, seed: Any) -> Any:
    """Do ``STEPS`` fused multiply-adds on each of ``SUMS`` vectors of floats."""

    def generate(context: Any, builder: Any, signature: Any, given: Any) -> Any:
        kind = ir.VectorType(F32, WIDTH)
        fma = cgutils.get_or_insert_function(
            builder.module, ir.FunctionType(kind, [kind] * 3), f"llvm.fmuladd.v{WIDTH}f32"
        )
        start = _filled(builder, given[0], WIDTH)
        sums = [builder.fadd(start, ir.Constant(kind, [float(k)] * WIDTH)) for k in range(SUMS)]
        for _step in range(STEPS):
            sums = [builder.call(fma, [each, start, start]) for each in sums]
        total = sums[0]
        for each in sums[1:]:
            total = builder.fadd(total, each)
        return builder.extract_element(total, ir.Constant(I32, 0))

    return types.float32(types.float32), generate


@emitted
def _integer_steps(_: Any, seed: Any, table: Any) -> Any:
    """Add to each of ``SUMS`` vectors ``LOADS`` products of pairs of 16-bit integers of a table."""

    def generate(context: Any, builder: Any, signature: Any, given: Any) -> Any:
        pairs, kind = ir.VectorType(I16, 2 * WIDTH), ir.VectorType(I32, WIDTH)
        wide = ir.VectorType(I32, 2 * WIDTH)
        numbers = context.make_array(signature.args[1])(context, builder, given[1]).data
        left = builder.bitcast(_filled(builder, given[0], WIDTH), pairs)
        empty = ir.Constant(wide, ir.Undefined)
        halves = [ir.Constant(kind, list(range(k, 2 * WIDTH, 2))) for k in (0, 1)]
        sums = [ir.Constant(kind, [k] * WIDTH) for k in range(SUMS)]
        for step in range(LOADS):
            for k in range(SUMS):
                place = builder.gep(numbers, [ir.Constant(I32, (step * SUMS + k) * 2 * WIDTH)])
                right = builder.load(builder.bitcast(place, pairs.as_pointer()), align=2)
                product = builder.mul(builder.sext(left, wide), builder.sext(right, wide))
                both = [builder.shuffle_vector(product, empty, half) for half in halves]
                sums[k] = builder.add(sums[k], builder.add(*both))
        total = sums[0]
        for each in sums[1:]:
            total = builder.add(total, each)
        return builder.extract_element(total, ir.Constant(I32, 0))

    return types.int32(types.int32, table), generate


def _filled(builder: Any, scalar: Any, width: int) -> Any:
    empty = ir.Constant(ir.VectorType(scalar.type, width), ir.Undefined)
    first = builder.insert_element(empty, scalar, ir.Constant(I32, 0))
    return builder.shuffle_vector(first, empty, ir.Constant(ir.VectorType(I32, width), [0] * width))


@njit(nogil=True)
def _floats(repeats: int) -> Any:
    total = types.float32(0.5)
    for _ in range(repeats):
        total = _float_steps(total * types.float32(1e-3))
    return total


@njit(nogil=True)
def _integers(repeats: int, table: Any) -> Any:
    total = types.int32(1)
    for _ in range(repeats):
        total = _integer_steps(total & types.int32(255), table)
    return total


def float_gflops() -> float:
    """Return billions of operations a second on 32-bit floats, of one core."""
    return _rate(_floats, 2 * SUMS * STEPS * WIDTH)


def integer_gops() -> float:
    """Return billions of operations a second on 16-bit integers, of one core."""
    table = aligned((LOADS * SUMS * 2 * WIDTH,), np.int16)
    return _rate(_integers, 4 * SUMS * LOADS * WIDTH, table)


def _rate(kernel: Any, operations: int, *tables: Any) -> float:
    """Return the rate of a kernel by the time its thread had the core, best of three."""
    kernel(1, *tables)
    best = 0.0
    for _ in range(3):
        begun = thread_time_ns()
        kernel(REPEATS, *tables)
        best = max(best, operations * REPEATS / (thread_time_ns() - begun))
    return best
