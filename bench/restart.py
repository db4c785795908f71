"""
How soon a server that was killed goes on: a real journal, read back the way the engine does.

The journal is made by a real shard from calls, as they would have come over HTTP: 100,000 tickets
wait for 400 agents and a snapshot is taken; then agents complete, are offered the next ticket and
accept, and new tickets come, until there are as many events again, in frames of some 40 calls.
"""

import os
import random
import tempfile
from collections import deque
from collections.abc import Iterator
from pathlib import Path
from time import perf_counter
from typing import Final, NamedTuple

import msgspec

from bench.report import Row, Suite
from router.core import codes as c
from router.core.machine import Machine
from router.desk.registry import bootstrap
from router.engine.archive import shard_at
from router.journal import encode, encode_portrait, portray
from router.shard import Sealed, Shard
from router.stores import store_at
from router.stores.frames import Frame, Store
from router.wire.calls import Call
from router.wire.codec import decode_body
from router.wire.problems import Problem
from router.wire.routes import BY_NAME

START_US: Final = 1_795_424_400_000_000  # an ordinary Monday morning
AGENTS: Final = 400
CALLS_PER_FRAME: Final = 40
SKILLS: Final = ("billing", "refunds", "network", "hardware", "accounts", "orders")
LANGUAGES: Final = ("en", "de", "fr", "es", "pt")
FRAMES_PER_APPEND: Final = 64


class Journal:
    """A shard with a store behind it; calls are settled together and every settlement is a frame."""

    def __init__(self, store: Store, seed: int = 3) -> None:
        self.store = store
        self.shard = Shard()
        self.at_us = START_US
        self.events = 0
        self.frames = 0
        self.held: deque[str] = deque()
        self._offers: list[str] = []
        self._unwritten: list[Frame] = []
        self._chance = random.Random(seed)
        self._tickets = 0
        bootstrap(self.shard, self.at_us)
        self._settle()

    def tell(self, calls: Iterator[Call]) -> None:
        """Admit calls and settle them."""
        for call in calls:
            refusal = self.shard.admit(call, self.at_us)
            if refusal is not None:
                raise ValueError(f"{call.name} {call.id}: {refusal}")
        self._settle()

    def _settle(self) -> None:
        self.at_us += 20_000
        sealed, _ = self.shard.settle(self.at_us)
        self._note(sealed)
        self.frames += 1
        body = encode(sealed)
        frame = Frame(self.frames, sealed.batch.first_seq, sealed.batch.count, self.at_us, body)
        self._unwritten.append(frame)
        if len(self._unwritten) == FRAMES_PER_APPEND:
            self.write()

    def _note(self, sealed: Sealed) -> None:
        events = sealed.batch.events
        self.events += len(events)
        offers = events[events["kind"] == c.E_OFFERED]["serial"]
        self._offers += [f"o-{serial}" for serial in offers.tolist()]

    def write(self) -> None:
        """Append the frames that are not in the store yet."""
        if self._unwritten:
            self.store.append(self._unwritten, self._unwritten[0].number - 1)
            self._unwritten = []

    def snapshot(self) -> int:
        """Save the shard as it is now; return the snapshot's size in bytes."""
        self.write()
        blob = encode_portrait(portray(self.shard))
        self.store.save_snapshot(self.frames, self.store.tail.next_seq, blob)
        return len(blob)

    # -- what happens ------------------------------------------------------------------------------

    def furnish(self) -> None:
        """Put up a queue, skills and agents who know some of them and speak some languages."""
        self.tell(iter([call("skills.put", skill, {}) for skill in SKILLS]))
        self.tell(iter([call("queues.put", "help", {})]))
        names = [f"agent-{number:04}" for number in range(AGENTS)]
        self.tell(call("agents.put", name, self._person()) for name in names)
        available = {"presence": "available"}
        self.tell(call("agents.presence", name, available) for name in names)

    def _person(self) -> dict[str, object]:
        chance = self._chance
        skills = {skill: chance.randint(1, 5) for skill in chance.sample(SKILLS, 3)}
        spoken = {tag: chance.randint(2, 5) for tag in chance.sample(LANGUAGES, 2)}
        return {"skills": skills, "languages": spoken, "units": 4}

    def ticket(self) -> dict[str, object]:
        """Draw what a ticket says, as a helpdesk would describe it."""
        chance = self._chance
        return {
            "queue": "help",
            "channel": "chat",
            "priority": chance.randint(3, 7),
            "language": {"tag": chance.choice(LANGUAGES)},
            "requirements": [{"skill": chance.choice(SKILLS), "min_level": chance.randint(1, 2)}],
            "attributes": {
                "customer": f"c-{chance.randrange(10**6)}",
                "subject": "It does not work",
            },
        }

    def arrive(self, tickets: int) -> None:
        """Bring tickets in batches of 1,000, and have offers accepted."""
        while tickets > 0:
            items = [{"id": self._new_id(), **self.ticket()} for _ in range(min(1_000, tickets))]
            self.tell(iter([call("tickets.batch", "", {"tickets": items})]))
            tickets -= len(items)
            while self._offers:
                self.tell(self._accepts())

    def _new_id(self) -> str:
        self._tickets += 1
        return f"t-{self._tickets:07}"

    def _accepts(self) -> Iterator[Call]:
        offers, self._offers = self._offers, []
        for offer in offers:
            self.held.append(offer.replace("o-", "a-", 1))
            yield call("offers.accept", offer, None)

    def work(self, events: int) -> None:
        """Let agents complete and accept, and tickets come, until there are so many more events."""
        end = self.events + events
        share = CALLS_PER_FRAME // 3
        while self.events < end:
            ends = [self.held.popleft() for _ in range(min(share, len(self.held)))]
            calls = [call("assignments.complete", assignment, {}) for assignment in ends]
            calls += [call("tickets.put", self._new_id(), self.ticket()) for _ in range(share)]
            calls += self._accepts()
            self.tell(iter(calls))


def call(name: str, id_: str, plain: object) -> Call:
    """Return a call with its body read as a request's would be."""
    route = BY_NAME[name]
    text = b"" if plain is None else msgspec.json.encode(plain)
    body = decode_body(text, "application/json", route.body)
    if isinstance(body, Problem):
        raise TypeError(f"{name} {id_}: {body}")
    return Call(name, id=id_, body=body)


class Size(NamedTuple):
    """So many tickets in the snapshot, so many events after it, and so many restarts."""

    tickets: int
    events: int
    repeats: int


FULL: Final = Size(100_000, 100_000, 7)
QUICK: Final = Size(1_000, 1_000, 1)


def run(size: Size = FULL) -> list[Row]:
    """Return the rows of a restart; raises ``AssertionError`` if what comes back differs from what was."""
    tickets, events, repeats = size
    with tempfile.TemporaryDirectory(prefix=".bench-restart-", dir=Path.cwd()) as name:
        location = f"sqlite:{Path(name) / 'journal.sqlite'}"
        store = store_at(location)
        store.open()
        journal = Journal(store)
        journal.furnish()
        journal.arrive(tickets)
        blob_bytes = journal.snapshot()
        frames = journal.frames
        journal.work(events)
        journal.write()
        digest = journal.shard.machine.digest()
        store.close()
        measured = [once(location, digest) for _ in range(repeats)]
    case = Suite("stores", f"restart_{tickets // 1000}k")
    seconds, mib = ([each[i] for each in measured] for i in (0, 1))
    return [
        case.row("seconds", seconds, "s"),
        case.row("rss_mib", [mib[0]], "MiB", n=1),
        case.row("snapshot_mib", [blob_bytes / 2**20], "MiB", n=1),
        case.row("frames_folded", [journal.frames - frames], "1", n=1),
    ]


def once(location: str, digest: str) -> tuple[float, float]:
    """Restart once; return the seconds, and the MiB that memory grew by."""
    machine = Machine()
    before = rss_mib()
    begun = perf_counter()
    store = store_at(location)
    tail = store.open()
    shard = shard_at(store, tail.number, machine)
    took = perf_counter() - begun
    grown = rss_mib() - before
    store.close()
    assert shard.machine.digest() == digest, "the shard came back as another"
    return took, grown


def rss_mib() -> float:
    """Return the resident memory of this process."""
    pages = int(Path("/proc/self/statm").read_text("ascii").split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 2**20
