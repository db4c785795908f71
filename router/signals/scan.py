"""
The first half of the pass: what identifies somebody is masked, what remains is folded.

A chunk is a run without gaps; letters of scripts that write none (Chinese, Thai ...) part chunks
too. A chunk is masked as a whole: an address (``://``, ``www.``), an e-mail, a handle, an id (four
digits or more). Two streams come out: ``plain`` for the features, where a mask is one code below
``GAP`` and every digit a zero, and ``clean`` for a language detector, in its own case, where
whatever has a digit is blank as well.
"""

from typing import Final

import numpy as np
from numba import njit

from router.signals.letters import (
    GAP,
    NOTHING,
    Int64s,
    UInt32s,
    Whole,
    folded,
    is_symbol,
    is_unspaced,
)

MASK_URL: Final = 1
MASK_EMAIL: Final = 2
MASK_HANDLE: Final = 3
MASK_ID: Final = 4
MASKS: Final = ("", "⟨url⟩", "⟨email⟩", "⟨handle⟩", "⟨id⟩")
"""How masks are spelled in explanations, by their code in ``plain``."""

ID_DIGITS_MIN: Final = 4  # "401k" and "w2" are words; 4 digits are part of a phone or an order

#: Places in the cues of a reading.
PLAIN, CLEAN, LETTERS, CAPITALS, EXCLAMATIONS, QUESTIONS, MASKED, SYMBOLS = range(8)
FEATURES, MASS, ACCENTS, ROUND = 8, 9, 10, 11
CUES: Final = 12


@njit(cache=True, nogil=True)
def is_gap(code: Whole) -> Whole:
    """
    Tell whether a code point ends a chunk: white space, controls, surrogates without their half.

    Parameters
    ----------
    code : int64
        A code point.
    """
    if code < 0x2000:
        return code <= 32 or 0x7F <= code <= 0xA0
    return code <= 0x200A or code == 0x3000 or 0xD800 <= code < 0xE000


@njit(cache=True, nogil=True)
def _mask_of(points: UInt32s, start: Whole, end: Whole) -> tuple[Whole, Whole]:
    """Return the mask of a chunk, 0 for none, and its number of digits."""
    digits = 0
    at = -1
    dot = -1
    for i in range(start, end):
        code = np.int64(points[i])
        if 48 <= code <= 57 or 0x660 <= code <= 0x669 or 0x6F0 <= code <= 0x6F9:
            digits += 1
        elif code == 64 and at < 0:
            at = i
        elif code == 46:
            dot = i
        elif code == 47 and i - start >= 2 and points[i - 1] == 47 and points[i - 2] == 58:
            return MASK_URL, digits
    first = np.int64(points[start])
    if (
        end - start > 4
        and first | 32 == 119
        and np.int64(points[start + 1]) | 32 == 119
        and np.int64(points[start + 2]) | 32 == 119
        and points[start + 3] == 46
    ):
        return MASK_URL, digits
    if at > start and dot > at:
        return MASK_EMAIL, digits
    if end - start > 1 and first == 64:
        return MASK_HANDLE, digits
    return (MASK_ID if digits >= ID_DIGITS_MIN else 0), digits


@njit(cache=True, nogil=True)
def _chunk_end(points: UInt32s, start: Whole) -> Whole:
    """Return where the chunk that begins at ``start`` ends."""
    end = start + 1
    if is_unspaced(np.int64(points[start])):
        while end < points.size and is_unspaced(np.int64(points[end])):
            end += 1
        return end
    while end < points.size:
        code = np.int64(points[end])
        if is_gap(code) or (code >= 0x0E00 and is_unspaced(code)):
            break
        end += 1
    return end


@njit(cache=True, nogil=True)
def _append(plain: UInt32s, n: Whole, code: Whole) -> Whole:
    """Append a code to ``plain``, a gap only after something else; return the new length."""
    if code == NOTHING or (code == GAP and plain[n - 1] == GAP):
        return n
    plain[n] = code
    return n + 1


@njit(cache=True, nogil=True)
def _fold_chunk(
    points: UInt32s, start: Whole, end: Whole, plain: UInt32s, n: Whole, cues: Int64s
) -> Whole:
    """Append the folded chunk to ``plain`` and count its cues; return the new length."""
    for i in range(start, end):
        code = np.int64(points[i])
        to = folded(code)
        if to == GAP:
            cues[EXCLAMATIONS] += code == 33
            cues[QUESTIONS] += code == 63
        elif is_symbol(code):
            cues[SYMBOLS] += 1
            n = _append(plain, n, GAP)
            n = _append(plain, n, to)
            to = GAP
        elif to > 48:
            cues[LETTERS] += 1
            cues[CAPITALS] += to != code
            cues[ACCENTS] += 0x300 <= code < 0x370
        n = _append(plain, n, to)
    return n


@njit(cache=True, nogil=True)
def scan(points: UInt32s, plain: UInt32s, clean: UInt32s, cues: Int64s) -> None:
    """
    Mask and fold a message.

    Parameters
    ----------
    points : uint32 (n,)
        The code points, ``TEXT_MAX`` at most.
    plain : uint32 (2 n + 3,) or longer
        Overwritten: folded words with a ``GAP`` before, between and after. Each symbol may take
        two places. Its length goes to ``cues[PLAIN]``.
    clean : uint32 (n + 1,) or longer
        Overwritten: the message without what is masked. Its length goes to ``cues[CLEAN]``.
    cues : int64 (CUES,)
        Overwritten up to ``ACCENTS``: what was counted.
    """
    cues[:ROUND] = 0
    plain[0] = GAP
    n = 1
    m = 0
    i = 0
    while i < points.size:
        code = np.int64(points[i])
        if is_gap(code):
            n = _append(plain, n, GAP)
            clean[m] = GAP
            m += 1
            i += 1
            continue
        end = _chunk_end(points, i)
        mask, digits = _mask_of(points, i, end)
        if mask > 0:
            cues[MASKED] += 1
            n = _append(plain, n, GAP)
            n = _append(plain, n, mask)
            n = _append(plain, n, GAP)
        else:
            n = _fold_chunk(points, i, end, plain, n, cues)
        if mask > 0 or digits > 0 or code == 35:
            clean[m] = GAP
            m += 1
        else:
            clean[m : m + end - i] = points[i:end]
            m += end - i
        i = end
    n = _append(plain, n, GAP)
    cues[PLAIN] = n
    cues[CLEAN] = m
