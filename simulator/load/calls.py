"""What customers, agents and the schedule say, as calls of the API."""

from collections.abc import Callable
from types import MappingProxyType
from typing import Any, Final, NamedTuple

import msgspec

from router.core import codes as core
from router.wire.tickets import TicketBody
from simulator.load.crowd import Crowd, Said
from simulator.worlds.floor import ticket_body
from simulator.worlds.schema import World

PLACE: Final = ("queue", "channel", "language", "region", "groups", "requirements", "relax")
"""What a transfer says of a ticket; the rest it keeps unless it is patched."""
OTHERWISE: Final = ("priority", "sla", "ttl_s")
CLOSED: Final = "loadtest-closed"
"""The calendar that a queue has while it is closed: it never opens."""


class Wanted(NamedTuple):
    """A call to make."""

    name: str
    id: str
    body: dict[str, Any]


class Phrases:
    """The bodies of a world's calls, made once."""

    def __init__(self, told: World, crowd: Crowd) -> None:
        self._crowd = crowd
        kinds: list[TicketBody] = [ticket_body(told, kind) for kind in told.tickets]
        self.tickets: list[dict[str, Any]] = [plain(each) for each in kinds]
        self._places = [fields_of(each, PLACE) for each in kinds]
        self._others = [fields_of(each, OTHERWISE) for each in kinds]
        self._queues = list(told.queues.values())

    def calls(self, said: Said) -> tuple[Wanted, ...]:
        """Return the calls that say it, in their order; none for what only a silence can say."""
        phrase = PHRASES.get(said.verb)
        return () if phrase is None else phrase(self, said)

    def put(self, said: Said) -> tuple[Wanted, ...]:
        """Bring a ticket."""
        return (Wanted("tickets.put", said.ticket, self.tickets[said.kind]),)

    def abandon(self, said: Said) -> tuple[Wanted, ...]:
        """Give up."""
        return (Wanted("tickets.abandon", said.ticket, {}),)

    def reply(self, said: Said) -> tuple[Wanted, ...]:
        """Write."""
        by = "customer" if said.value else "agent"
        return (Wanted("tickets.reply", said.ticket, {"by": by}),)

    def transfer(self, said: Said) -> tuple[Wanted, ...]:
        """Send a ticket on; first what a transfer cannot say, if another kind of ticket has it otherwise."""
        calls = [Wanted("tickets.transfer", said.ticket, self._places[said.kind])]
        if any(other != self._others[said.kind] for other in self._others):
            calls.insert(0, Wanted("tickets.patch", said.ticket, self._others[said.kind]))
        return tuple(calls)

    def accept(self, said: Said) -> tuple[Wanted, ...]:
        """Take an offer."""
        return (Wanted("offers.accept", said.offer, {}),)

    def decline(self, said: Said) -> tuple[Wanted, ...]:
        """Decline an offer."""
        return (Wanted("offers.decline", said.offer, {}),)

    def wrap_up(self, said: Said) -> tuple[Wanted, ...]:
        """Begin wrap-up."""
        return (Wanted("assignments.wrap_up", f"a-{said.offer[2:]}", {}),)

    def complete(self, said: Said) -> tuple[Wanted, ...]:
        """Be done."""
        return (Wanted("assignments.complete", f"a-{said.offer[2:]}", {}),)

    def presence(self, said: Said) -> tuple[Wanted, ...]:
        """Come or go."""
        body = {"presence": core.PRESENCES[said.value]}
        return (Wanted("agents.presence", self._crowd.agent(said.agent), body),)

    def door(self, said: Said) -> tuple[Wanted, ...]:
        """Open or close a queue."""
        calendar = None if said.value else CLOSED
        body = msgspec.structs.replace(self._queues[said.queue], calendar=calendar)
        return (Wanted("queues.put", self._crowd.queue(said.queue), plain(body)),)


def fields_of(body: msgspec.Struct, names: tuple[str, ...]) -> dict[str, Any]:
    """Return some fields of a body as a client sends them, their defaults too: what is not said would stay."""
    return {name: msgspec.to_builtins(getattr(body, name)) for name in names}


def plain(body: msgspec.Struct) -> dict[str, Any]:
    """Return a body as a client sends it: what is not its default."""
    made: dict[str, Any] = msgspec.to_builtins(body)
    defaults: dict[str, Any] = {}
    for field in msgspec.structs.fields(body):
        if field.default_factory is not msgspec.NODEFAULT:
            defaults[field.name] = msgspec.to_builtins(field.default_factory())
        elif field.default not in (msgspec.NODEFAULT, msgspec.UNSET):
            defaults[field.name] = msgspec.to_builtins(field.default)
    return {name: v for name, v in made.items() if name not in defaults or v != defaults[name]}


PHRASES: Final[MappingProxyType[int, Callable[[Phrases, Said], tuple[Wanted, ...]]]] = (
    MappingProxyType(
        {
            core.ADD_TICKET: Phrases.put,
            core.ABANDON_TICKET: Phrases.abandon,
            core.RECORD_REPLY: Phrases.reply,
            core.UPDATE_TICKET: Phrases.transfer,
            core.ACCEPT_OFFER: Phrases.accept,
            core.DECLINE_OFFER: Phrases.decline,
            core.WRAP_UP: Phrases.wrap_up,
            core.COMPLETE: Phrases.complete,
            core.SET_PRESENCE: Phrases.presence,
            core.OPEN_QUEUE: Phrases.door,
        }
    )
)
"""How each thing is said. That a desk is lost or back is said by its silence and its heartbeat."""
