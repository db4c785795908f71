"""A server in memory: first free agent first, no clock, enough of the API for a replay to meet."""

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Mapping


class SaidNoError(Exception):
    """The fake's refusal, with the problem code a client's exception carries."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


class FakeServer:
    """Offers each waiting ticket to the longest waiting free agent, whoever that is."""

    def __init__(self, refuse: str = "") -> None:
        self.calls: list[tuple[str, str]] = []
        self.bodies: list[tuple[str, str, object]] = []
        self.log: list[dict[str, object]] = []
        self.waiting: deque[str] = deque()
        self.free: deque[str] = deque()
        self.held: dict[str, tuple[str, str, str]] = {}
        self.most_in_flight = 0
        self.ends_after: int | None = None
        self._refuse = refuse
        self._number = 0
        self._in_flight = 0
        self._news = asyncio.Event()

    async def call(self, name: str, id: str = "", body: object = None) -> Mapping[str, object]:
        """Do what the call says, one turn of the loop later."""
        self._in_flight += 1
        self.most_in_flight = max(self.most_in_flight, self._in_flight)
        await asyncio.sleep(0)
        self._in_flight -= 1
        self.calls.append((name, id))
        self.bodies.append((name, id, body))
        if id == self._refuse:
            raise SaidNoError("validation_failed")
        rule = getattr(self, "_" + name.replace(".", "_"), None)
        state = rule(id, body) if rule else ""
        self._match()
        return {"id": id, "seq": len(self.log), "state": state}

    async def events(self, after: int) -> AsyncIterator[Mapping[str, object]]:
        """Yield the events after this number, for ever or until told to end."""
        while True:
            while after < len(self.log):
                yield self.log[after]
                after += 1
                if after == self.ends_after:
                    return
            self._news.clear()
            await self._news.wait()

    def _emit(self, kind: str, ticket: str = "", agent: str = "", offer: str = "") -> None:
        event: dict[str, object] = {"seq": len(self.log) + 1, "type": kind, "at": "-", "data": {}}
        event |= {"ticket": ticket, "agent": agent, "offer": offer}
        self.log.append(event)
        self._news.set()

    def _match(self) -> None:
        while self.waiting and self.free:
            self._number += 1
            ticket, agent, offer = self.waiting.popleft(), self.free.popleft(), f"o-{self._number}"
            self.held[offer] = (ticket, agent, "pending")
            self._emit("offer.issued", ticket, agent, offer)

    def _take(self, offer: str, state: str) -> tuple[str, str]:
        ticket, agent, found = self.held.get(offer, ("", "", "gone"))
        if found != state:
            raise SaidNoError("offer_not_open")
        return ticket, agent

    def _tickets_put(self, ticket: str, body: object) -> str:
        assert isinstance(body, Mapping)
        self.waiting.append(ticket)
        self._emit("ticket.queued", ticket)
        return "offered" if self.free else "queued"

    def _agents_presence(self, agent: str, body: object) -> str:
        assert isinstance(body, Mapping)
        if body["presence"] == "available":
            self.free.append(agent)
        elif agent in self.free:
            self.free.remove(agent)
        self._emit("agent.presence_changed", agent=agent)
        return ""

    def _offers_accept(self, offer: str, _body: object) -> str:
        ticket, agent = self._take(offer, "pending")
        self.held[offer] = (ticket, agent, "active")
        self._emit("offer.accepted", ticket, agent, offer)
        return "accepted"

    def _offers_decline(self, offer: str, _body: object) -> str:
        ticket, agent = self._take(offer, "pending")
        del self.held[offer]
        self.waiting.append(ticket)
        self.free.append(agent)
        self._emit("offer.declined", ticket, agent, offer)
        return "declined"

    def _assignments_wrap_up(self, assignment: str, _body: object) -> str:
        offer = f"o-{assignment[2:]}"
        ticket, agent = self._take(offer, "active")
        self.held[offer] = (ticket, agent, "wrapping")
        self._emit("assignment.wrapping", ticket, agent, offer)
        return "wrapping"

    def _assignments_complete(self, assignment: str, _body: object) -> str:
        offer = f"o-{assignment[2:]}"
        ticket, agent = self._take(offer, "wrapping")
        del self.held[offer]
        self.free.append(agent)
        self._emit("assignment.completed", ticket, agent, offer)
        return "completed"
