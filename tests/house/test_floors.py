"""Imports go down only, and pure rooms stay pure: ARCHITECTURE.md says which room is where."""

import ast
import functools
import re
from itertools import product

import pytest

from tests.house.rooms import ROOT, Module, module_of, modules

ROOF = 6
OURS = ("solver", "router", "simulator", "bench", "tests")
IMPURE = frozenset(
    {"asyncio", "time", "random", "secrets", "uuid", "socket", "threading", "os", "logging"}
)
CALENDAR = frozenset({"datetime"})  # floors 0 and 1 count microseconds
DEVICES = frozenset(
    {
        "aiohttp",
        "apsw",
        "onnxruntime",
        "prometheus_client",
        "rich",
        "sqlite3",
        "structlog",
        "tokenizers",
        "uvloop",
    }
)
PURE_UP_TO = 2
TIMELESS_UP_TO = 1


def floors_of(page: str) -> dict[str, int]:
    """Read the block under "## Floors": every name that ends in ``/`` or ``.py`` has a floor."""
    section = page.split("## Floors", 1)[1].split("```")[1]
    floors: dict[str, int] = {}
    floor = ROOF
    for line in section.splitlines():
        start = re.match(r"\s*(roof|\d)\s", line)
        if start:
            floor = ROOF if start[1] == "roof" else int(start[1])
        for name in re.findall(r"(?<=\s)[a-z_/{},]+(?:\.py|/)(?=[\s,]|$)", line):
            for each in _spelled_out(name):
                floors[each.removesuffix(".py").strip("/").replace("/", ".")] = floor
    return floors


def _spelled_out(name: str) -> list[str]:
    parts = [part.split(",") for part in re.split(r"[{}]", name)]
    return ["".join(choice) for choice in product(*parts)]


@functools.cache
def floors() -> dict[str, int]:
    """Return the floor of each room and module, as ARCHITECTURE.md has it."""
    return floors_of((ROOT / "ARCHITECTURE.md").read_text("utf-8"))


def floor_of(name: str) -> int | None:
    """Return the floor of the longest known prefix; a bare package is empty, so below all."""
    parts = name.split(".")
    for end in range(len(parts), 0, -1):
        found = floors().get(".".join(parts[:end]))
        if found is not None:
            return found
    return 0 if name in OURS else None


def imports(module: Module) -> set[str]:
    """Return what a module imports anywhere: in functions, for types, by import_module("...")."""
    found = set()
    for node in ast.walk(module.tree):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            found |= {f"{node.module}.{alias.name}" for alias in node.names}
        elif isinstance(node, ast.Call) and node.args and isinstance(node.args[0], ast.Constant):
            callee = ast.unparse(node.func)
            if callee in {"__import__", "import_module", "importlib.import_module"}:
                found.add(str(node.args[0].value))
    return found


def faults(module: Module) -> list[str]:
    """List every import that goes up, sideways into another house, or out of a pure room."""
    floor = floor_of(module.name)
    if floor is None:
        return [f"{module.path} is on no floor; give it one in ARCHITECTURE.md"]
    found = []
    for name in sorted(imports(module)):
        top = name.split(".", maxsplit=1)[0]
        if top in OURS:
            target = floor_of(name)
            same_house = target == floor and top == module.name.split(".", maxsplit=1)[0]
            if floor != ROOF and (target is None or (target >= floor and not same_house)):
                found.append(f"{module.path} (floor {floor}) imports {name} (floor {target})")
        elif floor <= PURE_UP_TO and top in IMPURE | DEVICES:
            found.append(f"{module.path} (floor {floor}) is pure and imports {top}")
        elif floor <= TIMELESS_UP_TO and top in CALENDAR:
            found.append(f"{module.path} (floor {floor}) counts microseconds and imports {top}")
    return found


def test_every_module_is_on_a_floor_and_imports_only_go_down() -> None:
    """No module of the house imports upwards, and no pure room imports the outside world."""
    assert [fault for module in modules() for fault in faults(module)] == []


def test_the_page_has_all_floors_and_names_what_pure_rooms_may_not_import() -> None:
    """ARCHITECTURE.md and this test speak of the same floors and the same forbidden modules."""
    page = (ROOT / "ARCHITECTURE.md").read_text("utf-8")
    assert set(floors().values()) == {0, 1, 2, 3, 4, 5, ROOF}
    assert {"solver", "router.core", "router.main", "router.wire", "bench"} <= set(floors())
    assert [name for name in IMPURE | CALENDAR if f"`{name}`" not in page] == []


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        ("solver.seeded", "import router.core.state", "imports router.core.state (floor 1)"),
        ("router.core.seeded", "from router import engine", "imports router.engine (floor 3)"),
        ("router.core.seeded", "def f():\n    import time", "is pure and imports time"),
        ("router.core.seeded", "from datetime import date", "counts microseconds"),
        ("router.config", "from os import environ", "is pure and imports os"),
        ("router.wire.seeded", "import aiohttp.web", "is pure and imports aiohttp"),
        ("router.wire.seeded", "import os.path as path", "is pure and imports os"),
        ("simulator.seeded", "from router.stores import STORES", "(floor 3) imports router.stores"),
        ("router.engine", "import bench.machine", "imports bench.machine (floor 6)"),
        ("router.engine", "import importlib as i\nx = __import__('router.main')", "router.main"),
        ("router.core.seeded", "if TYPE_CHECKING:\n    import router.wire.calls", "router.wire"),
        ("router.upstairs", "", "is on no floor"),
    ],
)
def test_a_seeded_fault_is_found(name: str, text: str, said: str) -> None:
    """The check sees upward, sideways, late and impure imports."""
    (fault,) = faults(module_of(name, text))
    assert said in fault


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("router.config", "import datetime"),
        ("router.main", "from router.stores import STORES\nimport os"),
        ("router.http.seeded", "from router import engine"),
        ("simulator.seeded", "from router.core import state\nimport solver.problem"),
        ("simulator.soak.seeded", "from router.stores import STORES"),
        ("tests.seeded", "import bench.machine"),
    ],
)
def test_what_is_allowed_stays_allowed(name: str, text: str) -> None:
    """The check does not cry wolf over imports that go down."""
    assert faults(module_of(name, text)) == []
