"""The records that the simulator's kernel works on: plain numbers, microseconds and rows of tables."""

from typing import Final

import numpy as np

SCALARS: Final = np.dtype(
    [
        ("now_us", "i8"),
        ("opens_us", "i8"),  # the first instant of the run
        ("closes_us", "i8"),  # nobody arrives from then on
        ("stops_us", "i8"),  # the run ends, whoever is left
        ("slot_us", "i8"),  # length of the slots that are summed up apart
        ("slot_from_us", "i8"),  # of the present slot
        ("slot", "i8"),
        ("hour_from_us", "i8"),  # instant from which hours of factors count, and of arrivals
        ("rate_us", "i8"),  # length of the slots of rates
        ("sequence", "i8"),
        ("heap", "i8"),
        ("entry_free", "i8"),
        ("entry_top", "i8"),
        ("planned", "i8"),
        ("traced", "i8"),
        ("ticket_free", "i8"),
        ("ticket_top", "i8"),
        ("live", "i8"),
        ("records", "i8"),
        ("keeps_records", "i8"),
        ("waits", "i8"),  # a command waits for room in the core
        ("current", "i8"),  # row of the ticket that the command at hand brings
        ("unarmed", "i8"),  # row of the ticket that may have to be given its patience
        ("model_events", "i8"),
        ("core_events", "i8"),
        ("commands", "i8"),
        ("decisions", "i8"),
        ("offers", "i8"),
        ("refusals", "i8"),
        ("gap", "i8"),  # sum of bound less value over the decisions, thousandths of a point
        ("worth", "i8"),  # sum of the values
        (
            "pause_after",
            "i8",
        ),  # model events after which the entry returns, to show progress; 0 never, below 0 each run of the core
        ("digest", "i8"),
    ],
    align=True,
)

LAW: Final = np.dtype(
    [
        ("kind", "i4"),
        ("table_from", "i4"),
        ("table_rows", "i4"),
        ("hours_from", "i4"),  # 24 factors by hour; -1 none
        ("a", "f8"),
        ("b", "f8"),
        ("zero", "f8"),  # share that is nothing at all
    ],
    align=True,
)
"""A law of durations in seconds; a and b are mean, or mean and sd of the log, or the two ends."""

KIND: Final = np.dtype(
    [
        ("ttl_us", "i8"),
        ("target_us", "i8"),
        ("first_us", "i8"),
        ("next_us", "i8"),
        ("whole_us", "i8"),
        ("within_us", "i8"),  # service level's target
        ("profile", "i4"),
        ("priority", "i4"),
        ("queue", "i4"),
        ("language", "i4"),
        ("region", "i4"),
        ("channel", "i4"),
        ("auto_accept", "i4"),
        ("work", "i4"),
        ("wrap_up", "i4"),
        ("patience", "i4"),
        ("redial_delay", "i4"),
        ("redials", "i4"),
        ("reopen_delay", "i4"),
        ("reopens", "i4"),
        ("message", "i4"),
        ("transfers_from", "i4"),
        ("transfers", "i4"),
        ("waiting_max", "i4"),  # more are turned away; -1 any
        ("lines_max", "i4"),  # in the queue or in service; -1 any
        ("day_from", "i4"),  # factors by day of arrivals; -1 none
        ("lag", "i4"),  # law of the network between customer and router
        ("rates_from", "i4"),
        ("rates", "i4"),  # how many slots; the kind is of a trace only if none
        ("pad", "i4"),
        ("redial_share", "f8"),
        ("reopen_share", "f8"),
    ],
    align=True,
)
"""A kind of ticket."""

TRANSFER: Final = np.dtype([("share", "f8"), ("to", "i4"), ("pad", "i4")], align=True)

TICKET: Final = np.dtype(
    [
        ("entity", "i8"),
        ("mark", "i8"),  # what its timers must carry to count
        ("arrived_us", "i8"),
        ("asked_us", "i8"),  # when it began to wait for whom it waits now
        ("answered_us", "i8"),
        ("patience_us", "i8"),  # instant at which it gives up
        ("given_work_us", "i8"),  # recorded work; -1 draw it
        ("left_us", "i8"),  # work left of an interrupted service; -1 none
        ("work_us", "i8"),
        ("wrap_us", "i8"),
        ("ends_us", "i8"),
        ("serial", "i8"),
        ("finish", "f8"),  # in its agent's virtual time
        ("kind", "i4"),
        ("first_kind", "i4"),
        ("queue", "i4"),  # where it waits, or -1
        ("state", "i4"),
        ("core", "i4"),
        ("work", "i4"),
        ("agent", "i4"),
        ("attempt", "i4"),
        ("reopens", "i4"),
        ("stage", "i4"),
        ("messages", "i4"),
        ("armed", "i4"),
        ("offers", "i4"),
        ("declines", "i4"),
        ("breached", "i4"),
        ("match", "i4"),
        ("after", "i4"),  # next in its agent's list, or in the list of free rows
        ("pad", "i4"),
    ],
    align=True,
)

AGENT: Final = np.dtype(
    [
        ("since_us", "i8"),
        ("virtual_us", "i8"),
        ("mark", "i8"),
        ("virtual", "f8"),
        ("learn_first", "f8"),
        ("learn_tickets", "f8"),
        ("decline", "f8"),
        ("miss", "f8"),
        ("used", "i4"),
        ("presence", "i4"),
        ("units", "i4"),
        ("wanted", "i4"),  # presence by plan
        ("is_down", "i4"),
        ("answer", "i4"),  # law of the time to answer an offer
        ("away", "i4"),  # law of the time until it is back after offers left unanswered
        ("lag", "i4"),
        ("rates_from", "i4"),  # speed of each of n tickets at once; -1 all alike
        ("rates", "i4"),
        ("head", "i4"),
        ("count", "i4"),
        ("served", "i4"),
        ("answered", "i4"),
    ],
    align=True,
)

QUEUE: Final = np.dtype(
    [("since_us", "i8"), ("waiting", "i4"), ("present", "i4")],
    align=True,
)

ENTRY: Final = np.dtype(
    [("mark", "i8"), ("kind", "i4"), ("row", "i4"), ("extra", "i4"), ("free", "i4")], align=True
)
"""What a time in the heap is about."""

PLAN: Final = np.dtype(
    [("at_us", "i8"), ("kind", "i4"), ("row", "i4"), ("value", "i4"), ("until", "i4")], align=True
)
"""A change known beforehand. Of staff: ``row`` to ``until`` are the agents, ``value`` how many are to be there."""

TRACE: Final = np.dtype(
    [("at_us", "i8"), ("work_us", "i8"), ("patience_us", "i8"), ("kind", "i4"), ("pad", "i4")],
    align=True,
)
"""An arrival given beforehand; -1 for what is to be drawn."""
