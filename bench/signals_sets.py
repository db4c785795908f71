"""How the suite ``signals`` splits its public data: what is learned from, tuned on and tested on.

``bench.signals_data`` says where the data lie. BANKING77 is CC BY 4.0 (Casanueva et al. 2020),
CLINC150 CC BY 3.0 (Larson et al. 2019), Tatoeba CC BY 2.0 FR (as selected for LASER, up to 1,000
sentences in each of 112 languages). Splits are by hash, so they are the same everywhere.
"""

import csv
import hashlib
import json
from collections.abc import Iterator
from pathlib import Path
from types import MappingProxyType
from typing import Final, NamedTuple

from router.signals.rows import Row

LANGUAGES: Final = MappingProxyType(
    {
        "eng": "en", "spa": "es", "fra": "fr", "deu": "de", "ita": "it", "por": "pt", "nld": "nl",
        "swe": "sv", "dan": "da", "nob": "no", "fin": "fi", "pol": "pl", "ces": "cs", "hun": "hu",
        "ron": "ro", "tur": "tr", "rus": "ru", "ukr": "uk", "ell": "el", "ara": "ar", "heb": "he",
        "pes": "fa", "hin": "hi", "tha": "th", "vie": "vi", "ind": "id", "jpn": "ja", "kor": "ko",
        "cmn": "zh", "bul": "bg",
    }
)  # fmt: skip
"""The thirty languages of the suite, by Tatoeba's names for them."""
NORDIC: Final = ("da", "no", "sv")
ENGLISH_MAX: Final = 1_000


class Sentence(NamedTuple):
    """A sentence, its language, and the part it fell into: train, dev or test."""

    text: str
    language: str
    part: str


class Intents(NamedTuple):
    """A data set of intents: what may be learned from, what is tuned on, what is tested on."""

    train: list[Row]
    validation: list[Row]
    test: list[Row]


def part_of(text: str) -> str:
    """Return the part of a sentence by its hash: 40 % train, 10 % dev, 50 % test."""
    place = int(hashlib.sha256(text.encode()).hexdigest()[:8], 16) % 10
    return "train" if place < 4 else "dev" if place < 5 else "test"


def tatoeba(folder: Path) -> list[Sentence]:
    """Return up to 1,000 sentences of each language, repeats left out."""
    found: list[Sentence] = []
    for code, language in LANGUAGES.items():
        lines = dict.fromkeys(line for line in _lines(folder, code) if line.strip())
        found += [Sentence(line, language, part_of(line)) for line in lines]
    return found


def _lines(folder: Path, code: str) -> list[str]:
    if code != "eng":
        return (folder / f"tatoeba.{code}-eng.{code}").read_text("utf-8").splitlines()
    pairs = [folder / f"tatoeba.{other}-eng.eng" for other in ("deu", "fra", "spa")]
    lines = {line for path in pairs for line in path.read_text("utf-8").splitlines()}
    return sorted(lines, key=lambda line: hashlib.sha256(line.encode()).hexdigest())[:ENGLISH_MAX]


def noisy(sentence: str, number: int) -> str:
    """Return a sentence in what surrounds one in a ticket: an order, a product, links, an address."""
    return (
        f"Order #{48_213 + number}-AX: {sentence} iPhone 15 Pro "
        f"https://shop.example.com/orders/{number}?ref=mail jane.doe{number}@example.com"
    )


def banking77(folder: Path) -> Intents:
    """Return BANKING77; a fifth of its training rows, by hash, is the validation part."""
    rows = list(_csv(folder / "train.csv"))
    held = [int(hashlib.sha256(row.text.encode()).hexdigest()[:8], 16) % 5 == 0 for row in rows]
    return Intents(
        [row for row, out in zip(rows, held, strict=True) if not out],
        [row for row, out in zip(rows, held, strict=True) if out],
        list(_csv(folder / "test.csv")),
    )


def _csv(path: Path) -> Iterator[Row]:
    with path.open(encoding="utf-8", newline="") as lines:
        for row in csv.DictReader(lines):
            yield Row(row["text"], row["category"])


def clinc150(folder: Path) -> dict[str, list[Row]]:
    """Return CLINC150's six parts: train, val, test and the three out of scope."""
    parts = json.loads((folder / "data_full.json").read_text("utf-8"))
    return {
        name: [Row(text, "out_of_scope" if label == "oos" else label) for text, label in rows]
        for name, rows in parts.items()
    }
