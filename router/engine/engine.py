"""The tenants' lines behind one door: opening and recovering them, and handing calls on."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Final, NamedTuple

import numpy as np

from router.core import codes as c
from router.core.limits import AGENTS_MAX, TICKETS_MAX
from router.core.machine import Machine
from router.desk.registry import bootstrap
from router.directory import QUEUE
from router.engine.analyzers import MakeAnalyzer, make_analyzer
from router.engine.archive import shard_at
from router.engine.escalation import Escalation, Tiers, TierSettings
from router.engine.feed import Listener
from router.engine.gap import Gap
from router.engine.line import Clock, Line
from router.engine.messages import KEPT_MAX, Messages
from router.engine.models import ModelFolder
from router.engine.pricer import Pricer
from router.engine.reader import Analyzer, Reader
from router.engine.shelf import Shelf, ShelfLimits
from router.engine.signal_desk import SignalDesk, languages_of
from router.history import ANSWERS_KEPT_MAX, ANSWERS_TTL_US
from router.shard import Shard
from router.stores import store_at
from router.wire.calls import Call, Reply, refused
from router.wire.events import Event
from router.wire.policies import PolicyBody

DEFAULT_TENANT: Final = "default"


def no_folder(_tenant: str) -> Path | None:
    """Return no folder of models: messages are read with rules alone."""
    return None


class EngineSettings(NamedTuple):
    """What an engine needs to know."""

    location: Callable[[str], str]  # where a tenant's journal lies, as STORES reads it
    tenants: Sequence[str] = (DEFAULT_TENANT,)
    snapshot_every: int = 100_000
    tickets_max: int = TICKETS_MAX
    agents_max: int = AGENTS_MAX
    policy: PolicyBody = PolicyBody()
    answers_max: int = ANSWERS_KEPT_MAX
    answers_ttl_us: int = ANSWERS_TTL_US
    models: Callable[[str], Path | None] = no_folder  # where a tenant's models lie
    make_analyzer: MakeAnalyzer = make_analyzer
    messages_max: int = KEPT_MAX
    tiers: TierSettings = TierSettings()
    shelf: ShelfLimits = ShelfLimits()
    price_every_s: float = 0.0  # 0: agents' time is not priced


class Engine:
    """All tenants of a process; build it with ``Engine.open``."""

    def __init__(self, lines: dict[str, Line], desks: dict[str, SignalDesk], tiers: Tiers) -> None:
        self._lines = lines
        self._desks = desks
        self._tiers = tiers
        self._pricers: dict[str, Pricer] = {}
        self._is_closing = False

    @classmethod
    async def open(cls, settings: EngineSettings, clock: Clock) -> "Engine":
        """Open every tenant's journal, recover its shard, and be ready for calls."""
        lines: dict[str, Line] = {}
        desks: dict[str, SignalDesk] = {}
        tiers = Tiers.open(settings.tiers, clock.monotonic_ns)
        try:
            for tenant in settings.tenants:
                lines[tenant] = await open_line(settings, clock, tenant)
                desks[tenant] = await open_desk(settings, clock, (lines[tenant], tiers), tenant)
        except BaseException:
            for line in lines.values():
                await line.close()
            await tiers.close()
            raise
        engine = cls(lines, desks, tiers)
        engine._begin_pricing(settings.price_every_s, clock)
        return engine

    def _begin_pricing(self, every_s: float, clock: Clock) -> None:
        """Price the time of every tenant's agents, or let prices go that an earlier process left."""
        for tenant, line in self._lines.items():
            pricer = Pricer(line, clock, every_s)
            if every_s > 0:
                pricer.start()
                self._pricers[tenant] = pricer
            else:
                pricer.forget()

    def line(self, tenant: str) -> Line:
        """Return a tenant's line; the tenant must be configured."""
        return self._lines[tenant]

    async def submit(self, tenant: str, call: Call) -> Reply:
        """Do the call and reply once that is durable; a refusal is a reply too."""
        desk = self._desks.get(tenant)
        if desk is None:
            return refused("not_ready", f"The tenant {tenant!r} is not served here.")
        return await desk.submit(call)

    async def events_page(
        self, tenant: str, after: int, limit: int
    ) -> tuple[Sequence[Event], int] | Gap:
        """Return up to ``limit`` events after number ``after``, and the number to go on from."""
        events = self._lines[tenant].feed.after(after, limit)
        if isinstance(events, Gap):
            return events
        return events, after + len(events)

    def subscribe(self, tenant: str, after: int) -> Listener | Gap:
        """Listen to the events after number ``after``."""
        feed = self._lines[tenant].feed
        return feed.listen(after)

    def last_seq(self, tenant: str) -> int:
        """Return the number of the tenant's newest durable event."""
        return self._lines[tenant].feed.last_seq

    def is_ready(self) -> tuple[bool, Mapping[str, str]]:
        """Tell whether calls can be done, and the state of each journal."""
        reasons = {}
        for tenant, line in self._lines.items():
            failure = line.bug or line.writer.failure
            reasons[f"journal {tenant}"] = "ok" if failure is None else str(failure)
        if self._is_closing:
            reasons["engine"] = "stopping"
        return all(reason == "ok" for reason in reasons.values()), reasons

    def statistics(self) -> Mapping[str, float | Mapping[tuple[str, ...], float]]:
        """Return figures for the metrics, copied."""
        figures: dict[str, dict[tuple[str, ...], float]] = {
            name: {} for name in ("events_total", "calls_total", "tickets", "agents", "waiting")
        }
        inbox = commits = slowest_s = spent_s = 0.0
        for tenant, line in self._lines.items():
            figures["events_total"][tenant,] = line.feed.last_seq
            figures["calls_total"][tenant,] = line.calls
            count_floor(line.shard, tenant, figures)
            count_decisions(line.shard, tenant, figures)
            counts = line.writer.statistics()
            inbox += line.waiting
            commits += counts.commits
            spent_s += counts.total_commit_s
            slowest_s = max(slowest_s, counts.slowest_commit_s)
        named: dict[str, dict[tuple[str, ...], float]] = {
            f"cordboard_{k}": v for k, v in figures.items()
        }
        for tenant, desk in self._desks.items():
            count_signals(desk, tenant, named)
        for tenant, pricer in self._pricers.items():
            count_prices(pricer, tenant, named)
        return named | {
            "cordboard_inbox": inbox,
            "cordboard_commits_total": commits,
            "cordboard_commit_seconds_total": spent_s,
            "cordboard_commit_seconds_max": slowest_s,
        }

    async def close(self) -> None:
        """Finish what is under way, make it durable and let go of the journals."""
        self._is_closing = True
        for pricer in self._pricers.values():
            await pricer.close()
        for desk in self._desks.values():
            await desk.close()
        await self._tiers.close()
        closing = (line.close() for line in self._lines.values())
        for ended in await asyncio.gather(*closing, return_exceptions=True):
            if isinstance(ended, BaseException):  # only now: a journal that stopped delays no other
                raise ended


def count_floor(
    shard: Shard, tenant: str, figures: dict[str, dict[tuple[str, ...], float]]
) -> None:
    """Count a shard's tickets by state, agents by presence, and those who wait by queue."""
    arrays = shard.machine.arrays
    head = arrays.head[0]
    states = np.bincount(arrays.tickets["state"][: head["ticket_top"]], minlength=11)
    for state, name in c.TICKET_STATES.items():
        figures["tickets"][tenant, name] = int(states[state])
    agents = arrays.agents[: head["agents"]]
    presences = np.bincount(agents["presence"][agents["configured"] == 1], minlength=4)
    for presence, name in c.PRESENCES.items():
        figures["agents"][tenant, name] = int(presences[presence])
    for number, id_ in enumerate(shard.directory.names[QUEUE].ids[: head["queues"]]):
        figures["waiting"][tenant, id_] = int(arrays.queues[number]["waiting"])


def count_decisions(
    shard: Shard, tenant: str, figures: dict[str, dict[tuple[str, ...], float]]
) -> None:
    """Add what a shard's joint decisions took, and how far from the best the last one may be."""
    for name, count in shard.history.effort.items():
        figures.setdefault(f"solver_{name}_total", {})[tenant,] = count
    gap = shard.history.last_gap
    figures.setdefault("solver_gap", {})[tenant,] = 0.0 if gap is None else gap.share


def count_signals(
    desk: SignalDesk, tenant: str, named: dict[str, dict[tuple[str, ...], float]]
) -> None:
    """Add what one tenant's messages said, how long reading them took, and which models are in doubt."""
    reader = desk.reader
    rows: dict[str, dict[tuple[str, ...], float]] = {
        "cordboard_signals_total": {(tenant, *key): n for key, n in reader.counts.items()},
        "cordboard_messages_read_total": {(tenant,): reader.read_count},
        "cordboard_messages_read_seconds_total": {(tenant,): reader.read_ns / 1e9},
        "cordboard_model_alarms_total": {(tenant, *key): n for key, n in reader.alarms.items()},
        "cordboard_models_broken": {(tenant,): len(desk.broken)},
        "cordboard_similar_documents": {
            (tenant, "ticket"): desk.shelf.solved,
            (tenant, "article"): desk.shelf.articles,
        },
        "cordboard_solved_in_memory": {(tenant,): int(desk.shelf.fault is not None)},
        "cordboard_signal_questions_total": {
            (tenant, *key): n
            for key, n in (desk.escalation.asked if desk.escalation else {}).items()
        },
        "cordboard_model_errors": {
            (tenant, signal): each.errors.mean for signal, each in reader.monitors.items()
        },
        "cordboard_model_agreement": {
            (tenant, signal): each.trial.agreement for signal, each in reader.candidates.items()
        },
    }
    for name, values in rows.items():
        named.setdefault(name, {}).update(values)


def count_prices(
    pricer: Pricer, tenant: str, named: dict[str, dict[tuple[str, ...], float]]
) -> None:
    """Add what looks at the prices of one tenant came to, and how long they took."""
    looks = named.setdefault("cordboard_price_looks_total", {})
    looks.update({(tenant, outcome): n for outcome, n in pricer.looks.items()})
    named.setdefault("cordboard_price_seconds_total", {})[tenant,] = pricer.solved_ns / 1e9


async def open_desk(
    settings: EngineSettings, clock: Clock, at: tuple[Line, Tiers], tenant: str
) -> SignalDesk:
    """Return what reads a tenant's messages, with the models that its journal says."""
    line, tiers = at

    def make(models: Mapping[str, Any]) -> Analyzer:
        return settings.make_analyzer(languages_of(line), models)

    folder = settings.models(tenant)
    reader = Reader(make, clock.monotonic_ns, Messages(settings.messages_max))
    encoder = "" if tiers.worker is None else tiers.worker.encoder.fingerprint
    shelf = Shelf(folder, settings.shelf, clock.now_us, encoder)
    desk = SignalDesk(line, reader, ModelFolder(folder), shelf)
    desk.assist.worker = tiers.worker
    if tiers.is_there:
        desk.escalation = Escalation(tiers, tenant)
    await desk.restore()
    # The first message would wait for kernels and dictionaries to be loaded: the loop with it.
    await asyncio.get_running_loop().run_in_executor(None, reader.analyze, "warm")
    return desk


async def open_line(settings: EngineSettings, clock: Clock, tenant: str) -> Line:
    """Open a tenant's journal and recover its shard in a thread, so that others are not kept waiting."""
    store = store_at(settings.location(tenant))
    tail = store.open()
    machine = Machine(tickets_max=settings.tickets_max, agents_max=settings.agents_max)
    try:
        loop = asyncio.get_running_loop()
        shard = await loop.run_in_executor(None, shard_at, store, tail.number, machine)
        shard.history.bound_answers(settings.answers_max, settings.answers_ttl_us)
        line = Line(shard, store, tail, clock, snapshot_every=settings.snapshot_every)
    except BaseException:
        store.close()
        raise
    if tail.number == 0:
        await line.start(lambda: bootstrap(shard, clock.now_us(), settings.policy))
    return line
