"""The inner loops over blocks of pairs as vector code, written for LLVM by hand.

A block is read ``LANES`` pairs at a time; what it holds beyond its pairs is void (``pool.py``), so
no lane needs a mask. Values and keys are split by two shuffles; what a key refers to is loaded lane
by lane, which is quicker than the processor's own gathering where that is microcode (Zen 4). LLVM
splits these vectors on processors that have shorter ones. With the JIT off the same answers come
from the plain loops at the end of this page.

Parameters
----------
entry
    int64 (pool,), pairs: ``value << 32 | key``. Read only.
of
    int32 (nodes,) or (rows,), points by key; ``price`` for blocks of rows, whose keys are
    complements of nodes, ``profit`` for blocks of nodes, whose keys are rows. Read only.
begin, size
    int, where the block begins and how many pairs it has.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numba
from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic

if TYPE_CHECKING:
    from collections.abc import Callable

    from solver.standing.state import Int32s, Int64s

#: Pairs that are looked at in one go; blocks are void up to a multiple of these.
LANES: Final = 16
#: Pairs that ``near_in_row`` and ``near_in_node`` look at: one word of bits.
WORD: Final = 64
#: What a void pair is worth: never the best, never near, and no sum with it leaves 32 bits.
VOID_VALUE: Final = -(1 << 30)
LOW: Final = (1 << 32) - 1
#: Void pairs of rows and of nodes: their keys are valid.
ROW_VOID: Final = (VOID_VALUE << 32) | LOW
NODE_VOID: Final = VOID_VALUE << 32
#: Pairs in a line of the processor's caches.
LINE: Final = 8
FARTHEST: Final = (1 << 31) - 1

I1, I32, I64 = (ir.IntType(bits) for bits in (1, 32, 64))
_N32, _N64 = ir.VectorType(I32, LANES), ir.VectorType(I64, LANES)
_BOTH = ir.VectorType(I32, 2 * LANES)
#: Numba hands what a function generates to LLVM; the type checker need not know how.
emitted: Callable[[Any], Any] = intrinsic


def _data(context: Any, builder: Any, typ: Any, array: Any) -> Any:
    return context.make_array(typ)(context, builder, array).data


def _fill(builder: Any, scalar: Any) -> Any:
    """Return a vector of the same number in all lanes."""
    empty = ir.Constant(_N32, ir.Undefined)
    first = builder.insert_element(empty, scalar, ir.Constant(I32, 0))
    return builder.shuffle_vector(first, empty, ir.Constant(_N32, [0] * LANES))


def _larger(builder: Any, left: Any, right: Any) -> Any:
    return builder.select(builder.icmp_signed(">", left, right), left, right)


def _smaller(builder: Any, left: Any, right: Any) -> Any:
    return builder.select(builder.icmp_signed("<", left, right), left, right)


def _reduced(builder: Any, name: str, vector: Any) -> Any:
    kind = ir.FunctionType(I32, [_N32])
    whole = f"llvm.vector.reduce.{name}.v{LANES}i32"
    return builder.call(cgutils.get_or_insert_function(builder.module, kind, whole), [vector])


def _split(builder: Any, place: Any) -> tuple[Any, Any]:
    """Return the keys and values of the pairs that lie at ``place``."""
    both = builder.load(builder.bitcast(place, _BOTH.as_pointer()), align=8)
    empty = ir.Constant(_BOTH, ir.Undefined)
    halves = (ir.Constant(_N32, list(range(first, 2 * LANES, 2))) for first in (0, 1))
    key, value = (builder.shuffle_vector(both, empty, half) for half in halves)
    return key, value


def _gathered(builder: Any, base: Any, place: Any, complement: bool) -> Any:
    """Return what the keys of the pairs at ``place`` refer to."""
    words = builder.bitcast(place, I32.as_pointer())
    found = ir.Constant(_N32, ir.Undefined)
    for lane in range(LANES):
        key = builder.load(builder.gep(words, [ir.Constant(I64, 2 * lane)]))
        key = builder.zext(builder.not_(key) if complement else key, I64)
        point = builder.load(builder.gep(base, [key]))
        found = builder.insert_element(found, point, ir.Constant(I32, lane))
    return found


def _packed(builder: Any, value: Any, key: Any) -> Any:
    high = builder.shl(builder.sext(value, I64), ir.Constant(I64, 32))
    return builder.or_(high, builder.zext(key, I64))


def _best(complement: bool, *, others: bool) -> Callable[..., Any]:
    """Return the two best of a block by value less points, ``least`` among them."""

    def generate(context: Any, builder: Any, signature: Any, given: Any) -> Any:
        kinds = signature.args
        entry, of = (_data(context, builder, kinds[k], given[k]) for k in (0, 1))
        begin, size, least = given[2:5]
        least = _fill(builder, builder.trunc(least, I32))
        nothing = ir.Constant(_N32, [0] * LANES)
        first, second, best = (
            cgutils.alloca_once_value(builder, start) for start in (least, least, nothing)
        )
        step = ir.Constant(I64, LANES)
        with cgutils.for_range_slice(builder, ir.Constant(I64, 0), size, step, I64) as (at, _):
            place = builder.gep(entry, [builder.add(begin, at)])
            key, value = _split(builder, place)
            gain = builder.sub(value, _gathered(builder, of, place, complement))
            if others:
                holds = _data(context, builder, kinds[5], given[5])
                own = _fill(builder, builder.trunc(given[6], I32))
                theirs = _gathered(builder, holds, place, complement)
                void = ir.Constant(_N32, [2 * VOID_VALUE] * LANES)
                gain = builder.select(builder.icmp_signed("==", theirs, own), void, gain)
            top, before, low = builder.load(first), builder.load(best), builder.load(second)
            same = builder.icmp_signed("==", gain, top)
            ahead = builder.and_(same, builder.icmp_unsigned(">", key, before))
            better = builder.or_(builder.icmp_signed(">", gain, top), ahead)
            builder.store(_larger(builder, low, _smaller(builder, top, gain)), second)
            builder.store(builder.select(better, key, before), best)
            builder.store(_larger(builder, gain, top), first)
        top, key, low = builder.load(first), builder.load(best), builder.load(second)
        gain = _reduced(builder, "smax", top)
        same = builder.icmp_signed("==", top, _fill(builder, gain))
        winner = _reduced(builder, "umax", builder.select(same, key, nothing))
        won = builder.and_(same, builder.icmp_signed("==", key, _fill(builder, winner)))
        rest = _reduced(builder, "smax", builder.select(won, low, top))
        pair = [_packed(builder, gain, winner), builder.sext(rest, I64)]
        return context.make_tuple(builder, signature.return_type, pair)

    return generate


@emitted
def best_two(_: Any, entry: Any, of: Any, begin: Any, size: Any, least: Any) -> Any:
    """Return a row's best pair less price, packed as ``gain << 32 | ~node``, and the next gain.

    Nothing is below ``least``, which comes with key 0. Of equals the lowest node is best.
    """
    numbers = types.int64, types.int64, types.int64
    return types.UniTuple(types.int64, 2)(entry, of, *numbers), _best(True, others=False)


@emitted
def best_comers(
    _: Any, entry: Any, of: Any, begin: Any, size: Any, least: Any, holds: Any, node: Any
) -> Any:
    """Return a node's best pair less profit, packed as ``need << 32 | row``, and the next need.

    Rows that hold the node (``holds``, int32 (rows,)) don't count; nothing is below ``least``.
    """
    numbers = types.int64, types.int64, types.int64
    kind = types.UniTuple(types.int64, 2)(entry, of, *numbers, holds, types.int64)
    return kind, _best(False, others=True)


def _near(complement: bool) -> Callable[..., Any]:
    """Return which pairs of up to ``WORD`` are nearer than a limit, and how far others are.

    One key may be left out.
    """

    def generate(context: Any, builder: Any, signature: Any, given: Any) -> Any:
        kinds = signature.args
        entry, of = (_data(context, builder, kinds[k], given[k]) for k in (0, 1))
        begin, size = given[2:4]
        lost, limit = (_fill(builder, builder.trunc(number, I32)) for number in given[4:6])
        farthest = ir.Constant(_N32, [FARTHEST] * LANES)
        least, beyond = (cgutils.alloca_once_value(builder, farthest) for _ in range(2))
        bits = cgutils.alloca_once_value(builder, ir.Constant(I64, 0))
        step = ir.Constant(I64, LANES)
        with cgutils.for_range_slice(builder, ir.Constant(I64, 0), size, step, I64) as (at, _):
            place = builder.gep(entry, [builder.add(begin, at)])
            key, value = _split(builder, place)
            far = builder.add(builder.sub(lost, value), _gathered(builder, of, place, complement))
            if complement:
                own = _fill(builder, builder.trunc(builder.not_(given[6]), I32))
                far = builder.select(builder.icmp_signed("==", key, own), farthest, far)
                builder.store(_smaller(builder, builder.load(least), far), least)
            near = builder.icmp_signed("<", far, limit)
            here = builder.zext(builder.bitcast(near, ir.IntType(LANES)), I64)
            builder.store(builder.or_(builder.load(bits), builder.shl(here, at)), bits)
            further = builder.select(near, farthest, far)
            builder.store(_smaller(builder, builder.load(beyond), further), beyond)
        found = [builder.load(bits)]
        for vector in (beyond, least) if complement else (beyond,):
            found.append(builder.sext(_reduced(builder, "smin", builder.load(vector)), I64))
        return context.make_tuple(builder, signature.return_type, found)

    return generate


@emitted
def near_in_row(
    _: Any, entry: Any, of: Any, begin: Any, size: Any, lost: Any, limit: Any, node: Any
) -> Any:
    """Return the bits of a row's pairs with ``lost - value + price < limit``, and two sums.

    At most ``WORD`` pairs; that with ``node`` does not count (NOBODY: all do). The first is the
    least sum that is not below the limit, the second the least of all.
    """
    kind = types.UniTuple(types.int64, 3)(entry, of, *[types.int64] * 5)
    return kind, _near(True)


@emitted
def near_in_node(_: Any, entry: Any, of: Any, begin: Any, size: Any, lost: Any, limit: Any) -> Any:
    """Return the bits of a node's pairs with ``lost - value + profit < limit``, and the next sum.

    At most ``WORD`` pairs. The next sum is the least of those not below the limit.
    """
    kind = types.UniTuple(types.int64, 2)(entry, of, *[types.int64] * 4)
    return kind, _near(False)


@emitted
def lowest_bit(_: Any, word: Any) -> Any:
    """Return the position of the lowest bit of a word that is not 0."""

    def generate(context: Any, builder: Any, signature: Any, given: Any) -> Any:
        return builder.cttz(given[0], ir.Constant(I1, 1))

    return types.int64(types.int64), generate


@emitted
def fetch(_: Any, entry: Any, begin: Any, size: Any) -> Any:
    """Begin to load a block of pairs, as far as ``WORD`` pairs of it."""

    def generate(context: Any, builder: Any, signature: Any, given: Any) -> Any:
        base = _data(context, builder, signature.args[0], given[0])
        kind = ir.FunctionType(ir.VoidType(), [ir.IntType(8).as_pointer(), I32, I32, I32])
        function = cgutils.get_or_insert_function(builder.module, kind, "llvm.prefetch.p0")
        longest = ir.Constant(I64, WORD)
        end = builder.select(builder.icmp_signed("<", given[2], longest), given[2], longest)
        step = ir.Constant(I64, LINE)
        with cgutils.for_range_slice(builder, ir.Constant(I64, 0), end, step, I64) as (at, _):
            place = builder.gep(base, [builder.add(given[1], at)])
            place = builder.bitcast(place, ir.IntType(8).as_pointer())
            # Read, keep close, data.
            builder.call(function, [place, *(ir.Constant(I32, k) for k in (0, 3, 1))])
        return context.get_dummy_value()

    return types.void(entry, types.int64, types.int64), generate


if numba.config.DISABLE_JIT:

    def _keys(entry: Int64s, begin: int, size: int, complement: bool) -> list[tuple[int, int]]:
        pairs = (int(pair) for pair in entry[begin : begin + size])
        return [(pair >> 32, (~pair if complement else pair) & LOW) for pair in pairs]

    def _two(gains: list[tuple[int, int]], least: int) -> tuple[int, int]:
        ranked = sorted([(least, 0), (least, 0), *gains])
        (gain, key), (other, _) = ranked[-1], ranked[-2]
        return (gain << 32) | key, other

    def best_two(entry: Int64s, of: Int32s, begin: int, size: int, least: int) -> tuple[int, int]:
        pairs = _keys(entry, begin, size, complement=True)
        return _two([(value - int(of[node]), ~node & LOW) for value, node in pairs], least)

    def best_comers(
        entry: Int64s, of: Int32s, begin: int, size: int, least: int, holds: Int32s, node: int
    ) -> tuple[int, int]:
        pairs = _keys(entry, begin, size, complement=False)
        return _two([(v - int(of[row]), row) for v, row in pairs if holds[row] != node], least)

    def near_in_row(
        entry: Int64s, of: Int32s, begin: int, size: int, lost: int, limit: int, node: int
    ) -> tuple[int, int, int]:
        pairs = _keys(entry, begin, size, complement=True)
        sums = [FARTHEST if key == node else lost - v + int(of[key]) for v, key in pairs]
        return *_bits(sums, limit), min(sums, default=FARTHEST)

    def near_in_node(
        entry: Int64s, of: Int32s, begin: int, size: int, lost: int, limit: int
    ) -> tuple[int, int]:
        pairs = _keys(entry, begin, size, complement=False)
        return _bits([lost - value + int(of[key]) for value, key in pairs], limit)

    def _bits(sums: list[int], limit: int) -> tuple[int, int]:
        bits = sum(1 << at for at, far in enumerate(sums) if far < limit)
        return bits, min((far for far in sums if far >= limit), default=FARTHEST)

    def fetch(entry: Int64s, begin: int, size: int) -> None:
        pass

    def lowest_bit(word: int) -> int:
        return (word & -word).bit_length() - 1
