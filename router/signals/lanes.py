"""
The inner loop of a head, written for LLVM by hand: rows of int8 weights added up in registers.

Left to itself LLVM loads and stores the sums for every few rows, as their number is known only when it
runs. Here up to ``BLOCKS_MAX`` times ``LANES`` columns stay in registers while all rows go by; there is
code for each number of blocks. Integers throughout, so the plain loop of ``heads`` gives the same
sums; it runs where ``IS_THERE`` is false (no AVX2, or no JIT).
"""

from collections.abc import Callable
from typing import Any, Final

from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic

from solver.lowering import host_features

LANES: Final = 16
"""Columns of a block: one load of 128 bits."""

I8, I32, I64 = (ir.IntType(bits) for bits in (8, 32, 64))
NARROW, WIDE = ir.VectorType(I8, LANES), ir.VectorType(I32, LANES)

#: Numba hands what a function generates to LLVM; the type checker need not know how.
emitted: Callable[[Any], Any] = intrinsic


def blocks_of(features: frozenset[str]) -> int:
    """Return how many blocks the registers of a processor hold, 0 for no vector code."""
    if "+avx512f" in features:
        return 8
    return 4 if "+avx2" in features else 0


BLOCKS_MAX: Final = blocks_of(host_features())
IS_THERE: Final = BLOCKS_MAX > 0
_BLOCKS: Final = BLOCKS_MAX or 4  # what nobody calls must compile all the same


def _at(builder: Any, start: Any, place: Any, typ: Any) -> Any:
    """Return the address of a vector ``place`` elements behind ``start``."""
    return builder.bitcast(builder.gep(start, [place]), typ.as_pointer())


@emitted
def add_columns(_context: Any, ids: Any, shift: Any, weights: Any, at: Any, scores: Any) -> Any:
    """
    Add the rows of some features to a few blocks of columns; return the first column not done.

    Parameters
    ----------
    ids
        uint32 (n,), C order, of the features. Read only.
    shift, at
        int64. ``id >> shift`` is a row, ``at`` the first column, a multiple of ``LANES``.
    weights
        int8 (rows, width), C order. Read only.
    scores
        int32 (width,), C order. Added to in place.
    """
    signature = types.int64(ids, types.int64, weights, types.int64, scores)

    def generate(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        places = [
            context.make_array(typ)(context, builder, value)
            for typ, value in zip(sig.args, args, strict=True)
            if isinstance(typ, types.Array)
        ]
        ids_at, table, sums = (each.data for each in places)
        width = cgutils.unpack_tuple(builder, places[1].shape)[1]
        count = cgutils.unpack_tuple(builder, places[0].shape)[0]
        right, column = args[1], args[3]
        left = builder.sdiv(builder.sub(width, column), ir.Constant(I64, LANES))
        done = builder.append_basic_block("done")
        most = builder.append_basic_block("most")
        choice = builder.switch(left, most)
        taken = []
        for blocks in range(_BLOCKS, 0, -1):
            here = most if blocks == _BLOCKS else builder.append_basic_block(f"blocks{blocks}")
            if blocks < _BLOCKS:
                choice.add_case(ir.Constant(I64, blocks), here)
            builder.position_at_end(here)
            rows = (ids_at, count, right)
            _add_blocks(builder, rows, (table, width, column), sums, blocks)
            end_at = builder.add(column, ir.Constant(I64, blocks * LANES))
            taken.append((end_at, builder.block))
            builder.branch(done)
        builder.position_at_end(done)
        result = builder.phi(I64)
        for value, block in taken:
            result.add_incoming(value, block)
        return result

    return signature, generate


def _add_blocks(builder: Any, rows: Any, table: Any, sums: Any, blocks: int) -> None:
    """Emit the loop over all rows for so many blocks of columns."""
    ids_at, count, right = rows
    weights, width, column = table
    steps = [builder.add(column, ir.Constant(I64, LANES * n)) for n in range(blocks)]
    held = []
    for step in steps:
        place = cgutils.alloca_once(builder, WIDE)
        builder.store(builder.load(_at(builder, sums, step, WIDE), align=4), place)
        held.append(place)
    with cgutils.for_range(builder, count) as loop:
        feature = builder.zext(builder.load(builder.gep(ids_at, [loop.index])), I64)
        base = builder.mul(builder.lshr(feature, right), width)
        for step, place in zip(steps, held, strict=True):
            found = builder.load(_at(builder, weights, builder.add(base, step), NARROW), align=1)
            builder.store(builder.add(builder.load(place), builder.sext(found, WIDE)), place)
    for step, place in zip(steps, held, strict=True):
        builder.store(builder.load(place), _at(builder, sums, step, WIDE), align=4)
