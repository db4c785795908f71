"""The pricer watches, learns, sets prices as a command of the journal, and survives what it asks."""

import pytest

from router.core.machine import Machine
from router.engine import pricer as pricers
from router.engine.line import Line
from router.engine.pricer import Pricer
from router.recover import verify
from router.stores.memory import MemoryStore
from router.wire import agents, registry, tickets
from router.wire.calls import Call
from router.wire.tickets import CancelBody
from solver.fluid import FluidError
from tests.router.engine.lines import Bench

MINUTE_US = 60_000_000


async def furnish(line: Line) -> None:
    """Put three agents who can do one thing, and two who can do both."""
    for skill in ("one", "two"):
        await line.submit(Call("skills.put", id=skill, body=registry.SkillBody()))
    await line.submit(Call("queues.put", id="support", body=registry.QueueBody()))
    for id_, skills in (
        *((f"a{n}", ("one",)) for n in range(3)),
        ("b0", ("one", "two")),
        ("b1", ("one", "two")),
    ):
        body = agents.AgentBody(skills=dict.fromkeys(skills, 3), units=2)
        await line.submit(Call("agents.put", id=id_, body=body))
        here = agents.PresenceBody(presence="available")
        await line.submit(Call("agents.presence", id=id_, body=here))


async def come(bench: Bench, line: Line, minutes: int, prefix: str) -> None:
    """Let a ticket of each kind come every two minutes, and be canceled at once."""
    for n in range(minutes // 2):
        bench.clock.us += 2 * MINUTE_US
        for skill in ("one", "two"):
            id_ = f"{prefix}-{skill}-{n}"
            needs = (tickets.Requirement(skill=skill),)
            body = tickets.TicketBody(queue="support", channel="chat", requirements=needs)
            await line.submit(Call("tickets.put", id=id_, body=body))
            await line.submit(Call("tickets.cancel", id=id_, body=CancelBody()))


def prices(line: Line) -> list[int]:
    """Return the prices in force."""
    return [int(price) for price in line.shard.machine.arrays.agents["price"][:5]]


async def settled(line: Line) -> None:
    """Wait until what was told to the line is durable, by asking it something that is."""
    await line.submit(Call("skills.put", id="other", body=registry.SkillBody()))


async def priced(bench: Bench) -> tuple[Line, Pricer]:
    """Return a line whose agents have prices, and who set them."""
    line = await bench.open()
    await furnish(line)
    pricer = Pricer(line, bench.clock, 3_600.0)
    pricer.start()
    await pricer.look()
    await come(bench, line, 60, "t")
    await pricer.look()
    await settled(line)
    return line, pricer


async def test_prices_follow_from_what_came_and_are_journalled() -> None:
    """Who can do both is dear after an hour in which both came; the events are there, and the journal verifies."""
    bench = Bench()
    line, pricer = await priced(bench)
    assert prices(line)[:3] == [0, 0, 0]
    assert prices(line)[3] == prices(line)[4] >= 25
    assert pricer.looks == {"learning": 1, "changed": 1}
    assert pricer.solved_ns > 0
    kinds = [event.type for event in line.feed.after(0, 10_000)]
    assert kinds.count("prices.set") == 1
    await pricer.close()
    await line.close()
    store = MemoryStore(journal=bench.journal)
    store.open()
    frames = ((frame.number, frame.body) for frame in store.read())
    assert verify(frames, Machine()).difference is None


async def test_prices_that_hardly_move_are_not_said_again() -> None:
    """A second look at the same floor enters nothing."""
    bench = Bench()
    line, pricer = await priced(bench)
    settlements = line.settlements
    await pricer.look()
    assert pricer.looks["same"] == 1
    assert line.settlements == settlements
    await pricer.close()
    await line.close()


async def test_a_look_that_fails_lets_prices_fade(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever a programme does, tickets are routed on; each failure halves what it leaves."""
    bench = Bench()
    line, pricer = await priced(bench)
    before = prices(line)[3]

    def fails(*_: object) -> None:
        raise FluidError("GLOP ended with ABNORMAL, expected OPTIMAL.")

    monkeypatch.setattr(pricers, "prices_of", fails)
    await pricer.look()
    await settled(line)
    assert prices(line)[3] == before // 2
    for _ in range(12):
        await pricer.look()
        await settled(line)
    assert prices(line) == [0] * 5
    assert pricer.looks["failed"] == 13
    await pricer.close()
    await line.close()


async def test_a_restart_keeps_prices_until_it_has_seen_enough() -> None:
    """Prices are state: they come back with the journal; a new pricer learns first, and one can let them go."""
    bench = Bench()
    line, pricer = await priced(bench)
    known = prices(line)
    await pricer.close()
    await line.close()
    again = await bench.open()
    assert prices(again) == known
    fresh = Pricer(again, bench.clock, 3_600.0)
    await fresh.look()
    await settled(again)
    assert prices(again) == known
    fresh.forget()
    await settled(again)
    assert prices(again) == [0] * 5
    await again.close()
