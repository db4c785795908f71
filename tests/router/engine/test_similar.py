"""Similar tickets and articles: found by a ticket's message or a text, kept as files, never as text in the journal."""

from pathlib import Path
from typing import Any

import pytest

from router.engine.shelf import Shelf
from router.stores.memory import MemoryStore
from router.wire.calls import Call
from router.wire.offers import CompleteBody
from router.wire.similar import ArticlesBody, SimilarBody
from tests.router.engine.lines import Bench, furnish
from tests.router.engine.models import Read, opened, warm

ARTICLES = (
    "id,title,text,language\n"
    "a-1,Refunds,How long a refund of your money takes and where it goes,en\n"
    "a-2,Passwords,How to reset a password that you have forgotten,en\n"
)


@pytest.fixture(scope="module", autouse=True)
def warmed() -> None:
    """Compile outside of the tests, whose time is bounded."""
    warm()


async def begun(folder: Path) -> tuple[Bench, Read]:
    """Return a floor with two articles."""
    bench = Bench()
    read = await opened(bench, folder)
    await furnish(read.line)
    assert (await read.submit("articles.put", "", ArticlesBody(csv=ARTICLES))).status == 201
    return bench, read


async def similar(read: Read, id_: str, **query: Any) -> list[str]:
    """Return the ids of what is like a ticket's message."""

    call = Call("tickets.similar", id=id_, query={"most": 5, "kind": None, **query})
    reply = await read.desk.submit(call)
    assert reply.problem is None, reply.problem
    return [hit.id for hit in reply.body.hits]


async def test_articles_and_solved_tickets_are_found(tmp_path: Path) -> None:
    """By the ticket's own message, best first, itself left out; a solved ticket is there once it is completed."""
    _, read = await begun(tmp_path)
    ticket = await read.put("t1", "my refund: the money is still missing")
    assert await similar(read, "t1") == ["a-1"]
    await read.do("offers.accept", ticket.offers[0])
    await read.do("assignments.complete", f"a-{ticket.offers[0][2:]}", CompleteBody())
    await read.desk.close()
    assert await similar(read, "t1") == ["a-1"]
    await read.put("t2", "where is the money of my refund")
    assert set(await similar(read, "t2")) == {"t1", "a-1"}
    assert await similar(read, "t2", kind="article") == ["a-1"]
    assert await similar(read, "t2", most=1) != []
    found = await read.do("signals.similar", "", SimilarBody(text="forgotten password", most=1))
    assert [(hit.id, hit.title, hit.kind) for hit in found.hits] == [
        ("a-2", "Passwords", "article")
    ]
    assert {term.word for term in found.hits[0].terms}
    await read.close()


async def test_articles_come_back_after_a_restart_and_their_text_is_in_no_frame(
    tmp_path: Path,
) -> None:
    """The journal knows their checksum, the folder has the file; one that was altered is not used."""
    bench, read = await begun(tmp_path)
    record = await read.do("articles.get")
    assert record.articles == 2
    await read.close()
    again = await opened(bench, tmp_path)
    assert again.desk.shelf.documents == 2
    await again.close()
    file = tmp_path / f"articles-{record.sha256[:16]}.csv"
    file.write_text(ARTICLES.replace("money", "honey"))
    last = await opened(bench, tmp_path)
    assert last.desk.shelf.documents == 0
    await last.close()
    store = MemoryStore(journal=bench.journal)
    store.open()
    assert b"forgotten" not in b"".join(frame.body for frame in store.read())
    store.close()


async def test_other_articles_take_the_place_of_those_before(tmp_path: Path) -> None:
    """What is not among them is found no more; the same again changes nothing; bad ones change nothing either."""
    _, read = await begun(tmp_path)
    other = "id,title,text\na-2,Logging in,How to log in\na-3,Prices,What it costs\n"
    assert (await read.submit("articles.put", "", ArticlesBody(csv=other))).status == 200
    assert (await read.do("articles.put", "", ArticlesBody(csv=other))).version == 2
    for bad, said in (
        ("id,title\na,b\n", "text is missing"),
        (f"{other}a-3,Again,x\n", "is 'a-3' again"),
        ('id,title,text\n"a,b\n', "is no CSV"),
    ):
        problem = (await read.submit("articles.put", "", ArticlesBody(csv=bad))).problem
        assert problem is not None
        assert problem.errors[0].pointer == "/csv"
        assert said in problem.errors[0].detail
    texts = ("refund money", "how to log in", "what it costs")
    found = [await read.do("signals.similar", "", SimilarBody(text=text)) for text in texts]
    assert [[hit.id for hit in each.hits][:1] for each in found] == [[], ["a-2"], ["a-3"]]
    await read.close()


async def test_a_message_that_is_not_in_memory_is_asked_for(tmp_path: Path) -> None:
    """A ticket without a message cannot be compared, and the refusal says what can be done."""
    _, read = await begun(tmp_path)
    await read.put("t1", "")
    await read.desk.close()
    read.desk.reader.messages.drop("t1")

    for id_, code in (("t1", "state_conflict"), ("t9", "unknown_resource")):
        call = Call("tickets.similar", id=id_, query={"most": 5, "kind": None})
        assert (await read.desk.submit(call)).problem.code == code
    await read.close()


async def test_the_oldest_solved_tickets_make_room() -> None:
    """What is looked through is bounded: the last three of five are there."""
    shelf = Shelf(None, solved_max=3)
    for n in range(5):
        if shelf.solved(f"t{n}", f"ticket number{n} about refunds", "en"):
            await shelf.tidy()
    assert shelf.documents == 3
