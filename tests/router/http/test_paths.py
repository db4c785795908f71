"""The path table, against the slow way: trying every template of the route table."""

import re
from urllib.parse import unquote

from hypothesis import given
from hypothesis import strategies as st

from router.http.paths import Missed, Paths
from router.wire.routes import ROUTES

PATHS = Paths((route, route.name) for route in ROUTES)
PIECES = ["v1", "tickets", "t-1", ":cancel", ":batch", "/", "policies", "revisions", "3", ":activate",
          "position", "offers", ":accept", "a:b", "%3A", "livez", "*", "agents", "presence", ""]  # fmt: skip


def slow(method: str, path: str) -> tuple[str, str, str] | None:
    """Try every route; ids are anything without a slash, and verbs bind to the last colon."""
    for route in ROUTES:
        pattern = (
            re.escape(route.path).replace(r"\{id\}", "([^/]*)").replace(r"\{revision\}", "([^/]*)")
        )
        found = re.fullmatch(pattern, path)
        if found and route.method == method:
            ids = [unquote(each, errors="replace") for each in found.groups()]
            return route.name, *[*ids, "", ""][:2]
    return None


@given(
    st.sampled_from(["GET", "PUT", "POST", "PATCH", "DELETE"]),
    st.lists(st.sampled_from(PIECES), max_size=9).map("/".join)
    | st.sampled_from([r.path for r in ROUTES]),
)
def test_the_table_finds_what_trying_finds(method: str, path: str) -> None:
    """Every path leads where the templates say, and nowhere when none fits."""
    path = "/" + path.replace("/:", ":").lstrip("/")
    try:
        name, target = PATHS.find(method, path)
        found = (name, target.id, target.sub)
    except Missed:
        found = None
    assert found == slow(method, path)
