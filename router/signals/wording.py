"""A message as the rules read it: its words, looked up in tables of terms."""

from collections.abc import Iterable, Mapping
from typing import NamedTuple

from router.signals.features import Reading
from router.signals.letters import is_unspaced, spelled
from router.signals.scan import CAPITALS, EXCLAMATIONS, LETTERS

CAPITALS_MIN = 8  # fewer capitals are initials, not shouting


UNSPACED_FROM = "\u2e80"


class Terms(NamedTuple):
    """Terms by what they mean: of one word or two, and pieces of scripts without gaps."""

    words: Mapping[str, str]  # of one word or two
    firsts: frozenset[str]  # the first words of those of two
    pieces: tuple[tuple[str, str], ...]


class Wording(NamedTuple):
    """A message's words, and how loudly they are said."""

    words: tuple[str, ...]
    text: str
    exclamations: int
    is_shouted: bool  # most letters are capitals
    has_unspaced: bool


def terms(groups: Mapping[str, str]) -> Terms:
    """Return a table of lists of terms, by what each list means; the first meaning of a term wins."""
    words: dict[str, str] = {}
    pieces: dict[str, str] = {}
    for meaning, listed in groups.items():
        for term in listed.split():
            table = pieces if is_unspaced(ord(term[0])) else words
            table.setdefault(term.replace("_", " "), meaning)
    firsts = frozenset(term.split(" ")[0] for term in words if " " in term)
    return Terms(words, firsts, tuple(pieces.items()))


def wording(reading: Reading) -> Wording:
    """Return the words of a message that was read."""
    text = spelled(reading.plain)
    cues = reading.cues
    letters, capitals = int(cues[LETTERS]), int(cues[CAPITALS])
    return Wording(
        words=tuple(text.split()),
        text=text,
        exclamations=int(cues[EXCLAMATIONS]),
        is_shouted=capitals >= CAPITALS_MIN and 10 * capitals > 7 * letters,
        has_unspaced=not text.isascii() and max(text) >= UNSPACED_FROM,
    )


def found(said: Wording, known: Terms) -> Iterable[tuple[int, str, str]]:
    """Yield where terms stand in a message, each with its meaning; two words before one of them."""
    words, table = said.words, known.words
    skip = -1
    for i, word in enumerate(words):
        if i == skip:
            continue
        if word in known.firsts and i + 1 < len(words):
            pair = f"{word} {words[i + 1]}"
            if pair in table:
                skip = i + 1
                yield i, pair, table[pair]
                continue
        if word in table:
            yield i, word, table[word]
    if said.has_unspaced:
        for piece, meaning in known.pieces:
            if piece in said.text:
                yield 0, piece, meaning
