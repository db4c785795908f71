"""What follows from tables stands in the documents as the tables have it."""

import pytest

from router.core import codes as c
from router.core.lifecycle import FINAL, TICKET_MOVES
from router.published import TYPES
from router.wire.routes import ROUTES
from tests.docs import core, pages, server
from tests.docs.bodies import REPLIES, REQUESTS
from tests.house.rooms import ROOT, files

WRITTEN = {path: (ROOT / path).read_text("utf-8") for path, _ in pages.PARTS.values()}
ANEW = "python -m tests.docs.pages"


@pytest.mark.parametrize("name", pages.PARTS)
def test_a_part_is_what_its_table_says(name: str) -> None:
    """A row that is added or changed is told anew; ``python -m tests.docs.pages`` does it."""
    path, writer = pages.PARTS[name]
    page = WRITTEN[path]
    assert pages.replaced(page, name, writer()) == page, f"{path} is behind its tables: {ANEW}"


def test_every_mark_belongs_to_a_part() -> None:
    """No page has a mark that nothing writes below, and none of a part that stands elsewhere."""
    for path in files():
        if path.suffix == ".md":
            found = pages.written(path.read_text("utf-8"))
            where = str(path.relative_to(ROOT))
            assert sorted(found) == sorted(n for n, (p, _) in pages.PARTS.items() if p == where)


def test_a_page_behind_its_tables_is_noticed() -> None:
    """A changed table gives another page, and writing it twice changes nothing."""
    first, last = pages.marks("verbs")
    page = f"before\n{first}\nold\n{last}\nafter"
    once = pages.replaced(page, "verbs", "new")
    assert once != page
    assert pages.replaced(once, "verbs", "new") == once
    assert once.startswith("before\n")
    assert once.endswith("\nafter")
    with pytest.raises(ValueError, match="expected once"):
        pages.replaced(page + first, "verbs", "new")


def test_the_picture_of_states_has_every_move() -> None:
    """Each legal move of a ticket is in the picture, as an arrow or as an end."""
    picture = core.states()
    lines = {line.split()[0]: line for line in picture.splitlines() if line.startswith("  ")}
    for state, following in TICKET_MOVES.items():
        for after in following:
            here, there = c.TICKET_STATES[state], c.TICKET_STATES[after]
            is_end = after in FINAL and after != c.COMPLETED
            line = lines[there] if is_end else lines[here]
            assert (here if is_end else there) in line, f"{here} -> {there} is missing"


def test_every_body_of_a_route_is_listed() -> None:
    """What a call takes can be looked up, patches and empty bodies aside."""
    bodies = {route.body for route in ROUTES if route.body} | {r.query for r in ROUTES if r.query}
    names = {body.__name__ for body in bodies} - {each.__name__ for each in REQUESTS}
    assert {name for name in names if not name.endswith("Patch")} == {"NoBody"}
    assert len({*REQUESTS, *REPLIES}) == len(REQUESTS) + len(REPLIES)


def test_every_published_event_is_explained() -> None:
    """What a stream can send is in the table of events."""
    assert sorted(name for name in TYPES if f"`{name}`" not in server.events()) == []
