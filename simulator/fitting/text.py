"""A world as the text of a TOML file."""

from collections.abc import Mapping
from typing import Any

import msgspec

from simulator.worlds.schema import World


def world_text(world: World) -> str:
    """Return a world as TOML: what it does not leave at its default, a table for each kind, team and queue."""
    plain = msgspec.to_builtins(world)
    default = msgspec.to_builtins(
        World(format=1, name="x", queues=world.queues, tickets=world.tickets, agents=world.agents)
    )
    kept = {
        key: value
        for key, value in plain.items()
        if key in ("format", "name") or value != default[key]
    }
    for key in ("queues", "tickets", "agents"):
        kept[key] = plain[key]
    head = [f"{key} = {value(item)}" for key, item in kept.items() if not isinstance(item, dict)]
    parts = ["\n".join(head)]
    for key, item in kept.items():
        if isinstance(item, dict):
            named = all(isinstance(each, dict) for each in item.values())
            tables = (
                {f"{key}.{name}": each for name, each in item.items()} if named else {key: item}
            )
            parts += [table(name, each) for name, each in tables.items()]
    return "\n\n".join(parts) + "\n"


def table(name: str, fields: Mapping[str, Any]) -> str:
    """Return a TOML table without what is empty."""
    lines = [f"{key} = {value(item)}" for key, item in fields.items() if not is_empty(item)]
    return "\n".join([f"[{name}]", *lines])


def is_empty(item: object) -> bool:
    """Return whether a field says nothing: absent, or an empty list or table."""
    return item is None or item in ([], {}, ())


def value(item: Any) -> str:
    """Return a value as TOML has it; tables inside are inline."""
    if isinstance(item, dict):
        pairs = ", ".join(
            f"{key} = {value(each)}" for key, each in item.items() if not is_empty(each)
        )
        return f"{{ {pairs} }}" if pairs else "{}"
    if isinstance(item, list | tuple):
        return "[" + ", ".join(value(each) for each in item) + "]"
    if isinstance(item, bool):
        return str(item).lower()
    if isinstance(item, str):
        return msgspec.json.encode(item).decode()
    return repr(item)
