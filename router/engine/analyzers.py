"""What reads the messages of a tenant, made of its languages and of the models that serve."""

from collections.abc import Callable, Mapping
from functools import cache, lru_cache
from pathlib import Path
from types import MappingProxyType
from typing import Final

from router import signals
from router.engine.reader import Analyzer
from router.signals.language import Languages
from router.signals.model import Model
from router.signals.table import Analyzer as TierZero

MakeAnalyzer = Callable[[tuple[str, ...], Mapping[str, Model]], Analyzer]
"""Makes an analyzer of a tenant's languages and the models that serve, by signal."""
SHIPPED: Final = ("language", "near")
"""Heads that travel with us: languages without a library, and near ones apart."""
SETS_KEPT_MAX: Final = 64


@cache
def shipped() -> Mapping[str, Model]:
    """Return the heads that travel with us, read and checked once."""
    assert signals.__file__ is not None
    folder = Path(signals.__file__).parent / "data"
    found = {name: (folder / f"{name}.model").read_bytes() for name in SHIPPED}
    return MappingProxyType({name: Model.from_bytes(data) for name, data in found.items()})


@lru_cache(SETS_KEPT_MAX)
def languages_among(tags: tuple[str, ...]) -> Languages:
    """Return what tells these languages apart, or all that we know when there are none; made once for a set."""
    heads = shipped()
    return Languages(tags or heads["language"].labels, heads)


def make_analyzer(languages: tuple[str, ...], models: Mapping[str, Model]) -> Analyzer:
    """Return what reads messages in any of these languages (none: in any) with these models and with rules."""
    return TierZero(languages_among(languages), models)
