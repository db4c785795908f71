"""Questions about the past are answered beside the loop, durable things only."""

import asyncio
import threading
from collections.abc import Iterable

import pytest

from router.engine.hindsight import WAITING_MAX
from router.engine.line import Line
from router.explain.rewind import Loader
from router.stores.memory import Fault, Faults
from router.wire import decisions
from router.wire.calls import Call, Reply
from router.wire.tickets import Ticket
from tests.router.engine.lines import Bench, furnish, put


def slowed(load: Loader, gate: threading.Event) -> Loader:
    """Return a loader that waits at a gate, as if the journal were long."""

    def wait_and_load(seq: int) -> tuple[object, Iterable[object]]:
        assert gate.wait(30)
        return load(seq)

    return wait_and_load


async def decided(line: Line, ticket: str) -> str:
    """Put a ticket and return the id of the decision that offered it."""
    reply = await line.submit(put(ticket))
    assert isinstance(reply.body, Ticket)
    page = await line.submit(Call("tickets.decisions", id=ticket))
    assert isinstance(page.body, decisions.DecisionsPage), page
    return page.body.items[0].id


async def test_the_loop_goes_on_while_the_past_is_looked_at() -> None:
    """Tickets are routed and answered while a thread still folds the journal for somebody's question."""
    line = await Bench().open()
    await furnish(line)
    decision = await decided(line, "t1")
    gate = threading.Event()
    assert line.shard.rewinder is not None
    line.shard.rewinder = slowed(line.shard.rewinder, gate)
    asked = line.submit(Call("decisions.get", id=decision))
    assert (await line.submit(put("t2"))).status == 201
    assert not asked.done()
    gate.set()
    reply = await asked
    assert reply.status == 200
    assert isinstance(reply.body, decisions.Decision)
    assert reply.body.id == decision
    await line.close()


async def test_so_many_wait_and_no_more() -> None:
    """A crowd with questions about the past is told to come back, and those who wait are answered."""
    line = await Bench().open()
    await furnish(line)
    decision = await decided(line, "t1")
    gate = threading.Event()
    assert line.shard.rewinder is not None
    line.shard.rewinder = slowed(line.shard.rewinder, gate)
    crowd = [line.submit(Call("decisions.get", id=decision)) for _ in range(WAITING_MAX + 1)]
    late: Reply = await crowd.pop()
    assert late.problem is not None
    assert (late.problem.code, late.retry_after_s) == ("overloaded", 1)
    gate.set()
    assert [(await each).status for each in crowd] == [200] * WAITING_MAX
    await line.close()


async def test_a_question_waits_for_what_it_may_show() -> None:
    """A question behind a frame that never becomes durable is refused, not answered from memory."""
    bench = Bench()
    line = await bench.open()
    await furnish(line)
    decision = await decided(line, "t1")
    await line.close()
    broken = await bench.open(Faults(appends={1: Fault.FAILED}))
    lost = broken.submit(put("t2"))
    while not broken.settlements:  # noqa: ASYNC110 - the loop settles it, and tells nobody
        await asyncio.sleep(0)
    asked = broken.submit(Call("decisions.get", id=decision))
    for each in (lost, asked):
        problem = (await each).problem
        assert problem is not None
        assert problem.code == "not_ready"
    with pytest.raises(Exception, match="journal"):
        await broken.close()
