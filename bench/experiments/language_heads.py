"""
Train the two language heads that travel with the product.

``near`` (da, no, sv; bg, ru, uk) learns from the train and dev parts of Tatoeba alone. ``language``
(all thirty, for machines without a detector) learns besides from the translations that three
packages carry: Home Assistant and its frontend (Apache-2.0), Django (BSD-3-Clause).

    pip download --no-deps -d WHEELS homeassistant home-assistant-frontend django
    python -m bench.experiments.language_heads TATOEBA112 WHEELS OUT
"""

import json
import random
import re
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from bench.signals_sets import LANGUAGES, Sentence, tatoeba
from router.signals.features import mask
from router.signals.model import Model
from router.signals.rows import Row, gathered
from router.signals.training import Options, train

NAMES: Final = {"no": "nb", "zh": "zh-Hans"}
NEAR: Final = ("bg", "da", "no", "ru", "sv", "uk")
STRINGS_MAX: Final = 2_500
LENGTH_MAX: Final = 80
TRANSLATED: Final = 0.1  # what a translated string weighs beside a sentence
MARKUP: Final = re.compile(
    r"\{[^{}]*\}|\[%[^%]*%\]|<[^>]*>|%\(\w+\)[sd]|%[sd]|\[[^\]]*\]\([^)]*\)|\*\*|`[^`]*`|[{}]|plural,|other|one"
)


def main(data: Path, wheels: Path, out: Path) -> None:
    """Train both heads and write them."""
    sentences = [each for each in tatoeba(data) if each.part != "test"]
    learned = [Row(mask(each.text), each.language) for each in sentences]
    near = [row for row in learned if row.label in NEAR]
    write(train(near, Options(name="near", bits=14, passes=5)), out)
    write(train([*learned, *translated(sentences, wheels)], Options("language", 14, passes=5)), out)


def write(model: Model, out: Path) -> None:
    """Write a model, and say what it thinks of itself."""
    (out / f"{model.name}.model").write_bytes(model.to_bytes())
    print(model.name, model.id, dict(model.recipe.metrics), dict(model.recipe.data))


def translated(sentences: list[Sentence], wheels: Path) -> list[Row]:
    """Return up to ``STRINGS_MAX`` translated strings of each language."""
    rows: list[Row] = []
    for language in LANGUAGES.values():
        name = NAMES.get(language, language)
        texts = sorted({*interface(name, wheels), *catalogue(name.replace("-", "_"), wheels)})
        texts = [text for text in texts if 3 < len(text) <= LENGTH_MAX]
        random.Random(1).shuffle(texts)
        rows += [Row(mask(text), language, "", TRANSLATED) for text in texts[:STRINGS_MAX]]
    known = {row.text for row in rows} - {mask(each.text) for each in sentences}
    return [row for row in gathered(rows).rows if row.text in known and row.text.strip()]


def interface(name: str, wheels: Path) -> Iterator[str]:
    """Yield Home Assistant's strings in a language, those left in English not."""
    patterns = {
        "homeassistant-*.whl": r"components/\w+/translations/{}\.json$",
        "home_assistant_frontend-*.whl": r"static/translations/(?:\w+/)?{}-[0-9a-f]+\.json$",
    }
    for wheel, pattern in patterns.items():
        with zipfile.ZipFile(next(wheels.glob(wheel))) as files:
            english = set(_all_strings(files, pattern.format("en"))) if name != "en" else set()
            for text in _all_strings(files, pattern.format(name)):
                if text not in english:
                    yield plain(text)


def _all_strings(files: zipfile.ZipFile, pattern: str) -> Iterator[str]:
    for path in files.namelist():
        if re.search(pattern, path):
            yield from _strings(json.loads(files.read(path)))


def _strings(value: object) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict | list):
        for each in value.values() if isinstance(value, dict) else value:
            yield from _strings(each)


def catalogue(name: str, wheels: Path) -> Iterator[str]:
    """Yield Django's messages in a language."""
    with zipfile.ZipFile(next(wheels.glob("django-*.whl"))) as files:
        for path in files.namelist():
            if re.search(rf"locale/{name}/LC_MESSAGES/\w+\.po$", path):
                for block in files.read(path).decode("utf-8").split("\n\n"):
                    if "fuzzy" not in block and "#~" not in block:
                        for found in re.findall(
                            r'^msgstr(?:\[\d\])? ((?:".*"\n?)+)', block, re.MULTILINE
                        ):
                            text = "".join(re.findall(r'"(.*)"', found))
                            if "Content-Type" not in text:
                                yield plain(text.replace("\\n", " ").replace('\\"', '"'))


def plain(text: str) -> str:
    """Return a string without placeholders and markup."""
    return " ".join(MARKUP.sub(" ", text).split())


if __name__ == "__main__":
    main(*map(Path, sys.argv[1:4]))
