"""
The state: a few arrays, handed to compiled rules as one structure.

``Arrays`` names them for Python and for the type checker; ``handle`` wraps them for the compiled rules, which take
0.8 us a call instead of the 13 us a named tuple of as many arrays costs. With the JIT switched off the rules run as
plain Python on the very same arrays.
"""

from typing import Any, Final, NamedTuple, Self, cast

import numba
import numpy as np
from numba.experimental import structref
from numpy.typing import NDArray

from router.core import layout
from router.core.jit import entry
from router.core.limits import (
    CANDIDATES_MAX,
    CHANNELS_MAX,
    EVENTS_MARGIN,
    NEVER_US,
    TICKETS_MAX,
    TIES_PER_TICKET_MAX,
    TURN_ROWS_MAX,
    WORKS_MAX,
)
from router.core.structures import Structure, structure
from solver.standing.rounds import make_rounds
from solver.standing.state import Standing
from solver.standing.state import handle as standing_handle
from solver.wrapping import Wrapper

Rows = NDArray[Any]


class Arrays(NamedTuple):
    """All of the core's memory; see ``layout`` for the records. Canonical first, derived after."""

    head: Any
    tickets: Any
    agents: Any
    works: Any
    ties: Any
    channels: Any
    queues: Any
    profiles: Any
    policy: Any
    agent_skill: Rows  # uint8 (agents, skills): level 0-5
    agent_language: Rows  # uint8 (agents, languages): level 0-5
    agent_group: Rows  # uint8 (agents, groups): 1 when a member
    agent_queue: Rows  # uint8 (agents, queues): 1 when a member
    agent_cost: Rows  # int32 (agents, channels): units one ticket takes
    agent_max: Rows  # int32 (agents, channels): most at a time, -1 no maximum
    agent_load: Rows  # int32 (agents, channels): open offers and assignments
    distance: Rows  # int32 (regions, regions): 0-100
    # Derived.
    scratch: Any
    nodes: Any
    lanes: Any
    lanes_active: Rows
    profile_lane: Rows
    timers: Any
    agent_wake: Rows
    work_wake: Rows
    dirty_tickets: Rows
    dirty_agents: Rows
    agent_dirty: Rows
    skill_bits: Rows  # uint64 (skills * 5, words): agents of level >= k
    language_bits: Rows
    group_bits: Rows
    region_bits: Rows
    queue_bits: Rows
    ready: Rows  # uint64 (channels, words): agents with room now
    eligible: Rows  # uint64 (profiles, words)
    match: Rows  # int32 (profiles, agents)
    inbox: Any
    inbox_words: Rows
    events: Any
    event_words: Rows
    # One joint decision: its rows (tickets), the lists of candidates of their profiles, and the assignment.
    row_ticket: Rows
    row_list: Rows
    row_urgency: Rows
    row_size: Rows  # pairs
    row_key: Rows
    row_agent: Rows  # -1 when it waits
    row_best: Rows  # most it is worth to anybody, urgency aside
    list_profile: Rows
    list_rows: Rows
    list_feasible: Rows  # agents that may take it now
    list_from: Rows
    list_size: Rows
    list_best: Rows
    list_left_out: Rows  # what agents that are not listed are worth at most
    list_least: Rows  # what its tickets gain at least, urgency aside
    list_excess: Rows  # by how much an agent left out exceeds that
    list_grew: Rows
    list_agent: Rows
    list_worth: Rows
    pair_agent: Rows  # of the row in hand
    pair_value: Rows
    profile_list: Rows  # -1 when none
    agent_now: Rows  # (channels, agents): rest, load and price of an agent in this decision
    agent_now_of: Rows  # in which decision that was worked out
    channel_known: Rows  # in which decision it was for everybody
    agent_stamp: Rows
    freed_bits: Rows  # agents who gained room
    freed_words: Rows  # which words of that have any
    standing: Standing


CANONICAL: Final = (
    "head", "tickets", "agents", "works", "ties", "channels", "queues", "profiles", "policy", "agent_skill",
    "agent_language", "agent_group", "agent_queue", "agent_cost", "agent_max", "agent_load", "distance",
)  # fmt: skip


@structure
class StateType(Structure):
    """The compiled rules' view of ``Arrays``."""

    symbol = "CordboardState"


class State(structref.StructRefProxy):
    """A handle on the arrays; opaque to Python."""

    def __new__(cls, *arrays: Any) -> Self:
        """Wrap the arrays, in the order of ``Arrays``."""
        return cast("Self", structref.StructRefProxy.__new__(cls, *arrays))


structref.define_proxy(State, StateType, list(Arrays._fields))


@entry
def _wrapped(*arrays: Any) -> Any:
    """Wrap the arrays: the proxy's own constructor, but kept on disk; compiling it took 1.5 s of every start."""
    return State(*arrays)


WRAPPED: Final = Wrapper(_wrapped)


def handle(arrays: Arrays) -> Arrays:
    """Return what the rules take: a compiled structure, or with the JIT off the arrays themselves."""
    if numba.config.DISABLE_JIT:
        plain: dict[str, Any] = {name: array.view(np.recarray) for name, array in arrays._asdict().items()
                 if isinstance(array, np.ndarray) and array.dtype.names}  # fmt: skip
        return arrays._replace(**plain)
    inner: Any = standing_handle(arrays.standing)
    return cast("Arrays", WRAPPED(arrays._replace(standing=inner)))


class Sizes(NamedTuple):
    """How many rows of each kind the arrays have room for; agents in multiples of 64."""

    tickets: int = 4096
    agents: int = 64
    works: int = 16384
    ties: int = 16384
    queues: int = 16
    profiles: int = 64
    skills: int = 16
    languages: int = 8
    groups: int = 16
    regions: int = 8
    lanes: int = 16384
    timers: int = 16384
    inbox: int = 256
    inbox_words: int = 16384
    events: int = 4 * EVENTS_MARGIN
    event_words: int = 65536
    rows: int = TURN_ROWS_MAX
    pairs: int = 8192


Shapes = dict[str, tuple[tuple[int, ...], Any]]


def canonical_shapes(n: Sizes) -> Shapes:
    """Return the shape and dtype of every canonical array."""
    u1, i4 = np.uint8, np.int32
    return {
        "head": ((1,), layout.HEAD),
        "tickets": ((n.tickets,), layout.TICKET),
        "agents": ((n.agents,), layout.AGENT),
        "works": ((n.works,), layout.WORK),
        "ties": ((n.ties,), layout.TIE),
        "channels": ((CHANNELS_MAX,), layout.CHANNEL),
        "queues": ((n.queues,), layout.QUEUE),
        "profiles": ((n.profiles,), layout.PROFILE),
        "policy": ((1,), layout.POLICY),
        "agent_skill": ((n.agents, n.skills), u1),
        "agent_language": ((n.agents, n.languages), u1),
        "agent_group": ((n.agents, n.groups), u1),
        "agent_queue": ((n.agents, n.queues), u1),
        "agent_cost": ((n.agents, CHANNELS_MAX), i4),
        "agent_max": ((n.agents, CHANNELS_MAX), i4),
        "agent_load": ((n.agents, CHANNELS_MAX), i4),
        "distance": ((n.regions, n.regions), i4),
    }


def derived_shapes(n: Sizes) -> Shapes:
    """Return the shape and dtype of every derived array, the buffers included."""
    words = n.agents // 64
    u1, i4, u8 = np.uint8, np.int32, np.uint64
    return {
        "scratch": ((1,), layout.SCRATCH),
        "nodes": ((n.tickets,), layout.NODE),
        "lanes": ((n.lanes,), layout.LANE),
        "lanes_active": ((n.lanes,), i4),
        "profile_lane": ((n.profiles,), i4),
        "timers": ((n.timers,), layout.TIMER),
        "agent_wake": ((n.agents,), np.int64),
        "work_wake": ((n.works,), np.int64),
        "dirty_tickets": ((n.tickets,), i4),
        "dirty_agents": ((n.agents,), i4),
        "agent_dirty": ((n.agents,), u1),
        "skill_bits": ((n.skills * 5, words), u8),
        "language_bits": ((n.languages * 5, words), u8),
        "group_bits": ((n.groups, words), u8),
        "region_bits": ((n.regions, words), u8),
        "queue_bits": ((n.queues, words), u8),
        "ready": ((CHANNELS_MAX, words), u8),
        "eligible": ((n.profiles, words), u8),
        "match": ((n.profiles, n.agents), i4),
        "inbox": ((n.inbox,), layout.COMMAND),
        "inbox_words": ((n.inbox_words,), np.int64),
        "events": ((n.events,), layout.EVENT),
        "event_words": ((n.event_words,), np.int64),
        **dict.fromkeys(("row_ticket", "row_list", "row_size", "row_agent"), ((n.rows,), i4)),
        **dict.fromkeys(("row_urgency", "row_key", "row_best"), ((n.rows,), np.int64)),
        **dict.fromkeys(
            ("list_profile", "list_rows", "list_feasible", "list_from"), ((n.rows,), i4)
        ),
        **dict.fromkeys(("list_size", "list_grew"), ((n.rows,), i4)),
        **dict.fromkeys(
            ("list_best", "list_left_out", "list_least", "list_excess"), ((n.rows,), np.int64)
        ),
        "list_agent": ((n.pairs,), i4),
        "list_worth": ((n.pairs,), np.int64),
        "pair_agent": ((ROW_PAIRS_MAX,), i4),
        "pair_value": ((ROW_PAIRS_MAX,), i4),
        "profile_list": ((n.profiles,), i4),
        "agent_now": ((CHANNELS_MAX, n.agents), i4),
        "channel_known": ((CHANNELS_MAX,), np.int64),
        "agent_now_of": ((CHANNELS_MAX, n.agents), np.int64),
        "agent_stamp": ((n.agents,), i4),
        "freed_bits": ((words,), u8),
        "freed_words": ((words,), i4),
    }


def shapes(n: Sizes) -> Shapes:
    """Return the shape and dtype of every array for these sizes."""
    return canonical_shapes(n) | derived_shapes(n)


ROW_PAIRS_MAX: Final = 2 * CANDIDATES_MAX + TIES_PER_TICKET_MAX + 64
FILL: Final = {
    "agent_wake": NEVER_US,
    "work_wake": NEVER_US,
    "profile_lane": -1,
    "profile_list": -1,
}


COPIED_AT_ONCE: Final = 1 << 16
"""Bytes that are looked at together for something to copy."""
RESERVED: Final = {
    "tickets": TICKETS_MAX,
    "nodes": TICKETS_MAX,
    "dirty_tickets": TICKETS_MAX,
    "works": WORKS_MAX,
    "work_wake": WORKS_MAX,
    "ties": 2 * TICKETS_MAX,
    "lanes": 2 * TICKETS_MAX,
    "lanes_active": 2 * TICKETS_MAX,
    "timers": 4 * TICKETS_MAX,
}
"""
Rows that tables which grow with the tickets have addresses for once they have grown.

The system gives no memory to pages that nobody touched, so a reserve costs nothing, and growing further is a longer
view of the same memory: no decision waits for a hundred thousand rows to be copied. What never grows has no reserve:
thousands of small machines, as tests and soaks make, would each hold some huge pages.
"""


def blank(name: str, shape: tuple[int, ...], dtype: Any, reserve: int = 0) -> Rows:
    """Return an array of the state as before the first command; ``reserve`` rows have addresses, if that is more."""
    n = shape[0]
    array: Rows = np.zeros((max(n, reserve), *shape[1:]), dtype)[:n]
    if name in FILL:
        array[:] = FILL[name]
    return array


def empty(sizes: Sizes) -> Arrays:
    """Return the state before the first command."""
    arrays = Arrays(
        **{name: blank(name, shape, dtype) for name, (shape, dtype) in shapes(sizes).items()},
        standing=make_rounds(sizes.rows, sizes.agents, sizes.pairs, ROW_PAIRS_MAX),
    )  # fmt: skip
    arrays.head[0]["ticket_free"] = -1
    arrays.head[0]["next_serial"] = 1  # 0 is an agent who never had an offer
    arrays.head[0]["work_free"] = -1
    arrays.head[0]["tie_free"] = -1
    arrays.scratch[0]["lane_free"] = -1
    arrays.scratch[0]["finished"] = -1
    return arrays


def copied(array: Rows) -> Rows:
    """Return a copy; the zeros at its end are left to the system, whose fresh memory costs nothing until touched."""
    twin: Rows = np.zeros(array.shape, array.dtype)
    source, target = array.reshape(-1).view(np.uint8), twin.reshape(-1).view(np.uint8)
    used = len(source)
    while used > 0 and not source[max(0, used - COPIED_AT_ONCE) : used].any():
        used = max(0, used - COPIED_AT_ONCE)
    target[:used] = source[:used]
    return twin


def twin_of(arrays: Arrays) -> Arrays:
    """Return a copy of a state, its standing assignment included."""
    standing = Standing(*(copied(part) for part in arrays.standing))
    found = {name: copied(part) for name, part in arrays._asdict().items() if name != "standing"}
    return Arrays(**found, standing=standing)


def copy_in(target: Rows, source: Rows) -> None:
    """Copy an array into the first corner of a larger one; records as bytes, as NumPy copies them field by field."""
    if source.dtype.names:
        target = target[: len(source)].view(np.uint8)
        source = np.ascontiguousarray(source).view(np.uint8)
    target[tuple(slice(0, n) for n in source.shape)] = source


def extended(name: str, array: Rows, shape: tuple[int, ...]) -> Rows:
    """Return an array with room for more: of its own reserve if that suffices, else moved."""
    whole = array.base
    if isinstance(whole, np.ndarray) and whole.shape[1:] == shape[1:] and len(whole) >= shape[0]:
        longer: Rows = whole[: shape[0]]
        if name in FILL:
            longer[len(array) :] = FILL[name]
        return longer
    moved = blank(name, shape, array.dtype, RESERVED.get(name, 0))
    copy_in(moved, array)
    return moved


def grown(old: Arrays, sizes: Sizes) -> Arrays:
    """Return the arrays with room for ``sizes``; every row keeps its number. The old ones are not to be used again."""
    larger: dict[str, Any] = {}
    for name, (shape, _) in shapes(sizes).items():
        array: Rows = getattr(old, name)
        if array.shape != shape:
            larger[name] = extended(name, array, shape)
    if len(old.list_agent) < sizes.pairs or {"row_ticket", "agent_now"} & larger.keys():
        larger["standing"] = make_rounds(sizes.rows, sizes.agents, sizes.pairs, ROW_PAIRS_MAX)
    return old._replace(**larger)
