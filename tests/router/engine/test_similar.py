"""Similar tickets and articles: found by a ticket's message or a text, kept as files, never as text in the journal."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from router.engine.shelf import Change, Shelf, ShelfLimits
from router.search.documents import Document
from router.stores.assist import AssistStore
from router.stores.memory import MemoryStore
from router.wire.calls import Call
from router.wire.offers import CompleteBody
from router.wire.similar import ArticlesBody, SimilarBody
from router.wire.tickets import CancelBody, TicketBody
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
    await read.desk.settle()
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


async def test_a_message_that_is_nowhere_is_asked_for(tmp_path: Path) -> None:
    """A ticket without a message cannot be compared, and the refusal says what can be done."""
    _, read = await begun(tmp_path)
    body = TicketBody(queue="support", channel="chat")
    await read.do("tickets.put", "t1", body)
    for id_, code in (("t1", "state_conflict"), ("t9", "unknown_resource")):
        call = Call("tickets.similar", id=id_, query={"most": 5, "kind": None})
        assert (await read.desk.submit(call)).problem.code == code
    await read.close()


async def solve(read: Read, ticket: str, text: str) -> None:
    """Put a ticket with a message, and complete it."""
    put = await read.put(ticket, text)
    await read.do("offers.accept", put.offers[0])
    await read.do("assignments.complete", f"a-{put.offers[0][2:]}", CompleteBody())


async def test_solved_tickets_are_known_after_a_restart(tmp_path: Path) -> None:
    """What was solved is found by the next life, by words alone as the text is gone; what is open is not."""
    bench, read = await begun(tmp_path)
    await solve(read, "t1", "the money of my refund is still missing")
    await read.put("t2", "money missing, please refund")
    await read.close()
    again = await opened(bench, tmp_path)
    assert again.desk.shelf.solved == 1
    await again.put("t3", "refund money missing")
    assert set(await similar(again, "t3")) == {"t1", "a-1"}
    # The text of t2 is forgotten; what it is found by is not.
    assert again.desk.reader.messages.get("t2") is None
    assert set(await similar(again, "t2")) == {"t1", "a-1"}
    await again.close()


async def test_a_ticket_that_was_open_at_the_restart_is_known_once_it_is_solved(
    tmp_path: Path,
) -> None:
    """Its message was read by the life before; also when that life ended between the journal and the file."""
    bench, read = await begun(tmp_path)
    put = await read.put("t1", "the money of my refund is still missing")
    await read.put("t2", "forgotten password")
    await read.do("offers.accept", put.offers[0])
    await read.desk.close()
    read.desk.assist._open.clear()  # this life ends before it hears of what follows
    await read.do("assignments.complete", f"a-{put.offers[0][2:]}", CompleteBody())
    await read.do("tickets.cancel", "t2", CancelBody())
    await read.close()
    again = await opened(bench, tmp_path)
    found = await again.do("signals.similar", "", SimilarBody(text="refund money missing password"))
    assert {hit.id for hit in found.hits if hit.kind == "ticket"} == {"t1"}
    assert AssistStore(tmp_path).is_there
    await again.close()


async def test_an_erased_message_is_found_no_more_in_this_life_or_the_next(tmp_path: Path) -> None:
    """By a call of its own, also for a ticket that the journal has forgotten; erasing twice is no fault."""
    bench, read = await begun(tmp_path)
    await solve(read, "t1", "the money of my refund is still missing")
    await solve(read, "t2", "refund the money")
    assert (await read.submit("tickets.erase", "t1")).status == 204
    assert (await read.submit("tickets.erase", "t1")).status == 204
    assert (await read.submit("tickets.erase", "nobody")).status == 204
    await read.put("t3", "refund money missing")
    assert set(await similar(read, "t3")) == {"t2", "a-1"}
    await read.close()
    again = await opened(bench, tmp_path)
    await again.put("t4", "refund money missing")
    assert set(await similar(again, "t4")) == {"t2", "a-1"}
    await again.close()


async def test_an_article_and_a_ticket_may_have_the_same_id(tmp_path: Path) -> None:
    """Each is found for itself, and erasing the ticket leaves the article."""
    _, read = await begun(tmp_path)
    await solve(read, "a-1", "the money of my refund is still missing")
    await read.desk.settle()
    body = SimilarBody(text="refund money")
    found = await read.do("signals.similar", "", body)
    assert sorted((hit.id, hit.kind) for hit in found.hits) == [
        ("a-1", "article"),
        ("a-1", "ticket"),
    ]
    await read.do("tickets.erase", "a-1")
    found = await read.do("signals.similar", "", body)
    assert [(hit.id, hit.kind) for hit in found.hits] == [("a-1", "article")]
    await read.close()


def message(ticket: str, text: str) -> Change:
    """Return that a ticket has a message."""
    return Change(ticket, message=Document(ticket, text, language="en"))


async def test_the_oldest_solved_tickets_make_room_and_the_past_ends() -> None:
    """What is looked through is bounded in number and time: three of five, then those of the last hour."""
    now = [0]
    shelf = Shelf(None, ShelfLimits(3, 3_600.0), lambda: now[0])
    for n in range(5):
        now[0] = n * 1_800_000_000
        shelf.note(message(f"t{n}", f"ticket number{n} about refunds"))
        shelf.note(Change(f"t{n}", end="solved"))
        await shelf.tidy()
    assert (shelf.documents, shelf.solved) == (3, 3)
    now[0] += 1_900_000_000
    await shelf.tidy()
    assert (shelf.documents, shelf.solved) == (1, 1)
    shelf.note(Change("t4", end="ended"))
    await shelf.tidy()
    assert shelf.documents == 0
    await shelf.close()


class Themes:
    """An encoder that knows two themes, whatever their words."""

    fingerprint = "a" * 64
    dimensions = 2

    def __init__(self) -> None:
        self.encoded: list[str] = []

    def encode(self, texts: list[str]) -> NDArray[np.float32]:
        """Return a vector by theme."""
        self.encoded += texts
        rows = [
            (1.0, 0.1) if {"money", "cash", "Refunds"} & set(text.split()) else (0.1, 1.0)
            for text in texts
        ]
        return np.array(rows, np.float32)


async def themed(bench: Bench, folder: Path) -> tuple[Read, Themes]:
    """Open a line with an encoder."""
    themes = Themes()
    read = await opened(bench, folder, themes)
    return read, themes


async def test_what_has_no_word_in_common_is_found_by_its_meaning(tmp_path: Path) -> None:
    """Solved tickets and articles are encoded beside the work, both rankings are fused, and restarts keep vectors."""
    bench = Bench()
    read, themes = await themed(bench, tmp_path)
    await furnish(read.line)
    await read.do("articles.put", "", ArticlesBody(csv=ARTICLES))
    await solve(read, "t1", "the money is missing")
    await read.desk.settle()
    found = await read.do("signals.similar", "", SimilarBody(text="cash"))
    assert found.by == "both"
    assert {hit.id for hit in found.hits[:2]} == {"t1", "a-1"}
    assert all(hit.word_rank is None and hit.meaning_rank for hit in found.hits[:2])
    assert len(themes.encoded) == 4
    await read.close()
    again, fresh = await themed(bench, tmp_path)
    found = await again.do("signals.similar", "", SimilarBody(text="cash"))
    assert {hit.id for hit in found.hits[:2]} == {"t1", "a-1"}
    assert fresh.encoded == ["cash"], "articles and tickets need not be encoded again"
    await again.close()


async def test_without_an_answer_of_the_encoder_words_decide(tmp_path: Path) -> None:
    """An encoder that fails leaves the search as it is without one."""
    bench = Bench()
    read, themes = await themed(bench, tmp_path)
    await furnish(read.line)
    await read.do("articles.put", "", ArticlesBody(csv=ARTICLES))
    themes.encode = lambda texts: np.full((len(texts), 2), np.nan, np.float32)
    found = await read.do("signals.similar", "", SimilarBody(text="how long a refund takes"))
    assert found.by == "words"
    assert found.hits[0].id == "a-1"
    await read.close()
