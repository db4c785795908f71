"""
Lanes: who waits, oldest first.

A lane holds the waiting tickets of one profile, priority and target, so its head is its most urgent ticket.
It is a treap over the tickets' own rows, ordered by (start, serial): adding and removing take O(log n)
whatever the order, and the shape, hence the speed, does not depend on what customers send. Derived: rebuilt
from the tickets after recovery.

References
----------
.. [1] Seidel, Aragon (1996). Randomized search trees. doi:10.1007/BF01940876
"""

from router.core.jit import rule
from router.core.state import Arrays


@rule
def weight_of(serial: int) -> int:
    """Return the heap priority of a ticket: a hash of its serial, so no random source is needed."""
    x = (int(serial) * 0x9E3779B1) & 0xFFFFFFFF
    x ^= x >> 16
    x = (x * 0x85EBCA6B) & 0xFFFFFFFF
    return x ^ (x >> 13)


@rule
def is_before(s: Arrays, t: int, other: int) -> bool:
    """Return whether ticket ``t`` is older than ``other``; serials break ties."""
    if s.tickets[t].start_us != s.tickets[other].start_us:
        return bool(s.tickets[t].start_us < s.tickets[other].start_us)
    return bool(s.tickets[t].serial < s.tickets[other].serial)


@rule
def rotate_up(s: Arrays, lane: int, t: int) -> None:
    """Turn ``t`` and its parent round, keeping the order."""
    p = s.nodes[t].parent
    g = s.nodes[p].parent
    if s.nodes[p].left == t:
        child = s.nodes[t].right
        s.nodes[p].left = child
        s.nodes[t].right = p
    else:
        child = s.nodes[t].left
        s.nodes[p].right = child
        s.nodes[t].left = p
    if child >= 0:
        s.nodes[child].parent = p
    s.nodes[p].parent = t
    s.nodes[t].parent = g
    if g < 0:
        s.lanes[lane].root = t
    elif s.nodes[g].left == p:
        s.nodes[g].left = t
    else:
        s.nodes[g].right = t
    s.nodes[t].count = s.nodes[p].count
    s.nodes[p].count = 1 + count_below(s, s.nodes[p].left) + count_below(s, s.nodes[p].right)


@rule
def count_below(s: Arrays, t: int) -> int:
    """Return how many tickets hang on ``t``, itself included; none on -1."""
    return int(s.nodes[t].count) if t >= 0 else 0


@rule
def after(s: Arrays, t: int) -> int:
    """Return the next ticket in its lane, or -1."""
    n = s.nodes[t].right
    if n >= 0:
        while s.nodes[n].left >= 0:
            n = s.nodes[n].left
        return int(n)
    n = s.nodes[t].parent
    while n >= 0 and s.nodes[n].right == t:
        t = n
        n = s.nodes[n].parent
    return int(n)


@rule
def comes_before(s: Arrays, lane: int, other: int) -> bool:
    """Return whether a lane is listed before another: an order that does not depend on how they came about."""
    row, o = s.lanes[lane], s.lanes[other]
    if row.profile != o.profile:
        return bool(row.profile < o.profile)
    if row.priority != o.priority:
        return bool(row.priority > o.priority)
    return bool(row.target_us < o.target_us)


@rule
def find_lane(s: Arrays, profile: int, priority: int, target_us: int) -> int:
    """Return the lane for these tickets, making one when there is none."""
    lane = s.profile_lane[profile]
    while lane >= 0:
        row = s.lanes[lane]
        if row.priority == priority and row.target_us == target_us:
            return int(lane)
        lane = row.next_of_profile
    z = s.scratch[0]
    if z.lane_free >= 0:
        lane = z.lane_free
        z.lane_free = s.lanes[lane].next_free
    else:
        lane = z.lanes_top
        z.lanes_top += 1
    row = s.lanes[lane]
    row.target_us, row.profile, row.priority = target_us, profile, priority
    row.root, row.head, row.count = -1, -1, 0
    row.next_of_profile = s.profile_lane[profile]
    s.profile_lane[profile] = lane
    at = int(z.lanes_active)
    while at > 0 and comes_before(s, lane, s.lanes_active[at - 1]):
        s.lanes_active[at] = s.lanes_active[at - 1]
        s.lanes[s.lanes_active[at]].active_at = at
        at -= 1
    s.lanes_active[at] = lane
    row.active_at = at
    z.lanes_active += 1
    return int(lane)


@rule
def drop_lane(s: Arrays, lane: int) -> None:
    """Give an empty lane back."""
    z, row = s.scratch[0], s.lanes[lane]
    z.lanes_active -= 1
    for at in range(row.active_at, z.lanes_active):
        s.lanes_active[at] = s.lanes_active[at + 1]
        s.lanes[s.lanes_active[at]].active_at = at
    if s.profile_lane[row.profile] == lane:
        s.profile_lane[row.profile] = row.next_of_profile
    else:
        k = s.profile_lane[row.profile]
        while s.lanes[k].next_of_profile != lane:
            k = s.lanes[k].next_of_profile
        s.lanes[k].next_of_profile = row.next_of_profile
    row.next_free = z.lane_free
    z.lane_free = lane


@rule
def join_lane(s: Arrays, t: int) -> None:
    """Put a waiting ticket in its lane."""
    ticket = s.tickets[t]
    lane = find_lane(s, ticket.profile, ticket.priority, ticket.target_us)
    row, node = s.lanes[lane], s.nodes[t]
    node.lane, node.left, node.right, node.parent, node.count = lane, -1, -1, -1, 1
    row.count += 1
    if row.root < 0:
        row.root = row.head = t
        return
    if is_before(s, t, row.head):
        row.head = t
    at = row.root
    while True:
        s.nodes[at].count += 1
        if is_before(s, t, at):
            below = s.nodes[at].left
            if below < 0:
                s.nodes[at].left = t
                break
        else:
            below = s.nodes[at].right
            if below < 0:
                s.nodes[at].right = t
                break
        at = below
    node.parent = at
    weight = weight_of(ticket.serial)
    while node.parent >= 0 and weight > weight_of(s.tickets[node.parent].serial):
        rotate_up(s, lane, t)


@rule
def leave_lane(s: Arrays, t: int) -> None:
    """Take a ticket out of its lane; an empty lane is given back."""
    node = s.nodes[t]
    lane = int(node.lane)
    row = s.lanes[lane]
    if row.head == t:
        row.head = after(s, t)
    while node.left >= 0 or node.right >= 0:
        up = node.left
        if up < 0 or (
            node.right >= 0
            and weight_of(s.tickets[node.right].serial) > weight_of(s.tickets[up].serial)
        ):
            up = node.right
        rotate_up(s, lane, up)
    p = node.parent
    if p < 0:
        row.root = -1
    elif s.nodes[p].left == t:
        s.nodes[p].left = -1
    else:
        s.nodes[p].right = -1
    while p >= 0:
        s.nodes[p].count -= 1
        p = s.nodes[p].parent
    node.lane = -1
    node.parent = -1
    row.count -= 1
    if row.count == 0:
        drop_lane(s, lane)
