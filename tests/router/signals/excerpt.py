"""A carried excerpt of BANKING77, and a model of it, trained once for the tests."""

import functools
from pathlib import Path

from router.signals.model import OUT_OF_SCOPE, Model
from router.signals.rows import Row, read_rows
from router.signals.training import Options, train

FILE = Path(__file__).parent / "data" / "banking77_excerpt.csv"
SMALL = Options(bits=12, passes=5, reject=0.05)
STRANGE = ("what is the weather like", "play some jazz please", "tell me a joke about cats")


@functools.cache
def rows() -> tuple[Row, ...]:
    """Return the excerpt: 240 messages about eight intents."""
    return read_rows(FILE.read_bytes()).rows


@functools.cache
def parts() -> tuple[list[Row], list[Row]]:
    """Return a part to learn from, with three strangers, and every fifth message to test on."""
    learned = [row for i, row in enumerate(rows()) if i % 5]
    strangers = [Row(text, OUT_OF_SCOPE) for text in STRANGE]
    return [*learned, *strangers], [row for i, row in enumerate(rows()) if not i % 5]


@functools.cache
def model() -> Model:
    """Return a model of the learned part."""
    return train(parts()[0], SMALL)
