"""
Timers: a heap of wake-ups and a line of finished tickets; at most one valid entry an entity.

Each ticket, agent and work has one wake-up, the least of its deadlines. A deadline that moves nearer pushes a
new entry; one that moves away leaves its old entry, which finds nothing to do and arms the next. Ties are
broken by kind and row, so the order never depends on how the heap happens to lie. Derived: rebuilt from the
deadlines after recovery.

Most wake-ups are those of finished tickets that are forgotten after the policy's retention: the same delay for all,
so they come due in the order in which they began. They stand in a line through the tickets' own nodes, and coming and
going takes no search (a timing wheel with a spoke for each delay [1]_); who would not stand last goes into the heap.

References
----------
.. [1] Varghese, Lauck (1987). Hashed and hierarchical timing wheels. doi:10.1145/41457.37504

Parameters
----------
whose : int64
    Kind of the entity, shifted left by 32, and its row.
entry : int64
    Index in the heap.
"""

from router.core.codes import (
    ACTIVE,
    ASSIGNED,
    COMPLETED,
    F_FIRST_BREACHED,
    F_FIRST_WARNED,
    F_NEXT_BREACHED,
    F_NEXT_WARNED,
    F_RESOLVE_BREACHED,
    F_RESOLVE_WARNED,
    OFFERED,
    QUEUED,
    SCHEDULED,
    SUSPENDED,
    WRAPPING,
)
from router.core.jit import rule
from router.core.limits import NEVER_US
from router.core.state import Arrays

OF_TICKET, OF_AGENT, OF_WORK = 0, 1, 2


ROW_MASK = 2**32 - 1
FINISHED_LINE = -2
"""The lane of a ticket that stands in the line of the finished."""
HEAP_ARMS = 4
"""Four children a node: half as deep as two, and siblings share a cache line (LaMarca and Ladner 1996)."""


@rule
def is_sooner(due_us: int, whose: int, entry: int, s: Arrays) -> bool:
    """Return whether a wake-up fires before heap entry ``entry``."""
    other = s.timers[entry]
    return bool(due_us < other.due_us or (due_us == other.due_us and whose < other.whose))


@rule
def push_timer(s: Arrays, due_us: int, kind: int, row: int) -> None:
    """Add a wake-up."""
    z = s.scratch[0]
    i, whose = int(z.timers), (kind << 32) | row
    z.timers += 1
    while i > 0:
        up = (i - 1) // HEAP_ARMS
        if not is_sooner(due_us, whose, up, s):
            break
        s.timers[i].due_us, s.timers[i].whose = s.timers[up].due_us, s.timers[up].whose
        i = up
    s.timers[i].due_us, s.timers[i].whose = due_us, whose


@rule
def first_child(s: Arrays, i: int, n: int) -> int:
    """Return the child of heap entry ``i`` that fires first, among ``n`` entries; -1 when it has none."""
    best = HEAP_ARMS * i + 1
    if best >= n:
        return -1
    for k in range(best + 1, min(best + HEAP_ARMS, n)):
        if is_sooner(s.timers[k].due_us, s.timers[k].whose, best, s):
            best = k
    return best


@rule
def drop_first_timer(s: Arrays) -> None:
    """Remove the earliest wake-up."""
    z = s.scratch[0]
    z.timers -= 1
    n, i = int(z.timers), 0
    due_us, whose = s.timers[n].due_us, s.timers[n].whose
    while True:
        k = first_child(s, i, n)
        if k < 0 or is_sooner(due_us, whose, k, s):
            break
        s.timers[i].due_us, s.timers[i].whose = s.timers[k].due_us, s.timers[k].whose
        i = k
    s.timers[i].due_us, s.timers[i].whose = due_us, whose


@rule
def line_up(s: Arrays, t: int) -> None:
    """Let a finished ticket stand in line until it is forgotten; in the heap if somebody of the line comes after it."""
    z, node, due_us = s.scratch[0], s.nodes[t], min(int(s.tickets[t].forget_us), NEVER_US)
    if node.wake_us == due_us:
        return
    node.wake_us = due_us
    if due_us == NEVER_US:
        return
    if due_us <= z.now_us:  # whoever finished it forgets it at once
        push_timer(s, due_us, OF_TICKET, t)
        return
    last = z.finished_last
    if z.finished >= 0:
        last_us = s.nodes[last].wake_us
        if due_us < last_us or (due_us == last_us and t < last):
            push_timer(s, due_us, OF_TICKET, t)
            return
        s.nodes[last].right = t
    else:
        z.finished = t
    z.finished_last = t
    node.lane, node.right = FINISHED_LINE, -1


@rule
def is_line_first(s: Arrays) -> bool:
    """Return whether the earliest wake-up is that of a finished ticket in line."""
    z = s.scratch[0]
    first = z.finished
    if first < 0 or z.timers == 0:
        return bool(first >= 0)
    due_us, other_us = s.nodes[first].wake_us, s.timers[0].due_us
    return bool(due_us < other_us or (due_us == other_us and first < s.timers[0].whose))


@rule
def step_out(s: Arrays) -> int:
    """Take the first finished ticket out of the line, whose time has come, and return it."""
    z = s.scratch[0]
    t = int(z.finished)
    z.finished = s.nodes[t].right
    s.nodes[t].lane = -1
    return t


@rule
def first_due_us(s: Arrays) -> int:
    """Return when the earliest wake-up is due, ``NEVER_US`` when there is none; it may find nothing to do."""
    z = s.scratch[0]
    due_us = int(s.timers[0].due_us) if z.timers > 0 else NEVER_US
    return min(due_us, int(s.nodes[z.finished].wake_us)) if z.finished >= 0 else due_us


@rule
def promise_deadline(warn_us: int, due_us: int, is_warned: bool, is_breached: bool) -> int:
    """Return when a promise next needs a look: its warning, then its breach, then never."""
    if is_breached:
        return NEVER_US
    return due_us if is_warned else min(warn_us, due_us)


@rule
def promises_deadline(s: Arrays, t: int) -> int:
    """Return the nearest deadline among the ticket's three promises."""
    k = s.tickets[t]
    f = k.marks
    first = promise_deadline(
        k.first_warn_us, k.first_due_us, f & F_FIRST_WARNED != 0, f & F_FIRST_BREACHED != 0
    )
    then = promise_deadline(
        k.next_warn_us, k.next_due_us, f & F_NEXT_WARNED != 0, f & F_NEXT_BREACHED != 0
    )
    whole = promise_deadline(
        k.resolve_warn_us, k.resolve_due_us, f & F_RESOLVE_WARNED != 0, f & F_RESOLVE_BREACHED != 0
    )
    return min(first, then, whole)


@rule
def cooling_deadline(s: Arrays, t: int) -> int:
    """Return when the next cool-down of the ticket ends, counted from now."""
    now_us = s.scratch[0].now_us
    due_us = NEVER_US
    tie = s.tickets[t].tie
    while tie >= 0:
        if s.ties[tie].cooling and now_us < s.ties[tie].until_us < due_us:
            due_us = s.ties[tie].until_us
        tie = s.ties[tie].next
    return due_us


@rule
def ends_cooling(s: Arrays, t: int) -> bool:
    """Return whether one of the ticket's cool-downs ends just now."""
    tie = s.tickets[t].tie
    while tie >= 0:
        if s.ties[tie].cooling and s.ties[tie].until_us == s.scratch[0].now_us:
            return True
        tie = s.ties[tie].next
    return False


@rule
def relax_deadline(s: Arrays, t: int) -> int:
    """Return when a waiting ticket asks for less, never once its chain of profiles was cut behind the present one."""
    return int(s.tickets[t].relax_us) if s.profiles[s.tickets[t].profile].next >= 0 else NEVER_US


@rule
def ticket_deadline(s: Arrays, t: int) -> int:
    """Return when the ticket next needs a look."""
    k = s.tickets[t]
    state = k.state
    if state == SCHEDULED:
        return min(int(k.start_at_us), int(k.expire_us))
    if state == SUSPENDED:
        return min(int(k.start_at_us), int(k.expire_us), promises_deadline(s, t))
    if state == QUEUED:
        due_us = min(
            relax_deadline(s, t), int(k.expire_us), promises_deadline(s, t), cooling_deadline(s, t)
        )
        return min(due_us, int(k.hold_us)) if k.hold_us > s.scratch[0].now_us else due_us
    if state == OFFERED:
        return promises_deadline(s, t)
    if state == ASSIGNED:
        return min(int(k.reply_return_us), promises_deadline(s, t))
    if state == WRAPPING:
        return promises_deadline(s, t)
    return int(k.forget_us)


@rule
def arm_ticket(s: Arrays, t: int) -> None:
    """Make sure the ticket wakes up at its deadline."""
    if s.scratch[0].folding:
        return
    if s.tickets[t].state >= COMPLETED:
        line_up(s, t)
        return
    due_us = ticket_deadline(s, t)
    if due_us < s.nodes[t].wake_us:
        s.nodes[t].wake_us = due_us
        push_timer(s, due_us, OF_TICKET, t)


@rule
def arm_agent(s: Arrays, a: int) -> None:
    """Make sure the agent wakes up at its deadline."""
    if s.scratch[0].folding:
        return
    due_us = min(int(s.agents[a].until_us), int(s.agents[a].grace_us))
    if due_us < s.agent_wake[a]:
        s.agent_wake[a] = due_us
        push_timer(s, due_us, OF_AGENT, a)


@rule
def work_deadline(s: Arrays, w: int) -> int:
    """Return when an offer expires or a wrap-up ends by itself."""
    if s.works[w].state == 0 or s.works[w].state == ACTIVE:
        return NEVER_US
    return int(s.works[w].due_us)


@rule
def arm_work(s: Arrays, w: int) -> None:
    """Make sure the offer or wrap-up ends at its deadline."""
    if s.scratch[0].folding:
        return
    due_us = work_deadline(s, w)
    if due_us < s.work_wake[w]:
        s.work_wake[w] = due_us
        push_timer(s, due_us, OF_WORK, w)
