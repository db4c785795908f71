"""What a log tells about resolvers, groups and locations, as counts to build a floor from."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from types import MappingProxyType

from router.incidents.read import Incident

HOURS_PER_DAY = 24
DAYS_PER_WEEK = 7
ATTENDANCE_DAYS = 3
"""A resolver counts as at work on a day when it resolved something at most so many days from it."""

Counts = Mapping[str, int]
NO_COUNTS: Counts = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Resolver:
    """Who resolved incidents: what kind, for which groups, and when, in the log's own clock."""

    label: str
    incidents: int
    categories: Counts
    groups: Counts
    """Incidents resolved by the last group each had."""
    hours: tuple[int, ...]
    """Incidents resolved in each hour of the day, 24 counts."""
    weekdays: tuple[int, ...]
    """Incidents resolved on each weekday, Monday first, 7 counts."""
    days: frozenset[date]
    """The days on which it resolved anything."""

    def attends(self, day: date) -> bool:
        """Tell whether the resolver resolved anything within `ATTENDANCE_DAYS` of this day."""
        span = range(-ATTENDANCE_DAYS, ATTENDANCE_DAYS + 1)
        return any(day + timedelta(days=offset) in self.days for offset in span)


@dataclass(frozen=True, slots=True)
class Group:
    """An assignment group: how many incidents it got first, and what it had last, by category."""

    label: str
    first: int
    categories: Counts

    @property
    def last(self) -> int:
        """Return how many incidents had this group last."""
        return sum(self.categories.values())


@dataclass(frozen=True, slots=True)
class Location:
    """A place callers are at: how many incidents it opened in each hour of the day, 24 counts."""

    label: str
    hours: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class History:
    """The counts of a whole log, each sequence ordered by label."""

    incidents: int
    resolvers: tuple[Resolver, ...]
    groups: tuple[Group, ...]
    locations: tuple[Location, ...]
    categories: tuple[str, ...]
    """Every category an incident was opened or closed with."""


def label_order(label: str) -> tuple[int, str]:
    """Order labels as numbers where they are numbers, so that 9 comes before 10."""
    return (int(label) if label.isdecimal() else 1 << 30, label)


def gather(incidents: Iterable[Incident]) -> History:
    """Count what these incidents say about resolvers, groups and locations."""
    known = tuple(incidents)
    by_resolver: dict[str, list[Incident]] = {}
    first_groups: Counter[str] = Counter()
    group_categories: dict[str, Counter[str]] = {}
    location_hours: dict[str, Counter[int]] = {}
    for each in known:
        if each.resolved_by:
            by_resolver.setdefault(each.resolved_by, []).append(each)
        if each.groups:
            first_groups[each.groups[0]] += 1
            kinds = group_categories.setdefault(each.groups[-1], Counter())
            kinds[each.category or ""] += 1
        if each.location:
            location_hours.setdefault(each.location, Counter())[each.opened.hour] += 1
    opened_or_closed = ((each.first_category, each.category) for each in known)
    categories = {label for pair in opened_or_closed for label in pair if label}
    group_labels = sorted(first_groups.keys() | group_categories.keys(), key=label_order)
    return History(
        incidents=len(known),
        resolvers=tuple(
            _resolver(label, by_resolver[label]) for label in sorted(by_resolver, key=label_order)
        ),
        groups=tuple(
            Group(label, first_groups[label], counted(group_categories.get(label, ())))
            for label in group_labels
        ),
        locations=tuple(
            Location(label, spread(location_hours[label], HOURS_PER_DAY))
            for label in sorted(location_hours, key=label_order)
        ),
        categories=tuple(sorted(categories, key=label_order)),
    )


def counted(values: Iterable[str]) -> Counts:
    """Count the labels that are not empty, the most frequent first and equal ones by label."""
    pairs = Counter(values).items()
    kept = [(label, count) for label, count in pairs if label]
    return MappingProxyType(dict(sorted(kept, key=lambda pair: (-pair[1], label_order(pair[0])))))


def spread(counts: Mapping[int, int], size: int) -> tuple[int, ...]:
    """Return the counts of 0 .. size - 1 as a tuple."""
    return tuple(counts.get(place, 0) for place in range(size))


def _resolver(label: str, incidents: Sequence[Incident]) -> Resolver:
    instants = [each.resolved for each in incidents if each.resolved]
    return Resolver(
        label=label,
        incidents=len(incidents),
        categories=counted(each.category or "" for each in incidents),
        groups=counted(each.groups[-1] if each.groups else "" for each in incidents),
        hours=spread(Counter(at.hour for at in instants), HOURS_PER_DAY),
        weekdays=spread(Counter(at.weekday() for at in instants), DAYS_PER_WEEK),
        days=frozenset(at.date() for at in instants),
    )
