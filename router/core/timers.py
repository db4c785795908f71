"""
Timers: a heap of wake-ups, at most one valid entry an entity.

Each ticket, agent and work has one wake-up, the least of its deadlines. A deadline that moves nearer pushes a
new entry; one that moves away leaves its old entry, which finds nothing to do and arms the next. Ties are
broken by kind and row, so the order never depends on how the heap happens to lie. Derived: rebuilt from the
deadlines after recovery.

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
            int(k.relax_us), int(k.expire_us), promises_deadline(s, t), cooling_deadline(s, t)
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
