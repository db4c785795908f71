"""
Where compiled kernels are kept: outside the source tree, under a key of all that shapes them.

Numba notices a change in the file of a kernel, but not in a function that the kernel calls from
another file; so the key is a hash of all files with kernels and of what these import. Importing
this module does not import Numba, which reads its settings once, when imported.
"""

import hashlib
import os
import re
import shutil
import stat
import sys
import tempfile
from collections.abc import Iterator, MutableMapping
from importlib import metadata
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parents[1]
ROOMS = ("solver", "router", "simulator")
COMPILES = re.compile(rb"\bn?jit\b")  # by Numba's name for it or by router.core.jit
FROM_IMPORT = re.compile(r"^\s*from\s+([\w.]+)\s+import\s+(\([^)]*\)|[^\n]*)", re.MULTILINE)
PLAIN_IMPORT = re.compile(r"^\s*import\s+([^\n]*)", re.MULTILINE)
KEPT_KEYS = 5  # a few branches and the release beside them; a key takes some 10 MB
VERSIONED = ("numba", "llvmlite", "numpy")
LOCATORS = "router.kernel_locator.SharedLocator,UserProvidedCacheLocator,UserWideCacheLocator"


class KernelCache(NamedTuple):
    """Where kernels are kept, and a sentence when that is not where they should be."""

    path: Path
    note: str | None = None


class NumbaLoadedError(RuntimeError):
    """Numba was imported before its cache was settled, so it would compile everything anew."""

    def __init__(self) -> None:
        super().__init__(
            "numba is already imported; call router.kernel_cache.settle() before whatever did that"
        )


def kernel_sources(root: Path = ROOT) -> dict[str, bytes]:
    """Return the files that shape kernels, by place: those that compile, and their imports."""
    texts = {
        path.relative_to(root).as_posix(): path.read_bytes()
        for room in ROOMS
        for path in (root / room).rglob("*.py")
    }
    found: dict[str, bytes] = {}
    waiting = [place for place, text in texts.items() if COMPILES.search(text)]
    while waiting:
        place = waiting.pop()
        if place not in found:
            found[place] = texts[place]
            waiting += (each for each in _imported(texts[place].decode()) if each in texts)
    return dict(sorted(found.items()))


def _imported(text: str) -> Iterator[str]:
    """Yield where modules would lie that a text may import; names that are none do no harm."""
    for module, names in FROM_IMPORT.findall(text):
        place = module.replace(".", "/")
        yield from (f"{place}.py", f"{place}/__init__.py")
        for name in re.findall(r"\w+", names):
            yield from (f"{place}/{name}.py", f"{place}/{name}/__init__.py")
    for names in PLAIN_IMPORT.findall(text):
        for module in re.findall(r"[\w.]+", names):
            yield from (f"{module.replace('.', '/')}{end}" for end in (".py", "/__init__.py"))


def key_of(root: Path = ROOT) -> str:
    """Hash names and contents of all kernel sources, and the versions that compile them."""
    digest = hashlib.sha256()
    versions = [f"{name} {metadata.version(name)}" for name in VERSIONED]
    for line in (sys.implementation.cache_tag, *versions):
        digest.update(f"{line}\0".encode())
    for place, text in kernel_sources(root).items():
        digest.update(f"{place}\0{hashlib.sha256(text).hexdigest()}\0".encode())
    return digest.hexdigest()[:20]


def settle(environ: MutableMapping[str, str] = os.environ, root: Path = ROOT) -> KernelCache:
    """
    Point Numba at the cache of these sources, make room for it, and forget the oldest others.

    What the user chose by ``NUMBA_CACHE_DIR`` stays; a child process inherits the choice. Without
    a writable home the cache is a private folder among the temporary files, and ``note`` says so.
    Raises ``NumbaLoadedError`` when it is too late.
    """
    chosen = environ.get("NUMBA_CACHE_DIR")
    if chosen:
        return KernelCache(Path(chosen))
    if "numba" in sys.modules:
        raise NumbaLoadedError
    key = key_of(root)
    note = None
    try:
        path = _claimed(_home(environ) / key)
    except (OSError, RuntimeError) as error:  # RuntimeError: the user has no home at all
        path = _temporary(key)
        note = f"kernels are kept in {path}, which may not last: {error}"
    environ["NUMBA_CACHE_DIR"] = str(path)
    environ.setdefault("NUMBA_CACHE_LOCATOR_CLASSES", LOCATORS)
    prune(path.parent, keep=path.name)
    return KernelCache(path, note)


def prune(home: Path, keep: str, kept_max: int = KEPT_KEYS) -> list[str]:
    """Delete all but the most recently used keys; return the names of those deleted."""
    aged = sorted(_keys(home), reverse=True)
    old = [name for _, name in aged if name != keep][kept_max - 1 :]
    for name in old:
        shutil.rmtree(home / name, ignore_errors=True)
    return old


def _keys(home: Path) -> Iterator[tuple[int, str]]:
    """Yield age and name of each folder that is named like a key; others are not ours to delete."""
    for path in home.iterdir():
        is_key = len(path.name) == 20 and set(path.name) <= set("0123456789abcdef")
        if is_key and path.is_dir() and not path.is_symlink():
            yield path.stat().st_mtime_ns, path.name


def _home(environ: MutableMapping[str, str]) -> Path:
    given = environ.get("XDG_CACHE_HOME", "")
    # The XDG rules say to ignore a relative path.
    base = Path(given) if Path(given).is_absolute() else Path.home() / ".cache"
    return base / "cordboard" / "kernels"


def _claimed(path: Path) -> Path:
    """Create the folder if need be, prove that it can be written to, and mark it as just used."""
    path.mkdir(parents=True, exist_ok=True)
    tempfile.TemporaryFile(dir=path).close()
    os.utime(path)
    return path


def _temporary(key: str) -> Path:
    """Return a folder for temporary files that only this user can write to: it will hold code."""
    home = Path(tempfile.gettempdir()) / f"cordboard-kernels-{_user()}"
    try:
        home.mkdir(mode=0o700, exist_ok=True)
        about = home.lstat()
        private = stat.S_ISDIR(about.st_mode) and about.st_uid == _user()
        if private and stat.S_IMODE(about.st_mode) == stat.S_IRWXU:
            return _claimed(home / key)
    except OSError:
        pass  # somebody else's file of that name, perhaps; a fresh folder does as well
    return _claimed(Path(tempfile.mkdtemp(prefix="cordboard-kernels-")) / key)


def _user() -> int:
    return os.getuid() if hasattr(os, "getuid") else 0
