"""The pricer watches, learns, sets prices as a command of the journal, and survives what it asks."""

import asyncio

import pytest

from router.core.machine import Machine
from router.engine import pricer as pricers
from router.engine.engine import Engine, EngineSettings
from router.engine.line import Line
from router.engine.pricer import Pricer
from router.recover import verify
from router.stores.memory import MemoryStore
from router.wire import agents, registry, tickets
from router.wire.calls import Call
from router.wire.decisions import ExplainBody
from router.wire.offers import CompleteBody, ReleaseBody
from router.wire.tickets import CancelBody
from solver.fluid import FluidError
from tests.router.engine.lines import Bench, Hands

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


async def test_a_look_that_breaks_is_told_and_not_the_last(monkeypatch: pytest.MonkeyPatch) -> None:
    """What goes wrong outside of a programme, too, is logged and counted, and the pricer goes on looking."""
    bench = Bench()
    line = await bench.open()
    pricer = Pricer(line, Hands(speed=60_000.0), 60.0)
    twice = asyncio.Event()

    def breaks(*_: object) -> None:
        if pricer.looks["failed"]:
            twice.set()
        raise ValueError("no such profile")

    monkeypatch.setattr(pricer._forecaster, "advance", breaks)
    pricer.start()
    await asyncio.wait_for(twice.wait(), 5)
    await pricer.close()
    assert pricer.looks["failed"] >= 1
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


async def test_an_engine_prices_where_it_is_told_to(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every tenant has a pricer that looks again and again and is counted; by default nobody has."""
    looked = asyncio.Event()

    async def look(self: Pricer) -> None:
        self.looks["same"] += 1
        looked.set()

    monkeypatch.setattr(Pricer, "look", look)
    where = EngineSettings(lambda _: "memory:", price_every_s=60.0)
    engine = await Engine.open(where, Hands(speed=60_000.0))
    await looked.wait()
    figures = engine.statistics()
    assert set(figures["cordboard_price_looks_total"]) == {("default", "same")}
    assert set(figures["cordboard_price_seconds_total"]) == {("default",)}
    await engine.close()
    unpriced = await Engine.open(EngineSettings(lambda _: "memory:"), Hands())
    assert "cordboard_price_looks_total" not in unpriced.statistics()
    await unpriced.close()


async def test_work_is_learned_from_what_was_completed() -> None:
    """A work that took 100 s with its wrap-up counts as that; one that was released, or canceled, does not."""
    bench = Bench()
    line = await bench.open()
    await furnish(line)
    pricer = Pricer(line, bench.clock, 3_600.0)
    pricer.start()
    for id_ in ("done", "back", "gone"):
        needs = (tickets.Requirement(skill="one"),)
        body = tickets.TicketBody(queue="support", channel="chat", requirements=needs)
        offer = (await line.submit(Call("tickets.put", id=id_, body=body))).body.offers[0]
        await line.submit(Call("offers.accept", id=offer, body=agents.NoBody()))
    bench.clock.us += 100_000_000
    await line.submit(Call("assignments.complete", id="a-1", body=CompleteBody()))
    await line.submit(Call("assignments.release", id="a-2", body=ReleaseBody()))
    await line.submit(Call("tickets.cancel", id="gone", body=CancelBody()))
    await pricer.look()
    await come(bench, line, 60, "t")
    await pricer.look()
    work_s = pricer._forecaster.expected(10).work_s
    assert work_s.tolist() == pytest.approx([100.0, 100.0])
    await pricer.close()
    await line.close()


async def test_an_explanation_names_the_price_of_time() -> None:
    """Why not who suits better: because of what its time is worth to others, to the thousandth."""
    line = await Bench().open()
    await line.submit(Call("skills.put", id="one", body=registry.SkillBody()))
    await line.submit(Call("queues.put", id="support", body=registry.QueueBody()))
    for id_, level in (("ann", 3), ("bo", 5)):
        body = agents.AgentBody(skills={"one": level}, units=2)
        await line.submit(Call("agents.put", id=id_, body=body))
        here = agents.PresenceBody(presence="available")
        await line.submit(Call("agents.presence", id=id_, body=here))
    line.set_prices([1, 1_200])
    needs = (tickets.Requirement(skill="one"),)
    ticket = tickets.TicketBody(queue="support", channel="chat", requirements=needs)
    await line.submit(Call("tickets.put", id="t1", body=ticket))
    asked = Call("decisions.explain", body=ExplainBody(ticket="t1", agent="bo"))
    told = (await line.submit(asked)).body
    assert told.agent == "ann"
    assert told.why_not.text.endswith("the difference −0.380 = skill one 0.400 − price 0.780.")
    await line.close()
