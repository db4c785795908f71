"""The numbers that stand for laws, purposes of draws, happenings and outcomes in the simulator's kernel."""

from types import MappingProxyType
from typing import Final

# Laws of durations.
FIXED, EXPONENTIAL, LOGNORMAL, UNIFORM, TABLE, HAZARD, GAMMA_WHOLE = 0, 1, 2, 3, 4, 5, 6

# What a draw is for. A number keeps its meaning: draws of the others do not move when one is added.
(
    ARRIVAL, WORK, WRAP_UP, PATIENCE, REDIAL, REDIAL_DELAY, REOPEN, REOPEN_DELAY, TRANSFER, MESSAGE,
    ANSWER, ANSWER_DELAY, AWAY, LATENCY, BUSYNESS, BURST, SICK, ABSENCE, SPEED, BURST_LENGTH,
) = range(20)  # fmt: skip
PURPOSES: Final = 20

# What waits in the kernel's heap.
(
    ON_ARRIVAL, ON_PATIENCE, ON_ANSWER, ON_DECLINE, ON_END, ON_SHARED_END, ON_WRAP_END, ON_VISIT, ON_TRAVEL,
    ON_MESSAGE, ON_RETURN,
) = range(11)  # fmt: skip

# What a plan of a replication holds: changes known beforehand.
PLAN_PRESENCE, PLAN_QUEUE, PLAN_LOST, PLAN_BACK, PLAN_STAFF, PLAN_PRICE = 0, 1, 2, 3, 4, 5

# How a visit ended.
OPEN, SERVED, ABANDONED, BLOCKED, EXPIRED, CANCELED = 0, 1, 2, 3, 4, 5
OUTCOMES: Final = MappingProxyType(
    {
        OPEN: "open",
        SERVED: "served",
        ABANDONED: "abandoned",
        BLOCKED: "blocked",
        EXPIRED: "expired",
        CANCELED: "canceled",
    }
)

# Where a ticket of the kernel's pool is.
FREE, DORMANT, WAITING, IN_SERVICE, IN_WRAP_UP = 0, 1, 2, 3, 4

# What the entry says to its caller: finished, or which of its own tables is short. Positive: the core's own codes.
FINISHED, NEEDS_HEAP, NEEDS_TICKETS, NEEDS_RECORDS, NEEDS_CORE_TICKETS, PAUSED, STEPPED = (
    -1,
    -2,
    -3,
    -4,
    -5,
    -6,
    -7,
)

# What is counted as a model event.
(
    HAPPENED_ARRIVAL, HAPPENED_BLOCKED, HAPPENED_ANSWER, HAPPENED_REFUSAL, HAPPENED_END, HAPPENED_WRAP_END,
    HAPPENED_TRANSFER, HAPPENED_ABANDONMENT, HAPPENED_MESSAGE, HAPPENED_PRESENCE,
) = range(10)  # fmt: skip
HAPPENINGS: Final = (
    "arrival", "blocked", "answer", "offer not taken", "end of work", "end of wrap-up", "transfer", "abandonment",
    "message", "presence",
)  # fmt: skip
"""A model event is one of these: something that happens to customers or agents, however the program is built."""
