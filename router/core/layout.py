"""
The records the core's state is made of.

Canonical records are what a snapshot holds and the digest covers. Derived ones (``NODE``, ``LANE``, ``TIMER``,
``SCRATCH``) are rebuilt from them and never journalled. All records are plain numbers: text stays at the edge.
"""

from typing import Final

import numpy as np

from router.core.limits import (
    GROUPS_PER_PROFILE_MAX,
    REGIONS_PER_PROFILE_MAX,
    SKILLS_PER_PROFILE_MAX,
)

HEAD: Final = np.dtype(
    [
        ("now_us", "i8"),  # instant of the last event
        ("seq", "i8"),  # number of the last event
        ("next_serial", "i8"),  # serial of the next offer
        ("next_ticket", "i8"),  # serial of the next ticket: ties in age are broken by it
        ("decided_seq", "i8"),  # sequence number of the last joint decision
        ("ticket_free", "i4"),  # head of the list of free ticket rows, -1 when none
        ("ticket_top", "i4"),  # rows below it have been used
        ("work_free", "i4"),
        ("work_top", "i4"),
        ("tie_free", "i4"),
        ("tie_top", "i4"),
        ("agents", "i4"),
        ("queues", "i4"),
        ("profiles", "i4"),
        ("channels", "i4"),
        ("tickets_live", "i4"),
        ("works_live", "i4"),
    ],
    align=True,
)

TICKET: Final = np.dtype(
    [
        ("serial", "i8"),
        ("created_us", "i8"),
        ("asked_us", "i8"),  # when it first waited for base_profile: relaxing counts from then
        ("start_us", "i8"),  # origin of its age; may be back-dated
        ("queued_us", "i8"),  # when it last began to wait
        ("start_at_us", "i8"),  # scheduled start, or the end of a suspension; NEVER_US when none
        ("relax_us", "i8"),  # when it moves to the next profile
        ("expire_us", "i8"),
        ("target_us", "i8"),  # length of the first-response promise; orders lanes and urgency
        ("first_due_us", "i8"),
        ("first_warn_us", "i8"),
        ("next_due_us", "i8"),
        ("next_warn_us", "i8"),
        ("next_target_us", "i8"),  # length of the next-response promise
        ("resolve_due_us", "i8"),
        ("resolve_warn_us", "i8"),
        ("reply_return_us", "i8"),  # back to the queue when no first reply by then
        ("hold_us", "i8"),  # look again then: no pair was worth its price
        ("answered_us", "i8"),
        ("forget_us", "i8"),
        ("state", "i4"),
        ("profile", "i4"),  # what it asks for now
        ("base_profile", "i4"),  # what it asked for at first
        ("priority", "i4"),
        ("marks", "i4"),
        ("agent", "i4"),  # who holds it, -1 when nobody
        ("work", "i4"),  # head of its open offers, or its assignment; -1
        ("offers_open", "i4"),
        ("declines", "i4"),
        ("requeues", "i4"),
        ("tie", "i4"),  # head of its preferred agents and cool-downs; -1
        ("version", "i4"),
        ("next_free", "i4"),
    ],
    align=True,
)

AGENT: Final = np.dtype(
    [
        ("idle_since_us", "i8"),
        ("until_us", "i8"),  # presence changes to ``then`` at that instant
        ("grace_us", "i8"),  # offline at that instant unless it returns
        ("last_serial", "i8"),  # serial of its last offer: round robin
        ("price", "i8"),  # worth of its time to tickets to come, thousandths of a point per unit
        ("presence", "i4"),
        ("then", "i4"),
        ("kind", "i4"),
        ("configured", "i4"),
        ("region", "i4"),
        ("all_queues", "i4"),
        ("units", "i4"),
        ("used", "i4"),
        ("used_interruptible", "i4"),
        ("offers_open", "i4"),
        ("held", "i4"),
        ("strikes", "i4"),
        ("work", "i4"),
        ("version", "i4"),
        ("served", "i4"),
    ],
    align=True,
)

WORK: Final = np.dtype(
    [
        ("serial", "i8"),
        ("offered_us", "i8"),
        ("accepted_us", "i8"),
        ("due_us", "i8"),  # offer TTL while pending, end of wrap-up while wrapping
        ("value", "i8"),
        ("decision", "i8"),  # sequence number of the decision that made it; 0 when assigned by hand
        ("state", "i4"),
        ("ticket", "i4"),
        ("agent", "i4"),
        ("channel", "i4"),
        ("cost", "i4"),
        ("interruptible", "i4"),
        ("next_of_ticket", "i4"),
        ("next_of_agent", "i4"),
        ("next_free", "i4"),
    ],
    align=True,
)

TIE: Final = np.dtype(
    [("until_us", "i8"), ("bonus", "i4"), ("agent", "i4"), ("cooling", "i4"), ("next", "i4")],
    align=True,
)
"""What is special between one ticket and one agent: a preference (bonus in thousandths) or a cool-down."""

CHANNEL: Final = np.dtype(
    [
        ("offer_ttl_us", "i8"),
        ("wrap_up_us", "i8"),
        ("reply_return_us", "i8"),
        ("cost", "i4"),
        ("maximum", "i4"),  # -1: none
        ("auto_accept", "i4"),
        ("interruptible", "i4"),  # its load does not keep an interrupting channel away
        ("interrupts", "i4"),
        ("pad", "i4"),
    ],
    align=True,
)

QUEUE: Final = np.dtype(
    [
        ("level_target_us", "i8"),  # service level: answered within so long
        ("gap_us", "i8"),  # smoothed time between departures: the estimated wait
        ("departed_us", "i8"),
        ("wait_sum_us", "i8"),
        ("open", "i4"),
        ("parallel", "i4"),
        ("warn_permille", "i4"),
        ("waiting_max", "i4"),
        ("waiting", "i4"),
        ("entered", "i4"),
        ("answered", "i4"),
        ("answered_in_target", "i4"),
        ("abandoned", "i4"),
        ("abandoned_in_target", "i4"),
        ("completed", "i4"),
        ("canceled", "i4"),
        ("expired", "i4"),
        ("offers", "i4"),
        ("declined", "i4"),
        ("unanswered", "i4"),
        ("warned", "i4"),
        ("breached", "i4"),
        ("relaxed", "i4"),
        ("returned", "i4"),
    ],
    align=True,
)

PROFILE: Final = np.dtype(
    [
        ("next_after_us", "i8"),  # counted from the ticket's first queueing at base_profile
        ("queue", "i4"),
        ("channel", "i4"),
        ("region", "i4"),  # where the customer is; distance lowers the match
        ("language", "i4"),
        ("language_min", "i4"),  # 0: preferred only
        ("language_weight", "i4"),
        ("skills", "i4"),
        ("groups", "i4"),  # any of; 0: any group
        ("regions", "i4"),  # any of; 0: any region
        ("next", "i4"),  # profile after relaxing; -1
        ("overflow", "i4"),  # profile when the queue is full; -1
        ("stage", "i4"),
        ("penalty", "i4"),  # relaxing makes a match dearer, thousandths of a point
        ("skill", "i4", (SKILLS_PER_PROFILE_MAX,)),
        ("skill_min", "i4", (SKILLS_PER_PROFILE_MAX,)),  # 0: preferred only
        ("skill_weight", "i4", (SKILLS_PER_PROFILE_MAX,)),
        ("group", "i4", (GROUPS_PER_PROFILE_MAX,)),
        ("regions_any", "i4", (REGIONS_PER_PROFILE_MAX,)),
    ],
    align=True,
)

POLICY: Final = np.dtype(
    [
        ("cooldown_us", "i8"),  # a pair after a decline
        ("unanswered_us", "i8"),  # a pair after an unanswered offer
        ("grace_us", "i8"),
        ("hold_us", "i8"),
        ("retention_us", "i8"),
        ("revision", "i4"),
        ("engine", "i4"),
        ("order", "i4"),
        ("key", "i4"),
        ("no_answer_max", "i4"),
        ("serve", "i4"),  # worth of serving at all
        ("w_skill", "i4"),
        ("w_language", "i4"),
        ("w_region", "i4"),
        ("w_preferred", "i4"),
        ("w_urgency", "i4"),
        ("w_idle", "i4"),
        ("w_load", "i4"),
        ("w_price", "i4"),
    ],
    align=True,
)

COMMAND: Final = np.dtype(
    [
        ("at_us", "i8"),
        ("serial", "i8"),
        ("until_us", "i8"),
        ("value", "i8"),
        ("kind", "i4"),
        ("options", "i4"),
        ("ticket", "i4"),
        ("agent", "i4"),
        ("profile", "i4"),
        ("aux", "i4"),
        ("words_from", "i4"),
        ("words", "i4"),
    ],
    align=True,
)

EVENT: Final = np.dtype(
    [
        ("at_us", "i8"),
        ("serial", "i8"),
        ("until_us", "i8"),
        ("value", "i8"),
        ("kind", "i4"),
        ("reason", "i4"),
        (
            "cause",
            "i4",
        ),  # index of the command in its frame; -1 for a timer, -2 for a joint decision
        ("ticket", "i4"),
        ("agent", "i4"),
        ("work", "i4"),
        ("profile", "i4"),
        ("aux", "i4"),
        ("words_from", "i4"),
        ("words", "i4"),
    ],
    align=True,
)

# Derived.
NODE: Final = np.dtype(
    [
        ("wake_us", "i8"),
        ("lane", "i4"),  # -1 none; of a finished ticket -2 while it stands in the line
        ("left", "i4"),
        ("right", "i4"),  # of a finished ticket: the next in the line of those to be forgotten
        ("parent", "i4"),
        ("dirty", "i4"),
        ("count", "i4"),  # tickets in the part of the lane that hangs on this one, itself included
    ],
    align=True,
)
LANE: Final = np.dtype(
    [
        ("target_us", "i8"),
        ("profile", "i4"),
        ("priority", "i4"),
        ("root", "i4"),
        ("head", "i4"),
        ("count", "i4"),
        ("next_of_profile", "i4"),
        ("active_at", "i4"),  # position in the list of lanes that hold somebody; -1
        ("next_free", "i4"),
    ],
    align=True,
)
TIMER: Final = np.dtype([("due_us", "i8"), ("whose", "i8")])  # kind of entity << 32 | row
SCRATCH: Final = np.dtype(
    [
        ("now_us", "i8"),  # the clock as last told; may run ahead of the last event
        ("cursor", "i4"),
        ("inbox", "i4"),
        ("events", "i4"),
        ("words", "i4"),  # used of the events' words
        ("timers", "i4"),
        ("cause", "i4"),
        ("dirty_tickets", "i4"),
        ("dirty_agents", "i4"),
        ("lanes_top", "i4"),
        ("lane_free", "i4"),
        ("lanes_active", "i4"),
        ("folding", "i4"),
        ("finished", "i4"),  # row of the ticket to be forgotten first, -1 none
        ("finished_last", "i4"),
        # One joint decision.
        ("taken", "i4"),  # agents who gained room and are meant by it
        ("lists", "i4"),
        ("listed", "i4"),  # room of the lists that is taken
        ("looks", "i4"),  # how often better pairs were looked for
        ("stamp", "i4"),  # the newest mark of an agent
        ("knows_all", "i4"),  # 1: agent_now has everybody with room
        ("decision", "i8"),  # its number, since the arrays were made
        ("pairs", "i8"),
        ("scored", "i8"),  # feasible pairs looked at
        ("scans", "i8"),
        ("worth", "i8"),
        ("gained", "i8"),
        ("dual", "i8"),
        # All joint decisions of one instant.
        ("spent_us", "i8"),  # which
        ("spent", "i8"),  # effort, in scans
    ],
    align=True,
)

# Words of SET_AGENT, before its lists; see translate.py and apply.py, which read and write them.
AGENT_WORDS: Final = 9
# Words of ADD_TICKET before its ties.
TICKET_WORDS: Final = 9
# Words of E_DECIDED.
DECISION_WORDS: Final = ("tickets", "agents", "pairs", "primal", "dual", "revision", "offered")
# Words that follow when it was made jointly; its event's aux is SOLVER.
JOINT_WORDS: Final = ("scans", "looks", "scored")
SOLVER: Final = 3
"""Which joint decision this is; 0 in journals from before the standing assignment, and for one ticket or one agent."""
