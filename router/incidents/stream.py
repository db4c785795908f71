"""Make the timed stream of calls: tickets as incidents were opened, and who comes and goes."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Final

from router.incidents import assumptions as assumed
from router.incidents.assumptions import Choices
from router.incidents.draws import Draws
from router.incidents.floor import (
    Body,
    Families,
    agent_id,
    agent_shifts,
    families,
    group_id,
    location_regions,
    skill_id,
)
from router.incidents.history import History, Resolver
from router.incidents.read import Incident
from router.incidents.shifts import Shift

US_PER_SECOND: Final = 1_000_000
HANDLE_ATTRIBUTE: Final = "assumed_handle_s"
"""Attribute of a ticket that says how long its work is assumed to take, in seconds."""
AVAILABLE: Final[Body] = {"presence": "available"}
DRAINING: Final[Body] = {"presence": "draining"}

RELAX_GROUP_S, RELAX_LEVEL_S, RELAX_LANGUAGE_S, RELAX_SKILL_S = 120, 600, 1800, 3600


@dataclass(frozen=True, slots=True)
class Timed:
    """One call at its time, in microseconds from the start of the stream."""

    at_us: int
    call: str
    id: str
    body: Body


@dataclass(frozen=True, slots=True)
class Stream:
    """Calls in order of time, and the instant of the log's clock at which they start."""

    starts_at: datetime
    calls: tuple[Timed, ...]


def opened_on(incidents: Iterable[Incident], day: date) -> tuple[Incident, ...]:
    """Return the incidents opened on one day."""
    return tuple(each for each in incidents if each.opened.date() == day)


def busiest_weekday(incidents: Iterable[Incident]) -> date:
    """Return the Monday-to-Friday day with most incidents opened, the earliest of equal ones.

    Raises
    ------
    ValueError
        When no incident was opened on such a day.
    """
    counts: dict[date, int] = {}
    for each in incidents:
        day = each.opened.date()
        if day.weekday() < 5:
            counts[day] = counts.get(day, 0) + 1
    if not counts:
        raise ValueError("incidents: got none opened on a weekday, expected at least one")
    return min(counts, key=lambda day: (-counts[day], day))


def build_stream(
    incidents: Sequence[Incident], history: History, choices: Choices | None = None
) -> Stream:
    """Build the stream of all days these incidents were opened on, from the first midnight on.

    Pass the incidents of one day for the stream of that day. Presence follows the estimated
    shift on days on which the log shows the resolver at work (see `Resolver.attends`).

    Raises
    ------
    ValueError
        When there is no incident.
    """
    if not incidents:
        raise ValueError("incidents: got none, expected at least one")
    choices = choices or Choices()
    days = sorted({each.opened.date() for each in incidents})
    starts_at = datetime.combine(days[0], time(tzinfo=UTC))
    tickets = _Tickets(families(history), location_regions(history), _resolving(history), choices)
    calls = [*_presence(history, days, starts_at)]
    calls += (tickets.put(each, starts_at) for each in incidents)
    # At the same instant people come before tickets do: their call is the first by name.
    calls.sort(key=lambda each: (each.at_us, each.call, each.id))
    return Stream(starts_at, tuple(calls))


def _resolving(history: History) -> dict[str, frozenset[str]]:
    """Return by group the categories its members resolve."""
    members: dict[str, set[str]] = {}
    for resolver in history.resolvers:
        for group in resolver.groups:
            members.setdefault(group, set()).update(resolver.categories)
    return {group: frozenset(categories) for group, categories in members.items()}


def _presence(history: History, days: Sequence[date], starts_at: datetime) -> Iterator[Timed]:
    shifts = agent_shifts(history)
    # The night before the first day reaches into it.
    nights = [days[0] - timedelta(days=1), *days]
    for resolver in history.resolvers:
        for opens, closes in _spells(resolver, shifts[resolver.label], nights, starts_at):
            agent = agent_id(resolver.label)
            yield Timed(_us(opens - starts_at), PRESENCE_CALL, agent, AVAILABLE)
            yield Timed(_us(closes - starts_at), PRESENCE_CALL, agent, DRAINING)


PRESENCE_CALL: Final = "agents.presence"


def _spells(
    resolver: Resolver, shift: Shift, days: Sequence[date], starts_at: datetime
) -> Iterator[tuple[datetime, datetime]]:
    for day in days:
        if day.weekday() in shift.days and resolver.attends(day):
            opens = datetime.combine(day, time(shift.opens, tzinfo=UTC))
            closes = opens + timedelta(hours=shift.hours)
            if closes > starts_at:
                yield max(opens, starts_at), closes


def _us(span: timedelta) -> int:
    return span // timedelta(microseconds=1)


@dataclass(frozen=True, slots=True)
class _Tickets:
    queue_of: Families
    regions: Mapping[str, str]
    resolving: Mapping[str, frozenset[str]]
    choices: Choices

    def put(self, incident: Incident, starts_at: datetime) -> Timed:
        # The log is exact to the minute; the second within it is assumed.
        second = Draws(self.choices.seed, "second_of_opening").uniform(incident.number) * 60
        at_us = _us(incident.opened - starts_at) + int(second * US_PER_SECOND)
        return Timed(at_us, "tickets.put", f"inc-{incident.number}", self.body(incident))

    def body(self, incident: Incident) -> Body:
        first_group = incident.groups[0] if incident.groups else None
        queue = self.queue_of.queue(first_group)
        category = incident.first_category
        body: dict[str, object] = {
            "queue": queue,
            "channel": assumed.CHANNELS.get(incident.contact, assumed.INCIDENT_CHANNEL),
            "priority": assumed.PRIORITIES[incident.first_priority],
            "language": {
                "tag": self._language(incident),
                "min_level": assumed.LANGUAGE_LEVEL_MIN,
                "mode": "required",
            },
            "requirements": [],
            "sla": dict(assumed.SLA[incident.first_priority]),
        }
        # The front desk is one group, so naming it would say nothing that the queue does not.
        grouped = queue != assumed.FRONT_DESK and first_group in self.resolving
        if grouped and first_group:
            body["groups"] = [group_id(first_group)]
        if incident.location:
            body["region"] = self.regions.get(incident.location, assumed.REGION_CORE)
        if category:
            body["requirements"] = [_required(skill_id(category), 2)]
        body["relax"] = list(
            _relaxations(category, grouped=grouped, placed=bool(incident.location))
        )
        if incident.previous_resolver:
            body["preferred_agents"] = [_preferred(incident.previous_resolver)]
        if incident.caller:
            body["customer"] = f"caller-{incident.caller}"
        body["attributes"] = self._attributes(incident)
        return body

    def _language(self, incident: Incident) -> str:
        draws = Draws(self.choices.seed, "caller_language")
        return draws.choice(assumed.LANGUAGES, incident.caller or f"incident {incident.number}")

    def _handle_s(self, incident: Incident) -> float:
        draws = Draws(self.choices.seed, "handle")
        drawn = draws.lognormal(
            self.choices.handle_median_s, self.choices.handle_log_sd, incident.number
        )
        # Tenths of a second: no difference between two machines' exp() gets through the rounding.
        return round(min(max(drawn, assumed.HANDLE_MIN_S), assumed.HANDLE_MAX_S), 1)

    def _attributes(self, incident: Incident) -> dict[str, str]:
        real = {
            "opened_at": incident.opened.strftime("%Y-%m-%dT%H:%MZ"),
            "contact_type": incident.contact,
            "category": incident.first_category,
            "resolved_category": incident.category,
            "subcategory": incident.subcategory,
            "location": incident.location,
            "first_group": incident.groups[0] if incident.groups else None,
            "resolved_group": incident.groups[-1] if incident.groups else None,
            "resolved_by": incident.resolved_by,
            "reassigned": str(incident.reassignment_count),
            "reopened": str(incident.reopen_count),
            "made_sla": "true" if incident.made_sla else "false",
        }
        known = {name: value for name, value in real.items() if value}
        return known | {HANDLE_ATTRIBUTE: str(self._handle_s(incident))}


def _required(skill: str, level: int) -> Body:
    return {"skill": skill, "min_level": level, "mode": "required", "weight": 1.0}


def _preferred(resolver: str) -> Body:
    return {
        "agent": agent_id(resolver),
        "weight": assumed.PREFERRED_WEIGHT,
        "ttl_s": assumed.PREFERRED_TTL_S,
    }


def _relaxations(category: str | None, *, grouped: bool, placed: bool) -> Iterator[Body]:
    """Yield the steps that free something; any agent of the queue will do at the end."""
    if grouped or placed:
        step: dict[str, object] = {"after_s": RELAX_GROUP_S}
        if grouped:
            step["groups_any"] = True
        if placed:
            step["region_any"] = True
        yield step
    if category:
        yield {"after_s": RELAX_LEVEL_S, "min_level": {skill_id(category): 1}}
    yield {"after_s": RELAX_LANGUAGE_S, "language_drop": True}
    if category:
        yield {"after_s": RELAX_SKILL_S, "drop": [skill_id(category)]}
