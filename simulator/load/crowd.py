"""
The customers and agents of a world, as clients: what they say and when, by the simulator's own kernel.

It is the kernel of the simulator with its core at the other end of a wire. So tickets, work, patience, answers, breaks
and networks are drawn from the very streams that the simulator draws from, what is left of a run are the simulator's
own records, and nothing about the behaviour of people is written twice. No clock and no socket here: a driver says what
time it is, carries what is said and brings what is heard. Instants are the world's, microseconds since 1970.
"""

from collections.abc import Callable
from types import MappingProxyType
from typing import Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from router.core import codes as core
from router.directory import AGENT, QUEUE
from router.wire.events import Event
from simulator.kernel import layout
from simulator.kernel.running import (
    Options,
    Prepared,
    Records,
    collected,
    longer,
    memory_of,
    relieve,
)
from simulator.kernel.state import Sim, handle
from simulator.kernel.steps import begin_run, do_next, end_run, hear_told, next_instant_us
from simulator.load.mirror import Mirror
from simulator.worlds.planning import Plan

NO_TICKET: Final = -1
CLEARED: Final = frozenset({"ticket.canceled", "ticket.expired", "ticket.abandoned"})


class Said(NamedTuple):
    """Something that a customer, an agent or the schedule says to the router."""

    at_us: int
    """When it is to reach the router; the world's network lies before."""
    verb: int
    """The core's command that it stands for."""
    ticket: str = ""
    offer: str = ""
    agent: int = -1
    """Who says it or whom it is about; -1: a customer or the schedule."""
    kind: int = -1
    """Kind of ticket, of what is put or transferred."""
    value: int = 0
    """A presence, a queue's door, or whether a reply is the customer's."""
    queue: int = -1
    region: int = -1
    lag_us: int = 0
    """How long the world's network took until here."""
    row: int = -1


class Crowd:
    """Everybody in a replication of a world. Call ``act`` when ``next_us`` has come, ``hear`` for each event."""

    def __init__(self, prepared: Prepared, plan: Plan, options: Options, prefix: str = "") -> None:
        self.prepared, self.span = prepared, prepared.compiled.span
        self.mirror = Mirror(prepared)
        self._prefix = prefix
        self._sim: Sim = memory_of(
            prepared, self.mirror.machine, plan, options, np.zeros(0, layout.TRACE)
        )
        self._handle = handle(self._sim)
        self._bringing: dict[str, int] = {}
        """Row of each ticket that was put and is not known to have come."""
        self._regions = [kind["region"] for kind in prepared.compiled.kinds]
        members = prepared.compiled.members
        world = prepared.compiled.world
        places = {name: n for n, name in enumerate(prepared.compiled.names.regions)}
        self._agent_regions = [
            places.get(world.agents[member.team].region or "", -1) for member in members
        ]
        begin_run(self._handle)

    # -- time ------------------------------------------------------------------------------------

    @property
    def next_us(self) -> int:
        """Return when somebody next does something."""
        return int(next_instant_us(self._handle))

    @property
    def here(self) -> int:
        """Return how many customers are there."""
        return int(self._sim.scalars[0]["live"])

    def is_over(self, now_us: int) -> bool:
        """Tell whether the world has ended: nobody comes any more and everybody has left, or time is up."""
        closes_us, stops_us = self.span.closes_us, self.span.stops_us
        return now_us >= stops_us or (self.here == 0 and now_us >= closes_us)

    # -- doing -----------------------------------------------------------------------------------

    def act(self) -> Said | None:
        """Let who is next do what it does; return what is said, if anything is."""
        at_us = self.next_us
        while True:
            done = int(do_next(self._handle, self.mirror.machine.handle))
            if done >= 0:
                break
            self._sim = relieve(self._sim, self.mirror.machine, done)
            self._handle = handle(self._sim)
        if not done:
            return None
        command = self.mirror.machine.arrays.inbox[0]
        say = SAYINGS[int(command["kind"])]
        return say(self, at_us, command)

    def _ticket_of(self, row: int) -> tuple[str, int, Any]:
        """Return a customer's ticket: its id, its kind, and the kernel's row."""
        ticket = self._sim.tickets[row]
        return self.mirror.ids[int(ticket["core"])], int(ticket["kind"]), ticket

    def _row_of(self, core_row: int) -> int:
        return int(self._sim.ticket_of[core_row])

    def say_ticket(self, at_us: int, command: Any) -> Said:
        """A customer brings a ticket."""
        row = int(self._sim.scalars[0]["current"])
        ticket = self._sim.tickets[row]
        entity, visit = int(ticket["entity"]), int(ticket["attempt"]) + int(ticket["reopens"])
        id_ = f"{self._prefix}{entity >> 36}-{entity & (1 << 36) - 1}.{visit}"
        self._bringing[id_] = row
        kind = int(ticket["kind"])
        return Said(
            at_us, int(command["kind"]), id_, kind=kind, region=int(self._regions[kind]),
            lag_us=at_us - int(ticket["arrived_us"]), row=row,
        )  # fmt: skip

    def say_of_ticket(self, at_us: int, command: Any) -> Said:
        """A customer leaves, or writes; or an agent writes, or sends the ticket on."""
        row = self._row_of(int(command["ticket"]))
        id_, kind, ticket = self._ticket_of(row)
        verb = int(command["kind"])
        by_customer = verb == core.ABANDON_TICKET or bool(command["options"] & core.C_BY_CUSTOMER)
        agent = -1 if by_customer else int(ticket["agent"])
        region = int(self._regions[kind]) if by_customer else self._agent_regions[agent]
        said = Said(at_us, verb, id_, agent=agent, kind=kind, region=region, value=int(by_customer))
        if verb == core.UPDATE_TICKET:
            profile = int(self.prepared.kinds[kind]["profile"])
            self.mirror.ask_anew(int(ticket["core"]), profile)
        return said

    def say_of_work(self, at_us: int, command: Any) -> Said:
        """An agent answers an offer or goes on with an assignment."""
        work = self.mirror.machine.arrays.works[int(command["aux"])]
        agent = int(work["agent"])
        if int(command["kind"]) in (core.WRAP_UP, core.COMPLETE):
            work["state"] = core.WRAPUP
        id_ = self.mirror.ids.get(int(work["ticket"]), "")
        region = self._agent_regions[agent]
        offer = f"o-{int(command['serial'])}"
        return Said(at_us, int(command["kind"]), id_, offer, agent, region=region)

    def say_of_agent(self, at_us: int, command: Any) -> Said:
        """An agent comes or goes, or its desk is cut off or back."""
        agent = int(command["agent"])
        presence = int(command["aux"])
        if int(command["kind"]) == core.SET_PRESENCE:
            self.mirror.machine.arrays.agents[agent]["presence"] = presence
        return Said(
            at_us, int(command["kind"]), agent=agent, value=presence,
            region=self._agent_regions[agent],
        )  # fmt: skip

    def say_of_queue(self, at_us: int, command: Any) -> Said:
        """A queue opens or closes."""
        return Said(
            at_us, int(command["kind"]), queue=int(command["aux"]), value=int(command["value"])
        )

    # -- hearing ---------------------------------------------------------------------------------

    def _told(self, now_us: int, row: int = NO_TICKET) -> None:
        hear_told(self._handle, self.mirror.machine.handle, row, now_us)

    def taken(self, ticket: str, now_us: int) -> None:
        """Hear that a ticket that was put is there: by its acknowledgement or by an event, whichever is first."""
        row = self._bringing.pop(ticket, None)
        if row is None:
            return
        kind = int(self._sim.tickets[row]["kind"])
        place = self.mirror.add(ticket, int(self.prepared.kinds[kind]["profile"]))
        if len(self._sim.ticket_of) < self.mirror.machine.sizes.tickets:
            rows = longer(self._sim.ticket_of, self.mirror.machine.sizes.tickets, -1)
            self._sim = self._sim._replace(ticket_of=rows)
            self._handle = handle(self._sim)
        self.mirror.tell(core.E_ADDED, ticket=place)
        self._told(now_us, row)

    def refused(self, said: Said, now_us: int) -> None:
        """Hear that something was refused for good; a ticket that nobody takes is turned away."""
        row = self._bringing.pop(said.ticket, None)
        if said.verb == core.ADD_TICKET and row is not None:
            self.mirror.tell(core.E_REFUSED)
            self._told(now_us, row)

    def hear(self, event: Event, now_us: int) -> None:
        """Take in an event of the stream of all events; who is offered something hears it at the desk."""
        if event.type in ("ticket.added", "offer.issued"):
            self.taken(str(event.ticket), now_us)
            if event.type == "offer.issued":
                self.mirror.issue(event)
            return
        if event.type == "assignment.completed" and self.mirror.is_at_work(str(event.offer)):
            # Nobody here said so: the work is broken off, whoever ended it.
            self.mirror.tell_about(core.E_RELEASED, self.mirror.works[str(event.offer)])
            self._told(now_us)
        if self.mirror.hear(event):
            self._told(now_us)
            if event.type in CLEARED or event.type == "assignment.completed":
                self.mirror.drop(str(event.ticket))

    def offered(self, event: Event, now_us: int) -> None:
        """Hear at a desk that its agent is asked."""
        self.taken(str(event.ticket), now_us)
        work = self.mirror.issue(event)
        if work is not None:
            self.mirror.tell_about(core.E_OFFERED, work)
            self._told(now_us)

    def agent(self, number: int) -> str:
        """Return what an agent is called."""
        return self.mirror.directory.id_of(AGENT, number)

    def down(self, numbers: NDArray[np.int64]) -> NDArray[np.bool_]:
        """Tell of each agent of ``numbers`` whether an outage cuts its desk off, bool of the same shape."""
        down: NDArray[np.bool_] = self._sim.agents["is_down"][numbers] != 0
        return down

    def queue(self, number: int) -> str:
        """Return what a queue is called."""
        return self.mirror.directory.id_of(QUEUE, number)

    # -- the end ---------------------------------------------------------------------------------

    def end(self, now_us: int) -> Records:
        """End the replication now and return its records; call it once."""
        stops_us = max(self.span.opens_us + 1, min(now_us, self.span.stops_us))
        scalars = self._sim.scalars[0]
        scalars["stops_us"] = stops_us
        scalars["closes_us"] = min(int(scalars["closes_us"]), stops_us)
        free = len(self._sim.records) - int(scalars["records"])
        if free < self.here:
            records = longer(self._sim.records, len(self._sim.records) + self.here)
            self._sim = self._sim._replace(records=records)
            self._handle = handle(self._sim)
        end_run(self._handle)
        return collected(self.prepared, self._sim)

    @property
    def open_tickets(self) -> list[str]:
        """Return the ids of tickets that the router still has."""
        return list(self.mirror.rows)


Saying = Callable[[Crowd, int, Any], Said]
SAYINGS: Final[MappingProxyType[int, Saying]] = MappingProxyType(
    {
        core.ADD_TICKET: Crowd.say_ticket,
        core.ABANDON_TICKET: Crowd.say_of_ticket,
        core.RECORD_REPLY: Crowd.say_of_ticket,
        core.UPDATE_TICKET: Crowd.say_of_ticket,
        core.ACCEPT_OFFER: Crowd.say_of_work,
        core.DECLINE_OFFER: Crowd.say_of_work,
        core.WRAP_UP: Crowd.say_of_work,
        core.COMPLETE: Crowd.say_of_work,
        core.SET_PRESENCE: Crowd.say_of_agent,
        core.LOSE_AGENT: Crowd.say_of_agent,
        core.RETURN_AGENT: Crowd.say_of_agent,
        core.OPEN_QUEUE: Crowd.say_of_queue,
    }
)
"""Who says each of the core's commands."""
