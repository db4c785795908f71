"""A production line on devices that fail when told to, a crowd of clients, and an auditor who hears both."""

import asyncio
from collections.abc import Mapping
from functools import partial
from typing import Any, Final

import msgspec

from router.core.machine import Machine
from router.desk.registry import bootstrap
from router.engine.archive import shard_at
from router.engine.gap import Gap
from router.engine.line import Line
from router.stores.memory import Fault, Faults, MemoryJournal, MemoryStore
from router.wire.calls import Call, Reply
from router.wire.codec import decode_body
from router.wire.headers import fingerprint
from router.wire.problems import Problem
from router.wire.routes import BY_NAME
from simulator.auditor.auditor import Auditor
from simulator.soak.swarm import SKILLS, Swarm
from simulator.soak.virtual import SteppedCommit, SteppedCommitter, VirtualLoop

START_US: Final = 1_795_424_400_000_000
ALL: Final = 1 << 30
DEFAULT_CHANNELS: Final = ("chat", "email", "voice")


class SteppedLine(Line):
    """The engine's line with a disk in the rig's hands."""

    writer_type = SteppedCommit


class Clock:
    """The server's clock: virtual, and set wrong now and then."""

    speed = 1.0

    def __init__(self) -> None:
        self.loop: VirtualLoop | None = None
        self.skew_us = 0

    def now_us(self) -> int:
        """Return microseconds since 1970 as the server sees them."""
        passed_s = 0.0 if self.loop is None else self.loop.time()
        return START_US + round(passed_s * 1e6) + self.skew_us

    def monotonic_ns(self) -> int:
        """Return a stopwatch that goes with virtual time."""
        return 0 if self.loop is None else round(self.loop.time() * 1e9)


class Sent(msgspec.Struct):
    """A call on its way, and who waits for what."""

    call: Call
    reply: Reply | None = None


class Rig:
    """One seed at work. Every method runs to its end before the next thing happens."""

    def __init__(self, swarm: Swarm, auditor: Auditor | None = None) -> None:
        self.swarm = swarm
        self.auditor = auditor or Auditor()
        self.journal = MemoryJournal()
        self.clock = Clock()
        self.faults: dict[int, Fault] = {}
        self.complaints: list[str] = []
        self.sent: list[Sent] = []
        self.answers: dict[str, Reply] = {}
        """What each idempotency key was answered."""
        self.lives = 0
        self.loop: VirtualLoop
        self.line: SteppedLine
        self.disk: SteppedCommitter
        self._store: MemoryStore
        self._now_s = 0.0
        self._live()
        self._furnish()

    # -- lives -----------------------------------------------------------------------------------

    def _live(self) -> None:
        """Start a process: open the journal, recover, listen."""
        self.loop = VirtualLoop(self._now_s)
        self.loop.set_exception_handler(self._raised)
        self.clock.loop = self.loop
        self.lives += 1
        self.sent_in_this_life: list[Sent] = []
        store = MemoryStore(journal=self.journal, faults=Faults(appends=self.faults))
        self._store = store

        async def begin() -> SteppedLine:
            tail = store.open()
            shard = shard_at(store, tail.number, Machine())
            line = SteppedLine(
                shard, store, tail, self.clock, snapshot_every=self.swarm.snapshot_every
            )
            self.disk = SteppedCommitter.latest
            if tail.number == 0:
                starting = self.loop.create_task(
                    line.start(lambda: bootstrap(shard, self.clock.now_us()))
                )
                await asyncio.sleep(0)
                self.disk.step(ALL)
                await starting
            return line

        self.line = self.loop.run_until_complete(begin())

    def _raised(self, _loop: object, context: dict[str, Any]) -> None:
        """Note what was raised where nobody catches it."""
        self.complaints.append(f"{context.get('exception') or context['message']!r}")

    def die(self, torn: int = 0) -> None:
        """End the process at once; ``torn`` frames reach the disk that nobody hears of. A new process goes on."""
        self.listen()
        self.disk.step(torn, is_told=False)
        self.disk.is_dead = True
        self._bury()
        self.faults.clear()
        self._live()
        self.listen()

    def rival(self) -> None:
        """Start a second process on the journal while the first still believes it owns it."""
        old_disk, old_line, old_loop = self.disk, self.line, self.loop
        self._now_s = old_loop.time()
        before = self.line.writer.durable_number
        self._live()
        old_disk.step(ALL)  # must be fenced off: nothing it does may reach the journal
        old_loop.run_until_complete(asyncio.sleep(0))
        if old_line.writer.durable_number > before:
            self.complaints.append("a process that lost its journal still wrote to it")
        self._close(old_loop)
        self.listen()

    def _bury(self) -> None:
        self._now_s = self.loop.time()
        self._close(self.loop)

    @staticmethod
    def _close(loop: VirtualLoop) -> None:
        tasks = asyncio.all_tasks(loop)
        for task in tasks:
            task.cancel()
        if tasks:
            loop.run_until_complete(asyncio.gather(*tasks, return_exceptions=True))
        loop.close()

    def break_disk(self, fault: Fault) -> None:
        """Let whatever is written from now on suffer, until the process dies."""
        self.faults.update(dict.fromkeys(range(1, 100_000), fault))

    # -- calls -----------------------------------------------------------------------------------

    def send(
        self, name: str, id_: str = "", body: object = None, key: str | None = None, sub: int = 0
    ) -> Sent:
        """Send a call as a client does; the reply comes when it comes."""
        return self.submit(self.call(name, id_, body, key, sub))

    @staticmethod
    def call(
        name: str, id_: str = "", body: object = None, key: str | None = None, sub: int = 0
    ) -> Call:
        """Make a call of plain values, read as a transport would."""
        route = BY_NAME[name]
        plain = b"" if body is None else msgspec.json.encode(body)
        read = decode_body(plain, "application/json", route.body)
        assert not isinstance(read, Problem), read
        mark = b"" if key is None else fingerprint(name, (id_, ""), read)
        return Call(name, id=id_, body=read, sub=sub or "", idempotency_key=key, fingerprint=mark)

    def submit(self, call: Call, *more: Call) -> Sent:
        """Hand a call to the line, and more in the same moment; return the first as it was sent."""
        begun = len(self.sent)

        def answered(sent: Sent, future: "asyncio.Future[Reply]") -> None:
            if not future.cancelled():
                sent.reply = future.result()
                self._answered(sent.call, sent.reply)

        async def hand_in() -> None:
            for each in (call, *more):
                sent = Sent(each)
                self.sent.append(sent)
                self.sent_in_this_life.append(sent)
                self.line.submit(each).add_done_callback(partial(answered, sent))
            await asyncio.sleep(0)

        self.loop.run_until_complete(hand_in())
        return self.sent[begun]

    def _answered(self, call: Call, reply: Reply) -> None:
        if reply.status >= 400:
            return
        name, encoded = call.name, msgspec.json.encode(reply.body)
        body = msgspec.json.decode(encoded) or {}
        if call.idempotency_key is not None:
            first = self.answers.setdefault(call.idempotency_key, reply)
            same = msgspec.json.encode(first.body) == encoded
            if first is not reply and not (same and reply.replayed):
                self.complaints.append(f"{name} {call.id}: the same key was answered differently")
        if call.id and body.get("id", call.id) != call.id:
            self.complaints.append(f"{name} {call.id}: the answer is about {body['id']}")
        if name in ("tickets.put", "tickets.get"):
            self.auditor.acknowledged("ticket", call.id)
        elif name == "tickets.cancel":
            self.auditor.acknowledged("canceled", call.id)
        elif name == "offers.accept":
            self.auditor.acknowledged("accepted", call.id)
        elif name == "assignments.complete":
            self.auditor.acknowledged("completed", f"o-{call.id[2:]}")
        elif name == "tickets.batch":
            for result in body["results"]:
                if result["status"] < 400:
                    self.auditor.acknowledged("ticket", result["id"])

    def put(self, family: str, id_: str, body: Mapping[str, Any]) -> None:
        """Configure something and wait until it is so."""
        known = self.auditor.books.agents.get(id_)
        before = known.body if known is not None else None
        self.auditor.configured(family, id_, body)
        sent = self.send(f"{family}.put", id_, body)
        self.settle_down()
        if known is not None and before is not None and (sent.reply is None or sent.reply.problem):
            known.body = before

    def _furnish(self) -> None:
        for skill in SKILLS:
            self.put("skills", skill, {})
        self.put("groups", "vip", {})
        order = ("channels", "queues", "agents")
        for family in order:
            for id_, body in reversed(self.swarm.floor[family].items()):
                self.put(family, id_, body)
        self.send("revisions.put", "default", {"base": self.swarm.policy}, sub=2)
        self.send("revisions.activate", "default", sub=2)
        for agent in self.swarm.floor["agents"]:
            self.send("agents.presence", agent, {"presence": "available"})
        self.settle_down()

    # -- time, disk, events ----------------------------------------------------------------------

    def wait(self, seconds: float) -> None:
        """Let time pass."""
        self.loop.run_until_complete(asyncio.sleep(seconds))

    def commit(self, most: int = ALL) -> None:
        """Let the disk do up to so much of what waits, and hear what came of it."""
        self.disk.step(most)
        self.wait(0)
        self.listen()

    def settle_down(self) -> None:
        """Let the disk catch up until nothing waits."""
        self.wait(0)
        while self.disk.waiting and not self.disk.has_failed:
            self.commit()

    def listen(self) -> None:
        """Read the events that are new, as a client of the stream does."""
        while True:
            found = self.line.feed.after(self.auditor.seq, 4_096)
            if isinstance(found, Gap):
                self.complaints.append(f"events after {self.auditor.seq} are gone: {found}")
                return
            if not found:
                return
            self.auditor.hear(found)

    def stranded(self) -> list[str]:
        """Return tickets that wait though somebody who is there could take them, has room and was not asked in vain."""
        return [
            f"{ticket} waits, and {agent} could take it"
            for ticket, agent in self.auditor.stranded()
        ]

    @property
    def frames(self) -> list[tuple[int, bytes]]:
        """The journal's frames, numbered."""
        store = MemoryStore(journal=self.journal)
        store.open_to_read()
        return [(frame.number, frame.body) for frame in store.read()]

    def bury(self) -> None:
        """End the last life."""
        self._bury()
