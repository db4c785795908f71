"""
Where Numba looks for one of our kernels: by its place in the project, not on the disk.

Numba's own choice hashes the absolute path, so that every clone would compile anew. The folder of
the cache is already keyed by all sources (router/kernel_cache.py), so the path below the project's
root says enough.
"""

import os
from pathlib import Path

from numba.core.caching import UserProvidedCacheLocator

from router.kernel_cache import ROOMS, ROOT


class SharedLocator(UserProvidedCacheLocator):
    """Keep the kernels of ``solver/kernels/match.py`` in ``solver.kernels`` of the cache."""

    def __init__(self, py_func: object, py_file: str) -> None:
        super().__init__(py_func, py_file)
        folder = Path(py_file).resolve().parent.relative_to(ROOT)
        self._cache_path = str(Path(os.environ["NUMBA_CACHE_DIR"]) / ".".join(folder.parts))

    @classmethod
    def from_function(cls, py_func: object, py_file: str) -> "SharedLocator | None":
        """Return the locator of a function of ours; None leaves others to Numba's own choice."""
        path = Path(py_file).resolve()
        ours = any((ROOT / room) in path.parents for room in ROOMS)
        if not ours or not os.environ.get("NUMBA_CACHE_DIR"):
            return None
        found: SharedLocator | None
        found = super().from_function(py_func, py_file)
        return found
