"""
A tape of everything that happens on a floor, for folding.

A seeded clerk keeps 500 agents busy: most offers are accepted, some declined or left to expire,
desks are lost and come back, tickets are changed, suspended, canceled, taken back, warned of,
promises broken, agents priced and tickets held back for it. Configuration goes on changing as well,
so that every kind of event is on the tape, in about the proportions of a busy day.
"""

from typing import Any, Final, NamedTuple

import numpy as np

from bench.floors import Floor, Shape, policy_words, ticket_words
from router.core import codes as c
from router.core.limits import SECOND_US
from router.core.machine import Batch

SHAPE: Final = Shape(500, 40, (4, 12), 6, (1, 3), profiles=200)
TICK_US: Final = SECOND_US // 4
TICKETS_PER_TICK: Final = 8
HANDLE_TICKS: Final = (40, 300)
REPLIES_PER_TICK: Final = 6
ENDS: Final = (c.WRAP_UP, c.WRAP_UP, c.WRAP_UP, c.COMPLETE, c.COMPLETE, c.RELEASE)
"""How work ends, as often as each is listed."""


class Work(NamedTuple):
    """An assignment that an agent works on."""

    serial: int
    row: int
    ticket: int


class Day:
    """A floor and the clerk who keeps it busy; ``record`` returns what the machine wrote."""

    def __init__(self, seed: int = 7) -> None:
        self.batches: list[Batch] = []
        self.floor = Floor(SHAPE, seed=seed, tape=self.batches)
        self.machine = self.floor.machine
        self.chance = np.random.default_rng(seed + 1)
        self.works: dict[int, list[Work]] = {}  # by the tick at which they are done
        self.tick = 0
        relaxed = self.floor.demand()
        relaxed[5] = 0  # the language is only preferred after a while
        self._link(0, relaxed)

    def _link(self, profile: int, relaxed: list[int]) -> None:
        """Let a profile relax to another one after ten seconds."""
        following = int(self.machine.arrays.head[0]["profiles"])
        self._push(c.SET_PROFILE, profile=following, words=relaxed)
        first = self.floor.demand()
        first[0], first[10] = 10 * SECOND_US, following
        self._push(c.SET_PROFILE, profile=profile, words=first)
        self._push(c.SET_DISTANCE, words=[0, 1, 40, 1, 0, 40])

    def _push(self, kind: int, **fields: Any) -> None:
        self.machine.push(kind, self.floor.now_us, **fields)

    def record(self, events: int) -> list[Batch]:
        """Go on until the tape has so many events; return all of its batches."""
        recorded = sum(batch.count for batch in self.batches)
        while recorded < events:
            self.tick += 1
            self.floor.now_us += TICK_US
            for profile in self.floor.stream(TICKETS_PER_TICK):
                self._ask(profile)
            self._go_on_working()
            self._change_tickets()
            self._change_agents()
            if self.tick % 200 == 0:
                self._change_floor()
            batch = self.floor.run()
            self._answer(batch)
            recorded += batch.count
        return self.batches

    def _ask(self, profile: int) -> None:
        """Bring a ticket: a promise of the next reply and of the end for some, preferred agents for some."""
        at_us = self.floor.now_us
        words = ticket_words(at_us, int(self.chance.integers(1, 9)))
        kind = self.chance.integers(10)
        if kind < 3:
            words[5], words[6] = 30 * SECOND_US, at_us + 60 * SECOND_US
        if kind == 4:
            words[1] = at_us + 5 * SECOND_US  # scheduled
        if kind > 7:
            words[8:] = [1, int(self.chance.integers(SHAPE.agents)), 800, at_us + 20 * SECOND_US]
        if kind == 5:
            words[2] = at_us + 90 * SECOND_US
        self._push(c.ADD_TICKET, profile=profile, words=words)

    def _answer(self, batch: Batch) -> None:
        """Answer offers at the next tick; one of twenty is declined, as many are left to expire."""
        events = batch.events
        offers = events[events["kind"] == c.E_OFFERED]
        for serial, row, ticket in zip(
            *(offers[field].tolist() for field in ("serial", "work", "ticket")), strict=True
        ):
            mood = self.chance.integers(20)
            if mood == 0:
                self._push(c.DECLINE_OFFER, serial=serial, aux=row)
            elif mood == 1:
                continue
            elif mood == 2 and self.chance.integers(8) == 0:
                self._push(c.REVOKE_OFFER, serial=serial, aux=row)
            else:
                self._push(c.ACCEPT_OFFER, serial=serial, aux=row)
                done = self.tick + int(self.chance.integers(*HANDLE_TICKS))
                self.works.setdefault(done, []).append(Work(serial, row, ticket))

    def _go_on_working(self) -> None:
        """End what is done, by wrap-up mostly, and write to customers meanwhile."""
        for work in self.works.pop(self.tick, ()):
            verb = ENDS[int(self.chance.integers(len(ENDS)))]
            self._push(verb, serial=work.serial, aux=work.row)
        later = self.works.get(self.tick + int(self.chance.integers(1, 40)), ())
        for work in later[:REPLIES_PER_TICK]:
            by = c.C_BY_CUSTOMER if self.chance.integers(2) else 0
            self._push(c.RECORD_REPLY, ticket=work.ticket, options=by)

    def _some_ticket(self) -> int:
        return int(self.chance.integers(max(1, int(self.machine.arrays.head[0]["ticket_top"]))))

    def _change_tickets(self) -> None:
        """Let customers and supervisors interfere; some of it comes too late and is refused."""
        at_us = self.floor.now_us
        profile = int(self.chance.integers(SHAPE.profiles))
        self._push(
            c.UPDATE_TICKET, ticket=self._some_ticket(), profile=profile, words=ticket_words(at_us)
        )
        verb = (
            c.CANCEL_TICKET,
            c.ABANDON_TICKET,
            c.REQUEUE_TICKET,
            c.SUSPEND_TICKET,
            c.RESUME_TICKET,
        )[self.tick % 5]
        self._push(
            verb,
            ticket=self._some_ticket(),
            until_us=at_us + 8 * SECOND_US if verb == c.SUSPEND_TICKET else 0,
        )
        agent = int(self.chance.integers(SHAPE.agents))
        self._push(c.ASSIGN_TICKET, ticket=self._some_ticket(), agent=agent)

    def _change_agents(self) -> None:
        """Let desks be lost and come back, agents take breaks, and their time have a price."""
        at_us = self.floor.now_us
        agent = int(self.chance.integers(SHAPE.agents))
        self._push(c.LOSE_AGENT, agent=agent)
        if self.chance.integers(4):
            self._push(c.RETURN_AGENT, agent=agent)
        away = int(self.chance.integers(SHAPE.agents))
        self._push(
            c.SET_PRESENCE,
            agent=away,
            aux=c.AWAY,
            until_us=at_us + 30 * SECOND_US,
            value=c.AVAILABLE,
        )
        self._push(c.SET_PRESENCE, agent=int(self.chance.integers(SHAPE.agents)), aux=c.AVAILABLE)

    def _change_floor(self) -> None:
        """Change the configuration: agents come and go, a queue closes for a moment, prices rise and fall."""
        count = self.tick // 200
        agents = self.chance.choice(SHAPE.agents, 40, replace=False).tolist()
        price = (0, 2_000, 9_000)[count % 3]
        self._push(c.SET_PRICES, words=[word for agent in agents for word in (agent, price)])
        self._push(c.OPEN_QUEUE, aux=1, value=count % 2)
        self._push(c.REMOVE_AGENT, agent=agents[0])
        self._push(c.SET_AGENT, agent=agents[0], words=self.floor.person())
        self._push(c.SET_PRESENCE, agent=agents[0], aux=c.AVAILABLE)
        self._push(c.SET_POLICY, words=policy_words("ours", 1 + count))
