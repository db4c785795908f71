"""The wires of a load test: customers over HTTP, desks and an observer over WebSockets, each call until answered."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Any, Final

import aiohttp

from router.client import Client, ClientProblem, Session, StreamClosed
from router.wire.events import Event
from simulator.load.books import Books

BROKEN: Final = (aiohttp.ClientError, StreamClosed, OSError, asyncio.TimeoutError)
"""What a connection that does not work raises; a time-out of ours is among them."""
PASSING: Final = frozenset({429, 500, 502, 503, 504})
"""Statuses after which the same is said again."""
DENIED: Final = frozenset({401, 403})
FIRST_WAIT_S: Final = 0.05
WAIT_MAX_S: Final = 1.0
AGENTS_PER_DESK_MAX: Final = 256
"""As many as one subscription may name."""


class LostError(Exception):
    """There is no going on; the message says why."""


class Health:
    """Whether the server answers, and since when it does not."""

    def __init__(self, books: Books, clock: Callable[[], float], patience_s: float) -> None:
        self._books, self.clock, self._patience_s = books, clock, patience_s
        self._bad_since_s: float | None = None
        self._last = ""
        self.lost: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        """Holds why there is no going on, once that is so."""

    def good(self) -> None:
        """Note that the server did what it was asked."""
        if self._bad_since_s is not None:
            self._books.away.append((self._bad_since_s, self.clock()))
            self._bad_since_s = None

    def bad(self, what: str) -> None:
        """Note that it did not; after so long in vain, give it up."""
        now_s = self.clock()
        if self._bad_since_s is None:
            self._bad_since_s = now_s
        self._last = what
        if now_s - self._bad_since_s >= self._patience_s:
            self.give_up(
                f"the server has done nothing it was asked for {self._patience_s:g} s; last: {what}"
            )

    def tried(self, name: str, since_s: float, what: str) -> None:
        """Note that one call is tried in vain since an instant, though others may be done meanwhile."""
        if self.clock() - since_s >= self._patience_s:
            self.give_up(f"{name} was tried for {self._patience_s:g} s in vain; last: {what}")

    def give_up(self, why: str) -> None:
        """Stop for a reason; the first one counts."""
        if not self.lost.done():
            if self._bad_since_s is not None:
                self._books.away.append((self._bad_since_s, self.clock()))
            self.lost.set_result(why)


class Desk:
    """A socket on which one agent's program, or that of several who sit together, hears offers and speaks."""

    def __init__(self, client: Client, agents: Sequence[str], types: Sequence[str]) -> None:
        self._client, self._agents, self._types = client, agents, types
        self._session: Session | None = None
        self._open = asyncio.Event()
        self._after: int | None = None
        self.name = agents[0] if agents else "observer"

    async def listen(self, after: int, hear: Callable[[Event], None], wires: "Wires") -> None:
        """Hear events after a number for ever; a broken socket is opened again and goes on after the last one."""
        self._after, wait_s = after, FIRST_WAIT_S
        while True:
            try:
                async with self._client.stream(f"loadtest {self.name}") as session:
                    if session.seq < self._after:
                        why = f"the server stands at event {session.seq}, {self._after} were heard before"
                        wires.health.give_up(f"{why}: it has forgotten")
                        return
                    await session.subscribe(
                        self._after, types=self._types, agents=self._agents, window=None
                    )
                    self._session, wait_s = session, FIRST_WAIT_S
                    self._open.set()
                    async for event in session.events():
                        self._after = event.seq
                        hear(event)
            except BROKEN as error:
                wires.health.bad(named(error))
            except ClientProblem as refusal:
                if refusal.status in DENIED or refusal.code == "events_gone":
                    wires.health.give_up(f"the stream was refused: {refusal}")
                    return
                wires.health.bad(f"{refusal.status} {refusal.code}")
            finally:
                self._open.clear()
                self._session = None
            wires.books.reconnects += 1
            await asyncio.sleep(wait_s)
            wait_s = min(WAIT_MAX_S, 2 * wait_s)

    async def call(self, name: str, id_: str, body: object) -> Any:
        """Make a call on the socket, when it is open."""
        await self._open.wait()
        session = self._session
        if session is None:
            raise StreamClosed(None, self._after or 0)
        return await session.call(name, id_, body)


class Wires:
    """Every way to the server. ``say`` makes a call and repeats it until it is answered or refused for good."""

    def __init__(self, client: Client, books: Books, health: Health, timeout_s: float) -> None:
        self.client, self.books, self.health = client, books, health
        self._timeout_s = timeout_s
        self.desks: list[Desk] = []
        self._desk_of: dict[str, Desk] = {}

    def seat(self, agents: Sequence[str], sockets: int) -> None:
        """Give every agent a socket, its own where there are enough."""
        least = -(-len(agents) // AGENTS_PER_DESK_MAX)
        count = max(least, min(sockets, len(agents)))
        size = -(-len(agents) // count)
        for start in range(0, len(agents), size):
            together = agents[start : start + size]
            desk = Desk(self.client, together, ("offer",))
            self.desks.append(desk)
            self._desk_of |= dict.fromkeys(together, desk)

    def way_of(self, agent: str) -> Callable[[str, str, object], Awaitable[Any]]:
        """Return how somebody speaks: an agent on its desk's socket, a customer over HTTP."""
        desk = self._desk_of.get(agent)
        return self.client.call if desk is None else desk.call

    async def say(
        self, way: Callable[[str, str, object], Awaitable[Any]], wanted: tuple[str, str, object]
    ) -> Any:
        """
        Make a call until it is answered.

        Raises
        ------
        ClientProblem
            When it is refused for good.
        LostError
            When there is no going on.
        """
        wait_s, since_s = FIRST_WAIT_S, self.health.clock()
        while True:
            told_s = 0.0
            try:
                async with asyncio.timeout(self._timeout_s):
                    answer = await way(*wanted)
            except BROKEN as error:
                what = named(error)
            except ClientProblem as refusal:
                if refusal.status in DENIED:
                    self.health.give_up(f"the key is refused: {refusal}")
                if refusal.status not in PASSING:
                    if refusal.status not in DENIED:
                        self.health.good()
                    raise
                what = f"{refusal.status} {refusal.code}"
                told_s = float(refusal.problem.retry_after_s or 0)
            else:
                self.health.good()
                return answer
            self.books.fail(wanted[0], what, self.health.clock())
            self.health.bad(what)
            self.health.tried(wanted[0], since_s, what)
            if self.health.lost.done():
                raise LostError(self.health.lost.result())
            await asyncio.sleep(max(wait_s, min(told_s, WAIT_MAX_S)))
            wait_s = min(WAIT_MAX_S, 2 * wait_s)


def named(error: BaseException) -> str:
    """Return in a few words what happened to a connection."""
    if isinstance(error, TimeoutError):
        return "no answer in time"
    if isinstance(error, aiohttp.ClientConnectorError | ConnectionRefusedError):
        return "cannot connect"
    if isinstance(error, StreamClosed) and error.code is not None:
        return f"socket closed with {error.code}"
    return "connection broken"
