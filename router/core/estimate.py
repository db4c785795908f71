"""Where a waiting ticket stands."""

from router.core.codes import ORDER_VALUE, QUEUED
from router.core.decide.values import goes_first, ticket_urgency
from router.core.jit import entry, rule
from router.core.lanes import count_below
from router.core.state import Arrays


@rule
def stands_before(s: Arrays, t: int, other: int) -> bool:
    """Return whether ticket ``t`` may expect to be served before ``other``: where value decides, the more urgent."""
    if s.policy[0].order == ORDER_VALUE:
        mine, theirs = ticket_urgency(s, t), ticket_urgency(s, other)
        if mine != theirs:
            return mine > theirs
    return goes_first(s, t, other)


@rule
def count_before(s: Arrays, root: int, t: int) -> int:
    """Return how many tickets of a lane stand before ``t``: those at its front, as a lane is in this order already."""
    before = 0
    at = root
    while at >= 0:
        if at != t and stands_before(s, at, t):
            before += count_below(s, s.nodes[at].left) + 1
            at = s.nodes[at].right
        else:
            at = s.nodes[at].left
    return before


@entry
def place_of(s: Arrays, t: int) -> tuple[int, int]:
    """Return a ticket's position in its queue (1 is next in the policy's order), and how many wait there."""
    q = s.profiles[s.tickets[t].profile].queue
    waiting = int(s.queues[q].waiting)
    if s.tickets[t].state != QUEUED:
        return 0, waiting
    position = 1
    for i in range(s.scratch[0].lanes_active):
        lane = s.lanes[s.lanes_active[i]]
        if s.profiles[lane.profile].queue != q:
            continue
        position += count_before(s, lane.root, t)
    return position, waiting
