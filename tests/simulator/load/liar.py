"""A real server over real sockets whose engine lies, breaks or dawdles when it is told to."""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from datetime import timedelta

import msgspec

from router.clock import Clock
from router.engine.engine import Engine, EngineSettings
from router.http.engine_port import Gap, Numbered, Subscription
from router.http.serve import Server
from router.settings import ServerSettings, Settings
from router.wire.calls import Call, Reply, refused
from router.wire.events import Event
from router.wire.fields import instant_text
from simulator.auditor.books import instant_us

Doctor = Callable[[Event], Event | None]
Answer = Callable[[Call], "Reply | float | None"]


def honest(event: Event) -> Event | None:
    """Leave an event as it is."""
    return event


def obliging(_call: Call) -> "Reply | float | None":
    """Do what is asked."""
    return None


class Listening:
    """A place in the events, doctored."""

    def __init__(self, inner: Subscription, liar: "Liar") -> None:
        self._inner, self._liar = inner, liar

    async def take(self, most: int) -> Sequence[Numbered] | Gap:
        """Return events as the liar tells them."""
        while True:
            found = await self._inner.take(most)
            if isinstance(found, Gap):
                return found
            told = [(n, event) for n, each in found if (event := self._liar.told(each)) is not None]
            if told:
                return told

    def close(self) -> None:
        """Stop listening."""
        self._inner.close()


class Liar:
    """An engine that is honest but for what ``doctor`` does to events and ``answer`` to calls."""

    def __init__(self, engine: Engine, doctor: Doctor, answer: Answer) -> None:
        self._engine, self._doctor, self._answer = engine, doctor, answer
        self._told: dict[int, Event | None] = {}

    def __getattr__(self, name: str) -> object:
        return getattr(self._engine, name)

    def told(self, event: Event) -> Event | None:
        """Return what is told of an event, the same to everybody."""
        if event.seq not in self._told:
            self._told[event.seq] = self._doctor(event)
        return self._told[event.seq]

    async def submit(self, tenant: str, call: Call) -> Reply:
        """Answer otherwise, late, or as the engine does."""
        found = self._answer(call)
        if isinstance(found, Reply):
            return found
        if found is not None:
            await asyncio.sleep(found)
        return await self._engine.submit(tenant, call)

    def subscribe(self, tenant: str, after: int) -> Listening | Gap:
        """Listen to what is told."""
        found = self._engine.subscribe(tenant, after)
        return found if isinstance(found, Gap) else Listening(found, self)


@asynccontextmanager
async def lying(
    doctor: Doctor = honest, answer: Answer = obliging, settings: Settings | None = None
) -> AsyncIterator[str]:
    """Serve, and hand over the address."""
    clock = Clock()
    engine = await Engine.open(EngineSettings(lambda _: "memory:"), clock)
    usual = Settings(server=ServerSettings(port=0, drain_s=0.1))
    server = Server(Liar(engine, doctor, answer), settings or usual, clock)
    await server.start()
    try:
        yield server.url
    finally:
        await server.stop()


# -- lies ------------------------------------------------------------------------------------------------------------


class SecondHolder:
    """Says of a ticket that has an agent that another one took it too, in place of two joint decisions."""

    def __init__(self, other: str) -> None:
        self._other, self._ticket, self._stage = other, "", 0

    def __call__(self, event: Event) -> Event | None:
        """Doctor one event."""
        if event.type == "offer.accepted" and self._stage == 0 and event.agent != self._other:
            self._ticket, self._stage = str(event.ticket), 1
        elif event.type == "solver.batch" and self._stage in (1, 2):
            kinds = {
                1: ("offer.issued", {"expires_at": None}),
                2: ("offer.accepted", {"assignment": "a-99"}),
            }
            kind, data = kinds[self._stage]
            self._stage += 1
            return Event(
                seq=event.seq, type=kind, at=event.at, ticket=self._ticket, agent=self._other,
                offer="o-999999", data=data,
            )  # fmt: skip
        return event


class ShortOffer:
    """Says of one offer that it ends at once, though it can be accepted as ever."""

    def __init__(self) -> None:
        self._done = False

    def __call__(self, event: Event) -> Event | None:
        """Doctor one event."""
        if event.type == "offer.issued" and not self._done:
            self._done = True
            until = instant_text(
                instant_us(event.at) + timedelta(microseconds=1) // timedelta(microseconds=1)
            )
            return msgspec.structs.replace(event, data={**event.data, "expires_at": until})
        return event


class Hole:
    """Leaves one event out."""

    def __init__(self) -> None:
        self._done = False

    def __call__(self, event: Event) -> Event | None:
        """Doctor one event."""
        if event.type == "ticket.added" and not self._done:
            self._done = True
            return None
        return event


class LostTicket:
    """Acknowledges one ticket that nobody ever sees."""

    def __init__(self) -> None:
        self._seen = 0

    def __call__(self, call: Call) -> Reply | None:
        """Answer a call, or let it be done."""
        if call.name == "tickets.put":
            self._seen += 1
            if self._seen == 5:
                return Reply(201, {"id": call.id, "state": "queued", "seq": 1}, version=1)
        return None


class From:
    """Lets so many tickets be put, and from then on answers everything alike."""

    def __init__(self, tickets: int, answer: Reply | float) -> None:
        self._left, self._after = tickets, answer

    def __call__(self, call: Call) -> "Reply | float | None":
        """Answer a call, or let it be done."""
        self._left -= call.name == "tickets.put"
        return self._after if self._left < 0 else None


__all__ = ["From", "Hole", "LostTicket", "SecondHolder", "ShortOffer", "lying", "refused"]
