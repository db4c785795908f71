"""
The features of a message, spelled out: slow, for explanations and as the twin of ``features``.

The same features in the same order as the compiled pass, each with the text it stands for.
"""

from collections.abc import Iterator
from typing import NamedTuple

from router.signals import features as pass_
from router.signals.features import Pass
from router.signals.scan import MASKS
from router.signals.stop_words import STOP_WORDS

_STOPS = frozenset(word for words in STOP_WORDS.values() for word in words.split())


class Ngram(NamedTuple):
    """A feature: its hash, what it stands for, and its weight in the message's vector."""

    value: int
    text: str
    weight: int


def ngrams(text: str) -> list[Ngram]:
    """Return every feature of a text once, in the order of ``Reading.ids``."""
    plain = Pass().read(text).plain.tolist()
    found: dict[int, Ngram] = {}
    for value, name, weight in (*_runs(plain), *_words(plain)):
        mixed = _mixed(value)
        found.setdefault(mixed, Ngram(mixed, name, weight))
    return list(found.values())


def _spelled(codes: list[int]) -> str:
    return "".join(MASKS[code] if code < len(MASKS) else chr(code) for code in codes)


def _runs(plain: list[int]) -> Iterator[tuple[int, str, int]]:
    for i in range(len(plain) - 1):
        for j in range(i + 2, min(i + pass_.RUN_MAX, len(plain)) + 1):
            name = _spelled(plain[i:j]).replace(" ", "_")
            yield _hashed(plain[i:j], pass_.FNV_START), name, 1


def _words(plain: list[int]) -> Iterator[tuple[int, str, int]]:
    words = [word for word in _split(plain) if word]
    content: list[tuple[int, str]] = []
    before, shown = pass_.EDGE, "^"
    for word in words:
        value, name = _hashed(word, pass_.WORD_START), _spelled(word)
        yield value, name, 1
        yield _joined(before, value, pass_.NEIGHBOUR_START), f"{shown} {name}", 1
        is_content = len(word) >= pass_.CONTENT_LETTERS_MIN and name not in _STOPS
        if is_content and len(content) < pass_.CONTENT_MAX:
            stem = word[: pass_.STEM]
            content.append((_hashed(stem, pass_.WORD_START), _spelled(stem)))
        before, shown = value, name
    yield _joined(before, pass_.EDGE, pass_.NEIGHBOUR_START), f"{shown} $", 1
    for i, (one, left) in enumerate(content):
        for other, right in content[i + 1 :]:
            if one != other:
                low, high = sorted((one, other))
                name = " … ".join(sorted((left, right)))
                yield _joined(low, high, pass_.PAIR_START), name, pass_.PAIR_WEIGHT


def _split(plain: list[int]) -> list[list[int]]:
    words: list[list[int]] = [[]]
    for code in plain:
        if code == 32:
            words.append([])
        else:
            words[-1].append(code)
    return words


def _hashed(codes: list[int], value: int) -> int:
    for code in codes:
        value = ((value ^ code) * pass_.FNV_PRIME) & pass_.MASK32
    return value


def _joined(first: int, second: int, start: int) -> int:
    value = ((first ^ start) * pass_.FNV_PRIME) & pass_.MASK32
    value ^= value >> 13
    return ((value ^ second) * pass_.FNV_PRIME) & pass_.MASK32


def _mixed(value: int) -> int:
    value ^= value >> 15
    value = (value * 0x2C1B3C6D) & pass_.MASK32
    value ^= value >> 12
    value = (value * 0x297A2D39) & pass_.MASK32
    return value ^ (value >> 15)
