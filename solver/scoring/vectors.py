"""The inner loops of scoring as vector code, written for LLVM by hand.

Integers throughout: a product of two 16-bit numbers and its neighbour's are added in 32 bits, which
is one instruction on processors with AVX-512 VNNI (``vpdpwssd``) and two on older ones
(``vpmaddwd``). LLVM finds either in the general form below, so this page names no processor but
for the look-up of points by level; the same integers come out everywhere, and out of the plain
loops of ``plain.py``, which run where ``LANES`` is 0 (no AVX2, or no JIT).

Parameters
----------
Every function takes whole arrays and says where to start; nothing is checked here.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic

from solver.lowering import host_features
from solver.scoring.arrays import BLOCK, FEATURE_BITS, FEATURES, GROUP, LEVELS, POOL_WIDTH

if TYPE_CHECKING:
    from collections.abc import Callable

I8, I16, I32, I64 = (ir.IntType(bits) for bits in (8, 16, 32, 64))
PAIRS = FEATURES // 2
#: Numba hands what a function generates to LLVM; the type checker need not know how.
emitted: Callable[[Any], Any] = intrinsic
#: Abilities whose points are added in one go; further ones come one at a time before.
FUSED = 3
#: Picks of a pool that are looked at in one go.
STRIDE = 16


def lanes_of(features: frozenset[str]) -> int:
    """Return how many 32-bit numbers a vector should hold on a processor, 0 for no vector code."""
    if {"+avx512bw", "+avx512vl"} <= features:
        return 16
    return 8 if "+avx2" in features else 0


LANES = lanes_of(host_features())
#: Whether kernels should take the vector path here.
VECTOR = LANES > 0
_L = LANES or 8  # the functions must compile where nobody calls them, too
_N32, _N16 = ir.VectorType(I32, _L), ir.VectorType(I16, 2 * _L)


def start_of(context: Any, builder: Any, typ: Any, array: Any, at: Any) -> Any:
    """Return the address of the element at flat position ``at``."""
    return builder.gep(context.make_array(typ)(context, builder, array).data, [at])


def load(builder: Any, start: Any, at: int, typ: Any) -> Any:
    """Load a vector that lies ``at`` elements behind ``start``, however it is aligned."""
    place = builder.gep(start, [ir.Constant(I64, at)])
    return builder.load(builder.bitcast(place, typ.as_pointer()), align=typ.element.width // 8)


def _store(builder: Any, value: Any, start: Any, at: int) -> None:
    place = builder.gep(start, [ir.Constant(I64, at)])
    builder.store(value, builder.bitcast(place, value.type.as_pointer()), align=4)


def fill(builder: Any, scalar: Any, lanes: int) -> Any:
    """Return a vector of so many times the same number."""
    empty = ir.Constant(ir.VectorType(scalar.type, lanes), ir.Undefined)
    first = builder.insert_element(empty, scalar, ir.Constant(I32, 0))
    return builder.shuffle_vector(first, empty, ir.Constant(ir.VectorType(I32, lanes), [0] * lanes))


def _dot(builder: Any, left: Any, right: Any) -> Any:
    """Multiply 16-bit numbers and add neighbours: ``vpmaddwd`` in general form."""
    lanes = left.type.count
    wide = ir.VectorType(I32, lanes)
    product = builder.mul(builder.sext(left, wide), builder.sext(right, wide))
    empty = ir.Constant(wide, ir.Undefined)
    half = ir.VectorType(I32, lanes // 2)
    even = ir.Constant(half, list(range(0, lanes, 2)))
    odd = ir.Constant(half, list(range(1, lanes, 2)))
    return builder.add(
        builder.shuffle_vector(product, empty, even), builder.shuffle_vector(product, empty, odd)
    )


def _flat(builder: Any, row: Any, width: int) -> Any:
    return builder.mul(row, ir.Constant(I64, width))


def _dots(rows: int) -> Callable[..., Any]:
    """Return the product of so many rows' weights with a block of agents.

    Sums stay in registers: four rows by 64 agents are 16 vectors of 16. A feature is loaded once
    for all rows. With vectors of 8 only a quarter of a block is done at a time.
    """
    together = 4 if _L == 16 else 2

    def dots(_: Any, features: Any, block: Any, weights: Any, first: Any, out: Any) -> Any:
        def generate(context: Any, builder: Any, signature: Any, given: Any) -> Any:
            kinds = signature.args
            left = start_of(
                context, builder, kinds[0], given[0], _flat(builder, given[1], BLOCK * FEATURES)
            )
            right = start_of(
                context, builder, kinds[2], given[2], _flat(builder, given[3], FEATURES)
            )
            sums = start_of(context, builder, kinds[4], given[4], ir.Constant(I64, 0))
            half = ir.Constant(_N32, [1 << (FEATURE_BITS - 1)] * _L)  # so that shifting rounds
            for part in range(0, BLOCK, together * _L):
                total = [[half] * together for _ in range(rows)]
                for pair in range(PAIRS):
                    agents = [
                        load(builder, left, (pair * BLOCK + part + k * _L) * 2, _N16)
                        for k in range(together)
                    ]
                    for row in range(rows):
                        two = load(builder, right, row * FEATURES + 2 * pair, ir.VectorType(I16, 2))
                        weight = builder.bitcast(fill(builder, builder.bitcast(two, I32), _L), _N16)
                        for k in range(together):
                            total[row][k] = builder.add(
                                total[row][k], _dot(builder, agents[k], weight)
                            )
                shift = ir.Constant(_N32, [FEATURE_BITS] * _L)
                for row in range(rows):
                    for k in range(together):
                        rounded = builder.ashr(total[row][k], shift)
                        _store(builder, rounded, sums, row * BLOCK + part + k * _L)
            return context.get_dummy_value()

        return types.void(features, types.int64, weights, types.int64, out), generate

    return dots


dot_group = emitted(_dots(GROUP))
dot_block = emitted(_dots(1))


@emitted
def dot_agent(_: Any, rows: Any, agent: Any, weights: Any, first: Any) -> Any:
    """Return the product of one row's weights with one agent's features."""

    def generate(context: Any, builder: Any, signature: Any, given: Any) -> Any:
        kinds, whole = signature.args, ir.VectorType(I16, FEATURES)
        sides = [
            start_of(context, builder, kinds[k], given[k], _flat(builder, given[k + 1], FEATURES))
            for k in (0, 2)
        ]
        products = _dot(builder, *(load(builder, side, 0, whole) for side in sides))
        kind = ir.FunctionType(I32, [products.type])
        name = f"llvm.vector.reduce.add.v{PAIRS}i32"
        reduce = cgutils.get_or_insert_function(builder.module, kind, name)
        total = builder.add(
            builder.call(reduce, [products]), ir.Constant(I32, 1 << (FEATURE_BITS - 1))
        )
        return builder.ashr(total, ir.Constant(I32, FEATURE_BITS))

    return types.int32(rows, types.int64, weights, types.int64), generate


def _look_up(builder: Any, table: Any, levels: Any) -> Any:
    """Return the points of each level: one permutation where the processor has it."""
    if LANES == 0:
        found = fill(builder, builder.extract_element(table, ir.Constant(I32, 0)), _L)
        for level in range(1, LEVELS):
            same = builder.icmp_signed("==", levels, ir.Constant(_N32, [level] * _L))
            points = builder.extract_element(table, ir.Constant(I32, level))
            found = builder.select(same, fill(builder, points, _L), found)
        return found
    name = "llvm.x86.avx512.permvar.si.512" if _L == 16 else "llvm.x86.avx2.permd"
    kind = ir.FunctionType(_N32, [_N32, _N32])
    function = cgutils.get_or_insert_function(builder.module, kind, name)
    if _L == 16:
        empty = ir.Constant(table.type, ir.Undefined)
        twice = ir.Constant(_N32, [*range(LEVELS), *range(LEVELS)])
        table = builder.shuffle_vector(table, empty, twice)
    return builder.call(function, [table, levels])


@emitted
def add_levels(_: Any, scores: Any, levels: Any, table: Any, where: Any) -> Any:
    """Add the points of an ability's level to a block of scores.

    ``where`` says which line of the scores, where the levels begin, and which row of the table.
    """

    def generate(context: Any, builder: Any, signature: Any, given: Any) -> Any:
        kinds = signature.args
        line, first, row = (builder.extract_value(given[3], k) for k in range(3))
        sums = start_of(context, builder, kinds[0], given[0], _flat(builder, line, BLOCK))
        level = start_of(context, builder, kinds[1], given[1], first)
        points = start_of(context, builder, kinds[2], given[2], _flat(builder, row, LEVELS))
        points = load(builder, points, 0, ir.VectorType(I32, LEVELS))
        for part in range(0, BLOCK, _L):
            levels_here = builder.zext(load(builder, level, part, ir.VectorType(I8, _L)), _N32)
            total = builder.add(
                load(builder, sums, part, _N32), _look_up(builder, points, levels_here)
            )
            _store(builder, total, sums, part)
        return context.get_dummy_value()

    return types.void(scores, levels, table, where), generate


@emitted
def finish(_: Any, scores: Any, levels: Any, table: Any, net: Any, where: Any) -> Any:
    """Add points by level and the agents' own to a block of scores; return whose exceed ``limit``.

    ``where`` says where things begin: the levels of ``FUSED`` abilities, the tables of these, the
    agents' own points; then which line of the scores, and the limit. The answer is bits.
    """

    def generate(context: Any, builder: Any, signature: Any, given: Any) -> Any:
        kinds = signature.args
        place = [builder.extract_value(given[4], k) for k in range(FUSED + 4)]
        row, first, line, limit = place[FUSED:]
        sums = start_of(context, builder, kinds[0], given[0], _flat(builder, line, BLOCK))
        level = [start_of(context, builder, kinds[1], given[1], place[k]) for k in range(FUSED)]
        points = start_of(context, builder, kinds[2], given[2], _flat(builder, row, LEVELS))
        own = start_of(context, builder, kinds[3], given[3], first)
        tables = [
            load(builder, points, k * LEVELS, ir.VectorType(I32, LEVELS)) for k in range(FUSED)
        ]
        least = fill(builder, builder.trunc(limit, I32), _L)
        found = ir.Constant(I64, 0)
        for part in range(0, BLOCK, _L):
            total = builder.add(load(builder, sums, part, _N32), load(builder, own, part, _N32))
            for k in range(FUSED):
                here = builder.zext(load(builder, level[k], part, ir.VectorType(I8, _L)), _N32)
                total = builder.add(total, _look_up(builder, tables[k], here))
            _store(builder, total, sums, part)
            above = builder.icmp_signed(">", total, least)
            bits = builder.zext(builder.bitcast(above, ir.IntType(_L)), I64)
            found = builder.or_(found, builder.shl(bits, ir.Constant(I64, part)))
        return found

    return types.uint64(scores, levels, table, net, where), generate


def _packed(builder: Any, vector: Any, mask: Any) -> Any:
    """Return a vector with the lanes of ``mask`` moved to its front."""
    kind = ir.FunctionType(_N32, [_N32, mask.type, _N32])
    name = f"llvm.experimental.vector.compress.v{_L}i32"
    compress = cgutils.get_or_insert_function(builder.module, kind, name)
    return builder.call(compress, [vector, mask, ir.Constant(_N32, ir.Undefined)])


@emitted
def append(_: Any, scores: Any, mask: Any, pools: Any, where: Any) -> Any:
    """Append the scores and agents of the bits in ``mask`` to a pool; return how many.

    Whole vectors are stored and then partly written over: storing only what was compressed is
    microcode on Zen 4. ``pools`` are the pools' values and agents; ``where`` says which line of the
    scores, the first agent, and where the pool ends.
    """

    def generate(context: Any, builder: Any, signature: Any, given: Any) -> Any:
        kinds = signature.args
        line, agent, end_of = (builder.extract_value(given[3], k) for k in range(3))
        sums = start_of(context, builder, kinds[0], given[0], _flat(builder, line, BLOCK))
        ends = [
            start_of(context, builder, kinds[2].dtype, builder.extract_value(given[2], k), end_of)
            for k in range(2)
        ]
        number = builder.trunc(agent, I32)
        count = ir.Constant(I64, 0)
        some = ir.IntType(_L)
        for part in range(0, BLOCK, _L):
            bits = builder.trunc(builder.lshr(given[1], ir.Constant(I64, part)), some)
            here = builder.bitcast(bits, ir.VectorType(ir.IntType(1), _L))
            agents = builder.add(
                fill(builder, number, _L), ir.Constant(_N32, [part + k for k in range(_L)])
            )
            scored = load(builder, sums, part, _N32)
            for end, vector in zip(ends, (scored, agents), strict=True):
                _store(builder, _packed(builder, vector, here), builder.gep(end, [count]), 0)
            count = builder.add(count, builder.ctpop(builder.zext(bits, I64)))
        return count

    return types.int64(scores, types.uint64, pools, where), generate


@emitted
def count_from(_: Any, values: Any, at: Any, least: Any) -> Any:
    """Return how many of the ``STRIDE`` numbers at flat position ``at`` are ``least`` or more."""

    def generate(context: Any, builder: Any, signature: Any, given: Any) -> Any:
        start = start_of(context, builder, signature.args[0], given[0], given[1])
        limit = fill(builder, given[2], _L)
        total = ir.Constant(I64, 0)
        for part in range(0, STRIDE, _L):
            above = builder.icmp_signed(">=", load(builder, start, part, _N32), limit)
            bits = builder.zext(builder.bitcast(above, ir.IntType(_L)), I64)
            total = builder.add(total, builder.ctpop(bits))
        return total

    return types.int64(values, types.int64, types.int32), generate


@emitted
def squeeze(_: Any, pools: Any, at: Any, to: Any, least: Any) -> Any:
    """Move those of ``STRIDE`` picks that are ``least`` or more to position ``to``; return how many.

    Picks before the position they move to may be the same ones: a whole vector is read before any
    of it is stored, and none is stored further on than it was read.
    """

    def generate(context: Any, builder: Any, signature: Any, given: Any) -> Any:
        kind = signature.args[0].dtype
        arrays = [builder.extract_value(given[0], k) for k in range(2)]
        limit, count = fill(builder, given[3], _L), ir.Constant(I64, 0)
        for part in range(0, STRIDE, _L):
            picks = [
                load(builder, start_of(context, builder, kind, array, given[1]), part, _N32)
                for array in arrays
            ]
            above = builder.icmp_signed(">=", picks[0], limit)
            for array, pick in zip(arrays, picks, strict=True):
                end = start_of(context, builder, kind, array, builder.add(given[2], count))
                _store(builder, _packed(builder, pick, above), end, 0)
            bits = builder.zext(builder.bitcast(above, ir.IntType(_L)), I64)
            count = builder.add(count, builder.ctpop(bits))
        return count

    return types.int64(pools, types.int64, types.int64, types.int32), generate


@emitted
def fetch(_: Any, array: Any, at: Any) -> Any:
    """Begin to load the line at flat position ``at``, which may lie behind the end."""

    def generate(context: Any, builder: Any, signature: Any, given: Any) -> Any:
        place = start_of(context, builder, signature.args[0], given[0], given[1])
        place = builder.bitcast(place, I8.as_pointer())
        kind = ir.FunctionType(ir.VoidType(), [I8.as_pointer(), I32, I32, I32])
        function = cgutils.get_or_insert_function(builder.module, kind, "llvm.prefetch.p0")
        # Read, keep close, data.
        builder.call(function, [place, *(ir.Constant(I32, k) for k in (0, 3, 1))])
        return context.get_dummy_value()

    return types.void(array, types.int64), generate


@emitted
def ones_in(_: Any, word: Any) -> Any:
    """Return how many bits of a word are set."""

    def generate(context: Any, builder: Any, signature: Any, given: Any) -> Any:
        return builder.ctpop(given[0])

    return types.int64(types.uint64), generate


@emitted
def lowest_in(_: Any, word: Any) -> Any:
    """Return the position of the lowest set bit of a non-zero word."""

    def generate(context: Any, builder: Any, signature: Any, given: Any) -> Any:
        return builder.cttz(given[0], ir.Constant(ir.IntType(1), 1))

    return types.int64(types.uint64), generate


assert POOL_WIDTH % 16 == 0
