"""The models that travel with the product, read once for the tests."""

import functools
from importlib import resources

from router.signals.model import Model


@functools.cache
def shipped(name: str) -> Model:
    """Return a model of ``router/signals/data``."""
    return Model.from_bytes(
        (resources.files("router.signals") / "data" / f"{name}.model").read_bytes()
    )
