"""The messages of /v1/stream, in JSON text frames or MessagePack binary frames.

The client says hello, is welcomed, subscribes, gets events and makes calls; `docs/stream.md`
tells the whole of it. Bodies of calls stay raw here: the codec of the route decodes them, so that
they are refused exactly as over HTTP.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Annotated, Any

import msgspec
from msgspec import Meta

from router.wire.events import Event
from router.wire.negotiation import JSON, MSGPACK
from router.wire.problems import Problem

__all__ = [
    "CLOSE_DRAINING",
    "CLOSE_NO_HELLO",
    "CLOSE_SLOW",
    "CLOSE_WRONG_FRAME",
    "SHORTCUTS",
    "WINDOW_MAX",
    "Ack",
    "CallMessage",
    "Events",
    "FromClient",
    "FromServer",
    "GapMessage",
    "Heartbeat",
    "Hello",
    "ProblemMessage",
    "ReplyMessage",
    "Shortcut",
    "Speech",
    "Subscribe",
    "Welcome",
    "speech_of",
]

CLOSE_WRONG_FRAME = 1003
"""A text frame where MessagePack was agreed on, or the other way round."""
CLOSE_DRAINING = 1012
"""The server stops; come back and resume."""
CLOSE_SLOW = 4008
"""The client did not read; the reason says after which event to resume."""
CLOSE_NO_HELLO = 4001
"""The first message did not come in time or was no hello."""
WINDOW_MAX = 10_000
FILTER_MAX = 256

SHORTCUTS: MappingProxyType[str, str] = MappingProxyType(
    {
        "offer.accept": "offers.accept",
        "offer.decline": "offers.decline",
        "offer.defer": "offers.defer",
        "assignment.wrap_up": "assignments.wrap_up",
        "assignment.complete": "assignments.complete",
        "presence.set": "agents.presence",
        "heartbeat.agent": "agents.heartbeat",
    }
)
"""What an agent's desk says most, and the call it stands for."""

Seq = Annotated[int, Meta(ge=0, le=2**53)]
Ref = int | str | None
"""Chosen by the client for each call; its reply repeats it."""


class Message(msgspec.Struct, tag_field="type", kw_only=True, forbid_unknown_fields=True):
    """What every message is: an object whose `type` says which."""


class Hello(Message, tag="hello"):
    """The first message of a client: who it is, for the log."""

    client: Annotated[str, Meta(max_length=128)] = ""


class Welcome(Message, tag="welcome"):
    """The answer to hello."""

    tenant: str
    last_seq: int
    heartbeat_s: float


class Subscribe(Message, tag="subscribe"):
    """Send events from now on; a later one takes the place of the one before."""

    after: Seq | None = None
    """The last event the client has; None: only what is new."""
    types: Annotated[list[str], Meta(max_length=FILTER_MAX)] = []
    """Types of events, or their first parts such as `offer`; none: all."""
    agents: Annotated[list[str], Meta(max_length=FILTER_MAX)] = []
    """Only events about these agents; none: all."""
    window: Annotated[int, Meta(ge=1, le=WINDOW_MAX)] | None = None
    """How many events may be unacknowledged; None: the client never acknowledges."""


class Ack(Message, tag="ack"):
    """The client has dealt with every event up to this number."""

    seq: Seq


class CallMessage(Message, tag="call", kw_only=True):
    """A call of the route table, by its name."""

    ref: Ref = None
    name: Annotated[str, Meta(max_length=64)]
    id: str = ""
    sub: Annotated[str, Meta(max_length=16)] = ""
    query: dict[str, str] = {}
    body: msgspec.Raw = msgspec.Raw()
    if_match: int | None = None
    idempotency_key: str | None = None


class Shortcut(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """A call by a name of `SHORTCUTS`."""

    type: str
    ref: Ref = None
    id: str
    body: msgspec.Raw = msgspec.Raw()


class Events(Message, tag="events"):
    """Events in order. Resume after `next`: it also counts events that the filter left out."""

    events: list[Event]
    next: int


class Heartbeat(Message, tag="heartbeat"):
    """Nothing happened that the client wants to know, up to event `next`."""

    next: int


class GapMessage(Message, tag="gap"):
    """Events were missed and are not kept: read the resources again, subscribe after `last_seq`."""

    oldest_seq: int
    last_seq: int


class ReplyMessage(Message, tag="reply"):
    """What came of a call; `body` is a problem when the status is 400 or more."""

    ref: Ref
    status: int
    body: Any = None
    version: int | None = None
    replayed: bool = False


class ProblemMessage(Message, tag="problem"):
    """A message could not be understood, or a subscription is not allowed."""

    problem: Problem


FromClient = Hello | Subscribe | Ack | CallMessage
FromServer = Welcome | Events | Heartbeat | GapMessage | ReplyMessage | ProblemMessage


class _Head(msgspec.Struct):
    type: str


class Speech:
    """One of the two ways to write messages."""

    def __init__(self, protocol: str, codec: Any, media: str) -> None:
        self.protocol = protocol
        self.media = media
        self.is_binary = media == MSGPACK
        self.encode = codec.Encoder().encode
        self._any = codec.Decoder(FromClient)
        self._head = codec.Decoder(_Head)
        self._shortcut = codec.Decoder(Shortcut)
        self.decode_from_server = codec.Decoder(FromServer).decode

    def decode(self, data: bytes | str) -> FromClient | Shortcut:
        """Read a client's message.

        Raises ValueError or RecursionError when it is none.
        """
        if self._head.decode(data).type in SHORTCUTS:
            shortcut: Shortcut = self._shortcut.decode(data)
            return shortcut
        message: FromClient = self._any.decode(data)
        return message


SPEECHES: Mapping[str, Speech] = MappingProxyType(
    {
        "cordboard.v1.json": Speech("cordboard.v1.json", msgspec.json, JSON),
        "cordboard.v1.msgpack": Speech("cordboard.v1.msgpack", msgspec.msgpack, MSGPACK),
    }
)
"""By WebSocket subprotocol; a client that names none speaks JSON."""


def speech_of(protocol: str | None) -> Speech:
    """Return how to speak under the subprotocol that was agreed on."""
    return SPEECHES[protocol or "cordboard.v1.json"]
