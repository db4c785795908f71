"""The tenants' lines behind one door: opening and recovering them, and handing calls on."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from typing import Final, NamedTuple

import numpy as np

from router.core import codes as c
from router.core.limits import AGENTS_MAX, TICKETS_MAX
from router.core.machine import Machine
from router.desk.registry import bootstrap
from router.directory import QUEUE
from router.engine.archive import shard_at
from router.engine.feed import Listener
from router.engine.gap import Gap
from router.engine.line import Clock, Line
from router.history import ANSWERS_KEPT_MAX, ANSWERS_TTL_US
from router.shard import Shard
from router.stores import store_at
from router.wire.calls import Call, Reply, refused
from router.wire.events import Event
from router.wire.policies import PolicyBody

DEFAULT_TENANT: Final = "default"


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


class Engine:
    """All tenants of a process; build it with ``Engine.open``."""

    def __init__(self, lines: dict[str, Line]) -> None:
        self._lines = lines
        self._is_closing = False

    @classmethod
    async def open(cls, settings: EngineSettings, clock: Clock) -> "Engine":
        """Open every tenant's journal, recover its shard, and be ready for calls."""
        lines: dict[str, Line] = {}
        try:
            for tenant in settings.tenants:
                lines[tenant] = await open_line(settings, clock, tenant)
        except BaseException:
            for line in lines.values():
                await line.close()
            raise
        return cls(lines)

    def line(self, tenant: str) -> Line:
        """Return a tenant's line; the tenant must be configured."""
        return self._lines[tenant]

    async def submit(self, tenant: str, call: Call) -> Reply:
        """Do the call and reply once that is durable; a refusal is a reply too."""
        line = self._lines.get(tenant)
        if line is None:
            return refused("not_ready", f"The tenant {tenant!r} is not served here.")
        return await line.submit(call)

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
            counts = line.writer.statistics()
            inbox += line.waiting
            commits += counts.commits
            spent_s += counts.total_commit_s
            slowest_s = max(slowest_s, counts.slowest_commit_s)
        named: dict[str, float | Mapping[tuple[str, ...], float]] = {
            f"cordboard_{k}": v for k, v in figures.items()
        }
        return named | {
            "cordboard_inbox": inbox,
            "cordboard_commits_total": commits,
            "cordboard_commit_seconds_total": spent_s,
            "cordboard_commit_seconds_max": slowest_s,
        }

    async def close(self) -> None:
        """Finish what is under way, make it durable and let go of the journals."""
        self._is_closing = True
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
