"""
Scripts by ranges of code points: what a message cannot be in, whatever a detector thinks.

A detector that chooses among the workspace's languages always finds one, also for a script that none of
them is written in, and for marks and code points that are no letters at all. Counting letters by script
settles both. Ranges are blocks of Unicode 15; only letters of them count (category ``L``).
"""

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Final

import numpy as np
from numba import njit
from numpy.typing import NDArray

from router.signals.letters import Int64s, UInt32s

UInt8s = NDArray[np.uint8]

SCRIPTS: Final[Mapping[str, tuple[tuple[int, int], ...]]] = MappingProxyType(
    {
        "Latin": (
            (0x41, 0x2AF), (0x1E00, 0x1EFF), (0x2C60, 0x2C7F), (0xA720, 0xA7FF), (0xAB30, 0xAB6F),
            (0xFB00, 0xFB06), (0xFF21, 0xFF5A),
        ),
        "Greek": ((0x370, 0x3FF), (0x1F00, 0x1FFF)),
        "Cyrillic": ((0x400, 0x52F), (0x1C80, 0x1C8F), (0xA640, 0xA69F)),
        "Hebrew": ((0x5D0, 0x5F2), (0xFB1D, 0xFB4F)),
        "Arabic": ((0x600, 0x6FF), (0x750, 0x77F), (0x8A0, 0x8FF), (0xFB50, 0xFDFF), (0xFE70, 0xFEFC)),
        "Devanagari": ((0x900, 0x97F), (0xA8E0, 0xA8FF)),
        "Thai": ((0xE01, 0xE7F),),
        "Kana": ((0x3041, 0x30FF), (0x31F0, 0x31FF), (0xFF66, 0xFF9F)),
        "Hangul": ((0x1100, 0x11FF), (0x3131, 0x318E), (0xA960, 0xA97F), (0xAC00, 0xD7FF), (0xFFA0, 0xFFDC)),
        "Han": ((0x3005, 0x3007), (0x3400, 0x4DBF), (0x4E00, 0x9FFF), (0xF900, 0xFAFF), (0x20000, 0x323AF)),
    }
)  # fmt: skip
"""The scripts of the languages that we tell apart; letters of all others are counted together."""

LATIN: Final = frozenset({"Latin"})
WRITTEN_IN: Final[Mapping[str, frozenset[str]]] = MappingProxyType(
    {
        **dict.fromkeys("cs da de en es fi fr hu id it nl no pl pt ro sv tr vi".split(), LATIN),
        **dict.fromkeys("bg ru uk".split(), frozenset({"Cyrillic"})),
        **dict.fromkeys("ar fa".split(), frozenset({"Arabic"})),
        "el": frozenset({"Greek"}),
        "he": frozenset({"Hebrew"}),
        "hi": frozenset({"Devanagari"}),
        "ja": frozenset({"Kana", "Han"}),
        "ko": frozenset({"Hangul", "Han"}),
        "th": frozenset({"Thai"}),
        "zh": frozenset({"Han"}),
    }
)
"""By language; one that is not here may be in any script."""

NO_LETTER, OTHER, FIRST = 0, 1, 2
COUNTS: Final = FIRST + len(SCRIPTS)
CODES_END: Final = 0x32400  # behind the last letter of Unicode 15


def _table() -> UInt8s:
    """Return the script of every code point below ``CODES_END``."""
    letters = [chr(code).isalpha() for code in range(CODES_END)]
    table = np.array(letters, dtype=np.uint8)
    for n, ranges in enumerate(SCRIPTS.values(), FIRST):
        for low, high in ranges:
            table[low : high + 1][table[low : high + 1] == OTHER] = n
    return table


SCRIPT_OF: Final = _table()


@njit(cache=True, nogil=True)
def count_scripts(points: UInt32s, counts: Int64s) -> None:
    """
    Count the code points of a message by script.

    Parameters
    ----------
    points : uint32 (n,)
        The code points. Read only.
    counts : int64 (COUNTS,)
        Overwritten: what is no letter, letters of scripts that are not in ``SCRIPTS``, then each of those.
    """
    counts[:] = 0
    for i in range(points.size):
        code = np.int64(points[i])
        script = np.int64(NO_LETTER)
        if code < CODES_END:
            script = np.int64(SCRIPT_OF[code])
        counts[script] += 1


def possible(points: UInt32s, languages: Sequence[str]) -> frozenset[str]:
    """
    Return which languages a message may be in: those in whose scripts half of its letters are.

    Code points uint32 (n,); languages as ISO 639-1. Nothing for a message without letters.
    """
    counts = np.empty(COUNTS, dtype=np.int64)
    count_scripts(points, counts)
    found = dict(zip(SCRIPTS, counts[FIRST:].tolist(), strict=True))
    letters = int(counts[OTHER:].sum())
    if not letters:
        return frozenset()
    return frozenset(
        language
        for language in languages
        if language not in WRITTEN_IN
        or 2 * sum(found[script] for script in WRITTEN_IN[language]) >= letters
    )
