"""The invariants of what is derived: lanes, timers, bitmaps and matches say what the canonical arrays do."""

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from router.core import codes as c
from router.core.limits import NEVER_US, WORKS_PER_AGENT_MAX
from router.core.recovery import used
from router.core.state import Arrays

OF_TICKET, OF_AGENT, OF_WORK = 0, 1, 2
HEAP_ARMS, ROW_MASK = 4, 2**32 - 1
LOOKED_AT_MAX = 64
"""How far down a lane somebody freed looks past those it cools down from; see ``decide.single``."""


def faults(arrays: Arrays) -> Iterator[str]:
    """Yield what is wrong with the derived arrays of a state between two runs."""
    z = arrays.scratch[0]
    if z["dirty_tickets"] or z["dirty_agents"] or z["folding"]:
        yield f"{z['dirty_tickets']} tickets and {z['dirty_agents']} agents still wait for a decision"
    if arrays.agent_dirty.any() or arrays.nodes["dirty"].any():
        yield "somebody is marked for a decision but not listed"
    if (arrays.profile_list != -1).any() or arrays.standing.price.any():
        yield "lists or prices of the last joint decision were not given back"
    yield from _lanes(arrays)
    yield from _timers(arrays)
    yield from _bits(arrays)
    yield from _idle_matches(arrays)


def _lanes(s: Arrays) -> Iterator[str]:
    """Who waits is in the lane of its profile, priority and target, and nobody else is."""
    z = s.scratch[0]
    active = [int(lane) for lane in s.lanes_active[: int(z["lanes_active"])]]
    keys = [
        (int(s.lanes[n]["profile"]), -int(s.lanes[n]["priority"]), int(s.lanes[n]["target_us"]))
        for n in active
    ]
    if keys != sorted(set(keys)):
        yield f"lanes are listed as {keys}; expected rising and each once"
    if any(s.lanes[lane]["active_at"] != at for at, lane in enumerate(active)):
        yield "a lane does not know its place in the list of lanes"
    members: dict[int, list[int]] = {}
    for t, k in enumerate(used(s, "tickets")):
        if k["state"] == c.QUEUED:
            members.setdefault(int(s.nodes[t]["lane"]), []).append(t)
    if sorted(members) != sorted(active):
        yield f"tickets wait in lanes {sorted(members)}; listed are {sorted(active)}"
        return
    for lane in active:
        yield from _lane(s, lane, members[lane])
    by_profile: dict[int, set[int]] = {}
    for lane in active:
        by_profile.setdefault(int(s.lanes[lane]["profile"]), set()).add(lane)
    for p, first in enumerate(s.profile_lane):
        listed, lane = set(), int(first)
        while lane >= 0 and lane not in listed:
            listed.add(lane)
            lane = int(s.lanes[lane]["next_of_profile"])
        if listed != by_profile.get(p, set()):
            yield f"profile {p} lists lanes {listed}; expected {by_profile.get(p, set())}"


def _lane(s: Arrays, lane: int, members: list[int]) -> Iterator[str]:
    """A lane is a treap in the order of age whose head is the oldest."""
    row = s.lanes[lane]
    right = sorted(
        members, key=lambda t: (int(s.tickets[t]["start_us"]), int(s.tickets[t]["serial"]))
    )
    walked = list(_in_order(s, int(row["root"]), -1, len(members) + 1))
    if walked != right:
        yield f"lane {lane} reads {walked}; by age it is {right}"
    if row["head"] != right[0] or row["count"] != len(right):
        yield f"lane {lane} has head {row['head']} and counts {row['count']}; expected {right[0]} and {len(right)}"
    for t in members:
        k, up = s.tickets[t], int(s.nodes[t]["parent"])
        if (k["profile"], k["priority"], k["target_us"]) != (
            row["profile"],
            row["priority"],
            row["target_us"],
        ):
            yield f"ticket {t} waits in lane {lane} of profile {row['profile']}"
        below = [int(s.nodes[t][side]) for side in ("left", "right")]
        count = 1 + sum(int(s.nodes[n]["count"]) for n in below if n >= 0)
        if s.nodes[t]["count"] != count:
            yield f"ticket {t} counts {s.nodes[t]['count']} tickets below it; expected {count}"
        if up >= 0 and weight(int(k["serial"])) > weight(int(s.tickets[up]["serial"])):
            yield f"ticket {t} weighs more than ticket {up} above it"


def _in_order(s: Arrays, root: int, parent: int, limit: int) -> Iterator[int]:
    """Yield a lane's tickets from left to right; a wrong parent link or a cycle ends the walk."""
    path: list[int] = []
    at, above, seen = root, parent, 0
    while (at >= 0 or path) and seen <= limit:
        while at >= 0 and len(path) <= limit:
            if int(s.nodes[at]["parent"]) != above:
                return
            path.append(at)
            above, at = at, int(s.nodes[at]["left"])
        at = path.pop()
        yield at
        seen += 1
        above, at = at, int(s.nodes[at]["right"])


def weight(serial: int) -> int:
    """Return a ticket's heap priority, as ``lanes`` hashes it."""
    x = (serial * 0x9E3779B1) & 0xFFFFFFFF
    x ^= x >> 16
    x = (x * 0x85EBCA6B) & 0xFFFFFFFF
    return x ^ (x >> 13)


def deadlines(s: Arrays) -> dict[tuple[int, int], int]:
    """Return when each (kind, row) next needs a look, where it ever does."""
    now_us = int(s.scratch[0]["now_us"])
    found = {}
    for t, k in enumerate(used(s, "tickets")):
        found[OF_TICKET, t] = _ticket_deadline(s, k, now_us)
    for a, agent in enumerate(used(s, "agents")):
        if agent["configured"]:
            found[OF_AGENT, a] = min(int(agent["until_us"]), int(agent["grace_us"]))
    for w, work in enumerate(used(s, "works")):
        if work["state"] in (c.PENDING, c.WRAPUP):
            found[OF_WORK, w] = int(work["due_us"])
    return {key: due_us for key, due_us in found.items() if due_us < NEVER_US}


def _ticket_deadline(s: Arrays, k: Any, now_us: int) -> int:
    """Return when a ticket next needs a look."""
    state = int(k["state"])
    due_us = [NEVER_US]
    if state in (c.SCHEDULED, c.QUEUED, c.SUSPENDED):
        due_us.append(int(k["expire_us"]))
    if state in (c.SCHEDULED, c.SUSPENDED):
        due_us.append(int(k["start_at_us"]))
    if state in (c.QUEUED, c.OFFERED, c.ASSIGNED, c.WRAPPING, c.SUSPENDED):
        for which, name in enumerate(("first", "next", "resolve")):
            flags = int(k["marks"]) >> (2 * which) & 3
            if flags < 2:
                due_us.append(int(k[f"{name}_due_us"]))
            if flags == 0:
                due_us.append(int(k[f"{name}_warn_us"]))
    if state == c.QUEUED:
        if s.profiles[k["profile"]]["next"] >= 0:
            due_us.append(int(k["relax_us"]))
        later = [int(k["hold_us"]), *(int(tie["until_us"]) for tie in ties(s, k) if tie["cooling"])]
        due_us += [each for each in later if each > now_us]
    if state == c.ASSIGNED:
        due_us.append(int(k["reply_return_us"]))
    if state >= c.COMPLETED:
        due_us.append(int(k["forget_us"]))
    return min(due_us)


def ties(s: Arrays, k: Any) -> Iterator[Any]:
    """Yield the preferences and cool-downs of a ticket."""
    r = int(k["tie"])
    while r >= 0:
        yield s.ties[r]
        r = int(s.ties[r]["next"])


def _timers(s: Arrays) -> Iterator[str]:
    """The heap is a heap, the line a line, and whoever has a deadline has an entry at or before it that counts."""
    heap = s.timers[: int(s.scratch[0]["timers"])]
    keys = [(int(e["due_us"]), int(e["whose"]) >> 32, int(e["whose"]) & ROW_MASK) for e in heap]
    for i in range(1, len(keys)):
        up = (i - 1) // HEAP_ARMS
        if keys[i] < keys[up]:
            yield f"timer {i} fires before timer {up} above it"
    line = list(_line(s))
    if line != sorted(line) or any(s.tickets[t]["state"] < c.COMPLETED for _, _, t in line):
        yield f"the line of finished tickets is {line}; expected finished ones by their time"
    entries = {*keys, *line}
    for (kind, row), due_us in deadlines(s).items():
        wake_us = int(_wake(s, kind, row))
        if wake_us > due_us or (wake_us, kind, row) not in entries:
            yield f"timer of {kind}/{row} is set for {wake_us}, but it is due at {due_us}"
        if due_us <= s.scratch[0]["now_us"]:
            yield f"{kind}/{row} was due at {due_us}, and now is {s.scratch[0]['now_us']}"


def _line(s: Arrays) -> Iterator[tuple[int, int, int]]:
    """Yield the wake-ups of the finished tickets that stand in line."""
    t, seen = int(s.scratch[0]["finished"]), 0
    while t >= 0 and seen < len(s.nodes):
        yield int(s.nodes[t]["wake_us"]), OF_TICKET, t
        t, seen = int(s.nodes[t]["right"]), seen + 1


def _wake(s: Arrays, kind: int, row: int) -> Any:
    """Return which of its timers an entity listens to."""
    if kind == OF_TICKET:
        return s.nodes[row]["wake_us"]
    return s.agent_wake[row] if kind == OF_AGENT else s.work_wake[row]


def _members(row: NDArray[np.uint64], count: int) -> NDArray[np.bool_]:
    """Return a bitmap as booleans."""
    return np.unpackbits(row.astype("<u8").view(np.uint8), bitorder="little")[:count].astype(
        np.bool_
    )


def _bits(s: Arrays) -> Iterator[str]:
    """Bitmaps and matches say what the pairwise rules say."""
    h, agents = s.head[0], used(s, "agents")
    n = len(agents)
    if not n:
        return
    for channel in range(int(h["channels"])):
        right = np.array([has_room(s, a, channel) and on_duty(agents[a]) for a in range(n)])
        if not np.array_equal(_members(s.ready[channel], n), right):
            yield f"ready for channel {channel} are {_members(s.ready[channel], n)}; expected {right}"
        if _members(s.ready[channel], s.ready.shape[1] * 64)[n:].any():
            yield f"agents that do not exist are ready for channel {channel}"
    for p in range(int(h["profiles"])):
        right = meets(s, p)
        row = _members(s.eligible[p], s.eligible.shape[1] * 64)
        if not np.array_equal(row[:n], right) or row[n:].any():
            yield f"eligible for profile {p} are {np.flatnonzero(row)}; expected {np.flatnonzero(right)}"
        fits = match(s, p)
        if not np.array_equal(s.match[p, :n][right], fits[right]):
            yield f"match of profile {p} is {s.match[p, :n][right]}; expected {fits[right]}"


def on_duty(agent: Any) -> bool:
    """Return whether an agent may get offers at all."""
    return bool(
        agent["configured"] and agent["presence"] == c.AVAILABLE and agent["grace_us"] == NEVER_US
    )


def has_room(s: Arrays, a: int, channel: int) -> bool:
    """Return whether one more ticket of the channel fits."""
    agent, most = s.agents[a], int(s.agent_max[a, channel])
    if (
        0 <= most <= s.agent_load[a, channel]
        or agent["held"] + agent["offers_open"] >= WORKS_PER_AGENT_MAX
    ):
        return False
    counted = int(agent["used"])
    if s.channels[channel]["interrupts"]:
        counted -= int(agent["used_interruptible"])
    return bool(counted + s.agent_cost[a, channel] <= agent["units"])


def meets(s: Arrays, p: int) -> NDArray[np.bool_]:
    """Return which agents meet every requirement of profile ``p``, load and presence aside."""
    k, agents = s.profiles[p], used(s, "agents")
    n, channel = len(agents), int(k["channel"])
    right = (agents["configured"] != 0) & (s.agent_max[:n, channel] != 0)
    right &= s.agent_cost[:n, channel] <= agents["units"]
    right &= (agents["all_queues"] != 0) | (s.agent_queue[:n, k["queue"]] != 0)
    if k["language_min"] > 0:
        right &= s.agent_language[:n, k["language"]] >= k["language_min"]
    for i in range(int(k["skills"])):
        right &= s.agent_skill[:n, k["skill"][i]] >= k["skill_min"][i]
    if k["groups"]:
        right &= s.agent_group[:n, k["group"][: k["groups"]]].any(axis=1)
    if k["regions"]:
        right &= np.isin(agents["region"], k["regions_any"][: k["regions"]])
    return np.asarray(right)


def match(s: Arrays, p: int) -> NDArray[np.int64]:
    """Return what each agent's fit to profile ``p`` is worth, thousandths of a point."""
    k, policy, agents = s.profiles[p], s.policy[0], used(s, "agents")
    n = len(agents)
    value = np.full(n, -int(k["penalty"]), dtype=np.int64)
    if k["region"] >= 0:
        away = s.distance[np.maximum(agents["region"], 0), k["region"]].astype(np.int64)
        value -= np.where(agents["region"] >= 0, int(policy["w_region"]) * away // 100, 0)
    count = int(k["skills"])
    total = max(1000, int(k["skill_weight"][:count].sum()))
    for i in range(count):
        share = int(policy["w_skill"]) * int(k["skill_weight"][i]) // total
        value += s.agent_skill[:n, k["skill"][i]].astype(np.int64) * share // 5
    if k["language"] >= 0:
        share = int(policy["w_language"]) * int(k["language_weight"]) // 1000
        value += s.agent_language[:n, k["language"]].astype(np.int64) * share // 5
    return value


def _idle_matches(s: Arrays) -> Iterator[str]:
    """Nobody waits whom somebody with room could take, unless the policy holds its time back."""
    now_us = int(s.scratch[0]["now_us"])
    n = int(s.head[0]["agents"])
    for lane in s.lanes_active[: int(s.scratch[0]["lanes_active"])]:
        p = int(s.lanes[lane]["profile"])
        if not s.queues[s.profiles[p]["queue"]]["open"] or not n:
            continue
        able = _members(s.eligible[p], n) & _members(s.ready[s.profiles[p]["channel"]], n)
        held = False
        if not able.any():
            continue
        for place, t in enumerate(_in_order(s, int(s.lanes[lane]["root"]), -1, 1 << 30)):
            k = s.tickets[t]
            held = held or bool(k["marks"] & c.F_HELD and k["hold_us"] > now_us)
            cooling = {
                int(tie["agent"])
                for tie in ties(s, k)
                if tie["cooling"] and tie["until_us"] > now_us
            }
            free = [int(a) for a in np.flatnonzero(able) if a not in cooling]
            if free and not held and place < LOOKED_AT_MAX:
                yield f"ticket {t} waits, though agents {free} could take it"
                break
