"""What a code point means to the feature pass: a letter, a gap, nothing at all."""

import unicodedata
from typing import Any, Final

import numpy as np
from numba import njit
from numpy.typing import NDArray

UInt32s = NDArray[np.uint32]
Int64s = NDArray[np.int64]
Whole = Any  # int64 in a kernel; int or np.int64 when it runs as Python

TEXT_MAX: Final = 2_000
"""Code points of a message that are read. What it is about is said before; a megabyte is cut."""

GAP: Final = 32  # between words
NOTHING: Final = 0  # soft hyphens, joiners, apostrophes: "can't" is written "cant" as often
DIGIT: Final = 48  # every digit is a zero: that there is a number matters, which one rarely does

TABLE_END: Final = 0x2000
"""Below, a table says what a code point is; above, ranges do."""

_DROPPED: Final = frozenset({0x27, 0xAD, 0x60, 0xB4})


def _folded(code: int) -> int:
    """Return the lower-case letter, a zero for a digit, ``GAP`` or ``NOTHING``."""
    if code in _DROPPED:
        return NOTHING
    char = chr(code)
    kind = unicodedata.category(char)[0]
    if kind == "N":
        return DIGIT if char.isdecimal() else GAP
    if kind not in "LM":
        return GAP
    lower = char.lower()
    return ord(lower) if len(lower) == 1 and ord(lower) < TABLE_END else code


FOLDED: Final = np.array([_folded(code) for code in range(TABLE_END)], dtype=np.uint16)
"""What a code point below ``TABLE_END`` becomes."""


def code_points(text: str) -> UInt32s:
    """Return the first ``TEXT_MAX`` code points of any text, lone surrogates included."""
    if len(text) > TEXT_MAX:
        text = text[:TEXT_MAX]
    return np.frombuffer(text.encode("utf-32-le", "surrogatepass"), dtype=np.uint32)


def spelled(points: UInt32s) -> str:
    """Return code points as text; the opposite of ``code_points``."""
    return points.astype("<u4").tobytes().decode("utf-32-le", "surrogatepass")


@njit(cache=True, nogil=True)
def folded(code: Whole) -> Whole:
    """
    Return what a code point becomes: a lower-case letter, a zero, ``GAP`` or ``NOTHING``.

    Parameters
    ----------
    code : int64
        A code point; any number will do.
    """
    if code < 0x2000:
        return np.int64(FOLDED[code])
    if code < 0x2070:  # zero-width characters join; ’ is an apostrophe; the others part
        is_nothing = 0x200B <= code <= 0x200F or code == 0x2019 or code == 0x2060
        return np.int64(0) if is_nothing else np.int64(32)
    if code < 0x2C00:
        return code if 0x2600 <= code < 0x27C0 else np.int64(32)
    if code < 0x3005:
        return code if code < 0x2E00 else np.int64(32)
    if code < 0xD800:
        is_mark = 0x3008 <= code <= 0x3020 or code == 0x3030 or code == 0x30FB
        return np.int64(32) if is_mark else code
    if code < 0xF900:  # surrogates without their half, and private use
        return np.int64(32)
    if code < 0xFE00:
        return code
    if code < 0xFE10 or code == 0xFEFF:
        return np.int64(0)
    if code < 0xFE70:
        return np.int64(32)
    if code < 0xFF00:
        return code
    if code < 0xFF5F:  # full-width ASCII
        return np.int64(FOLDED[code - 0xFEE0])
    if code < 0x10000:
        return code if 0xFF66 <= code <= 0xFFDC else np.int64(32)
    return code if code < 0xE0000 else np.int64(0)


@njit(cache=True, nogil=True)
def is_symbol(code: Whole) -> Whole:
    """
    Tell whether a code point is a pictograph, which is a word of its own.

    Parameters
    ----------
    code : int64
        A code point.
    """
    return 0x2600 <= code < 0x27C0 or 0x1F000 <= code < 0x1FB00


@njit(cache=True, nogil=True)
def is_unspaced(code: Whole) -> Whole:
    """
    Tell whether a code point is of a script that writes no gaps between words.

    Parameters
    ----------
    code : int64
        A code point.
    """
    return (
        0x2E80 <= code < 0xA4D0
        or 0x0E00 <= code < 0x0F00
        or 0x1000 <= code < 0x10A0
        or 0x1780 <= code < 0x1800
        or 0x20000 <= code < 0x40000
        or 0xFF66 <= code <= 0xFF9F
    )
