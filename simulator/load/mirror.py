"""
What a server's clients know of its core, in the very tables that the simulator's kernel looks at.

The kernel of the simulator asks the core a few things: whether an offer still stands, who is there, how many wait.
Where the core is at the other end of a wire, published events keep a copy of just that. It decides nothing.
"""

from collections.abc import Callable
from types import MappingProxyType
from typing import Any, Final

from router.core import codes as core
from router.core import layout
from router.core.limits import NEVER_US
from router.core.machine import Machine
from router.directory import AGENT, CHANNEL, QUEUE
from router.policies.terms import POINT
from router.wire.events import Event
from simulator.kernel.running import Prepared

PRESENCES: Final = MappingProxyType({name: code for code, name in core.PRESENCES.items()})
REASONS: Final = MappingProxyType({name: code for code, name in enumerate(core.REASONS)})
CLOSED: Final = MappingProxyType(
    {
        "ticket.canceled": core.CANCELED,
        "ticket.expired": core.EXPIRED,
        "ticket.abandoned": core.ABANDONED,
    }
)
OFFER_ENDS: Final = MappingProxyType(
    {
        "offer.declined": core.E_DECLINED,
        "offer.expired": core.E_OFFER_EXPIRED,
        "offer.revoked": core.E_REVOKED,
    }
)
GONE: Final = core.PENDING - 1
"""A state that no offer has."""


class Mirror:
    """The tables of a core that others keep, by what is heard of it."""

    def __init__(self, prepared: Prepared) -> None:
        self.machine: Machine = prepared.machine()
        self.directory = prepared.shard.directory
        self.rows: dict[str, int] = {}
        """Row of each ticket that is there, by its id."""
        self.ids: dict[int, str] = {}
        self.works: dict[str, int] = {}
        """Row of each offer or assignment that is there, by the offer's id."""
        self._waiting: dict[int, int] = {}
        self._holders: dict[int, str] = {}
        self._free_tickets: list[int] = []
        self._free_works: list[int] = []
        self._tickets_top = self._works_top = 0
        self._costs: dict[tuple[int, str], int] = {}
        for agent in self.machine.arrays.agents:
            agent["presence"], agent["grace_us"] = core.OFFLINE, NEVER_US

    # -- the outbox ------------------------------------------------------------------------------

    def tell(self, kind: int, **fields: int) -> None:
        """Put one event of the core into the outbox, for the kernel to hear."""
        arrays = self.machine.arrays
        event = arrays.events[0]
        for name in ("ticket", "agent", "work", "profile"):
            event[name] = fields.get(name, -1)
        for name in ("serial", "aux", "reason", "words_from", "words"):
            event[name] = fields.get(name, 0)
        event["kind"] = kind
        arrays.scratch["events"][0] = 1

    def tell_about(self, kind: int, work: int, **fields: int) -> None:
        """Put an event about an offer or assignment into the outbox."""
        row = self.machine.arrays.works[work]
        about = {"ticket": int(row["ticket"]), "agent": int(row["agent"])}
        self.tell(kind, work=work, serial=int(row["serial"]), **about, **fields)

    # -- tickets ---------------------------------------------------------------------------------

    def add(self, id_: str, profile: int) -> int:
        """Note that a ticket came, asking for this; return its row."""
        if self._free_tickets:
            row = self._free_tickets.pop()
        else:
            row, self._tickets_top = self._tickets_top, self._tickets_top + 1
            if self._tickets_top >= self.machine.sizes.tickets:
                self.machine.make_room(tickets=2 * self._tickets_top)
            self.machine.arrays.head["ticket_free"][0] = -1
            self.machine.arrays.head["ticket_top"][0] = self._tickets_top
        self.rows[id_], self.ids[row] = row, id_
        self.machine.arrays.tickets[row]["profile"] = profile
        self._wait(row)
        return row

    def drop(self, id_: str) -> None:
        """Forget a ticket that ended."""
        row = self.rows.pop(id_, None)
        if row is None:
            return
        del self.ids[row]
        self._leave(row)
        self._holders.pop(row, None)
        self._free_tickets.append(row)

    def _queue_of(self, row: int) -> int:
        arrays = self.machine.arrays
        return int(arrays.profiles[arrays.tickets[row]["profile"]]["queue"])

    def _wait(self, row: int) -> None:
        if row not in self._waiting:
            self._waiting[row] = queue = self._queue_of(row)
            self.machine.arrays.queues[queue]["waiting"] += 1

    def _leave(self, row: int) -> None:
        queue = self._waiting.pop(row, None)
        if queue is not None:
            self.machine.arrays.queues[queue]["waiting"] -= 1

    def ask_anew(self, row: int, profile: int) -> None:
        """Note that a ticket asks for something else from now on."""
        was_waiting = row in self._waiting
        self._leave(row)
        self.machine.arrays.tickets[row]["profile"] = profile
        if was_waiting:
            self._wait(row)

    def _moved(self, row: int, event: Event) -> None:
        """Find the step of its chain that a ticket was moved to, by relaxing or overflow."""
        profiles = self.machine.arrays.profiles
        now = profiles[int(self.machine.arrays.tickets[row]["profile"])]
        queue = self.directory.index(QUEUE, event.data["queue"])
        for following in (int(now["next"]), int(now["overflow"])):
            if following >= 0 and int(profiles[following]["queue"]) == queue:
                self.ask_anew(row, following)
                return

    # -- offers and assignments ------------------------------------------------------------------

    def issue(self, event: Event) -> int | None:
        """Note an offer, once, whoever hears of it first; return its row, None if it is not the world's."""
        id_ = str(event.offer)
        if id_ in self.works:
            return self.works[id_]
        ticket, agent = self.rows.get(str(event.ticket)), self._agent_of(event)
        if ticket is None or agent is None:
            return None
        row = self._free_works.pop() if self._free_works else self._new_work()
        work = self.machine.arrays.works[row]
        work["serial"], work["state"] = int(id_[2:]), core.PENDING
        work["ticket"], work["agent"] = ticket, agent
        work["cost"] = self._cost(agent, ticket)
        self.machine.arrays.agents[agent]["used"] += int(work["cost"])
        self._leave(ticket)
        self.works[id_] = row
        return row

    def _agent_of(self, event: Event) -> int | None:
        """Return the agent that an event is about, None if it is somebody else's."""
        agent = self.directory.index(AGENT, str(event.agent))
        return agent if agent >= 0 else None

    def _new_work(self) -> int:
        self._works_top += 1
        if self._works_top > self.machine.sizes.works:
            self.machine.make_room(works=self._works_top)
        return self._works_top - 1

    def _cost(self, agent: int, ticket: int) -> int:
        """Return the units that a ticket takes of an agent."""
        arrays = self.machine.arrays
        number = int(arrays.profiles[arrays.tickets[ticket]["profile"]]["channel"])
        channel = self.directory.id_of(CHANNEL, number)
        key = (agent, channel)
        if key not in self._costs:
            body: Any = self.directory.document(AGENT, self.directory.id_of(AGENT, agent))
            own = body.body.channels.get(channel)
            common: Any = self.directory.document(CHANNEL, channel)
            is_own = own is not None and own.cost is not None
            self._costs[key] = int(own.cost if is_own else common.body.cost)
        return self._costs[key]

    def end_work(self, id_: str) -> None:
        """Note that an offer or assignment ended."""
        row = self.works.pop(id_, None)
        if row is not None:
            work = self.machine.arrays.works[row]
            self.machine.arrays.agents[int(work["agent"])]["used"] -= int(work["cost"])
            work["state"] = GONE
            self._free_works.append(row)

    # -- events ----------------------------------------------------------------------------------

    def hear(self, event: Event) -> bool:
        """Take in an event; return whether the kernel has something to hear of it in the outbox."""
        note = NOTES.get(event.type)
        return note is not None and note(self, event)

    def on_offer_end(self, event: Event) -> bool:
        """An offer is over without an answer that counts."""
        row = self.works.get(str(event.offer))
        if row is None:
            return False
        self.tell_about(OFFER_ENDS[event.type], row)
        self.end_work(str(event.offer))
        return True

    def on_accepted(self, event: Event) -> bool:
        """An agent has the ticket; that a second one has it too is the auditor's business."""
        row = self.works.get(str(event.offer))
        if row is None:
            return False
        work = self.machine.arrays.works[row]
        work["state"] = core.ACTIVE
        if self._holders.setdefault(int(work["ticket"]), str(event.offer)) != event.offer:
            return False
        self.tell_about(core.E_ACCEPTED, row)
        return True

    def on_wrapping(self, event: Event) -> bool:
        """An agent takes notes."""
        row = self.works.get(str(event.offer))
        if row is None:
            return False
        self.tell_about(core.E_WRAPPING, row)
        return True

    def on_released(self, event: Event) -> bool:
        """An agent has the ticket no longer."""
        return self._work_ends(event, core.E_RELEASED)

    def on_completed(self, event: Event) -> bool:
        """A ticket is done."""
        return self._work_ends(event, core.E_COMPLETED)

    def _work_ends(self, event: Event, kind: int) -> bool:
        row = self.works.get(str(event.offer))
        if row is None:
            return False
        ticket = int(self.machine.arrays.works[row]["ticket"])
        is_holder = self._holders.get(ticket) == event.offer
        if is_holder:
            del self._holders[ticket]
            self.tell_about(kind, row)
        self.end_work(str(event.offer))
        return is_holder

    def is_at_work(self, offer: str) -> bool:
        """Tell whether an agent works on the ticket of an assignment, for all it has said."""
        row = self.works.get(offer)
        return row is not None and int(self.machine.arrays.works[row]["state"]) == core.ACTIVE

    def on_closed(self, event: Event) -> bool:
        """A ticket ended without being done."""
        row = self.rows.get(str(event.ticket))
        if row is None:
            return False
        self.tell(core.E_CLOSED, ticket=row, aux=CLOSED[event.type])
        return True

    def on_queued(self, event: Event) -> bool:
        """A ticket waits again."""
        row = self.rows.get(str(event.ticket))
        if row is None:
            return False
        self._wait(row)
        self.tell(core.E_QUEUED, ticket=row)
        return True

    def on_relaxed(self, event: Event) -> bool:
        """A ticket asks for less, or stands in another queue."""
        row = self.rows.get(str(event.ticket))
        if row is None:
            return False
        self._moved(row, event)
        self.tell(core.E_RELAXED, ticket=row)
        return True

    def on_breached(self, event: Event) -> bool:
        """A promise was broken."""
        row = self.rows.get(str(event.ticket))
        if row is None:
            return False
        self.tell(core.E_BREACHED, ticket=row)
        return True

    def on_presence(self, event: Event) -> bool:
        """An agent came or went."""
        agent = self._agent_of(event)
        if agent is None:
            return False
        row = self.machine.arrays.agents[agent]
        row["presence"] = PRESENCES[event.data["presence"]]
        if row["presence"] == core.OFFLINE:
            row["grace_us"] = NEVER_US
        reason = REASONS[event.data.get("reason", "")]
        self.tell(core.E_PRESENCE, agent=agent, reason=reason)
        return True

    def on_decided(self, event: Event) -> bool:
        """Tickets were decided jointly."""
        words = self.machine.arrays.event_words
        for n, name in enumerate(layout.DECISION_WORDS):
            scale = POINT if name in ("primal", "dual") else 1
            words[n] = round(scale * event.data[name])
        self.tell(core.E_DECIDED, words_from=0, words=len(layout.DECISION_WORDS))
        return True

    def on_lost(self, event: Event) -> bool:
        """A desk is silent."""
        agent = self._agent_of(event)
        if agent is not None:
            self.machine.arrays.agents[agent]["grace_us"] = 0
        return False

    def on_returned(self, event: Event) -> bool:
        """A desk is back."""
        agent = self._agent_of(event)
        if agent is not None:
            self.machine.arrays.agents[agent]["grace_us"] = NEVER_US
        return False


NOTES: Final[MappingProxyType[str, Callable[[Mirror, Event], bool]]] = MappingProxyType(
    {
        **dict.fromkeys(OFFER_ENDS, Mirror.on_offer_end),
        **dict.fromkeys(CLOSED, Mirror.on_closed),
        "offer.accepted": Mirror.on_accepted,
        "assignment.wrapping": Mirror.on_wrapping,
        "assignment.completed": Mirror.on_completed,
        "assignment.released": Mirror.on_released,
        "ticket.queued": Mirror.on_queued,
        "ticket.relaxed": Mirror.on_relaxed,
        "ticket.sla_breached": Mirror.on_breached,
        "agent.presence_changed": Mirror.on_presence,
        "solver.batch": Mirror.on_decided,
        "agent.lost": Mirror.on_lost,
        "agent.returned": Mirror.on_returned,
    }
)
"""What each type of event changes; others change nothing that the kernel looks at."""
