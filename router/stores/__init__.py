"""Keep journals: frames in order, durable, fenced by an epoch; one row of ``STORES`` per kind."""

from collections.abc import Callable, Mapping
from types import MappingProxyType

from router.stores.frames import Store
from router.stores.memory import MemoryStore
from router.stores.sqlite import SqliteStore

# A location is KIND:REST. Two stores built from the same location share one journal.
STORES: Mapping[str, Callable[[str], Store]] = MappingProxyType(
    {
        "memory": MemoryStore,  # memory:NAME, or memory: for a journal nobody else sees
        "sqlite": SqliteStore,  # sqlite:PATH
    }
)


def store_at(location: str) -> Store:
    """Return the store, not yet open, that keeps the journal at ``KIND:REST``.

    Raises
    ------
    ValueError
        Naming the location and the kinds there are.
    """
    kind, colon, rest = location.partition(":")
    if not colon or kind not in STORES:
        raise ValueError(f"store is {location!r}, expected one of {', '.join(STORES)}, then ':'")
    if kind != "memory" and not rest:
        raise ValueError(f"store is {location!r}, expected a path after {kind!r} and ':'")
    return STORES[kind](rest)
