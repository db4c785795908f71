"""
The directory: what the numbers of the core are called outside.

Names are interned in the order they come and, except for tickets, never given back; each new name and each document
(the body a client sent, its version) is noted in ``fresh`` so that the journal can carry it. Text stays here.
"""

from collections.abc import Iterable, Iterator
from copy import copy
from typing import Any, Final, NamedTuple, TypeVar, cast

import msgspec

from router.wire import agents, policies, registry, signals, similar, tickets
from router.wire.found import Statement

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
    "model",
    "slot",
    "signals",
    "articles",
)
SKILL, GROUP, CHANNEL, REGION, QUEUE, CALENDAR, AGENT, POLICY, LANGUAGE, TICKET = range(10)
MODEL, SLOT, SIGNALS, ARTICLES = range(10, 14)
"""Models that read messages, the signals they may serve, what the workspace makes of signals; articles."""

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
    MODEL: signals.ModelRecord,
    SLOT: signals.SlotRecord,
    SIGNALS: signals.SignalsBody,
    ARTICLES: similar.ArticlesRecord,
}


Value = TypeVar("Value")

NIL: Final = msgspec.msgpack.encode(None)
_decode: Final = msgspec.msgpack.Decoder().decode


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
    found: tuple[Statement, ...] = ()  # in a ticket's message


FOUND: Final = Document.__struct_fields__.index("found")
"""Where an encoded document has what was found."""


class Documents(dict[str, Document]):
    """
    The documents of one kind by id.

    One that came from a journal stays encoded until somebody asks for it: a restart does not wait for a hundred
    thousand tickets to be read of which few are looked at soon.
    """

    def __init__(self, kind: int) -> None:
        super().__init__()
        self._kind = kind

    def put_encoded(self, id_: str, document: bytes) -> None:
        """Keep a document as the journal has it, in MessagePack."""
        super().__setitem__(id_, cast("Document", document))

    def encoded_items(self) -> Iterable[tuple[str, Document | msgspec.Raw]]:
        """Yield every document, as it is or as the journal had it."""
        for id_, found in super().items():
            yield id_, msgspec.Raw(found) if isinstance(found, bytes) else found

    def __getitem__(self, id_: str) -> Document:
        found = super().__getitem__(id_)
        return self._read(id_, found) if isinstance(found, bytes) else found

    def get(self, id_: str, default: Any = None) -> Any:
        """Return a document, or the default."""
        found = super().get(id_, default)
        return self._read(id_, found) if isinstance(found, bytes) else found

    def items(self) -> Any:
        """Return all ids and documents; those still encoded are read first."""
        self._read_all()
        return super().items()

    def values(self) -> Any:
        """Return all documents; those still encoded are read first."""
        self._read_all()
        return super().values()

    def __eq__(self, other: object) -> bool:
        self._read_all()
        if isinstance(other, Documents):
            other._read_all()
        return super().__eq__(other)

    __hash__ = None

    def _read_all(self) -> None:
        for id_, found in super().items():
            if isinstance(found, bytes):
                self._read(id_, found)

    def peek(self, id_: str) -> Document | None:
        """Return a document without keeping it read, as other threads may."""
        found = super().get(id_)
        return self._decoded(found) if isinstance(found, bytes) else found

    def _read(self, id_: str, encoded: bytes) -> Document:
        document = self._decoded(encoded)
        super().__setitem__(id_, document)
        return document

    def _decoded(self, encoded: bytes) -> Document:
        plain = _decode(encoded)
        if self._kind == TICKET:
            plain[0].pop("id", None)  # of a batch, whose tickets bring their ids along
        document = Document(msgspec.convert(plain[0], BODIES[self._kind]), *plain[1:FOUND])
        if len(plain) > FOUND:  # journals that are older have nothing there
            document.found = msgspec.convert(plain[FOUND], tuple[Statement, ...])
        return document


class ByRow(list[Value | None]):
    """
    What is known of tickets, by their rows in the core; None where nothing is.

    A dictionary of a hundred thousand rows keeps a decision waiting for milliseconds when it grows; a list does not.
    """

    def put(self, row: int, value: Value) -> None:
        """Keep a row's value."""
        top = len(self)
        if row < top:
            self[row] = value
        else:
            if row > top:
                self.extend([None] * (row - top))
            self.append(value)

    def find(self, row: int) -> Value | None:
        """Return a row's value, or None."""
        return self[row] if 0 <= row < len(self) else None

    def at(self, row: int) -> Value:
        """Return the value of a row that has one; else a ``LookupError`` names the row."""
        value = self.find(row)
        if value is None:
            raise LookupError(f"nothing is known of row {row}")
        return value

    def take(self, row: int) -> Value | None:
        """Return a row's value and forget it."""
        value = self.find(row)
        if value is not None:
            self[row] = None
        return value

    def filled(self) -> Iterator[tuple[int, Value]]:
        """Yield every row that has a value, with it."""
        for row, value in enumerate(self):
            if value is not None:
                yield row, value


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
        self.documents = [Documents(kind) for kind in range(len(KINDS))]
        self.tickets: ByRow[str] = ByRow()  # row to id
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

    def add_ticket(
        self, row: int, id_: str, body: Any, at_us: int, found: tuple[Statement, ...] = ()
    ) -> None:
        """Note which ticket lies in a row of the core, what was said of it and found in its message."""
        self.tickets.put(row, id_)
        self.rows[id_] = row
        document = Document(body, 1, 0, at_us, found=found)
        self.documents[TICKET][id_] = document
        self.fresh_names.append((TICKET, id_, row))
        self.fresh_documents[TICKET, id_] = document

    def forget_ticket(self, row: int) -> str | None:
        """Forget a ticket whose row was given back; return its id."""
        id_ = self.tickets.take(row)
        if id_ is not None:
            self.rows.pop(id_, None)
            self.documents[TICKET].pop(id_, None)
        return id_

    # -- documents -----------------------------------------------------------------------------------------------------

    def document(self, kind: int, id_: str) -> Document | None:
        """Return what was said of ``id_``, or None."""
        found: Document | None = self.documents[kind].get(id_)
        return found

    def put(self, kind: int, id_: str, body: Any, at_us: int, note: str | None = None) -> Document:
        """Keep what was said of ``id_``; return the document."""
        old = self.documents[kind].get(id_)
        version, created_us = (1, at_us) if old is None else (old.version + 1, old.created_us)
        document = Document(body, version, 0, created_us, note)
        self.documents[kind][id_] = document
        self.fresh_documents[kind, id_] = document
        return document

    def know(self, id_: str, found: tuple[Statement, ...]) -> None:
        """Keep what is known of a ticket's message; its version stays."""
        document = self.documents[TICKET][id_]
        if document.found != found:
            document.found = found
            self.fresh_documents[TICKET, id_] = document

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
        self,
        names: Iterable[tuple[int, str, int]],
        documents: Iterable[tuple[int, str, msgspec.Raw]],
    ) -> None:
        """Take over names and documents, these still encoded, from a journal or a snapshot."""
        tickets, rows = self.tickets, self.rows
        for kind, id_, index in names:
            if kind == TICKET:
                tickets.put(index, id_)
                rows[id_] = index
                continue
            of_kind = self.names[kind]
            if index != len(of_kind.ids):
                raise ValueError(
                    f"{KINDS[kind]} {id_!r} has number {index}; expected {len(of_kind.ids)}"
                )
            of_kind.index_of[id_] = index
            of_kind.ids.append(id_)
        for kind, id_, raw in documents:
            encoded = bytes(raw)
            if encoded == NIL:
                self.documents[kind].pop(id_, None)
            else:
                self.documents[kind].put_encoded(id_, encoded)

    def dump(self) -> tuple[list[Name], list[tuple[int, str, Document | msgspec.Raw]]]:
        """Return everything, for a snapshot; documents are copied, as their notes may change while it is encoded."""
        names = [
            Name(kind, id_, i) for kind, of in enumerate(self.names) for i, id_ in enumerate(of.ids)
        ]
        names += [Name(TICKET, id_, row) for row, id_ in self.tickets.filled()]
        documents = [
            (kind, id_, copy(doc))
            for kind, of_kind in enumerate(self.documents)
            for id_, doc in of_kind.encoded_items()
        ]
        return names, documents
