"""Build the floor: skills, groups, regions, calendars, queues and agents out of a log's history."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from router.incidents import assumptions as assumed
from router.incidents.assumptions import Choices
from router.incidents.draws import Draws
from router.incidents.history import Group, History, Resolver, label_order
from router.incidents.shifts import Shift, floor_shift, region_of, shift_of

Body = Mapping[str, object]

CALL_ORDER: Final = (
    "skills.put",
    "groups.put",
    "channels.put",
    "calendars.put",
    "regions.put",
    "queues.put",
    "agents.put",
)
"""A resource may name resources of the calls before its own, and queues name the front desk."""


@dataclass(frozen=True, slots=True)
class Resource:
    """One resource to be put: the call, the id in its path, its body."""

    call: str
    id: str
    body: Body


@dataclass(frozen=True, slots=True)
class Floor:
    """What a server must know before the first ticket, in an order that names nothing unknown."""

    resources: tuple[Resource, ...]

    def of(self, call: str) -> tuple[Resource, ...]:
        """Return the resources of one call, as in `floor.of("agents.put")`."""
        return tuple(each for each in self.resources if each.call == call)


def skill_id(category: str) -> str:
    """Return the skill that stands for a category of the log."""
    return f"category-{category}"


def group_id(label: str) -> str:
    """Return the id of an assignment group of the log."""
    return f"group-{label}"


def agent_id(resolver: str) -> str:
    """Return the id of the agent that stands for a resolver of the log."""
    return f"resolver-{resolver}"


@dataclass(frozen=True, slots=True)
class Families:
    """Which queue each assignment group feeds."""

    queues: Mapping[str, str]
    """Queue id by group label."""

    def queue(self, group: str | None) -> str:
        """Return the queue of a group; what has none or an unknown one goes to the front desk."""
        return self.queues.get(group or "", assumed.FRONT_DESK)


def families(history: History) -> Families:
    """Join the assignment groups to families by what they mostly resolve.

    The group that gets at least a quarter of all first assignments is the front desk. Every other
    group belongs to the category most frequent among the incidents it had last; families with less
    than one percent of the incidents become one queue, `other`.
    """
    firsts = sum(group.first for group in history.groups)
    lasts = sum(group.last for group in history.groups)
    desks = [
        group.label
        for group in history.groups
        if group.first >= assumed.FRONT_DESK_SHARE_MIN * firsts
    ]
    volumes: dict[str, int] = {}
    kinds = {group.label: _kind(group) for group in history.groups if group.label not in desks}
    for group in history.groups:
        if group.label in kinds:
            volumes[kinds[group.label]] = volumes.get(kinds[group.label], 0) + group.last
    large = {kind for kind, volume in volumes.items() if volume >= assumed.FAMILY_SHARE_MIN * lasts}
    return Families(
        dict.fromkeys(desks, assumed.FRONT_DESK)
        | {
            label: f"team-{kind}" if kind in large and kind else assumed.OTHER_TEAMS
            for label, kind in kinds.items()
        }
    )


def _kind(group: Group) -> str:
    return next(iter(group.categories), "")


def build_floor(history: History, choices: Choices | None = None) -> Floor:
    """Build the floor that this history suggests, the same one for the same history and choices."""
    choices = choices or Choices()
    queue_of = families(history)
    shifts = agent_shifts(history)
    resources = [
        *(
            _put("skills.put", skill_id(each), {"label": f"Category {each}"})
            for each in history.categories
        ),
        *(
            _put("groups.put", group_id(group.label), {"label": f"Assignment group {group.label}"})
            for group in history.groups
        ),
        _put("channels.put", assumed.INCIDENT_CHANNEL, dict(assumed.INCIDENT_BODY)),
        *_calendars(shifts.values() if choices.shifts else ()),
        *_regions(),
        *_queues(queue_of, history),
        *(_agent(each, queue_of, shifts[each.label], choices) for each in history.resolvers),
    ]
    return Floor(tuple(resources))


def agent_shifts(history: History) -> dict[str, Shift]:
    """Estimate each resolver's shift, by label."""
    whole = floor_shift(history.resolvers)
    return {each.label: shift_of(each.hours, each.weekdays, whole) for each in history.resolvers}


def location_regions(history: History) -> dict[str, str]:
    """Return the region of every location that keeps other hours than the core."""
    regions = {each.label: region_of(each.hours) for each in history.locations}
    return {label: region for label, region in regions.items() if region != assumed.REGION_CORE}


def level_of(count: int, total: int) -> int:
    """Return the level 1-5 of who resolved `count` incidents of a category out of `total`."""
    level = next(level for least, level in assumed.LEVELS if count >= least)
    much = level > 1 and count >= assumed.LEVEL_SHARE * total
    return min(level + much, 5)


def _put(call: str, resource_id: str, body: Body) -> Resource:
    return Resource(call, resource_id, body)


def _sorted(labels: Iterable[str]) -> list[str]:
    return sorted(labels, key=label_order)


def _calendars(shifts: Iterable[Shift]) -> list[Resource]:
    by_id = {shift.id: shift for shift in shifts}
    return [_put("calendars.put", name, by_id[name].calendar()) for name in sorted(by_id)]


def _regions() -> list[Resource]:
    # A distance holds both ways, so each region names only those before it, which exist already.
    named: list[str] = []
    found = []
    for region, distances in assumed.REGION_DISTANCES.items():
        known = {other: distances[other] for other in named}
        found.append(_put("regions.put", region, {"time_zone": "UTC", "distance": known}))
        named.append(region)
    return found


def _queues(queue_of: Families, history: History) -> list[Resource]:
    members: dict[str, list[str]] = {assumed.FRONT_DESK: []}
    for group in history.groups:
        members.setdefault(queue_of.queue(group.label), []).append(group.label)
    desk_first = sorted(members, key=lambda queue: (queue != assumed.FRONT_DESK, queue))
    return [_put("queues.put", queue, _queue(queue, members[queue])) for queue in desk_first]


def _queue(queue: str, groups: list[str]) -> Body:
    shown = ", ".join(groups[:8]) + (", ..." if len(groups) > 8 else "")
    overflow = {"queue": assumed.FRONT_DESK, "after_s": assumed.OVERFLOW_AFTER_S}
    return {
        "label": f"{queue}: assignment groups {shown}" if groups else queue,
        "sla": {**assumed.SLA[3], "warn_at": 0.8, "clock": "wall"},
        "service_level": dict(assumed.SERVICE_LEVEL),
        "overflow": None if queue == assumed.FRONT_DESK else overflow,
        "default_priority": assumed.PRIORITIES[3],
    }


def _agent(resolver: Resolver, queue_of: Families, shift: Shift, choices: Choices) -> Resource:
    # Nobody whose groups are all unknown is left without a queue: they help at the front desk.
    queues = sorted({queue_of.queue(group) for group in resolver.groups} or {assumed.FRONT_DESK})
    body: dict[str, object] = {
        "name": f"Resolver {resolver.label}",
        "kind": "human",
        "groups": [group_id(group) for group in _sorted(resolver.groups)],
        "queues": queues,
        "region": region_of(resolver.hours),
        "skills": {
            skill_id(category): level_of(resolver.categories[category], resolver.incidents)
            for category in _sorted(resolver.categories)
        },
        "languages": _languages(resolver.label, choices.seed),
        "units": assumed.AGENT_UNITS,
    }
    if choices.shifts:
        body["shift"] = shift.id
    return _put("agents.put", agent_id(resolver.label), body)


def _languages(label: str, seed: int) -> dict[str, int]:
    speaks, levels = Draws(seed, "agent_languages"), Draws(seed, "agent_language_levels")
    spoken = [
        tag for tag, share in assumed.SPEAKERS if speaks.uniform(f"{label} {tag}") < share
    ] or [assumed.SPEAKERS[0][0]]
    return {tag: levels.choice(assumed.SPEAKER_LEVELS, f"{label} {tag}") for tag in spoken}
