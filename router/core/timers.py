"""
Timers: a heap of wake-ups, at most one valid entry an entity.

Each ticket, agent and work has one wake-up, the least of its deadlines. A deadline that moves nearer pushes a
new entry; one that moves away leaves its old entry, which finds nothing to do and arms the next. Ties are
broken by kind and row, so the order never depends on how the heap happens to lie. Derived: rebuilt from the
deadlines after recovery.
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


@rule
def is_sooner(s: Arrays, i: int, k: int) -> bool:
    """Return whether heap entry ``i`` fires before ``k``."""
    a, b = s.timers[i], s.timers[k]
    if a.due_us != b.due_us:
        return bool(a.due_us < b.due_us)
    if a.kind != b.kind:
        return bool(a.kind < b.kind)
    return bool(a.row < b.row)


@rule
def swap(s: Arrays, i: int, k: int) -> None:
    """Exchange two heap entries."""
    a, b = s.timers[i], s.timers[k]
    a.due_us, b.due_us = b.due_us, a.due_us
    a.kind, b.kind = b.kind, a.kind
    a.row, b.row = b.row, a.row


@rule
def push_timer(s: Arrays, due_us: int, kind: int, row: int) -> None:
    """Add a wake-up."""
    z = s.scratch[0]
    i = int(z.timers)
    z.timers += 1
    entry = s.timers[i]
    entry.due_us, entry.kind, entry.row = due_us, kind, row
    while i > 0:
        up = (i - 1) // 2
        if not is_sooner(s, i, up):
            return
        swap(s, i, up)
        i = up


@rule
def drop_first_timer(s: Arrays) -> None:
    """Remove the earliest wake-up."""
    z = s.scratch[0]
    z.timers -= 1
    n = int(z.timers)
    swap(s, 0, n)
    i = 0
    while True:
        k = 2 * i + 1
        if k >= n:
            return
        if k + 1 < n and is_sooner(s, k + 1, k):
            k += 1
        if not is_sooner(s, k, i):
            return
        swap(s, i, k)
        i = k


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
