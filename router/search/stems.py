"""
Endings that are cut off words, by language, so that "charges" finds "charged".

Light stemming: at most one ending of each of two lists, then a doubled last consonant is halved and a
last vowel dropped. Plurals first is Harman's S-stemmer (1991, How effective is suffixing?,
doi:10.1002/(SICI)1097-4571(199101)42:1<7::AID-ASI2>3.0.CO;2-P); that a few inflectional endings are
worth as much as a full stemmer is Savoy (2006, Light stemming approaches for the French, Portuguese,
German and Hungarian languages, doi:10.1145/1141277.1141523). Accents are folded before. A language
without a row keeps its words whole.
"""

from functools import cache, lru_cache
from types import MappingProxyType
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

ENDINGS: Final = MappingProxyType(
    {
        "en": (("s",), ("ing", "ed")),
        "de": (("ern", "em", "en", "er", "es", "n", "s"), ("st", "t")),
        "nl": (("en", "s"), ("t",)),
        "sv": (("arna", "erna", "orna", "en", "et", "ar", "er", "or", "n"), ("de",)),
        "da": (("erne", "ene", "en", "et", "er", "s"), ()),
        "no": (("ene", "en", "et", "er", "s"), ()),
        "fr": (("s", "x"), ("ement", "ee", "er", "ez", "ant")),
        "es": (("mente", "s"), ("ando", "iendo", "ado", "ada", "ido", "ida", "ar", "er", "ir")),
        "pt": (("mente", "s"), ("ando", "endo", "ado", "ada", "ido", "ida", "ar", "er", "ir")),
        "it": (("mente",), ("ando", "endo", "ato", "ata", "ito", "ita", "are", "ere", "ire")),
    }
)
"""For each language the endings of the first and of the second list, the longest first."""

STEM_MIN = 3
ENDING_MAX = max(len(e) for lists in ENDINGS.values() for each in lists for e in each)
ROW: Final = MappingProxyType({language: row for row, language in enumerate(ENDINGS, 1)})
"""A language's row in the table; 0 is no stemming."""


class Stems(NamedTuple):
    """``ending`` uint32 (languages + 1, 2, most, longest), code points; 0 where none is."""

    ending: NDArray[np.uint32]


@cache
def stems() -> Stems:
    """Return the endings as one table, made once."""
    most = max(len(each) for lists in ENDINGS.values() for each in lists)
    table = np.zeros((len(ENDINGS) + 1, 2, most, ENDING_MAX), np.uint32)
    for language, lists in ENDINGS.items():
        for which, endings in enumerate(lists):
            for place, ending in enumerate(endings):
                table[ROW[language], which, place, : len(ending)] = [ord(c) for c in ending]
    table.setflags(write=False)
    return Stems(table)


@lru_cache(maxsize=256)
def row_of(language: str, default: str = "") -> int:
    """Return the row of a language such as ``pt-BR``; an empty one takes the default's."""
    start = (language or default).lower().replace("_", "-").split("-", 1)[0]
    return ROW.get({"nb": "no", "nn": "no"}.get(start, start), 0)
