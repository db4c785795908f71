"""
What a world file may say: one typed structure, from which the reference in docs/simulator.md is made.

What the router is configured with (channels, skills, groups, calendars, regions, queues, policy) has the very bodies of
the HTTP API. What customers, agents and the network do is the simulator's own. Durations are seconds, rates are per
hour, shares from 0 to 1; hours and weekdays are local ones.
"""

from datetime import date
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from router.wire.agents import AgentChannel
from router.wire.fields import Body, Level, Priority, Ref, Share, TimeZone
from router.wire.policies import PolicyBody
from router.wire.registry import (
    CalendarBody,
    ChannelBody,
    GroupBody,
    QueueBody,
    RegionBody,
    SkillBody,
)
from router.wire.tickets import Groups, Language, Relax, Requirements, Sla

RATE_MAX = 1e9
FACTOR_MAX = 1e6
SECONDS_MAX = 1e8
AGENTS_MAX = 20_000
DAYS_MAX = 3_660

Seconds = Annotated[float, Meta(ge=0, le=SECONDS_MAX, description="Seconds.")]
Mean = Annotated[float, Meta(gt=0, le=SECONDS_MAX, description="Seconds, above 0.")]
Factor = Annotated[float, Meta(ge=0, le=FACTOR_MAX, description="Factor; 1 changes nothing.")]
Speed = Annotated[float, Meta(ge=0.001, le=1_000, description="Speed; 1 is normal.")]
Rate = Annotated[float, Meta(ge=0, le=RATE_MAX, description="Per hour.")]
Hours = Annotated[tuple[Factor, ...], Meta(min_length=24, max_length=24)]
Clock = Annotated[
    str, Meta(pattern=r"^([01][0-9]|2[0-3]):[0-5][0-9]\Z", description="HH:MM, local time.")
]
Moment = Annotated[
    str,
    Meta(
        pattern=r"^[0-9]{1,4} ([01][0-9]|2[0-3]):[0-5][0-9]\Z",
        description='Day of the run from 0 and time in the world\'s zone: "1 09:30".',
    ),
]


class Law(Body, frozen=True, kw_only=True):
    """A law of durations; which fields it takes depends on `kind`."""

    kind: Literal["fixed", "exponential", "lognormal", "uniform", "erlang", "empirical", "hazard"]
    value_s: Annotated[Seconds | None, Meta(description="fixed: always so long.")] = None
    mean_s: Annotated[Mean | None, Meta(description="exponential, lognormal, erlang.")] = None
    median_s: Annotated[Mean | None, Meta(description="lognormal, instead of the mean.")] = None
    log_sd: (
        Annotated[float, Meta(ge=0, le=10, description="lognormal: standard deviation of the log.")]
        | None
    ) = None
    phases: Annotated[int, Meta(ge=1, le=64, description="erlang: its shape.")] | None = None
    low_s: Annotated[Seconds | None, Meta(description="uniform: from.")] = None
    high_s: Annotated[Seconds | None, Meta(description="uniform: to.")] = None
    values_s: Annotated[
        tuple[Seconds, ...], Meta(max_length=10_000, description="empirical: rising quantiles.")
    ] = ()
    shares: Annotated[
        tuple[Share, ...],
        Meta(max_length=10_000, description="empirical: where they lie, 0 to 1; evenly if absent."),
    ] = ()
    from_s: Annotated[
        tuple[Seconds, ...], Meta(max_length=1_000, description="hazard: where each rate begins.")
    ] = ()
    per_minute: Annotated[
        tuple[Annotated[float, Meta(ge=0, le=1e6)], ...],
        Meta(max_length=1_000, description="hazard: rate per minute from there on."),
    ] = ()
    zero: Annotated[Share, Meta(description="Share that takes no time at all.")] = 0.0
    by_hour: Annotated[
        Hours | None,
        Meta(
            description="Factor for each hour of the day, by the world's clock as it is at first."
        ),
    ] = None


class Time(Body, frozen=True, kw_only=True):
    """When the world plays, and what it counts."""

    start: Annotated[date, Meta(description="First day, YYYY-MM-DD.")] = date(2026, 3, 2)
    days: Annotated[float, Meta(gt=0, le=DAYS_MAX, description="How long customers arrive.")] = 1.0
    begin: Annotated[Clock, Meta(description="When the first day begins.")] = "00:00"
    time_zone: Annotated[TimeZone, Meta(description="Of hours that no region has.")] = "UTC"
    clear_s: Annotated[
        Seconds, Meta(description="How long afterwards those still there are served at most.")
    ] = 4 * 3600.0
    warm_up_s: Annotated[Seconds, Meta(description="Left out of the measures.")] = 0.0
    slot_s: Annotated[float, Meta(ge=1, le=SECONDS_MAX, description="What is summed up apart.")] = (
        3600.0
    )


class Arrivals(Body, frozen=True, kw_only=True):
    """A Poisson process whose rate depends on the hour, the weekday and how busy the day is."""

    per_hour: Annotated[Rate | None, Meta(description="The same at all hours.")] = None
    by_hour: (
        Annotated[
            tuple[Rate, ...],
            Meta(max_length=96, description="24 rates per hour, or 48 or 96 for shorter slots."),
        ]
        | None
    ) = None
    by_weekday: (
        Annotated[tuple[Factor, ...], Meta(min_length=7, max_length=7, description="From Monday.")]
        | None
    ) = None
    busyness: Annotated[Ref | None, Meta(description="Days vary by this.")] = None


class Busyness(Body, frozen=True, kw_only=True):
    """A factor for each day, gamma with mean 1, the same for all kinds of ticket that name it."""

    shape: Annotated[float, Meta(gt=0, le=1e9, description="Variance is 1 / shape.")]


class Burst(Body, frozen=True, kw_only=True):
    """A time with more arrivals, or fewer: at a moment, or so often by chance."""

    tickets: Annotated[tuple[Ref, ...], Meta(description="Kinds of ticket; empty: all.")] = ()
    factor: Factor
    lasts_s: Mean
    at: Moment | None = None
    per_week: Annotated[float, Meta(gt=0, le=10_000, description="By chance.")] | None = None


class Again(Body, frozen=True, kw_only=True):
    """Customers who come again."""

    share: Share
    delay: Law
    most: Annotated[int, Meta(ge=1, le=1_000_000)] = 10


class Transfer(Body, frozen=True, kw_only=True):
    """A share of the tickets that go on to others when the work here is done."""

    to: Annotated[Ref, Meta(description="The kind of ticket it becomes.")]
    share: Share


class Ticket(Body, frozen=True, kw_only=True):
    """A kind of ticket: what it asks for, how often it comes, how long it takes and waits."""

    queue: Ref
    channel: Ref
    arrivals: Annotated[Arrivals | None, Meta(description="Absent: by transfer only.")] = None
    work: Law
    wrap_up: Law | None = None
    patience: Annotated[Law | None, Meta(description="Absent: they wait for ever.")] = None
    priority: Priority | None = None
    language: Language | None = None
    region: Ref | None = None
    groups: Groups = ()
    requirements: Requirements = ()
    relax: Relax | None = None
    sla: Sla | None = None
    ttl_s: Annotated[Mean | None, Meta(description="Expires unanswered after so long.")] = None
    redial: Annotated[Again | None, Meta(description="After giving up or a busy line.")] = None
    reopen: Annotated[Again | None, Meta(description="After being served.")] = None
    transfers: tuple[Transfer, ...] = ()
    messages: Annotated[Law | None, Meta(description="Time between messages of a talk.")] = None


class Break(Body, frozen=True, kw_only=True):
    """A break in a shift, staggered over the team."""

    at: Clock
    lasts_s: Mean
    spread_s: Annotated[Seconds, Meta(description="The last of the team goes so much later.")] = 0.0


class Absence(Body, frozen=True, kw_only=True):
    """Time on shift that agents are not there for reasons nobody plans."""

    share: Annotated[float, Meta(ge=0, lt=1, description="Of the time on shift.")]
    lasts_s: Annotated[Mean, Meta(description="Mean length of one absence.")] = 600.0


class Acceptance(Body, frozen=True, kw_only=True):
    """How agents answer offers; channels that accept by themselves do not ask."""

    delay: Law | None = None
    decline: Share = 0.0
    miss: Annotated[Share, Meta(description="Share left unanswered until the offer expires.")] = 0.0
    back: Annotated[Law, Meta(description="Time away after being sent away for not answering.")] = (
        Law(kind="fixed", value_s=300.0)
    )


class Learning(Body, frozen=True, kw_only=True):
    """Agents get faster: the work of the first ticket takes `first` times as long."""

    first: Annotated[float, Meta(gt=0, le=100)]
    tickets: Annotated[float, Meta(gt=0, le=1e6, description="After so many 63 % is learned.")]


class Team(Body, frozen=True, kw_only=True):
    """Agents who are alike; the first is `TEAM-1`."""

    count: Annotated[int, Meta(ge=1, le=AGENTS_MAX)]
    groups: tuple[Ref, ...] = ()
    queues: tuple[Ref, ...] | None = None
    region: Ref | None = None
    skills: dict[Ref, Level] = {}
    languages: dict[str, Level] = {}
    units: Annotated[int, Meta(ge=1, le=1_000_000)] = 4
    channels: dict[Ref, AgentChannel] = {}
    shift: Annotated[Ref | None, Meta(description="A calendar; absent: always there.")] = None
    staffing: Annotated[
        tuple[Annotated[int, Meta(ge=0)], ...],
        Meta(
            max_length=10_000,
            description="How many are there in each `staffing_s`; idle ones go first. Whole days begin anew "
            "when they are over; else the last holds.",
        ),
    ] = ()
    staffing_s: Annotated[float, Meta(ge=1, le=SECONDS_MAX, description="Seconds, from 1 on.")] = (
        3600.0
    )
    breaks: tuple[Break, ...] = ()
    absence: Absence | None = None
    sick: Annotated[Share, Meta(description="Share of the shifts that an agent is ill.")] = 0.0
    speed: Speed = 1.0
    speed_log_sd: Annotated[float, Meta(ge=0, le=5, description="How agents differ.")] = 0.0
    speed_by_ticket: Annotated[dict[Ref, Speed], Meta(description="By kind of ticket.")] = {}
    speed_by_level: (
        Annotated[
            tuple[Speed, ...],
            Meta(min_length=5, max_length=5, description="By level in the first skill asked for."),
        ]
        | None
    ) = None
    speed_at_once: Annotated[
        tuple[Speed, ...],
        Meta(
            max_length=64, description="Of each of 1, 2, 3 ... tickets at once; empty: no slower."
        ),
    ] = ()
    learning: Learning | None = None
    acceptance: Acceptance = Acceptance()


class Network(Body, frozen=True, kw_only=True):
    """The way between a region and the router, one direction: a least time, and an exponential more."""

    latency_s: Seconds = 0.0
    jitter_s: Annotated[Seconds, Meta(description="Mean of what comes on top.")] = 0.0


class Outage(Body, frozen=True, kw_only=True):
    """A region is cut off: its agents are lost, its customers come at another rate."""

    region: Ref
    at: Moment
    lasts_s: Mean
    arrivals: Annotated[Factor, Meta(description="Meanwhile, of the region's customers.")] = 0.0
    after: Annotated[Factor, Meta(description="As long again afterwards.")] = 1.0


class Change(Body, frozen=True, kw_only=True):
    """A change of the schedule: a team comes, goes or pauses at a moment, whatever its shift."""

    at: Moment
    team: Ref
    presence: Literal["available", "away", "offline", "draining"]
    count: Annotated[int, Meta(ge=1, description="Only the first so many.")] | None = None


class Lines(Body, frozen=True, kw_only=True):
    """When callers of a queue find the line busy."""

    waiting_max: Annotated[int, Meta(ge=1, le=1_000_000, description="Waiting.")] | None = None
    lines_max: (
        Annotated[int, Meta(ge=1, le=1_000_000, description="Waiting or being served.")] | None
    ) = None


class Prices(Body, frozen=True, kw_only=True):
    """Agents' time is priced by forecast, under the world's own policy."""

    every_s: Annotated[
        float, Meta(ge=60.0, le=604_800.0, description="Prices are set so often, from 60 s on.")
    ] = 1_800.0


class World(Body, frozen=True, kw_only=True):
    """A whole world."""

    format: Annotated[int, Meta(ge=1, le=1, description="Of this description: 1.")]
    name: Ref
    about: Annotated[str, Meta(max_length=10_000)] = ""
    sources: Annotated[tuple[str, ...], Meta(description="Where its numbers come from.")] = ()
    assumptions: Annotated[tuple[str, ...], Meta(description="What nobody measured.")] = ()
    time: Time = Time()
    policy: PolicyBody = PolicyBody(retention_s=1.0)
    prices: Annotated[Prices | None, Meta(description="Absent: nobody prices time.")] = None
    skills: dict[Ref, SkillBody] = {}
    groups: dict[Ref, GroupBody] = {}
    channels: dict[Ref, ChannelBody] = {}
    calendars: dict[Ref, CalendarBody] = {}
    regions: dict[Ref, RegionBody] = {}
    queues: Annotated[dict[Ref, QueueBody], Meta(min_length=1)]
    lines: dict[Ref, Lines] = {}
    network: dict[Ref, Network] = {}
    busyness: dict[Ref, Busyness] = {}
    tickets: Annotated[dict[Ref, Ticket], Meta(min_length=1, max_length=4_096)]
    agents: Annotated[dict[Ref, Team], Meta(min_length=1)]
    bursts: tuple[Burst, ...] = ()
    outages: tuple[Outage, ...] = ()
    changes: tuple[Change, ...] = ()


class ShippedWorld(msgspec.Struct, frozen=True):
    """A world that comes with the program."""

    name: str
    about: str
