"""
Every invariant of the state, said once, in plain Python and apart from the rules that keep them.

``check`` is for tests and for ``verify``: it walks everything that is used, so it is slow, and it shares no code with
the rules, bitmaps and heaps it looks at. ``faults`` lists what is wrong; an empty list is a sound state.
"""

from collections.abc import Iterator
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from router.core import check_derived as derived
from router.core import codes as c
from router.core.limits import LEVEL_MAX, NEVER_US, TIES_PER_TICKET_MAX, WORKS_PER_AGENT_MAX
from router.core.recovery import used
from router.core.state import Arrays

WAITING_STATES = (c.SCHEDULED, c.QUEUED, c.SUSPENDED)
FINAL_STATES = (c.COMPLETED, c.CANCELED, c.EXPIRED, c.ABANDONED)


def check(arrays: Arrays) -> None:
    """Assert every invariant of a state between two runs; the message lists all that are broken."""
    found = faults(arrays)
    assert not found, "\n".join(found)


def faults(arrays: Arrays) -> list[str]:
    """Return what is wrong with a state between two runs, in words."""
    found = [*canonical_faults(arrays)]
    if found:
        return found  # what is derived from nonsense cannot be walked safely
    return [*derived.faults(arrays)]


def canonical_faults(arrays: Arrays) -> Iterator[str]:
    """Yield what is wrong with the canonical arrays alone; holds for a state that is only folded, too."""
    yield from _free_rows(arrays)
    yield from _lists(arrays)
    yield from _tickets(arrays)
    yield from _works(arrays)
    yield from _agents(arrays)
    yield from _queues(arrays)


def over_capacity(arrays: Arrays) -> list[str]:
    """
    Return who holds more than their units or a channel's maximum allow.

    Manual assignments by force and a later cut of units may cause that, so it is not part of ``check``. Load of
    interruptible channels does not keep an interrupting channel away, so only the rest must fit for certain.
    """
    found = []
    for a, agent in enumerate(used(arrays, "agents")):
        firm, soft = (
            int(agent["used"] - agent["used_interruptible"]),
            int(agent["used_interruptible"]),
        )
        units = int(agent["units"])
        if firm > units or soft > units:
            found.append(f"agent {a} uses {firm} firm and {soft} interruptible units of {units}")
        interrupted = any(arrays.channels[ch]["interrupts"] for ch in range(int(arrays.head[0]["channels"]))
                          if arrays.agent_load[a, ch])  # fmt: skip
        if firm + soft > units and not interrupted:
            found.append(
                f"agent {a} uses {firm + soft} units of {units} and nothing it holds interrupts"
            )
        full = (arrays.agent_max[a] >= 0) & (arrays.agent_load[a] > arrays.agent_max[a])
        found += [
            f"agent {a} holds {arrays.agent_load[a, ch]} of channel {ch}"
            for ch in np.flatnonzero(full)
        ]
    return found


def chain(rows: NDArray[Any], head: int, link: str, limit: int) -> list[int]:
    """Return the rows of a linked list from ``head`` on; one more than ``limit`` of them when it does not end."""
    found: list[int] = []
    while head >= 0 and len(found) <= limit:
        found.append(head)
        head = int(rows[head][link]) if head < len(rows) else -1
    return found


def _free_rows(s: Arrays) -> Iterator[str]:
    """Free rows are exactly those not used below the top, each listed once, and blank."""
    h = s.head[0]
    tables = (
        ("tickets", "ticket", "next_free"),
        ("works", "work", "next_free"),
        ("ties", "tie", "next"),
    )
    for table, name, link in tables:
        rows, top = getattr(s, table), int(h[f"{name}_top"])
        free = chain(rows, int(h[f"{name}_free"]), link, top)
        if len(set(free)) < len(free) or any(row >= top for row in free):
            yield f"the free list of {table} is {free} below {top}"
            continue
        if table == "ties":
            live = _tie_rows(s)
            if sorted(free + live) != list(range(top)):
                yield f"ties 0-{top} are free {free} or of a ticket {live}, each once"
            continue
        blank = {row for row in range(top) if rows[row]["state"] == 0}
        if set(free) != blank:
            yield f"{table} {sorted(blank)} are blank, but the free list has {sorted(free)}"
        if int(h[f"{table}_live"]) != top - len(free):
            yield f"{table}_live is {h[f'{table}_live']}; expected {top - len(free)}"
        names = [field for field in rows.dtype.names if field != link]
        yield from (f"{table}[{row}].{field} is {rows[row][field]} though the row is free"
                    for row in free for field in names if rows[row][field] != 0)  # fmt: skip


def _tie_rows(s: Arrays) -> list[int]:
    """Return the tie rows of all live tickets."""
    top = int(s.head[0]["tie_top"])
    return [
        r
        for k in used(s, "tickets")
        if k["state"]
        for r in chain(s.ties, int(k["tie"]), "next", top)
    ]


def _lists(s: Arrays) -> Iterator[str]:
    """Every work is in exactly its ticket's and its agent's list."""
    h = s.head[0]
    top = int(h["work_top"])
    sides = (("ticket", s.tickets, int(h["ticket_top"])), ("agent", s.agents, int(h["agents"])))
    for name, owners, count in sides:
        at: dict[int, int] = {}
        for owner in range(count):
            if name == "ticket" and not owners[owner]["state"]:
                continue
            if name == "agent" and not owners[owner]["configured"] and not owners[owner]["version"]:
                continue
            for w in chain(s.works, int(owners[owner]["work"]), f"next_of_{name}", top):
                if w in at or w >= top:
                    yield f"work {w} is twice in lists by {name}, or not in use"
                    return
                at[w] = owner
        right = {w: int(s.works[w][name]) for w in range(top) if s.works[w]["state"]}
        if at != right:
            yield f"lists by {name} hold {at}; works say {right}"


def _tickets(s: Arrays) -> Iterator[str]:
    """A ticket's state, its works and its holder agree."""
    top = int(s.head[0]["work_top"])
    serials = [int(k["serial"]) for k in used(s, "tickets") if k["state"]]
    if len(set(serials)) < len(serials) or any(n >= s.head[0]["next_ticket"] for n in serials):
        yield f"ticket serials {serials} repeat or are not given out yet"
    for t, k in enumerate(used(s, "tickets")):
        if not k["state"]:
            continue
        works = [s.works[w] for w in chain(s.works, int(k["work"]), "next_of_ticket", top)]
        states = sorted(int(w["state"]) for w in works)
        wanted = {c.ASSIGNED: [c.ACTIVE], c.WRAPPING: [c.WRAPUP]}.get(int(k["state"]), [])
        name = f"ticket {t} ({c.TICKET_STATES.get(int(k['state']), k['state'])})"
        if k["state"] not in c.TICKET_STATES:
            yield f"{name} has no such state"
        elif k["state"] == c.OFFERED:
            if not states or set(states) != {c.PENDING}:
                yield f"{name} has works in states {states}; expected offers only, at least one"
        elif states != wanted:
            yield f"{name} has works in states {states}; expected {wanted}"
        holders = [int(w["agent"]) for w in works]
        if len(set(holders)) < len(holders):
            yield f"{name} is offered twice to the same of {holders}"
        if wanted and [int(k["agent"])] != holders:
            yield f"{name} is held by agent {k['agent']}; its work says {holders}"
        if int(k["offers_open"]) != states.count(c.PENDING):
            yield f"{name} counts {k['offers_open']} open offers; there are {states.count(c.PENDING)}"
        yield from _ticket_fields(s, k, name)


def _ticket_fields(s: Arrays, k: Any, name: str) -> Iterator[str]:
    """A ticket's numbers are in range and its clocks run only in the states they belong to."""
    if (
        not 0 <= k["profile"] < s.head[0]["profiles"]
        or not 0 <= k["base_profile"] < s.head[0]["profiles"]
    ):
        yield f"{name} asks for profile {k['profile']} of base {k['base_profile']}"
    if (k["state"] in FINAL_STATES) != (k["forget_us"] < NEVER_US):
        yield f"{name} is forgotten at {k['forget_us']}"
    if k["state"] in FINAL_STATES and k["tie"] >= 0:
        yield f"{name} still has ties"
    if k["state"] in (c.QUEUED, c.OFFERED, c.SUSPENDED) and k["agent"] != -1:
        yield f"{name} names agent {k['agent']} as its holder"
    if (
        k["state"] != c.ASSIGNED
        and k["reply_return_us"] != NEVER_US
        and k["state"] not in FINAL_STATES
    ):
        yield f"{name} waits for a first reply until {k['reply_return_us']}"
    if k["state"] != c.QUEUED and (k["hold_us"] != NEVER_US or k["marks"] & c.F_HELD):
        yield f"{name} is held until {k['hold_us']}"
    if k["marks"] & c.F_REPLIED and k["first_due_us"] != NEVER_US:
        yield f"{name} was replied to, yet a first response is due at {k['first_due_us']}"
    ties = [s.ties[r] for r in chain(s.ties, int(k["tie"]), "next", int(s.head[0]["tie_top"]))]
    cooling = [int(tie["agent"]) for tie in ties if tie["cooling"]]
    if len(set(cooling)) < len(cooling) or len(cooling) > TIES_PER_TICKET_MAX:
        yield f"{name} cools down from {cooling}"


def _works(s: Arrays) -> Iterator[str]:
    """An offer or assignment has a state, a cost and a serial of its own, and an end where its state has one."""
    rows = [(w, work) for w, work in enumerate(used(s, "works")) if work["state"]]
    serials = [int(work["serial"]) for _, work in rows]
    if len(set(serials)) < len(serials) or any(n >= s.head[0]["next_serial"] for n in serials):
        yield f"offer serials {serials} repeat or are not given out yet"
    for w, work in rows:
        if work["state"] not in c.WORK_STATES:
            yield f"work {w} is in state {work['state']}"
        if work["state"] == c.ACTIVE and work["due_us"] != NEVER_US:
            yield f"work {w} is active, yet ends at {work['due_us']}"
        if work["cost"] < 0 or not 0 <= work["channel"] < s.head[0]["channels"]:
            yield f"work {w} costs {work['cost']} units of channel {work['channel']}"


def _agents(s: Arrays) -> Iterator[str]:
    """What counters say an agent holds is what its works add up to, and its presence allows it."""
    channels, top = s.agent_load.shape[1], int(s.head[0]["work_top"])
    works = s.works[:top]
    for a, agent in enumerate(used(s, "agents")):
        own = works[(works["state"] != 0) & (works["agent"] == a)]
        sums = {
            "used": int(own["cost"].sum()),
            "used_interruptible": int(own["cost"][own["interruptible"] != 0].sum()),
            "offers_open": int((own["state"] == c.PENDING).sum()),
            "held": int((own["state"] != c.PENDING).sum()),
        }
        yield from (f"agent {a} has {name} {agent[name]}; its works add up to {right}"
                    for name, right in sums.items() if agent[name] != right)  # fmt: skip
        load = np.bincount(own["channel"], minlength=channels)
        if not np.array_equal(load, s.agent_load[a]):
            yield f"agent {a} has load {s.agent_load[a]}; its works add up to {load}"
        if len(own) > WORKS_PER_AGENT_MAX:
            yield f"agent {a} holds {len(own)} works; at most {WORKS_PER_AGENT_MAX}"
        if agent["presence"] not in c.PRESENCES:
            yield f"agent {a} has presence {agent['presence']}"
        if agent["presence"] == c.DRAINING and not len(own):
            yield f"agent {a} drains, though it holds nothing"
        if agent["presence"] in (c.OFFLINE, c.AWAY) and sums["offers_open"]:
            yield f"agent {a} is {c.PRESENCES[int(agent['presence'])]}, yet has open offers"
        if not agent["configured"] and (len(own) or agent["presence"] != c.OFFLINE):
            yield f"agent {a} is not configured, yet on the floor"
        levels = (s.agent_skill[a], s.agent_language[a])
        if any(row.max(initial=0) > LEVEL_MAX for row in levels):
            yield f"agent {a} has a level above {LEVEL_MAX}"


def _queues(s: Arrays) -> Iterator[str]:
    """A queue counts those who wait in it; chains of profiles end."""
    waiting = np.zeros(len(s.queues), dtype=np.int64)
    for k in used(s, "tickets"):
        if k["state"] == c.QUEUED and 0 <= k["profile"] < len(s.profiles):
            waiting[s.profiles[k["profile"]]["queue"]] += 1
    for q, row in enumerate(used(s, "queues")):
        if row["waiting"] != waiting[q]:
            yield f"queue {q} counts {row['waiting']} waiting; there are {waiting[q]}"
        at = row.dtype.names.index("waiting")  # settings come before, counters from there on
        counters = [row[name] for name in row.dtype.names[at:]]
        if min(counters) < 0:
            yield f"queue {q} has a negative counter: {row}"
    profiles = used(s, "profiles")
    for p in range(len(profiles)):
        steps = chain(profiles, p, "next", len(profiles))
        if len(steps) > len(profiles) or any(step >= len(profiles) for step in steps):
            yield f"the chain of profile {p} does not end: {steps}"
        if any(one == two for one, two in pairwise(steps)):
            yield f"profile {p} relaxes to itself"
