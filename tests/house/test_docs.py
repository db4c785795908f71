"""What a user can meet, a user can look up: every row of every public table is in the documents."""

import ast
import functools
import importlib
import re
from collections.abc import Iterable, Mapping
from types import SimpleNamespace

import pytest

from tests.house.rooms import ROOT, modules

TABLES = {
    "SETTINGS": "router",
    "ROUTES": "router",
    "PROBLEMS": "router",
    "REFUSALS": "router",
    "POLICIES": "router",
    "BACKENDS": "solver",
    "STORES": "router.stores",
    "METRICS": "router",
    "SIGNALS": "router.signals",
    "COMMANDS": "router.main",  # the core has a table of this name too, of what it is told
}
NAMED_BY = ("key", "path", "code", "name", "id")


@functools.cache
def places() -> dict[str, list[str]]:
    """Find the modules that define each table at top level."""
    found: dict[str, list[str]] = {name: [] for name in TABLES}
    for module in modules("solver", "router", "simulator"):
        for node in module.tree.body:
            targets = (
                node.targets if isinstance(node, ast.Assign) else [getattr(node, "target", None)]
            )
            for target in targets:
                name = target.id if isinstance(target, ast.Name) else ""
                if name in found and f"{module.name}.".startswith(f"{TABLES[name]}."):
                    found[name].append(module.name)
    return found


def names_in(table: object) -> list[str]:
    """Return what the rows of a table are called: keys of a mapping, names or paths of rows."""
    assert isinstance(table, Iterable)
    if isinstance(table, Mapping) and all(isinstance(key, str) for key in table):
        return [str(key) for key in table]
    rows = table.values() if isinstance(table, Mapping) else table
    return [_name_of(row) for row in rows]


def _name_of(row: object) -> str:
    if isinstance(row, str):
        return row
    for attribute in NAMED_BY:
        value = getattr(row, attribute, None)
        if isinstance(value, str):
            return value
    if isinstance(row, tuple):
        texts = [each for each in row if isinstance(each, str)]
        return next((text for text in texts if text.startswith("/")), texts[0])
    raise AssertionError(f"no name in {row!r}; a row of a public table has one of {NAMED_BY}")


def code_of(pages: Iterable[str]) -> str:
    """Return only what stands in code spans and code blocks: there a name is meant as a name."""
    spans: list[str] = []
    for page in pages:
        fences = re.compile(r"^```.*?^```", re.MULTILINE | re.DOTALL)
        spans += fences.findall(page)
        spans += re.findall(r"`([^`\n]+)`", fences.sub("", page))
    return "\n".join(spans)


def missing(names: Iterable[str], code: str) -> list[str]:
    """List the names that the documents do not mention as a whole word."""
    return [
        name for name in names if not re.search(rf"(?<![\w.]){re.escape(name)}(?![\w{{])", code)
    ]


@functools.cache
def documents() -> str:
    """Return the code parts of README.md and of every page under docs/."""
    pages = [ROOT / "README.md", *sorted((ROOT / "docs").glob("**/*.md"))]
    return code_of(page.read_text("utf-8") for page in pages if page.exists())


@pytest.mark.parametrize("name", TABLES)
def test_every_row_is_documented(name: str) -> None:
    """A row that is added to a public table is explained in the same change."""
    found = places()[name]
    if not found:
        pytest.skip(f"no module has a table {name} yet")
    for place in found:
        table = getattr(importlib.import_module(place), name)
        assert missing(names_in(table), documents()) == [], f"{place}.{name}: not in docs/*.md"


def test_a_seeded_gap_is_found() -> None:
    """A name in prose, or inside a longer name, does not count as documented."""
    code = code_of(["# A\nUse `greedy` or\n```\ncordboard serve --fast\n```\nnot plain cp_sat."])
    assert missing(["greedy", "serve"], code) == []
    assert missing(["cp_sat", "greed", "fas"], code) == ["cp_sat", "greed", "fas"]
    assert missing(["/v1/tickets"], code_of(["`/v1/tickets/{id}`"])) == []


def test_rows_of_every_shape_have_a_name() -> None:
    """Mappings, records, tuples and plain names are all tables."""
    assert names_in({"a": 1}) == ["a"]
    assert names_in([SimpleNamespace(path="/v1/x")]) == ["/v1/x"]
    assert names_in([("GET", "/livez")]) == ["/livez"]
    assert names_in(["b"]) == ["b"]
    assert names_in({3: SimpleNamespace(code="gone")}) == ["gone"]
    with pytest.raises(AssertionError, match="no name"):
        names_in([3])
