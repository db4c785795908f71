"""The kinds of field that bodies are made of, with their bounds.

Every number is bounded on both sides, which also keeps NaN and infinity out: MessagePack can carry
them, and no comparison with a bound holds for them. Patterns of ids and language tags stand in the
schema only and are enforced by `checks`: a pattern in the decoder costs 0.7 us a field, a third of
decoding a whole ticket.
"""

from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

__all__ = [
    "ATTRIBUTES_MAX",
    "CURSOR_LENGTH_MAX",
    "ID_LENGTH_MAX",
    "ID_PATTERN",
    "LANGUAGE_TAG_PATTERN",
    "PAGE_MAX",
    "REGISTRY_REFS_MAX",
    "RELAX_STEPS_MAX",
    "REQUIREMENTS_MAX",
    "SECONDS_MAX",
    "TICKETS_PER_BATCH_MAX",
    "TIME_US_MAX",
    "AgentKind",
    "AssignmentState",
    "Body",
    "Count",
    "Cursor",
    "Date",
    "Delay",
    "Duration",
    "Estimate",
    "Id",
    "Instant",
    "InstantText",
    "Label",
    "LanguageTag",
    "Level",
    "Mode",
    "OfferState",
    "Presence",
    "Priority",
    "Ref",
    "Share",
    "Text",
    "TicketState",
    "TimeZone",
    "Units",
    "Weight",
    "instant_text",
    "microseconds",
    "seconds_us",
]

ID_LENGTH_MAX = 128
SECONDS_MAX = 366 * 86_400.0
"""The longest duration a body may name: a leap year."""
TIME_US_MAX = 2**53
"""The last instant a body may name, in us since 1970: year 2255, and exact in every JSON reader."""
REQUIREMENTS_MAX = 8
RELAX_STEPS_MAX = 6
ATTRIBUTES_MAX = 32
TICKETS_PER_BATCH_MAX = 1_000
PAGE_MAX = 1_000
CURSOR_LENGTH_MAX = 512
REGISTRY_REFS_MAX = 1_024
"""Longest list of skills, groups or queues that one agent may name."""

ID_PATTERN = "[A-Za-z0-9][A-Za-z0-9._:@+-]*"
LANGUAGE_TAG_PATTERN = "[A-Za-z]{1,8}(-[A-Za-z0-9]{1,8})*"


class Body(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, gc=False):
    """What every request body is: frozen, strict, and free of cycles, so never traversed by gc."""


Id = Annotated[
    str,
    Meta(
        min_length=1,
        max_length=ID_LENGTH_MAX,
        description="Chosen by the client: letters, digits and . _ : @ + -",
        examples=["zd-812345"],
        extra_json_schema={"pattern": f"^{ID_PATTERN}$"},
    ),
]
"""An id that a request may create."""

Ref = Annotated[str, Meta(min_length=1, max_length=ID_LENGTH_MAX)]
"""An id that must exist already; what does not look like an id is simply unknown."""

Label = Annotated[str, Meta(max_length=256, description="For people; has no effect.")]
Text = Annotated[str, Meta(max_length=1_000, description="For people; kept in the journal.")]
Level = Annotated[int, Meta(ge=1, le=5, description="1 (some) to 5 (expert).")]
Priority = Annotated[int, Meta(ge=0, le=9, description="0 (lowest) to 9 (highest).")]
Weight = Annotated[float, Meta(ge=0, le=100)]
Share = Annotated[float, Meta(ge=0, le=1)]
Units = Annotated[int, Meta(ge=1, le=1_000_000, description="Capacity units.")]
Count = Annotated[int, Meta(ge=0, le=2**53)]
Duration = Annotated[float, Meta(gt=0, le=SECONDS_MAX, description="Seconds.")]
"""A duration that must pass, in seconds."""
Delay = Annotated[float, Meta(ge=0, le=SECONDS_MAX, description="Seconds; 0 is allowed.")]
"""A duration that may be nothing, in seconds."""
LanguageTag = Annotated[
    str,
    Meta(
        min_length=1,
        max_length=35,
        description="BCP 47 tag.",
        examples=["pt-BR"],
        extra_json_schema={"pattern": f"^{LANGUAGE_TAG_PATTERN}$"},
    ),
]
TimeZone = Annotated[
    str,
    Meta(
        min_length=1,
        max_length=64,
        # \Z, because Python's $ also matches before a final newline.
        pattern=r"^[A-Za-z][A-Za-z0-9_+/-]*\Z",
        description="IANA name.",
        examples=["Europe/Lisbon"],
    ),
]
Instant = Annotated[
    datetime, Meta(tz=True, description="RFC 3339 with an offset, from 1970 to 2255.")
]
Date = Annotated[date, Meta(description="A calendar day, YYYY-MM-DD.")]
InstantText = Annotated[
    str,
    Meta(
        description="RFC 3339 in UTC, with microseconds.",
        extra_json_schema={"format": "date-time"},
    ),
]
"""An instant in a reply; text in JSON and in MessagePack, made by `instant_text`."""
Cursor = Annotated[
    str, Meta(min_length=1, max_length=CURSOR_LENGTH_MAX, pattern=r"^[A-Za-z0-9_=-]+\Z")
]

Mode = Literal["required", "preferred"]
AgentKind = Literal["human", "bot"]
Presence = Literal["available", "away", "offline", "draining"]
TicketState = Literal[
    "scheduled",
    "queued",
    "offered",
    "assigned",
    "wrapping",
    "suspended",
    "completed",
    "canceled",
    "expired",
    "abandoned",
]
OfferState = Literal["pending", "accepted", "declined", "expired", "revoked"]
AssignmentState = Literal["active", "wrapping", "completed", "released"]


class Estimate(msgspec.Struct, frozen=True, kw_only=True):
    """Estimated wait from now: half of the tickets wait less than `p50_s`, nine tenths `p90_s`."""

    p50_s: float
    p90_s: float


_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


def microseconds(instant: datetime) -> int:
    """Return the microseconds since 1970 of an instant that has an offset."""
    return (instant - _EPOCH) // _MICROSECOND


def seconds_us(duration_s: float) -> int:
    """Return the whole microseconds nearest to a duration in seconds."""
    return round(duration_s * 1_000_000)


def instant_text(at_us: int) -> str:
    """Write microseconds since 1970 as RFC 3339 in UTC."""
    second, rest_us = divmod(at_us, 1_000_000)
    return f"{_second_text(second)}.{rest_us:06d}Z"


@lru_cache(maxsize=1024)
def _second_text(second: int) -> str:
    """Write a whole second; most instants that are written lie in the few seconds just past."""
    return (_EPOCH + timedelta(seconds=second)).isoformat()[:-6]
