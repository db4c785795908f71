"""A load test from beginning to end: connect, lay the floor, play, settle, clear, and say what came of it."""

import asyncio
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Final, NamedTuple

import aiohttp
import msgspec

from router.client import Client, ClientProblem
from router.core.limits import NEVER_US
from simulator.auditor.auditor import Finding
from simulator.kernel.running import Options, Prepared, Records
from simulator.load.books import Books, lag_limit_s
from simulator.load.calls import Phrases
from simulator.load.crowd import Crowd
from simulator.load.ground import GroundError, clear, lay, look
from simulator.load.playing import Pace, Playing
from simulator.load.scaling import on_the_wall, scaled
from simulator.load.wires import BROKEN, DENIED, Desk, Health, LostError, Wires, named
from simulator.load.witness import Witness
from simulator.measures.day import SERVED
from simulator.worlds.planning import plan_replication
from simulator.worlds.schema import World

CONNECTIONS_MAX: Final = 512
"""Connections of customers; a server has room for twice as many of one address."""
DESKS_MAX: Final = 100
FIELDS_SHOWN: Final = 5


class Target(NamedTuple):
    """The server, and how patient to be with it."""

    url: str
    key: str | None = None
    timeout_s: float = 30.0
    """A call without an answer for so long is made again."""
    patience_s: float = 30.0
    """A server that does nothing for so long is given up."""
    is_onto: bool = False
    sockets: int = DESKS_MAX
    prefix: str = "load-"
    """What ids of tickets begin with."""


@dataclass
class Outcome:
    """What a load test came to."""

    books: Books
    pace: Pace
    records: Records | None = None
    findings: list[Finding] = field(default_factory=list)
    found: int = 0
    partial: str = ""
    """Why it is not all that was asked for; empty when it is."""
    wall_s: float = 0.0
    lag_limit_s: float = 0.0
    world_s: float = 0.0
    """How much of the world was played."""
    skipped_s: float = 0.0
    """How much of the world's time was left out, as nobody was there and nothing happened."""
    left: str = ""
    """Why the floor could not be cleared; empty when it could."""
    canceled: int = 0
    """Tickets that were open at the end."""

    @property
    def lag_s(self) -> float:
        """Return how late the generator was with all but a hundredth of its calls."""
        return self.books.lag.at(99.0) / 1e6

    @property
    def is_valid(self) -> bool:
        """Tell whether the generator kept up, so that the figures are the server's and not its own."""
        return self.lag_s <= self.lag_limit_s


class Trial:
    """A load test of a world on a server. Make it, then ``play`` once."""

    def __init__(self, prepared: Prepared, options: Options, pace: Pace, target: Target) -> None:
        self.prepared, self.options, self.pace, self.target = prepared, options, pace, target
        self.told = told_world(prepared, pace)
        self._begins: asyncio.Task[object] | None = None
        self._health: Health | None = None
        self.playing: Playing | None = None
        """While it plays."""

    def interrupt(self, why: str = "interrupted") -> None:
        """Stop now, and report what there is."""
        if self.playing is not None and self._health is not None:
            self._health.give_up(why)
        elif self._begins is not None:
            self._begins.cancel(why)

    async def play(self, show: Callable[[Playing], None]) -> Outcome:
        """
        Play the world on the server; what breaks on the way makes a partial outcome.

        Raises
        ------
        GroundError
            When it cannot begin: no server there, a key without rights, another floor, an interruption.
        """
        self._begins = asyncio.current_task()
        async with (
            Client(self.target.url, self.target.key) as setting_up,
            self._client() as client,
        ):
            try:
                after = await self._reach(setting_up)
                return await self._played(setting_up, client, after, show)
            except asyncio.CancelledError as canceled:
                if self.playing is not None or not canceled.args:
                    raise
                raise GroundError(f"{canceled.args[0]} before the world began") from None

    def _client(self) -> Client:
        """Return the way of customers and desks: nothing is repeated there, and little waits for a connection."""
        return Client(
            self.target.url,
            self.target.key,
            attempts_max=1,
            connections_max=CONNECTIONS_MAX,
            timeout_s=self.target.timeout_s,
        )

    async def _reach(self, client: Client) -> int:
        """Look at server and floor; return the number of its last event."""
        url = self.target.url
        try:
            page = await client.call("statistics.get")
            if not isinstance(page, Mapping) or "seq" not in page:
                raise GroundError(
                    f"what answers at {url} is no Cordboard server: its statistics have no seq"
                )
            await look(client, self.told, is_onto=self.target.is_onto)
        except aiohttp.InvalidURL as error:
            raise GroundError(f"--url {url!r} is no address of a server: {error}") from None
        except BROKEN as error:
            why, said = named(error), f" ({error})" if str(error) else ""
            raise GroundError(f"there is no server at {url}: {why}{said}. Is it running?") from None
        except ClientProblem as refusal:
            if refusal.status in DENIED:
                why = f"the server does not take the key ({refusal}); a load test needs the scope admin"
                raise GroundError(f"{why}. Maybe say --key") from None
            raise GroundError(f"the server at {url} answered {refusal}") from None
        return int(page["seq"])

    async def _played(
        self, setting_up: Client, client: Client, after: int, show: Callable[[Playing], None]
    ) -> Outcome:
        books, loop = Books(), asyncio.get_running_loop()
        plan = plan_replication(self.prepared.compiled, self.options.seed, self.options.replication)
        crowd = Crowd(self.prepared, plan, self.options, self.target.prefix)
        witness = Witness()
        began_s = loop.time()
        health = Health(books, lambda: loop.time() - began_s, self.target.patience_s)
        self._health = health
        wires = Wires(client, books, health, self.target.timeout_s)
        wires.seat([member.id for member in self.prepared.compiled.members], self.target.sockets)
        playing = Playing(crowd, Phrases(self.told, crowd), wires, witness, self.pace)
        outcome = Outcome(books, self.pace)
        observer = Desk(client, (), ())
        listeners = [loop.create_task(observer.listen(after, playing.hear, wires))]
        for desk in wires.desks:
            hear = playing.hear_at(desk.name)
            listeners.append(loop.create_task(desk.listen(after, hear, wires)))
        for each in listeners:
            each.add_done_callback(playing.raised)
        try:
            await self._lay(setting_up, witness)
            playing.begin()
            began_s = loop.time()
            listeners.append(loop.create_task(playing.beat()))
            self.playing = playing
            await playing.run(lambda: show(playing))
        except LostError as lost:
            outcome.partial = str(lost)
        except BaseException:
            for each in listeners:
                each.cancel()
            raise
        outcome.wall_s = loop.time() - began_s
        outcome.world_s = (
            min(playing.now_us(), crowd.span.stops_us) / 1e6 - crowd.span.opens_us / 1e6
        )
        outcome.skipped_s = playing.skipped_s * self.pace.speed
        await self._close(setting_up, playing, outcome)
        for each in listeners:
            each.cancel()
        await asyncio.gather(*listeners, return_exceptions=True)
        return outcome

    async def _lay(self, client: Client, witness: Witness) -> None:
        try:
            for family, id_, body in await lay(client, self.told):
                witness.laid(family, id_, body)
        except BROKEN as error:
            raise GroundError(
                f"the server went away while the floor was laid: {named(error)}"
            ) from None
        except ClientProblem as refusal:
            wrong = [
                f"{each.pointer}: {each.detail}" for each in refusal.problem.errors[:FIELDS_SHOWN]
            ]
            notes = getattr(refusal, "__notes__", [])
            said = "; ".join([str(refusal), *wrong, *notes])
            raise GroundError(f"the server refuses the floor: {said}") from None

    async def _close(self, client: Client, playing: Playing, outcome: Outcome) -> None:
        """Wait for what is under way, take the records, clear the floor and hear the auditor out."""
        witness, crowd = playing.witness, playing.crowd
        is_whole = not outcome.partial and await playing.settle()
        if not outcome.partial and not is_whole:
            outcome.partial = "not every answer and event came in time at the end"
        left = crowd.open_tickets
        outcome.records = playing.end()
        outcome.lag_limit_s = lag_limit_s(mean_work_s(outcome.records), self.pace.speed)
        if is_whole:
            try:
                outcome.canceled = await clear(client, self.told, left)
                page = await client.call("statistics.get")
                playing.note_seq(int(page["seq"]))
                is_whole = await playing.settle()
            except (ClientProblem, *BROKEN) as error:
                outcome.left = f"{named(error) if isinstance(error, BROKEN) else error}"
        outcome.findings = witness.close(all_heard=is_whole)
        outcome.found = witness.auditor.found + len(witness.findings)


def mean_work_s(records: Records) -> float:
    """Return the mean work of those who were served, infinite if nobody was."""
    served = records.tickets[records.tickets["outcome"] == SERVED]
    return float(served["work_us"].mean()) / 1e6 if len(served) else math.inf


def told_world(prepared: Prepared, pace: Pace) -> World:
    """Return the world as the server is told of it: without calendars, at its speed, under the policy chosen."""
    world = msgspec.structs.replace(prepared.compiled.world, policy=prepared.policy)
    promises = {
        name: (promised_s(int(kind["first_us"])), promised_s(int(kind["whole_us"])))
        for name, kind in zip(world.tickets, prepared.kinds, strict=True)
    }
    return scaled(on_the_wall(world, promises), pace.speed / pace.clock_speed)


def promised_s(promise_us: int) -> float | None:
    """Return a promise of the kernel's in seconds, None where it has none."""
    return None if promise_us >= NEVER_US else promise_us / 1e6
