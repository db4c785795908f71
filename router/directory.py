"""
The directory: what the numbers of the core are called outside.

Names are interned in the order they come and, except for tickets, never given back; each new name and each document
(the body a client sent, its version) is noted in ``fresh`` so that the journal can carry it. Text stays here.
"""

from collections.abc import Iterable
from typing import Any, Final, NamedTuple

import msgspec

from router.wire import agents, policies, registry, tickets

KINDS: Final = (
    "skill",
    "group",
    "channel",
    "region",
    "queue",
    "calendar",
    "agent",
    "policy",
    "language",
    "ticket",
)
SKILL, GROUP, CHANNEL, REGION, QUEUE, CALENDAR, AGENT, POLICY, LANGUAGE, TICKET = range(10)

BODIES: Final[dict[int, type[msgspec.Struct]]] = {
    SKILL: registry.SkillBody,
    GROUP: registry.GroupBody,
    CHANNEL: registry.ChannelBody,
    REGION: registry.RegionBody,
    QUEUE: registry.QueueBody,
    CALENDAR: registry.CalendarBody,
    AGENT: agents.AgentBody,
    POLICY: policies.PolicyBody,
    TICKET: tickets.TicketBody,
}


class Document(msgspec.Struct, array_like=True, gc=False):
    """What a client said of something: its body, how often it changed, and the event that last changed it."""

    body: Any
    version: int = 1
    seq: int = 0
    created_us: int = 0
    note: str | None = (
        None  # activity of an agent, last words about a ticket, activations of a policy
    )
    is_heard: bool = False  # whether an agent's desk ever sent a heartbeat


class Name(NamedTuple):
    """A name that was given: its kind, the id, and the number it stands for."""

    kind: int
    id: str
    number: int


class Names:
    """The names of one kind: id to number and back."""

    def __init__(self) -> None:
        self.index_of: dict[str, int] = {}
        self.ids: list[str] = []

    def __len__(self) -> int:
        return len(self.ids)


class Directory:
    """All names and documents of one shard."""

    def __init__(self) -> None:
        self.names = [Names() for _ in KINDS]
        self.documents: list[dict[str, Document]] = [{} for _ in KINDS]
        self.tickets: dict[int, str] = {}  # row to id
        self.rows: dict[str, int] = {}  # id to row
        self.profile_words: list[tuple[int, ...]] = []
        """The words of every profile by its number; see ``router.profiles``."""
        self.fresh_names: list[tuple[int, str, int]] = []  # as Name
        self.fresh_documents: dict[tuple[int, str], Document | None] = {}

    # -- names ---------------------------------------------------------------------------------------------------------

    def index(self, kind: int, id_: str) -> int:
        """Return the number that ``id_`` stands for, or -1."""
        return self.names[kind].index_of.get(id_, -1)

    def intern(self, kind: int, id_: str) -> int:
        """Return the number that ``id_`` stands for, giving it the next one when it is new."""
        names = self.names[kind]
        index = names.index_of.get(id_)
        if index is None:
            index = len(names.ids)
            names.index_of[id_] = index
            names.ids.append(id_)
            self.fresh_names.append(Name(kind, id_, index))
        return index

    def id_of(self, kind: int, index: int) -> str:
        """Return what a number is called."""
        return self.names[kind].ids[index]

    def add_ticket(self, row: int, id_: str, body: Any, at_us: int) -> None:
        """Note which ticket lies in a row of the core, and what was said of it."""
        self.tickets[row] = id_
        self.rows[id_] = row
        document = Document(body, 1, 0, at_us)
        self.documents[TICKET][id_] = document
        self.fresh_names.append((TICKET, id_, row))
        self.fresh_documents[TICKET, id_] = document

    def forget_ticket(self, row: int) -> str | None:
        """Forget a ticket whose row was given back; return its id."""
        id_ = self.tickets.pop(row, None)
        if id_ is not None:
            self.rows.pop(id_, None)
            self.documents[TICKET].pop(id_, None)
        return id_

    # -- documents -----------------------------------------------------------------------------------------------------

    def document(self, kind: int, id_: str) -> Document | None:
        """Return what was said of ``id_``, or None."""
        return self.documents[kind].get(id_)

    def put(self, kind: int, id_: str, body: Any, at_us: int, note: str | None = None) -> Document:
        """Keep what was said of ``id_``; return the document."""
        old = self.documents[kind].get(id_)
        version, created_us = (1, at_us) if old is None else (old.version + 1, old.created_us)
        document = Document(body, version, 0, created_us, note)
        self.documents[kind][id_] = document
        self.fresh_documents[kind, id_] = document
        return document

    def has_room(self, kind: int, id_: str, most: int) -> bool:
        """Tell whether ``id_`` has a number or can get one while there are ``most`` at most."""
        names = self.names[kind]
        return id_ in names.index_of or len(names.ids) < most

    def annotate(self, kind: int, id_: str, note: str | None) -> None:
        """Change the note of a document, if there is one; its version stays."""
        document = self.documents[kind].get(id_)
        if document is not None and document.note != note:
            document.note = note
            self.fresh_documents[kind, id_] = document

    def drop(self, kind: int, id_: str) -> None:
        """Forget what was said of ``id_``; its number stays its own."""
        if self.documents[kind].pop(id_, None) is not None:
            self.fresh_documents[kind, id_] = None

    # -- journal -------------------------------------------------------------------------------------------------------

    def take_fresh(
        self, seq: int
    ) -> tuple[list[tuple[int, str, int]], list[tuple[int, str, Document | None]]]:
        """
        Return the names and documents that are new since last asked, and forget that they are.

        ``seq`` marks them.
        """
        names, documents = self.fresh_names, self.fresh_documents
        if not names and not documents:
            return [], []
        listed = []
        for (kind, id_), document in documents.items():
            if document is not None:
                document.seq = seq
            listed.append((kind, id_, document))
        self.fresh_names, self.fresh_documents = [], {}
        return names, listed

    def learn(
        self, names: Iterable[tuple[int, str, int]], documents: Iterable[tuple[int, str, Any]]
    ) -> None:
        """Take over names and documents from a journal or a snapshot."""
        for kind, id_, index in names:
            if kind == TICKET:
                self.tickets[index] = id_
                self.rows[id_] = index
                continue
            of_kind = self.names[kind]
            if index != len(of_kind.ids):
                raise ValueError(
                    f"{KINDS[kind]} {id_!r} has number {index}; expected {len(of_kind.ids)}"
                )
            of_kind.index_of[id_] = index
            of_kind.ids.append(id_)
        for kind, id_, plain in documents:
            if plain is None:
                self.documents[kind].pop(id_, None)
            else:
                if kind == TICKET:
                    plain[0].pop("id", None)  # of a batch, whose tickets bring their ids along
                body = msgspec.convert(plain[0], BODIES[kind])
                self.documents[kind][id_] = Document(body, *plain[1:])

    def dump(self) -> tuple[list[Name], list[tuple[int, str, Document]]]:
        """Return everything, for a snapshot."""
        names = [
            Name(kind, id_, i) for kind, of in enumerate(self.names) for i, id_ in enumerate(of.ids)
        ]
        names += [Name(TICKET, id_, row) for row, id_ in self.tickets.items()]
        documents = [
            (kind, id_, doc)
            for kind, of_kind in enumerate(self.documents)
            for id_, doc in of_kind.items()
        ]
        return names, documents
