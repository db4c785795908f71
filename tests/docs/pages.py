"""
The written parts of the documents that follow from tables, and where they stand.

A part stands between ``<!-- NAME: written by tests/docs/pages.py -->`` and ``<!-- end of NAME -->``;
``python -m tests.docs.pages`` writes all of them anew.
"""

import re
from collections.abc import Callable
from pathlib import Path
from types import MappingProxyType

from tests.docs import bodies, core, measures, server, worlds
from tests.house.rooms import ROOT

Writer = Callable[[], str]

PARTS: MappingProxyType[str, tuple[str, Writer]] = MappingProxyType(
    {
        "states": ("ARCHITECTURE.md", core.states),
        "verbs": ("ARCHITECTURE.md", core.verbs),
        "routes": ("docs/api.md", server.routes),
        "problems": ("docs/api.md", server.problems),
        "refusals": ("docs/api.md", core.refusals),
        "events": ("docs/api.md", server.events),
        "reasons": ("docs/api.md", core.reasons),
        "exclusions": ("docs/api.md", core.exclusions),
        "bodies": ("docs/bodies.md", bodies.requests),
        "replies": ("docs/bodies.md", bodies.replies),
        "messages": ("docs/stream.md", bodies.messages),
        "shortcuts": ("docs/stream.md", server.shortcuts),
        "policies": ("docs/policies.md", core.policies),
        "terms": ("docs/policies.md", core.terms),
        "backends": ("docs/solver.md", core.backends),
        "commands": ("docs/operations.md", server.commands),
        "worlds": ("docs/simulator.md", worlds.fields),
        "measures": ("docs/simulator.md", measures.measures),
        "formulas": ("docs/validation.md", measures.formulas),
        "controls": ("docs/validation.md", measures.controls),
        "extra measures": ("docs/validation.md", measures.extras),
        "anchors": ("docs/validation.md", measures.fields),
        "metrics": ("docs/operations.md", server.metrics),
        "stores": ("docs/operations.md", server.stores),
        "store errors": ("docs/operations.md", server.store_errors),
        "limits": ("docs/operations.md", core.limits),
    }
)
"""Every written part: the page it stands on and the function that writes it."""


def marks(name: str) -> tuple[str, str]:
    """Return the lines before and after a part."""
    return f"<!-- {name}: written by tests/docs/pages.py -->", f"<!-- end of {name} -->"


def replaced(page: str, name: str, text: str) -> str:
    """Return the page with a part written anew. Raises ValueError when its marks are not there once each."""
    first, last = marks(name)
    if page.count(first) != 1 or page.count(last) != 1 or page.index(first) > page.index(last):
        raise ValueError(f"{first} and {last}: expected once each, in this order")
    before, rest = page.split(first)
    return f"{before}{first}\n\n{text.strip()}\n\n{last}{rest.split(last)[1]}"


def written(page: str) -> list[str]:
    """Return the names of the parts whose marks stand on a page."""
    return re.findall(r"<!-- ([a-z ]+): written by tests/docs/pages\.py -->", page)


def write(root: Path = ROOT) -> list[str]:
    """Write every part anew; return the pages that changed."""
    changed = []
    for path in sorted({path for path, _ in PARTS.values()}):
        old = page = (root / path).read_text("utf-8")
        for name, (where, writer) in PARTS.items():
            page = replaced(page, name, writer()) if where == path else page
        if page != old:
            (root / path).write_text(page, "utf-8")
            changed.append(path)
    return changed


if __name__ == "__main__":
    print("\n".join(write()) or "Nothing changed.")
