"""The routes of the work itself: tickets, agents, offers and assignments."""

from msgspec import Struct

from router.wire import agents, decisions, offers, registry, similar
from router.wire import signals as s
from router.wire import tickets as t
from router.wire.route import BATCH_BYTES_MAX, Route, reading

__all__ = ["WORK_ROUTES"]


def _ticket_verb(verb: str, body: type[Struct], summary: str, *refusals: str) -> Route:
    return Route(
        name=f"tickets.{verb}",
        method="POST",
        path=f"/v1/tickets/{{id}}:{verb}",
        summary=summary,
        scope="tickets:write",
        body=body,
        reply=t.Ticket,
        is_conditional=True,
        refusals=("state_conflict", *refusals),
    )


def _work_verb(family: str, verb: str, body: type[Struct], reply: type, summary: str) -> Route:
    return Route(
        name=f"{family}.{verb}",
        method="POST",
        path=f"/v1/{family}/{{id}}:{verb}",
        summary=summary,
        scope="offers:accept",
        body=body,
        reply=reply,
        refusals=("offer_not_open",) if family == "offers" else ("state_conflict",),
    )


_TICKETS = (
    reading(
        "tickets.list",
        "/v1/tickets",
        t.TicketsPage,
        "tickets:read",
        "List tickets.",
        query=t.TicketsQuery,
        weight=5,
    ),
    reading(
        "tickets.get",
        "/v1/tickets/{id}",
        t.Ticket,
        "tickets:read",
        "Read a ticket.",
        is_conditional=True,
    ),
    Route(
        name="tickets.put",
        method="PUT",
        path="/v1/tickets/{id}",
        summary="Create a ticket, or replace what it asks for.",
        scope="tickets:write",
        body=t.TicketBody,
        reply=t.Ticket,
        body_bytes_max=BATCH_BYTES_MAX,
        statuses=(200, 201),
        is_conditional=True,
        refusals=("state_conflict", "limit_reached"),
    ),
    Route(
        name="tickets.patch",
        method="PATCH",
        path="/v1/tickets/{id}",
        summary="Change what a ticket asks for (JSON merge patch).",
        scope="tickets:write",
        body=t.TicketPatch,
        reply=t.Ticket,
        body_bytes_max=BATCH_BYTES_MAX,
        is_conditional=True,
        refusals=("state_conflict",),
    ),
    Route(
        name="tickets.batch",
        method="POST",
        path="/v1/tickets:batch",
        summary="Create or replace up to 1,000 tickets; each is done or refused by itself.",
        scope="tickets:write",
        body=t.TicketsBatch,
        reply=t.BatchReply,
        body_bytes_max=BATCH_BYTES_MAX,
        weight_per_item=1,
    ),
    _ticket_verb("cancel", t.CancelBody, "Take a ticket back."),
    _ticket_verb("abandon", agents.NoBody, "Say that the customer left."),
    _ticket_verb("requeue", agents.NoBody, "Put a ticket back into its queue, with its age."),
    _ticket_verb("transfer", t.TransferBody, "Send a ticket elsewhere, with its age."),
    _ticket_verb("escalate", t.EscalateBody, "Raise a ticket's priority and what it asks for."),
    _ticket_verb("suspend", t.SuspendBody, "Put a ticket aside, until an instant or for good."),
    _ticket_verb("resume", agents.NoBody, "Take up a suspended ticket."),
    _ticket_verb(
        "assign",
        t.AssignBody,
        "Give a ticket to an agent by hand.",
        "capacity_exceeded",
        "not_eligible",
    ),
    _ticket_verb("reply", t.ReplyBody, "Say that the agent or the customer wrote."),
    _ticket_verb("correct", s.CorrectBody, "Say what a ticket's signals are in truth."),
    _ticket_verb("inform", s.InformBody, "Say what a model of your own found in its message."),
    reading(
        "tickets.position",
        "/v1/tickets/{id}/position",
        t.Position,
        "tickets:read",
        "Read a ticket's position and estimated wait.",
    ),
    reading(
        "tickets.similar",
        "/v1/tickets/{id}/similar",
        similar.Similar,
        "tickets:read",
        "Find solved tickets and articles like its message.",
        query=similar.SimilarQuery,
        weight=5,
        refusals=("state_conflict",),
    ),
    Route(
        name="tickets.erase",
        method="DELETE",
        path="/v1/tickets/{id}/message",
        summary="Erase what is kept of its message for finding similar ones, also when the ticket is gone.",
        scope="tickets:write",
        reply=None,
        statuses=(204,),
    ),
    reading(
        "tickets.decisions",
        "/v1/tickets/{id}/decisions",
        decisions.DecisionsPage,
        "decisions:read",
        "List the decisions about a ticket, explained.",
        query=registry.PageQuery,
        weight=5,
    ),
)

_AGENTS = (
    reading(
        "agents.list",
        "/v1/agents",
        agents.AgentsPage,
        "agents:read",
        "List agents.",
        query=agents.AgentsQuery,
        weight=5,
    ),
    reading(
        "agents.get",
        "/v1/agents/{id}",
        agents.Agent,
        "agents:read",
        "Read an agent.",
        is_conditional=True,
    ),
    Route(
        name="agents.put",
        method="PUT",
        path="/v1/agents/{id}",
        summary="Create or replace an agent; presence and work stay.",
        scope="agents:write",
        body=agents.AgentBody,
        reply=agents.Agent,
        statuses=(200, 201),
        is_conditional=True,
        refusals=("limit_reached",),
    ),
    Route(
        name="agents.patch",
        method="PATCH",
        path="/v1/agents/{id}",
        summary="Change an agent (JSON merge patch).",
        scope="agents:write",
        body=agents.AgentPatch,
        reply=agents.Agent,
        is_conditional=True,
    ),
    Route(
        name="agents.delete",
        method="DELETE",
        path="/v1/agents/{id}",
        summary="Remove an agent; what it holds goes back to its queues.",
        scope="agents:write",
        reply=None,
        statuses=(204,),
        is_conditional=True,
    ),
    Route(
        name="agents.presence",
        method="PUT",
        path="/v1/agents/{id}/presence",
        summary="Set whether an agent takes work.",
        scope="agents:write",
        body=agents.PresenceBody,
        reply=agents.Agent,
    ),
    Route(
        name="agents.heartbeat",
        method="POST",
        path="/v1/agents/{id}:heartbeat",
        summary="Say that an agent's desk is still connected.",
        scope="agents:write",
        body=agents.NoBody,
        reply=None,
        statuses=(204,),
    ),
    Route(
        name="agents.drain",
        method="POST",
        path="/v1/agents/{id}:drain",
        summary="Let an agent finish what it holds, then go offline.",
        scope="agents:write",
        body=agents.NoBody,
        reply=agents.Agent,
        refusals=("state_conflict",),
    ),
    reading(
        "agents.offers",
        "/v1/agents/{id}/offers",
        offers.OffersPage,
        "agents:read",
        "List an agent's open offers.",
        query=registry.PageQuery,
    ),
)

_WORK = (
    reading("offers.get", "/v1/offers/{id}", offers.Offer, "agents:read", "Read an offer."),
    _work_verb("offers", "accept", agents.NoBody, offers.Offer, "Accept an offer."),
    _work_verb("offers", "decline", offers.DeclineBody, offers.Offer, "Decline an offer."),
    _work_verb("offers", "defer", offers.DeferBody, offers.Offer, "Decline an offer for a while."),
    reading(
        "assignments.get",
        "/v1/assignments/{id}",
        offers.Assignment,
        "agents:read",
        "Read an assignment.",
    ),
    _work_verb(
        "assignments", "wrap_up", agents.NoBody, offers.Assignment, "End the work, begin wrap-up."
    ),
    _work_verb(
        "assignments", "complete", offers.CompleteBody, offers.Assignment, "Finish an assignment."
    ),
    _work_verb(
        "assignments", "release", offers.ReleaseBody, offers.Assignment, "Give a ticket back."
    ),
)

WORK_ROUTES: tuple[Route, ...] = (*_TICKETS, *_AGENTS, *_WORK)
"""Rows of `ROUTES`."""
