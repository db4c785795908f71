"""A line on a memory journal, with a clock that tests move."""

from dataclasses import dataclass, field

from router.core.machine import Machine
from router.desk.registry import bootstrap
from router.engine.archive import shard_at
from router.engine.line import Line
from router.stores.memory import Faults, MemoryJournal, MemoryStore
from router.wire import agents, registry, tickets
from router.wire.calls import Call

START_US = 1_760_000_000_000_000


@dataclass
class Hands:
    """A clock that goes when it is told to."""

    us: int = START_US
    ns: int = 0
    speed: float = 1.0

    def now_us(self) -> int:
        """Return the time it was set to."""
        return self.us

    def monotonic_ns(self) -> int:
        """Return a stopwatch that goes a microsecond a look."""
        self.ns += 1_000
        return self.ns


@dataclass
class Bench:
    """A journal that outlives its lines."""

    journal: MemoryJournal = field(default_factory=MemoryJournal)
    clock: Hands = field(default_factory=Hands)

    async def open(self, faults: Faults | None = None, snapshot_every: int = 1_000_000) -> Line:
        """Open the journal as a server does, recovering what is in it."""
        store = MemoryStore(journal=self.journal, faults=faults)
        tail = store.open()
        shard = shard_at(store, tail.number, Machine())
        line = Line(shard, store, tail, self.clock, snapshot_every=snapshot_every)
        if tail.number == 0:
            await line.start(lambda: bootstrap(shard, self.clock.now_us()))
        return line


async def furnish(line: Line, agents_wanted: int = 1) -> None:
    """Put a skill, a queue and some available agents."""
    await line.submit(Call("skills.put", id="billing", body=registry.SkillBody()))
    await line.submit(Call("queues.put", id="support", body=registry.QueueBody()))
    for n in range(agents_wanted):
        body = agents.AgentBody(skills={"billing": 3}, units=2)
        assert (await line.submit(Call("agents.put", id=f"a{n}", body=body))).status == 201
        here = agents.PresenceBody(presence="available")
        assert (await line.submit(Call("agents.presence", id=f"a{n}", body=here))).status == 200


def put(id_: str, channel: str = "chat") -> Call:
    """Return the call that puts a ticket."""
    return Call("tickets.put", id=id_, body=tickets.TicketBody(queue="support", channel=channel))
