"""
The numbers that stand for states, commands, events, refusals and reasons.

They are written into journals: a number keeps its meaning for ever, and new ones are appended.
"""

from types import MappingProxyType
from typing import Final

# States of a ticket.
SCHEDULED, QUEUED, OFFERED, ASSIGNED, WRAPPING, SUSPENDED = 1, 2, 3, 4, 5, 6
COMPLETED, CANCELED, EXPIRED, ABANDONED = 7, 8, 9, 10
TICKET_STATES: Final = MappingProxyType(
    {
        SCHEDULED: "scheduled",
        QUEUED: "queued",
        OFFERED: "offered",
        ASSIGNED: "assigned",
        WRAPPING: "wrapping",
        SUSPENDED: "suspended",
        COMPLETED: "completed",
        CANCELED: "canceled",
        EXPIRED: "expired",
        ABANDONED: "abandoned",
    }
)

# States of a work: an offer, and the assignment that an accepted offer becomes.
PENDING, ACTIVE, WRAPUP = 1, 2, 3
WORK_STATES: Final = MappingProxyType({PENDING: "pending", ACTIVE: "active", WRAPUP: "wrapping"})

# Presence of an agent.
OFFLINE, AVAILABLE, AWAY, DRAINING = 0, 1, 2, 3
PRESENCES: Final = MappingProxyType(
    {OFFLINE: "offline", AVAILABLE: "available", AWAY: "away", DRAINING: "draining"}
)

HUMAN, BOT = 0, 1
AGENT_KINDS: Final = MappingProxyType({HUMAN: "human", BOT: "bot"})

# Commands: what a driver may say. The imperative names are the documentation's.
TICK = 1
SET_CHANNEL, SET_QUEUE, SET_PROFILE, SET_AGENT, REMOVE_AGENT, SET_POLICY, SET_PRICES, OPEN_QUEUE, SET_DISTANCE = (
    2, 3, 4, 5, 6, 7, 8, 9, 10,
)  # fmt: skip
NOTE_MODEL = 11
SET_PRESENCE, LOSE_AGENT, RETURN_AGENT = 16, 17, 18
ADD_TICKET, UPDATE_TICKET, CANCEL_TICKET, ABANDON_TICKET, REQUEUE_TICKET = 32, 33, 34, 35, 36
SUSPEND_TICKET, RESUME_TICKET, ASSIGN_TICKET, RECORD_REPLY = 37, 38, 39, 40
ACCEPT_OFFER, DECLINE_OFFER, REVOKE_OFFER = 48, 49, 50
WRAP_UP, COMPLETE, RELEASE = 56, 57, 58
APPLY_PLAN = 64
COMMANDS: Final = MappingProxyType(
    {
        TICK: "tick",
        SET_CHANNEL: "set_channel",
        SET_QUEUE: "set_queue",
        SET_PROFILE: "set_profile",
        SET_AGENT: "set_agent",
        REMOVE_AGENT: "remove_agent",
        SET_POLICY: "set_policy",
        SET_PRICES: "set_prices",
        OPEN_QUEUE: "open_queue",
        SET_DISTANCE: "set_distance",
        NOTE_MODEL: "note_model",
        SET_PRESENCE: "set_presence",
        LOSE_AGENT: "lose_agent",
        RETURN_AGENT: "return_agent",
        ADD_TICKET: "add_ticket",
        UPDATE_TICKET: "update_ticket",
        CANCEL_TICKET: "cancel_ticket",
        ABANDON_TICKET: "abandon_ticket",
        REQUEUE_TICKET: "requeue_ticket",
        SUSPEND_TICKET: "suspend_ticket",
        RESUME_TICKET: "resume_ticket",
        ASSIGN_TICKET: "assign_ticket",
        RECORD_REPLY: "record_reply",
        ACCEPT_OFFER: "accept_offer",
        DECLINE_OFFER: "decline_offer",
        REVOKE_OFFER: "revoke_offer",
        WRAP_UP: "wrap_up",
        COMPLETE: "complete",
        RELEASE: "release",
        APPLY_PLAN: "apply_plan",
    }
)

# Events: facts, in the past tense.
E_REFUSED = 1
(
    E_CHANNEL_SET, E_QUEUE_SET, E_PROFILE_SET, E_AGENT_SET, E_AGENT_REMOVED, E_POLICY_SET, E_PRICES_SET, E_QUEUE_OPENED,
    E_DISTANCE_SET,
) = (2, 3, 4, 5, 6, 7, 8, 9, 10)  # fmt: skip
E_MODEL_NOTED = 11
E_PRESENCE, E_AGENT_LOST, E_AGENT_RETURNED = 16, 17, 18
E_ADDED, E_QUEUED, E_RELAXED, E_UPDATED, E_SUSPENDED, E_REPLIED = 32, 33, 34, 35, 36, 37
E_CLOSED, E_FORGOTTEN, E_WARNED, E_BREACHED, E_HELD = 38, 39, 40, 41, 42
E_OFFERED, E_ACCEPTED, E_DECLINED, E_OFFER_EXPIRED, E_REVOKED = 48, 49, 50, 51, 52
E_WRAPPING, E_COMPLETED, E_RELEASED = 56, 57, 58
E_DECIDED = 64
EVENTS: Final = MappingProxyType(
    {
        E_REFUSED: "command.refused",
        E_CHANNEL_SET: "channel.set",
        E_QUEUE_SET: "queue.set",
        E_PROFILE_SET: "profile.set",
        E_AGENT_SET: "agent.set",
        E_AGENT_REMOVED: "agent.removed",
        E_POLICY_SET: "policy.activated",
        E_PRICES_SET: "prices.set",
        E_QUEUE_OPENED: "queue.opened",
        E_DISTANCE_SET: "region.distance_set",
        E_MODEL_NOTED: "model.changed",
        E_PRESENCE: "agent.presence_changed",
        E_AGENT_LOST: "agent.lost",
        E_AGENT_RETURNED: "agent.returned",
        E_ADDED: "ticket.added",
        E_QUEUED: "ticket.queued",
        E_RELAXED: "ticket.relaxed",
        E_UPDATED: "ticket.updated",
        E_SUSPENDED: "ticket.suspended",
        E_REPLIED: "ticket.replied",
        E_CLOSED: "ticket.closed",
        E_FORGOTTEN: "ticket.forgotten",
        E_WARNED: "ticket.sla_warning",
        E_BREACHED: "ticket.sla_breached",
        E_HELD: "ticket.held",
        E_OFFERED: "offer.issued",
        E_ACCEPTED: "offer.accepted",
        E_DECLINED: "offer.declined",
        E_OFFER_EXPIRED: "offer.expired",
        E_REVOKED: "offer.revoked",
        E_WRAPPING: "assignment.wrapping",
        E_COMPLETED: "assignment.completed",
        E_RELEASED: "assignment.released",
        E_DECIDED: "solver.batch",
    }
)

# Refusals: a command that changes nothing, and why. Name, HTTP problem code, sentence.
R_TICKET_UNKNOWN, R_AGENT_UNKNOWN, R_OFFER_GONE, R_STATE, R_CAPACITY, R_TICKETS_FULL = (
    1,
    2,
    3,
    4,
    5,
    6,
)
R_AGENT_NOT_ELIGIBLE, R_AGENT_NOT_AVAILABLE, R_WORKS_FULL, R_BAD_COMMAND, R_COOLING = (
    7,
    8,
    9,
    10,
    11,
)
REFUSALS: Final = MappingProxyType(
    {
        R_TICKET_UNKNOWN: ("ticket_unknown", "unknown_resource", "There is no such ticket."),
        R_AGENT_UNKNOWN: ("agent_unknown", "unknown_resource", "There is no such agent."),
        R_OFFER_GONE: ("offer_gone", "offer_not_open", "The offer is not open any more."),
        R_STATE: ("state_conflict", "state_conflict", "The ticket's state does not allow this."),
        R_CAPACITY: ("agent_full", "capacity_exceeded", "The agent has no room for this channel."),
        R_TICKETS_FULL: (
            "tickets_full",
            "limit_reached",
            "The shard holds as many tickets as it may.",
        ),
        R_AGENT_NOT_ELIGIBLE: (
            "agent_not_eligible",
            "not_eligible",
            "The agent does not meet the requirements.",
        ),
        R_AGENT_NOT_AVAILABLE: (
            "agent_not_available",
            "state_conflict",
            "The agent is not available.",
        ),
        R_WORKS_FULL: (
            "agent_holds_too_much",
            "capacity_exceeded",
            "The agent holds as many tickets as anybody may.",
        ),
        R_BAD_COMMAND: ("bad_command", "validation_failed", "The command is malformed."),
        R_COOLING: (
            "agent_cooling_down",
            "state_conflict",
            "The agent declined this ticket a moment ago.",
        ),
    }
)

# Reasons that events carry.
(
    BECAUSE_NONE, BECAUSE_NEW, BECAUSE_SCHEDULE, BECAUSE_DECLINED, BECAUSE_EXPIRED, BECAUSE_AGENT_LOST,
    BECAUSE_RELEASED, BECAUSE_NO_REPLY, BECAUSE_REQUEUED, BECAUSE_RESUMED, BECAUSE_TAKEN, BECAUSE_CANCELED,
    BECAUSE_ABANDONED, BECAUSE_TTL, BECAUSE_SUSPENDED, BECAUSE_MANUAL, BECAUSE_UPDATED, BECAUSE_NO_ANSWER,
    BECAUSE_UNTIL, BECAUSE_GRACE, BECAUSE_DRAINED, BECAUSE_ASKED, BECAUSE_AUTO, BECAUSE_OFFLINE, BECAUSE_PLAN,
    BECAUSE_FULL, BECAUSE_WRAP_UP,
) = range(27)  # fmt: skip
REASONS: Final = (
    "", "new", "schedule", "declined", "expired", "agent_lost", "released", "no_first_reply", "requeued", "resumed",
    "taken_by_another", "canceled", "abandoned", "ttl", "suspended", "manual", "updated", "no_answer", "until",
    "grace_over", "drained", "asked", "auto_accept", "agent_offline", "plan", "queue_full", "wrap_up_over",
)  # fmt: skip

# What became of a model that reads messages: the value of its events. The core decides nothing by it.
MODEL_KEPT, MODEL_SHADOWED, MODEL_ACTIVATED, MODEL_ROLLED_BACK, MODEL_DOUBTED, MODEL_RETIRED = (
    1,
    2,
    3,
    4,
    5,
    6,
)
MODEL_CHANGES: Final = MappingProxyType(
    {
        MODEL_KEPT: "registered",
        MODEL_SHADOWED: "shadowed",
        MODEL_ACTIVATED: "activated",
        MODEL_ROLLED_BACK: "rolled_back",
        MODEL_DOUBTED: "drifted",
        MODEL_RETIRED: "retired",
    }
)

# What breached or is about to: the three promises.
SLA_FIRST, SLA_NEXT, SLA_RESOLUTION = 0, 1, 2
SLA_NAMES: Final = ("first_response", "next_response", "resolution")

# Order of work, choice of agent, and engine: what a policy is made of.
ORDER_AGE, ORDER_PRIORITY_AGE, ORDER_VALUE = 0, 1, 2
KEY_VALUE, KEY_IDLE, KEY_RECENT, KEY_LOAD = 0, 1, 2, 3
ENGINE_GREEDY, ENGINE_EXACT = 0, 1

# The cause of events that no command led to, all below 0; commands are counted from 0 in their inbox.
BY_TIMER, BY_DECISION = -1, -2

# What the run loop asks its caller for before it can go on.
RUN_DONE, RUN_EVENTS, RUN_WORKS, RUN_TIMERS, RUN_LANES, RUN_TIES, RUN_ROWS, RUN_PAIRS = (
    0,
    1,
    2,
    3,
    4,
    5,
    6,
    7,
)

# Ticket flags.
F_FIRST_WARNED, F_FIRST_BREACHED, F_NEXT_WARNED, F_NEXT_BREACHED = 1, 2, 4, 8
F_RESOLVE_WARNED, F_RESOLVE_BREACHED, F_ANSWERED, F_REPLIED, F_UNMATCHABLE, F_HELD = (
    16,
    32,
    64,
    128,
    256,
    512,
)

# Command flags.
C_FORCE, C_KEEP_AGE, C_BY_CUSTOMER = 1, 2, 4
