"""Worlds for load tests, and a driver that plays their customers and agents on a shard in virtual time."""

from typing import Any

from router.core.limits import NEVER_US
from router.desk.registry import bootstrap
from router.published import publish_sealed
from router.shard import Shard
from router.wire.calls import Call, Reply
from router.wire.codec import fit
from router.wire.problems import Problem
from router.wire.routes import BY_NAME
from simulator.kernel.running import Options, Prepared, Records
from simulator.load.calls import Phrases
from simulator.load.crowd import Crowd
from simulator.worlds.compiling import compile_world
from simulator.worlds.floor import open_floor
from simulator.worlds.planning import plan_replication
from simulator.worlds.reading import parse_world

MIXED = """
format = 1
name = "mixed"
time = { days = 0.3, clear_s = 7200 }
busyness.day = { shape = 20 }
channels.call = { cost = 2, offer_ttl_s = 20 }
channels.talk = { cost = 1, max_per_agent = 2, auto_accept = true }
skills = { a = {}, b = {} }
queues.calls = { sla = { first_response_s = 60 }, relax = [{ after_s = 90, drop = ["a"] }] }
queues.talks = {}
lines.calls = { waiting_max = 6 }
[tickets.call]
queue = "calls"
channel = "call"
requirements = [{ skill = "a" }]
arrivals = { busyness = "day", per_hour = 60 }
work = { kind = "lognormal", mean_s = 180, log_sd = 0.8 }
wrap_up = { kind = "exponential", mean_s = 20 }
patience = { kind = "hazard", from_s = [0, 60], per_minute = [0.6, 0.3] }
redial = { share = 0.5, delay = { kind = "exponential", mean_s = 300 }, most = 3 }
transfers = [{ to = "expert", share = 0.2 }]
[tickets.expert]
queue = "calls"
channel = "call"
requirements = [{ skill = "b" }]
work = { kind = "exponential", mean_s = 200 }
patience = { kind = "exponential", mean_s = 300 }
[tickets.talk]
queue = "talks"
channel = "talk"
arrivals = { per_hour = 40 }
work = { kind = "lognormal", mean_s = 240, log_sd = 0.6 }
messages = { kind = "exponential", mean_s = 60 }
patience = { kind = "exponential", mean_s = 200 }
reopen = { share = 0.1, delay = { kind = "fixed", value_s = 600 }, most = 2 }
[agents.near]
count = 4
units = 2
skills = { a = 3 }
speed_log_sd = 0.3
speed_at_once = [1, 0.8]
acceptance.delay = { kind = "exponential", mean_s = 4 }
acceptance.back = { kind = "fixed", value_s = 60 }
acceptance.decline = 0.1
acceptance.miss = 0.1
learning = { first = 1.5, tickets = 20 }
[agents.far]
count = 4
units = 2
skills = { a = 2, b = 4 }
staffing = [2, 4, 1, 3]
staffing_s = 5400
"""


QUICK = """
format = 1
name = "quick"
time = { days = 0.0000173611, clear_s = 2 }
policy = { base = "ours", retention_s = 1 }
channels.call = { offer_ttl_s = 2 }
queues.line = { service_level = { target_s = 0.2 } }
regions = { far = {} }
network.far = { latency_s = 0.06, jitter_s = 0.01 }
[tickets.call]
queue = "line"
channel = "call"
arrivals = { per_hour = 90000 }
work = { kind = "exponential", mean_s = 0.2 }
wrap_up = { kind = "exponential", mean_s = 0.05 }
patience = { kind = "exponential", mean_s = 1 }
[tickets.away]
queue = "line"
channel = "call"
region = "far"
arrivals = { per_hour = 18000 }
work = { kind = "exponential", mean_s = 0.2 }
messages = { kind = "exponential", mean_s = 0.1 }
[agents.near]
count = 8
units = 1
acceptance = { delay = { kind = "exponential", mean_s = 0.03 }, decline = 0.05 }
[agents.far]
count = 2
units = 1
region = "far"
"""
"""A second and a half, some 45 tickets."""


def prepared_of(text: str, base: str | None = None) -> Prepared:
    """Return a world on its floor."""
    compiled = compile_world(parse_world(text))
    policy = compiled.world.policy
    if base is not None:
        policy = type(policy)(base=base, retention_s=policy.retention_s)
    return Prepared(compiled, policy)


class Told:
    """A shard that a crowd speaks to as clients do, in virtual time and without any delay."""

    def __init__(self, prepared: Prepared, options: Options) -> None:
        self.compiled = prepared.compiled
        plan = plan_replication(prepared.compiled, options.seed, options.replication)
        self.crowd = Crowd(prepared, plan, options, "t")
        self.phrases = Phrases(prepared.compiled.world, self.crowd)
        self.shard: Shard = open_floor(
            prepared.compiled.world, prepared.policy, self.compiled.span.opens_us
        )
        self.refused: list[tuple[str, str, str]] = []
        self.calls: list[Call] = []

    def play(self) -> Records:
        """Play the whole world."""
        crowd, now_us = self.crowd, self.compiled.span.opens_us
        while not crowd.is_over(now_us):
            next_us = min(crowd.next_us, crowd.span.stops_us)
            due_us = self.shard.next_due_us()
            if due_us <= next_us and due_us < NEVER_US:
                now_us = max(now_us, due_us)
                self.settle(now_us)
                continue
            now_us = max(now_us, next_us)
            if crowd.is_over(now_us):
                break
            said = crowd.act()
            if said is None:
                continue
            for wanted in self.phrases.calls(said):
                reply = self.say(Call(wanted.name, wanted.id, self.typed(wanted)), now_us)
                if reply.problem is not None:
                    self.refused.append((wanted.name, wanted.id, reply.problem.code))
                    crowd.refused(said, now_us)
        return crowd.end(max(now_us, crowd.span.closes_us))

    def typed(self, wanted: Any) -> Any:
        """Return a body as the server would read it."""
        kind = BY_NAME[wanted.name].body
        body = None if kind is None else fit(dict(wanted.body), kind)
        assert not isinstance(body, Problem), body
        return body

    def say(self, call: Call, now_us: int) -> Reply:
        """Make one call and hear what came of it."""
        self.calls.append(call)
        came = self.shard.admit(call, now_us)
        replies = self.settle(now_us)
        return came if isinstance(came, Reply) else replies[0]

    def settle(self, now_us: int) -> list[Reply]:
        """Settle, and let everybody hear."""
        sealed, replies = self.shard.settle(now_us)
        if sealed.batch.count:
            for event in publish_sealed(self.shard.directory, sealed):
                self.crowd.hear(event, now_us)
                if event.type == "offer.issued":
                    self.crowd.offered(event, now_us)
        return replies


__all__ = ["MIXED", "Told", "bootstrap", "prepared_of"]
