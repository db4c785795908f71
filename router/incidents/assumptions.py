"""What the log does not say and we assume: literals with their reasons (docs/incidents.md)."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

SEED: Final = 498
"""Seed of every assumed draw; the number of the data set, so that nobody searches for a meaning."""

FRONT_DESK: Final = "desk"
OTHER_TEAMS: Final = "other"
FRONT_DESK_SHARE_MIN: Final = 0.25
"""A group that gets this share of all first assignments is the front desk."""
FAMILY_SHARE_MIN: Final = 0.01
"""Families with a smaller share of the incidents are joined to `other`."""

LEVELS: Final = ((100, 5), (30, 4), (10, 3), (3, 2), (1, 1))
"""Level of a skill by incidents of its category resolved: at least so many, this level."""
LEVEL_SHARE: Final = 0.25
"""A category with this share of what a resolver resolves counts one level more, up to 5."""

LANGUAGES: Final = (("pt-BR", 0.60), ("en", 0.25), ("es", 0.15))
"""Languages of callers and their shares. The log has no language; its authors work in Brazil."""
SPEAKERS: Final = (("pt-BR", 0.85), ("en", 0.65), ("es", 0.35))
"""Share of agents who speak each language; whoever would speak none speaks the first one."""
SPEAKER_LEVELS: Final = ((2, 0.15), (3, 0.25), (4, 0.30), (5, 0.30))
LANGUAGE_LEVEL_MIN: Final = 2

REGION_CORE, REGION_EARLY, REGION_NIGHT = "core", "early", "night"
REGION_SAMPLE_MIN: Final = 30
"""Fewer incidents than this say nothing about hours; the place or person counts as core."""
EARLY_HOURS: Final = range(3, 12)
EARLY_SHARE_MIN: Final = 0.75
NIGHT_HOURS: Final = (*range(18, 24), *range(6))
NIGHT_SHARE_MIN: Final = 0.40
REGION_DISTANCES: Final[Mapping[str, Mapping[str, int]]] = MappingProxyType(
    {
        REGION_CORE: MappingProxyType({REGION_EARLY: 40, REGION_NIGHT: 40}),
        REGION_EARLY: MappingProxyType({REGION_CORE: 40, REGION_NIGHT: 70}),
        REGION_NIGHT: MappingProxyType({REGION_CORE: 40, REGION_EARLY: 70}),
    }
)

SHIFT_SHARE: Final = 0.90
"""A shift is the shortest run of hours that holds this share of what a resolver resolved."""
SHIFT_HOURS_MIN, SHIFT_HOURS_MAX = 6, 12
SHIFT_SAMPLE_MIN: Final = 20
"""Resolvers with fewer incidents get the shift of the whole floor."""
SHIFT_DAY_SHARE_MIN: Final = 0.05

AGENT_UNITS: Final = 4
INCIDENT_CHANNEL: Final = "incident"
INCIDENT_BODY: Final[Mapping[str, object]] = MappingProxyType(
    {
        "cost": 4,
        "offer_ttl_s": 60,
        "wrap_up_s": 60,
        "label": "Incident taken by phone, worked on later",
    }
)
"""One incident at a time for an agent of four units: the assumed effort is hands-on time."""
CHANNELS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "Phone": INCIDENT_CHANNEL,
        "IVR": INCIDENT_CHANNEL,
        "Email": "email",
        "Self service": "task",
        "Direct opening": "task",
    }
)
"""Channel by `contact_type`; anything else is an incident."""

PRIORITIES: Final[Mapping[int, int]] = MappingProxyType({1: 9, 2: 7, 3: 5, 4: 3})
"""Our priority (0 lowest .. 9 highest) by the log's (1 critical .. 4 low)."""
SLA: Final[Mapping[int, Mapping[str, int]]] = MappingProxyType(
    {
        1: MappingProxyType({"first_response_s": 300, "resolution_s": 4 * 3600}),
        2: MappingProxyType({"first_response_s": 900, "resolution_s": 8 * 3600}),
        3: MappingProxyType({"first_response_s": 1800, "resolution_s": 24 * 3600}),
        4: MappingProxyType({"first_response_s": 7200, "resolution_s": 72 * 3600}),
    }
)
"""Targets by the log's priority. The log says only whether a target was met, not what it was."""
SERVICE_LEVEL: Final[Mapping[str, float]] = MappingProxyType({"target_s": 300, "share": 0.8})
OVERFLOW_AFTER_S: Final = 4 * 3600

HANDLE_MEDIAN_S: Final = 1800.0
HANDLE_LOG_SD: Final = 0.8
HANDLE_MIN_S, HANDLE_MAX_S = 60.0, 4 * 3600.0
"""The log's open-to-resolved time (median 22 h) is elapsed time, not effort, so effort is drawn.

Half an hour makes the front desk tight in the morning peak of the excerpt's day."""
PREFERRED_WEIGHT, PREFERRED_TTL_S = 0.5, 45


@dataclass(frozen=True, slots=True)
class Choices:
    """What a caller may vary: seed, assumed effort, and whether agents carry their shift."""

    seed: int = SEED
    handle_median_s: float = HANDLE_MEDIAN_S
    handle_log_sd: float = HANDLE_LOG_SD
    shifts: bool = True
    """Give each agent its shift as a calendar; no when the server's clock is not the log's."""
