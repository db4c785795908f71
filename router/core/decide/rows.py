"""
What a joint decision is about: tickets that began to wait, and those that agents with new room may have.

An agent who gained room may have the most urgent ticket of each lane open to it. So of a lane that several of them may
serve, as many tickets are taken as there are such agents, oldest first; nobody could use more in one round, where each
agent takes one. Tickets with ties (preferences, cool-downs) come on top, as some of these agents may not have them.

Parameters
----------
words
    int, how many words of the freed agents' bits are not 0.
wanted
    int, how many tickets without ties.
"""

import numpy as np

from router.core.codes import QUEUED, RUN_DONE, RUN_EVENTS, RUN_TIES, RUN_TIMERS, RUN_WORKS
from router.core.decide.single import HEADS_TRIED_MAX
from router.core.eligibility import is_on_duty
from router.core.jit import rule
from router.core.lanes import after
from router.core.limits import DECIDE_ROWS_MAX, EVENTS_MARGIN, OFFERS_PARALLEL_MAX, TURN_ROWS_MAX
from router.core.state import Arrays
from solver.kernels.eligible import set_bit
from solver.scoring.feasible import count_of
from solver.scoring.vectors import VECTOR

TOO_MANY = -1
"""What ``gather`` returns when the agents alone may serve more tickets than one decision holds."""
NO_ROOM = -2
"""What it returns when there is less room than that."""
IS_ROW = 2
"""The bit of ``dirty`` that a ticket has while it is a row."""


@rule
def add_row(s: Arrays, rows: int, t: int) -> int:
    """Make a waiting ticket a row, once; return how many rows there are."""
    k = s.tickets[t]
    if k.state != QUEUED or s.nodes[t].dirty & IS_ROW:
        return rows
    if not s.queues[s.profiles[k.profile].queue].open:
        return rows
    s.nodes[t].dirty |= IS_ROW
    s.row_ticket[rows] = t
    return rows + 1


@rule
def unmark_rows(s: Arrays, rows: int) -> None:
    """Forget which tickets are rows."""
    for r in range(rows):
        s.nodes[s.row_ticket[r]].dirty &= ~IS_ROW


@rule
def mark_freed(s: Arrays, agents: int) -> int:
    """Set the bits of the first agents that gained room, those on duty; return how many words have any."""
    s.freed_bits[:] = np.uint64(0)
    words = 0
    for i in range(agents):
        a = int(s.dirty_agents[i])
        if is_on_duty(s, a):
            if s.freed_bits[a >> 6] == np.uint64(0):
                s.freed_words[words] = a >> 6
                words += 1
            set_bit(s.freed_bits, a, True)
    return words


@rule
def freed_for(s: Arrays, lane: int, words: int) -> int:
    """Return how many of the marked agents may take a ticket of a lane now."""
    p = s.lanes[lane].profile
    k = s.profiles[p]
    if not s.queues[k.queue].open:
        return 0
    eligible, ready, count = s.eligible[p], s.ready[k.channel], 0
    for i in range(words):
        w = s.freed_words[i]
        common = s.freed_bits[w] & eligible[w] & ready[w]
        if common != np.uint64(0):
            count += count_of(common, VECTOR)
    return count


@rule
def add_heads(s: Arrays, rows: int, lane: int, wanted: int) -> int:
    """Make the oldest tickets of a lane rows, ``wanted`` of them without ties; return rows, or -1 without room."""
    t, tied = int(s.lanes[lane].head), 0
    while t >= 0 and wanted > 0 and tied < HEADS_TRIED_MAX:
        if rows == s.row_ticket.shape[0]:
            return -1
        rows = add_row(s, rows, t)
        if s.tickets[t].tie < 0:
            wanted -= 1
        else:
            tied += 1
        t = after(s, t)
    return rows


@rule
def gather(s: Arrays, agents: int) -> int:
    """
    Collect the rows for the first ``agents`` of those that gained room, and for the tickets that began to wait.

    Returns how many, ``NO_ROOM`` or ``TOO_MANY``.
    """
    z = s.scratch[0]
    rows, words, room = 0, mark_freed(s, agents), s.row_ticket.shape[0]
    if words > 0:
        for n in range(z.lanes_active):
            lane = int(s.lanes_active[n])
            wanted = freed_for(s, lane, words)
            if wanted > 0:
                rows = add_heads(s, rows, lane, wanted)
            if rows < 0:
                unmark_rows(s, room)
                return NO_ROOM if room < DECIDE_ROWS_MAX else TOO_MANY
    for i in range(z.dirty_tickets):
        if rows == room:
            if room < DECIDE_ROWS_MAX:
                unmark_rows(s, rows)
                return NO_ROOM
            break
        rows = add_row(s, rows, int(s.dirty_tickets[i]))
    unmark_rows(s, rows)
    return rows


@rule
def gather_rows(s: Arrays) -> int:
    """
    Collect what the next joint decision is about, for as many agents as it can hold the tickets of.

    Returns how many rows, ``NO_ROOM``, or ``TOO_MANY`` when even one agent may serve too many lanes.
    ``scratch.taken`` says how many agents are meant.
    """
    z = s.scratch[0]
    z.taken = z.dirty_agents
    rows = gather(s, int(z.taken))
    while rows == TOO_MANY and z.taken > 1:
        z.taken = (z.taken + 1) // 2
        rows = gather(s, int(z.taken))
    return rows


@rule
def what_is_short_for(s: Arrays, rows: int) -> int:
    """Return which buffer the offers of so many tickets might overflow, or ``RUN_DONE``."""
    if rows <= TURN_ROWS_MAX:
        return RUN_DONE  # EVENTS_MARGIN has seen to it
    z, h, margin = s.scratch[0], s.head[0], EVENTS_MARGIN + 4 * rows * OFFERS_PARALLEL_MAX
    if z.events + margin > s.events.shape[0]:
        return RUN_EVENTS
    if h.works_live + margin > s.works.shape[0]:
        return RUN_WORKS
    if z.timers + margin > s.timers.shape[0]:
        return RUN_TIMERS
    if h.tie_top + margin > s.ties.shape[0]:
        return RUN_TIES
    return RUN_DONE
