"""
The machine: the compiled core with its memory, as Python sees it.

Drivers push commands, run, and get the batch of events back. ``fold`` applies events of an earlier run instead, without
deciding. Memory grows here, outside the compiled rules, by doubling.
"""

import struct
from collections.abc import Sequence
from copy import copy
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from router.core import codes as c
from router.core import layout
from router.core.apply.dispatch import fold as fold_events
from router.core.limits import (
    AGENTS_MAX,
    COMMANDS_PER_RUN_MAX,
    EVENTS_MARGIN,
    GROUPS_MAX,
    LANGUAGES_MAX,
    NEVER_US,
    OFFERS_PARALLEL_MAX,
    PROFILES_MAX,
    QUEUES_MAX,
    REGIONS_MAX,
    SKILLS_MAX,
    TICKETS_MAX,
    WORDS_PER_COMMAND_MAX,
)
from router.core.recovery import blank_derived, derive, digest, mark_everything, rebuild_timers
from router.core.run import run as run_loop
from router.core.sound import DamagedError, refuse_damaged
from router.core.state import Arrays, Sizes, copy_in, empty, grown, handle, twin_of

_COMMAND: Final = struct.Struct("<qqqqiiiiiiii")
assert _COMMAND.size == layout.COMMAND.itemsize
SHORT_WORDS: Final = 64
"""Up to so many words are packed in one call; NumPy takes a microsecond to look at a list."""
_WORDS: Final = tuple(struct.Struct(f"<{n}q") for n in range(SHORT_WORDS + 1))
LEAST_WORDS: Final = {c.SET_AGENT: layout.AGENT_WORDS, c.SET_PROFILE: 14, c.SET_DISTANCE: 3}
LIMITS: Final = {
    "queues": QUEUES_MAX,
    "profiles": PROFILES_MAX,
    "skills": SKILLS_MAX,
    "languages": LANGUAGES_MAX,
    "groups": GROUPS_MAX,
    "regions": REGIONS_MAX,
}


class Batch:
    """What one run was told and what came of it; plain bytes, ready for a journal frame."""

    __slots__ = ("command_words", "commands", "event_bytes", "first_seq", "word_bytes")

    def __init__(
        self, first_seq: int, told: tuple[bytes, bytes], came: tuple[bytes, bytes]
    ) -> None:
        self.first_seq = first_seq
        self.commands, self.command_words = told  # COMMAND records, int64
        self.event_bytes, self.word_bytes = came  # EVENT records, int64

    @property
    def count(self) -> int:
        """Return how many events there are."""
        return len(self.event_bytes) // layout.EVENT.itemsize

    @property
    def events(self) -> NDArray[Any]:
        """Return the events as EVENT records, read only."""
        return np.frombuffer(self.event_bytes, layout.EVENT)

    @property
    def words(self) -> NDArray[np.int64]:
        """Return the words of the events, read only."""
        return np.frombuffer(self.word_bytes, np.int64)


class FullError(Exception):
    """A table is at its limit; the message names it and the limit."""


class Machine:
    """One shard's core: state, inbox and outbox. Not thread-safe; one driver at a time."""

    def __init__(
        self,
        sizes: Sizes | None = None,
        *,
        tickets_max: int = TICKETS_MAX,
        agents_max: int = AGENTS_MAX,
    ) -> None:
        wanted = sizes or Sizes()
        self.sizes = wanted._replace(tickets=min(wanted.tickets, tickets_max))
        self.tickets_max, self.agents_max = tickets_max, agents_max
        self._adopt(empty(self.sizes))
        self._count = self._words = 0

    def _adopt(self, arrays: Arrays) -> None:
        """Work on these arrays from now on."""
        self.arrays = arrays
        self.handle = handle(arrays)
        self._inbox = arrays.inbox.view(np.uint8).data
        self._inbox_words = arrays.inbox_words.view(np.uint8).data
        self._event_bytes = arrays.events.view(np.uint8).data
        self._seq, self._ticket_top = arrays.head["seq"], arrays.head["ticket_top"]
        self._agents = arrays.head["agents"]
        self._events_used, self._words_used = arrays.scratch["events"], arrays.scratch["words"]

    def fork(self) -> "Machine":
        """Return a machine of its own in the same state; nothing may be queued."""
        assert self._count == 0, f"{self._count} commands wait for a run"
        twin = copy(self)
        Machine._adopt(twin, twin_of(self.arrays))
        return twin

    # -- telling -----------------------------------------------------------------------------------------------------

    def push(self, kind: int, at_us: int, words: Sequence[int] = (), **fields: int) -> int:
        """
        Queue a command for the next run and return its index; events it causes carry that index as ``cause``.

        ``fields`` are those of ``layout.COMMAND``: ticket, agent, profile (-1 unless given), serial, until_us, value,
        options and aux (0 unless given).
        """
        n = self._next_place()
        field = fields.get
        agent, profile, aux = field("agent", -1), field("profile", -1), field("aux", 0)
        if kind == c.SET_AGENT and agent >= max(self.agents_max, int(self._agents[0])):
            raise FullError(f"agent number {agent}: at most {self.agents_max} agents fit")
        if kind < c.ADD_TICKET and words:
            self._make_room_for(kind, agent if kind == c.SET_AGENT else aux, profile, words)
        start, length = self._words, len(words)
        if length:
            if length > WORDS_PER_COMMAND_MAX:
                limit = f"at most {WORDS_PER_COMMAND_MAX} do. Maybe say it in several commands."
                raise FullError(f"{length} words in one command; {limit}")
            if start + length > self.sizes.inbox_words:
                self._grow(inbox_words=2 * (start + length))
            self._put_words(words)
        numbers = (at_us, field("serial", 0), field("until_us", 0), field("value", 0), kind)
        rows = (field("options", 0), field("ticket", -1), agent, profile, aux, start, length)
        _COMMAND.pack_into(self._inbox, n * _COMMAND.size, *numbers, *rows)
        self._count = n + 1
        return n

    def push_ticket(self, at_us: int, profile: int, words: Sequence[int]) -> int:
        """
        Queue an ADD_TICKET: ``push`` for the busiest of commands, in half the time.

        It carries the limit it is told under, so that deciding again refuses alike, whatever its own limit is.
        """
        n, start, length = self._count, self._words, len(words)
        if (
            n == min(self.sizes.inbox, COMMANDS_PER_RUN_MAX)
            or start + length > self.sizes.inbox_words
        ):
            return self.push(c.ADD_TICKET, at_us, words, profile=profile, aux=self.tickets_max)
        self._put_words(words)
        _COMMAND.pack_into(
            self._inbox, n * _COMMAND.size, at_us, 0, 0, 0, c.ADD_TICKET, 0, -1, -1, profile, self.tickets_max,
            start, length,
        )  # fmt: skip
        self._count = n + 1
        return n

    def repeat(self, command: int) -> int:
        """Queue the same as a command that waits already, its words shared; return the new one's index."""
        n = self._next_place()
        to, by = n * _COMMAND.size, command * _COMMAND.size
        self._inbox[to : to + _COMMAND.size] = self._inbox[by : by + _COMMAND.size]
        self._count = n + 1
        return n

    def _next_place(self) -> int:
        """Return the index that the next command gets; the inbox has room for it."""
        n = self._count
        if n >= COMMANDS_PER_RUN_MAX:
            limit = f"at most {COMMANDS_PER_RUN_MAX} do. Maybe run first."
            raise FullError(f"{n} commands wait for a run; {limit}")
        if n == self.sizes.inbox:
            self._grow(inbox=2 * n)
        return n

    def _put_words(self, words: Sequence[int]) -> None:
        """Put a command's words behind those that wait; there is room."""
        length = len(words)
        if length <= SHORT_WORDS:
            _WORDS[length].pack_into(self._inbox_words, 8 * self._words, *words)
        else:
            self.arrays.inbox_words[self._words : self._words + length] = words
        self._words += length

    @property
    def pending(self) -> int:
        """Return how many commands wait for the next run."""
        return self._count

    def run(self) -> Batch:
        """Work the queued commands off, decide, and return what happened."""
        first_seq = int(self._seq[0]) + 1
        n, words = self._count, self._words
        if int(self._ticket_top[0]) + n > self.sizes.tickets:
            self.make_room(tickets=min(int(self._ticket_top[0]) + n, self.tickets_max))
        short = run_loop(self.handle, n)
        while short != c.RUN_DONE:
            self.relieve(short)
            short = run_loop(self.handle, -1)
        arrays = self.arrays
        self._count = self._words = 0
        told = (bytes(self._inbox[: n * _COMMAND.size]), arrays.inbox_words[:words].tobytes())
        events = self._event_bytes[: int(self._events_used[0]) * layout.EVENT.itemsize].tobytes()
        came = (events, arrays.event_words[: int(self._words_used[0])].tobytes())
        return Batch(first_seq, told, came)

    # -- replay ------------------------------------------------------------------------------------------------------

    def feed(self, commands: bytes, command_words: bytes) -> None:
        """Queue the commands of a recorded batch again, as they were."""
        rows = np.frombuffer(commands, layout.COMMAND)
        words = np.frombuffer(command_words, np.int64)
        for row in rows:
            own = words[row["words_from"] : row["words_from"] + row["words"]].tolist()
            self.push(
                int(row["kind"]), int(row["at_us"]), ticket=int(row["ticket"]), agent=int(row["agent"]),
                profile=int(row["profile"]), aux=int(row["aux"]), serial=int(row["serial"]),
                until_us=int(row["until_us"]), value=int(row["value"]), options=int(row["options"]), words=own,
            )  # fmt: skip

    def fold(self, events: NDArray[Any], words: NDArray[np.int64]) -> None:
        """
        Apply recorded events without deciding; ``settle_fold`` must follow before the next run.

        Raises ``DamagedError`` for an event that cannot follow on those before it.
        """
        kinds = events["kind"]
        for i in np.nonzero((kinds < c.E_ADDED) & (events["words"] > 0))[0]:
            e = events[i]
            own = words[e["words_from"] : e["words_from"] + e["words"]]
            at = e["agent"] if e["kind"] == c.E_AGENT_SET else e["aux"]
            self._make_room_for(int(e["kind"]), int(at), int(e["profile"]), own)
        head = self.arrays.head[0]
        offered, ends = np.count_nonzero([kinds == c.E_OFFERED, kinds > c.E_OFFERED], axis=1)
        self.make_room(
            events=len(events), event_words=len(words),
            tickets=1 + int(events["ticket"][kinds == c.E_ADDED].max(initial=-1)),
            works=int(head["work_top"] + offered),
            ties=int(head["tie_top"] + ends) + len(words) // 3,
        )  # fmt: skip
        copy_in(self.arrays.events, events)
        self.arrays.event_words[: len(words)] = words
        self.arrays.scratch["folding"] = 1
        done = fold_events(self.handle, len(events))
        if done < len(events):
            name = c.EVENTS.get(int(kinds[done]), f"kind {kinds[done]}")
            raise DamagedError(
                f"Event {int(head['seq']) + 1} ({name}) does not fit the state that those before it lead to; "
                "expected an event that can follow. Maybe a frame of the journal is missing or there twice."
            )

    def settle_fold(self) -> None:
        """Rebuild what is derived after folding, so that the machine can run again. Raises ``DamagedError``."""
        refuse_damaged(self.handle)
        blank_derived(self.arrays)
        self.make_room(
            lanes=2 * int(self.arrays.head["ticket_top"][0]) + Sizes().lanes,
            timers=self._alive() + Sizes().timers,
        )
        derive(self.handle)

    def _alive(self) -> int:
        """Return how many rows may want a wake-up."""
        head = self.arrays.head[0]
        return int(head["ticket_top"]) + int(head["work_top"]) + int(head["agents"])

    def reconsider(self) -> None:
        """Mark every waiting ticket and agent for the next run, as after a change of policy."""
        mark_everything(self.handle)

    def next_due_us(self) -> int:
        """Return when the earliest timer fires, ``NEVER_US`` when none is armed; it may find nothing to do."""
        z, due_us = self.arrays.scratch[0], NEVER_US
        if z["timers"] > 0:
            due_us = int(self.arrays.timers["due_us"][0])
        return (
            min(due_us, int(self.arrays.nodes["wake_us"][z["finished"]]))
            if z["finished"] >= 0
            else due_us
        )

    def digest(self) -> str:
        """Return the digest of the canonical state."""
        return digest(self.arrays)

    def load(self, arrays: dict[str, NDArray[Any]]) -> None:
        """Take over the canonical arrays of a snapshot. Raises ``DamagedError``."""
        wanted = {
            "tickets": len(arrays["tickets"]), "works": len(arrays["works"]), "ties": len(arrays["ties"]),
            "agents": len(arrays["agents"]), "queues": max(len(arrays["queues"]), arrays["agent_queue"].shape[1]),
            "profiles": len(arrays["profiles"]), "skills": arrays["agent_skill"].shape[1],
            "languages": arrays["agent_language"].shape[1], "groups": arrays["agent_group"].shape[1],
            "regions": arrays["distance"].shape[0],
        }  # fmt: skip
        self.make_room(**wanted)
        for name, array in arrays.items():
            copy_in(getattr(self.arrays, name), array)
        self.settle_fold()

    # -- room --------------------------------------------------------------------------------------------------------

    def _make_room_for(
        self, kind: int, row: int, profile: int, words: Sequence[int] | NDArray[np.int64]
    ) -> None:
        """Grow the registry so that a configuration command's indices exist; a rule refuses it if it is malformed."""
        if len(words) < LEAST_WORDS.get(kind, 0):
            return
        if kind == c.SET_AGENT:
            if min(words[4:9]) < 0:
                return
            at = layout.AGENT_WORDS
            skills, languages, groups, queues = (int(n) for n in words[4:8])
            ends = (at, at + 2 * skills, at + 2 * (skills + languages))
            group_end = ends[2] + groups
            self.make_room(
                agents=row + 1,
                skills=1 + max(map(int, words[ends[0] : ends[1] : 2]), default=-1),
                languages=1 + max(map(int, words[ends[1] : ends[2] : 2]), default=-1),
                groups=1 + max(map(int, words[ends[2] : group_end]), default=-1),
                queues=1 + max(map(int, words[group_end : group_end + queues]), default=-1),
                regions=1 + int(words[1]),
            )
        elif kind == c.SET_QUEUE:
            self.make_room(queues=row + 1)
        elif kind == c.SET_PROFILE:
            n = int(words[7])
            group_at = 14 + 3 * n
            named = [int(w) for w in words[14:group_at:3]]
            teams = [int(w) for w in words[group_at : group_at + int(words[8])]]
            places = [int(w) for w in words[group_at + int(words[8]) :]]
            self.make_room(
                profiles=profile + 1, queues=1 + int(words[1]), languages=1 + int(words[4]),
                skills=1 + max(named, default=-1), groups=1 + max(teams, default=-1),
                regions=1 + max([int(words[3]), *places]),
            )  # fmt: skip
        elif kind == c.SET_DISTANCE:
            self.make_room(regions=1 + max(map(int, (*words[0::3], *words[1::3]))))

    def make_room(self, **wanted: int) -> None:
        """Grow what is too small for ``wanted`` rows."""
        small = {name: n for name, n in wanted.items() if n > getattr(self.sizes, name)}
        for name, n in small.items():
            if n > LIMITS.get(name, n):
                raise FullError(f"{name}: number {n - 1} was named; at most {LIMITS[name]} fit")
        if small:
            self._grow(**small)

    def relieve(self, short: int) -> None:
        """Make room in the buffer the loop ran short of."""
        n = self.sizes
        if short == c.RUN_EVENTS:
            self._grow(events=2 * n.events, event_words=2 * n.event_words)
        elif short == c.RUN_WORKS:
            self._grow(works=2 * n.works)
        elif short == c.RUN_TIMERS:
            rebuild_timers(self.handle)  # most entries may be left over from deadlines that moved
            armed = int(self.arrays.scratch["timers"][0]) + EVENTS_MARGIN
            if max(2 * armed, armed + 4 * n.rows * OFFERS_PARALLEL_MAX) > n.timers:
                self._grow(timers=2 * n.timers)
        elif short == c.RUN_LANES:
            self._grow(lanes=2 * n.lanes)
        elif short == c.RUN_ROWS:
            self._grow(rows=2 * n.rows)
        elif short == c.RUN_PAIRS:
            self._grow(pairs=2 * n.pairs)
        else:
            self._grow(ties=2 * n.ties)

    def _grow(self, **least: int) -> None:
        """Move to larger arrays: doubled, agents in multiples of 64, tickets past their limit only for a journal."""
        sizes = {name: max(n, 2 * getattr(self.sizes, name)) for name, n in least.items()}
        if "agents" in sizes:
            sizes["agents"] = -(-sizes["agents"] // 64) * 64
        if "tickets" in sizes:
            sizes["tickets"] = max(least["tickets"], min(sizes["tickets"], self.tickets_max))
        self.sizes = self.sizes._replace(**sizes)
        self._adopt(grown(self.arrays, self.sizes))
