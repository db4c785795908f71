"""Rebuilding what is derived, and the digest of what is canonical."""

import hashlib
from typing import cast

import numpy as np

from router.core.apply.tickets import mark_ticket
from router.core.apply.works import mark_agent
from router.core.codes import QUEUED
from router.core.eligibility import refresh_agent, refresh_profile
from router.core.jit import entry
from router.core.lanes import join_lane
from router.core.limits import NEVER_US
from router.core.state import CANONICAL, FILL, Arrays, Rows
from router.core.timers import FINISHED_LINE, arm_agent, arm_ticket, arm_work

DERIVED = (
    "scratch", "nodes", "lanes", "lanes_active", "profile_lane", "timers", "agent_wake", "work_wake", "dirty_tickets",
    "dirty_agents", "agent_dirty", "skill_bits", "language_bits", "group_bits", "region_bits", "queue_bits", "ready",
    "eligible", "match", "agent_now_of", "channel_known", "agent_stamp",
)  # fmt: skip


@entry
def derive(s: Arrays) -> None:
    """Compute bitmaps, matches, lanes and timers from the canonical arrays; the derived ones must be blank."""
    h, z = s.head[0], s.scratch[0]
    z.now_us = h.now_us
    z.lane_free, z.finished = -1, -1
    for a in range(h.agents):
        refresh_agent(s, a)
        if s.agents[a].configured:
            arm_agent(s, a)
    for p in range(h.profiles):
        refresh_profile(s, p)
    for t in range(h.ticket_top):
        s.nodes[t].wake_us, s.nodes[t].lane = NEVER_US, -1
        if s.tickets[t].state == QUEUED:
            join_lane(s, t)
        if s.tickets[t].state != 0:
            arm_ticket(s, t)
    for w in range(h.work_top):
        if s.works[w].state != 0:
            arm_work(s, w)


@entry
def rebuild_timers(s: Arrays) -> None:
    """
    Forget all wake-ups and arm every deadline anew.

    A ticket held again and again leaves its farther deadline behind each time; here those are dropped.
    """
    h, z = s.head[0], s.scratch[0]
    z.timers = 0
    for a in range(h.agents):
        s.agent_wake[a] = NEVER_US
        if s.agents[a].configured:
            arm_agent(s, a)
    for t in range(h.ticket_top):
        if s.nodes[t].lane == FINISHED_LINE:
            continue
        s.nodes[t].wake_us = NEVER_US
        if s.tickets[t].state != 0:
            arm_ticket(s, t)
    for w in range(h.work_top):
        s.work_wake[w] = NEVER_US
        if s.works[w].state != 0:
            arm_work(s, w)


@entry
def mark_everything(s: Arrays) -> None:
    """Mark every waiting ticket and every agent, so that the next run decides about all of them."""
    h = s.head[0]
    for a in range(h.agents):
        if s.agents[a].configured:
            mark_agent(s, a)
    for t in range(h.ticket_top):
        if s.tickets[t].state == QUEUED:
            mark_ticket(s, t)


def blank_derived(arrays: Arrays) -> None:
    """Clear every derived array, so that ``derive`` can fill it."""
    for name in DERIVED:
        array = getattr(arrays, name)
        if array.dtype.names:
            array[:] = np.zeros(1, array.dtype)[0]
        else:
            array[:] = FILL.get(name, 0)


def used(arrays: Arrays, name: str) -> Rows:
    """Return the used part of a canonical array."""
    head = arrays.head[0]
    array = getattr(arrays, name)
    rows = {
        "tickets": head["ticket_top"], "works": head["work_top"], "ties": head["tie_top"], "agents": head["agents"],
        "queues": head["queues"], "profiles": head["profiles"], "channels": head["channels"],
        "agent_skill": head["agents"], "agent_language": head["agents"], "agent_group": head["agents"],
        "agent_queue": head["agents"], "agent_cost": head["agents"], "agent_max": head["agents"],
        "agent_load": head["agents"],
    }.get(name, len(array))  # fmt: skip
    return cast("Rows", array[: int(rows)])


def digest(arrays: Arrays) -> str:
    """Return the BLAKE2b digest of the canonical state; independent of how much room the arrays have."""
    h = hashlib.blake2b(digest_size=16)
    for name in CANONICAL:
        part = used(arrays, name)
        h.update(name.encode())
        if part.ndim == 1:
            # Field by field into zeros: what lies between the fields is copied or not as NumPy
            # likes, and says nothing about the state.
            plain = np.zeros(part.shape, part.dtype)
            for field in part.dtype.names or ():
                plain[field] = part[field]
            h.update((plain if part.dtype.names else part).tobytes())
        else:
            rows, columns = np.nonzero(part)
            h.update(np.stack([rows, columns, part[rows, columns].astype(np.int64)]).tobytes())
    return h.hexdigest()
