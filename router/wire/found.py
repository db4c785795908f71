"""What was found in a ticket's message: one statement for each signal and source."""

from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from router.wire.fields import InstantText

__all__ = ["NAMES", "FoundSignal", "MessageText", "Source", "Statement", "Sureness", "Value"]

NAMES = ("language", "intent", "urgency", "sentiment")
"""The signals there are."""

Value = Annotated[str, Meta(min_length=1, max_length=128)]
Source = Literal["correction", "upstream", "tier1", "tier0", "default"]
"""Where a signal comes from; whoever stands first is believed."""
Sureness = Literal["high", "medium", "low"]
MessageText = Annotated[
    str,
    Meta(
        description="What the customer wrote. Read when it comes, then forgotten: never journalled."
    ),
]


class Statement(msgspec.Struct, array_like=True, frozen=True, gc=False):
    """What one source says of one signal of a ticket, as the journal keeps it."""

    name: str
    value: str
    probability: float
    level: str
    source: str
    model: str = ""
    at_us: int = 0
    applied: bool = False


class FoundSignal(msgspec.Struct, kw_only=True):
    """A signal of a ticket: what, how surely, and who says so."""

    name: str
    value: str
    probability: float
    level: Sureness
    source: Source
    model: Annotated[str, Meta(description="Which model; empty: rules, or a person.")]
    at: InstantText
    applied: Annotated[bool, Meta(description="Whether the ticket is routed by it.")]
