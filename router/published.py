"""
Events as clients read them: the core's numbers given their names back, one for each event of the core.

What a name stood for when the event was written is what is published: rows of tickets are used again, so a frame
brings the ids of the tickets it is about; all other numbers stay what they are.
"""

from collections.abc import Callable, Iterable
from types import MappingProxyType
from typing import Any, Final, NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from router.core import codes as c
from router.core import layout
from router.core.limits import NEVER_US
from router.directory import AGENT, CHANNEL, MODEL, QUEUE, REGION, SLOT, Directory
from router.policies.terms import POINT
from router.profiles import CHANNEL_WORD, QUEUE_WORD, STAGE_WORD
from router.wire.events import Event
from router.wire.fields import instant_text

CLOSED_AS: Final = MappingProxyType(
    {
        c.CANCELED: "ticket.canceled",
        c.EXPIRED: "ticket.expired",
        c.ABANDONED: "ticket.abandoned",
    }
)
"""How the end of a ticket that was not completed is published, by its final state."""


class Row(NamedTuple):
    """An event of the core, as ``layout.EVENT`` has it."""

    at_us: int
    serial: int
    until_us: int
    value: int
    kind: int
    reason: int
    cause: int
    ticket: int
    agent: int
    work: int
    profile: int
    aux: int
    words_from: int
    words: int


assert Row._fields == layout.EVENT.names

Data = dict[str, Any]


class Recorded(Protocol):
    """What a frame or a settlement says of its events."""

    @property
    def first_seq(self) -> int:
        """Number of the first event."""

    @property
    def events(self) -> NDArray[Any]:
        """Records of ``layout.EVENT``."""

    @property
    def words(self) -> NDArray[np.int64]:
        """Words of the events."""


class Scribe:
    """Writes the events of one frame down; knows what was said so far in it."""

    def __init__(
        self, directory: Directory, tickets: Iterable[tuple[int, str]], words: NDArray[np.int64]
    ) -> None:
        self.directory = directory
        self.words = words
        self.decision = 0
        self.seq = 0
        named = list(tickets)
        self._tickets = {row: id_ for row, id_ in named if row >= 0}
        self._forgotten = {~row: id_ for row, id_ in named if row < 0}
        self._last = (-1, "")

    def instant(self, at_us: int) -> str:
        """Write an instant; many events of a frame share theirs."""
        if at_us != self._last[0]:
            self._last = (at_us, instant_text(at_us))
        return self._last[1]

    def until(self, at_us: int) -> str | None:
        """Write an instant to come, None for one that does not."""
        return instant_text(at_us) if 0 < at_us < NEVER_US else None

    def words_of(self, row: Row) -> list[int]:
        """Return the words of an event."""
        found: list[int] = self.words[row.words_from : row.words_from + row.words].tolist()
        return found

    def place(self, row: Row) -> Data:
        """Return queue, channel and relaxation step of the profile an event names."""
        words = self.directory.profile_words[row.profile]
        return {
            "queue": self.directory.id_of(QUEUE, words[QUEUE_WORD]),
            "channel": self.directory.id_of(CHANNEL, words[CHANNEL_WORD]),
            "relax_step": words[STAGE_WORD],
        }

    def event(self, row: Row) -> Event:
        """Return one event; they must come in their order."""
        kind = row.kind
        if kind == c.E_DECIDED:
            self.decision = self.seq
        name = CLOSED_AS[row.aux] if kind == c.E_CLOSED else c.EVENTS[kind]
        event = Event(
            seq=self.seq, type=name, at=self.instant(row.at_us), data=DATA[kind](self, row)
        )
        if row.reason:
            event.data["reason"] = c.REASONS[row.reason]
        if row.ticket >= 0:
            event.ticket = self._forgotten.get(row.ticket) or self._tickets[row.ticket]
            if kind == c.E_FORGOTTEN:
                self._forgotten.pop(row.ticket, None)
        if row.agent >= 0:
            event.agent = self.directory.id_of(AGENT, row.agent)
        if kind >= c.E_OFFERED and row.serial:
            event.offer = f"o-{row.serial}"
        return event


# -- what each type says -----------------------------------------------------------------------------------------------


def nothing(_scribe: Scribe, _row: Row) -> Data:
    """Say no more than the type does."""
    return {}


def until(scribe: Scribe, row: Row) -> Data:
    """Say until when."""
    return {"until": scribe.until(row.until_us)}


def placed(scribe: Scribe, row: Row) -> Data:
    """Say what the ticket asks for now: queue, channel, relaxation step."""
    return scribe.place(row)


def updated(scribe: Scribe, row: Row) -> Data:
    """Say what the ticket asks for now, relaxed as it is; journals of old have no serial here."""
    return scribe.place(row._replace(profile=row.serial - 1) if row.serial else row)


def refused(_scribe: Scribe, row: Row) -> Data:
    """Say why."""
    return {"refusal": c.REFUSALS[row.value][0]}


def channel(scribe: Scribe, row: Row) -> Data:
    """Say which channel."""
    return {"channel": scribe.directory.id_of(CHANNEL, row.aux)}


def queue(scribe: Scribe, row: Row) -> Data:
    """Say which queue."""
    return {"queue": scribe.directory.id_of(QUEUE, row.aux)}


def door(scribe: Scribe, row: Row) -> Data:
    """Say which queue, and whether it opened or closed."""
    return {"queue": scribe.directory.id_of(QUEUE, row.aux), "open": bool(row.value)}


def profile(scribe: Scribe, row: Row) -> Data:
    """Say the number of the combination, and where it leads."""
    return {"profile": row.profile, **scribe.place(row)}


def policy(scribe: Scribe, row: Row) -> Data:
    """Say which revision."""
    words = dict(zip(layout.POLICY.names or (), scribe.words_of(row), strict=True))
    return {"revision": words["revision"]}


def model(scribe: Scribe, row: Row) -> Data:
    """Say which model, the signal it reads, and what became of it."""
    return {
        "signal": scribe.directory.id_of(SLOT, row.aux),
        "model": scribe.directory.id_of(MODEL, row.profile),
        "change": c.MODEL_CHANGES[row.value],
    }


def prices(scribe: Scribe, row: Row) -> Data:
    """Say each agent's price in points."""
    words = scribe.words_of(row)
    pairs = zip(words[0::2], words[1::2], strict=True)
    agents = scribe.directory.names[AGENT].ids
    return {"prices": {agents[agent]: price / POINT for agent, price in pairs}}


def distances(scribe: Scribe, row: Row) -> Data:
    """Say each distance, from and to."""
    words = scribe.words_of(row)
    regions = scribe.directory.names[REGION].ids
    triples = zip(words[0::3], words[1::3], words[2::3], strict=True)
    return {"distances": [[regions[a], regions[b], far] for a, b, far in triples]}


def presence(scribe: Scribe, row: Row) -> Data:
    """Say which presence, until when and what then."""
    end = scribe.until(row.until_us)
    then = None if end is None else c.PRESENCES[row.value]
    return {"presence": c.PRESENCES[row.aux], "until": end, "then": then}


def added(scribe: Scribe, row: Row) -> Data:
    """Say what it asks for, and whether any agent could ever take it."""
    words = scribe.words_of(row)
    return {
        **scribe.place(row),
        "priority": words[7],
        "start_at": scribe.until(words[1]),
        "matchable": not row.aux & c.F_UNMATCHABLE,
    }


def replied(_scribe: Scribe, row: Row) -> Data:
    """Say who wrote."""
    return {"by": "customer" if row.aux else "agent"}


def promise(scribe: Scribe, row: Row) -> Data:
    """Say which promise, and when it is or was due."""
    return {"promise": c.SLA_NAMES[row.aux], "due_at": scribe.until(row.until_us)}


def issued(scribe: Scribe, row: Row) -> Data:
    """Say what the pair is worth in points, when the offer ends, and the decision it comes from."""
    by_hand = row.reason in (c.BECAUSE_MANUAL, c.BECAUSE_PLAN)
    return {
        "value": row.value / POINT,
        "expires_at": scribe.until(row.until_us),
        "decision": None if by_hand or not scribe.decision else f"d-{scribe.decision}",
    }


def assigned(_scribe: Scribe, row: Row) -> Data:
    """Say which assignment."""
    return {"assignment": f"a-{row.serial}"}


def released(scribe: Scribe, row: Row) -> Data:
    """Say which assignment, and until when its agent is not asked again."""
    return {"assignment": f"a-{row.serial}", "until": scribe.until(row.until_us)}


def wrapping(scribe: Scribe, row: Row) -> Data:
    """Say which assignment, and when wrap-up ends by itself."""
    return {"assignment": f"a-{row.serial}", "until": scribe.until(row.until_us)}


def decided(scribe: Scribe, row: Row) -> Data:
    """Say how much was decided at once, and how good that was."""
    names = layout.DECISION_WORDS + (layout.JOINT_WORDS if row.aux else ())
    words = dict(zip(names, scribe.words_of(row), strict=True))
    primal, dual = words.pop("primal"), words.pop("dual")
    return {
        "decision": f"d-{scribe.seq}",
        **words,
        "primal": primal / POINT,
        "dual": dual / POINT,
        "gap": (dual - primal) / dual if dual > 0 else 0.0,
    }


DATA: Final[MappingProxyType[int, Callable[[Scribe, Row], Data]]] = MappingProxyType(
    {
        c.E_REFUSED: refused,
        c.E_CHANNEL_SET: channel,
        c.E_QUEUE_SET: queue,
        c.E_PROFILE_SET: profile,
        c.E_AGENT_SET: nothing,
        c.E_AGENT_REMOVED: nothing,
        c.E_POLICY_SET: policy,
        c.E_PRICES_SET: prices,
        c.E_QUEUE_OPENED: door,
        c.E_DISTANCE_SET: distances,
        c.E_MODEL_NOTED: model,
        c.E_PRESENCE: presence,
        c.E_AGENT_LOST: until,
        c.E_AGENT_RETURNED: nothing,
        c.E_ADDED: added,
        c.E_QUEUED: nothing,
        c.E_RELAXED: placed,
        c.E_UPDATED: updated,
        c.E_SUSPENDED: until,
        c.E_REPLIED: replied,
        c.E_CLOSED: nothing,
        c.E_FORGOTTEN: nothing,
        c.E_WARNED: promise,
        c.E_BREACHED: promise,
        c.E_HELD: until,
        c.E_OFFERED: issued,
        c.E_ACCEPTED: assigned,
        c.E_DECLINED: until,
        c.E_OFFER_EXPIRED: until,
        c.E_REVOKED: nothing,
        c.E_WRAPPING: wrapping,
        c.E_COMPLETED: assigned,
        c.E_RELEASED: released,
        c.E_DECIDED: decided,
    }
)
"""The particulars of each kind of event."""
TYPES: Final = frozenset(
    {name for kind, name in c.EVENTS.items() if kind != c.E_CLOSED} | {*CLOSED_AS.values()}
)
"""Every type that is published."""


def publish(
    directory: Directory, recorded: Recorded, tickets: Iterable[tuple[int, str]]
) -> list[Event]:
    """Return the events of a batch as clients read them; ``tickets`` are rows and ids, ``~row`` for forgotten ones."""
    scribe = Scribe(directory, tickets, recorded.words)
    found = []
    for seq, plain in enumerate(recorded.events.tolist(), recorded.first_seq):
        scribe.seq = seq
        found.append(scribe.event(Row._make(plain)))
    return found


class Settled(Protocol):
    """A settlement, sealed."""

    @property
    def batch(self) -> Recorded:
        """The core's events."""

    @property
    def tickets(self) -> list[tuple[int, str]]:
        """Rows and ids of the tickets they are about."""


class Frame(Recorded, Protocol):
    """A frame read back."""

    @property
    def tickets(self) -> list[tuple[int, str]]:
        """Rows and ids of the tickets that the events are about."""


def publish_sealed(directory: Directory, sealed: Settled) -> list[Event]:
    """Return the events of a settlement as clients read them."""
    return publish(directory, sealed.batch, sealed.tickets)


def publish_recorded(directory: Directory, recorded: Frame) -> list[Event]:
    """Return the events of a frame as clients read them."""
    return publish(directory, recorded, recorded.tickets)
