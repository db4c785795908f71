"""The inner loops over blocks of pairs as vector code, written for LLVM by hand.

A block is read ``LANES`` pairs at a time; what it holds beyond its pairs is void (``pool.py``), so
no lane needs a mask. Values and keys are split by two shuffles; what a key refers to is loaded lane
by lane, which is quicker than the processor's own gathering where that is microcode (Zen 4). LLVM
splits these vectors on processors that have shorter ones. With the JIT off the same answers come
from the loops of ``plain.py``.

Parameters
----------
entry
    int64 (pool,), pairs: ``value << 32 | key``. Read only.
of
    int32 (nodes,) or (rows,), points by key; ``price`` for blocks of rows, whose keys are
    complements of nodes, ``profit`` for blocks of nodes, whose keys are rows. Read only.
block
    int64 (2,), where the block begins and how many pairs it has.
ways
    int64 (2,), points ``lost`` on the way to the block, and the ``limit`` of what is near.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numba
from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic

from solver.standing import plain
from solver.standing.plain import FARTHEST, LANES, LINE, VOID_VALUE, WORD

if TYPE_CHECKING:
    from collections.abc import Callable

I1, I32, I64 = (ir.IntType(bits) for bits in (1, 32, 64))
_N32, _N64 = ir.VectorType(I32, LANES), ir.VectorType(I64, LANES)
TWO = types.UniTuple(types.int64, 2)
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
        begin, size = (builder.extract_value(given[2], k) for k in range(2))
        least = _fill(builder, builder.trunc(given[3], I32))
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
                holds = _data(context, builder, kinds[4][0], builder.extract_value(given[4], 0))
                own = _fill(builder, builder.trunc(builder.extract_value(given[4], 1), I32))
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
def best_two(_: Any, entry: Any, of: Any, block: Any, least: Any) -> Any:
    """Return a row's best pair less price, packed as ``gain << 32 | ~node``, and the next gain.

    Nothing is below ``least``, which comes with key 0. Of equals the lowest node is best.
    """
    kind = TWO(entry, of, TWO, types.int64)
    return kind, _best(True, others=False)


@emitted
def best_comers(_: Any, entry: Any, of: Any, block: Any, least: Any, held: Any) -> Any:
    """Return a node's best pair less profit, packed as ``need << 32 | row``, and the next need.

    ``held`` says what each row holds (int32 (rows,)) and the node: rows that hold it don't count.
    Nothing is below ``least``.
    """
    kind = TWO(entry, of, TWO, types.int64, held)
    return kind, _best(False, others=True)


def _near(complement: bool) -> Callable[..., Any]:
    """Return which pairs of up to ``WORD`` are nearer than a limit, and how far others are.

    One key may be left out.
    """

    def generate(context: Any, builder: Any, signature: Any, given: Any) -> Any:
        kinds = signature.args
        entry, of = (_data(context, builder, kinds[k], given[k]) for k in (0, 1))
        begin, size = (builder.extract_value(given[2], k) for k in range(2))
        ways = (builder.extract_value(given[3], k) for k in range(2))
        lost, limit = (_fill(builder, builder.trunc(number, I32)) for number in ways)
        farthest = ir.Constant(_N32, [FARTHEST] * LANES)
        least, beyond = (cgutils.alloca_once_value(builder, farthest) for _ in range(2))
        bits = cgutils.alloca_once_value(builder, ir.Constant(I64, 0))
        step = ir.Constant(I64, LANES)
        with cgutils.for_range_slice(builder, ir.Constant(I64, 0), size, step, I64) as (at, _):
            place = builder.gep(entry, [builder.add(begin, at)])
            key, value = _split(builder, place)
            far = builder.add(builder.sub(lost, value), _gathered(builder, of, place, complement))
            if complement:
                own = _fill(builder, builder.trunc(builder.not_(given[4]), I32))
                far = builder.select(builder.icmp_signed("==", key, own), farthest, far)
                builder.store(_smaller(builder, builder.load(least), far), least)
            near = builder.icmp_signed("<", far, limit)
            here = builder.zext(builder.bitcast(near, ir.IntType(LANES)), I64)
            builder.store(builder.or_(builder.load(bits), builder.shl(here, at)), bits)
            further = builder.select(near, farthest, far)
            builder.store(_smaller(builder, builder.load(beyond), further), beyond)
        found = [builder.load(bits)]
        found += [
            builder.sext(_reduced(builder, "smin", builder.load(vector)), I64)
            for vector in ((beyond, least) if complement else (beyond,))
        ]
        return context.make_tuple(builder, signature.return_type, found)

    return generate


@emitted
def near_in_row(_: Any, entry: Any, of: Any, block: Any, ways: Any, node: Any) -> Any:
    """Return the bits of a row's pairs with ``lost - value + price < limit``, and two sums.

    At most ``WORD`` pairs; that with ``node`` does not count (NOBODY: all do). The first is the
    least sum that is not below the limit, the second the least of all.
    """
    kind = types.UniTuple(types.int64, 3)(entry, of, TWO, TWO, types.int64)
    return kind, _near(True)


@emitted
def near_in_node(_: Any, entry: Any, of: Any, block: Any, ways: Any) -> Any:
    """Return the bits of a node's pairs with ``lost - value + profit < limit``, and the next sum.

    At most ``WORD`` pairs. The next sum is the least of those not below the limit.
    """
    kind = TWO(entry, of, TWO, TWO)
    return kind, _near(False)


@emitted
def lowest_bit(_: Any, word: Any) -> Any:
    """Return the position of the lowest bit of a word that is not 0."""

    def generate(context: Any, builder: Any, signature: Any, given: Any) -> Any:
        return builder.cttz(given[0], ir.Constant(I1, 1))

    return types.int64(types.int64), generate


@emitted
def fetch(_: Any, entry: Any, block: Any) -> Any:
    """Begin to load a block of pairs, as far as ``WORD`` pairs of it."""

    def generate(context: Any, builder: Any, signature: Any, given: Any) -> Any:
        base = _data(context, builder, signature.args[0], given[0])
        kind = ir.FunctionType(ir.VoidType(), [ir.IntType(8).as_pointer(), I32, I32, I32])
        function = cgutils.get_or_insert_function(builder.module, kind, "llvm.prefetch.p0")
        begin, size = (builder.extract_value(given[1], k) for k in range(2))
        longest = ir.Constant(I64, WORD)
        end = builder.select(builder.icmp_signed("<", size, longest), size, longest)
        step = ir.Constant(I64, LINE)
        with cgutils.for_range_slice(builder, ir.Constant(I64, 0), end, step, I64) as (at, _):
            place = builder.gep(base, [builder.add(begin, at)])
            place = builder.bitcast(place, ir.IntType(8).as_pointer())
            # Read, keep close, data.
            builder.call(function, [place, *(ir.Constant(I32, k) for k in (0, 3, 1))])
        return context.get_dummy_value()

    return types.void(entry, TWO), generate


if numba.config.DISABLE_JIT:
    best_two, best_comers = plain.best_two, plain.best_comers
    near_in_row, near_in_node = plain.near_in_row, plain.near_in_node
    fetch, lowest_bit = plain.fetch, plain.lowest_bit
