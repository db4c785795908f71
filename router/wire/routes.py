"""The route table: every path the server serves, from which all else is derived.

HTTP routes, the OpenAPI document, scopes, rate limits, the client and the tests read this table.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from msgspec import Struct

from router.wire import agents, decisions, events, health, policies, registry, statistics
from router.wire.route import Route, reading
from router.wire.signal_routes import SIGNAL_ROUTES
from router.wire.work_routes import WORK_ROUTES

__all__ = ["BY_NAME", "ROUTES"]


def _registry(family: str, body: type[Struct], item: type, page: type) -> tuple[Route, ...]:
    """Return the four routes of a resource of the floor."""
    path, one = f"/v1/{family}/{{id}}", item.__name__.lower()
    write: Mapping[str, Any] = {"path": path, "scope": "config:write", "is_conditional": True}
    return (
        reading(
            f"{family}.list",
            f"/v1/{family}",
            page,
            "config:read",
            f"List {family}.",
            query=registry.PageQuery,
        ),
        reading(f"{family}.get", path, item, "config:read", f"Read a {one}.", is_conditional=True),
        Route(
            name=f"{family}.put",
            method="PUT",
            summary=f"Create or replace a {one}.",
            body=body,
            reply=item,
            statuses=(200, 201),
            refusals=("limit_reached",),
            **write,
        ),
        Route(
            name=f"{family}.delete",
            method="DELETE",
            summary=f"Remove a {one} that nothing refers to.",
            reply=None,
            statuses=(204,),
            refusals=("in_use",),
            **write,
        ),
    )


_REGISTRY = (
    *_registry("skills", registry.SkillBody, registry.Skill, registry.SkillsPage),
    *_registry("groups", registry.GroupBody, registry.Group, registry.GroupsPage),
    *_registry("channels", registry.ChannelBody, registry.Channel, registry.ChannelsPage),
    *_registry("calendars", registry.CalendarBody, registry.Calendar, registry.CalendarsPage),
    *_registry("regions", registry.RegionBody, registry.Region, registry.RegionsPage),
    *_registry("queues", registry.QueueBody, registry.Queue, registry.QueuesPage),
    reading(
        "queues.statistics",
        "/v1/queues/{id}/statistics",
        statistics.QueueStatistics,
        "tickets:read",
        "Read how a queue does.",
    ),
    reading(
        "statistics.get",
        "/v1/statistics",
        statistics.Statistics,
        "tickets:read",
        "Read how the whole floor does.",
        weight=5,
    ),
)

_REVISION = "/v1/policies/{id}/revisions/{revision}"
_POLICIES = (
    reading(
        "policies.list",
        "/v1/policies",
        policies.PoliciesPage,
        "config:read",
        "List policies.",
        query=registry.PageQuery,
    ),
    reading(
        "policies.get",
        "/v1/policies/{id}",
        policies.Policy,
        "config:read",
        "Read which revisions a policy has.",
        is_conditional=True,
    ),
    Route(
        name="policies.rollback",
        method="POST",
        path="/v1/policies/{id}:rollback",
        summary="Activate the revision that was at work before.",
        scope="policies:write",
        body=agents.NoBody,
        reply=policies.Policy,
        is_conditional=True,
        refusals=("state_conflict",),
    ),
    reading(
        "revisions.get",
        _REVISION,
        policies.PolicyRevision,
        "config:read",
        "Read a revision of a policy.",
    ),
    Route(
        name="revisions.put",
        method="PUT",
        path=_REVISION,
        summary="Make a revision; once made it never changes.",
        scope="policies:write",
        body=policies.PolicyBody,
        reply=policies.PolicyRevision,
        statuses=(200, 201),
        refusals=("state_conflict", "limit_reached"),
    ),
    Route(
        name="revisions.validate",
        method="POST",
        path=f"{_REVISION}:validate",
        summary="Say what speaks against activating a revision.",
        scope="policies:write",
        body=agents.NoBody,
        reply=policies.Validation,
        is_query=True,
    ),
    Route(
        name="revisions.activate",
        method="POST",
        path=f"{_REVISION}:activate",
        summary="Put a revision to work.",
        scope="policies:write",
        body=agents.NoBody,
        reply=policies.PolicyRevision,
        refusals=("state_conflict",),
    ),
)

_HISTORY = (
    reading(
        "decisions.get",
        "/v1/decisions/{id}",
        decisions.Decision,
        "decisions:read",
        "Read a decision, explained.",
        weight=5,
    ),
    Route(
        name="decisions.explain",
        method="POST",
        path="/v1/decisions:explain",
        summary="Explain a ticket as things are now: why not this agent?",
        scope="decisions:read",
        body=decisions.ExplainBody,
        reply=decisions.Explanation,
        is_query=True,
        weight=5,
        refusals=("unknown_resource",),
    ),
    reading(
        "events.list",
        "/v1/events",
        events.EventsPage,
        "events:read",
        "Read events in order, as a page or as server-sent events.",
        query=events.EventsQuery,
        media="text/event-stream",
        refusals=("events_gone", "too_many_connections"),
    ),
    reading(
        "stream.open",
        "/v1/stream",
        None,
        "events:read",
        "Open a WebSocket: events out, calls in.",
        statuses=(101,),
        refusals=("upgrade_required", "too_many_connections"),
    ),
)

_OPERATIONS = (
    reading("livez.get", "/livez", health.Liveness, None, "Tell whether the server lives."),
    reading(
        "readyz.get",
        "/readyz",
        health.Readiness,
        None,
        "Tell whether the server takes requests.",
        refusals=("not_ready",),
    ),
    reading(
        "metrics.get",
        "/metrics",
        None,
        "admin",
        "Read metrics as Prometheus does.",
        media="text/plain",
    ),
    reading("openapi.get", "/openapi.json", dict, None, "Read this interface as OpenAPI 3.1."),
)

ROUTES: tuple[Route, ...] = (
    *WORK_ROUTES,
    *_REGISTRY,
    *_POLICIES,
    *SIGNAL_ROUTES,
    *_HISTORY,
    *_OPERATIONS,
)
"""Every route, in the order of the documentation."""
BY_NAME: MappingProxyType[str, Route] = MappingProxyType({route.name: route for route in ROUTES})
"""Every route by its name."""
