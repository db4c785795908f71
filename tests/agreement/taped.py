"""A tape of commands that a simulated world gives to the core, and the digest of what was decided on them."""

import hashlib
import struct
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any, NamedTuple

import msgspec
import numpy as np
from numpy.typing import NDArray

from router.core import codes as c
from router.core import layout
from router.core.limits import NEVER_US
from router.core.machine import Machine
from router.policies.terms import POINT
from router.wire.events import Event
from simulator.kernel.running import Options, Prepared
from simulator.kernel.stepping import Step, steps
from simulator.load.calls import plain
from simulator.worlds.compiling import compile_world
from simulator.worlds.floor import ticket_body
from simulator.worlds.planning import plan_replication
from simulator.worlds.reading import parse_world

WORLD = """
format = 1
name = "tape"
time = { days = 40, clear_s = 7200 }
busyness.day = { shape = 20 }
channels.call = { cost = 2, offer_ttl_s = 20 }
channels.talk = { cost = 1, max_per_agent = 2 }
channels.mail = { cost = 1, auto_accept = true }
skills = { a = {}, b = {} }
regions = { near = { distance = { far = 40 } }, far = {} }
policy = { base = "ours", retention_s = 1 }
queues.calls = { sla = { first_response_s = 60 }, relax = [{ after_s = 90, drop = ["a"] }] }
queues.talks = { offers_parallel = 2, overflow = { queue = "calls", after_s = 120 } }
lines.calls = { waiting_max = 40 }
[tickets.call]
queue = "calls"
channel = "call"
region = "near"
requirements = [{ skill = "a" }]
arrivals = { busyness = "day", per_hour = 150 }
work = { kind = "lognormal", mean_s = 180, log_sd = 0.8 }
wrap_up = { kind = "exponential", mean_s = 20 }
patience = { kind = "hazard", from_s = [0, 60], per_minute = [0.6, 0.3] }
redial = { share = 0.5, delay = { kind = "exponential", mean_s = 300 }, most = 3 }
transfers = [{ to = "expert", share = 0.2 }]
[tickets.expert]
queue = "calls"
channel = "call"
requirements = [{ skill = "b", min_level = 2 }]
work = { kind = "exponential", mean_s = 200 }
patience = { kind = "exponential", mean_s = 300 }
[tickets.talk]
queue = "talks"
channel = "talk"
region = "far"
priority = 7
arrivals = { per_hour = 90 }
work = { kind = "lognormal", mean_s = 240, log_sd = 0.6 }
messages = { kind = "exponential", mean_s = 90 }
patience = { kind = "exponential", mean_s = 200 }
reopen = { share = 0.1, delay = { kind = "fixed", value_s = 600 }, most = 2 }
[tickets.letter]
queue = "calls"
channel = "mail"
priority = 2
arrivals = { per_hour = 50 }
work = { kind = "lognormal", mean_s = 150, log_sd = 0.6 }
[agents.near]
count = 9
units = 2
region = "near"
skills = { a = 3 }
acceptance.delay = { kind = "exponential", mean_s = 4 }
acceptance.back = { kind = "fixed", value_s = 60 }
acceptance.decline = 0.1
acceptance.miss = 0.1
[agents.far]
count = 9
units = 2
region = "far"
skills = { a = 2, b = 4 }
staffing = [5, 9, 7, 8, 3, 6]
staffing_s = 7200
acceptance.delay = { kind = "exponential", mean_s = 4 }
"""
COMMAND = struct.Struct("<qqqqiiiiiiii")
assert COMMAND.size == layout.COMMAND.itemsize
AT_ONCE = 4_096
"""Runs of a core whose events are looked at together."""


class Request(NamedTuple):
    """A command as a call over HTTP, and the instant at which it is said."""

    at_us: int
    method: str
    path: str
    body: bytes


ROW = 2 + len(layout.DECISION_WORDS)


class Decisions:
    """
    Folds what was decided into one digest: each offer, each joint decision with its bound, in their order.

    A decision is nine numbers. Of an offer: 0, instant, number of the offer, which ticket of all that came, agent, end,
    worth; of a joint decision: 1, instant, the words that the core writes about it.
    """

    def __init__(self) -> None:
        self._hash = hashlib.sha256()
        self._numbers: dict[int, int] = {}
        self._tickets = 0
        self._runs: list[tuple[bytes, bytes]] = []
        self.count = 0

    def core(self, events: bytes, words: bytes) -> None:
        """Take in what one run of a core brought."""
        self._runs.append((events, words))
        if len(self._runs) == AT_ONCE:
            self._fold()

    def _fold(self) -> None:
        events = np.frombuffer(b"".join(e for e, _ in self._runs), layout.EVENT)
        words = np.frombuffer(b"".join(w for _, w in self._runs), np.int64)
        counts = [len(e) // layout.EVENT.itemsize for e, _ in self._runs]
        starts = np.cumsum([0, *(len(w) // 8 for _, w in self._runs)])[:-1]
        self._runs.clear()
        words_from = events["words_from"] + np.repeat(starts, counts)
        kinds = events["kind"]
        known = np.flatnonzero(
            (kinds == c.E_ADDED) | (kinds == c.E_OFFERED) | (kinds == c.E_DECIDED)
        )
        rows = np.zeros((len(known), ROW), np.int64)
        own = events[known]
        rows[:, 1] = own["at_us"]
        offers, batches = own["kind"] == c.E_OFFERED, own["kind"] == c.E_DECIDED
        rows[offers, 2] = own["serial"][offers]
        rows[:, 3] = self._named(own)
        rows[offers, 4] = own["agent"][offers]
        rows[offers, 5] = np.where(own["until_us"] < NEVER_US, own["until_us"], 0)[offers]
        rows[offers, 6] = own["value"][offers]
        places = words_from[known][batches][:, None] + np.arange(len(layout.DECISION_WORDS))
        rows[batches, 0], rows[batches, 2:] = 1, words[places]
        self._add(rows[offers | batches])

    def _named(self, events: Any) -> list[int]:
        """Return which ticket each event is about, of all that came: rows are used again."""
        found = []
        for kind, row in zip(events["kind"].tolist(), events["ticket"].tolist(), strict=True):
            if kind == c.E_ADDED:
                self._tickets += 1
                self._numbers[row] = self._tickets
            found.append(self._numbers[row] if kind == c.E_OFFERED else 0)
        return found

    def published(self, event: Event, agents: dict[str, int]) -> None:
        """Take in an event as clients read it."""
        row = np.zeros((1, ROW), np.int64)
        if event.type == "offer.issued":
            until = event.data["expires_at"]
            row[0, 1:7] = (
                instant_us(event.at), int(str(event.offer)[2:]), int(str(event.ticket)[2:]),
                agents[str(event.agent)], instant_us(until) if until else 0,
                round(event.data["value"] * POINT),
            )  # fmt: skip
        elif event.type == "solver.batch":
            row[0, :2] = 1, instant_us(event.at)
            row[0, 2:] = [
                round(event.data[name] * (POINT if name in ("primal", "dual") else 1))
                for name in layout.DECISION_WORDS
            ]
        else:
            return
        self._add(row)

    def _add(self, rows: NDArray[np.int64]) -> None:
        self.count += len(rows)
        self._hash.update(rows.tobytes())

    def digest(self) -> str:
        """Return the digest of all so far."""
        if self._runs:
            self._fold()
        return self._hash.copy().hexdigest()


_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def instant_us(text: str) -> int:
    """Return an instant of the API as microseconds since 1970."""
    passed = datetime.fromisoformat(text) - _EPOCH
    return (passed.days * 86_400 + passed.seconds) * 1_000_000 + passed.microseconds


def prepared() -> Prepared:
    """Return the world on its floor."""
    compiled = compile_world(parse_world(WORLD))
    return Prepared(compiled, compiled.world.policy)


def simulated(stage: Prepared, commands: int) -> Iterator[Step]:
    """Yield the runs of a simulated core until it was given so many commands."""
    plan = plan_replication(stage.compiled, 7, 0)
    given = 0
    for step in steps(stage, plan, Options(7, keeps_records=False)):
        given += bool(step.command)
        yield step
        if given == commands:
            return
    raise AssertionError(f"the world came to {given} commands only")


def told(machine: Machine, step: Step) -> tuple[bytes, bytes]:
    """Tell a machine of its own a command of the tape, and return what came of it."""
    (
        at_us, serial, until_us, value, kind, options, ticket, agent, profile, aux, _, words,
    ) = COMMAND.unpack(step.command)  # fmt: skip
    machine.push(
        kind, at_us, struct.unpack(f"<{words}q", step.command_words), serial=serial, until_us=until_us,
        value=value, options=options, ticket=ticket, agent=agent, profile=profile, aux=aux,
    )  # fmt: skip
    batch = machine.run()
    return batch.event_bytes, batch.word_bytes


def kind_of(step: Step) -> int:
    """Return which of the core's commands a step gave."""
    return int(COMMAND.unpack(step.command)[4])


class Speaker:
    """Turns commands into requests; it must hear of the rows that tickets get."""

    def __init__(self, stage: Prepared) -> None:
        self._stage = stage
        world = stage.compiled.world
        self._kinds = {int(row["profile"]): n for n, row in enumerate(stage.kinds)}
        assert len(self._kinds) == len(stage.kinds), "each kind asks for something else"
        bodies = [plain(ticket_body(world, kind)) for kind in world.tickets]
        self._bodies = [msgspec.json.encode(body) for body in bodies]
        moved = ("queue", "channel", "region", "requirements")
        self._moved = [
            msgspec.json.encode(
                {"region": None, "requirements": []} | {n: b[n] for n in moved if n in b}
            )
            for b in bodies
        ]
        self._ids: dict[int, str] = {}
        self._made = 0

    def came(self, step: Step) -> None:
        """Note the row of a ticket that came."""
        if kind_of(step) == c.ADD_TICKET:
            first = np.frombuffer(step.events, layout.EVENT)
            (row,) = first["ticket"][first["kind"] == c.E_ADDED]
            self._made += 1
            self._ids[int(row)] = f"t-{self._made}"

    def passing(self, step: Step) -> Request:
        """
        Return a call that changes nothing for the core, at the instant of one of its timers.

        A server's own alarm rings then; here the clock stands still between calls, so a call has to let time pass.
        """
        at_us = int(np.frombuffer(step.events, layout.EVENT)[0]["at_us"])
        return Request(at_us, "PUT", "/v1/skills/a", b"{}")

    def request(self, step: Step) -> Request:
        """Return a command as a client says it."""
        command: Any = np.frombuffer(step.command, layout.COMMAND)[0]
        kind, at_us = int(command["kind"]), int(command["at_us"])
        if kind == c.ADD_TICKET:
            body = self._bodies[self._kinds[int(command["profile"])]]
            return Request(at_us, "PUT", f"/v1/tickets/t-{self._made + 1}", body)
        if kind == c.SET_PRESENCE:
            agent = self._stage.names.agents[int(command["agent"])]
            said = msgspec.json.encode({"presence": c.PRESENCES[int(command["aux"])]})
            return Request(at_us, "PUT", f"/v1/agents/{agent}/presence", said)
        if kind in VERBS:
            return Request(at_us, "POST", VERBS[kind].format(int(command["serial"])), b"{}")
        ticket = f"/v1/tickets/{self._ids[int(command['ticket'])]}"
        if kind == c.UPDATE_TICKET:
            moved = self._moved[self._kinds[int(command["profile"])]]
            return Request(at_us, "POST", f"{ticket}:transfer", moved)
        if kind == c.RECORD_REPLY:
            by = "customer" if command["options"] & c.C_BY_CUSTOMER else "agent"
            return Request(at_us, "POST", f"{ticket}:reply", msgspec.json.encode({"by": by}))
        assert kind == c.ABANDON_TICKET, c.COMMANDS[kind]
        return Request(at_us, "POST", f"{ticket}:abandon", b"{}")


VERBS = {
    c.ACCEPT_OFFER: "/v1/offers/o-{}:accept",
    c.DECLINE_OFFER: "/v1/offers/o-{}:decline",
    c.WRAP_UP: "/v1/assignments/a-{}:wrap_up",
    c.COMPLETE: "/v1/assignments/a-{}:complete",
}
