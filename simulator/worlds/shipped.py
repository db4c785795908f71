"""The worlds that come with the program."""

from pathlib import Path
from typing import Final

from simulator.worlds.reading import Fault, WorldError

FOLDER: Final = Path(__file__).parent


def shipped() -> dict[str, Path]:
    """Return the shipped worlds by name."""
    return {path.stem: path for path in sorted(FOLDER.glob("*.toml"))}


def find_world(name: str) -> Path:
    """
    Return the file of a shipped world or the path that was named.

    Raises
    ------
    WorldError
        When there is neither.
    """
    path = Path(name)
    known = shipped()
    if path.is_file():
        return path
    if name in known:
        return known[name]
    raise WorldError(name, [Fault(0, "", f"no such file or world; there is {', '.join(known)}")])
