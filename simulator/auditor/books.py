"""What the auditor keeps of tickets, offers and agents."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Final

OPEN_OFFER: Final = "pending"
HELD: Final = frozenset({"accepted", "wrapping"})
"""States of an offer whose ticket is in the agent's hands."""

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


def instant_us(text: str) -> int:
    """Return an instant of the API as microseconds since 1970."""
    passed = datetime.fromisoformat(text) - _EPOCH
    return (passed.days * 86_400 + passed.seconds) * 1_000_000 + passed.microseconds


@dataclass(slots=True)
class Channel:
    """What one ticket of a channel takes, and how it reaches an agent."""

    cost: int = 1
    maximum: int | None = None
    auto_accept: bool = False
    interruptible: bool = False
    interrupts: bool = False


@dataclass(slots=True)
class Agent:
    """What an agent can do, is known to hold, and whether anybody may ask."""

    body: Mapping[str, Any]
    presence: str = "offline"
    is_lost: bool = False
    offers: set[str] = field(default_factory=set)
    """Open offers and assignments."""


@dataclass(slots=True)
class Offer:
    """An offer, and the assignment it may have become."""

    id: str
    ticket: str
    agent: str
    channel: str
    issued_us: int
    expires_us: int | None
    is_manual: bool
    state: str = OPEN_OFFER


@dataclass(slots=True)
class Ticket:
    """A ticket as its events tell it."""

    id: str
    channel: str = ""
    queue: str = ""
    stage: int = 0
    state: str = "absent"
    holder: str | None = None
    """The offer that was accepted, until it ends."""
    open_offers: set[str] = field(default_factory=set)
    cooling: dict[str, int] = field(default_factory=dict)
    """Until when the ticket may not be offered to an agent again, microseconds."""
    is_held: bool = False
    """Nobody was worth taking when it was last looked at."""
    body: Mapping[str, Any] | None = None
    """What was last asked for, where the auditor was told."""


@dataclass(slots=True)
class Books:
    """All of it."""

    channels: dict[str, Channel] = field(default_factory=dict)
    agents: dict[str, Agent] = field(default_factory=dict)
    tickets: dict[str, Ticket] = field(default_factory=dict)
    offers: dict[str, Offer] = field(default_factory=dict)
    parallel: dict[str, int] = field(default_factory=dict)
    """How many offers of one ticket may be open, by queue."""
    at_us: int = 0

    def cost(self, agent: Agent, channel: str) -> int:
        """Return the units that a ticket of the channel takes of the agent."""
        own = agent.body.get("channels", {}).get(channel, {}).get("cost")
        return int(own if own is not None else self.channels[channel].cost)

    def most(self, agent: Agent, channel: str) -> int | None:
        """Return how many tickets of the channel the agent may hold, None for any number."""
        own = agent.body.get("channels", {}).get(channel, {}).get("max")
        return own if own is not None else self.channels[channel].maximum

    def units_taken(self, agent: Agent, *, by_whom: str) -> int:
        """Return the units taken, as seen by a ticket of channel ``by_whom``."""
        interrupts = self.channels[by_whom].interrupts
        held = (self.offers[each] for each in agent.offers)
        return sum(
            self.cost(agent, offer.channel)
            for offer in held
            if not (interrupts and self.channels[offer.channel].interruptible)
        )
