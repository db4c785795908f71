"""A line settles calls together, answers when durable, stops with its disk, and goes on after a restart."""

import asyncio

import pytest

from router import recover
from router.core.check import check
from router.core.machine import Machine
from router.engine.archive import shard_at
from router.engine.feed import KEPT_EVENTS_MAX, Feed, Lazy
from router.engine.gap import Gap
from router.journal import FormatError
from router.recover import verify
from router.stores.memory import Fault, Faults, MemoryStore
from router.wire.agents import NoBody
from router.wire.calls import Call
from router.wire.events import Event
from router.wire.offers import DeclineBody
from router.wire.tickets import CancelBody
from tests.router.engine.lines import Bench, furnish, put


async def test_calls_of_one_moment_are_settled_in_one_frame() -> None:
    """Fifty tickets that arrive together become one settlement, and each gets its own answer."""
    bench = Bench()
    line = await bench.open()
    await furnish(line, 2)
    before = line.settlements
    replies = await asyncio.gather(*(line.submit(put(f"t{n}")) for n in range(50)))
    assert [reply.status for reply in replies] == [201] * 50
    assert line.settlements == before + 1
    assert sum(bool(reply.body.offers) for reply in replies) == 4
    await line.close()


async def test_two_calls_about_one_ticket_come_one_after_the_other() -> None:
    """The second call about a ticket sees what the first one did."""
    line = await Bench().open()
    await furnish(line)
    first, second, third = await asyncio.gather(
        line.submit(put("t1")),
        line.submit(Call("tickets.cancel", id="t1", body=CancelBody())),
        line.submit(Call("tickets.get", id="t1")),
    )
    assert (first.status, second.status) == (201, 200)
    assert second.body.state == "canceled"
    assert third.status in (200, 404)
    await line.close()


async def test_a_restart_goes_on_where_the_line_stopped() -> None:
    """After closing and opening, the digest is the same, the tickets are there, and offers can be accepted."""
    bench = Bench()
    line = await bench.open()
    await furnish(line)
    reply = await line.submit(put("t1"))
    digest = line.shard.machine.digest()
    await line.close()
    again = await bench.open()
    assert again.shard.machine.digest() == digest
    check(again.shard.machine.arrays)
    accepted = await again.submit(Call("offers.accept", id=reply.body.offers[0]))
    assert accepted.status == 200
    await again.close()


@pytest.mark.parametrize("snapshot_every", [5, 1_000_000])
async def test_snapshots_change_nothing(snapshot_every: int) -> None:
    """With and without snapshots a journal recovers to the state that deciding again gives."""
    bench = Bench()
    line = await bench.open(snapshot_every=snapshot_every)
    await furnish(line, 3)
    for n in range(30):
        bench.clock.us += 700_000
        reply = await line.submit(put(f"t{n}", "email" if n % 3 else "chat"))
        for offer in reply.body.offers[:1]:
            name, body = ("offers.accept", NoBody()) if n % 2 else ("offers.decline", DeclineBody())
            await line.submit(Call(name, id=offer, body=body))
    digest = line.shard.machine.digest()
    await line.close()
    store = MemoryStore(journal=bench.journal)
    tail = store.open()
    verdict = verify(((frame.number, frame.body) for frame in store.read()), Machine())
    assert verdict.difference is None, str(verdict.difference)
    assert verdict.digest == digest == shard_at(store, tail.number, Machine()).machine.digest()
    store.close()


@pytest.mark.parametrize(
    ("fault", "code"), [(Fault.FULL, "store_full"), (Fault.FAILED, "not_ready")]
)
async def test_what_is_not_durable_is_refused(fault: Fault, code: str) -> None:
    """When the disk gives up, the call under way and all later ones are refused by name; a restart has neither."""
    bench = Bench()
    line = await bench.open()
    await furnish(line)
    await line.submit(put("kept"))
    await line.close()
    broken = await bench.open(Faults(appends={1: fault}))
    assert (await broken.submit(put("lost"))).problem.code == code
    assert (await broken.submit(put("later"))).problem.code == code
    assert (await broken.submit(Call("tickets.get", id="kept"))).problem.code == code
    with pytest.raises(Exception, match="journal"):
        await broken.close()
    healed = await bench.open()
    assert (await healed.submit(Call("tickets.get", id="kept"))).status == 200
    assert (await healed.submit(Call("tickets.get", id="lost"))).status == 404
    await healed.close()


async def test_a_bug_stops_the_line_and_loses_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """An exception inside the shard refuses everything from then on; a restart has what was acknowledged."""
    bench = Bench()
    line = await bench.open()
    await furnish(line)
    await line.submit(put("kept"))

    def bug(at_us: int) -> None:
        raise RuntimeError("planted")

    monkeypatch.setattr(line.shard, "settle", bug)
    line._inbox.append((put("lost"), asyncio.get_running_loop().create_future()))
    with pytest.raises(RuntimeError, match="planted"):
        line._work()
    assert (await line.submit(put("later"))).problem.code == "not_ready"
    await line.close()
    again = await bench.open()
    assert (await again.submit(Call("tickets.get", id="kept"))).status == 200
    assert (await again.submit(Call("tickets.get", id="lost"))).status == 404
    await again.close()


async def test_a_listener_that_fails_is_nobody_elses_matter() -> None:
    """Calls are answered, the journal goes on, and the next listener is told."""
    line = await Bench().open()
    told: list[int] = []
    line.on_settled += [lambda _: 1 / 0, lambda sealed: told.append(sealed.batch.count)]
    await furnish(line)
    assert (await line.submit(put("t1"))).status == 201
    assert line.bug is None
    assert told[-1] > 0
    await line.close()


async def test_timers_fire_without_calls() -> None:
    """An offer that nobody answers expires when its time comes, though nobody calls."""
    bench = Bench()
    line = await bench.open()
    await furnish(line)
    reply = await line.submit(put("t1"))
    bench.clock.us += 31_000_000
    line._wake()
    offer = await line.submit(Call("offers.get", id=reply.body.offers[0]))
    assert offer.body.state == "expired"
    await line.close()


async def test_events_are_read_from_memory_and_from_the_journal_alike() -> None:
    """A listener gets every event once and in order, and a reopened line reads the same from the journal."""
    bench = Bench()
    line = await bench.open()
    listener = line.feed.listen(0)
    await furnish(line)
    await asyncio.gather(*(line.submit(put(f"t{n}")) for n in range(20)))
    heard: list[Event] = []
    while len(heard) < line.feed.last_seq:
        heard += [event for _, event in await listener.take(7)]
    assert [event.seq for event in heard] == list(range(1, line.feed.last_seq + 1))
    await line.close()
    again = await bench.open()
    read: list[Event] = []
    while len(read) < len(heard):
        read += again.feed.after(len(read), 9)
    assert read == heard
    await again.close()


def events(first: int, count: int) -> list[Event]:
    """Return events that say nothing but their number."""
    return [Event(seq=first + n, type="ticket.queued", at="") for n in range(count)]


async def test_a_feed_keeps_the_newest_and_asks_the_journal_for_the_rest() -> None:
    """Events beyond the limit come from the loader, newer ones from memory, none twice, none left out."""
    asked: list[tuple[int, int]] = []

    def load(first: int, most: int) -> list[Event]:
        asked.append((first, most))
        return events(first, most)

    feed = Feed(1, load)
    made = 0
    for first in range(1, KEPT_EVENTS_MAX + 30_001, 1_000):

        def make(first: int = first) -> list[Event]:
            nonlocal made
            made += 1
            return events(first, 1_000)

        feed.add(Lazy(1_000, make))
    assert made == 0, "nobody read, so nothing was named"
    seen = 0
    while seen < feed.last_seq:
        got = feed.after(seen, 4_000)
        assert not isinstance(got, Gap)
        assert [event.seq for event in got] == list(range(seen + 1, seen + 1 + len(got)))
        seen += len(got)
    assert asked[0][0] == 1
    assert sum(most for _, most in asked) == 30_000


async def test_verify_tells_a_frame_that_cannot_follow(monkeypatch: pytest.MonkeyPatch) -> None:
    """A journal without the frame that its tickets came in is said to be damaged, as all that cannot be read."""
    monkeypatch.setattr(recover, "FOLD_EVENTS", 1)
    bench = Bench()
    line = await bench.open()
    await furnish(line, 1)
    await line.close()
    store = MemoryStore(journal=bench.journal)
    store.open()
    frames = [(frame.number, frame.body) for frame in store.read()]
    with pytest.raises(FormatError, match="does not fit the state"):
        verify([frames[0], frames[-1]], Machine())
