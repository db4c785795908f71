"""Statistics of queues and of the floor, from the core's counters and one look over its tables."""

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from router.core import codes as c
from router.core.limits import NEVER_US, SECOND_US
from router.desk.floor import is_queue_open
from router.desk.policies import at_work
from router.desk.views import expected_wait
from router.directory import QUEUE
from router.wire import statistics as wire
from router.wire.fields import instant_text

if TYPE_CHECKING:
    from router.shard import Shard

Counts = NDArray[np.int64]


class Tally(NamedTuple):
    """What one look over tickets and agents counts, by number of queue; all (queues,)."""

    offered: Counts
    assigned: Counts
    since_us: Counts  # since when the one waits who waits longest; NEVER_US: nobody
    available: Counts
    free: Counts


def tally(shard: "Shard") -> Tally:
    """Count tickets and agents of every queue."""
    arrays = shard.machine.arrays
    head = arrays.head[0]
    queues = int(head["queues"])
    tickets = arrays.tickets[: head["ticket_top"]]
    states, queue = tickets["state"], arrays.profiles["queue"][tickets["profile"]]
    held = (states == c.ASSIGNED) | (states == c.WRAPPING)
    waits = states == c.QUEUED
    since_us = np.full(queues, NEVER_US, dtype=np.int64)
    np.minimum.at(since_us, queue[waits], tickets["start_us"][waits])
    agents = arrays.agents[: head["agents"]]
    on_duty = (
        (agents["configured"] == 1)
        & (agents["presence"] == c.AVAILABLE)
        & (agents["grace_us"] == NEVER_US)
    )
    has_room = on_duty & (agents["used"] < agents["units"])
    serves = arrays.agent_queue[: head["agents"], :queues].astype(bool)
    serves |= (agents["all_queues"] != 0)[:, None]
    return Tally(
        offered=np.bincount(queue[states == c.OFFERED], minlength=queues),
        assigned=np.bincount(queue[held], minlength=queues),
        since_us=since_us,
        available=np.count_nonzero(serves[on_duty], axis=0),
        free=np.count_nonzero(serves[has_room], axis=0),
    )


def queue_statistics(
    shard: "Shard", id_: str, counted: Tally | None = None
) -> wire.QueueStatistics:
    """Return how a queue does now, and what became of its tickets so far."""
    arrays = shard.machine.arrays
    number = shard.directory.index(QUEUE, id_)
    q = arrays.queues[number]
    now = counted or tally(shard)
    n = {name: int(q[name]) for name in q.dtype.names}
    since_us = int(now.since_us[number])
    answered, abandoned = n["answered"], n["abandoned"]
    ended = answered + abandoned
    in_target, left_in_target = n["answered_in_target"], n["abandoned_in_target"]
    return wire.QueueStatistics(
        queue=id_,
        open_now=is_queue_open(shard, id_),
        waiting=n["waiting"],
        offered=int(now.offered[number]),
        assigned=int(now.assigned[number]),
        longest_wait_s=None if since_us >= NEVER_US else seconds(shard.at_us - since_us),
        ewt=expected_wait(n["gap_us"], n["waiting"] + 1),
        agents_available=int(now.available[number]),
        agents_free=int(now.free[number]),
        entered=n["entered"],
        answered=answered,
        answered_in_target=in_target,
        abandoned=abandoned,
        abandoned_in_target=left_in_target,
        completed=n["completed"],
        canceled=n["canceled"],
        expired=n["expired"],
        offers=n["offers"],
        declined=n["declined"],
        unanswered=n["unanswered"],
        relaxed=n["relaxed"],
        returned=n["returned"],
        sla_warned=n["warned"],
        sla_breached=n["breached"],
        asa_s=seconds(n["wait_sum_us"] / answered) if answered else None,
        service_level=in_target / answered if answered else None,
        service_level_with_abandoned=(in_target + left_in_target) / ended if ended else None,
        seq=int(arrays.head[0]["seq"]),
    )


def seconds(duration_us: float) -> float:
    """Return microseconds as seconds, rounded to milliseconds, never below 0."""
    return round(max(0.0, duration_us / SECOND_US), 3)


def counted_by(names: Any, column: Any) -> dict[str, int]:
    """Return how often each named code is in a column."""
    counts = np.bincount(column, minlength=max(names) + 1)
    return {name: int(counts[code]) for code, name in names.items()}


def floor_statistics(shard: "Shard") -> wire.Statistics:
    """Return how the whole floor does."""
    arrays = shard.machine.arrays
    head = arrays.head[0]
    agents = arrays.agents[: head["agents"]]
    configured = agents[agents["configured"] == 1]
    tickets = arrays.tickets["state"][: head["ticket_top"]]
    now = tally(shard)
    policy, revision = at_work(shard)
    gap = shard.history.last_gap
    return wire.Statistics(
        at=instant_text(shard.at_us),
        queues=[
            queue_statistics(shard, id_, now) for id_ in sorted(shard.directory.documents[QUEUE])
        ],
        tickets=counted_by(c.TICKET_STATES, tickets),
        agents=counted_by(c.PRESENCES, configured["presence"]),
        units=int(configured["units"].sum()),
        units_taken=int(configured["used"].sum()),
        policy=policy,
        policy_revision=revision,
        decisions=shard.history.decision_count,
        gap=None if gap is None else gap.share,
        seq=int(head["seq"]),
    )
