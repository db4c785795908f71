"""Run a world: settle its floor on a shard, hand the shard's core to the kernel, and collect what it leaves."""

from collections.abc import Callable
from typing import Any, NamedTuple, Protocol

import numpy as np

from router.core.limits import NEVER_US
from router.core.machine import Machine
from router.desk.promises import ticket_words
from router.directory import CHANNEL, QUEUE
from router.shard import Shard
from router.wire.policies import PolicyBody
from simulator import records
from simulator.kernel import codes as c
from simulator.kernel import layout
from simulator.kernel.draws import streams
from simulator.kernel.loop import MARGIN, simulate
from simulator.kernel.state import Sim, handle
from simulator.worlds.compiling import Compiled, Names, Span
from simulator.worlds.floor import open_floor, ticket_body
from simulator.worlds.planning import Plan, plan_replication

PAUSE_EVENTS = 2_000_000
"""Model events between two reports of progress."""
FIRST_TICKETS = 1_024
"""Rows of the pool of tickets to begin with; it doubles."""


class Options(NamedTuple):
    """How to run."""

    seed: int = 1
    replication: int = 0
    keeps_records: bool = True
    slot_us: int | None = None
    """Length of the slots that are summed up apart; the world's unless given."""
    stratum: tuple[int, int] | None = None
    """Which of how many equally likely parts the first day's busyness comes from."""


class Records(NamedTuple):
    """What a replication leaves; see ``simulator.records``."""

    names: Names
    span: Span
    slot_us: int
    tickets: Any
    """TICKET records in the order in which visits ended; those still open at the end last. Empty if not kept."""
    agent_hours: Any
    queue_hours: Any
    folds: Any
    model_events: int
    happenings: dict[str, int]
    """Model events by what happened."""
    core_events: int
    commands: int
    decisions: int
    offers: int
    refusals: int
    gap: int
    """Bound less value, summed over the decisions; thousandths of a point."""
    worth: int
    digest: str


class Stage(Protocol):
    """What a replication is played on: tables, the router's kinds and names, and a core with the floor on it."""

    compiled: Compiled
    kinds: Any
    names: Names

    def machine(self) -> Machine:
        """Return a core of its own with the floor on it, for one replication."""
        ...


class Prepared:
    """A world under a policy, settled on a shard and ready to be played."""

    def __init__(self, compiled: Compiled, policy: PolicyBody) -> None:
        self.compiled = compiled
        self.policy = policy
        at_us = compiled.span.opens_us
        self.shard = open_floor(compiled.world, policy, at_us)
        self.kinds = compiled.kinds.copy()
        for row, kind in zip(self.kinds, compiled.world.tickets, strict=True):
            describe_kind(self.shard, row, ticket_body(compiled.world, kind), at_us)
        self.shard.settle(at_us)
        directory = self.shard.directory
        channels = tuple(directory.documents[CHANNEL])
        self.names = compiled.names._replace(channels=channels)
        for q, name in enumerate(compiled.world.queues):
            assert directory.index(QUEUE, name) == q, "queues are rows in their order"

    def machine(self) -> Machine:
        """Return a core of its own with the floor on it, for one replication."""
        return self.shard.machine.fork()


def describe_kind(shard: Shard, row: Any, body: Any, at_us: int) -> None:
    """Fill in what the router makes of a kind of ticket: profile, promises, priority."""
    profile = shard.profiles.find(body, at_us)
    assert isinstance(profile, int), f"the world's names were checked: {profile}"
    words = ticket_words(shard, body, at_us)
    row["profile"], row["priority"] = profile, words[7]
    for field, word in (("ttl_us", 2), ("first_us", 4), ("whole_us", 6)):
        row[field] = NEVER_US if words[word] >= NEVER_US else words[word] - at_us
    row["target_us"], row["next_us"] = words[3], words[5]
    row["queue"] = shard.directory.index(QUEUE, body.queue)
    row["channel"] = shard.directory.index(CHANNEL, body.channel)
    channel: Any = shard.directory.document(CHANNEL, body.channel)
    row["auto_accept"] = channel.body.auto_accept


def scalars_of(compiled: Compiled, options: Options) -> Any:
    """Return the kernel's scalars before the first event."""
    scalars = np.zeros(1, layout.SCALARS)
    z, span = scalars[0], compiled.span
    z["now_us"] = z["opens_us"] = z["slot_from_us"] = span.opens_us
    z["closes_us"], z["stops_us"] = span.closes_us, span.stops_us
    z["slot_us"] = options.slot_us or round(compiled.world.time.slot_s * 1e6)
    z["hour_from_us"], z["rate_us"] = span.midnight_us, compiled.rate_us
    z["entry_free"] = z["ticket_free"] = z["current"] = z["unarmed"] = -1
    z["keeps_records"], z["pause_after"] = options.keeps_records, PAUSE_EVENTS
    z["digest"] = 1_469_598_103_934_665_603
    return scalars


def memory_of(prepared: Stage, machine: Machine, plan: Plan, options: Options, trace: Any) -> Sim:
    """Return the kernel's memory before the first event, with a row for each ticket the core has room for."""
    compiled = prepared.compiled
    scalars = scalars_of(compiled, options)
    span = compiled.span
    slots = max(1, -(-(span.stops_us - span.opens_us) // int(scalars[0]["slot_us"])))
    kinds = prepared.kinds.copy()
    for field in ("rates_from", "rates", "day_from"):
        kinds[field] = plan.kinds[field]
    agents = compiled.agents.copy()
    agents["since_us"] = agents["virtual_us"] = span.opens_us
    queues = np.zeros(len(compiled.world.queues), layout.QUEUE)
    queues["since_us"] = span.opens_us
    count = len(kinds)
    return Sim(
        scalars, streams(options.seed, options.replication), kinds, compiled.laws, compiled.tables,
        compiled.hours, plan.rates, plan.days, compiled.transfers, compiled.pace, compiled.levels, agents, queues,
        plan.changes, trace, np.zeros(FIRST_TICKETS, layout.TICKET),
        np.full(machine.sizes.tickets, -1, np.int32),
        np.zeros(4 * MARGIN, np.int64), np.zeros(4 * MARGIN, np.int64), np.zeros(4 * MARGIN, layout.ENTRY),
        np.zeros(count, np.int64), np.zeros(count), np.zeros(count), np.zeros(count, np.int64),
        np.zeros(4 * MARGIN if options.keeps_records else 0, records.TICKET),
        np.zeros((len(agents), slots), records.AGENT_HOUR), np.zeros((len(queues), slots), records.QUEUE_HOUR),
        np.zeros((count, slots), records.FOLD), np.zeros(len(c.HAPPENINGS), np.int64),
    )  # fmt: skip


def longer(array: Any, rows: int, fill: int = 0) -> Any:
    """Return an array with more rows, the old ones first."""
    found = (
        np.full(rows, fill, array.dtype)
        if array.dtype.names is None
        else np.zeros(rows, array.dtype)
    )
    found[: len(array)] = array
    return found


def relieve(sim: Sim, machine: Machine, short: int) -> Sim:
    """Make room in the table that is short; the core's own grow by its machine."""
    if short == c.NEEDS_HEAP:
        rows = 2 * len(sim.heap_at)
        return sim._replace(
            heap_at=longer(sim.heap_at, rows),
            heap_order=longer(sim.heap_order, rows),
            entries=longer(sim.entries, rows),
        )
    if short == c.NEEDS_TICKETS:
        return sim._replace(tickets=longer(sim.tickets, 2 * len(sim.tickets)))
    if short == c.NEEDS_RECORDS:
        return sim._replace(records=longer(sim.records, 2 * len(sim.records)))
    if short == c.NEEDS_CORE_TICKETS:
        machine.make_room(tickets=2 * machine.sizes.tickets)
        return sim._replace(ticket_of=longer(sim.ticket_of, machine.sizes.tickets, -1))
    machine.relieve(short)
    return sim


def play(
    prepared: Stage,
    plan: Plan,
    options: Options,
    trace: Any = None,
    show: Callable[[float], object] | None = None,
) -> Records:
    """
    Play one replication; ``prepared`` may be played again.

    Parameters
    ----------
    prepared, plan, options
        The world on its floor, what is known beforehand, and how to run.
    trace
        TRACE records of arrivals given beforehand, in the order of time; None for none.
    show
        Told the share of the time that is over, every so many events.
    """
    given = np.zeros(0, layout.TRACE) if trace is None else trace
    machine, span = prepared.machine(), prepared.compiled.span
    sim = memory_of(prepared, machine, plan, options, given)
    mine = handle(sim)
    while True:
        short = simulate(mine, machine.handle)
        if short == c.FINISHED:
            return collected(prepared, sim)
        if short == c.PAUSED:
            if show is not None:
                show(
                    (int(sim.scalars[0]["now_us"]) - span.opens_us)
                    / (span.stops_us - span.opens_us)
                )
            continue
        sim = relieve(sim, machine, short)
        mine = handle(sim)


def collected(prepared: Stage, sim: Sim) -> Records:
    """Return what a finished run leaves."""
    z = {name: int(sim.scalars[0][name]) for name in layout.SCALARS.names or ()}
    counts = dict(zip(c.HAPPENINGS, sim.happenings.tolist(), strict=True))
    digest = f"{z['digest'] & 0xFFFFFFFFFFFFFFFF:016x}"
    return Records(
        prepared.names, prepared.compiled.span, z["slot_us"], sim.records[: z["records"]], sim.agent_hours,
        sim.queue_hours, sim.folds, z["model_events"], counts, z["core_events"], z["commands"], z["decisions"],
        z["offers"], z["refusals"], z["gap"], z["worth"], digest,
    )  # fmt: skip


def run(compiled: Compiled, policy: PolicyBody, options: Options | None = None) -> Records:
    """
    Play one replication of a world under a policy.

    Raises
    ------
    FloorError
        When the router refuses a part of the world's floor.
    """
    options = options or Options()
    plan = plan_replication(compiled, options.seed, options.replication, options.stratum)
    return play(Prepared(compiled, policy), plan, options)
