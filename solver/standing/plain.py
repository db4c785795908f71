"""The inner loops over blocks of pairs in plain Python: what ``vectors.py`` must agree with.

They run with the JIT off, and tests hold the vector code against them. Parameters are those of
``vectors.py``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
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


def _pairs(entry: Int64s, block: tuple[int, int], *, complement: bool) -> list[tuple[int, int]]:
    """Return the values and keys of a block."""
    begin, size = block
    pairs = (int(pair) for pair in entry[begin : begin + size])
    return [(pair >> 32, (~pair if complement else pair) & LOW) for pair in pairs]


def _two(gains: list[tuple[int, int]], least: int) -> tuple[int, int]:
    ranked = sorted([(least, 0), (least, 0), *gains])
    (gain, key), (other, _) = ranked[-1], ranked[-2]
    return (gain << 32) | key, other


def best_two(entry: Int64s, of: Int32s, block: tuple[int, int], least: int) -> tuple[int, int]:
    """Return a row's best pair less price, packed as ``gain << 32 | ~node``, and the next gain."""
    pairs = _pairs(entry, block, complement=True)
    return _two([(value - int(of[node]), ~node & LOW) for value, node in pairs], least)


def best_comers(
    entry: Int64s, of: Int32s, block: tuple[int, int], least: int, held: tuple[Int32s, int]
) -> tuple[int, int]:
    """Return a node's best pair less profit, packed as ``need << 32 | row``, and the next need."""
    holds, node = held
    pairs = _pairs(entry, block, complement=False)
    return _two([(v - int(of[row]), row) for v, row in pairs if holds[row] != node], least)


def near_in_row(
    entry: Int64s, of: Int32s, block: tuple[int, int], ways: tuple[int, int], node: int
) -> tuple[int, int, int]:
    """Return the bits of a row's near pairs, the least sum beyond, and the least of all."""
    lost, limit = ways
    pairs = _pairs(entry, block, complement=True)
    sums = [FARTHEST if key == node else lost - value + int(of[key]) for value, key in pairs]
    return *_bits(sums, limit), min(sums, default=FARTHEST)


def near_in_node(
    entry: Int64s, of: Int32s, block: tuple[int, int], ways: tuple[int, int]
) -> tuple[int, int]:
    """Return the bits of a node's near pairs, and the least sum beyond."""
    lost, limit = ways
    pairs = _pairs(entry, block, complement=False)
    return _bits([lost - value + int(of[key]) for value, key in pairs], limit)


def _bits(sums: list[int], limit: int) -> tuple[int, int]:
    bits = sum(1 << at for at, far in enumerate(sums) if far < limit)
    return bits, min((far for far in sums if far >= limit), default=FARTHEST)


def fetch(entry: Int64s, block: tuple[int, int]) -> None:
    """Do nothing: only processors know what to load early."""


def lowest_bit(word: int) -> int:
    """Return the position of the lowest bit of a word that is not 0."""
    return (word & -word).bit_length() - 1
