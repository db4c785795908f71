"""Whose message is kept: only that of a call that was done, whatever else came with it or right behind it."""

import asyncio
from pathlib import Path
from typing import Any

import pytest

from router.engine.messages import Messages, Seen
from router.wire.agents import NoBody
from router.wire.calls import Call
from router.wire.offers import CompleteBody
from router.wire.similar import SimilarBody
from router.wire.tickets import Batch, BatchTicket, CancelBody, TicketBody, TicketPatch
from tests.router.engine.models import Read, warm
from tests.router.engine.test_similar import begun, solve

ENGLISH = "please refund the money for my order because it has not arrived"
SPANISH = "quiero que me devuelvan el dinero de mi pedido porque no ha llegado"


@pytest.fixture(scope="module", autouse=True)
def warmed() -> None:
    """Compile outside of the tests, whose time is bounded."""
    warm()


def item(id_: str, text: str | None, queue: str = "support") -> BatchTicket:
    """Return a ticket of a batch."""
    more = {} if text is None else {"text": text}
    return BatchTicket(id=id_, queue=queue, channel="chat", **more)


async def batch(read: Read, *items: BatchTicket) -> list[tuple[str, int]]:
    """Put a batch, let what it began end, and return what came of each item."""
    reply = await read.do("tickets.batch", "", Batch(items=list(items)))
    await read.desk.settle()
    return [(each.id, each.status) for each in reply.results]


async def found(read: Read) -> set[str]:
    """Return the solved tickets that are found."""
    reply = await read.do("signals.similar", "", SimilarBody(text="money refund missing"))
    return {hit.id for hit in reply.hits if hit.kind == "ticket"}


async def both(read: Read, *calls: Call) -> list[int]:
    """Do calls in one breath, as over one connection; return how they were answered."""
    replies = await asyncio.gather(*[read.desk.submit(call) for call in calls])
    await read.desk.settle()
    return [reply.status for reply in replies]


async def test_a_refused_item_of_a_batch_leaves_no_message(tmp_path: Path) -> None:
    """A solved ticket is found though a batch repeats it; of tickets that never were nothing is kept or waited for."""
    _, read = await begun(tmp_path)
    await solve(read, "t1", "the money of my refund is still missing")
    kept = read.desk.reader.messages.get("t1")
    nowhere = [item(f"n{n}", "money", "nowhere") for n in range(20)]
    results = await batch(read, item("t1", "weather tomorrow"), *nowhere, item("t2", "hello"))
    assert [status for _, status in results] == [409, *[422] * 20, 201]
    assert await found(read) == {"t1"}
    assert read.desk.shelf._store.open_ids() == ["t2"]
    assert read.desk.assist._open == {"t2"}
    assert read.desk.reader.messages.get("t1") is kept
    assert len(read.desk.reader.messages) == 2
    await read.close()


@pytest.mark.parametrize(("first", "language"), [(ENGLISH, "en"), (None, None)])
async def test_the_first_item_of_an_id_is_the_ticket(
    tmp_path: Path, first: str | None, language: str | None
) -> None:
    """What the refused second one says is read for nobody, also where the first one says nothing."""
    _, read = await begun(tmp_path)
    assert await batch(read, item("x", first), item("x", SPANISH)) == [("x", 201), ("x", 422)]
    ticket = await read.do("tickets.get", "x")
    said = {each.name: each.value for each in ticket.found or ()}
    assert said.get("language") == language
    seen = read.desk.reader.messages.get("x")
    assert (None if seen is None else seen.text) == first
    await read.close()


async def test_a_message_right_before_the_end_is_found_all_the_same(tmp_path: Path) -> None:
    """The end is heard at the settlement, the message once it is durable; the ticket is solved, not open."""
    _, read = await begun(tmp_path)
    put: Any = await read.put("t1", "some other thing")
    await read.do("offers.accept", put.offers[0])
    await read.desk.settle()
    patch = Call("tickets.patch", id="t1", body=TicketPatch(text="money refund missing"))
    done = Call("assignments.complete", id=f"a-{put.offers[0][2:]}", body=CompleteBody())
    assert await both(read, patch, done) == [200, 200]
    assert await found(read) == {"t1"}
    assert read.desk.shelf._store.open_ids() == []
    assert read.desk.assist._open == set()
    await read.close()


async def test_a_message_right_before_a_cancellation_is_forgotten(tmp_path: Path) -> None:
    """No row of a ticket that ended in the settlement that created it stays behind."""
    _, read = await begun(tmp_path)
    body = TicketBody(queue="support", channel="chat", text="a secret about money")
    put = Call("tickets.put", id="t1", body=body)
    cancel = Call("tickets.cancel", id="t1", body=CancelBody())
    assert await both(read, put, cancel) == [201, 200]
    assert read.desk.shelf._store.count().tickets == 0
    assert read.desk.assist._open == set()
    call = Call("tickets.patch", id="t9", body=TicketPatch(text="money"))
    assert await both(read, call, Call("tickets.get", id="t9", body=NoBody())) == [404, 404]
    assert read.desk.reader.messages.get("t9") is None
    await read.close()


async def test_a_message_that_is_erased_before_its_call_is_answered_is_not_kept(
    tmp_path: Path,
) -> None:
    """Whoever asks for both in one breath finds nothing afterwards, though the message is seen last."""
    _, read = await begun(tmp_path)
    body = TicketBody(queue="support", channel="chat", text="a secret about money")
    held, append = asyncio.Event(), read.line._hold
    read.line._hold = lambda *given: held.set() or append(*given)
    put = asyncio.ensure_future(read.submit("tickets.put", "t1", body))
    await held.wait()
    read.desk.reader.messages.drop("t1")  # as erasing does at once
    assert (await put).status == 201
    await read.desk.settle()
    assert read.desk.shelf._store.count().tickets == 0
    assert read.desk.reader.messages.get("t1") is None
    await read.close()


def test_what_was_refused_gives_its_place_back() -> None:
    """Whichever of two is refused, the other one stays; if both are, neither does."""
    for refused, left in (("b", "c"), ("c", "b"), ("bc", None), ("cb", None)):
        messages = Messages()
        seen = {name: Seen(name, "") for name in "abc"}
        for each in seen.values():
            messages.put("t", each)
        for name in refused:
            messages.take_back("t", seen[name])
        newest = messages.get("t")
        assert (None if newest is None else newest.text) == left
        if newest is not None:
            assert newest.before is None or newest.before.before is None
