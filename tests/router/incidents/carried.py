"""The excerpt the project carries, read once."""

from functools import cache
from pathlib import Path

from router import incidents
from router.incidents.excerpt import DAY_FILE, HISTORY_FILE, Excerpt, read_excerpt

FOLDER = Path(incidents.__file__).parent / "data"


@cache
def excerpt() -> Excerpt:
    """Read both files."""
    day, history = (
        (FOLDER / name).read_text("utf-8").splitlines(keepends=True)
        for name in (DAY_FILE, HISTORY_FILE)
    )
    return read_excerpt(day, history)
