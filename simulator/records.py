"""What a replication leaves: a record for each visit, and what agents and queues did in each slot of time."""

from typing import Final

import numpy as np

TICKET: Final = np.dtype(
    [
        ("arrived_us", "i8"),
        ("answered_us", "i8"),  # NEVER_US if never
        (
            "left_us",
            "i8",
        ),  # end of work and wrap-up, abandonment, blocking; the end of the run while open
        ("work_us", "i8"),
        ("wrap_us", "i8"),
        ("type", "i4"),
        ("queue", "i4"),
        ("language", "i4"),
        ("region", "i4"),
        ("channel", "i4"),
        ("agent", "i4"),  # who had it last, -1 nobody
        ("outcome", "i4"),
        ("transfers", "i4"),
        ("reopens", "i4"),  # how often it had been reopened before this visit
        ("attempt", "i4"),  # how often its customer had redialled before
        ("offers", "i4"),
        ("declines", "i4"),
        ("breached", "i4"),
        ("match", "i4"),  # thousandths, of the pair that served it
    ],
    align=True,
)

AGENT_HOUR: Final = np.dtype(
    [("on_duty_us", "i8"), ("busy_us", "i8"), ("units_us", "i8"), ("room_us", "i8")], align=True
)
"""Of an agent and a slot: on duty, with any unit taken, integral of units taken, integral of units on duty."""

QUEUE_HOUR: Final = np.dtype(
    [
        ("waiting_us", "i8"),  # integral of the tickets waiting
        ("waiting_peak", "i4"),  # the most at once
        ("taken", "i4"),  # spells of waiting that ended with an agent
        ("taken_us", "i8"),  # sum of those
        ("taken_within", "i4"),  # within the target of the queue's service level
        ("lost", "i4"),  # spells that ended without one: gave up, expired
        ("lost_late", "i4"),  # after the target
        ("pad", "i4"),
    ],
    align=True,
)
"""Of a queue and a slot. A spell is a wait from a visit, a transfer or a return on, in the slot it ends in."""

FOLD: Final = np.dtype(
    [
        ("arrived", "i8"),
        ("answered", "i8"),
        ("waited", "i8"),  # not answered, abandoned or blocked at the instant of arrival
        ("served", "i8"),
        ("abandoned", "i8"),
        ("blocked", "i8"),
        ("expired", "i8"),
        ("within", "i8"),  # answered within the target of the service level
        ("lost_within", "i8"),  # abandoned within it
        ("wait_us", "i8"),  # sum over everybody, until the answer or the end
        ("answer_wait_us", "i8"),  # sum over the answered
        ("wait_sq", "f8"),  # sum of squares over everybody, in square seconds
        ("work_us", "i8"),
        ("wrap_us", "i8"),
        ("transfers", "i8"),
        ("offers", "i8"),
        ("declines", "i8"),
        ("breached", "i8"),
        ("match", "i8"),  # sum over the answered, thousandths
    ],
    align=True,
)
"""Of a type and a slot of arrival: sums over finished visits, for long runs that keep no records."""
