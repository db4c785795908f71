"""What is looked through when memory is full: the newest tickets, behind the articles."""

import asyncio
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from router.engine.shelf import Change, Shelf
from router.engine.showcase import Showcase
from router.search.collection import Collection
from router.search.documents import Document
from router.search.kept import Kept, reduced
from router.search.limits import SearchFullError, SearchLimits
from router.search.tokens import Cutter

FEW = SearchLimits(memory_bytes=400_000)


@pytest.fixture(autouse=True)
def little_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    """Bound the memory of every showcase to some dozens of these documents."""
    monkeypatch.setattr("router.engine.showcase.Collection", lambda: Collection(FEW))


def texts(count: int) -> list[str]:
    """Return long messages that have no word in common."""
    rng = np.random.default_rng(7)
    return [" ".join(f"w{word}" for word in rng.integers(0, 10**6, 300)) for _ in range(count)]


def documents(count: int, kind: Any = "ticket") -> list[Kept]:
    """Return documents, the oldest first."""
    made = [Document(f"{kind}{n}", text, kind=kind) for n, text in enumerate(texts(count))]
    return reduced(Cutter(), made, default="en")


def shown(showcase: Showcase) -> list[int]:
    """Return the numbers of the tickets that are looked through."""
    alive = [
        id_
        for segment in showcase.snapshot.segments
        for id_, flag in zip(segment.ids, segment.flags, strict=True)
        if flag and id_.startswith("ticket")
    ]
    return sorted(int(id_.removeprefix("ticket")) for id_ in alive)


def test_of_too_many_the_newest_are_found_after_a_start() -> None:
    """Not none of them: the newest without a gap, and as many as half the memory has room for at least."""
    showcase, tickets = Showcase(), documents(120)
    showcase.fill(tickets)
    found = shown(showcase)
    assert found == list(range(120 - len(found), 120))
    assert FEW.memory_bytes / 2 < showcase.snapshot.bytes <= FEW.memory_bytes
    showcase.fill(tickets[:3])
    assert shown(showcase) == [0, 1, 2]


def test_the_oldest_make_room_for_the_next() -> None:
    """The newest is always found, whatever came before, and never few of those that there is room for."""
    showcase = Showcase()
    for n, ticket in enumerate(documents(120)):
        showcase.show([ticket], [])
        found = shown(showcase)
        assert found == list(range(n + 1 - len(found), n + 1))
        assert len(found) >= min(n + 1, 12)
    showcase.show([], ["ticket119"])
    assert shown(showcase)[-1] == 118


def test_one_more_after_a_start_makes_room_for_itself_only(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Whatever the bound: half of what was found stays found, and everything can be taken out again."""
    for bound in range(200_000, 700_000, 50_000):
        limits = SearchLimits(memory_bytes=bound)
        monkeypatch.setattr(
            "router.engine.showcase.Collection", lambda most=limits: Collection(most)
        )
        showcase, tickets = Showcase(), documents(120)
        showcase.fill(tickets[:-1])
        before = len(shown(showcase))
        showcase.show(tickets[-1:], [])
        found = shown(showcase)
        assert len(found) >= before / 2
        assert found == list(range(120 - len(found), 120))
        for n in found:
            showcase.show([], [f"ticket{n}"])
        assert showcase.snapshot.documents == 0


def test_a_batch_that_does_not_fit_is_shown_as_far_as_it_does() -> None:
    """All tickets before make room, and of the batch the newest are found."""
    showcase, tickets = Showcase(), documents(120)
    showcase.show(tickets[:5], [])
    showcase.show(tickets[5:], [])
    found = shown(showcase)
    assert len(found) > 5
    assert found == list(range(120 - len(found), 120))
    assert list(showcase._tickets) == [f"ticket{n}" for n in found], "the oldest goes next"


def test_articles_come_before_tickets() -> None:
    """Tickets fill the memory, articles find room in it all the same; too many of them are refused."""
    showcase, articles = Showcase(), documents(60, "article")
    showcase.fill(documents(120))
    before = len(shown(showcase))
    showcase.put(articles[:5])
    left = shown(showcase)
    assert 0 < len(left) < before
    assert left[-1] == 119
    with pytest.raises(SearchFullError):
        showcase.put(articles)


def test_compacting_lets_go_of_what_was_removed() -> None:
    """Memory is less by the removed one, once; of an empty collection nothing is left."""
    collection = Collection()
    collection.put_kept(documents(10))
    full = collection.snapshot.bytes
    collection.remove(["ticket0"])
    assert collection.snapshot.bytes == full
    less = collection.compact()
    assert less.bytes < full
    assert less.documents == 9
    assert collection.compact() is less
    collection.remove([f"ticket{n}" for n in range(10)])
    assert collection.compact().documents == 0


async def test_kept_tickets_that_do_not_all_fit_are_found_after_a_restart(tmp_path: Path) -> None:
    """As many as before it, not none; the one that is solved next is found too."""
    shelf = Shelf(tmp_path)
    for n, text in enumerate(texts(60)):
        shelf.note(Change(f"t{n}", message=Document(f"t{n}", text, language="en")))
        shelf.note(Change(f"t{n}", end="solved"))
        await shelf.tidy()
    assert shelf.solved == 60
    assert 0 < shelf.documents < 60
    await shelf.close()
    again = Shelf(tmp_path)
    await again.restore(lambda _: "open")
    assert 12 <= again.documents < 60
    again.note(Change("new", message=Document("new", "fresh words", language="en")))
    again.note(Change("new", end="solved"))
    await asyncio.wait_for(again.tidy(), 60)
    assert "new" in again._showcase._tickets
    await again.close()
