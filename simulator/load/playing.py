"""
A load test at work: the crowd of a world before a running server, in real or scaled time, in an open loop.

Everything is sent when the world says so, however slow the server is, and its latency counts from that instant; what
the server does comes back as events and moves the crowd. One loop looks at the world's clock; each call has a task.
"""

import asyncio
from collections.abc import Callable
from typing import Any, Final, NamedTuple

import numpy as np

from router.client import ClientProblem
from router.core import codes as core
from router.wire.events import Event
from simulator.kernel.running import Records
from simulator.load.books import Books
from simulator.load.calls import Phrases, Wanted
from simulator.load.crowd import Crowd, Said
from simulator.load.firsts import Firsts, Networks
from simulator.load.wires import LostError, Wires
from simulator.load.witness import Witness

AT_A_TIME: Final = 16
"""So many things are done before calls are let out."""
SETTLE_S: Final = 10.0
"""Longest wait at the end for answers and for the events that they promise."""
BEAT_S: Final = 10.0
"""How often a desk that may be lost shows that it is there, on the server's clock."""
SKIPPED_FROM_S: Final = 5.0
"""A real wait for nothing that is longer than this is left out ..."""
LEFT_S: Final = 1.0
"""... but for so much of it."""
ASKING: Final = frozenset({"tickets.put", "tickets.transfer", "tickets.patch"})
"""Calls that say what a ticket asks for."""


class Pace(NamedTuple):
    """How time goes."""

    speed: float
    """World seconds in a real one."""
    clock_speed: float = 1.0
    """The server's own seconds in a real one."""
    is_skipping: bool = True
    """Whether stretches in which nobody is there and nothing happens are left out."""
    unanswered_max: int = 2_000
    """More calls without an answer than this, and the server is too slow."""


class Playing:
    """One run. Make it in a running loop; ``run`` plays to the end and ``end`` returns what came of it."""

    def __init__(
        self, crowd: Crowd, phrases: Phrases, wires: Wires, witness: Witness, pace: Pace
    ) -> None:
        self.crowd, self.phrases, self.wires = crowd, phrases, wires
        self.witness, self.pace = witness, pace
        self.books: Books = wires.books
        self._lost = wires.health.lost
        self._loop = asyncio.get_running_loop()
        self._began_s = self._loop.time()
        self._woken = asyncio.Event()
        self._calls: dict[asyncio.Task[None], float] = {}
        world = crowd.prepared.compiled.world
        self._presences: dict[int, asyncio.Task[None]] = {}
        """What each agent said last of its presence."""
        self._firsts = Firsts(self.books)
        self._networks = Networks(world, seed=0)
        dark = {outage.region for outage in world.outages}
        self._lines = {
            n: asyncio.Event()
            for n, each in enumerate(crowd.prepared.compiled.members)
            if world.agents[each.team].region in dark
        }
        """Of each desk that may be lost: set while it is not."""
        self._watched = np.array(list(self._lines), np.int64)
        self._down = np.ones(len(self._watched), bool)
        self._cut_off()
        self._last_seq = 0
        self._is_on = False
        self.skipped_s = 0.0
        """Real seconds that nobody had to wait through, as nothing would have happened in them."""
        self._lost.add_done_callback(lambda _: self._woken.set())

    # -- time ------------------------------------------------------------------------------------

    def begin(self) -> None:
        """Let the world's first instant be now."""
        self._began_s = self._loop.time()
        self._is_on = True

    def now_s(self) -> float:
        """Return real seconds since the run began."""
        return self._loop.time() - self._began_s

    def now_us(self) -> int:
        """Return what time it is in the world."""
        return self.crowd.span.opens_us + int(
            (self.now_s() + self.skipped_s) * self.pace.speed * 1e6
        )

    def due_s(self, at_us: int) -> float:
        """Return when an instant of the world comes, real seconds since the run began."""
        return (at_us - self.crowd.span.opens_us) / 1e6 / self.pace.speed - self.skipped_s

    # -- the loop --------------------------------------------------------------------------------

    async def run(self, show: Callable[[], None]) -> None:
        """
        Play until the world is over.

        Raises
        ------
        LostError
            When there is no going on.
        """
        done = 0
        while True:
            if self._lost.done():
                raise LostError(self._lost.result())
            now_us, next_us = self.now_us(), self.crowd.next_us
            if self.crowd.is_over(min(now_us, next_us)):
                return  # not before all that was due is said, however late this loop is
            if next_us > now_us:
                show()
                self._skip(next_us)
                await self._until(min(next_us, self._next_look_us(self.now_us())))
                continue
            said = self.crowd.act()
            self._cut_off()
            if said is not None:
                self._start(said)
            done += 1
            if done % AT_A_TIME == 0:
                await asyncio.sleep(0)

    def _skip(self, next_us: int) -> None:
        """Leave out a stretch in which no customer is there, nothing is under way and nobody has anything to do."""
        if self.crowd.here or self._calls or not self.pace.is_skipping:
            return
        edges = [edge for edge in self._edges_us if edge > self.now_us()]
        ahead_s = self.due_s(min([next_us, *edges])) - self.now_s()
        if ahead_s > SKIPPED_FROM_S:
            self.skipped_s += ahead_s - LEFT_S

    @property
    def _edges_us(self) -> tuple[int, int]:
        """Return when no more customers come, and when the world ends."""
        return self.crowd.span.closes_us, self.crowd.span.stops_us

    def _next_look_us(self, now_us: int) -> int:
        """Return when to look again at the latest: at the next edge of the world, or in half a second."""
        edges = [edge for edge in self._edges_us if edge > now_us]
        return min([*edges, now_us + int(5e5 * self.pace.speed)])

    async def _until(self, at_us: int) -> None:
        """Wait for an instant of the world, or until something was heard."""
        self._woken.clear()
        try:
            async with asyncio.timeout_at(self._began_s + self.due_s(at_us)):
                await self._woken.wait()
        except TimeoutError:
            pass

    # -- saying ----------------------------------------------------------------------------------

    def _start(self, said: Said) -> None:
        """Let something be said in a task of its own."""
        if said.verb in (core.LOSE_AGENT, core.RETURN_AGENT):
            return  # nobody says so: the server notices who is silent, and who is not any more
        due_s = self.due_s(said.at_us)
        self.books.sending(due_s, self.now_s())
        if said.verb == core.ADD_TICKET:
            self._firsts.put(said.ticket, said.region, due_s)
        task = self._loop.create_task(self._say(said, due_s, self._before(said)))
        if said.verb == core.SET_PRESENCE:
            self._presences[said.agent] = task
        self._calls[task] = due_s
        task.add_done_callback(self._calls.pop)
        task.add_done_callback(self.raised)
        if len(self._calls) > self.pace.unanswered_max:
            oldest_s = self.now_s() - min(self._calls.values())
            self.wires.health.give_up(
                f"the server is too slow: {len(self._calls):,} calls wait for an answer, "
                f"the oldest for {oldest_s:.1f} s"
            )

    def raised(self, task: "asyncio.Task[None]") -> None:
        """Stop when a call met a mistake of ours; whatever the server did is no such thing."""
        if not task.cancelled() and task.exception() is not None:
            self.wires.health.give_up(f"a mistake of the load test: {task.exception()!r}")

    def _before(self, said: Said) -> "asyncio.Task[None] | None":
        """Return what must be answered first: an agent's presences come in order, however often one is repeated."""
        return self._presences.get(said.agent) if said.verb == core.SET_PRESENCE else None

    async def _say(self, said: Said, due_s: float, before: "asyncio.Task[None] | None") -> None:
        """Say something, and note what comes of it."""
        if before is not None:
            await asyncio.wait([before])
        agent = "" if said.agent < 0 else self.crowd.agent(said.agent)
        way = self.wires.way_of(agent)
        line = self._lines.get(said.agent)
        if line is not None and not line.is_set():
            await line.wait()
            due_s = self.now_s()  # no server answers who cannot speak
        for wanted in self.phrases.calls(said):
            if wanted.name in ASKING:
                self.witness.asked(wanted.id, wanted.body)
            try:
                reply = await self.wires.say(way, wanted)
            except ClientProblem as refusal:
                self._answered(said, wanted, due_s)
                what = f"{refusal.status} {refusal.code}"
                self.books.refuse(wanted.name, what, refusal.code, self.now_s())
                self.crowd.refused(said, self.now_us())
                self._woken.set()
                return
            except LostError:
                return
            self._answered(said, wanted, due_s)
            self._take(said, wanted, reply)

    def _answered(self, said: Said, wanted: Wanted, due_s: float) -> None:
        network_us = self._networks.both_ways_us(said.region, said.lag_us)
        self.books.answer((wanted.name, said.region), due_s, self.now_s(), network_us)

    def _take(self, said: Said, wanted: Wanted, reply: Any) -> None:
        """Note what an answer promises."""
        self.witness.acknowledged(wanted.name, wanted.id)
        seq = reply.get("seq") if isinstance(reply, dict) else None
        self._last_seq = max(self._last_seq, seq or 0)
        if said.verb == core.ADD_TICKET:
            self.crowd.taken(said.ticket, self.now_us())
            self._woken.set()
            self._firsts.answered(said.ticket, str(reply.get("state", "")))

    # -- hearing ---------------------------------------------------------------------------------

    def hear(self, event: Event) -> None:
        """Take in an event of the stream of all events."""
        self.books.events += 1
        self.witness.hear(event)
        if self._is_on:
            self.crowd.hear(event, self.now_us())
        self._woken.set()

    def hear_at(self, desk: str) -> Callable[[Event], None]:
        """Return what takes in events that a desk hears."""

        def hear(event: Event) -> None:
            self.witness.hear_at(desk, event)
            if event.type == "offer.issued" and self._is_on:
                self._firsts.heard(str(event.ticket), self.now_s())
                self.crowd.offered(event, self.now_us())
                self._woken.set()

        return hear

    # -- desks that may be lost ------------------------------------------------------------------

    def _cut_off(self) -> None:
        """Cut the desks off that are down, and let the others back, whatever the server made of it."""
        if not self._lines:
            return
        down = self.crowd.down(self._watched)
        for n in np.flatnonzero(down != self._down):
            line = self._lines[int(self._watched[n])]
            if down[n]:
                line.clear()
            else:
                line.set()
        self._down = down

    async def beat(self) -> None:
        """Show for ever that desks of regions with outages are there, those that are cut off excepted."""
        while self._lines:
            for agent, line in self._lines.items():
                if line.is_set():
                    id_ = self.crowd.agent(agent)
                    try:
                        await self.wires.say(
                            self.wires.way_of(id_), Wanted("agents.heartbeat", id_, {})
                        )
                    except (ClientProblem, LostError):
                        return
            await asyncio.sleep(BEAT_S / self.pace.clock_speed)

    # -- the end ---------------------------------------------------------------------------------

    async def settle(self) -> bool:
        """Wait for answers under way and for the events they promise; return whether all came."""
        try:
            async with asyncio.timeout(SETTLE_S):
                while self._calls:
                    await asyncio.wait(list(self._calls))
                while self.witness.auditor.seq < self._last_seq:
                    self._woken.clear()
                    await self._woken.wait()
        except TimeoutError:
            return False
        return True

    def note_seq(self, seq: int) -> None:
        """Note the number of an event that must be heard before the end."""
        self._last_seq = max(self._last_seq, seq)

    def end(self) -> Records:
        """Forget calls under way, and return the records of the run."""
        self._is_on = False
        for task in self._calls:
            task.cancel()
        return self.crowd.end(self.now_us())
