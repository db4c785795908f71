"""Compiled kernels lie outside the source tree, under a key that no stale kernel can share."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from router import kernel_cache
from tests.house.rooms import ROOT, functions, is_kernel, modules


@pytest.fixture
def sources(tmp_path: Path) -> Path:
    """A small project: kernels, what they import, and what imports them."""
    root = tmp_path / "project"
    texts = {
        "solver/score.py": "from numba import njit\nfrom solver.scales import (\n    SCALE,\n)\n",
        "solver/scales.py": "import router.core.limits as limits\nSCALE = limits.MOST\n",
        "router/core/limits.py": "MOST = 1\n",
        "router/core/rules.py": "from router.core import jit, words\n",
        "router/core/jit.py": "from numba import njit\n",
        "router/core/words.py": "WORDS = 1\n",
        "router/config.py": "PORT = 1\n",
        "simulator/main.py": "from solver.score import best\n",
    }
    for name, text in texts.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)
    return root


@pytest.fixture
def without_numba(monkeypatch: pytest.MonkeyPatch) -> None:
    """Other tests may have imported Numba into this process."""
    monkeypatch.delitem(sys.modules, "numba", raising=False)


@pytest.mark.parametrize(
    ("name", "shapes_kernels"),
    [
        ("solver/score.py", True),
        ("solver/scales.py", True),
        ("router/core/limits.py", True),
        ("router/core/jit.py", True),
        ("router/config.py", False),
        ("simulator/main.py", False),
    ],
)
def test_the_key_follows_kernels_and_all_they_import(sources, name, shapes_kernels) -> None:
    """A kernel's file and whatever it imports make the key; what only uses it does not."""
    before = kernel_cache.key_of(sources)
    os.utime(sources / name, (1, 1))
    assert kernel_cache.key_of(sources) == before
    (sources / name).write_text((sources / name).read_text() + "# changed\n")
    assert (kernel_cache.key_of(sources) != before) is shapes_kernels


def test_every_kernel_of_the_house_is_in_the_key() -> None:
    """No file with a compiled function is left out, under whatever name it compiles."""
    compiled = {
        module.path
        for module in modules("solver", "router", "simulator")
        if any(is_kernel(function) for function in functions(module))
    }
    assert compiled
    assert compiled <= set(kernel_cache.kernel_sources())


def test_the_key_follows_the_compiler(sources: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Another version of Numba does not load what this one compiled."""
    before = kernel_cache.key_of(sources)
    monkeypatch.setattr(kernel_cache.metadata, "version", lambda name: f"{name}-next")
    assert kernel_cache.key_of(sources) != before


@pytest.mark.usefixtures("without_numba")
def test_the_cache_lies_under_the_users_cache_home(sources: Path, tmp_path: Path) -> None:
    """XDG_CACHE_HOME is obeyed, and Numba is told."""
    environ = {"XDG_CACHE_HOME": str(tmp_path / "cache")}
    found = kernel_cache.settle(environ, sources)
    key = kernel_cache.key_of(sources)
    assert found == (tmp_path / "cache/cordboard/kernels" / key, None)
    assert environ["NUMBA_CACHE_DIR"] == str(found.path)
    assert found.path.is_dir()


def test_the_users_own_choice_stays(sources: Path, tmp_path: Path) -> None:
    """NUMBA_CACHE_DIR is not overridden, even when Numba is loaded already."""
    environ = {"NUMBA_CACHE_DIR": str(tmp_path / "mine")}
    assert kernel_cache.settle(environ, sources).path == tmp_path / "mine"
    assert set(environ) == {"NUMBA_CACHE_DIR"}


def test_too_late_is_an_error(sources: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever imports Numba first is told what to call before it."""
    monkeypatch.setitem(sys.modules, "numba", sys)
    with pytest.raises(kernel_cache.NumbaLoadedError, match="settle"):
        kernel_cache.settle({}, sources)


@pytest.mark.usefixtures("without_numba")
def test_without_a_usable_home_a_private_folder_serves(
    sources: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without a writable home, kernels go to a folder of this user alone, and that is said."""
    blocked = tmp_path / "file"
    blocked.write_text("not a folder")
    monkeypatch.setattr(kernel_cache.tempfile, "tempdir", str(tmp_path))
    found = kernel_cache.settle({"XDG_CACHE_HOME": str(blocked)}, sources)
    assert found.note is not None
    assert str(found.path) in found.note
    assert found.path.parent.stat().st_mode & 0o777 == 0o700
    assert kernel_cache.settle({"XDG_CACHE_HOME": str(blocked)}, sources).path == found.path


@pytest.mark.usefixtures("without_numba")
def test_a_folder_that_others_can_write_to_is_not_trusted(
    sources: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Cached kernels are code, so a folder somebody else prepared is left alone."""
    monkeypatch.setattr(kernel_cache.tempfile, "tempdir", str(tmp_path))
    prepared = tmp_path / f"cordboard-kernels-{os.getuid()}"
    prepared.mkdir()
    prepared.chmod(0o777)
    found = kernel_cache.settle({"XDG_CACHE_HOME": os.devnull}, sources)
    assert prepared not in found.path.parents


def test_old_keys_are_forgotten_and_strangers_are_left_alone(tmp_path: Path) -> None:
    """Five keys stay, the one in use among them; a folder that is no key is not touched."""
    keys = [f"{number:020x}" for number in range(8)]
    for age, name in enumerate(keys):
        (tmp_path / name).mkdir()
        os.utime(tmp_path / name, (age, age))
    (tmp_path / "photos").mkdir()
    gone = kernel_cache.prune(tmp_path, keep=keys[0])
    assert sorted(gone) == keys[1:4]
    assert sorted(path.name for path in tmp_path.iterdir()) == [keys[0], *keys[4:], "photos"]


PROBE = """
from router import kernel_cache
kernel_cache.settle()
from solver.score import twice
twice(2.0)
print(sum(twice.stats.cache_hits.values()), sum(twice.stats.cache_misses.values()))
"""


@pytest.mark.slow
def test_a_fresh_clone_finds_what_another_compiled(tmp_path: Path) -> None:
    """A second copy of the sources elsewhere compiles nothing; changed sources do."""
    kernel = "from numba import njit\nSCALE = 2.0\n"
    kernel += "@njit(cache=True)\ndef twice(x):\n    return SCALE * x\n"
    environ = {name: value for name, value in os.environ.items() if not name.startswith("NUMBA_")}
    environ |= {"XDG_CACHE_HOME": str(tmp_path / "cache"), "PYTHONPATH": ""}
    printed = []
    for clone, text in (("one", kernel), ("two", kernel), ("three", kernel.replace("2.0", "3.0"))):
        (tmp_path / clone / "router").mkdir(parents=True)
        (tmp_path / clone / "solver").mkdir()
        for name in ("__init__", "kernel_cache", "kernel_locator"):
            shutil.copy(ROOT / f"router/{name}.py", tmp_path / clone / "router")
        # A package, or an installed ``solver`` would win over this folder.
        (tmp_path / clone / "solver/__init__.py").write_text("")
        (tmp_path / clone / "solver/score.py").write_text(text)
        command = [sys.executable, "-c", PROBE]
        done = subprocess.run(
            command, cwd=tmp_path / clone, env=environ, check=True, capture_output=True, text=True
        )
        printed.append(done.stdout.split())
    assert printed == [["0", "1"], ["1", "0"], ["0", "1"]]
