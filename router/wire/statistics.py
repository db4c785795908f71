"""Statistics of queues and of the whole floor, counted since the start of the journal."""

from typing import Annotated

import msgspec
from msgspec import Meta

from router.wire.fields import Estimate, InstantText


class QueueStatistics(msgspec.Struct, kw_only=True):
    """How a queue does now, and what became of its tickets so far."""

    queue: str
    open_now: bool
    waiting: int
    offered: int
    assigned: int
    longest_wait_s: Annotated[float | None, Meta(description="Null: nobody waits.")]
    ewt: Estimate | None
    agents_available: int
    agents_free: Annotated[int, Meta(description="Available and with room.")]
    entered: int
    answered: int
    answered_in_target: int
    abandoned: int
    abandoned_in_target: int
    completed: int
    canceled: int
    expired: int
    offers: int
    declined: int
    unanswered: Annotated[int, Meta(description="Offers that expired.")]
    relaxed: int
    returned: Annotated[int, Meta(description="Released or lost by their agent.")]
    sla_warned: int
    sla_breached: int
    asa_s: Annotated[float | None, Meta(description="Average speed of answer; null: none yet.")]
    service_level: Annotated[
        float | None, Meta(description="SL: answered in target / answered; null: none yet.")
    ]
    service_level_with_abandoned: Annotated[
        float | None,
        Meta(description="SL2: (answered + abandoned in target) / (answered + abandoned)."),
    ]
    seq: int


class Statistics(msgspec.Struct, kw_only=True):
    """How the whole floor does."""

    at: InstantText
    queues: list[QueueStatistics]
    tickets: Annotated[dict[str, int], Meta(description="Live tickets by state.")]
    agents: Annotated[dict[str, int], Meta(description="Agents by presence.")]
    units: int
    units_taken: int
    policy: str
    policy_revision: int
    decisions: int
    gap: Annotated[float | None, Meta(description="Of the last joint decision; 0 is optimal.")]
    seq: int
