"""What the floor is made of: skills, groups, channels, calendars, regions and queues."""

from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from router.wire.agents import Cost, Most
from router.wire.fields import (
    Body,
    Cursor,
    Date,
    Delay,
    Duration,
    InstantText,
    Label,
    Priority,
    Ref,
    Share,
    TimeZone,
)
from router.wire.tickets import Relax

Weekday = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
OpenTime = Annotated[
    str, Meta(pattern=r"^([01][0-9]|2[0-3]):[0-5][0-9]\Z", description="HH:MM, local time.")
]
CloseTime = Annotated[
    str,
    Meta(
        pattern=r"^(([01][0-9]|2[0-3]):[0-5][0-9]|24:00)\Z",
        description="HH:MM to 24:00, local time; not later than open: on the next day.",
    ),
]
SPANS_PER_WEEK_MAX = 64
EXCEPTIONS_MAX = 1_000
DISTANCES_MAX = 256


class SkillBody(Body, frozen=True, kw_only=True):
    """A skill that agents have and tickets ask for."""

    label: Label | None = None


class GroupBody(Body, frozen=True, kw_only=True):
    """A team of agents."""

    label: Label | None = None


class ChannelBody(Body, frozen=True, kw_only=True):
    """How tickets of a kind load and ring an agent."""

    cost: Cost = 1
    max_per_agent: Most | None = None
    interruptible: Annotated[
        bool, Meta(description="Its load does not keep an interrupting channel away.")
    ] = False
    interrupts: Annotated[
        bool, Meta(description="May be offered on top of interruptible work.")
    ] = False
    offer_ttl_s: Duration = 30.0
    auto_accept: Annotated[bool, Meta(description="Assigned at once, without an offer.")] = False
    wrap_up_s: Annotated[
        Delay, Meta(description="Wrap-up ends by itself after so many seconds; 0: none.")
    ] = 0.0
    first_reply_return_s: Annotated[
        Duration | None, Meta(description="Back to the queue without a first reply; null: never.")
    ] = None
    label: Label | None = None


class OpenSpan(Body, frozen=True, kw_only=True):
    """When it is open on some days of every week."""

    days: Annotated[
        tuple[Weekday, ...],
        Meta(min_length=1, max_length=7, extra_json_schema={"uniqueItems": True}),
    ]
    open: OpenTime
    close: CloseTime


class DayException(Body, frozen=True, kw_only=True):
    """A day that differs from its weekday; both null: closed all day."""

    date: Date
    open: OpenTime | None = None
    close: CloseTime | None = None


class CalendarBody(Body, frozen=True, kw_only=True):
    """Opening hours in local time, daylight saving included."""

    time_zone: TimeZone
    weekly: Annotated[tuple[OpenSpan, ...], Meta(max_length=SPANS_PER_WEEK_MAX)] = ()
    exceptions: Annotated[tuple[DayException, ...], Meta(max_length=EXCEPTIONS_MAX)] = ()
    label: Label | None = None


class RegionBody(Body, frozen=True, kw_only=True):
    """Where customers and agents are, and how far from elsewhere."""

    time_zone: TimeZone = "UTC"
    calendar: Ref | None = None
    distance: Annotated[
        dict[Ref, Annotated[int, Meta(ge=0, le=100)]],
        Meta(max_length=DISTANCES_MAX, description="0 (same) to 100 (far) by region; symmetric."),
    ] = {}
    label: Label | None = None


class QueueSla(Body, frozen=True, kw_only=True):
    """Promises of a queue in seconds; null: none."""

    first_response_s: Duration | None = None
    next_response_s: Duration | None = None
    resolution_s: Duration | None = None
    warn_at: Annotated[Share, Meta(description="Part of a promise after which it warns.")] = 0.8
    clock: Annotated[
        Literal["wall", "calendar"], Meta(description="Calendar: stands still when closed.")
    ] = "wall"


class ServiceLevel(Body, frozen=True, kw_only=True):
    """The share of tickets to be answered within the target."""

    target_s: Duration = 20.0
    share: Share = 0.8


class Overflow(Body, frozen=True, kw_only=True):
    """Where tickets go when they wait too long or too many wait."""

    queue: Ref
    after_s: Delay | None = None
    waiting_max: Annotated[int, Meta(ge=1, le=1_000_000)] | None = None


class QueueBody(Body, frozen=True, kw_only=True):
    """A line of tickets, its promises and what happens when they are in danger."""

    label: Label | None = None
    calendar: Annotated[Ref | None, Meta(description="Null: always open.")] = None
    sla: QueueSla = msgspec.field(default_factory=QueueSla)
    service_level: ServiceLevel = msgspec.field(default_factory=ServiceLevel)
    overflow: Overflow | None = None
    relax: Annotated[Relax, Meta(description="For tickets that bring no steps.")] = ()
    offers_parallel: Annotated[
        int, Meta(ge=1, le=5, description="Agents asked at once; the first to accept wins.")
    ] = 1
    ticket_ttl_s: Annotated[
        Duration | None, Meta(description="Tickets without ttl_s expire so late; null: never.")
    ] = None
    default_priority: Priority = 5


class Skill(msgspec.Struct, kw_only=True):
    """A skill as stored."""

    id: str
    label: str | None
    version: int
    seq: int


class Group(msgspec.Struct, kw_only=True):
    """A group as stored."""

    id: str
    label: str | None
    version: int
    seq: int


class Channel(ChannelBody, frozen=True, kw_only=True, forbid_unknown_fields=False):
    """A channel as stored."""

    id: str
    version: int
    seq: int


class Calendar(CalendarBody, frozen=True, kw_only=True, forbid_unknown_fields=False):
    """A calendar as stored."""

    id: str
    open_now: bool
    next_change_at: InstantText | None
    version: int
    seq: int


class Region(RegionBody, frozen=True, kw_only=True, forbid_unknown_fields=False):
    """A region as stored."""

    id: str
    version: int
    seq: int


class Queue(QueueBody, frozen=True, kw_only=True, forbid_unknown_fields=False):
    """A queue as stored."""

    id: str
    open_now: bool
    version: int
    seq: int


class SkillsPage(msgspec.Struct, kw_only=True):
    """Skills in the order of their ids."""

    items: list[Skill]
    next: str | None


class GroupsPage(msgspec.Struct, kw_only=True):
    """Groups in the order of their ids."""

    items: list[Group]
    next: str | None


class ChannelsPage(msgspec.Struct, kw_only=True):
    """Channels in the order of their ids."""

    items: list[Channel]
    next: str | None


class CalendarsPage(msgspec.Struct, kw_only=True):
    """Calendars in the order of their ids."""

    items: list[Calendar]
    next: str | None


class RegionsPage(msgspec.Struct, kw_only=True):
    """Regions in the order of their ids."""

    items: list[Region]
    next: str | None


class QueuesPage(msgspec.Struct, kw_only=True):
    """Queues in the order of their ids."""

    items: list[Queue]
    next: str | None


class PageQuery(Body, frozen=True, kw_only=True):
    """Which page of a list."""

    limit: Annotated[int, Meta(ge=1, le=1_000)] = 100
    cursor: Cursor | None = None
